/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The constants and structs of iommufd.h as tables, for names_tables.c only. Least sizes are those
 * of the kernel's own dispatch table. "since" of a flag is the first release that accepts it.
 */
#ifndef IOMMU_CTS_UAPI_NAMES_IOMMUFD_H
#define IOMMU_CTS_UAPI_NAMES_IOMMUFD_H

#include "iommufd.h"
#include "names_table.h"

SET_BITS(iommufd_ioas_map_flags,
	 V(IOMMU_IOAS_MAP_FIXED_IOVA, "6.2"), V(IOMMU_IOAS_MAP_WRITEABLE, "6.2"),
	 V(IOMMU_IOAS_MAP_READABLE, "6.2"));
SET_ONE(iommufd_option,
	V(IOMMU_OPTION_RLIMIT_MODE, "6.2"), V(IOMMU_OPTION_HUGE_PAGES, "6.2"));
SET_ONE(iommufd_option_ops,
	V(IOMMU_OPTION_OP_SET, "6.2"), V(IOMMU_OPTION_OP_GET, "6.2"));
SET_ONE(iommufd_vfio_ioas_op,
	V(IOMMU_VFIO_IOAS_GET, "6.2"), V(IOMMU_VFIO_IOAS_SET, "6.2"),
	V(IOMMU_VFIO_IOAS_CLEAR, "6.2"));
SET_BITS(iommufd_hwpt_alloc_flags,
	 V(IOMMU_HWPT_ALLOC_NEST_PARENT, "6.7"), V(IOMMU_HWPT_ALLOC_DIRTY_TRACKING, "6.7"),
	 V(IOMMU_HWPT_FAULT_ID_VALID, "6.11"), V(IOMMU_HWPT_ALLOC_PASID, "6.15"));
SET_BITS(iommu_hwpt_vtd_s1_flags,
	 V(IOMMU_VTD_S1_SRE, "6.7"), V(IOMMU_VTD_S1_EAFE, "6.7"), V(IOMMU_VTD_S1_WPE, "6.7"));
SET_ONE(iommu_hwpt_data_type,
	V(IOMMU_HWPT_DATA_NONE, "6.7"), V(IOMMU_HWPT_DATA_VTD_S1, "6.7"),
	V(IOMMU_HWPT_DATA_ARM_SMMUV3, "6.13"), V(IOMMU_HWPT_DATA_AMD_GUEST, "7.0"));
SET_BITS(iommufd_hwpt_set_dirty_tracking_flags, V(IOMMU_HWPT_DIRTY_TRACKING_ENABLE, "6.7"));
SET_BITS(iommufd_hwpt_get_dirty_bitmap_flags, V(IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, "6.7"));
SET_ONE(iommu_hwpt_invalidate_data_type,
	V(IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, "6.8"),
	V(IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3, "6.13"));
SET_BITS(iommu_hwpt_vtd_s1_invalidate_flags, V(IOMMU_VTD_INV_FLAGS_LEAF, "6.8"));
SET_BITS(iommu_hw_info_vtd_flags, V(IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17, "6.7"));
SET_ONE(iommu_hw_info_type,
	V(IOMMU_HW_INFO_TYPE_NONE, "6.6"), V(IOMMU_HW_INFO_TYPE_DEFAULT, "6.17"),
	V(IOMMU_HW_INFO_TYPE_INTEL_VTD, "6.6"), V(IOMMU_HW_INFO_TYPE_ARM_SMMUV3, "6.13"),
	V(IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV, "6.17"), V(IOMMU_HW_INFO_TYPE_AMD, "7.0"));
SET_BITS(iommufd_hw_capabilities,
	 V(IOMMU_HW_CAP_DIRTY_TRACKING, "6.7"), V(IOMMU_HW_CAP_PCI_PASID_EXEC, "6.15"),
	 V(IOMMU_HW_CAP_PCI_PASID_PRIV, "6.15"), V(IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED, "7.1"));
SET_BITS(iommufd_hw_info_flags, V(IOMMU_HW_INFO_FLAG_INPUT_TYPE, "6.17"));
SET_BITS(iommu_hwpt_pgfault_flags,
	 V(IOMMU_PGFAULT_FLAGS_PASID_VALID, "6.11"), V(IOMMU_PGFAULT_FLAGS_LAST_PAGE, "6.11"));
SET_BITS(iommu_hwpt_pgfault_perm,
	 V(IOMMU_PGFAULT_PERM_READ, "6.11"), V(IOMMU_PGFAULT_PERM_WRITE, "6.11"),
	 V(IOMMU_PGFAULT_PERM_EXEC, "6.11"), V(IOMMU_PGFAULT_PERM_PRIV, "6.11"));
