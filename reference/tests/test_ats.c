// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PCIe ATS of the model: what a translation request is answered, what stays in a device's ATC, that
 * translated requests are not looked up again, and who empties the ATC.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define IOVA 0x40000000ull
#define PAGES 64u
#define ALL 0, UINT64_MAX

FIXTURE(ats)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *d;
	uint8_t *mem;
};

FIXTURE_VARIANT(ats)
{
	enum iommu_ref_vendor vendor;
	enum fmt fmt;
};

FIXTURE_VARIANT_ADD(ats, vtd) { IOMMU_REF_VTD, FMT_VTD_SS };
FIXTURE_VARIANT_ADD(ats, smmu_stage_1) { IOMMU_REF_SMMUV3, FMT_ARM_S1 };
FIXTURE_VARIANT_ADD(ats, smmu_stage_2) { IOMMU_REF_SMMUV3, FMT_ARM_S2 };

FIXTURE_SETUP(ats)
{
	self->ref = m_machine(variant->vendor, 256, NULL);
	ASSERT_NE(NULL, self->ref);
	self->dev = device_by_index(self->ref, 0);
	self->mem = m_memory(M_2M, M_2M);
	ASSERT_EQ(0, domain_create_paging(self->ref, variant->fmt, &self->d));
	ASSERT_EQ(0, domain_map(self->ref, self->d, IOVA, IOVA + PAGES * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->d));
}

FIXTURE_TEARDOWN(ats)
{
	domain_put(self->ref, self->d);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static struct iommu_ref_dma req(uint32_t pasid, bool write, uint64_t iova)
{
	return m_dma((struct m_req){ 0, pasid, write, iova }, NULL, 0);
}

static int ask(struct iommu_ref *ref, uint32_t pasid, bool write, uint64_t iova,
	       struct iommu_ref_ats_completion *c)
{
	struct iommu_ref_dma dma = req(pasid, write, iova);

	memset(c, 0xff, sizeof(*c));
	return iommu_ref_ats_translate(ref, &dma, c);
}

static bool cached(struct iommu_ref *ref, uint32_t pasid, uint64_t iova)
{
	struct iommu_ref_dma dma = req(pasid, false, iova);

	return iommu_ref_atc_cached(ref, &dma);
}

static int run(struct iommu_ref *ref, enum iommu_ref_dma_at at, bool write, uint64_t iova,
	       void *buf, size_t len, struct iommu_ref_fault *f)
{
	struct iommu_ref_dma dma = m_dma((struct m_req){ 0, NO_PASID, write, iova }, buf, len);

	dma.at = at;
	return iommu_ref_dma(ref, &dma, f);
}

TEST_F(ats, completion)
{
	struct iommu_ref_ats_completion c;
	uint64_t ro = IOVA + M_2M, huge = IOVA + M_1G;

	ASSERT_EQ(0, domain_map(self->ref, self->d, ro, ro + 0xfff, m_pa(self->mem), PROT_R));
	ASSERT_EQ(0, domain_map(self->ref, self->d, huge, huge + M_2M - 1, m_pa(self->mem), RW));
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA + 0x1234, &c));
	EXPECT_EQ(IOVA + 0x1000, c.first);
	EXPECT_EQ(IOVA + 0x1fff, c.last);
	EXPECT_EQ(m_pa(self->mem + 0x1000), c.pa);
	EXPECT_TRUE(c.read && c.write);
	EXPECT_TRUE(cached(self->ref, NO_PASID, IOVA + 0x1fff));
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA + 0x2000));
	EXPECT_FALSE(cached(self->ref, 0, IOVA + 0x1000));
	/* a page without the right to write: what there is */
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, ro, &c));
	EXPECT_TRUE(c.read && !c.write);
	/* nothing there: no fault, and not kept */
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA - 1, &c));
	EXPECT_FALSE(c.read || c.write);
	EXPECT_EQ(IOVA - 0x1000, c.first);
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA - 1));
	EXPECT_EQ(0, m_stats(self->ref).faults);
	/* as large as the leaf */
	ASSERT_EQ(0, ask(self->ref, NO_PASID, false, huge + 0x54321, &c));
	EXPECT_EQ(huge, c.first);
	EXPECT_EQ(huge + M_2M - 1, c.last);
	EXPECT_TRUE(cached(self->ref, NO_PASID, huge + M_2M - 1));
	EXPECT_EQ(4, m_stats(self->ref).ats_requests);
}

