// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Accessed and dirty state that hardware keeps in a guest's stage 1: which bits are set by what
 * access, and what stands in the way.
 */
#include <kselftest_harness.h>

#include "guest_util.h"

#define X86_A (1ull << 5)
#define X86_D (1ull << 6)
#define AP_RO (1ull << 7)
#define AF (1ull << 10)
#define DBM (1ull << 51)
#define CD_AFFD (1ull << 35)
#define CD_HD (1ull << 42)
#define CD_HA (1ull << 43)

FIXTURE(mark)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *s2, *s1;
	uint64_t *mem;
};

FIXTURE_VARIANT(mark)
{
	enum iommu_ref_vendor vendor;
	bool trusted;
};

FIXTURE_VARIANT_ADD(mark, vtd) { IOMMU_REF_VTD, false };
FIXTURE_VARIANT_ADD(mark, vtd_trusted) { IOMMU_REF_VTD, true };
FIXTURE_VARIANT_ADD(mark, smmuv3) { IOMMU_REF_SMMUV3, false };
FIXTURE_VARIANT_ADD(mark, smmuv3_trusted) { IOMMU_REF_SMMUV3, true };

static bool vtd(const struct iommu_ref *ref)
{
	return ref->cfg.vendor == IOMMU_REF_VTD;
}

FIXTURE_SETUP(mark)
{
	struct iommu_ref_config cfg;
	bool x86 = variant->vendor == IOMMU_REF_VTD;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.trusted_memory = variant->trusted;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	self->dev = device_by_index(self->ref, 0);
	self->mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	ASSERT_EQ(0, domain_create_paging(self->ref, x86 ? FMT_VTD_SS : FMT_ARM_S2, &self->s2));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	for (unsigned int level = 3; level; level--)
		*guest_entry(self->mem, level) = gpa_of(ROOT + 4 - level) | (x86 ? 7 : 3);
	/* Neither accessed nor dirty. */
	*guest_entry(self->mem, 0) = gpa_of(DATA) | (x86 ? 7 : DBM | AP_RO | 0xb43);
	write_cd(self->mem, 0, 40, ROOT);
	page_of(self->mem, CD_PAGE)[0] |= CD_HA | CD_HD;
	ASSERT_EQ(0, nested_create(self->ref, self->s2, STE0(0), 0, &self->s1));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->s1));
}

FIXTURE_TEARDOWN(mark)
{
	domain_put(self->ref, self->s1);
	domain_put(self->ref, self->s2);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static const struct m_req wr = { 0, NO_PASID, true, GVA + 0x5c0 };

static bool accessed(const struct iommu_ref *ref, uint64_t *mem)
{
	return *guest_entry(mem, 0) & (vtd(ref) ? X86_A : AF);
}

static bool dirty(const struct iommu_ref *ref, uint64_t *mem)
{
	return vtd(ref) ? *guest_entry(mem, 0) & X86_D : !(*guest_entry(mem, 0) & AP_RO);
}

/* With the bits of the context descriptor; what was cached is forgotten. */
static void set_cd(struct iommu_ref *ref, uint64_t *mem, uint64_t bits)
{
	page_of(mem, CD_PAGE)[0] &= ~(CD_HA | CD_HD | CD_AFFD);
	page_of(mem, CD_PAGE)[0] |= bits;
	ref_lock(ref);
	device_cfgi_cd(device_by_index(ref, 0), 0);
	inv_all(ref);
	ref_unlock(ref);
}

TEST_F(mark, a_read_is_an_access)
{
	uint64_t before[4];

	for (unsigned int level = 0; level < 4; level++)
		before[level] = *guest_entry(self->mem, level);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_TRUE(accessed(self->ref, self->mem));
	EXPECT_FALSE(dirty(self->ref, self->mem));
	/* Nothing else changes: A of every entry, AF of the leaf. */
	for (unsigned int level = 0; level < 4; level++)
		EXPECT_EQ(before[level] | (vtd(self->ref) ? X86_A : level ? 0 : AF),
			  *guest_entry(self->mem, level));
	/* It is cached, for reading only: the first write has to be seen. */
	EXPECT_TRUE(m_cached(self->ref, rd));
	EXPECT_FALSE(m_cached(self->ref, wr));
	EXPECT_NE(0, m_xlate(self->ref, wr, NULL));
	EXPECT_TRUE(dirty(self->ref, self->mem));
	EXPECT_TRUE(m_cached(self->ref, wr));
}

TEST_F(mark, a_write_is_both)
{
	struct iommu_ref_dma dma;
	uint64_t value = 0x5a5a;

	dma = m_dma(wr, &value, sizeof(value));
	ASSERT_EQ(0, iommu_ref_dma(self->ref, &dma, NULL));
	EXPECT_TRUE(accessed(self->ref, self->mem));
	EXPECT_TRUE(dirty(self->ref, self->mem));
	EXPECT_EQ(value, page_of(self->mem, DATA)[0x5c0 / 8]);
	/* Once it is so, walks have nothing to write: tables may be read-only then. */
	ASSERT_EQ(ROOT + 5, domain_unmap(self->ref, self->s2, gpa_of(ROOT), gpa_of(4) + 0xfff));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, gpa_of(ROOT), gpa_of(4) + 0xfff,
				m_pa(self->mem), PROT_R));
	EXPECT_NE(0, m_xlate(self->ref, wr, NULL));
}

