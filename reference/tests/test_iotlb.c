// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The IOTLB: every invalidation removes exactly what it names. Domains are filled through
 * iommu_ref_translate(); what is left is asked by iommu_ref_iotlb_cached().
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define NR_DOMAINS 3u
#define NR_PASIDS 3u	/* per domain; devices 0..2, one a domain */
#define NR_PAGES 40u
#define BASE 0x10000000ull

FIXTURE(iotlb)
{
	struct iommu_ref *ref;
	struct domain *d[NR_DOMAINS];
	bool expect[NR_DOMAINS][NR_PASIDS][NR_PAGES];
};

static uint32_t pasid_of(unsigned int p)
{
	return p ? 100 + p : NO_PASID;
}

static uint32_t atag_of(unsigned int p)
{
	return p ? 100 + p : 0;
}

static struct m_req req(unsigned int d, unsigned int p, unsigned int page)
{
	return (struct m_req){ d, pasid_of(p), false, BASE + page * PAGE_SIZE };
}

static void fill(struct iommu_ref *ref)
{
	for (unsigned int i = 0; i < NR_DOMAINS * NR_PASIDS * NR_PAGES; i++)
		m_xlate(ref, req(i / NR_PAGES / NR_PASIDS, i / NR_PAGES % NR_PASIDS,
				 i % NR_PAGES), NULL);
}

/* How many answers differ from what is expected. */
static unsigned int differences(struct iommu_ref *ref, bool expect[][NR_PASIDS][NR_PAGES])
{
	unsigned int d, p, page, n = 0;

	for (d = 0; d < NR_DOMAINS; d++)
		for (p = 0; p < NR_PASIDS; p++)
			for (page = 0; page < NR_PAGES; page++)
				n += m_cached(ref, req(d, p, page)) != expect[d][p][page];
	return n;
}

FIXTURE_SETUP(iotlb)
{
	self->ref = m_machine(IOMMU_REF_VTD, 4096, NULL);
	ASSERT_NE(NULL, self->ref);
	for (unsigned int d = 0; d < NR_DOMAINS; d++) {
		ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &self->d[d]));
		/* odd addresses: 4K leaves */
		ASSERT_EQ(0,
			  domain_map(self->ref, self->d[d], BASE, BASE + NR_PAGES * PAGE_SIZE - 1,
				     0x700000001000 + d * M_1G, RW));
		for (unsigned int p = 0; p < NR_PASIDS; p++)
			ASSERT_EQ(0, device_set_domain(self->ref,
						       device_by_index(self->ref, d),
						       pasid_of(p), self->d[d]));
	}
	memset(self->expect, true, sizeof(self->expect));
	fill(self->ref);
	ASSERT_EQ(0, differences(self->ref, self->expect));
	ASSERT_EQ(0, m_stats(self->ref).iotlb_evictions);
}

