// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Several devices translate at once while the machine changes under ref_lock(): every answer is
 * one that was right at some moment of the call, and what is unmapped, detached or invalidated
 * when a call returns is gone. ThreadSanitizer sees the rest. The threads do fixed amounts of work.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define DEVICES 3u
#define BASE 0x40000000ull
#define PAGES 64u		/* of each device's space; the IOTLB has as many entries in all */
#define ROUNDS 3000u
#define MEM(space) (0x700000001000ull + ((uint64_t)(space) << 32))

struct worker {
	struct iommu_ref *ref;
	unsigned int device, pasids;	/* which go round; 0: none */
	bool ats;		/* asks for translations, which its device keeps */
	bool (*right)(const struct worker *w, uint64_t iova, uint64_t pa);
	unsigned int wrong, hits;
	pthread_t thread;
};

/* The host address behind the page, as the IOMMU answers the device; 0: none. */
static uint64_t ask(struct iommu_ref *ref, struct m_req r)
{
	struct iommu_ref_dma dma = m_dma(r, NULL, 0);
	struct iommu_ref_ats_completion c;

	return iommu_ref_ats_translate(ref, &dma, &c) || !c.read ? 0 : c.pa;
}

static void *translate_much(void *arg)
{
	struct worker *w = arg;

	for (unsigned int i = 0; i < ROUNDS * 4; i++) {
		struct m_req r = { w->device, w->pasids ? i % w->pasids : NO_PASID, false,
				   BASE + i * 7 % PAGES * PAGE_SIZE };
		uint64_t pa = w->ats ? ask(w->ref, r) : m_xlate(w->ref, r, NULL);

		w->hits += pa != 0;
		w->wrong += pa && !w->right(w, r.iova, pa);
	}
	return NULL;
}

static int start(struct worker *w, unsigned int n)
{
	int rc = 0;

	for (unsigned int i = 0; i < n; i++)
		rc |= pthread_create(&w[i].thread, NULL, translate_much, &w[i]);
	return rc;
}

static unsigned int join(struct worker *w, unsigned int n)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		wrong += w[i].wrong;
	}
	return wrong;
}

/* ---- one stage, every device between two spaces of which one has holes that come and go */

FIXTURE(flat)
{
	struct iommu_ref *ref;
	struct domain *d[2];
	struct worker w[DEVICES];
};

static bool of_either_space(const struct worker *w, uint64_t iova, uint64_t pa)
{
	(void)w;
	return pa == MEM(0) + iova - BASE || pa == MEM(1) + iova - BASE;
}

FIXTURE_SETUP(flat)
{
	self->ref = m_machine(IOMMU_REF_VTD, 64, NULL);
	ASSERT_NE(NULL, self->ref);
	for (unsigned int i = 0; i < 2; i++) {
		ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &self->d[i]));
		ASSERT_EQ(0, domain_map(self->ref, self->d[i], BASE, BASE + PAGES * PAGE_SIZE - 1,
					MEM(i), RW));
	}
	for (unsigned int i = 0; i < DEVICES; i++) {
		self->w[i] = (struct worker){ .ref = self->ref, .device = i,
					      .right = of_either_space };
		ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, i), NO_PASID,
					       self->d[i % 2]));
	}
}

FIXTURE_TEARDOWN(flat)
{
	domain_put(self->ref, self->d[0]);
	domain_put(self->ref, self->d[1]);
	iommu_ref_destroy(self->ref);
}

TEST_F(flat, what_is_unmapped_is_gone)
{
	unsigned int late = 0;

	ASSERT_EQ(0, start(self->w, DEVICES));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t iova = BASE + i % PAGES * PAGE_SIZE;
		struct m_req r = { 0, NO_PASID, false, iova };

		ref_lock(self->ref);
		domain_unmap(self->ref, self->d[0], iova, iova);
		ref_unlock(self->ref);
		late += m_xlate(self->ref, r, NULL) != 0;
		late += m_cached(self->ref, r);
		ref_lock(self->ref);
		domain_map(self->ref, self->d[0], iova, iova + PAGE_SIZE - 1,
			   MEM(0) + iova - BASE, RW);
		ref_unlock(self->ref);
	}
	EXPECT_EQ(0, join(self->w, DEVICES));
	EXPECT_EQ(0, late);
	EXPECT_EQ(ROUNDS * 4, self->w[1].hits);
	EXPECT_NE(0, self->w[0].hits);
}

