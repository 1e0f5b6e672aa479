/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The binary interface of vfio.h. Mainline's numbers are those of Linux 7.2's own header, those of
 * the nesting series come from its patches p01, p03, p07, p10, p11 and from its base (Linux 5.10's
 * iommu.h).
 */
#include "abi.h"
#include "vfio.h"

ABI_VALUE(VFIO_TYPE, 0x3b);
ABI_VALUE(VFIO_BASE, 0x64);
ABI_VALUE(VFIO_API_VERSION, 0);
ABI_VALUE(VFIO_TYPE1_IOMMU, 1);
ABI_VALUE(VFIO_TYPE1v2_IOMMU, 3);
ABI_VALUE(VFIO_DMA_CC_IOMMU, 4);
ABI_VALUE(VFIO_TYPE1_NESTING_IOMMU, 6);
ABI_VALUE(VFIO_NOIOMMU_IOMMU, 8);
ABI_VALUE(VFIO_UNMAP_ALL, 9);
ABI_VALUE(VFIO_GET_API_VERSION, 0x3b64);
ABI_VALUE(VFIO_CHECK_EXTENSION, 0x3b65);
ABI_VALUE(VFIO_SET_IOMMU, 0x3b66);
ABI_VALUE(VFIO_GROUP_FLAGS_VIABLE, 1);
ABI_VALUE(VFIO_GROUP_FLAGS_CONTAINER_SET, 2);
ABI_VALUE(VFIO_GROUP_GET_STATUS, 0x3b67);
ABI_VALUE(VFIO_GROUP_SET_CONTAINER, 0x3b68);
ABI_VALUE(VFIO_GROUP_UNSET_CONTAINER, 0x3b69);
ABI_VALUE(VFIO_GROUP_GET_DEVICE_FD, 0x3b6a);
ABI_VALUE(VFIO_DEVICE_FLAGS_RESET, 1);
ABI_VALUE(VFIO_DEVICE_FLAGS_PCI, 2);
ABI_VALUE(VFIO_DEVICE_FLAGS_PLATFORM, 4);
ABI_VALUE(VFIO_DEVICE_FLAGS_AMBA, 8);
ABI_VALUE(VFIO_DEVICE_FLAGS_CCW, 0x10);
ABI_VALUE(VFIO_DEVICE_FLAGS_AP, 0x20);
ABI_VALUE(VFIO_DEVICE_FLAGS_FSL_MC, 0x40);
ABI_VALUE(VFIO_DEVICE_FLAGS_CAPS, 0x80);
ABI_VALUE(VFIO_DEVICE_FLAGS_CDX, 0x100);
ABI_VALUE(VFIO_DEVICE_GET_INFO, 0x3b6b);
ABI_VALUE(VFIO_DEVICE_GET_IRQ_INFO, 0x3b6d);
ABI_VALUE(VFIO_DEVICE_SET_IRQS, 0x3b6e);
ABI_VALUE(VFIO_REGION_INFO_FLAG_READ, 1);
ABI_VALUE(VFIO_REGION_INFO_FLAG_WRITE, 2);
ABI_VALUE(VFIO_REGION_INFO_FLAG_MMAP, 4);
ABI_VALUE(VFIO_REGION_INFO_FLAG_CAPS, 8);
ABI_VALUE(VFIO_DEVICE_GET_REGION_INFO, 0x3b6c);
ABI_VALUE(VFIO_PCI_BAR0_REGION_INDEX, 0);
ABI_VALUE(VFIO_PCI_BAR1_REGION_INDEX, 1);
ABI_VALUE(VFIO_PCI_BAR2_REGION_INDEX, 2);
ABI_VALUE(VFIO_PCI_BAR3_REGION_INDEX, 3);
ABI_VALUE(VFIO_PCI_BAR4_REGION_INDEX, 4);
ABI_VALUE(VFIO_PCI_BAR5_REGION_INDEX, 5);
ABI_VALUE(VFIO_PCI_ROM_REGION_INDEX, 6);
ABI_VALUE(VFIO_PCI_CONFIG_REGION_INDEX, 7);
ABI_VALUE(VFIO_PCI_VGA_REGION_INDEX, 8);
ABI_VALUE(VFIO_PCI_NUM_REGIONS, 9);
ABI_VALUE(VFIO_DEVICE_RESET, 0x3b6f);
ABI_VALUE(VFIO_DEVICE_BIND_FLAG_TOKEN, 1);
ABI_VALUE(VFIO_DEVICE_BIND_IOMMUFD, 0x3b76);
ABI_VALUE(VFIO_DEVICE_ATTACH_PASID, 1);
ABI_VALUE(VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0x3b77);
ABI_VALUE(VFIO_DEVICE_DETACH_PASID, 1);
ABI_VALUE(VFIO_DEVICE_DETACH_IOMMUFD_PT, 0x3b78);
ABI_VALUE(VFIO_IOMMU_INFO_PGSIZES, 1);
ABI_VALUE(VFIO_IOMMU_INFO_CAPS, 2);
ABI_VALUE(VFIO_IOMMU_GET_INFO, 0x3b70);
ABI_VALUE(VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1);
ABI_VALUE(VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 2);
ABI_VALUE(VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 3);
ABI_VALUE(VFIO_DMA_MAP_FLAG_READ, 1);
ABI_VALUE(VFIO_DMA_MAP_FLAG_WRITE, 2);
ABI_VALUE(VFIO_DMA_MAP_FLAG_VADDR, 4);
ABI_VALUE(VFIO_IOMMU_MAP_DMA, 0x3b71);
ABI_VALUE(VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, 1);
ABI_VALUE(VFIO_DMA_UNMAP_FLAG_ALL, 2);
ABI_VALUE(VFIO_DMA_UNMAP_FLAG_VADDR, 4);
ABI_VALUE(VFIO_IOMMU_UNMAP_DMA, 0x3b72);
ABI_VALUE(IOMMU_PASID_FORMAT_INTEL_VTD, 1);
ABI_VALUE(IOMMU_PASID_FORMAT_LAST, 2);
ABI_VALUE(IOMMU_NESTING_FEAT_SYSWIDE_PASID, 1);
ABI_VALUE(IOMMU_NESTING_FEAT_BIND_PGTBL, 2);
ABI_VALUE(IOMMU_NESTING_FEAT_CACHE_INVLD, 4);
ABI_VALUE(VFIO_IOMMU_TYPE1_INFO_CAP_NESTING, 3);
ABI_VALUE(VFIO_IOMMU_FLAG_ALLOC_PASID, 1);
ABI_VALUE(VFIO_IOMMU_FLAG_FREE_PASID, 2);
ABI_VALUE(VFIO_PASID_REQUEST_MASK, 3);
ABI_VALUE(VFIO_IOMMU_PASID_BITS, 0x1f);
ABI_VALUE(VFIO_IOMMU_PASID_REQUEST, 0x3b76);
ABI_VALUE(VFIO_NESTING_OP_MASK, 0xffff);
ABI_VALUE(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 0);
ABI_VALUE(VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, 1);
ABI_VALUE(VFIO_IOMMU_NESTING_OP_CACHE_INVLD, 2);
ABI_VALUE(VFIO_IOMMU_NESTING_OP_NUM, 3);
ABI_VALUE(VFIO_IOMMU_NESTING_OP, 0x3b77);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_SRE, 1);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_EAFE, 2);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_PCD, 4);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_PWT, 8);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_EMTE, 0x10);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_CD, 0x20);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_LAST, 0x40);
ABI_VALUE(IOMMU_SVA_VTD_GPASID_MTS_MASK, 0x3c);
ABI_VALUE(IOMMU_GPASID_BIND_VERSION_1, 1);
ABI_VALUE(IOMMU_SVA_GPASID_VAL, 1);
ABI_VALUE(IOMMU_CACHE_INVALIDATE_INFO_VERSION_1, 1);
ABI_VALUE(IOMMU_CACHE_INV_TYPE_IOTLB, 1);
ABI_VALUE(IOMMU_CACHE_INV_TYPE_DEV_IOTLB, 2);
ABI_VALUE(IOMMU_CACHE_INV_TYPE_PASID, 4);
ABI_VALUE(IOMMU_CACHE_INV_TYPE_NR, 3);
ABI_VALUE(IOMMU_INV_GRANU_DOMAIN, 0);
ABI_VALUE(IOMMU_INV_GRANU_PASID, 1);
ABI_VALUE(IOMMU_INV_GRANU_ADDR, 2);
ABI_VALUE(IOMMU_INV_GRANU_NR, 3);
ABI_VALUE(IOMMU_INV_PASID_FLAGS_PASID, 1);
ABI_VALUE(IOMMU_INV_PASID_FLAGS_ARCHID, 2);
ABI_VALUE(IOMMU_INV_ADDR_FLAGS_PASID, 1);
ABI_VALUE(IOMMU_INV_ADDR_FLAGS_ARCHID, 2);
ABI_VALUE(IOMMU_INV_ADDR_FLAGS_LEAF, 4);

