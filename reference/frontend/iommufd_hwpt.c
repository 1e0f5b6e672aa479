// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * HWPTs: page tables that hardware walks. Paging ones follow an IOAS; nested ones put a table of
 * the user on top of a nest parent. What is specific to a vendor is in iommufd_vtd.c and
 * iommufd_arm.c.
 */
#include <errno.h>

#include "iommufd_driver.h"

/* "An arbitrary entry_num cap, far above any realistic invalidation batch" (Linux 7.2) */
#define INVALIDATE_ENTRIES_MAX (1u << 19)

static void hwpt_paging_destroy(struct object *obj)
{
	struct hwpt *hwpt = (struct hwpt *)obj;

	if (hwpt->ioas) {
		ioas_remove_hwpt(hwpt->ioas, hwpt);
		hwpt->ioas->obj.users--;
	}
	domain_put(obj->ictx->ref, hwpt->domain);
	if (hwpt->fault)
		hwpt->fault->q.obj.users--;
}

static void hwpt_nested_destroy(struct object *obj)
{
	struct hwpt *hwpt = (struct hwpt *)obj;

	domain_put(obj->ictx->ref, hwpt->domain);
	if (hwpt->fault)
		hwpt->fault->q.obj.users--;
	if (hwpt->viommu)
		hwpt->viommu->obj.users--;
	else
		hwpt->parent->obj.users--;
}

struct hwpt *hwpt_paging(struct hwpt *hwpt)
{
	return hwpt->parent ? hwpt->parent : hwpt;
}

void hwpt_put(struct hwpt *hwpt)
{
	hwpt->obj.users--;
	if (hwpt->auto_domain && hwpt->obj.users == 1 &&
	    !ref_defect(hwpt->obj.ictx->ref, AUTO_HWPT_STAYS))
		object_remove(&hwpt->obj, false);
}

int copy_user_data(void *dst, const struct user_data *data, uint32_t type, size_t len)
{
	if (data->type != type || data->len != len)
		return -EINVAL;
	return copy_from_user(dst, data->uptr, len);
}

/*
 * Which table a driver of Linux 7.2 makes for @flags. VT-d in scalable mode: "Prefer first stage if
 * possible by default"; nest parent and dirty tracking are second stage. SMMUv3: "Prefer S1 if
 * available"; the nest parent is stage 2, which cannot be flagged for PASID or dirty tracking.
 */
static int choose_format(const struct device *dev, enum iommu_ref_vendor vendor, uint32_t flags,
			 enum fmt *fmt)
{
	bool parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;

	if (parent && !device_unit(dev)->nesting)
		return -EOPNOTSUPP;
	if (vendor == IOMMU_REF_VTD) {
		*fmt = parent || dirty ? FMT_VTD_SS : FMT_X86_FL;
		return 0;
	}
	if (parent && (dirty || (flags & IOMMU_HWPT_ALLOC_PASID)))
		return -EOPNOTSUPP;
	*fmt = parent ? FMT_ARM_S2 : FMT_ARM_S1;
	return 0;
}

int hwpt_from_domain(struct ioas *ioas, struct domain *domain, uint32_t flags, struct hwpt **out)
{
	struct iommufd *ictx = ioas->obj.ictx;
	struct hwpt *hwpt;
	int rc;

	hwpt = object_alloc(ictx, sizeof(*hwpt), OBJECT_HWPT_PAGING, hwpt_paging_destroy);
	if (!hwpt) {
		domain_put(ictx->ref, domain);
		return -ENOMEM;
	}
	hwpt->domain = domain;
	hwpt->ioas = ioas;
	hwpt->nest_parent = (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) &&
			    !ref_defect(ictx->ref, NEST_PARENT_FORGOTTEN);
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	rc = ioas_add_hwpt(ioas, hwpt);
	if (rc) {
		hwpt->ioas = NULL;	/* it never joined */
		object_remove(&hwpt->obj, false);
		return rc;
	}
	ioas->obj.users++;
	*out = hwpt;
	return 0;
}

