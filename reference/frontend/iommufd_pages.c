// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The memory behind areas: a run of user memory, or of a memfd, as one MAP named it. Areas that
 * were copied share it, so each of its pages is pinned and charged once, however many areas and
 * page tables have it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "iommufd_objects.h"

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define FD_FIRST 256	/* descriptors of our own stay away from the program's small numbers */

enum account {
	ACCOUNT_NONE,	/* CAP_IPC_LOCK: there is no limit */
	ACCOUNT_USER,
	ACCOUNT_MM,
};

struct pages {
	struct iommu_ref *ref;
	struct ref_mm *mm;	/* who mapped it, and pays */
	unsigned int refs;
	enum account account;
	bool writable, change;	/* change: scratch of CHANGE_PROCESS */
	uint64_t va, nr;	/* of the first page; how many */
	uint64_t npinned;
	/* Pinned as one run: first page and number; by single pages: how often each. */
	uint64_t run_first, run_nr;
	uint32_t *pins;
	/* A file's: where its pages are mapped in process @pid, NULL if that is not possible. */
	pid_t pid;
	int fd;
	uint64_t file_start;
	void *map;
	size_t map_len;
	/* A driver's own memory: what keeps it, and whether it was taken away. */
	struct ref_file *export;
	bool revoked;
};

/* ---- accounting */

static uint64_t *charged(const struct pages *p, enum account account, struct ref_mm *mm)
{
	return account == ACCOUNT_USER ? &p->ref->user_locked : &mm->locked;
}

/* -ENOMEM: more than the limit; -EINVAL: the process that pays is gone. */
static int charge(const struct pages *p, enum account account, struct ref_mm *mm, uint64_t n)
{
	uint64_t limit = p->ref->cfg.locked_limit / PAGE_SIZE, *now;

	if (account == ACCOUNT_NONE)
		return 0;
	if (account == ACCOUNT_MM && mm->gone)
		return -EINVAL;
	now = charged(p, account, mm);
	if (*now + n > limit)
		return -ENOMEM;
	*now += n;
	return 0;
}

static void uncharge(const struct pages *p, struct ref_mm *mm, uint64_t n)
{
	if (p->account != ACCOUNT_NONE)
		*charged(p, p->account, mm) -= n;
}

/* ---- pinning */

int pages_count_each(struct pages *p)
{
	if (p->pins || !p->run_nr)
		return 0;
	p->pins = calloc(p->nr, sizeof(*p->pins));
	if (!p->pins)
		return -ENOMEM;
	for (uint64_t i = 0; i < p->run_nr; i++)
		p->pins[p->run_first + i] = 1;
	p->run_nr = 0;
	return 0;
}

/* Is the memory there? "end >= i_size_read()" and what is no memfd is -EINVAL. */
static int check_present(const struct pages *p, uint64_t va, uint64_t len)
{
	struct stat st;
	uint64_t last;

	if (p->fd < 0) {
		if (p->mm->gone)
			return -EFAULT;
		return user_pages_present(va, len, p->writable);
	}
	last = p->file_start + ((va + len - 1 - p->va) | (PAGE_SIZE - 1));
	if (!p->map || fstat(p->fd, &st) || last >= (uint64_t)st.st_size)
		return -EINVAL;
	return user_pages_present(va, len, p->writable) ? -ENOMEM : 0;
}

static uint64_t count_up(struct pages *p, uint64_t first, uint64_t n)
{
	uint64_t new = 0;

	for (uint64_t i = first; i < first + n; i++)
		new += !p->pins[i]++;
	return new;
}

static uint64_t count_down(struct pages *p, uint64_t first, uint64_t n)
{
	uint64_t freed = 0;

	for (uint64_t i = first; i < first + n; i++)
		freed += !--p->pins[i];
	return freed;
}

int pages_pin(struct pages *p, uint64_t va, uint64_t len)
{
	uint64_t first = (va - p->va) / PAGE_SIZE;
	uint64_t n = ((va + len - 1 - p->va) / PAGE_SIZE) - first + 1, new = n;
	int rc;

	if (p->export)
		return 0;
	rc = check_present(p, va, len);
	if (!rc)
		rc = pages_count_each(p);
	if (rc)
		return rc;
	if (p->pins)
		new = count_up(p, first, n);
	rc = charge(p, p->account, p->mm, new);
	if (rc) {
		if (p->pins)
			count_down(p, first, n);
		return rc;
	}
	if (!p->pins) {
		p->run_first = first;
		p->run_nr = n;
	}
	p->npinned += new;
	p->ref->stats.pinned_pages += new;
	return 0;
}

