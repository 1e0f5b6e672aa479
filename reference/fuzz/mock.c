// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Right calls of the mock driver's test interface.
 */
#include <string.h>

#include "fuzz.h"

#define IOVA 0x40000000ull

static uint32_t id(const struct fuzz *f, const struct fuzz_call *c, enum fuzz_type type,
		   unsigned int n)
{
	return fuzz_id(f, c->file, type, c->rec->id[n]);
}

static uint64_t data(void)
{
	return (uintptr_t)arena_page(ARENA_DATA);
}

static void fill_device(struct fuzz *f, struct fuzz_call *c, struct mock_cmd *a)
{
	unsigned int v = c->rec->variant;
	enum fuzz_type type = v % 3 ? (v % 3 == 1 ? FI_HWPT : FI_NESTED) : FI_IOAS;

	a->id = id(f, c, FI_SELFTEST, 0);
	switch (a->op) {
	case MOCK_NEW_DEVICE: case MOCK_NEW_DEVICE_FLAGS:
		a->id = id(f, c, type, 0);
		a->new_device.flags = a->op == MOCK_NEW_DEVICE ? 0 : MOCK_DEVICE_PASID;
		break;
	case MOCK_REPLACE:
		a->replace.pt_id = id(f, c, type, 1);
		break;
	case MOCK_PASID_ATTACH: case MOCK_PASID_REPLACE: case MOCK_PASID_CHECK:
	case MOCK_PASID_DETACH:
		a->pasid.pasid = 1 + v / 64;
		a->pasid.pt_id = id(f, c, type, 1);
		break;
	case MOCK_CHECK_CACHE:
		a->id = id(f, c, FI_DEVICE, 0);
		a->check_cached.id = v % MOCK_CACHE_NR;
		a->check_cached.value = MOCK_CACHE_DEFAULT;
		break;
	case MOCK_TRIGGER_IOPF:
		a->iopf.dev_id = id(f, c, FI_DEVICE, 0);
		a->iopf.pasid = v % 4;
		a->iopf.grpid = v / 4;
		a->iopf.perm = IOMMU_PGFAULT_PERM_READ;
		a->iopf.addr = IOVA;
		break;
	case MOCK_TRIGGER_VEVENT:
		a->vevent.dev_id = id(f, c, FI_DEVICE, 0);
		break;
	}
}

static void fill_access(struct fuzz *f, struct fuzz_call *c, struct mock_cmd *a)
{
	unsigned int v = c->rec->variant;

	a->id = (uint32_t)fuzz_fd(f, c->proc, FK_ACCESS, c->rec->id[0]);
	switch (a->op) {
	case MOCK_CREATE_ACCESS:
		a->id = id(f, c, FI_IOAS, 0);
		a->create_access.flags = !(v & 1);
		break;
	case MOCK_ACCESS_REPLACE_IOAS:
		a->access_replace.ioas_id = id(f, c, FI_IOAS, 1);
		break;
	case MOCK_PIN:
		a->pin.flags = v & 1 ? MOCK_PIN_WRITE : 0;
		a->pin.iova = IOVA + v / 16 * PG;
		a->pin.length = (1 + v / 4 % 4) * PG;
		break;
	case MOCK_UNPIN:
		a->unpin.pin_id = f->pin_id;
		break;
	case MOCK_RW:
		a->rw.flags = v & 1 ? MOCK_RW_WRITE : 0;
		a->rw.iova = IOVA + v;
		a->rw.length = 1 + v * 4;
		a->rw.uptr = data();
		break;
	}
}

