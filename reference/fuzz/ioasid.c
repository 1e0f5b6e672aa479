// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Right calls of /dev/ioasid, of devices that are bound to it, and of virtual machines.
 */
#include <string.h>

#include "../../uapi/ioasid.h"
#include "fuzz.h"

#define IOVA 0x40000000ull

union cmd {
	struct ioasid_memory memory;
	struct ioasid_info info;
	struct ioasid_dma_map map;
	struct ioasid_dma_unmap unmap;
	struct ioasid_bind_pgtable pgtable;
	struct ioasid_bind_pasid_table pasid_table;
	struct ioasid_invalidate inv;
	struct ioasid_page_response resp;
	struct vfio_device_attach_ioasid attach;
	struct kvm_pasid_map kvm;
};

/* The /dev/ioasid that a device or a virtual machine gets its ids from. */
static const struct fuzz_file *ids_of(const struct fuzz *f, const struct fuzz_call *c)
{
	int fd = fuzz_fd(f, c->proc, FK_IOASID, c->rec->id[2]);

	if (c->kind == FK_IOASID)
		return c->file;
	return fd >= 0 && fd < FUZZ_FDS ? f->procs[c->proc].fds[fd] : NULL;
}

/* Children are remembered as FI_NESTED. */
static uint32_t id(const struct fuzz *f, const struct fuzz_call *c, enum fuzz_type type)
{
	return fuzz_id(f, ids_of(f, c), type, c->rec->id[0]);
}

static bool fill_number(struct fuzz *f, struct fuzz_call *c)
{
	c->plain = true;
	switch (c->cmd) {
	case IOASID_CHECK_EXTENSION:
		c->number = c->rec->variant % 10;
		return true;
	case IOASID_ALLOC: case IOASID_ALLOC_FAULT_FD:
		return true;
	case IOASID_FREE:
		c->number = id(f, c, FI_FREE);
		return true;
	case IOASID_CREATE_NESTING:
		c->number = id(f, c, FI_IOAS);
		return true;
	case IOASID_UNBIND_PGTABLE: case IOASID_UNBIND_PASID_TABLE:
		c->number = id(f, c, FI_NESTED);
		return true;
	case VFIO_BIND_IOASID_FD: case VFIO_UNBIND_IOASID_FD:
		c->number = (uintptr_t)fuzz_fd(f, c->proc, FK_IOASID, c->rec->id[0]);
		return true;
	}
	c->plain = false;
	return false;
}

static void fill_table(struct fuzz *f, struct fuzz_call *c, union cmd *a)
{
	unsigned int v = c->rec->variant;

	switch (c->cmd) {
	case IOASID_BIND_PGTABLE:
		a->pgtable.ioasid = id(f, c, FI_NESTED);
		a->pgtable.format = f->cfg.vendor == IOMMU_REF_VTD ? IOASID_PGTABLE_VTD_S1 :
								     IOASID_PGTABLE_ARM_S1;
		a->pgtable.addr = IOVA;
		a->pgtable.addr_width = 48;
		break;
	case IOASID_BIND_PASID_TABLE:
		a->pasid_table.ioasid = id(f, c, FI_NESTED);
		a->pasid_table.format = IOASID_PASID_TABLE_ARM_SMMUV3;
		a->pasid_table.addr = IOVA + 4 * PG;
		a->pasid_table.pasid_bits = 4;
		a->pasid_table.default_mode = v % 3;
		break;
	case IOASID_INVALIDATE_CACHE:
		a->inv.ioasid = id(f, c, FI_NESTED);
		a->inv.granularity = v & 1;
		a->inv.addr = v & 1 ? IOVA : 0;
		a->inv.size = v & 1 ? (1 + v / 2) * PG : 0;
		break;
	case IOASID_PAGE_RESPONSE:
		a->resp.ioasid = id(f, c, FI_FREE);
		a->resp.cookie = f->cookies[v % 4];
		a->resp.code = v >> 2 & 1;
		break;
	case KVM_MAP_PASID: case KVM_UNMAP_PASID:
		a->kvm.user_pasid = 1 + v % 4;
		a->kvm.ioasid_fd = fuzz_fd(f, c->proc, FK_IOASID, c->rec->id[2]);
		a->kvm.ioasid = id(f, c, FI_FREE);
		break;
	}
}

