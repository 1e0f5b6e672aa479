// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory for page tables. A slab is 128K, aligned to its size: a header page and 31 tables. The
 * header of a table's slab is found by its address, so counting live entries needs no look-up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pgtable.h"

#define SLAB_SIZE (128u * 1024)
#define SLAB_TABLES (SLAB_SIZE / PAGE_SIZE - 1)
#define SLAB_ALL ((1u << SLAB_TABLES) - 1)

struct pt_slab {
	struct pt_slab *prev, *next;
	uint32_t free;		/* a bit for each table */
	uint32_t fresh;		/* never handed out: not yet zeroed */
	uint16_t live[SLAB_TABLES];
};

_Static_assert(sizeof(struct pt_slab) <= PAGE_SIZE, "the header is one page");

static struct pt_slab *slab_of(const uint64_t *table)
{
	return (struct pt_slab *)((uintptr_t)table & ~(uintptr_t)(SLAB_SIZE - 1));
}

static unsigned int slab_index(const uint64_t *table)
{
	return ((uintptr_t)table & (SLAB_SIZE - 1)) / PAGE_SIZE - 1;
}

static void slab_unlink(struct pt_pool *pool, struct pt_slab *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		pool->head = s->next;
	if (s->next)
		s->next->prev = s->prev;
	else
		pool->tail = s->prev;
}

static void slab_push_front(struct pt_pool *pool, struct pt_slab *s)
{
	s->prev = NULL;
	s->next = pool->head;
	if (pool->head)
		pool->head->prev = s;
	else
		pool->tail = s;
	pool->head = s;
}

static void slab_push_back(struct pt_pool *pool, struct pt_slab *s)
{
	s->next = NULL;
	s->prev = pool->tail;
	if (pool->tail)
		pool->tail->next = s;
	else
		pool->head = s;
	pool->tail = s;
}

int pt_pool_reserve(struct pt_pool *pool, size_t n)
{
	struct pt_slab *s;

	while (pool->nr_free < n) {
		s = aligned_alloc(SLAB_SIZE, SLAB_SIZE);
		if (!s)
			return -ENOMEM;
		memset(s, 0, sizeof(*s));
		s->free = SLAB_ALL;
		s->fresh = SLAB_ALL;
		slab_push_front(pool, s);
		pool->nr_free += SLAB_TABLES;
	}
	return 0;
}

uint64_t *pt_pool_alloc(struct pt_pool *pool)
{
	struct pt_slab *s;
	unsigned int i;
	uint64_t *table;

	if (!pool->nr_free && pt_pool_reserve(pool, 1))
		return NULL;
	s = pool->head;
	i = __builtin_ctz(s->free);
	table = (uint64_t *)((char *)s + (i + 1) * PAGE_SIZE);
	if (s->fresh & (1u << i))
		memset(table, 0, PAGE_SIZE);
	s->fresh &= ~(1u << i);
	s->free &= ~(1u << i);
	pool->nr_free--;
	if (!s->free && s->next) {
		slab_unlink(pool, s);
		slab_push_back(pool, s);
	}
	return table;
}

void pt_pool_free(struct pt_pool *pool, uint64_t *table)
{
	struct pt_slab *s = slab_of(table);

	s->free |= 1u << slab_index(table);
	pool->nr_free++;
	slab_unlink(pool, s);
	/* One empty slab is kept, so that map and unmap of one page do not allocate each time. */
	if (s->free == SLAB_ALL && pool->nr_free >= 2 * SLAB_TABLES) {
		pool->nr_free -= SLAB_TABLES;
		free(s);
		return;
	}
	slab_push_front(pool, s);
}

void pt_pool_destroy(struct pt_pool *pool)
{
	struct pt_slab *s;

	while ((s = pool->head)) {
		slab_unlink(pool, s);
		free(s);
	}
	pool->nr_free = 0;
}

uint16_t *pt_live(uint64_t *table)
{
	return &slab_of(table)->live[slab_index(table)];
}
