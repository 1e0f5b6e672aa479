// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bind and unbind of a user-managed stage 1, in the words that every uAPI shares. A bind is a page
 * table for a PASID (v7) or a nested page table that a device is attached to (iommufd).
 */
#include "../../harness/test.h"
#include "nest.h"

FIXTURE(bind) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
	struct stage1 other;	/* of a rebind: the teardown still unbinds it */
};
CTS_VARIANTS_SEMANTIC(bind);

FIXTURE_SETUP(bind)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	self->leg = &self->rig.leg[0];
}

FIXTURE_TEARDOWN(bind)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(bind, ok_48, "BIND_OK_48")
{
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		CTS_EXPECT_NULL("BIND_OK_48", leg_lands(&self->rig, 0, pg));
}

/* The same table once more, on what is bound to it already. */
static long bind_again(FIXTURE_DATA(bind) *self)
{
	struct cts_bind *b = self->leg->bind;
	long rc;

	if (self->c->v.profile & CTS_IOMMUFD)
		return nest_attach(b->space, b->path.device, b->hwpt_id);
	b->bound = false;	/* the verb would not ask */
	rc = __cts_rebind(b);
	b->bound = true;
	return rc;
}

CTS_TEST_F(bind, double_keeps_first, "BIND_DOUBLE_KEEPS_FIRST")
{
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	CTS_EXPECT_RC("BIND_DOUBLE_KEEPS_FIRST", bind_again(self));
	/* page 0 may be cached, the others are not */
	for (unsigned int pg = 0; pg < 4; pg++)
		CTS_EXPECT_NULL("BIND_DOUBLE_KEEPS_FIRST", leg_lands(&self->rig, 0, pg));
}

CTS_TEST_F(bind, rebind, "BIND_AFTER_UNBIND")
{
	for (unsigned int round = 0; round < 3; round++) {
		CTS_PRE(__cts_unbind(self->leg->bind));
		CTS_EXPECT_OK("BIND_AFTER_UNBIND", __cts_rebind(self->leg->bind));
		CTS_EXPECT_NULL("BIND_AFTER_UNBIND", leg_lands(&self->rig, 0, round));
	}
}

/* Nothing of the first table is left, neither its entries nor what was cached of them. */
CTS_TEST_F(bind, rebind_other, "BIND_OTHER_TABLE")
{
	struct nest_leg *leg = self->leg;

	CTS_PRE(shifted_stage1(&self->rig, 9, &self->other));
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0) && !leg_lands(&self->rig, 0, 2));
	CTS_PRE(__cts_unbind(leg->bind));
	leg->bind->s1 = &self->other.s1;
	CTS_EXPECT_OK("BIND_OTHER_TABLE", __cts_rebind(leg->bind));
	CTS_EXPECT_NULL("BIND_OTHER_TABLE",
			nest_lands(&self->rig, leg->path, leg->gva, &leg->win, PG));
	CTS_EXPECT_NULL("BIND_OTHER_TABLE", leg_stops(&self->rig, 0, 2));
	CTS_EXPECT_NULL("BIND_OTHER_TABLE", leg_stops(&self->rig, 0, 3));
}

/* ---- two binds, or a bind beside the plain space */

FIXTURE(bind_two) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(bind_two);

FIXTURE_SETUP(bind_two)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(bind_two)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(bind_two, unbind_others_stay, "UNBIND_OTHER_PASIDS_STAY")
{
	CTS_RIG(nest_rig_create(self->c, RIG_TWO, &self->rig), &self->rig);
	for (unsigned int gone = 0; gone < 2; gone++) {
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0) && !leg_lands(&self->rig, 1, 0));
		CTS_PRE(__cts_unbind(self->rig.leg[gone].bind));
		CTS_EXPECT_NULL("UNBIND_OTHER_PASIDS_STAY", leg_lands(&self->rig, !gone, 0));
		CTS_EXPECT_NULL("UNBIND_OTHER_PASIDS_STAY", leg_lands(&self->rig, !gone, 1));
		CTS_EXPECT_NULL("UNBIND_OTHER_PASIDS_STAY", leg_stops(&self->rig, gone, 0));
		CTS_PRE(__cts_rebind(self->rig.leg[gone].bind));
	}
}

CTS_TEST_F(bind_two, independent, "BIND_INDEPENDENT")
{
	struct nest_leg *l = self->rig.leg;
	const uint64_t both = RIG_GVA(4);

	CTS_RIG(nest_rig_create(self->c, RIG_TWO, &self->rig), &self->rig);
	for (unsigned int i = 0; i < 2; i++)
		CTS_PRE(stage1_map(&l[i].stage1, both, l[i].gpa + 2 * PG, PG, CTS_RW, false));
	for (unsigned int i = 0; i < 2; i++) {
		/* the same address, each by its own table */
		window_arm(&l[!i].win);
		CTS_EXPECT_NULL("BIND_INDEPENDENT",
				nest_lands(&self->rig, l[i].path, both, &l[i].win, 2 * PG));
		CTS_EXPECT_NULL("BIND_INDEPENDENT", window_untouched(&l[!i].win));
	}
	for (unsigned int i = 0; i < 2; i++) {
		/* an address that only the other table has */
		CTS_PRE_TRUE(!leg_lands(&self->rig, !i, 0));
		CTS_EXPECT_NULL("BIND_INDEPENDENT",
				nest_stops(&self->rig, l[i].path, l[!i].gva, &l[!i].win));
	}
}

CTS_TEST_F(bind_two, plain_path_stays, "BIND_LEAVES_PLAIN_PATH")
{
	struct nest_leg *l = self->rig.leg;

	CTS_RIG(nest_rig_create(self->c, RIG_TWO | RIG_UNBOUND, &self->rig), &self->rig);
	/* leg 1 is never bound: another device, or on v7 the same one without PASID */
	CTS_PRE_TRUE(!nest_lands(&self->rig, l[1].path, l[1].gpa, &l[1].win, 0));
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_EXPECT_NULL("BIND_LEAVES_PLAIN_PATH", leg_lands(&self->rig, 0, 0));
	for (unsigned int pg = 0; pg < 2; pg++)
		CTS_EXPECT_NULL("BIND_LEAVES_PLAIN_PATH",
				nest_lands(&self->rig, l[1].path, l[1].gpa + pg * PG, &l[1].win,
					   pg * PG));
	CTS_EXPECT_NULL("BIND_LEAVES_PLAIN_PATH",
			nest_stops(&self->rig, l[1].path, l[0].gva, &l[0].win));
	CTS_PRE(__cts_unbind(l[0].bind));
	CTS_EXPECT_NULL("BIND_LEAVES_PLAIN_PATH",
			nest_lands(&self->rig, l[1].path, l[1].gpa + 2 * PG, &l[1].win, 2 * PG));
}

CTS_SUITE("nesting", "nesting/bind");