/* The danger: a translated request does not care what the page table says now. */
TEST_F(ats, translated_is_not_walked)
{
	uint8_t *other = m_memory(PAGE_SIZE, PAGE_SIZE), byte = 0;
	struct iommu_ref_stats s;

	self->mem[5] = 11;
	other[5] = 22;
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, false, IOVA + 5, &byte, 1, NULL));
	EXPECT_EQ(11, byte);
	/* behind the back of everybody: no invalidation */
	pgtable_unmap(&self->d->table, IOVA, IOVA + 0xfff);
	inv_all(self->ref);
	EXPECT_EQ(-EFAULT, run(self->ref, IOMMU_REF_DMA_UNTRANSLATED, false, IOVA + 5, &byte, 1,
			       NULL));
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, false, IOVA + 5, &byte, 1, NULL));
	EXPECT_EQ(11, byte);
	s = m_stats(self->ref);
	EXPECT_EQ(1, s.ats_requests);
	EXPECT_EQ(1, s.atc_hits);
	/* once it is told to, it asks again */
	inv_atc(self->dev, NO_PASID, false, IOVA, IOVA + 0xfff);
	EXPECT_EQ(-EFAULT, run(self->ref, IOMMU_REF_DMA_ATC, false, IOVA + 5, &byte, 1, NULL));
	ASSERT_EQ(0, domain_map(self->ref, self->d, IOVA, IOVA + 0xfff, m_pa(other), RW));
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, false, IOVA + 5, &byte, 1, NULL));
	EXPECT_EQ(22, byte);
	/* and what the device makes up itself goes where it wants */
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_TRANSLATED, false, m_pa(self->mem + 5), &byte, 1,
			 NULL));
	EXPECT_EQ(11, byte);
}

TEST_F(ats, no_right_is_not_sent)
{
	struct iommu_ref_fault f = { 0 };
	uint64_t ro = IOVA + M_2M;
	uint8_t buf[3] = { 1, 2, 3 };

	ASSERT_EQ(0, domain_map(self->ref, self->d, ro, ro + 0xfff, m_pa(self->mem), PROT_R));
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, false, ro, buf, 3, NULL));
	EXPECT_EQ(-EFAULT, run(self->ref, IOMMU_REF_DMA_ATC, true, ro, buf, 3, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, f.reason);
	EXPECT_EQ(ro, f.iova);
	EXPECT_EQ(-EFAULT, run(self->ref, IOMMU_REF_DMA_ATC, true, IOVA - 3, buf, 3, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, f.reason);
	EXPECT_EQ(0, iommu_ref_fault_pop(self->ref, &f));
	EXPECT_EQ(0, m_stats(self->ref).faults);
	EXPECT_EQ(0, self->mem[0]);
	/* over pages, from a read entry to one that is good for writing, too */
	memset(self->mem, 7, 2 * PAGE_SIZE);
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, false, IOVA + 0xffe, buf, 3, NULL));
	EXPECT_EQ(0, run(self->ref, IOMMU_REF_DMA_ATC, true, IOVA + 0xffe, "abc", 3, NULL));
	EXPECT_EQ(0, memcmp(self->mem + 0xffe, "abc", 3));
}

