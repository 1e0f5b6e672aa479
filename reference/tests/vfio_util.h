/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * For the tests of the VFIO front end: the ioctls with their structs filled in, a process with one
 * nesting container, and guest memory with an x86 4-level table in it.
 */
#ifndef IOMMU_REF_TESTS_VFIO_UTIL_H
#define IOMMU_REF_TESTS_VFIO_UTIL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../../uapi/vfio.h"
#include "../iommu_ref.h"

#define PG 4096ull

static inline struct iommu_ref *vf_machine(const struct iommu_ref_config *cfg)
{
	struct iommu_ref *ref;

	return iommu_ref_create(cfg, &ref) ? NULL : ref;
}

/* ---- ioctls */

static inline int vf_set_iommu(struct iommu_ref_proc *p, int fd, uintptr_t type)
{
	return iommu_ref_ioctl(p, fd, VFIO_SET_IOMMU, (void *)type);
}

static inline int vf_set_container(struct iommu_ref_proc *p, int group, int32_t container)
{
	return iommu_ref_ioctl(p, group, VFIO_GROUP_SET_CONTAINER, &container);
}

static inline int vf_open_group(struct iommu_ref_proc *p, unsigned int number)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/vfio/%u", number);
	return iommu_ref_open(p, path, 0);
}

static inline int vf_pasid(struct iommu_ref_proc *p, int fd, uint32_t op, uint32_t min,
			   uint32_t max)
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = op, .range = { min, max },
	};

	return iommu_ref_ioctl(p, fd, VFIO_IOMMU_PASID_REQUEST, &req);
}

static inline int vf_alloc(struct iommu_ref_proc *p, int fd, uint32_t min, uint32_t max)
{
	return vf_pasid(p, fd, VFIO_IOMMU_FLAG_ALLOC_PASID, min, max);
}

static inline int vf_free(struct iommu_ref_proc *p, int fd, uint32_t min, uint32_t max)
{
	return vf_pasid(p, fd, VFIO_IOMMU_FLAG_FREE_PASID, min, max);
}

static inline int vf_map(struct iommu_ref_proc *p, int fd, uint64_t iova, void *va, uint64_t size,
			 uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = flags, .vaddr = (uintptr_t)va, .iova = iova,
		.size = size,
	};

	return iommu_ref_ioctl(p, fd, VFIO_IOMMU_MAP_DMA, &map);
}

#define VF_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static inline int vf_unmap(struct iommu_ref_proc *p, int fd, uint64_t iova, uint64_t size,
			   uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = size,
	};
	int rc = iommu_ref_ioctl(p, fd, VFIO_IOMMU_UNMAP_DMA, &unmap);

	if (!rc && unmapped)
		*unmapped = unmap.size;
	return rc;
}

/* struct vfio_iommu_type1_nesting_op without its data[], which cannot be passed by value */
struct vf_op {
	uint32_t argsz, flags;
};

struct vf_bind {
	struct vf_op op;
	struct iommu_gpasid_bind_data data;
};

static inline struct vf_bind vf_bind_arg(uint32_t op, uint64_t hpasid, uint64_t gpgd)
{
	return (struct vf_bind){
		.op = { .argsz = sizeof(struct vf_bind), .flags = op },
		.data = {
			.argsz = sizeof(struct iommu_gpasid_bind_data),
			.version = IOMMU_GPASID_BIND_VERSION_1,
			.format = IOMMU_PASID_FORMAT_INTEL_VTD,
			.addr_width = 48,
			.gpgd = gpgd,
			.hpasid = hpasid,
		},
	};
}

static inline int vf_nesting(struct iommu_ref_proc *p, int fd, void *arg)
{
	return iommu_ref_ioctl(p, fd, VFIO_IOMMU_NESTING_OP, arg);
}

static inline int vf_bind(struct iommu_ref_proc *p, int fd, uint64_t hpasid, uint64_t gpgd)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, hpasid, gpgd);

	return vf_nesting(p, fd, &arg);
}

static inline int vf_unbind(struct iommu_ref_proc *p, int fd, uint64_t hpasid)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, hpasid, 0);

	return vf_nesting(p, fd, &arg);
}

struct vf_inv {
	struct vf_op op;
	struct iommu_cache_invalidate_info info;
};