static void fill_check(struct fuzz *f, struct fuzz_call *c, struct mock_cmd *a)
{
	unsigned int v = c->rec->variant;

	switch (a->op) {
	case MOCK_ADD_RESERVED:
		a->id = id(f, c, FI_IOAS, 0);
		a->add_reserved.start = (1ull << 34) + v * 16 * PG;
		a->add_reserved.length = PG;
		break;
	case MOCK_CHECK_MAP:
		a->id = id(f, c, FI_HWPT, 0);
		a->check_map.iova = IOVA;
		a->check_map.length = PG;
		a->check_map.uptr = (uintptr_t)arena_page(ARENA_GUEST);
		break;
	case MOCK_CHECK_REFS:
		a->check_refs.length = PG;
		a->check_refs.uptr = (uintptr_t)arena_page(ARENA_GUEST);
		a->check_refs.refs = v % 4;
		break;
	case MOCK_SET_MEMORY_LIMIT:
		a->memory_limit.limit = 65536;
		break;
	case MOCK_SET_DIRTY:
		a->id = id(f, c, FI_HWPT, 0);
		a->dirty.iova = IOVA;
		a->dirty.length = 16 * MOCK_PAGE;
		a->dirty.page_size = MOCK_PAGE;
		a->dirty.uptr = (uintptr_t)arena_page(ARENA_GUEST);
		break;
	case MOCK_CHECK_IOTLB:
		a->id = id(f, c, FI_NESTED, 0);
		a->check_cached.id = v % MOCK_IOTLB_NR;
		a->check_cached.value = v & 0x80 ? 0 : 0xbadbeef;
		break;
	case MOCK_DMABUF_GET:
		a->dmabuf_get.length = (1 + v % 8) * PG;
		break;
	case MOCK_DMABUF_REVOKE:
		a->dmabuf_revoke.fd = fuzz_fd(f, c->proc, FK_DMABUF, c->rec->id[0]);
		a->dmabuf_revoke.revoked = !(v & 1);
		break;
	}
}

static void fill(struct fuzz *f, struct fuzz_call *c)
{
	struct mock_cmd *a = (struct mock_cmd *)&c->arg;

	a->size = (uint32_t)(c->size = sizeof(*a));
	switch (a->op) {
	case MOCK_NEW_DEVICE: case MOCK_NEW_DEVICE_FLAGS: case MOCK_REPLACE:
	case MOCK_PASID_ATTACH: case MOCK_PASID_REPLACE: case MOCK_PASID_DETACH:
	case MOCK_PASID_CHECK: case MOCK_CHECK_CACHE: case MOCK_TRIGGER_IOPF:
	case MOCK_TRIGGER_VEVENT:
		fill_device(f, c, a);
		break;
	case MOCK_CREATE_ACCESS: case MOCK_ACCESS_REPLACE_IOAS: case MOCK_PIN: case MOCK_UNPIN:
	case MOCK_RW:
		fill_access(f, c, a);
		break;
	default:
		fill_check(f, c, a);
	}
}

static void done(struct fuzz *f, struct fuzz_call *c)
{
	const struct mock_cmd *a = (const struct mock_cmd *)&c->arg;

	switch (a->op) {
	case MOCK_NEW_DEVICE: case MOCK_NEW_DEVICE_FLAGS:
		fuzz_id_set(c->file, a->new_device.out_stdev_id, FI_SELFTEST);
		fuzz_id_set(c->file, a->new_device.out_idev_id, FI_DEVICE);
		fuzz_id_set(c->file, a->new_device.out_hwpt_id, FI_HWPT);
		break;
	case MOCK_CREATE_ACCESS:
		fuzz_file_new(f, c->proc, (int)a->create_access.out_fd, FK_ACCESS);
		break;
	case MOCK_PIN:
		f->pin_id = a->pin.out_pin_id;
		break;
	case MOCK_DMABUF_GET:
		fuzz_file_new(f, c->proc, (int)c->rc, FK_DMABUF);
		break;
	}
}

#define F(field, kind) { offsetof(struct mock_cmd, field), kind }

static const struct fuzz_field *fields(const struct fuzz_call *c, size_t *n)
{
	static const struct fuzz_field map[] = { F(op, FF_KEEP), F(id, FF_ID),
		F(check_map.uptr, FF_POINTER) };
	static const struct fuzz_field refs[] = { F(op, FF_KEEP), F(check_refs.uptr, FF_POINTER) };
	static const struct fuzz_field pin[] = { F(op, FF_KEEP), F(pin.uptr, FF_POINTER) };
	static const struct fuzz_field rw[] = { F(op, FF_KEEP), F(rw.uptr, FF_POINTER) };
	static const struct fuzz_field dirty[] = { F(op, FF_KEEP), F(dirty.uptr, FF_POINTER) };
	static const struct fuzz_field other[] = { F(op, FF_KEEP), F(id, FF_ID) };

	*n = 2;
	switch (((const struct mock_cmd *)&c->arg)->op) {
	case MOCK_CHECK_MAP:
		*n = ARRAY_SIZE(map);
		return map;
	case MOCK_CHECK_REFS:
		return refs;
	case MOCK_PIN:
		return pin;
	case MOCK_RW:
		return rw;
	case MOCK_SET_DIRTY:
		return dirty;
	}
	return other;
}

const struct fuzz_filler fuzz_mock = { fill, done, fields };