FIXTURE_TEARDOWN(iotlb)
{
	for (unsigned int d = 0; d < NR_DOMAINS; d++)
		domain_put(self->ref, self->d[d]);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

TEST_F(iotlb, page)
{
	struct iommu_ref_stats before = m_stats(self->ref), after;

	inv_page(self->ref, domain_dtag(self->d[1]), atag_of(2), BASE + 7 * PAGE_SIZE + 0x123);
	self->expect[1][2][7] = false;
	EXPECT_EQ(0, differences(self->ref, self->expect));
	after = m_stats(self->ref);
	EXPECT_EQ(1, after.inv_page - before.inv_page);
	EXPECT_EQ(1, after.inv_entries - before.inv_entries);
	inv_page(self->ref, domain_dtag(self->d[1]), 4711, BASE);
	inv_page(self->ref, 4711, 0, BASE);
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, page_of_every_tag)
{
	inv_page(self->ref, domain_dtag(self->d[0]), ATAG_ANY, BASE + PAGE_SIZE);
	for (unsigned int p = 0; p < NR_PASIDS; p++)
		self->expect[0][p][1] = false;
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, range_is_inclusive_and_never_rounded)
{
	inv_range(self->ref, domain_dtag(self->d[2]), atag_of(0), BASE + 3 * PAGE_SIZE,
		  BASE + 13 * PAGE_SIZE - 1);
	for (unsigned int page = 3; page < 13; page++)
		self->expect[2][0][page] = false;
	EXPECT_EQ(0, differences(self->ref, self->expect));
	EXPECT_EQ(10, m_stats(self->ref).inv_entries);
	EXPECT_EQ(1, m_stats(self->ref).inv_range);
}

TEST_F(iotlb, long_range_takes_one_pass)
{
	inv_range(self->ref, domain_dtag(self->d[2]), atag_of(1), BASE + 3 * PAGE_SIZE, UINT64_MAX);
	for (unsigned int page = 3; page < NR_PAGES; page++)
		self->expect[2][1][page] = false;
	EXPECT_EQ(0, differences(self->ref, self->expect));
	inv_range(self->ref, domain_dtag(self->d[0]), ATAG_ANY, 0, BASE + PAGE_SIZE - 1);
	for (unsigned int p = 0; p < NR_PASIDS; p++)
		self->expect[0][p][0] = false;
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, pasid)
{
	inv_pasid(self->ref, domain_dtag(self->d[1]), atag_of(1));
	memset(self->expect[1][1], false, sizeof(self->expect[1][1]));
	EXPECT_EQ(0, differences(self->ref, self->expect));
	EXPECT_EQ(0, m_stats(self->ref).inv_entries);
	inv_pasid(self->ref, domain_dtag(self->d[1]), 4711);
	inv_pasid(self->ref, 4711, 0);
	EXPECT_EQ(0, differences(self->ref, self->expect));
	fill(self->ref);
	memset(self->expect, true, sizeof(self->expect));
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, domain_and_all)
{
	inv_domain(self->ref, domain_dtag(self->d[1]));
	memset(self->expect[1], false, sizeof(self->expect[1]));
	EXPECT_EQ(0, differences(self->ref, self->expect));
	inv_domain(self->ref, 4711);
	EXPECT_EQ(0, differences(self->ref, self->expect));
	fill(self->ref);
	inv_all(self->ref);
	memset(self->expect, false, sizeof(self->expect));
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

/* The clock that stamps entries ends: nothing dead comes back, nothing live is mistaken later. */
TEST_F(iotlb, the_clock_may_end)
{
	struct iotlb *tlb = self->ref->units[0].tlb;

	inv_pasid(self->ref, domain_dtag(self->d[0]), atag_of(1));
	inv_domain(self->ref, domain_dtag(self->d[1]));
	tlb->clock = UINT64_MAX - 1;
	fill(self->ref);
	EXPECT_EQ(0, differences(self->ref, self->expect));
	inv_pasid(self->ref, domain_dtag(self->d[2]), atag_of(2));
	EXPECT_EQ(UINT64_MAX, tlb->clock);
	memset(self->expect[2][2], false, sizeof(self->expect[2][2]));
	EXPECT_EQ(0, differences(self->ref, self->expect));
	inv_pasid(self->ref, domain_dtag(self->d[2]), atag_of(1));
	memset(self->expect, false, sizeof(self->expect));
	EXPECT_EQ(0, differences(self->ref, self->expect));
	fill(self->ref);
	memset(self->expect, true, sizeof(self->expect));
	EXPECT_EQ(0, differences(self->ref, self->expect));
	inv_pasid(self->ref, domain_dtag(self->d[2]), atag_of(1));
	memset(self->expect[2][1], false, sizeof(self->expect[2][1]));
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, a_large_leaf_goes_by_any_page_inside)
{
	struct m_req in = { 0, NO_PASID, false, 5 * M_2M + 0x3000 };
	struct m_req beside = { 0, NO_PASID, false, 6 * M_2M };
	uint32_t dtag = domain_dtag(self->d[0]);

	ASSERT_EQ(0, domain_map(self->ref, self->d[0], 5 * M_2M, 7 * M_2M - 1, M_1G, PROT_R));
	EXPECT_EQ(M_1G + 0x3000, m_xlate(self->ref, in, NULL));
	EXPECT_EQ(M_1G + M_2M, m_xlate(self->ref, beside, NULL));
	in.iova = 6 * M_2M - 1;
	EXPECT_TRUE(m_cached(self->ref, in));
	inv_page(self->ref, dtag, 0, 5 * M_2M + 0x55000);
	EXPECT_FALSE(m_cached(self->ref, in));
	EXPECT_TRUE(m_cached(self->ref, beside));
	inv_range(self->ref, dtag, 0, 7 * M_2M - PAGE_SIZE, 8 * M_2M);
	EXPECT_FALSE(m_cached(self->ref, beside));
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, tags_are_reused_clean)
{
	struct device *dev = device_by_index(self->ref, 0);
	const struct iotlb *tlb = self->ref->units[0].tlb;
	uint32_t nr_tags = tlb->nr_tags, nr_dtags = tlb->nr_dtags;
	struct m_req r = { 0, 500, false, BASE };
	struct domain *d;

	for (unsigned int i = 0; i < 300; i++) {
		r.pasid = 500 + i;
		ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &d));
		ASSERT_EQ(0, domain_map(self->ref, d, BASE, BASE + 0xfff, 0x5000 + i * 0x1000, RW));
		ASSERT_EQ(0, device_set_domain(self->ref, dev, r.pasid, d));
		EXPECT_FALSE(m_cached(self->ref, r));
		EXPECT_EQ(0x5000 + i * 0x1000, m_xlate(self->ref, r, NULL));
		ASSERT_EQ(0, device_set_domain(self->ref, dev, r.pasid, NULL));
		domain_put(self->ref, d);
	}
	EXPECT_EQ(nr_tags + 1, tlb->nr_tags);
	EXPECT_EQ(nr_dtags + 1, tlb->nr_dtags);
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

/* The id of a tag goes from one PASID of a domain to another: nothing cached goes along. */
TEST_F(iotlb, a_pasid_inherits_nothing)
{
	struct device *dev = device_by_index(self->ref, 0);
	struct m_req r = req(0, 1, 0);

	ASSERT_EQ(0, device_set_domain(self->ref, dev, pasid_of(1), NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, dev, 500, self->d[0]));
	r.pasid = 500;
	EXPECT_FALSE(m_cached(self->ref, r));
	ASSERT_EQ(0, device_set_domain(self->ref, dev, pasid_of(1), self->d[0]));
	memset(self->expect[0][1], false, sizeof(self->expect[0][1]));
	EXPECT_EQ(0, differences(self->ref, self->expect));
}

TEST_F(iotlb, many_tags_at_once)
{
	struct device *dev = device_by_index(self->ref, 3);
	struct m_req r = { 3, 0, false, BASE };
	struct domain *d[300];

	for (unsigned int i = 0; i < 300; i++) {
		ASSERT_EQ(0, domain_create_paging(self->ref, FMT_X86_FL, &d[i]));
		ASSERT_EQ(0, domain_map(self->ref, d[i], BASE, BASE + 0xfff, M_1G + i * 0x1000,
					RW));
		ASSERT_EQ(0, device_set_domain(self->ref, dev, 1000 + i, d[i]));
		domain_put(self->ref, d[i]);
	}
	for (unsigned int i = 0; i < 300; i++) {
		r.pasid = 1000 + i;
		EXPECT_EQ(M_1G + i * 0x1000, m_xlate(self->ref, r, NULL));
		EXPECT_TRUE(m_cached(self->ref, r));
	}
	inv_pasid(self->ref, domain_dtag(d[150]), 1150);
	for (unsigned int i = 0; i < 300; i++) {
		r.pasid = 1000 + i;
		EXPECT_EQ(i != 150, m_cached(self->ref, r));
	}
}

/* Only a fill evicts, and a full cache still answers right. */
TEST(a_small_iotlb_evicts)
{
	struct iommu_ref *ref = m_machine(IOMMU_REF_VTD, 64, NULL);
	struct m_req r = { 0, NO_PASID, false, 0 };
	unsigned int cached = 0;
	struct domain *d;

	ASSERT_EQ(0, domain_create_paging(ref, FMT_VTD_SS, &d));
	ASSERT_EQ(0, domain_map(ref, d, 0, 1000 * PAGE_SIZE - 1, 0x1000, RW));
	ASSERT_EQ(0, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, d));
	for (unsigned int i = 0; i < 2000; i++) {
		r.iova = i * 7 % 1000 * PAGE_SIZE;
		ASSERT_EQ(r.iova + 0x1000, m_xlate(ref, r, NULL));
		EXPECT_TRUE(m_cached(ref, r));
	}
	for (r.iova = 0; r.iova < 1000 * PAGE_SIZE; r.iova += PAGE_SIZE)
		cached += m_cached(ref, r);
	EXPECT_EQ(64, cached);
	EXPECT_EQ(m_stats(ref).iotlb_fills - 64, m_stats(ref).iotlb_evictions);
	domain_put(ref, d);
	iommu_ref_destroy(ref);
}

