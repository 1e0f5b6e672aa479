// SPDX-License-Identifier: GPL-2.0-only
/* v7: how long PASIDs and their bindings live. */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"

FIXTURE(life_pasid) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(life_pasid);

FIXTURE_SETUP(life_pasid)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->space));
}

FIXTURE_TEARDOWN(life_pasid)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(life_pasid, close_frees, "LIFE_CLOSE_FREES")
{
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_space *theirs;

	CTS_PRE_TRUE(b);
	for (uint32_t p = 50; p < 60; p++)
		CTS_PRE_TRUE(__pasid_alloc(self->space, p, p) == p);
	cts_space_free(self->space);
	self->space = NULL;
	CTS_PRE(__cts_space_create(self->c, b, CTS_SPACE_NEST, 1u << 0, &theirs));
	for (uint32_t p = 50; p < 60; p++)
		CTS_EXPECT_EQ("LIFE_CLOSE_FREES", p, __pasid_alloc(theirs, p, p));
	CTS_EXPECT_EQ("LIFE_CLOSE_FREES", PASID_QUOTA - 10, pasid_fill(theirs));
	cts_space_free(theirs);
	/* and the process itself starts anew */
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->space));
	CTS_EXPECT_EQ("LIFE_CLOSE_FREES", PASID_QUOTA, pasid_fill(self->space));
}

CTS_TEST_F(life_pasid, two_containers, "LIFE_TWO_CONTAINERS")
{
	struct cts_space *second;

	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 1, &second));
	CTS_PRE_TRUE(__pasid_alloc(self->space, 77, 77) == 77);
	cts_space_free(self->space);
	self->space = NULL;
	CTS_EXPECT_RC("LIFE_TWO_CONTAINERS", __pasid_alloc(second, 77, 77));
	CTS_EXPECT_OK("LIFE_TWO_CONTAINERS",
		      __nesting_bind(second, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 77, 0));
	cts_space_free(second);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->space));
	CTS_EXPECT_EQ("LIFE_TWO_CONTAINERS", 77, __pasid_alloc(self->space, 77, 77));
}

/* ---- bindings, with DMA through them */

FIXTURE(life_bind) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
	uint32_t pasid;
};
CTS_VARIANTS_V7(life_bind);

FIXTURE_SETUP(life_bind)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	self->leg = &self->rig.leg[0];
	self->pasid = self->leg->bind->pasid;
}

FIXTURE_TEARDOWN(life_bind)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

#define EXPECT_LANDS(id) NEST_EXPECT_LANDS(id, &self->rig, 0, 64, 64)

/* by the old binding's addresses */
#define EXPECT_BLOCKED(id) do { \
	window_arm(&self->leg->win); \
	NEST_EXPECT_BLOCKED(id, &self->rig, 0, nest_write(&self->rig, 0, 64, 16)); \
} while (0)

CTS_TEST_F(life_bind, free_tears_down, "FREE_BOUND_TEARS_DOWN")
{
	long again;

	EXPECT_LANDS("FREE_BOUND_TEARS_DOWN");
	CTS_EXPECT_RC("FREE_BOUND_TEARS_DOWN",
		      __pasid_free(self->rig.space, self->pasid, self->pasid));
	EXPECT_BLOCKED("FREE_BOUND_TEARS_DOWN");
	/* whoever gets the number next gets it without a page table */
	again = __pasid_alloc(self->rig.space, self->pasid, self->pasid);
	CTS_EXPECT_EQ("FREE_BOUND_TEARS_DOWN", self->pasid, again);
	EXPECT_BLOCKED("FREE_BOUND_TEARS_DOWN");
}

CTS_TEST_F(life_bind, detach_unbinds, "LIFE_DETACH_UNBINDS")
{
	EXPECT_LANDS("LIFE_DETACH_UNBINDS");
	CTS_PRE(__cts_detach(self->rig.space, self->leg->path.device));
	EXPECT_BLOCKED("LIFE_DETACH_UNBINDS");
	/* coming back brings nothing back: the number is free, and no binding is in the way */
	CTS_ASSERT_OK("LIFE_DETACH_UNBINDS",
		      __cts_attach(self->rig.space, self->leg->path.device));
	EXPECT_BLOCKED("LIFE_DETACH_UNBINDS");
	CTS_EXPECT_EQ("LIFE_DETACH_UNBINDS", self->pasid,
		      __pasid_alloc(self->rig.space, self->pasid, self->pasid));
	CTS_EXPECT_OK("LIFE_DETACH_UNBINDS",
		      __nesting_bind(self->rig.space, VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
				     self->pasid, self->leg->stage1.s1.root));
}

CTS_TEST_F(life_bind, other_group_stays, "LIFE_DETACH_OTHER_GROUP_STAYS")
{
	struct cts_space *second;

	/* the same PASID on a device of another group, through a container of its own */
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 1, &second));
	CTS_PRE(__nesting_bind(second, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, self->pasid,
			       self->leg->stage1.s1.root));
	EXPECT_LANDS("LIFE_DETACH_OTHER_GROUP_STAYS");
	CTS_PRE(__cts_detach(second, 1));
	EXPECT_LANDS("LIFE_DETACH_OTHER_GROUP_STAYS");
	cts_space_free(second);
	EXPECT_LANDS("LIFE_DETACH_OTHER_GROUP_STAYS");
}

CTS_SUITE("lifecycle", "lifecycle/pasid");