ABI_SIZE(vfio_info_cap_header, 8);
ABI_FIELD(vfio_info_cap_header, id, 0, 2);
ABI_FIELD(vfio_info_cap_header, version, 2, 2);
ABI_FIELD(vfio_info_cap_header, next, 4, 4);

ABI_SIZE(vfio_group_status, 8);
ABI_FIELD(vfio_group_status, argsz, 0, 4);
ABI_FIELD(vfio_group_status, flags, 4, 4);

ABI_SIZE(vfio_device_info, 24);
ABI_FIELD(vfio_device_info, argsz, 0, 4);
ABI_FIELD(vfio_device_info, flags, 4, 4);
ABI_FIELD(vfio_device_info, num_regions, 8, 4);
ABI_FIELD(vfio_device_info, num_irqs, 12, 4);
ABI_FIELD(vfio_device_info, cap_offset, 16, 4);
ABI_FIELD(vfio_device_info, pad, 20, 4);

ABI_SIZE(vfio_region_info, 32);
ABI_FIELD(vfio_region_info, argsz, 0, 4);
ABI_FIELD(vfio_region_info, flags, 4, 4);
ABI_FIELD(vfio_region_info, index, 8, 4);
ABI_FIELD(vfio_region_info, cap_offset, 12, 4);
ABI_FIELD(vfio_region_info, size, 16, 8);
ABI_FIELD(vfio_region_info, offset, 24, 8);
ABI_SIZE(vfio_irq_info, 16);
ABI_FIELD(vfio_irq_info, argsz, 0, 4);
ABI_FIELD(vfio_irq_info, flags, 4, 4);
ABI_FIELD(vfio_irq_info, index, 8, 4);
ABI_FIELD(vfio_irq_info, count, 12, 4);
ABI_SIZE(vfio_irq_set, 20);
ABI_FIELD(vfio_irq_set, argsz, 0, 4);
ABI_FIELD(vfio_irq_set, flags, 4, 4);
ABI_FIELD(vfio_irq_set, index, 8, 4);
ABI_FIELD(vfio_irq_set, start, 12, 4);
ABI_FIELD(vfio_irq_set, count, 16, 4);

