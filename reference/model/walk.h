/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The walk through one page table of any format. How an entry is read is the caller's: tables of
 * the model are plain memory, tables of user space lie at guest-physical addresses behind stage 2.
 */
#ifndef IOMMU_REF_WALK_H
#define IOMMU_REF_WALK_H

#include "format.h"

enum walk_result {
	WALK_OK = 0,
	WALK_ABSENT,		/* no valid leaf for this input */
	WALK_LOAD_FAILED,	/* the reader could not read an entry; it keeps the reason */
};

struct walk_leaf {
	uint64_t out;		/* output address of the input itself */
	unsigned int shift;	/* log2 of the leaf's size */
	unsigned int prot;
	bool global;		/* holds for every ASID */
	bool no_access;		/* WALK_ABSENT: there is a leaf, but its access flag is clear */
};

/* Reads the entry at @addr; false stops the walk. */
typedef bool (*walk_load_fn)(void *ctx, uint64_t addr, uint64_t *entry);

/*
 * @root: address of the top table, which is of level @top. @input has been checked with
 * pt_input_valid(). Inlined with a constant @load.
 */
static inline __attribute__((always_inline)) enum walk_result
pt_walk(const struct pt_format *f, uint64_t root, unsigned int top, uint64_t input,
	walk_load_fn load, void *ctx, struct walk_leaf *leaf)
{
	unsigned int prot = PROT_R | PROT_W, level = top;
	uint64_t entry;

	for (;; level--) {
		if (!load(ctx, root + pt_index(input, level) * sizeof(entry), &entry))
			return WALK_LOAD_FAILED;
		if (!pt_present(f, entry))
			return WALK_ABSENT;
		if (pt_is_leaf(f, entry, level))
			break;
		if (!level)
			return WALK_ABSENT;
		if (f->hierarchical)
			prot &= pt_prot(f, entry);
		root = entry & f->address;
	}
	if (level > f->max_block_level ||
	    (level && (entry & f->block_reserved & (pt_size(level) - 1))))
		return WALK_ABSENT;
	if ((entry & f->access_flag) != f->access_flag) {
		leaf->no_access = true;
		return WALK_ABSENT;
	}
	leaf->out = pt_leaf_address(f, entry, level) | (input & (pt_size(level) - 1));
	leaf->shift = pt_shift(level);
	leaf->prot = prot & pt_prot(f, entry);
	leaf->global = f->not_global && !(entry & f->not_global);
	return WALK_OK;
}

#endif
