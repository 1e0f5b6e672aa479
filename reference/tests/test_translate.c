// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Translation and DMA: one stage, two stages on VT-d and SMMUv3 with tables that the test writes
 * into guest memory, and the reason of every fault.
 */
#include <kselftest_harness.h>

#include "model_util.h"

/* Guest memory: @GPA.. behind stage 2, page by page so that a test can take one page away. */
#define GPA 0x40000000ull
#define GUEST_PAGES 64u
#define ROOT 0u			/* guest page numbers: tables of levels 3..0, CD table, then data */
#define CD_PAGE 4u
#define DATA 8u
#define GVA 0x123456789000ull

FIXTURE(nested)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *s2, *s1;
	uint64_t *mem;
	uint64_t leaf;		/* a leaf entry's bits, read-write */
	uint64_t read_only;	/* what makes it read-only */
	bool read_only_set;
	uint64_t table;		/* a table entry's bits */
};

FIXTURE_VARIANT(nested)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(nested, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(nested, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

static uint64_t gpa_of(unsigned int page)
{
	return GPA + page * PAGE_SIZE;
}

static uint64_t *page_of(uint64_t *mem, unsigned int page)
{
	return mem + page * 512;
}

/* V, T0SZ 16, EPD1, IPS 48, AA64, R, A, ASET, ASID */
static uint64_t cd_word0(uint16_t asid)
{
	return 1ull << 31 | 16 | 1ull << 30 | 5ull << 32 | 1ull << 41 | 7ull << 45 |
	       (uint64_t)asid << 48;
}

static void write_cd(uint64_t *mem, unsigned int ssid, uint16_t asid, unsigned int root_page)
{
	uint64_t *cd = page_of(mem, CD_PAGE) + ssid * 8;

	cd[0] = cd_word0(asid);
	cd[1] = gpa_of(root_page);
}

#define STE0(cdmax) (1ull | 5 << 1 | gpa_of(CD_PAGE) | (uint64_t)(cdmax) << 59)

static int nested_create(struct iommu_ref *ref, struct domain *s2, uint64_t ste0, uint64_t ste1,
			 struct domain **out)
{
	struct stage1 s1 = { .fmt = FMT_X86_FL4, .root = gpa_of(ROOT), .addr_width = 48 };

	if (ref->cfg.vendor == IOMMU_REF_SMMUV3)
		s1 = (struct stage1){ .fmt = FMT_ARM_S1_4K, .ste = { ste0, ste1 } };
	return domain_create_nested(ref, s2, &s1, out);
}

/* Guest page of the table that holds the entry of GVA at @level, and the entry. */
static uint64_t *guest_entry(uint64_t *mem, unsigned int level)
{
	return page_of(mem, ROOT + PT_MAX_LEVEL - level) + pt_index(GVA, level);
}

FIXTURE_SETUP(nested)
{
	bool vtd = variant->vendor == IOMMU_REF_VTD;

	self->ref = m_machine(variant->vendor, 4096, NULL);
	ASSERT_NE(NULL, self->ref);
	self->dev = device_by_index(self->ref, 0);
	self->mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	self->leaf = vtd ? 0x67 : 0xf47;
	self->read_only = vtd ? 2 : 1 << 7;
	self->read_only_set = !vtd;
	self->table = vtd ? 0x27 : 3;
	ASSERT_EQ(0, domain_create_paging(self->ref, vtd ? FMT_VTD_SS4 : FMT_ARM_S2_4K, &self->s2));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	write_cd(self->mem, 0, 42, ROOT);
	for (unsigned int level = 3; level; level--)
		*guest_entry(self->mem, level) = gpa_of(ROOT + 4 - level) | self->table;
	*guest_entry(self->mem, 0) = gpa_of(DATA) | self->leaf;
	ASSERT_EQ(0, nested_create(self->ref, self->s2, STE0(0), 0, &self->s1));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->s1));
}

