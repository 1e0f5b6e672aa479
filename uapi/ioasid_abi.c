/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The binary interface of ioasid.h. VFIO's and KVM's numbers are those of the RFC of 27 May 2021;
 * all others are our choice, once made.
 */
#include "abi.h"
#include "ioasid.h"

ABI_VALUE(IOASID_TYPE, 0x69);
ABI_VALUE(IOASID_BASE, 100);
ABI_VALUE(IOASID_CHECK_EXTENSION, 0x6964);
ABI_VALUE(IOASID_REGISTER_MEMORY, 0x6965);
ABI_VALUE(IOASID_UNREGISTER_MEMORY, 0x6966);
ABI_VALUE(IOASID_ALLOC, 0x6967);
ABI_VALUE(IOASID_FREE, 0x6968);
ABI_VALUE(IOASID_GET_INFO, 0x6969);
ABI_VALUE(IOASID_MAP_DMA, 0x696a);
ABI_VALUE(IOASID_UNMAP_DMA, 0x696b);
ABI_VALUE(IOASID_CREATE_NESTING, 0x696c);
ABI_VALUE(IOASID_BIND_PGTABLE, 0x696d);
ABI_VALUE(IOASID_UNBIND_PGTABLE, 0x696e);
ABI_VALUE(IOASID_BIND_PASID_TABLE, 0x696f);
ABI_VALUE(IOASID_UNBIND_PASID_TABLE, 0x6970);
ABI_VALUE(IOASID_INVALIDATE_CACHE, 0x6971);
ABI_VALUE(IOASID_ALLOC_FAULT_FD, 0x6972);
ABI_VALUE(IOASID_PAGE_RESPONSE, 0x6973);
ABI_VALUE(VFIO_BIND_IOASID_FD, 0x3b7a);
ABI_VALUE(VFIO_UNBIND_IOASID_FD, 0x3b7b);
ABI_VALUE(VFIO_ATTACH_IOASID, 0x3b7c);
ABI_VALUE(VFIO_DETACH_IOASID, 0x3b7d);
ABI_VALUE(KVM_MAP_PASID, 0xaef0);
ABI_VALUE(KVM_UNMAP_PASID, 0xaef1);

ABI_VALUE(IOASID_EXT_REGISTER_MEMORY, 1);
ABI_VALUE(IOASID_EXT_NESTING_SW, 2);
ABI_VALUE(IOASID_EXT_NESTING_HW, 3);
ABI_VALUE(IOASID_EXT_BIND_PGTABLE, 4);
ABI_VALUE(IOASID_EXT_BIND_PASID_TABLE, 5);
ABI_VALUE(IOASID_EXT_USER_PASID, 6);
ABI_VALUE(IOASID_EXT_PAGE_FAULT, 7);
ABI_VALUE(IOASID_CAP_MAP_DMA, 1);
ABI_VALUE(IOASID_CAP_BIND_PGTABLE, 2);
ABI_VALUE(IOASID_CAP_BIND_PASID_TABLE, 4);
ABI_VALUE(IOASID_CAP_NESTING_HW, 8);
ABI_VALUE(IOASID_CAP_NESTING_SW, 16);
ABI_VALUE(IOASID_CAP_PAGE_FAULT, 32);
ABI_VALUE(IOASID_PGTABLE_NONE, 0);
ABI_VALUE(IOASID_PGTABLE_VTD_S1, 1);
ABI_VALUE(IOASID_PGTABLE_ARM_S1, 2);
ABI_VALUE(IOASID_PASID_TABLE_NONE, 0);
ABI_VALUE(IOASID_PASID_TABLE_ARM_SMMUV3, 1);
ABI_VALUE(IOASID_MAP_READ, 1);
ABI_VALUE(IOASID_MAP_WRITE, 2);
ABI_VALUE(IOASID_VTD_S1_SRE, 1);
ABI_VALUE(IOASID_VTD_S1_EAFE, 2);
ABI_VALUE(IOASID_VTD_S1_WPE, 4);
ABI_VALUE(IOASID_DEFAULT_TERMINATE, 0);
ABI_VALUE(IOASID_DEFAULT_BYPASS, 1);
ABI_VALUE(IOASID_DEFAULT_SSID0, 2);
ABI_VALUE(IOASID_INV_ALL, 0);
ABI_VALUE(IOASID_INV_RANGE, 1);
ABI_VALUE(IOASID_FAULT_LAST, 1);
ABI_VALUE(IOASID_FAULT_PASID, 2);
ABI_VALUE(IOASID_FAULT_PERM_READ, 1);
ABI_VALUE(IOASID_FAULT_PERM_WRITE, 2);
ABI_VALUE(IOASID_FAULT_PERM_EXEC, 4);
ABI_VALUE(IOASID_FAULT_PERM_PRIV, 8);
ABI_VALUE(IOASID_RESPONSE_SUCCESS, 0);
ABI_VALUE(IOASID_RESPONSE_INVALID, 1);
ABI_VALUE(IOASID_ATTACH_USER_PASID, 1);
ABI_VALUE(VFIO_DEVICE_INFO_CAP_PASID, 0x100);
ABI_VALUE(VFIO_DEVICE_PASID_DELEGATED, 1);
ABI_VALUE(VFIO_DEVICE_PASID_CPU, 2);
ABI_VALUE(VFIO_DEVICE_PASID_CPU_VIRT, 4);

