// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_IOMMU_NESTING_OP bind and unbind of v7 (p10): struct iommu_gpasid_bind_data, field by field.
 * The good request differs from each bad one in that field alone, and is made afterwards: whatever
 * was refused has bound nothing.
 */
#include <sys/mman.h>
#include "../../harness/test.h"
#include "../allocation/pasid.h"
#include "nest.h"

struct bind_op {
	struct {
		uint32_t argsz, flags;
	} hdr;
	struct iommu_gpasid_bind_data data;
	uint8_t tail[16];	/* room for an argsz beyond what v7 knows */
};

FIXTURE(bind_v7) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
	struct bind_op good;
};
CTS_VARIANTS_V7(bind_v7);

FIXTURE_SETUP(bind_v7)
{
	long pasid;

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
	self->leg = &self->rig.leg[0];
	pasid = __pasid_alloc(self->rig.space, 1, 0xfffff);
	CTS_PRE(pasid);
	self->leg->path.has_pasid = true;
	self->leg->path.pasid = pasid;
	self->good = (struct bind_op){
		.hdr = { .argsz = sizeof(self->good), .flags = VFIO_IOMMU_NESTING_OP_BIND_PGTBL },
		.data = {
			.argsz = sizeof(self->good.data), .version = IOMMU_GPASID_BIND_VERSION_1,
			.format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = 48,
			.flags = IOMMU_SVA_GPASID_VAL, .gpgd = self->leg->stage1.s1.root,
			.hpasid = pasid, .gpasid = 0x55,
		},
	};
}

FIXTURE_TEARDOWN(bind_v7)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

static long call(FIXTURE_DATA(bind_v7) *self, struct bind_op op)
{
	return cts_ioctl(self->c, NULL, self->rig.space->fd, VFIO_IOMMU_NESTING_OP, &op);
}

static long unbind(FIXTURE_DATA(bind_v7) *self, struct bind_op op)
{
	op.hdr.flags = VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL;
	return call(self, op);
}

/* One field of the request with a value that is refused. */
#define AT(field) offsetof(struct bind_op, data.field), sizeof(((struct bind_op *)0)->data.field)
static const struct {
	const char *id;
	size_t offset, size;
	uint64_t value;
} refused[] = {
	{ "BIND_BAD_FORMAT", AT(format), 0 },
	{ "BIND_BAD_FORMAT", AT(format), IOMMU_PASID_FORMAT_LAST },
	{ "BIND_BAD_FORMAT", AT(format), UINT32_MAX },
	{ "BIND_BAD_FORMAT_0", AT(format), 0 },
	{ "BIND_BAD_FORMAT_2", AT(format), IOMMU_PASID_FORMAT_LAST },
	{ "BIND_BAD_VERSION", AT(version), 0 },
	{ "BIND_BAD_VERSION", AT(version), 2 },
	{ "BIND_BAD_VERSION", AT(version), UINT32_MAX },
	{ "BIND_ARGSZ_55", AT(argsz), 0 },
	{ "BIND_ARGSZ_55", AT(argsz), 4 },
	{ "BIND_ARGSZ_55", AT(argsz), 55 },
	{ "BIND_ARGSZ_71", AT(argsz), 56 },
	{ "BIND_ARGSZ_71", AT(argsz), 71 },
	{ "BIND_GPGD_RANGE", AT(gpgd), 1ull << 48 },
	{ "BIND_GPGD_RANGE", AT(gpgd), 1ull << 63 },
	{ "BIND_HPASID_ZERO_MAX", AT(hpasid), 0 },
	{ "BIND_HPASID_ZERO_MAX", AT(hpasid), 0x100000 },
	{ "BIND_HPASID_ZERO_MAX", AT(hpasid), UINT64_MAX },
	{ "BIND_NEEDS_ALLOC", AT(hpasid), 0xffffe },
	{ "BIND_NEEDS_ALLOC", AT(hpasid), 777 },
};

