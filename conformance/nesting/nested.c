// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd's nested page tables on an IOMMU that nests: the driver's data, who holds whom, and
 * moving a device from one stage 1 to another.
 */
#include "../../harness/test.h"
#include "nest.h"

FIXTURE(nested) {
	struct cts *c;
	struct nest_rig rig;
	struct cts_space *s;
	struct nest_leg *leg;
	unsigned int dev;
	union nest_data data;
	struct iommu_hwpt_alloc good;	/* the rig's stage 1 once more */
};
CTS_VARIANTS_IOMMUFD(nested);

FIXTURE_SETUP(nested)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
	self->s = self->rig.space;
	self->leg = &self->rig.leg[0];
	self->dev = self->leg->path.device;
	nest_request(self->s, self->dev, &self->leg->stage1.s1, &self->data, &self->good);
}

FIXTURE_TEARDOWN(nested)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* After what was refused the right request still works, and translates. */
static void expect_good(struct __test_metadata *_metadata, FIXTURE_DATA(nested) *self,
			const char *id)
{
	struct iommu_hwpt_alloc a = self->good;

	CTS_ASSERT_OK(id, nest_alloc(self->s, &a));
	CTS_EXPECT_OK(id, nest_attach(self->s, self->dev, a.out_hwpt_id));
	CTS_EXPECT_NULL(id, leg_lands(&self->rig, 0, 1));
}

CTS_TEST_F(nested, on_nested, "HWPT_NESTED_ON_NESTED")
{
	struct iommu_hwpt_alloc a = self->good, on = self->good;

	CTS_PRE(nest_alloc(self->s, &a));
	on.pt_id = a.out_hwpt_id;
	CTS_EXPECT_RC("HWPT_NESTED_ON_NESTED", nest_alloc(self->s, &on));
	expect_good(_metadata, self, "HWPT_NESTED_ON_NESTED");
}

CTS_TEST_F(nested, flags, "HWPT_NESTED_FLAGS")
{
	static const uint32_t flags[] = {
		IOMMU_HWPT_ALLOC_NEST_PARENT, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 1u << 31,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct iommu_hwpt_alloc a = self->good;

		a.flags = flags[i];
		CTS_EXPECT_RC("HWPT_NESTED_FLAGS", nest_alloc(self->s, &a));
	}
}

CTS_TEST_F(nested, data_type, "HWPT_NESTED_DATA_TYPE")
{
	const uint32_t type[] = {
		self->c->arch == CTS_SMMUV3 ? IOMMU_HWPT_DATA_VTD_S1 : IOMMU_HWPT_DATA_ARM_SMMUV3,
		99, UINT32_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		struct iommu_hwpt_alloc a = self->good;

		a.data_type = type[i];
		CTS_EXPECT_RC("HWPT_NESTED_DATA_TYPE", nest_alloc(self->s, &a));
	}
	expect_good(_metadata, self, "HWPT_NESTED_DATA_TYPE");
}

CTS_TEST_F(nested, data_len, "HWPT_NESTED_DATA_LEN")
{
	for (uint32_t len = 1; len < self->good.data_len; len++) {
		struct iommu_hwpt_alloc a = self->good;

		a.data_len = len;
		CTS_EXPECT_RC("HWPT_NESTED_DATA_LEN", nest_alloc(self->s, &a));
	}
	expect_good(_metadata, self, "HWPT_NESTED_DATA_LEN");
}

CTS_TEST_F(nested, data_fault, "HWPT_NESTED_DATA_FAULT")
{
	uint8_t *page = cts_memory(self->c, PG);
	const uint64_t ptr[] = { 0, (uintptr_t)page + PG, (uintptr_t)page + PG - 8, (uint64_t)-64 };

	CTS_PRE_TRUE(page);
	for (size_t i = 0; i < ARRAY_SIZE(ptr); i++) {
		struct iommu_hwpt_alloc a = self->good;

		a.data_uptr = ptr[i];
		CTS_EXPECT_RC("HWPT_NESTED_DATA_FAULT", nest_alloc(self->s, &a));
	}
	expect_good(_metadata, self, "HWPT_NESTED_DATA_FAULT");
}