FIXTURE_TEARDOWN(nested)
{
	domain_put(self->ref, self->s1);
	domain_put(self->ref, self->s2);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static const struct m_req rd = { 0, NO_PASID, false, GVA + 0x5c0 };
static const struct m_req wr = { 0, NO_PASID, true, GVA + 0x5c0 };

static void make_read_only(uint64_t *e, uint64_t bit, bool set)
{
	*e = set ? *e | bit : *e & ~bit;
}

static uint16_t atag(enum iommu_ref_vendor vendor)
{
	return vendor == IOMMU_REF_VTD ? 0 : 42;
}

TEST_F(nested, both_stages)
{
	struct iommu_ref_stats s;

	EXPECT_EQ(m_pa(page_of(self->mem, DATA)) + 0x5c0, m_xlate(self->ref, rd, NULL));
	s = m_stats(self->ref);
	/* 4 guest tables, each behind a walk of 4, and the data's walk; before, the CD */
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD ? 24 : 28, s.walk_loads);
	EXPECT_TRUE(m_cached(self->ref, rd));
	EXPECT_TRUE(m_cached(self->ref, wr));
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)) + 0x5c0, m_xlate(self->ref, wr, NULL));
	EXPECT_EQ(1, m_stats(self->ref).iotlb_hits);
	EXPECT_EQ(s.walk_loads, m_stats(self->ref).walk_loads);
}

TEST_F(nested, stage_1_changes_show_after_invalidation)
{
	m_xlate(self->ref, rd, NULL);
	*guest_entry(self->mem, 0) = gpa_of(DATA + 1) | self->leaf;
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)) + 0x5c0, m_xlate(self->ref, rd, NULL));
	inv_page(self->ref, domain_dtag(self->s1), atag(variant->vendor), GVA);
	EXPECT_EQ(m_pa(page_of(self->mem, DATA + 1)) + 0x5c0, m_xlate(self->ref, rd, NULL));
	*guest_entry(self->mem, 0) = 0;
	inv_pasid(self->ref, domain_dtag(self->s1), atag(variant->vendor));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
}

TEST_F(nested, rights_of_both_stages_are_needed)
{
	struct iommu_ref_fault f;

	make_read_only(guest_entry(self->mem, 0), self->read_only, self->read_only_set);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_EQ(0, m_xlate(self->ref, wr, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, f.reason);
	EXPECT_EQ(wr.iova, f.iova);
	EXPECT_TRUE(f.write);

	*guest_entry(self->mem, 0) = gpa_of(DATA) | self->leaf;
	EXPECT_EQ(1, domain_unmap(self->ref, self->s2, gpa_of(DATA), gpa_of(DATA) + 0xfff));
	EXPECT_EQ(0, domain_map(self->ref, self->s2, gpa_of(DATA), gpa_of(DATA) + 0xfff,
				m_pa(page_of(self->mem, DATA)), PROT_R));
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_EQ(0, m_xlate(self->ref, wr, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_PERMISSION, f.reason);
	EXPECT_EQ(gpa_of(DATA) + 0x5c0, f.ipa);
	EXPECT_EQ(wr.iova, f.iova);
}

TEST_F(nested, every_level_can_be_absent)
{
	for (unsigned int level = 0; level <= 3; level++) {
		uint64_t saved = *guest_entry(self->mem, level);

		*guest_entry(self->mem, level) = 0;
		EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
		*guest_entry(self->mem, level) = saved;
	}
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
}

TEST_F(nested, tables_are_read_through_stage_2)
{
	struct iommu_ref_fault f;

	m_xlate(self->ref, rd, NULL);
	/* The page of the last table goes: what was cached on top of it goes too. */
	EXPECT_EQ(1, domain_unmap(self->ref, self->s2, gpa_of(3), gpa_of(3) + 0xfff));
	EXPECT_FALSE(m_cached(self->ref, rd));
	EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, f.reason);
	EXPECT_EQ(gpa_of(3) + pt_index(GVA, 0) * 8, f.ipa);
	EXPECT_EQ(rd.iova, f.iova);
	*guest_entry(self->mem, 1) = (1ull << 47) | self->table;
	EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, f.reason);
	EXPECT_EQ((1ull << 47) + pt_index(GVA, 0) * 8, f.ipa);
}

TEST_F(nested, a_table_page_that_cannot_be_read_is_a_bus_fault)
{
	ASSERT_EQ(0, munmap(page_of(self->mem, 2), PAGE_SIZE));
	EXPECT_EQ(IOMMU_REF_FAULT_BUS, m_reason(self->ref, rd));
}

TEST_F(nested, address_sizes)
{
	struct m_req r = rd;
	struct iommu_ref_fault f;

	r.iova = 1ull << 48;
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, m_reason(self->ref, r));
	r.iova = 0xffff800000000000;	/* canonical: translated on VT-d, TTB1's on the SMMU */
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD ? IOMMU_REF_FAULT_S1_TRANSLATION :
						     IOMMU_REF_FAULT_ADDRESS_SIZE,
		  m_reason(self->ref, r));
	if (variant->vendor == IOMMU_REF_VTD) {
		/* An output beyond what stage 2 takes. */
		*guest_entry(self->mem, 0) = (1ull << 50) | self->leaf;
		EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
		EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, f.reason);
		EXPECT_EQ((1ull << 50) + 0x5c0, f.ipa);
	}
}

