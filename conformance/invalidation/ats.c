// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation of what devices with PCIe ATS keep themselves: on VT-d it comes with that of the
 * IOTLB, an SMMUv3 has a command for it. All DMA here goes by the device's own cache.
 */
#include "inv.h"

static int atc_cached(struct nest_rig *r, unsigned int leg, unsigned int page)
{
	const struct cts_path p = r->leg[leg].path;

	return cts_atc_cached(r->c, p.device, p.has_pasid, p.pasid, r->leg[leg].gva + page * PAGE,
			      true);
}

/* The device has pages [first, first + n) of the leg. */
#define ATC_WARM(rig_, leg_, first_, n_) do { \
	for (unsigned int pg_ = (first_); pg_ < (first_) + (n_); pg_++) { \
		CTS_PRE_TRUE(nest_write(rig_, leg_, pg_ * PAGE, 16) == ENGINE_DONE); \
		CTS_PRE_TRUE(atc_cached(rig_, leg_, pg_) != 0); \
	} \
	window_arm(&(rig_)->leg[leg_].win); \
} while (0)

#define ATC_EXPECT(id, rig_, leg_, page_, want_) do { \
	int cached_ = atc_cached(rig_, leg_, page_); \
	if (cached_ >= 0) \
		CTS_EXPECT_TRUE(id, cached_ == (want_), \
				"the device has page %u of bind %u: want %d, saw %d after %s", \
				(unsigned int)(page_), (unsigned int)(leg_), (want_), cached_, \
				cts_last_call(self->c)); \
} while (0)

#define ATC_NEEDS_INTROSPECTION(rig_) do { \
	if (atc_cached(rig_, 0, 0) < 0) \
		CTS_SKIP(NOT_SUPPORTED, "only a model can tell what a device has cached"); \
} while (0)

/* ---- VT-d */

FIXTURE(inv_devtlb) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_devtlb) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_devtlb, vfio_v7_vtd, CTS_V7_REVIEWED, CTS_VTD);
CTS_VARIANT_ADD(inv_devtlb, vfio_v7_posted_vtd, CTS_V7_POSTED, CTS_VTD);
CTS_VARIANT_ADD(inv_devtlb, iommufd_vtd, CTS_IOMMUFD, CTS_VTD);

FIXTURE_SETUP(inv_devtlb)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_ATS | RIG_TWO, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_devtlb)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_devtlb, page, "INV_IOTLB_INCLUDES_DEVTLB")
{
	ATC_WARM(&self->rig, 0, 3, 1);
	CTS_PRE(nest_repoint(&self->rig, 0, 3, 11));
	CTS_EXPECT_RC("INV_IOTLB_INCLUDES_DEVTLB", nest_invalidate(&self->rig, 0, 3, 1));
	INV_EXPECT_AT("INV_IOTLB_INCLUDES_DEVTLB", &self->rig, 0, 3, 11);
}

CTS_TEST_F(inv_devtlb, range_and_all, "INV_IOTLB_INCLUDES_DEVTLB")
{
	for (unsigned int all = 0; all < 2; all++) {
		ATC_WARM(&self->rig, 0, 5, 3);
		for (unsigned int pg = 5; pg < 8; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg + 4));
		CTS_EXPECT_RC("INV_IOTLB_INCLUDES_DEVTLB",
			      all ? nest_invalidate_all(&self->rig, 0) :
				    nest_invalidate(&self->rig, 0, 5, 3));
		for (unsigned int pg = 5; pg < 8; pg++)
			INV_EXPECT_AT("INV_IOTLB_INCLUDES_DEVTLB", &self->rig, 0, pg, pg + 4);
		for (unsigned int pg = 5; pg < 8; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg));
		CTS_PRE(nest_invalidate_all(&self->rig, 0));
	}
}

CTS_TEST_F(inv_devtlb, cleared, "INV_IOTLB_INCLUDES_DEVTLB")
{
	struct nest_leg *leg = &self->rig.leg[0];

	ATC_WARM(&self->rig, 0, 6, 1);
	CTS_PRE(stage1_clear(&leg->stage1, leg->gva + 6 * PAGE, PAGE));
	CTS_EXPECT_RC("INV_IOTLB_INCLUDES_DEVTLB", nest_invalidate(&self->rig, 0, 6, 1));
	INV_EXPECT_BLOCKED("INV_IOTLB_INCLUDES_DEVTLB", &self->rig, 0, 6);
}

/* Both binds show the same addresses: v7 on one device with two PASIDs, iommufd on two devices. */
CTS_TEST_F(inv_devtlb, scope, "INV_DEVTLB_SCOPE")
{
	struct nest_leg *leg = self->rig.leg;

	ATC_NEEDS_INTROSPECTION(&self->rig);
	CTS_PRE(stage1_map(&leg[1].stage1, leg[0].gva, leg[1].gpa, leg[1].win.len, CTS_RW, false));
	leg[1].gva = leg[0].gva;
	for (unsigned int i = 0; i < 2; i++)
		ATC_WARM(&self->rig, i, 2, 2);
	CTS_EXPECT_RC("INV_DEVTLB_SCOPE", nest_invalidate(&self->rig, 0, 2, 1));
	ATC_EXPECT("INV_DEVTLB_SCOPE", &self->rig, 0, 2, 0);
	ATC_EXPECT("INV_DEVTLB_SCOPE", &self->rig, 0, 3, 1);
	ATC_EXPECT("INV_DEVTLB_SCOPE", &self->rig, 1, 2, 1);
	CTS_EXPECT_RC("INV_DEVTLB_SCOPE", nest_invalidate_all(&self->rig, 0));
	ATC_EXPECT("INV_DEVTLB_SCOPE", &self->rig, 0, 3, 0);
	for (unsigned int pg = 2; pg < 4; pg++)
		ATC_EXPECT("INV_DEVTLB_SCOPE", &self->rig, 1, pg, 1);
}

