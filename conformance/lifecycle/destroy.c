// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_DESTROY: what is gone, what is in use, and page tables that iommufd made by itself. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../ownership/objects.h"

FIXTURE(life_destroy) {
	struct cts *c;
	int fd, dev_fd;
	uint32_t dev, ioas, hwpt;
};
CTS_VARIANTS_IOMMUFD(life_destroy);

FIXTURE_SETUP(life_destroy)
{
	CTS_SETUP(self->c);
	CTS_PRE_TRUE(self->c->nr_devices);
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	CTS_PRE(self->fd);
	self->dev_fd = __obj_open_device(self->c, NULL, 0);
	CTS_PRE(self->dev_fd);
	CTS_PRE(__obj_bind(self->c, NULL, self->dev_fd, self->fd, &self->dev));
	CTS_PRE(__obj_ioas(self->c, NULL, self->fd, &self->ioas));
	CTS_PRE(__obj_hwpt(self->c, NULL, self->fd, 0, self->dev, self->ioas, &self->hwpt));
}

FIXTURE_TEARDOWN(life_destroy)
{
	cts_end(self->c);
}

static long destroy(FIXTURE_DATA(life_destroy) *self, uint32_t id)
{
	return __obj_destroy(self->c, NULL, self->fd, id);
}

static long attach(FIXTURE_DATA(life_destroy) *self, uint32_t *pt)
{
	return __obj_attach(self->c, NULL, self->dev_fd, pt);
}

CTS_TEST_F(life_destroy, unknown, "LIFE_DESTROY_UNKNOWN")
{
	static const uint32_t id[] = { 0, 1000, 0x7fffffff, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++)
		CTS_EXPECT_RC("LIFE_DESTROY_UNKNOWN", destroy(self, id[i]));
}

CTS_TEST_F(life_destroy, twice, "LIFE_DESTROY_TWICE")
{
	const uint32_t id[] = { self->hwpt, self->ioas };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		CTS_EXPECT_OK("LIFE_DESTROY_TWICE", destroy(self, id[i]));
		CTS_EXPECT_RC("LIFE_DESTROY_TWICE", destroy(self, id[i]));
	}
}

CTS_TEST_F(life_destroy, busy, "LIFE_DESTROY_BUSY")
{
	uint32_t pt = self->hwpt;

	CTS_PRE(attach(self, &pt));
	CTS_EXPECT_RC("LIFE_DESTROY_BUSY", destroy(self, self->hwpt));
	/* still attached, still there */
	pt = self->hwpt;
	CTS_EXPECT_OK("LIFE_DESTROY_BUSY", attach(self, &pt));
	CTS_PRE(__obj_detach(self->c, NULL, self->dev_fd));
	CTS_EXPECT_OK("LIFE_DESTROY_BUSY", destroy(self, self->hwpt));
}

CTS_TEST_F(life_destroy, ioas_busy, "LIFE_IOAS_BUSY")
{
	uint32_t other, pt;

	CTS_EXPECT_RC("LIFE_IOAS_BUSY", destroy(self, self->ioas));
	CTS_PRE(destroy(self, self->hwpt));
	CTS_EXPECT_OK("LIFE_IOAS_BUSY", destroy(self, self->ioas));
	/* a device attached to the IOAS itself uses it as well */
	CTS_PRE(__obj_ioas(self->c, NULL, self->fd, &other));
	pt = other;
	CTS_PRE(attach(self, &pt));
	CTS_EXPECT_RC("LIFE_IOAS_BUSY", destroy(self, other));
	CTS_PRE(__obj_detach(self->c, NULL, self->dev_fd));
	CTS_EXPECT_OK("LIFE_IOAS_BUSY", destroy(self, other));
}

CTS_TEST_F(life_destroy, device_busy, "LIFE_DEVICE_BUSY")
{
	uint32_t again;

	CTS_EXPECT_RC("LIFE_DEVICE_BUSY", destroy(self, self->dev));
	CTS_EXPECT_OK("LIFE_DEVICE_BUSY",
		      __obj_hwpt(self->c, NULL, self->fd, 0, self->dev, self->ioas, &again));
}

CTS_TEST_F(life_destroy, auto_hwpt, "LIFE_AUTO_HWPT")
{
	uint32_t pt, second;

	CTS_PRE(destroy(self, self->hwpt));
	pt = self->ioas;
	CTS_ASSERT_OK("LIFE_AUTO_HWPT", attach(self, &pt));
	CTS_EXPECT_TRUE("LIFE_AUTO_HWPT", pt && pt != self->ioas,
			"attaching to IOAS %u gave page table %u", self->ioas, pt);
	CTS_EXPECT_ERRNO("LIFE_AUTO_HWPT", destroy(self, pt), EBUSY);
	CTS_PRE(__obj_detach(self->c, NULL, self->dev_fd));
	CTS_EXPECT_RC("LIFE_AUTO_HWPT", destroy(self, pt));
	/* also when a replacement takes its last device away */
	pt = self->ioas;
	CTS_PRE(attach(self, &pt));
	CTS_PRE(__obj_hwpt(self->c, NULL, self->fd, 0, self->dev, self->ioas, &second));
	CTS_PRE(attach(self, &(uint32_t){ second }));
	CTS_EXPECT_RC("LIFE_AUTO_HWPT", destroy(self, pt));
	CTS_PRE(__obj_detach(self->c, NULL, self->dev_fd));
	CTS_PRE(destroy(self, second));
	CTS_EXPECT_OK("LIFE_AUTO_HWPT", destroy(self, self->ioas));
}

/* ---- nesting: parent, vIOMMU and vDEVICE are in use by what stands on them */

CTS_SUITE("lifecycle", "lifecycle/destroy");
