// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv3: commands through a vIOMMU. Two binds of one VM, that is one VMID and two ASIDs, show
 * the same addresses, so that what a command names is told apart by ASID, by address or not at all.
 */
#include "inv.h"

FIXTURE(inv_arm) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_arm) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_arm, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3);

FIXTURE_SETUP(inv_arm)
{
	struct nest_leg *leg = self->rig.leg;

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_TWO, &self->rig), &self->rig);
	CTS_PRE(stage1_map(&leg[1].stage1, leg[0].gva, leg[1].gpa, leg[1].win.len, CTS_RW, false));
	leg[1].gva = leg[0].gva;
}

FIXTURE_TEARDOWN(inv_arm)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* ---- what is accepted */

CTS_TEST_F(inv_arm, supported, "INV_ARM_SUPPORTED")
{
	const uint64_t vsid = inv_vsid(&self->rig, 0), asid = inv_asid(&self->rig, 0);
	const uint64_t va = self->rig.leg[0].gva;
	const uint64_t cmd[][2] = {
		{ ARM_TLBI_NSNH_ALL, 0 }, { ARM_TLBI_NH_ALL, 0 }, { ARM_TLBI_NH_ASID | asid, 0 },
		{ ARM_TLBI_NH_VA | asid, va }, { ARM_TLBI_NH_VAA, va | ARM_LEAF },
		{ ARM_CFGI_CD | vsid, ARM_LEAF }, { ARM_CFGI_CD_ALL | vsid, 0 },
		{ ARM_ATC_INV | vsid, 52 },
	};
	uint32_t done;

	for (size_t i = 0; i < ARRAY_SIZE(cmd); i++) {
		CTS_EXPECT_RC("INV_ARM_SUPPORTED",
			      inv_command(&self->rig, cmd[i][0], cmd[i][1], &done));
		CTS_EXPECT_EQ("INV_ARM_SUPPORTED", 1, done);
	}
}

CTS_TEST_F(inv_arm, opcodes, "INV_ARM_OPCODES")
{
	/* no command, PREFETCH_*, CFGI_STE*, EL2 and EL3, stage 2, PRI_RESP, RESUME, STALL, SYNC */
	static const uint8_t op[] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x07, 0x18, 0x1a, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a,
		0x31, 0x41, 0x44, 0x45, 0x46, 0x7f, 0xff,
	};
	uint32_t done;

	INV_WARM(&self->rig, 0, 1, 1);
	for (size_t i = 0; i < ARRAY_SIZE(op); i++) {
		long rc = inv_command(&self->rig, op[i] | inv_vsid(&self->rig, 0), 0, &done);

		CTS_EXPECT_RC("INV_ARM_OPCODES", rc);
		CTS_EXPECT_EQ("INV_ARM_OPCODES", 0, done);
	}
	INV_EXPECT_CACHED("INV_ARM_OPCODES", &self->rig, 0, 1, 1);
	INV_EXPECT_AT("INV_ARM_OPCODES", &self->rig, 0, 1, 1);
}

CTS_TEST_F(inv_arm, unknown_stream, "INV_ARM_VSID")
{
	static const uint64_t op[] = { ARM_CFGI_CD, ARM_CFGI_CD_ALL, ARM_ATC_INV };
	static const uint32_t vsid[] = { 0, 1, 0x7777, UINT32_MAX };
	uint32_t done;

	for (size_t i = 0; i < ARRAY_SIZE(op); i++) {
		CTS_PRE(inv_command(&self->rig, op[i] | inv_vsid(&self->rig, 0), 0, &done));
		for (size_t k = 0; k < ARRAY_SIZE(vsid); k++) {
			CTS_EXPECT_RC("INV_ARM_VSID",
				      inv_command(&self->rig, op[i] | ARM_SID(vsid[k]), 0, &done));
			CTS_EXPECT_EQ("INV_ARM_VSID", 0, done);
		}
	}
}

CTS_TEST_F(inv_arm, nested_hwpt, "INV_ARM_NESTED_HWPT")
{
	struct iommu_viommu_arm_smmuv3_invalidate cmd = { { ARM_TLBI_NH_ALL, 0 } };
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, &cmd, 1);

	arg.hwpt_id = self->rig.leg[0].bind->hwpt_id;
	CTS_EXPECT_RC("INV_ARM_NESTED_HWPT", __inv(&self->rig, &arg));
	CTS_EXPECT_EQ("INV_ARM_NESTED_HWPT", 0, arg.entry_num);
}

/* ---- what each takes: bit leg * 2 + page of @gone, pages 0 and 1 of both binds */

#define OWN_PAGE 1u
#define OWN_OTHER_PAGE 2u
#define THEIR_PAGE 4u
#define THEIR_OTHER_PAGE 8u
#define EVERYTHING 15u

struct scope {
	const char *id;
	uint64_t w0, w1;
	unsigned int gone;
};

