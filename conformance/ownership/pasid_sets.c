// SPDX-License-Identifier: GPL-2.0-only
/* v7: two processes, each with its own set of PASIDs and its own quota out of one number space. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "nesting_op.h"

FIXTURE(own_sets) {
	struct cts *c;
	struct cts_space *a, *b;	/* of the test, of the second process */
};
CTS_VARIANTS_V7(own_sets);

FIXTURE_SETUP(own_sets)
{
	struct cts_actor *actor;

	CTS_SETUP(self->c);
	actor = cts_second_actor(self->c);
	CTS_PRE_TRUE(actor);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->a));
	CTS_PRE(__cts_space_create(self->c, actor, CTS_SPACE_NEST, 1u << 1, &self->b));
}

FIXTURE_TEARDOWN(own_sets)
{
	cts_space_free(self->b);
	cts_space_free(self->a);
	cts_end(self->c);
}

CTS_TEST_F(own_sets, quota_isolation, "ALLOC_QUOTA_ISOLATION")
{
	CTS_EXPECT_EQ("ALLOC_QUOTA_ISOLATION", PASID_QUOTA, pasid_fill(self->a));
	CTS_EXPECT_EQ("ALLOC_QUOTA_ISOLATION", PASID_QUOTA, pasid_fill(self->b));
	/* what one frees the other does not get */
	CTS_PRE(__pasid_free(self->a, 1, 0xfffff));
	CTS_EXPECT_RC("ALLOC_QUOTA_ISOLATION", __pasid_alloc(self->b, 1, 0xfffff));
}

CTS_TEST_F(own_sets, unique_systemwide, "ALLOC_UNIQUE_SYSTEMWIDE")
{
	struct cts_space *owner[201] = { NULL };

	for (unsigned int i = 0; i < 300; i++) {
		struct cts_space *s = i & 1 ? self->b : self->a;
		long p;

		/* half-way B starts again: its numbers come back, A's must not */
		if (i == 150) {
			CTS_PRE(__pasid_free(self->b, 1, 200));
			for (unsigned int k = 0; k < ARRAY_SIZE(owner); k++)
				owner[k] = owner[k] == self->b ? NULL : owner[k];
		}
		p = __pasid_alloc(s, 1, 200);
		if (p == -ENOSPC)
			break;
		CTS_ASSERT_TRUE("ALLOC_UNIQUE_SYSTEMWIDE", p >= 1 && p <= 200 && !owner[p],
				"allocation %u returned %ld, which is taken", i, p);
		owner[p] = s;
	}
	for (unsigned int p = 1; p <= 200; p++)
		CTS_EXPECT_TRUE("ALLOC_UNIQUE_SYSTEMWIDE", owner[p], "PASID %u was never given", p);
}

CTS_TEST_F(own_sets, free_twice, "FREE_TWICE")
{
	CTS_PRE(__pasid_alloc(self->a, 77, 77));
	CTS_EXPECT_RC("FREE_TWICE", __pasid_free(self->a, 77, 77));
	CTS_PRE_TRUE(__pasid_alloc(self->b, 77, 77) == 77);
	CTS_EXPECT_RC("FREE_TWICE", __pasid_free(self->a, 77, 77));
	/* still B's */
	CTS_EXPECT_ERRNO("FREE_TWICE", __pasid_alloc(self->a, 77, 77), ENOSPC);
	CTS_EXPECT_OK("FREE_TWICE",
		      __nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 77, 0));
}

CTS_TEST_F(own_sets, fork_child, "OWN_FORK_CHILD")
{
	/* the parent has some before the child attaches its own container */
	cts_space_free(self->b);
	self->b = NULL;
	for (uint32_t p = 100; p < 110; p++)
		CTS_PRE_TRUE(__pasid_alloc(self->a, p, p) == p);
	CTS_PRE(__cts_space_create(self->c, cts_second_actor(self->c), CTS_SPACE_NEST, 1u << 1,
				   &self->b));
	for (uint32_t p = 100; p < 110; p++)
		CTS_EXPECT_RC("OWN_FORK_CHILD",
			      __nesting_bind(self->b, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p, 0));
	/* its set is empty: there is nothing to free, and room for a whole quota */
	CTS_PRE(__pasid_free(self->b, 0, 0x7fffffff));
	CTS_EXPECT_ERRNO("OWN_FORK_CHILD", __pasid_alloc(self->b, 100, 109), ENOSPC);
	CTS_EXPECT_EQ("OWN_FORK_CHILD", PASID_QUOTA, pasid_fill(self->b));
}

CTS_SUITE("ownership", "ownership/pasid_sets");
