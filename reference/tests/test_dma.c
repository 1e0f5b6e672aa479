// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DMA moves bytes of the caller's memory, stops at faults, and no address that anybody gives makes
 * a signal. Devices, PASIDs, fault records, configuration.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define IOVA 0x7ff000ull

FIXTURE(dma)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *d;
	uint8_t *mem;		/* 8 pages; mapped at IOVA */
	uint8_t buf[8 * 4096];
};

FIXTURE_VARIANT(dma)
{
	enum iommu_ref_vendor vendor;
	enum fmt fmt;
};

FIXTURE_VARIANT_ADD(dma, vtd_second_level) { IOMMU_REF_VTD, FMT_VTD_SS };
FIXTURE_VARIANT_ADD(dma, vtd_first_level) { IOMMU_REF_VTD, FMT_X86_FL };
FIXTURE_VARIANT_ADD(dma, smmu_stage_1) { IOMMU_REF_SMMUV3, FMT_ARM_S1 };
FIXTURE_VARIANT_ADD(dma, smmu_stage_2) { IOMMU_REF_SMMUV3, FMT_ARM_S2 };

FIXTURE_SETUP(dma)
{
	self->ref = m_machine(variant->vendor, 256, NULL);
	ASSERT_NE(NULL, self->ref);
	self->dev = device_by_index(self->ref, 0);
	self->mem = m_memory(8 * PAGE_SIZE, PAGE_SIZE);
	ASSERT_EQ(0, domain_create_paging(self->ref, variant->fmt, &self->d));
	ASSERT_EQ(0, domain_map(self->ref, self->d, IOVA, IOVA + 8 * PAGE_SIZE - 1,
				m_pa(self->mem), RW));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->d));
	for (unsigned int i = 0; i < sizeof(self->buf); i++)
		self->buf[i] = i * 7 + (i >> 8);
}

