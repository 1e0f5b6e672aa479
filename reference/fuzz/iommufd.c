// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Right calls of /dev/iommu: every command with objects that are there.
 */
#include <string.h>

#include "fuzz.h"

#define IOVA 0x40000000ull	/* where guest memory is mapped: no reserved window is there */
#define RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

union cmd {
	struct iommu_destroy destroy;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_allow_iovas allow;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_iova_ranges ranges;
	struct iommu_ioas_map map;
	struct iommu_ioas_unmap unmap;
	struct iommu_option option;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_hwpt_alloc hwpt;
	struct iommu_hw_info info;
	struct iommu_hwpt_set_dirty_tracking set_dirty;
	struct iommu_hwpt_get_dirty_bitmap dirty;
	struct iommu_hwpt_invalidate inv;
	struct iommu_fault_alloc fault;
	struct iommu_ioas_map_file map_file;
	struct iommu_viommu_alloc viommu;
	struct iommu_vdevice_alloc vdevice;
	struct iommu_veventq_alloc veventq;
	struct iommu_hw_queue_alloc hw_queue;
};

/* The @n-th choice of the record among the objects of @type. */
static uint32_t id(const struct fuzz *f, const struct fuzz_call *c, enum fuzz_type type,
		   unsigned int n)
{
	return fuzz_id(f, c->file, type, c->rec->id[n]);
}

static uint64_t data(void)
{
	return (uintptr_t)arena_page(ARENA_DATA);
}

static uint64_t guest(void)
{
	return (uintptr_t)arena_page(ARENA_GUEST);
}

static void put(const void *p, size_t len)
{
	memcpy(arena_page(ARENA_DATA), p, len);
}

static void fill_ranges(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	static const struct iommu_iova_range allowed[] = {
		{ 0, 0xfffff }, { IOVA, IOVA + (1ull << 32) - 1 },
	};

	(void)f;
	if (c->cmd == IOMMU_IOAS_IOVA_RANGES) {
		a->ranges.num_iovas = c->rec->variant ? c->rec->variant % 16 : 16;
		a->ranges.allowed_iovas = data();
	} else {
		put(allowed, sizeof(allowed));
		a->allow.num_iovas = c->rec->variant & 1 ? 0 : c->rec->variant & 2 ? 1 : 2;
		a->allow.allowed_iovas = data();
	}
}

/* Guest memory as a whole at IOVA, or a few pages of it somewhere. */
static void fill_map(struct fuzz_call *c, union cmd *a)
{
	uint64_t n = c->rec->variant % 8, page = c->rec->variant / 8;

	a->map.flags = RW | (c->rec->variant & 0x80 ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA);
	a->map.user_va = guest() + (n ? page % ARENA_GUEST_PAGES * PG : 0);
	a->map.length = n ? n * PG : ARENA_GUEST_PAGES * PG;
	a->map.iova = n ? IOVA + (1ull << 24) + page * 16 * PG : IOVA;
}