SET_ONE(iommufd_page_response_code,
	V(IOMMUFD_PAGE_RESP_SUCCESS, "6.11"), V(IOMMUFD_PAGE_RESP_INVALID, "6.11"));
SET_ONE(iommu_viommu_type,
	V(IOMMU_VIOMMU_TYPE_DEFAULT, "6.13"), V(IOMMU_VIOMMU_TYPE_ARM_SMMUV3, "6.13"),
	V(IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV, "6.17"));
SET_BITS(iommu_veventq_flag, V(IOMMU_VEVENTQ_FLAG_LOST_EVENTS, "6.15"));
SET_ONE(iommu_veventq_type,
	V(IOMMU_VEVENTQ_TYPE_DEFAULT, "6.15"), V(IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, "6.15"),
	V(IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV, "6.17"));
SET_ONE(iommu_hw_queue_type,
	V(IOMMU_HW_QUEUE_TYPE_DEFAULT, "6.17"), V(IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV, "6.17"));

STRUCT(iommu_destroy, "6.2", id, F_SIZE(iommu_destroy, size));
STRUCT(iommu_ioas_alloc, "6.2", out_ioas_id,
       F_SIZE(iommu_ioas_alloc, size), F_NOBITS(iommu_ioas_alloc, flags));
STRUCT(iommu_ioas_allow_iovas, "6.2", allowed_iovas,
       F_SIZE(iommu_ioas_allow_iovas, size), F_ZERO(iommu_ioas_allow_iovas, __reserved));
STRUCT(iommu_ioas_copy, "6.2", src_iova,
       F_SIZE(iommu_ioas_copy, size), F_BITS(iommu_ioas_copy, flags, iommufd_ioas_map_flags));
STRUCT(iommu_ioas_iova_ranges, "6.2", out_iova_alignment,
       F_SIZE(iommu_ioas_iova_ranges, size), F_ZERO(iommu_ioas_iova_ranges, __reserved));
STRUCT(iommu_ioas_map, "6.2", iova,
       F_SIZE(iommu_ioas_map, size), F_BITS(iommu_ioas_map, flags, iommufd_ioas_map_flags),
       F_ZERO(iommu_ioas_map, __reserved));
STRUCT(iommu_ioas_unmap, "6.2", length, F_SIZE(iommu_ioas_unmap, size));
STRUCT(iommu_option, "6.2", val64,
       F_SIZE(iommu_option, size), F_ONE(iommu_option, option_id, iommufd_option),
       F_ONE(iommu_option, op, iommufd_option_ops), F_ZERO(iommu_option, __reserved));
STRUCT(iommu_vfio_ioas, "6.2", __reserved,
       F_SIZE(iommu_vfio_ioas, size), F_ONE(iommu_vfio_ioas, op, iommufd_vfio_ioas_op),
       F_ZERO(iommu_vfio_ioas, __reserved));
STRUCT(iommu_hwpt_alloc, "6.6", __reserved,
       F_SIZE(iommu_hwpt_alloc, size), F_BITS(iommu_hwpt_alloc, flags, iommufd_hwpt_alloc_flags),
       F_ZERO(iommu_hwpt_alloc, __reserved),
       FIELD(iommu_hwpt_alloc, data_type, UAPI_ROLE_SELECT, &set_iommu_hwpt_data_type, "6.7"),
       FIELD(iommu_hwpt_alloc, __reserved2, UAPI_ROLE_UNCHECKED, NULL, "6.11"));
STRUCT(iommu_hw_info, "6.6", __reserved,
       F_SIZE(iommu_hw_info, size), F_BITS(iommu_hw_info, flags, iommufd_hw_info_flags),
       F_ONE(iommu_hw_info, out_data_type, iommu_hw_info_type),
       F_ZERO(iommu_hw_info, __reserved),
       FIELD(iommu_hw_info, out_capabilities, UAPI_ROLE_FLAGS, &set_iommufd_hw_capabilities,
	     "6.7"));
STRUCT(iommu_hwpt_set_dirty_tracking, "6.7", __reserved,
       F_SIZE(iommu_hwpt_set_dirty_tracking, size),
       F_BITS(iommu_hwpt_set_dirty_tracking, flags, iommufd_hwpt_set_dirty_tracking_flags),
       FIELD(iommu_hwpt_set_dirty_tracking, __reserved, UAPI_ROLE_UNCHECKED, NULL, NULL));
STRUCT(iommu_hwpt_get_dirty_bitmap, "6.7", data,
       F_SIZE(iommu_hwpt_get_dirty_bitmap, size),
       F_BITS(iommu_hwpt_get_dirty_bitmap, flags, iommufd_hwpt_get_dirty_bitmap_flags),
       F_ZERO(iommu_hwpt_get_dirty_bitmap, __reserved));
