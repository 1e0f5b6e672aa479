/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The ioctl by which the kernel's selftests drive the mock driver: IOMMU_TEST_CMD of Linux 7.2
 * (CONFIG_IOMMUFD_TEST). Numbers and layouts are the kernel's, the names are ours. It is an
 * interface between one kernel and its own tests: it may change with any version.
 */
#ifndef IOMMU_REF_MOCK_ABI_H
#define IOMMU_REF_MOCK_ABI_H

#include "../../uapi/iommufd.h"

#define MOCK_IOCTL _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

enum mock_op {
	MOCK_ADD_RESERVED = 1,
	MOCK_NEW_DEVICE,		/* bound, and attached to cmd.id */
	MOCK_CHECK_MAP,
	MOCK_CHECK_REFS,
	MOCK_CREATE_ACCESS,
	MOCK_UNPIN,
	MOCK_PIN,
	MOCK_RW,
	MOCK_SET_MEMORY_LIMIT,
	MOCK_REPLACE,
	MOCK_ACCESS_REPLACE_IOAS,
	MOCK_NEW_DEVICE_FLAGS,
	MOCK_SET_DIRTY,
	MOCK_CHECK_IOTLB,
	MOCK_TRIGGER_IOPF,
	MOCK_CHECK_CACHE,
	MOCK_TRIGGER_VEVENT,
	MOCK_PASID_ATTACH,
	MOCK_PASID_REPLACE,
	MOCK_PASID_DETACH,
	MOCK_PASID_CHECK,
	MOCK_DMABUF_GET,
	MOCK_DMABUF_REVOKE,
};

/* The default table: an aperture, and pages that are half of ours. */
#define MOCK_FIRST (1ull << 24)
#define MOCK_LAST ((1ull << 31) - 1)
#define MOCK_PAGE 2048u
#define MOCK_HUGE_PAGE (512u * MOCK_PAGE)

enum mock_table_type {
	MOCK_TABLE_DEFAULT = 0,
	MOCK_TABLE_HUGE,
};

#define MOCK_PIN_WRITE 1u
#define MOCK_SYZ (1u << 16)
#define MOCK_RW_WRITE 1u
#define MOCK_RW_SLOW 4u
#define MOCK_ACCESS_PINS 1u
#define MOCK_DEVICE_NO_DIRTY 1u
#define MOCK_DEVICE_PASID 4u
#define MOCK_IOTLB_NR 4u
#define MOCK_CACHE_NR 4u
#define MOCK_CACHE_DEFAULT 0xbaddadu
#define MOCK_PASID_BITS 20
#define MOCK_PASID_FAILS 1024	/* replacing what this PASID has fails, once */

#define MOCK_HW_INFO_TYPE 0xfeedbeefu
#define MOCK_HW_INFO_REG 0xdeadbeefu
#define MOCK_HWPT_TYPE 0xdeadu
#define MOCK_INVALIDATE_TYPE 0xdeadbeefu
#define MOCK_INVALIDATE_ALL 1u
#define MOCK_VIOMMU_TYPE 0xdeadbeefu
#define MOCK_VEVENTQ_TYPE 0xbeefbeefu
#define MOCK_HW_QUEUE_TYPE 0xdeadbeefu
#define MOCK_HW_QUEUES 2u

struct mock_cmd {
	__u32 size, op, id, __reserved;
	union {
		struct { __aligned_u64 start, length; } add_reserved;
		struct { __u32 out_stdev_id, out_hwpt_id, out_idev_id, flags; } new_device;
		struct { __u32 pt_id; } replace;
		struct { __aligned_u64 iova, length, uptr; } check_map;
		struct { __aligned_u64 length, uptr; __u32 refs; } check_refs;
		struct { __u32 out_fd, flags; } create_access;
		struct { __u32 pin_id; } unpin;
		struct { __u32 flags, out_pin_id; __aligned_u64 iova, length, uptr; } pin;
		struct { __aligned_u64 iova, length, uptr; __u32 flags; } rw;
		struct { __u32 limit; } memory_limit;
		struct { __u32 ioas_id; } access_replace;
		struct {
			__u32 flags;
			__aligned_u64 iova, length, page_size, uptr, out_nr_dirty;
		} dirty;
		struct { __u32 id, value; } check_cached;
		struct { __u32 dev_id, pasid, grpid, perm; __u64 addr; } iopf;
		struct { __u32 dev_id; } vevent;
		struct { __u32 pasid, pt_id; } pasid;
		struct { __u32 length, open_flags; } dmabuf_get;
		struct { __s32 fd; __u32 revoked; } dmabuf_revoke;
	};
	__u32 last;
};
_Static_assert(sizeof(struct mock_cmd) == 72, "struct mock_cmd is not the kernel's");

struct mock_hw_info {
	__u32 flags, reg;
};

struct mock_hwpt {
	__u32 iotlb, table_type;
};

struct mock_invalidate {
	__u32 flags, iotlb_id;
};

struct mock_viommu_invalidate {
	__u32 flags, vdev_id, cache_id;
};

struct mock_viommu_data {
	__u32 in, out;
	__aligned_u64 out_mmap_offset, out_mmap_length;
};

struct mock_vevent {
	__u32 virt_id;
};

#endif
