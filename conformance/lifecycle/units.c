// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several IOMMU units, of which one can do less: what belongs to one of them, and what all have to
 * agree on. A machine whose devices are all behind one unit says nothing about it.
 */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../ownership/objects.h"

#define MAX_RANGES 64

FIXTURE(units) {
	struct cts *c;
	struct units_rig rig;
	uint32_t dev_id[2];
	int dev_fd[2];
};
FIXTURE_VARIANT(units) { struct cts_variant v; };
FIXTURE_VARIANT_ADD(units, iommufd_vtd)
{
	.v = { .profile = CTS_IOMMUFD, .arch = CTS_VTD, .units = true },
};
FIXTURE_VARIANT_ADD(units, iommufd_smmuv3)
{
	.v = { .profile = CTS_IOMMUFD, .arch = CTS_SMMUV3, .units = true },
};

FIXTURE_SETUP(units)
{
	CTS_SETUP(self->c);
	CTS_RIG(units_rig_create(self->c, &self->rig), &self->rig);
	for (unsigned int i = 0; i < 2; i++) {
		self->dev_id[i] = self->rig.space->dev_id[self->rig.device[i]];
		self->dev_fd[i] = self->rig.space->dev_fd[self->rig.device[i]];
	}
}

FIXTURE_TEARDOWN(units)
{
	units_rig_free(&self->rig);
	cts_end(self->c);
}

#define UNITS_EXPECT_LANDS(id, nr, off) \
	CTS_EXPECT_LANDS(id, &self->rig.win, self->rig.engine, off, 32, \
			 units_write(&self->rig, nr, off, 32))

static bool has_dirty_tracking(FIXTURE_DATA(units) *self, unsigned int nr, bool *out)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = self->dev_id[nr] };

	if (cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_GET_HW_INFO, &info))
		return false;
	*out = info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING;
	return true;
}

static int alloc(FIXTURE_DATA(units) *self, unsigned int nr, uint32_t flags, uint32_t *id)
{
	return __obj_hwpt(self->c, NULL, self->rig.space->fd, flags, self->dev_id[nr],
			  self->rig.space->ioas_id, id);
}

CTS_TEST_F(units, after_unmap, "ISO_DMA_AFTER_UNMAP_UNITS")
{
	struct units_rig *r = &self->rig;

	for (unsigned int nr = 0; nr < 2; nr++)
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			CTS_PRE_TRUE(units_write(r, nr, pg * 4096ull, 16) == ENGINE_DONE);
	window_arm(&r->win);
	CTS_PRE(__cts_unmap(r->space, RIG_IOVA, r->win.len, NULL));
	for (unsigned int nr = 0; nr < 2; nr++)
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			CTS_EXPECT_BLOCKED("ISO_DMA_AFTER_UNMAP_UNITS", &r->win, r->engine,
					   units_write(r, nr, pg * 4096ull, 16));
}

/* *@able: whose table with *@flags the other device cannot have. false: the units are alike. */
static bool find_mismatch(FIXTURE_DATA(units) *self, unsigned int *able, uint32_t *flags)
{
	bool dirty[2];

	*able = 0;
	*flags = 0;
	if (self->c->arch == CTS_SMMUV3)	/* a table belongs to its SMMU */
		return true;
	for (unsigned int i = 0; i < 2; i++)
		if (!has_dirty_tracking(self, i, &dirty[i]))
			return false;
	*able = dirty[1];
	*flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	return dirty[0] != dirty[1];
}

CTS_TEST_F(units, mismatch, "HWPT_UNIT_MISMATCH")
{
	unsigned int able;
	uint32_t flags, hwpt, pt;

	if (!find_mismatch(self, &able, &flags))
		CTS_SKIP(NOT_SUPPORTED, "the units can do the same");
	CTS_PRE(alloc(self, able, flags, &hwpt));
	pt = hwpt;
	CTS_EXPECT_RC("HWPT_UNIT_MISMATCH",
		      __obj_attach(self->c, NULL, self->dev_fd[!able], &pt));
	UNITS_EXPECT_LANDS("HWPT_UNIT_MISMATCH", !able, 64);
	pt = hwpt;
	CTS_EXPECT_OK("HWPT_UNIT_MISMATCH", __obj_attach(self->c, NULL, self->dev_fd[able], &pt));
	for (unsigned int nr = 0; nr < 2; nr++)
		UNITS_EXPECT_LANDS("HWPT_UNIT_MISMATCH", nr, 4096);
}

struct ranges {
	struct iommu_iova_range r[MAX_RANGES];
	uint32_t nr;
};

static int ask_ranges(FIXTURE_DATA(units) *self, uint32_t ioas, struct ranges *out)
{
	struct iommu_ioas_iova_ranges q = {
		.size = sizeof(q), .ioas_id = ioas, .num_iovas = MAX_RANGES,
		.allowed_iovas = (uintptr_t)out->r,
	};
	int rc = cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_IOAS_IOVA_RANGES, &q);

	out->nr = q.num_iovas;
	return rc ? rc : out->nr ? 0 : -ENOENT;
}