TEST_F(mark, a_refused_access_leaves_no_trace)
{
	uint64_t *leaf = guest_entry(self->mem, 0);

	*leaf = vtd(self->ref) ? gpa_of(DATA) | 5 : gpa_of(DATA) | AP_RO | 0xb43;
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, m_reason(self->ref, wr));
	EXPECT_FALSE(accessed(self->ref, self->mem));
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_TRUE(accessed(self->ref, self->mem));
	*leaf = 0;
	inv_all(self->ref);
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
	EXPECT_EQ(0, *leaf);
}

/* What hardware writes goes through stage 2, and faults there. */
TEST_F(mark, stage_2_must_allow_it)
{
	struct iommu_ref_fault f;

	ASSERT_EQ(4, domain_unmap(self->ref, self->s2, gpa_of(ROOT), gpa_of(3) + 0xfff));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, gpa_of(ROOT), gpa_of(3) + 0xfff,
				m_pa(self->mem), PROT_R));
	EXPECT_EQ(0, m_xlate(self->ref, rd, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S2_PERMISSION, f.reason);
	EXPECT_EQ(gpa_of(ROOT + (vtd(self->ref) ? 0 : 3)) +
		  8 * pt_index(&pt_x86_fl4, GVA, vtd(self->ref) ? 3 : 0), f.ipa);
	EXPECT_FALSE(accessed(self->ref, self->mem));
}

/* A stage 2 that tracks writes sees that the guest's table was written. */
TEST_F(mark, a_marked_table_is_dirty_in_stage_2)
{
	struct domain *s2, *s1;

	if (!vtd(self->ref))
		return;		/* an SMMU's nest parent cannot be tracked */
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &s2));
	ASSERT_EQ(0, domain_make_trackable(s2));
	ASSERT_EQ(0, domain_map(self->ref, s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	ASSERT_EQ(0, nested_create(self->ref, s2, 0, 0, &s1));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, s1));
	domain_set_tracking(self->ref, s2, true);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_TRUE(*pgtable_entry(&s2->table, gpa_of(3), &(unsigned int){ 0 }) & 1 << 9);
	EXPECT_FALSE(*pgtable_entry(&s2->table, gpa_of(DATA), &(unsigned int){ 0 }) & 1 << 9);
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->s1));
	domain_put(self->ref, s1);
	domain_put(self->ref, s2);
}

TEST_F(mark, what_the_context_descriptor_says)
{
	uint64_t *leaf = guest_entry(self->mem, 0), old = *leaf;

	if (vtd(self->ref))
		return;		/* a first level always keeps both */
	set_cd(self->ref, self->mem, 0);
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
	set_cd(self->ref, self->mem, CD_HD);	/* HD without HA is nothing */
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, rd));
	set_cd(self->ref, self->mem, CD_AFFD);
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_EQ(old, *leaf);
	/* Without HD, DBM is nothing and AP[2] is read-only. */
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, m_reason(self->ref, wr));
	set_cd(self->ref, self->mem, CD_HD | CD_AFFD);
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, m_reason(self->ref, wr));
	set_cd(self->ref, self->mem, CD_HA | CD_AFFD);
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, m_reason(self->ref, wr));
	EXPECT_NE(0, m_xlate(self->ref, rd, NULL));
	EXPECT_EQ(old | AF, *leaf);
	set_cd(self->ref, self->mem, CD_HA | CD_HD);
	EXPECT_NE(0, m_xlate(self->ref, wr, NULL));
	EXPECT_EQ((old | AF) & ~AP_RO, *leaf);
}

TEST(hardware_without_it)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct domain *s2, *s1;
	uint64_t *mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);

	iommu_ref_config_init(&cfg, IOMMU_REF_SMMUV3);
	cfg.dirty_tracking = false;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &ref));
	ASSERT_EQ(0, domain_create_paging(ref, FMT_ARM_S2, &s2));
	ASSERT_EQ(0, domain_map(ref, s2, GPA, GPA + GUEST_PAGES * PAGE_SIZE - 1, m_pa(mem), RW));
	ASSERT_EQ(0, nested_create(ref, s2, STE0(0), 0, &s1));
	ASSERT_EQ(0, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, s1));
	write_cd(mem, 0, 40, ROOT);
	for (unsigned int i = 0; i < 4; i++) {
		set_cd(ref, mem, (i & 1 ? CD_HA : 0) | (i & 2 ? CD_HD : 0));
		EXPECT_EQ(i ? IOMMU_REF_FAULT_BAD_CONFIG : IOMMU_REF_FAULT_S1_TRANSLATION,
			  m_reason(ref, rd));
	}
	domain_put(ref, s1);
	domain_put(ref, s2);
	iommu_ref_destroy(ref);
}

/* The guest's own change in between is not lost. */
TEST_F(mark, only_what_was_looked_at_is_replaced)
{
	uint64_t *page = page_of(self->mem, DATA), *none;

	none = mmap(NULL, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, none);
	*page = 5;
	EXPECT_TRUE(user_cas64(self->ref, m_pa(page), 4, 6));
	EXPECT_EQ(5, *page);
	EXPECT_TRUE(user_cas64(self->ref, m_pa(page), 5, 7));
	EXPECT_EQ(7, *page);
	if (variant->trusted)
		return;
	EXPECT_FALSE(user_cas64(self->ref, m_pa(none), 0, 1));
	ASSERT_EQ(0, mprotect(none, PAGE_SIZE, PROT_READ));
	EXPECT_FALSE(user_cas64(self->ref, m_pa(none), 0, 1));
	/* So a table in memory that cannot be written is a bus fault of the DMA. */
	ASSERT_EQ(0, mprotect(self->mem, 4 * PAGE_SIZE, PROT_READ));
	EXPECT_EQ(IOMMU_REF_FAULT_BUS, m_reason(self->ref, rd));
}

TEST_HARNESS_MAIN
