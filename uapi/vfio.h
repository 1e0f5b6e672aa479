/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The VFIO uAPI as this suite uses it, under the kernel's own names: container, group, device (with
 * the iommufd calls of a device cdev, as in Linux 7.2), type1 map and unmap; and what the series
 * "vfio: expose virtual Shared Virtual Addressing to VMs" v7 (10 Sep 2020) adds: PASID requests and
 * nesting operations, with the structs of its base's <linux/iommu.h>. Layouts are held by
 * vfio_abi.c.
 *
 * Every struct starts with __u32 argsz, the caller's size; less than the callee's minimum: EINVAL.
 * Ranges are inclusive. Structs of the series have plain __u64, which i386 aligns to 4 bytes; where
 * that made a difference (DF1) there is padding.
 */
#ifndef IOMMU_CTS_UAPI_VFIO_H
#define IOMMU_CTS_UAPI_VFIO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * <linux/vfio.h> and the <linux/iommu.h> of Linux 5.3 to 6.1 have the same names. Included first
 * they are an error here; included later they are empty, since their guards are taken.
 */
#if defined(VFIO_H) || defined(_UAPIVFIO_H)
#error "<linux/vfio.h> is already included: drop it, uapi/vfio.h has what is used of it"
#endif
#if defined(_IOMMU_H) || defined(_UAPI_IOMMU_H)
#error "<linux/iommu.h> is already included: drop it, uapi/vfio.h has what is used of it"
#endif
#define VFIO_H
#define _UAPIVFIO_H
#define _IOMMU_H
#define _UAPI_IOMMU_H

#define VFIO_TYPE	(';')
#define VFIO_BASE	100

#define VFIO_API_VERSION	0

/* For CHECK_EXTENSION and SET_IOMMU. */
#define VFIO_TYPE1_IOMMU		1
#define VFIO_TYPE1v2_IOMMU		3
#define VFIO_DMA_CC_IOMMU		4
#define VFIO_TYPE1_NESTING_IOMMU	6	/* mainline reserves the number since 6.13 */
#define VFIO_NOIOMMU_IOMMU		8
#define VFIO_UNMAP_ALL			9

/* A chain of capabilities: next is the offset from the start of the info struct, 0 ends it. */
struct vfio_info_cap_header {
	__u16 id;
	__u16 version;
	__u32 next;
};

/* ---- Container (/dev/vfio/vfio) ---- */

#define VFIO_GET_API_VERSION		_IO(VFIO_TYPE, VFIO_BASE + 0)
#define VFIO_CHECK_EXTENSION		_IO(VFIO_TYPE, VFIO_BASE + 1)	/* arg: the number */
#define VFIO_SET_IOMMU			_IO(VFIO_TYPE, VFIO_BASE + 2)	/* arg: the number */

/* ---- Group (/dev/vfio/N) ---- */

#define VFIO_GROUP_FLAGS_VIABLE		(1 << 0)
#define VFIO_GROUP_FLAGS_CONTAINER_SET	(1 << 1)

struct vfio_group_status {
	__u32 argsz;
	__u32 flags;
};

#define VFIO_GROUP_GET_STATUS		_IO(VFIO_TYPE, VFIO_BASE + 3)
#define VFIO_GROUP_SET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 4)	/* arg: __s32 *fd */
#define VFIO_GROUP_UNSET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 5)
#define VFIO_GROUP_GET_DEVICE_FD	_IO(VFIO_TYPE, VFIO_BASE + 6)	/* arg: the name */

/* ---- Device (a group's, or a cdev /dev/vfio/devices/vfioN) ---- */

#define VFIO_DEVICE_FLAGS_RESET		(1 << 0)
#define VFIO_DEVICE_FLAGS_PCI		(1 << 1)
#define VFIO_DEVICE_FLAGS_PLATFORM	(1 << 2)
#define VFIO_DEVICE_FLAGS_AMBA		(1 << 3)
#define VFIO_DEVICE_FLAGS_CCW		(1 << 4)
#define VFIO_DEVICE_FLAGS_AP		(1 << 5)
#define VFIO_DEVICE_FLAGS_FSL_MC	(1 << 6)
#define VFIO_DEVICE_FLAGS_CAPS		(1 << 7)
#define VFIO_DEVICE_FLAGS_CDX		(1 << 8)

struct vfio_device_info {
	__u32 argsz;
	__u32 flags;
	__u32 num_regions;
	__u32 num_irqs;
	__u32 cap_offset;		/* since 5.10; the minimum ends before it */
	__u32 pad;
};

#define VFIO_DEVICE_GET_INFO		_IO(VFIO_TYPE, VFIO_BASE + 7)

