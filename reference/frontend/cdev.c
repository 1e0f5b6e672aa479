// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/vfio/devices/vfioN: a device by itself. It can do nothing until it is bound to an iommufd,
 * or to a /dev/ioasid, and gets its page tables from there.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "ioasid_objects.h"
#include "vfio_pci.h"
#include "../../uapi/vfio.h"

#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

struct cdev {
	struct device *dev;
	struct idev *idev;	/* NULL: not bound to an iommufd */
	struct ioasid_dev *iodev;	/* NULL: not bound to a /dev/ioasid */
};

/* @fd names an iommufd of @caller: -EBADF, -EBADFD. */
static int find_iommufd(struct iommu_ref_proc *caller, int fd, struct ref_file **out)
{
	if (!file_at(caller, fd))
		return -EBADF;
	*out = file_get(caller, fd, &iommufd_file_ops);
	return *out ? 0 : -EBADFD;
}

/* The token of a virtual function: these are not virtual functions, so none can match. */
static int check_token(const struct vfio_device_bind_iommufd *bind)
{
	unsigned char uuid[16];

	if (!(bind->flags & VFIO_DEVICE_BIND_FLAG_TOKEN))
		return 0;
	if (copy_from_user(uuid, user_ptr(bind->token_uuid_ptr), sizeof(uuid)))
		return -EFAULT;
	return -EINVAL;
}

static long cdev_bind(struct iommu_ref_proc *caller, struct ref_file *f, void *user_arg)
{
	struct vfio_device_bind_iommufd bind;
	struct cdev *cdev = f->priv;
	unsigned int index = device_index(cdev->dev);
	struct ref_file *iommufd;
	uint32_t argsz;
	int rc;

	if (copy_from_user(&argsz, user_arg, sizeof(argsz)))
		return -EFAULT;
	if (argsz < offsetofend(struct vfio_device_bind_iommufd, out_devid))
		return -EINVAL;
	rc = copy_struct_from_user(f->ref, &bind, sizeof(bind), user_arg, argsz);
	if (rc)
		return rc;
	if (bind.iommufd < 0 || (bind.flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN))
		return -EINVAL;
	if (vfio_group_is_open(f->ref, device_config(cdev->dev)->group))
		return -EBUSY;	/* vfio/group.c: vfio_device_block_group */
	if (cdev->idev || cdev->iodev)	/* "one device cannot be bound twice" */
		return ref_defect(f->ref, SECOND_BIND_ACCEPTED) ? 0 : -EINVAL;
	rc = check_token(&bind);
	if (rc)
		return rc;
	rc = find_iommufd(caller, bind.iommufd, &iommufd);
	if (rc)
		return rc;
	if (f->ref->cdev_bound[index])	/* through another open file */
		return ref_defect(f->ref, SECOND_BIND_ACCEPTED) ? 0 : -EINVAL;
	rc = idev_bind(iommufd, cdev->dev, &cdev->idev);
	if (rc)		/* another one owns the group: -EPERM of the IOMMU core */
		return rc == -EBUSY ? -EPERM : rc;
	if (copy_to_user(user_at(user_arg, offsetof(struct vfio_device_bind_iommufd, out_devid)),
			 &cdev->idev->obj.id, sizeof(bind.out_devid))) {
		idev_unbind(cdev->idev);
		cdev->idev = NULL;
		return -EFAULT;
	}
	f->ref->cdev_bound[index] = cdev;
	return 0;
}

/* The PASID of an ATTACH or DETACH whose flags say that there is one. */
static int read_pasid(uint32_t argsz, const void *user_arg, size_t offset, uint32_t *pasid)
{
	if (argsz < offset + sizeof(*pasid))
		return -EINVAL;
	return copy_from_user(pasid, user_at(user_arg, offset), sizeof(*pasid));
}

