// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two-stage translation as user space sees it: rights of both stages, tables in guest memory, large
 * leaves, and what a change of the space does under a stage 1 that is bound.
 */
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "nest.h"

FIXTURE(translate) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
};
CTS_VARIANTS_SEMANTIC(translate);

FIXTURE_SETUP(translate)
{
	CTS_SETUP(self->c);
	self->leg = &self->rig.leg[0];
}

FIXTURE_TEARDOWN(translate)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

#define RIG(flags_) CTS_RIG(nest_rig_create(self->c, (flags_), &self->rig), &self->rig)

/* Not one DMA address of the bind may be taken for one of the space. */
CTS_TEST_F(translate, s1_hole, "NEST_S1_HOLE")
{
	struct nest_leg *leg = self->leg;

	RIG(0);
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	CTS_EXPECT_NULL("NEST_S1_HOLE", nest_stops(&self->rig, leg->path, leg->gpa, &leg->win));
	CTS_EXPECT_NULL("NEST_S1_HOLE",
			nest_stops(&self->rig, leg->path, leg->gva + RIG_PAGES * PG, &leg->win));
	CTS_EXPECT_NULL("NEST_S1_HOLE",
			nest_stops(&self->rig, leg->path, leg->gva - 32, &leg->win));
}

/* Copies 64 bytes; NULL when they are at @seen afterwards. */
static const char *copies(FIXTURE_DATA(translate) *self, uint64_t from, uint64_t to,
			  const void *source, const void *seen)
{
	uint8_t want[64];

	memcpy(want, source, sizeof(want));
	if (engine_copy(self->rig.space, self->leg->path, from, to, sizeof(want)) != ENGINE_DONE)
		return "a copy out of memory that may be read was blocked";
	return memcmp(want, seen, sizeof(want)) ? "the copy holds other bytes" : NULL;
}

static void expect_read_only(struct __test_metadata *_metadata, FIXTURE_DATA(translate) *self,
			     const char *id)
{
	struct nest_leg *leg = self->leg;
	uint64_t to = leg->gva + (1 << 24), gpa;
	uint8_t *page = guest_pages(&self->rig.ram, 1, &gpa);

	CTS_PRE_TRUE(page);
	CTS_PRE(stage1_map(&leg->stage1, to, gpa, PG, CTS_RW, false));
	for (unsigned int pg = 0; pg < 2; pg++) {
		/* read first: an entry that is cached for reading gives no right to write */
		CTS_EXPECT_NULL(id, copies(self, leg->gva + pg * PG, to, leg->win.va + pg * PG,
					   page));
		CTS_EXPECT_NULL(id, leg_stops(&self->rig, 0, pg));
	}
	CTS_EXPECT_NULL(id, leg_stops(&self->rig, 0, 5));
}

CTS_TEST_F(translate, s1_read_only, "NEST_S1_READ_ONLY")
{
	RIG(RIG_READ_ONLY | RIG_COPY);
	expect_read_only(_metadata, self, "NEST_S1_READ_ONLY");
}

CTS_TEST_F(translate, s2_read_only, "NEST_S2_READ_ONLY")
{
	RIG(RIG_S2_READ_ONLY | RIG_COPY);
	expect_read_only(_metadata, self, "NEST_S2_READ_ONLY");
}

CTS_TEST_F(translate, huge_leaf, "NEST_HUGE_LEAF")
{
	static const uint64_t off[] = { 0x123450, 0, 0x1000, 0x10040, (2 << 20) - 32 };
	struct nest_leg *leg = self->leg;

	RIG(RIG_HUGE);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		CTS_EXPECT_NULL("NEST_HUGE_LEAF", nest_lands(&self->rig, leg->path,
							     leg->gva + off[i], &leg->win, off[i]));
	CTS_EXPECT_NULL("NEST_HUGE_LEAF",
			nest_stops(&self->rig, leg->path, leg->gva + (2 << 20), &leg->win));
}

/* The tables themselves are guest memory: what the space does not map cannot be walked. */
CTS_TEST_F(translate, table_outside, "NEST_TABLE_OUTSIDE_SPACE")
{
	const uint64_t gpa = RIG_RAM_GPA + 0x10000000;
	struct nest_leg *leg = self->leg;
	struct guest_ram ram;

	RIG(RIG_UNBOUND);
	CTS_PRE(guest_ram_create(self->rig.space, gpa, 8 * PG, &ram));
	CTS_PRE(stage1_create(&leg->stage1, &ram, 7));
	CTS_PRE(stage1_map(&leg->stage1, leg->gva, leg->gpa, leg->win.len, CTS_RW, false));
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	CTS_PRE(__cts_unmap(self->rig.space, gpa, ram.len, NULL));
	CTS_PRE(nest_invalidate_all(&self->rig, 0));
	for (unsigned int pg = 0; pg < 4; pg++)
		CTS_EXPECT_NULL("NEST_TABLE_OUTSIDE_SPACE", leg_stops(&self->rig, 0, pg));
	/* and they are read again when they are back */
	CTS_PRE(__cts_map(self->rig.space, gpa, ram.va, ram.len, CTS_RW));
	CTS_EXPECT_NULL("NEST_TABLE_OUTSIDE_SPACE", leg_lands(&self->rig, 0, 5));
}