STRUCT(iommu_hwpt_invalidate, "6.8", __reserved,
       F_SIZE(iommu_hwpt_invalidate, size),
       F_ONE(iommu_hwpt_invalidate, data_type, iommu_hwpt_invalidate_data_type),
       F_ZERO(iommu_hwpt_invalidate, __reserved));
STRUCT(iommu_fault_alloc, "6.11", out_fault_fd,
       F_SIZE(iommu_fault_alloc, size), F_NOBITS(iommu_fault_alloc, flags));
STRUCT(iommu_ioas_map_file, "6.13", iova,
       F_SIZE(iommu_ioas_map_file, size),
       F_BITS(iommu_ioas_map_file, flags, iommufd_ioas_map_flags));
STRUCT(iommu_viommu_alloc, "6.13", out_viommu_id,
       F_SIZE(iommu_viommu_alloc, size), F_NOBITS(iommu_viommu_alloc, flags),
       F_ONE(iommu_viommu_alloc, type, iommu_viommu_type),
       FIELD(iommu_viommu_alloc, __reserved, UAPI_ROLE_UNCHECKED, NULL, "6.17"));
STRUCT(iommu_vdevice_alloc, "6.13", virt_id, F_SIZE(iommu_vdevice_alloc, size));
STRUCT(iommu_ioas_change_process, "6.13", __reserved,
       F_SIZE(iommu_ioas_change_process, size), F_ZERO(iommu_ioas_change_process, __reserved));
STRUCT(iommu_veventq_alloc, "6.15", out_veventq_fd,
       F_SIZE(iommu_veventq_alloc, size), F_NOBITS(iommu_veventq_alloc, flags),
       F_ONE(iommu_veventq_alloc, type, iommu_veventq_type),
       F_ZERO(iommu_veventq_alloc, __reserved));
STRUCT(iommu_hw_queue_alloc, "6.17", length,
       F_SIZE(iommu_hw_queue_alloc, size), F_NOBITS(iommu_hw_queue_alloc, flags),
       F_ONE(iommu_hw_queue_alloc, type, iommu_hw_queue_type));

STRUCT(iommu_hwpt_vtd_s1, "6.7", __reserved,
       F_BITS(iommu_hwpt_vtd_s1, flags, iommu_hwpt_vtd_s1_flags),
       FIELD(iommu_hwpt_vtd_s1, __reserved, UAPI_ROLE_UNCHECKED, NULL, NULL));
STRUCT_PLAIN(iommu_hwpt_arm_smmuv3, "6.13");
STRUCT_PLAIN(iommu_hwpt_amd_guest, "7.0");
STRUCT(iommu_hwpt_vtd_s1_invalidate, "6.8", __reserved,
       F_BITS(iommu_hwpt_vtd_s1_invalidate, flags, iommu_hwpt_vtd_s1_invalidate_flags),
       F_ZERO(iommu_hwpt_vtd_s1_invalidate, __reserved));
STRUCT_PLAIN(iommu_viommu_arm_smmuv3_invalidate, "6.13");
STRUCT(iommu_hw_info_vtd, "6.6", ecap_reg,
       F_BITS(iommu_hw_info_vtd, flags, iommu_hw_info_vtd_flags),
       F_ZERO(iommu_hw_info_vtd, __reserved));
STRUCT(iommu_hw_info_arm_smmuv3, "6.13", aidr,
       F_NOBITS(iommu_hw_info_arm_smmuv3, flags), F_ZERO(iommu_hw_info_arm_smmuv3, __reserved));
STRUCT(iommu_hw_info_tegra241_cmdqv, "6.17", __reserved,
       F_NOBITS(iommu_hw_info_tegra241_cmdqv, flags),
       F_ZERO(iommu_hw_info_tegra241_cmdqv, __reserved));
STRUCT_PLAIN(iommu_hw_info_amd, "7.0");
STRUCT_PLAIN(iommu_viommu_tegra241_cmdqv, "6.17");
STRUCT(iommu_hwpt_pgfault, "6.11", cookie,
       F_BITS(iommu_hwpt_pgfault, flags, iommu_hwpt_pgfault_flags),
       F_BITS(iommu_hwpt_pgfault, perm, iommu_hwpt_pgfault_perm),
       F_ZERO(iommu_hwpt_pgfault, __reserved));
STRUCT(iommu_hwpt_page_response, "6.11", code,
       F_ONE(iommu_hwpt_page_response, code, iommufd_page_response_code));
STRUCT(iommufd_vevent_header, "6.15", sequence,
       F_BITS(iommufd_vevent_header, flags, iommu_veventq_flag));
STRUCT_PLAIN(iommu_vevent_arm_smmuv3, "6.15");
STRUCT_PLAIN(iommu_vevent_tegra241_cmdqv, "6.17");

#endif /* IOMMU_CTS_UAPI_NAMES_IOMMUFD_H */
