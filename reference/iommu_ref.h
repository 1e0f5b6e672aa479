/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The reference implementation of Linux's IOMMU user API, as a library.
 *
 * Concepts
 *   struct iommu_ref       one machine: IOMMU hardware, its devices, the system-wide PASID space.
 *   struct iommu_ref_proc  one process (an mm): a file table and the owner of PASIDs. A program
 *   that
 *                          tests ownership makes two. Both share the caller's address space.
 *   file                   an open /dev/iommu, /dev/ioasid, /dev/vfio/vfio, /dev/vfio/GROUP or
 *                          /dev/vfio/devices/vfioN; a small integer, valid in its process only.
 *
 * Physical memory is the caller's own memory: a "physical address" of the model is a user virtual
 * address of this program, so DMA reads and writes the very pages that were mapped. Pointers inside
 * ioctl arguments may be anything; a bad one gives -EFAULT, never a crash.
 *
 * There are no globals, no threads and no clock in here. Every function may be called from any
 * thread. Functions return 0 or a value >= 0, or -errno.
 */
#ifndef IOMMU_REF_H
#define IOMMU_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct iommu_ref;
struct iommu_ref_proc;

enum iommu_ref_vendor {
	IOMMU_REF_VTD = 1,	/* Intel VT-d, scalable mode */
	IOMMU_REF_SMMUV3 = 2,	/* Arm SMMUv3, stage 1 + stage 2 */
	IOMMU_REF_MOCK = 3,	/* Linux's mock driver, CONFIG_IOMMUFD_TEST */
};

/* Which reading of the VFIO nesting series v7 the vfio front end follows. */
enum iommu_ref_profile {
	IOMMU_REF_V7_REVIEWED = 0,	/* with the review comments that its author accepted */
	IOMMU_REF_V7_POSTED = 1,	/* as posted, with its own bugs */
};

#define IOMMU_REF_MAX_DEVICES 8
#define IOMMU_REF_MAX_UNITS 4

/*
 * One IOMMU unit, remapping hardware of VT-d or an SMMU, that has an IOTLB and capabilities of its
 * own. To be filled with iommu_ref_unit_init().
 */
struct iommu_ref_unit_config {
	bool nesting;			/* two-stage translation is there */
	bool five_level;		/* VT-d CAP.FL5LP and SAGAW: tables of 57 bits are walked */
	bool dirty_tracking;		/* notes writes (VT-d SSADS, SMMUv3 HTTU) */
	bool snoop_control;		/* VT-d ECAP.SC: can force DMA to be coherent */
	uint8_t largest_leaf;		/* VT-d SSLPS, FL1GP: 30, 21 or 12, log2 of a page */
	uint32_t pasid_bits;		/* 0: no PASIDs */
	/* A power of two, 64 .. 65536; shared out to devices that have page tables of their own. */
	uint32_t iotlb_entries;
	uint64_t aperture_last;		/* last IOVA that its paging HWPTs can translate */
	uint32_t oas_bits;		/* SMMUv3 IDR5.OAS: 48 or 52 */
};

/* What a device that takes PASIDs from its user puts on the wire; /dev/ioasid only. */
enum iommu_ref_pasid_policy {
	IOMMU_REF_PASID_PDEV = 0,	/* the user's own number; a RID without one */
	IOMMU_REF_PASID_MDEV,		/* another one of its own, for its default space too */
	IOMMU_REF_PASID_MDEV_ENQCMD,	/* one of the whole system's, the same for all devices */
};

/* One PCI function. Devices with the same group number are one IOMMU group. */
struct iommu_ref_device_config {
	uint16_t rid;		/* PCI requester ID, bus << 8 | devfn */
	uint32_t group;		/* /dev/vfio/GROUP; its devices are all behind one unit */
	uint8_t unit;		/* the IOMMU it is behind, an index into units */
	bool not_pci;		/* a platform device; v7's binds ask for a PCI function */
	bool pasid;		/* can tag its DMA with a PASID */
	bool pri;		/* can ask for pages (PCIe PRI); such a device has ATS, too */
	bool ats;		/* has an address translation cache (ATC) of its own (PCIe ATS) */
	enum iommu_ref_pasid_policy pasid_policy;
};

