// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Arm VMSAv8-64, stage 1 and stage 2, granules of 4K, 16K and 64K (Arm ARM D8.3). Bits [1:0]: 01 a
 * block (reserved among pages), 11 a table or a page. What Arm calls level 3 is level 0 here.
 * Hierarchical APTable limits are ignored.
 *
 * Descriptors carry addresses of 48 bits, or of 52: with the 64K granule (FEAT_LPA) bits [15:12]
 * are bits [51:48] of the address; with the others (FEAT_LPA2) the address goes up to bit 49, and
 * bits [9:8], elsewhere the shareability, are its bits [51:50].
 *
 * Blocks (Arm ARM D8.3.1): 4K granule 2M and 1G, with LPA2 512G; 16K 32M, with LPA2 64G; 64K 512M,
 * with LPA 4T.
 */
#include "format.h"

#define ARM_VALID	(1ull << 0)
#define ARM_TABLE	(1ull << 1)	/* 1: table or page, 0: block */
#define ARM_PAGE	(ARM_VALID | ARM_TABLE)
#define ARM_SH_INNER	(3ull << 8)
#define ARM_AF		(1ull << 10)

#define S1_ATTR_CACHED	(1ull << 2)	/* AttrIndx 1 */
#define S1_AP_UNPRIV	(1ull << 6)	/* AP[1]: not only for EL1. DMA is unprivileged */
#define S1_AP_RDONLY	(1ull << 7)	/* AP[2] */
#define S1_NG		(1ull << 11)
#define S1_DBM		(1ull << 51)	/* with AP[2]: writable, and clean */

#define S2_MEMATTR_WB	(15ull << 2)
#define S2_AP_READ	(1ull << 6)	/* S2AP[0] */
#define S2_AP_WRITE	(1ull << 7)	/* S2AP[1] */

#define LPA(shift, wide)	((wide) && (shift) == 16)
#define LPA2(shift, wide)	((wide) && (shift) != 16)
#define UP_TO(bit)		((2ull << (bit)) - 1)

#define SH(shift, wide)		(LPA2(shift, wide) ? 0 : ARM_SH_INNER)
#define S1_LEAF(shift, wide)	(ARM_VALID | SH(shift, wide) | ARM_AF | S1_ATTR_CACHED | S1_NG)
#define S2_LEAF(shift, wide)	(ARM_VALID | SH(shift, wide) | ARM_AF | S2_MEMATTR_WB)

/* What does not depend on the stage. */
#define ARM_COMMON(shift, wide)								\
	.present = ARM_VALID,								\
	.page_mask = ARM_PAGE,								\
	.page_value = ARM_PAGE,								\
	.block_mask = ARM_TABLE,							\
	.block_value = 0,								\
	.address = UP_TO(LPA2(shift, wide) ? 49 : 47) & ~UP_TO((shift) - 1),		\
	.high_mask = LPA(shift, wide) ? 15ull << 12 : LPA2(shift, wide) ? 3ull << 8 : 0,	\
	.high_shift = LPA(shift, wide) ? 48 - 12 : 50 - 8,				\
	.access_flag = ARM_AF,								\
	.table_bits = ARM_PAGE,								\
	.page_shift = (shift),								\
	.level_bits = (shift) - 3,							\
	.input_bits = (wide) ? 52 : 48,							\
	.output_bits = (wide) ? 52 : 48,						\
	.max_block_level = ((shift) == 12 ? 2 : 1) + ((wide) ? 1 : 0)

#define ARM_S1(shift, wide) {								\
	.name = "VMSAv8-64 stage 1",							\
	ARM_COMMON(shift, wide),							\
	.read_set = S1_AP_UNPRIV,							\
	.write_set = S1_AP_UNPRIV,							\
	.write_clear = S1_AP_RDONLY,							\
	.not_global = S1_NG,								\
	.page_bits = S1_LEAF(shift, wide) | ARM_TABLE,					\
	.block_bits = S1_LEAF(shift, wide),						\
	.prot_bits = { 0, S1_AP_UNPRIV | S1_AP_RDONLY, S1_AP_UNPRIV, S1_AP_UNPRIV },	\
}

/* As Linux maps for it: what is writable has DBM, and starts dirty (io-pgtable-arm.c). */
#define ARM_S1_HD(shift, wide) {							\
	.name = "VMSAv8-64 stage 1, hardware dirty state",				\
	ARM_COMMON(shift, wide),							\
	.read_set = S1_AP_UNPRIV,							\
	.write_set = S1_AP_UNPRIV,							\
	.write_clear = S1_AP_RDONLY,							\
	.write_override = S1_DBM,							\
	.not_global = S1_NG,								\
	.dirty_mask = S1_DBM | S1_AP_RDONLY,						\
	.dirty_value = S1_DBM,								\
	.dirty_clear = S1_AP_RDONLY,							\
	.page_bits = S1_LEAF(shift, wide) | ARM_TABLE,					\
	.block_bits = S1_LEAF(shift, wide),						\
	.prot_bits = { 0, S1_AP_UNPRIV | S1_AP_RDONLY, S1_AP_UNPRIV | S1_DBM,		\
		       S1_AP_UNPRIV | S1_DBM },						\
}

#define ARM_S2(shift, wide) {								\
	.name = "VMSAv8-64 stage 2",							\
	ARM_COMMON(shift, wide),							\
	.read_set = S2_AP_READ,								\
	.write_set = S2_AP_WRITE,							\
	.page_bits = S2_LEAF(shift, wide) | ARM_TABLE,					\
	.block_bits = S2_LEAF(shift, wide),						\
	.prot_bits = { 0, S2_AP_READ, S2_AP_WRITE, S2_AP_READ | S2_AP_WRITE },		\
}

#define ARM_ALL(kind) {									\
	{ kind(12, 0), kind(12, 1) }, { kind(14, 0), kind(14, 1) }, { kind(16, 0), kind(16, 1) } }

const struct pt_format *pt_arm(enum pt_arm what, unsigned int page_shift, bool wide)
{
	static const struct pt_format formats[][3][2] = {
		[PT_ARM_S1] = ARM_ALL(ARM_S1),
		[PT_ARM_S1_HD] = ARM_ALL(ARM_S1_HD),
		[PT_ARM_S2] = ARM_ALL(ARM_S2),
	};

	return &formats[what][(page_shift - 12) / 2][wide];
}
