// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Arm VMSAv8-64, stage 1 and stage 2, 4K granule, 48 bits (Arm ARM D8.3). Both start at Arm's
 * level 0, which is level 3 here. Bits [1:0]: 01 a block (reserved among pages), 11 a table or a
 * page. Hardware does not set the access flag here (IDR0.HTTU = 0): a leaf with AF = 0 is an
 * access flag fault, which the model reports as a translation fault of its stage. Hierarchical
 * APTable limits are ignored.
 */
#include "format.h"

#define ARM_VALID	(1ull << 0)
#define ARM_TABLE	(1ull << 1)	/* 1: table or page, 0: block */
#define ARM_PAGE	(ARM_VALID | ARM_TABLE)
#define ARM_SH_INNER	(3ull << 8)
#define ARM_AF		(1ull << 10)
#define ARM_ADDRESS	0x0000fffffffff000ull

#define S1_ATTR_CACHED	(1ull << 2)	/* AttrIndx 1 */
#define S1_AP_UNPRIV	(1ull << 6)	/* AP[1]: not only for EL1. DMA is unprivileged */
#define S1_AP_RDONLY	(1ull << 7)	/* AP[2] */
#define S1_NG		(1ull << 11)
#define S1_DBM		(1ull << 51)	/* with AP[2]: writable, and clean */

#define S2_MEMATTR_WB	(15ull << 2)
#define S2_AP_READ	(1ull << 6)	/* S2AP[0] */
#define S2_AP_WRITE	(1ull << 7)	/* S2AP[1] */

#define S1_LEAF	(ARM_VALID | ARM_SH_INNER | ARM_AF | S1_ATTR_CACHED | S1_NG)
#define S2_LEAF	(ARM_VALID | ARM_SH_INNER | ARM_AF | S2_MEMATTR_WB)

const struct pt_format pt_arm_s1_4k = {
	.name = "VMSAv8-64 stage 1, 4K granule",
	.present = ARM_VALID,
	.page_mask = ARM_PAGE,
	.page_value = ARM_PAGE,
	.block_mask = ARM_TABLE,
	.block_value = 0,
	.address = ARM_ADDRESS,
	.access_flag = ARM_AF,
	.read_set = S1_AP_UNPRIV,
	.write_set = S1_AP_UNPRIV,
	.write_clear = S1_AP_RDONLY,
	.not_global = S1_NG,
	.table_bits = ARM_PAGE,
	.page_bits = S1_LEAF | ARM_TABLE,
	.block_bits = S1_LEAF,
	.prot_bits = { 0, S1_AP_UNPRIV | S1_AP_RDONLY, S1_AP_UNPRIV, S1_AP_UNPRIV },
	.input_bits = 48,
	.max_block_level = 2,
};

/* As Linux maps for it: what is writable has DBM, and starts dirty (io-pgtable-arm.c). */
const struct pt_format pt_arm_s1_4k_hd = {
	.name = "VMSAv8-64 stage 1, 4K granule, hardware dirty state",
	.present = ARM_VALID,
	.page_mask = ARM_PAGE,
	.page_value = ARM_PAGE,
	.block_mask = ARM_TABLE,
	.block_value = 0,
	.address = ARM_ADDRESS,
	.access_flag = ARM_AF,
	.read_set = S1_AP_UNPRIV,
	.write_set = S1_AP_UNPRIV | S1_DBM,
	.not_global = S1_NG,
	.dirty_mask = S1_DBM | S1_AP_RDONLY,
	.dirty_value = S1_DBM,
	.dirty_clear = S1_AP_RDONLY,
	.table_bits = ARM_PAGE,
	.page_bits = S1_LEAF | ARM_TABLE,
	.block_bits = S1_LEAF,
	.prot_bits = { 0, S1_AP_UNPRIV | S1_AP_RDONLY, S1_AP_UNPRIV | S1_DBM,
		       S1_AP_UNPRIV | S1_DBM },
	.input_bits = 48,
	.max_block_level = 2,
};

const struct pt_format pt_arm_s2_4k = {
	.name = "VMSAv8-64 stage 2, 4K granule",
	.present = ARM_VALID,
	.page_mask = ARM_PAGE,
	.page_value = ARM_PAGE,
	.block_mask = ARM_TABLE,
	.block_value = 0,
	.address = ARM_ADDRESS,
	.access_flag = ARM_AF,
	.read_set = S2_AP_READ,
	.write_set = S2_AP_WRITE,
	.table_bits = ARM_PAGE,
	.page_bits = S2_LEAF | ARM_TABLE,
	.block_bits = S2_LEAF,
	.prot_bits = { 0, S2_AP_READ, S2_AP_WRITE, S2_AP_READ | S2_AP_WRITE },
	.input_bits = 48,
	.max_block_level = 2,
};