static void check_refused(struct __test_metadata *_metadata, FIXTURE_DATA(bind_v7) *self,
			  const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct bind_op op = self->good;

		if (strcmp(refused[i].id, id))
			continue;
		memcpy((uint8_t *)&op + refused[i].offset, &refused[i].value, refused[i].size);
		CTS_EXPECT_RC(id, call(self, op));
	}
	CTS_EXPECT_OK(id, call(self, self->good));
}

#define REFUSED(test_, id_) \
	CTS_TEST_F(bind_v7, test_, id_) { check_refused(_metadata, self, id_); }

REFUSED(bad_format, "BIND_BAD_FORMAT")
REFUSED(bad_format_0, "BIND_BAD_FORMAT_0")
REFUSED(bad_format_2, "BIND_BAD_FORMAT_2")
REFUSED(bad_version, "BIND_BAD_VERSION")
REFUSED(argsz_55, "BIND_ARGSZ_55")
REFUSED(argsz_71, "BIND_ARGSZ_71")
REFUSED(gpgd_range, "BIND_GPGD_RANGE")
REFUSED(needs_alloc, "BIND_NEEDS_ALLOC")

CTS_TEST_F(bind_v7, hpasid, "BIND_HPASID_ZERO_MAX")
{
	struct bind_op op = self->good;

	op.data.hpasid |= 1ull << 32;	/* not to be cut to one that is ours */
	CTS_EXPECT_RC("BIND_HPASID_ZERO_MAX", call(self, op));
	check_refused(_metadata, self, "BIND_HPASID_ZERO_MAX");
}

CTS_TEST_F(bind_v7, bad_flags, "BIND_BAD_FLAGS")
{
	struct bind_op op = self->good;

	for (unsigned int bit = 1; bit < 64; bit++) {
		op.data.flags = IOMMU_SVA_GPASID_VAL | 1ull << bit;
		CTS_EXPECT_RC("BIND_BAD_FLAGS", call(self, op));
	}
	CTS_EXPECT_OK("BIND_BAD_FLAGS", call(self, self->good));
}

CTS_TEST_F(bind_v7, bad_padding, "BIND_BAD_PADDING")
{
	for (size_t i = 0; i < sizeof(self->good.data.padding); i++) {
		struct bind_op op = self->good;

		op.data.padding[i] = 0x80;
		CTS_EXPECT_RC("BIND_BAD_PADDING", call(self, op));
	}
	CTS_EXPECT_OK("BIND_BAD_PADDING", call(self, self->good));
}

CTS_TEST_F(bind_v7, vtd_flag_unknown, "BIND_VTD_FLAG_UNKNOWN")
{
	struct bind_op op = self->good;

	for (unsigned int bit = 6; bit < 64; bit++) {
		op.data.vendor.vtd.flags = 1ull << bit;
		CTS_EXPECT_RC("BIND_VTD_FLAG_UNKNOWN", call(self, op));
	}
	CTS_EXPECT_OK("BIND_VTD_FLAG_UNKNOWN", call(self, self->good));
}

CTS_TEST_F(bind_v7, argsz_80, "BIND_ARGSZ_80")
{
	static const uint32_t argsz[] = { 72, 73, 80, 88 };

	for (size_t i = 0; i < ARRAY_SIZE(argsz); i++) {
		struct bind_op op = self->good;

		op.data.argsz = argsz[i];
		memset(op.tail, 0xee, sizeof(op.tail));	/* ignored, not judged */
		CTS_EXPECT_OK("BIND_ARGSZ_80", call(self, op));
		CTS_EXPECT_NULL("BIND_ARGSZ_80", leg_lands(&self->rig, 0, i));
		CTS_PRE(unbind(self, self->good));
	}
}

