// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO_IOMMU_NESTING_OP of v7 (p10, p11): bind and unbind of a first-level page table to a PASID.
 * The layers of the kernel are kept apart, since the order of their checks is the errno that user
 * space sees: VFIO, IOMMU core, VT-d driver (reference/V7.md). Invalidation is vfio_invalidate.c.
 *
 * As posted an error on one device unbinds all, and unbind never fails. As reviewed a failed bind
 * takes back only what it did itself, and errors are told.
 */
#include <errno.h>

#include "vfio_priv.h"

#define VTD_PASID_MAX 0x100000	/* PCIe: 20 bits */
#define VTD_GAW 48
#define ENOTSUPP_KERNEL 524
/*
 * What v7 p15 lets through of the registers; FL1GP, and of ECAP SRS, EAFS and PASID are this
 * model's.
 */
#define VTD_CAP_FL1GP (1ull << 56)
#define VTD_CAP_FL5LP (1ull << 60)
#define VTD_ECAP_PRS (1ull << 29)
#define VTD_ECAP_SRS (1ull << 31)
#define VTD_ECAP_EAFS (1ull << 34)
#define VTD_ECAP_PASID (1ull << 40)

static bool has_fl1gp(const struct iommu_ref_unit_config *unit)
{
	return unit->largest_leaf >= 30;
}

static bool as_posted(const struct vfio_container *c)
{
	return c->ref->cfg.profile == IOMMU_REF_V7_POSTED;
}

/*
 * p15, nested_mode_support(): every unit nests, and all agree in the bits that are told. Of those
 * this model's can differ in FL1GP, FL5LP and PASID.
 */
bool vfio_nesting_supported(const struct iommu_ref *ref)
{
	const struct iommu_ref_unit_config *first = &ref->cfg.units[0], *u;

	for (unsigned int i = 0; i < ref->cfg.nr_units; i++) {
		u = &ref->cfg.units[i];
		if (ref_defect(ref, UNITS_COMPARED_WHOLE) &&
		    u->snoop_control != first->snoop_control)
			return false;
		if (!u->nesting || u->five_level != first->five_level ||
		    has_fl1gp(u) != has_fl1gp(first) || !u->pasid_bits != !first->pasid_bits)
			return false;
	}
	return true;
}

/* p16 for VT-d; "return an empty nesting info struct for now" for the SMMUs (p02). */
void vfio_nesting_fill_info(const struct vfio_container *c, struct iommu_nesting_info *info)
{
	const struct iommu_ref_config *cfg = &c->ref->cfg;
	const struct iommu_ref_unit_config *unit = &cfg->units[0];	/* as good as any */

	*info = (struct iommu_nesting_info){ .argsz = sizeof(*info) };
	if (cfg->vendor != IOMMU_REF_VTD)
		return;
	info->format = IOMMU_PASID_FORMAT_INTEL_VTD;
	info->features = IOMMU_NESTING_FEAT_SYSWIDE_PASID | IOMMU_NESTING_FEAT_BIND_PGTBL |
			 IOMMU_NESTING_FEAT_CACHE_INVLD;
	info->features &= ~cfg->no_nesting_features;
	info->addr_width = VTD_GAW;
	info->pasid_bits = (uint16_t)machine_pasid_bits(c->ref);
	info->vendor.vtd.cap_reg = (has_fl1gp(unit) ? VTD_CAP_FL1GP : 0) |
				   (unit->five_level ? VTD_CAP_FL5LP : 0);
	info->vendor.vtd.ecap_reg = VTD_ECAP_SRS | VTD_ECAP_EAFS |
				     (config_has_pri(cfg) ? VTD_ECAP_PRS : 0) |
				     (unit->pasid_bits ? VTD_ECAP_PASID : 0);
}

/* The core reads twice: first up to the vendor's part, whatever that is. */
int vfio_nesting_copy_head(const struct vfio_container *c, void *data, size_t minsz,
			   const void *user, size_t room)
{
	if (!as_posted(c) && room < minsz)
		return -EINVAL;
	if (copy_from_user(data, user, minsz))
		return -EFAULT;
	return *(uint32_t *)data < minsz ? -EINVAL : 0;
}

int vfio_nesting_copy_rest(const struct vfio_container *c, void *data, size_t size, size_t minsz,
			   const void *user, size_t room)
{
	uint32_t argsz = *(uint32_t *)data;

	if (argsz > size)
		argsz = (uint32_t)size;
	if (!as_posted(c) && room < argsz)
		return -EINVAL;
	if (copy_from_user((uint8_t *)data + minsz, user_at(user, minsz), argsz - minsz))
		return -EFAULT;
	return 0;
}

