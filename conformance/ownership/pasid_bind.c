// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: what a process can do to the bound PASID of another one (nothing), and what containers of one
 * process share (everything). The test itself owns the binding; the second process attacks it.
 */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "nesting_op.h"

FIXTURE(own_bind) {
	struct cts *c;
	struct nest_rig rig;
	struct cts_space *b;	/* of the second process, with device 1, of another group */
	uint32_t pasid;		/* of the rig */
	uint64_t root;
};
CTS_VARIANTS_V7(own_bind);

FIXTURE_SETUP(own_bind)
{
	struct cts_actor *actor;

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	self->pasid = self->rig.leg[0].bind->pasid;
	self->root = self->rig.leg[0].stage1.s1.root;
	actor = cts_second_actor(self->c);
	CTS_PRE_TRUE(actor);
	CTS_PRE(__cts_space_create(self->c, actor, CTS_SPACE_NEST, 1u << 1, &self->b));
}

FIXTURE_TEARDOWN(own_bind)
{
	cts_space_free(self->b);
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* The first page of the GVA window reaches page @page of the memory. */
#define EXPECT_REACHES(id, page) \
	NEST_EXPECT_LANDS(id, &self->rig, 0, 64, (page) * 4096 + 64)

CTS_TEST_F(own_bind, bind_foreign, "OWN_BIND_FOREIGN")
{
	CTS_EXPECT_RC("OWN_BIND_FOREIGN", __nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
							 self->pasid, self->root));
	EXPECT_REACHES("OWN_BIND_FOREIGN", 0);
}

CTS_TEST_F(own_bind, unbind_foreign, "OWN_UNBIND_FOREIGN")
{
	CTS_EXPECT_RC("OWN_UNBIND_FOREIGN",
		      __nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, self->pasid,
				     self->root));
	EXPECT_REACHES("OWN_UNBIND_FOREIGN", 0);
}

CTS_TEST_F(own_bind, inval_foreign, "OWN_INVAL_FOREIGN")
{
	struct nest_leg *leg = &self->rig.leg[0];

	EXPECT_REACHES("OWN_INVAL_FOREIGN", 0);
	CTS_PRE(nest_repoint(&self->rig, 0, 0, 1));
	CTS_EXPECT_RC("OWN_INVAL_FOREIGN", __nesting_invalidate(self->b, self->pasid, leg->gva));
	EXPECT_REACHES("OWN_INVAL_FOREIGN", 0);
	/* the owner's own request does it */
	CTS_PRE(__nesting_invalidate(self->rig.space, self->pasid, leg->gva));
	EXPECT_REACHES("OWN_INVAL_FOREIGN", 1);
}

CTS_TEST_F(own_bind, free_foreign, "FREE_FOREIGN_UNTOUCHED")
{
	long unbound = __pasid_alloc(self->rig.space, 1, 0xfffff);

	CTS_PRE(unbound);
	CTS_EXPECT_RC("FREE_FOREIGN_UNTOUCHED", __pasid_free(self->b, self->pasid, self->pasid));
	CTS_EXPECT_RC("FREE_FOREIGN_UNTOUCHED", __pasid_free(self->b, 0, 0x7fffffff));
	CTS_EXPECT_ERRNO("FREE_FOREIGN_UNTOUCHED",
			 __pasid_alloc(self->b, self->pasid, self->pasid), ENOSPC);
	CTS_EXPECT_ERRNO("FREE_FOREIGN_UNTOUCHED", __pasid_alloc(self->b, unbound, unbound),
			 ENOSPC);
	/* both are still the owner's to use */
	CTS_EXPECT_OK("FREE_FOREIGN_UNTOUCHED",
		      __nesting_bind(self->rig.space, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, unbound,
				     self->root));
	EXPECT_REACHES("FREE_FOREIGN_UNTOUCHED", 0);
}

CTS_TEST_F(own_bind, unallocated, "OWN_BIND_UNALLOCATED")
{
	const uint32_t op = VFIO_IOMMU_NESTING_OP_BIND_PGTBL;

	/* nobody's ever, the attacker's until it freed it, the owner's until it did */
	CTS_PRE_TRUE(__pasid_alloc(self->b, 600, 600) == 600);
	CTS_PRE(__pasid_free(self->b, 600, 600));
	CTS_PRE_TRUE(__pasid_alloc(self->rig.space, 700, 700) == 700);
	CTS_PRE(__pasid_free(self->rig.space, 700, 700));
	for (uint32_t p = 500; p < 800; p += 100) {
		CTS_EXPECT_RC("OWN_BIND_UNALLOCATED", __nesting_bind(self->b, op, p, self->root));
		CTS_EXPECT_RC("OWN_BIND_UNALLOCATED",
			      __nesting_bind(self->rig.space, op, p, self->root));
	}
	CTS_EXPECT_RC("OWN_BIND_UNALLOCATED", __nesting_bind(self->b, op, 0xfffff, self->root));
	EXPECT_REACHES("OWN_BIND_UNALLOCATED", 0);
}

