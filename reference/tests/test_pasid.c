// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PASID sets, through VFIO_IOMMU_PASID_REQUEST: ranges, quota, capacity, ownership, and how long
 * they live.
 */
#include <kselftest_harness.h>

#include "vfio_util.h"

#define ALL_31_BITS 0x7fffffffu

FIXTURE(pasid)
{
	struct iommu_ref *ref;
	struct vf_user a, b;
};

FIXTURE_VARIANT(pasid)
{
	enum iommu_ref_profile profile;
};

FIXTURE_VARIANT_ADD(pasid, reviewed) { .profile = IOMMU_REF_V7_REVIEWED };
FIXTURE_VARIANT_ADD(pasid, posted) { .profile = IOMMU_REF_V7_POSTED };

FIXTURE_SETUP(pasid)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.profile = variant->profile;
	cfg.pasid_quota = 70;	/* more than one 64-way bitmap */
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, vf_user_create(self->ref, 1, VFIO_TYPE1_NESTING_IOMMU, &self->a));
	ASSERT_EQ(0, vf_user_create(self->ref, 2, VFIO_TYPE1_NESTING_IOMMU, &self->b));
}

FIXTURE_TEARDOWN(pasid)
{
	iommu_ref_destroy(self->ref);
}

#define A self->a.proc, self->a.container
#define B self->b.proc, self->b.container

TEST_F(pasid, range_is_inclusive_and_lowest_first)
{
	EXPECT_EQ(77, vf_alloc(A, 77, 77));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 77, 77));
	EXPECT_EQ(10, vf_alloc(A, 10, 11));
	EXPECT_EQ(11, vf_alloc(A, 10, 11));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 10, 11));
	EXPECT_EQ(0xfffff, vf_alloc(A, 0xfffff, 0xfffff));
	EXPECT_EQ(12, vf_alloc(A, 10, ALL_31_BITS));
	EXPECT_EQ(5, iommu_ref_pasids_owned(self->a.proc));
	/* A range that is full costs no quota. */
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(-ENOSPC, vf_alloc(A, 10, 11));
	EXPECT_EQ(13, vf_alloc(A, 10, 100));
}

TEST_F(pasid, full_subtrees_are_skipped)
{
	/* 60..129 fills one leaf of the bitmap and parts of two. */
	for (int i = 0; i < 70; i++)
		ASSERT_EQ(60 + i, vf_alloc(A, 60, 4000));
	EXPECT_EQ(130, vf_alloc(B, 64, 4000));
	EXPECT_EQ(0, vf_free(A, 100, 100));
	EXPECT_EQ(100, vf_alloc(B, 64, 4000));
	EXPECT_EQ(0, vf_free(A, 0, ALL_31_BITS));
	EXPECT_EQ(64, vf_alloc(B, 64, 4000));
}

TEST_F(pasid, quota)
{
	for (int i = 0; i < 70; i++)
		ASSERT_LT(0, vf_alloc(A, 1, 0xfffff));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 1, 0xfffff));
	EXPECT_EQ(70, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(71, vf_alloc(B, 1, 0xfffff));
	EXPECT_EQ(0, vf_free(A, 33, 33));
	EXPECT_EQ(33, vf_alloc(A, 1, 0xfffff));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 1, 0xfffff));
}

TEST_F(pasid, free_takes_own_pasids_in_range_only)
{
	ASSERT_EQ(3, vf_alloc(A, 3, 3));
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(9, vf_alloc(A, 9, 9));
	ASSERT_EQ(7, vf_alloc(B, 7, 7));
	EXPECT_EQ(0, vf_free(A, 4, 9));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 3, 3));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 7, 7));
	EXPECT_EQ(1, iommu_ref_pasids_owned(self->b.proc));
	EXPECT_EQ(5, vf_alloc(A, 5, 5));
	EXPECT_EQ(9, vf_alloc(A, 9, 9));
	/* Nothing there, the same again, and the whole space. */
	EXPECT_EQ(0, vf_free(A, 1000, 2000));
	EXPECT_EQ(0, vf_free(A, 0, ALL_31_BITS));
	EXPECT_EQ(0, vf_free(A, 0, ALL_31_BITS));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(1, iommu_ref_pasids_owned(self->b.proc));
}

