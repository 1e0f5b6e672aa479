// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO groups (/dev/vfio/N) and the device files that they hand out. Order of checks as in the
 * kernel's vfio.c that v7 stands on (5.9). A group is opened once at a time; a device file keeps
 * the group in its container after the group's file is closed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio_pci.h"
#include "vfio_priv.h"

struct device *vfio_group_next_device(const struct vfio_group *group, unsigned int *i)
{
	while (*i < IOMMU_REF_MAX_DEVICES) {
		struct device *dev = device_by_index(group->ref, (*i)++);

		if (dev && device_config(dev)->group == group->number)
			return dev;
	}
	return NULL;
}

/* Drops the group when neither its file nor a device file is open: it leaves its container then. */
static void group_try_free(struct vfio_group *group)
{
	struct vfio_container *c = group->container;

	if (group->device_files)
		return;
	if (c) {
		vfio_container_remove_group(c, group);
		vfio_container_put(c);
	}
	vfio_group_unset_iommufd(group);
	if (group->opened)
		return;
	for (struct vfio_group **p = &group->ref->vfio_groups; *p; p = &(*p)->next) {
		if (*p == group) {
			*p = group->next;
			break;
		}
	}
	free(group);
}

/* ---- device files */

struct device_file {
	struct vfio_group *group;
	unsigned int index;
};

static long device_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
			 void *user_arg)
{
	const struct device_file *df = f->priv;

	(void)caller;
	return vfio_pci_ioctl(f->ref, df->index, cmd, user_arg);
}

static ssize_t device_pread(struct ref_file *f, void *buf, size_t len, uint64_t offset)
{
	const struct device_file *df = f->priv;

	return vfio_pci_read(f->ref, df->index, buf, len, offset);
}

static ssize_t device_pwrite(struct ref_file *f, const void *buf, size_t len, uint64_t offset)
{
	const struct device_file *df = f->priv;

	return vfio_pci_write(f->ref, df->index, buf, len, offset);
}

static int device_mmap(struct ref_file *f, uint64_t offset, size_t len, void **page)
{
	const struct device_file *df = f->priv;

	return vfio_pci_mmap(f->ref, df->index, offset, len, page);
}

static void device_release(struct ref_file *f)
{
	struct device_file *df = f->priv;
	struct vfio_group *group = df->group;

	vfio_group_close_device(group, df->index);
	free(df);
	group->device_files--;
	if (!group->opened)
		group_try_free(group);
}

static const struct ref_file_ops vfio_device_file_ops = {
	.ioctl = device_ioctl,
	.pread = device_pread,
	.pwrite = device_pwrite,
	.mmap = device_mmap,
	.release = device_release,
};

/* ---- group files */

/*
 * Another owner (an iommufd) of a device in the group makes it unusable here. "with iommufd
 * VFIO_GROUP_FLAGS_VIABLE could be set but GET_DEVICE_FD will fail" (vfio/group.c).
 */
static bool group_viable(struct vfio_group *group)
{
	const void *owner = group->container ? (const void *)group->container : group;

	if (group->iommufd)
		return true;
	if (group_claim(group->ref, group->number, owner))
		return false;
	group_release(group->ref, group->number, owner);
	return true;
}

static long group_get_status(struct vfio_group *group, void *user_arg)
{
	struct vfio_group_status status;

	if (copy_from_user(&status, user_arg, sizeof(status)))
		return -EFAULT;
	if (status.argsz < sizeof(status))
		return -EINVAL;
	status.flags = group_viable(group) ? VFIO_GROUP_FLAGS_VIABLE : 0;
	if (group->container || group->iommufd)
		status.flags |= VFIO_GROUP_FLAGS_CONTAINER_SET;
	return copy_to_user(user_arg, &status, sizeof(status)) ? -EFAULT : 0;
}

static long group_set_container(struct iommu_ref_proc *caller, struct vfio_group *group,
				void *user_arg)
{
	struct ref_file *f;
	int32_t fd;
	int rc;

	if (copy_from_user(&fd, user_arg, sizeof(fd)))
		return -EFAULT;
	if (fd < 0 || group->container || group->iommufd)
		return -EINVAL;
	f = file_at(caller, fd);
	if (!f)
		return -EBADF;
	if (f->ops != &vfio_container_file_ops)
		return vfio_group_set_iommufd(group, f);
	rc = vfio_container_add_group(caller, f->priv, group);
	if (rc)
		return rc;
	vfio_container_get(f->priv);
	return 0;
}

static long group_unset_container(struct vfio_group *group)
{
	struct vfio_container *c = group->container;

	if (!c && !group->iommufd)
		return -EINVAL;
	if (group->device_files)
		return -EBUSY;
	if (c) {
		vfio_container_remove_group(c, group);
		vfio_container_put(c);
	}
	vfio_group_unset_iommufd(group);
	return 0;
}

