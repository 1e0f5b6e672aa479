/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * For the tests of the iommufd front end: the ioctls with their structs filled in, a process with
 * an iommufd and a bound device, and guest memory with user-built stage-1 tables of both vendors in
 * it.
 */
#ifndef IOMMU_REF_TESTS_IOMMUFD_UTIL_H
#define IOMMU_REF_TESTS_IOMMUFD_UTIL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"
#include "../iommu_ref.h"

#define PG 4096ull
#define FD_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FD_FIXED_RW (FD_RW | IOMMU_IOAS_MAP_FIXED_IOVA)
#define NO_PASID UINT32_MAX

/* ---- a process with one iommufd */

struct fd_user {
	struct iommu_ref *ref;
	struct iommu_ref_proc *proc;
	int fd;
};

static inline int fd_user_create(struct iommu_ref *ref, struct fd_user *u)
{
	int rc = iommu_ref_proc_create(ref, &u->proc);

	u->ref = ref;
	if (rc)
		return rc;
	u->fd = iommu_ref_open(u->proc, "/dev/iommu", 0);
	return u->fd < 0 ? u->fd : 0;
}

static inline int fd_cmd(struct fd_user *u, unsigned long nr, void *arg)
{
	return iommu_ref_ioctl(u->proc, u->fd, nr, arg);
}

static inline int fd_ioas(struct fd_user *u, uint32_t *id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int rc = fd_cmd(u, IOMMU_IOAS_ALLOC, &cmd);

	*id = cmd.out_ioas_id;
	return rc;
}

static inline int fd_destroy(struct fd_user *u, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return fd_cmd(u, IOMMU_DESTROY, &cmd);
}

/* *@iova: in with FIXED_IOVA in @flags, out always. */
static inline int fd_map(struct fd_user *u, uint32_t ioas, const void *va, uint64_t len,
			 uint64_t *iova, uint32_t flags)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .flags = flags, .ioas_id = ioas,
		.user_va = (uintptr_t)va, .length = len, .iova = *iova,
	};
	int rc = fd_cmd(u, IOMMU_IOAS_MAP, &cmd);

	*iova = cmd.iova;
	return rc;
}

static inline int fd_map_at(struct fd_user *u, uint32_t ioas, const void *va, uint64_t len,
			    uint64_t iova)
{
	return fd_map(u, ioas, va, len, &iova, FD_FIXED_RW);
}

/* *@len: in and out. */
static inline int fd_unmap(struct fd_user *u, uint32_t ioas, uint64_t iova, uint64_t *len)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = *len,
	};
	int rc = fd_cmd(u, IOMMU_IOAS_UNMAP, &cmd);

	*len = cmd.length;
	return rc;
}

static inline int fd_hwpt(struct fd_user *u, uint32_t dev, uint32_t pt, uint32_t flags,
			  uint32_t type, const void *data, uint32_t len, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = dev, .pt_id = pt,
		.data_type = type, .data_len = len, .data_uptr = (uintptr_t)data,
	};
	int rc = fd_cmd(u, IOMMU_HWPT_ALLOC, &cmd);

	*id = cmd.out_hwpt_id;
	return rc;
}

static inline int fd_paging(struct fd_user *u, uint32_t dev, uint32_t ioas, uint32_t flags,
			    uint32_t *id)
{
	return fd_hwpt(u, dev, ioas, flags, IOMMU_HWPT_DATA_NONE, NULL, 0, id);
}

/* *@num: in and out. */
static inline int fd_invalidate(struct fd_user *u, uint32_t id, uint32_t type, const void *entries,
				uint32_t len, uint32_t *num)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd), .hwpt_id = id, .data_uptr = (uintptr_t)entries,
		.data_type = type, .entry_len = len, .entry_num = *num,
	};
	int rc = fd_cmd(u, IOMMU_HWPT_INVALIDATE, &cmd);

	*num = cmd.entry_num;
	return rc;
}

static inline int fd_viommu(struct fd_user *u, uint32_t dev, uint32_t hwpt, uint32_t *id)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3, .dev_id = dev,
		.hwpt_id = hwpt,
	};
	int rc = fd_cmd(u, IOMMU_VIOMMU_ALLOC, &cmd);

	*id = cmd.out_viommu_id;
	return rc;
}

static inline int fd_vdevice(struct fd_user *u, uint32_t viommu, uint32_t dev, uint64_t virt_id,
			     uint32_t *id)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd), .viommu_id = viommu, .dev_id = dev, .virt_id = virt_id,
	};
	int rc = fd_cmd(u, IOMMU_VDEVICE_ALLOC, &cmd);

	*id = cmd.out_vdevice_id;
	return rc;
}

