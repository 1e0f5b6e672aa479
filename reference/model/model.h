/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The IOMMU itself, below every uAPI: what the front ends may ask of it. One concept a file in this
 * folder. Nothing here knows ioctls; nothing here locks: callers hold ref_lock().
 *
 * Tags. The IOTLB tags an entry with (dtag, atag): VT-d domain ID and PASID, or Arm VMID and ASID.
 * dtag is the model's own number, unique per domain (VT-d) or per stage-2 parent (SMMUv3); atag is
 * the PASID (VT-d; NO_PASID requests carry RID_PASID = 0) or the ASID out of the context
 * descriptor.
 */
#ifndef IOMMU_REF_MODEL_H
#define IOMMU_REF_MODEL_H

#include <pthread.h>
#include "../iommu_ref.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define NO_PASID UINT32_MAX

#define PROT_R 1u
#define PROT_W 2u

/*
 * ---- known-bad variants (defects.def); `ref_defect(ref, UNMAP_KEEPS_IOTLB)` is the one marked
 * line
 */
enum ref_defect {
	DEFECT_NONE = 0,
#define DEFECT(name, what) DEFECT_##name,
#include "defects.def"
#undef DEFECT
	DEFECT_TRACE,		/* none, but which marked lines are reached is noted */
};
#ifdef IOMMU_REF_DEFECTS
#define ref_defect(ref, name) ((ref)->defect && defect_is(ref, DEFECT_##name))
bool defect_is(const struct iommu_ref *ref, enum ref_defect defect);
#else
#define ref_defect(ref, name) ((void)(ref), false)
#endif

/*
 * ---- page-table formats (format_*.c). Levels and granule of a kernel-managed table are what the
 * machine's kernel would choose; of a user-managed one, what user space says.
 */
enum fmt {
	FMT_X86_FL,	/* x86-64 first level */
	FMT_VTD_SS,	/* VT-d second level */
	FMT_ARM_S1,	/* VMSAv8-64 stage 1 */
	FMT_ARM_S2,	/* VMSAv8-64 stage 2 */
	FMT_DRIVER,	/* a driver's own, domain_create_driver() */
};

struct iotlb;
struct pgtable;
struct domain;
struct device;
struct pasid_space;	/* pasid.c: the system-wide PASID space; sets per owner */

enum domain_kind {
	DOMAIN_PAGING,		/* kernel-managed table */
	DOMAIN_NESTED,		/* user-managed stage 1 on a paging parent (stage 2) */
};

/* What a user-managed stage 1 is: root and format, or the SMMU's STE. */
struct stage1 {
	enum fmt fmt;
	/* VT-d: HWPT_DATA_VTD_S1 or v7's gpasid_bind_data */
	uint64_t root;		/* GPA of the top table */
	uint32_t addr_width;	/* 48: 4 levels, 57: 5 */
	bool sre, eafe, wpe;
	/* SMMUv3: STE words 0 and 1 as user space gave them; the CD is at the GPA in them */
	uint64_t ste[2];
	bool abort, bypass;	/* SMMUv3 STE.Config: no translation at all / stage 1 bypassed */
	bool ats;		/* SMMUv3 STE.EATS as the guest gave it */
};

/* One claim of an IOMMU group (frontend/owner.c); free if @count is 0. */
struct group_owner {
	const void *owner;
	uint32_t group;
	unsigned int count;
};

struct iommufd_driver;

/* One IOMMU unit. */
struct unit {
	const struct iommu_ref_unit_config *cfg;
	struct iotlb *tlb;
	unsigned int page_requests;	/* of its devices, that wait for an answer */
};

