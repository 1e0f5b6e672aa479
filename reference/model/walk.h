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
	WALK_BEYOND,		/* a table or leaf, at leaf->out, is beyond the output size */
	WALK_LOAD_FAILED,	/* the reader could not read an entry; it keeps the reason */
};

struct walk_leaf {
	uint64_t out;		/* output address of the input itself */
	unsigned int shift;	/* log2 of the leaf's size */
	unsigned int prot;
	bool global;		/* holds for every ASID */
	bool accessed;		/* all access flags on the way are set */
	bool clean;		/* a write has to be noted in the leaf */
};

/* Reads the entry at @addr; false stops the walk. */
typedef bool (*walk_load_fn)(void *ctx, uint64_t addr, uint64_t *entry);

/* A shape that the compiler may know beforehand: most walks are of one. */
struct walk_shape {
	unsigned int page_shift, level_bits;
	bool high;		/* addresses have bits elsewhere */
	bool masked_top;	/* the top table has entries for more than the input's range */
};

static inline __attribute__((always_inline)) enum walk_result
pt_walk_shape(const struct pt_format *f, struct walk_shape shape, uint64_t root, unsigned int top,
	      uint64_t input, uint64_t beyond, walk_load_fn load, void *ctx,
	      struct walk_leaf *leaf)
{
	unsigned int prot = PROT_R | PROT_W, level = top;
	unsigned int shift = shape.page_shift + shape.level_bits * top;
	uint64_t entry, flags = ~0ull, mask = (1ull << shape.level_bits) - 1;
	uint64_t index = shape.masked_top ? input >> shift & mask : input >> shift;

	for (;; level--, shift -= shape.level_bits, index = input >> shift & mask) {
		if (!load(ctx, root + index * sizeof(entry), &entry))
			return WALK_LOAD_FAILED;
		if (!pt_present(f, entry))
			return WALK_ABSENT;
		if (pt_is_leaf(f, entry, level))
			break;
		if (!level)
			return WALK_ABSENT;
		if (f->hierarchical)
			prot &= pt_table_prot(f, entry);
		flags &= entry;
		root = shape.high ? pt_address(f, entry) : entry & f->address;
		if (root & beyond) {
			leaf->out = root;
			return WALK_BEYOND;
		}
	}
	if (level > f->max_block_level ||
	    (level && (entry & f->block_reserved & ((1ull << shift) - 1))))
		return WALK_ABSENT;
	leaf->out = shape.high ? pt_address(f, entry) : entry & f->address;
	leaf->out = (leaf->out >> shift << shift) | (input & ((1ull << shift) - 1));
	if (leaf->out & beyond)
		return WALK_BEYOND;
	leaf->shift = shift;
	leaf->prot = prot & pt_prot(f, entry);
	leaf->global = f->not_global && !(entry & f->not_global);
	leaf->accessed = !(f->access_flag & ~(f->access_tables ? entry & flags : entry));
	leaf->clean = pt_clean(f, entry);
	return WALK_OK;
}

/*
 * Walks from the table at @root, which is of level @top; at the top it may be several in a row.
 * @input has been checked with pt_input_valid(). @beyond: bits that no output address may have.
 * @common is pt_common(), as a constant; to be inlined with a constant @load, each in a function of
 * its own: what common walks do not need costs them a fifth of their time.
 */
static inline __attribute__((always_inline)) enum walk_result
pt_walk(bool common, const struct pt_format *f, uint64_t root, unsigned int top, uint64_t input,
	uint64_t beyond, walk_load_fn load, void *ctx, struct walk_leaf *leaf)
{
	if (common)
		return pt_walk_shape(f, (struct walk_shape){ PAGE_SHIFT, 9, false, true }, root,
				     3, input, beyond, load, ctx, leaf);
	return pt_walk_shape(f, (struct walk_shape){ f->page_shift, f->level_bits, true,
						     f->canonical }, root, top, input, beyond,
			     load, ctx, leaf);
}

#endif