static void fill_space(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant;

	switch (c->cmd) {
	case IOMMU_IOAS_MAP:
		fill_map(c, a);
		a->map.ioas_id = id(f, c, FI_IOAS, 0);
		break;
	case IOMMU_IOAS_MAP_FILE:
		a->map_file = (struct iommu_ioas_map_file){
			.flags = RW | IOMMU_IOAS_MAP_FIXED_IOVA, .ioas_id = id(f, c, FI_IOAS, 0),
			.fd = fuzz_arena->memfd, .start = v % 4 * PG, .length = (1 + v % 4) * PG,
			.iova = IOVA + (1ull << 28) + v / 4 * 8 * PG };
		if (f->mock && v & 1)
			a->map_file.fd = fuzz_fd(f, c->proc, FK_DMABUF, c->rec->id[1]);
		break;
	case IOMMU_IOAS_COPY:
		a->copy = (struct iommu_ioas_copy){
			.flags = RW | (v & 0x80 ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA),
			.dst_ioas_id = id(f, c, FI_IOAS, 1), .src_ioas_id = id(f, c, FI_IOAS, 0),
			.length = (1 + v % 4) * PG, .dst_iova = IOVA + (1ull << 29) + v * 4 * PG,
			.src_iova = IOVA };
		break;
	case IOMMU_IOAS_UNMAP:
		a->unmap = (struct iommu_ioas_unmap){ .ioas_id = id(f, c, FI_IOAS, 0),
			.iova = v ? IOVA + (1ull << 24) + v / 8 * 16 * PG : 0,
			.length = v ? (v % 8 ? v % 8 : 16) * PG : UINT64_MAX };
		break;
	case IOMMU_OPTION:
		a->option.option_id = v & 1 ? IOMMU_OPTION_RLIMIT_MODE : IOMMU_OPTION_HUGE_PAGES;
		a->option.object_id = v & 1 ? 0 : id(f, c, FI_IOAS, 0);
		a->option.op = v & 2 ? IOMMU_OPTION_OP_SET : IOMMU_OPTION_OP_GET;
		a->option.val64 = v >> 2 & 1;
		break;
	case IOMMU_VFIO_IOAS:
		a->vfio_ioas.ioas_id = id(f, c, FI_IOAS, 0);
		a->vfio_ioas.op = v % 3 ? (v % 3 == 1 ? IOMMU_VFIO_IOAS_GET :
							IOMMU_VFIO_IOAS_CLEAR) :
					  IOMMU_VFIO_IOAS_SET;
		break;
	default:	/* of one IOAS, whose id is the first word behind the size */
		a->ranges.ioas_id = id(f, c, FI_IOAS, 0);
		fill_ranges(f, c, a);
	}
}

/* What describes a stage 1 on this machine; its tables are at the start of guest memory. */
static void fill_nested(const struct fuzz *f, struct iommu_hwpt_alloc *a)
{
	const struct mock_hwpt mock = { .iotlb = 0xbadbeef };
	const struct iommu_hwpt_vtd_s1 vtd = { .pgtbl_addr = IOVA, .addr_width = 48 };
	const struct iommu_hwpt_arm_smmuv3 arm = {
		.ste = { 1 | 5 << 1 | (IOVA + 4 * PG) | 4ull << 59, 0 } };

	if (f->mock) {
		put(&mock, sizeof(mock));
		a->data_type = MOCK_HWPT_TYPE;
		a->data_len = sizeof(mock);
	} else if (f->cfg.vendor == IOMMU_REF_VTD) {
		put(&vtd, sizeof(vtd));
		a->data_type = IOMMU_HWPT_DATA_VTD_S1;
		a->data_len = sizeof(vtd);
	} else {
		put(&arm, sizeof(arm));
		a->data_type = IOMMU_HWPT_DATA_ARM_SMMUV3;
		a->data_len = sizeof(arm);
	}
	a->data_uptr = data();
}

static void fill_hwpt(struct fuzz *f, struct fuzz_call *c, struct iommu_hwpt_alloc *a)
{
	static const uint32_t flags[] = {
		IOMMU_HWPT_ALLOC_NEST_PARENT, 0, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		IOMMU_HWPT_FAULT_ID_VALID, IOMMU_HWPT_ALLOC_PASID,
		IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID,
	};
	unsigned int v = c->rec->variant;

	a->dev_id = id(f, c, FI_DEVICE, 1);
	a->fault_id = id(f, c, FI_FAULT, 2);
	if (v < 0x80) {
		a->flags = flags[v % ARRAY_SIZE(flags)];
		a->pt_id = id(f, c, FI_IOAS, 0);
		return;
	}
	a->flags = v & 1 ? IOMMU_HWPT_FAULT_ID_VALID : v & 2 ? IOMMU_HWPT_ALLOC_PASID : 0;
	a->pt_id = id(f, c, v & 4 ? FI_VIOMMU : FI_HWPT, 0);
	fill_nested(f, a);
}