static long cdev_attach(struct cdev *cdev, void *user_arg)
{
	struct vfio_device_attach_iommufd_pt attach;
	size_t minsz = offsetofend(struct vfio_device_attach_iommufd_pt, pt_id);
	uint32_t pasid = NO_PASID;
	int rc;

	if (copy_from_user(&attach, user_arg, minsz))
		return -EFAULT;
	if (attach.argsz < minsz || (attach.flags & ~VFIO_DEVICE_ATTACH_PASID))
		return -EINVAL;
	if (attach.flags & VFIO_DEVICE_ATTACH_PASID) {
		rc = read_pasid(attach.argsz, user_arg, offsetof(typeof(attach), pasid), &pasid);
		if (rc)
			return rc;
		if (pasid == NO_PASID)	/* the model's word for the RID */
			return -EINVAL;
	}
	rc = idev_attach(cdev->idev, pasid, &attach.pt_id);
	if (rc)
		return rc;
	if (copy_to_user(user_at(user_arg, offsetof(typeof(attach), pt_id)), &attach.pt_id,
			 sizeof(attach.pt_id))) {
		idev_detach(cdev->idev, pasid);
		return -EFAULT;
	}
	return 0;
}

static long cdev_detach(struct cdev *cdev, void *user_arg)
{
	struct vfio_device_detach_iommufd_pt detach;
	size_t minsz = offsetofend(struct vfio_device_detach_iommufd_pt, flags);
	uint32_t pasid = NO_PASID;
	int rc;

	if (copy_from_user(&detach, user_arg, minsz))
		return -EFAULT;
	if (detach.argsz < minsz || (detach.flags & ~VFIO_DEVICE_DETACH_PASID))
		return -EINVAL;
	if (detach.flags & VFIO_DEVICE_DETACH_PASID) {
		rc = read_pasid(detach.argsz, user_arg, offsetof(typeof(detach), pasid), &pasid);
		if (rc)
			return rc;
		if (pasid == NO_PASID)
			return 0;	/* nothing can be attached there */
	}
	idev_detach(cdev->idev, pasid);	/* not attached: nothing to do, no error */
	return 0;
}

/* ---- /dev/ioasid */

static long cdev_bind_ioasid(struct iommu_ref_proc *caller, struct ref_file *f, uintptr_t fd)
{
	struct cdev *cdev = f->priv;
	unsigned int index = device_index(cdev->dev);
	struct ref_file *file;
	int rc;

	if (cdev->idev || cdev->iodev || f->ref->cdev_bound[index])
		return -EINVAL;
	rc = ioasid_file_find(caller, (int)fd, &file);
	if (rc)
		return rc;
	if (vfio_group_is_open(f->ref, device_config(cdev->dev)->group))
		return -EBUSY;
	rc = ioasid_bind_device(file, cdev->dev, &cdev->iodev);
	if (!rc)
		f->ref->cdev_bound[index] = cdev;
	return rc;
}

static long cdev_unbind_ioasid(struct iommu_ref_proc *caller, struct cdev *cdev, uintptr_t fd)
{
	struct ref_file *file;
	int rc = ioasid_file_find(caller, (int)fd, &file);

	if (rc)
		return rc;
	if (cdev->iodev->file != file)
		return -EINVAL;
	if (cdev->iodev->attaches)
		return -EBUSY;
	file->ref->cdev_bound[device_index(cdev->dev)] = NULL;
	ioasid_unbind_device(cdev->iodev);
	cdev->iodev = NULL;
	return 0;
}

static long cdev_attach_ioasid(struct cdev *cdev, bool attach, void *user_arg)
{
	struct vfio_device_attach_ioasid arg;
	int rc = ioasid_copy_arg(cdev->iodev->file->ref, &arg, sizeof(arg),
				 offsetofend(struct vfio_device_attach_ioasid, ioasid), user_arg,
				 NULL);

	if (rc)
		return rc;
	/* A struct without the number: */
	if ((arg.flag & IOASID_ATTACH_USER_PASID) && arg.argsz < sizeof(arg))
		return -EINVAL;
	return attach ? ioasid_attach(cdev->iodev, &arg) : ioasid_detach(cdev->iodev, &arg);
}

/* What a PCI function says, with a capability behind it where there is room. */
static long cdev_get_info_ioasid(struct cdev *cdev, void *user_arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct iommu_ref *ref = cdev->iodev->file->ref;
	struct vfio_device_info info = { 0 };
	struct vfio_device_info_cap_pasid cap;
	uint32_t argsz;
	long rc;

	if (copy_from_user(&argsz, user_arg, sizeof(argsz)))
		return -EFAULT;
	rc = vfio_pci_ioctl(ref, device_index(cdev->dev), VFIO_DEVICE_GET_INFO, user_arg);
	if (rc || !ioasid_device_cap(cdev->iodev, &cap))
		return rc;
	if (copy_from_user(&info, user_arg, minsz))
		return -EFAULT;
	info.flags |= VFIO_DEVICE_FLAGS_CAPS;
	info.argsz = sizeof(info) + sizeof(cap);
	if (argsz >= info.argsz) {
		info.cap_offset = sizeof(info);
		if (copy_to_user(user_at(user_arg, sizeof(info)), &cap, sizeof(cap)))
			return -EFAULT;
	}
	return copy_to_user(user_arg, &info, argsz < sizeof(info) ? argsz : sizeof(info));
}

