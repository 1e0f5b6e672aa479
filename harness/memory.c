// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for tests that both actors and the device see at one address: pieces of a shared mapping
 * that is reserved before the second actor exists, an unmapped page on each side of each piece.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define ARENA_LEN (4ull << 30) /* address space only: pages come when they are touched */
#define ARENA_MIN (64ull << 20)
#define HUGE	  (2ull << 20)

int arena_init(struct arena *m)
{
	for (uint64_t len = ARENA_LEN; len >= ARENA_MIN; len /= 2) {
		void *p;

		if (len > SIZE_MAX / 2)
			continue;
		p = mmap(NULL, len, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			continue;
		m->base = p;
		m->len = len;
		m->used = 0;
		return 0;
	}
	return -ENOMEM;
}

void arena_fini(struct arena *m)
{
	if (m->base)
		munmap(m->base, m->len);
	m->base = NULL;
}

void *cts_memory(struct cts *c, size_t len)
{
	struct cts_priv *p = cts_priv(c);
	struct arena *m = &p->arena;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t start, align;

	if (!m->base || !len || len > m->len)
		return NULL;
	len = (len + page - 1) / page * page;
	/*
	 * Large pieces at a large address boundary, so that large page-table entries are possible.
	 */
	align = len >= HUGE ? HUGE : page;
	start = ((uintptr_t)m->base + m->used + page + align - 1) / align * align;
	if (start + len + page > (uintptr_t)m->base + m->len)
		return NULL;
	if (mprotect((void *)start, len, PROT_READ | PROT_WRITE))
		return NULL;
	if (p->ops && p->ops->memory && p->ops->memory(c, (void *)start, len) < 0)
		return NULL;
	m->used = start + len - (uintptr_t)m->base;
	return (void *)start;
}
