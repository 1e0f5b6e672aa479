// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Right calls of VFIO: containers (and /dev/iommu where it speaks their language), groups, devices.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define IOVA 0x40000000ull
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* struct vfio_iommu_type1_nesting_op with its data. */
struct nesting {
	uint32_t argsz, flags;
	union {
		struct iommu_gpasid_bind_data bind;
		struct iommu_cache_invalidate_info inv;
	};
};

union cmd {
	struct vfio_iommu_type1_dma_map map;
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_iommu_type1_pasid_request pasid;
	struct nesting nesting;
	struct vfio_device_bind_iommufd bind;
	struct vfio_device_attach_iommufd_pt attach;
	struct vfio_device_detach_iommufd_pt detach;
	struct vfio_irq_set irqs;
	int32_t fd;
	char name[16];
};

static void fill_bind(const struct fuzz *f, struct nesting *a)
{
	a->bind = (struct iommu_gpasid_bind_data){ .argsz = sizeof(a->bind),
		.version = IOMMU_GPASID_BIND_VERSION_1, .format = IOMMU_PASID_FORMAT_INTEL_VTD,
		.addr_width = 48, .gpgd = IOVA, .hpasid = f->pasid };
	a->argsz = 8 + sizeof(a->bind);
}

static void fill_invalidate(const struct fuzz *f, unsigned int v, struct nesting *a)
{
	a->inv = (struct iommu_cache_invalidate_info){ .argsz = sizeof(a->inv),
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
		.granularity = v & 1 ? IOMMU_INV_GRANU_PASID : IOMMU_INV_GRANU_ADDR };
	a->argsz = 8 + sizeof(a->inv);
	a->inv.granu.pasid_info.pasid = f->pasid;
	a->inv.granu.pasid_info.flags = IOMMU_INV_PASID_FLAGS_PASID;
	if (v & 1)
		return;
	a->inv.granu.addr_info.addr = IOVA;
	a->inv.granu.addr_info.granule_size = PG;
	a->inv.granu.addr_info.nb_granules = 1 + v;
}

static void fill_container(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant, n = v % 8;

	switch (c->cmd) {
	case VFIO_IOMMU_MAP_DMA:
		a->map.flags = RW;
		a->map.vaddr = (uintptr_t)arena_page(ARENA_GUEST) + n * PG;
		a->map.size = v ? (1 + n) * PG : ARENA_GUEST_PAGES * PG;
		a->map.iova = v ? IOVA + (1ull << 24) + v / 8 * 16 * PG : IOVA;
		break;
	case VFIO_IOMMU_UNMAP_DMA:
		a->unmap.iova = v ? IOVA + (1ull << 24) + v / 8 * 16 * PG : IOVA;
		a->unmap.size = v ? (1 + n) * PG : ARENA_GUEST_PAGES * PG;
		break;
	case VFIO_IOMMU_PASID_REQUEST:
		a->pasid.flags = v & 1 ? VFIO_IOMMU_FLAG_FREE_PASID : VFIO_IOMMU_FLAG_ALLOC_PASID;
		a->pasid.range.min = v & 1 ? f->pasid : 1;
		a->pasid.range.max = v & 1 ? f->pasid + v / 64 : 0xfffff;
		break;
	case VFIO_IOMMU_GET_INFO:	/* room for capabilities */
		c->size = v & 1 ? c->size : 256;
		break;
	case VFIO_IOMMU_NESTING_OP:
		if (v % 3 == VFIO_IOMMU_NESTING_OP_CACHE_INVLD)
			fill_invalidate(f, v / 3, &a->nesting);
		else
			fill_bind(f, &a->nesting);
		a->nesting.flags = v % 3;
		c->size = a->nesting.argsz;
		break;
	}
	if (c->cmd != VFIO_IOMMU_NESTING_OP)
		c->arg.word[0] = (uint32_t)c->size;
}

/* A number instead of a struct. */
static bool fill_number(const struct fuzz *f, struct fuzz_call *c)
{
	static const uintptr_t types[] = {
		VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_NESTING_IOMMU, VFIO_TYPE1_IOMMU,
		VFIO_DMA_CC_IOMMU, VFIO_UNMAP_ALL, VFIO_NOIOMMU_IOMMU,
	};
	unsigned int v = c->rec->variant;

	(void)f;
	c->plain = true;
	switch (c->cmd) {
	case VFIO_CHECK_EXTENSION: case VFIO_SET_IOMMU:
		c->number = types[v % ARRAY_SIZE(types)];
		return true;
	case VFIO_GET_API_VERSION: case VFIO_GROUP_UNSET_CONTAINER: case VFIO_DEVICE_RESET:
		return true;
	}
	c->plain = false;
	return false;
}

static void fill_group(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int want = c->file ? c->file->number : 0, n = c->rec->variant, i, of_group = 0;

	if (c->cmd == VFIO_GROUP_SET_CONTAINER) {
		a->fd = fuzz_fd(f, c->proc, FK_CONTAINER, c->rec->id[0]);
		c->size = sizeof(a->fd);
		return;
	}
	for (i = 0; i < f->cfg.nr_devices; i++)
		of_group += f->cfg.devices[i].group == want;
	for (i = 0, n = of_group ? n % of_group : 0; i < f->cfg.nr_devices; i++)
		if (f->cfg.devices[i].group == want && !n--)
			break;
	if (i < f->cfg.nr_devices)
		snprintf(a->name, sizeof(a->name), "0000:%02x:%02x.%x", f->cfg.devices[i].rid >> 8,
			 f->cfg.devices[i].rid >> 3 & 31, f->cfg.devices[i].rid & 7u);
	c->size = sizeof(a->name);
}

