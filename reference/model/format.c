// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Finds the description of a page-table format by its number. */
#include "format.h"

const struct pt_format *pt_format(enum fmt fmt)
{
	switch (fmt) {
	case FMT_X86_FL4:
		return &pt_x86_fl4;
	case FMT_VTD_SS4:
		return &pt_vtd_ss4;
	case FMT_ARM_S1_4K:
		return &pt_arm_s1_4k;
	case FMT_ARM_S2_4K:
		return &pt_arm_s2_4k;
	case FMT_DRIVER:
		break;
	}
	return NULL;
}
