/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tables themselves: which ioctls, data and sets there are. Errors of mainline calls are from
 * the headers' text and, where that says less, from drivers/iommu/iommufd and drivers/vfio of Linux
 * 7.2; those of the nesting series from its patches and their base, as posted and as reviewed.
 */
#include <errno.h>

#include "names_ioasid.h"
#include "names_iommufd.h"
#include "names_vfio.h"

/* The kernel's own number, which the series' base lets through for a device that is not PCI. */
#define KERNEL_ENOTSUPP 524

#define MAIN UAPI_FD_IOMMUFD
#define CONTAINER UAPI_FD_VFIO_CONTAINER
#define TYPE1 (UAPI_FD_VFIO_CONTAINER | UAPI_FD_IOMMUFD)	/* iommufd/vfio_compat.c */
#define GROUP UAPI_FD_VFIO_GROUP
#define DEVICE UAPI_FD_VFIO_DEVICE
#define IOASID UAPI_FD_IOASID
#define KVM UAPI_FD_KVM

#define ERRNOS(...) ((const int []){ __VA_ARGS__, 0 })
#define NO_ERRNOS ((const int []){ 0 })

#define IOCTL(number, fds, uapi, type, since, ...) \
	{ number, fds, uapi, #number, since, &struct_##type, NULL, ERRNOS(__VA_ARGS__) }
#define IOCTL_VALUE(number, fds, uapi, set, since, errnos) \
	{ number, fds, uapi, #number, since, NULL, set, errnos }
/* A bad pointer, a short struct, or non-zero bytes beyond the known: every iommufd command. */
#define IOMMUFD(number, type, since, ...) \
	{ number, MAIN, "iommufd", #number, since, &struct_##type, NULL, \
	  ERRNOS(EFAULT, EINVAL, E2BIG, __VA_ARGS__) }

/* What every command on an IOASID refuses, and those with a struct. */
#define SPACE_ERRNOS ENOENT, ENODEV, EDEADLK
#define IOASID_CMD(number, type, ...) \
	{ number, IOASID, "ioasid", #number, RFC, &struct_##type, NULL, \
	  ERRNOS(EFAULT, EINVAL, E2BIG, EOPNOTSUPP, __VA_ARGS__) }
#define IOASID_VALUE(number, fds, set, ...) \
	{ number, fds, "ioasid", #number, RFC, NULL, set, ERRNOS(__VA_ARGS__) }

static const struct uapi_ioctl ioctls[] = {
	IOMMUFD(IOMMU_DESTROY, iommu_destroy, "6.2", ENOENT, EBUSY),
	IOMMUFD(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, "6.2", EOPNOTSUPP, ENOMEM),
	IOMMUFD(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, "6.2",
		EOPNOTSUPP, ENOENT, EADDRINUSE, ENOMEM),
	/* EPERM: the source cannot be written (io_pagetable.c: iopt_insert_area()). */
	IOMMUFD(IOMMU_IOAS_COPY, iommu_ioas_copy, "6.2",
		EOPNOTSUPP, ENOENT, EPERM, EOVERFLOW, EEXIST, ENOSPC, ENOMEM),
	IOMMUFD(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, "6.2",
		EOPNOTSUPP, ENOENT, EMSGSIZE),
	IOMMUFD(IOMMU_IOAS_MAP, iommu_ioas_map, "6.2",
		EOPNOTSUPP, ENOENT, EOVERFLOW, EEXIST, ENOSPC, ENOMEM),
	IOMMUFD(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, "6.2", ENOENT, EOVERFLOW, EBUSY, EDEADLK),
	/* EADDRINUSE: what is mapped forbids it (io_pagetable.c: iopt_disable_large_pages()). */
	IOMMUFD(IOMMU_OPTION, iommu_option, "6.2",
		EOPNOTSUPP, ENOENT, EPERM, EBUSY, EADDRINUSE, ENOMEM),
	IOMMUFD(IOMMU_VFIO_IOAS, iommu_vfio_ioas, "6.2", EOPNOTSUPP, ENOENT, ENODEV),
	IOMMUFD(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, "6.6",
		EOPNOTSUPP, ENOENT, EIO, EADDRINUSE, ENOMEM),
	IOMMUFD(IOMMU_GET_HW_INFO, iommu_hw_info, "6.6", EOPNOTSUPP, ENOENT),
	IOMMUFD(IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, "6.7",
		EOPNOTSUPP, ENOENT),
	IOMMUFD(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, "6.7",
		EOPNOTSUPP, ENOENT, EOVERFLOW, ENOMEM),
	IOMMUFD(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, "6.8",
		EOPNOTSUPP, ENOENT, EIO, ENOMEM),
	IOMMUFD(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, "6.11", EOPNOTSUPP, EMFILE, ENOMEM),
	IOMMUFD(IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, "6.13",
		EOPNOTSUPP, ENOENT, EBADF, ENODEV, EOVERFLOW, EEXIST, ENOSPC, ENOMEM),
	IOMMUFD(IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, "6.13", EOPNOTSUPP, ENOENT, ENOMEM),
	IOMMUFD(IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, "6.13",
		EOPNOTSUPP, ENOENT, EEXIST, EBUSY, ENOMEM),
	IOMMUFD(IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, "6.13",
		EOPNOTSUPP, EBUSY, ENOMEM),
	IOMMUFD(IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, "6.15",
		EOPNOTSUPP, ENOENT, EEXIST, EMFILE, ENOMEM),
	/* EPERM: its memory may not be pinned as it has to be (iommufd_access_pin_pages()). */
	IOMMUFD(IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, "6.17",
		EOPNOTSUPP, ENOENT, EOVERFLOW, EEXIST, EIO, ENOMEM, EPERM),

	IOCTL_VALUE(VFIO_GET_API_VERSION, TYPE1, "vfio", NULL, "3.6", NO_ERRNOS),
	/* ENODEV: /dev/iommu without a compatibility IOAS (vfio_compat.c: get_compat_ioas()). */
	IOCTL_VALUE(VFIO_CHECK_EXTENSION, TYPE1, "vfio", &set_vfio_extension, "3.6",
		    ERRNOS(ENODEV)),
	IOCTL_VALUE(VFIO_SET_IOMMU, TYPE1, "vfio", &set_vfio_extension, "3.6",
		    ERRNOS(EINVAL, ENODEV, EBUSY, EADDRINUSE, ENOMEM)),
	IOCTL(VFIO_IOMMU_GET_INFO, TYPE1, "vfio", vfio_iommu_type1_info, "3.6",
	      EFAULT, EINVAL, ENOENT, ENODEV, ENOMEM),
	IOCTL(VFIO_IOMMU_MAP_DMA, TYPE1, "vfio", vfio_iommu_type1_dma_map, "3.6",
	      EFAULT, EINVAL, EOVERFLOW, EEXIST, ENOENT, ENODEV, ENOSPC, ENOMEM),
	IOCTL(VFIO_IOMMU_UNMAP_DMA, TYPE1, "vfio", vfio_iommu_type1_dma_unmap, "3.6",
	      EFAULT, EINVAL, EOVERFLOW, EBUSY, ENOENT, ENODEV),
	IOCTL(VFIO_IOMMU_PASID_REQUEST, CONTAINER, "vfio", vfio_iommu_type1_pasid_request, V7,
	      EFAULT, EINVAL, EOPNOTSUPP, ENOSPC, ENOMEM),
	IOCTL(VFIO_IOMMU_NESTING_OP, CONTAINER, "vfio", vfio_iommu_type1_nesting_op, V7,
	      EFAULT, EINVAL, EOPNOTSUPP, ENODEV, ENOENT, EACCES, EBUSY, ENOMEM, KERNEL_ENOTSUPP),

	IOCTL(VFIO_GROUP_GET_STATUS, GROUP, "vfio", vfio_group_status, "3.6",
	      EFAULT, EINVAL, ENODEV),
	IOCTL_VALUE(VFIO_GROUP_SET_CONTAINER, GROUP, "vfio", NULL, "3.6",
		    ERRNOS(EFAULT, EBADF, EBADFD, EINVAL, EPERM, EBUSY, ENODEV, ENOMEM)),
	IOCTL_VALUE(VFIO_GROUP_UNSET_CONTAINER, GROUP, "vfio", NULL, "3.6", ERRNOS(EINVAL, EBUSY)),
	/* EADDRINUSE: a mapping of its iommufd is where the device reserves (iommufd/device.c). */
	IOCTL_VALUE(VFIO_GROUP_GET_DEVICE_FD, GROUP, "vfio", NULL, "3.6",
		    ERRNOS(EFAULT, EINVAL, EPERM, ENODEV, EBUSY, EADDRINUSE, EMFILE, ENOMEM)),

	IOCTL(VFIO_DEVICE_GET_INFO, DEVICE, "vfio-device", vfio_device_info, "3.6",
	      EFAULT, EINVAL),
	IOCTL(VFIO_DEVICE_GET_REGION_INFO, DEVICE, "vfio-device", vfio_region_info, "3.6",
	      EFAULT, EINVAL),
	IOCTL(VFIO_DEVICE_GET_IRQ_INFO, DEVICE, "vfio-device", vfio_irq_info, "3.6",
	      EFAULT, EINVAL),
	IOCTL(VFIO_DEVICE_SET_IRQS, DEVICE, "vfio-device", vfio_irq_set, "3.6",
	      EFAULT, EINVAL, ENOMEM, ENOTTY),
	IOCTL_VALUE(VFIO_DEVICE_RESET, DEVICE, "vfio-device", NULL, "3.6", ERRNOS(EINVAL)),
	IOCTL(VFIO_DEVICE_BIND_IOMMUFD, DEVICE, "vfio-device", vfio_device_bind_iommufd, "6.6",
	      EFAULT, EINVAL, E2BIG, EBADF, EBADFD, EPERM, EBUSY, ENOMEM),
	IOCTL(VFIO_DEVICE_ATTACH_IOMMUFD_PT, DEVICE, "vfio-device", vfio_device_attach_iommufd_pt,
	      "6.6", EFAULT, EINVAL, EOPNOTSUPP, ENOENT, ENODEV, EBUSY, EADDRINUSE, ENOMEM),
	IOCTL(VFIO_DEVICE_DETACH_IOMMUFD_PT, DEVICE, "vfio-device", vfio_device_detach_iommufd_pt,
	      "6.6", EFAULT, EINVAL, EOPNOTSUPP),

	{ IOASID_CHECK_EXTENSION, IOASID, "ioasid", "IOASID_CHECK_EXTENSION", RFC, NULL,
	  &set_ioasid_extension, NO_ERRNOS },
	IOASID_CMD(IOASID_REGISTER_MEMORY, ioasid_memory, EEXIST, EOVERFLOW, ENOMEM),
	IOASID_CMD(IOASID_UNREGISTER_MEMORY, ioasid_memory, EOVERFLOW, ENOENT, EBUSY),
	IOASID_VALUE(IOASID_ALLOC, IOASID, NULL, ENOMEM),
	IOASID_VALUE(IOASID_FREE, IOASID, NULL, ENOENT, EBUSY),
	IOASID_CMD(IOASID_GET_INFO, ioasid_info, SPACE_ERRNOS, EMSGSIZE),
	IOASID_CMD(IOASID_MAP_DMA, ioasid_dma_map, SPACE_ERRNOS, EOVERFLOW, EEXIST, EBUSY, ENOMEM),
	IOASID_CMD(IOASID_UNMAP_DMA, ioasid_dma_unmap, SPACE_ERRNOS, EOVERFLOW, EBUSY),
	IOASID_VALUE(IOASID_CREATE_NESTING, IOASID, NULL, SPACE_ERRNOS, EOPNOTSUPP, EINVAL, ENOMEM),
	IOASID_CMD(IOASID_BIND_PGTABLE, ioasid_bind_pgtable, SPACE_ERRNOS, EBUSY, ENOMEM),
	IOASID_VALUE(IOASID_UNBIND_PGTABLE, IOASID, NULL, SPACE_ERRNOS, EINVAL),
	IOASID_CMD(IOASID_BIND_PASID_TABLE, ioasid_bind_pasid_table, SPACE_ERRNOS, EBUSY, ENOMEM),
	IOASID_VALUE(IOASID_UNBIND_PASID_TABLE, IOASID, NULL, SPACE_ERRNOS, EINVAL),
	IOASID_CMD(IOASID_INVALIDATE_CACHE, ioasid_invalidate, SPACE_ERRNOS, EOVERFLOW),
	IOASID_VALUE(IOASID_ALLOC_FAULT_FD, IOASID, NULL, EOPNOTSUPP, EBUSY, EMFILE, ENOMEM),
	IOASID_CMD(IOASID_PAGE_RESPONSE, ioasid_page_response, ENOENT),
	IOASID_VALUE(VFIO_BIND_IOASID_FD, DEVICE, NULL, EINVAL, EBADF, EBADFD, EBUSY, ENOMEM),
	IOASID_VALUE(VFIO_UNBIND_IOASID_FD, DEVICE, NULL, EINVAL, EBADF, EBADFD, EBUSY),
	{ VFIO_ATTACH_IOASID, DEVICE, "ioasid", "VFIO_ATTACH_IOASID", RFC,
	  &struct_vfio_device_attach_ioasid, NULL,
	  ERRNOS(EFAULT, EINVAL, E2BIG, EOPNOTSUPP, ENOENT, EPERM, EBUSY, EADDRINUSE, ENOSPC,
		 ENOMEM) },
	{ VFIO_DETACH_IOASID, DEVICE, "ioasid", "VFIO_DETACH_IOASID", RFC,
	  &struct_vfio_device_attach_ioasid, NULL,
	  ERRNOS(EFAULT, EINVAL, E2BIG, EOPNOTSUPP, ENOENT, EBUSY) },
	{ KVM_MAP_PASID, KVM, "ioasid", "KVM_MAP_PASID", RFC, &struct_kvm_pasid_map, NULL,
	  ERRNOS(EFAULT, EINVAL, E2BIG, EOPNOTSUPP, EBADF, EBADFD, ENOENT, EEXIST, ENOMEM) },
	{ KVM_UNMAP_PASID, KVM, "ioasid", "KVM_UNMAP_PASID", RFC, &struct_kvm_pasid_map, NULL,
	  ERRNOS(EFAULT, EINVAL, E2BIG, EOPNOTSUPP, ENOENT) },
};

#define DATA(fds, number, dir, type, data) \
	{ number, fds, UAPI_DATA_##dir, type, #type, &struct_##data }
#define DATA_UNTYPED(fds, number, dir, data) \
	{ number, fds, UAPI_DATA_##dir, 0, NULL, &struct_##data }

static const struct uapi_data data_types[] = {
	DATA(MAIN, IOMMU_HWPT_ALLOC, IN, IOMMU_HWPT_DATA_VTD_S1, iommu_hwpt_vtd_s1),
	DATA(MAIN, IOMMU_HWPT_ALLOC, IN, IOMMU_HWPT_DATA_ARM_SMMUV3, iommu_hwpt_arm_smmuv3),
	DATA(MAIN, IOMMU_HWPT_ALLOC, IN, IOMMU_HWPT_DATA_AMD_GUEST, iommu_hwpt_amd_guest),
	DATA(MAIN, IOMMU_HWPT_INVALIDATE, IN, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
	     iommu_hwpt_vtd_s1_invalidate),
	DATA(MAIN, IOMMU_HWPT_INVALIDATE, IN, IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
	     iommu_viommu_arm_smmuv3_invalidate),
	DATA(MAIN, IOMMU_GET_HW_INFO, OUT, IOMMU_HW_INFO_TYPE_INTEL_VTD, iommu_hw_info_vtd),
	DATA(MAIN, IOMMU_GET_HW_INFO, OUT, IOMMU_HW_INFO_TYPE_ARM_SMMUV3,
	     iommu_hw_info_arm_smmuv3),
	DATA(MAIN, IOMMU_GET_HW_INFO, OUT, IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV,
	     iommu_hw_info_tegra241_cmdqv),
	DATA(MAIN, IOMMU_GET_HW_INFO, OUT, IOMMU_HW_INFO_TYPE_AMD, iommu_hw_info_amd),
	DATA(MAIN, IOMMU_VIOMMU_ALLOC, OUT, IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV,
	     iommu_viommu_tegra241_cmdqv),
	DATA_UNTYPED(MAIN, IOMMU_FAULT_QUEUE_ALLOC, READ, iommu_hwpt_pgfault),
	DATA_UNTYPED(MAIN, IOMMU_FAULT_QUEUE_ALLOC, WRITE, iommu_hwpt_page_response),
	/* Each record is this header, then the data of the queue's type. */
	DATA_UNTYPED(MAIN, IOMMU_VEVENTQ_ALLOC, READ, iommufd_vevent_header),
	DATA(MAIN, IOMMU_VEVENTQ_ALLOC, READ, IOMMU_VEVENTQ_TYPE_ARM_SMMUV3,
	     iommu_vevent_arm_smmuv3),
	DATA(MAIN, IOMMU_VEVENTQ_ALLOC, READ, IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV,
	     iommu_vevent_tegra241_cmdqv),
	DATA(TYPE1, VFIO_IOMMU_GET_INFO, CAP, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
	     vfio_iommu_type1_info_cap_iova_range),
	DATA(TYPE1, VFIO_IOMMU_GET_INFO, CAP, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
	     vfio_iommu_type1_info_cap_migration),
	/* On the series only: mainline's id 3 is the count of DMA mappings that are left. */
	DATA(CONTAINER, VFIO_IOMMU_GET_INFO, CAP, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING,
	     vfio_iommu_type1_info_cap_nesting),
	DATA(CONTAINER, VFIO_IOMMU_GET_INFO, CAP, VFIO_IOMMU_TYPE1_INFO_CAP_PASID_QUOTA,
	     vfio_iommu_type1_info_cap_pasid_quota),
	DATA(CONTAINER, VFIO_IOMMU_NESTING_OP, IN, VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
	     iommu_gpasid_bind_data),
	DATA(CONTAINER, VFIO_IOMMU_NESTING_OP, IN, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL,
	     iommu_gpasid_bind_data),
	DATA(CONTAINER, VFIO_IOMMU_NESTING_OP, IN, VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
	     iommu_cache_invalidate_info),
	DATA_UNTYPED(IOASID, IOASID_ALLOC_FAULT_FD, READ, ioasid_page_fault),
	DATA(DEVICE, VFIO_DEVICE_GET_INFO, CAP, VFIO_DEVICE_INFO_CAP_PASID,
	     vfio_device_info_cap_pasid),
};

static const struct uapi_set *const sets[] = {
	&set_iommufd_ioas_map_flags, &set_iommufd_option, &set_iommufd_option_ops,
	&set_iommufd_vfio_ioas_op, &set_iommufd_hwpt_alloc_flags, &set_iommu_hwpt_vtd_s1_flags,
	&set_iommu_hwpt_data_type, &set_iommufd_hwpt_set_dirty_tracking_flags,
	&set_iommufd_hwpt_get_dirty_bitmap_flags, &set_iommu_hwpt_invalidate_data_type,
	&set_iommu_hwpt_vtd_s1_invalidate_flags, &set_iommu_hw_info_vtd_flags,
	&set_iommu_hw_info_type, &set_iommufd_hw_capabilities, &set_iommufd_hw_info_flags,
	&set_iommu_hwpt_pgfault_flags, &set_iommu_hwpt_pgfault_perm,
	&set_iommufd_page_response_code, &set_iommu_viommu_type, &set_iommu_veventq_flag,
	&set_iommu_veventq_type, &set_iommu_hw_queue_type,
	&set_vfio_extension, &set_vfio_group_flags, &set_vfio_device_flags,
	&set_vfio_region_info_flags, &set_vfio_irq_info_flags, &set_vfio_irq_set_flags,
	&set_vfio_device_bind_flags, &set_vfio_device_attach_flags,
	&set_vfio_device_detach_flags, &set_vfio_iommu_info_flags, &set_vfio_dma_map_flags,
	&set_vfio_dma_unmap_flags, &set_iommu_pasid_format, &set_iommu_nesting_features,
	&set_vfio_pasid_request_flags, &set_vfio_nesting_op, &set_iommu_gpasid_bind_version,
	&set_iommu_sva_gpasid_flags, &set_iommu_sva_vtd_gpasid_flags,
	&set_iommu_cache_invalidate_version, &set_iommu_cache_inv_type,
	&set_iommu_inv_granularity, &set_iommu_inv_pasid_flags, &set_iommu_inv_addr_flags,
	&set_ioasid_extension, &set_ioasid_capability, &set_ioasid_pgtable_format,
	&set_ioasid_pasid_table_format, &set_ioasid_map_flags, &set_ioasid_vtd_s1_flags,
	&set_ioasid_default_mode, &set_ioasid_inv_granularity, &set_ioasid_fault_flags,
	&set_ioasid_fault_perm, &set_ioasid_response_code, &set_ioasid_attach_flags,
	&set_vfio_device_pasid_flags,
};

const struct uapi_ioctl *uapi_ioctl_table(size_t *n)
{
	*n = COUNT(ioctls);
	return ioctls;
}

const struct uapi_data *uapi_data_table(size_t *n)
{
	*n = COUNT(data_types);
	return data_types;
}

const struct uapi_set *const *uapi_set_table(size_t *n)
{
	*n = COUNT(sets);
	return sets;
}
