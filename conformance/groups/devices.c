// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: a group of several devices. A bind, an invalidation and an unbind act on all of them, by one
 * reading of the caller's data, and a bind that fails on one is taken back from the others.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/vfio.h"
#include "../ownership/nesting_op.h"

#define PAGE 4096ull
#define PAGES 4

FIXTURE(grp_devices) {
	struct cts *c;
	struct cts_space *space;
	struct guest_ram ram;
	struct stage1 t[2];	/* page n of the window, and page n + 1 */
	struct window win;
	unsigned int dev[2];
	uint32_t pasid;
};
CTS_VARIANTS_V7(grp_devices);

/* Two devices of one group: *@b > *@a. */
static bool find_group(const struct cts *c, unsigned int *a, unsigned int *b)
{
	for (*b = 1; *b < c->nr_devices; ++*b)
		for (*a = 0; *a < *b; ++*a)
			if (c->devices[*a].group == c->devices[*b].group)
				return true;
	return false;
}

static int build(FIXTURE_DATA(grp_devices) *self)
{
	int rc = __cts_space_create(self->c, NULL, CTS_SPACE_NEST,
				    1u << self->dev[0] | 1u << self->dev[1], &self->space);

	if (!rc)
		rc = guest_ram_create(self->space, RIG_RAM_GPA, 32 * PAGE, &self->ram);
	if (!rc)
		rc = window_create(self->c, PAGES * PAGE, &self->win);
	if (!rc)
		rc = __cts_map(self->space, RIG_DATA_GPA(0), self->win.va, PAGES * PAGE, CTS_RW);
	for (unsigned int i = 0; !rc && i < 2; i++) {
		rc = stage1_create(&self->t[i], &self->ram, i + 1);
		if (!rc)
			rc = stage1_map(&self->t[i], RIG_GVA(0), RIG_DATA_GPA(0) + i * PAGE, PAGE,
					CTS_RW, false);
	}
	if (rc)
		return rc;
	rc = (int)__pasid_alloc(self->space, 1, 0xfffff);
	self->pasid = (uint32_t)rc;
	return rc < 0 ? rc : 0;
}

FIXTURE_SETUP(grp_devices)
{
	CTS_SETUP(self->c);
	if (!find_group(self->c, &self->dev[0], &self->dev[1]))
		CTS_SKIP(ENV_MISSING, "no two devices share a group");
	CTS_PRE(build(self));
}

FIXTURE_TEARDOWN(grp_devices)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

static long op(FIXTURE_DATA(grp_devices) *self, uint32_t what, unsigned int table)
{
	return __nesting_bind(self->space, what, self->pasid, self->t[table].s1.root);
}

#define BIND VFIO_IOMMU_NESTING_OP_BIND_PGTBL
#define UNBIND VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL

/* Which page of the window device @which reaches at the stage 1's page; -1: it is blocked. */
static int reaches(FIXTURE_DATA(grp_devices) *self, unsigned int which)
{
	const struct cts_path path = {
		.device = self->dev[which], .has_pasid = true, .pasid = self->pasid,
	};

	window_arm(&self->win);
	if (engine_write(self->space, path, RIG_GVA(0), 16) != ENGINE_DONE)
		return -1;
	for (int page = 0; page < PAGES; page++)
		if (!window_written(&self->win, engine_of(self->c, self->dev[which]),
				    (uint64_t)page * PAGE, 16))
			return page;
	return -2;
}

CTS_TEST_F(grp_devices, all_of_them, "GRP_MULTI_DEVICE_GROUP")
{
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_EQ("GRP_MULTI_DEVICE_GROUP", -1, reaches(self, k));
	CTS_EXPECT_OK("GRP_MULTI_DEVICE_GROUP", op(self, BIND, 0));
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_EQ("GRP_MULTI_DEVICE_GROUP", 0, reaches(self, k));
	CTS_PRE(stage1_map(&self->t[0], RIG_GVA(0), RIG_DATA_GPA(0) + 2 * PAGE, PAGE, CTS_RW,
			   false));
	CTS_EXPECT_OK("GRP_MULTI_DEVICE_GROUP",
		      __nesting_invalidate(self->space, self->pasid, RIG_GVA(0)));
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_EQ("GRP_MULTI_DEVICE_GROUP", 2, reaches(self, k));
	CTS_EXPECT_OK("GRP_MULTI_DEVICE_GROUP", op(self, UNBIND, 0));
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_EQ("GRP_MULTI_DEVICE_GROUP", -1, reaches(self, k));
}

