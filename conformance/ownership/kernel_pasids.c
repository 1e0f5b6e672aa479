// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: PASIDs that the kernel has for itself, drivers that use a process's PASIDs, and which set a
 * domain takes. No system call does the kernel's part, so the harness asks the model to.
 */
#include "../../fixtures/fixtures.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "nesting_op.h"

#define BIND VFIO_IOMMU_NESTING_OP_BIND_PGTBL

FIXTURE(own_kernel) {
	struct cts *c;
	struct cts_space *a, *b;	/* of the test, of the second process */
	struct cts_actor *other;
};
CTS_VARIANTS_V7(own_kernel);

FIXTURE_SETUP(own_kernel)
{
	CTS_SETUP(self->c);
	self->other = cts_second_actor(self->c);
	CTS_PRE_TRUE(self->other);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->a));
	CTS_PRE(__cts_space_create(self->c, self->other, CTS_SPACE_NEST, 1u << 1, &self->b));
}

FIXTURE_TEARDOWN(own_kernel)
{
	cts_space_free(self->b);
	cts_space_free(self->a);
	cts_end(self->c);
}

CTS_TEST_F(own_kernel, bind_host, "OWN_BIND_HOST_PASID")
{
	for (uint32_t p = 300; p < 303; p++) {
		CTS_PRE_TRUE(cts_kernel_pasid(self->c, p, p) == p);
		CTS_EXPECT_RC("OWN_BIND_HOST_PASID", __nesting_bind(self->a, BIND, p, 0));
		CTS_EXPECT_RC("OWN_BIND_HOST_PASID", __nesting_bind(self->b, BIND, p, 0));
	}
}

CTS_TEST_F(own_kernel, hidden, "ALLOC_KERNEL_PASID_HIDDEN")
{
	for (uint32_t p = 1; p < 4; p++)
		CTS_PRE_TRUE(cts_kernel_pasid(self->c, p, p) == p);
	for (unsigned int round = 0; round < 2; round++) {
		for (uint32_t p = 1; p < 4; p++)
			CTS_EXPECT_RC("ALLOC_KERNEL_PASID_HIDDEN", __pasid_alloc(self->a, p, p));
		for (uint32_t i = 0; i < 100; i++) {
			long p = __pasid_alloc(self->a, 1, 0xfffff);

			CTS_EXPECT_TRUE("ALLOC_KERNEL_PASID_HIDDEN", p > 3, "returned %ld", p);
		}
		/* the second round is after a free of everything there is */
		CTS_PRE(__pasid_free(self->a, 0, 0x7fffffff));
	}
}

CTS_TEST_F(own_kernel, set_idempotent, "OWN_SET_IDEMPOTENT")
{
	for (unsigned int k = 0; k < 3; k++)
		CTS_EXPECT_RC("OWN_SET_IDEMPOTENT",
			      cts_kernel_set_pasids(self->c, NULL, self->a->fd, self->c->self));
	CTS_EXPECT_EQ("OWN_SET_IDEMPOTENT", PASID_QUOTA, pasid_fill(self->a));
}

CTS_TEST_F(own_kernel, set_switch, "OWN_SET_SWITCH_BUSY")
{
	CTS_PRE_TRUE(__pasid_alloc(self->a, 77, 77) == 77);
	CTS_EXPECT_RC("OWN_SET_SWITCH_BUSY",
		      cts_kernel_set_pasids(self->c, NULL, self->a->fd, self->other));
	CTS_EXPECT_RC("OWN_SET_SWITCH_BUSY",
		      cts_kernel_set_pasids(self->c, NULL, self->a->fd, NULL));
	/* PASIDs are still looked up in the process's own */
	CTS_EXPECT_ERRNO("OWN_SET_SWITCH_BUSY", __nesting_bind(self->a, BIND, 77, 0), 0);
}

CTS_TEST_F(own_kernel, set_plain, "OWN_SET_NON_NESTING")
{
	struct cts_space *flat;

	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << 2, &flat));
	CTS_EXPECT_RC("OWN_SET_NON_NESTING",
		      cts_kernel_set_pasids(self->c, NULL, flat->fd, self->c->self));
	CTS_EXPECT_RC("OWN_SET_NON_NESTING",
		      cts_kernel_set_pasids(self->c, NULL, flat->fd, NULL));
	cts_space_free(flat);
}

CTS_TEST_F(own_kernel, free_pending, "LIFE_FREE_PENDING")
{
	CTS_PRE_TRUE(__pasid_alloc(self->a, 77, 77) == 77);
	CTS_PRE(cts_kernel_get_pasid(self->c, NULL, 77));
	CTS_EXPECT_OK("LIFE_FREE_PENDING", __pasid_free(self->a, 77, 77));
	for (unsigned int k = 0; k < 2; k++) {
		CTS_EXPECT_ERRNO("LIFE_FREE_PENDING", __pasid_alloc(self->a, 77, 77), ENOSPC);
		CTS_EXPECT_ERRNO("LIFE_FREE_PENDING", __pasid_alloc(self->b, 77, 77), ENOSPC);
		CTS_EXPECT_ERRNO("LIFE_FREE_PENDING", cts_kernel_get_pasid(self->c, NULL, 77),
				 EBUSY);
		CTS_EXPECT_ERRNO("LIFE_FREE_PENDING", __nesting_bind(self->a, BIND, 77, 0), ENOENT);
		/* a second free takes no second reference */
		CTS_EXPECT_OK("LIFE_FREE_PENDING", __pasid_free(self->a, 77, 77));
	}
	cts_kernel_put_pasid(self->c, 77);
	CTS_EXPECT_EQ("LIFE_FREE_PENDING", 77, __pasid_alloc(self->b, 77, 77));
}

CTS_SUITE("ownership", "ownership/kernel_pasids");