/* A 2M leaf of stage 1 on 4K pages of stage 2 is cached in pieces, and goes as a whole. */
TEST_F(nested, pieces_of_a_large_leaf_go_together)
{
	uint64_t leaf = variant->vendor == IOMMU_REF_VTD ? 0xe7 : 0xf45;
	struct m_req a = rd, b = rd, other = rd, page = rd, beside = rd;

	a.iova = (GVA & ~(M_2M - 1)) + DATA * PAGE_SIZE;
	b.iova = a.iova + 20 * PAGE_SIZE;
	other.iova = (GVA & ~(M_2M - 1)) + M_2M + DATA * PAGE_SIZE;
	*guest_entry(self->mem, 1) = GPA | leaf;
	guest_entry(self->mem, 1)[1] = GPA | leaf;
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)), m_xlate(self->ref, a, NULL));
	EXPECT_EQ(m_pa(page_of(self->mem, DATA + 20)), m_xlate(self->ref, b, NULL));
	EXPECT_NE(0, m_xlate(self->ref, other, NULL));
	/* Beside them two pages with leaves of their own: one names itself alone. */
	guest_entry(self->mem, 1)[2] = gpa_of(3) | self->table;
	guest_entry(self->mem, 0)[1] = gpa_of(DATA) | self->leaf;
	page.iova = GVA + 2 * M_2M;
	beside.iova = page.iova + PAGE_SIZE;
	EXPECT_NE(0, m_xlate(self->ref, page, NULL));
	EXPECT_NE(0, m_xlate(self->ref, beside, NULL));
	inv_page(self->ref, domain_dtag(self->s1), ATAG_ANY, page.iova);
	EXPECT_FALSE(m_cached(self->ref, page));
	EXPECT_TRUE(m_cached(self->ref, beside));
	inv_page(self->ref, domain_dtag(self->s1), ATAG_ANY, a.iova + 5 * PAGE_SIZE);
	EXPECT_FALSE(m_cached(self->ref, a));
	EXPECT_FALSE(m_cached(self->ref, b));
	EXPECT_TRUE(m_cached(self->ref, other));
}

/* And the other way round: a page of stage 1 on a block of stage 2 is a page. */
TEST_F(nested, a_page_on_a_block_is_a_page)
{
	struct m_req next = rd;

	ASSERT_EQ(0, domain_map(self->ref, self->s2, M_2M, 2 * M_2M - 1, M_1G, RW));
	*guest_entry(self->mem, 0) = (M_2M + 0x7000) | self->leaf;
	EXPECT_EQ(M_1G + 0x75c0, m_xlate(self->ref, rd, NULL));
	next.iova += PAGE_SIZE;
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, next));
	/* A right that was added: the walk that finds it replaces what was cached. */
	inv_domain(self->ref, domain_dtag(self->s1));
	make_read_only(guest_entry(self->mem, 0), self->read_only, self->read_only_set);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_FALSE(m_cached(self->ref, wr));
	*guest_entry(self->mem, 0) = (M_2M + 0x7000) | self->leaf;
	EXPECT_NE(0, m_xlate(self->ref, wr, NULL));
	EXPECT_TRUE(m_cached(self->ref, wr));
}

TEST_F(nested, an_attach_starts_with_nothing_cached)
{
	m_xlate(self->ref, rd, NULL);
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->s1));
	/* On the SMMU another address fetches the descriptor, so that look-ups have an ASID. */
	m_xlate(self->ref, (struct m_req){ 0, NO_PASID, false, 0 }, NULL);
	EXPECT_FALSE(m_cached(self->ref, rd));
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
}

TEST_F(nested, dma_does_not_wrap)
{
	struct m_req last = { 0, NO_PASID, false, ~0ull };
	struct iommu_ref_fault f;
	uint8_t buf[2];
	struct iommu_ref_dma dma = m_dma(last, buf, 1);

	if (variant->vendor != IOMMU_REF_VTD) {	/* TTB0 ends far below */
		EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &f));
		EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, f.reason);
		EXPECT_EQ(~0ull, f.iova);
		return;
	}
	for (unsigned int page = 0; page < 4; page++)
		page_of(self->mem, page)[511] = page < 3 ? gpa_of(page + 1) | self->table :
							   gpa_of(DATA) | self->leaf;
	EXPECT_EQ(0, iommu_ref_dma(self->ref, &dma, &f));
	dma.len = 2;
	EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, f.reason);
	EXPECT_EQ(0, f.iova);
}