/* ---- a bind whose data another thread writes */

struct rewriter {
	struct {
		uint32_t argsz, flags;	/* struct vfio_iommu_type1_nesting_op */
		struct iommu_gpasid_bind_data data;
	} *arg;
	uint64_t root[2];
	atomic_bool stop;
};

static void *rewrite(void *p)
{
	struct rewriter *r = p;
	volatile __u64 *gpgd = &r->arg->data.gpgd;

	for (unsigned int i = 0; !atomic_load_explicit(&r->stop, memory_order_relaxed); i++)
		*gpgd = r->root[i & 1];
	return NULL;
}

/* Binds until the two devices differ, at most @rounds times and 8 s: how often they did. */
static unsigned int bind_while_rewritten(FIXTURE_DATA(grp_devices) *self, struct rewriter *r,
					 unsigned int rounds, unsigned int *bound)
{
	unsigned int differ = 0;
	time_t end = time(NULL) + 8;

	for (unsigned int i = 0; i < rounds && !differ && time(NULL) < end; i++) {
		if (cts_ioctl_raw(self->c, NULL, self->space->fd, VFIO_IOMMU_NESTING_OP, r->arg))
			continue;
		++*bound;
		differ += reaches(self, 0) != reaches(self, 1);
		op(self, UNBIND, 0);
	}
	return differ;
}

CTS_TEST_F(grp_devices, double_fetch, "ABUSE_DOUBLE_FETCH")
{
	bool posted = self->c->v.profile == CTS_V7_POSTED;
	struct rewriter r = { .root = { self->t[0].s1.root, self->t[1].s1.root } };
	unsigned int bound = 0, differ;
	pthread_t thread;

	r.arg = cts_memory(self->c, PAGE);
	CTS_PRE_TRUE(r.arg);
	r.arg->argsz = sizeof(*r.arg);
	r.arg->flags = BIND;
	r.arg->data = (struct iommu_gpasid_bind_data){
		.argsz = sizeof(r.arg->data), .version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = 48, .gpgd = r.root[0],
		.hpasid = self->pasid,
	};
	CTS_PRE(-pthread_create(&thread, NULL, rewrite, &r));
	differ = bind_while_rewritten(self, &r, posted ? 1000000 : 3000, &bound);
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	CTS_PRE_TRUE(bound > 0);
	CTS_EXPECT_TRUE("ABUSE_DOUBLE_FETCH", !differ == !posted,
			"of %u binds %u gave the devices of the group different tables", bound,
			differ);
}

/* ---- a group whose second device cannot */

static const struct cts_machine second_cannot = { .no_pasid = 1u << 3 };

FIXTURE(grp_rollback) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(grp_rollback);

FIXTURE_SETUP(grp_rollback)
{
	CTS_SETUP_ON(self->c, &second_cannot);
	CTS_PRE_TRUE(self->c->devices[2].group == self->c->devices[3].group);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 3u << 2, &self->space));
}

FIXTURE_TEARDOWN(grp_rollback)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(grp_rollback, taken_back, "BIND_ROLLBACK_GROUP")
{
	const struct cts_path path = { .device = 2, .has_pasid = true, .pasid = 77 };
	struct guest_ram ram;
	struct stage1 t;
	struct window win;

	CTS_PRE(guest_ram_create(self->space, RIG_RAM_GPA, 16 * PAGE, &ram));
	CTS_PRE(window_create(self->c, PAGE, &win));
	CTS_PRE(__cts_map(self->space, RIG_DATA_GPA(0), win.va, PAGE, CTS_RW));
	CTS_PRE(stage1_create(&t, &ram, 1));
	CTS_PRE(stage1_map(&t, RIG_GVA(0), RIG_DATA_GPA(0), PAGE, CTS_RW, false));
	CTS_PRE_TRUE(__pasid_alloc(self->space, 77, 77) == 77);
	for (unsigned int round = 0; round < 2; round++) {
		CTS_EXPECT_RC("BIND_ROLLBACK_GROUP",
			      __nesting_bind(self->space, BIND, 77, t.s1.root));
		window_arm(&win);
		CTS_EXPECT_EQ("BIND_ROLLBACK_GROUP", ENGINE_BLOCKED,
			      engine_write(self->space, path, RIG_GVA(0), 16));
		CTS_EXPECT_NULL("BIND_ROLLBACK_GROUP", window_untouched(&win));
	}
}

CTS_SUITE("groups", "groups/devices");
