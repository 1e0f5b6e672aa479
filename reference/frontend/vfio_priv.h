/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The VFIO front end's own objects: containers, groups, and the v7 per-process PASID owner. A
 * container lives as long as its file or a group in it; a group as long as its file or a device
 * file of it.
 */
#ifndef IOMMU_REF_VFIO_PRIV_H
#define IOMMU_REF_VFIO_PRIV_H

#include "../../uapi/vfio.h"
#include "frontend.h"

/*
 * v7 p04: one per mm, whatever number of containers it has; made by the first nesting attach that
 * the process does, gone with the last detach. Owns the process' PASIDs.
 */
struct vfio_mm {
	struct iommu_ref_proc *proc;	/* NULL: it exited, a passed container lives on */
	struct pasid_set *set;
	struct vfio_container *containers;
	unsigned int refs;
};

struct vfio_container {
	struct iommu_ref *ref;
	unsigned int refs;
	unsigned int type;		/* VFIO_TYPE1*_IOMMU; 0: none set */
	struct vfio_group *groups;
	/* While there is a type: */
	struct iova_space *iova;
	struct domain *domain;		/* of all groups; nesting: the second stage */
	uint32_t nr_areas;
	/* While it is nesting and has a group: */
	bool has_nesting_info;
	struct iommu_nesting_info nesting_info;
	struct vfio_mm *mm;		/* SYSWIDE_PASID only */
	struct pasid_set *set;		/* the domain's (p05): the host's, until it is switched */
	struct vfio_container *mm_next;
};

struct vfio_group {
	struct iommu_ref *ref;
	uint32_t number;
	struct vfio_group *next;	/* ref->vfio_groups */
	struct vfio_group *container_next;
	struct vfio_container *container;
	struct ref_file *iommufd;	/* in place of a container, or NULL */
	bool opened;			/* one open file at a time */
	unsigned int device_files;
	struct vfio_group_device {	/* by device index; what an iommufd needs */
		struct idev *idev;
		unsigned int files;
	} devices[IOMMU_REF_MAX_DEVICES];
};

/* @off bytes behind a user address, which may be anything: it is a number here, not a pointer. */
static inline void *user_at(const void *user, size_t off)
{
	return (void *)((uintptr_t)user + off);
}

/* The next device of @group from index *@i on, which moves behind it; NULL: no more. */
struct device *vfio_group_next_device(const struct vfio_group *group, unsigned int *i);

/* Every unit of the machine can do what the nesting info says. */
bool vfio_nesting_supported(const struct iommu_ref *ref);

/* ---- vfio_container.c */
void vfio_container_get(struct vfio_container *c);
void vfio_container_put(struct vfio_container *c);
/* @caller is who asks: its mm will own the PASIDs. -EINVAL, -ENODEV, -ENOSPC, -EBUSY, -ENOMEM. */
int vfio_container_add_group(struct iommu_ref_proc *caller, struct vfio_container *c,
			     struct vfio_group *group);
/* The last one takes the container's type and all its mappings with it. */
void vfio_container_remove_group(struct vfio_container *c, struct vfio_group *group);

/* ---- vfio_group_iommufd.c: an iommufd as container */
/* @f is a file of the caller. -EINVAL: it is no iommufd; -ENOMEM. */
int vfio_group_set_iommufd(struct vfio_group *group, struct ref_file *f);
void vfio_group_unset_iommufd(struct vfio_group *group);
/* One more, one less open file of device @index. -ENODEV: no IOAS; -EPERM, -EBUSY, -ENOMEM, ... */
int vfio_group_open_device(struct vfio_group *group, unsigned int index);
void vfio_group_close_device(struct vfio_group *group, unsigned int index);

/*
 * set_attr(DOMAIN_ATTR_IOASID_SET), p05: a nesting domain goes from the host's set to another one,
 * once. -ENODEV: it is not nesting; -EBUSY: it has another set already, which is not the host's.
 */
int vfio_container_set_pasids(struct vfio_container *c, struct pasid_set *set);

/* ---- vfio_type1.c */
long vfio_type1_get_info(struct vfio_container *c, void *user_arg);
long vfio_type1_map(struct vfio_container *c, void *user_arg);
long vfio_type1_unmap(struct vfio_container *c, void *user_arg);
void vfio_type1_unmap_all(struct vfio_container *c);

/* ---- vfio_mm.c: who owns PASIDs, and the request for them */
/* -ENOSPC: no capacity left for a quota; -EINVAL: the quota is 0; -ENOMEM. */
int vfio_mm_attach(struct iommu_ref_proc *proc, struct vfio_container *c);
void vfio_mm_detach(struct vfio_container *c);
long vfio_pasid_request(struct vfio_container *c, void *user_arg);

/* ---- vfio_nesting.c: page tables of user-managed stage 1 */
/* get_attr(DOMAIN_ATTR_NESTING) of the vendor's driver. */
void vfio_nesting_fill_info(const struct vfio_container *c, struct iommu_nesting_info *info);
long vfio_nesting_op(struct vfio_container *c, void *user_arg);
/* What is bound to @pasid on @dev; NULL: nothing. */
struct domain *vfio_nesting_bound(struct device *dev, uint32_t pasid);
/* Whatever is bound to @pasid on @group's devices goes. */
void vfio_nesting_unbind(struct vfio_group *group, uint32_t pasid);
void vfio_nesting_unbind_all(struct vfio_group *group);
/*
 * The IOMMU core's two reads of an operation's data, which starts with its own argsz: @minsz bytes,
 * then what argsz says and the core knows (@size). @room is what the operation's argsz leaves for
 * the data; as posted nobody looks at it (DF9). -EINVAL: too small; -EFAULT.
 */
int vfio_nesting_copy_head(const struct vfio_container *c, void *data, size_t minsz,
			   const void *user, size_t room);
int vfio_nesting_copy_rest(const struct vfio_container *c, void *data, size_t size, size_t minsz,
			   const void *user, size_t room);

/* ---- vfio_invalidate.c */
long vfio_nesting_invalidate(struct vfio_container *c, const void *user, size_t room);

#endif
