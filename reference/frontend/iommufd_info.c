// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * IOMMU_GET_HW_INFO: the registers that describe the hardware, consistent with the machine's
 * configuration and with what the model does.
 */
#include <errno.h>
#include <string.h>

#include "iommufd_driver.h"

/* VT-d 4.1, 11.4.2 Capability Register */
static uint64_t vtd_cap(const struct iommu_ref_unit_config *unit)
{
	uint64_t width = 64 - (unsigned int)__builtin_clzll(unit->aperture_last);
	uint64_t sslps = unit->largest_leaf >= 30 ? 3 : unit->largest_leaf >= 21;

	return 6ull |			/* ND: 64K domain ids */
	       1ull << 10 |		/* SAGAW: 4-level second stage */
	       (uint64_t)unit->five_level << 11 |	/* and 5-level */
	       (width - 1) << 16 |	/* MGAW */
	       1ull << 22 |		/* ZLR */
	       0x20ull << 24 |		/* FRO */
	       sslps << 34 |		/* SSLPS: 2M, 1G */
	       1ull << 39 |		/* PSI: page-selective invalidation */
	       0ull << 40 |		/* NFR: one fault register */
	       18ull << 48 |		/* MAMV */
	       3ull << 54 |		/* DWD, DRD */
	       (sslps >> 1) << 56 |	/* FS1GP */
	       (uint64_t)unit->five_level << 60;
}

/* 11.4.3 Extended Capability Register */
static uint64_t vtd_ecap(const struct iommu_ref_config *cfg,
			 const struct iommu_ref_unit_config *unit)
{
	uint64_t ecap = 1ull |		/* C: coherent page walks */
		1ull << 1 |		/* QI */
		1ull << 3 |		/* IR */
		1ull << 4 |		/* EIM */
		1ull << 6 |		/* PT */
		(uint64_t)unit->snoop_control << 7 |	/* SC */
		0x30ull << 8 |		/* IRO */
		15ull << 20 |		/* MHMV */
		1ull << 31 |		/* SRS */
		1ull << 34 |		/* EAFS */
		1ull << 43 |		/* SMTS: scalable mode */
		1ull << 46 |		/* SSTS */
		1ull << 47 |		/* FSTS */
		1ull << 48;		/* SMPWC */

	if (unit->nesting)
		ecap |= 1ull << 26;	/* NEST */
	if (config_has_ats(cfg))
		ecap |= 1ull << 2;	/* DT: device TLBs */
	if (config_has_pri(cfg))
		ecap |= 1ull << 29;	/* PRS */
	if (unit->dirty_tracking)
		ecap |= 1ull << 45;	/* SSADS */
	if (unit->pasid_bits)
		ecap |= 1ull << 40 | (uint64_t)(unit->pasid_bits - 1) << 35;	/* PASID, PSS */
	return ecap;
}

static void vtd_info(const struct iommu_ref_config *cfg, const struct iommu_ref_unit_config *unit,
		     struct iommu_hw_info_vtd *vtd)
{
	*vtd = (struct iommu_hw_info_vtd){
		.flags = IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17,	/* as Linux says of all VT-d */
		.cap_reg = vtd_cap(unit),
		.ecap_reg = vtd_ecap(cfg, unit),
	};
}

/* Arm IHI 0070 6.3.6: granules, output size; of 52 bits VAX and, for the smaller granules, DS */
static uint32_t arm_idr5(const struct iommu_ref_unit_config *unit)
{
	uint32_t idr5 = 1u << 4 | 1u << 5 | 1u << 6;	/* GRAN4K, GRAN16K, GRAN64K */

	if (unit->oas_bits == 52)
		return idr5 | 6u | 1u << 7 | 1u << 10;	/* OAS, DS, VAX */
	return idr5 | 5u;
}

/* 6.3: SMMUv3.2 with range invalidation, and what is optional from later versions */
static void arm_info(const struct iommu_ref_config *cfg, const struct iommu_ref_unit_config *unit,
		     struct iommu_hw_info_arm_smmuv3 *arm)
{
	*arm = (struct iommu_hw_info_arm_smmuv3){
		.idr[0] = 1u << 1 |			/* S1P */
			  (uint32_t)unit->nesting |	/* S2P */
			  2u << 2 |			/* TTF: AArch64 */
			  1u << 4 |			/* COHACC */
			  1u << 12 |			/* ASID16 */
			  1u << 18 |			/* VMID16 */
			  2u << 21 |			/* TTENDIAN: little */
			  1u << 24 |			/* STALL_MODEL: no stalls */
			  1u << 27,			/* ST_LEVEL: two-level */
		.idr[1] = 16u |				/* SIDSIZE */
			  unit->pasid_bits << 6 |	/* SSIDSIZE */
			  8u << 16 |			/* EVENTQS: the model keeps 256 */
			  10u << 21,			/* CMDQS */
		.idr[3] = 1u << 10 | 1u << 8,		/* RIL, FWB */
		.idr[5] = arm_idr5(unit),
		.aidr = 2,				/* SMMUv3.2 */
	};
	if (config_has_ats(cfg))
		arm->idr[0] |= 1u << 10;		/* ATS */
	if (config_has_pri(cfg))
		arm->idr[0] |= 1u << 16;		/* PRI */
	/* The header's list has no HTTU: a VMM does not show it. Context descriptors can use it. */
	if (unit->dirty_tracking)
		arm->idr[0] |= 2u << 6;			/* HTTU: access and dirty */
}

