// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Which description a kernel-managed table has: what the kernel's drivers make of the unit's
 * abilities.
 */
#include "format.h"

const struct pt_format *pt_format(const struct iommu_ref_unit_config *unit, uint32_t granule,
				  enum fmt fmt)
{
	/* "mgaw > 48": intel/iommu.c compute_vasz_lg2_fs(), compute_vasz_lg2_ss() */
	bool five = unit->five_level && unit->aperture_last >> 48;
	unsigned int page_shift = (unsigned int)__builtin_ctz(granule);
	/* "case SZ_64K: max_addr_bits = 52": io-pgtable-arm.c arm_lpae_restrict_pgsizes() */
	bool wide = unit->oas_bits > 48 && page_shift == 16;

	switch (fmt) {
	case FMT_X86_FL:
		return five ? &pt_x86_fl5 : &pt_x86_fl4;
	case FMT_VTD_SS:
		return five ? &pt_vtd_ss5 : &pt_vtd_ss4;
	case FMT_ARM_S1:
		return pt_arm(PT_ARM_S1, page_shift, wide);
	case FMT_ARM_S2:
		return pt_arm(PT_ARM_S2, page_shift, wide);
	case FMT_DRIVER:
		break;
	}
	return NULL;
}
