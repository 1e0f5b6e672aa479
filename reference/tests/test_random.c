// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Random maps, unmaps and translations of every format against an oracle that cannot be wrong: an
 * array with one cell a page. The seed is fixed; a failure repeats.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define PAGES (2u * 8192u + 100)	/* a little more than two blocks of the largest granule */
#define STEPS 4000u

FIXTURE(random)
{
	struct iommu_ref *ref;
	struct domain *d;
	uint64_t state;
	uint64_t page, base;
	unsigned int pages, block;	/* in use; of a block of level 1 */
	uint64_t pa[PAGES];	/* 0: not mapped */
	uint8_t prot[PAGES];
};

FIXTURE_VARIANT(random)
{
	enum iommu_ref_vendor vendor;
	enum fmt fmt;
	uint32_t granule;	/* 0: 4K */
	unsigned int bits;	/* 48; the machine's: 52 an SMMU, 57 a VT-d of five levels */
	uint64_t base;		/* where the block below is; the next is in another upper table */
	uint64_t high_pa;
};

#define HIGH_PA (0xdull << 48)	/* of an address of 52 bits */

#define ROW(name, ...) FIXTURE_VARIANT_ADD(random, name) { __VA_ARGS__ }
ROW(vtd_second_level, IOMMU_REF_VTD, FMT_VTD_SS, 0, 48, 0, HIGH_PA);
ROW(vtd_first_level, IOMMU_REF_VTD, FMT_X86_FL, 0, 48, 0, 0);
ROW(vtd_second_level_5, IOMMU_REF_VTD, FMT_VTD_SS, 0, 57, 0x155ull << 48, HIGH_PA);
ROW(vtd_first_level_5, IOMMU_REF_VTD, FMT_X86_FL, 0, 57, 0xffull << 48, HIGH_PA);
ROW(smmu_stage_1, IOMMU_REF_SMMUV3, FMT_ARM_S1, 0, 48, 0, 0);
ROW(smmu_stage_2, IOMMU_REF_SMMUV3, FMT_ARM_S2, 0, 48, 0, 0);
/* The other half of the top table, and of the two tables that stage 2 has instead */
ROW(smmu_stage_1_16k, IOMMU_REF_SMMUV3, FMT_ARM_S1, 16384, 48, 1ull << 47, 0);
ROW(smmu_stage_2_16k, IOMMU_REF_SMMUV3, FMT_ARM_S2, 16384, 48, 1ull << 47, 0);
ROW(smmu_stage_1_64k, IOMMU_REF_SMMUV3, FMT_ARM_S1, 65536, 48, 1ull << 42, 0);
ROW(smmu_stage_2_64k, IOMMU_REF_SMMUV3, FMT_ARM_S2, 65536, 48, 1ull << 42, 0);
ROW(smmu_stage_1_64k_52, IOMMU_REF_SMMUV3, FMT_ARM_S1, 65536, 52, 0xaull << 48, HIGH_PA);
ROW(smmu_stage_2_64k_52, IOMMU_REF_SMMUV3, FMT_ARM_S2, 65536, 52, 0xaull << 48, HIGH_PA);

FIXTURE_SETUP(random)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.iotlb_entries = 64;
	cfg.five_level = variant->bits == 57;
	cfg.granule = variant->granule ? variant->granule : 4096;
	cfg.aperture_last = (1ull << variant->bits) - 1;
	if (variant->bits == 52)
		cfg.oas_bits = 52;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	self->state = 0x1234567;
	self->page = cfg.granule;
	self->block = cfg.granule / 8;
	self->pages = (cfg.granule == 4096 ? 4 : 2) * self->block + 100;
	/* The first block is the last one below an edge of the level above. */
	self->base = (variant->base ? variant->base : M_1G) - self->block * self->page;
	ASSERT_EQ(0, domain_create_paging(self->ref, variant->fmt, &self->d));
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, 0),
					       i ? 5 : NO_PASID, self->d));
}

