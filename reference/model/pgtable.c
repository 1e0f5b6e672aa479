// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Builds and clears kernel-managed page tables of any format. */
#include <errno.h>
#include <string.h>

#include "pgtable.h"

/*
 * Clearing part of a large leaf needs tables for what stays: at either end of the range one a
 * level. They are set aside by the map, since an unmap cannot fail.
 */
#define SPLIT_RESERVE (2 * (PT_MAX_LEVEL - 1))

struct map_job {
	struct pgtable *pt;
	uint64_t next, last;	/* inclusive; what is left to map */
	uint64_t pa;		/* behind next */
	unsigned int prot;
};

static uint64_t *entry_table(const struct pt_format *f, uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & f->address);
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
		*entry = (uintptr_t)table | pt->format->table_bits;
		++*pt_live(in);
	}
	return table;
}

static void table_remove_if_empty(struct pgtable *pt, uint64_t *in, uint64_t *entry)
{
	uint64_t *table = entry_table(pt->format, *entry);

	if (*pt_live(table))
		return;
	pt_pool_free(&pt->pool, table);
	*entry = 0;
	--*pt_live(in);
}

static int map_pages(struct map_job *job, uint64_t *table)
{
	const struct pt_format *f = job->pt->format;
	uint64_t bits = pt_make_leaf(f, 0, 0, job->prot);
	unsigned int first = pt_index(job->next, 0), i;
	uint64_t left = ((job->last - job->next) >> PAGE_SHIFT) + 1;
	unsigned int end = min_u64(PT_ENTRIES, first + left);

	for (i = first; i < end && !table[i]; i++)
		table[i] = (job->pa + (uint64_t)(i - first) * PAGE_SIZE) | bits;
	*pt_live(table) += i - first;
	job->next += (uint64_t)(i - first) * PAGE_SIZE;
	job->pa += (uint64_t)(i - first) * PAGE_SIZE;
	return i < end ? -EEXIST : 0;
}

static int map_table(struct map_job *job, uint64_t *table, unsigned int level);

/* Maps the part of the job that *@entry covers. */
static int map_entry(struct map_job *job, uint64_t *in, uint64_t *entry, unsigned int level)
{
	const struct pt_format *f = job->pt->format;
	uint64_t *table;
	int rc;

	if (level <= f->max_block_level && pt_shift(level) <= job->pt->largest_leaf &&
	    !((job->next | job->pa) & (pt_size(level) - 1)) &&
	    job->last - job->next >= pt_size(level) - 1) {
		if (*entry)	/* a table there is never empty */
			return -EEXIST;
		*entry = pt_make_leaf(f, job->pa, level, job->prot);
		++*pt_live(in);
		job->next += pt_size(level);
		job->pa += pt_size(level);
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
	unsigned int i;
	int rc;

	for (i = pt_index(job->next, level); i < PT_ENTRIES && job->next - 1 != job->last; i++) {
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

	rc = map_table(&job, pt->root, PT_MAX_LEVEL);
	if (!rc)
		rc = pt_pool_reserve(&pt->pool, SPLIT_RESERVE);
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
	for (i = 0; i < PT_ENTRIES; i++)
		table[i] = (pt_make_leaf(f, pa + i * pt_size(level - 1), level - 1, prot) &
			    ~f->dirty_mask) | dirty;
	*pt_live(table) = PT_ENTRIES;
	*entry = (uintptr_t)table | f->table_bits;
	return true;
}

static uint64_t unmap_pages(uint64_t *table, uint64_t first, uint64_t last)
{
	unsigned int i = pt_index(first, 0), end = pt_index(last, 0) + 1, n = 0;
	uint16_t *live = pt_live(table);

	if (i == 0 && end == PT_ENTRIES) {
		n = *live;
		memset(table, 0, PAGE_SIZE);
	}
	for (; i < end && *live > n; i++) {
		n += table[i] != 0;
		table[i] = 0;
	}
	*live -= n;
	return n;
}

static uint64_t unmap_table(struct pgtable *pt, uint64_t *table, unsigned int level,
			    uint64_t first, uint64_t last);

static uint64_t unmap_entry(struct pgtable *pt, uint64_t *in, uint64_t *entry, unsigned int level,
			    uint64_t first, uint64_t last)
{
	const struct pt_format *f = pt->format;
	bool whole = last - first == pt_size(level) - 1;
	uint64_t *table, n;

	if (pt_is_leaf(f, *entry, level) && (whole || !leaf_split(pt, entry, level))) {
		*entry = 0;
		--*pt_live(in);
		return pt_size(level) >> PAGE_SHIFT;
	}
	table = entry_table(f, *entry);
	n = level == 1 ? unmap_pages(table, first, last) :
			 unmap_table(pt, table, level - 1, first, last);
	table_remove_if_empty(pt, in, entry);
	return n;
}

static uint64_t unmap_table(struct pgtable *pt, uint64_t *table, unsigned int level,
			    uint64_t first, uint64_t last)
{
	uint64_t n = 0, end;
	unsigned int i;

	for (i = pt_index(first, level); ; i++) {
		end = min_u64(last, first | (pt_size(level) - 1));
		if (table[i])
			n += unmap_entry(pt, table, &table[i], level, first, end);
		if (end == last)
			return n;
		first = end + 1;
	}
}

uint64_t pgtable_unmap(struct pgtable *pt, uint64_t first, uint64_t last)
{
	uint64_t n = unmap_table(pt, pt->root, PT_MAX_LEVEL, first, last);

	/* Best effort: the next map refuses if it cannot have this reserve. */
	(void)pt_pool_reserve(&pt->pool, SPLIT_RESERVE);
	return n;
}

int pgtable_init(struct pgtable *pt, const struct pt_format *format, uint64_t last)
{
	memset(pt, 0, sizeof(*pt));
	pt->format = format;
	pt->last = last;
	pt->largest_leaf = pt_shift(PT_MAX_LEVEL);
	pt->root = pt_pool_alloc(&pt->pool);
	return pt->root ? 0 : -ENOMEM;
}

void pgtable_destroy(struct pgtable *pt)
{
	pt_pool_destroy(&pt->pool);
}