int hwpt_create_paging(struct ioas *ioas, struct idev *idev, uint32_t flags, bool has_data,
		       struct hwpt **out)
{
	const uint32_t valid = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
			       IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;
	struct iommufd *ictx = ioas->obj.ictx;
	struct domain *domain;
	enum fmt fmt;
	int rc;

	if (ictx->ref->driver)
		return ictx->ref->driver->hwpt_auto(ioas, out);
	if (flags & ~valid && !ref_defect(ictx->ref, TABLE_FLAGS_IGNORED))
		return -EOPNOTSUPP;
	if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) && !device_unit(idev->dev)->dirty_tracking)
		return -EOPNOTSUPP;
	if ((flags & IOMMU_HWPT_FAULT_ID_VALID) && (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) &&
	    !ref_defect(ictx->ref, NEST_FLAGS_IGNORED))
		return -EOPNOTSUPP;
	if (has_data && !ref_defect(ictx->ref, NEST_DATA_UNCHECKED))
		return -EOPNOTSUPP;
	rc = choose_format(idev->dev, ictx->ref->cfg.vendor, flags, &fmt);
	if (rc)
		return rc;
	rc = domain_create_for(idev->dev, fmt, &domain);
	if (rc)
		return rc;
	if (flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
		domain_set_nest_parent(domain);
	if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) && domain_make_trackable(domain)) {
		domain_put(ictx->ref, domain);
		return -EOPNOTSUPP;
	}
	return hwpt_from_domain(ioas, domain, flags, out);
}

int hwpt_from_nested_domain(struct hwpt *parent, struct viommu *viommu, struct domain *domain,
			    struct hwpt **out)
{
	struct iommufd *ictx = parent->obj.ictx;
	struct hwpt *hwpt;

	hwpt = object_alloc(ictx, sizeof(*hwpt), OBJECT_HWPT_NESTED, hwpt_nested_destroy);
	if (!hwpt) {
		domain_put(ictx->ref, domain);
		return -ENOMEM;
	}
	hwpt->domain = domain;
	hwpt->parent = parent;
	hwpt->viommu = viommu;
	if (viommu)
		viommu->obj.users++;
	else
		parent->obj.users++;
	*out = hwpt;
	return 0;
}

int hwpt_create_nested(struct hwpt *parent, struct viommu *viommu, const struct stage1 *s1,
		       struct hwpt **out)
{
	struct domain *domain;
	int rc;

	rc = domain_create_nested(parent->obj.ictx->ref, parent->domain, s1, &domain);
	return rc ? rc : hwpt_from_nested_domain(parent, viommu, domain, out);
}

/* Nested, right on a nest parent: what VT-d does. SMMUv3 has no such operation. */
static int alloc_on_parent(struct hwpt *parent, struct idev *idev, uint32_t flags,
			   const struct user_data *data, struct hwpt **out)
{
	const struct iommu_ref_config *cfg = &parent->obj.ictx->ref->cfg;

	if ((flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)) || !data->len ||
	    cfg->vendor != IOMMU_REF_VTD)
		return -EOPNOTSUPP;
	if ((parent->auto_domain || !parent->nest_parent) &&
	    !ref_defect(parent->obj.ictx->ref, ANY_NEST_PARENT))
		return -EINVAL;
	return vtd_alloc_nested(parent, idev, flags & ~IOMMU_HWPT_FAULT_ID_VALID, data, out);
}

static int alloc_on_viommu(struct viommu *viommu, uint32_t flags, const struct user_data *data,
			   struct hwpt **out)
{
	if ((flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)) || !data->len)
		return -EOPNOTSUPP;
	return arm_alloc_nested(viommu, flags & ~IOMMU_HWPT_FAULT_ID_VALID, data, out);
}