TEST_F(pasid, errno_order)
{
	struct vfio_iommu_type1_pasid_request req = { .argsz = 16, .flags = 1, .range = { 5, 4 } };
	struct vf_user plain;
	uint8_t *page;

	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(A, VFIO_IOMMU_PASID_REQUEST, NULL));
	page = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + PG, PG));
	memcpy(page + PG - 12, &req, 12);
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(A, VFIO_IOMMU_PASID_REQUEST, page + PG - 12));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(A, VFIO_IOMMU_PASID_REQUEST, &req));
	EXPECT_EQ(5, req.range.min);
	req = (struct vfio_iommu_type1_pasid_request){ 15, 1, { 4, 5 } };
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(A, VFIO_IOMMU_PASID_REQUEST, &req));
	EXPECT_EQ(-EINVAL, vf_pasid(A, 4, 1, 2));
	EXPECT_EQ(-EINVAL, vf_pasid(A, 0x80000000, 1, 2));
	EXPECT_EQ(-EINVAL, vf_pasid(A, 0, 1, 2));
	EXPECT_EQ(-EINVAL, vf_pasid(A, 3, 1, 2));
	EXPECT_EQ(-EINVAL, vf_alloc(A, 0, 0x80000001));
	EXPECT_EQ(-EINVAL, vf_free(A, 0, 0x80000001));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
	/* A container that is not nesting has no PASIDs: after the range, before the operation. */
	ASSERT_EQ(0, vf_user_create(self->ref, 3, VFIO_TYPE1v2_IOMMU, &plain));
	EXPECT_EQ(-EOPNOTSUPP, vf_alloc(plain.proc, plain.container, 1, 2));
	EXPECT_EQ(-EOPNOTSUPP, vf_pasid(plain.proc, plain.container, 3, 1, 2));
	EXPECT_EQ(-EINVAL, vf_alloc(plain.proc, plain.container, 2, 1));
	munmap(page, PG);
}

TEST_F(pasid, what_the_review_changed)
{
	bool posted = variant->profile == IOMMU_REF_V7_POSTED;

	/* ALLOC_BIT31_EXACT, ALLOC_ABOVE_PASID_BITS, ALLOC_NO_ZERO */
	EXPECT_EQ(posted ? (int)0x80000000 : -EINVAL, vf_alloc(A, 0x80000000, 0x80000000));
	EXPECT_EQ(posted ? 0x100000 : -ENOSPC, vf_alloc(A, 0x100000, 0x100009));
	EXPECT_EQ(posted ? 0 : -ENOSPC, vf_alloc(A, 0, 0));
	EXPECT_EQ(1, vf_alloc(A, 0, 1));
	EXPECT_EQ(0xfffff, vf_alloc(A, 0xfffff, ALL_31_BITS));
	EXPECT_EQ(posted ? 0x100001 : -ENOSPC, vf_alloc(A, 0xfffff, ALL_31_BITS));
	EXPECT_EQ(posted ? 0 : -EINVAL, vf_free(A, 0x80000000, 0x80000000));
	EXPECT_EQ(0, vf_free(A, 0, ALL_31_BITS));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
}

/* ALLOC_QUOTA_PER_MM, LIFE_TWO_CONTAINERS */
TEST_F(pasid, containers_of_a_process_share_the_set)
{
	int container = iommu_ref_open(self->a.proc, "/dev/vfio/vfio", 0);
	int group = vf_open_group(self->a.proc, 3);

	ASSERT_LE(0, container);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, vf_set_container(self->a.proc, group, container));
	ASSERT_EQ(0, vf_set_iommu(self->a.proc, container, VFIO_TYPE1_NESTING_IOMMU));
	for (int i = 0; i < 70; i++)
		ASSERT_LT(0, vf_alloc(self->a.proc, i & 1 ? container : self->a.container, 1, 999));
	EXPECT_EQ(-ENOSPC, vf_alloc(A, 1, 999));
	EXPECT_EQ(-ENOSPC, vf_alloc(self->a.proc, container, 1, 999));
	EXPECT_EQ(0, iommu_ref_close(self->a.proc, group));
	EXPECT_EQ(0, iommu_ref_close(self->a.proc, container));
	EXPECT_EQ(70, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(0, iommu_ref_ioctl(self->a.proc, self->a.group, VFIO_GROUP_UNSET_CONTAINER,
				     NULL));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(1, vf_alloc(B, 1, 999));
}

