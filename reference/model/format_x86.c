// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VT-d first level: the x86-64 long-mode page table of 4 or 5 levels (Intel SDM vol. 3, 4.5; VT-d
 * 9.7). DMA has user privilege: without supervisor requests (SRE and a privileged request) every
 * entry on the way must have U/S = 1. A present entry can always be read.
 *
 * Hardware sets A in every entry that a translation uses, and D in the leaf of one for a write
 * (VT-d 3.6.3). What the model builds has both from the start, as Linux has it.
 */
#include "format.h"

#define X86_P	(1ull << 0)
#define X86_RW	(1ull << 1)
#define X86_US	(1ull << 2)
#define X86_A	(1ull << 5)
#define X86_D	(1ull << 6)
#define X86_PS	(1ull << 7)	/* a block; reserved in the top tables */

/* Bit 12 of a block is its PAT bit; those from 13 up to its size are reserved. */
#define X86_FL(bits, text) {					\
	.name = text,						\
	.present = X86_P,					\
	.page_mask = X86_P,					\
	.page_value = X86_P,					\
	.block_mask = X86_PS,					\
	.block_value = X86_PS,					\
	.address = 0x000ffffffffff000,				\
	.block_reserved = 0x000fffffffffe000,			\
	.access_flag = X86_A,					\
	.read_set = X86_US,					\
	.write_set = X86_US | X86_RW,				\
	.dirty_mask = X86_D,					\
	.dirty_value = X86_D,					\
	.dirty_set = X86_D,					\
	.table_bits = X86_P | X86_RW | X86_US | X86_A,		\
	.page_bits = X86_P | X86_US | X86_A,			\
	.block_bits = X86_P | X86_US | X86_A | X86_PS,		\
	.prot_bits = { 0, 0, X86_RW | X86_D, X86_RW | X86_D },	\
	.hierarchical = true,					\
	.access_tables = true,					\
	.canonical = true,					\
	.page_shift = 12,					\
	.level_bits = 9,					\
	.input_bits = (bits),					\
	.output_bits = 52,					\
	.max_block_level = 2,					\
}

const struct pt_format pt_x86_fl4 = X86_FL(48, "x86-64 first level, 4 levels");
const struct pt_format pt_x86_fl5 = X86_FL(57, "x86-64 first level, 5 levels");
