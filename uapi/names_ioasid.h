/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The constants and structs of ioasid.h as tables, for names_tables.c only.
 */
#ifndef IOMMU_CTS_UAPI_NAMES_IOASID_H
#define IOMMU_CTS_UAPI_NAMES_IOASID_H

#include "ioasid.h"
#include "names_table.h"

#define RFC "ioasid-rfc"

SET_ONE(ioasid_extension,
	V(IOASID_EXT_REGISTER_MEMORY, RFC), V(IOASID_EXT_NESTING_SW, RFC),
	V(IOASID_EXT_NESTING_HW, RFC), V(IOASID_EXT_BIND_PGTABLE, RFC),
	V(IOASID_EXT_BIND_PASID_TABLE, RFC), V(IOASID_EXT_USER_PASID, RFC),
	V(IOASID_EXT_PAGE_FAULT, RFC));
SET_BITS(ioasid_capability,
	 V(IOASID_CAP_MAP_DMA, RFC), V(IOASID_CAP_BIND_PGTABLE, RFC),
	 V(IOASID_CAP_BIND_PASID_TABLE, RFC), V(IOASID_CAP_NESTING_HW, RFC),
	 V(IOASID_CAP_NESTING_SW, RFC), V(IOASID_CAP_PAGE_FAULT, RFC));
SET_ONE(ioasid_pgtable_format,
	V(IOASID_PGTABLE_NONE, RFC), V(IOASID_PGTABLE_VTD_S1, RFC), V(IOASID_PGTABLE_ARM_S1, RFC));
SET_ONE(ioasid_pasid_table_format,
	V(IOASID_PASID_TABLE_NONE, RFC), V(IOASID_PASID_TABLE_ARM_SMMUV3, RFC));
SET_BITS(ioasid_map_flags, V(IOASID_MAP_READ, RFC), V(IOASID_MAP_WRITE, RFC));
SET_BITS(ioasid_vtd_s1_flags,
	 V(IOASID_VTD_S1_SRE, RFC), V(IOASID_VTD_S1_EAFE, RFC), V(IOASID_VTD_S1_WPE, RFC));
SET_ONE(ioasid_default_mode,
	V(IOASID_DEFAULT_TERMINATE, RFC), V(IOASID_DEFAULT_BYPASS, RFC),
	V(IOASID_DEFAULT_SSID0, RFC));
SET_ONE(ioasid_inv_granularity, V(IOASID_INV_ALL, RFC), V(IOASID_INV_RANGE, RFC));
SET_BITS(ioasid_fault_flags, V(IOASID_FAULT_LAST, RFC), V(IOASID_FAULT_PASID, RFC));
SET_BITS(ioasid_fault_perm,
	 V(IOASID_FAULT_PERM_READ, RFC), V(IOASID_FAULT_PERM_WRITE, RFC),
	 V(IOASID_FAULT_PERM_EXEC, RFC), V(IOASID_FAULT_PERM_PRIV, RFC));
SET_ONE(ioasid_response_code, V(IOASID_RESPONSE_SUCCESS, RFC), V(IOASID_RESPONSE_INVALID, RFC));
SET_BITS(ioasid_attach_flags, V(IOASID_ATTACH_USER_PASID, RFC));
SET_BITS(vfio_device_pasid_flags,
	 V(VFIO_DEVICE_PASID_DELEGATED, RFC), V(VFIO_DEVICE_PASID_CPU, RFC),
	 V(VFIO_DEVICE_PASID_CPU_VIRT, RFC));

STRUCT(ioasid_memory, RFC, size, F_SIZE(ioasid_memory, argsz), F_NOBITS(ioasid_memory, flags));
STRUCT(ioasid_info, RFC, out_pasid_bits,
       F_SIZE(ioasid_info, argsz), F_NOBITS(ioasid_info, flags),
       F_BITS(ioasid_info, out_capabilities, ioasid_capability),
       F_ONE(ioasid_info, out_pgtable_format, ioasid_pgtable_format),
       F_ONE(ioasid_info, out_pasid_table_format, ioasid_pasid_table_format));
STRUCT(ioasid_dma_map, RFC, size,
       F_SIZE(ioasid_dma_map, argsz), F_BITS(ioasid_dma_map, flags, ioasid_map_flags),
       F_ZERO(ioasid_dma_map, __reserved));
STRUCT(ioasid_dma_unmap, RFC, size,
       F_SIZE(ioasid_dma_unmap, argsz), F_NOBITS(ioasid_dma_unmap, flags),
       F_ZERO(ioasid_dma_unmap, __reserved));
/* vtd_flags is the ASID in Arm's format. */
STRUCT(ioasid_bind_pgtable, RFC, vtd_flags,
       F_SIZE(ioasid_bind_pgtable, argsz), F_NOBITS(ioasid_bind_pgtable, flags),
       F_ONE(ioasid_bind_pgtable, format, ioasid_pgtable_format),
       F_BITS(ioasid_bind_pgtable, vtd_flags, ioasid_vtd_s1_flags));
STRUCT(ioasid_bind_pasid_table, RFC, default_mode,
       F_SIZE(ioasid_bind_pasid_table, argsz), F_NOBITS(ioasid_bind_pasid_table, flags),
       F_ONE(ioasid_bind_pasid_table, format, ioasid_pasid_table_format),
       F_ONE(ioasid_bind_pasid_table, default_mode, ioasid_default_mode));
STRUCT(ioasid_invalidate, RFC, size,
       F_SIZE(ioasid_invalidate, argsz), F_NOBITS(ioasid_invalidate, flags),
       F_ONE(ioasid_invalidate, granularity, ioasid_inv_granularity));
STRUCT(ioasid_page_response, RFC, __reserved,
       F_SIZE(ioasid_page_response, argsz), F_NOBITS(ioasid_page_response, flags),
       F_ONE(ioasid_page_response, code, ioasid_response_code),
       F_ZERO(ioasid_page_response, __reserved));
STRUCT(vfio_device_attach_ioasid, RFC, ioasid,
       F_SIZE(vfio_device_attach_ioasid, argsz),
       F_BITS(vfio_device_attach_ioasid, flag, ioasid_attach_flags));
STRUCT(kvm_pasid_map, RFC, __reserved,
       F_SIZE(kvm_pasid_map, argsz), F_NOBITS(kvm_pasid_map, flags),
       F_ZERO(kvm_pasid_map, __reserved));

STRUCT(ioasid_page_fault, RFC, addr,
       F_BITS(ioasid_page_fault, flags, ioasid_fault_flags),
       F_BITS(ioasid_page_fault, perm, ioasid_fault_perm),
       F_ZERO(ioasid_page_fault, __reserved));
STRUCT(vfio_device_info_cap_pasid, RFC, pasid_bits,
       F_BITS(vfio_device_info_cap_pasid, flags, vfio_device_pasid_flags));

#endif /* IOMMU_CTS_UAPI_NAMES_IOASID_H */