/* What hardware to be. Fill with iommu_ref_config_init(), then change what matters. */
struct iommu_ref_config {
	enum iommu_ref_vendor vendor;
	enum iommu_ref_profile profile;
	bool nesting;			/* two-stage translation is there */
	/*
	 * VT-d CAP.FL5LP and SAGAW: tables of 57 bits are walked. The kernel makes some itself when
	 * aperture_last is beyond 48 bits.
	 */
	bool five_level;
	/*
	 * SMMUv3: page size of the kernel, and so granule of its tables, 4096, 16384 or 65536.
	 * Guests may use any granule for their stage 1, whatever this is.
	 */
	uint32_t granule;
	/*
	 * SMMUv3 IDR5.OAS: 48, or 52. Of 52 bits are guests' tables (LPA, and with CD.DS LPA2), and
	 * the kernel's if its granule is 65536.
	 */
	uint32_t oas_bits;
	uint32_t pasid_bits;		/* 20 */
	uint32_t pasid_capacity;	/* PASIDs of the whole system: 0x100000 */
	uint32_t pasid_host_reserve;	/* taken out of it for the host's own set: 0x8000 */
	uint32_t pasid_quota;		/* per process: 1000 (v7 p04) */
	uint32_t iotlb_entries;		/* a power of two, 64 .. 65536: 4096 */
	uint32_t page_requests;		/* of a unit, that wait at most, 1 .. 65536: 512 */
	uint64_t locked_limit;		/* RLIMIT_MEMLOCK, bytes; UINT64_MAX: CAP_IPC_LOCK, none */
	bool dirty_tracking;		/* hardware notes writes (VT-d SSADS, SMMUv3 HTTU): true */
	bool snoop_control;		/* VT-d ECAP.SC: can force DMA to be coherent: true */
	uint8_t largest_leaf;		/* VT-d SSLPS, FL1GP: log2 of the largest page: 30 */
	bool no_sys_resource;		/* processes lack CAP_SYS_RESOURCE */
	uint32_t no_nesting_features; /* v7: IOMMU_NESTING_FEAT_* that the driver lacks */
	uint32_t fail_attaches;		/* v7: so many fail at their last step, -ENOMEM */
	int fail_iova_cap;		/* v7: errno of GET_INFO's IOVA capability; 0 */
	/* Last IOVA that paging HWPTs can translate, 48 bits at most if not said otherwise. */
	uint64_t aperture_last;
	uint64_t msi_first, msi_last;	/* reserved window of IOVAs */
	/*
	 * The program promises that memory which is mapped for DMA stays mapped in itself, with its
	 * rights, until it is unmapped here; then page tables in it are read directly, a nested
	 * miss in nanoseconds instead of microseconds. A broken promise is a SIGSEGV. Default
	 * false: the kernel reads them for us, and memory that is gone is a bus fault of the DMA.
	 */
	bool trusted_memory;
	/*
	 * The IOMMU units. 0: a single one, as the fields above say. Otherwise these fields of the
	 * same names mean nothing: nesting, five_level, pasid_bits, iotlb_entries,
	 * dirty_tracking, snoop_control, largest_leaf, aperture_last, oas_bits.
	 */
	unsigned int nr_units;
	struct iommu_ref_unit_config units[IOMMU_REF_MAX_UNITS];
	const char *defect;		/* name of a known-bad variant, or NULL; see defects.def */
	unsigned int nr_devices;
	struct iommu_ref_device_config devices[IOMMU_REF_MAX_DEVICES];
};

/*
 * Defaults: nesting; devices 0..3: rid 0x0008 (00:01.0) group 1, rid 0x0010 group 2, rid 0x0018 and
 * rid 0x0019 both in group 3; all with pasid, pri and ats. VT-d: aperture 2^48-1, MSI window
 * [0xfee00000, 0xfeefffff]. SMMUv3: aperture 2^48-1, MSI window [0x08000000, 0x080fffff].
 */
void iommu_ref_config_init(struct iommu_ref_config *cfg, enum iommu_ref_vendor vendor);

/* @unit as the fields of @cfg say: what a machine with nr_units == 0 has; to start from. */
void iommu_ref_unit_init(const struct iommu_ref_config *cfg, struct iommu_ref_unit_config *unit);