/* Zeroes what the caller has room for beyond @len. */
static int clear_tail(char *user, size_t from, size_t to)
{
	static const char zero[256];

	while (from < to) {
		size_t n = to - from < sizeof(zero) ? to - from : sizeof(zero);

		if (copy_to_user(user_at(user, from), zero, n))
			return -EFAULT;
		from += n;
	}
	return 0;
}

/* The same for a driver's own data. */
static int driver_info(struct ucmd *u, struct idev *idev)
{
	struct iommu_hw_info *cmd = u->cmd;
	uint64_t data[32], capabilities = 0;
	uint32_t type = cmd->in_data_type, len, copied;
	int rc = u->ictx->ref->driver->hw_info(idev, &type, data, &len, &capabilities);

	if (rc)
		return rc;
	copied = cmd->data_len < len ? cmd->data_len : len;
	if (copy_to_user(user_ptr(cmd->data_uptr), data, copied) ||
	    clear_tail(user_ptr(cmd->data_uptr), copied, cmd->data_len))
		return -EFAULT;
	cmd->out_data_type = type;
	cmd->data_len = len;
	cmd->out_capabilities = capabilities;
	cmd->out_max_pasid_log2 = (uint8_t)device_pasid_bits(idev->dev);
	return ucmd_respond(u, sizeof(*cmd));
}

/*
 * "data_len: in the room at data_uptr, out the length that exists": a short buffer is filled as far
 * as it goes, the rest of a long one is zeroed.
 */
int get_hw_info(struct ucmd *u)
{
	struct iommu_hw_info *cmd = u->cmd;
	const struct iommu_ref_config *cfg = &u->ictx->ref->cfg;
	bool vtd = cfg->vendor == IOMMU_REF_VTD;
	uint32_t type = vtd ? IOMMU_HW_INFO_TYPE_INTEL_VTD : IOMMU_HW_INFO_TYPE_ARM_SMMUV3;
	union {
		struct iommu_hw_info_vtd vtd;
		struct iommu_hw_info_arm_smmuv3 arm;
	} data;
	uint32_t len = vtd ? sizeof(data.vtd) : sizeof(data.arm), copied;
	const struct iommu_ref_unit_config *unit;
	struct idev *idev;

	if (((cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) &&
	     !ref_defect(u->ictx->ref, NEST_FLAGS_IGNORED)) ||
	    reserved_set(u->ictx->ref, cmd->__reserved[0] | cmd->__reserved[1] |
			 cmd->__reserved[2]))
		return -EOPNOTSUPP;
	if (!(cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE))
		cmd->in_data_type = IOMMU_HW_INFO_TYPE_DEFAULT;
	idev = object_get(u->ictx, cmd->dev_id, OBJECT_DEVICE);
	if (!idev)
		return -ENOENT;
	if (u->ictx->ref->driver)
		return driver_info(u, idev);
	if (cmd->in_data_type != IOMMU_HW_INFO_TYPE_DEFAULT && cmd->in_data_type != type &&
	    !ref_defect(u->ictx->ref, HW_INFO_ANY_TYPE))
		return -EOPNOTSUPP;
	unit = ref_defect(u->ictx->ref, HW_INFO_FIRST_UNIT) ? &cfg->units[0] :
							      device_unit(idev->dev);
	cmd->out_data_type = type;
	if (vtd)
		vtd_info(cfg, unit, &data.vtd);
	else
		arm_info(cfg, unit, &data.arm);
	if (ref_defect(u->ictx->ref, HW_INFO_EMPTY)) {
		memset(&data, 0, sizeof(data));
		len = cmd->out_data_type = 0;
	}
	copied = cmd->data_len < len && !ref_defect(u->ictx->ref, HW_INFO_OVERRUN) ?
			 cmd->data_len : len;
	if (ref_defect(u->ictx->ref, HW_INFO_TAIL_KEPT) && cmd->data_len > copied)
		cmd->data_len = copied;
	if (copy_to_user(user_ptr(cmd->data_uptr), &data, copied) ||
	    clear_tail(user_ptr(cmd->data_uptr), copied, cmd->data_len))
		return -EFAULT;
	cmd->data_len = len;
	cmd->out_capabilities = unit->dirty_tracking ? IOMMU_HW_CAP_DIRTY_TRACKING : 0;
	if (!device_config(idev->dev)->ats)
		cmd->out_capabilities |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
	cmd->out_max_pasid_log2 = (uint8_t)device_pasid_bits(idev->dev);
	return ucmd_respond(u, sizeof(*cmd));
}
