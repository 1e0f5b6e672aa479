// SPDX-License-Identifier: GPL-2.0-only
/* Page tables as objects: IOMMU_HWPT_ALLOC of kernel-managed tables and its argument checks. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

FIXTURE(hwpt) {
	struct cts *c;
	struct flat_rig rig;
	struct iommu_hwpt_alloc good;	/* of which each test spoils one field */
};
CTS_VARIANTS_IOMMUFD(hwpt);

FIXTURE_SETUP(hwpt)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
	self->good = (struct iommu_hwpt_alloc){
		.size = sizeof(self->good), .dev_id = self->rig.space->dev_id[self->rig.device],
		.pt_id = self->rig.space->ioas_id,
	};
}

FIXTURE_TEARDOWN(hwpt)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

static long hwpt_alloc(FIXTURE_DATA(hwpt) *self, struct iommu_hwpt_alloc *a)
{
	return cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_HWPT_ALLOC, a);
}

CTS_TEST_F(hwpt, paging, "HWPT_ALLOC_PAGING")
{
	struct vfio_device_attach_iommufd_pt at = { .argsz = sizeof(at) };
	struct iommu_hwpt_alloc a = self->good;

	CTS_ASSERT_OK("HWPT_ALLOC_PAGING", hwpt_alloc(self, &a));
	CTS_EXPECT_TRUE("HWPT_ALLOC_PAGING", a.out_hwpt_id && a.out_hwpt_id != a.pt_id,
			"out_hwpt_id %u, IOAS %u", a.out_hwpt_id, a.pt_id);
	at.pt_id = a.out_hwpt_id;
	CTS_EXPECT_OK("HWPT_ALLOC_PAGING",
		      cts_ioctl(self->c, NULL, self->rig.space->dev_fd[self->rig.device],
				VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at));
	window_arm(&self->rig.win);
	CTS_EXPECT_EQ("HWPT_ALLOC_PAGING", ENGINE_DONE, flat_write(&self->rig, 100, 32));
	CTS_EXPECT_NULL("HWPT_ALLOC_PAGING",
			window_written(&self->rig.win, self->rig.engine, 100, 32));
}

CTS_TEST_F(hwpt, flags, "HWPT_ALLOC_FLAGS")
{
	/* the top ones: lower bits may get a meaning in a later kernel */
	for (unsigned int bit = 30; bit < 32; bit++) {
		struct iommu_hwpt_alloc a = self->good;

		a.flags = 1u << bit;
		CTS_EXPECT_RC("HWPT_ALLOC_FLAGS", hwpt_alloc(self, &a));
	}
}

CTS_TEST_F(hwpt, reserved, "HWPT_ALLOC_RESERVED")
{
	struct iommu_hwpt_alloc a = self->good;

	a.__reserved = 1;
	CTS_EXPECT_RC("HWPT_ALLOC_RESERVED", hwpt_alloc(self, &a));
}

CTS_TEST_F(hwpt, dev_unknown, "HWPT_ALLOC_DEV_UNKNOWN")
{
	static const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_hwpt_alloc a = self->good;

		a.dev_id = id[i];
		CTS_EXPECT_RC("HWPT_ALLOC_DEV_UNKNOWN", hwpt_alloc(self, &a));
	}
	/* an id of another kind is no device either */
	struct iommu_hwpt_alloc a = self->good;

	a.dev_id = self->rig.space->ioas_id;
	CTS_EXPECT_RC("HWPT_ALLOC_DEV_UNKNOWN", hwpt_alloc(self, &a));
}

CTS_TEST_F(hwpt, pt_unknown, "HWPT_ALLOC_PT_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, self->good.dev_id };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_hwpt_alloc a = self->good;

		a.pt_id = id[i];
		CTS_EXPECT_RC("HWPT_ALLOC_PT_UNKNOWN", hwpt_alloc(self, &a));
	}
}

CTS_TEST_F(hwpt, data_mismatch, "HWPT_ALLOC_DATA_MISMATCH")
{
	struct iommu_hwpt_vtd_s1 data = { .addr_width = 48 };
	struct iommu_hwpt_alloc a = self->good;

	a.data_uptr = (uintptr_t)&data;
	a.data_len = sizeof(data);
	CTS_EXPECT_RC("HWPT_ALLOC_DATA_MISMATCH", hwpt_alloc(self, &a));
	a = self->good;
	a.data_type = IOMMU_HWPT_DATA_VTD_S1;
	CTS_EXPECT_RC("HWPT_ALLOC_DATA_MISMATCH", hwpt_alloc(self, &a));
}

CTS_SUITE("allocation", "allocation/hwpt");