/* Errors: -EINVAL (a configuration that makes no sense, or an unknown defect), -ENOMEM. */
int iommu_ref_create(const struct iommu_ref_config *cfg, struct iommu_ref **out);
/* Ends every process that is left, then the machine. */
void iommu_ref_destroy(struct iommu_ref *ref);

int iommu_ref_proc_create(struct iommu_ref *ref, struct iommu_ref_proc **out);
/* What the kernel does at exit: closes all files, drops the mm's PASIDs. */
void iommu_ref_proc_exit(struct iommu_ref_proc *proc);

/*
 * Where @proc's descriptor numbers come from, for a program that has other files too: @get returns
 * a number below 1024 that the program has set aside, or -errno; @put takes it back when the file
 * is closed. Both are called with the machine locked and must not call the reference. Without them
 * the lowest free number is taken. To be called before the first open.
 */
struct iommu_ref_fds {
	int (*get)(void *arg);
	void (*put)(void *arg, int fd);
};
void iommu_ref_proc_set_fds(struct iommu_ref_proc *proc, const struct iommu_ref_fds *fds,
			    void *arg);

/* The system calls. @path as in a Linux system; -ENOENT, -EMFILE, -ENOTTY, -EBADF, ... */
int iommu_ref_open(struct iommu_ref_proc *proc, const char *path, int flags);
int iommu_ref_close(struct iommu_ref_proc *proc, int fd);
int iommu_ref_ioctl(struct iommu_ref_proc *proc, int fd, unsigned long cmd, void *arg);
ssize_t iommu_ref_read(struct iommu_ref_proc *proc, int fd, void *buf, size_t len);
ssize_t iommu_ref_write(struct iommu_ref_proc *proc, int fd, const void *buf, size_t len);
/* Of a VFIO device's file; -ESPIPE: of another, which has no offsets. */
ssize_t iommu_ref_pread(struct iommu_ref_proc *proc, int fd, void *buf, size_t len,
			uint64_t offset);
ssize_t iommu_ref_pwrite(struct iommu_ref_proc *proc, int fd, const void *buf, size_t len,
			 uint64_t offset);
/* Returns the poll(2) revents, without waiting: the model never changes by itself. */
int iommu_ref_poll(struct iommu_ref_proc *proc, int fd, short events);
/* SCM_RIGHTS: @fd of @from as a new file descriptor of @to, the same open file. */
int iommu_ref_pass_fd(struct iommu_ref_proc *from, int fd, struct iommu_ref_proc *to);

/*
 * What a mediated device of /dev/ioasid puts on the wire when its user gives it @user_pasid, or
 * (@has_pasid false) none: as its driver would have told the hardware. 1: *@pasid; 0: no PASID;
 * -ENODEV: no such device; -ENOENT: nothing is attached there.
 */
int iommu_ref_wire_pasid(struct iommu_ref *ref, unsigned int device, bool has_pasid,
			 uint32_t user_pasid, uint32_t *pasid);
/*
 * A virtual machine's descriptor, of which KVM_MAP_PASID and KVM_UNMAP_PASID are the only commands;
 * -EMFILE, -ENOMEM. And the PASID that its CPUs send with ENQCMD for @user_pasid in the MSR:
 * -EBADF; -ENOENT, the instruction faults.
 */
int iommu_ref_vm_create(struct iommu_ref_proc *proc);
int iommu_ref_vm_pasid(struct iommu_ref_proc *proc, int vm_fd, uint32_t user_pasid,
		       uint32_t *pasid);

/* Why DMA was stopped; numbers are the model's own. */
enum iommu_ref_fault_reason {
	IOMMU_REF_FAULT_NONE = 0,
	IOMMU_REF_FAULT_BLOCKED,	/* the device or its PASID has no page table */
	IOMMU_REF_FAULT_S1_TRANSLATION,	/* not present in stage 1 (or in the only stage) */
	IOMMU_REF_FAULT_S1_PERMISSION,
	IOMMU_REF_FAULT_S2_TRANSLATION,	/* not present in stage 2, for the data or for a table */
	IOMMU_REF_FAULT_S2_PERMISSION,
	IOMMU_REF_FAULT_ADDRESS_SIZE,	/* beyond the input range of the format */
	IOMMU_REF_FAULT_BAD_CONFIG,	/* malformed context: STE/CD or PASID entry */
	IOMMU_REF_FAULT_BUS,		/* translated, but no memory there */
	/* translation or translated request of a device for which ATS is not enabled */
	IOMMU_REF_FAULT_ATS_FORBIDDEN,
};

