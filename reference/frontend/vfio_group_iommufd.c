// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A VFIO group with an iommufd for its container (Linux: drivers/vfio/group.c and
 * iommufd/vfio_compat.c). The group's devices are attached to the IOAS of the VFIO commands, one
 * that is made if there is none, while a device file of theirs is open.
 */
#include <errno.h>

#include "iommufd_objects.h"
#include "vfio_priv.h"

int vfio_group_set_iommufd(struct vfio_group *group, struct ref_file *f)
{
	int rc;

	if (f->ops != &iommufd_file_ops)
		return -EINVAL;
	rc = ioas_for_vfio(f->priv);
	if (rc)
		return rc;
	file_hold(f);
	group->iommufd = f;
	return 0;
}

void vfio_group_unset_iommufd(struct vfio_group *group)
{
	struct ref_file *f = group->iommufd;

	group->iommufd = NULL;
	if (f)
		file_put(f);
}

/* "The legacy path has no way to return the selected pt_id." */
static int attach_compat(struct idev *idev)
{
	struct ioas *ioas = idev->obj.ictx->vfio_ioas;
	uint32_t pt;

	if (!ioas)
		return -ENODEV;
	pt = ioas->obj.id;
	return idev_attach(idev, NO_PASID, &pt);
}

int vfio_group_open_device(struct vfio_group *group, unsigned int index)
{
	struct vfio_group_device *d = &group->devices[index];
	struct device *dev = device_by_index(group->ref, index);
	int rc;

	if (!group->iommufd || d->files) {	/* "Only the group path allows" it more than once */
		d->files++;
		return 0;
	}
	rc = idev_bind(group->iommufd, dev, &d->idev);
	if (rc)		/* another iommufd or a container has the group: of the IOMMU core */
		return rc;
	rc = attach_compat(d->idev);
	if (rc) {
		idev_unbind(d->idev);
		d->idev = NULL;
		return rc;
	}
	d->files = 1;
	return 0;
}

void vfio_group_close_device(struct vfio_group *group, unsigned int index)
{
	struct vfio_group_device *d = &group->devices[index];

	if (--d->files || !d->idev)
		return;
	idev_unbind(d->idev);
	d->idev = NULL;
}
