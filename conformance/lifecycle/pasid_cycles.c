// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: what is left after attaches that fail, attaches that come again, and ten thousand cycles of
 * everything that a PASID goes through.
 */
#include "../../fixtures/rig_checks.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"

#define BIND VFIO_IOMMU_NESTING_OP_BIND_PGTBL
#define UNBIND VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL

/* ---- attaches that fail late, where there is room for one quota only */

static const struct cts_machine failing = {
	.pasid_quota = 50, .pasid_capacity = 60, .failing_attaches = 3,
};

FIXTURE(life_failing) {
	struct cts *c;
};
CTS_VARIANTS_V7(life_failing);

FIXTURE_SETUP(life_failing)
{
	CTS_SETUP_ON(self->c, &failing);
}

FIXTURE_TEARDOWN(life_failing)
{
	cts_end(self->c);
}

CTS_TEST_F(life_failing, no_leak, "LIFE_ATTACH_FAIL_NO_LEAK")
{
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_alive before, after;
	struct cts_space *s;

	CTS_PRE_TRUE(b);
	CTS_PRE(cts_alive(self->c, &before));
	for (unsigned int i = 0; i < 3; i++)
		CTS_EXPECT_RC("LIFE_ATTACH_FAIL_NO_LEAK",
			      __cts_space_create(self->c, b, CTS_SPACE_NEST, 1u << 0, &s));
	CTS_PRE(cts_alive(self->c, &after));
	CTS_EXPECT_EQ("LIFE_ATTACH_FAIL_NO_LEAK", before.domains, after.domains);
	/* neither the group nor the only quota is the other process's */
	CTS_ASSERT_OK("LIFE_ATTACH_FAIL_NO_LEAK",
		      __cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &s));
	CTS_EXPECT_EQ("LIFE_ATTACH_FAIL_NO_LEAK", 50, pasid_fill(s));
	cts_space_free(s);
}

/* ---- attach, detach, attach */

FIXTURE(life_again) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
};
CTS_VARIANTS_V7(life_again);

FIXTURE_SETUP(life_again)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	self->leg = &self->rig.leg[0];
}

FIXTURE_TEARDOWN(life_again)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(life_again, reattach, "LIFE_REATTACH_CLEAN")
{
	struct cts_space *s = self->rig.space;
	uint32_t pasid = self->leg->bind->pasid;
	unsigned int device = self->leg->path.device;

	for (unsigned int round = 0; round < 3; round++) {
		NEST_EXPECT_LANDS("LIFE_REATTACH_CLEAN", &self->rig, 0, 64, 64);
		CTS_PRE(__cts_detach(s, device));
		CTS_ASSERT_OK("LIFE_REATTACH_CLEAN", __cts_attach(s, device));
		CTS_PRE(__cts_map(s, self->rig.ram.gpa, self->rig.ram.va, self->rig.ram.len,
				  CTS_RW));
		CTS_PRE(__cts_map(s, self->leg->gpa, self->leg->win.va, self->leg->win.len,
				  CTS_RW));
		/* no old binding, no old PASID, a whole quota, and info to go by */
		window_arm(&self->leg->win);
		NEST_EXPECT_BLOCKED("LIFE_REATTACH_CLEAN", &self->rig, 0,
				    nest_write(&self->rig, 0, 64, 16));
		CTS_EXPECT_ERRNO("LIFE_REATTACH_CLEAN",
				 __nesting_bind(s, BIND, pasid, self->leg->stage1.s1.root), ENOENT);
		CTS_EXPECT_EQ("LIFE_REATTACH_CLEAN", PASID_QUOTA, pasid_fill(s));
		CTS_PRE(__pasid_free(s, 1, 0xfffff));
		CTS_PRE_TRUE(__pasid_alloc(s, pasid, pasid) == pasid);
		CTS_EXPECT_OK("LIFE_REATTACH_CLEAN",
			      __nesting_bind(s, BIND, pasid, self->leg->stage1.s1.root));
	}
}