#define VFIO_REGION_INFO_FLAG_READ	(1 << 0)
#define VFIO_REGION_INFO_FLAG_WRITE	(1 << 1)
#define VFIO_REGION_INFO_FLAG_MMAP	(1 << 2)
#define VFIO_REGION_INFO_FLAG_CAPS	(1 << 3)

struct vfio_region_info {
	__u32 argsz;
	__u32 flags;
	__u32 index;
	__u32 cap_offset;
	__aligned_u64 size;
	__aligned_u64 offset;		/* for pread, pwrite and mmap on the device's fd */
};

#define VFIO_DEVICE_GET_REGION_INFO	_IO(VFIO_TYPE, VFIO_BASE + 8)

enum {
	VFIO_PCI_BAR0_REGION_INDEX,
	VFIO_PCI_BAR1_REGION_INDEX,
	VFIO_PCI_BAR2_REGION_INDEX,
	VFIO_PCI_BAR3_REGION_INDEX,
	VFIO_PCI_BAR4_REGION_INDEX,
	VFIO_PCI_BAR5_REGION_INDEX,
	VFIO_PCI_ROM_REGION_INDEX,
	VFIO_PCI_CONFIG_REGION_INDEX,
	VFIO_PCI_VGA_REGION_INDEX,
	VFIO_PCI_NUM_REGIONS = 9
};

#define VFIO_IRQ_INFO_EVENTFD		(1 << 0)
#define VFIO_IRQ_INFO_NORESIZE		(1 << 3)

struct vfio_irq_info {
	__u32 argsz;
	__u32 flags;
	__u32 index;
	__u32 count;
};

#define VFIO_DEVICE_GET_IRQ_INFO	_IO(VFIO_TYPE, VFIO_BASE + 9)

#define VFIO_IRQ_SET_DATA_NONE		(1 << 0)
#define VFIO_IRQ_SET_DATA_BOOL		(1 << 1)
#define VFIO_IRQ_SET_DATA_EVENTFD	(1 << 2)
#define VFIO_IRQ_SET_ACTION_MASK	(1 << 3)
#define VFIO_IRQ_SET_ACTION_UNMASK	(1 << 4)
#define VFIO_IRQ_SET_ACTION_TRIGGER	(1 << 5)

struct vfio_irq_set {
	__u32 argsz;
	__u32 flags;
	__u32 index;
	__u32 start;
	__u32 count;
	__u8 data[];
};

#define VFIO_DEVICE_SET_IRQS		_IO(VFIO_TYPE, VFIO_BASE + 10)

enum {
	VFIO_PCI_INTX_IRQ_INDEX,
	VFIO_PCI_MSI_IRQ_INDEX,
	VFIO_PCI_MSIX_IRQ_INDEX,
	VFIO_PCI_ERR_IRQ_INDEX,
	VFIO_PCI_REQ_IRQ_INDEX,
	VFIO_PCI_NUM_IRQS
};

#define VFIO_DEVICE_RESET		_IO(VFIO_TYPE, VFIO_BASE + 11)

#define VFIO_DEVICE_BIND_FLAG_TOKEN	(1 << 0)

struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
	__aligned_u64 token_uuid_ptr; /* since 6.17, with FLAG_TOKEN; the minimum ends before it */
};

#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

#define VFIO_DEVICE_ATTACH_PASID	(1 << 0)

/* pt_id: an IOAS or an HWPT; out the HWPT in use, or the IOAS given. Attached already: replaced. */
struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
	__u32 pasid; /* since 6.15, with ATTACH_PASID; the minimum ends before it */
};

#define VFIO_DEVICE_ATTACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 19)

#define VFIO_DEVICE_DETACH_PASID	(1 << 0)

struct vfio_device_detach_iommufd_pt {
	__u32 argsz;
	__u32 flags;
	__u32 pasid; /* since 6.15, with DETACH_PASID; the minimum ends before it */
};

#define VFIO_DEVICE_DETACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 20)

/* ---- Type1 IOMMU (on the container) ---- */

#define VFIO_IOMMU_INFO_PGSIZES		(1 << 0)
#define VFIO_IOMMU_INFO_CAPS		(1 << 1)

struct vfio_iommu_type1_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova_pgsizes;
	__u32 cap_offset;		/* the minimum ends before it */
	__u32 pad;
};

#define VFIO_IOMMU_GET_INFO		_IO(VFIO_TYPE, VFIO_BASE + 12)

#define VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE	1

struct vfio_iova_range {
	__u64 start;
	__u64 end;			/* inclusive */
};

