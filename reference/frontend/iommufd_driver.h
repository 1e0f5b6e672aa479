/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * An IOMMU driver below the iommufd front end that is not one of the model's vendors: the mock
 * driver of the kernel's selftests (reference/mock). A machine with one has vendor IOMMU_REF_MOCK.
 */
#ifndef IOMMU_REF_IOMMUFD_DRIVER_H
#define IOMMU_REF_IOMMUFD_DRIVER_H

#include "iommufd_objects.h"

struct iommufd_driver {
	unsigned int ioctl_nr;	/* a command of /dev/iommu that is the driver's own */
	long (*ioctl)(struct ucmd *u);		/* u->cmd is not set yet */
	uint32_t veventq_type;			/* the one that there is */
	/* IOMMU_HWPT_ALLOC on whatever @pt is, but for what the fault queue has to say. */
	int (*hwpt_alloc)(struct idev *idev, struct object *pt, uint32_t flags,
			  const struct user_data *data, struct hwpt **out);
	/* A table for devices that attach to @ioas itself. */
	int (*hwpt_auto)(struct ioas *ioas, struct hwpt **out);
	/* HWPT_INVALIDATE; @array->num as in vtd_invalidate(). */
	int (*invalidate_hwpt)(struct hwpt *hwpt, struct user_data *array);
	int (*invalidate_viommu)(struct viommu *viommu, struct user_data *array);
	/* GET_HW_INFO: *@type is the wanted one. @data has room for 256 bytes. */
	int (*hw_info)(struct idev *idev, uint32_t *type, void *data, uint32_t *len,
		       uint64_t *capabilities);
	/* Completes a new vIOMMU of @type; sets viommu->driver_data. -EOPNOTSUPP: no such type. */
	int (*viommu_init)(struct viommu *viommu, uint32_t type, const struct user_data *data);
	void (*viommu_destroy)(struct viommu *viommu);
	int (*hw_queue_alloc)(struct ucmd *u, struct viommu *viommu);
	int (*set_dirty_tracking)(struct hwpt *hwpt, bool enable);
	int (*get_dirty_bitmap)(struct hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *cmd);
	/* MAP_FILE: memory of the driver's that @fd stands for. -EBADFD: it does not. */
	int (*pages_alloc)(struct ucmd *u, int fd, uint64_t start, uint64_t len,
			   struct pages **out);
	/* [@first, @last] of @ioas is about to be unmapped. -EBUSY: it must not. */
	int (*ioas_unmap)(struct ioas *ioas, uint64_t first, uint64_t last);
	/* What users of @ioas other than HWPTs need; 1: nothing. */
	uint64_t (*ioas_alignment)(struct ioas *ioas);
};

#endif
