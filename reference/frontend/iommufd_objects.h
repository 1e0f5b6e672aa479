/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the iommufd front end share: the objects of one /dev/iommu, who uses whom, and
 * the context of a running command. An object is used by its id, and by each object that points at
 * it; only one that nobody else uses can be destroyed.
 */
#ifndef IOMMU_REF_IOMMUFD_OBJECTS_H
#define IOMMU_REF_IOMMUFD_OBJECTS_H

#include "frontend.h"
#include "page_queue.h"
#include "../../uapi/iommufd.h"

enum object_type {
	OBJECT_ANY = 0,
	OBJECT_IOAS,
	OBJECT_HWPT_PAGING,
	OBJECT_HWPT_NESTED,
	OBJECT_DEVICE,
	OBJECT_VIOMMU,
	OBJECT_VDEVICE,
	OBJECT_FAULT,
	OBJECT_VEVENTQ,
	OBJECT_HW_QUEUE,
	OBJECT_SELFTEST,	/* a mock device, reference/mock */
	OBJECT_IOASID,		/* of /dev/ioasid, ioasid_objects.h */
};

struct object {
	struct iommufd *ictx;
	struct object *next, **prev;	/* all objects of ictx, also those without an id */
	void (*destroy)(struct object *obj);	/* ends what it uses; the caller frees it */
	enum object_type type;
	uint32_t id;
	unsigned int users;		/* 1: only its id */
};

/* One open /dev/iommu. */
struct iommufd {
	struct iommu_ref *ref;
	struct object *objects;
	struct object **ids;		/* ids[id - 1]: NULL free, TOMBSTONE taken for ever */
	uint32_t nr_ids, id_hint;	/* no free slot before the hint */
	struct igroup *groups;
	struct ioas *vfio_ioas;		/* the IOAS of the VFIO compatibility commands */
	bool account_mm;		/* IOMMU_OPTION_RLIMIT_MODE */
};

struct ioas {
	struct object obj;
	struct iova_space *iova;
	struct hwpt *hwpts;		/* in order of creation */
	uint64_t alignment;		/* of iova, length and user address */
	bool small_pages;		/* IOMMU_OPTION_HUGE_PAGES is off */
	struct access *accesses;	/* of kernel drivers, reference/mock */
};

struct hwpt {
	struct object obj;
	struct hwpt *next;		/* of the IOAS */
	struct domain *domain;
	struct ioas *ioas;		/* paging */
	struct hwpt *parent;		/* nested: the stage 2 */
	struct viommu *viommu;		/* nested: the one it was made through, or NULL */
	struct fault_queue *fault;	/* where page requests go, or NULL */
	bool auto_domain, nest_parent, pasid_compat;
	bool bad_config;		/* nested VT-d: the driver finds out at attach */
	bool no_vdevice;		/* nested SMMUv3: abort and bypass need none */
};

/* A bound device. */
struct idev {
	struct object obj;
	struct device *dev;
	struct igroup *group;
	struct vdevice *vdev;
	struct ref_file *file;		/* keeps the iommufd open; NULL: it does not */
};

/* What a PASID, or the RID, of a group is attached to. */
struct attach {
	struct attach *next;
	struct hwpt *hwpt;
	uint32_t pasid;
	uint32_t devices;		/* a bit per device index that asked for it */
};

/* The part of an IOMMU group that this iommufd has; all of its devices share their page tables. */
struct igroup {
	struct igroup *next;
	struct attach *attaches;
	uint32_t number;
	unsigned int refs;		/* bound devices */
};

struct viommu {
	struct object obj;
	struct hwpt *hwpt;		/* the nest parent */
	const struct iommu_ref_unit_config *unit;	/* which it is a slice of */
	struct vdevice *vdevs;
	struct veventq *veventqs;	/* one a type at most */
	void *driver_data;
};

struct vdevice {
	struct object obj;
	struct vdevice *next;		/* of the vIOMMU */
	struct viommu *viommu;
	struct idev *idev;
	uint64_t virt_id;
};

/* An object that has a file of its own, to read what happened. */
struct eventq {
	struct object obj;
	struct ref_file *iommufd;	/* kept open by the queue's file */
};

