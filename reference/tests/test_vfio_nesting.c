// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The VFIO nesting series v7: bind, DMA through both stages, unbind and their lifetimes, in the
 * order of checks of its layers, as posted and as reviewed. Invalidation is test_vfio_invalidate.c.
 */
#include "vfio_nest_fixture.h"

TEST_F(nest, bind_dma_unbind)
{
	int pasid = vf_alloc(A, 1, 100);

	ASSERT_EQ(1, pasid);
	EXPECT_EQ(-EFAULT, WRITE(0, pasid, 2));
	ASSERT_EQ(0, vf_bind(A, pasid, self->root));
	EXPECT_EQ(0, WRITE(0, pasid, 2));
	EXPECT_EQ(0xc0de, BYTES(2));
	EXPECT_EQ(-EFAULT, WRITE(0, pasid, DATA_PAGES));
	EXPECT_EQ(-EFAULT, WRITE(0, pasid + 1, 2));
	EXPECT_EQ(-EFAULT, WRITE(2, pasid, 2));
	EXPECT_EQ(0, vf_unbind(A, pasid));
	BYTES(2) = 0;
	EXPECT_EQ(-EFAULT, WRITE(0, pasid, 2));
	EXPECT_EQ(0, BYTES(2));
	/* UNBIND_NOT_BOUND; the PASID is still allocated and can be bound again. */
	EXPECT_EQ(0, vf_unbind(A, pasid));
	EXPECT_EQ(1, iommu_ref_pasids_owned(self->a.proc));
	ASSERT_EQ(0, vf_bind(A, pasid, self->root));
	EXPECT_EQ(0, WRITE(0, pasid, 2));
	/* The second stage contains it: DMA stops where guest memory is unmapped. */
	EXPECT_EQ(0, vf_unmap(A, GPA_BASE, GUEST_PAGES * PG, NULL));
	EXPECT_EQ(-EFAULT, WRITE(0, pasid, 2));
}

TEST_F(nest, many_pasids_are_independent)
{
	uint64_t roots[2];

	roots[0] = self->root;
	roots[1] = vf_new_table(&self->guest);
	vf_set_pte(&self->guest, roots[1], GUEST_GVA, vf_gpa(9));
	for (int i = 1; i <= 32; i++) {
		ASSERT_EQ(i, vf_alloc(A, 1, 100));
		ASSERT_EQ(0, vf_bind(A, i, roots[i & 1]));
	}
	for (int i = 1; i <= 32; i++) {
		BYTES(0) = BYTES(9) = 0;
		EXPECT_EQ(0, WRITE(0, i, 0));
		EXPECT_EQ(0xc0de, BYTES(i & 1 ? 9 : 0));
		EXPECT_EQ(0, BYTES(i & 1 ? 0 : 9));
	}
	EXPECT_EQ(0, vf_unbind(A, 7));
	for (int i = 1; i <= 32; i++)
		EXPECT_EQ(i == 7 ? -EFAULT : 0, WRITE(0, i, 0));
}

/* GRP_MULTI_DEVICE_GROUP, INV_ALL_DEVICES_OF_GROUP */
TEST_F(nest, all_devices_of_the_group)
{
	struct vf_guest *g = &self->guest;
	int pasid = vf_alloc(B, 1, 100);

	ASSERT_EQ(0, vf_bind(B, pasid, self->root));
	EXPECT_EQ(0, WRITE(2, pasid, 0));
	EXPECT_EQ(0, WRITE(3, pasid, 0));
	vf_set_pte(g, self->root, GUEST_GVA, vf_gpa(9));
	EXPECT_EQ(0, vf_inv(B, IOTLB, GRANU_ADDR, pasid, GUEST_GVA, 1));
	BYTES(9) = 0;
	EXPECT_EQ(0, WRITE(2, pasid, 0));
	EXPECT_EQ(0xc0de, BYTES(9));
	BYTES(9) = 0;
	EXPECT_EQ(0, WRITE(3, pasid, 0));
	EXPECT_EQ(0xc0de, BYTES(9));
	EXPECT_EQ(0, vf_unbind(B, pasid));
	EXPECT_EQ(-EFAULT, WRITE(2, pasid, 0));
	EXPECT_EQ(-EFAULT, WRITE(3, pasid, 0));
}

/* ---- errno order */

