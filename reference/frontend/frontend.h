/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the front ends share: processes, files, and the dispatch of system calls to them. One file a
 * uAPI: it decodes and checks arguments in the documented order, calls the model, returns errno.
 * file.c takes ref_lock() around every operation below.
 */
#ifndef IOMMU_REF_FRONTEND_H
#define IOMMU_REF_FRONTEND_H

#include "../model/model.h"

struct ref_file;

struct ref_file_ops {
	long (*ioctl)(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
		      void *user_arg);
	ssize_t (*read)(struct iommu_ref_proc *caller, struct ref_file *f, void *buf, size_t len);
	ssize_t (*write)(struct iommu_ref_proc *caller, struct ref_file *f, const void *buf,
			 size_t len);
	/* A file that has them has no read and write: it is one with offsets. */
	ssize_t (*pread)(struct ref_file *f, void *buf, size_t len, uint64_t offset);
	ssize_t (*pwrite)(struct ref_file *f, const void *buf, size_t len, uint64_t offset);
	/* *@page: the memory that a shared mapping shows, which stays as long as the machine. */
	int (*mmap)(struct ref_file *f, uint64_t offset, size_t len, void **page);
	int (*poll)(struct ref_file *f, short events);
	void (*release)(struct ref_file *f);	/* last close */
};

/* An open file description: shared by descriptors that were passed. */
struct ref_file {
	const struct ref_file_ops *ops;
	struct iommu_ref *ref;
	const struct iommu_ref_proc *opener;	/* to compare only: it may be gone */
	void *priv;
	unsigned int refs;
};

#define REF_MAX_FDS 1024

/* What outlives a process: who pays for memory that is pinned. */
struct ref_mm {
	unsigned int refs;
	bool gone;		/* the process has ended */
	uint64_t locked;	/* pages charged to it */
};

struct iommu_ref_proc {
	struct iommu_ref *ref;
	struct iommu_ref_proc *next;
	struct ref_file *fds[REF_MAX_FDS];	/* descriptor numbers start at 0 */
	const struct iommu_ref_fds *fd_numbers;	/* NULL: the lowest free one */
	void *fd_arg;
	struct ref_mm *mm;
	struct vfio_mm *vfio_mm;		/* vfio_mm.c: the v7 per-mm object, or NULL */
};

/* Opens a file for @proc: returns the descriptor, or -EMFILE/-ENOMEM. */
int file_install(struct iommu_ref_proc *proc, const struct ref_file_ops *ops, void *priv);
/* The file of @fd if it has @ops, else NULL. */
struct ref_file *file_get(struct iommu_ref_proc *proc, int fd, const struct ref_file_ops *ops);
/* The file of @fd whatever its kind, or NULL. */
struct ref_file *file_at(struct iommu_ref_proc *proc, int fd);
/* close(2) with ref_lock() held. -EBADF. */
int file_close(struct iommu_ref_proc *proc, int fd);
void file_hold(struct ref_file *f);
void file_put(struct ref_file *f);

void ref_mm_get(struct ref_mm *mm);
void ref_mm_put(struct ref_mm *mm);

/*
 * The kernel's rule for structs that grow: fields beyond @user_size are zero, bytes beyond @size
 * must be. -E2BIG: they are not; -EFAULT.
 */
int copy_struct_from_user(struct iommu_ref *ref, void *dst, size_t size, const void *user,
			  size_t user_size);

/* open(2) of each kind of path; -ENODEV, -ENOMEM, -EBUSY. Return the descriptor. */
int iommufd_open(struct iommu_ref_proc *proc);				/* /dev/iommu */
int vfio_container_open(struct iommu_ref_proc *proc);			/* /dev/vfio/vfio */
int vfio_group_open(struct iommu_ref_proc *proc, uint32_t group);	/* /dev/vfio/N */
int ioasid_open(struct iommu_ref_proc *proc);				/* /dev/ioasid */
/* /dev/vfio/devices/vfioN */
int vfio_cdev_open(struct iommu_ref_proc *proc, unsigned int index);

/* The group @number is open, or a file of one of its devices is: no cdev of it can be bound. */
bool vfio_group_is_open(struct iommu_ref *ref, uint32_t number);

/* Called by proc exit after all files are closed. */
void vfio_proc_exit(struct iommu_ref_proc *proc);

extern const struct ref_file_ops iommufd_file_ops;
extern const struct ref_file_ops vfio_container_file_ops;
extern const struct ref_file_ops vfio_group_file_ops;
extern const struct ref_file_ops vfio_cdev_file_ops;

/* The IOMMU answers translation requests. */
static inline bool config_has_ats(const struct iommu_ref_config *cfg)
{
	for (unsigned int i = 0; i < cfg->nr_devices; i++)
		if (cfg->devices[i].ats)
			return true;
	return false;
}

/* The IOMMU takes page requests. */
static inline bool config_has_pri(const struct iommu_ref_config *cfg)
{
	for (unsigned int i = 0; i < cfg->nr_devices; i++)
		if (cfg->devices[i].pri)
			return true;
	return false;
}

/*
 * A device has one DMA owner: a v7 container's group or an iommufd file. Groups have one owner.
 * -EBUSY when another owner has the device's group. (owner.c)
 */
int group_claim(struct iommu_ref *ref, uint32_t group, const void *owner);
void group_release(struct iommu_ref *ref, uint32_t group, const void *owner);

#endif
