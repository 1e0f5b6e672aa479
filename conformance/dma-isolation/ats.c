// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation of devices that keep translations themselves (PCIe ATS). The IOMMU does not look at the
 * page table again for what they have; so whoever takes a right away has to tell them.
 */
#include "../../fixtures/rig_checks.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

/* The device has page @pg of the window at @base, where the subject can tell. */
#define ATC_PRE(path_, base_, pg_) \
	CTS_PRE_TRUE(cts_atc_cached(self->c, (path_).device, (path_).has_pasid, (path_).pasid, \
				    (base_) + (pg_) * 4096ull, true) != 0)

FIXTURE(iso_ats) {
	struct cts *c;
	struct flat_rig rig;
};
CTS_VARIANTS_SEMANTIC(iso_ats);

FIXTURE_SETUP(iso_ats)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, RIG_ATS, &self->rig), &self->rig);
	FLAT_WARM(&self->rig);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		ATC_PRE(self->rig.path, self->rig.iova, pg);
}

FIXTURE_TEARDOWN(iso_ats)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

static void expect_all_blocked(struct __test_metadata *_metadata, FIXTURE_DATA(iso_ats) *self,
			       const char *id)
{
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		FLAT_EXPECT_BLOCKED(id, &self->rig, flat_write(&self->rig, pg * 4096ull, 16));
}

CTS_TEST_F(iso_ats, after_unmap, "ISO_ATC_AFTER_UNMAP")
{
	CTS_PRE(__cts_unmap(self->rig.space, self->rig.iova, self->rig.win.len, NULL));
	expect_all_blocked(_metadata, self, "ISO_ATC_AFTER_UNMAP");
}

/* What is mapped at the same IOVA afterwards is all that the device reaches. */
CTS_TEST_F(iso_ats, mapped_anew, "ISO_ATC_AFTER_UNMAP")
{
	struct window other;

	CTS_PRE(window_create(self->c, self->rig.win.len, &other));
	CTS_PRE(__cts_unmap(self->rig.space, self->rig.iova, self->rig.win.len, NULL));
	CTS_PRE(__cts_map(self->rig.space, self->rig.iova, other.va, other.len, CTS_RW));
	window_arm(&other);
	CTS_EXPECT_EQ("ISO_ATC_AFTER_UNMAP", ENGINE_DONE, flat_write(&self->rig, 4096, 64));
	CTS_EXPECT_NULL("ISO_ATC_AFTER_UNMAP", window_untouched(&self->rig.win));
	CTS_EXPECT_NULL("ISO_ATC_AFTER_UNMAP", window_written(&other, self->rig.engine, 4096, 64));
}

CTS_TEST_F(iso_ats, after_detach, "ISO_ATC_AFTER_DETACH")
{
	CTS_PRE(__cts_detach(self->rig.space, self->rig.device));
	expect_all_blocked(_metadata, self, "ISO_ATC_AFTER_DETACH");
}

CTS_TEST_F(iso_ats, after_replace, "ISO_ATC_AFTER_REPLACE")
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct vfio_device_attach_iommufd_pt at = { .argsz = sizeof(at) };
	struct cts_space *s = self->rig.space;

	CTS_PRE(cts_ioctl(self->c, NULL, s->fd, IOMMU_IOAS_ALLOC, &ioas));
	at.pt_id = ioas.out_ioas_id;
	CTS_PRE(cts_ioctl(self->c, NULL, s->dev_fd[self->rig.device],
			  VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at));
	expect_all_blocked(_metadata, self, "ISO_ATC_AFTER_REPLACE");
}

FIXTURE(iso_ats_nested) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(iso_ats_nested);

FIXTURE_SETUP(iso_ats_nested)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_ATS, &self->rig), &self->rig);
	NEST_WARM(&self->rig, 0);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		ATC_PRE(self->rig.leg[0].path, self->rig.leg[0].gva, pg);
}

FIXTURE_TEARDOWN(iso_ats_nested)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(iso_ats_nested, stage2_unmap, "ISO_ATC_STAGE2_UNMAP")
{
	struct nest_leg *leg = &self->rig.leg[0];

	CTS_PRE(__cts_unmap(self->rig.space, leg->gpa, leg->win.len, NULL));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		NEST_EXPECT_BLOCKED("ISO_ATC_STAGE2_UNMAP", &self->rig, 0,
				    nest_write(&self->rig, 0, pg * 4096ull, 16));
}

CTS_TEST_F(iso_ats_nested, after_unbind, "ISO_ATC_AFTER_UNBIND")
{
	CTS_PRE(__cts_unbind(self->rig.leg[0].bind));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		NEST_EXPECT_BLOCKED("ISO_ATC_AFTER_UNBIND", &self->rig, 0,
				    nest_write(&self->rig, 0, pg * 4096ull, 16));
}

CTS_SUITE("dma-isolation", "dma-isolation/ats");