/* @granularity PASID takes no address; ADDR and PASID both name @pasid. */
static inline struct vf_inv vf_inv_arg(uint8_t cache, uint8_t granularity, uint64_t pasid,
				       uint64_t addr, uint64_t pages)
{
	struct vf_inv arg = {
		.op = { .argsz = sizeof(arg), .flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD },
		.info = {
			.argsz = sizeof(arg.info),
			.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
			.cache = cache,
			.granularity = granularity,
		},
	};

	if (granularity == IOMMU_INV_GRANU_ADDR)
		arg.info.granu.addr_info = (struct iommu_inv_addr_info){
			.flags = IOMMU_INV_ADDR_FLAGS_PASID, .pasid = pasid, .addr = addr,
			.granule_size = PG, .nb_granules = pages,
		};
	else if (granularity == IOMMU_INV_GRANU_PASID)
		arg.info.granu.pasid_info = (struct iommu_inv_pasid_info){
			.flags = IOMMU_INV_PASID_FLAGS_PASID, .pasid = pasid,
		};
	return arg;
}

static inline int vf_inv(struct iommu_ref_proc *p, int fd, uint8_t cache, uint8_t granularity,
			 uint64_t pasid, uint64_t addr, uint64_t pages)
{
	struct vf_inv arg = vf_inv_arg(cache, granularity, pasid, addr, pages);

	return vf_nesting(p, fd, &arg);
}

/* ---- a process with a container of one group */

struct vf_user {
	struct iommu_ref_proc *proc;
	int container, group;
};

/* Makes the process, too. 0 or the first error; whatever was opened goes with the process. */
static inline int vf_user_create(struct iommu_ref *ref, unsigned int group, uintptr_t type,
				 struct vf_user *u)
{
	int rc = iommu_ref_proc_create(ref, &u->proc);

	if (rc)
		return rc;
	u->container = iommu_ref_open(u->proc, "/dev/vfio/vfio", 0);
	u->group = vf_open_group(u->proc, group);
	if (u->container < 0 || u->group < 0)
		return u->container < 0 ? u->container : u->group;
	rc = vf_set_container(u->proc, u->group, u->container);
	return rc ? rc : vf_set_iommu(u->proc, u->container, type);
}

/* ---- guest memory: 64 pages at GPA_BASE, data pages first, tables in the second half */

#define GPA_BASE 0x440000000ull
#define GUEST_PAGES 64
#define GUEST_GVA 0x5a5000000000ull

struct vf_guest {
	uint8_t *mem;
	unsigned int next_table;
};

static inline uint64_t vf_gpa(unsigned int page)
{
	return GPA_BASE + page * PG;
}

static inline int vf_guest_create(struct vf_guest *g)
{
	g->mem = mmap(NULL, GUEST_PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	g->next_table = GUEST_PAGES / 2;
	return g->mem == MAP_FAILED ? -ENOMEM : 0;
}

static inline uint64_t *vf_table(struct vf_guest *g, uint64_t gpa)
{
	return (uint64_t *)(g->mem + (gpa - GPA_BASE));
}

/* An empty root; returns its GPA. */
static inline uint64_t vf_new_table(struct vf_guest *g)
{
	return vf_gpa(g->next_table++);
}

/* Present, writable, user, accessed, dirty: nothing is left for the walker to set. */
#define X86_ENTRY 0x67ull

/* Points @gva at @gpa in the table @root; @gpa 0 takes the entry away. */
static inline void vf_set_pte(struct vf_guest *g, uint64_t root, uint64_t gva, uint64_t gpa)
{
	uint64_t table = root;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *entry = &vf_table(g, table)[gva >> shift & 511];

		if (!*entry)
			*entry = vf_new_table(g) | X86_ENTRY;
		table = *entry & 0xffffffffff000ull;
	}
	vf_table(g, table)[gva >> 12 & 511] = gpa ? gpa | X86_ENTRY : 0;
}

/* A 4-byte write of @device with @pasid to @gva: 0 or -EFAULT. */
static inline int vf_dma_write(struct iommu_ref *ref, unsigned int device, uint32_t pasid,
			       uint64_t gva, uint32_t value)
{
	struct iommu_ref_dma dma = {
		.device = device, .has_pasid = true, .write = true, .pasid = pasid, .iova = gva,
		.buf = &value, .len = sizeof(value),
	};

	return iommu_ref_dma(ref, &dma, NULL);
}

static inline bool vf_cached(struct iommu_ref *ref, unsigned int device, uint32_t pasid,
			     uint64_t gva)
{
	struct iommu_ref_dma dma = {
		.device = device, .has_pasid = true, .pasid = pasid, .iova = gva, .len = 4,
	};

	return iommu_ref_iotlb_cached(ref, &dma);
}

#endif