TEST_F(ats, not_enabled)
{
	struct iommu_ref_ats_completion c;
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct iommu_ref_fault f;
	uint8_t byte;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.devices[0].ats = cfg.devices[0].pri = false;
	cfg.devices[1].ats = false;	/* it has pri, and so ats */
	ASSERT_EQ(0, iommu_ref_create(&cfg, &ref));
	EXPECT_TRUE(device_config(device_by_index(ref, 1))->ats);
	ASSERT_EQ(-EFAULT, ask(ref, NO_PASID, false, IOVA, &c));
	ASSERT_EQ(1, iommu_ref_fault_pop(ref, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_ATS_FORBIDDEN, f.reason);
	EXPECT_EQ(-EFAULT, run(ref, IOMMU_REF_DMA_TRANSLATED, false, m_pa(self->mem), &byte, 1,
			       &f));
	EXPECT_EQ(IOMMU_REF_FAULT_ATS_FORBIDDEN, f.reason);
	EXPECT_EQ(m_pa(self->mem), f.iova);
	EXPECT_EQ(1, iommu_ref_fault_pop(ref, &f));
	inv_atc(device_by_index(ref, 0), NO_PASID, false, ALL);
	EXPECT_EQ(0, m_stats(ref).inv_atc);
	iommu_ref_destroy(ref);
	struct iommu_ref_dma none = { .device = 99 };

	EXPECT_EQ(-ENODEV, iommu_ref_ats_translate(self->ref, &none, &c));
	EXPECT_FALSE(iommu_ref_atc_cached(self->ref, &none));
}

TEST_F(ats, unmap_and_detach)
{
	struct iommu_ref_ats_completion c;
	struct domain *other;

	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA + i * PAGE_SIZE, &c));
	EXPECT_EQ(1, domain_unmap(self->ref, self->d, IOVA + PAGE_SIZE, IOVA + 2 * PAGE_SIZE - 1));
	EXPECT_TRUE(cached(self->ref, NO_PASID, IOVA));
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA + PAGE_SIZE));
	EXPECT_TRUE(cached(self->ref, NO_PASID, IOVA + 2 * PAGE_SIZE));
	EXPECT_EQ(1, m_stats(self->ref).inv_atc);
	EXPECT_EQ(1, m_stats(self->ref).inv_atc_entries);
	/* pages 2 and 3 are an aligned block; 2 to 4 need one of 8 pages */
	domain_unmap(self->ref, self->d, IOVA + 2 * PAGE_SIZE, IOVA + 4 * PAGE_SIZE - 1);
	EXPECT_TRUE(cached(self->ref, NO_PASID, IOVA));
	domain_unmap(self->ref, self->d, IOVA + 2 * PAGE_SIZE, IOVA + 5 * PAGE_SIZE - 1);
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA));
	/* another table */
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA, &c));
	ASSERT_EQ(0, domain_create_paging(self->ref, variant->fmt, &other));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, other));
	domain_put(self->ref, other);
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA));
	/* none: VT-d leaves ATS on, and the device asks in vain */
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, NULL));
	EXPECT_EQ(-EFAULT, ask(self->ref, NO_PASID, true, IOVA, &c));
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD, device_ats_enabled(self->dev));
	EXPECT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->d));
	EXPECT_EQ(0, ask(self->ref, NO_PASID, true, IOVA, &c));
}

TEST_F(ats, pasids)
{
	struct iommu_ref_ats_completion c;
	uint32_t pasid[] = { NO_PASID, 1, 2 };

	if (variant->fmt == FMT_ARM_S2)
		SKIP(return, "no PASIDs with a stage 2 alone");
	for (unsigned int p = 1; p < 3; p++)
		ASSERT_EQ(0, device_set_domain(self->ref, self->dev, p, self->d));
#define FILL() do { \
	for (unsigned int p_ = 0; p_ < 3; p_++) \
		for (unsigned int i_ = 0; i_ < 2; i_++) \
			ASSERT_EQ(0, ask(self->ref, pasid[p_], true, IOVA + i_ * PAGE_SIZE, &c)); \
} while (0)
#define LEFT(page) (cached(self->ref, NO_PASID, IOVA + (page) * PAGE_SIZE) | \
		    cached(self->ref, 1, IOVA + (page) * PAGE_SIZE) << 1 | \
		    cached(self->ref, 2, IOVA + (page) * PAGE_SIZE) << 2)
	FILL();
	EXPECT_EQ(7, LEFT(0));
	inv_atc(self->dev, 1, false, IOVA, IOVA + 0xfff);
	EXPECT_EQ(5, LEFT(0));
	EXPECT_EQ(7, LEFT(1));
	inv_atc(self->dev, 1, true, IOVA + 0x1000, IOVA + 0x1fff);
	EXPECT_EQ(1, LEFT(1));
	FILL();
	inv_atc(self->dev, NO_PASID, false, IOVA, IOVA);
	EXPECT_EQ(0, LEFT(0));
	EXPECT_EQ(7, LEFT(1));
	FILL();
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 2, NULL));
	EXPECT_EQ(3, LEFT(0));
	/* an unmap tells every user of the table */
	domain_unmap(self->ref, self->d, IOVA, IOVA + 0xfff);
	EXPECT_EQ(0, LEFT(0));
	EXPECT_EQ(3, LEFT(1));
	/* the RID's: an invalidation without PASID */
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, NULL));
	EXPECT_EQ(0, LEFT(1));
	EXPECT_TRUE(device_ats_enabled(self->dev));
	EXPECT_EQ(0, ask(self->ref, 1, true, IOVA + PAGE_SIZE, &c));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 1, NULL));
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD, device_ats_enabled(self->dev));
}

