// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Device TLBs through iommufd: unmap, invalidations of a nested table, stream table entries that
 * turn ATS on or off.
 */
#include <endian.h>
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define TYPE_VTD IOMMU_HWPT_INVALIDATE_DATA_VTD_S1
#define TYPE_ARM IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3
#define EATS(x) ((uint64_t)(x) << 28)
#define ATC_INV (0x40ull | (uint64_t)VSID << 32)
#define SSV(ssid) (1ull << 11 | (uint64_t)(ssid) << 12)
#define GLOBAL (1ull << 9)

FIXTURE(ats)
{
	struct machine m;
};

FIXTURE_VARIANT(ats)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(ats, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(ats, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

/* SMMUv3: device 0 on a stage 1 with this word 1 of the STE. */
static int attach_ste(struct machine *m, uint64_t word0, uint64_t word1)
{
	struct iommu_hwpt_arm_smmuv3 ste = { .ste = { htole64(word0), htole64(word1) } };
	uint32_t hwpt;
	int rc = fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3, &ste,
			 sizeof(ste), &hwpt);

	return rc ? rc : fd_attach(&m->u, m->cdev, hwpt);
}

FIXTURE_SETUP(ats)
{
	struct machine *m = &self->m;

	ASSERT_EQ(0, machine_create(m, variant->vendor, NULL));
	if (m->g.arm)
		ASSERT_EQ(0, attach_ste(m, guest_ste(&m->g).ste[0], EATS(1)));
}

FIXTURE_TEARDOWN(ats)
{
	machine_destroy(&self->m);
}

static int peek(struct machine *m, uint64_t iova)
{
	uint8_t byte;
	struct iommu_ref_dma dma = { .iova = iova, .buf = &byte, .len = 1,
				     .at = IOMMU_REF_DMA_ATC };
	int rc = iommu_ref_dma(m->u.ref, &dma, NULL);

	return rc ? rc : byte;
}

/* A bit for each of pages [0, 8) that the device has. */
static unsigned int cached(struct machine *m)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < 8; i++) {
		struct iommu_ref_dma dma = { .iova = GVA(i) };

		bits |= (unsigned int)iommu_ref_atc_cached(m->u.ref, &dma) << i;
	}
	return bits;
}

static int fill(struct machine *m)
{
	for (int i = 0; i < 8; i++)
		if (peek(m, GVA(i)) != i)
			return -EIO;
	return 0;
}

static uint64_t atc_inv_count(struct machine *m)
{
	struct iommu_ref_stats s;

	iommu_ref_stats(m->u.ref, &s);
	return s.inv_atc;
}

static int vtd_inv(struct machine *m, uint64_t addr, uint64_t npages)
{
	struct iommu_hwpt_vtd_s1_invalidate v = { .addr = addr, .npages = npages };
	uint32_t num = 1;

	return fd_invalidate(&m->u, m->hwpt, TYPE_VTD, &v, sizeof(v), &num);
}

static int arm_cmd(struct machine *m, uint64_t w0, uint64_t w1)
{
	struct iommu_viommu_arm_smmuv3_invalidate a = { .cmd = { htole64(w0), htole64(w1) } };
	uint32_t num = 1;

	return fd_invalidate(&m->u, m->viommu, TYPE_ARM, &a, sizeof(a), &num);
}

/* What was changed in the guest's table is seen once it is invalidated, and not by TLBI alone. */
TEST_F(ats, stale_until_invalidated)
{
	struct machine *m = &self->m;

	ASSERT_EQ(0, fill(m));
	guest_map(&m->g, 3, 13, true);
	EXPECT_EQ(3, peek(m, GVA(3)));
	if (m->g.arm) {
		ASSERT_EQ(0, arm_cmd(m, 0x10, 0));		/* TLBI_NH_ALL */
		ASSERT_EQ(0, arm_cmd(m, 0x05 | (uint64_t)VSID << 32, 1));	/* CFGI_CD */
		EXPECT_EQ(0xff, cached(m));
		EXPECT_EQ(3, peek(m, GVA(3)));
		EXPECT_EQ(13, fd_peek(m->u.ref, 0, GVA(3)));
		ASSERT_EQ(0, arm_cmd(m, ATC_INV, GVA(3)));
	} else {
		ASSERT_EQ(0, vtd_inv(m, GVA(3), 1));
	}
	EXPECT_EQ(0xf7, cached(m));
	EXPECT_EQ(13, peek(m, GVA(3)));
}