ABI_SIZE(ioasid_memory, 24);
ABI_FIELD(ioasid_memory, argsz, 0, 4);
ABI_FIELD(ioasid_memory, flags, 4, 4);
ABI_FIELD(ioasid_memory, vaddr, 8, 8);
ABI_FIELD(ioasid_memory, size, 16, 8);

ABI_SIZE(ioasid_iova_range, 16);
ABI_FIELD(ioasid_iova_range, start, 0, 8);
ABI_FIELD(ioasid_iova_range, last, 8, 8);

ABI_SIZE(ioasid_info, 56);
ABI_FIELD(ioasid_info, argsz, 0, 4);
ABI_FIELD(ioasid_info, flags, 4, 4);
ABI_FIELD(ioasid_info, ioasid, 8, 4);
ABI_FIELD(ioasid_info, out_capabilities, 12, 4);
ABI_FIELD(ioasid_info, out_pgsizes, 16, 8);
ABI_FIELD(ioasid_info, reserved_iovas, 24, 8);
ABI_FIELD(ioasid_info, num_reserved, 32, 4);
ABI_FIELD(ioasid_info, out_children, 36, 4);
ABI_FIELD(ioasid_info, out_pgtable_format, 40, 4);
ABI_FIELD(ioasid_info, out_pasid_table_format, 44, 4);
ABI_FIELD(ioasid_info, out_addr_width, 48, 4);
ABI_FIELD(ioasid_info, out_pasid_bits, 52, 4);

ABI_SIZE(ioasid_dma_map, 40);
ABI_FIELD(ioasid_dma_map, argsz, 0, 4);
ABI_FIELD(ioasid_dma_map, flags, 4, 4);
ABI_FIELD(ioasid_dma_map, ioasid, 8, 4);
ABI_FIELD(ioasid_dma_map, __reserved, 12, 4);
ABI_FIELD(ioasid_dma_map, vaddr, 16, 8);
ABI_FIELD(ioasid_dma_map, iova, 24, 8);
ABI_FIELD(ioasid_dma_map, size, 32, 8);

ABI_SIZE(ioasid_dma_unmap, 32);
ABI_FIELD(ioasid_dma_unmap, argsz, 0, 4);
ABI_FIELD(ioasid_dma_unmap, flags, 4, 4);
ABI_FIELD(ioasid_dma_unmap, ioasid, 8, 4);
ABI_FIELD(ioasid_dma_unmap, __reserved, 12, 4);
ABI_FIELD(ioasid_dma_unmap, iova, 16, 8);
ABI_FIELD(ioasid_dma_unmap, size, 24, 8);