CTS_TEST_F(bind_v7, gpasid_optional, "BIND_GPASID_OPTIONAL")
{
	static const uint64_t garbage[] = { 0, 1ull << 40, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct bind_op op = self->good;

		op.data.flags = 0;
		op.data.gpasid = garbage[i];
		CTS_EXPECT_OK("BIND_GPASID_OPTIONAL", call(self, op));
		CTS_EXPECT_NULL("BIND_GPASID_OPTIONAL", leg_lands(&self->rig, 0, i));
		CTS_PRE(unbind(self, self->good));
	}
}

CTS_TEST_F(bind_v7, no_feature, "BIND_NO_FEATURE")
{
	struct bind_op op = self->good;
	struct cts_space *flat;

	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << 1, &flat));
	for (unsigned int k = 0; k < 2; k++) {
		op.hdr.flags = k ? VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL :
				   VFIO_IOMMU_NESTING_OP_BIND_PGTBL;
		CTS_EXPECT_RC("BIND_NO_FEATURE",
			      cts_ioctl(self->c, NULL, flat->fd, VFIO_IOMMU_NESTING_OP, &op));
	}
	cts_space_free(flat);
}

/* The data runs into memory that is not there, in the core's part or in the vendor's. */
CTS_TEST_F(bind_v7, fault_ptr, "BIND_FAULT_PTR")
{
	static const size_t there[] = { 8, 9, 8 + 55, 8 + 56, 8 + 71 };
	uint8_t *page = cts_memory(self->c, PG);
	struct bind_op op = self->good;

	CTS_PRE_TRUE(page);
	CTS_PRE(call(self, self->good));
	op.data.hpasid = __pasid_alloc(self->rig.space, 500, 600);
	for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
		memcpy(page + PG - there[i], &op, there[i]);
		CTS_EXPECT_RC("BIND_FAULT_PTR",
			      cts_ioctl_raw(self->c, NULL, self->rig.space->fd,
					    VFIO_IOMMU_NESTING_OP, page + PG - there[i]));
	}
	CTS_EXPECT_NULL("BIND_FAULT_PTR", leg_lands(&self->rig, 0, 0));
	CTS_EXPECT_OK("BIND_FAULT_PTR", call(self, op));	/* still unbound */
}

/* A failed bind of a PASID that has a table: the table stays. */
CTS_TEST_F(bind_v7, failed_keeps, "BIND_FAILED_KEEPS_STATE")
{
	CTS_PRE(call(self, self->good));
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct bind_op op = self->good;

		memcpy((uint8_t *)&op + refused[i].offset, &refused[i].value, refused[i].size);
		CTS_EXPECT_ERRNO("BIND_FAILED_KEEPS_STATE", call(self, op), EINVAL, EBUSY, ENOENT);
	}
	for (unsigned int pg = 0; pg < 4; pg++)
		CTS_EXPECT_NULL("BIND_FAILED_KEEPS_STATE", leg_lands(&self->rig, 0, pg));
}

CTS_TEST_F(bind_v7, double_posted, "BIND_DOUBLE_POSTED_LOSES")
{
	CTS_PRE(call(self, self->good));
	CTS_EXPECT_RC("BIND_DOUBLE_POSTED_LOSES", call(self, self->good));
	CTS_EXPECT_NULL("BIND_DOUBLE_POSTED_LOSES", leg_stops(&self->rig, 0, 0));
}

/* The allocator does not hand it out, and it can be bound as before. */
CTS_TEST_F(bind_v7, unbind_keeps_pasid, "UNBIND_OK")
{
	const uint32_t p = self->good.data.hpasid;

	for (unsigned int round = 0; round < 3; round++) {
		CTS_PRE(call(self, self->good));
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, round));
		CTS_EXPECT_RC("UNBIND_OK", unbind(self, self->good));
		CTS_EXPECT_TRUE("UNBIND_OK", __pasid_alloc(self->rig.space, p, p) < 0,
				"PASID %u is handed out once more", p);
		CTS_EXPECT_RC("UNBIND_OK", call(self, self->good));
		CTS_EXPECT_NULL("UNBIND_OK", leg_lands(&self->rig, 0, round));
		CTS_PRE(unbind(self, self->good));
	}
}