TEST_F(nested, a_parent_unmap_reaches_every_child)
{
	struct m_req r1 = rd;
	struct domain *second;

	ASSERT_EQ(0, nested_create(self->ref, self->s2, STE0(0), 0, &second));
	ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, 1), NO_PASID, second));
	r1.device = 1;
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_NE(0, m_xlate(self->ref, r1, NULL));
	EXPECT_EQ(1, domain_unmap(self->ref, self->s2, gpa_of(DATA), gpa_of(DATA) + 0xfff));
	EXPECT_FALSE(m_cached(self->ref, rd));
	EXPECT_FALSE(m_cached(self->ref, r1));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, m_reason(self->ref, rd));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, m_reason(self->ref, r1));
	domain_put(self->ref, second);
}

TEST_F(nested, what_cannot_nest)
{
	struct stage1 s1 = { .fmt = FMT_X86_FL4, .addr_width = 48 };
	struct domain *d;

	EXPECT_EQ(-EINVAL, nested_create(self->ref, self->s1, STE0(0), 0, &d));
	s1.fmt = variant->vendor == IOMMU_REF_VTD ? FMT_ARM_S1_4K : FMT_X86_FL4;
	EXPECT_EQ(-EINVAL, domain_create_nested(self->ref, self->s2, &s1, &d));
	EXPECT_EQ(-EOPNOTSUPP, domain_create_paging(self->ref, s1.fmt, &d));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->s1, 0, 0xfff, 0x1000, RW));
	if (variant->vendor == IOMMU_REF_VTD) {
		s1 = (struct stage1){ .fmt = FMT_X86_FL4, .addr_width = 57 };
		ASSERT_EQ(0, domain_create_nested(self->ref, self->s2, &s1, &d));
		EXPECT_EQ(-EINVAL, device_set_domain(self->ref, self->dev, NO_PASID, d));
		EXPECT_EQ(self->s1, device_domain(self->dev, NO_PASID));
		domain_put(self->ref, d);
	}
}

TEST_F(nested, lifetimes)
{
	struct iommu_ref_stats s = m_stats(self->ref);
	struct domain *d;

	EXPECT_EQ(2, s.domains);
	ASSERT_EQ(0, nested_create(self->ref, self->s2, STE0(0), 0, &d));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, d));
	domain_put(self->ref, d);
	EXPECT_EQ(3, m_stats(self->ref).domains);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, NULL));
	EXPECT_EQ(2, m_stats(self->ref).domains);
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, rd));
	EXPECT_FALSE(m_cached(self->ref, rd));
}

/* ---- SMMUv3: stream table entry and context descriptors */

FIXTURE(smmu)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *s2;
	uint64_t *mem;
};

FIXTURE_SETUP(smmu)
{
	self->ref = m_machine(IOMMU_REF_SMMUV3, 4096, NULL);
	ASSERT_NE(NULL, self->ref);
	self->dev = device_by_index(self->ref, 0);
	self->mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S2_4K, &self->s2));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	for (unsigned int level = 3; level; level--)
		*guest_entry(self->mem, level) = gpa_of(ROOT + 4 - level) | 3;
	*guest_entry(self->mem, 0) = gpa_of(DATA) | 0xf47;
	for (unsigned int ssid = 0; ssid < 4; ssid++)
		write_cd(self->mem, ssid, 40 + ssid, ROOT);
}

FIXTURE_TEARDOWN(smmu)
{
	domain_put(self->ref, self->s2);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static int attach(struct iommu_ref *ref, struct domain *s2, uint64_t ste0, uint64_t ste1)
{
	struct domain *d;
	int rc = nested_create(ref, s2, ste0, ste1, &d);

	if (!rc)
		rc = device_set_domain(ref, device_by_index(ref, 0), NO_PASID, d);
	if (!rc)
		domain_put(ref, d);
	return rc;
}

TEST_F(smmu, config)
{
	struct m_req ipa = { 0, NO_PASID, false, gpa_of(DATA) };
	struct iommu_ref_dma dma = m_dma(rd, &dma, 8);
	struct iommu_ref_fault f;

	ASSERT_EQ(0, attach(self->ref, self->s2, 1 | 4 << 1, 0));	/* bypass: stage 2 alone */
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)), m_xlate(self->ref, ipa, NULL));
	EXPECT_TRUE(m_cached(self->ref, ipa));
	ipa.iova = gpa_of(GUEST_PAGES);
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, m_reason(self->ref, ipa));
	ipa.pasid = 1;
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, ipa));

	ASSERT_EQ(0, attach(self->ref, self->s2, 1, 0));		/* abort: no event */
	EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, f.reason);
	EXPECT_EQ(0, iommu_ref_fault_pop(self->ref, &f));
	ASSERT_EQ(0, attach(self->ref, self->s2, 0, 0));		/* V = 0 */
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, rd));
}