static void fill(struct fuzz *f, struct fuzz_call *c)
{
	union cmd *a = (union cmd *)&c->arg;
	unsigned int v = c->rec->variant;

	if (fill_number(f, c))
		return;
	c->arg.word[0] = (uint32_t)c->size;
	switch (c->cmd) {
	case IOASID_REGISTER_MEMORY: case IOASID_UNREGISTER_MEMORY:
		a->memory.vaddr = (uintptr_t)arena_page(ARENA_GUEST) + v * PG;
		a->memory.size = (v ? 1 + v / 8 : ARENA_GUEST_PAGES) * PG;
		break;
	case IOASID_GET_INFO:
		a->info.ioasid = id(f, c, FI_FREE);
		a->info.num_reserved = v ? v % 8 : 16;
		a->info.reserved_iovas = (uintptr_t)arena_page(ARENA_DATA);
		break;
	case IOASID_MAP_DMA:
		a->map.flags = IOASID_MAP_READ | IOASID_MAP_WRITE;
		a->map.ioasid = id(f, c, v & 0x80 ? FI_NESTED : FI_IOAS);
		a->map.vaddr = v & 0x80 ? IOVA : (uintptr_t)arena_page(ARENA_GUEST);
		a->map.iova = IOVA + (v & 0x7f) * 64 * PG;
		a->map.size = (v & 0x7f ? 1 + v % 8 : ARENA_GUEST_PAGES) * PG;
		break;
	case IOASID_UNMAP_DMA:
		a->unmap.ioasid = id(f, c, v & 0x80 ? FI_NESTED : FI_IOAS);
		a->unmap.iova = IOVA + (v & 0x7f) * 64 * PG;
		a->unmap.size = (v & 0x7f ? 1 + v % 8 : ARENA_GUEST_PAGES) * PG;
		break;
	case VFIO_ATTACH_IOASID: case VFIO_DETACH_IOASID:
		a->attach.ioasid = id(f, c, v & 0x40 ? FI_NESTED : FI_IOAS);
		a->attach.flag = v & 0x80 ? IOASID_ATTACH_USER_PASID : 0;
		a->attach.user_pasid = v & 0x80 ? 1 + v % 4 : 0;
		break;
	default:
		fill_table(f, c, a);
	}
}

static void done(struct fuzz *f, struct fuzz_call *c)
{
	switch (c->cmd) {
	case IOASID_ALLOC:
		fuzz_id_set(c->file, (uint32_t)c->rc, FI_IOAS);
		break;
	case IOASID_CREATE_NESTING:
		fuzz_id_set(c->file, (uint32_t)c->rc, FI_NESTED);
		break;
	case IOASID_FREE:
		fuzz_id_set(c->file, (uint32_t)c->number, FI_FREE);
		break;
	case IOASID_ALLOC_FAULT_FD:
		fuzz_file_new(f, c->proc, (int)c->rc, FK_FAULT);
		break;
	case VFIO_BIND_IOASID_FD: case VFIO_UNBIND_IOASID_FD:
		if (c->kind == FK_CDEV)
			c->file->ready = c->cmd == VFIO_BIND_IOASID_FD;
		break;
	}
}

#define F(type, field, kind) { offsetof(struct type, field), kind }

static const struct fuzz_field *fields(const struct fuzz_call *c, size_t *n)
{
	static const struct fuzz_field memory[] = { F(ioasid_memory, vaddr, FF_MEMORY) };
	static const struct fuzz_field info[] = { F(ioasid_info, ioasid, FF_ID),
		F(ioasid_info, reserved_iovas, FF_POINTER) };
	static const struct fuzz_field map[] = { F(ioasid_dma_map, ioasid, FF_ID),
		F(ioasid_dma_map, vaddr, FF_MEMORY) };
	static const struct fuzz_field kvm[] = { F(kvm_pasid_map, ioasid, FF_ID),
		F(kvm_pasid_map, ioasid_fd, FF_FD) };
	static const struct fuzz_field other[] = { F(ioasid_dma_unmap, ioasid, FF_ID) };

	*n = 2;
	switch (c->cmd) {
	case IOASID_GET_INFO:
		return info;
	case IOASID_MAP_DMA:
		return map;
	case KVM_MAP_PASID: case KVM_UNMAP_PASID:
		return kvm;
	}
	*n = 1;
	return c->cmd == IOASID_REGISTER_MEMORY || c->cmd == IOASID_UNREGISTER_MEMORY ? memory :
											other;
}

const struct fuzz_filler fuzz_ioasid = { fill, done, fields };
