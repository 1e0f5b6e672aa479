/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The iommufd uAPI (/dev/iommu) as Linux 7.2 has it: every command from 0x80 to 0x94, its argument
 * struct and its constants, under the kernel's own names, so that one source compiles on systems
 * whose headers are older or lack <linux/iommufd.h>. Layouts are held by iommufd_abi.c; versions
 * and printable names are in names.h.
 *
 * Conventions that hold for every command:
 * - the argument starts with __u32 size, the caller's sizeof; bytes beyond what the callee knows
 *   must be zero (E2BIG otherwise), fields beyond the caller's size count as zero;
 * - ENOTTY unknown command, EOPNOTSUPP a known field with a value that is not supported, EINVAL
 *   understood but wrong, ENOENT no such object or IOVA, ENOMEM, EOVERFLOW;
 * - ranges named [start, last] are inclusive; *_uptr fields hold a user address.
 */
#ifndef IOMMU_CTS_UAPI_IOMMUFD_H
#define IOMMU_CTS_UAPI_IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * The same names are in the system's header. Included first it is an error here; included later it
 * is empty, since its guards are taken.
 */
#if defined(_IOMMUFD_H) || defined(_UAPI_IOMMUFD_H)
#error "<linux/iommufd.h> is already included: drop it, uapi/iommufd.h has all of Linux 7.2's"
#endif
#define _IOMMUFD_H
#define _UAPI_IOMMUFD_H

#define IOMMUFD_TYPE (';')

enum {
	IOMMUFD_CMD_BASE			= 0x80,
	IOMMUFD_CMD_DESTROY			= IOMMUFD_CMD_BASE,
	IOMMUFD_CMD_IOAS_ALLOC			= 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS		= 0x82,
	IOMMUFD_CMD_IOAS_COPY			= 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES		= 0x84,
	IOMMUFD_CMD_IOAS_MAP			= 0x85,
	IOMMUFD_CMD_IOAS_UNMAP			= 0x86,
	IOMMUFD_CMD_OPTION			= 0x87,
	IOMMUFD_CMD_VFIO_IOAS			= 0x88,
	IOMMUFD_CMD_HWPT_ALLOC			= 0x89,
	IOMMUFD_CMD_GET_HW_INFO			= 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING	= 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP	= 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE		= 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC		= 0x8e,
	IOMMUFD_CMD_IOAS_MAP_FILE		= 0x8f,
	IOMMUFD_CMD_VIOMMU_ALLOC		= 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC		= 0x91,
	IOMMUFD_CMD_IOAS_CHANGE_PROCESS		= 0x92,
	IOMMUFD_CMD_VEVENTQ_ALLOC		= 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC		= 0x94,
};

#define IOMMU_DESTROY			_IO(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY)
#define IOMMU_IOAS_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOC)
#define IOMMU_IOAS_ALLOW_IOVAS		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)
#define IOMMU_IOAS_COPY			_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_COPY)
#define IOMMU_IOAS_IOVA_RANGES		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_IOVA_RANGES)
#define IOMMU_IOAS_MAP			_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP)
#define IOMMU_IOAS_UNMAP		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_UNMAP)
#define IOMMU_OPTION			_IO(IOMMUFD_TYPE, IOMMUFD_CMD_OPTION)
#define IOMMU_VFIO_IOAS			_IO(IOMMUFD_TYPE, IOMMUFD_CMD_VFIO_IOAS)
#define IOMMU_HWPT_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_ALLOC)
#define IOMMU_GET_HW_INFO		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_GET_HW_INFO)
#define IOMMU_HWPT_SET_DIRTY_TRACKING	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)
#define IOMMU_HWPT_GET_DIRTY_BITMAP	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)
#define IOMMU_HWPT_INVALIDATE		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_INVALIDATE)
#define IOMMU_FAULT_QUEUE_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)
#define IOMMU_IOAS_MAP_FILE		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP_FILE)
#define IOMMU_VIOMMU_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_VIOMMU_ALLOC)
#define IOMMU_VDEVICE_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_VDEVICE_ALLOC)
#define IOMMU_IOAS_CHANGE_PROCESS	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_CHANGE_PROCESS)
#define IOMMU_VEVENTQ_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_VEVENTQ_ALLOC)
#define IOMMU_HW_QUEUE_ALLOC		_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HW_QUEUE_ALLOC)

/* ---- Objects ---- */

/* Destroy any object by id; EBUSY while something else uses it. */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};

/* ---- IOAS: an IOVA space and what is mapped in it ---- */

struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;			/* none defined */
	__u32 out_ioas_id;
};

struct iommu_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/*
 * Where mapping is possible now; changes with every attach and detach. num_iovas: in the room in
 * the array, out the number of ranges, with EMSGSIZE when the room was too small.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;	/* struct iommu_iova_range[num_iovas] */
	__aligned_u64 out_iova_alignment;
};

/* Replace the list of ranges that no later attach may take away. */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};

