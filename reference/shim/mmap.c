// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * mmap(2) and munmap(2): of files of the reference, whose pages are in the arena and are mapped a
 * second time; and huge pages for the kernel's selftests on a machine that has none.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../mock/mock.h"
#include "real.h"
#include "shim.h"

/* A mapping keeps what it maps, and the file. In the arena, under the machine's lock. */
struct mapping {
	struct mapping *next;
	const struct iommu_ref_proc *proc;	/* in whose memory it is */
	char *addr;
	size_t len;
	struct ref_file *file;
	struct object *owner;		/* of the mock driver's */
};

static void hold_and_link(struct shim_shared *s, struct mapping *m)
{
	file_hold(m->file);
	if (m->owner)
		m->owner->users++;
	m->next = s->mappings;
	__atomic_store_n(&s->mappings, m, __ATOMIC_RELAXED);
}

/* Those of @proc that are inside of [@addr, @addr + @len). */
static void unlink_and_put(struct shim_shared *s, const struct iommu_ref_proc *proc,
			   const void *addr, size_t len)
{
	const uintptr_t first = (uintptr_t)addr;
	struct mapping **p, *m;

	for (p = &s->mappings; (m = *p);) {
		if (m->proc != proc || (uintptr_t)m->addr < first ||
		    (uintptr_t)m->addr - first + m->len > len) {
			p = &m->next;
			continue;
		}
		__atomic_store_n(p, m->next, __ATOMIC_RELAXED);
		if (m->owner)
			m->owner->users--;
		file_put(m->file);
		free(m);
	}
}

int shim_mappings_copy(struct shim_shared *s, const struct iommu_ref_proc *from,
		       const struct iommu_ref_proc *to)
{
	int rc = 0;

	ref_lock(s->ref);
	for (struct mapping *m = s->mappings; m && !rc; m = m->next) {
		struct mapping *copy = m->proc == from ? malloc(sizeof(*copy)) : NULL;

		if (copy) {
			*copy = *m;
			copy->proc = to;
			hold_and_link(s, copy);
		} else if (m->proc == from) {
			rc = -ENOMEM;
		}
	}
	ref_unlock(s->ref);
	return rc;
}

void shim_mappings_drop(struct shim_shared *s, const struct iommu_ref_proc *proc)
{
	ref_lock(s->ref);
	unlink_and_put(s, proc, NULL, SIZE_MAX);
	ref_unlock(s->ref);
}

/* Pages of the arena at another address. */
static void *map_again(void *page, void *addr, size_t len, int prot, int flags)
{
	void *at;

	if (flags & MAP_FIXED)
		at = mremap(page, 0, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr);
	else
		at = mremap(page, 0, len, MREMAP_MAYMOVE);
	if (at != MAP_FAILED && mprotect(at, len, prot)) {
		real(munmap)(at, len);
		at = MAP_FAILED;
	}
	return at;
}

static int map_region(struct shim_shared *s, struct ref_file *f, struct mapping *m, void *addr,
		      int prot, int flags, uint64_t offset)
{
	void *page;
	int rc;

	if (!(flags & MAP_SHARED))
		return -EINVAL;
	if (f->ops->mmap)
		rc = f->ops->mmap(f, offset, m->len, &page);
	else if (f->ops == &iommufd_file_ops && f->ref->driver)
		rc = mock_mmap(f, offset, m->len, &page, &m->owner);
	else
		rc = -ENXIO;
	if (rc)
		return rc;
	if (prot & PROT_EXEC)
		return -EPERM;
	m->addr = map_again(page, addr, m->len, prot, flags);
	if (m->addr == MAP_FAILED)
		return -errno;
	unlink_and_put(s, m->proc, m->addr, m->len);	/* what was there, if MAP_FIXED */
	m->file = f;
	hold_and_link(s, m);
	return 0;
}