/* The cost of an invalidation, counted: a PASID or domain touches no entry. */
TEST_F(iotlb, stamps_touch_no_entry)
{
	struct iommu_ref_stats s;

	for (unsigned int i = 0; i < 100; i++) {
		inv_pasid(self->ref, domain_dtag(self->d[0]), atag_of(1));
		inv_domain(self->ref, domain_dtag(self->d[1]));
		inv_all(self->ref);
	}
	s = m_stats(self->ref);
	EXPECT_EQ(100, s.inv_pasid);
	EXPECT_EQ(100, s.inv_domain);
	EXPECT_EQ(100, s.inv_all);
	EXPECT_EQ(0, s.inv_entries);
}

/* Each known-bad variant does what its line says. */
static unsigned int cached_pages(struct iommu_ref *ref, bool *page)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 8; i++) {
		page[i] = m_cached(ref, (struct m_req){ 0, NO_PASID, false, i * PAGE_SIZE });
		n += page[i];
	}
	return n;
}

static struct iommu_ref *defective(const char *name, struct domain **d)
{
	struct iommu_ref *ref = m_machine(IOMMU_REF_VTD, 64, name);

	if (!ref || domain_create_paging(ref, FMT_VTD_SS, d) ||
	    domain_map(ref, *d, 0, 8 * PAGE_SIZE - 1, 0x1000, PROT_R) ||
	    device_set_domain(ref, device_by_index(ref, 0), NO_PASID, *d))
		return NULL;
	for (uint64_t i = 0; i < 8; i++)
		m_xlate(ref, (struct m_req){ 0, NO_PASID, false, i * PAGE_SIZE }, NULL);
	return ref;
}

