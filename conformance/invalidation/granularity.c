// SPDX-License-Identifier: GPL-2.0-only
/*
 * Granularity, by every uAPI: what an invalidation names is used anew, and on a subject that can
 * tell, what it does not name stays cached.
 */
#include "inv.h"

FIXTURE(inv) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(inv);

FIXTURE_SETUP(inv)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv, stale_until_flushed, "INV_STALE_WITHOUT_FLUSH")
{
	struct nest_leg *leg = &self->rig.leg[0];

	INV_WARM(&self->rig, 0, 2, 1);
	CTS_PRE(nest_repoint(&self->rig, 0, 2, 9));
	CTS_EXPECT_EQ("INV_STALE_WITHOUT_FLUSH", ENGINE_DONE,
		      nest_write(&self->rig, 0, 2 * PAGE, 16));
	/* before: by the old entry or the new one, wholly */
	CTS_EXPECT_TRUE("INV_STALE_WITHOUT_FLUSH",
			!window_written(&leg->win, self->rig.engine, 2 * PAGE, 16) ||
			!window_written(&leg->win, self->rig.engine, 9 * PAGE, 16),
			"the write went neither to the old page nor to the new one");
	/* after: by the new one */
	CTS_PRE(nest_invalidate_all(&self->rig, 0));
	INV_EXPECT_AT("INV_STALE_WITHOUT_FLUSH", &self->rig, 0, 2, 9);
}

CTS_TEST_F(inv, page, "INV_PAGE_NAMED")
{
	static const unsigned int pages[] = { 0, 5, RIG_PAGES - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		INV_WARM(&self->rig, 0, pages[i], 1);
		CTS_PRE(nest_repoint(&self->rig, 0, pages[i], 8));
		CTS_ASSERT_OK("INV_PAGE_NAMED", nest_invalidate(&self->rig, 0, pages[i], 1));
		INV_EXPECT_AT("INV_PAGE_NAMED", &self->rig, 0, pages[i], 8);
	}
}

/* Pages [first, first + n) of the window are named, nothing else. */
static const struct {
	unsigned int first, n;
} spans[] = {
	{ 4, 1 }, { 4, 2 }, { 5, 2 }, { 4, 3 }, { 3, 3 }, { 1, 5 }, { 2, 7 }, { 4, 8 }, { 0, 16 },
};

CTS_TEST_F(inv, neighbours, "INV_NEIGHBOURS_STAY")
{
	INV_NEEDS_INTROSPECTION(&self->rig);
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		CTS_PRE(nest_invalidate(&self->rig, 0, spans[i].first, spans[i].n));
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			INV_EXPECT_CACHED("INV_NEIGHBOURS_STAY", &self->rig, 0, pg,
					  pg < spans[i].first || pg >= spans[i].first + spans[i].n);
	}
}

/* Page @page of span @i was cached, changed and invalidated with its span: the new one is used. */
static void check_in_span(struct __test_metadata *_metadata, FIXTURE_DATA(inv) *self,
			  const char *id, size_t i, unsigned int page)
{
	const unsigned int to = (page + 8) % RIG_PAGES;

	INV_WARM(&self->rig, 0, page, 1);
	CTS_PRE(nest_repoint(&self->rig, 0, page, to));
	CTS_PRE(nest_invalidate(&self->rig, 0, spans[i].first, spans[i].n));
	INV_EXPECT_AT(id, &self->rig, 0, page, to);
	/* as it was, and nothing cached: the next span may begin or end with the same page */
	CTS_PRE(nest_repoint(&self->rig, 0, page, page));
	CTS_PRE(nest_invalidate_all(&self->rig, 0));
	window_arm(&self->rig.leg[0].win);
}

CTS_TEST_F(inv, range_first, "INV_RANGE_FIRST_PAGE")
{
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		check_in_span(_metadata, self, "INV_RANGE_FIRST_PAGE", i, spans[i].first);
}

CTS_TEST_F(inv, range_last, "INV_RANGE_LAST_PAGE")
{
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		check_in_span(_metadata, self, "INV_RANGE_LAST_PAGE", i,
			      spans[i].first + spans[i].n - 1);
}

CTS_TEST_F(inv, three_pages, "INV_ADDR_ROUND_UP")
{
	/* at a start that a power of two would need two or three blocks for */
	for (unsigned int first = 0; first < 6; first++) {
		INV_WARM(&self->rig, 0, first, 3);
		for (unsigned int pg = first; pg < first + 3; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg + 4 + first % 2));
		CTS_ASSERT_OK("INV_ADDR_ROUND_UP", nest_invalidate(&self->rig, 0, first, 3));
		for (unsigned int pg = first; pg < first + 3; pg++)
			INV_EXPECT_AT("INV_ADDR_ROUND_UP", &self->rig, 0, pg, pg + 4 + first % 2);
		/* as it was, for the next start */
		for (unsigned int pg = first; pg < first + 3; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg));
		CTS_PRE(nest_invalidate_all(&self->rig, 0));
	}
}