struct iommu_ref {
	pthread_mutex_t control;	/* ref_lock() takes it, and every device's gate */
	bool exclusive;		/* inside ref_lock(): what DMA alone may not change may change */
	struct iommu_ref_config cfg;
	enum ref_defect defect;
	bool *reached;		/* by number of the defect; NULL: not asked for (defects.c) */
	struct unit units[IOMMU_REF_MAX_UNITS];	/* cfg.nr_units of them */
	struct pasid_space *pasids;
	struct device *devices[IOMMU_REF_MAX_DEVICES];
	struct iommu_ref_stats stats;
	struct fault_ring *faults;
	struct iommu_ref_proc *procs;	/* list; frontend/file.c */
	struct group_owner owners[IOMMU_REF_MAX_DEVICES];
	struct vfio_pci *vfio_pci[IOMMU_REF_MAX_DEVICES];	/* frontend/vfio_pci.c; free() */
	struct cdev *cdev_bound[IOMMU_REF_MAX_DEVICES];	/* by device index; frontend/cdev.c */
	struct ioasid_dev *ioasid_devs[IOMMU_REF_MAX_DEVICES]; /* frontend/ioasid_attach.c */
	struct vfio_group *vfio_groups;	/* in use; frontend/vfio_group.c */
	const struct iommufd_driver *driver;	/* NULL: the model's own; iommufd_driver.h */
	void *driver_data;
	uint64_t user_locked;	/* pages charged to the user of all processes */
};

/*
 * Around every ioctl, and whatever else changes the machine: no other thread is in it, and no DMA
 * is under way. DMA itself is below it (lock.h): it only reads the machine, and fills the IOTLB.
 */
void ref_lock(struct iommu_ref *ref);
void ref_unlock(struct iommu_ref *ref);

/* ---- domains (domain.c) */

/*
 * A kernel-managed table of format @fmt, empty, as the unit of @dev can walk it: its aperture and
 * page sizes. dtag is fresh. *@out has one reference. -ENOMEM, -EOPNOTSUPP (a format the vendor
 * does not have).
 */
int domain_create_for(struct device *dev, enum fmt fmt, struct domain **out);
/* The same for the first unit: a machine that has one. */
int domain_create_paging(struct iommu_ref *ref, enum fmt fmt, struct domain **out);
/*
 * May @dev, which can be behind another unit, be attached to @d? VT-d: its unit must have all that
 * @d was made with: nest parent, dirty tracking, coherency, page sizes, address width. SMMUv3: it
 * must be the unit that @d was made for.
 */
bool domain_fits(const struct domain *d, const struct device *dev);
/* What it was made with (VT-d: its unit has snoop control): all DMA through it is coherent. */
bool domain_coherent(const struct domain *d);
/* The unit must be able to nest on it. */
void domain_set_nest_parent(struct domain *d);
/*
 * User-managed stage 1 over @parent (which gets a reference). VT-d: fresh dtag; SMMUv3: the
 * parent's (VMID), whatever vIOMMU it came through; abort and bypass are decoded from the STE as
 * well. -EINVAL: the parent is not a stage 2 that the format nests on; -ENOMEM. An address width
 * is judged at the attach.
 */
int domain_create_nested(struct iommu_ref *ref, struct domain *parent, const struct stage1 *s1,
			 struct domain **out);
/*
 * A domain whose table is a driver's (frontend/iommufd_driver.h): the model only knows who is
 * attached, and DMA through it is blocked. With @parent it is a nested one. @drv->priv belongs to
 * the domain if this succeeds. -ENOMEM.
 */
struct domain_ops {
	/* As domain_map() and domain_unmap(). NULL: nested. */
	int (*map)(void *priv, uint64_t first, uint64_t last, uint64_t pa, unsigned int prot);
	uint64_t (*unmap)(void *priv, uint64_t first, uint64_t last);
	/* Before @dev gets this domain in place of @old (may be NULL); on error it keeps it. */
	int (*attach)(void *priv, struct device *dev, uint32_t pasid, struct domain *old);
	/* Before @dev loses it for none. */
	void (*detach)(void *priv, struct device *dev, uint32_t pasid);
	void (*destroy)(void *priv);
};
struct driver_domain {
	const struct domain_ops *ops;
	void *priv;
	uint64_t first, last;		/* aperture */
	uint64_t page_size;		/* the smallest */
};
int domain_create_driver(struct iommu_ref *ref, const struct driver_domain *drv,
			 struct domain *parent, struct domain **out);
