/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * For the tests of /dev/ioasid: the ioctls with their structs filled in, a process with the file
 * and bound devices. Guest memory and DMA are iommufd_util.h's.
 */
#ifndef IOMMU_REF_TESTS_IOASID_UTIL_H
#define IOMMU_REF_TESTS_IOASID_UTIL_H

#include "../../uapi/ioasid.h"
#include "iommufd_util.h"

#define IO_RW (IOASID_MAP_READ | IOASID_MAP_WRITE)

struct io_user {
	struct iommu_ref *ref;
	struct iommu_ref_proc *proc;
	int fd;
	int dev[4];		/* descriptors of devices 0..3, -1: closed */
};

static inline int io_create(struct io_user *u, const struct iommu_ref_config *cfg)
{
	int rc = iommu_ref_create(cfg, &u->ref);

	if (rc)
		return rc;
	rc = iommu_ref_proc_create(u->ref, &u->proc);
	u->fd = rc ? rc : iommu_ref_open(u->proc, "/dev/ioasid", 0);
	for (int i = 0; i < 4; i++)
		u->dev[i] = -1;
	return u->fd < 0 ? u->fd : 0;
}

/* A struct, or a number, as the argument of the file or of a device. */
static inline int io_cmd(struct io_user *u, unsigned long nr, void *arg)
{
	return iommu_ref_ioctl(u->proc, u->fd, nr, arg);
}

static inline int io_value(struct io_user *u, unsigned long nr, uintptr_t value)
{
	return iommu_ref_ioctl(u->proc, u->fd, nr, (void *)value);
}

/* ---- devices */

static inline int io_open_device(struct io_user *u, unsigned int index)
{
	char path[40];

	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", index);
	u->dev[index] = iommu_ref_open(u->proc, path, 0);
	return u->dev[index] < 0 ? u->dev[index] : 0;
}

static inline int io_bind_fd(struct io_user *u, unsigned int index, int fd)
{
	return iommu_ref_ioctl(u->proc, u->dev[index], VFIO_BIND_IOASID_FD,
			       (void *)(intptr_t)fd);
}

static inline int io_unbind_fd(struct io_user *u, unsigned int index, int fd)
{
	return iommu_ref_ioctl(u->proc, u->dev[index], VFIO_UNBIND_IOASID_FD,
			       (void *)(intptr_t)fd);
}

static inline int io_device(struct io_user *u, unsigned int index)
{
	int rc = io_open_device(u, index);

	return rc ? rc : io_bind_fd(u, index, u->fd);
}

static inline int io_close_device(struct io_user *u, unsigned int index)
{
	int fd = u->dev[index];

	u->dev[index] = -1;
	return iommu_ref_close(u->proc, fd);
}

static inline int io_route(struct io_user *u, unsigned long nr, unsigned int index, uint32_t ioasid,
			   uint32_t pasid)
{
	struct vfio_device_attach_ioasid arg = {
		.argsz = sizeof(arg), .ioasid = ioasid,
		.flag = pasid == NO_PASID ? 0 : IOASID_ATTACH_USER_PASID,
		.user_pasid = pasid == NO_PASID ? 0 : pasid,
	};

	return iommu_ref_ioctl(u->proc, u->dev[index], nr, &arg);
}

static inline int io_attach(struct io_user *u, unsigned int index, uint32_t ioasid, uint32_t pasid)
{
	return io_route(u, VFIO_ATTACH_IOASID, index, ioasid, pasid);
}

static inline int io_detach(struct io_user *u, unsigned int index, uint32_t ioasid, uint32_t pasid)
{
	return io_route(u, VFIO_DETACH_IOASID, index, ioasid, pasid);
}

/* ---- address spaces */

static inline int io_alloc(struct io_user *u)
{
	return io_value(u, IOASID_ALLOC, 0);
}

static inline int io_free(struct io_user *u, uint32_t ioasid)
{
	return io_value(u, IOASID_FREE, ioasid);
}

static inline int io_nest(struct io_user *u, uint32_t parent)
{
	return io_value(u, IOASID_CREATE_NESTING, parent);
}

/* A root that device @index has by its RID. */
static inline int io_space(struct io_user *u, unsigned int index)
{
	int id = io_alloc(u), rc = id < 0 ? id : io_attach(u, index, (uint32_t)id, NO_PASID);

	return rc ? rc : id;
}

/* A child that the device has by its RID or PASID. */
static inline int io_child(struct io_user *u, unsigned int index, uint32_t parent, uint32_t pasid)
{
	int id = io_nest(u, parent), rc = id < 0 ? id : io_attach(u, index, (uint32_t)id, pasid);

	return rc ? rc : id;
}

