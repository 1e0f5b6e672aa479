// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is the SMMUv3's own: stream table entries and context descriptors in guest memory, their
 * caching, substreams, leaves of every ASID.
 */
#include <kselftest_harness.h>

#include "guest_util.h"

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
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S2, &self->s2));
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
		{ 0, 1ull << 15 },	/* ENDI */
		{ 0, 3ull << 6 },	/* TG0 reserved */
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
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S1, &d));
	ASSERT_EQ(0, domain_map(self->ref, d, GVA, GVA + 0xfff, 0x5000, RW));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 1, d));
	EXPECT_EQ(0x5000, m_xlate(self->ref, s1, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 1, NULL));
	EXPECT_EQ(m_pa(page_of(self->mem, DATA)), m_xlate(self->ref, s1, NULL));
	domain_put(self->ref, d);
}

TEST_HARNESS_MAIN
