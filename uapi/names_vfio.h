/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The constants and structs of vfio.h as tables, for names_tables.c only.
 */
#ifndef IOMMU_CTS_UAPI_NAMES_VFIO_H
#define IOMMU_CTS_UAPI_NAMES_VFIO_H

#include "names_table.h"
#include "vfio.h"

#define V7 "v7-nesting"

SET_ONE(vfio_extension, V(VFIO_TYPE1_IOMMU, "3.6"), V(VFIO_TYPE1v2_IOMMU, "3.15"),
	V(VFIO_DMA_CC_IOMMU, "3.15"), V(VFIO_TYPE1_NESTING_IOMMU, "4.1"),
	V(VFIO_NOIOMMU_IOMMU, "4.5"), V(VFIO_UNMAP_ALL, "5.12"));
SET_BITS(vfio_group_flags,
	 V(VFIO_GROUP_FLAGS_VIABLE, "3.6"), V(VFIO_GROUP_FLAGS_CONTAINER_SET, "3.6"));
SET_BITS(vfio_device_flags,
	 V(VFIO_DEVICE_FLAGS_RESET, "3.6"), V(VFIO_DEVICE_FLAGS_PCI, "3.6"),
	 V(VFIO_DEVICE_FLAGS_PLATFORM, "4.1"), V(VFIO_DEVICE_FLAGS_AMBA, "4.1"),
	 V(VFIO_DEVICE_FLAGS_CCW, "4.12"), V(VFIO_DEVICE_FLAGS_AP, "4.20"),
	 V(VFIO_DEVICE_FLAGS_FSL_MC, "5.10"), V(VFIO_DEVICE_FLAGS_CAPS, "5.10"),
	 V(VFIO_DEVICE_FLAGS_CDX, "6.6"));
SET_BITS(vfio_region_info_flags,
	 V(VFIO_REGION_INFO_FLAG_READ, "3.6"), V(VFIO_REGION_INFO_FLAG_WRITE, "3.6"),
	 V(VFIO_REGION_INFO_FLAG_MMAP, "3.6"), V(VFIO_REGION_INFO_FLAG_CAPS, "4.6"));
SET_BITS(vfio_irq_info_flags,
	 V(VFIO_IRQ_INFO_EVENTFD, "3.6"), V(VFIO_IRQ_INFO_NORESIZE, "3.6"));
SET_BITS(vfio_irq_set_flags,
	 V(VFIO_IRQ_SET_DATA_NONE, "3.6"), V(VFIO_IRQ_SET_DATA_BOOL, "3.6"),
	 V(VFIO_IRQ_SET_DATA_EVENTFD, "3.6"), V(VFIO_IRQ_SET_ACTION_MASK, "3.6"),
	 V(VFIO_IRQ_SET_ACTION_UNMASK, "3.6"), V(VFIO_IRQ_SET_ACTION_TRIGGER, "3.6"));
SET_BITS(vfio_device_bind_flags, V(VFIO_DEVICE_BIND_FLAG_TOKEN, "6.17"));
SET_BITS(vfio_device_attach_flags, V(VFIO_DEVICE_ATTACH_PASID, "6.15"));
SET_BITS(vfio_device_detach_flags, V(VFIO_DEVICE_DETACH_PASID, "6.15"));
SET_BITS(vfio_iommu_info_flags,
	 V(VFIO_IOMMU_INFO_PGSIZES, "3.6"), V(VFIO_IOMMU_INFO_CAPS, "5.4"));
SET_BITS(vfio_dma_map_flags,
	 V(VFIO_DMA_MAP_FLAG_READ, "3.6"), V(VFIO_DMA_MAP_FLAG_WRITE, "3.6"),
	 V(VFIO_DMA_MAP_FLAG_VADDR, "5.12"));
SET_BITS(vfio_dma_unmap_flags,
	 V(VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, "5.8"), V(VFIO_DMA_UNMAP_FLAG_ALL, "5.12"),
	 V(VFIO_DMA_UNMAP_FLAG_VADDR, "5.12"));
