// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Random maps, unmaps and translations of every format against an oracle that cannot be wrong: an
 * array with one cell a page. The seed is fixed; a failure repeats.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define PAGES (4u * 512u + 100)	/* a little more than four 2M blocks */
#define BASE (M_1G - M_2M)	/* across a gigabyte */
#define STEPS 10000u

FIXTURE(random)
{
	struct iommu_ref *ref;
	struct domain *d;
	uint64_t state;
	uint64_t pa[PAGES];	/* 0: not mapped */
	uint8_t prot[PAGES];
};

FIXTURE_VARIANT(random)
{
	enum iommu_ref_vendor vendor;
	enum fmt fmt;
};

FIXTURE_VARIANT_ADD(random, vtd_second_level) { IOMMU_REF_VTD, FMT_VTD_SS };
FIXTURE_VARIANT_ADD(random, vtd_first_level) { IOMMU_REF_VTD, FMT_X86_FL };
FIXTURE_VARIANT_ADD(random, smmu_stage_1) { IOMMU_REF_SMMUV3, FMT_ARM_S1 };
FIXTURE_VARIANT_ADD(random, smmu_stage_2) { IOMMU_REF_SMMUV3, FMT_ARM_S2 };

FIXTURE_SETUP(random)
{
	self->ref = m_machine(variant->vendor, 64, NULL);
	ASSERT_NE(NULL, self->ref);
	self->state = 0x1234567;
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
	*first = rnd(s, PAGES);
	if (rnd(s, 3) == 0)
		*first -= *first % 512;
	*n = 1 + rnd(s, rnd(s, 2) ? 8 : 1200);
	if (rnd(s, 3) == 0)
		*n = 512 * (1 + rnd(s, 2));
	if (*n > PAGES - *first)
		*n = PAGES - *first;
}

static bool check_map(data *s, enum fmt fmt)
{
	unsigned int first, n, i, prot = 1 + rnd(s, 3);
	uint64_t iova, pa;
	bool busy = false;
	int rc;

	span(s, &first, &n);
	iova = BASE + first * PAGE_SIZE;
	/* half of them aligned like the input, so that large leaves come up */
	pa = 64 * M_1G + rnd(s, 16) * M_2M + (rnd(s, 2) ? iova : rnd(s, 4096) * PAGE_SIZE);
	for (i = first; i < first + n; i++)
		busy |= s->pa[i] != 0;
	rc = domain_map(s->ref, s->d, iova, iova + n * PAGE_SIZE - 1, pa, prot);
	if (rc != (busy ? -EEXIST : 0))
		return false;
	if (prot == PROT_W && (fmt == FMT_X86_FL || fmt == FMT_ARM_S1))
		prot = RW;	/* these cannot forbid reading */
	for (i = first; !busy && i < first + n; i++) {
		s->pa[i] = pa + (i - first) * PAGE_SIZE;
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
	return domain_unmap(s->ref, s->d, BASE + first * PAGE_SIZE,
			    BASE + (first + n) * PAGE_SIZE - 1) == mapped;
}

static bool check_translate(data *s)
{
	unsigned int i = rnd(s, PAGES);
	struct m_req r = { 0, rnd(s, 2) ? 5 : NO_PASID, rnd(s, 2),
			   BASE + i * PAGE_SIZE + rnd(s, PAGE_SIZE) };
	struct iommu_ref_fault f = { 0 };
	uint64_t pa = m_xlate(s->ref, r, &f);

	if (!s->pa[i])
		return !pa && f.reason == IOMMU_REF_FAULT_S1_TRANSLATION && f.iova == r.iova;
	if (!(s->prot[i] & (r.write ? PROT_W : PROT_R)))
		return !pa && f.reason == IOMMU_REF_FAULT_S1_PERMISSION;
	return pa == s->pa[i] + r.iova % PAGE_SIZE;
}

TEST_F(random, against_an_array)
{
	uint64_t mapped = 0;

	for (unsigned int step = 0; step < STEPS; step++) {
		ASSERT_TRUE(check_map(self, variant->fmt)) TH_LOG("map, step %u", step);
		ASSERT_TRUE(check_unmap(self)) TH_LOG("unmap, step %u", step);
		for (unsigned int i = 0; i < 40; i++)
			ASSERT_TRUE(check_translate(self)) TH_LOG("translate, step %u", step);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		mapped += self->pa[i] != 0;
	EXPECT_EQ(mapped, domain_unmap(self->ref, self->d, 0, ~0ull));
	EXPECT_EQ(0, *pt_live(&self->d->table.pool, self->d->table.root));
	EXPECT_NE(0, m_stats(self->ref).iotlb_hits);
	EXPECT_NE(0, m_stats(self->ref).iotlb_evictions);
}

TEST_HARNESS_MAIN