static void check_effect(struct __test_metadata *_metadata, FIXTURE_DATA(inv_arm) *self,
			 const struct scope *s)
{
	uint32_t done;

	for (unsigned int i = 0; i < 4; i++) {
		INV_WARM(&self->rig, i / 2, i % 2, 1);
		CTS_PRE(nest_repoint(&self->rig, i / 2, i % 2, 8 + i));
	}
	CTS_ASSERT_OK(s->id, inv_command(&self->rig, s->w0, s->w1, &done));
	for (unsigned int i = 0; i < 4; i++)
		if (s->gone & 1u << i)
			INV_EXPECT_AT(s->id, &self->rig, i / 2, i % 2, 8 + i);
	/* as it was */
	for (unsigned int i = 0; i < 4; i++)
		CTS_PRE(nest_repoint(&self->rig, i / 2, i % 2, i % 2));
	CTS_PRE(inv_command(&self->rig, ARM_TLBI_NH_ALL, 0, &done));
}

static void check_exact(struct __test_metadata *_metadata, FIXTURE_DATA(inv_arm) *self,
			const struct scope *s)
{
	uint32_t done;

	for (unsigned int i = 0; i < 4; i++)
		INV_WARM(&self->rig, i / 2, i % 2, 1);
	CTS_PRE(inv_command(&self->rig, s->w0, s->w1, &done));
	for (unsigned int i = 0; i < 4; i++)
		INV_EXPECT_CACHED("INV_ARM_SCOPE_EXACT", &self->rig, i / 2, i % 2,
				  !(s->gone & 1u << i));
}

#define TLBI_VA(self) { "INV_ARM_VA", ARM_TLBI_NH_VA | inv_asid(&self->rig, 0), \
			self->rig.leg[0].gva, OWN_PAGE }
#define TLBI_VA_LEAF(self) { "INV_ARM_VA", ARM_TLBI_NH_VA | inv_asid(&self->rig, 0), \
			     self->rig.leg[0].gva | ARM_LEAF, OWN_PAGE }
#define TLBI_VAA(self) { "INV_ARM_VAA", ARM_TLBI_NH_VAA | inv_asid(&self->rig, 0), \
			 self->rig.leg[0].gva, OWN_PAGE | THEIR_PAGE }
#define TLBI_ASID(self) { "INV_ARM_ASID", ARM_TLBI_NH_ASID | inv_asid(&self->rig, 0), 0, \
			  OWN_PAGE | OWN_OTHER_PAGE }
#define TLBI_ALL(self) { "INV_ARM_ALL", ARM_TLBI_NH_ALL, 0, EVERYTHING }
#define TLBI_NSNH(self) { "INV_ARM_ALL", ARM_TLBI_NSNH_ALL, 0, EVERYTHING }
/* A guest does not know its VMID: whatever it says is replaced. */
#define TLBI_VMID(self) { "INV_ARM_VMID_FORCED", ARM_TLBI_NH_VA | inv_asid(&self->rig, 0) | \
			  ARM_VMID(0xffff), self->rig.leg[0].gva, OWN_PAGE }

CTS_TEST_F(inv_arm, va, "INV_ARM_VA")
{
	const struct scope s[] = { TLBI_VA(self), TLBI_VA_LEAF(self) };

	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		check_effect(_metadata, self, &s[i]);
}

CTS_TEST_F(inv_arm, vaa, "INV_ARM_VAA")
{
	const struct scope s = TLBI_VAA(self);

	check_effect(_metadata, self, &s);
}

CTS_TEST_F(inv_arm, asid, "INV_ARM_ASID")
{
	const struct scope s = TLBI_ASID(self);

	check_effect(_metadata, self, &s);
}

CTS_TEST_F(inv_arm, all, "INV_ARM_ALL")
{
	const struct scope s[] = { TLBI_ALL(self), TLBI_NSNH(self) };

	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		check_effect(_metadata, self, &s[i]);
}

CTS_TEST_F(inv_arm, vmid, "INV_ARM_VMID_FORCED")
{
	const struct scope s = TLBI_VMID(self);

	check_effect(_metadata, self, &s);
}

CTS_TEST_F(inv_arm, exact, "INV_ARM_SCOPE_EXACT")
{
	const struct scope s[] = {
		TLBI_VA(self), TLBI_VA_LEAF(self), TLBI_VAA(self), TLBI_ASID(self), TLBI_ALL(self),
		TLBI_NSNH(self), TLBI_VMID(self),
	};

	INV_NEEDS_INTROSPECTION(&self->rig);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		check_exact(_metadata, self, &s[i]);
}

/* ---- ranges: (NUM + 1) << SCALE pages */

static const struct {
	unsigned int num, scale, pages;
} ranges[] = {
	{ 1, 0, 2 }, { 2, 0, 3 }, { 0, 1, 2 }, { 0, 2, 4 }, { 2, 1, 6 }, { 6, 0, 7 }, { 0, 3, 8 },
	{ 11, 0, 12 }, { 2, 2, 12 },
};