/* Page requests of the HWPTs that name it. */
struct fault_queue {
	struct eventq q;
	struct page_queue groups;
};

/* One event and its header, or the header alone that says LOST_EVENTS. */
struct vevent {
	struct vevent *next;
	struct iommufd_vevent_header header;
	size_t len;
	uint8_t data[];
};

/* Events of one type of one vIOMMU. */
struct veventq {
	struct eventq q;
	struct veventq *next;		/* of the vIOMMU */
	struct viommu *viommu;
	struct vevent *head, **tail;
	struct iommufd_vevent_header lost;	/* behind the last event, if it has the flag */
	uint32_t type, depth, nr, sequence;
};

/* A running command: @cmd is our copy of the argument, zero beyond what the caller gave. */
struct ucmd {
	struct iommufd *ictx;
	struct iommu_ref_proc *caller;
	struct ref_file *file;
	void *user;
	uint32_t user_size;
	void *cmd;
};

/* Driver-specific data of HWPT_ALLOC, and the array of HWPT_INVALIDATE. */
struct user_data {
	const void *uptr;
	uint32_t type;
	uint32_t len;		/* of the struct, or of one entry */
	uint32_t num;		/* entries; out: those handled */
};

static inline void *user_ptr(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

/* @a + @b does not fit in 64 bits. */
static inline bool sum_overflows(uint64_t a, uint64_t b)
{
	return a + b < a;
}

/* A reserved field that is not zero: -EOPNOTSUPP for the caller. */
bool reserved_set(struct iommu_ref *ref, uint64_t field);
/* Copies the answer back, as far as the caller's struct reaches. -EFAULT. */
int ucmd_respond(struct ucmd *u, size_t len);

/* A new object of @size bytes with the lowest free id and one user. NULL: no memory. */
void *object_alloc(struct iommufd *ictx, size_t size, enum object_type type,
		   void (*destroy)(struct object *obj));
/* NULL: no such object of this type. */
void *object_get(struct iommufd *ictx, uint32_t id, enum object_type type);
/* Destroys an object that is used by its id only; a tombstone keeps the id from being reused. */
void object_remove(struct object *obj, bool tombstone);

/* Destroys all of @ictx, leaves of the graph first. false: something of another file uses them. */
bool objects_remove_all(struct iommufd *ictx);

/* iommufd_ioas.c */
/* An empty one. NULL: no memory. */
struct ioas *ioas_create(struct iommufd *ictx);
int ioas_alloc(struct ucmd *u);
int ioas_iova_ranges(struct ucmd *u);
int ioas_allow_iovas(struct ucmd *u);
int ioas_option(struct ucmd *u);
int ioas_change_process(struct ucmd *u);
int ioas_vfio_ioas(struct ucmd *u);
/* There is an IOAS for the VFIO compatibility commands, now if not before. -ENOMEM. */
int ioas_for_vfio(struct iommufd *ictx);
/* IOMMU_OPTION_HUGE_PAGES 0. -EINVAL: there are page tables with something in them. */
int ioas_disable_large_pages(struct ioas *ioas);
/* iommufd_pages.c */
/* User memory, or a memfd from byte @start on. -EOVERFLOW, -EINVAL, -EBADF, -EMFILE, -ENOMEM. */
int pages_alloc_user(struct ucmd *u, uint64_t va, uint64_t len, bool writable, struct pages **out);
int pages_alloc_file(struct ucmd *u, int fd, uint64_t start, uint64_t len, bool writable,
		     struct pages **out);
/*
 * Memory of a driver, at @va of this program, that @export keeps. It is not pinned; the driver can
 * take it away, and then it is in no page table any more. -ENOMEM.
 */
int pages_alloc_export(struct ucmd *u, uint64_t va, uint64_t len, struct ref_file *export,
		       struct pages **out);
const struct ref_file *pages_export(const struct pages *p);	/* NULL: it is none */
bool pages_revoked(const struct pages *p);
void pages_revoke(struct pages *p);
/* How many of its pages are pinned for @mm. */
uint64_t pages_charge(const struct pages *p, const struct ref_mm *mm);
void pages_get(struct pages *p);
void pages_put(struct pages *p);
/* Somebody else has a reference, too: an area. */
bool pages_shared(const struct pages *p);
/* Its first page, here. */
uint64_t pages_va(const struct pages *p);
/* @va as the user named it: the address, or the offset in the file. */
uint64_t pages_place(const struct pages *p, uint64_t va);
/* Pinned for writing, so an area of it may be writable. */
bool pages_writable(const struct pages *p);
/*
 * The pages of [@va, @va + @len) stay where they are until the same range, or ranges that are it
 * together, are unpinned. -EFAULT, -EINVAL (a file that is none of memory, or is too short),
 * -ENOMEM (the limit).
 */
int pages_pin(struct pages *p, uint64_t va, uint64_t len);
void pages_unpin(struct pages *p, uint64_t va, uint64_t len);
/* How often the page of this program at @va is pinned by @p. */
unsigned int pages_pins(const struct pages *p, uint64_t va);
/* What is pinned may be unpinned in parts from now on. -ENOMEM. */
int pages_count_each(struct pages *p);
/* All memory of @ictx is paid for by @mm from now on. -EINVAL (not a file's), -ENOMEM. */
int pages_change_process(struct iommufd *ictx, struct ref_mm *mm);

/* iommufd_areas.c */
static inline uint64_t area_len(const struct iova_area *area)
{
	return area->last - area->first + 1;
}

/* Pins @area and maps it in every HWPT. On failure nothing is mapped. -EFAULT, -EINVAL, -ENOMEM. */
int ioas_fill_area(struct ioas *ioas, const struct iova_area *area);
/* The end of an area: of what is mapped of it if @filled, of its pages and itself. */
void ioas_drop_area(struct ioas *ioas, const struct iova_area *area, bool filled);
/* The memory that @export keeps leaves the page tables of @ictx. */
void ioas_revoke(struct iommufd *ictx, const struct ref_file *export);
/* Every area of @ioas into @hwpt, which joins it. -EADDRINUSE, -EFAULT, -EINVAL, -ENOMEM. */
int ioas_add_hwpt(struct ioas *ioas, struct hwpt *hwpt);
void ioas_remove_hwpt(struct ioas *ioas, struct hwpt *hwpt);
void ioas_update_alignment(struct ioas *ioas);
/* PAGE_SIZE of the machine's kernel. User memory is pinned and accounted in pages of 4K. */
static inline uint64_t kernel_page(const struct ioas *ioas)
{
	return ioas->obj.ictx->ref->cfg.granule;
}

/* iommufd_map.c */
int ioas_map(struct ucmd *u);
int ioas_map_file(struct ucmd *u);
/* All of @pages, at @va; takes its reference, whatever the outcome. @flags as of MAP. */
int ioas_map_pages(struct ioas *ioas, struct pages *pages, uint64_t va, uint64_t len,
		   uint64_t *iova, uint32_t flags);
/* Areas in the range; *@bytes: how much that was. -EINVAL, -EOVERFLOW, -ENOENT. */
int ioas_unmap_iova(struct ioas *ioas, uint64_t iova, uint64_t len, uint64_t *bytes);
/* The area over @last becomes two, of which the first ends there. -EINVAL, -ENOMEM. */
int ioas_cut(struct ioas *ioas, uint64_t last);
int ioas_copy(struct ucmd *u);
int ioas_unmap(struct ucmd *u);
int ioas_unmap_all(struct ioas *ioas, uint64_t *bytes);

/* iommufd_hwpt.c */
int hwpt_alloc(struct ucmd *u);
int hwpt_invalidate(struct ucmd *u);
/*
 * A kernel-managed table for @ioas that @idev's unit can walk. -EOPNOTSUPP, -EADDRINUSE, -EFAULT,
 * -EINVAL, -ENOMEM.
 */
int hwpt_create_paging(struct ioas *ioas, struct idev *idev, uint32_t flags, bool has_data,
		       struct hwpt **out);
/* An HWPT around @domain, which belongs to it even if this fails. */
int hwpt_from_domain(struct ioas *ioas, struct domain *domain, uint32_t flags, struct hwpt **out);
int hwpt_from_nested_domain(struct hwpt *parent, struct viommu *viommu, struct domain *domain,
			    struct hwpt **out);
/* Nested HWPT over @parent, made through @viommu if that is not NULL. */
int hwpt_create_nested(struct hwpt *parent, struct viommu *viommu, const struct stage1 *s1,
		       struct hwpt **out);
/* The stage that the IOAS feeds: of a nested HWPT its parent. */
struct hwpt *hwpt_paging(struct hwpt *hwpt);
/* One user less; an automatic HWPT goes with its last one. */
void hwpt_put(struct hwpt *hwpt);
/* A driver's struct: exactly @len bytes of @type. -EINVAL, -EFAULT. */
int copy_user_data(void *dst, const struct user_data *data, uint32_t type, size_t len);

/* iommufd_vtd.c, iommufd_arm.c: what the two drivers do with user data */
int vtd_alloc_nested(struct hwpt *parent, struct idev *idev, uint32_t flags,
		     const struct user_data *data, struct hwpt **out);
int vtd_invalidate(struct hwpt *hwpt, struct user_data *array);
int arm_alloc_nested(struct viommu *viommu, uint32_t flags, const struct user_data *data,
		     struct hwpt **out);
int arm_invalidate(struct viommu *viommu, struct user_data *array);

/* iommufd_viommu.c */
int viommu_alloc(struct ucmd *u);
int vdevice_alloc(struct ucmd *u);
int hw_queue_alloc(struct ucmd *u);
struct vdevice *viommu_find_vdevice(struct viommu *viommu, uint64_t virt_id);
void vdevice_tombstone(struct vdevice *vdev);

/* iommufd_dirty.c */
int hwpt_set_dirty_tracking(struct ucmd *u);
int hwpt_get_dirty_bitmap(struct ucmd *u);

/* iommufd_eventq.c */
/* Opens the file of @q, which keeps @q and the iommufd. The caller's descriptor, or -errno. */
int eventq_open(struct ucmd *u, struct eventq *q, const struct ref_file_ops *ops);
void eventq_release(struct ref_file *f);

/* iommufd_fault.c */
int fault_alloc(struct ucmd *u);
/* Page requests of @hwpt go to the fault queue @id. -ENOENT. */
int fault_listen(struct hwpt *hwpt, uint32_t id);
/* The attachment @a of @hwpt ends: what came through it is answered with "invalid". */
void fault_auto_respond(struct hwpt *hwpt, const struct attach *a);

/* iommufd_veventq.c */
int veventq_alloc(struct ucmd *u);
/* Adds an event of @type for whoever reads. -EOPNOTSUPP: there is no queue; -ENOMEM: it is lost. */
int viommu_report_event(struct viommu *viommu, uint32_t type, const void *data, size_t len);

/* iommufd_vfio.c: commands of VFIO's container. -ENOTTY: none of them. */
long vfio_compat_ioctl(struct ucmd *u, unsigned int cmd);

/* iommufd_info.c */
int get_hw_info(struct ucmd *u);

/* iommufd_device.c: for cdev.c */
/* Makes @dev an object of @file, an iommufd. -EPERM, -EBUSY (another owner), -ENOMEM. */
int idev_bind(struct ref_file *file, struct device *dev, struct idev **out);
/* The same without keeping the file open. */
int idev_bind_ictx(struct iommufd *ictx, struct device *dev, struct idev **out);
/* What it is attached to, or NULL. */
struct hwpt *idev_hwpt(struct idev *idev, uint32_t pasid);
void idev_unbind(struct idev *idev);
bool idev_is_attached(struct idev *idev, uint32_t pasid);
/* The attachment of the device's group; *@dev_id: the device's, or one's that is attached. */
struct attach *attach_of(struct iommufd *ictx, struct device *dev, uint32_t pasid,
			 uint32_t *dev_id);
/* Attaches, or replaces if attached. *@pt_id: an IOAS or HWPT; out: the HWPT. */
int idev_attach(struct idev *idev, uint32_t pasid, uint32_t *pt_id);
void idev_detach(struct idev *idev, uint32_t pasid);

#endif
