// SPDX-License-Identifier: GPL-2.0-only
/*
 * SMMUv3's part of iommufd: vIOMMU, vDEVICE, and the guest's stream table entry as the data of a
 * nested table (struct iommu_hwpt_arm_smmuv3; IHI 0070, 5.2).
 */
#include "../../fixtures/stage1/format.h"
#include "../../harness/test.h"
#include "nest.h"

#define STE0_V 1ull
#define STE0_CFG(cfg) ((uint64_t)(cfg) << 1)
#define CFG_ABORT 0
#define CFG_BYPASS 4
#define STE1_EATS(e) ((uint64_t)(e) << 28)

FIXTURE(smmuv3) {
	struct cts *c;
	struct nest_rig rig;
	struct cts_space *s;
	struct nest_leg *leg;
	unsigned int dev;
	struct iommu_viommu_alloc viommu;	/* a second one on the rig's nest parent */
};
FIXTURE_VARIANT(smmuv3) { struct cts_variant v; };
CTS_VARIANT_ADD(smmuv3, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3);

FIXTURE_SETUP(smmuv3)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
	self->s = self->rig.space;
	self->leg = &self->rig.leg[0];
	self->dev = self->leg->path.device;
	self->viommu = (struct iommu_viommu_alloc){
		.size = sizeof(self->viommu), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = self->s->dev_id[self->dev], .hwpt_id = self->s->hwpt_id,
	};
}

FIXTURE_TEARDOWN(smmuv3)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

static long viommu_alloc(FIXTURE_DATA(smmuv3) *self, struct iommu_viommu_alloc *v)
{
	return cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VIOMMU_ALLOC, v);
}

static long vdevice_alloc(FIXTURE_DATA(smmuv3) *self, uint32_t viommu, unsigned int dev,
			  uint64_t id)
{
	struct iommu_vdevice_alloc v = {
		.size = sizeof(v), .viommu_id = viommu, .dev_id = self->s->dev_id[dev],
		.virt_id = id,
	};

	return cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VDEVICE_ALLOC, &v);
}

/* A nested table with these two words on the rig's vIOMMU. */
static long ste_alloc(FIXTURE_DATA(smmuv3) *self, uint64_t ste0, uint64_t ste1, uint32_t *id)
{
	const struct cts_s1 s1 = { .arch = CTS_SMMUV3, .ste = { ste0, ste1 } };
	struct iommu_hwpt_alloc a;
	union nest_data data;
	long rc;

	nest_request(self->s, self->dev, &s1, &data, &a);
	rc = nest_alloc(self->s, &a);
	*id = rc ? 0 : a.out_hwpt_id;
	return rc;
}

/* ---- the stream table entry */

CTS_TEST_F(smmuv3, ste_illegal, "HWPT_STE_ILLEGAL")
{
	const uint64_t *good = self->leg->stage1.s1.ste;
	const uint64_t ste0_allowed = 0xf80fffffffffffffull;
	const uint64_t ste1_allowed = 0x380000ffull;
	uint32_t id;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(ste0_allowed >> bit & 1))
			CTS_EXPECT_RC("HWPT_STE_ILLEGAL",
				      ste_alloc(self, good[0] | 1ull << bit, good[1], &id));
		if (!(ste1_allowed >> bit & 1))
			CTS_EXPECT_RC("HWPT_STE_ILLEGAL",
				      ste_alloc(self, good[0], good[1] | 1ull << bit, &id));
	}
	for (unsigned int cfg = 1; cfg < 8; cfg++)	/* stage 2 is not the guest's to set */
		if (cfg != CFG_BYPASS && cfg != 5)
			CTS_EXPECT_RC("HWPT_STE_ILLEGAL",
				      ste_alloc(self, STE0_V | STE0_CFG(cfg), 0, &id));
	for (unsigned int eats = 2; eats < 4; eats++)
		CTS_EXPECT_RC("HWPT_STE_ILLEGAL",
			      ste_alloc(self, good[0], good[1] | STE1_EATS(eats), &id));
	CTS_EXPECT_OK("HWPT_STE_ILLEGAL", ste_alloc(self, good[0], good[1], &id));
}

