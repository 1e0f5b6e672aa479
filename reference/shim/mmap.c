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

/* A mapping keeps what it maps, and the file. */
struct mapping {
	struct mapping *next;
	char *addr;
	size_t len;
	struct ref_file *file;
	struct object *owner;		/* of the mock driver's */
};

static struct mapping *mappings;	/* of this process; under the machine's lock */

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

static int map_region(struct ref_file *f, struct mapping *m, void *addr, int prot, int flags,
		      uint64_t offset)
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
	m->file = f;
	file_hold(f);
	if (m->owner)
		m->owner->users++;
	m->next = mappings;
	mappings = m;
	return 0;
}

void *shim_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	struct iommu_ref_proc *proc = shim_proc();
	struct mapping *m = calloc(1, sizeof(*m));
	struct ref_file *f;
	int rc = -EBADF;

	if (!m) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	m->len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f)
		rc = map_region(f, m, addr, prot, flags, (uint64_t)offset);
	ref_unlock(proc->ref);
	if (!rc)
		return m->addr;
	free(m);
	errno = -rc;
	return MAP_FAILED;
}

/* A mapping of which a part is left stays; the kernel would count its parts. */
void shim_unmapped(void *addr, size_t len)
{
	struct shim_shared *s = shim_shared_if_made();
	struct mapping **p, *m;

	if (!s || !__atomic_load_n(&mappings, __ATOMIC_RELAXED))
		return;
	ref_lock(s->ref);
	for (p = &mappings; (m = *p);) {
		if (m->addr < (char *)addr || m->addr + m->len > (char *)addr + len) {
			p = &m->next;
			continue;
		}
		*p = m->next;
		if (m->owner)
			m->owner->users--;
		file_put(m->file);
		free(m);
	}
	ref_unlock(s->ref);
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

static void *do_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *at;

	if (!(flags & MAP_ANONYMOUS) && shim_is_ours(fd))
		return shim_mmap(addr, len, prot, flags, fd, offset);
	at = real(mmap)(addr, len, prot, flags, fd, offset);
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
		return do_mmap(addr, len, prot, flags, fd, offset);			\
	}

MMAP_VARIANT(mmap, off_t)
MMAP_VARIANT(mmap64, off64_t)

EXPORT int munmap(void *addr, size_t len)
{
	int rc = real(munmap)(addr, len);

	if (!rc)
		shim_unmapped(addr, len);
	return rc;
}