/* ---- unbind */

/*
 * PASID 0 tags requests without PASID: its table is the container's. As posted it can be allocated,
 * but not bound.
 */
struct domain *vfio_nesting_bound(struct device *dev, uint32_t pasid)
{
	return pasid ? device_domain(dev, pasid) : NULL;
}

static void unbind_device(struct vfio_group *group, struct device *dev, uint32_t pasid)
{
	if (!vfio_nesting_bound(dev, pasid))
		return;
	device_set_domain(group->ref, dev, pasid, NULL);
	pasid_put(group->ref, pasid);
}

void vfio_nesting_unbind(struct vfio_group *group, uint32_t pasid)
{
	unsigned int i = 0;
	struct device *dev;

	while ((dev = vfio_group_next_device(group, &i)))
		unbind_device(group, dev, pasid);
}

struct unbind_all {
	struct vfio_group *group;
	struct device *dev;
};

static void unbind_one_of_all(void *arg, uint32_t pasid)
{
	struct unbind_all *all = arg;

	unbind_device(all->group, all->dev, pasid);
}

/* p10: "Unbind page tables bound with system wide PASIDs which are allocated to userspace" */
void vfio_nesting_unbind_all(struct vfio_group *group)
{
	struct unbind_all all = { .group = group };
	unsigned int i = 0;

	while ((all.dev = vfio_group_next_device(group, &i)))
		device_for_each_pasid(all.dev, unbind_one_of_all, &all);
}

/* ---- checks of the layers */

static bool padding_is_zero(const struct vfio_container *c, const uint8_t *padding, size_t size)
{
	if (ref_defect(c->ref, RESERVED_IGNORED))
		return true;
	for (size_t i = 0; i < size; i++)
		if (padding[i])
			return false;
	return true;
}

/* iommu_check_bind_data() */
static int core_check(const struct vfio_container *c, const struct iommu_gpasid_bind_data *data)
{
	if (ref_defect(c->ref, BIND_UNCHECKED))
		return 0;
	if (!(data->flags & IOMMU_SVA_GPASID_VAL) && data->gpasid &&
	    ref_defect(c->ref, BIND_STRICT))
		return -EINVAL;
	if (data->version != IOMMU_GPASID_BIND_VERSION_1 || data->format >= IOMMU_PASID_FORMAT_LAST)
		return -EINVAL;
	if (data->flags & ~(uint64_t)IOMMU_SVA_GPASID_VAL)
		return -EINVAL;
	return padding_is_zero(c, data->padding, sizeof(data->padding)) ? 0 : -EINVAL;
}

/* intel_svm_bind_gpasid() up to the PASID itself */
static int vtd_check(const struct vfio_container *c, const struct device *dev,
		     const struct iommu_gpasid_bind_data *data)
{
	if (ref_defect(c->ref, BIND_UNCHECKED))
		return 0;
	if (data->format != IOMMU_PASID_FORMAT_INTEL_VTD || data->argsz < sizeof(*data))
		return -EINVAL;
	if (data->vendor.vtd.flags & ~(uint64_t)(IOMMU_SVA_VTD_GPASID_LAST - 1))
		return -EINVAL;
	/* As posted -ENOTSUPP, a number of the kernel's own (DF17). */
	if (device_config(dev)->not_pci)
		return as_posted(c) || ref_defect(c->ref, ENOTSUPP_LEAKS) ? -ENOTSUPP_KERNEL :
									    -EOPNOTSUPP;
	if (!device_config(dev)->pasid)	/* needs all 20 bits */
		return -EINVAL;
	if (!data->hpasid || data->hpasid >= VTD_PASID_MAX)
		return -EINVAL;
	return 0;
}

/* intel_pasid_setup_nested(): what the hardware has, as told by the nesting info. */
static int vtd_check_table(const struct vfio_container *c,
			   const struct iommu_gpasid_bind_data *data)
{
	const struct iommu_nesting_info *info = &c->nesting_info;
	uint64_t flags = data->vendor.vtd.flags;

	if (ref_defect(c->ref, BIND_TABLE_UNCHECKED))
		return 0;
	if (data->hpasid >> info->pasid_bits)	/* no entry in the PASID table */
		return -EINVAL;
	if (data->addr_width != 48 &&
	    !(data->addr_width == 57 && info->vendor.vtd.cap_reg & VTD_CAP_FL5LP))
		return -EINVAL;
	if (data->gpgd > domain_last(c->domain))
		return -EINVAL;
	if (flags & IOMMU_SVA_VTD_GPASID_SRE && !(info->vendor.vtd.ecap_reg & VTD_ECAP_SRS))
		return -EINVAL;
	if (flags & IOMMU_SVA_VTD_GPASID_EAFE && !(info->vendor.vtd.ecap_reg & VTD_ECAP_EAFS))
		return -EINVAL;
	/* ECAP.MTS is not there */
	return flags & IOMMU_SVA_VTD_GPASID_MTS_MASK ? -EINVAL : 0;
}