/* Stage 1 stays as it is, and so does everything that user space would have to invalidate. */
CTS_TEST_F(translate, stage2_change, "NEST_STAGE2_CHANGE_SEEN")
{
	struct nest_leg *leg = self->leg;
	struct window old, new;

	RIG(0);
	for (unsigned int pg = 0; pg < 4; pg++)
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, pg));
	old = leg->win;
	CTS_PRE(window_create(self->c, old.len, &new));
	CTS_PRE(__cts_unmap(self->rig.space, leg->gpa, old.len, NULL));
	for (unsigned int pg = 3; pg < 6; pg++)		/* used before, and not */
		CTS_EXPECT_NULL("NEST_STAGE2_CHANGE_SEEN", leg_stops(&self->rig, 0, pg));
	CTS_PRE(__cts_map(self->rig.space, leg->gpa, new.va, new.len, CTS_RW));
	for (unsigned int pg = 0; pg < 6; pg++) {
		window_arm(&old);
		CTS_EXPECT_NULL("NEST_STAGE2_CHANGE_SEEN",
				nest_lands(&self->rig, leg->path, leg->gva + pg * PG, &new,
					   pg * PG));
		CTS_EXPECT_NULL("NEST_STAGE2_CHANGE_SEEN", window_untouched(&old));
	}
}

CTS_TEST_F(translate, fault_gva, "NEST_FAULT_TELLS_GVA")
{
	struct nest_leg *leg = self->leg;
	struct cts_fault f;

	RIG(0);
	CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
	if (cts_fault_pop(self->c, &f) == -EOPNOTSUPP)
		CTS_SKIP(NOT_SUPPORTED, "this subject does not tell which DMA it blocked");
	while (cts_fault_pop(self->c, &f) > 0)
		;
	CTS_PRE(__cts_unmap(self->rig.space, leg->gpa, leg->win.len, NULL));
	CTS_PRE_TRUE(!leg_stops(&self->rig, 0, 3));
	CTS_ASSERT_EQ("NEST_FAULT_TELLS_GVA", 1, cts_fault_pop(self->c, &f));
	CTS_EXPECT_EQ("NEST_FAULT_TELLS_GVA", leg->gva + 3 * PG + 0x40, f.iova);
	CTS_EXPECT_EQ("NEST_FAULT_TELLS_GVA", leg->path.device, f.device);
	CTS_EXPECT_TRUE("NEST_FAULT_TELLS_GVA", f.has_pasid == leg->path.has_pasid &&
			(!f.has_pasid || f.pasid == leg->path.pasid) && f.write,
			"PASID %d %u, write %d", f.has_pasid, f.pasid, f.write);
}

/* Whatever the order, and without being told: nothing is left of a bind when its space is freed. */
CTS_TEST_F(translate, nothing_left, "NEST_FREE_LEAVES_NOTHING")
{
	struct cts_alive before, after;

	if (cts_alive(self->c, &before) == -EOPNOTSUPP)
		CTS_SKIP(NOT_SUPPORTED, "this subject does not tell what is alive");
	for (unsigned int how = 0; how < 3; how++) {
		CTS_PRE(cts_alive(self->c, &before));
		RIG(RIG_TWO);
		CTS_PRE_TRUE(!leg_lands(&self->rig, 0, 0));
		if (how == 0)
			CTS_PRE(__cts_unbind(self->rig.leg[1].bind));
		if (how < 2) {
			nest_rig_free(&self->rig);
		} else {	/* as a process that ends: the files are closed, nothing else */
			cts_space_free(self->rig.space);
			self->rig.space = NULL;
			self->rig.nr_legs = 0;
		}
		CTS_PRE(cts_alive(self->c, &after));
		CTS_EXPECT_EQ("NEST_FREE_LEAVES_NOTHING", before.objects, after.objects);
		CTS_EXPECT_EQ("NEST_FREE_LEAVES_NOTHING", before.domains, after.domains);
		CTS_EXPECT_EQ("NEST_FREE_LEAVES_NOTHING", before.pasids, after.pasids);
		CTS_EXPECT_EQ("NEST_FREE_LEAVES_NOTHING", before.pinned_pages, after.pinned_pages);
	}
}

CTS_SUITE("nesting", "nesting/translate");