/* IOMMU_HWPT_ALLOC */
int hwpt_alloc(struct ucmd *u)
{
	struct iommu_hwpt_alloc *cmd = u->cmd;
	const struct user_data data = {
		.uptr = user_ptr(cmd->data_uptr), .type = cmd->data_type, .len = cmd->data_len,
	};
	struct object *pt;
	struct idev *idev;
	struct hwpt *hwpt;
	int rc;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	if (ref_defect(u->ictx->ref, NEST_FLAGS_IGNORED) && cmd->data_len)
		cmd->flags = 0;
	if ((cmd->data_type == IOMMU_HWPT_DATA_NONE) != !cmd->data_len &&
	    !ref_defect(u->ictx->ref, DATA_TYPE_WITHOUT_DATA))
		return -EINVAL;
	idev = object_get(u->ictx, cmd->dev_id, OBJECT_DEVICE);
	if (!idev)
		return -ENOENT;
	pt = object_get(u->ictx, cmd->pt_id, OBJECT_ANY);
	if (!pt)
		return -EINVAL;	/* not -ENOENT: iommufd_hwpt_alloc() */
	if (u->ictx->ref->driver)
		rc = u->ictx->ref->driver->hwpt_alloc(idev, pt, cmd->flags, &data, &hwpt);
	else if (pt->type == OBJECT_IOAS)
		rc = hwpt_create_paging((struct ioas *)pt, idev, cmd->flags, cmd->data_len,
					&hwpt);
	else if (pt->type == OBJECT_HWPT_PAGING)
		rc = alloc_on_parent((struct hwpt *)pt, idev, cmd->flags, &data, &hwpt);
	else if (pt->type == OBJECT_VIOMMU)
		rc = alloc_on_viommu((struct viommu *)pt, cmd->flags, &data, &hwpt);
	else if (pt->type == OBJECT_HWPT_NESTED && ref_defect(u->ictx->ref, ANY_NEST_PARENT))
		rc = alloc_on_parent(((struct hwpt *)pt)->parent, idev, cmd->flags, &data, &hwpt);
	else
		rc = -EINVAL;
	if (rc)
		return rc;
	if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
		rc = fault_listen(hwpt, cmd->fault_id);
	if (!rc) {
		cmd->out_hwpt_id = hwpt->obj.id;
		rc = ucmd_respond(u, sizeof(*cmd));
	}
	if (rc)
		object_remove(&hwpt->obj, false);
	return rc;
}

/* array->num: out those handled, none if refused before a driver saw them. */
static int invalidate(struct iommufd *ictx, uint32_t id, struct user_data *array)
{
	uint32_t num = array->num;
	struct object *obj;

	array->num = 0;
	/* Bounded, "so a single call cannot pin the CPU". */
	if (num && (!array->uptr || !array->len || array->len > PAGE_SIZE ||
		    num > INVALIDATE_ENTRIES_MAX))
		return -EINVAL;
	obj = object_get(ictx, id, OBJECT_ANY);
	if (!obj)
		return -ENOENT;
	if (obj->type == OBJECT_VIOMMU) {
		array->num = num;
		if (ictx->ref->driver)
			return ictx->ref->driver->invalidate_viommu((struct viommu *)obj, array);
		return arm_invalidate((struct viommu *)obj, array);
	}
	if (obj->type != OBJECT_HWPT_NESTED)
		return -EINVAL;
	if (ictx->ref->driver) {
		array->num = num;
		return ictx->ref->driver->invalidate_hwpt((struct hwpt *)obj, array);
	}
	/* SMMUv3: caches belong to the vIOMMU. */
	if (ictx->ref->cfg.vendor != IOMMU_REF_VTD)
		return -EOPNOTSUPP;
	array->num = num;
	return vtd_invalidate((struct hwpt *)obj, array);
}

/* IOMMU_HWPT_INVALIDATE: entry_num is written back whatever the outcome. */
int hwpt_invalidate(struct ucmd *u)
{
	struct iommu_hwpt_invalidate *cmd = u->cmd;
	struct user_data array = {
		.uptr = user_ptr(cmd->data_uptr), .type = cmd->data_type,
		.len = cmd->entry_len, .num = cmd->entry_num,
	};
	int rc = -EOPNOTSUPP;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		array.num = 0;
	else
		rc = invalidate(u->ictx, cmd->hwpt_id, &array);
	cmd->entry_num = array.num;
	if (ref_defect(u->ictx->ref, INV_COUNT_WRONG))
		cmd->entry_num++;
	if (ref_defect(u->ictx->ref, INV_ERRORS_HIDDEN))
		rc = 0;
	return ucmd_respond(u, sizeof(*cmd)) ? -EFAULT : rc;
}
