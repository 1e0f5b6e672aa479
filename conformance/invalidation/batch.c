// SPDX-License-Identifier: GPL-2.0-only
/* Several requests at once, and leaves that are larger than a page. */
#include "inv.h"

FIXTURE(inv_batch) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(inv_batch);

FIXTURE_SETUP(inv_batch)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_batch)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_batch, all_take_effect, "INV_BATCH_ALL")
{
	static const unsigned int pages[] = { 9, 2, 13, 4 };
	struct cts_inv inv[ARRAY_SIZE(pages)];
	unsigned int done;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		INV_WARM(&self->rig, 0, pages[i], 1);
		CTS_PRE(nest_repoint(&self->rig, 0, pages[i], 14 - 2 * i));
		inv[i] = inv_pages(&self->rig, 0, pages[i], 1);
	}
	CTS_ASSERT_OK("INV_BATCH_ALL",
		      __cts_invalidate(self->rig.leg[0].bind, inv, ARRAY_SIZE(inv), &done));
	CTS_EXPECT_EQ("INV_BATCH_ALL", ARRAY_SIZE(inv), done);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		INV_EXPECT_AT("INV_BATCH_ALL", &self->rig, 0, pages[i], 14 - 2 * i);
}

/* Longer than the pieces in which implementations take an array: 64 commands on SMMUv3, a page. */
CTS_TEST_F(inv_batch, long_array, "INV_BATCH_LONG")
{
	static const unsigned int at[] = { 0, 1, 62, 63, 64, 127, 128, 199 };
	struct cts_inv inv[200];
	unsigned int done;

	for (unsigned int i = 0; i < ARRAY_SIZE(inv); i++)
		inv[i] = inv_pages(&self->rig, 0, 15, 1);	/* of no interest */
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		INV_WARM(&self->rig, 0, i, 1);
		CTS_PRE(nest_repoint(&self->rig, 0, i, i + 5));
		inv[at[i]] = inv_pages(&self->rig, 0, i, 1);
	}
	CTS_ASSERT_OK("INV_BATCH_LONG",
		      __cts_invalidate(self->rig.leg[0].bind, inv, ARRAY_SIZE(inv), &done));
	CTS_EXPECT_EQ("INV_BATCH_LONG", ARRAY_SIZE(inv), done);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		INV_EXPECT_AT("INV_BATCH_LONG", &self->rig, 0, i, i + 5);
}

CTS_TEST_F(inv_batch, mixed_scopes, "INV_BATCH_MIXED")
{
	struct cts_inv inv[] = {
		inv_pages(&self->rig, 0, 1, 1), { .scope = CTS_INV_BIND },
		inv_pages(&self->rig, 0, 3, 4),
	};
	unsigned int done;

	INV_WARM(&self->rig, 0, 0, RIG_PAGES);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		CTS_PRE(nest_repoint(&self->rig, 0, pg, (pg + 3) % RIG_PAGES));
	CTS_ASSERT_OK("INV_BATCH_MIXED",
		      __cts_invalidate(self->rig.leg[0].bind, inv, ARRAY_SIZE(inv), &done));
	CTS_EXPECT_EQ("INV_BATCH_MIXED", ARRAY_SIZE(inv), done);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		INV_EXPECT_AT("INV_BATCH_MIXED", &self->rig, 0, pg, (pg + 3) % RIG_PAGES);
}

FIXTURE(inv_huge) {
	struct cts *c;
	struct nest_rig rig;
	struct window other;	/* 2 MiB more, where the leaf will point */
};
CTS_VARIANTS_SEMANTIC(inv_huge);

FIXTURE_SETUP(inv_huge)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_HUGE, &self->rig), &self->rig);
	CTS_PRE(window_create(self->c, self->rig.leg[0].win.len, &self->other));
	CTS_PRE(__cts_map(self->rig.space, self->rig.leg[0].gpa + self->other.len, self->other.va,
			  self->other.len, CTS_RW));
}

FIXTURE_TEARDOWN(inv_huge)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* The leaf points to the other window, page @inner is invalidated, the device writes to @used. */
#define EXPECT_MOVED(id, inner_, used_) do { \
	struct nest_leg *leg_ = &self->rig.leg[0]; \
	CTS_PRE(stage1_map(&leg_->stage1, leg_->gva, leg_->gpa, leg_->win.len, CTS_RW, true)); \
	CTS_PRE(nest_invalidate_all(&self->rig, 0)); \
	INV_WARM(&self->rig, 0, used_, 1); \
	CTS_PRE(stage1_map(&leg_->stage1, leg_->gva, leg_->gpa + self->other.len, \
			   self->other.len, CTS_RW, true)); \
	CTS_ASSERT_OK(id, nest_invalidate(&self->rig, 0, inner_, 1)); \
	window_arm(&self->other); \
	CTS_EXPECT_EQ(id, ENGINE_DONE, nest_write(&self->rig, 0, (used_) * PAGE, 16)); \
	CTS_EXPECT_NULL(id, window_untouched(&leg_->win)); \
	CTS_EXPECT_NULL(id, window_written(&self->other, self->rig.engine, (used_) * PAGE, 16)); \
} while (0)

CTS_TEST_F(inv_huge, named_page, "INV_HUGE_NAMED_PAGE")
{
	static const unsigned int pages[] = { 0, 1, 257, 511 };

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		EXPECT_MOVED("INV_HUGE_NAMED_PAGE", pages[i], pages[i]);
}

CTS_TEST_F(inv_huge, inner_page, "INV_HUGE_LEAF_INNER_PAGE")
{
	static const struct {
		unsigned int inner, used;
	} t[] = { { 0, 511 }, { 200, 3 }, { 511, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		EXPECT_MOVED("INV_HUGE_LEAF_INNER_PAGE", t[i].inner, t[i].used);
}

CTS_SUITE("invalidation", "invalidation/batch");