static int copy_bind_data(const struct vfio_container *c, struct iommu_gpasid_bind_data *data,
			  const void *user, size_t room)
{
	size_t minsz = offsetof(struct iommu_gpasid_bind_data, vendor);
	int rc = vfio_nesting_copy_head(c, data, minsz, user, room);

	if (!rc)
		rc = vfio_nesting_copy_rest(c, data, sizeof(*data), minsz, user, room);
	if (rc && ref_defect(c->ref, BIND_UNCHECKED)) {
		data->argsz = sizeof(*data);
		return 0;
	}
	if (!rc && data->argsz > sizeof(*data) && ref_defect(c->ref, BIND_STRICT))
		return -EINVAL;
	return rc;
}

/* ---- bind */

static int set_nested_domain(struct vfio_container *c, struct device *dev,
			     const struct iommu_gpasid_bind_data *data)
{
	struct stage1 s1 = {
		.fmt = FMT_X86_FL,
		.root = data->gpgd & ~(PAGE_SIZE - 1),
		.addr_width = ref_defect(c->ref, BIND_TABLE_UNCHECKED) ? 48 : data->addr_width,
		.sre = data->vendor.vtd.flags & IOMMU_SVA_VTD_GPASID_SRE,
		.eafe = data->vendor.vtd.flags & IOMMU_SVA_VTD_GPASID_EAFE,
	};
	struct domain *d;
	int rc = domain_create_nested(c->ref, c->domain, &s1, &d);

	if (rc)
		return rc;
	rc = device_set_domain(c->ref, dev, (uint32_t)data->hpasid, d);
	if (!rc && ref_defect(c->ref, BIND_MOVES_RID))
		device_set_domain(c->ref, dev, NO_PASID, d);
	domain_put(c->ref, d);	/* the device holds it */
	return rc;
}

/* A binding holds a reference on its PASID: the number stays taken until it is gone. */
static int bind_device(struct vfio_container *c, struct device *dev,
		       const struct iommu_gpasid_bind_data *data)
{
	int rc = vtd_check(c, dev, data);
	uint32_t pasid = (uint32_t)data->hpasid;

	if (rc)
		return rc;
	rc = pasid_lookup(c->ref, c->set, pasid);	/* p09: in the domain's set only */
	if (rc == -ENOENT && ref_defect(c->ref, BIND_STRICT))
		return -EINVAL;
	if (rc)
		return rc;
	if (vfio_nesting_bound(dev, pasid))
		return -EBUSY;
	rc = vtd_check_table(c, data);
	if (rc)
		return rc;
	rc = pasid_get(c->ref, c->set, pasid);
	if (rc)
		return rc;
	rc = set_nested_domain(c, dev, data);
	if (rc)
		pasid_put(c->ref, pasid);
	return rc;
}

/* The part of unbind below VFIO; the PASID is cut to 32 bits on the way down as posted (DF11). */
static int unbind_pasid(struct vfio_container *c, uint64_t hpasid)
{
	uint32_t pasid = (uint32_t)hpasid;
	int rc;

	if (!as_posted(c) && hpasid != pasid && !ref_defect(c->ref, PASID_TRUNCATED))
		return -EINVAL;
	if (pasid >= VTD_PASID_MAX)
		return -EINVAL;
	rc = pasid_lookup(c->ref, c->set, pasid);
	if (rc)
		return rc;
	if (!ref_defect(c->ref, UNBIND_KEEPS_TABLE))
		vfio_nesting_unbind(c->groups, pasid);
	if (ref_defect(c->ref, UNBIND_TEARS_DOWN_OTHERS))
		vfio_nesting_unbind_all(c->groups);
	return 0;
}

static int read_bind_data(const struct vfio_container *c, struct iommu_gpasid_bind_data *data,
			  const void *user, size_t room)
{
	int rc = copy_bind_data(c, data, user, room);

	return rc ? rc : core_check(c, data);
}