TEST_F(ats, vtd_scope)
{
	struct machine *m = &self->m;

	if (m->g.arm)
		SKIP(return, "VT-d's own");
	ASSERT_EQ(0, fill(m));
	EXPECT_EQ(0, vtd_inv(m, GVA(2), 0));
	EXPECT_EQ(0xff, cached(m));
	EXPECT_EQ(0, vtd_inv(m, GVA(4), 2));
	EXPECT_EQ(0xcf, cached(m));
	EXPECT_EQ(0, vtd_inv(m, GVA(1), 2));	/* an aligned block that has both: 0 to 3 */
	EXPECT_EQ(0xc0, cached(m));
	EXPECT_EQ(0, vtd_inv(m, GVA(7), UINT64_MAX - 1));
	EXPECT_EQ(0, cached(m));
	ASSERT_EQ(0, fill(m));
	EXPECT_EQ(-EINVAL, vtd_inv(m, GVA(0), UINT64_MAX));
	EXPECT_EQ(0xff, cached(m));
	EXPECT_EQ(0, vtd_inv(m, 0, UINT64_MAX));
	EXPECT_EQ(0, cached(m));
}

/* CMD_ATC_INV: 2^Size pages, the address' lower bits do not matter; SSID and Global. */
TEST_F(ats, atc_inv_scope)
{
	static const struct {
		uint64_t word0;
		unsigned int page, size, left;
	} t[] = {
		{ 0, 2, 0, 0xfb }, { 0, 2, 1, 0xf3 }, { 0, 3, 1, 0xf3 }, { 0, 5, 2, 0x0f },
		{ 0, 0, 3, 0 }, { 0, 100, 3, 0xff }, { 0, 100, 52, 0 }, { 0, 100, 63, 0 },
		{ SSV(0), 2, 52, 0xff }, { SSV(1), 2, 52, 0xff }, { SSV(1) | GLOBAL, 2, 52, 0xff },
		{ GLOBAL, 2, 0, 0xfb },
	};
	struct machine *m = &self->m;
	uint64_t before;

	if (!m->g.arm)
		SKIP(return, "SMMUv3's own");
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ASSERT_EQ(0, fill(m));
		ASSERT_EQ(0xff, cached(m));
		before = atc_inv_count(m);
		ASSERT_EQ(0, arm_cmd(m, ATC_INV | t[i].word0, GVA(t[i].page) | t[i].size));
		EXPECT_EQ(t[i].left, cached(m)) TH_LOG("row %u", i);
		EXPECT_EQ(before + 1, atc_inv_count(m));
	}
	EXPECT_EQ(-EIO, arm_cmd(m, 0x40 | (uint64_t)(VSID + 1) << 32, 52));
}

/* Entries with PASID 1 and 2, which an invalidation tells apart. */
TEST_F(ats, atc_inv_substreams)
{
	struct machine *m = &self->m;
	struct iommu_ref_dma dma = { .has_pasid = true, .iova = GVA(2) };
	struct iommu_ref_ats_completion c;
	uint64_t *cd;

	if (!m->g.arm)
		SKIP(return, "SMMUv3's own");
	cd = guest_va(&m->g, m->g.cd);
	for (unsigned int ssid = 1; ssid < 3; ssid++)
		memcpy(cd + ssid * 8, cd, 16);
	ASSERT_EQ(0, attach_ste(m, guest_ste(&m->g).ste[0] | 2ull << 59, EATS(1) | 1));
	for (dma.pasid = 1; dma.pasid < 3; dma.pasid++)
		ASSERT_EQ(0, iommu_ref_ats_translate(m->u.ref, &dma, &c));
	dma.pasid = 1;
	ASSERT_EQ(0, arm_cmd(m, ATC_INV | SSV(2), GVA(2)));
	EXPECT_TRUE(iommu_ref_atc_cached(m->u.ref, &dma));
	dma.pasid = 2;
	EXPECT_FALSE(iommu_ref_atc_cached(m->u.ref, &dma));
	ASSERT_EQ(0, arm_cmd(m, ATC_INV | SSV(2) | GLOBAL, GVA(2)));
	dma.pasid = 1;
	EXPECT_FALSE(iommu_ref_atc_cached(m->u.ref, &dma));
}

