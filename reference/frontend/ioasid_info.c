// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What /dev/ioasid says of itself, of an address space, and of a device: extensions of the file as
 * the union over its devices, capabilities of an IOASID as its attached devices have them.
 */
#include <errno.h>

#include "ioasid_objects.h"

/* ---- the file */

static bool device_can(const struct ioasid_dev *dev, unsigned long extension)
{
	bool nesting = device_unit(dev->device)->nesting;

	switch (extension) {
	case IOASID_EXT_NESTING_HW:
	case IOASID_EXT_BIND_PGTABLE:
		return nesting;
	case IOASID_EXT_BIND_PASID_TABLE:
		return nesting && dev->ctx->ictx.ref->cfg.vendor == IOMMU_REF_SMMUV3;
	case IOASID_EXT_USER_PASID:
		return device_pasid_bits(dev->device);
	case IOASID_EXT_PAGE_FAULT:
		return device_config(dev->device)->pri && nesting;
	default:
		return false;
	}
}

int ioasid_check_extension(struct ioasid_file *ctx, unsigned long extension)
{
	if (extension == IOASID_EXT_REGISTER_MEMORY || extension == IOASID_EXT_NESTING_SW)
		return 1;
	for (const struct ioasid_dev *dev = ctx->devs; dev; dev = dev->next)
		if (device_can(dev, extension))
			return 1;
	return 0;
}

/* ---- an address space */

/* The gaps between the usable ranges, at most @n of them; how many there are. */
static uint32_t reserved_ranges(const struct iova_space *space, struct ioasid_iova_range *out,
				uint32_t n)
{
	/* Between what devices reserve, and up to the limit of page tables */
	uint64_t usable[IOMMU_REF_MAX_DEVICES + 2][2], next = 0;
	size_t nr = iova_ranges(space, usable, IOMMU_REF_MAX_DEVICES + 2);
	uint32_t found = 0;

	for (size_t i = 0; i < nr; i++) {
		if (usable[i][0] > next && found++ < n)
			out[found - 1] = (struct ioasid_iova_range){ next, usable[i][0] - 1 };
		next = usable[i][1] + 1;	/* 0: the last address is usable */
	}
	if (next && found++ < n)
		out[found - 1] = (struct ioasid_iova_range){ next, UINT64_MAX };
	return found;
}

static uint32_t capabilities(const struct ioasid *x)
{
	const struct iommu_ref_config *cfg = &ioasid_ref(x)->cfg;
	uint32_t caps = IOASID_CAP_MAP_DMA;

	for (const struct ioasid_attach *a = x->attaches; a; a = a->next) {
		if (a->tracked)		/* its route has no table of the kernel's */
			caps &= ~(uint32_t)IOASID_CAP_MAP_DMA;
		if (device_config(a->dev->device)->pri && x->parent && ioasid_can_nest(x->parent))
			caps |= IOASID_CAP_PAGE_FAULT;
	}
	if (x->parent && ioasid_can_nest(x->parent))
		caps |= IOASID_CAP_BIND_PGTABLE |
			(cfg->vendor == IOMMU_REF_SMMUV3 ? IOASID_CAP_BIND_PASID_TABLE : 0);
	if (ioasid_can_nest(x))
		caps |= IOASID_CAP_NESTING_HW;
	if (x->depth < IOASID_MAX_DEPTH && !ioasid_bound(x))
		caps |= IOASID_CAP_NESTING_SW;
	return caps;
}

/* What all of the attached devices have. */
static void fill_widths(const struct ioasid *x, struct ioasid_info *info)
{
	info->out_addr_width = info->out_pasid_bits = 0;
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next) {
		uint32_t bits = device_pasid_bits(a->dev->device);

		if (a == x->attaches || bits < info->out_pasid_bits)
			info->out_pasid_bits = bits;
		bits = ioasid_addr_width(a->dev->device);
		if (a == x->attaches || bits < info->out_addr_width)
			info->out_addr_width = bits;
	}
	if (info->out_pgtable_format == IOASID_PGTABLE_NONE)
		info->out_addr_width = 0;
}

static void fill_info(const struct ioasid *x, struct ioasid_info *info)
{
	bool arm = ioasid_ref(x)->cfg.vendor == IOMMU_REF_SMMUV3;

	info->out_capabilities = capabilities(x);
	info->out_pgsizes = domain_page_sizes(ioasid_kernel_table(x));
	info->out_children = 0;
	for (const struct ioasid *c = x->children; c; c = c->sibling)
		info->out_children++;
	info->out_pgtable_format = IOASID_PGTABLE_NONE;
	info->out_pasid_table_format = IOASID_PASID_TABLE_NONE;
	/* Formats are those of a child; its parent tells them as well, before there is one. */
	if (ioasid_can_nest(x->parent ? x->parent : x)) {
		info->out_pgtable_format = arm ? IOASID_PGTABLE_ARM_S1 : IOASID_PGTABLE_VTD_S1;
		if (arm)
			info->out_pasid_table_format = IOASID_PASID_TABLE_ARM_SMMUV3;
	}
	fill_widths(x, info);
}

/* IOASID_GET_INFO: -EMSGSIZE, and num_reserved says how many ranges there are. */
int ioasid_get_info(struct ucmd *u)
{
	struct ioasid_iova_range ranges[IOMMU_REF_MAX_DEVICES + 3];
	const uint32_t max = sizeof(ranges) / sizeof(ranges[0]);
	struct ioasid_info *cmd = u->cmd;
	uint32_t room = cmd->num_reserved;
	struct ioasid *x;
	int rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	rc = ioasid_find(u, cmd->ioasid, &x);
	if (rc)
		return rc;
	fill_info(x, cmd);
	cmd->num_reserved = reserved_ranges(x->ioas ? x->ioas->iova : x->maps, ranges, max);
	if (cmd->num_reserved > room)
		rc = -EMSGSIZE;
	else if (copy_to_user(user_ptr(cmd->reserved_iovas), ranges,
			      cmd->num_reserved * sizeof(ranges[0])))
		return -EFAULT;
	return ucmd_respond(u, sizeof(*cmd)) ? -EFAULT : rc;
}

/* ---- a device */

bool ioasid_device_cap(const struct ioasid_dev *dev, struct vfio_device_info_cap_pasid *cap)
{
	enum iommu_ref_vendor vendor = dev->ctx->ictx.ref->cfg.vendor;

	if (!device_pasid_bits(dev->device))
		return false;
	*cap = (struct vfio_device_info_cap_pasid){
		.header = { .id = VFIO_DEVICE_INFO_CAP_PASID, .version = 1 },
		.pasid_bits = device_pasid_bits(dev->device),
	};
	if (vendor == IOMMU_REF_SMMUV3 && device_unit(dev->device)->nesting)
		cap->flags |= VFIO_DEVICE_PASID_DELEGATED;
	if (device_config(dev->device)->pasid_policy == IOMMU_REF_PASID_MDEV_ENQCMD)
		cap->flags |= VFIO_DEVICE_PASID_CPU | VFIO_DEVICE_PASID_CPU_VIRT;
	return true;
}
