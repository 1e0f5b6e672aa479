/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One kernel-managed page table: built and cleared here, walked by walk.h. Tables are ordinary
 * memory; the "physical address" in an entry is the address of this program, as for everything in
 * the model.
 */
#ifndef IOMMU_REF_PGTABLE_H
#define IOMMU_REF_PGTABLE_H

#include "format.h"

/*
 * The memory of one page table: tables out of slabs, with the number of live entries of each
 * beside them, so that a table is given back as soon as its last entry goes. A free table is all
 * zero.
 */
struct pt_slab;
struct pt_pool {
	struct pt_slab *head, *tail;	/* those with a free table come first */
	size_t nr_free;			/* free tables in all slabs */
	uint8_t table_shift, slab_shift;	/* log2 of their sizes */
	uint32_t slab_tables;
};

void pt_pool_init(struct pt_pool *pool, unsigned int table_shift);

/* Makes sure of @n free tables. -ENOMEM. */
int pt_pool_reserve(struct pt_pool *pool, size_t n);
/* A zeroed table, or NULL: no memory. */
uint64_t *pt_pool_alloc(struct pt_pool *pool);
/* @table has no live entry. */
void pt_pool_free(struct pt_pool *pool, uint64_t *table);
void pt_pool_destroy(struct pt_pool *pool);
/* Live entries of the table. */
uint16_t *pt_live(const struct pt_pool *pool, const uint64_t *table);

struct pgtable {
	const struct pt_format *format;
	uint64_t *root;
	uint64_t last;		/* last input address */
	unsigned int largest_leaf;	/* log2: none above is made */
	uint8_t top;		/* level of the root */
	bool common;		/* pt_common() */
	struct pt_pool pool;
};

/* The index in a table of @level. The root may be several tables: its index has no limit. */
static inline unsigned int pgtable_index(const struct pgtable *pt, uint64_t input,
					 unsigned int level)
{
	return level == pt->top ? input >> pt_shift(pt->format, level) :
				  pt_index(pt->format, input, level);
}

/*
 * Where a kernel-managed table starts. With the 16K granule the first of four levels would have two
 * entries; a stage 2 has two tables of the next level instead, one behind the other (Arm ARM
 * D8.2.6; io-pgtable-arm.c arm_lpae_concat_mandatory()).
 */
unsigned int pgtable_top(const struct pt_format *format);
/* -ENOMEM. */
int pgtable_init(struct pgtable *pt, const struct pt_format *format, uint64_t last);
void pgtable_destroy(struct pgtable *pt);
/* Arguments and errors: domain_map(). */
int pgtable_map(struct pgtable *pt, uint64_t first, uint64_t last, uint64_t pa, unsigned int prot);
/* The entry that decides on @input, or where the walk ends without one; its level in *@level. */
uint64_t *pgtable_entry(const struct pgtable *pt, uint64_t input, unsigned int *level);
/* Returns the number of 4K pages that were mapped, whatever the granule. */
uint64_t pgtable_unmap(struct pgtable *pt, uint64_t first, uint64_t last);

#endif