CTS_TEST_F(inv_devtlb, only, "INV_DEVTLB_ONLY")
{
	struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 3);

	op.info.cache = IOMMU_CACHE_INV_TYPE_DEV_IOTLB;
	ATC_WARM(&self->rig, 0, 3, 1);
	CTS_EXPECT_RC("INV_DEVTLB_ONLY", __inv_v7(&self->rig, &op));
	ATC_EXPECT("INV_DEVTLB_ONLY", &self->rig, 0, 3, 0);
	/* with the IOTLB's own flush before it, the device learns what is new */
	CTS_PRE(nest_repoint(&self->rig, 0, 3, 11));
	CTS_PRE(nest_invalidate_all(&self->rig, 0));
	CTS_EXPECT_RC("INV_DEVTLB_ONLY", __inv_v7(&self->rig, &op));
	INV_EXPECT_AT("INV_DEVTLB_ONLY", &self->rig, 0, 3, 11);
}

/* ---- SMMUv3 */

FIXTURE(inv_atc) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_atc) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_atc, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3);

FIXTURE_SETUP(inv_atc)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_ATS | RIG_TWO, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_atc)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* TLBI before ATC_INV, as a guest's driver does it: else the device may be told the old again. */
static long atc_inv(struct nest_rig *r, unsigned int page, unsigned int size)
{
	struct iommu_viommu_arm_smmuv3_invalidate cmd[] = {
		{ { ARM_TLBI_NH_ALL, 0 } },
		{ { ARM_ATC_INV | inv_vsid(r, 0), (r->leg[0].gva + page * PAGE) | size } },
	};
	struct iommu_hwpt_invalidate arg = inv_call(r, 0, cmd, 2);

	return __inv(r, &arg);
}

/* @page and @size of each command, and which pages it has to reach */
static const struct {
	unsigned int page, size, first, n;
} spans[] = {
	{ 3, 0, 3, 1 }, { 2, 1, 2, 2 }, { 3, 1, 2, 2 }, { 4, 2, 4, 4 }, { 9, 3, 8, 8 },
	{ 0, 4, 0, 16 }, { 0, 52, 0, 16 },
};

CTS_TEST_F(inv_atc, effect, "INV_ARM_ATC_INV")
{
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		const unsigned int page[] = { spans[i].first, spans[i].first + spans[i].n - 1 };

		for (unsigned int k = 0; k < 2; k++) {
			ATC_WARM(&self->rig, 0, page[k], 1);
			CTS_PRE(nest_repoint(&self->rig, 0, page[k], (page[k] + 5) % RIG_PAGES));
		}
		CTS_EXPECT_RC("INV_ARM_ATC_INV", atc_inv(&self->rig, spans[i].page, spans[i].size));
		for (unsigned int k = 0; k < 2; k++)
			INV_EXPECT_AT("INV_ARM_ATC_INV", &self->rig, 0, page[k],
				      (page[k] + 5) % RIG_PAGES);
		for (unsigned int k = 0; k < 2; k++)
			CTS_PRE(nest_repoint(&self->rig, 0, page[k], page[k]));
		CTS_PRE(atc_inv(&self->rig, 0, 52));
	}
}

CTS_TEST_F(inv_atc, scope, "INV_ARM_ATC_SCOPE")
{
	uint32_t done;

	ATC_NEEDS_INTROSPECTION(&self->rig);
	ATC_WARM(&self->rig, 1, 0, 1);
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		ATC_WARM(&self->rig, 0, 0, RIG_PAGES);
		CTS_EXPECT_RC("INV_ARM_ATC_SCOPE", inv_command(&self->rig, ARM_TLBI_NH_ALL, 0,
							       &done));
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			ATC_EXPECT("INV_ARM_ATC_SCOPE", &self->rig, 0, pg, 1);
		CTS_EXPECT_RC("INV_ARM_ATC_SCOPE",
			      atc_inv(&self->rig, spans[i].page, spans[i].size));
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			ATC_EXPECT("INV_ARM_ATC_SCOPE", &self->rig, 0, pg,
				   pg < spans[i].first || pg >= spans[i].first + spans[i].n);
	}
	ATC_EXPECT("INV_ARM_ATC_SCOPE", &self->rig, 1, 0, 1);
}

/* The same bind with an entry that says no ATS: the device gets nothing to keep. */
CTS_TEST_F(inv_atc, eats, "INV_ARM_EATS")
{
	struct nest_leg *leg = &self->rig.leg[0];

	ATC_WARM(&self->rig, 0, 1, 1);
	CTS_PRE(__cts_unbind(leg->bind));
	cts_bind_free(leg->bind);
	leg->bind = NULL;
	leg->stage1.s1.ste[1] &= ~(3ull << 28);
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	ATC_EXPECT("INV_ARM_EATS", &self->rig, 0, 1, 0);
	for (unsigned int pg = 1; pg < 3; pg++)
		INV_EXPECT_BLOCKED("INV_ARM_EATS", &self->rig, 0, pg);
	/* ordinary requests go on */
	leg->path.ats = false;
	INV_EXPECT_AT("INV_ARM_EATS", &self->rig, 0, 1, 1);
}

CTS_SUITE("invalidation", "invalidation/ats");