TEST_F(smmu, malformed_context_descriptors)
{
	static const struct {
		uint64_t clear, set;
	} bad[] = {
		{ 1ull << 31, 0 },	/* V */
		{ 1ull << 41, 0 },	/* AA64 */
		{ 1ull << 46, 0 },	/* A */
		{ 0, 1ull << 44 },	/* S */
		{ 0, 1ull << 43 },	/* HA */
		{ 0, 1ull << 15 },	/* ENDI */
		{ 0, 1ull << 6 },	/* TG0 64K */
		{ 0x3f, 15 },		/* T0SZ too small, */
		{ 0x3f, 40 },		/* too large */
		{ 7ull << 32, 0 },	/* IPS 32 bits: TTB0 is beyond */
	};
	uint64_t *cd = page_of(self->mem, CD_PAGE);

	cd[1] = 0x200000000;		/* not within 32 bits; never read */
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(0), 0));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cd[0] = (cd_word0(40) & ~bad[i].clear) | bad[i].set;
		EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, rd));
	}
	write_cd(self->mem, 0, 40, ROOT);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
}

TEST_F(smmu, context_descriptor_behind_stage_2)
{
	struct iommu_ref_fault f;

	ASSERT_EQ(1, domain_unmap(self->ref, self->s2, gpa_of(CD_PAGE), gpa_of(CD_PAGE) + 0xfff));
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(0), 0));
	EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, f.reason);
	EXPECT_EQ(gpa_of(CD_PAGE), f.ipa);
}

TEST_F(smmu, smaller_tables_and_no_walks)
{
	struct m_req r = rd;
	uint64_t *cd = page_of(self->mem, CD_PAGE);

	/* T0SZ 25: 39 bits, the walk starts one level down. */
	r.iova = GVA & ((1ull << 39) - 1);
	cd[0] = (cd_word0(40) & ~0x3full) | 25;
	cd[1] = gpa_of(ROOT + 1);
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(0), 0));
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)), m_xlate(self->ref, r, NULL));
	r.iova |= 1ull << 39;
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, m_reason(self->ref, r));
	/* IPS 36 bits: a leaf beyond. */
	r.iova &= ~(1ull << 39);
	cd[0] = (cd[0] & ~(7ull << 32)) | 1ull << 32;
	*guest_entry(self->mem, 0) = (1ull << 36) | 0xf47;
	device_cfgi(self->dev);
	inv_domain(self->ref, domain_dtag(self->s2));
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, m_reason(self->ref, r));
	cd[0] |= 1 << 14;	/* EPD0 */
	device_cfgi_cd(self->dev, 0);
	inv_domain(self->ref, domain_dtag(self->s2));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
}

TEST_F(smmu, record_bit_keeps_stage_1_faults_quiet)
{
	struct iommu_ref_dma dma = m_dma(rd, &dma, 8);
	struct iommu_ref_fault f;

	page_of(self->mem, CD_PAGE)[0] &= ~(1ull << 45);
	*guest_entry(self->mem, 0) = 0;
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(0), 0));
	EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, f.reason);
	EXPECT_EQ(0, iommu_ref_fault_pop(self->ref, &f));
	*guest_entry(self->mem, 0) = 0x70000f47;	/* stage 2 has none there */
	EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, f.reason);
	EXPECT_EQ(1, iommu_ref_fault_pop(self->ref, &f));
}