/* One fault record, as recorded by the IOMMU. */
struct iommu_ref_fault {
	enum iommu_ref_fault_reason reason;
	uint16_t rid;
	bool has_pasid;
	bool write;
	uint32_t pasid;
	uint64_t iova;		/* exact faulting byte address, stage-1 input */
	uint64_t ipa;		/* stage-2 input, for S2 faults */
};

/* What the device says about the address of a request: PCIe's address type. */
enum iommu_ref_dma_at {
	IOMMU_REF_DMA_UNTRANSLATED = 0,
	/*
	 * By the device's ATC: what is not in it is asked for by a translation request, and kept;
	 * then the request has a translated address, which the IOMMU does not look up again. If the
	 * answer gives no right the device sends nothing: -EFAULT, nothing is recorded.
	 */
	IOMMU_REF_DMA_ATC,
	/* iova is a host address, if we believe the device; rights are not checked by anybody */
	IOMMU_REF_DMA_TRANSLATED,
};

/* One DMA request of a device. */
struct iommu_ref_dma {
	unsigned int device;	/* index into the configuration's devices */
	bool has_pasid;
	bool write;		/* true: the device writes memory from @buf */
	uint32_t pasid;
	uint64_t iova;
	void *buf;
	size_t len;
	enum iommu_ref_dma_at at;	/* of iommu_ref_dma() only */
};

/*
 * Performs the request page by page. 0, or -EFAULT: the fault is recorded, and copied to @fault if
 * that is not NULL; pages before the faulting one were moved, like on a bus. -ENODEV: no such
 * device.
 */
int iommu_ref_dma(struct iommu_ref *ref, const struct iommu_ref_dma *dma,
		  struct iommu_ref_fault *fault);

/*
 * One translation without data, for benchmarks: *@pa = host address. 0, or -EFAULT with @fault
 * filled (not recorded).
 */
int iommu_ref_translate(struct iommu_ref *ref, const struct iommu_ref_dma *dma, uint64_t *pa,
			struct iommu_ref_fault *fault);

/* The answer to an ATS translation request (PCIe 10.2.3); "Global" and "Exe" are never set. */
struct iommu_ref_ats_completion {
	uint64_t first, last;	/* a page as large as both stages allow, 4 KiB at least (STU 0) */
	uint64_t pa;		/* behind first */
	bool read, write;	/* neither: nothing there, or no right; that is not kept */
};

/*
 * A translation request for @dma's iova, with "No Write" set unless @dma->write; fills the device's
 * ATC. 0; -EFAULT: refused (UR or CA), because ATS is not enabled for the device or its
 * configuration is bad; recorded as a fault, but on SMMUv3 the latter is not (IHI 0070 3.9.1.2);
 * -ENODEV: no such device.
 */
int iommu_ref_ats_translate(struct iommu_ref *ref, const struct iommu_ref_dma *dma,
			    struct iommu_ref_ats_completion *out);

/* Takes the oldest fault record. 1: *@fault is one; 0: there is none. */
int iommu_ref_fault_pop(struct iommu_ref *ref, struct iommu_ref_fault *fault);

/*
 * One page request message of a device (PCIe 10.4.1). The IOMMU collects the messages of a group,
 * those of one PASID with one index, until its last one, and hands the whole group to whoever
 * listens on the page table. A stop marker (last, neither read nor write) is never answered.
 */
struct iommu_ref_page_request {
	unsigned int device;	/* index into the configuration's devices; it must have pri */
	bool has_pasid;
	bool last;		/* of its group */
	bool read, write, exec, priv;
	uint16_t grpid;		/* page request group index, 9 bits */
	uint32_t pasid;
	uint64_t iova;		/* bits 11:0 are not part of the message */
};

/* The answer to a whole group (PCIe 10.4.2.1). */
enum iommu_ref_page_code {
	IOMMU_REF_PAGE_SUCCESS = 0,	/* try the access again */
	IOMMU_REF_PAGE_INVALID = 1,	/* do not; also: nobody listens, or no longer */
};

