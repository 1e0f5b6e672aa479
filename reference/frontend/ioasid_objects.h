/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the /dev/ioasid front end share: address spaces, devices that are bound to the
 * file, and their attachments. An IOASID is an object of the same kind as iommufd's; what a
 * kernel-managed root maps is an IOAS with its table, pages and accounting.
 */
#ifndef IOMMU_REF_IOASID_OBJECTS_H
#define IOMMU_REF_IOASID_OBJECTS_H

#include "iommufd_objects.h"
#include "../../uapi/ioasid.h"

/* "In concept there is no limit on the number of the nesting levels": a root and this many below */
#define IOASID_MAX_DEPTH 8

/* One open /dev/ioasid. */
struct ioasid_file {
	struct iommufd ictx;		/* first: its objects are the IOASIDs and what they use */
	struct ioasid_dev *devs;
	struct registered *memory;	/* "a list of pre-registered virtual address ranges" */
	struct pasid_set *pasids;	/* the global PASIDs that it took, or NULL */
	struct page_queue faults;
	bool fault_fd;			/* there is one */
};

/* "struct ioasid_dev": a bound device. */
struct ioasid_dev {
	struct ioasid_dev *next;
	struct ioasid_file *ctx;
	struct ref_file *file;		/* kept open */
	struct device *device;
	struct ioasid_attach *attaches;
	uint32_t group;
};

/* "struct ioasid_attach_data": what of a device goes to an address space. */
struct ioasid_attach {
	struct ioasid_attach *next, *dev_next;	/* of the IOASID, of the device */
	struct ioasid *space;
	struct ioasid_dev *dev;
	uint32_t user_pasid;		/* NO_PASID: its default space */
	uint32_t pasid;			/* on the wire; NO_PASID: its RID */
	bool tracked;			/* SMMUv3: an entry of the user's PASID table */
	bool own_pasid;			/* @pasid came out of ctx->pasids */
};

/* "struct ioasid_data". What it has beyond its number exists while a device is attached. */
struct ioasid {
	struct object obj;
	struct ioasid *parent;		/* NULL: a root */
	struct ioasid *children, *sibling;
	unsigned int depth;		/* of a root 0 */
	struct ioasid_attach *attaches;
	/* The kernel's table: of a root, or of a child what software nesting has merged. */
	struct ioas *ioas;
	struct hwpt *hwpt;
	struct iova_space *maps;	/* child: va is an address of the parent's space */
	struct domain *shadow;
	unsigned int nr_maps, nr_readonly;
	/* The user's table. */
	struct domain *user;		/* NULL: none that hardware walks by itself */
	bool tracked;			/* an entry of a PASID table that is the user's too */
	bool pasid_table;
	uint32_t asid, pasid_bits;
	uint32_t pasid;			/* the one that devices with ENQCMD share, or NO_PASID */
};

static inline struct ioasid_file *ioasid_ctx(const struct ioasid *x)
{
	return (struct ioasid_file *)x->obj.ictx;
}

static inline struct iommu_ref *ioasid_ref(const struct ioasid *x)
{
	return x->obj.ictx->ref;
}

/* The table that the kernel manages; NULL: nothing is attached. */
static inline struct domain *ioasid_kernel_table(const struct ioasid *x)
{
	return x->hwpt ? x->hwpt->domain : x->shadow;
}

static inline bool ioasid_bound(const struct ioasid *x)
{
	return x->user || x->tracked;
}

extern const struct ref_file_ops ioasid_file_ops;

/* ioasid.c */
/* NULL: no such IOASID. */
struct ioasid *ioasid_get(struct ioasid_file *ctx, uint32_t id);
/* "accept any uAPI command": -ENODEV no device is attached, -EDEADLK a part of a group only. */
int ioasid_ready(const struct ioasid *x);
/* Both. -ENOENT. */
int ioasid_find(struct ucmd *u, uint32_t id, struct ioasid **out);
/* The /dev/ioasid that @fd of @caller is. -EBADF, -EBADFD. */
int ioasid_file_find(struct iommu_ref_proc *caller, int fd, struct ref_file **out);
/*
 * A struct with its size in front: -EFAULT, -EINVAL (less than @min), -E2BIG. @user_size may be
 * NULL.
 */