TEST_F(nest, header)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 1, self->root);
	static const struct {
		uint32_t argsz, flags;
	} bad[] = {
		{ 0, 0 }, { 7, 0 }, { 80, 3 }, { 80, 0xffff }, { 80, 0x10000 }, { 80, 0x80000000 },
	};

	ASSERT_EQ(1, vf_alloc(A, 1, 1));
	EXPECT_EQ(-EFAULT, vf_nesting(A, NULL));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		arg.op.argsz = bad[i].argsz;
		arg.op.flags = bad[i].flags;
		EXPECT_EQ(-EINVAL, vf_nesting(A, &arg));
	}
	/* ABUSE_NESTOP_ARGSZ: as posted nobody compares it with the data (DF9). */
	arg.op.flags = 0;
	arg.op.argsz = 79;
	EXPECT_EQ(POSTED(0, -EINVAL), vf_nesting(A, &arg));
	EXPECT_EQ(0, vf_unbind(A, 1));
	arg.op.argsz = 8;
	EXPECT_EQ(POSTED(0, -EINVAL), vf_nesting(A, &arg));
	EXPECT_EQ(0, vf_unbind(A, 1));
	arg.op.argsz = 80;
	EXPECT_EQ(0, vf_nesting(A, &arg));
}

struct bind_case {
	const char *what;
	size_t off, size;	/* of the field in struct iommu_gpasid_bind_data */
	uint64_t value;
	int expected;
};

#define BIND_FIELD(f) #f, offsetof(struct iommu_gpasid_bind_data, f), \
	sizeof(((struct iommu_gpasid_bind_data *)0)->f)

static const struct bind_case bind_cases[] = {
	{ BIND_FIELD(argsz), 55, -EINVAL },
	{ BIND_FIELD(argsz), 56, -EINVAL },
	{ BIND_FIELD(argsz), 71, -EINVAL },
	{ BIND_FIELD(argsz), 72, 0 },
	{ BIND_FIELD(version), 0, -EINVAL },
	{ BIND_FIELD(version), 2, -EINVAL },
	{ BIND_FIELD(format), 0, -EINVAL },
	{ BIND_FIELD(format), 2, -EINVAL },
	{ BIND_FIELD(flags), 2, -EINVAL },
	{ BIND_FIELD(flags), 1ull << 63, -EINVAL },
	{ BIND_FIELD(flags), IOMMU_SVA_GPASID_VAL, 0 },
	{ BIND_FIELD(padding[0]), 1, -EINVAL },
	{ BIND_FIELD(padding[7]), 1, -EINVAL },
	{ BIND_FIELD(vendor.vtd.flags), 1 << 6, -EINVAL },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_SRE, 0 },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_EAFE, 0 },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_PCD, -EINVAL },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_PWT, -EINVAL },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_EMTE, -EINVAL },
	{ BIND_FIELD(vendor.vtd.flags), IOMMU_SVA_VTD_GPASID_CD, -EINVAL },
	{ BIND_FIELD(hpasid), 0, -EINVAL },
	{ BIND_FIELD(hpasid), 0x100000, -EINVAL },
	{ BIND_FIELD(hpasid), (1ull << 32) + 5, -EINVAL },
	{ BIND_FIELD(hpasid), 6, -ENOENT },
	{ BIND_FIELD(addr_width), 0, -EINVAL },
	{ BIND_FIELD(addr_width), 47, -EINVAL },
	{ BIND_FIELD(addr_width), 57, -EINVAL },
	{ BIND_FIELD(addr_width), 64, -EINVAL },
	{ BIND_FIELD(gpgd), 1ull << 48, -EINVAL },
	{ BIND_FIELD(gpasid), ~0ull, 0 },
};

TEST_F(nest, bind_fields)
{
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	for (unsigned int i = 0; i < sizeof(bind_cases) / sizeof(bind_cases[0]); i++) {
		const struct bind_case *t = &bind_cases[i];
		struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 5, self->root);

		memcpy((uint8_t *)&arg.data + t->off, &t->value, t->size);
		EXPECT_EQ(t->expected, vf_nesting(A, &arg))
			TH_LOG("%s = %#llx", t->what, (unsigned long long)t->value);
		EXPECT_EQ(t->expected ? -EFAULT : 0, WRITE(0, 5, 0))
			TH_LOG("%s = %#llx", t->what, (unsigned long long)t->value);
		EXPECT_EQ(0, vf_unbind(A, 5));
	}
}

/*
 * A later layer is not asked: core before driver, PASID's range before its owner, owner before
 * table.
 */