/* One life of a PASID: 0, or the first call that failed. */
static long cycle(FIXTURE_DATA(life_again) *self, long *pasid)
{
	struct cts_space *s = self->rig.space;
	long rc = __pasid_alloc(s, 1, 0xfffff);

	if (rc < 0)
		return rc;
	*pasid = rc;
	rc = __nesting_bind(s, BIND, *pasid, self->leg->stage1.s1.root);
	if (!rc)
		rc = __nesting_invalidate(s, *pasid, self->leg->gva);
	if (!rc)
		rc = __nesting_bind(s, UNBIND, *pasid, self->leg->stage1.s1.root);
	return rc ? rc : __pasid_free(s, *pasid, *pasid);
}

CTS_TEST_F(life_again, no_leak_10k, "LIFE_NO_LEAK_10K")
{
	struct cts_alive before, after;
	long first, pasid = 0;

	CTS_PRE(cycle(self, &first));
	CTS_PRE(cts_alive(self->c, &before));
	for (unsigned int i = 0; i < 10000; i++) {
		CTS_ASSERT_OK("LIFE_NO_LEAK_10K", cycle(self, &pasid));
		CTS_ASSERT_EQ("LIFE_NO_LEAK_10K", first, pasid);
	}
	CTS_PRE(cts_alive(self->c, &after));
	CTS_EXPECT_EQ("LIFE_NO_LEAK_10K", before.objects, after.objects);
	CTS_EXPECT_EQ("LIFE_NO_LEAK_10K", before.domains, after.domains);
	CTS_EXPECT_EQ("LIFE_NO_LEAK_10K", before.pasids, after.pasids);
	CTS_EXPECT_EQ("LIFE_NO_LEAK_10K", before.pinned_pages, after.pinned_pages);
	CTS_EXPECT_EQ("LIFE_NO_LEAK_10K", PASID_QUOTA - 1, pasid_fill(self->rig.space));
	NEST_EXPECT_LANDS("LIFE_NO_LEAK_10K", &self->rig, 0, 64, 64);
}

/* ---- the file of PASIDs and page tables, and that of the device, closed in both orders */

FIXTURE(life_fds) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(life_fds);

FIXTURE_SETUP(life_fds)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(life_fds)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

static int close_device(FIXTURE_DATA(life_fds) *self, unsigned int device)
{
	struct cts_space *s = self->rig.space;
	int rc = 0;

	if (s->dev_fd[device] >= 0)
		rc = cts_close(self->c, NULL, s->dev_fd[device]);
	if (!rc && s->group_fd[device] >= 0)
		rc = cts_close(self->c, NULL, s->group_fd[device]);
	s->dev_fd[device] = s->group_fd[device] = -1;
	return rc;
}

CTS_TEST_F(life_fds, both_orders, "LIFE_FD_ORDER")
{
	unsigned int device = self->rig.leg[0].path.device;
	struct cts_space *s, *flat;

	for (unsigned int device_first = 0; device_first < 2; device_first++) {
		s = self->rig.space;
		NEST_EXPECT_LANDS("LIFE_FD_ORDER", &self->rig, 0, 64, 64);
		engine_release(s);
		if (device_first)
			CTS_PRE(close_device(self, device));
		CTS_PRE(cts_close(self->c, NULL, s->fd));
		s->fd = -1;
		if (!device_first)
			CTS_PRE(close_device(self, device));
		/* all of it is gone: whoever has the device next reaches nothing of it */
		CTS_ASSERT_OK("LIFE_FD_ORDER",
			      __cts_space_create(self->c, NULL, 0, 1u << device, &flat));
		window_arm(&self->rig.leg[0].win);
		CTS_EXPECT_REPORTS_BLOCKED("LIFE_FD_ORDER", self->rig.engine,
					   engine_write(flat, self->rig.leg[0].path,
							self->rig.leg[0].gva, 16));
		CTS_EXPECT_NULL("LIFE_FD_ORDER", window_untouched(&self->rig.leg[0].win));
		cts_space_free(flat);
		/* its number is a closed descriptor's, so this frees memory only */
		self->rig.leg[0].bind->bound = false;
		cts_space_free(s);
		self->rig.space = NULL;
		self->rig.leg[0].bind = NULL;
		CTS_ASSERT_OK("LIFE_FD_ORDER", nest_rig_create(self->c, 0, &self->rig));
	}
}

CTS_SUITE("lifecycle", "lifecycle/pasid_cycles");