CTS_TEST_F(smmuv3, ste_abort, "HWPT_STE_ABORT")
{
	const uint64_t *good = self->leg->stage1.s1.ste;
	/* not valid, whatever the other bits say; and valid, to abort */
	const uint64_t ste0[] = { 0, good[0] & ~STE0_V, UINT64_MAX & ~STE0_V,
				  STE0_V | STE0_CFG(CFG_ABORT) };
	struct nest_leg *leg = self->leg;
	uint32_t id;

	CTS_PRE(nest_rig_bind(&self->rig, 0));
	for (size_t i = 0; i < ARRAY_SIZE(ste0); i++) {
		CTS_PRE(nest_attach(self->s, self->dev, leg->bind->hwpt_id));
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
		CTS_ASSERT_OK("HWPT_STE_ABORT", ste_alloc(self, ste0[i], 0, &id));
		CTS_ASSERT_OK("HWPT_STE_ABORT", nest_attach(self->s, self->dev, id));
		CTS_EXPECT_NULL("HWPT_STE_ABORT", leg_stops(&self->rig, 0, 0));
		CTS_EXPECT_NULL("HWPT_STE_ABORT",
				nest_stops(&self->rig, leg->path, leg->gpa, &leg->win));
	}
	CTS_PRE(nest_attach(self->s, self->dev, leg->bind->hwpt_id));
}

CTS_TEST_F(smmuv3, ste_bypass, "HWPT_STE_BYPASS")
{
	struct nest_leg *leg = self->leg;
	uint32_t id;

	CTS_ASSERT_OK("HWPT_STE_BYPASS", ste_alloc(self, STE0_V | STE0_CFG(CFG_BYPASS), 0, &id));
	CTS_ASSERT_OK("HWPT_STE_BYPASS", nest_attach(self->s, self->dev, id));
	CTS_EXPECT_NULL("HWPT_STE_BYPASS", nest_lands(&self->rig, leg->path, leg->gpa + 3 * PG,
						      &leg->win, 3 * PG));
	/* stage 2 holds: neither a GVA nor what the space does not map */
	CTS_EXPECT_NULL("HWPT_STE_BYPASS", leg_stops(&self->rig, 0, 0));
	CTS_EXPECT_NULL("HWPT_STE_BYPASS", nest_stops(&self->rig, leg->path,
						      leg->gpa + leg->win.len, &leg->win));
}

/* The nested table on a second vIOMMU, in which the device has no vDEVICE. */
CTS_TEST_F(smmuv3, ste_needs_vdevice, "HWPT_STE_NEEDS_VDEVICE")
{
	struct iommu_viommu_alloc v = self->viommu;
	struct iommu_hwpt_alloc a;
	union nest_data data;

	CTS_PRE(viommu_alloc(self, &v));
	nest_request(self->s, self->dev, &self->leg->stage1.s1, &data, &a);
	a.pt_id = v.out_viommu_id;
	CTS_PRE(nest_alloc(self->s, &a));
	CTS_EXPECT_RC("HWPT_STE_NEEDS_VDEVICE", nest_attach(self->s, self->dev, a.out_hwpt_id));
	CTS_PRE(nest_destroy(self->s, self->s->vdevice_id[self->dev]));
	CTS_PRE(vdevice_alloc(self, v.out_viommu_id, self->dev, 0x77));
	CTS_EXPECT_OK("HWPT_STE_NEEDS_VDEVICE", nest_attach(self->s, self->dev, a.out_hwpt_id));
	CTS_EXPECT_NULL("HWPT_STE_NEEDS_VDEVICE", leg_lands(&self->rig, 0, 0));
	CTS_PRE(nest_attach(self->s, self->dev, self->s->hwpt_id));
}

/* ---- vIOMMU */

CTS_TEST_F(smmuv3, viommu_parent_plain, "VIOMMU_ALLOC_PARENT_PLAIN")
{
	struct iommu_hwpt_alloc plain = {
		.size = sizeof(plain), .dev_id = self->viommu.dev_id, .pt_id = self->s->ioas_id,
	};
	struct iommu_viommu_alloc v = self->viommu;

	CTS_PRE(nest_alloc(self->s, &plain));
	v.hwpt_id = plain.out_hwpt_id;
	CTS_EXPECT_RC("VIOMMU_ALLOC_PARENT_PLAIN", viommu_alloc(self, &v));
}

CTS_TEST_F(smmuv3, viommu_parent_unknown, "VIOMMU_ALLOC_PARENT_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX, self->s->ioas_id, self->viommu.dev_id,
				self->s->viommu_id[self->dev] };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_viommu_alloc v = self->viommu;

		v.hwpt_id = id[i];
		CTS_EXPECT_RC("VIOMMU_ALLOC_PARENT_UNKNOWN", viommu_alloc(self, &v));
	}
}