const struct driver_domain *domain_driver(const struct domain *d);	/* ops NULL: the model's */
void domain_get(struct domain *d);
/* Last reference: IOTLB entries of its dtag go (nested: those of its stage 1), memory is freed. */
void domain_put(struct iommu_ref *ref, struct domain *d);

enum domain_kind domain_kind(const struct domain *d);
enum fmt domain_fmt(const struct domain *d);
uint64_t domain_last(const struct domain *d);		/* last input address of the table */
uint64_t domain_first(const struct domain *d);		/* the first one */
uint64_t domain_page_size(const struct domain *d);	/* the smallest */
uint64_t domain_page_sizes(const struct domain *d);	/* of leaves: bit n is set for 2^n bytes */

/*
 * Kernel-managed table: [@first, @last] -> @pa (aligned to its pages, last = end - 1), largest leaf
 * sizes that alignment allows are used. -EEXIST: something is mapped there, nothing changed;
 * -ERANGE beyond domain_last() or @pa beyond the format's output; -ENOMEM, nothing changed;
 * -EINVAL: not aligned, no rights, or not a paging domain.
 */
int domain_map(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last, uint64_t pa,
	       unsigned int prot);
/*
 * Clears [@first, @last], then invalidates the IOTLB for exactly this range: entries of @d, and of
 * every nested domain on top of it (their stage-1 addresses are unknown, so all of their entries);
 * then the device TLBs of the devices that have one of them.
 * Splits a large leaf that straddles an end. Returns the number of 4K pages that were mapped.
 */
uint64_t domain_unmap(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last);

/*
 * ---- IOTLB invalidation, as the guest or driver asks for it (iotlb_inv.c). Exact: page and range
 * remove what translates an address of the range (a large leaf as a whole), the others cost the
 * same whatever is cached. ATAG_ANY: every PASID or ASID of the dtag. One naming an ASID removes
 * the global (nG = 0) entries of its pages too. Numbers that do not exist are ignored.
 */
#define ATAG_ANY UINT32_MAX
void inv_page(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t iova);
void inv_range(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t first, uint64_t last);
void inv_pasid(struct iommu_ref *ref, uint32_t dtag, uint32_t atag);	/* one PASID or ASID */
void inv_domain(struct iommu_ref *ref, uint32_t dtag);
void inv_all(struct iommu_ref *ref);
uint32_t domain_dtag(const struct domain *d);

/*
 * ---- device TLBs (atc.c), as a guest or program asks for it: [@first, @last], or all of 2^64, of
 * @pasid; NO_PASID: whatever PASID an entry has, and those that have none (PCIe 10.3.8); @global:
 * of every PASID. More may go: the smallest aligned power of two that has the range. A device for
 * which ATS is not enabled gets none.
 */
void inv_atc(struct device *dev, uint32_t pasid, bool global, uint64_t first, uint64_t last);
/* The same for each device and PASID that has @d. */
void inv_atc_domain(const struct domain *d, uint64_t first, uint64_t last);

/* ---- devices (device.c) */
struct device *device_by_index(struct iommu_ref *ref, unsigned int index);	/* NULL: none */
unsigned int device_index(const struct device *dev);
const struct iommu_ref_device_config *device_config(const struct device *dev);
/* Of the unit that it is behind. */
const struct iommu_ref_unit_config *device_unit(const struct device *dev);
/* How long its PASIDs may be: 0, it has none or its unit cannot translate them. */
uint32_t device_pasid_bits(const struct device *dev);
/* What every unit of the machine has of PASIDs. */
uint32_t machine_pasid_bits(const struct iommu_ref *ref);
/*
 * The page table of the device's RID (@pasid NO_PASID) or of RID+PASID; @d NULL blocks DMA. The
 * device holds a reference. Replaces atomically: no DMA sees neither. The old domain's cached
 * translations for this (device, PASID) are invalidated, VT-d: (old dtag, pasid); SMMUv3: the
 * ASID, or the VMID if nested. VT-d: PASID 0 is the RID (RID_PASID). -EINVAL: the device has no
 * PASID ability or the number too many bits, or the domain does not fit it (domain_fits(), the
 * width of a VT-d stage 1); -ENOMEM, then nothing changed.
 */