/* The same of what the devices keep themselves. */
TEST_F(flat, what_is_unmapped_is_gone_from_devices)
{
	unsigned int late = 0;

	for (unsigned int i = 0; i < DEVICES; i++)
		self->w[i].ats = true;
	ASSERT_EQ(0, start(self->w, DEVICES));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t iova = BASE + i % PAGES * PAGE_SIZE;
		struct iommu_ref_dma dma = m_dma((struct m_req){ 0, NO_PASID, false, iova }, NULL,
						 0);

		ref_lock(self->ref);
		domain_unmap(self->ref, self->d[0], iova, iova);
		ref_unlock(self->ref);
		late += iommu_ref_atc_cached(self->ref, &dma);
		late += ask(self->ref, (struct m_req){ 0, NO_PASID, false, iova }) != 0;
		ref_lock(self->ref);
		domain_map(self->ref, self->d[0], iova, iova + PAGE_SIZE - 1,
			   MEM(0) + iova - BASE, RW);
		if (!(i % 16)) {
			device_set_domain(self->ref, device_by_index(self->ref, 1), NO_PASID,
					  self->d[i / 16 % 2]);
			inv_atc(device_by_index(self->ref, 2), NO_PASID, false, 0, UINT64_MAX);
		}
		ref_unlock(self->ref);
	}
	EXPECT_EQ(0, join(self->w, DEVICES));
	EXPECT_EQ(0, late);
	EXPECT_LT(0, self->w[1].hits);
}

TEST_F(flat, a_replaced_space_is_gone)
{
	struct device *dev = device_by_index(self->ref, 0);
	unsigned int late = 0;

	ASSERT_EQ(0, start(self->w, DEVICES));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t iova = BASE + i % PAGES * PAGE_SIZE;
		struct m_req r = { 0, NO_PASID, false, iova };

		ref_lock(self->ref);
		late += device_set_domain(self->ref, dev, NO_PASID, self->d[i % 2]) != 0;
		inv_page(self->ref, domain_dtag(self->d[1]), ATAG_ANY, iova);
		ref_unlock(self->ref);
		late += m_xlate(self->ref, r, NULL) != MEM(i % 2) + iova - BASE;
	}
	EXPECT_EQ(0, join(self->w, DEVICES));
	EXPECT_EQ(0, late);
	for (unsigned int i = 0; i < DEVICES; i++)
		EXPECT_EQ(ROUNDS * 4, self->w[i].hits);
}

TEST_F(flat, counters_and_faults_add_up)
{
	struct iommu_ref_fault fault;
	struct iommu_ref_stats s;
	unsigned int n = 0;

	ASSERT_EQ(0, start(self->w, DEVICES));
	for (unsigned int i = 0; i < ROUNDS / 10; i++) {
		struct iommu_ref_dma dma = m_dma((struct m_req){ i % DEVICES, NO_PASID, true, i },
						 &n, 1);

		EXPECT_EQ(-EFAULT, iommu_ref_dma(self->ref, &dma, &fault));
		EXPECT_EQ(1, iommu_ref_fault_pop(self->ref, &fault));
		EXPECT_EQ(i, fault.iova);
	}
	EXPECT_EQ(0, join(self->w, DEVICES));
	s = m_stats(self->ref);
	EXPECT_EQ(ROUNDS / 10, s.faults);
	EXPECT_EQ(DEVICES * ROUNDS * 4 + ROUNDS / 10, s.translations);
	EXPECT_EQ(s.translations, s.iotlb_hits + s.iotlb_misses);
	EXPECT_EQ(s.iotlb_misses - s.faults, s.iotlb_fills);
}

