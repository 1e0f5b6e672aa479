// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: PASIDs asked for, given back and bound by several threads at once, and what a free of a wide
 * range costs.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"

/* What a thread may do: no record is kept, nothing else of the harness is touched. */
static long timed_request(struct cts_space *s, uint32_t flags, uint32_t min, uint32_t max)
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = flags, .range = { .min = min, .max = max },
	};

	return cts_ioctl_timed(s->c, s->fd, VFIO_IOMMU_PASID_REQUEST, &req);
}

#define ALLOC VFIO_IOMMU_FLAG_ALLOC_PASID
#define FREE VFIO_IOMMU_FLAG_FREE_PASID

FIXTURE(pasid_race) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(pasid_race);

FIXTURE_SETUP(pasid_race)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(pasid_race)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

/* ---- allocation */

#define THREADS 4
#define AT_ONCE 400	/* of a thread; together more than the quota */
#define ROUNDS 6
#define LAST 4000

struct shared {
	struct cts_space *space;
	atomic_uchar owned[LAST + 1];
	atomic_uint alive, most, twice, strange;
};

static void take(struct shared *sh, uint32_t *mine, unsigned int *n)
{
	long p = timed_request(sh->space, ALLOC, 1, LAST);
	unsigned int alive;

	if (p == -ENOSPC)
		return;
	if (p < 1 || p > LAST) {
		atomic_fetch_add(&sh->strange, 1);
		return;
	}
	if (atomic_exchange(&sh->owned[p], 1))
		atomic_fetch_add(&sh->twice, 1);
	/* counted after it is ours and until it is not: never more than there are */
	alive = atomic_fetch_add(&sh->alive, 1) + 1;
	for (unsigned int most = atomic_load(&sh->most); alive > most;)
		if (atomic_compare_exchange_weak(&sh->most, &most, alive))
			break;
	mine[(*n)++] = (uint32_t)p;
}

static void give_back(struct shared *sh, uint32_t p)
{
	atomic_fetch_sub(&sh->alive, 1);
	atomic_store(&sh->owned[p], 0);
	if (timed_request(sh->space, FREE, p, p))
		atomic_fetch_add(&sh->strange, 1);
}

static void *stress(void *arg)
{
	struct shared *sh = arg;
	uint32_t mine[AT_ONCE];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int n = 0;

		for (unsigned int i = 0; i < AT_ONCE; i++)
			take(sh, mine, &n);
		while (n)
			give_back(sh, mine[--n]);
	}
	return NULL;
}

CTS_TEST_F(pasid_race, stress, "ALLOC_CONCURRENT_STRESS")
{
	static struct shared sh;
	pthread_t thread[THREADS];

	memset(&sh, 0, sizeof(sh));
	sh.space = self->space;
	for (unsigned int i = 0; i < THREADS; i++)
		CTS_PRE(-pthread_create(&thread[i], NULL, stress, &sh));
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	CTS_EXPECT_EQ("ALLOC_CONCURRENT_STRESS", 0, atomic_load(&sh.twice));
	CTS_EXPECT_EQ("ALLOC_CONCURRENT_STRESS", 0, atomic_load(&sh.strange));
	CTS_EXPECT_TRUE("ALLOC_CONCURRENT_STRESS", atomic_load(&sh.most) <= PASID_QUOTA,
			"%u PASIDs were allocated at once", atomic_load(&sh.most));
	CTS_EXPECT_EQ("ALLOC_CONCURRENT_STRESS", PASID_QUOTA, pasid_fill(self->space));
}

/* ---- what a free costs */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The quickest of 9 frees of [@min, @max], which own nothing. */
static uint64_t free_ns(struct cts_space *s, uint32_t min, uint32_t max)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < 9; i++) {
		uint64_t t = now_ns();
		long rc = timed_request(s, FREE, min, max);

		t = now_ns() - t;
		if (rc)
			return UINT64_MAX;
		best = t < best ? t : best;
	}
	return best;
}

CTS_TEST_F(pasid_race, whole_space, "FREE_WHOLE_SPACE_BOUNDED")
{
	static const uint32_t last[] = { 0xffff, 0xfffff, 0xffffff, 0x7fffffff };
	uint64_t narrow;

	CTS_PRE_TRUE(__pasid_alloc(self->space, 1, 1) == 1);
	narrow = free_ns(self->space, 100, 100);
	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		uint64_t wide = free_ns(self->space, 2, last[i]);

		/* what a loaded machine does to two calls alike, and 100 times that */
		CTS_ASSERT_TRUE("FREE_WHOLE_SPACE_BOUNDED", wide < 100 * narrow + 100000,
				"a free of [2, 0x%x] takes %llu ns, one of a single PASID %llu",
				last[i], (unsigned long long)wide, (unsigned long long)narrow);
	}
	CTS_EXPECT_RC("FREE_WHOLE_SPACE_BOUNDED", __pasid_free(self->space, 0, 0x7fffffff));
	CTS_EXPECT_EQ("FREE_WHOLE_SPACE_BOUNDED", PASID_QUOTA, pasid_fill(self->space));
}