TEST_F(smmu, substreams)
{
	struct m_req s[6];

	for (uint32_t i = 0; i < 6; i++)
		s[i] = (struct m_req){ 0, i, false, GVA };
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 2));	/* 4 descriptors, S1DSS: number 0 */
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_NE(0, m_xlate(self->ref, s[1], NULL));
	EXPECT_NE(0, m_xlate(self->ref, s[3], NULL));
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, s[0]));
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, s[4]));
	/* Each has its ASID. */
	inv_pasid(self->ref, domain_dtag(self->s2), 41);
	EXPECT_FALSE(m_cached(self->ref, s[1]));
	EXPECT_TRUE(m_cached(self->ref, s[3]));
	EXPECT_TRUE(m_cached(self->ref, rd));
	inv_page(self->ref, domain_dtag(self->s2), ATAG_ANY, GVA);
	EXPECT_FALSE(m_cached(self->ref, s[3]));
	EXPECT_FALSE(m_cached(self->ref, rd));
	EXPECT_EQ(NULL, device_domain(self->dev, 1));

	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 1));	/* without one: stage 1 bypassed */
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)),
		  m_xlate(self->ref, (struct m_req){ 0, NO_PASID, false, gpa_of(DATA) }, NULL));
	EXPECT_NE(0, m_xlate(self->ref, s[0], NULL));
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 0));	/* without one: terminated */
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, rd));
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(0), 0));	/* no substreams */
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, s[1]));
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2) | 1 << 4, 2));	/* two-level table */
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, s[1]));
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(21), 2));	/* more than 20 bits of PASID */
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, m_reason(self->ref, s[1]));
}

TEST_F(smmu, descriptors_are_cached_until_cfgi)
{
	struct m_req s1 = { 0, 1, false, GVA };

	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 2));
	m_xlate(self->ref, rd, NULL);
	m_xlate(self->ref, s1, NULL);
	write_cd(self->mem, 0, 77, ROOT);
	write_cd(self->mem, 1, 78, ROOT);
	EXPECT_TRUE(m_cached(self->ref, rd));
	device_cfgi_cd(self->dev, 1);
	EXPECT_TRUE(m_cached(self->ref, rd));
	EXPECT_FALSE(m_cached(self->ref, s1));
	m_xlate(self->ref, s1, NULL);
	EXPECT_TRUE(m_cached(self->ref, s1));
	inv_pasid(self->ref, domain_dtag(self->s2), 78);
	EXPECT_FALSE(m_cached(self->ref, s1));
	device_cfgi(self->dev);
	EXPECT_FALSE(m_cached(self->ref, rd));
	m_xlate(self->ref, rd, NULL);
	inv_pasid(self->ref, domain_dtag(self->s2), 77);
	EXPECT_FALSE(m_cached(self->ref, rd));
	/* The translations of the old ASID are still there: CFGI is not TLBI. */
	write_cd(self->mem, 0, 40, ROOT);
	device_cfgi(self->dev);
	*guest_entry(self->mem, 0) = 0;
	m_xlate(self->ref, (struct m_req){ 0, NO_PASID, false, 0 }, NULL);
	EXPECT_TRUE(m_cached(self->ref, rd));
}

/* nG = 0: one entry for every ASID of the VMID. */
TEST_F(smmu, global_leaves)
{
	uint32_t vmid = domain_dtag(self->s2);
	struct m_req s1 = { 0, 1, false, GVA };

	*guest_entry(self->mem, 0) &= ~(1ull << 11);
	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 2));
	m_xlate(self->ref, (struct m_req){ 0, 1, false, 0 }, NULL);	/* fetches descriptor 1 */
	m_xlate(self->ref, rd, NULL);
	EXPECT_TRUE(m_cached(self->ref, s1));
	inv_pasid(self->ref, vmid, 40);
	EXPECT_TRUE(m_cached(self->ref, rd));
	inv_page(self->ref, vmid, 41, GVA);
	EXPECT_FALSE(m_cached(self->ref, rd));
	EXPECT_FALSE(m_cached(self->ref, s1));
	m_xlate(self->ref, rd, NULL);
	inv_domain(self->ref, vmid);
	EXPECT_FALSE(m_cached(self->ref, s1));
}

TEST_F(smmu, a_pasid_of_its_own_beats_the_context_table)
{
	struct m_req s1 = { 0, 1, false, GVA };
	struct domain *d;

	ASSERT_EQ(0, attach(self->ref, self->s2, STE0(2), 2));
	m_xlate(self->ref, s1, NULL);
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S1_4K, &d));
	ASSERT_EQ(0, domain_map(self->ref, d, GVA, GVA + 0xfff, 0x5000, RW));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 1, d));
	EXPECT_EQ(0x5000, m_xlate(self->ref, s1, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 1, NULL));
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)), m_xlate(self->ref, s1, NULL));
	domain_put(self->ref, d);
}

TEST_HARNESS_MAIN
