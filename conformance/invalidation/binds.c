// SPDX-License-Identifier: GPL-2.0-only
/* Two binds on one space: the invalidation of one is nothing to the other. */
#include "inv.h"

FIXTURE(inv_two) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(inv_two);

FIXTURE_SETUP(inv_two)
{
	struct nest_leg *leg = self->rig.leg;

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_TWO, &self->rig), &self->rig);
	/* both show their own window at the same addresses: only the bind tells them apart */
	CTS_PRE(stage1_map(&leg[1].stage1, leg[0].gva, leg[1].gpa, leg[1].win.len, CTS_RW, false));
	leg[1].gva = leg[0].gva;
}

FIXTURE_TEARDOWN(inv_two)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* Both have pages 0..3 cached; leg 0 loses page 1, or all four; what has leg 1? */
CTS_TEST_F(inv_two, other_bind_cached, "INV_OTHER_BINDS_STAY")
{
	INV_NEEDS_INTROSPECTION(&self->rig);
	for (unsigned int whole = 0; whole < 2; whole++) {
		INV_WARM(&self->rig, 0, 0, 4);
		INV_WARM(&self->rig, 1, 0, 4);
		CTS_PRE(whole ? nest_invalidate_all(&self->rig, 0) :
				nest_invalidate(&self->rig, 0, 1, 1));
		for (unsigned int pg = 0; pg < 4; pg++) {
			INV_EXPECT_CACHED("INV_OTHER_BINDS_STAY", &self->rig, 0, pg,
					  !whole && pg != 1);
			INV_EXPECT_CACHED("INV_OTHER_BINDS_STAY", &self->rig, 1, pg, 1);
		}
	}
}

CTS_TEST_F(inv_two, each_its_own, "INV_EACH_BIND")
{
	for (unsigned int nr = 0; nr < 2; nr++) {
		INV_WARM(&self->rig, nr, 2, 1);
		CTS_PRE(nest_repoint(&self->rig, nr, 2, 10));
	}
	/* the second first, so that one which only knows the first shows */
	for (int nr = 1; nr >= 0; nr--) {
		window_arm(&self->rig.leg[!nr].win);
		CTS_ASSERT_OK("INV_EACH_BIND", nest_invalidate(&self->rig, nr, 2, 1));
		INV_EXPECT_AT("INV_EACH_BIND", &self->rig, nr, 2, 10);
		CTS_EXPECT_NULL("INV_EACH_BIND", window_untouched(&self->rig.leg[!nr].win));
	}
}

CTS_TEST_F(inv_two, space_untouched, "INV_SPACE_STAYS")
{
	struct cts_path path = cts_space_path(self->rig.space, 0);
	struct cts_space *flat;
	struct window mine;
	int cached;

	INV_NEEDS_INTROSPECTION(&self->rig);
	/* another device on a space of its own, at the addresses of the bind */
	for (path.device = 0; path.device < self->c->nr_devices; path.device++)
		if (!self->rig.space->attached[path.device] &&
		    self->c->devices[path.device].group !=
		    self->c->devices[self->rig.leg[0].path.device].group)
			break;
	CTS_PRE_TRUE(path.device < self->c->nr_devices);
	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << path.device, &flat));
	CTS_PRE(window_create(self->c, PAGE, &mine));
	CTS_PRE(__cts_map(flat, self->rig.leg[0].gva, mine.va, PAGE, CTS_RW));
	CTS_PRE_TRUE(engine_write(flat, path, self->rig.leg[0].gva, 16) == ENGINE_DONE);
	INV_WARM(&self->rig, 0, 0, 1);
	CTS_PRE(nest_invalidate(&self->rig, 0, 0, 1));
	CTS_PRE(nest_invalidate_all(&self->rig, 0));
	cached = cts_iotlb_cached(self->c, path.device, false, 0, self->rig.leg[0].gva, true);
	CTS_EXPECT_EQ("INV_SPACE_STAYS", 1, cached);
	cts_space_free(flat);
}

CTS_SUITE("invalidation", "invalidation/binds");