static void fill_invalidate(struct fuzz *f, struct fuzz_call *c, struct iommu_hwpt_invalidate *a)
{
	static const uint8_t opcodes[] = { 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x05, 0x06 };
	unsigned int v = c->rec->variant, n = 1 + v % 4;
	uint64_t entries[4][3] = { { 0 } };

	a->data_uptr = data();
	a->entry_num = n;
	a->hwpt_id = id(f, c, v & 0x80 ? FI_VIOMMU : FI_NESTED, 0);
	for (unsigned int i = 0; i < n; i++) {
		if (f->mock) {
			((uint32_t *)entries)[i * (v & 0x80 ? 3 : 2)] = v >> 2 & 1;
		} else if (f->cfg.vendor == IOMMU_REF_VTD) {
			entries[i][0] = v & 4 ? 0 : IOVA;
			entries[i][1] = v & 4 ? UINT64_MAX : 1 + i;
		} else {
			((uint64_t *)entries)[i * 2] = opcodes[(v / 4 + i) % ARRAY_SIZE(opcodes)];
		}
	}
	put(entries, sizeof(entries));
	if (f->mock) {
		a->data_type = MOCK_INVALIDATE_TYPE;
		a->entry_len = v & 0x80 ? sizeof(struct mock_viommu_invalidate) :
					  sizeof(struct mock_invalidate);
	} else if (f->cfg.vendor == IOMMU_REF_VTD) {
		a->data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
		a->entry_len = sizeof(struct iommu_hwpt_vtd_s1_invalidate);
	} else {
		a->data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3;
		a->entry_len = sizeof(struct iommu_viommu_arm_smmuv3_invalidate);
	}
}

static void fill_viommu(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant;

	switch (c->cmd) {
	case IOMMU_VIOMMU_ALLOC:
		a->viommu = (struct iommu_viommu_alloc){
			.type = f->mock ? MOCK_VIOMMU_TYPE : IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
			.dev_id = id(f, c, FI_DEVICE, 1), .hwpt_id = id(f, c, FI_HWPT, 0) };
		if (f->mock && v & 1) {
			a->viommu.data_len = sizeof(struct mock_viommu_data);
			a->viommu.data_uptr = data();
		}
		break;
	case IOMMU_VDEVICE_ALLOC:
		a->vdevice.viommu_id = id(f, c, FI_VIOMMU, 0);
		a->vdevice.dev_id = id(f, c, FI_DEVICE, 1);
		a->vdevice.virt_id = 1 + v;
		break;
	case IOMMU_VEVENTQ_ALLOC:
		a->veventq.viommu_id = id(f, c, FI_VIOMMU, 0);
		a->veventq.type = f->mock ? MOCK_VEVENTQ_TYPE : IOMMU_VEVENTQ_TYPE_ARM_SMMUV3;
		a->veventq.veventq_depth = 1 + v;
		break;
	case IOMMU_HW_QUEUE_ALLOC:
		a->hw_queue = (struct iommu_hw_queue_alloc){
			.viommu_id = id(f, c, FI_VIOMMU, 0),
			.type = f->mock ? MOCK_HW_QUEUE_TYPE : IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV,
			.index = v % 2, .nesting_parent_iova = IOVA, .length = PG };
		break;
	}
}