struct vfio_iommu_type1_info_cap_iova_range {
	struct vfio_info_cap_header header;
	__u32 nr_iovas;
	__u32 reserved;
	struct vfio_iova_range iova_ranges[];
};

#define VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION	2

struct vfio_iommu_type1_info_cap_migration {
	struct vfio_info_cap_header header;
	__u32 flags;
	__u64 pgsize_bitmap;		/* a hole before it, but not on i386 */
	__u64 max_dirty_bitmap_size;
};

/* In mainline id 3 means this; in the nesting series it is VFIO_IOMMU_TYPE1_INFO_CAP_NESTING. */
#define VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL		3

struct vfio_iommu_type1_info_dma_avail {
	struct vfio_info_cap_header header;
	__u32 avail;
};

#define VFIO_DMA_MAP_FLAG_READ		(1 << 0)
#define VFIO_DMA_MAP_FLAG_WRITE		(1 << 1)
#define VFIO_DMA_MAP_FLAG_VADDR		(1 << 2)	/* since 5.12 */

struct vfio_iommu_type1_dma_map {
	__u32 argsz;
	__u32 flags;
	__u64 vaddr;
	__u64 iova;
	__u64 size;
};

#define VFIO_IOMMU_MAP_DMA		_IO(VFIO_TYPE, VFIO_BASE + 13)

#define VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP	(1 << 0)
#define VFIO_DMA_UNMAP_FLAG_ALL			(1 << 1)	/* since 5.12 */
#define VFIO_DMA_UNMAP_FLAG_VADDR		(1 << 2)	/* since 5.12 */

struct vfio_iommu_type1_dma_unmap {
	__u32 argsz;
	__u32 flags;
	__u64 iova;
	__u64 size;			/* out: the bytes unmapped */
	__u8 data[];
};

#define VFIO_IOMMU_UNMAP_DMA		_IO(VFIO_TYPE, VFIO_BASE + 14)

/* ---- The nesting series v7 ---- */

/* p01: the format of a PASID table entry, which also says what the vendor union holds. */
#define IOMMU_PASID_FORMAT_INTEL_VTD	1
#define IOMMU_PASID_FORMAT_LAST		2

/* p01. The hole after flags is the series' own: 4 bytes, and none on i386 (DF1, DF20). */
/*
 * As posted a hole followed flags, absent on i386; "We should fill that gap with padding to make it
 * deterministic for userspace" (Alex Williamson on p01). On 64 bits the two are the same.
 */
struct iommu_nesting_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__u64 cap_reg;
	__u64 ecap_reg;
};

#define IOMMU_NESTING_FEAT_SYSWIDE_PASID	(1 << 0)
#define IOMMU_NESTING_FEAT_BIND_PGTBL		(1 << 1)
#define IOMMU_NESTING_FEAT_CACHE_INVLD		(1 << 2)

struct iommu_nesting_info {
	__u32 argsz;
	__u32 flags;
	__u32 format;
	__u32 features;
	__u16 addr_width;		/* output width of the first level */
	__u16 pasid_bits;		/* 0: no PASID */
	__u8 padding[12];
	union {
		struct iommu_nesting_info_vtd vtd;
	} vendor;
};

/* p03 */
#define VFIO_IOMMU_TYPE1_INFO_CAP_NESTING	3

struct vfio_iommu_type1_info_cap_nesting {
	struct vfio_info_cap_header header;
	struct iommu_nesting_info info;
};

/*
 * Review of p04: "we should plumb it through an IOMMU info capability" (Alex Williamson), "agreed"
 * (Yi Liu). Nobody fixed number and layout: these are ours, out of mainline's way.
 */
#define VFIO_IOMMU_TYPE1_INFO_CAP_PASID_QUOTA	0x700

struct vfio_iommu_type1_info_cap_pasid_quota {
	struct vfio_info_cap_header header;
	__u32 quota;			/* PASIDs that this process may have at once */
	__u32 left;			/* of these, how many it can still allocate */
};

/* p07: ALLOC answers with the PASID as the return value. Exactly one of the two flags. */
#define VFIO_IOMMU_FLAG_ALLOC_PASID	(1 << 0)
#define VFIO_IOMMU_FLAG_FREE_PASID	(1 << 1)
#define VFIO_PASID_REQUEST_MASK		(VFIO_IOMMU_FLAG_ALLOC_PASID | VFIO_IOMMU_FLAG_FREE_PASID)
#define VFIO_IOMMU_PASID_BITS		31

struct vfio_iommu_type1_pasid_request {
	__u32 argsz;
	__u32 flags;
	struct {
		__u32 min;
		__u32 max;
	} range;
};