CTS_TEST_F(inv, whole_bind, "INV_PASID_WHOLE")
{
	INV_WARM(&self->rig, 0, 0, RIG_PAGES);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		CTS_PRE(nest_repoint(&self->rig, 0, pg, RIG_PAGES - 1 - pg));
	CTS_ASSERT_OK("INV_PASID_WHOLE", nest_invalidate_all(&self->rig, 0));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		INV_EXPECT_AT("INV_PASID_WHOLE", &self->rig, 0, pg, RIG_PAGES - 1 - pg);
}

CTS_TEST_F(inv, cleared, "INV_CLEARED_BLOCKED")
{
	struct nest_leg *leg = &self->rig.leg[0];

	INV_WARM(&self->rig, 0, 4, 2);
	CTS_PRE(stage1_clear(&leg->stage1, leg->gva + 4 * PAGE, PAGE));
	CTS_PRE(nest_invalidate(&self->rig, 0, 4, 1));
	INV_EXPECT_BLOCKED("INV_CLEARED_BLOCKED", &self->rig, 0, 4);
	/* the next page is still there */
	INV_EXPECT_AT("INV_CLEARED_BLOCKED", &self->rig, 0, 5, 5);
}

CTS_TEST_F(inv, rights_taken, "INV_RIGHTS_TAKEN")
{
	struct nest_leg *leg = &self->rig.leg[0];

	INV_WARM(&self->rig, 0, 6, 1);
	CTS_PRE(stage1_map(&leg->stage1, leg->gva + 6 * PAGE, leg->gpa + 6 * PAGE, PAGE, CTS_R,
			   false));
	CTS_PRE(nest_invalidate(&self->rig, 0, 6, 1));
	INV_EXPECT_BLOCKED("INV_RIGHTS_TAKEN", &self->rig, 0, 6);
	/* and given back */
	CTS_PRE(nest_repoint(&self->rig, 0, 6, 6));
	CTS_PRE(nest_invalidate(&self->rig, 0, 6, 1));
	INV_EXPECT_AT("INV_RIGHTS_TAKEN", &self->rig, 0, 6, 6);
}

CTS_TEST_F(inv, upper_level, "INV_UPPER_LEVEL")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct guest_ram *ram = &self->rig.ram;
	const struct cts_inv inv = { .first = leg->gva + 3 * PAGE, .pages = 1 };
	const unsigned int top = leg->gva >> 39 & 511;
	struct stage1 other;
	uint64_t *from, *to;

	INV_WARM(&self->rig, 0, 3, 1);
	/* a second tree shows another page; the first one's root points into it from now on */
	CTS_PRE(stage1_create(&other, ram, 1));
	CTS_PRE(stage1_map(&other, leg->gva + 3 * PAGE, leg->gpa + 14 * PAGE, PAGE, CTS_RW, false));
	from = (uint64_t *)(ram->va + (other.root - ram->gpa));
	to = (uint64_t *)(ram->va + (leg->stage1.root - ram->gpa));
	__atomic_store_n(&to[top], from[top], __ATOMIC_RELEASE);
	CTS_ASSERT_OK("INV_UPPER_LEVEL", __cts_invalidate(leg->bind, &inv, 1, NULL));
	INV_EXPECT_AT("INV_UPPER_LEVEL", &self->rig, 0, 3, 14);
}

CTS_TEST_F(inv, nothing_cached, "INV_NOTHING_CACHED")
{
	struct nest_leg *leg = &self->rig.leg[0];
	const struct cts_inv inv[] = {
		{ .first = leg->gva + (1ull << 30), .pages = 1 },	/* not mapped */
		{ .first = leg->gva + (1ull << 31), .pages = 3, .leaf = true },
		{ .first = 0, .pages = 1 },
		{ .first = leg->gva, .pages = RIG_PAGES },	/* mapped, never used */
		{ .scope = CTS_INV_BIND },
	};
	unsigned int done;

	for (size_t i = 0; i < ARRAY_SIZE(inv); i++) {
		CTS_EXPECT_RC("INV_NOTHING_CACHED", __cts_invalidate(leg->bind, &inv[i], 1, &done));
		CTS_EXPECT_EQ("INV_NOTHING_CACHED", 1, done);
	}
	INV_EXPECT_AT("INV_NOTHING_CACHED", &self->rig, 0, 7, 7);
}

CTS_SUITE("invalidation", "invalidation/granularity");
