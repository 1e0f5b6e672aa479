/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The fixture of the nesting tests: two processes with a nesting container each, guest memory that
 * both have mapped, and a first-level table in it; once as posted and once as reviewed. When a test
 * is over everything must be gone.
 */
#ifndef IOMMU_REF_TESTS_VFIO_NEST_FIXTURE_H
#define IOMMU_REF_TESTS_VFIO_NEST_FIXTURE_H

#include <kselftest_harness.h>

#include "vfio_util.h"

#define IOTLB IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define PASID IOMMU_CACHE_INV_TYPE_PASID
#define GRANU_DOMAIN IOMMU_INV_GRANU_DOMAIN
#define GRANU_PASID IOMMU_INV_GRANU_PASID
#define GRANU_ADDR IOMMU_INV_GRANU_ADDR
#define DATA_PAGES 8

/* A: group 1, device 0. B: group 3, devices 2 and 3. Both see the same guest memory. */
FIXTURE(nest)
{
	struct iommu_ref *ref;
	struct vf_user a, b;
	struct vf_guest guest;
	uint64_t root;		/* maps GUEST_GVA to data pages 0 .. 7 */
	bool posted;
};

FIXTURE_VARIANT(nest)
{
	enum iommu_ref_profile profile;
};

FIXTURE_VARIANT_ADD(nest, reviewed) { .profile = IOMMU_REF_V7_REVIEWED };
FIXTURE_VARIANT_ADD(nest, posted) { .profile = IOMMU_REF_V7_POSTED };

#define A self->a.proc, self->a.container
#define B self->b.proc, self->b.container
#define NESTING VFIO_TYPE1_NESTING_IOMMU
#define POSTED(as_posted, as_reviewed) (self->posted ? (as_posted) : (as_reviewed))

static inline uint64_t build_table(struct vf_guest *g)
{
	uint64_t root = vf_new_table(g);

	for (unsigned int i = 0; i < DATA_PAGES; i++)
		vf_set_pte(g, root, GUEST_GVA + i * PG, vf_gpa(i));
	return root;
}

FIXTURE_SETUP(nest)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.profile = variant->profile;
	self->posted = variant->profile == IOMMU_REF_V7_POSTED;
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, vf_guest_create(&self->guest));
	ASSERT_EQ(0, vf_user_create(self->ref, 1, NESTING, &self->a));
	ASSERT_EQ(0, vf_user_create(self->ref, 3, NESTING, &self->b));
	ASSERT_EQ(0, vf_map(A, GPA_BASE, self->guest.mem, GUEST_PAGES * PG, VF_RW));
	ASSERT_EQ(0, vf_map(B, GPA_BASE, self->guest.mem, GUEST_PAGES * PG, VF_RW));
	self->root = build_table(&self->guest);
}

FIXTURE_TEARDOWN(nest)
{
	struct iommu_ref_stats stats;

	if (self->a.proc)
		iommu_ref_proc_exit(self->a.proc);
	if (self->b.proc)
		iommu_ref_proc_exit(self->b.proc);
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.pasids);
	EXPECT_EQ(0, stats.domains);
	EXPECT_EQ(0, stats.pinned_pages);
	iommu_ref_destroy(self->ref);
	munmap(self->guest.mem, GUEST_PAGES * PG);
}

#define WRITE(device, pasid, page) \
	vf_dma_write(self->ref, device, pasid, GUEST_GVA + (page) * PG, 0xc0de)
#define CACHED(pasid, page) vf_cached(self->ref, 0, pasid, GUEST_GVA + (page) * PG)
#define BYTES(page) (*(uint32_t *)(self->guest.mem + (page) * PG))

#endif