static void fill_table(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant;

	switch (c->cmd) {
	case IOMMU_HWPT_ALLOC:
		fill_hwpt(f, c, &a->hwpt);
		break;
	case IOMMU_GET_HW_INFO:
		a->info.dev_id = id(f, c, FI_DEVICE, 0);
		a->info.data_uptr = data();
		a->info.data_len = v ? v % 96 : 64;
		break;
	case IOMMU_HWPT_SET_DIRTY_TRACKING:
		a->set_dirty.hwpt_id = id(f, c, FI_HWPT, 0);
		a->set_dirty.flags = !(v & 1);
		break;
	case IOMMU_HWPT_GET_DIRTY_BITMAP:
		a->dirty = (struct iommu_hwpt_get_dirty_bitmap){
			.hwpt_id = id(f, c, FI_HWPT, 0), .flags = v & 1, .iova = IOVA,
			.length = (v & 2 ? 512 : 32) * PG, .page_size = PG, .data = data() };
		break;
	case IOMMU_HWPT_INVALIDATE:
		fill_invalidate(f, c, &a->inv);
		break;
	default:
		fill_viommu(f, c, a);
	}
}

static void fill(struct fuzz *f, struct fuzz_call *c)
{
	union cmd *a = (union cmd *)&c->arg;

	switch (c->cmd) {
	case IOMMU_DESTROY:
		a->destroy.id = fuzz_id(f, c->file, FI_FREE, c->rec->id[0]);
		break;
	case IOMMU_IOAS_ALLOC: case IOMMU_FAULT_QUEUE_ALLOC: case IOMMU_IOAS_CHANGE_PROCESS:
		break;
	case IOMMU_IOAS_ALLOW_IOVAS: case IOMMU_IOAS_COPY: case IOMMU_IOAS_IOVA_RANGES:
	case IOMMU_IOAS_MAP: case IOMMU_IOAS_UNMAP: case IOMMU_OPTION: case IOMMU_VFIO_IOAS:
	case IOMMU_IOAS_MAP_FILE:
		fill_space(f, c, a);
		break;
	default:
		fill_table(f, c, a);
	}
	c->arg.word[0] = (uint32_t)c->size;
}

static void done(struct fuzz *f, struct fuzz_call *c)
{
	const union cmd *a = (const union cmd *)&c->arg;

	switch (c->cmd) {
	case IOMMU_DESTROY:
		fuzz_id_set(c->file, a->destroy.id, FI_FREE);
		break;
	case IOMMU_IOAS_ALLOC:
		fuzz_id_set(c->file, a->ioas_alloc.out_ioas_id, FI_IOAS);
		break;
	case IOMMU_HWPT_ALLOC:
		fuzz_id_set(c->file, a->hwpt.out_hwpt_id, a->hwpt.data_len ? FI_NESTED : FI_HWPT);
		break;
	case IOMMU_FAULT_QUEUE_ALLOC:
		fuzz_id_set(c->file, a->fault.out_fault_id, FI_FAULT);
		fuzz_file_new(f, c->proc, (int)a->fault.out_fault_fd, FK_FAULT);
		break;
	case IOMMU_VIOMMU_ALLOC:
		fuzz_id_set(c->file, a->viommu.out_viommu_id, FI_VIOMMU);
		break;
	case IOMMU_VDEVICE_ALLOC:
		fuzz_id_set(c->file, a->vdevice.out_vdevice_id, FI_VDEVICE);
		break;
	case IOMMU_VEVENTQ_ALLOC:
		fuzz_id_set(c->file, a->veventq.out_veventq_id, FI_VEVENTQ);
		fuzz_file_new(f, c->proc, (int)a->veventq.out_veventq_fd, FK_VEVENTQ);
		break;
	case IOMMU_HW_QUEUE_ALLOC:
		fuzz_id_set(c->file, a->hw_queue.out_hw_queue_id, FI_HW_QUEUE);
		break;
	}
}

#define F(type, field, kind) { offsetof(struct type, field), kind }