TEST_F(nest, bind_order)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 6, self->root);

	arg.data.addr_width = 47;
	EXPECT_EQ(-ENOENT, vf_nesting(A, &arg));
	arg.data.hpasid = vf_alloc(B, 6, 6);
	EXPECT_EQ(-EACCES, vf_nesting(A, &arg));
	arg.data.vendor.vtd.flags = 1 << 6;
	EXPECT_EQ(-EINVAL, vf_nesting(A, &arg));
	/* Bound already comes before a bad table. */
	ASSERT_EQ(7, vf_alloc(A, 7, 7));
	ASSERT_EQ(0, vf_bind(A, 7, self->root));
	arg.data.vendor.vtd.flags = 0;
	arg.data.hpasid = 7;
	EXPECT_EQ(-EBUSY, vf_nesting(A, &arg));
}

TEST_F(nest, data_that_ends_at_a_hole)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 5, self->root);
	uint8_t *two;

	two = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, two);
	ASSERT_EQ(0, munmap(two + PG, PG));
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	for (size_t len = 0; len <= sizeof(arg); len += 4) {
		memcpy(two + PG - len, &arg, len);
		EXPECT_EQ(len < sizeof(arg) ? -EFAULT : 0, vf_nesting(A, two + PG - len));
	}
	/* As posted a failed read does not tear down: unbind stumbles over the same hole. */
	memcpy(two + PG - 40, &arg, 40);
	EXPECT_EQ(-EFAULT, vf_nesting(A, two + PG - 40));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	arg.op.flags = VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL;
	memcpy(two + PG - 40, &arg, 40);
	EXPECT_EQ(POSTED(0, -EFAULT), vf_nesting(A, two + PG - 40));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	munmap(two, PG);
}

/* BIND_DOUBLE_KEEPS_FIRST: DF7 */
TEST_F(nest, failed_bind_leaves_the_first)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 5, self->root);

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	EXPECT_EQ(-EBUSY, vf_bind(A, 5, self->root));
	EXPECT_EQ(POSTED(-EFAULT, 0), WRITE(0, 5, 0));
	EXPECT_EQ(POSTED(0, -EBUSY), vf_bind(A, 5, self->root));
	arg.data.argsz = 60;	/* passes the core, not the driver */
	EXPECT_EQ(-EINVAL, vf_nesting(A, &arg));
	EXPECT_EQ(POSTED(-EFAULT, 0), WRITE(0, 5, 0));
	EXPECT_EQ(POSTED(0, -EBUSY), vf_bind(A, 5, self->root));
	arg.data.version = 2;	/* does not pass the core, so neither does the unbind */
	EXPECT_EQ(-EINVAL, vf_nesting(A, &arg));
	EXPECT_EQ(0, WRITE(0, 5, 0));
}

/* BIND_ROLLBACK_GROUP: one of two devices has no PASIDs */
FIXTURE(rollback)
{
	struct iommu_ref *ref;
	struct vf_guest g;
};

FIXTURE_VARIANT(rollback)
{
	enum iommu_ref_profile profile;
};

FIXTURE_VARIANT_ADD(rollback, reviewed) { .profile = IOMMU_REF_V7_REVIEWED };
FIXTURE_VARIANT_ADD(rollback, posted) { .profile = IOMMU_REF_V7_POSTED };

FIXTURE_SETUP(rollback)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.profile = variant->profile;
	cfg.devices[3].pasid = false;
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, vf_guest_create(&self->g));
}

FIXTURE_TEARDOWN(rollback)
{
	iommu_ref_destroy(self->ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

TEST_F(rollback, first_device_is_not_left_bound)
{
	uint64_t root = build_table(&self->g);
	struct vf_user u;

	ASSERT_EQ(0, vf_user_create(self->ref, 3, NESTING, &u));
	ASSERT_EQ(0, vf_map(u.proc, u.container, GPA_BASE, self->g.mem, GUEST_PAGES * PG, VF_RW));
	ASSERT_EQ(1, vf_alloc(u.proc, u.container, 1, 1));
	EXPECT_EQ(-EINVAL, vf_bind(u.proc, u.container, 1, root));
	EXPECT_EQ(-EFAULT, vf_dma_write(self->ref, 2, 1, GUEST_GVA, 1));
	/* Nothing holds the PASID back. */
	EXPECT_EQ(0, vf_free(u.proc, u.container, 1, 1));
	EXPECT_EQ(1, vf_alloc(u.proc, u.container, 1, 1));
}

/*
 * LIFE_FREE_PENDING, on the variant that leaves the binding in place when its PASID is freed: while
 * the binding holds the number nobody can use it, and it still counts; then it comes back.
 */
FIXTURE(pending)
{
	struct iommu_ref *ref;
	struct vf_guest g;
	struct vf_user a, b;
	uint64_t root;
};

FIXTURE_SETUP(pending)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.pasid_quota = 2;
	cfg.defect = "FREE_KEEPS_BINDING";
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, vf_guest_create(&self->g));
	self->root = build_table(&self->g);
	ASSERT_EQ(0, vf_user_create(self->ref, 1, NESTING, &self->a));
	ASSERT_EQ(0, vf_user_create(self->ref, 2, NESTING, &self->b));
	ASSERT_EQ(0, vf_map(A, GPA_BASE, self->g.mem, GUEST_PAGES * PG, VF_RW));
}