#define FIRST 2u	/* page where each range starts */

/* Has this SMMU ranges (IDR3.RIL)? 1, 0, -errno. */
static int has_ranges(FIXTURE_DATA(inv_arm) *self)
{
	struct iommu_hw_info_arm_smmuv3 info = { 0 };
	struct iommu_hw_info arg = {
		.size = sizeof(arg), .data_len = sizeof(info), .data_uptr = (uintptr_t)&info,
		.dev_id = self->rig.space->dev_id[self->rig.leg[0].path.device],
	};
	int rc = cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_GET_HW_INFO, &arg);

	return rc ? rc : !!(info.idr[3] & 1u << 10);
}

static uint64_t range_word(FIXTURE_DATA(inv_arm) *self, size_t i)
{
	return ARM_TLBI_NH_VA | inv_asid(&self->rig, 0) | ARM_NUM(ranges[i].num) |
	       ARM_SCALE(ranges[i].scale);
}

CTS_TEST_F(inv_arm, range, "INV_ARM_RANGE")
{
	int has = has_ranges(self);
	uint32_t done;

	CTS_PRE(has);
	if (!has)
		CTS_SKIP(NOT_SUPPORTED, "this SMMU has no range invalidation (IDR3.RIL)");
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const unsigned int page[] = { FIRST, FIRST + ranges[i].pages - 1 };

		for (unsigned int k = 0; k < 2; k++) {
			INV_WARM(&self->rig, 0, page[k], 1);
			CTS_PRE(nest_repoint(&self->rig, 0, page[k], k));
		}
		CTS_ASSERT_OK("INV_ARM_RANGE",
			      inv_command(&self->rig, range_word(self, i),
					  (self->rig.leg[0].gva + FIRST * PAGE) | ARM_TG_4K |
					  ARM_LEAF, &done));
		for (unsigned int k = 0; k < 2; k++)
			INV_EXPECT_AT("INV_ARM_RANGE", &self->rig, 0, page[k], k);
		for (unsigned int k = 0; k < 2; k++)
			CTS_PRE(nest_repoint(&self->rig, 0, page[k], page[k]));
		CTS_PRE(inv_command(&self->rig, ARM_TLBI_NH_ALL, 0, &done));
	}
}

CTS_TEST_F(inv_arm, range_exact, "INV_ARM_RANGE_EXACT")
{
	uint32_t done;

	INV_NEEDS_INTROSPECTION(&self->rig);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		CTS_PRE(inv_command(&self->rig, range_word(self, i),
				    (self->rig.leg[0].gva + FIRST * PAGE) | ARM_TG_4K, &done));
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			INV_EXPECT_CACHED("INV_ARM_RANGE_EXACT", &self->rig, 0, pg,
					  pg < FIRST || pg >= FIRST + ranges[i].pages);
	}
}

/* ---- context descriptors */

/* The descriptor points to another tree, that shows page @to at page 0. CFGI is the caller's. */
static int switch_tree(FIXTURE_DATA(inv_arm) *self, unsigned int to)
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct guest_ram *ram = &self->rig.ram;
	uint64_t *cd = (uint64_t *)(ram->va + ((leg->stage1.s1.ste[0] & 0x000fffffffffffc0ull) -
					       ram->gpa));
	struct stage1 other;
	int rc = stage1_create(&other, ram, leg->stage1.s1.asid);

	if (!rc)
		rc = stage1_map(&other, leg->gva, leg->gpa + to * PAGE, PAGE, CTS_RW, false);
	if (!rc)
		__atomic_store_n(&cd[1], other.root, __ATOMIC_RELEASE);
	return rc;
}

static void check_cfgi(struct __test_metadata *_metadata, FIXTURE_DATA(inv_arm) *self,
		       const char *id, uint64_t op)
{
	struct iommu_viommu_arm_smmuv3_invalidate cmd[] = {
		{ { op | inv_vsid(&self->rig, 0), ARM_LEAF } },
		{ { ARM_TLBI_NH_ASID | inv_asid(&self->rig, 0), 0 } },
	};
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, cmd, 2);

	INV_WARM(&self->rig, 0, 0, 1);
	CTS_PRE(switch_tree(self, 13));
	CTS_ASSERT_OK(id, __inv(&self->rig, &arg));
	CTS_EXPECT_EQ(id, 2, arg.entry_num);
	INV_EXPECT_AT(id, &self->rig, 0, 0, 13);
}

CTS_TEST_F(inv_arm, cfgi_cd, "INV_ARM_CFGI_CD")
{
	check_cfgi(_metadata, self, "INV_ARM_CFGI_CD", ARM_CFGI_CD);
}

CTS_TEST_F(inv_arm, cfgi_cd_all, "INV_ARM_CFGI_CD_ALL")
{
	check_cfgi(_metadata, self, "INV_ARM_CFGI_CD_ALL", ARM_CFGI_CD_ALL);
}

CTS_SUITE("invalidation", "invalidation/arm");