/* "If the VM doesn't think ATS is on it will not generate ATC flushes": then it is off. */
TEST_F(ats, eats)
{
	struct machine *m = &self->m;
	uint64_t ste0 = guest_ste(&m->g).ste[0], before;
	struct iommu_ref_dma dma = { .iova = GVA(1) };
	struct iommu_ref_ats_completion c;
	struct iommu_ref_fault f;

	if (!m->g.arm)
		SKIP(return, "SMMUv3's own");
	ASSERT_EQ(0, fill(m));
	ASSERT_EQ(0, attach_ste(m, ste0, 0));
	EXPECT_EQ(0, cached(m));
	EXPECT_EQ(-EFAULT, peek(m, GVA(1)));
	EXPECT_EQ(-EFAULT, iommu_ref_ats_translate(m->u.ref, &dma, &c));
	while (iommu_ref_fault_pop(m->u.ref, &f))
		EXPECT_EQ(IOMMU_REF_FAULT_ATS_FORBIDDEN, f.reason);
	EXPECT_EQ(1, fd_peek(m->u.ref, 0, GVA(1)));
	/* no error, no effect */
	before = atc_inv_count(m);
	EXPECT_EQ(0, arm_cmd(m, ATC_INV, 52));
	EXPECT_EQ(before, atc_inv_count(m));
	/* "Bypass [...] will translate the same as the nesting parent" */
	ASSERT_EQ(0, attach_ste(m, 1 | 4 << 1, 0));
	EXPECT_EQ(2, peek(m, GPA_BASE + 2 * PG));
	ASSERT_EQ(0, attach_ste(m, 1, EATS(1)));	/* abort */
	EXPECT_EQ(-EFAULT, iommu_ref_ats_translate(m->u.ref, &dma, &c));
	ASSERT_EQ(0, attach_ste(m, 0, EATS(1)));	/* not valid */
	EXPECT_EQ(-EFAULT, iommu_ref_ats_translate(m->u.ref, &dma, &c));
	ASSERT_EQ(0, attach_ste(m, ste0, EATS(1)));
	EXPECT_EQ(1, peek(m, GVA(1)));
}

/* A context descriptor that is not valid: refused, and no event of the guest's. */
TEST_F(ats, bad_configuration)
{
	struct machine *m = &self->m;
	struct iommu_ref_dma dma = { .iova = GVA(1) };
	struct iommu_ref_ats_completion c;
	struct iommu_ref_fault f;

	if (!m->g.arm) {
		dma.has_pasid = true;
		dma.pasid = 9;		/* of no table */
		EXPECT_EQ(-EFAULT, iommu_ref_ats_translate(m->u.ref, &dma, &c));
		ASSERT_EQ(1, iommu_ref_fault_pop(m->u.ref, &f));
		EXPECT_EQ(IOMMU_REF_FAULT_BLOCKED, f.reason);
		return;
	}
	*guest_va(&m->g, m->g.cd) = 0;
	ASSERT_EQ(0, arm_cmd(m, 0x06 | (uint64_t)VSID << 32, 0));	/* CFGI_CD_ALL */
	EXPECT_EQ(-EFAULT, iommu_ref_ats_translate(m->u.ref, &dma, &c));
	EXPECT_EQ(0, iommu_ref_fault_pop(m->u.ref, &f));
	EXPECT_EQ(-EFAULT, peek(m, GVA(1)));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(1)));
	ASSERT_EQ(1, iommu_ref_fault_pop(m->u.ref, &f));
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, f.reason);
}

/* Stage 2 goes away under the stage 1: everything that came through it, whatever its address. */
TEST_F(ats, unmap_under_stage_1)
{
	struct machine *m = &self->m;
	uint64_t len = GUEST_PAGES * PG;

	ASSERT_EQ(0, fill(m));
	ASSERT_EQ(0, fd_unmap(&m->u, m->ioas, GPA_BASE, &len));
	EXPECT_EQ(0, cached(m));
	EXPECT_EQ(-EFAULT, peek(m, GVA(1)));
}

TEST_F(ats, detach_and_replace)
{
	struct machine *m = &self->m;

	ASSERT_EQ(0, fill(m));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, m->ioas));
	EXPECT_EQ(0, cached(m));
	EXPECT_EQ(-EFAULT, peek(m, GVA(1)));
	EXPECT_EQ(5, peek(m, GPA_BASE + 5 * PG));
	ASSERT_EQ(0, fd_detach(&m->u, m->cdev));
	EXPECT_EQ(-EFAULT, peek(m, GPA_BASE + 5 * PG));
}

TEST_HARNESS_MAIN