ABI_SIZE(vfio_device_bind_iommufd, 24);
ABI_FIELD(vfio_device_bind_iommufd, argsz, 0, 4);
ABI_FIELD(vfio_device_bind_iommufd, flags, 4, 4);
ABI_FIELD(vfio_device_bind_iommufd, iommufd, 8, 4);
ABI_FIELD(vfio_device_bind_iommufd, out_devid, 12, 4);
ABI_FIELD(vfio_device_bind_iommufd, token_uuid_ptr, 16, 8);

ABI_SIZE(vfio_device_attach_iommufd_pt, 16);
ABI_FIELD(vfio_device_attach_iommufd_pt, argsz, 0, 4);
ABI_FIELD(vfio_device_attach_iommufd_pt, flags, 4, 4);
ABI_FIELD(vfio_device_attach_iommufd_pt, pt_id, 8, 4);
ABI_FIELD(vfio_device_attach_iommufd_pt, pasid, 12, 4);

ABI_SIZE(vfio_device_detach_iommufd_pt, 12);
ABI_FIELD(vfio_device_detach_iommufd_pt, argsz, 0, 4);
ABI_FIELD(vfio_device_detach_iommufd_pt, flags, 4, 4);
ABI_FIELD(vfio_device_detach_iommufd_pt, pasid, 8, 4);