FIXTURE_TEARDOWN(pending)
{
	iommu_ref_destroy(self->ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

TEST_F(pending, number_is_not_reissued)
{
	struct iommu_ref_stats stats;

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	EXPECT_EQ(0, vf_free(A, 5, 5));
	EXPECT_EQ(0, vf_free(A, 5, 5));
	EXPECT_EQ(0, vf_dma_write(self->ref, 0, 5, GUEST_GVA, 1));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 5, 5));
	EXPECT_EQ(-ENOSPC, vf_alloc(B, 5, 5));
	EXPECT_EQ(-ENOENT, vf_bind(A, 5, self->root));
	EXPECT_EQ(-ENOENT, vf_inv(A, IOTLB, GRANU_PASID, 5, 0, 0));
	EXPECT_EQ(6, vf_alloc(A, 5, 9));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 5, 9));
	/* The last user goes with the group. */
	EXPECT_EQ(0, iommu_ref_close(self->a.proc, self->a.group));
	EXPECT_EQ(-EFAULT, vf_dma_write(self->ref, 0, 5, GUEST_GVA, 1));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.pasids);
	EXPECT_EQ(5, vf_alloc(B, 5, 5));
}

/* ---- ownership and life */

TEST_F(nest, foreign_pasids)
{
	ASSERT_EQ(5, vf_alloc(B, 5, 5));
	ASSERT_EQ(0, vf_bind(B, 5, self->root));
	EXPECT_EQ(0, WRITE(2, 5, 0));
	EXPECT_EQ(-EACCES, vf_bind(A, 5, self->root));
	EXPECT_EQ(POSTED(0, -EACCES), vf_unbind(A, 5));
	EXPECT_EQ(POSTED(0, -EACCES), vf_inv(A, IOTLB, GRANU_PASID, 5, 0, 0));
	EXPECT_TRUE(vf_cached(self->ref, 2, 5, GUEST_GVA));
	EXPECT_EQ(0, vf_free(A, 0, 0x7fffffff));
	EXPECT_EQ(0, WRITE(2, 5, 0));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(-EBUSY, vf_bind(B, 5, self->root));
}

TEST_F(nest, pasid_of_64_bits)
{
	uint64_t high = (1ull << 32) + 5;

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	EXPECT_EQ(POSTED(0, -EINVAL), vf_inv(A, IOTLB, GRANU_PASID, high, 0, 0));
	EXPECT_EQ(!self->posted, CACHED(5, 0));
	EXPECT_EQ(POSTED(0, -EINVAL), vf_unbind(A, high));
	EXPECT_EQ(POSTED(-EFAULT, 0), WRITE(0, 5, 0));
}

/* As posted PASID 0 can be owned; nothing done to it reaches the container's own table. */
TEST_F(nest, pasid_zero)
{
	struct iommu_ref_dma flat = { .device = 0, .iova = GPA_BASE, .len = 4 };
	uint32_t value;

	flat.buf = &value;
	EXPECT_EQ(POSTED(0, -ENOSPC), vf_alloc(A, 0, 0));
	EXPECT_EQ(0, iommu_ref_dma(self->ref, &flat, NULL));
	EXPECT_EQ(-EINVAL, vf_bind(A, 0, self->root));
	EXPECT_EQ(0, vf_unbind(A, 0));
	EXPECT_EQ(POSTED(0, -ENOENT), vf_inv(A, IOTLB, GRANU_PASID, 0, 0, 0));
	EXPECT_TRUE(iommu_ref_iotlb_cached(self->ref, &flat));
	EXPECT_EQ(0, vf_free(A, 0, 0));
	EXPECT_EQ(0, iommu_ref_dma(self->ref, &flat, NULL));
	EXPECT_EQ(POSTED(0, -ENOSPC), vf_alloc(A, 0, 0));
}