SET_ONE(iommu_pasid_format, V(IOMMU_PASID_FORMAT_INTEL_VTD, V7));
SET_BITS(iommu_nesting_features,
	 V(IOMMU_NESTING_FEAT_SYSWIDE_PASID, V7), V(IOMMU_NESTING_FEAT_BIND_PGTBL, V7),
	 V(IOMMU_NESTING_FEAT_CACHE_INVLD, V7));
SET_BITS(vfio_pasid_request_flags,
	 V(VFIO_IOMMU_FLAG_ALLOC_PASID, V7), V(VFIO_IOMMU_FLAG_FREE_PASID, V7));
SET_ONE(vfio_nesting_op,
	V(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, V7), V(VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, V7),
	V(VFIO_IOMMU_NESTING_OP_CACHE_INVLD, V7));
SET_ONE(iommu_gpasid_bind_version, V(IOMMU_GPASID_BIND_VERSION_1, V7));
SET_BITS(iommu_sva_gpasid_flags, V(IOMMU_SVA_GPASID_VAL, V7));
SET_BITS(iommu_sva_vtd_gpasid_flags,
	 V(IOMMU_SVA_VTD_GPASID_SRE, V7), V(IOMMU_SVA_VTD_GPASID_EAFE, V7),
	 V(IOMMU_SVA_VTD_GPASID_PCD, V7), V(IOMMU_SVA_VTD_GPASID_PWT, V7),
	 V(IOMMU_SVA_VTD_GPASID_EMTE, V7), V(IOMMU_SVA_VTD_GPASID_CD, V7));
SET_ONE(iommu_cache_invalidate_version, V(IOMMU_CACHE_INVALIDATE_INFO_VERSION_1, V7));
SET_BITS(iommu_cache_inv_type,
	 V(IOMMU_CACHE_INV_TYPE_IOTLB, V7), V(IOMMU_CACHE_INV_TYPE_DEV_IOTLB, V7),
	 V(IOMMU_CACHE_INV_TYPE_PASID, V7));
SET_ONE(iommu_inv_granularity,
	V(IOMMU_INV_GRANU_DOMAIN, V7), V(IOMMU_INV_GRANU_PASID, V7), V(IOMMU_INV_GRANU_ADDR, V7));
SET_BITS(iommu_inv_pasid_flags,
	 V(IOMMU_INV_PASID_FLAGS_PASID, V7), V(IOMMU_INV_PASID_FLAGS_ARCHID, V7));
SET_BITS(iommu_inv_addr_flags,
	 V(IOMMU_INV_ADDR_FLAGS_PASID, V7), V(IOMMU_INV_ADDR_FLAGS_ARCHID, V7),
	 V(IOMMU_INV_ADDR_FLAGS_LEAF, V7));

STRUCT(vfio_group_status, "3.6", flags,
       F_SIZE(vfio_group_status, argsz), F_BITS(vfio_group_status, flags, vfio_group_flags));
STRUCT(vfio_device_info, "3.6", num_irqs,
       F_SIZE(vfio_device_info, argsz), F_BITS(vfio_device_info, flags, vfio_device_flags));
STRUCT(vfio_region_info, "3.6", offset,
       F_SIZE(vfio_region_info, argsz), F_BITS(vfio_region_info, flags, vfio_region_info_flags));
STRUCT(vfio_irq_info, "3.6", count,
       F_SIZE(vfio_irq_info, argsz), F_BITS(vfio_irq_info, flags, vfio_irq_info_flags));
STRUCT(vfio_irq_set, "3.6", count,
       F_SIZE(vfio_irq_set, argsz), F_BITS(vfio_irq_set, flags, vfio_irq_set_flags));
STRUCT(vfio_device_bind_iommufd, "6.6", out_devid,
       F_SIZE(vfio_device_bind_iommufd, argsz),
       F_BITS(vfio_device_bind_iommufd, flags, vfio_device_bind_flags));
STRUCT(vfio_device_attach_iommufd_pt, "6.6", pt_id,
       F_SIZE(vfio_device_attach_iommufd_pt, argsz),
       F_BITS(vfio_device_attach_iommufd_pt, flags, vfio_device_attach_flags));