CTS_TEST_F(own_bind, inval_own_unbound, "OWN_INVAL_OWN_UNBOUND")
{
	struct nest_leg *leg = &self->rig.leg[0];
	long never = __pasid_alloc(self->b, 1, 0xfffff), once = __pasid_alloc(self->b, 1, 0xfffff);

	CTS_PRE(never);
	CTS_PRE(once);
	CTS_PRE(__nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, once, 0));
	CTS_PRE(__nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, once, 0));
	EXPECT_REACHES("OWN_INVAL_OWN_UNBOUND", 0);
	CTS_PRE(nest_repoint(&self->rig, 0, 0, 1));
	CTS_EXPECT_RC("OWN_INVAL_OWN_UNBOUND", __nesting_invalidate(self->b, never, leg->gva));
	CTS_EXPECT_RC("OWN_INVAL_OWN_UNBOUND", __nesting_invalidate(self->b, once, leg->gva));
	/* the owner's cached entry of the same address is still used */
	EXPECT_REACHES("OWN_INVAL_OWN_UNBOUND", 0);
}

CTS_TEST_F(own_bind, high_bits, "OWN_PASID_HIGH_BITS")
{
	const uint64_t alias[] = { 1ull << 32 | self->pasid, 1ull << 63 | self->pasid };
	bool cut = self->c->v.profile == CTS_V7_POSTED;
	struct nest_leg *leg = &self->rig.leg[0];

	EXPECT_REACHES("OWN_PASID_HIGH_BITS", 0);
	CTS_PRE(nest_repoint(&self->rig, 0, 0, 1));
	for (size_t i = 0; i < ARRAY_SIZE(alias); i++) {
		CTS_EXPECT_RC("OWN_PASID_HIGH_BITS",
			      __nesting_invalidate(self->rig.space, alias[i], leg->gva));
		EXPECT_REACHES("OWN_PASID_HIGH_BITS", cut ? 1 : 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(alias); i++) {
		CTS_EXPECT_RC("OWN_PASID_HIGH_BITS",
			      __nesting_bind(self->rig.space, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL,
					     alias[i], self->root));
		window_arm(&leg->win);
		if (cut)
			NEST_EXPECT_BLOCKED("OWN_PASID_HIGH_BITS", &self->rig, 0,
					    nest_write(&self->rig, 0, 64, 16));
		else
			EXPECT_REACHES("OWN_PASID_HIGH_BITS", 0);
	}
}

CTS_TEST_F(own_bind, shared_containers, "OWN_SHARED_CONTAINERS")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct cts_path path = leg->path;
	struct cts_space *second;
	long p;

	/* device 2: a third group */
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 2, &second));
	p = __pasid_alloc(second, 1, 0xfffff);
	CTS_PRE(p);
	CTS_EXPECT_RC("OWN_SHARED_CONTAINERS",
		      __nesting_bind(self->rig.space, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p,
				     self->root));
	path.pasid = p;
	window_arm(&leg->win);
	CTS_EXPECT_EQ("OWN_SHARED_CONTAINERS", ENGINE_DONE,
		      engine_write(self->rig.space, path, leg->gva, 16));
	CTS_EXPECT_NULL("OWN_SHARED_CONTAINERS",
			window_written(&leg->win, self->rig.engine, 0, 16));
	cts_space_free(second);
}

CTS_TEST_F(own_bind, passed_fd, "OWN_PASSED_FD")
{
	struct cts_space theirs = *self->rig.space;	/* our container in their process */
	unsigned int n = 1;				/* the rig's PASID */
	long p;

	theirs.actor = self->b->actor;
	theirs.fd = cts_pass_fd(self->c, self->c->self, self->rig.space->fd, self->b->actor);
	CTS_PRE(theirs.fd);
	p = __pasid_alloc(&theirs, 1, 0xfffff);
	CTS_ASSERT_TRUE("OWN_PASSED_FD", p > 0, "an allocation through it returned %ld", p);
	/* ours, and not the caller's own */
	CTS_EXPECT_OK("OWN_PASSED_FD", __nesting_bind(self->rig.space,
						      VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p,
						      self->root));
	CTS_EXPECT_RC("OWN_PASSED_FD", __nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p,
						      self->root));
	/* and it is our quota that both of us use */
	for (n++; n < 2 * PASID_QUOTA; n++)
		if (__pasid_alloc(n & 1 ? &theirs : self->rig.space, 1, 0xfffff) < 0)
			break;
	CTS_EXPECT_EQ("OWN_PASSED_FD", PASID_QUOTA, n);
	CTS_EXPECT_EQ("OWN_PASSED_FD", PASID_QUOTA, pasid_fill(self->b));
}

CTS_SUITE("ownership", "ownership/pasid_bind");