/*
 * As posted each device of the group has the data read for itself, and a program that writes to it
 * meanwhile can have different tables bound (DF19).
 */
static bool reads_for_each_device(const struct vfio_container *c)
{
	return as_posted(c) || ref_defect(c->ref, DOUBLE_FETCH);
}

static void undo_bind(struct vfio_container *c, int error, struct device *const *bound,
		      unsigned int n, uint64_t hpasid)
{
	/* As posted `if (ret || !is_bind)`, p10: what was bound before goes as well (DF7). */
	if (as_posted(c) || (error == -EBUSY && ref_defect(c->ref, DOUBLE_BIND_TEARS_DOWN)))
		unbind_pasid(c, hpasid);
	else if (!ref_defect(c->ref, ROLLBACK_SKIPPED))
		while (n)
			unbind_device(c->groups, bound[--n], (uint32_t)hpasid);
}

static long op_bind(struct vfio_container *c, const void *user, size_t room)
{
	struct iommu_gpasid_bind_data data = { 0 };
	struct device *dev, *bound[IOMMU_REF_MAX_DEVICES];
	unsigned int i = 0, n = 0;
	int rc = read_bind_data(c, &data, user, room);

	if (rc)
		return rc;	/* unbind, as posted, would stumble over the same data */
	while (!rc && (dev = vfio_group_next_device(c->groups, &i))) {
		if (n && ref_defect(c->ref, BIND_FIRST_DEVICE_ONLY))
			break;
		if (n && reads_for_each_device(c))
			rc = read_bind_data(c, &data, user, room);
		if (!rc)
			rc = bind_device(c, dev, &data);
		if (!rc)
			bound[n++] = dev;
	}
	if (rc)
		undo_bind(c, rc, bound, n, data.hpasid);
	return rc;
}

/* ---- unbind */

static int unbind_checked(struct vfio_container *c, const void *user, size_t room)
{
	struct iommu_gpasid_bind_data data = { 0 };
	int rc = copy_bind_data(c, &data, user, room);

	if (rc)
		return rc;
	/*
	 * As reviewed only the PASID counts ("excessive for an internal api callback", Alex on
	 * p10).
	 */
	if (as_posted(c) || ref_defect(c->ref, UNBIND_STRICT)) {
		rc = core_check(c, &data);
		if (rc)
			return rc;
	}
	rc = unbind_pasid(c, data.hpasid);
	/* Freed before, or never allocated: nothing is bound, which is what was asked for. */
	return rc == -ENOENT && !ref_defect(c->ref, UNBIND_STRICT) ? 0 : rc;
}

static long op_unbind(struct vfio_container *c, const void *user, size_t room)
{
	int rc = unbind_checked(c, user, room);

	/* p10: "vfio_dev_unbind_gpasid() always successful" (DF8) */
	return as_posted(c) ? 0 : rc;
}

/* ---- dispatch */

static bool has_feature(const struct vfio_container *c, uint32_t feature)
{
	if (ref_defect(c->ref, FEATURES_IGNORED))
		return true;
	return c->has_nesting_info && c->nesting_info.features & feature;
}

long vfio_nesting_op(struct vfio_container *c, void *user_arg)
{
	struct vfio_iommu_type1_nesting_op hdr;
	const void *data = user_at(user_arg, sizeof(hdr));
	size_t room;

	if (copy_from_user(&hdr, user_arg, sizeof(hdr)))
		return -EFAULT;
	if (hdr.argsz < sizeof(hdr) || hdr.flags & ~(uint32_t)VFIO_NESTING_OP_MASK ||
	    hdr.flags >= VFIO_IOMMU_NESTING_OP_NUM)
		return -EINVAL;
	room = hdr.argsz - sizeof(hdr);
	if (hdr.flags == VFIO_IOMMU_NESTING_OP_CACHE_INVLD) {
		if (!has_feature(c, IOMMU_NESTING_FEAT_CACHE_INVLD))
			return -EOPNOTSUPP;
		return vfio_nesting_invalidate(c, data, room);
	}
	if (!has_feature(c, IOMMU_NESTING_FEAT_BIND_PGTBL))
		return -EOPNOTSUPP;
	if (!c->mm)
		return ref_defect(c->ref, BIND_WITHOUT_SET) ? 0 : -EINVAL;
	if (hdr.flags == VFIO_IOMMU_NESTING_OP_BIND_PGTBL)
		return op_bind(c, data, room);
	return op_unbind(c, data, room);
}
