// SPDX-License-Identifier: GPL-2.0-only
/* The quota of PASIDs of a process: v7 p04, one vfio_mm for all containers of an mm. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "pasid.h"

FIXTURE(pasid_quota) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(pasid_quota);

FIXTURE_SETUP(pasid_quota)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(pasid_quota)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(pasid_quota, exact, "ALLOC_QUOTA_EXACT")
{
	CTS_EXPECT_EQ("ALLOC_QUOTA_EXACT", PASID_QUOTA, pasid_fill(self->space));
	CTS_EXPECT_RC("ALLOC_QUOTA_EXACT", __pasid_alloc(self->space, 1, 0xfffff));
}

CTS_TEST_F(pasid_quota, refund, "ALLOC_QUOTA_REFUND")
{
	CTS_PRE_TRUE(pasid_fill(self->space) > 500);
	for (uint32_t p = 10; p < 13; p++) {
		CTS_PRE(__pasid_free(self->space, p, p));
		CTS_EXPECT_EQ("ALLOC_QUOTA_REFUND", p, __pasid_alloc(self->space, 1, 0xfffff));
	}
	CTS_PRE(__pasid_free(self->space, 1, 0xfffff));
	CTS_EXPECT_EQ("ALLOC_QUOTA_REFUND", PASID_QUOTA, pasid_fill(self->space));
}

CTS_TEST_F(pasid_quota, per_mm, "ALLOC_QUOTA_PER_MM")
{
	struct cts_space *second;
	unsigned int n = 0;
	long rc = 0;

	/* device 1 is of another group: its own container, same process */
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 2, &second));
	while (n < 2 * PASID_QUOTA) {
		rc = __pasid_alloc(n & 1 ? second : self->space, 1, 0xfffff);
		if (rc < 0)
			break;
		n++;
	}
	CTS_EXPECT_EQ("ALLOC_QUOTA_PER_MM", PASID_QUOTA, n);
	CTS_EXPECT_RC("ALLOC_QUOTA_PER_MM", rc);
	cts_space_free(second);
}

CTS_TEST_F(pasid_quota, range_full, "ALLOC_RANGE_FULL_NOT_QUOTA")
{
	for (int i = 0; i < 3; i++)
		CTS_PRE(__pasid_alloc(self->space, 2001, 2003));
	for (int i = 0; i < 10; i++)
		CTS_EXPECT_RC("ALLOC_RANGE_FULL_NOT_QUOTA",
			      __pasid_alloc(self->space, 2001, 2003));
	CTS_EXPECT_EQ("ALLOC_RANGE_FULL_NOT_QUOTA", PASID_QUOTA - 3, pasid_fill(self->space));
}

CTS_SUITE("allocation", "allocation/pasid_quota");