/* OWN_PASSED_FD: the attacher's set, also when the attacher is gone */
TEST_F(pasid, passed_container_acts_on_the_attachers_set)
{
	struct iommu_ref_stats stats;
	int container, group, fd, again;

	ASSERT_EQ(0, vf_free(B, 0, ALL_31_BITS));
	fd = iommu_ref_pass_fd(self->a.proc, self->a.container, self->b.proc);
	group = iommu_ref_pass_fd(self->a.proc, self->a.group, self->b.proc);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, group);
	ASSERT_EQ(1, vf_alloc(self->b.proc, fd, 1, 999));
	EXPECT_EQ(1, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->b.proc));
	/* B's own container does not know it. */
	EXPECT_EQ(0, vf_free(B, 0, ALL_31_BITS));
	EXPECT_EQ(-ENOSPC, vf_alloc(B, 1, 1));
	/* A ends: the group keeps the set; a new process starts with one of its own. */
	iommu_ref_proc_exit(self->a.proc);
	EXPECT_EQ(2, vf_alloc(self->b.proc, fd, 1, 999));
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &self->a.proc));
	container = iommu_ref_open(self->a.proc, "/dev/vfio/vfio", 0);
	again = vf_open_group(self->a.proc, 3);
	ASSERT_EQ(0, vf_set_container(self->a.proc, again, container));
	ASSERT_EQ(0, vf_set_iommu(self->a.proc, container, VFIO_TYPE1_NESTING_IOMMU));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->a.proc));
	EXPECT_EQ(3, vf_alloc(self->a.proc, container, 1, 999));
	/* The last user of A's old set closes: its numbers come back, others' stay. */
	EXPECT_EQ(0, iommu_ref_close(self->b.proc, group));
	EXPECT_EQ(0, iommu_ref_close(self->b.proc, fd));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(1, stats.pasids);
	EXPECT_EQ(1, vf_alloc(B, 1, 999));
}

/* Against an array: random ranges over numbers that straddle leaves of the tree, two owners. */
#define ORACLE_BASE 0xff0u
#define ORACLE_SIZE 200u

static int oracle_alloc(const uint8_t *owner, uint32_t used, uint32_t first, uint32_t last)
{
	if (used >= 70)
		return -ENOSPC;
	for (uint32_t n = first; n <= last; n++)
		if (!owner[n])
			return (int)(ORACLE_BASE + n);
	return -ENOSPC;
}

TEST_F(pasid, random_against_an_array)
{
	struct vf_user *users[] = { NULL, &self->a, &self->b };
	uint8_t owner[ORACLE_SIZE] = { 0 };
	uint64_t seed = 1;
	uint32_t used[3] = { 0 };

	for (int step = 0; step < 20000; step++) {
		uint32_t r, first, last;
		struct vf_user *u;
		int who, expected;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		r = (uint32_t)(seed >> 32);
		who = 1 + (r & 1);
		u = users[who];
		first = (r >> 8) % ORACLE_SIZE;
		last = first + (r >> 16) % (ORACLE_SIZE - first);
		if ((r >> 1 & 7) == 0) {
			last = first + (last - first) / 16;
			ASSERT_EQ(0, vf_free(u->proc, u->container, ORACLE_BASE + first,
					     ORACLE_BASE + last));
			for (uint32_t n = first; n <= last; n++) {
				used[who] -= owner[n] == who;
				owner[n] = owner[n] == who ? 0 : owner[n];
			}
		} else {
			expected = oracle_alloc(owner, used[who], first, last);
			ASSERT_EQ(expected, vf_alloc(u->proc, u->container, ORACLE_BASE + first,
						     ORACLE_BASE + last));
			if (expected > 0) {
				owner[(uint32_t)expected - ORACLE_BASE] = (uint8_t)who;
				used[who]++;
			}
		}
		ASSERT_EQ(used[who], iommu_ref_pasids_owned(u->proc));
	}
}

/* LIFE_CLOSE_FREES and LIFE_KILL9: many times over, and nothing is left */
TEST_F(pasid, exit_returns_everything)
{
	struct iommu_ref_stats stats;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 70; i++)
			ASSERT_LT(0, vf_alloc(A, 1, 0xfffff));
		iommu_ref_proc_exit(self->a.proc);
		ASSERT_EQ(0, vf_user_create(self->ref, 1, VFIO_TYPE1_NESTING_IOMMU, &self->a));
	}
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.pasids);
}

/* ALLOC_QUOTA_RESERVED_AT_ATTACH */
FIXTURE(capacity)
{
	struct iommu_ref *ref;
};

FIXTURE_SETUP(capacity)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.pasid_capacity = 2100;
	cfg.pasid_host_reserve = 100;
	cfg.pasid_quota = 1000;
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
}

FIXTURE_TEARDOWN(capacity)
{
	iommu_ref_destroy(self->ref);
}

