/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd's object calls in one line each, with an explicit process and descriptor, for tests of
 * who owns an object and how long it lives. @a NULL: the test itself. All return 0 or -errno.
 */
#ifndef CONFORMANCE_OBJECTS_H
#define CONFORMANCE_OBJECTS_H

#include <fcntl.h>
#include "../../harness/cts.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

#define MAP_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define MAP_FIXED_RW (MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA)

static inline int __obj_ioas(struct cts *c, struct cts_actor *a, int fd, uint32_t *id)
{
	struct iommu_ioas_alloc arg = { .size = sizeof(arg) };
	int rc = cts_ioctl(c, a, fd, IOMMU_IOAS_ALLOC, &arg);

	*id = arg.out_ioas_id;
	return rc;
}

static inline int __obj_map(struct cts *c, struct cts_actor *a, int fd, uint32_t ioas,
			    uint64_t iova, void *va, uint64_t len)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .flags = MAP_FIXED_RW, .ioas_id = ioas,
		.user_va = (uintptr_t)va, .length = len, .iova = iova,
	};

	return cts_ioctl(c, a, fd, IOMMU_IOAS_MAP, &arg);
}

static inline int __obj_unmap(struct cts *c, struct cts_actor *a, int fd, uint32_t ioas,
			      uint64_t iova, uint64_t len)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = iova, .length = len,
	};

	return cts_ioctl(c, a, fd, IOMMU_IOAS_UNMAP, &arg);
}

static inline int __obj_hwpt(struct cts *c, struct cts_actor *a, int fd, uint32_t flags,
			     uint32_t dev_id, uint32_t pt_id, uint32_t *id)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg), .flags = flags, .dev_id = dev_id, .pt_id = pt_id,
	};
	int rc = cts_ioctl(c, a, fd, IOMMU_HWPT_ALLOC, &arg);

	*id = arg.out_hwpt_id;
	return rc;
}

static inline int __obj_viommu(struct cts *c, struct cts_actor *a, int fd, uint32_t dev_id,
			       uint32_t hwpt_id, uint32_t *id)
{
	struct iommu_viommu_alloc arg = {
		.size = sizeof(arg), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3, .dev_id = dev_id,
		.hwpt_id = hwpt_id,
	};
	int rc = cts_ioctl(c, a, fd, IOMMU_VIOMMU_ALLOC, &arg);

	*id = arg.out_viommu_id;
	return rc;
}

static inline int __obj_destroy(struct cts *c, struct cts_actor *a, int fd, uint32_t id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	return cts_ioctl(c, a, fd, IOMMU_DESTROY, &arg);
}

/* Opens the VFIO character device; the descriptor, or -errno. */
static inline int __obj_open_device(struct cts *c, struct cts_actor *a, unsigned int device)
{
	return cts_open(c, a, c->devices[device].cdev, O_RDWR);
}

/* Binds the open device @dev_fd to the iommufd @fd. */
static inline int __obj_bind(struct cts *c, struct cts_actor *a, int dev_fd, int fd, uint32_t *id)
{
	struct vfio_device_bind_iommufd arg = { .argsz = sizeof(arg), .iommufd = fd };
	int rc = cts_ioctl(c, a, dev_fd, VFIO_DEVICE_BIND_IOMMUFD, &arg);

	*id = arg.out_devid;
	return rc;
}

/* *@pt_id: an IOAS or a page table in, the page table in use out. */
static inline int __obj_attach(struct cts *c, struct cts_actor *a, int dev_fd, uint32_t *pt_id)
{
	struct vfio_device_attach_iommufd_pt arg = { .argsz = sizeof(arg), .pt_id = *pt_id };
	int rc = cts_ioctl(c, a, dev_fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);

	*pt_id = arg.pt_id;
	return rc;
}

static inline int __obj_detach(struct cts *c, struct cts_actor *a, int dev_fd)
{
	struct vfio_device_detach_iommufd_pt arg = { .argsz = sizeof(arg) };

	return cts_ioctl(c, a, dev_fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}

#endif