/* ---- devices */

static inline int fd_open_cdev(struct fd_user *u, unsigned int index)
{
	char path[40];

	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", index);
	return iommu_ref_open(u->proc, path, 0);
}

static inline int fd_bind_to(struct fd_user *u, int cdev, int iommufd, uint32_t *dev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	int rc = iommu_ref_ioctl(u->proc, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind);

	*dev = bind.out_devid;
	return rc;
}

/* Opens and binds device @index: its descriptor, or -errno. */
static inline int fd_device(struct fd_user *u, unsigned int index, uint32_t *dev)
{
	int cdev = fd_open_cdev(u, index), rc;

	if (cdev < 0)
		return cdev;
	rc = fd_bind_to(u, cdev, u->fd, dev);
	return rc ? rc : cdev;
}

static inline int fd_attach_pasid(struct fd_user *u, int cdev, uint32_t pasid, uint32_t *pt)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd), .pt_id = *pt,
		.flags = pasid == NO_PASID ? 0 : VFIO_DEVICE_ATTACH_PASID, .pasid = pasid,
	};
	int rc = iommu_ref_ioctl(u->proc, cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);

	*pt = cmd.pt_id;
	return rc;
}

static inline int fd_attach(struct fd_user *u, int cdev, uint32_t pt)
{
	return fd_attach_pasid(u, cdev, NO_PASID, &pt);
}

static inline int fd_detach_pasid(struct fd_user *u, int cdev, uint32_t pasid)
{
	struct vfio_device_detach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = pasid == NO_PASID ? 0 : VFIO_DEVICE_DETACH_PASID, .pasid = pasid,
	};

	return iommu_ref_ioctl(u->proc, cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}

static inline int fd_detach(struct fd_user *u, int cdev)
{
	return fd_detach_pasid(u, cdev, NO_PASID);
}

static inline int fd_dma(struct iommu_ref *ref, unsigned int device, uint32_t pasid, bool write,
			 uint64_t iova, void *buf, size_t len)
{
	struct iommu_ref_dma dma = {
		.device = device, .has_pasid = pasid != NO_PASID, .write = write,
		.pasid = pasid == NO_PASID ? 0 : pasid, .iova = iova, .buf = buf, .len = len,
	};

	return iommu_ref_dma(ref, &dma, NULL);
}

/* What the device reads at @iova: the byte, or -EFAULT. */
static inline int fd_peek(struct iommu_ref *ref, unsigned int device, uint64_t iova)
{
	uint8_t byte;
	int rc = fd_dma(ref, device, NO_PASID, false, iova, &byte, 1);

	return rc ? rc : byte;
}

static inline int fd_poke(struct iommu_ref *ref, unsigned int device, uint64_t iova, uint8_t byte)
{
	return fd_dma(ref, device, NO_PASID, true, iova, &byte, 1);
}

/* ---- guest memory: data pages first, tables in the second half; first byte of page n is n */

#define GPA_BASE 0x440000000ull
#define GUEST_PAGES 64
#define GUEST_GVA 0x5a5000000000ull

struct fd_guest {
	uint8_t *mem;
	unsigned int next_table;
	uint64_t root, cd;	/* GPA */
	bool arm;
};

static inline uint64_t *guest_va(struct fd_guest *g, uint64_t gpa)
{
	return (uint64_t *)(g->mem + (gpa - GPA_BASE));
}

static inline uint64_t guest_table(struct fd_guest *g)
{
	return GPA_BASE + g->next_table++ * PG;
}

static inline void guest_create(struct fd_guest *g, bool arm)
{
	g->mem = mmap(NULL, GUEST_PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	g->next_table = GUEST_PAGES / 2;
	g->arm = arm;
	for (unsigned int i = 0; i < GUEST_PAGES / 2; i++)
		g->mem[i * PG] = (uint8_t)i;
	g->root = guest_table(g);
	g->cd = arm ? guest_table(g) : 0;
}

/* The leaf entry of @gva; tables on the way are made. */
static inline uint64_t *guest_leaf(struct fd_guest *g, uint64_t gva)
{
	uint64_t table = g->root;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *e = guest_va(g, table) + ((gva >> shift) & 511);

		if (!*e)
			*e = guest_table(g) | (g->arm ? 3 : 7);	/* a table / P, R/W, U/S */
		table = *e & 0xffffffffff000ull;
	}
	return guest_va(g, table) + ((gva >> 12) & 511);
}