FIXTURE_TEARDOWN(dma)
{
	domain_put(self->ref, self->d);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static int run(struct iommu_ref *ref, bool write, uint64_t iova, void *buf, size_t len,
	       struct iommu_ref_fault *f)
{
	struct iommu_ref_dma dma = m_dma((struct m_req){ 0, NO_PASID, write, iova }, buf, len);

	return iommu_ref_dma(ref, &dma, f);
}

TEST_F(dma, bytes_move)
{
	static uint8_t back[3 * 4096];

	EXPECT_EQ(0, run(self->ref, true, IOVA + 100, self->buf, sizeof(back), NULL));
	EXPECT_EQ(0, memcmp(self->mem + 100, self->buf, sizeof(back)));
	EXPECT_EQ(0, self->mem[99]);
	EXPECT_EQ(0, self->mem[100 + sizeof(back)]);
	EXPECT_EQ(0, run(self->ref, false, IOVA + 100, back, sizeof(back), NULL));
	EXPECT_EQ(0, memcmp(back, self->buf, sizeof(back)));
	EXPECT_EQ(0, run(self->ref, false, ~0ull, NULL, 0, NULL));
	EXPECT_EQ(0, m_stats(self->ref).faults);
}

TEST_F(dma, a_fault_stops_behind_the_pages_before)
{
	struct iommu_ref_fault f, record;

	EXPECT_EQ(1, domain_unmap(self->ref, self->d, IOVA + 2 * PAGE_SIZE,
				  IOVA + 3 * PAGE_SIZE - 1));
	EXPECT_EQ(-EFAULT, run(self->ref, true, IOVA + 0x10, self->buf, 4 * PAGE_SIZE, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, f.reason);
	EXPECT_EQ(IOVA + 2 * PAGE_SIZE, f.iova);
	EXPECT_EQ(8, f.rid);
	EXPECT_TRUE(f.write);
	EXPECT_FALSE(f.has_pasid);
	EXPECT_EQ(0, memcmp(self->mem + 0x10, self->buf, 2 * PAGE_SIZE - 0x10));
	EXPECT_EQ(0, self->mem[2 * PAGE_SIZE]);
	EXPECT_EQ(0, self->mem[3 * PAGE_SIZE]);
	EXPECT_EQ(1, iommu_ref_fault_pop(self->ref, &record));
	EXPECT_EQ(0, memcmp(&f, &record, sizeof(f)));
	EXPECT_EQ(0, iommu_ref_fault_pop(self->ref, &record));
}

TEST_F(dma, read_only)
{
	struct iommu_ref_fault f;

	ASSERT_EQ(0, domain_map(self->ref, self->d, 0, 0xfff, m_pa(self->mem), PROT_R));
	EXPECT_EQ(0, run(self->ref, false, 0x40, self->buf, 64, NULL));
	EXPECT_EQ(-EFAULT, run(self->ref, true, 0x40, "x", 1, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, f.reason);
	EXPECT_EQ(0x40, f.iova);
	EXPECT_EQ(0, self->mem[0x40]);
}

/* What the caller maps may have gone, be read-only, or never have been. */
TEST_F(dma, bad_memory_is_a_fault_and_no_signal)
{
	struct iommu_ref_fault f;
	uint64_t gone = m_pa(self->mem + PAGE_SIZE);

	ASSERT_EQ(0, munmap(self->mem + PAGE_SIZE, PAGE_SIZE));
	ASSERT_EQ(0, mprotect(self->mem + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ));
	ASSERT_EQ(0, mprotect(self->mem + 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE));
	EXPECT_EQ(-EFAULT, run(self->ref, true, IOVA + PAGE_SIZE, self->buf, 1, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_BUS, f.reason);
	EXPECT_EQ(-EFAULT, run(self->ref, true, IOVA + 2 * PAGE_SIZE, self->buf, 1, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_BUS, f.reason);
	EXPECT_EQ(0, run(self->ref, false, IOVA + 2 * PAGE_SIZE, self->buf, 1, NULL));
	EXPECT_EQ(-EFAULT, run(self->ref, false, IOVA + 3 * PAGE_SIZE, self->buf, 1, &f));
	EXPECT_EQ(-EFAULT, run(self->ref, false, IOVA, (void *)gone, 1, &f));
	EXPECT_EQ(-EFAULT, run(self->ref, true, IOVA, NULL, 1, &f));
	EXPECT_EQ(-EFAULT, run(self->ref, true, IOVA, (void *)-1, 5, &f));
}

TEST_F(dma, ends_of_the_address_space)
{
	struct iommu_ref_fault f;
	uint64_t last = domain_last(self->d);

	EXPECT_EQ(variant->fmt == FMT_X86_FL ? (1ull << 47) - 1 : (1ull << 48) - 1, last);
	ASSERT_EQ(0, domain_map(self->ref, self->d, last - 0xfff, last, m_pa(self->mem), RW));
	EXPECT_EQ(-ERANGE, domain_map(self->ref, self->d, last + 1, last + 0x1000, 0x1000, RW));
	EXPECT_EQ(0, run(self->ref, true, last, "x", 1, NULL));
	EXPECT_EQ('x', self->mem[0xfff]);
	EXPECT_EQ(-EFAULT, run(self->ref, true, last, "xy", 2, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, f.reason);
	EXPECT_EQ(last + 1, f.iova);
	EXPECT_EQ(-EFAULT, run(self->ref, false, ~0ull, self->buf, 2, &f));
	EXPECT_EQ(9, domain_unmap(self->ref, self->d, 0, ~0ull));
	EXPECT_EQ(0, domain_unmap(self->ref, self->d, last + 1, ~0ull));
}

TEST_F(dma, arguments_of_map)
{
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 1, 0xfff, 0x1000, RW));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 0, 0x1000, 0x1000, RW));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 0, 0xfff, 0x1001, RW));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 0x1000, 0xfff, 0x1000, RW));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 0, 0xfff, 0x1000, 0));
	EXPECT_EQ(-EINVAL, domain_map(self->ref, self->d, 0, 0xfff, 0x1000, 4));
	EXPECT_EQ(-ERANGE, domain_map(self->ref, self->d, 0, 0x1fff, ~0xfffull, RW));
	EXPECT_EQ(-EEXIST, domain_map(self->ref, self->d, IOVA, IOVA + 0xfff, 0x1000, RW));
}

TEST_F(dma, devices_and_pasids_are_apart)
{
	struct m_req r = { 0, 7, false, IOVA };
	struct iommu_ref_fault f;
	struct domain *d;

	EXPECT_EQ(0, m_xlate(self->ref, r, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, f.reason);
	EXPECT_TRUE(f.has_pasid);
	EXPECT_EQ(7, f.pasid);
	ASSERT_EQ(0, domain_create_paging(self->ref, variant->fmt, &d));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 7, d));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, r));
	ASSERT_EQ(0, domain_map(self->ref, d, IOVA, IOVA + 0xfff, 0x5000, RW));
	EXPECT_EQ(0x5000, m_xlate(self->ref, r, NULL));
	EXPECT_EQ(d, device_domain(self->dev, 7));
	EXPECT_EQ(self->d, device_domain(self->dev, NO_PASID));
	/* Replace: at once the other table, nothing of the old one. */
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 7, self->d));
	EXPECT_EQ(m_pa(self->mem), m_xlate(self->ref, r, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 7, NULL));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, 7, NULL));
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, r));
	r.device = 1;
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, r));
	r = (struct m_req){ 0, 1 << 20, false, IOVA };
	EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, r));
	EXPECT_EQ(-EINVAL, device_set_domain(self->ref, self->dev, 1 << 20, d));
	r.device = 4;
	EXPECT_EQ(0, m_xlate(self->ref, r, NULL));
	EXPECT_EQ(-ENODEV, iommu_ref_dma(self->ref, &(struct iommu_ref_dma){ .device = 4 }, NULL));
	domain_put(self->ref, d);
}

