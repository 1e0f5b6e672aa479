// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Page requests for the user's own stage 1: on VT-d, and on SMMUv3 also for the guest's PASIDs. */
#include <kselftest_harness.h>

#include "fault_util.h"

FIXTURE(nested_fault)
{
	struct machine m;
	uint32_t queue, hwpt;
	int fd;
};

FIXTURE_VARIANT(nested_fault)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(nested_fault, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(nested_fault, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

FIXTURE_SETUP(nested_fault)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_arm_smmuv3 ste;
	struct iommu_hwpt_vtd_s1 s1;

	ASSERT_EQ(0, machine_create(m, variant->vendor, NULL));
	self->fd = queue_alloc(&m->u, &self->queue);
	ASSERT_LE(0, self->fd);
	ste = guest_ste(&m->g);
	s1 = guest_vtd(&m->g);
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = IOMMU_HWPT_FAULT_ID_VALID, .dev_id = m->dev,
		.pt_id = m->g.arm ? m->viommu : m->parent, .fault_id = self->queue,
		.data_type = m->g.arm ? IOMMU_HWPT_DATA_ARM_SMMUV3 : IOMMU_HWPT_DATA_VTD_S1,
		.data_len = m->g.arm ? sizeof(ste) : sizeof(s1),
		.data_uptr = m->g.arm ? (uintptr_t)&ste : (uintptr_t)&s1,
	};
	ASSERT_EQ(0, fd_cmd(&m->u, IOMMU_HWPT_ALLOC, &cmd));
	self->hwpt = cmd.out_hwpt_id;
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, self->hwpt));
}

FIXTURE_TEARDOWN(nested_fault)
{
	machine_destroy(&self->m);
}

/* DMA fails, the device asks, the guest maps and answers, DMA succeeds. */
TEST_F(nested_fault, page_is_brought)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_pgfault f;

	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(9)));
	EXPECT_EQ(0, ask(m->u.ref, 0, NO_PASID, 0, GVA(9), true));
	ASSERT_EQ(FLT, take(&m->u, self->fd, &f, 1));
	EXPECT_EQ(GVA(9), f.addr);
	guest_map(&m->g, 9, 9, true);
	EXPECT_EQ(RESP, reply(&m->u, self->fd, f.cookie, 0));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(m->u.ref, 0, 0));
	EXPECT_EQ(9, fd_peek(m->u.ref, 0, GVA(9)));
}

/* SMMUv3: "page faults for any PASID should go through the NESTING domain attached to the RID" */
TEST_F(nested_fault, pasids_of_the_guest)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_pgfault f;

	EXPECT_EQ(0, ask(m->u.ref, 0, 3, 4, GVA(9), true));
	if (!m->g.arm) {
		EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(m->u.ref, 0, 4));
		return;
	}
	ASSERT_EQ(FLT, take(&m->u, self->fd, &f, 1));
	EXPECT_EQ(3, f.pasid);
	EXPECT_EQ(0, fd_detach(&m->u, m->cdev));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(m->u.ref, 0, 4));
}

TEST_HARNESS_MAIN
