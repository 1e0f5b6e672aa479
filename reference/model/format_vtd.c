// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VT-d second level, 4 or 5 levels (VT-d 3.7, 9.8). There is no present bit of its own: an entry
 * with neither R nor W is not there. Both rights must be granted by every entry on the way.
 */
#include "format.h"

#define SS_R	(1ull << 0)
#define SS_W	(1ull << 1)
#define SS_D	(1ull << 9)	/* dirty */
#define SS_SP	(1ull << 7)	/* super page */

#define VTD_SS(bits, text) {				\
	.name = text,					\
	.present = SS_R | SS_W,				\
	.block_mask = SS_SP,				\
	.block_value = SS_SP,				\
	.address = 0x000ffffffffff000,			\
	.block_reserved = 0x000ffffffffff000,		\
	.read_set = SS_R,				\
	.write_set = SS_W,				\
	.dirty_mask = SS_D,				\
	.dirty_value = SS_D,				\
	.dirty_set = SS_D,				\
	.table_bits = SS_R | SS_W,			\
	.block_bits = SS_SP,				\
	.prot_bits = { 0, SS_R, SS_W, SS_R | SS_W },	\
	.hierarchical = true,				\
	.page_shift = 12,				\
	.level_bits = 9,				\
	.input_bits = (bits),				\
	.output_bits = 52,				\
	.max_block_level = 2,				\
}

const struct pt_format pt_vtd_ss4 = VTD_SS(48, "VT-d second level, 4 levels");
const struct pt_format pt_vtd_ss5 = VTD_SS(57, "VT-d second level, 5 levels");