STRUCT(vfio_device_detach_iommufd_pt, "6.6", flags,
       F_SIZE(vfio_device_detach_iommufd_pt, argsz),
       F_BITS(vfio_device_detach_iommufd_pt, flags, vfio_device_detach_flags));
STRUCT(vfio_iommu_type1_info, "3.6", iova_pgsizes,
       F_SIZE(vfio_iommu_type1_info, argsz),
       F_BITS(vfio_iommu_type1_info, flags, vfio_iommu_info_flags));
STRUCT(vfio_iommu_type1_dma_map, "3.6", size,
       F_SIZE(vfio_iommu_type1_dma_map, argsz),
       F_BITS(vfio_iommu_type1_dma_map, flags, vfio_dma_map_flags));
STRUCT(vfio_iommu_type1_dma_unmap, "3.6", size,
       F_SIZE(vfio_iommu_type1_dma_unmap, argsz),
       F_BITS(vfio_iommu_type1_dma_unmap, flags, vfio_dma_unmap_flags));
STRUCT(vfio_iommu_type1_pasid_request, V7, range,
       F_SIZE(vfio_iommu_type1_pasid_request, argsz),
       F_BITS(vfio_iommu_type1_pasid_request, flags, vfio_pasid_request_flags));
STRUCT(vfio_iommu_type1_nesting_op, V7, flags,
       F_SIZE(vfio_iommu_type1_nesting_op, argsz),
       F_ONE(vfio_iommu_type1_nesting_op, flags, vfio_nesting_op));

STRUCT_PLAIN(vfio_iommu_type1_info_cap_iova_range, "5.4");
STRUCT_PLAIN(vfio_iommu_type1_info_cap_migration, "5.8");
STRUCT(vfio_iommu_type1_info_cap_nesting, V7, info,
       F_SIZE(vfio_iommu_type1_info_cap_nesting, info.argsz),
       F_NOBITS(vfio_iommu_type1_info_cap_nesting, info.flags),
       F_ONE(vfio_iommu_type1_info_cap_nesting, info.format, iommu_pasid_format),
       F_BITS(vfio_iommu_type1_info_cap_nesting, info.features, iommu_nesting_features),
       F_ZERO(vfio_iommu_type1_info_cap_nesting, info.padding),
       F_NOBITS(vfio_iommu_type1_info_cap_nesting, info.vendor.vtd.flags));
STRUCT_PLAIN(vfio_iommu_type1_info_cap_pasid_quota, V7);
/* The core takes bind data from 56 bytes on; VT-d wants its part too and says EINVAL itself. */
STRUCT(iommu_gpasid_bind_data, V7, padding,
       F_SIZE(iommu_gpasid_bind_data, argsz),
       F_ONE(iommu_gpasid_bind_data, version, iommu_gpasid_bind_version),
       F_ONE(iommu_gpasid_bind_data, format, iommu_pasid_format),
       F_BITS(iommu_gpasid_bind_data, flags, iommu_sva_gpasid_flags),
       F_ZERO(iommu_gpasid_bind_data, padding),
       F_BITS(iommu_gpasid_bind_data, vendor.vtd.flags, iommu_sva_vtd_gpasid_flags));
/* From 16 bytes on for DOMAIN; 32 for PASID, 56 for ADDR. The two flags share their place. */
STRUCT(iommu_cache_invalidate_info, V7, padding,
       F_SIZE(iommu_cache_invalidate_info, argsz),
       F_ONE(iommu_cache_invalidate_info, version, iommu_cache_invalidate_version),
       F_BITS(iommu_cache_invalidate_info, cache, iommu_cache_inv_type),
       F_ONE(iommu_cache_invalidate_info, granularity, iommu_inv_granularity),
       F_ZERO(iommu_cache_invalidate_info, padding),
       F_BITS(iommu_cache_invalidate_info, granu.pasid_info.flags, iommu_inv_pasid_flags),
       F_BITS(iommu_cache_invalidate_info, granu.addr_info.flags, iommu_inv_addr_flags));

#endif /* IOMMU_CTS_UAPI_NAMES_VFIO_H */