static void clear_pasid(void *arg, uint32_t pasid)
{
	struct device *dev = arg;

	device_set_domain(dev->ref, dev, pasid, NULL);
}

TEST_F(dma, every_pasid_can_be_walked_and_cleared)
{
	static const uint32_t pasids[] = { 1, 1023, 1024, 0xfffff };

	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(0, device_set_domain(self->ref, self->dev, pasids[i], self->d));
	device_for_each_pasid(self->dev, clear_pasid, self->dev);
	for (unsigned int i = 0; i < 4; i++)
		EXPECT_EQ(NULL, device_domain(self->dev, pasids[i]));
	EXPECT_EQ(self->d, device_domain(self->dev, NO_PASID));
}

TEST_F(dma, pasid_0)
{
	struct m_req r = { 0, 0, false, IOVA };

	/* VT-d: RID_PASID is 0, so both use one entry. SMMUv3: a substream of its own. */
	if (variant->vendor == IOMMU_REF_VTD) {
		EXPECT_EQ(self->d, device_domain(self->dev, 0));
		EXPECT_EQ(m_pa(self->mem), m_xlate(self->ref, r, NULL));
	} else {
		EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, m_reason(self->ref, r));
	}
}

TEST_F(dma, the_fault_queue_is_bounded)
{
	struct iommu_ref_fault f;

	for (unsigned int i = 0; i < 300; i++)
		EXPECT_EQ(-EFAULT, run(self->ref, true, i * PAGE_SIZE, "x", 1, NULL));
	EXPECT_EQ(300, m_stats(self->ref).faults);
	EXPECT_EQ(44, m_stats(self->ref).faults_lost);
	for (unsigned int i = 0; i < 256; i++) {
		ASSERT_EQ(1, iommu_ref_fault_pop(self->ref, &f));
		EXPECT_EQ(i * PAGE_SIZE, f.iova);
	}
	EXPECT_EQ(0, iommu_ref_fault_pop(self->ref, &f));
}

struct worker {
	struct iommu_ref *ref;
	uint64_t iova;
	uint8_t byte;
	unsigned int wrong;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct iommu_ref_fault f;
	uint8_t byte;

	for (unsigned int i = 0; i < 300; i++) {
		byte = w->byte + i;
		w->wrong += run(w->ref, true, w->iova + i, &byte, 1, NULL) != 0;
		byte = 0;
		w->wrong += run(w->ref, false, w->iova + i, &byte, 1, NULL) != 0;
		w->wrong += byte != (uint8_t)(w->byte + i);
		w->wrong += run(w->ref, true, 0, &byte, 1, NULL) != -EFAULT;
		iommu_ref_fault_pop(w->ref, &f);
		m_stats(w->ref);
	}
	return NULL;
}

/* Any thread may do DMA at any time. */
TEST_F(dma, threads)
{
	struct worker w[4];
	pthread_t t[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		w[i] = (struct worker){ self->ref, IOVA + i * PAGE_SIZE, i * 50, 0 };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, work, &w[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, w[i].wrong);
	}
	EXPECT_EQ(1200, m_stats(self->ref).faults);
}

TEST(user_memory)
{
	uint8_t *p = m_memory(8 * PAGE_SIZE, PAGE_SIZE), b[2];

	ASSERT_EQ(0, mprotect(p + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ));
	ASSERT_EQ(0, mprotect(p + 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE));
	ASSERT_EQ(0, munmap(p + 4 * PAGE_SIZE, PAGE_SIZE));
	EXPECT_EQ(0, user_pages_present(m_pa(p), 2 * PAGE_SIZE, true));
	EXPECT_EQ(0, user_pages_present(m_pa(p) + 5, 3 * PAGE_SIZE - 5, false));
	EXPECT_EQ(-EFAULT, user_pages_present(m_pa(p) + 5, 3 * PAGE_SIZE - 5, true));
	EXPECT_EQ(-EFAULT, user_pages_present(m_pa(p), 4 * PAGE_SIZE, false));
	EXPECT_EQ(-EFAULT, user_pages_present(m_pa(p) + 4 * PAGE_SIZE, 1, false));
	EXPECT_EQ(-EFAULT, user_pages_present(~0ull - 5, 10, false));
	EXPECT_EQ(-EFAULT, user_pages_present(0xffff800000000000, PAGE_SIZE, false));
	EXPECT_EQ(0, user_pages_present(0, 0, true));

	EXPECT_EQ(0, copy_to_user(p + PAGE_SIZE - 1, "ab", 2));
	EXPECT_EQ(0, copy_from_user(b, p + PAGE_SIZE - 1, 2));
	EXPECT_EQ('b', b[1]);
	EXPECT_EQ(-EFAULT, copy_to_user(p + 2 * PAGE_SIZE - 1, "ab", 2));
	EXPECT_EQ(-EFAULT, copy_from_user(b, p + 3 * PAGE_SIZE - 1, 2));
	EXPECT_EQ(-EFAULT, copy_from_user(b, NULL, 1));
	EXPECT_EQ(0, copy_from_user(b, NULL, 0));
	EXPECT_EQ(-EFAULT, copy_from_user(b, (void *)-2, 2));
}