TEST_F(capacity, is_taken_at_attach)
{
	struct vf_user u[3];

	EXPECT_EQ(0, vf_user_create(self->ref, 1, VFIO_TYPE1_NESTING_IOMMU, &u[0]));
	EXPECT_EQ(0, vf_user_create(self->ref, 2, VFIO_TYPE1_NESTING_IOMMU, &u[1]));
	EXPECT_EQ(-ENOSPC, vf_user_create(self->ref, 3, VFIO_TYPE1_NESTING_IOMMU, &u[2]));
	/* The container that could not get PASIDs can still be another type. */
	EXPECT_EQ(0, vf_set_iommu(u[2].proc, u[2].container, VFIO_TYPE1v2_IOMMU));
	for (int p = 0; p < 2; p++)
		for (int i = 0; i < 1000; i++)
			ASSERT_LT(0, vf_alloc(u[p].proc, u[p].container, 1, 0xfffff));
	EXPECT_EQ(0, iommu_ref_ioctl(u[2].proc, u[2].group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	iommu_ref_proc_exit(u[0].proc);
	EXPECT_EQ(0, vf_set_container(u[2].proc, u[2].group, u[2].container));
	EXPECT_EQ(0, vf_set_iommu(u[2].proc, u[2].container, VFIO_TYPE1_NESTING_IOMMU));
	EXPECT_EQ(1, vf_alloc(u[2].proc, u[2].container, 1, 0xfffff));
}

/* The known-bad variants of this part, each seen by one call. */
FIXTURE(pasid_defect)
{
	struct iommu_ref *ref;
	struct vf_user a, b;
};

FIXTURE_VARIANT(pasid_defect)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(pasid_defect, none) { .name = NULL };
FIXTURE_VARIANT_ADD(pasid_defect, quota_not_refunded) { .name = "QUOTA_NOT_REFUNDED" };
FIXTURE_VARIANT_ADD(pasid_defect, quota_off_by_one) { .name = "QUOTA_OFF_BY_ONE" };
FIXTURE_VARIANT_ADD(pasid_defect, range_exclusive) { .name = "RANGE_EXCLUSIVE" };
FIXTURE_VARIANT_ADD(pasid_defect, foreign_free) { .name = "FOREIGN_FREE" };
FIXTURE_VARIANT_ADD(pasid_defect, pasid_bits_ignored) { .name = "PASID_BITS_IGNORED" };

FIXTURE_SETUP(pasid_defect)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.pasid_quota = 3;
	cfg.defect = variant->name;
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, vf_user_create(self->ref, 1, VFIO_TYPE1_NESTING_IOMMU, &self->a));
	ASSERT_EQ(0, vf_user_create(self->ref, 2, VFIO_TYPE1_NESTING_IOMMU, &self->b));
}

FIXTURE_TEARDOWN(pasid_defect)
{
	iommu_ref_destroy(self->ref);
}

TEST_F(pasid_defect, only_its_own_symptom)
{
	const char *name = variant->name ? variant->name : "";

	EXPECT_EQ(!strcmp(name, "RANGE_EXCLUSIVE") ? -ENOSPC : 5, vf_alloc(A, 5, 5));
	vf_free(A, 0, ALL_31_BITS);
	EXPECT_EQ(!strcmp(name, "PASID_BITS_IGNORED") ? 0x100000 : -ENOSPC,
		  vf_alloc(A, 0x100000, ALL_31_BITS));
	vf_free(A, 0, ALL_31_BITS);
	ASSERT_EQ(1, vf_alloc(B, 1, 10));
	vf_free(A, 0, ALL_31_BITS);
	EXPECT_EQ(!strcmp(name, "FOREIGN_FREE") ? 0 : 1, iommu_ref_pasids_owned(self->b.proc));
	vf_free(B, 0, ALL_31_BITS);
	for (int i = 0; i < 3; i++)
		if (strcmp(name, "QUOTA_NOT_REFUNDED"))
			EXPECT_EQ(1 + i, vf_alloc(A, 1, 10));
	if (!strcmp(name, "QUOTA_NOT_REFUNDED")) {
		EXPECT_LT(0, vf_alloc(A, 1, 10));
		EXPECT_LT(0, vf_alloc(A, 1, 10));
	}
	EXPECT_EQ(!strcmp(name, "QUOTA_OFF_BY_ONE") ? 4 : -ENOSPC, vf_alloc(A, 1, 10));
}

TEST_HARNESS_MAIN
