/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Page-table formats. Each is one description of its bits (format_*.c); building, clearing and
 * walking are shared code that reads the description. A description holds for tables that the
 * model builds and for those that user space built: the bits are the hardware's.
 *
 * Levels count from the leaf: level 0 maps pages (of the granule), the others blocks. Where a walk
 * starts follows from the granule and the number of input bits: pt_top().
 */
#ifndef IOMMU_REF_FORMAT_H
#define IOMMU_REF_FORMAT_H

#include "model.h"

struct pt_format {
	const char *name;
	/* An entry is there if any of these bits is set. */
	uint64_t present;
	/* What tells a page (level 0) and a block (above) from anything else. */
	uint64_t page_mask, page_value;
	uint64_t block_mask, block_value;
	/* Where a table or leaf lies; bits that do not fit there are @high_shift lower. */
	uint64_t address, high_mask;
	/* Those bits below a block's size that must be zero. */
	uint64_t block_reserved;
	/* Says that an entry was used: leaves, and tables too if @access_tables. 0: it has none. */
	uint64_t access_flag;
	/* Rights: all of the set bits; none of the clear ones, unless the override is set. */
	uint64_t read_set, write_set, write_clear, write_override;
	/* A leaf without it holds for every ASID; 0 if all leaves belong to one. */
	uint64_t not_global;
	/* Writable leaves: dirty if these bits have this value; a write sets and clears these. */
	uint64_t dirty_mask, dirty_value, dirty_set, dirty_clear;
	/* What the model writes: constant parts, and the leaf's rights by PROT_*. */
	uint64_t table_bits, page_bits, block_bits;
	uint64_t prot_bits[4];
	/* Rights of table entries count as well. */
	bool hierarchical;
	bool access_tables;
	/* The bits above the input range repeat its top bit; else they are zero. */
	bool canonical;
	uint8_t high_shift;
	/* log2 of the granule's bytes, and of the entries of a table, which is of that size. */
	uint8_t page_shift, level_bits;
	uint8_t input_bits, output_bits, max_block_level;
};

/* What a kernel with pages of @granule makes of @fmt for a unit. NULL: FMT_DRIVER. */
const struct pt_format *pt_format(const struct iommu_ref_unit_config *unit, uint32_t granule,
				  enum fmt fmt);

extern const struct pt_format pt_x86_fl4, pt_x86_fl5;
extern const struct pt_format pt_vtd_ss4, pt_vtd_ss5;

enum pt_arm {
	PT_ARM_S1,
	PT_ARM_S1_HD,	/* the same, hardware keeps the dirty state */
	PT_ARM_S2,
};
/*
 * VMSAv8-64. @page_shift: 12, 14 or 16. @wide: descriptors carry addresses of 52 bits (64K: with
 * FEAT_LPA; 4K and 16K: FEAT_LPA2, DS = 1), else of 48.
 */
const struct pt_format *pt_arm(enum pt_arm what, unsigned int page_shift, bool wide);

static inline unsigned int pt_shift(const struct pt_format *f, unsigned int level)
{
	return f->page_shift + f->level_bits * level;
}

static inline uint64_t pt_size(const struct pt_format *f, unsigned int level)
{
	return 1ull << pt_shift(f, level);
}

static inline unsigned int pt_entries(const struct pt_format *f)
{
	return 1u << f->level_bits;
}

static inline unsigned int pt_index(const struct pt_format *f, uint64_t input, unsigned int level)
{
	return (input >> pt_shift(f, level)) & (pt_entries(f) - 1);
}

/* The level at which a walk of @bits input bits starts, without concatenated tables. */
static inline unsigned int pt_top(const struct pt_format *f, unsigned int bits)
{
	return (bits - f->page_shift - 1) / f->level_bits;
}

/* Four levels of 4K tables with addresses in one piece: what nearly all tables are. */
static inline bool pt_common(const struct pt_format *f, unsigned int top)
{
	return f->page_shift == PAGE_SHIFT && top == 3 && !f->high_mask;
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
	bool w = (entry & f->write_set) == f->write_set &&
		 (!(entry & f->write_clear) || (entry & f->write_override));

	return ((entry & f->read_set) == f->read_set ? PROT_R : 0) | (w ? PROT_W : 0);
}

/* What a table entry leaves of the rights below it, in a format where it has a say. */
static inline unsigned int pt_table_prot(const struct pt_format *f, uint64_t entry)
{
	return ((entry & f->read_set) == f->read_set ? PROT_R : 0) |
	       ((entry & f->write_set) == f->write_set ? PROT_W : 0);
}

/* A write through this leaf has to be noted in it. */
static inline bool pt_clean(const struct pt_format *f, uint64_t entry)
{
	return (entry & f->dirty_set) != f->dirty_set || (entry & f->dirty_clear);
}

/* The address in a table entry, and that address as a part of one. */
static inline uint64_t pt_address(const struct pt_format *f, uint64_t entry)
{
	return (entry & f->address) | (entry & f->high_mask) << f->high_shift;
}

static inline uint64_t pt_encode(const struct pt_format *f, uint64_t address)
{
	return (address & f->address) | ((address >> f->high_shift) & f->high_mask);
}

static inline uint64_t pt_leaf_address(const struct pt_format *f, uint64_t entry,
				       unsigned int level)
{
	return pt_address(f, entry) & ~(pt_size(f, level) - 1);
}

static inline uint64_t pt_make_leaf(const struct pt_format *f, uint64_t address,
				    unsigned int level, unsigned int prot)
{
	return pt_encode(f, address) | (level ? f->block_bits : f->page_bits) | f->prot_bits[prot];
}

/* Is @input one that a table of @bits input bits can translate? */
static inline bool pt_input_valid(const struct pt_format *f, uint64_t input, unsigned int bits)
{
	if (f->canonical)
		return (uint64_t)((int64_t)(input << (64 - bits)) >> (64 - bits)) == input;
	return !(input >> bits);
}

#endif