CTS_TEST_F(pasid_race, spin, "ABUSE_FREE_SPIN")
{
	uint64_t narrow, wide;

	CTS_PRE_TRUE(pasid_fill(self->space) == PASID_QUOTA);
	/* as much as there is of its own, and the whole space */
	narrow = free_ns(self->space, 5000, 5000 + 2 * PASID_QUOTA);
	for (uint32_t bits = 18; bits < 32; bits++) {
		wide = free_ns(self->space, 5000, (1u << bits) - 1);
		CTS_ASSERT_TRUE("ABUSE_FREE_SPIN", wide < 50 * narrow + 100000,
				"with %u PASIDs a free to 2^%u takes %llu ns, of %u numbers %llu",
				PASID_QUOTA, bits, (unsigned long long)wide, 2 * PASID_QUOTA,
				(unsigned long long)narrow);
	}
	CTS_EXPECT_RC("ABUSE_FREE_SPIN", __pasid_free(self->space, 5000, 0x7fffffff));
	CTS_EXPECT_ERRNO("ABUSE_FREE_SPIN", __pasid_alloc(self->space, 1, 0xfffff), ENOSPC);
}

/* ---- a free against a bind, through two containers of one process */

#define RACE_PASID 77

FIXTURE(free_bind) {
	struct cts *c;
	struct nest_rig rig;		/* where it is bound */
	struct cts_space *second;	/* where it is freed */
};
CTS_VARIANTS_V7(free_bind);

FIXTURE_SETUP(free_bind)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
	self->rig.leg[0].path.has_pasid = true;
	self->rig.leg[0].path.pasid = RACE_PASID;
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 1, &self->second));
}

FIXTURE_TEARDOWN(free_bind)
{
	cts_space_free(self->second);
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

struct binder {
	struct cts_space *space;
	uint64_t root;
	atomic_uint go, done;	/* round that is to begin, that has ended */
	long rc;
};

static long timed_bind(struct cts_space *s, uint64_t root)
{
	struct {
		uint32_t argsz, flags;	/* struct vfio_iommu_type1_nesting_op */
		struct iommu_gpasid_bind_data data;
	} arg = {
		.argsz = sizeof(arg), .flags = VFIO_IOMMU_NESTING_OP_BIND_PGTBL,
		.data = { .argsz = sizeof(arg.data), .version = IOMMU_GPASID_BIND_VERSION_1,
			  .format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = 48, .gpgd = root,
			  .hpasid = RACE_PASID },
	};

	return cts_ioctl_timed(s->c, s->fd, VFIO_IOMMU_NESTING_OP, &arg);
}

#define RACES 300u

static void *bind_each_round(void *arg)
{
	struct binder *b = arg;

	for (unsigned int round = 1; round <= RACES; round++) {
		while (atomic_load(&b->go) < round)
			sched_yield();
		b->rc = timed_bind(b->space, b->root);
		atomic_store(&b->done, round);
	}
	return NULL;
}

static void await(atomic_uint *n, unsigned int value)
{
	while (atomic_load(n) < value)
		sched_yield();
}

CTS_TEST_F(free_bind, race, "FREE_BIND_RACE")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct binder b = { .space = self->rig.space, .root = leg->stage1.s1.root };
	unsigned int strange = 0, reached = 0, held = 0;
	pthread_t thread;

	CTS_PRE(-pthread_create(&thread, NULL, bind_each_round, &b));
	for (unsigned int round = 1; round <= RACES; round++) {
		held += timed_request(self->second, ALLOC, RACE_PASID, RACE_PASID) != RACE_PASID;
		atomic_store(&b.go, round);
		if (round % 3 == 0)	/* also the order that a race may never show */
			await(&b.done, round);
		strange += timed_request(self->second, FREE, RACE_PASID, RACE_PASID) != 0;
		await(&b.done, round);
		strange += b.rc && b.rc != -ENOENT && b.rc != -EBUSY;
		reached += engine_write(self->rig.space, leg->path, leg->gva, 16) !=
			   ENGINE_BLOCKED;
	}
	pthread_join(thread, NULL);
	CTS_EXPECT_EQ("FREE_BIND_RACE", 0, held);
	CTS_EXPECT_EQ("FREE_BIND_RACE", 0, strange);
	CTS_EXPECT_EQ("FREE_BIND_RACE", 0, reached);
	CTS_EXPECT_NULL("FREE_BIND_RACE", window_untouched(&leg->win));
}

CTS_SUITE("allocation", "allocation/pasid_races");