static inline int io_map_prot(struct io_user *u, uint32_t ioasid, uint64_t iova, uint64_t vaddr,
			      uint64_t size, uint32_t flags)
{
	struct ioasid_dma_map arg = {
		.argsz = sizeof(arg), .flags = flags, .ioasid = ioasid, .vaddr = vaddr,
		.iova = iova, .size = size,
	};

	return io_cmd(u, IOASID_MAP_DMA, &arg);
}

/* Memory of ours for a root; an address of the parent for a child. */
#define io_map(u, ioasid, iova, vaddr, size) \
	io_map_prot(u, ioasid, iova, (uint64_t)(uintptr_t)(vaddr), size, IO_RW)

static inline int io_unmap(struct io_user *u, uint32_t ioasid, uint64_t iova, uint64_t size)
{
	struct ioasid_dma_unmap arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .iova = iova, .size = size,
	};

	return io_cmd(u, IOASID_UNMAP_DMA, &arg);
}

static inline int io_memory(struct io_user *u, unsigned long nr, const void *vaddr, uint64_t size)
{
	struct ioasid_memory arg = { .argsz = sizeof(arg), .vaddr = (uintptr_t)vaddr,
				     .size = size };

	return io_cmd(u, nr, &arg);
}

static inline int io_info(struct io_user *u, uint32_t ioasid, struct ioasid_info *info,
			  struct ioasid_iova_range *ranges, uint32_t room)
{
	*info = (struct ioasid_info){
		.argsz = sizeof(*info), .ioasid = ioasid, .reserved_iovas = (uintptr_t)ranges,
		.num_reserved = room,
	};
	return io_cmd(u, IOASID_GET_INFO, info);
}

/* The capabilities, or the error. */
static inline int io_caps(struct io_user *u, uint32_t ioasid)
{
	struct ioasid_iova_range ranges[8];
	struct ioasid_info info;
	int rc = io_info(u, ioasid, &info, ranges, 8);

	return rc ? rc : (int)info.out_capabilities;
}

static inline int io_bind_vtd(struct io_user *u, uint32_t ioasid, uint64_t root)
{
	struct ioasid_bind_pgtable arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .format = IOASID_PGTABLE_VTD_S1,
		.addr = root, .addr_width = 48,
	};

	return io_cmd(u, IOASID_BIND_PGTABLE, &arg);
}

static inline int io_bind_arm(struct io_user *u, uint32_t ioasid, uint64_t root, uint32_t asid)
{
	struct ioasid_bind_pgtable arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .format = IOASID_PGTABLE_ARM_S1,
		.addr = root, .addr_width = 48, .asid = asid,
	};

	return io_cmd(u, IOASID_BIND_PGTABLE, &arg);
}

static inline int io_bind_cds(struct io_user *u, uint32_t ioasid, uint64_t table, uint32_t bits)
{
	struct ioasid_bind_pasid_table arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .format = IOASID_PASID_TABLE_ARM_SMMUV3,
		.addr = table, .pasid_bits = bits, .default_mode = IOASID_DEFAULT_SSID0,
	};

	return io_cmd(u, IOASID_BIND_PASID_TABLE, &arg);
}

/* @size 0: all */
static inline int io_invalidate(struct io_user *u, uint32_t ioasid, uint64_t addr, uint64_t size)
{
	struct ioasid_invalidate arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .addr = addr, .size = size,
		.granularity = size ? IOASID_INV_RANGE : IOASID_INV_ALL,
	};

	return io_cmd(u, IOASID_INVALIDATE_CACHE, &arg);
}

/* ---- what a device reads at @iova: the byte, or -EFAULT */
static inline int io_peek(struct io_user *u, unsigned int index, uint32_t pasid, uint64_t iova)
{
	uint8_t byte;
	int rc = fd_dma(u->ref, index, pasid, false, iova, &byte, 1);

	return rc ? rc : byte;
}

static inline struct iommu_ref_stats io_stats(struct io_user *u)
{
	struct iommu_ref_stats s;

	iommu_ref_stats(u->ref, &s);
	return s;
}

/* Pages of which the first byte is the number. */
static inline uint8_t *io_pages(unsigned int n)
{
	uint8_t *mem = mmap(NULL, n * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	for (unsigned int i = 0; i < n; i++)
		mem[i * PG] = (uint8_t)i;
	return mem;
}

#endif