static bool is_within(const struct iommu_iova_range *r, const struct ranges *all)
{
	for (uint32_t i = 0; i < all->nr; i++)
		if (r->start >= all->r[i].start && r->last <= all->r[i].last)
			return true;
	return false;
}

/* VT-d: the last address of the device's unit, CAP.MGAW; SMMUv3's registers do not tell. */
static uint64_t unit_last(FIXTURE_DATA(units) *self, unsigned int nr)
{
	struct iommu_hw_info_vtd vtd = { 0 };
	struct iommu_hw_info info = {
		.size = sizeof(info), .dev_id = self->dev_id[nr], .data_len = sizeof(vtd),
		.data_uptr = (uintptr_t)&vtd,
	};

	if (self->c->arch != CTS_VTD ||
	    cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_GET_HW_INFO, &info))
		return UINT64_MAX;
	return (2ull << (vtd.cap_reg >> 16 & 0x3f)) - 1;
}

CTS_TEST_F(units, ranges, "IOAS_RANGES_OF_ALL_UNITS")
{
	const char *id = "IOAS_RANGES_OF_ALL_UNITS";
	struct ranges before, after;
	uint32_t ioas, pt;
	uint64_t last;

	CTS_PRE(__obj_ioas(self->c, NULL, self->rig.space->fd, &ioas));
	for (unsigned int nr = 0; nr < 2; nr++) {
		pt = ioas;
		CTS_PRE(ask_ranges(self, ioas, &before));
		CTS_EXPECT_OK(id, __obj_attach(self->c, NULL, self->dev_fd[nr], &pt));
		CTS_PRE(ask_ranges(self, ioas, &after));
		for (uint32_t i = 0; i < after.nr; i++)
			CTS_EXPECT_TRUE(id, is_within(&after.r[i], &before),
					"range %u is wider than before the attach", i);
	}
	last = after.r[after.nr - 1].last;
	for (unsigned int nr = 0; nr < 2; nr++)
		CTS_EXPECT_TRUE(id, last <= unit_last(self, nr),
				"0x%llx is beyond the unit of device %u", (unsigned long long)last,
				self->rig.device[nr]);
	if (last != UINT64_MAX)
		CTS_EXPECT_RC(id, __obj_map(self->c, NULL, self->rig.space->fd, ioas, last + 1,
					    self->rig.win.va, 4096));
	CTS_ASSERT_OK(id, __obj_map(self->c, NULL, self->rig.space->fd, ioas, last - 4095,
				    self->rig.win.va, 4096));
	for (unsigned int nr = 0; nr < 2; nr++) {
		struct cts_path p = cts_space_path(self->rig.space, self->rig.device[nr]);

		CTS_EXPECT_LANDS(id, &self->rig.win, self->rig.engine, 64, 32,
				 engine_write(self->rig.space, p, last - 4095 + 64, 32));
	}
}

CTS_TEST_F(units, hw_info, "HWINFO_PER_UNIT")
{
	for (unsigned int nr = 0; nr < 2; nr++) {
		uint32_t hwpt;
		bool able;
		int rc;

		CTS_PRE_TRUE(has_dirty_tracking(self, nr, &able));
		rc = alloc(self, nr, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt);
		if (able)
			CTS_EXPECT_OK("HWINFO_PER_UNIT", rc);
		else
			CTS_EXPECT_RC("HWINFO_PER_UNIT", rc);
	}
}

CTS_TEST_F(units, viommu, "VIOMMU_UNIT_MISMATCH")
{
	const int fd = self->rig.space->fd;
	struct iommu_vdevice_alloc v = {
		.size = sizeof(v), .dev_id = self->dev_id[1], .virt_id = CTS_VSID(1),
	};
	uint32_t parent, id;

	if (self->c->arch != CTS_SMMUV3)
		CTS_SKIP(NOT_SUPPORTED, "this IOMMU has no vIOMMU");
	if (alloc(self, 0, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent))
		CTS_SKIP(NOT_SUPPORTED, "the SMMU does not nest");
	CTS_EXPECT_RC("VIOMMU_UNIT_MISMATCH",
		      __obj_viommu(self->c, NULL, fd, self->dev_id[1], parent, &id));
	CTS_PRE(__obj_viommu(self->c, NULL, fd, self->dev_id[0], parent, &v.viommu_id));
	CTS_EXPECT_RC("VIOMMU_UNIT_MISMATCH",
		      cts_ioctl(self->c, NULL, fd, IOMMU_VDEVICE_ALLOC, &v));
	v.dev_id = self->dev_id[0];
	CTS_EXPECT_OK("VIOMMU_UNIT_MISMATCH",
		      cts_ioctl(self->c, NULL, fd, IOMMU_VDEVICE_ALLOC, &v));
}

CTS_SUITE("lifecycle", "lifecycle/units");