static void *map_file(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	struct iommu_ref_proc *proc = shim_proc();
	struct mapping *m = calloc(1, sizeof(*m));
	struct ref_file *f;
	int rc = -EBADF;

	if (!m) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	m->proc = proc;
	m->len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	shim_fds_lock();
	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f)
		rc = map_region(shim_shared(), f, m, addr, prot, flags, (uint64_t)offset);
	ref_unlock(proc->ref);
	shim_fds_unlock();
	if (!rc)
		return m->addr;
	free(m);
	errno = -rc;
	return MAP_FAILED;
}

/* Are there any? Then their list may change under what is done here until unlock_mappings(). */
static bool lock_mappings(void)
{
	struct shim_shared *s = shim_shared_if_made();

	if (!s || !__atomic_load_n(&s->mappings, __ATOMIC_RELAXED))
		return false;
	shim_proc();
	shim_fds_lock();
	return true;
}

/* [@addr, @addr + @len) is gone. A mapping of which a part is left stays: its parts don't count. */
static void unlock_mappings(bool gone, const void *addr, size_t len)
{
	struct shim_shared *s = shim_shared();

	if (gone) {
		ref_lock(s->ref);
		unlink_and_put(s, shim_proc(), addr, (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
		ref_unlock(s->ref);
	}
	shim_fds_unlock();
}

/*
 * Huge pages for the kernel's selftests where the system has set none aside: ordinary memory at an
 * address that is as aligned as theirs.
 */
static void *map_huge(void *addr, size_t len, int prot, int flags)
{
	const size_t huge = 2u << 20;
	char *at, *aligned;

	flags &= ~MAP_HUGETLB;
	len = (len + huge - 1) & ~(huge - 1);
	if (flags & MAP_FIXED)
		return real(mmap)(addr, len, prot, flags, -1, 0);
	at = real(mmap)(NULL, len + huge, prot, flags & ~MAP_POPULATE, -1, 0);
	if (at == MAP_FAILED)
		return at;
	aligned = (char *)(((uintptr_t)at + huge - 1) & ~(uintptr_t)(huge - 1));
	if (aligned != at)
		real(munmap)(at, (size_t)(aligned - at));
	real(munmap)(aligned + len, huge - (size_t)(aligned - at));
	return aligned;
}

void *shim_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	bool locked;
	void *at;

	if (!(flags & MAP_ANONYMOUS) && shim_is_ours(fd))
		return map_file(addr, len, prot, flags, fd, offset);
	locked = flags & MAP_FIXED && lock_mappings();
	at = real(mmap)(addr, len, prot, flags, fd, offset);
	if (locked)
		unlock_mappings(at != MAP_FAILED, at, len);
	if (at == MAP_FAILED && errno == ENOMEM && flags & MAP_HUGETLB && flags & MAP_ANONYMOUS &&
	    shim_shared_if_made() && shim_shared()->ref->driver)
		at = map_huge(addr, len, prot, flags);
	return at;
}

#define MMAP_VARIANT(name, type)							\
	EXPORT void *name(void *addr, size_t len, int prot, int flags, int fd,		\
			  type offset);							\
	EXPORT void *name(void *addr, size_t len, int prot, int flags, int fd,		\
			  type offset)							\
	{										\
		return shim_mmap(addr, len, prot, flags, fd, offset);			\
	}

MMAP_VARIANT(mmap, off_t)
MMAP_VARIANT(mmap64, off64_t)

int shim_munmap(void *addr, size_t len)
{
	bool locked = lock_mappings();
	int rc = real(munmap)(addr, len);

	if (locked)
		unlock_mappings(!rc, addr, len);
	return rc;
}

EXPORT int munmap(void *addr, size_t len)
{
	return shim_munmap(addr, len);
}

/* The reference's own, of files that are never its own; the machine is locked. */
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return real(mmap)(addr, len, prot, flags, fd, offset);
}

int __wrap_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len)
{
	return real(munmap)(addr, len);
}