/* The iommufd of the caller that the ids of a device cdev are chosen from. */
static struct fuzz_file *ids_of(const struct fuzz *f, const struct fuzz_call *c)
{
	int fd = fuzz_fd(f, c->proc, FK_IOMMUFD, c->rec->id[1]);

	return fd >= 0 && fd < FUZZ_FDS ? f->procs[c->proc].fds[fd] : NULL;
}

static void fill_device(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant;
	enum fuzz_type type = v % 3 ? (v % 3 == 1 ? FI_HWPT : FI_NESTED) : FI_IOAS;

	switch (c->cmd) {
	case VFIO_DEVICE_BIND_IOMMUFD:
		a->bind.iommufd = fuzz_fd(f, c->proc, FK_IOMMUFD, c->rec->id[1]);
		break;
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		a->attach.pt_id = fuzz_id(f, ids_of(f, c), type, c->rec->id[0]);
		a->attach.flags = v & 0x80 ? VFIO_DEVICE_ATTACH_PASID : 0;
		a->attach.pasid = 1 + v % 4;
		break;
	case VFIO_DEVICE_SET_IRQS:	/* the only one there is; without data */
		c->arg.word[0] = sizeof(a->irqs);
		a->irqs.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
		a->irqs.index = VFIO_PCI_REQ_IRQ_INDEX;
		a->irqs.count = !(v & 1);
		break;
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		a->detach.flags = v & 0x80 ? VFIO_DEVICE_DETACH_PASID : 0;
		a->detach.pasid = 1 + v % 4;
		break;
	}
	c->arg.word[0] = (uint32_t)c->size;
}

static void fill(struct fuzz *f, struct fuzz_call *c)
{
	union cmd *a = (union cmd *)&c->arg;

	if (fill_number(f, c))
		return;
	switch (c->kind) {
	case FK_GROUP:
		if (c->cmd != VFIO_GROUP_GET_STATUS)
			fill_group(f, c, a);
		else
			c->arg.word[0] = (uint32_t)c->size;
		break;
	case FK_CDEV: case FK_DEVICE:
		fill_device(f, c, a);
		break;
	default:
		fill_container(f, c, a);
	}
}

static void done(struct fuzz *f, struct fuzz_call *c)
{
	const union cmd *a = (const union cmd *)&c->arg;
	int fd = a->bind.iommufd;

	if (c->kind == FK_CONTAINER && c->cmd == VFIO_IOMMU_PASID_REQUEST && c->rc > 0)
		f->pasid = (uint32_t)c->rc;
	if (c->kind == FK_GROUP && c->cmd == VFIO_GROUP_GET_DEVICE_FD)
		fuzz_file_new(f, c->proc, (int)c->rc, FK_DEVICE);
	if (c->kind == FK_CONTAINER && c->cmd == VFIO_SET_IOMMU)
		c->file->ready = true;
	if (c->kind == FK_GROUP && c->cmd == VFIO_GROUP_UNSET_CONTAINER)
		fuzz_group_left(f);
	if (c->kind == FK_CDEV && c->cmd == VFIO_DEVICE_BIND_IOMMUFD)
		c->file->ready = true;
	if (c->kind == FK_CDEV && c->cmd == VFIO_DEVICE_BIND_IOMMUFD && fd >= 0 && fd < FUZZ_FDS &&
	    f->procs[c->proc].fds[fd])
		fuzz_id_set(f->procs[c->proc].fds[fd], a->bind.out_devid, FI_DEVICE);
}

#define F(type, field, kind) { offsetof(struct type, field), kind }

static const struct fuzz_field *fields(const struct fuzz_call *c, size_t *n)
{
	static const struct fuzz_field map[] = { F(vfio_iommu_type1_dma_map, vaddr, FF_MEMORY) };
	static const struct fuzz_field set[] = { { 0, FF_FD } };
	static const struct fuzz_field bind[] = { F(vfio_device_bind_iommufd, iommufd, FF_FD),
		F(vfio_device_bind_iommufd, token_uuid_ptr, FF_POINTER) };
	static const struct fuzz_field attach[] = {
		F(vfio_device_attach_iommufd_pt, pt_id, FF_ID) };

	*n = 1;
	if (c->kind == FK_CDEV && c->cmd == VFIO_DEVICE_ATTACH_IOMMUFD_PT)
		return attach;
	if (c->kind == FK_GROUP && c->cmd == VFIO_GROUP_SET_CONTAINER)
		return set;
	if (c->cmd == VFIO_IOMMU_MAP_DMA)
		return map;
	*n = 0;
	if (c->kind != FK_CDEV || c->cmd != VFIO_DEVICE_BIND_IOMMUFD)
		return NULL;
	*n = ARRAY_SIZE(bind);
	return bind;
}

const struct fuzz_filler fuzz_vfio = { fill, done, fields };