int device_set_domain(struct iommu_ref *ref, struct device *dev, uint32_t pasid, struct domain *d);
struct domain *device_domain(struct device *dev, uint32_t pasid);	/* NULL: blocked */
/*
 * SMMUv3: drops the context descriptors that the SMMU has cached for @dev, all of them
 * (CFGI_CD_ALL) or that of one SubstreamID (CFGI_CD). The next DMA reads them again. Cached
 * translations stay: they are tagged with the ASID and go by TLBI only. Nothing to do on VT-d.
 */
void device_cfgi(struct device *dev);
void device_cfgi_cd(struct device *dev, uint32_t ssid);
/* Calls @fn for every PASID of @dev that has a domain. @fn may clear it. */
void device_for_each_pasid(struct device *dev, void (*fn)(void *arg, uint32_t pasid), void *arg);

/* ---- dirty tracking (dirty.c) */
/* Before anything is mapped: hardware can note writes to @d. -EOPNOTSUPP: not in this format. */
int domain_make_trackable(struct domain *d);
bool domain_trackable(const struct domain *d);
/* SMMUv3: always on. */
void domain_set_tracking(struct iommu_ref *ref, struct domain *d, bool on);
/* Calls @fn for every part of [@first, @last] that is dirty, lowest first. */
void domain_read_dirty(struct domain *d, uint64_t first, uint64_t last,
		       void (*fn)(void *arg, uint64_t first, uint64_t last), void *arg);
/* Every leaf that reaches into the range is clean then. */
void domain_clear_dirty(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last);

/* ---- page requests (page_request.c) */

/* A complete group: the messages in the order of their arrival. Whoever holds one answers it. */
struct page_group {
	struct page_group *next;	/* for the holder */
	struct device *dev;
	uint32_t route;		/* the PASID whose table it came for; NO_PASID: the RID's */
	uint32_t cookie;		/* for the holder */
	uint32_t dev_id;		/* for the holder */
	const void *attach;		/* for the holder */
	size_t nr;
	struct iommu_ref_page_request req[];
};
/* Groups for @d go to @fn, which then holds them. NULL: nobody listens (the state at creation). */
void domain_listen(struct domain *d, void (*fn)(void *arg, struct page_group *group), void *arg);
/* iommu_ref_page_request() for one who has locked the machine. -ENOMEM. */
int page_request(struct iommu_ref *ref, struct device *dev, struct iommu_ref_page_request req);
/* Answers the device and frees @group. */
void page_group_respond(struct iommu_ref *ref, struct page_group *group,
			enum iommu_ref_page_code code);

/* ---- events (smmu_event.c) */
/*
 * SMMUv3: @fn gets the event records about stage 1 of @d, a nested domain, that are the guest's to
 * know, in the layout of Arm IHI 0070 7.3 with the device's own StreamID. NULL: nobody listens.
 */
void domain_listen_events(struct domain *d,
			  void (*fn)(void *arg, struct device *dev, const uint64_t evt[4]),
			  void *arg);

/* ---- translation (translate.c), faults (fault.c): reached through iommu_ref_dma() and friends */

/* ---- user memory (usermem.c): -EFAULT for what cannot be read or written, never a signal */
int copy_from_user(void *dst, const void *user, size_t len);
int copy_to_user(void *user, const void *src, size_t len);
/* @off bytes behind a user address, which may be anything: it is a number here, not a pointer. */
static inline void *user_at(const void *user, size_t off)
{
	return (void *)((uintptr_t)user + off);
}
/* Pins in the kernel's sense: every page is there and has the rights. -EFAULT, -ENOMEM. */
int user_pages_present(uint64_t va, uint64_t len, bool write);