static int try_config(void (*change)(struct iommu_ref_config *cfg))
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	int rc;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	change(&cfg);
	rc = iommu_ref_create(&cfg, &ref);
	if (!rc)
		iommu_ref_destroy(ref);
	return rc;
}

#define CHANGE(name, what) \
	static void name(struct iommu_ref_config *cfg) { what; }
CHANGE(nothing, (void)cfg)
CHANGE(no_devices, cfg->nr_devices = 0)
CHANGE(bad_vendor, cfg->vendor = 3)
CHANGE(bad_profile, cfg->profile = 2)
CHANGE(five_levels, (cfg->vendor = IOMMU_REF_SMMUV3, cfg->five_level = true))
CHANGE(pasid_bits, cfg->pasid_bits = 21)
CHANGE(capacity, cfg->pasid_capacity = 0x100001)
CHANGE(reserve, cfg->pasid_host_reserve = 0x100001)
CHANGE(iotlb_odd, cfg->iotlb_entries = 100)
CHANGE(iotlb_small, cfg->iotlb_entries = 32)
CHANGE(iotlb_large, cfg->iotlb_entries = 131072)
CHANGE(aperture_odd, cfg->aperture_last = 0x12345)
CHANGE(aperture_large, cfg->aperture_last = (1ull << 49) - 1)
CHANGE(aperture_58, (cfg->five_level = true, cfg->aperture_last = (1ull << 58) - 1))
CHANGE(aperture_57, (cfg->five_level = true, cfg->aperture_last = (1ull << 57) - 1))
CHANGE(vtd_16k, cfg->granule = 16384)
CHANGE(vtd_52, cfg->oas_bits = 52)
CHANGE(arm_8k, (cfg->vendor = IOMMU_REF_SMMUV3, cfg->snoop_control = false, cfg->granule = 8192))
CHANGE(arm_44, (cfg->vendor = IOMMU_REF_SMMUV3, cfg->snoop_control = false, cfg->oas_bits = 44))
CHANGE(arm_64k_52, (cfg->vendor = IOMMU_REF_SMMUV3, cfg->snoop_control = false,
		    cfg->granule = 65536, cfg->oas_bits = 52,
		    cfg->aperture_last = (1ull << 52) - 1))
CHANGE(arm_16k_52, (arm_64k_52(cfg), cfg->granule = 16384))
CHANGE(arm_64k_odd, (arm_64k_52(cfg), cfg->aperture_last = (1ull << 40) + 0xfff))
CHANGE(msi_reversed, cfg->msi_last = cfg->msi_first - 1)
CHANGE(too_many, cfg->nr_devices = IOMMU_REF_MAX_DEVICES + 1)
CHANGE(same_rid, cfg->devices[1].rid = cfg->devices[0].rid)
CHANGE(bad_defect, cfg->defect = "")

TEST(configurations)
{
	static void (*const bad[])(struct iommu_ref_config *cfg) = {
		bad_vendor, bad_profile, five_levels, pasid_bits, capacity, reserve, iotlb_odd,
		iotlb_small, iotlb_large, aperture_odd, aperture_large, msi_reversed, too_many,
		same_rid, bad_defect, aperture_58, vtd_16k, vtd_52, arm_8k, arm_44, arm_16k_52,
		arm_64k_odd,
	};

	unsigned int i;

	EXPECT_EQ(0, try_config(nothing));
	EXPECT_EQ(0, try_config(no_devices));
	EXPECT_EQ(0, try_config(aperture_57));
	EXPECT_EQ(0, try_config(arm_64k_52));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, try_config(bad[i])) TH_LOG("configuration %u", i);
}

TEST_HARNESS_MAIN