ABI_SIZE(vfio_iommu_type1_info, 24);
ABI_FIELD(vfio_iommu_type1_info, argsz, 0, 4);
ABI_FIELD(vfio_iommu_type1_info, flags, 4, 4);
ABI_FIELD(vfio_iommu_type1_info, iova_pgsizes, 8, 8);
ABI_FIELD(vfio_iommu_type1_info, cap_offset, 16, 4);
ABI_FIELD(vfio_iommu_type1_info, pad, 20, 4);

ABI_SIZE(vfio_iova_range, 16);
ABI_FIELD(vfio_iova_range, start, 0, 8);
ABI_FIELD(vfio_iova_range, end, 8, 8);

ABI_SIZE(vfio_iommu_type1_info_cap_iova_range, 16);
ABI_FIELD(vfio_iommu_type1_info_cap_iova_range, header, 0, 8);
ABI_FIELD(vfio_iommu_type1_info_cap_iova_range, nr_iovas, 8, 4);
ABI_FIELD(vfio_iommu_type1_info_cap_iova_range, reserved, 12, 4);
ABI_TAIL(vfio_iommu_type1_info_cap_iova_range, iova_ranges, 16);

ABI_SIZE(vfio_iommu_type1_info_cap_migration, ABI_I386(32, 28));
ABI_FIELD(vfio_iommu_type1_info_cap_migration, header, 0, 8);
ABI_FIELD(vfio_iommu_type1_info_cap_migration, flags, 8, 4);
ABI_FIELD(vfio_iommu_type1_info_cap_migration, pgsize_bitmap, ABI_I386(16, 12), 8);
ABI_FIELD(vfio_iommu_type1_info_cap_migration, max_dirty_bitmap_size, ABI_I386(24, 20), 8);

ABI_SIZE(vfio_iommu_type1_info_dma_avail, 12);
ABI_FIELD(vfio_iommu_type1_info_dma_avail, header, 0, 8);
ABI_FIELD(vfio_iommu_type1_info_dma_avail, avail, 8, 4);

ABI_SIZE(vfio_iommu_type1_dma_map, 32);
ABI_FIELD(vfio_iommu_type1_dma_map, argsz, 0, 4);
ABI_FIELD(vfio_iommu_type1_dma_map, flags, 4, 4);
ABI_FIELD(vfio_iommu_type1_dma_map, vaddr, 8, 8);
ABI_FIELD(vfio_iommu_type1_dma_map, iova, 16, 8);
ABI_FIELD(vfio_iommu_type1_dma_map, size, 24, 8);

ABI_SIZE(vfio_iommu_type1_dma_unmap, 24);
ABI_FIELD(vfio_iommu_type1_dma_unmap, argsz, 0, 4);
ABI_FIELD(vfio_iommu_type1_dma_unmap, flags, 4, 4);
ABI_FIELD(vfio_iommu_type1_dma_unmap, iova, 8, 8);
ABI_FIELD(vfio_iommu_type1_dma_unmap, size, 16, 8);
ABI_TAIL(vfio_iommu_type1_dma_unmap, data, 24);

ABI_SIZE(iommu_nesting_info_vtd, 24);
ABI_FIELD(iommu_nesting_info_vtd, flags, 0, 4);
ABI_FIELD(iommu_nesting_info_vtd, __reserved, 4, 4);
ABI_FIELD(iommu_nesting_info_vtd, cap_reg, 8, 8);
ABI_FIELD(iommu_nesting_info_vtd, ecap_reg, 16, 8);

ABI_SIZE(iommu_nesting_info, 56);
ABI_FIELD(iommu_nesting_info, argsz, 0, 4);
ABI_FIELD(iommu_nesting_info, flags, 4, 4);
ABI_FIELD(iommu_nesting_info, format, 8, 4);
ABI_FIELD(iommu_nesting_info, features, 12, 4);
ABI_FIELD(iommu_nesting_info, addr_width, 16, 2);
ABI_FIELD(iommu_nesting_info, pasid_bits, 18, 2);
ABI_FIELD(iommu_nesting_info, padding, 20, 12);
ABI_FIELD(iommu_nesting_info, vendor, 32, 24);
ABI_FIELD(iommu_nesting_info, vendor.vtd, 32, 24);

ABI_SIZE(vfio_iommu_type1_info_cap_nesting, 64);
ABI_FIELD(vfio_iommu_type1_info_cap_nesting, header, 0, 8);
ABI_FIELD(vfio_iommu_type1_info_cap_nesting, info, 8, 56);