/* More entries than there is room for, of two sizes; and a range over all of them. */
TEST_F(ats, full)
{
	uint64_t huge = IOVA + M_1G, base = 3 * M_1G;
	struct iommu_ref_ats_completion c;
	unsigned int n = 0;

	ASSERT_EQ(0, domain_map(self->ref, self->d, huge, huge + M_2M - 1, m_pa(self->mem), RW));
	for (unsigned int i = 0; i < 1024; i++)
		ASSERT_EQ(0, domain_map(self->ref, self->d, base + i * PAGE_SIZE,
					base + i * PAGE_SIZE + 0xfff, m_pa(self->mem), RW));
	for (unsigned int i = 0; i < 1024; i++)
		ASSERT_EQ(0, ask(self->ref, NO_PASID, true, base + i * PAGE_SIZE, &c));
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, huge, &c));
	EXPECT_TRUE(cached(self->ref, NO_PASID, huge + 0x10000));
	for (unsigned int i = 0; i < 1024; i++)
		n += cached(self->ref, NO_PASID, base + i * PAGE_SIZE);
	EXPECT_LE(200, n);
	EXPECT_GE(256, n);
	domain_unmap(self->ref, self->d, base, base + 1024 * PAGE_SIZE - 1);
	for (unsigned int i = 0; i < 1024; i++)
		EXPECT_FALSE(cached(self->ref, NO_PASID, base + i * PAGE_SIZE));
	EXPECT_TRUE(cached(self->ref, NO_PASID, huge));
	/* any address of it takes all of it */
	inv_atc(self->dev, NO_PASID, false, huge + 0x7000, huge + 0x7fff);
	EXPECT_FALSE(cached(self->ref, NO_PASID, huge));
	/* smaller than before: the old answer must not be left */
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, huge, &c));
	pgtable_unmap(&self->d->table, huge + M_2M / 2, huge + M_2M - 1);
	inv_all(self->ref);
	inv_atc(self->dev, NO_PASID, false, huge + M_2M / 2, huge + M_2M - 1);
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, huge + 0x3000, &c));
	EXPECT_EQ(PAGE_SIZE - 1, c.last - c.first);
	EXPECT_FALSE(cached(self->ref, NO_PASID, huge + 0x4000));
}

/* What the device may write unseen: with a right to write the page is dirty from then on. */
TEST_F(ats, dirty)
{
	struct iommu_ref_ats_completion c;

	if (variant->fmt != FMT_VTD_SS)
		SKIP(return, "one format with dirty tracking that is turned on is enough");
	ASSERT_EQ(0, domain_make_trackable(self->d));
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA, &c));
	domain_clear_dirty(self->ref, self->d, ALL);
	domain_set_tracking(self->ref, self->d, true);
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA));
	ASSERT_EQ(0, ask(self->ref, NO_PASID, false, IOVA, &c));	/* No Write */
	EXPECT_TRUE(c.read && !c.write);
	ASSERT_EQ(0, ask(self->ref, NO_PASID, true, IOVA, &c));
	EXPECT_TRUE(c.read && c.write);
	EXPECT_TRUE(cached(self->ref, NO_PASID, IOVA));
	domain_clear_dirty(self->ref, self->d, IOVA, IOVA + 0xfff);
	EXPECT_FALSE(cached(self->ref, NO_PASID, IOVA));
}

TEST_HARNESS_MAIN