/* strndup_user(arg, PAGE_SIZE), into a buffer that holds every name there is. */
static int copy_name(char *name, size_t size, const void *user)
{
	for (size_t i = 0; i < PAGE_SIZE; i++) {
		char ch;

		if (copy_from_user(&ch, user_at(user, i), 1))
			return -EFAULT;
		if (i < size)
			name[i] = ch;
		if (!ch) {
			name[size - 1] = 0;
			return i < size ? 0 : -ENODEV;
		}
	}
	return -EINVAL;
}

/* The index of the device @name in @group, or -ENODEV. */
static int group_find_device(const struct vfio_group *group, const char *name)
{
	unsigned int i = 0;
	struct device *dev;

	while ((dev = vfio_group_next_device(group, &i))) {
		uint16_t rid = device_config(dev)->rid;
		char own[16];

		snprintf(own, sizeof(own), "0000:%02x:%02x.%x", rid >> 8, rid >> 3 & 31, rid & 7u);
		if (!strcmp(own, name))
			return (int)device_index(dev);
	}
	return -ENODEV;
}

/* A container is usable with a type, and while no iommufd has one of the group's devices. */
static bool group_has_iommu(struct vfio_group *group)
{
	if (group->iommufd)
		return true;
	return group->container && group->container->type && group_viable(group);
}

static long group_get_device_fd(struct iommu_ref_proc *caller, struct vfio_group *group,
				const void *user_arg)
{
	char name[16];
	int rc = copy_name(name, sizeof(name), user_arg), index;
	struct device_file *df;

	if (rc && rc != -ENODEV)
		return rc;
	if (!group_has_iommu(group))
		return -EINVAL;
	index = rc ? rc : group_find_device(group, name);
	if (index < 0)
		return index;
	rc = vfio_group_open_device(group, (unsigned int)index);
	if (rc)
		return rc;
	df = malloc(sizeof(*df));
	rc = df ? file_install(caller, &vfio_device_file_ops, df) : -ENOMEM;
	if (rc < 0) {
		free(df);
		vfio_group_close_device(group, (unsigned int)index);
		return rc;
	}
	*df = (struct device_file){ .group = group, .index = (unsigned int)index };
	group->device_files++;
	return rc;
}

static long group_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
			void *user_arg)
{
	switch (cmd) {
	case VFIO_GROUP_GET_STATUS:
		return group_get_status(f->priv, user_arg);
	case VFIO_GROUP_SET_CONTAINER:
		return group_set_container(caller, f->priv, user_arg);
	case VFIO_GROUP_UNSET_CONTAINER:
		return group_unset_container(f->priv);
	case VFIO_GROUP_GET_DEVICE_FD:
		return group_get_device_fd(caller, f->priv, user_arg);
	default:
		if (cmd == VFIO_IOMMU_NESTING_OP && ref_defect(f->ref, NESTOP_ON_GROUP))
			return 0;
		return -ENOTTY;
	}
}

static void group_release_file(struct ref_file *f)
{
	struct vfio_group *group = f->priv;

	group->opened = false;
	group_try_free(group);
}

const struct ref_file_ops vfio_group_file_ops = {
	.ioctl = group_ioctl,
	.release = group_release_file,
};

static struct vfio_group *group_find(struct iommu_ref *ref, uint32_t number)
{
	struct vfio_group *g;

	for (g = ref->vfio_groups; g; g = g->next)
		if (g->number == number)
			break;
	return g;
}

bool vfio_group_is_open(struct iommu_ref *ref, uint32_t number)
{
	return group_find(ref, number);
}

/* A device of it is bound by its cdev: "cdev_device_open_cnt" (vfio/group.c) */
static bool cdev_is_bound(struct iommu_ref *ref, uint32_t number)
{
	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
		const struct device *dev = device_by_index(ref, i);

		if (dev && device_config(dev)->group == number && ref->cdev_bound[i])
			return true;
	}
	return false;
}

int vfio_group_open(struct iommu_ref_proc *proc, uint32_t number)
{
	struct vfio_group *group;
	int fd;

	/* Open already, or a device file still holds it. */
	if (group_find(proc->ref, number) || cdev_is_bound(proc->ref, number))
		return -EBUSY;
	group = calloc(1, sizeof(*group));
	if (!group)
		return -ENOMEM;
	group->ref = proc->ref;
	group->number = number;
	group->opened = true;
	fd = file_install(proc, &vfio_group_file_ops, group);
	if (fd < 0) {
		free(group);
		return fd;
	}
	group->next = proc->ref->vfio_groups;
	proc->ref->vfio_groups = group;
	return fd;
}