int ioasid_copy_arg(struct iommu_ref *ref, void *dst, size_t size, size_t min, const void *user,
		    uint32_t *user_size);

/* ioasid_attach.c */
int ioasid_bind_device(struct ref_file *file, struct device *device, struct ioasid_dev **out);
/* Detaches it from everything, children first. */
void ioasid_unbind_device(struct ioasid_dev *dev);
int ioasid_attach(struct ioasid_dev *dev, const struct vfio_device_attach_ioasid *arg);
int ioasid_detach(struct ioasid_dev *dev, const struct vfio_device_attach_ioasid *arg);
/* What the devices of @x use follows what @x is. An error: some may be blocked. */
int ioasid_update(struct ioasid *x);
/*
 * The attachment that has the route: the deepest one, of those that the whole group has if there is
 * one. NULL: nothing is attached by it.
 */
const struct ioasid_attach *ioasid_route(const struct ioasid_dev *dev, uint32_t user_pasid);
/* The PASID table that @dev's default space is; NULL: there is none of the user's. */
struct ioasid *ioasid_pasid_table(const struct ioasid_dev *dev);

/* ioasid_table.c */
/* The empty table of a first attachment, for the device and its route. */
int ioasid_make_table(const struct ioasid_attach *a);
/* The last attachment is gone: what was mapped or bound, too. */
void ioasid_drop_table(struct ioasid *x);
/* Hardware can walk tables of the user on top of this one's. */
bool ioasid_can_nest(const struct ioasid *x);
/* SMMUv3: a stream that has it has no context table of the kernel's, so no PASIDs of its own. */
bool ioasid_is_stage2(const struct domain *d);
/* Of a user's page table, the most that the device's unit can walk. */
unsigned int ioasid_addr_width(const struct device *device);
int ioasid_bind_pgtable(struct ucmd *u);
int ioasid_bind_pasid_table(struct ucmd *u);
int ioasid_unbind(struct ioasid_file *ctx, uint32_t id, bool pasid_table);
int ioasid_invalidate(struct ucmd *u);

/* ioasid_map.c */
int ioasid_register_memory(struct ucmd *u);
int ioasid_unregister_memory(struct ucmd *u);
void ioasid_forget_memory(struct ioasid_file *ctx);
int ioasid_map_dma(struct ucmd *u);
int ioasid_unmap_dma(struct ucmd *u);

/* ioasid_info.c */
int ioasid_check_extension(struct ioasid_file *ctx, unsigned long extension);
int ioasid_get_info(struct ucmd *u);
/* Of VFIO_DEVICE_GET_INFO. false: the device takes no PASID from the user. */
bool ioasid_device_cap(const struct ioasid_dev *dev, struct vfio_device_info_cap_pasid *cap);

/* ioasid_pasid.c */
/* Fills in @a->pasid. -EINVAL, -ENOSPC, -ENOMEM. */
int ioasid_choose_pasid(struct ioasid_attach *a);
void ioasid_put_pasid(struct ioasid_attach *a);
/* At the end of @x. */
void ioasid_free_pasid(struct ioasid *x);

/* ioasid_fault.c */
/* For domain_listen(), with the IOASID. */
void ioasid_page_request(void *arg, struct page_group *group);
/* Requests that came for @x are answered with "invalid". */
void ioasid_end_faults(struct ioasid *x);
/* Those that came for it by the route of @a, which ends; not those of the device's other routes. */
void ioasid_end_route_faults(const struct ioasid_attach *a);
int ioasid_alloc_fault_fd(struct iommu_ref_proc *caller, struct ref_file *f);
int ioasid_page_response(struct ucmd *u);

#endif