struct iommu_ref_page_response {
	enum iommu_ref_page_code code;
	bool has_pasid;
	uint16_t grpid;
	uint32_t pasid;
};

/*
 * Sends a page request. 0: it left the device, whatever becomes of it. -ENODEV: no such device, or
 * it has no pri; -EINVAL: a PASID or group index that the device cannot send; -ENOMEM. When
 * config.page_requests of its unit wait already, the request is lost, the unit's incomplete groups
 * with it, and a last one is answered with success, so that the device tries again (VT-d 7.4.1, Arm
 * IHI 0070 8.2).
 */
int iommu_ref_page_request(struct iommu_ref *ref, const struct iommu_ref_page_request *req);

/*
 * Takes the oldest answer that @device got. 1: *@resp is one; 0: there is none; -ENODEV. A device
 * keeps the latest 512 answers.
 */
int iommu_ref_page_response_pop(struct iommu_ref *ref, unsigned int device,
				struct iommu_ref_page_response *resp);

/* Introspection, for tests and benchmarks; a client never needs it. */
struct iommu_ref_stats {
	uint64_t translations, iotlb_hits, iotlb_misses, iotlb_fills, iotlb_evictions;
	uint64_t walk_loads;		/* page-table entries read, both stages */
	uint64_t faults, faults_lost;	/* the record queue is bounded: 256 */
	uint64_t inv_page, inv_range, inv_pasid, inv_domain, inv_all; /* IOTLB commands executed */
	uint64_t inv_entries;		/* entries that these removed one by one (page, range) */
	uint64_t pasids, domains, objects, pinned_pages;	/* alive now */
	uint64_t page_requests;		/* waiting for an answer now, incomplete groups too */
	uint64_t page_requests_lost;	/* there were too many */
	uint64_t ats_requests;		/* translation requests that were answered */
	uint64_t atc_hits;		/* pages of DMA that an ATC had */
	uint64_t inv_atc;		/* invalidations sent to ATCs */
	uint64_t inv_atc_entries;	/* entries that these removed */
};
void iommu_ref_stats(struct iommu_ref *ref, struct iommu_ref_stats *out);
/* true: the IOTLB would answer this request without a walk. */
bool iommu_ref_iotlb_cached(struct iommu_ref *ref, const struct iommu_ref_dma *dma);
/* true: the device's own ATC would answer it. */
bool iommu_ref_atc_cached(struct iommu_ref *ref, const struct iommu_ref_dma *dma);
/* PASIDs that @proc's set owns now. */
uint32_t iommu_ref_pasids_owned(struct iommu_ref_proc *proc);

/*
 * The kernel's own users of PASIDs below v7, which no system call tells of. A PASID of the host's
 * set, in [@min, @max]: -ENOSPC, -ENOMEM. A reference on one of @proc's PASIDs, which keeps its
 * number from being given to somebody else: -EINVAL (it has none such), -EBUSY (freed), -EACCES.
 */
int iommu_ref_host_pasid(struct iommu_ref *ref, uint32_t min, uint32_t max, uint32_t *pasid);
int iommu_ref_pasid_get(struct iommu_ref_proc *proc, uint32_t pasid);
void iommu_ref_pasid_put(struct iommu_ref *ref, uint32_t pasid);
/*
 * A driver sets DOMAIN_ATTR_IOASID_SET (v7 p05) of the domain of @proc's container @fd: @owner's
 * set, NULL the host's. -EBADF, -ENODEV (not nesting), -EBUSY (another set), -EINVAL (@owner has
 * none).
 */
int iommu_ref_container_set_pasids(struct iommu_ref_proc *proc, int fd,
				   const struct iommu_ref_proc *owner);

/* Known-bad variants in this build; 0 and *@name NULL past the end or in a shipped library. */
struct iommu_ref_defect_info {
	const char *name;
	const char *what;
};
size_t iommu_ref_defects(const struct iommu_ref_defect_info **out);
/*
 * The defect that is none: a machine with it behaves as one without, and remembers which variants'
 * marked lines were run. Where a line is not reached its variant cannot differ. Only in a build
 * that has variants; @i is an index of the list above.
 */
#define IOMMU_REF_DEFECT_TRACE "TRACE"
bool iommu_ref_defect_reached(const struct iommu_ref *ref, size_t i);

#endif
