// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory of the machine: shared with children after fork, at the same address. The reference is
 * linked with its malloc() family and its mutexes redirected to here (-Wl,--wrap), so that all of
 * its objects are in the arena and a child that dies in a call does not leave it locked. The same
 * place counts allocations and user accesses for fault injection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "real.h"
#include "shim.h"

#define ARENA_SIZE (4ull << 30)	/* address space; memory comes as it is touched */
#define MIN_SHIFT 5
#define CLASSES 32

/* In front of every piece that was given out. */
struct head {
	uint32_t class;
	uint32_t offset;	/* of the piece, from its block's start */
	uint64_t unused;
};

struct block {
	struct block *next;
};

struct arena {
	pthread_mutex_t lock;
	size_t used;
	struct block *free[CLASSES];	/* by power of two */
};

static struct arena *arena;
static __thread unsigned int nth, scope;

/* ---- fault injection */

unsigned int fault_nth_get(void)
{
	return nth;
}

void fault_nth_set(unsigned int n)
{
	nth = n;
}

void fault_scope_begin(void)
{
	scope++;
}

void fault_scope_end(void)
{
	scope--;
}

bool fault_now(void)
{
	return nth && scope && !--nth;
}

/* ---- allocation */

static void *block_get(unsigned int class)
{
	size_t size = (size_t)1 << class;
	struct block *b;

	arena_lock(&arena->lock);
	b = arena->free[class];
	if (b) {
		arena->free[class] = b->next;
	} else if (ARENA_SIZE - arena->used >= size) {
		b = (struct block *)((char *)arena + arena->used);
		arena->used += size;
	}
	pthread_mutex_unlock(&arena->lock);
	return b;
}

static void *allocate(size_t align, size_t size)
{
	size_t need = size + sizeof(struct head) + (align > 16 ? align : 0);
	unsigned int class = MIN_SHIFT;
	struct head *head;
	uintptr_t at;
	char *b;

	if (need < size || need > ARENA_SIZE / 2)
		return NULL;
	while (((size_t)1 << class) < need)
		class++;
	b = block_get(class);
	if (!b)
		return NULL;
	at = ((uintptr_t)b + sizeof(*head) + align - 1) & ~(uintptr_t)(align - 1);
	head = (struct head *)at - 1;
	*head = (struct head){ .class = class, .offset = (uint32_t)(at - (uintptr_t)b) };
	return (void *)at;
}

const void *arena_address(void)
{
	return arena;
}

static bool is_arena(const void *p)
{
	return arena && (uintptr_t)p - (uintptr_t)arena < ARENA_SIZE;
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *p);
void __real_free(void *p);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __real_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_lock(pthread_mutex_t *lock);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nl,
				const struct iovec *remote, unsigned long nr, unsigned long flags);
ssize_t __real_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nl,
				const struct iovec *remote, unsigned long nr, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nl,
				 const struct iovec *remote, unsigned long nr, unsigned long flags);
ssize_t __real_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nl,
				 const struct iovec *remote, unsigned long nr, unsigned long flags);
int __wrap_madvise(void *addr, size_t len, int advice);
int __real_madvise(void *addr, size_t len, int advice);

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	void *p = fault_now() ? NULL : allocate(align < 16 ? 16 : align, size);

	if (!p)
		errno = ENOMEM;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return __wrap_aligned_alloc(16, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	p = __wrap_malloc(bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

void __wrap_free(void *p)
{
	struct head *head;
	struct block *b;
	unsigned int class;

	if (!is_arena(p)) {
		__real_free(p);
		return;
	}
	head = (struct head *)p - 1;
	class = head->class;
	b = (struct block *)((char *)p - head->offset);
	arena_lock(&arena->lock);
	b->next = arena->free[class];
	arena->free[class] = b;
	pthread_mutex_unlock(&arena->lock);
}

void *__wrap_realloc(void *p, size_t size)
{
	struct head *head;
	size_t room;
	void *grown;

	if (!p)
		return __wrap_malloc(size);
	head = (struct head *)p - 1;
	room = ((size_t)1 << head->class) - head->offset;
	grown = __wrap_malloc(size);
	if (!grown)
		return NULL;
	memcpy(grown, p, room < size ? room : size);
	__wrap_free(p);
	return grown;
}

/* ---- locks that processes share */

void arena_lock(pthread_mutex_t *lock)
{
	/* Who died held it: what it was doing stays half done, like in a kernel that oopsed. */
	if (__real_pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
	pthread_mutexattr_t shared;
	int rc;

	(void)attr;
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
	rc = __real_pthread_mutex_init(lock, &shared);
	pthread_mutexattr_destroy(&shared);
	return rc;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
	arena_lock(lock);
	return 0;
}

/* ---- user memory, for fault injection */

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nl,
				const struct iovec *remote, unsigned long nr, unsigned long flags)
{
	if (fault_now()) {
		errno = EFAULT;
		return -1;
	}
	return __real_process_vm_readv(pid, local, nl, remote, nr, flags);
}

ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nl,
				 const struct iovec *remote, unsigned long nr, unsigned long flags)
{
	if (fault_now()) {
		errno = EFAULT;
		return -1;
	}
	return __real_process_vm_writev(pid, local, nl, remote, nr, flags);
}

int __wrap_madvise(void *addr, size_t len, int advice)
{
	if (fault_now()) {
		errno = ENOMEM;
		return -1;
	}
	return __real_madvise(addr, len, advice);
}

struct shim_shared *arena_create(void)
{
	struct shim_shared *shared;

	arena = real(mmap)(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED) {
		arena = NULL;
		return NULL;
	}
	__wrap_pthread_mutex_init(&arena->lock, NULL);
	arena->used = (sizeof(*arena) + 4095) & ~(size_t)4095;
	shared = __wrap_calloc(1, sizeof(*shared));
	if (shared)
		__wrap_pthread_mutex_init(&shared->lock, NULL);
	return shared;
}