CTS_TEST_F(smmuv3, viommu_reserved, "VIOMMU_ALLOC_RESERVED")
{
	struct iommu_viommu_alloc v = self->viommu;

	v.__reserved = 1;
	CTS_EXPECT_RC("VIOMMU_ALLOC_RESERVED", viommu_alloc(self, &v));
}

CTS_TEST_F(smmuv3, viommu_busy, "VIOMMU_DESTROY_BUSY")
{
	uint32_t viommu = self->s->viommu_id[self->dev], vdev = self->s->vdevice_id[self->dev];

	/* the vDEVICE alone holds it */
	CTS_EXPECT_RC("VIOMMU_DESTROY_BUSY", nest_destroy(self->s, viommu));
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_EXPECT_NULL("VIOMMU_DESTROY_BUSY", leg_lands(&self->rig, 0, 0));
	CTS_PRE(__cts_unbind(self->leg->bind));
	CTS_EXPECT_OK("VIOMMU_DESTROY_BUSY", nest_destroy(self->s, vdev));
	CTS_EXPECT_OK("VIOMMU_DESTROY_BUSY", nest_destroy(self->s, viommu));
	CTS_EXPECT_ERRNO("VIOMMU_DESTROY_BUSY", nest_destroy(self->s, viommu), ENOENT);
}

/* ---- vDEVICE */

CTS_TEST_F(smmuv3, vdevice_dup_device, "VDEVICE_ALLOC_DUP_DEVICE")
{
	struct iommu_viommu_alloc v = self->viommu;

	CTS_PRE(viommu_alloc(self, &v));
	CTS_EXPECT_RC("VDEVICE_ALLOC_DUP_DEVICE",
		      vdevice_alloc(self, self->s->viommu_id[self->dev], self->dev, 0x999));
	/* nor in another vIOMMU */
	CTS_EXPECT_RC("VDEVICE_ALLOC_DUP_DEVICE",
		      vdevice_alloc(self, v.out_viommu_id, self->dev, 0x999));
	CTS_PRE(nest_destroy(self->s, self->s->vdevice_id[self->dev]));
	CTS_EXPECT_OK("VDEVICE_ALLOC_DUP_DEVICE",
		      vdevice_alloc(self, v.out_viommu_id, self->dev, 0x999));
}

CTS_TEST_F(smmuv3, vdevice_dup_id, "VDEVICE_ALLOC_DUP_ID")
{
	static const uint64_t ids[] = { 0, 0x999, UINT32_MAX, UINT64_MAX };
	struct iommu_viommu_alloc v = self->viommu;
	struct nest_rig two;
	unsigned int other;

	/* a second device in the same iommufd; the rig's own goes first */
	nest_rig_free(&self->rig);
	CTS_RIG(nest_rig_create(self->c, RIG_TWO | RIG_UNBOUND, &two), &two);
	self->s = two.space;
	self->dev = two.leg[0].path.device;
	other = two.leg[1].path.device;
	v.dev_id = self->s->dev_id[self->dev];
	v.hwpt_id = self->s->hwpt_id;
	CTS_PRE(viommu_alloc(self, &v));
	CTS_PRE(nest_destroy(self->s, self->s->vdevice_id[other]));
	CTS_PRE(nest_destroy(self->s, self->s->vdevice_id[self->dev]));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct iommu_vdevice_alloc a = {
			.size = sizeof(a), .viommu_id = v.out_viommu_id, .virt_id = ids[i],
			.dev_id = self->s->dev_id[self->dev],
		};

		CTS_EXPECT_OK("VDEVICE_ALLOC_DUP_ID", cts_ioctl(self->c, NULL, self->s->fd,
								IOMMU_VDEVICE_ALLOC, &a));
		CTS_EXPECT_RC("VDEVICE_ALLOC_DUP_ID",
			      vdevice_alloc(self, v.out_viommu_id, other, ids[i]));
		CTS_PRE(nest_destroy(self->s, a.out_vdevice_id));
	}
	nest_rig_free(&two);
}

CTS_TEST_F(smmuv3, vdevice_dev_unknown, "VDEVICE_ALLOC_DEV_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX, self->s->ioas_id, self->s->hwpt_id,
				self->s->viommu_id[self->dev] };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_vdevice_alloc v = {
			.size = sizeof(v), .viommu_id = self->s->viommu_id[self->dev],
			.dev_id = id[i], .virt_id = 0x999,
		};

		CTS_EXPECT_RC("VDEVICE_ALLOC_DEV_UNKNOWN",
			      cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VDEVICE_ALLOC, &v));
	}
}

CTS_SUITE("nesting", "nesting/smmuv3");