#define VFIO_IOMMU_PASID_REQUEST	_IO(VFIO_TYPE, VFIO_BASE + 18)

/* p10, p11: data is iommu_gpasid_bind_data (BIND, UNBIND) or iommu_cache_invalidate_info. */
#define VFIO_NESTING_OP_MASK		(0xffff)

struct vfio_iommu_type1_nesting_op {
	__u32 argsz;
	__u32 flags;			/* the operation in the low 16 bits, no other bit */
	__u8 data[];
};

enum {
	VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
	VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL,
	VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
	VFIO_IOMMU_NESTING_OP_NUM,
};

#define VFIO_IOMMU_NESTING_OP		_IO(VFIO_TYPE, VFIO_BASE + 19)

/* The series' base: <linux/iommu.h> with argsz and the vendor union, as in Linux 5.10. */

#define IOMMU_SVA_VTD_GPASID_SRE	(1 << 0)	/* supervisor requests */
#define IOMMU_SVA_VTD_GPASID_EAFE	(1 << 1)	/* extended accessed flag */
#define IOMMU_SVA_VTD_GPASID_PCD	(1 << 2)	/* page-level cache disable */
#define IOMMU_SVA_VTD_GPASID_PWT	(1 << 3)	/* page-level write through */
#define IOMMU_SVA_VTD_GPASID_EMTE	(1 << 4)	/* extended memory type */
#define IOMMU_SVA_VTD_GPASID_CD		(1 << 5)	/* cache disable for the PASID */
#define IOMMU_SVA_VTD_GPASID_LAST	(1 << 6)
#define IOMMU_SVA_VTD_GPASID_MTS_MASK	(IOMMU_SVA_VTD_GPASID_CD | IOMMU_SVA_VTD_GPASID_EMTE | \
					 IOMMU_SVA_VTD_GPASID_PCD | IOMMU_SVA_VTD_GPASID_PWT)

struct iommu_gpasid_bind_data_vtd {
	__u64 flags;
	__u32 pat;
	__u32 emt;
};

#define IOMMU_GPASID_BIND_VERSION_1	1
#define IOMMU_SVA_GPASID_VAL		(1 << 0)	/* gpasid is meaningful */

struct iommu_gpasid_bind_data {
	__u32 argsz;
	__u32 version;
	__u32 format;
	__u32 addr_width;		/* 48 or 57 */
	__u64 flags;
	__u64 gpgd;			/* guest physical address of the root */
	__u64 hpasid;
	__u64 gpasid;
	__u8 padding[8];
	union {
		struct iommu_gpasid_bind_data_vtd vtd;
	} vendor;
};

#define IOMMU_CACHE_INVALIDATE_INFO_VERSION_1	1

#define IOMMU_CACHE_INV_TYPE_IOTLB	(1 << 0)
#define IOMMU_CACHE_INV_TYPE_DEV_IOTLB	(1 << 1)
#define IOMMU_CACHE_INV_TYPE_PASID	(1 << 2)
#define IOMMU_CACHE_INV_TYPE_NR		(3)

enum iommu_inv_granularity {
	IOMMU_INV_GRANU_DOMAIN,
	IOMMU_INV_GRANU_PASID,
	IOMMU_INV_GRANU_ADDR,
	IOMMU_INV_GRANU_NR,
};

#define IOMMU_INV_PASID_FLAGS_PASID	(1 << 0)
#define IOMMU_INV_PASID_FLAGS_ARCHID	(1 << 1)

struct iommu_inv_pasid_info {
	__u32 flags;
	__u32 archid;
	__u64 pasid;
};

#define IOMMU_INV_ADDR_FLAGS_PASID	(1 << 0)
#define IOMMU_INV_ADDR_FLAGS_ARCHID	(1 << 1)
#define IOMMU_INV_ADDR_FLAGS_LEAF	(1 << 2)	/* leaf entries suffice */

struct iommu_inv_addr_info {
	__u32 flags;
	__u32 archid;
	__u64 pasid;
	__u64 addr;
	__u64 granule_size;		/* bytes */
	__u64 nb_granules;
};

/* argsz: 16 suffices for DOMAIN, 32 for PASID, 56 for ADDR. */
struct iommu_cache_invalidate_info {
	__u32 argsz;
	__u32 version;
	__u8 cache;
	__u8 granularity;
	__u8 padding[6];
	union {
		struct iommu_inv_pasid_info pasid_info;
		struct iommu_inv_addr_info addr_info;
	} granu;
};

#endif /* IOMMU_CTS_UAPI_VFIO_H */