/* FREE_BOUND_TEARS_DOWN, UNBIND_AFTER_FREE */
TEST_F(nest, free_while_bound)
{
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(6, vf_alloc(A, 6, 6));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	ASSERT_EQ(0, vf_bind(A, 6, self->root));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	EXPECT_EQ(0, vf_free(A, 5, 5));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(0, WRITE(0, 6, 0));
	EXPECT_EQ(-ENOENT, vf_bind(A, 5, self->root));
	EXPECT_EQ(0, vf_unbind(A, 5));
	/* The number has a new owner: the old one's unbind and FREE do not reach it. */
	EXPECT_EQ(5, vf_alloc(B, 5, 5));
	EXPECT_EQ(0, vf_bind(B, 5, self->root));
	vf_unbind(A, 5);
	EXPECT_EQ(0, vf_free(A, 5, 5));
	EXPECT_EQ(0, WRITE(2, 5, 0));
}

/* OWN_SHARED_CONTAINERS, LIFE_DETACH_OTHER_GROUP_STAYS, LIFE_DETACH_UNBINDS, LIFE_REATTACH_CLEAN */
TEST_F(nest, two_containers_of_a_process)
{
	int container = iommu_ref_open(self->a.proc, "/dev/vfio/vfio", 0);
	int group = vf_open_group(self->a.proc, 2);

	ASSERT_EQ(0, vf_set_container(self->a.proc, group, container));
	ASSERT_EQ(0, vf_set_iommu(self->a.proc, container, NESTING));
	ASSERT_EQ(0, vf_map(self->a.proc, container, GPA_BASE, self->guest.mem, GUEST_PAGES * PG,
			    VF_RW));
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	EXPECT_EQ(0, vf_bind(self->a.proc, container, 5, self->root));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(0, vf_bind(A, 5, self->root));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	EXPECT_EQ(0, WRITE(1, 5, 0));
	EXPECT_EQ(0, iommu_ref_ioctl(self->a.proc, group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(-EFAULT, WRITE(1, 5, 0));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	ASSERT_EQ(0, vf_set_container(self->a.proc, group, container));
	ASSERT_EQ(0, vf_set_iommu(self->a.proc, container, NESTING));
	EXPECT_EQ(-EFAULT, WRITE(1, 5, 0));
	ASSERT_EQ(0, vf_map(self->a.proc, container, GPA_BASE, self->guest.mem, GUEST_PAGES * PG,
			    VF_RW));
	EXPECT_EQ(0, vf_bind(self->a.proc, container, 5, self->root));
	EXPECT_EQ(0, WRITE(1, 5, 0));
	/* FREE reaches the bindings in every container. */
	EXPECT_EQ(0, vf_free(A, 5, 5));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(-EFAULT, WRITE(1, 5, 0));
	EXPECT_EQ(5, vf_alloc(A, 5, 5));
}

TEST_F(nest, exit_with_live_bindings)
{
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	iommu_ref_proc_exit(self->a.proc);
	self->a.proc = NULL;
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(5, vf_alloc(B, 5, 5));
}

TEST_F(nest, nothing_leaks)
{
	struct iommu_ref_stats before, after;

	iommu_ref_stats(self->ref, &before);
	for (int i = 0; i < 2000; i++) {
		int pasid = vf_alloc(A, 1, 0xfffff);

		ASSERT_EQ(1, pasid);
		ASSERT_EQ(0, vf_bind(A, pasid, self->root));
		ASSERT_EQ(0, WRITE(0, pasid, 0));
		ASSERT_EQ(0, vf_inv(A, IOTLB, GRANU_PASID, pasid, 0, 0));
		if (i & 1)
			ASSERT_EQ(0, vf_unbind(A, pasid));
		ASSERT_EQ(0, vf_free(A, pasid, pasid));
	}
	iommu_ref_stats(self->ref, &after);
	EXPECT_EQ(before.pasids, after.pasids);
	EXPECT_EQ(before.domains, after.domains);
}

/* UNBIND_ONLY_HPASID: as posted the core looks at the rest. */
TEST_F(nest, unbind_fields)
{
	struct vf_bind arg = vf_bind_arg(VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, 5, 1ull << 60);

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	arg.data.argsz = 55;
	EXPECT_EQ(POSTED(0, -EINVAL), vf_nesting(A, &arg));
	EXPECT_EQ(0, WRITE(0, 5, 0));
	arg.data.argsz = 56;
	arg.data.addr_width = 3;
	arg.data.gpasid = 77;
	arg.data.vendor.vtd.flags = ~0ull;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	arg.data.padding[3] = 1;
	arg.data.format = 9;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_EQ(POSTED(0, -EFAULT), WRITE(0, 5, 0));
}

TEST_HARNESS_MAIN