/* ---- VT-d's data. Linux 7.2 takes what the header forbids, but no lab machine here nests VT-d. */

#define ONLY(arch_) do { \
	if (self->c->arch != (arch_)) \
		CTS_SKIP(NOT_APPLICABLE, "this is the data of another architecture"); \
} while (0)

CTS_TEST_F(nested, vtd_flags, "HWPT_VTD_S1_FLAGS")
{
	struct iommu_hwpt_alloc a = self->good;

	ONLY(CTS_VTD);
	/* the last bit: the next ones may be given a meaning by a later kernel */
	self->data.vtd.flags = 1ull << 63;
	CTS_EXPECT_RC("HWPT_VTD_S1_FLAGS", nest_alloc(self->s, &a));
	self->data.vtd.flags = 0;
	expect_good(_metadata, self, "HWPT_VTD_S1_FLAGS");
}

CTS_TEST_F(nested, vtd_reserved, "HWPT_VTD_S1_RESERVED")
{
	struct iommu_hwpt_alloc a = self->good;

	ONLY(CTS_VTD);
	self->data.vtd.__reserved = 1;
	CTS_EXPECT_RC("HWPT_VTD_S1_RESERVED", nest_alloc(self->s, &a));
	self->data.vtd.__reserved = 0;
	expect_good(_metadata, self, "HWPT_VTD_S1_RESERVED");
}

/* Refused at the latest when a device is attached. */
CTS_TEST_F(nested, vtd_addr_width, "HWPT_VTD_S1_ADDR_WIDTH")
{
	static const uint32_t width[] = { 0, 39, 47, 64, UINT32_MAX };

	ONLY(CTS_VTD);
	for (size_t i = 0; i < ARRAY_SIZE(width); i++) {
		struct iommu_hwpt_alloc a = self->good;
		long rc;

		self->data.vtd.addr_width = width[i];
		rc = nest_alloc(self->s, &a);
		if (!rc)
			rc = nest_attach(self->s, self->dev, a.out_hwpt_id);
		CTS_EXPECT_RC("HWPT_VTD_S1_ADDR_WIDTH", rc);
	}
	self->data.vtd.addr_width = 48;
	expect_good(_metadata, self, "HWPT_VTD_S1_ADDR_WIDTH");
}

/* ---- stage 1 in use */

/* The same device, now with another table; no detach in between. */
CTS_TEST_F(nested, replace, "NEST_REPLACE_SWITCHES")
{
	struct nest_leg *leg = self->leg;
	struct iommu_hwpt_alloc a;
	union nest_data data;
	struct stage1 other;

	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0) && !leg_lands(&self->rig, 0, 2));
	CTS_PRE(shifted_stage1(&self->rig, 9, &other));
	nest_request(self->s, self->dev, &other.s1, &data, &a);
	CTS_PRE(nest_alloc(self->s, &a));
	CTS_EXPECT_OK("NEST_REPLACE_SWITCHES", nest_attach(self->s, self->dev, a.out_hwpt_id));
	CTS_EXPECT_NULL("NEST_REPLACE_SWITCHES",
			nest_lands(&self->rig, leg->path, leg->gva, &leg->win, PG));
	CTS_EXPECT_NULL("NEST_REPLACE_SWITCHES", leg_stops(&self->rig, 0, 2));
	CTS_EXPECT_OK("NEST_REPLACE_SWITCHES",
		      nest_attach(self->s, self->dev, leg->bind->hwpt_id));
	CTS_EXPECT_NULL("NEST_REPLACE_SWITCHES", leg_lands(&self->rig, 0, 2));
}