ABI_SIZE(ioasid_bind_pgtable, 32);
ABI_FIELD(ioasid_bind_pgtable, argsz, 0, 4);
ABI_FIELD(ioasid_bind_pgtable, flags, 4, 4);
ABI_FIELD(ioasid_bind_pgtable, ioasid, 8, 4);
ABI_FIELD(ioasid_bind_pgtable, format, 12, 4);
ABI_FIELD(ioasid_bind_pgtable, addr, 16, 8);
ABI_FIELD(ioasid_bind_pgtable, addr_width, 24, 4);
ABI_FIELD(ioasid_bind_pgtable, vtd_flags, 28, 4);
ABI_FIELD(ioasid_bind_pgtable, asid, 28, 4);

ABI_SIZE(ioasid_bind_pasid_table, 32);
ABI_FIELD(ioasid_bind_pasid_table, argsz, 0, 4);
ABI_FIELD(ioasid_bind_pasid_table, flags, 4, 4);
ABI_FIELD(ioasid_bind_pasid_table, ioasid, 8, 4);
ABI_FIELD(ioasid_bind_pasid_table, format, 12, 4);
ABI_FIELD(ioasid_bind_pasid_table, addr, 16, 8);
ABI_FIELD(ioasid_bind_pasid_table, pasid_bits, 24, 4);
ABI_FIELD(ioasid_bind_pasid_table, default_mode, 28, 4);

ABI_SIZE(ioasid_invalidate, 32);
ABI_FIELD(ioasid_invalidate, argsz, 0, 4);
ABI_FIELD(ioasid_invalidate, flags, 4, 4);
ABI_FIELD(ioasid_invalidate, ioasid, 8, 4);
ABI_FIELD(ioasid_invalidate, granularity, 12, 4);
ABI_FIELD(ioasid_invalidate, addr, 16, 8);
ABI_FIELD(ioasid_invalidate, size, 24, 8);

ABI_SIZE(ioasid_page_fault, 32);
ABI_FIELD(ioasid_page_fault, flags, 0, 4);
ABI_FIELD(ioasid_page_fault, ioasid, 4, 4);
ABI_FIELD(ioasid_page_fault, pasid, 8, 4);
ABI_FIELD(ioasid_page_fault, perm, 12, 4);
ABI_FIELD(ioasid_page_fault, cookie, 16, 4);
ABI_FIELD(ioasid_page_fault, __reserved, 20, 4);
ABI_FIELD(ioasid_page_fault, addr, 24, 8);

ABI_SIZE(ioasid_page_response, 24);
ABI_FIELD(ioasid_page_response, argsz, 0, 4);
ABI_FIELD(ioasid_page_response, flags, 4, 4);
ABI_FIELD(ioasid_page_response, ioasid, 8, 4);
ABI_FIELD(ioasid_page_response, cookie, 12, 4);
ABI_FIELD(ioasid_page_response, code, 16, 4);
ABI_FIELD(ioasid_page_response, __reserved, 20, 4);

ABI_SIZE(vfio_device_attach_ioasid, 16);
ABI_FIELD(vfio_device_attach_ioasid, argsz, 0, 4);
ABI_FIELD(vfio_device_attach_ioasid, flag, 4, 4);
ABI_FIELD(vfio_device_attach_ioasid, ioasid, 8, 4);
ABI_FIELD(vfio_device_attach_ioasid, user_pasid, 12, 4);

ABI_SIZE(vfio_device_info_cap_pasid, 16);
ABI_FIELD(vfio_device_info_cap_pasid, header, 0, 8);
ABI_FIELD(vfio_device_info_cap_pasid, flags, 8, 4);
ABI_FIELD(vfio_device_info_cap_pasid, pasid_bits, 12, 4);

ABI_SIZE(kvm_pasid_map, 24);
ABI_FIELD(kvm_pasid_map, argsz, 0, 4);
ABI_FIELD(kvm_pasid_map, flags, 4, 4);
ABI_FIELD(kvm_pasid_map, user_pasid, 8, 4);
ABI_FIELD(kvm_pasid_map, ioasid_fd, 12, 4);
ABI_FIELD(kvm_pasid_map, ioasid, 16, 4);
ABI_FIELD(kvm_pasid_map, __reserved, 20, 4);
