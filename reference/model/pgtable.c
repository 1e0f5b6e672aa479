// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Builds and clears kernel-managed page tables of any format. */
#include <errno.h>
#include <string.h>

#include "pgtable.h"

/*
 * Clearing part of a large leaf needs tables for what stays: at either end of the range one a
 * level. They are set aside by the map, since an unmap cannot fail.
 */
static size_t split_reserve(const struct pt_format *f)
{
	return 2 * f->max_block_level;
}

struct map_job {
	struct pgtable *pt;
	uint64_t next, last;	/* inclusive; what is left to map */
	uint64_t pa;		/* behind next */
	unsigned int prot;
};

static uint64_t *entry_table(const struct pt_format *f, uint64_t entry)
{
	return (uint64_t *)(uintptr_t)pt_address(f, entry);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Puts a new, empty table into *@entry, which is empty, of the table @in. */
static uint64_t *table_install(struct pgtable *pt, uint64_t *in, uint64_t *entry)
{
	uint64_t *table = pt_pool_alloc(&pt->pool);

	if (table) {
		*entry = pt_encode(pt->format, (uintptr_t)table) | pt->format->table_bits;
		++*pt_live(&pt->pool, in);
	}
	return table;
}

static void table_remove_if_empty(struct pgtable *pt, uint64_t *in, uint64_t *entry)
{
	uint64_t *table = entry_table(pt->format, *entry);

	if (*pt_live(&pt->pool, table))
		return;
	pt_pool_free(&pt->pool, table);
	*entry = 0;
	--*pt_live(&pt->pool, in);
}

static int map_pages(struct map_job *job, uint64_t *table)
{
	const struct pt_format *f = job->pt->format;
	uint64_t bits = pt_make_leaf(f, 0, 0, job->prot), size = pt_size(f, 0);
	unsigned int first = pt_index(f, job->next, 0), i;
	uint64_t left = ((job->last - job->next) >> f->page_shift) + 1, pa = job->pa;
	unsigned int end = min_u64(pt_entries(f), first + left);

	for (i = first; i < end && !table[i]; i++, pa += size)
		table[i] = pt_encode(f, pa) | bits;
	*pt_live(&job->pt->pool, table) += i - first;
	job->next += pa - job->pa;
	job->pa = pa;
	return i < end ? -EEXIST : 0;
}

static int map_table(struct map_job *job, uint64_t *table, unsigned int level);

/* Maps the part of the job that *@entry covers. */
static int map_entry(struct map_job *job, uint64_t *in, uint64_t *entry, unsigned int level)
{
	const struct pt_format *f = job->pt->format;
	uint64_t *table, size = pt_size(f, level);
	int rc;

	if (level <= f->max_block_level && pt_shift(f, level) <= job->pt->largest_leaf &&
	    !((job->next | job->pa) & (size - 1)) && job->last - job->next >= size - 1) {
		if (*entry)	/* a table there is never empty */
			return -EEXIST;
		*entry = pt_make_leaf(f, job->pa, level, job->prot);
		++*pt_live(&job->pt->pool, in);
		job->next += size;
		job->pa += size;
		return 0;
	}
	if (*entry && pt_is_leaf(f, *entry, level))
		return -EEXIST;
	table = *entry ? entry_table(f, *entry) : table_install(job->pt, in, entry);
	if (!table)
		return -ENOMEM;
	rc = level == 1 ? map_pages(job, table) : map_table(job, table, level - 1);
	if (rc)
		table_remove_if_empty(job->pt, in, entry);
	return rc;
}

static int map_table(struct map_job *job, uint64_t *table, unsigned int level)
{
	const struct pgtable *pt = job->pt;
	unsigned int i, end = level == pt->top ? -1u : pt_entries(pt->format);
	int rc;

	for (i = pgtable_index(pt, job->next, level); i < end && job->next - 1 != job->last; i++) {
		rc = map_entry(job, table, &table[i], level);
		if (rc)
			return rc;
	}
	return 0;
}

int pgtable_map(struct pgtable *pt, uint64_t first, uint64_t last, uint64_t pa, unsigned int prot)
{
	struct map_job job = { .pt = pt, .next = first, .last = last, .pa = pa, .prot = prot };
	int rc;

	rc = map_table(&job, pt->root, pt->top);
	if (!rc)
		rc = pt_pool_reserve(&pt->pool, split_reserve(pt->format));
	if (rc && job.next != first)
		pgtable_unmap(pt, first, job.next - 1);
	return rc;
}

/*
 * Replaces the leaf *@entry by a table of leaves one level below. Without memory (the reserve of
 * two splits at either end is used up, and no map has come since) the leaf goes as a whole: DMA is
 * then stopped where it need not be, never let through where it must be stopped.
 */
static bool leaf_split(struct pgtable *pt, uint64_t *entry, unsigned int level)
{
	const struct pt_format *f = pt->format;
	uint64_t pa = pt_leaf_address(f, *entry, level);
	uint64_t *table = pt_pool_alloc(&pt->pool), dirty = *entry & f->dirty_mask;
	unsigned int prot = pt_prot(f, *entry), i;

	if (!table)
		return false;
	for (i = 0; i < pt_entries(f); i++)
		table[i] = (pt_make_leaf(f, pa + i * pt_size(f, level - 1), level - 1, prot) &
			    ~f->dirty_mask) | dirty;
	*pt_live(&pt->pool, table) = pt_entries(f);
	*entry = pt_encode(f, (uintptr_t)table) | f->table_bits;
	return true;
}

static uint64_t unmap_pages(struct pgtable *pt, uint64_t *table, uint64_t first, uint64_t last)
{
	const struct pt_format *f = pt->format;
	unsigned int i = pt_index(f, first, 0), end = pt_index(f, last, 0) + 1, n = 0;
	uint16_t *live = pt_live(&pt->pool, table);

	if (i == 0 && end == pt_entries(f)) {
		n = *live;
		memset(table, 0, pt_size(f, 0));
	}
	for (; i < end && *live > n; i++) {
		n += table[i] != 0;
		table[i] = 0;
	}
	*live -= n;
	return (uint64_t)n << (f->page_shift - PAGE_SHIFT);
}

static uint64_t unmap_table(struct pgtable *pt, uint64_t *table, unsigned int level,
			    uint64_t first, uint64_t last);

static uint64_t unmap_entry(struct pgtable *pt, uint64_t *in, uint64_t *entry, unsigned int level,
			    uint64_t first, uint64_t last)
{
	const struct pt_format *f = pt->format;
	bool whole = last - first == pt_size(f, level) - 1;
	uint64_t *table, n;

	if (pt_is_leaf(f, *entry, level) && (whole || !leaf_split(pt, entry, level))) {
		*entry = 0;
		--*pt_live(&pt->pool, in);
		return pt_size(f, level) >> PAGE_SHIFT;
	}
	table = entry_table(f, *entry);
	n = level == 1 ? unmap_pages(pt, table, first, last) :
			 unmap_table(pt, table, level - 1, first, last);
	table_remove_if_empty(pt, in, entry);
	return n;
}

static uint64_t unmap_table(struct pgtable *pt, uint64_t *table, unsigned int level,
			    uint64_t first, uint64_t last)
{
	uint64_t n = 0, end;
	unsigned int i;

	for (i = pgtable_index(pt, first, level); ; i++) {
		end = min_u64(last, first | (pt_size(pt->format, level) - 1));
		if (table[i])
			n += unmap_entry(pt, table, &table[i], level, first, end);
		if (end == last)
			return n;
		first = end + 1;
	}
}

uint64_t pgtable_unmap(struct pgtable *pt, uint64_t first, uint64_t last)
{
	uint64_t n = unmap_table(pt, pt->root, pt->top, first, last);

	/* Best effort: the next map refuses if it cannot have this reserve. */
	(void)pt_pool_reserve(&pt->pool, split_reserve(pt->format));
	return n;
}

uint64_t *pgtable_entry(const struct pgtable *pt, uint64_t input, unsigned int *level)
{
	const struct pt_format *f = pt->format;
	uint64_t *table = pt->root, *entry;

	for (*level = pt->top;; --*level) {
		entry = &table[pgtable_index(pt, input, *level)];
		if (!*level || !pt_present(f, *entry) || pt_is_leaf(f, *entry, *level))
			return entry;
		table = entry_table(f, *entry);
	}
}

static bool concatenated(const struct pt_format *f)
{
	return f->page_shift == 14 && f->input_bits == 48 && !f->not_global;
}

unsigned int pgtable_top(const struct pt_format *f)
{
	return pt_top(f, f->input_bits) - concatenated(f);
}

/* Two tables in a row: those of a new slab come in order. The pair is aligned to its size. */
static uint64_t *root_alloc(struct pgtable *pt)
{
	uint64_t *table = pt_pool_alloc(&pt->pool), *pair;

	if (!table || !concatenated(pt->format))
		return table;
	pair = pt_pool_alloc(&pt->pool);
	(void)pt_pool_alloc(&pt->pool);
	pt_pool_free(&pt->pool, table);
	return pair;
}

int pgtable_init(struct pgtable *pt, const struct pt_format *format, uint64_t last)
{
	memset(pt, 0, sizeof(*pt));
	pt->format = format;
	pt->last = last;
	pt->largest_leaf = 64;
	pt->top = (uint8_t)pgtable_top(format);
	pt->common = pt_common(format, pt->top);
	pt_pool_init(&pt->pool, format->page_shift);
	pt->root = root_alloc(pt);
	return pt->root ? 0 : -ENOMEM;
}

void pgtable_destroy(struct pgtable *pt)
{
	pt_pool_destroy(&pt->pool);
}