/* A table that this device cannot have: VT-d of a wrong width; SMMUv3 of a vIOMMU without it. */
static long bad_table(FIXTURE_DATA(nested) *self, uint32_t *hwpt_id)
{
	struct iommu_hwpt_alloc a = self->good;
	struct iommu_viommu_alloc v = {
		.size = sizeof(v), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = a.dev_id, .hwpt_id = self->s->hwpt_id,
	};
	long rc = 0;

	*hwpt_id = 0;
	if (self->c->arch == CTS_SMMUV3) {
		rc = cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VIOMMU_ALLOC, &v);
		a.pt_id = v.out_viommu_id;
	} else {
		self->data.vtd.addr_width = 39;
	}
	if (!rc)
		rc = nest_alloc(self->s, &a);
	*hwpt_id = rc ? 0 : a.out_hwpt_id;
	return rc;
}

CTS_TEST_F(nested, failed_keeps, "BIND_FAILED_KEEPS_STATE")
{
	const uint32_t no_id[] = { 0, 0x7fffff, UINT32_MAX };
	uint32_t bad;

	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(no_id); i++)
		CTS_EXPECT_ERRNO("BIND_FAILED_KEEPS_STATE",
				 nest_attach(self->s, self->dev, no_id[i]), ENOENT, EINVAL);
	if (!bad_table(self, &bad))
		CTS_EXPECT_ERRNO("BIND_FAILED_KEEPS_STATE",
				 nest_attach(self->s, self->dev, bad), ENOENT, EINVAL);
	for (unsigned int pg = 0; pg < 4; pg++)
		CTS_EXPECT_NULL("BIND_FAILED_KEEPS_STATE", leg_lands(&self->rig, 0, pg));
}

CTS_TEST_F(nested, attached_busy, "NEST_DESTROY_ATTACHED")
{
	uint32_t id;

	CTS_PRE(nest_rig_bind(&self->rig, 0));
	id = self->leg->bind->hwpt_id;
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	CTS_EXPECT_RC("NEST_DESTROY_ATTACHED", nest_destroy(self->s, id));
	CTS_EXPECT_NULL("NEST_DESTROY_ATTACHED", leg_lands(&self->rig, 0, 1));
	CTS_PRE(nest_attach(self->s, self->dev, self->s->hwpt_id));
	CTS_EXPECT_OK("NEST_DESTROY_ATTACHED", nest_destroy(self->s, id));
	self->leg->bind->bound = false;
	CTS_EXPECT_ERRNO("NEST_DESTROY_ATTACHED", nest_destroy(self->s, id), ENOENT);
}

/* A nest parent of its own, so that nothing but the nested table holds it. */
CTS_TEST_F(nested, parent_busy, "NEST_DESTROY_PARENT")
{
	struct iommu_hwpt_alloc parent = {
		.size = sizeof(parent), .flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = self->good.dev_id, .pt_id = self->s->ioas_id,
	}, a = self->good;
	struct iommu_viommu_alloc v = {
		.size = sizeof(v), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3, .dev_id = parent.dev_id,
	};
	bool arm = self->c->arch == CTS_SMMUV3;

	CTS_PRE(nest_alloc(self->s, &parent));
	v.hwpt_id = a.pt_id = parent.out_hwpt_id;
	if (arm) {
		CTS_PRE(cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VIOMMU_ALLOC, &v));
		a.pt_id = v.out_viommu_id;
	}
	CTS_PRE(nest_alloc(self->s, &a));
	CTS_EXPECT_RC("NEST_DESTROY_PARENT", nest_destroy(self->s, parent.out_hwpt_id));
	if (arm)
		CTS_EXPECT_RC("NEST_DESTROY_PARENT", nest_destroy(self->s, v.out_viommu_id));
	CTS_EXPECT_OK("NEST_DESTROY_PARENT", nest_destroy(self->s, a.out_hwpt_id));
	if (arm) {	/* the vIOMMU holds it as well */
		CTS_EXPECT_RC("NEST_DESTROY_PARENT", nest_destroy(self->s, parent.out_hwpt_id));
		CTS_EXPECT_OK("NEST_DESTROY_PARENT", nest_destroy(self->s, v.out_viommu_id));
	}
	CTS_EXPECT_OK("NEST_DESTROY_PARENT", nest_destroy(self->s, parent.out_hwpt_id));
}

CTS_SUITE("nesting", "nesting/nested");