/* GVA page @gva_page -> data page @page. Nothing is invalidated. */
static inline void guest_map(struct fd_guest *g, unsigned int gva_page, unsigned int page,
			     bool write)
{
	uint64_t gpa = GPA_BASE + page * PG, e;

	if (g->arm)	/* page, nG, AF, inner shareable, EL0 access; AP[2] is read-only */
		e = gpa | 3 | 1 << 11 | 1 << 10 | 3 << 8 | 1 << 6 | (write ? 0 : 1 << 7);
	else		/* P, U/S, A, D; R/W */
		e = gpa | 1 | 4 | 0x20 | 0x40 | (write ? 2 : 0);
	*guest_leaf(g, GUEST_GVA + gva_page * PG) = e;
}

/* An SMMUv3 context descriptor for the table: 4K granule, 48 bits (IHI 0070 5.4). */
static inline void guest_cd(struct fd_guest *g, uint16_t asid)
{
	uint64_t *cd = guest_va(g, g->cd);

	/* T0SZ 16, EPD1, V, IPS 48 bits, AA64, R, A, ASET */
	cd[0] = 16ull | 1ull << 30 | 1ull << 31 | 5ull << 32 | 1ull << 41 | 7ull << 45 |
		(uint64_t)asid << 48;
	cd[1] = g->root;
}

/* Its STE: valid, stage 1, one CD. */
static inline struct iommu_hwpt_arm_smmuv3 guest_ste(const struct fd_guest *g)
{
	return (struct iommu_hwpt_arm_smmuv3){ .ste = { 1 | 5 << 1 | g->cd, 0 } };
}

static inline struct iommu_hwpt_vtd_s1 guest_vtd(const struct fd_guest *g)
{
	return (struct iommu_hwpt_vtd_s1){ .pgtbl_addr = g->root, .addr_width = 48 };
}

/* ---- device 0 on a nested table over guest memory */

#define ASID 77
#define VSID 0x1234
#define GVA(page) (GUEST_GVA + (page) * PG)

struct machine {
	struct fd_user u;
	struct fd_guest g;
	int cdev;
	uint32_t dev, ioas, parent, viommu, vdevice, hwpt;
};

static inline int machine_nest(struct machine *m)
{
	struct iommu_hwpt_arm_smmuv3 ste = guest_ste(&m->g);
	struct iommu_hwpt_vtd_s1 s1 = guest_vtd(&m->g);
	int rc;

	if (!m->g.arm)
		return fd_hwpt(&m->u, m->dev, m->parent, 0, IOMMU_HWPT_DATA_VTD_S1, &s1,
			       sizeof(s1), &m->hwpt);
	guest_cd(&m->g, ASID);
	rc = fd_viommu(&m->u, m->dev, m->parent, &m->viommu);
	rc = rc ? rc : fd_vdevice(&m->u, m->viommu, m->dev, VSID, &m->vdevice);
	return rc ? rc : fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3, &ste,
				 sizeof(ste), &m->hwpt);
}

/* Pages [0, 8) of the guest are mapped. 0 or the first error. */
static inline int machine_create(struct machine *m, enum iommu_ref_vendor vendor,
				 const char *defect)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	int rc;

	iommu_ref_config_init(&cfg, vendor);
	cfg.defect = defect;
	rc = iommu_ref_create(&cfg, &ref);
	if (rc)
		return rc;
	rc = fd_user_create(ref, &m->u);
	guest_create(&m->g, vendor == IOMMU_REF_SMMUV3);
	m->cdev = fd_device(&m->u, 0, &m->dev);
	rc = rc ? rc : m->cdev < 0 ? m->cdev : 0;
	rc = rc ? rc : fd_ioas(&m->u, &m->ioas);
	rc = rc ? rc : fd_map_at(&m->u, m->ioas, m->g.mem, GUEST_PAGES * PG, GPA_BASE);
	rc = rc ? rc : fd_paging(&m->u, m->dev, m->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &m->parent);
	rc = rc ? rc : machine_nest(m);
	for (unsigned int i = 0; i < 8; i++)
		guest_map(&m->g, i, i, true);
	return rc ? rc : fd_attach(&m->u, m->cdev, m->hwpt);
}

static inline void machine_destroy(struct machine *m)
{
	iommu_ref_destroy(m->u.ref);
	munmap(m->g.mem, GUEST_PAGES * PG);
}

#endif
