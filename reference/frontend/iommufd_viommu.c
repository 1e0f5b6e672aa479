// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * vIOMMU: the slice of a physical IOMMU that one guest has, over a nest parent; and vDEVICE: the id
 * that a device has in there. SMMUv3 only, like Linux 7.2's drivers for these two vendors.
 */
#include <errno.h>

#include "iommufd_driver.h"

static void viommu_destroy(struct object *obj)
{
	if (obj->ictx->ref->driver)
		obj->ictx->ref->driver->viommu_destroy((struct viommu *)obj);
	((struct viommu *)obj)->hwpt->obj.users--;
}

/* IOMMU_VIOMMU_ALLOC */
int viommu_alloc(struct ucmd *u)
{
	struct iommu_viommu_alloc *cmd = u->cmd;
	const struct iommufd_driver *driver = u->ictx->ref->driver;
	const struct user_data data = {
		.uptr = user_ptr(cmd->data_uptr), .type = cmd->type, .len = cmd->data_len,
	};
	struct viommu *viommu;
	struct idev *idev;
	struct hwpt *hwpt;
	int rc;

	/* __reserved: the header's "Must be 0", which Linux 7.2 does not look at */
	if (ref_defect(u->ictx->ref, VIOMMU_ANY_TYPE))
		cmd->type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
	if (ref_defect(u->ictx->ref, NEST_FLAGS_IGNORED))
		cmd->flags = 0;
	if (cmd->flags || cmd->type == IOMMU_VIOMMU_TYPE_DEFAULT ||
	    reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	idev = object_get(u->ictx, cmd->dev_id, OBJECT_DEVICE);
	if (!idev)
		return -ENOENT;
	if (!driver && (u->ictx->ref->cfg.vendor != IOMMU_REF_SMMUV3 ||
			!device_unit(idev->dev)->nesting ||
			cmd->type != IOMMU_VIOMMU_TYPE_ARM_SMMUV3))
		return -EOPNOTSUPP;
	hwpt = object_get(u->ictx, cmd->hwpt_id, OBJECT_HWPT_PAGING);
	if (!hwpt)
		return -ENOENT;
	if (!hwpt->nest_parent && !ref_defect(u->ictx->ref, ANY_NEST_PARENT))
		return -EINVAL;
	/* arm_vsmmu_init(): it is a slice of the SMMU that the nest parent belongs to. */
	if (!driver && !domain_fits(hwpt->domain, idev->dev))
		return -EINVAL;
	viommu = object_alloc(u->ictx, sizeof(*viommu), OBJECT_VIOMMU, viommu_destroy);
	if (!viommu)
		return -ENOMEM;
	viommu->hwpt = hwpt;
	viommu->unit = device_unit(idev->dev);
	hwpt->obj.users++;
	cmd->out_viommu_id = viommu->obj.id;
	rc = driver ? driver->viommu_init(viommu, cmd->type, &data) : 0;
	if (!rc)
		rc = ucmd_respond(u, sizeof(*cmd));
	if (rc)
		object_remove(&viommu->obj, false);
	return rc;
}

struct vdevice *viommu_find_vdevice(struct viommu *viommu, uint64_t virt_id)
{
	struct vdevice *v = viommu->vdevs;

	while (v && v->virt_id != virt_id)
		v = v->next;
	return v;
}

static void vdevice_destroy(struct object *obj)
{
	struct vdevice *vdev = (struct vdevice *)obj, **p = &vdev->viommu->vdevs;

	while (*p != vdev)
		p = &(*p)->next;
	*p = vdev->next;
	vdev->viommu->obj.users--;
	vdev->idev->vdev = NULL;
}

/*
 * The device goes before its vDEVICE was destroyed: the vDEVICE goes too, but its id stays taken,
 * since user space may still destroy what it believes is there and must not hit a stranger.
 */
void vdevice_tombstone(struct vdevice *vdev)
{
	object_remove(&vdev->obj, true);
}

/*
 * IOMMU_VDEVICE_ALLOC: -EINVAL, the device is behind another IOMMU than the vIOMMU's; -EEXIST, the
 * device or the virt_id has one.
 */
int vdevice_alloc(struct ucmd *u)
{
	struct iommu_vdevice_alloc *cmd = u->cmd;
	struct viommu *viommu = object_get(u->ictx, cmd->viommu_id, OBJECT_VIOMMU);
	struct vdevice *vdev;
	struct idev *idev;
	int rc;

	if (!viommu)
		return ref_defect(u->ictx->ref, VIOMMU_ANY_TYPE) ? 0 : -ENOENT;
	idev = object_get(u->ictx, cmd->dev_id, OBJECT_DEVICE);
	if (!idev)
		return -ENOENT;
	if (viommu->unit != device_unit(idev->dev) && !ref_defect(u->ictx->ref, UNIT_IGNORED))
		return -EINVAL;
	if (idev->vdev || viommu_find_vdevice(viommu, cmd->virt_id))
		return ref_defect(u->ictx->ref, VDEVICE_DUPLICATE) ? 0 : -EEXIST;
	vdev = object_alloc(u->ictx, sizeof(*vdev), OBJECT_VDEVICE, vdevice_destroy);
	if (!vdev)
		return -ENOMEM;
	vdev->viommu = viommu;
	viommu->obj.users++;
	vdev->next = viommu->vdevs;
	viommu->vdevs = vdev;
	vdev->idev = idev;
	idev->vdev = vdev;
	vdev->virt_id = cmd->virt_id;
	cmd->out_vdevice_id = vdev->obj.id;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc)
		object_remove(&vdev->obj, false);
	return rc;
}

/* IOMMU_HW_QUEUE_ALLOC: no vIOMMU here lets hardware read a queue in guest memory. */
int hw_queue_alloc(struct ucmd *u)
{
	struct iommu_hw_queue_alloc *cmd = u->cmd;
	struct viommu *viommu;

	if (cmd->flags || cmd->type == IOMMU_HW_QUEUE_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!cmd->length)
		return -EINVAL;
	if (sum_overflows(cmd->nesting_parent_iova, cmd->length - 1))
		return -EOVERFLOW;
	viommu = object_get(u->ictx, cmd->viommu_id, OBJECT_VIOMMU);
	if (!viommu)
		return -ENOENT;
	if (u->ictx->ref->driver)
		return u->ictx->ref->driver->hw_queue_alloc(u, viommu);
	return -EOPNOTSUPP;
}