static long cdev_ioctl_ioasid(struct iommu_ref_proc *caller, struct cdev *cdev, unsigned int cmd,
			      void *user_arg)
{
	switch (cmd) {
	case VFIO_UNBIND_IOASID_FD:
		return cdev_unbind_ioasid(caller, cdev, (uintptr_t)user_arg);
	case VFIO_ATTACH_IOASID:
	case VFIO_DETACH_IOASID:
		return cdev_attach_ioasid(cdev, cmd == VFIO_ATTACH_IOASID, user_arg);
	case VFIO_DEVICE_GET_INFO:
		return cdev_get_info_ioasid(cdev, user_arg);
	default:
		return vfio_pci_ioctl(cdev->iodev->file->ref, device_index(cdev->dev), cmd,
				      user_arg);
	}
}

static long cdev_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
		       void *user_arg)
{
	struct cdev *cdev = f->priv;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return cdev_bind(caller, f, user_arg);
	if (cmd == VFIO_BIND_IOASID_FD)
		return cdev_bind_ioasid(caller, f, (uintptr_t)user_arg);
	if (cdev->iodev)
		return cdev_ioctl_ioasid(caller, cdev, cmd, user_arg);
	if (!cdev->idev)
		return ref_defect(f->ref, UNBOUND_DEVICE_ANSWERS) ? 0 : -EINVAL;
	switch (cmd) {
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return cdev_attach(cdev, user_arg);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return cdev_detach(cdev, user_arg);
	default:
		return vfio_pci_ioctl(f->ref, device_index(cdev->dev), cmd, user_arg);
	}
}

/* Before the bind all access is -EINVAL (vfio_main.c: access_granted). */
static ssize_t cdev_pread(struct ref_file *f, void *buf, size_t len, uint64_t offset)
{
	const struct cdev *cdev = f->priv;

	if (!cdev->idev && !cdev->iodev)
		return -EINVAL;
	return vfio_pci_read(f->ref, device_index(cdev->dev), buf, len, offset);
}

static ssize_t cdev_pwrite(struct ref_file *f, const void *buf, size_t len, uint64_t offset)
{
	const struct cdev *cdev = f->priv;

	if (!cdev->idev && !cdev->iodev)
		return -EINVAL;
	return vfio_pci_write(f->ref, device_index(cdev->dev), buf, len, offset);
}

static int cdev_mmap(struct ref_file *f, uint64_t offset, size_t len, void **page)
{
	const struct cdev *cdev = f->priv;

	if (!cdev->idev && !cdev->iodev)
		return -EINVAL;
	return vfio_pci_mmap(f->ref, device_index(cdev->dev), offset, len, page);
}

static void cdev_release(struct ref_file *f)
{
	struct cdev *cdev = f->priv;

	if (cdev->idev) {
		if (!ref_defect(f->ref, CLOSE_KEEPS_DEVICE))
			f->ref->cdev_bound[device_index(cdev->dev)] = NULL;
		idev_unbind(cdev->idev);
	}
	if (cdev->iodev) {
		f->ref->cdev_bound[device_index(cdev->dev)] = NULL;
		ioasid_unbind_device(cdev->iodev);
	}
	free(cdev);
}

const struct ref_file_ops vfio_cdev_file_ops = {
	.ioctl = cdev_ioctl,
	.pread = cdev_pread,
	.pwrite = cdev_pwrite,
	.mmap = cdev_mmap,
	.release = cdev_release,
};

int vfio_cdev_open(struct iommu_ref_proc *proc, unsigned int index)
{
	struct cdev *cdev = calloc(1, sizeof(*cdev));
	int fd;

	if (!cdev)
		return -ENOMEM;
	cdev->dev = device_by_index(proc->ref, index);
	fd = file_install(proc, &vfio_cdev_file_ops, cdev);
	if (fd < 0)
		free(cdev);
	return fd;
}
