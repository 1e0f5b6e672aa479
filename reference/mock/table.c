// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The mock driver's page table: 512 entries a level, 2K pages, and, in a huge one, leaves of 1M
 * where alignment allows them. An entry has the address and, in its low bits, what it is.
 */
#include <errno.h>
#include <stdlib.h>

#include "mock.h"

#define ENTRIES 512u
#define TOP 4u				/* levels 0 .. TOP: 56 bits */
#define F_PRESENT 1ull
#define F_LEAF 2ull			/* level 1: 1M; level 0: always */
#define F_DIRTY 4ull
#define F_ALL 7ull

struct mock_table {
	uint64_t *root;
	bool huge;
};

static unsigned int shift_of(unsigned int level)
{
	return 11 + 9 * level;
}

static uint64_t size_of(unsigned int level)
{
	return 1ull << shift_of(level);
}

static uint64_t *node_at(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & ~F_ALL);
}

static void free_node(uint64_t *node, unsigned int level)
{
	for (unsigned int i = 0; level && i < ENTRIES; i++)
		if ((node[i] & F_PRESENT) && !(node[i] & F_LEAF))
			free_node(node_at(node[i]), level - 1);
	free(node);
}

struct mock_table *mock_table_create(bool huge)
{
	struct mock_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->huge = huge;
	t->root = calloc(ENTRIES, sizeof(*t->root));
	if (t->root)
		return t;
	free(t);
	return NULL;
}

void mock_table_destroy(struct mock_table *t)
{
	free_node(t->root, TOP);
	free(t);
}

/* The last address that there is an entry for. */
#define LAST ((1ull << (11 + 9 * (TOP + 1))) - 1)

/*
 * The entry for @iova at @level, or the leaf above it; *@at: its level. NULL: none; no memory;
 * *@at is the level at which the table ends, unless @iova is behind LAST.
 */
static uint64_t *entry_of(struct mock_table *t, uint64_t iova, unsigned int level, bool make,
			  unsigned int *at)
{
	uint64_t *node = t->root, *e, *new;
	unsigned int l;

	if (iova > LAST)
		return NULL;
	for (l = TOP;; l--) {
		e = &node[(iova >> shift_of(l)) % ENTRIES];
		*at = l;
		if (l == level || (*e & F_LEAF))
			return e;
		if (!(*e & F_PRESENT)) {
			new = make ? calloc(ENTRIES, sizeof(*new)) : NULL;
			if (!new)
				return NULL;
			*e = (uintptr_t)new | F_PRESENT;
		}
		node = node_at(*e);
	}
}

/* A leaf of 1M becomes 2K leaves. Without memory it goes, which stops more than it must. */
static void split(uint64_t *e)
{
	uint64_t *node = calloc(ENTRIES, sizeof(*node)), pa = *e & ~(size_of(1) - 1);

	if (!node) {
		*e = 0;
		return;
	}
	for (unsigned int i = 0; i < ENTRIES; i++)
		node[i] = (pa + i * size_of(0)) | (*e & F_ALL);
	*e = (uintptr_t)node | F_PRESENT;
}

int mock_table_map(struct mock_table *t, uint64_t first, uint64_t last, uint64_t pa)
{
	uint64_t at = first, *e;
	unsigned int level, found;

	if ((first | (last + 1) | pa) % MOCK_PAGE)
		return -EINVAL;
	while (at - 1 != last) {
		level = t->huge && !((at | pa) & (size_of(1) - 1)) &&
			last - at >= size_of(1) - 1;
		e = entry_of(t, at, level, true, &found);
		if (!e || found != level || *e & F_LEAF) {
			if (at != first)
				mock_table_unmap(t, first, at - 1);
			return e ? -EADDRINUSE : -ENOMEM;
		}
		/* An empty table that stayed behind makes room for the leaf. */
		if (level && (*e & F_PRESENT))
			free_node(node_at(*e), 0);
		*e = pa | F_PRESENT | F_LEAF;
		at += size_of(level);
		pa += size_of(level);
	}
	return 0;
}

uint64_t mock_table_unmap(struct mock_table *t, uint64_t first, uint64_t last)
{
	uint64_t at = first, *e, n = 0;
	unsigned int level;

	while (at <= last && at >= first) {
		e = entry_of(t, at, 0, false, &level);
		if (e && level && ((at & (size_of(1) - 1)) || last - at < size_of(1) - 1)) {
			split(e);
			continue;
		}
		if (e && *e) {
			*e = 0;
			n += size_of(level);
		}
		at += e ? size_of(level) : size_of(0);
	}
	return n / PAGE_SIZE;
}

bool mock_table_lookup(struct mock_table *t, uint64_t iova, uint64_t *pa)
{
	unsigned int level;
	uint64_t *e = entry_of(t, iova, 0, false, &level);

	if (!e || !(*e & F_PRESENT))
		return false;
	*pa = (*e & ~(size_of(level) - 1)) | (iova & (size_of(level) - 1));
	return true;
}

void mock_table_set_dirty(struct mock_table *t, uint64_t iova)
{
	unsigned int level;
	uint64_t *e = entry_of(t, iova, 0, false, &level);

	if (e && *e & F_PRESENT)
		*e |= F_DIRTY;
}

bool mock_table_next_dirty(struct mock_table *t, uint64_t *first, uint64_t *last, bool clear)
{
	unsigned int level;
	uint64_t at = *first, end, *e;

	while (at <= *last && at <= LAST) {
		e = entry_of(t, at, 0, false, &level);
		end = at | (size_of(level) - 1);
		if (e && *e & F_DIRTY) {
			if (clear)
				*e &= ~F_DIRTY;
			*first = at;
			*last = end < *last ? end : *last;
			return true;
		}
		at = end + 1;
	}
	return false;
}
