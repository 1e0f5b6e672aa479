// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory for page tables. A slab is a header and tables, of the size of a granule each, and is
 * aligned to its own size: with 4K 31 tables, 128K in all. The header of a table's slab is found by
 * its address, so counting live entries needs no look-up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pgtable.h"

#define SLAB_TABLES_MAX 31u

struct pt_slab {
	struct pt_slab *prev, *next;
	uint32_t free;		/* a bit for each table */
	uint32_t fresh;		/* never handed out: not yet zeroed */
	uint16_t live[SLAB_TABLES_MAX];
};

_Static_assert(sizeof(struct pt_slab) <= PAGE_SIZE, "the header is one page");

void pt_pool_init(struct pt_pool *pool, unsigned int table_shift)
{
	/* 4K: 2^5 in a slab, 16K: 2^4, 64K: 2^3 */
	*pool = (struct pt_pool){ .table_shift = (uint8_t)table_shift,
				  .slab_shift = (uint8_t)(11 + table_shift / 2) };
	pool->slab_tables = (1u << (pool->slab_shift - table_shift)) - 1;
}

static uint32_t slab_all(const struct pt_pool *pool)
{
	return (1u << pool->slab_tables) - 1;
}

static struct pt_slab *slab_of(const struct pt_pool *pool, const uint64_t *table)
{
	return (struct pt_slab *)((uintptr_t)table >> pool->slab_shift << pool->slab_shift);
}

static unsigned int slab_index(const struct pt_pool *pool, const uint64_t *table)
{
	return (((uintptr_t)table & ((1ull << pool->slab_shift) - 1)) >> pool->table_shift) - 1;
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
	size_t size = (size_t)1 << pool->slab_shift;
	struct pt_slab *s;

	while (pool->nr_free < n) {
		s = aligned_alloc(size, size);
		if (!s)
			return -ENOMEM;
		memset(s, 0, sizeof(*s));
		s->free = slab_all(pool);
		s->fresh = slab_all(pool);
		slab_push_front(pool, s);
		pool->nr_free += pool->slab_tables;
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
	table = (uint64_t *)((char *)s + ((size_t)(i + 1) << pool->table_shift));
	if (s->fresh & (1u << i))
		memset(table, 0, (size_t)1 << pool->table_shift);
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
	struct pt_slab *s = slab_of(pool, table);

	s->free |= 1u << slab_index(pool, table);
	pool->nr_free++;
	slab_unlink(pool, s);
	/* One empty slab is kept, so that map and unmap of one page do not allocate each time. */
	if (s->free == slab_all(pool) && pool->nr_free >= 2 * pool->slab_tables) {
		pool->nr_free -= pool->slab_tables;
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

uint16_t *pt_live(const struct pt_pool *pool, const uint64_t *table)
{
	return &slab_of(pool, table)->live[slab_index(pool, table)];
}