FIXTURE_TEARDOWN(random)
{
	domain_put(self->ref, self->d);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

typedef struct _test_data_random data;

static uint64_t rnd(data *s, uint64_t below)
{
	s->state = s->state * 6364136223846793005ull + 1442695040888963407ull;
	return (s->state >> 33) % below;
}

/* A span of pages, short or long, often at a block's edge. */
static void span(data *s, unsigned int *first, unsigned int *n)
{
	*first = rnd(s, s->pages);
	if (rnd(s, 3) == 0)
		*first -= *first % s->block;
	*n = 1 + rnd(s, rnd(s, 2) ? 8 : 1200);
	if (rnd(s, 3) == 0)
		*n = s->block * (1 + rnd(s, 2));
	if (*n > s->pages - *first)
		*n = s->pages - *first;
}

static bool check_map(data *s, enum fmt fmt, uint64_t high_pa)
{
	unsigned int first, n, i, prot = 1 + rnd(s, 3);
	uint64_t iova, pa;
	bool busy = false;
	int rc;

	span(s, &first, &n);
	iova = s->base + first * s->page;
	/* half of them aligned like the input, so that large leaves come up */
	pa = high_pa + 64 * M_1G + rnd(s, 16) * s->block * s->page +
	     (rnd(s, 2) ? iova & ~0u : rnd(s, 4096) * s->page);
	for (i = first; i < first + n; i++)
		busy |= s->pa[i] != 0;
	rc = domain_map(s->ref, s->d, iova, iova + n * s->page - 1, pa, prot);
	if (rc != (busy ? -EEXIST : 0))
		return false;
	if (prot == PROT_W && (fmt == FMT_X86_FL || fmt == FMT_ARM_S1))
		prot = RW;	/* these cannot forbid reading */
	for (i = first; !busy && i < first + n; i++) {
		s->pa[i] = pa + (i - first) * s->page;
		s->prot[i] = prot;
	}
	return true;
}

static bool check_unmap(data *s)
{
	unsigned int first, n, i, mapped = 0;

	span(s, &first, &n);
	for (i = first; i < first + n; i++) {
		mapped += s->pa[i] != 0;
		s->pa[i] = 0;
	}
	return domain_unmap(s->ref, s->d, s->base + first * s->page,
			    s->base + (first + n) * s->page - 1) == mapped * (s->page / PAGE_SIZE);
}

static bool check_translate(data *s)
{
	unsigned int i = rnd(s, s->pages);
	struct m_req r = { 0, rnd(s, 2) ? 5 : NO_PASID, rnd(s, 2),
			   s->base + i * s->page + rnd(s, s->page) };
	struct iommu_ref_fault f = { 0 };
	uint64_t pa = m_xlate(s->ref, r, &f);

	if (!s->pa[i])
		return !pa && f.reason == IOMMU_REF_FAULT_S1_TRANSLATION && f.iova == r.iova;
	if (!(s->prot[i] & (r.write ? PROT_W : PROT_R)))
		return !pa && f.reason == IOMMU_REF_FAULT_S1_PERMISSION;
	return pa == s->pa[i] + r.iova % s->page;
}

TEST_F(random, against_an_array)
{
	uint64_t mapped = 0;

	for (unsigned int step = 0; step < STEPS; step++) {
		ASSERT_TRUE(check_map(self, variant->fmt, variant->high_pa))
			TH_LOG("map, step %u", step);
		ASSERT_TRUE(check_unmap(self)) TH_LOG("unmap, step %u", step);
		for (unsigned int i = 0; i < 40; i++)
			ASSERT_TRUE(check_translate(self)) TH_LOG("translate, step %u", step);
	}
	for (unsigned int i = 0; i < self->pages; i++)
		mapped += self->pa[i] != 0;
	EXPECT_EQ(mapped * (self->page / PAGE_SIZE), domain_unmap(self->ref, self->d, 0, ~0ull));
	EXPECT_EQ(0, *pt_live(&self->d->table.pool, self->d->table.root));
	EXPECT_NE(0, m_stats(self->ref).iotlb_hits);
	EXPECT_NE(0, m_stats(self->ref).iotlb_evictions);
}

TEST_HARNESS_MAIN
