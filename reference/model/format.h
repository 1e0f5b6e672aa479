/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Page-table formats. Each is one description of its bits (format_*.c); building, clearing and
 * walking are shared code that reads the description. A description holds for tables that the
 * model builds and for those that user space built: the bits are the hardware's.
 *
 * Levels count from the leaf: level 0 maps 4K pages, 1 blocks of 2M, 2 of 1G, 3 is the top, of
 * a user-managed first level of 57 bits 4.
 */
#ifndef IOMMU_REF_FORMAT_H
#define IOMMU_REF_FORMAT_H

#include "model.h"

#define PT_LEVEL_BITS 9
#define PT_ENTRIES 512u
#define PT_MAX_LEVEL 3

struct pt_format {
	const char *name;
	/* An entry is there if any of these bits is set. */
	uint64_t present;
	/* What tells a page (level 0) and a block (above) from anything else. */
	uint64_t page_mask, page_value;
	uint64_t block_mask, block_value;
	/* Where a table or leaf lies, and those bits below a block's size that must be zero. */
	uint64_t address, block_reserved;
	/* A leaf without it faults; 0 if the format has none. */
	uint64_t access_flag;
	/* Rights: all of the set bits, none of the clear ones. */
	uint64_t read_set, write_set, write_clear;
	/* A leaf without it holds for every ASID; 0 if all leaves belong to one. */
	uint64_t not_global;
	/* Writable leaves: dirty if these bits have this value; a write sets and clears these. */
	uint64_t dirty_mask, dirty_value, dirty_set, dirty_clear;
	/* What the model writes: constant parts, and the leaf's rights by PROT_*. */
	uint64_t table_bits, page_bits, block_bits;
	uint64_t prot_bits[4];
	/* Rights of table entries count as well. */
	bool hierarchical;
	/* The bits above the input range repeat its top bit; else they are zero. */
	bool canonical;
	uint8_t input_bits, max_block_level;
};

const struct pt_format *pt_format(enum fmt fmt);

extern const struct pt_format pt_x86_fl4;
extern const struct pt_format pt_vtd_ss4;
extern const struct pt_format pt_arm_s1_4k;
extern const struct pt_format pt_arm_s1_4k_hd;	/* the same, hardware keeps the dirty state */
extern const struct pt_format pt_arm_s2_4k;

static inline unsigned int pt_shift(unsigned int level)
{
	return PAGE_SHIFT + PT_LEVEL_BITS * level;
}

static inline uint64_t pt_size(unsigned int level)
{
	return 1ull << pt_shift(level);
}

static inline unsigned int pt_index(uint64_t input, unsigned int level)
{
	return (input >> pt_shift(level)) % PT_ENTRIES;
}

static inline bool pt_present(const struct pt_format *f, uint64_t entry)
{
	return entry & f->present;
}

static inline bool pt_is_leaf(const struct pt_format *f, uint64_t entry, unsigned int level)
{
	return level ? (entry & f->block_mask) == f->block_value :
		       (entry & f->page_mask) == f->page_value;
}

static inline unsigned int pt_prot(const struct pt_format *f, uint64_t entry)
{
	bool w = (entry & f->write_set) == f->write_set && !(entry & f->write_clear);

	return ((entry & f->read_set) == f->read_set ? PROT_R : 0) | (w ? PROT_W : 0);
}

static inline uint64_t pt_leaf_address(const struct pt_format *f, uint64_t entry,
				       unsigned int level)
{
	return entry & f->address & ~(pt_size(level) - 1);
}

static inline uint64_t pt_make_leaf(const struct pt_format *f, uint64_t address,
				    unsigned int level, unsigned int prot)
{
	return address | (level ? f->block_bits : f->page_bits) | f->prot_bits[prot];
}

/* Is @input one that a table of @bits input bits can translate? */
static inline bool pt_input_valid(const struct pt_format *f, uint64_t input, unsigned int bits)
{
	if (f->canonical)
		return (uint64_t)((int64_t)(input << (64 - bits)) >> (64 - bits)) == input;
	return !(input >> bits);
}

#endif