ABI_SIZE(vfio_iommu_type1_info_cap_pasid_quota, 16);
ABI_FIELD(vfio_iommu_type1_info_cap_pasid_quota, header, 0, 8);
ABI_FIELD(vfio_iommu_type1_info_cap_pasid_quota, quota, 8, 4);
ABI_FIELD(vfio_iommu_type1_info_cap_pasid_quota, left, 12, 4);

ABI_SIZE(vfio_iommu_type1_pasid_request, 16);
ABI_FIELD(vfio_iommu_type1_pasid_request, argsz, 0, 4);
ABI_FIELD(vfio_iommu_type1_pasid_request, flags, 4, 4);
ABI_FIELD(vfio_iommu_type1_pasid_request, range, 8, 8);
ABI_FIELD(vfio_iommu_type1_pasid_request, range.min, 8, 4);
ABI_FIELD(vfio_iommu_type1_pasid_request, range.max, 12, 4);

ABI_SIZE(vfio_iommu_type1_nesting_op, 8);
ABI_FIELD(vfio_iommu_type1_nesting_op, argsz, 0, 4);
ABI_FIELD(vfio_iommu_type1_nesting_op, flags, 4, 4);
ABI_TAIL(vfio_iommu_type1_nesting_op, data, 8);

ABI_SIZE(iommu_gpasid_bind_data_vtd, 16);
ABI_FIELD(iommu_gpasid_bind_data_vtd, flags, 0, 8);
ABI_FIELD(iommu_gpasid_bind_data_vtd, pat, 8, 4);
ABI_FIELD(iommu_gpasid_bind_data_vtd, emt, 12, 4);

ABI_SIZE(iommu_gpasid_bind_data, 72);
ABI_FIELD(iommu_gpasid_bind_data, argsz, 0, 4);
ABI_FIELD(iommu_gpasid_bind_data, version, 4, 4);
ABI_FIELD(iommu_gpasid_bind_data, format, 8, 4);
ABI_FIELD(iommu_gpasid_bind_data, addr_width, 12, 4);
ABI_FIELD(iommu_gpasid_bind_data, flags, 16, 8);
ABI_FIELD(iommu_gpasid_bind_data, gpgd, 24, 8);
ABI_FIELD(iommu_gpasid_bind_data, hpasid, 32, 8);
ABI_FIELD(iommu_gpasid_bind_data, gpasid, 40, 8);
ABI_FIELD(iommu_gpasid_bind_data, padding, 48, 8);
ABI_FIELD(iommu_gpasid_bind_data, vendor, 56, 16);
ABI_FIELD(iommu_gpasid_bind_data, vendor.vtd, 56, 16);

ABI_SIZE(iommu_inv_pasid_info, 16);
ABI_FIELD(iommu_inv_pasid_info, flags, 0, 4);
ABI_FIELD(iommu_inv_pasid_info, archid, 4, 4);
ABI_FIELD(iommu_inv_pasid_info, pasid, 8, 8);

ABI_SIZE(iommu_inv_addr_info, 40);
ABI_FIELD(iommu_inv_addr_info, flags, 0, 4);
ABI_FIELD(iommu_inv_addr_info, archid, 4, 4);
ABI_FIELD(iommu_inv_addr_info, pasid, 8, 8);
ABI_FIELD(iommu_inv_addr_info, addr, 16, 8);
ABI_FIELD(iommu_inv_addr_info, granule_size, 24, 8);
ABI_FIELD(iommu_inv_addr_info, nb_granules, 32, 8);

ABI_SIZE(iommu_cache_invalidate_info, 56);
ABI_FIELD(iommu_cache_invalidate_info, argsz, 0, 4);
ABI_FIELD(iommu_cache_invalidate_info, version, 4, 4);
ABI_FIELD(iommu_cache_invalidate_info, cache, 8, 1);
ABI_FIELD(iommu_cache_invalidate_info, granularity, 9, 1);
ABI_FIELD(iommu_cache_invalidate_info, padding, 10, 6);
ABI_FIELD(iommu_cache_invalidate_info, granu, 16, 40);
ABI_FIELD(iommu_cache_invalidate_info, granu.pasid_info, 16, 16);
ABI_FIELD(iommu_cache_invalidate_info, granu.addr_info, 16, 40);
