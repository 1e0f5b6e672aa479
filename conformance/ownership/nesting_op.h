/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * v7's VFIO_IOMMU_NESTING_OP by any process on any container, for tests that name a PASID which is
 * not theirs: the verbs only name their own.
 */
#ifndef CONFORMANCE_NESTING_OP_H
#define CONFORMANCE_NESTING_OP_H

#include "../allocation/pasid.h"
#include "../../fixtures/verbs/verbs.h"
#include "../../uapi/vfio.h"

/* BIND_PGTBL or UNBIND_PGTBL of @pasid, with the 48-bit table at guest address @root. */
static inline long __nesting_bind(struct cts_space *s, uint32_t op, uint64_t pasid, uint64_t root)
{
	struct {
		uint32_t argsz, flags;	/* struct vfio_iommu_type1_nesting_op */
		struct iommu_gpasid_bind_data data;
	} arg = {
		.argsz = sizeof(arg), .flags = op,
		.data = {
			.argsz = sizeof(arg.data), .version = IOMMU_GPASID_BIND_VERSION_1,
			.format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = 48, .gpgd = root,
			.hpasid = pasid,
		},
	};

	return cts_ioctl(s->c, s->actor, s->fd, VFIO_IOMMU_NESTING_OP, &arg);
}

/* CACHE_INVLD of the IOTLB: one page at @addr of @pasid. */
static inline long __nesting_invalidate(struct cts_space *s, uint64_t pasid, uint64_t addr)
{
	struct {
		uint32_t argsz, flags;	/* struct vfio_iommu_type1_nesting_op */
		struct iommu_cache_invalidate_info info;
	} arg = {
		.argsz = sizeof(arg), .flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
		.info = {
			.argsz = sizeof(arg.info), .version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
			.cache = IOMMU_CACHE_INV_TYPE_IOTLB, .granularity = IOMMU_INV_GRANU_ADDR,
			.granu.addr_info = {
				.flags = IOMMU_INV_ADDR_FLAGS_PASID, .pasid = pasid, .addr = addr,
				.granule_size = 4096, .nb_granules = 1,
			},
		},
	};

	return cts_ioctl(s->c, s->actor, s->fd, VFIO_IOMMU_NESTING_OP, &arg);
}

#endif
