// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * An IOTLB that is shared out: who has what, and that nothing is lost, found twice or left behind
 * when it is shared out anew. Domain i is attached to device i; its pages have numbers that are
 * host addresses, so a wrong entry is a wrong address.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define ENTRIES 4096u
#define BASE 0x10000000ull
#define NR 4u

FIXTURE(banks)
{
	struct iommu_ref *ref;
	struct domain *d[NR];
};

static uint64_t pa_of(unsigned int d, unsigned int page)
{
	return 0x700000001000 + d * (1ull << 40) + page * PAGE_SIZE;
}

static struct m_req req(unsigned int d, unsigned int page)
{
	return (struct m_req){ d, 7, false, BASE + page * PAGE_SIZE };
}

static int attach(struct iommu_ref *ref, unsigned int device, struct domain *d)
{
	int rc;

	ref_lock(ref);
	rc = device_set_domain(ref, device_by_index(ref, device), 7, d);
	ref_unlock(ref);
	return rc;
}

/* How many of the first @n pages of @d's device are translated wrongly. */
static unsigned int use(struct iommu_ref *ref, unsigned int d, unsigned int n)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < n; i++)
		wrong += m_xlate(ref, req(d, i), NULL) != pa_of(d, i);
	return wrong;
}

static unsigned int cached(struct iommu_ref *ref, unsigned int d, unsigned int n)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < n; i++)
		found += m_cached(ref, req(d, i));
	return found;
}

FIXTURE_SETUP(banks)
{
	self->ref = m_machine(IOMMU_REF_VTD, ENTRIES, NULL);
	ASSERT_NE(NULL, self->ref);
	for (unsigned int d = 0; d < NR; d++) {
		ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &self->d[d]));
		ASSERT_EQ(0, domain_map(self->ref, self->d[d], BASE,
					BASE + ENTRIES * PAGE_SIZE - 1, pa_of(d, 0), RW));
	}
	ASSERT_EQ(0, attach(self->ref, 0, self->d[0]));
}