/* ---- PASID sets (pasid.c), after the ioasid core that v7 stands on */
struct pasid_set;
/* Takes @quota out of the capacity. -ENOSPC, -EINVAL (0), -ENOMEM. One reference. */
int pasid_set_create(struct iommu_ref *ref, uint32_t quota, struct pasid_set **out);
/* Last reference: every PASID of the set is freed, the quota goes back. */
void pasid_set_put(struct iommu_ref *ref, struct pasid_set *set);
/* Lowest free PASID in the inclusive range. -ENOSPC: quota used up or range full; -ENOMEM. */
int pasid_alloc(struct iommu_ref *ref, struct pasid_set *set, uint32_t min, uint32_t max,
		uint32_t *pasid);
/* Frees all of this set's PASIDs in the range, calling @teardown first for each that is in use. */
void pasid_free_range(struct iommu_ref *ref, struct pasid_set *set, uint32_t min, uint32_t max,
		      void (*teardown)(void *arg, uint32_t pasid), void *arg);
/* References keep a freed number from being reissued. -EINVAL, -EBUSY (free pending), -EACCES. */
int pasid_get(struct iommu_ref *ref, struct pasid_set *set, uint32_t pasid);
void pasid_put(struct iommu_ref *ref, uint32_t pasid);
/* 0: owned by @set; -ENOENT: nobody's; -EACCES: another set's. */
int pasid_lookup(struct iommu_ref *ref, struct pasid_set *set, uint32_t pasid);
uint32_t pasid_set_count(const struct pasid_set *set);
uint32_t pasid_set_quota(const struct pasid_set *set);
uint32_t pasid_set_left(const struct pasid_set *set);	/* of the quota; users hold freed ones */
/* host_pasid_set: what the kernel uses by itself, of its reserve. NULL: there is none. */
struct pasid_set *pasid_host_set(const struct iommu_ref *ref);
int pasid_space_create(struct iommu_ref *ref);
void pasid_space_destroy(struct iommu_ref *ref);

/* ---- IOVA space (iova.c): areas, allowed and reserved ranges of one IOAS or container */
struct iova_space;
struct iova_area {
	uint64_t first, last;	/* inclusive */
	uint64_t va;		/* user memory behind first */
	unsigned int prot;
	struct pages *pages;	/* the front end's */
};
int iova_space_create(struct iova_space **out);
void iova_space_destroy(struct iova_space *s);
/* -EEXIST: overlaps an area; -EINVAL: touches a reserved range or leaves the aperture; -ENOMEM. */
int iova_insert(struct iova_space *s, const struct iova_area *area);
/* First fit of @len bytes at @align (a power of two) inside allowed ranges. -ENOSPC. */
int iova_find_free(struct iova_space *s, uint64_t len, uint64_t align, uint64_t *first);
/* The area that holds @iova, or the first one behind it; NULL. */
const struct iova_area *iova_lookup(const struct iova_space *s, uint64_t iova);
/* Removes one area, given by its exact first. -ENOENT. */
int iova_remove(struct iova_space *s, uint64_t first);
/*
 * @owner (a device) brings limits; the same @owner takes them away. -EADDRINUSE: an area is in the
 * way.
 */
int iova_reserve(struct iova_space *s, uint64_t first, uint64_t last, const void *owner);
int iova_limit(struct iova_space *s, uint64_t last, const void *owner);
void iova_unreserve(struct iova_space *s, const void *owner);
/* Usable ranges, ascending; returns how many there are, fills at most @n. */
size_t iova_ranges(const struct iova_space *s, uint64_t (*out)[2], size_t n);
/* ALLOW_IOVAS. Only these may be auto-allocated, and no device may reserve inside them. */
int iova_allow(struct iova_space *s, const uint64_t (*ranges)[2], size_t n);

#endif
