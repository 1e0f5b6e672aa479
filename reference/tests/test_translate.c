// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Translation and DMA: one stage, two stages on VT-d and SMMUv3 with tables that the test writes
 * into guest memory, and the reason of every fault.
 */
#include <kselftest_harness.h>
#include <signal.h>
#include <sys/wait.h>

#include "guest_util.h"

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
	bool trusted;	/* tables are read directly */
};

FIXTURE_VARIANT_ADD(nested, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(nested, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };
FIXTURE_VARIANT_ADD(nested, vtd_trusted) { .vendor = IOMMU_REF_VTD, .trusted = true };
FIXTURE_VARIANT_ADD(nested, smmuv3_trusted) { .vendor = IOMMU_REF_SMMUV3, .trusted = true };

FIXTURE_SETUP(nested)
{
	bool vtd = variant->vendor == IOMMU_REF_VTD;
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.trusted_memory = variant->trusted;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	self->dev = device_by_index(self->ref, 0);
	self->mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	self->leaf = vtd ? 0x67 : 0xf47;
	self->read_only = vtd ? 2 : 1 << 7;
	self->read_only_set = !vtd;
	self->table = vtd ? 0x27 : 3;
	ASSERT_EQ(0, domain_create_paging(self->ref, vtd ? FMT_VTD_SS : FMT_ARM_S2, &self->s2));
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
	EXPECT_EQ(gpa_of(3) + pt_index(&pt_x86_fl4, GVA, 0) * 8, f.ipa);
	EXPECT_EQ(rd.iova, f.iova);
	*guest_entry(self->mem, 1) = (1ull << 47) | self->table;
	EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, f.reason);
	EXPECT_EQ((1ull << 47) + pt_index(&pt_x86_fl4, GVA, 0) * 8, f.ipa);
}

TEST_F(nested, a_table_page_that_cannot_be_read_is_a_bus_fault)
{
	pid_t child;
	int status;

	ASSERT_EQ(0, munmap(page_of(self->mem, 2), PAGE_SIZE));
	if (!variant->trusted) {
		EXPECT_EQ(IOMMU_REF_FAULT_BUS, m_reason(self->ref, rd));
		return;
	}
	/* The promise was that this never happens: the tables are read as they are. */
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(m_reason(self->ref, rd));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
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

/* The tables of GVA below one more, by which addresses of 57 bits are found. */
TEST(five_levels)
{
	const uint64_t high = 0x55ull << 48, top = 5;
	struct stage1 s1 = { .fmt = FMT_X86_FL, .root = gpa_of(top), .addr_width = 57 };
	struct m_req r = { 0, NO_PASID, false, GVA + high + 0x5c0 };
	uint64_t *mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	struct domain *s2, *d;
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;

	for (unsigned int level = 3; level; level--)
		*guest_entry(mem, level) = gpa_of(ROOT + 4 - level) | 0x27;
	*guest_entry(mem, 0) = gpa_of(DATA) | 0x67;
	page_of(mem, top)[0x55] = gpa_of(ROOT) | 0x27;
	page_of(mem, top)[0x1ff] = gpa_of(ROOT) | 0x27 | 1 << 7; /* reserved: no such block */
	for (unsigned int five = 0; five < 2; five++) {
		iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
		cfg.five_level = five;
		ASSERT_EQ(0, iommu_ref_create(&cfg, &ref));
		ASSERT_EQ(0, domain_create_paging(ref, FMT_VTD_SS, &s2));
		ASSERT_EQ(0, domain_map(ref, s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1, m_pa(mem),
					RW));
		ASSERT_EQ(0, domain_create_nested(ref, s2, &s1, &d));
		ASSERT_EQ(five ? 0 : -EINVAL,
			  device_set_domain(ref, device_by_index(ref, 0), NO_PASID, d));
		if (five) {
			EXPECT_EQ(m_pa(page_of(mem, DATA)) + 0x5c0, m_xlate(ref, r, NULL));
			EXPECT_EQ(5 * 5 + 4, m_stats(ref).walk_loads);
			EXPECT_TRUE(m_cached(ref, r));
			EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(ref, rd));
			r.iova = GVA | ~0ull << 56;
			EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(ref, r));
			r.iova = GVA | 1ull << 57;
			EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, m_reason(ref, r));
			r.iova = GVA + high;
			inv_page(ref, domain_dtag(d), 0, r.iova);
			EXPECT_FALSE(m_cached(ref, r));
		}
		domain_put(ref, d);
		domain_put(ref, s2);
		iommu_ref_destroy(ref);
	}
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
	struct stage1 s1 = { .fmt = FMT_X86_FL, .addr_width = 48 };
	struct domain *d;

	EXPECT_EQ(-EINVAL, nested_create(self->ref, self->s1, STE0(0), 0, &d));
	s1.fmt = variant->vendor == IOMMU_REF_VTD ? FMT_ARM_S1 : FMT_X86_FL;
	EXPECT_EQ(-EINVAL, domain_create_nested(self->ref, self->s2, &s1, &d));
	EXPECT_EQ(-EOPNOTSUPP, domain_create_paging(self->ref, s1.fmt, &d));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->s1, 0, 0xfff, 0x1000, RW));
	if (variant->vendor == IOMMU_REF_VTD) {
		s1 = (struct stage1){ .fmt = FMT_X86_FL, .addr_width = 57 };
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

TEST_HARNESS_MAIN