static const struct fuzz_field *fields(const struct fuzz_call *c, size_t *n)
{
	static const struct fuzz_field allow[] = { F(iommu_ioas_allow_iovas, ioas_id, FF_ID),
		F(iommu_ioas_allow_iovas, allowed_iovas, FF_POINTER) };
	static const struct fuzz_field copy[] = { F(iommu_ioas_copy, dst_ioas_id, FF_ID),
		F(iommu_ioas_copy, src_ioas_id, FF_ID) };
	static const struct fuzz_field map[] = { F(iommu_ioas_map, ioas_id, FF_ID),
		F(iommu_ioas_map, user_va, FF_MEMORY) };
	static const struct fuzz_field file[] = { F(iommu_ioas_map_file, ioas_id, FF_ID),
		F(iommu_ioas_map_file, fd, FF_HOST_FD) };
	static const struct fuzz_field first[] = { F(iommu_destroy, id, FF_ID) };
	static const struct fuzz_field hwpt[] = { F(iommu_hwpt_alloc, dev_id, FF_ID),
		F(iommu_hwpt_alloc, pt_id, FF_ID), F(iommu_hwpt_alloc, fault_id, FF_ID),
		F(iommu_hwpt_alloc, data_uptr, FF_POINTER) };
	static const struct fuzz_field info[] = { F(iommu_hw_info, dev_id, FF_ID),
		F(iommu_hw_info, data_uptr, FF_POINTER) };
	static const struct fuzz_field dirty[] = { F(iommu_hwpt_get_dirty_bitmap, hwpt_id, FF_ID),
		F(iommu_hwpt_get_dirty_bitmap, data, FF_POINTER) };
	static const struct fuzz_field inv[] = { F(iommu_hwpt_invalidate, hwpt_id, FF_ID),
		F(iommu_hwpt_invalidate, data_uptr, FF_POINTER) };
	static const struct fuzz_field viommu[] = { F(iommu_viommu_alloc, dev_id, FF_ID),
		F(iommu_viommu_alloc, hwpt_id, FF_ID),
		F(iommu_viommu_alloc, data_uptr, FF_POINTER) };
	static const struct fuzz_field vdev[] = { F(iommu_vdevice_alloc, viommu_id, FF_ID),
		F(iommu_vdevice_alloc, dev_id, FF_ID) };
	static const struct fuzz_field queue[] = { F(iommu_veventq_alloc, viommu_id, FF_ID) };
	static const struct {
		unsigned long cmd;
		const struct fuzz_field *fields;
		size_t n;
	} table[] = {
		{ IOMMU_IOAS_ALLOW_IOVAS, allow, ARRAY_SIZE(allow) },
		{ IOMMU_IOAS_IOVA_RANGES, allow, ARRAY_SIZE(allow) },
		{ IOMMU_IOAS_COPY, copy, ARRAY_SIZE(copy) },
		{ IOMMU_IOAS_MAP, map, ARRAY_SIZE(map) },
		{ IOMMU_IOAS_MAP_FILE, file, ARRAY_SIZE(file) },
		{ IOMMU_DESTROY, first, 1 }, { IOMMU_IOAS_UNMAP, first, 1 },
		{ IOMMU_VFIO_IOAS, first, 1 },
		{ IOMMU_HWPT_ALLOC, hwpt, ARRAY_SIZE(hwpt) },
		{ IOMMU_GET_HW_INFO, info, ARRAY_SIZE(info) },
		{ IOMMU_HWPT_GET_DIRTY_BITMAP, dirty, ARRAY_SIZE(dirty) },
		{ IOMMU_HWPT_INVALIDATE, inv, ARRAY_SIZE(inv) },
		{ IOMMU_VIOMMU_ALLOC, viommu, ARRAY_SIZE(viommu) },
		{ IOMMU_VDEVICE_ALLOC, vdev, ARRAY_SIZE(vdev) },
		{ IOMMU_VEVENTQ_ALLOC, queue, 1 }, { IOMMU_HW_QUEUE_ALLOC, queue, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].cmd == c->cmd) {
			*n = table[i].n;
			return table[i].fields;
		}
	}
	*n = 0;
	return NULL;
}

const struct fuzz_filler fuzz_iommufd = { fill, done, fields };