void pages_unpin(struct pages *p, uint64_t va, uint64_t len)
{
	uint64_t first = (va - p->va) / PAGE_SIZE;
	uint64_t n = ((va + len - 1 - p->va) / PAGE_SIZE) - first + 1;

	if (p->export)
		return;
	if (p->pins)
		n = count_down(p, first, n);
	else
		p->run_nr = 0;
	uncharge(p, p->mm, n);
	p->npinned -= n;
	p->ref->stats.pinned_pages -= n;
}

unsigned int pages_pins(const struct pages *p, uint64_t va)
{
	uint64_t i = (va - p->va) / PAGE_SIZE;

	if (va < p->va || i >= p->nr)
		return 0;
	return p->pins ? p->pins[i] != 0 : i - p->run_first < p->run_nr;
}

/* ---- the object */

static struct pages *pages_new(struct ucmd *u, uint64_t offset, uint64_t len, bool writable)
{
	struct iommu_ref *ref = u->ictx->ref;
	struct pages *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ref = ref;
	p->refs = 1;
	p->mm = u->caller->mm;
	ref_mm_get(p->mm);
	p->fd = -1;
	p->writable = writable;
	p->nr = (offset + len + PAGE_SIZE - 1) / PAGE_SIZE;
	if (ref->cfg.locked_limit != UINT64_MAX)
		p->account = u->ictx->account_mm ? ACCOUNT_MM : ACCOUNT_USER;
	return p;
}

int pages_alloc_user(struct ucmd *u, uint64_t va, uint64_t len, bool writable, struct pages **out)
{
	uint64_t offset = va & (PAGE_SIZE - 1);

	if (sum_overflows(va, len))
		return -EOVERFLOW;
	if (!len || len > UINT64_MAX - PAGE_SIZE)
		return -EINVAL;
	*out = pages_new(u, offset, len, writable);
	if (!*out)
		return -ENOMEM;
	(*out)->va = va - offset;
	return 0;
}

/* The kernel pins pages of the file whatever its descriptor may do: another one is asked for. */
static int dup_file(int fd, bool writable)
{
	char path[40];
	int copy;

	if (!writable || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)
		return fcntl(fd, F_DUPFD_CLOEXEC, FD_FIRST);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy = open(path, O_RDWR | O_CLOEXEC);
	return copy >= 0 ? copy : fcntl(fd, F_DUPFD_CLOEXEC, FD_FIRST);
}

/* Maps what there is of the file. Only memory files are; others fail when they are pinned. */
/*
 * Room for the file where a page of the kernel begins, so that its tables can hold it: mmap(2)
 * gives a multiple of 4K. What is too much before and behind it goes back.
 */
static void *reserve(uint64_t len, uint64_t align)
{
	uint64_t room = len + align - PAGE_SIZE, before, behind;
	char *p = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (align - 1);
	behind = room - before - len;
	if (before)
		munmap(p, before);
	if (behind)
		munmap(p + before + len, behind);
	return p + before;
}

static void map_file(struct pages *p)
{
	uint64_t align, before;
	struct statfs fs;
	void *map, *place = NULL;

	if (fstatfs(p->fd, &fs) || (fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC))
		return;
	align = fs.f_type == HUGETLBFS_MAGIC ? (uint64_t)fs.f_bsize : p->ref->cfg.granule;
	before = p->file_start & (align - 1);
	p->map_len = (before + p->nr * PAGE_SIZE + align - 1) & ~(align - 1);
	if (align > PAGE_SIZE && fs.f_type == TMPFS_MAGIC) {
		place = reserve(p->map_len, align);
		if (!place)
			return;
	}
	map = mmap(place, p->map_len, PROT_READ | (p->writable ? PROT_WRITE : 0),
		   MAP_SHARED | MAP_NORESERVE | (place ? MAP_FIXED : 0), p->fd,
		   (off_t)(p->file_start - before));
	if (map == MAP_FAILED) {
		if (place)
			munmap(place, p->map_len);
		return;
	}
	p->map = map;
	p->va = (uintptr_t)map + before;
}

int pages_alloc_file(struct ucmd *u, int fd, uint64_t start, uint64_t len, bool writable,
		     struct pages **out)
{
	uint64_t offset = start & (PAGE_SIZE - 1);
	struct pages *p;

