// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The memory that calls of the fuzzer can reach: an arena with pages of all rights, and what the
 * reference mapped of files. The reference is linked with these in place of the system calls that
 * move bytes of user memory (--wrap): whatever address it is given, it cannot touch the fuzzer.
 * Also in place of the allocator, to fail when a record says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

#define FILE_MAPS 64u
#define MEMFD_SIZE (8 * PG)

__thread struct fuzz_arena *fuzz_arena;

/* Files that the reference mapped, of any thread's calls (it runs one such call at a time). */
static struct {
	uintptr_t first, len;
} file_maps[FILE_MAPS];

ssize_t __real_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nl,
				const struct iovec *remote, unsigned long nr, unsigned long flags);
ssize_t __real_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nl,
				 const struct iovec *remote, unsigned long nr, unsigned long flags);
int __real_madvise(void *addr, size_t len, int advice);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at);
int __real_munmap(void *addr, size_t len);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);

/* ---- the arena */

static bool page_ok(unsigned int page, bool write)
{
	return page != ARENA_HOLE && !(write && page == ARENA_RO);
}

int fuzz_arena_create(struct fuzz_arena *a)
{
	memset(a, 0, sizeof(*a));
	a->base = __real_mmap(NULL, ARENA_PAGES * PG, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->base == MAP_FAILED)
		return -ENOMEM;
	/* That ARENA_RO cannot be written is known here only: the fuzzer itself writes it. */
	if (mprotect(a->base + ARENA_HOLE * PG, PG, PROT_NONE))
		return -errno;
	a->memfd = memfd_create("fuzz", MFD_CLOEXEC);
	a->memfd_ro = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (a->memfd < 0 || a->memfd_ro < 0 || ftruncate(a->memfd, MEMFD_SIZE) ||
	    ftruncate(a->memfd_ro, MEMFD_SIZE))
		return -errno;
	return 0;
}

/* How many bytes at @at lie in pages of the arena @base that allow it. */
static size_t reachable(const uint8_t *base, uintptr_t at, size_t len, bool write)
{
	uintptr_t off = at - (uintptr_t)base;
	size_t n = 0;

	while (n < len && off + n < ARENA_PAGES * PG &&
	       page_ok((unsigned int)((off + n) / PG), write)) {
		size_t part = PG - (off + n) % PG;

		n += part < len - n ? part : len - n;
	}
	return n;
}

static bool in_file(uintptr_t at, size_t len)
{
	for (unsigned int i = 0; i < FILE_MAPS; i++) {
		uintptr_t first = __atomic_load_n(&file_maps[i].first, __ATOMIC_RELAXED);
		uintptr_t room = __atomic_load_n(&file_maps[i].len, __ATOMIC_RELAXED);

		if (at >= first && at - first < room && len <= room - (at - first))
			return true;
	}
	return false;
}

/* The kernel has the last word; of the bytes that it may not touch it says nothing. */
static bool allowed(const struct iovec *v, bool write)
{
	uintptr_t at = (uintptr_t)v->iov_base;
	const uint8_t *others = fuzz_arena->others;

	return reachable(fuzz_arena->base, at, v->iov_len, write) == v->iov_len ||
	       (others && at - (uintptr_t)others >= ARENA_GUEST * PG &&
		reachable(others, at, v->iov_len, write) == v->iov_len) ||
	       in_file(at, v->iov_len);
}

static bool in_arena(const struct iovec *v)
{
	return (uintptr_t)v->iov_base - (uintptr_t)fuzz_arena->base < ARENA_PAGES * PG;
}

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nl,
				const struct iovec *remote, unsigned long nr, unsigned long flags)
{
	if (fuzz_arena && !allowed(remote, false)) {
		errno = EFAULT;
		return -1;
	}
	if (fuzz_arena && !fuzz_arena->threads && in_arena(remote)) {
		memcpy(local->iov_base, remote->iov_base, remote->iov_len);
		return (ssize_t)remote->iov_len;
	}
	return __real_process_vm_readv(pid, local, nl, remote, nr, flags);
}

ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nl,
				 const struct iovec *remote, unsigned long nr, unsigned long flags)
{
	if (fuzz_arena && !allowed(remote, true)) {
		errno = EFAULT;
		return -1;
	}
	if (fuzz_arena && !fuzz_arena->threads && in_arena(remote)) {
		memcpy(remote->iov_base, local->iov_base, remote->iov_len);
		return (ssize_t)remote->iov_len;
	}
	return __real_process_vm_writev(pid, local, nl, remote, nr, flags);
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int __wrap_madvise(void *addr, size_t len, int advice)
{
	struct iovec v = { addr, len };

	if (!fuzz_arena)
		return __real_madvise(addr, len, advice);
	if (in_file((uintptr_t)addr, len))
		return __real_madvise(addr, len, advice);
	if (allowed(&v, advice == MADV_POPULATE_WRITE))
		return 0;
	errno = EFAULT;
	return -1;
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at)
{
	void *p = __real_mmap(addr, len, prot, flags, fd, at);

	if (!fuzz_arena || p == MAP_FAILED)
		return p;
	for (unsigned int i = 0; i < FILE_MAPS; i++) {
		if (file_maps[i].len)
			continue;
		__atomic_store_n(&file_maps[i].first, (uintptr_t)p, __ATOMIC_RELAXED);
		__atomic_store_n(&file_maps[i].len, len, __ATOMIC_RELAXED);
		return p;
	}
	__real_munmap(p, len);
	errno = ENOMEM;
	return MAP_FAILED;
}

int __wrap_munmap(void *addr, size_t len)
{
	for (unsigned int i = 0; i < FILE_MAPS; i++)
		if (file_maps[i].len && file_maps[i].first == (uintptr_t)addr)
			__atomic_store_n(&file_maps[i].len, 0, __ATOMIC_RELAXED);
	return __real_munmap(addr, len);
}

/* ---- allocations that fail */

static bool fails(void)
{
	return fuzz_arena && fuzz_arena->fail && !--fuzz_arena->fail;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(align, size);
}