CTS_TEST_F(bind_v7, unbind_not_bound, "UNBIND_NOT_BOUND")
{
	struct bind_op other = self->good;
	long p = __pasid_alloc(self->rig.space, 40, 50);

	CTS_PRE(p);
	CTS_PRE(call(self, self->good));
	other.data.hpasid = p;
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_RC("UNBIND_NOT_BOUND", unbind(self, other));
	CTS_EXPECT_NULL("UNBIND_NOT_BOUND", leg_lands(&self->rig, 0, 0));
	CTS_PRE(unbind(self, self->good));
	CTS_EXPECT_RC("UNBIND_NOT_BOUND", unbind(self, self->good));
}

CTS_TEST_F(bind_v7, unbind_only_hpasid, "UNBIND_ONLY_HPASID")
{
	static const struct {
		size_t offset, size;
		uint64_t value;
	} other[] = {
		{ AT(version), 9 }, { AT(format), 0 }, { AT(addr_width), 7 },
		{ AT(flags), UINT64_MAX }, { AT(gpgd), UINT64_MAX }, { AT(gpasid), UINT64_MAX },
		{ AT(padding), UINT64_MAX }, { AT(vendor.vtd.flags), UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		struct bind_op op = self->good;

		CTS_PRE(call(self, self->good));
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, i));
		memcpy((uint8_t *)&op + other[i].offset, &other[i].value, other[i].size);
		CTS_EXPECT_OK("UNBIND_ONLY_HPASID", unbind(self, op));
		CTS_EXPECT_NULL("UNBIND_ONLY_HPASID", leg_stops(&self->rig, 0, i));
		unbind(self, self->good);	/* else the next bind is refused */
	}
}

CTS_TEST_F(bind_v7, unbind_after_free, "UNBIND_AFTER_FREE")
{
	struct bind_op freed = self->good;
	long p = __pasid_alloc(self->rig.space, 40, 50);

	CTS_PRE(p);
	freed.data.hpasid = p;
	CTS_PRE(call(self, freed));
	CTS_PRE(call(self, self->good));
	CTS_PRE(__pasid_free(self->rig.space, p, p));
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_RC("UNBIND_AFTER_FREE", unbind(self, freed));
	CTS_EXPECT_NULL("UNBIND_AFTER_FREE", leg_lands(&self->rig, 0, 0));
}

#define MANY 32

CTS_TEST_F(bind_v7, many_pasids, "BIND_INDEPENDENT")
{
	struct nest_leg *leg = self->leg;
	struct bind_op op = self->good;
	struct cts_path path = leg->path;
	struct stage1 t[MANY];
	struct guest_ram ram;

	/* each table shows another page at the same address */
	CTS_PRE(guest_ram_create(self->rig.space, RIG_RAM_GPA + 0x10000000, 4 * MANY * PG, &ram));
	for (unsigned int i = 0; i < MANY; i++) {
		CTS_PRE(stage1_create(&t[i], &ram, i + 1));
		CTS_PRE(stage1_map(&t[i], leg->gva, leg->gpa + i % RIG_PAGES * PG, PG, CTS_RW,
				   false));
		CTS_PRE(__pasid_alloc(self->rig.space, 2000 + i, 2000 + i));
		op.data.hpasid = 2000 + i;
		op.data.gpgd = t[i].s1.root;
		CTS_EXPECT_OK("BIND_INDEPENDENT", call(self, op));
	}
	for (unsigned int i = 0; i < MANY; i++) {
		path.pasid = 2000 + i;
		CTS_EXPECT_NULL("BIND_INDEPENDENT", nest_lands(&self->rig, path, leg->gva,
							       &leg->win, i % RIG_PAGES * PG));
	}
}

CTS_SUITE("nesting", "nesting/bind_v7");