	if (!len)
		return -EINVAL;
	if (sum_overflows(start, len - 1))
		return -EOVERFLOW;
	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	if (len > UINT64_MAX - 2 * PAGE_SIZE)
		return -EINVAL;
	p = pages_new(u, offset, len, writable);
	if (!p)
		return -ENOMEM;
	p->pid = getpid();
	p->fd = dup_file(fd, writable);
	if (p->fd < 0) {
		pages_put(p);
		return -EMFILE;
	}
	p->file_start = start - offset;
	map_file(p);
	*out = p;
	return 0;
}

int pages_alloc_export(struct ucmd *u, uint64_t va, uint64_t len, struct ref_file *export,
		       struct pages **out)
{
	*out = pages_new(u, va & (PAGE_SIZE - 1), len, true);
	if (!*out)
		return -ENOMEM;
	(*out)->va = va & ~(PAGE_SIZE - 1);
	(*out)->export = export;
	file_hold(export);
	return 0;
}

const struct ref_file *pages_export(const struct pages *p)
{
	return p->export;
}

bool pages_revoked(const struct pages *p)
{
	return p->revoked;
}

void pages_revoke(struct pages *p)
{
	p->revoked = true;
}

uint64_t pages_charge(const struct pages *p, const struct ref_mm *mm)
{
	return p->mm == mm ? p->npinned : 0;
}

void pages_get(struct pages *p)
{
	p->refs++;
}

void pages_put(struct pages *p)
{
	if (--p->refs)
		return;
	/* Elsewhere (a machine that processes share) these may be something else by now. */
	if (p->map && p->pid == getpid())
		munmap(p->map, p->map_len);
	if (p->fd >= 0 && p->pid == getpid())
		close(p->fd);
	if (p->export)
		file_put(p->export);
	ref_mm_put(p->mm);
	free(p->pins);
	free(p);
}

bool pages_shared(const struct pages *p)
{
	return p->refs > 1;
}

bool pages_writable(const struct pages *p)
{
	return p->writable;
}

uint64_t pages_va(const struct pages *p)
{
	return p->va;
}

uint64_t pages_place(const struct pages *p, uint64_t va)
{
	return p->fd < 0 ? va : p->file_start + (va - p->va);
}

/* ---- IOMMU_IOAS_CHANGE_PROCESS */

/* Calls @fn for the memory of every area of the iommufd; more than once for what is shared. */
static int for_each_pages(struct iommufd *ictx, int (*fn)(struct pages *p, void *arg), void *arg)
{
	const struct iova_area *area;
	struct ioas *ioas;

	for (struct object *obj = ictx->objects; obj; obj = obj->next) {
		if (obj->type != OBJECT_IOAS)
			continue;
		ioas = (struct ioas *)obj;
		for (area = iova_lookup(ioas->iova, 0); area;
		     area = area->last == UINT64_MAX ? NULL :
						       iova_lookup(ioas->iova, area->last + 1)) {
			int rc = fn(area->pages, arg);

			if (rc)
				return rc;
		}
	}
	return 0;
}

static int check_file(struct pages *p, void *arg)
{
	(void)arg;
	p->change = false;
	return p->fd < 0 ? -EINVAL : 0;
}

struct change {
	struct ref_mm *mm;
	struct pages *any;
	uint64_t n[ACCOUNT_MM + 1];	/* pages by account */
};

static int count_change(struct pages *p, void *arg)
{
	struct change *c = arg;

	if (p->change || p->mm == c->mm)
		return 0;
	p->change = true;
	c->any = p;
	c->n[p->account] += p->npinned;
	return 0;
}

static int move_charge(struct pages *p, void *arg)
{
	struct change *c = arg;

	if (!p->change)
		return 0;
	p->change = false;
	uncharge(p, p->mm, p->npinned);
	ref_mm_put(p->mm);
	p->mm = c->mm;
	ref_mm_get(p->mm);
	return 0;
}

/* The new process is charged before the old one is not: for a moment both are, as in the kernel. */
int pages_change_process(struct iommufd *ictx, struct ref_mm *mm)
{
	struct change c = { .mm = mm };
	int rc;

	rc = for_each_pages(ictx, check_file, NULL);
	if (rc)
		return rc;
	for_each_pages(ictx, count_change, &c);
	if (!c.any)
		return 0;
	rc = charge(c.any, ACCOUNT_USER, mm, c.n[ACCOUNT_USER]);
	if (rc)
		return rc;
	rc = charge(c.any, ACCOUNT_MM, mm, c.n[ACCOUNT_MM]);
	if (rc) {
		*charged(c.any, ACCOUNT_USER, mm) -= c.n[ACCOUNT_USER];
		return rc;
	}
	for_each_pages(ictx, move_charge, &c);
	return 0;
}