FIXTURE_TEARDOWN(banks)
{
	for (unsigned int d = 0; d < NR; d++)
		domain_put(self->ref, self->d[d]);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

TEST_F(banks, one_domain_has_it_all)
{
	EXPECT_EQ(0, use(self->ref, 0, ENTRIES));
	EXPECT_EQ(ENTRIES, cached(self->ref, 0, ENTRIES));
	EXPECT_EQ(0, m_stats(self->ref).iotlb_evictions);
}

TEST_F(banks, a_neighbour_evicts_nothing)
{
	unsigned int half = ENTRIES / 2;

	ASSERT_EQ(0, attach(self->ref, 1, self->d[1]));
	EXPECT_EQ(0, use(self->ref, 0, half));
	EXPECT_EQ(half, cached(self->ref, 0, half));
	EXPECT_EQ(0, use(self->ref, 1, ENTRIES));
	EXPECT_EQ(half, cached(self->ref, 0, half));
	EXPECT_EQ(half, cached(self->ref, 1, ENTRIES));
}

TEST_F(banks, what_fits_moves_along)
{
	struct iommu_ref_stats before, after;

	EXPECT_EQ(0, use(self->ref, 0, 600));
	for (unsigned int d = 1; d < NR; d++) {
		ASSERT_EQ(0, attach(self->ref, d, self->d[d]));
		EXPECT_EQ(600, cached(self->ref, 0, 600));
		EXPECT_EQ(0, use(self->ref, d, 600));
	}
	before = m_stats(self->ref);
	for (unsigned int d = 0; d < NR; d++)
		EXPECT_EQ(0, use(self->ref, d, 600));
	after = m_stats(self->ref);
	EXPECT_EQ(NR * 600, after.iotlb_hits - before.iotlb_hits);
	/* Each page is there once, so one invalidation is enough. */
	for (unsigned int d = 0; d < NR; d++) {
		inv_page(self->ref, domain_dtag(self->d[d]), ATAG_ANY, BASE + d * PAGE_SIZE);
		EXPECT_FALSE(m_cached(self->ref, req(d, d)));
		EXPECT_EQ(599, cached(self->ref, d, 600));
		inv_range(self->ref, domain_dtag(self->d[d]), 7, BASE, UINT64_MAX);
		EXPECT_EQ(0, cached(self->ref, d, 600));
	}
	EXPECT_EQ(NR * 600, m_stats(self->ref).inv_entries);
}

/* What is too much for a half is evicted; nothing dead is carried over. */
TEST_F(banks, what_does_not_fit_is_evicted)
{
	EXPECT_EQ(0, use(self->ref, 0, ENTRIES));
	inv_page(self->ref, domain_dtag(self->d[0]), 7, BASE);
	ASSERT_EQ(0, attach(self->ref, 1, self->d[1]));
	EXPECT_EQ(ENTRIES / 2, cached(self->ref, 0, ENTRIES));
	EXPECT_FALSE(m_cached(self->ref, req(0, 0)));
	inv_pasid(self->ref, domain_dtag(self->d[0]), 7);
	EXPECT_EQ(0, use(self->ref, 0, 600));
	for (unsigned int d = 2; d < NR; d++)
		ASSERT_EQ(0, attach(self->ref, d, self->d[d]));
	EXPECT_EQ(600, cached(self->ref, 0, ENTRIES));
	EXPECT_EQ(0, use(self->ref, 0, ENTRIES));
	EXPECT_EQ(ENTRIES / 4, cached(self->ref, 0, ENTRIES));
}

/* A domain of two devices is in one bank, and each finds what the other one filled. */
TEST_F(banks, a_shared_domain_is_cached_once)
{
	ASSERT_EQ(0, attach(self->ref, 1, self->d[1]));
	ASSERT_EQ(0, attach(self->ref, 2, self->d[0]));
	EXPECT_EQ(0, use(self->ref, 0, 100));
	for (unsigned int i = 0; i < 100; i++) {
		struct m_req r = req(2, i);

		EXPECT_TRUE(m_cached(self->ref, r));
		EXPECT_EQ(pa_of(0, i), m_xlate(self->ref, r, NULL));
	}
	/* The home leaves; the domain stays where it is. */
	ASSERT_EQ(0, attach(self->ref, 0, NULL));
	EXPECT_EQ(0, attach(self->ref, 0, self->d[3]));
	EXPECT_EQ(0, cached(self->ref, 0, 100));
	for (unsigned int i = 0; i < 100; i++)
		EXPECT_EQ(pa_of(0, i), m_xlate(self->ref, req(2, i), NULL));
}

TEST_F(banks, with_nothing_attached_it_is_whole_again)
{
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int d = 1; d < NR; d++)
			ASSERT_EQ(0, attach(self->ref, d, self->d[d]));
		EXPECT_EQ(0, use(self->ref, 0, ENTRIES));
		EXPECT_EQ(ENTRIES / 4, cached(self->ref, 0, ENTRIES));
		for (unsigned int d = 0; d < NR; d++)
			ASSERT_EQ(0, attach(self->ref, d, NULL));
		ASSERT_EQ(0, attach(self->ref, 0, self->d[0]));
		EXPECT_EQ(0, cached(self->ref, 0, ENTRIES));
		EXPECT_EQ(0, use(self->ref, 0, ENTRIES));
		EXPECT_EQ(ENTRIES, cached(self->ref, 0, ENTRIES));
	}
}

/* Too small to be shared out. */
TEST(a_small_one_stays_whole)
{
	struct iommu_ref *ref = m_machine(IOMMU_REF_VTD, 64, NULL);
	struct domain *d[2];

	ASSERT_NE(NULL, ref);
	for (unsigned int i = 0; i < 2; i++) {
		ASSERT_EQ(0, domain_create_paging(ref, FMT_VTD_SS, &d[i]));
		ASSERT_EQ(0, domain_map(ref, d[i], BASE, BASE + 64 * PAGE_SIZE - 1, pa_of(i, 0),
					RW));
		ASSERT_EQ(0, attach(ref, i, d[i]));
	}
	EXPECT_EQ(0, use(ref, 0, 64));
	EXPECT_EQ(64, cached(ref, 0, 64));
	for (unsigned int i = 0; i < 2; i++)
		domain_put(ref, d[i]);
	iommu_ref_destroy(ref);
}

TEST_HARNESS_MAIN
