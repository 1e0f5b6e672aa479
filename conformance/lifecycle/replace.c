// SPDX-License-Identifier: GPL-2.0-only
/* Attaching a device that is attached: all of it happens, or none. */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../ownership/objects.h"

#define MAX_RANGES 32

FIXTURE(life_replace) {
	struct cts *c;
	struct flat_rig rig;
	int dev_fd;
	uint32_t second;	/* another IOAS of the same iommufd */
};
CTS_VARIANTS_IOMMUFD(life_replace);

FIXTURE_SETUP(life_replace)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
	self->dev_fd = self->rig.space->dev_fd[self->rig.device];
	CTS_PRE(__obj_ioas(self->c, NULL, self->rig.space->fd, &self->second));
}

FIXTURE_TEARDOWN(life_replace)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

static long attach(FIXTURE_DATA(life_replace) *self, uint32_t pt)
{
	return __obj_attach(self->c, NULL, self->dev_fd, &pt);
}

CTS_TEST_F(life_replace, frees_old, "LIFE_REPLACE_FREES_OLD")
{
	struct cts_space *s = self->rig.space;
	uint32_t hwpt;

	CTS_PRE(__obj_hwpt(self->c, NULL, s->fd, 0, s->dev_id[self->rig.device], s->ioas_id,
			   &hwpt));
	CTS_PRE(attach(self, hwpt));
	CTS_EXPECT_RC("LIFE_REPLACE_FREES_OLD", __obj_destroy(self->c, NULL, s->fd, hwpt));
	CTS_EXPECT_OK("LIFE_REPLACE_FREES_OLD", __obj_destroy(self->c, NULL, s->fd, s->hwpt_id));
	FLAT_EXPECT_LANDS("LIFE_REPLACE_FREES_OLD", &self->rig, 64, 32);
}

/* An IOVA that the attached device reserves: a hole between the usable ranges. 0: there is none. */
static uint64_t reserved_iova(FIXTURE_DATA(life_replace) *self)
{
	struct iommu_iova_range r[MAX_RANGES];
	struct iommu_ioas_iova_ranges q = {
		.size = sizeof(q), .ioas_id = self->rig.space->ioas_id, .num_iovas = MAX_RANGES,
		.allowed_iovas = (uintptr_t)r,
	};

	if (cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_IOAS_IOVA_RANGES, &q) ||
	    q.num_iovas < 2)
		return 0;
	return r[0].last + 1;
}

CTS_TEST_F(life_replace, attach_fail_keeps, "LIFE_ATTACH_FAIL_KEEPS")
{
	uint64_t iova = reserved_iova(self);
	void *va = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(va);
	FLAT_EXPECT_LANDS("LIFE_ATTACH_FAIL_KEEPS", &self->rig, 64, 32);
	CTS_EXPECT_ERRNO("LIFE_ATTACH_FAIL_KEEPS", attach(self, 1000), ENOENT);
	FLAT_EXPECT_LANDS("LIFE_ATTACH_FAIL_KEEPS", &self->rig, 64, 32);
	if (!iova)
		CTS_SKIP(NOT_SUPPORTED, "the device reserves no IOVA that could be in the way");
	/* the second IOAS maps what the device must keep free */
	CTS_PRE(__obj_map(self->c, NULL, self->rig.space->fd, self->second, iova, va, 4096));
	CTS_EXPECT_RC("LIFE_ATTACH_FAIL_KEEPS", attach(self, self->second));
	FLAT_EXPECT_LANDS("LIFE_ATTACH_FAIL_KEEPS", &self->rig, 64, 32);
	/* with that out of the way it works */
	CTS_PRE(__obj_unmap(self->c, NULL, self->rig.space->fd, self->second, iova, 4096));
	CTS_EXPECT_OK("LIFE_ATTACH_FAIL_KEEPS", attach(self, self->second));
}

CTS_SUITE("lifecycle", "lifecycle/replace");