/* For MAP, MAP_FILE and COPY. Without FIXED_IOVA the callee chooses the address. */
enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA	= 1 << 0,
	IOMMU_IOAS_MAP_WRITEABLE	= 1 << 1,
	IOMMU_IOAS_MAP_READABLE		= 1 << 2,
};

struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;		/* in with FIXED_IOVA, else out */
};

struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;			/* a memfd */
	__aligned_u64 start;		/* byte offset in the file */
	__aligned_u64 length;
	__aligned_u64 iova;
};

struct iommu_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};

/* Whole mappings only; iova 0, length U64_MAX takes all. length: out the bytes unmapped. */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

struct iommu_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};

enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE	= 0,	/* object_id 0; 0 per user, 1 per process */
	IOMMU_OPTION_HUGE_PAGES		= 1,	/* object_id an IOAS; 0 maps page by page */
};

enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET	= 0,
	IOMMU_OPTION_OP_GET	= 1,
};

struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};

enum iommufd_vfio_ioas_op {
	IOMMU_VFIO_IOAS_GET	= 0,
	IOMMU_VFIO_IOAS_SET	= 1,
	IOMMU_VFIO_IOAS_CLEAR	= 2,
};

struct iommu_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};

/* ---- HWPT: a page table the hardware walks ---- */

enum iommufd_hwpt_alloc_flags {
	IOMMU_HWPT_ALLOC_NEST_PARENT	= 1 << 0,
	IOMMU_HWPT_ALLOC_DIRTY_TRACKING	= 1 << 1,
	IOMMU_HWPT_FAULT_ID_VALID	= 1 << 2,
	IOMMU_HWPT_ALLOC_PASID		= 1 << 3,
};

enum iommu_hwpt_vtd_s1_flags {
	IOMMU_VTD_S1_SRE	= 1 << 0,	/* supervisor requests */
	IOMMU_VTD_S1_EAFE	= 1 << 1,	/* extended accessed flag */
	IOMMU_VTD_S1_WPE	= 1 << 2,	/* write protect */
};

struct iommu_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;	/* guest physical address of the root */
	__u32 addr_width;
	__u32 __reserved;
};

/*
 * Words 0 and 1 of the guest's stream table entry. Allowed: V, Cfg, S1Fmt, S1ContextPtr, S1CDMax;
 * EATS, S1DSS, S1CIR, S1COR, S1CSH, S1STALLD. Any other bit or an illegal entry: EIO.
 */
struct iommu_hwpt_arm_smmuv3 {
	__aligned_le64 ste[2];
};

/* The guest's device table entry. */
struct iommu_hwpt_amd_guest {
	__aligned_u64 dte[4];
};

enum iommu_hwpt_data_type {
	IOMMU_HWPT_DATA_NONE		= 0,
	IOMMU_HWPT_DATA_VTD_S1		= 1,
	IOMMU_HWPT_DATA_ARM_SMMUV3	= 2,
	IOMMU_HWPT_DATA_AMD_GUEST	= 3,
};

/*
 * pt_id an IOAS: a paging HWPT, data_type NONE and no data. pt_id a nest parent or a vIOMMU over
 * one: a nested HWPT described by the data.
 */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;			/* since 6.11, with FAULT_ID_VALID */
	__u32 __reserved2;
};

enum iommufd_hwpt_set_dirty_tracking_flags {
	IOMMU_HWPT_DIRTY_TRACKING_ENABLE	= 1,
};

struct iommu_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};

enum iommufd_hwpt_get_dirty_bitmap_flags {
	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR	= 1,
};

/* Bit n of data stands for the page_size bytes at iova + n * page_size. */
struct iommu_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};

enum iommu_hwpt_invalidate_data_type {
	IOMMU_HWPT_INVALIDATE_DATA_VTD_S1	= 0,
	IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3	= 1,
};

enum iommu_hwpt_vtd_s1_invalidate_flags {
	IOMMU_VTD_INV_FLAGS_LEAF	= 1 << 0,
};

/* addr is 4 KiB aligned, npages counts 4 KiB; addr 0 with npages U64_MAX is the whole table. */
struct iommu_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/*
 * One command queue entry. Accepted: TLBI NSNH_ALL, NH_VA, NH_VAA, NH_ALL, NH_ASID; ATC_INV;
 * CFGI_CD, CFGI_CD_ALL. Any other: EIO.
 */
struct iommu_viommu_arm_smmuv3_invalidate {
	__aligned_le64 cmd[2];
};

/* entry_num: in the entries in the array, out how many took effect. */
struct iommu_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;			/* a nested HWPT, or a vIOMMU (since 6.13) */
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};

/* ---- What the hardware is ---- */

enum iommu_hw_info_vtd_flags {
	/* No read-only mapping in a nest parent. */
	IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17	= 1 << 0,
};

struct iommu_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

struct iommu_hw_info_arm_smmuv3 {
	__u32 flags;
	__u32 __reserved;
	__u32 idr[6];
	__u32 iidr;
	__u32 aidr;
};

