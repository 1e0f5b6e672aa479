/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * /dev/ioasid as "[RFC] /dev/ioasid uAPI proposal" of 27 May 2021 describes it (section numbers
 * below are that mail's), with the VFIO and KVM calls that go with it. The mail fixes names, the
 * order of commands and what each takes; it fixes no layout, no number of a flag and no errno.
 * Whatever is chosen here is marked "our choice". Layouts are held by ioasid_abi.c.
 *
 * Our choice for all structs, after iommufd: the caller's size comes first; it is called argsz, as
 * in VFIO, since `size` is the mail's word for the length of a range. Less than the struct: EINVAL.
 * Bytes beyond what is known that are not zero: E2BIG. Unknown flags, reserved fields that are not
 * zero, known fields with a value that is not supported: EOPNOTSUPP. No such IOASID: ENOENT.
 * Addresses and lengths are multiples of the kernel's page: EINVAL; beyond 2^64: EOVERFLOW. Bad
 * memory: EFAULT. A command that takes one number takes it as the argument itself, as the mail's
 * examples do (5.1, 5.3).
 *
 * Our choice for commands on an IOASID that is attached to no device: ENODEV ("doesn't accept any
 * command before it is attached to a device"), and for one that has a part of a group only:
 * EDEADLK (the number that the mail's review proposed).
 */
#ifndef IOMMU_CTS_UAPI_IOASID_H
#define IOMMU_CTS_UAPI_IOASID_H

#include "vfio.h"

/* Our choice: those of the prototype of PASID allocation; no VFIO or iommufd number has the type */
#define IOASID_TYPE	('i')
#define IOASID_BASE	100

/* ---- The file (2.1) ---- */

/*
 * "FD-level capabilities": 0 or 1. Numbers are our choice. From EXT_NESTING_HW on it is the union
 * over all devices that are bound to the file: 1 if one of them can.
 */
enum ioasid_extension {
	IOASID_EXT_REGISTER_MEMORY = 1,
	IOASID_EXT_NESTING_SW = 2,
	IOASID_EXT_NESTING_HW = 3,
	IOASID_EXT_BIND_PGTABLE = 4,
	IOASID_EXT_BIND_PASID_TABLE = 5,
	IOASID_EXT_USER_PASID = 6,
	IOASID_EXT_PAGE_FAULT = 7,
};

#define IOASID_CHECK_EXTENSION		_IO(IOASID_TYPE, IOASID_BASE + 0)	/* arg: it */

/*
 * "It pins user pages and does the locked memory accounting". From the first one on "the mapped
 * vaddr must be already in the preregistered list". Our choice: EEXIST if it overlaps one that is
 * registered; UNREGISTER takes exactly what was registered: ENOENT; EBUSY while a mapping uses it.
 */
struct ioasid_memory {
	__u32 argsz;
	__u32 flags;			/* 0 */
	__aligned_u64 vaddr;
	__aligned_u64 size;
};

#define IOASID_REGISTER_MEMORY		_IO(IOASID_TYPE, IOASID_BASE + 1)
#define IOASID_UNREGISTER_MEMORY	_IO(IOASID_TYPE, IOASID_BASE + 2)

/* Returns an IOASID. Our choice: they are > 0. FREE: EBUSY while it is attached or has children. */
#define IOASID_ALLOC			_IO(IOASID_TYPE, IOASID_BASE + 3)	/* no arg */
#define IOASID_FREE			_IO(IOASID_TYPE, IOASID_BASE + 4)	/* arg: ioasid */

/* ---- An address space ---- */

/* Our choice: values. */
enum ioasid_capability {
	IOASID_CAP_MAP_DMA = 1 << 0,
	IOASID_CAP_BIND_PGTABLE = 1 << 1,
	IOASID_CAP_BIND_PASID_TABLE = 1 << 2,
	IOASID_CAP_NESTING_HW = 1 << 3,		/* of its children */
	IOASID_CAP_NESTING_SW = 1 << 4,
	IOASID_CAP_PAGE_FAULT = 1 << 5,
};

/* "vendor pgtable formats". Our choice: values. */
enum ioasid_pgtable_format {
	IOASID_PGTABLE_NONE = 0,
	IOASID_PGTABLE_VTD_S1 = 1,		/* Intel VT-d, first level */
	IOASID_PGTABLE_ARM_S1 = 2,		/* VMSAv8-64 stage 1, TTB0 */
};

enum ioasid_pasid_table_format {
	IOASID_PASID_TABLE_NONE = 0,
	IOASID_PASID_TABLE_ARM_SMMUV3 = 1,	/* linear table of context descriptors */
};

struct ioasid_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;			/* inclusive */
};

/*
 * "Output parameters: many. TBD." All of the layout is our choice. @num_reserved: in, how many
 * ranges there is room for at @reserved_iovas; out, how many there are; EMSGSIZE: more than fit.
 */
struct ioasid_info {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 out_capabilities;			/* enum ioasid_capability */
	__aligned_u64 out_pgsizes;
	__aligned_u64 reserved_iovas;		/* struct ioasid_iova_range * */
	__u32 num_reserved;
	__u32 out_children;
	__u32 out_pgtable_format;		/* enum ioasid_pgtable_format */
	__u32 out_pasid_table_format;		/* enum ioasid_pasid_table_format */
	__u32 out_addr_width;			/* of a user page table, the most; 0: none */
	__u32 out_pasid_bits;			/* of a PASID table or a user PASID; 0: none */
};

#define IOASID_GET_INFO			_IO(IOASID_TYPE, IOASID_BASE + 5)

/* Our choice: values, those of VFIO; at least one of them, else EINVAL. */
enum ioasid_map_flags {
	IOASID_MAP_READ = 1 << 0,
	IOASID_MAP_WRITE = 1 << 1,
};

/*
 * "VFIO type1 equivalent semantics". Of a child @vaddr is an address of the parent's space (5.3).
 * Our choice: EEXIST overlaps a mapping; EINVAL outside of what devices can use; ENOENT not in
 * registered memory; EBUSY on a child with a user's table; EOPNOTSUPP no software nesting there.
 * UNMAP: "the unmap size should match those used in the original mapping call": ENOENT no mapping
 * begins there, EINVAL another size.
 */
struct ioasid_dma_map {
	__u32 argsz;
	__u32 flags;				/* enum ioasid_map_flags */
	__u32 ioasid;
	__u32 __reserved;
	__aligned_u64 vaddr;
	__aligned_u64 iova;
	__aligned_u64 size;
};

struct ioasid_dma_unmap {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 size;
};

#define IOASID_MAP_DMA			_IO(IOASID_TYPE, IOASID_BASE + 6)
#define IOASID_UNMAP_DMA		_IO(IOASID_TYPE, IOASID_BASE + 7)

/* Returns the child. Our choice: EOPNOTSUPP if the parent can have none. */
#define IOASID_CREATE_NESTING		_IO(IOASID_TYPE, IOASID_BASE + 8)	/* arg: parent */

/* Our choice: values, those of struct iommu_hwpt_vtd_s1. */
enum ioasid_vtd_s1_flags {
	IOASID_VTD_S1_SRE = 1 << 0,
	IOASID_VTD_S1_EAFE = 1 << 1,
	IOASID_VTD_S1_WPE = 1 << 2,
};

/*
 * "child_ioasid; address of the user page table; formats (vendor, address_width, etc.)". The
 * layout is our choice; EINVAL: no child, or a width that hardware does not walk; EBUSY: it has a
 * table, or mappings. Where the PASID table is the user's (5.7) the kernel "just tracks the bound
 * I/O page table", so it has to be attached by a PASID to devices that have one bound, else
 * EOPNOTSUPP; @asid is the tag that the table's context descriptor has.
 */
struct ioasid_bind_pgtable {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 format;				/* enum ioasid_pgtable_format */
	__aligned_u64 addr;			/* in the parent's space */
	__u32 addr_width;
	union {
		__u32 vtd_flags;		/* enum ioasid_vtd_s1_flags */
		__u32 asid;			/* Arm */
	};
};

#define IOASID_BIND_PGTABLE		_IO(IOASID_TYPE, IOASID_BASE + 9)
#define IOASID_UNBIND_PGTABLE		_IO(IOASID_TYPE, IOASID_BASE + 10)	/* arg: ioasid */

/* What requests without a PASID get. Our choice: values, those of STE.S1DSS. */
enum ioasid_default_mode {
	IOASID_DEFAULT_TERMINATE = 0,
	IOASID_DEFAULT_BYPASS = 1,		/* the parent's space */
	IOASID_DEFAULT_SSID0 = 2,		/* as if they had PASID 0 */
};

/* "address of PASID table; formats (vendor, size, etc.)". The layout is our choice. */
struct ioasid_bind_pasid_table {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 format;				/* enum ioasid_pasid_table_format */
	__aligned_u64 addr;			/* in the parent's space, a multiple of 64 */
	__u32 pasid_bits;			/* log2 of the number of entries */
	__u32 default_mode;			/* enum ioasid_default_mode; one entry: SSID0 */
};

#define IOASID_BIND_PASID_TABLE		_IO(IOASID_TYPE, IOASID_BASE + 11)
#define IOASID_UNBIND_PASID_TABLE	_IO(IOASID_TYPE, IOASID_BASE + 12)	/* arg: ioasid */

/* "only two granularities (all, or a specified range)". Our choice: values. */
enum ioasid_inv_granularity {
	IOASID_INV_ALL = 0,
	IOASID_INV_RANGE = 1,
};

/*
 * Of an address space the range is one of addresses; of a PASID table, where "this command applies
 * to the PASID cache", of PASIDs, in units of one. Our choice: EINVAL if nothing of the user's is
 * bound; with INV_ALL @addr and @size are 0.
 */
struct ioasid_invalidate {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 granularity;			/* enum ioasid_inv_granularity */
	__aligned_u64 addr;
	__aligned_u64 size;
};

#define IOASID_INVALIDATE_CACHE		_IO(IOASID_TYPE, IOASID_BASE + 13)

/*
 * "Page fault report and response. This is TBD. [...] Likely it will be a ring buffer [...], an
 * eventfd to notify the user and an ioctl to complete the fault." Our choice, since the mail's
 * review asks for read(): a descriptor that is polled and read stands for ring and eventfd. There
 * is one a file at most: EBUSY. While there is none, page requests are answered "invalid".
 * Reads give whole groups, of which each record has the same cookie.
 */
enum ioasid_fault_flags {
	IOASID_FAULT_LAST = 1 << 0,		/* of its group */
	IOASID_FAULT_PASID = 1 << 1,		/* @ioasid is a PASID table, @pasid is the entry */
};

enum ioasid_fault_perm {
	IOASID_FAULT_PERM_READ = 1 << 0,
	IOASID_FAULT_PERM_WRITE = 1 << 1,
	IOASID_FAULT_PERM_EXEC = 1 << 2,
	IOASID_FAULT_PERM_PRIV = 1 << 3,
};

/* "The fault data is per I/O address space, i.e.: IOASID + faulting_addr" */
struct ioasid_page_fault {
	__u32 flags;				/* enum ioasid_fault_flags */
	__u32 ioasid;
	__u32 pasid;
	__u32 perm;				/* enum ioasid_fault_perm */
	__u32 cookie;
	__u32 __reserved;
	__aligned_u64 addr;
};

/* Our choice: values. */
enum ioasid_response_code {
	IOASID_RESPONSE_SUCCESS = 0,
	IOASID_RESPONSE_INVALID = 1,
};

/* "{ioasid, response_code}" (5.6); the cookie says which of several. ENOENT: none waits. */
struct ioasid_page_response {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 ioasid;
	__u32 cookie;
	__u32 code;				/* enum ioasid_response_code */
	__u32 __reserved;
};

#define IOASID_ALLOC_FAULT_FD		_IO(IOASID_TYPE, IOASID_BASE + 14)	/* arg: 0 */
#define IOASID_PAGE_RESPONSE		_IO(IOASID_TYPE, IOASID_BASE + 15)

/* ---- The device (2.2), on /dev/vfio/devices/vfioN. Numbers are the mail's. ---- */

/*
 * Our choice: EINVAL bound already (UNBIND: not bound, or to another file); EBADF, EBADFD no file
 * of /dev/ioasid; EBUSY another owner has its group; UNBIND: EBUSY while it is attached. Closing
 * the device detaches and unbinds it.
 */
#define VFIO_BIND_IOASID_FD		_IO(VFIO_TYPE, VFIO_BASE + 22)	/* arg: ioasid_fd */
#define VFIO_UNBIND_IOASID_FD		_IO(VFIO_TYPE, VFIO_BASE + 23)	/* arg: ioasid_fd */

/* Our choice: value. */
enum ioasid_attach_flags {
	IOASID_ATTACH_USER_PASID = 1 << 0,
};

/*
 * Our choice: EBUSY if the device's RID, or the PASID, has a space already that is no ancestor;
 * EPERM "any device attached to the child ioasid must be already attached to the parent"; EINVAL
 * what the devices of the IOASID have is incompatible with this one; EOPNOTSUPP no PASIDs there;
 * EADDRINUSE something is mapped where the device cannot reach. DETACH: ENOENT if it is not
 * attached so, EBUSY while the device is attached to a child. The last detach empties the space.
 */
struct vfio_device_attach_ioasid {
	__u32 argsz;
	__u32 flag;				/* enum ioasid_attach_flags */
	__u32 ioasid;
	__u32 user_pasid;			/* 0 without the flag */
};

#define VFIO_ATTACH_IOASID		_IO(VFIO_TYPE, VFIO_BASE + 24)
#define VFIO_DETACH_IOASID		_IO(VFIO_TYPE, VFIO_BASE + 25)

/*
 * In VFIO_DEVICE_GET_INFO's chain, of devices that take PASIDs from the user ("for 3-5 the device
 * will report PASID support [...] for 5 in addition the device will report a requirement on CPU
 * PASID translation", 3 Jun 2021). Names are v2's; our choice: values, and the id, since v2's 5 is
 * another one in mainline.
 */
#define VFIO_DEVICE_INFO_CAP_PASID	0x100

enum vfio_device_pasid_flags {
	VFIO_DEVICE_PASID_DELEGATED = 1 << 0,	/* the PASID table is the user's */
	VFIO_DEVICE_PASID_CPU = 1 << 1,		/* takes PASIDs out of the CPU's MSR */
	VFIO_DEVICE_PASID_CPU_VIRT = 1 << 2,	/* which KVM_MAP_PASID has to translate */
};

struct vfio_device_info_cap_pasid {
	struct vfio_info_cap_header header;
	__u32 flags;				/* enum vfio_device_pasid_flags */
	__u32 pasid_bits;
};

/* ---- KVM (2.3), on a virtual machine's descriptor. Numbers are the mail's. ---- */

#ifndef KVMIO
#define KVMIO				0xAE
#endif

/*
 * "set/clear the vPASID->pPASID mapping in the CPU". Our choice: the layout; EEXIST user_pasid is
 * mapped; ENOENT it is not, or the IOASID has no physical PASID that CPUs may use. A mapping keeps
 * its IOASID from being freed.
 */
struct kvm_pasid_map {
	__u32 argsz;
	__u32 flags;				/* 0 */
	__u32 user_pasid;
	__s32 ioasid_fd;
	__u32 ioasid;
	__u32 __reserved;
};

#define KVM_MAP_PASID			_IO(KVMIO, 0xf0)
#define KVM_UNMAP_PASID			_IO(KVMIO, 0xf1)

#endif /* IOMMU_CTS_UAPI_IOASID_H */
