// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PASIDs of the whole system (v7 p04 and the ioasid core): a quota is taken out of them when a
 * process attaches its first group. On machines with room for few processes.
 */
#include <fcntl.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "pasid.h"

static const struct cts_machine small = { .pasid_quota = 50, .pasid_capacity = 120,
					  .nr_devices = 4 };
#define QUOTA 50

FIXTURE(pasid_capacity) {
	struct cts *c;
	struct cts_space *a;
};
CTS_VARIANTS_V7(pasid_capacity);

FIXTURE_SETUP(pasid_capacity)
{
	CTS_SETUP_ON(self->c, &small);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->a));
}

FIXTURE_TEARDOWN(pasid_capacity)
{
	cts_space_free(self->a);
	cts_end(self->c);
}

/*
 * A process that attaches device @nr and is killed; the container that we got from it keeps its set
 * alive. Our descriptor of the container, or what the attach said.
 */
static int orphan(struct cts *c, unsigned int nr)
{
	struct cts_actor *b = cts_second_actor(c);
	struct cts_space *theirs;
	int rc, fd;

	if (!b)
		return -ENOMEM;
	rc = __cts_space_create(c, b, CTS_SPACE_NEST, 1u << nr, &theirs);
	if (rc) {
		cts_kill_actor(c, b);
		return rc;
	}
	fd = cts_pass_fd(c, b, theirs->fd, c->self);
	rc = cts_pass_fd(c, b, theirs->group_fd[nr], c->self);
	cts_kill_actor(c, b);
	return rc < 0 ? rc : fd;
}

CTS_TEST_F(pasid_capacity, reserved_at_attach, "ALLOC_QUOTA_RESERVED_AT_ATTACH")
{
	struct cts_space *third, *b;

	CTS_PRE(__pasid_alloc(self->a, 1, 0xfffff));
	CTS_PRE(__cts_space_create(self->c, cts_second_actor(self->c), CTS_SPACE_NEST, 1u << 1,
				   &b));
	/* the second process is a third one while its first life's container is kept */
	CTS_PRE(cts_pass_fd(self->c, b->actor, b->fd, self->c->self));
	CTS_PRE(cts_pass_fd(self->c, b->actor, b->group_fd[1], self->c->self));
	cts_kill_actor(self->c, b->actor);
	CTS_EXPECT_RC("ALLOC_QUOTA_RESERVED_AT_ATTACH",
		      __cts_space_create(self->c, cts_second_actor(self->c), CTS_SPACE_NEST,
					 1u << 2, &third));
	/* who was there before has what it had */
	CTS_EXPECT_EQ("ALLOC_QUOTA_RESERVED_AT_ATTACH", QUOTA - 1, pasid_fill(self->a));
}

CTS_TEST_F(pasid_capacity, before_attach, "ALLOC_BEFORE_ATTACH")
{
	struct cts_space empty = { .c = self->c };

	empty.fd = cts_open(self->c, NULL, "/dev/vfio/vfio", O_RDWR);
	CTS_PRE(empty.fd);
	CTS_EXPECT_RC("ALLOC_BEFORE_ATTACH", __pasid_alloc(&empty, 1, 0xfffff));
	CTS_EXPECT_RC("ALLOC_BEFORE_ATTACH", __pasid_free(&empty, 1, 0xfffff));
	CTS_EXPECT_RC("ALLOC_BEFORE_ATTACH",
		      cts_ioctl_raw(self->c, NULL, empty.fd, VFIO_SET_IOMMU,
				    (void *)(uintptr_t)VFIO_TYPE1_NESTING_IOMMU));
	CTS_EXPECT_RC("ALLOC_BEFORE_ATTACH", __pasid_alloc(&empty, 1, 0xfffff));
	CTS_EXPECT_EQ("ALLOC_BEFORE_ATTACH", QUOTA, pasid_fill(self->a));
}

/* ---- as many processes as can be forked */

static const struct cts_machine crowded = { .pasid_quota = 50, .pasid_capacity = 260,
					    .nr_devices = 8 };

FIXTURE(fork_bomb) {
	struct cts *c;
};
CTS_VARIANTS_V7(fork_bomb);

FIXTURE_SETUP(fork_bomb)
{
	CTS_SETUP_ON(self->c, &crowded);
}

FIXTURE_TEARDOWN(fork_bomb)
{
	cts_end(self->c);
}

CTS_TEST_F(fork_bomb, capacity, "ABUSE_FORK_BOMB_QUOTA")
{
	struct cts_space held[5];
	struct cts_space *last;

	/* 5 quotas of 50 are in 260: all of them can be used up, by the orphaned containers */
	for (unsigned int i = 0; i < 5; i++) {
		held[i] = (struct cts_space){ .c = self->c, .fd = orphan(self->c, i) };
		CTS_ASSERT_TRUE("ABUSE_FORK_BOMB_QUOTA", held[i].fd >= 0,
				"process %u fails with %d", i, held[i].fd);
	}
	for (unsigned int i = 5; i < 8; i++)
		CTS_EXPECT_RC("ABUSE_FORK_BOMB_QUOTA", orphan(self->c, i));
	for (unsigned int i = 0; i < 5; i++)
		CTS_EXPECT_EQ("ABUSE_FORK_BOMB_QUOTA", QUOTA, pasid_fill(&held[i]));
	/* nor has the failure cost any: what 10 are left for is not enough for the next */
	CTS_EXPECT_RC("ABUSE_FORK_BOMB_QUOTA",
		      __cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 7, &last));
}

/* ---- a container that outlives its process */

static const struct cts_machine roomy = { .nr_devices = 4 };

FIXTURE(mm_token) {
	struct cts *c;
};
CTS_VARIANTS_V7(mm_token);

FIXTURE_SETUP(mm_token)
{
	CTS_SETUP_ON(self->c, &roomy);
}

FIXTURE_TEARDOWN(mm_token)
{
	cts_end(self->c);
}

CTS_TEST_F(mm_token, reuse, "OWN_MM_TOKEN_REUSE")
{
	struct vfio_iommu_type1_nesting_op_bind {
		uint32_t argsz, flags;
		struct iommu_gpasid_bind_data data;
	} bind = {
		.argsz = sizeof(bind), .flags = VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
		.data = { .argsz = sizeof(bind.data), .version = IOMMU_GPASID_BIND_VERSION_1,
			  .format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = 48,
			  .hpasid = 500 },
	};
	struct cts_space old = { .c = self->c }, *fresh;

	for (unsigned int round = 0; round < 3; round++) {
		old.fd = orphan(self->c, round);
		CTS_PRE(old.fd);
		CTS_PRE_TRUE(__pasid_alloc(&old, 500, 500) == 500);
		/* the next process, whatever the address of its mm, is another one */
		CTS_PRE(__cts_space_create(self->c, cts_second_actor(self->c), CTS_SPACE_NEST,
					   1u << 3, &fresh));
		CTS_EXPECT_RC("OWN_MM_TOKEN_REUSE", cts_ioctl(self->c, fresh->actor, fresh->fd,
							      VFIO_IOMMU_NESTING_OP, &bind));
		CTS_EXPECT_EQ("OWN_MM_TOKEN_REUSE", PASID_QUOTA, pasid_fill(fresh));
		cts_space_free(fresh);
		CTS_PRE(__pasid_free(&old, 500, 500));
	}
}

CTS_SUITE("allocation", "allocation/pasid_capacity");