struct iommu_hw_info_tegra241_cmdqv {
	__u32 flags;
	__u8 version;
	__u8 log2vcmdqs;
	__u8 log2vsids;
	__u8 __reserved;
};

struct iommu_hw_info_amd {
	__aligned_u64 efr;
	__aligned_u64 efr2;
};

enum iommu_hw_info_type {
	IOMMU_HW_INFO_TYPE_NONE			= 0,
	IOMMU_HW_INFO_TYPE_DEFAULT		= 0,
	IOMMU_HW_INFO_TYPE_INTEL_VTD		= 1,
	IOMMU_HW_INFO_TYPE_ARM_SMMUV3		= 2,
	IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV	= 3,
	IOMMU_HW_INFO_TYPE_AMD			= 4,
};

enum iommufd_hw_capabilities {
	IOMMU_HW_CAP_DIRTY_TRACKING		= 1 << 0,
	IOMMU_HW_CAP_PCI_PASID_EXEC		= 1 << 1,
	IOMMU_HW_CAP_PCI_PASID_PRIV		= 1 << 2,
	IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED	= 1 << 3,
};

enum iommufd_hw_info_flags {
	IOMMU_HW_INFO_FLAG_INPUT_TYPE	= 1 << 0,
};

/*
 * data_len: in the room at data_uptr, out the length that exists; a short buffer is filled as far
 * as it goes, the rest of a long one is zeroed.
 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;	/* since 6.17, with FLAG_INPUT_TYPE */
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;	/* 0: no PASID */
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};

/* ---- Page requests: read struct iommu_hwpt_pgfault, write struct iommu_hwpt_page_response ---- */

enum iommu_hwpt_pgfault_flags {
	IOMMU_PGFAULT_FLAGS_PASID_VALID	= (1 << 0),
	IOMMU_PGFAULT_FLAGS_LAST_PAGE	= (1 << 1),
};

enum iommu_hwpt_pgfault_perm {
	IOMMU_PGFAULT_PERM_READ		= (1 << 0),
	IOMMU_PGFAULT_PERM_WRITE	= (1 << 1),
	IOMMU_PGFAULT_PERM_EXEC		= (1 << 2),
	IOMMU_PGFAULT_PERM_PRIV		= (1 << 3),
};

struct iommu_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;			/* a hint, 0 when there is none */
	__u32 cookie;			/* the group's, to be echoed */
};

enum iommufd_page_response_code {
	IOMMUFD_PAGE_RESP_SUCCESS	= 0,
	IOMMUFD_PAGE_RESP_INVALID	= 1,
};

struct iommu_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

struct iommu_fault_alloc {
	__u32 size;
	__u32 flags;			/* none defined */
	__u32 out_fault_id;
	__u32 out_fault_fd;
};

/* ---- vIOMMU: the slice of an IOMMU that one guest owns ---- */

enum iommu_viommu_type {
	IOMMU_VIOMMU_TYPE_DEFAULT		= 0,
	IOMMU_VIOMMU_TYPE_ARM_SMMUV3		= 1,
	IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV	= 2,
};

struct iommu_viommu_tegra241_cmdqv {
	__aligned_u64 out_vintf_mmap_offset;
	__aligned_u64 out_vintf_mmap_length;
};

struct iommu_viommu_alloc {
	__u32 size;
	__u32 flags;			/* none defined */
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;			/* a nest parent */
	__u32 out_viommu_id;
	__u32 data_len;			/* since 6.17; reserved before */
	__u32 __reserved;
	__aligned_u64 data_uptr;
};

struct iommu_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;		/* vSID, vRID or vDeviceID */
};

/* ---- Virtual events: read a header, then the data its type has ---- */

enum iommu_veventq_flag {
	IOMMU_VEVENTQ_FLAG_LOST_EVENTS	= (1U << 0),
};

/* sequence counts 0..INT_MAX and wraps; a gap is events lost. LOST_EVENTS: no data follows. */
struct iommufd_vevent_header {
	__u32 flags;
	__u32 sequence;
};

enum iommu_veventq_type {
	IOMMU_VEVENTQ_TYPE_DEFAULT		= 0,
	IOMMU_VEVENTQ_TYPE_ARM_SMMUV3		= 1,
	IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV	= 2,
};

/* An event record whose StreamID is the vDEVICE's virt_id. */
struct iommu_vevent_arm_smmuv3 {
	__aligned_le64 evt[4];
};

struct iommu_vevent_tegra241_cmdqv {
	__aligned_le64 lvcmdq_err_map[2];
};

struct iommu_veventq_alloc {
	__u32 size;
	__u32 flags;			/* none defined */
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};

/* ---- Queues that the hardware reads in guest memory ---- */

enum iommu_hw_queue_type {
	IOMMU_HW_QUEUE_TYPE_DEFAULT		= 0,
	IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV	= 1,
};

struct iommu_hw_queue_alloc {
	__u32 size;
	__u32 flags;			/* none defined */
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};

#endif /* IOMMU_CTS_UAPI_IOMMUFD_H */
