// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Page requests of the model where a front end does not show the difference: several units. */
#include <kselftest_harness.h>

#include "model_util.h"

#define ROOM 4u

FIXTURE(pri)
{
	struct iommu_ref *ref;
	struct domain *d[2];	/* device 0 on unit 0, device 1 on unit 1 */
	struct page_group *groups;
};

FIXTURE_VARIANT(pri)
{
	enum iommu_ref_vendor vendor;
	enum fmt fmt;
};

FIXTURE_VARIANT_ADD(pri, vtd) { IOMMU_REF_VTD, FMT_VTD_SS };
FIXTURE_VARIANT_ADD(pri, smmuv3) { IOMMU_REF_SMMUV3, FMT_ARM_S2 };

static void keep(void *arg, struct page_group *group)
{
	struct page_group **list = arg;

	group->next = *list;
	*list = group;
}

FIXTURE_SETUP(pri)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.page_requests = ROOM;
	cfg.nr_units = 2;
	for (unsigned int i = 0; i < 2; i++)
		iommu_ref_unit_init(&cfg, &cfg.units[i]);
	cfg.devices[1].unit = 1;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	for (unsigned int i = 0; i < 2; i++) {
		struct device *dev = device_by_index(self->ref, i);

		ASSERT_EQ(0, domain_create_for(dev, variant->fmt, &self->d[i]));
		domain_listen(self->d[i], keep, &self->groups);
		ASSERT_EQ(0, device_set_domain(self->ref, dev, NO_PASID, self->d[i]));
	}
}

FIXTURE_TEARDOWN(pri)
{
	struct page_group *group;

	while ((group = self->groups)) {
		self->groups = group->next;
		page_group_respond(self->ref, group, IOMMU_REF_PAGE_INVALID);
	}
	for (unsigned int i = 0; i < 2; i++)
		domain_put(self->ref, self->d[i]);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static int ask(struct iommu_ref *ref, unsigned int device, uint16_t grpid, bool last)
{
	return iommu_ref_page_request(ref, &(struct iommu_ref_page_request){
		.device = device, .grpid = grpid, .last = last, .read = true });
}

/* One unit's queue is full: what waits of the other one's devices is not touched. */
TEST_F(pri, each_unit_has_its_queue)
{
	struct iommu_ref_page_response resp;

	EXPECT_EQ(0, ask(self->ref, 1, 9, false));
	EXPECT_EQ(0, ask(self->ref, 0, 9, false));
	for (unsigned int i = 0; i < ROOM; i++)
		EXPECT_EQ(0, ask(self->ref, 0, i, true));
	EXPECT_EQ(1, iommu_ref_page_response_pop(self->ref, 0, &resp));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, resp.code);
	EXPECT_EQ(ROOM - 1, resp.grpid);
	EXPECT_EQ(1, m_stats(self->ref).page_requests_lost);
	EXPECT_EQ(ROOM, m_stats(self->ref).page_requests);	/* 3 of unit 0, and unit 1's */
	EXPECT_EQ(0, ask(self->ref, 1, 9, true));
	ASSERT_NE(NULL, self->groups);
	EXPECT_EQ(2, self->groups->nr);
	EXPECT_EQ(1, device_index(self->groups->dev));
	for (unsigned int i = 0; i < ROOM - 2; i++)
		EXPECT_EQ(0, ask(self->ref, 1, i, true));
	EXPECT_EQ(0, iommu_ref_page_response_pop(self->ref, 1, &resp));
	EXPECT_EQ(0, ask(self->ref, 1, 8, true));
	EXPECT_EQ(1, iommu_ref_page_response_pop(self->ref, 1, &resp));
}

TEST_HARNESS_MAIN
