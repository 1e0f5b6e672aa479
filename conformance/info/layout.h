/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the members of v7's nesting info lie, for a compiler of 32-bit or of 64-bit programs. */
#ifndef CONFORMANCE_INFO_LAYOUT_H
#define CONFORMANCE_INFO_LAYOUT_H

#include <stddef.h>

struct nesting_layout {
	size_t argsz, flags, format, features, addr_width, pasid_bits, padding, vendor;
	size_t vtd_flags, cap_reg, ecap_reg, size, cap_info, cap_size;
};

/* Of whoever includes this, by the structs of uapi/vfio.h that it has included. */
#define NESTING_LAYOUT { \
	offsetof(struct iommu_nesting_info, argsz), offsetof(struct iommu_nesting_info, flags), \
	offsetof(struct iommu_nesting_info, format), \
	offsetof(struct iommu_nesting_info, features), \
	offsetof(struct iommu_nesting_info, addr_width), \
	offsetof(struct iommu_nesting_info, pasid_bits), \
	offsetof(struct iommu_nesting_info, padding), \
	offsetof(struct iommu_nesting_info, vendor), \
	offsetof(struct iommu_nesting_info, vendor.vtd.flags), \
	offsetof(struct iommu_nesting_info, vendor.vtd.cap_reg), \
	offsetof(struct iommu_nesting_info, vendor.vtd.ecap_reg), \
	sizeof(struct iommu_nesting_info), \
	offsetof(struct vfio_iommu_type1_info_cap_nesting, info), \
	sizeof(struct vfio_iommu_type1_info_cap_nesting) }

/* layout32.c; test files keep all else to themselves (-fvisibility=hidden). */
extern const struct nesting_layout nesting_layout_32 __attribute__((visibility("default")));

#endif