FIXTURE(defect)
{
	struct iommu_ref *ref;
	struct domain *d;
	uint32_t dtag;
};

FIXTURE_VARIANT(defect)
{
	const char *name;
	unsigned int page, range, pasid, unmap;	/* pages left of 8 after each */
};

#define VARIANT(name_, ...) FIXTURE_VARIANT_ADD(defect, name_) { .name = #name_, __VA_ARGS__ }
FIXTURE_VARIANT_ADD(defect, none) { .page = 7, .range = 5, .pasid = 0, .unmap = 4 };
VARIANT(INV_SKIPPED, .page = 8, .range = 8, .pasid = 0, .unmap = 4);
VARIANT(INV_NEIGHBOUR_ONLY, .page = 7, .range = 5, .pasid = 0, .unmap = 4);
VARIANT(INV_RANGE_SHORT, .page = 7, .range = 6, .pasid = 0, .unmap = 4);
VARIANT(INV_PASID_SKIPPED, .page = 7, .range = 5, .pasid = 8, .unmap = 4);
VARIANT(INV_TOO_WIDE, .page = 0, .range = 5, .pasid = 0, .unmap = 4);
VARIANT(UNMAP_KEEPS_IOTLB, .page = 7, .range = 5, .pasid = 0, .unmap = 8);

FIXTURE_SETUP(defect)
{
	self->ref = defective(variant->name, &self->d);
	ASSERT_NE(NULL, self->ref);
	self->dtag = domain_dtag(self->d);
}

FIXTURE_TEARDOWN(defect)
{
	domain_put(self->ref, self->d);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

TEST_F(defect, page)
{
	bool page[8], neighbour = variant->name && !strcmp(variant->name, "INV_NEIGHBOUR_ONLY");

	inv_page(self->ref, self->dtag, 0, 3 * PAGE_SIZE);
	EXPECT_EQ(variant->page, cached_pages(self->ref, page));
	EXPECT_EQ(neighbour || variant->page == 8, page[3]);
	EXPECT_EQ(!neighbour && variant->page, page[4]);
}

TEST_F(defect, range)
{
	bool page[8];

	inv_range(self->ref, self->dtag, 0, 2 * PAGE_SIZE, 5 * PAGE_SIZE - 1);
	EXPECT_EQ(variant->range, cached_pages(self->ref, page));
	EXPECT_EQ(variant->range > 5, page[4]);
}

TEST_F(defect, pasid)
{
	bool page[8];

	inv_pasid(self->ref, self->dtag, 0);
	EXPECT_EQ(variant->pasid, cached_pages(self->ref, page));
}

TEST_F(defect, unmap)
{
	bool page[8];

	EXPECT_EQ(4, domain_unmap(self->ref, self->d, 0, 4 * PAGE_SIZE - 1));
	EXPECT_EQ(variant->unmap, cached_pages(self->ref, page));
}

TEST(other_defects)
{
	struct m_req write = { 0, NO_PASID, true, 0 };
	struct domain *d;
	struct iommu_ref *ref = defective("WRITE_IGNORES_RO", &d);

	ASSERT_NE(NULL, ref);
	EXPECT_EQ(0x1000, m_xlate(ref, write, NULL));
	domain_put(ref, d);
	iommu_ref_destroy(ref);

	ref = defective("DETACH_KEEPS_TABLE", &d);
	ASSERT_NE(NULL, ref);
	EXPECT_EQ(0, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, NULL));
	EXPECT_EQ(0x1000, m_xlate(ref, (struct m_req){ 0, NO_PASID, false, 0 }, NULL));
	domain_put(ref, d);
	iommu_ref_destroy(ref);

	EXPECT_EQ(NULL, m_machine(IOMMU_REF_VTD, 64, "NO_SUCH_DEFECT"));
}

TEST_HARNESS_MAIN