/* ---- an SMMU's context descriptors, read and forgotten; leaves of every ASID */

#define GUEST_PAGES 16u
#define CD_PAGE 4u
#define SUBSTREAMS 8u

FIXTURE(guest)
{
	struct iommu_ref *ref;
	struct domain *s2, *s1;
	uint64_t *mem;
	struct worker w[DEVICES];
};

/* Stage 1 shows BASE.. at the guest's pages, one after the other, again and again. */
static bool of_the_guest(const struct worker *w, uint64_t iova, uint64_t pa)
{
	(void)w;
	return pa == MEM(0) + (iova - BASE) / PAGE_SIZE % GUEST_PAGES * PAGE_SIZE;
}

static void build_guest(uint64_t *mem, uint64_t data)
{
	uint64_t *cd = mem + CD_PAGE * 512;

	for (unsigned int level = 3; level; level--)
		mem[(3 - level) * 512 + pt_index(&pt_x86_fl4, BASE, level)] =
			BASE + (4 - level) * PAGE_SIZE + 3;
	/* AF, AP[1]; nG only every second page */
	for (unsigned int i = 0; i < PAGES; i++)
		mem[3 * 512 + i] = (data + i % GUEST_PAGES * PAGE_SIZE) | 0x743 |
					  (i % 2 ? 1 << 11 : 0);
	for (unsigned int ssid = 0; ssid < SUBSTREAMS; ssid++) {
		cd[ssid * 8] = 1ull << 31 | 16 | 1ull << 30 | 5ull << 32 | 1ull << 41 |
			       7ull << 45 | (uint64_t)(ssid + 1) << 48;
		cd[ssid * 8 + 1] = BASE;
	}
}

FIXTURE_SETUP(guest)
{
	struct stage1 s1 = { .fmt = FMT_ARM_S1 };
	uint64_t data = BASE + GUEST_PAGES * PAGE_SIZE;

	self->ref = m_machine(IOMMU_REF_SMMUV3, 64, NULL);
	ASSERT_NE(NULL, self->ref);
	self->mem = (uint64_t *)m_memory(GUEST_PAGES * PAGE_SIZE, PAGE_SIZE);
	ASSERT_NE(NULL, self->mem);
	build_guest(self->mem, data);
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S2, &self->s2));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, BASE, data - 1, m_pa(self->mem), RW));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, data, data + GUEST_PAGES * PAGE_SIZE - 1,
				MEM(0), RW));
	s1.ste[0] = 1 | 5 << 1 | (BASE + CD_PAGE * PAGE_SIZE) | 3ull << 59;
	ASSERT_EQ(0, domain_create_nested(self->ref, self->s2, &s1, &self->s1));
	for (unsigned int i = 0; i < DEVICES; i++) {
		self->w[i] = (struct worker){ .ref = self->ref, .device = i, .right = of_the_guest,
					      .pasids = SUBSTREAMS };
		ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, i), NO_PASID,
					       self->s1));
	}
}

FIXTURE_TEARDOWN(guest)
{
	domain_put(self->ref, self->s1);
	domain_put(self->ref, self->s2);
	iommu_ref_destroy(self->ref);
}

TEST_F(guest, descriptors_are_read_while_others_translate)
{
	ASSERT_EQ(0, start(self->w, DEVICES));
	for (unsigned int i = 0; i < ROUNDS / 10; i++) {
		ref_lock(self->ref);
		device_cfgi_cd(device_by_index(self->ref, i % DEVICES), i % SUBSTREAMS);
		inv_pasid(self->ref, domain_dtag(self->s1), i % SUBSTREAMS + 1);
		if (i % 16 == 0)
			inv_domain(self->ref, domain_dtag(self->s1));
		ref_unlock(self->ref);
	}
	EXPECT_EQ(0, join(self->w, DEVICES));
	for (unsigned int i = 0; i < DEVICES; i++)
		EXPECT_EQ(ROUNDS * 4, self->w[i].hits);
}

TEST_HARNESS_MAIN
