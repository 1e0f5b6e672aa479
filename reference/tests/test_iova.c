// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The IOVA space against a plain array: random inserts, removals, lookups and first fits with a
 * fixed seed, then the rules of reserved and allowed ranges.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "../model/model.h"

#define PAGES 20000u	/* of the space that is used; area n covers pages [first, last] of it */
#define STEPS 60000u

/* One cell a page: 0 free, else 1 + the first page of its area. */
struct oracle {
	uint32_t owner[PAGES];
};

FIXTURE(iova)
{
	struct iova_space *s;
	struct oracle *o;
	uint64_t seed;
};

FIXTURE_SETUP(iova)
{
	ASSERT_EQ(0, iova_space_create(&self->s));
	self->o = calloc(1, sizeof(*self->o));
	ASSERT_NE(NULL, self->o);
	self->seed = 0x9e3779b97f4a7c15ull;
}

FIXTURE_TEARDOWN(iova)
{
	iova_space_destroy(self->s);
	free(self->o);
}

static uint32_t pick(uint64_t *seed, uint32_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed % n);
}

/* Page 0 of the oracle is page 1 of the space: automatic allocation never returns 0. */
static uint64_t addr(uint32_t page)
{
	return ((uint64_t)page + 1) << PAGE_SHIFT;
}

static bool oracle_free(const struct oracle *o, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		if (o->owner[i])
			return false;
	return true;
}

/* The lowest page where @n pages are free at @align pages; PAGES: behind everything. */
static uint32_t oracle_fit(const struct oracle *o, uint32_t n, uint32_t align)
{
	uint32_t run = 0;

	for (uint32_t i = 0; i < PAGES; i++) {
		if (o->owner[i]) {
			run = 0;
			continue;
		}
		run = run ? run + 1 : (i + 1) % align == 0;
		if (run == n)
			return i + 1 - n;
	}
	return PAGES;
}

static uint32_t oracle_end(const struct oracle *o, uint32_t first)
{
	uint32_t i = first;

	while (i + 1 < PAGES && o->owner[i + 1] == first + 1)
		i++;
	return i;
}

static bool step_insert(struct iova_space *s, struct oracle *o, uint32_t first, uint32_t n)
{
	struct iova_area a = { addr(first), addr(first + n) - 1, addr(first), 3, NULL };
	bool room = oracle_free(o, first, n);

	if (iova_insert(s, &a) != (room ? 0 : -EEXIST))
		return false;
	for (uint32_t i = first; room && i < first + n; i++)
		o->owner[i] = first + 1;
	return true;
}

static bool step_remove(struct iova_space *s, struct oracle *o, uint32_t page)
{
	bool begins = o->owner[page] == page + 1;

	if (iova_remove(s, addr(page)) != (begins ? 0 : -ENOENT))
		return false;
	for (uint32_t i = page, end = oracle_end(o, page); begins && i <= end; i++)
		o->owner[i] = 0;
	return true;
}

static bool step_lookup(struct iova_space *s, const struct oracle *o, uint32_t page)
{
	const struct iova_area *a = iova_lookup(s, addr(page) + 7);
	uint32_t i = page;

	while (i < PAGES && !o->owner[i])
		i++;
	if (i == PAGES)
		return !a;
	i = o->owner[i] - 1;
	return a && a->first == addr(i) && a->last == addr(oracle_end(o, i) + 1) - 1 &&
	       a->va == addr(i);
}

static bool step_fit(struct iova_space *s, const struct oracle *o, uint32_t n, uint32_t align)
{
	uint32_t want = oracle_fit(o, n, align);
	uint64_t got;

	if (iova_find_free(s, (uint64_t)n << PAGE_SHIFT, (uint64_t)align << PAGE_SHIFT, &got))
		return false;
	/* Where the oracle is full, anything that begins or reaches behind it is right. */
	return want == PAGES ? got + ((uint64_t)n << PAGE_SHIFT) > addr(PAGES) : got == addr(want);
}

TEST_F_TIMEOUT(iova, random_against_array, 60)
{
	for (uint32_t i = 0; i < STEPS; i++) {
		/* The space fills, empties and fills again: splits and merges at every height. */
		bool fill = (i / 10000) % 2 == 0;
		uint32_t page = pick(&self->seed, PAGES - 8), kind = pick(&self->seed, 16);

		if (kind < (fill ? 10u : 2u)) {
			ASSERT_TRUE(step_insert(self->s, self->o, page, 1 + pick(&self->seed, 4)));
		} else if (kind < 13) {
			ASSERT_TRUE(step_remove(self->s, self->o, page));
		} else {
			ASSERT_TRUE(step_lookup(self->s, self->o, page));
		}
		if (i % 64 == 0)
			ASSERT_TRUE(step_fit(self->s, self->o, 1 + pick(&self->seed, 12),
					     1u << pick(&self->seed, 5)));
	}
}

TEST_F(iova, order_of_insertion_does_not_matter)
{
	for (uint32_t i = 0; i < 3000; i++)
		ASSERT_TRUE(step_insert(self->s, self->o, i, 1));
	for (uint32_t i = 3000; i-- > 0;)
		ASSERT_TRUE(step_remove(self->s, self->o, i));
	for (uint32_t i = 3000; i-- > 0;)
		ASSERT_TRUE(step_insert(self->s, self->o, i, 1));
	for (uint32_t i = 0; i < 3000; i++)
		ASSERT_TRUE(step_remove(self->s, self->o, i));
	EXPECT_EQ(NULL, iova_lookup(self->s, 0));
}

TEST_F(iova, ends_of_the_space)
{
	struct iova_area low = { .last = 0 }, high = { UINT64_MAX, UINT64_MAX, 0, 0, NULL };
	struct iova_area all = { .last = UINT64_MAX }, backwards = { .first = 5, .last = 4 };
	uint64_t first;

	EXPECT_EQ(0, iova_insert(self->s, &low));
	EXPECT_EQ(0, iova_insert(self->s, &high));
	EXPECT_EQ(-EEXIST, iova_insert(self->s, &all));
	EXPECT_EQ(-EINVAL, iova_insert(self->s, &backwards));
	EXPECT_EQ(UINT64_MAX, iova_lookup(self->s, 1)->first);
	EXPECT_EQ(-ENOSPC, iova_find_free(self->s, UINT64_MAX - 1, 1, &first));
	EXPECT_EQ(0, iova_remove(self->s, 0));
	EXPECT_EQ(0, iova_remove(self->s, UINT64_MAX));
	EXPECT_EQ(0, iova_insert(self->s, &all));
	EXPECT_EQ(-ENOSPC, iova_find_free(self->s, 1, 1, &first));
}

TEST_F(iova, reserved_ranges)
{
	struct iova_area a = { 0x10000, 0x1ffff, 0, 0, NULL };
	uint64_t r[4][2];
	int x, y;

	ASSERT_EQ(1, iova_ranges(self->s, r, 4));
	EXPECT_EQ(0, r[0][0]);
	EXPECT_EQ(UINT64_MAX, r[0][1]);
	ASSERT_EQ(0, iova_insert(self->s, &a));
	EXPECT_EQ(-EADDRINUSE, iova_reserve(self->s, 0x1ffff, 0x20000, &x));
	EXPECT_EQ(-EADDRINUSE, iova_limit(self->s, 0x1fffe, &x));
	/* Two owners may reserve the same. */
	EXPECT_EQ(0, iova_reserve(self->s, 0x20000, 0x2ffff, &x));
	EXPECT_EQ(0, iova_reserve(self->s, 0x28000, 0x3ffff, &y));
	EXPECT_EQ(0, iova_limit(self->s, 0xffffffff, &x));
	ASSERT_EQ(2, iova_ranges(self->s, r, 4));
	EXPECT_EQ(0x1ffff, r[0][1]);
	EXPECT_EQ(0x40000, r[1][0]);
	EXPECT_EQ(0xffffffff, r[1][1]);
	a = (struct iova_area){ 0x3f000, 0x40fff, 0, 0, NULL };
	EXPECT_EQ(-EINVAL, iova_insert(self->s, &a));
	iova_unreserve(self->s, &x);
	ASSERT_EQ(2, iova_ranges(self->s, r, 4));
	EXPECT_EQ(0x27fff, r[0][1]);
	EXPECT_EQ(0x40000, r[1][0]);
	EXPECT_EQ(UINT64_MAX, r[1][1]);
	iova_unreserve(self->s, &y);
	EXPECT_EQ(0, iova_insert(self->s, &a));
}

TEST_F(iova, allowed_ranges)
{
	const uint64_t two[2][2] = { { 0x100000, 0x1fffff }, { 0x10000, 0x1ffff } };
	const uint64_t overlapping[2][2] = { { 0x1000, 0x2fff }, { 0x2fff, 0x4fff } };
	struct iova_area outside = { 0x40000, 0x40fff, 0, 0, NULL };
	uint64_t first;
	int x;

	ASSERT_EQ(0, iova_allow(self->s, two, 2));
	EXPECT_EQ(-EINVAL, iova_allow(self->s, overlapping, 2));
	ASSERT_EQ(0, iova_find_free(self->s, 0x1000, 0x1000, &first));
	EXPECT_EQ(0x10000, first);
	ASSERT_EQ(0, iova_find_free(self->s, 0x20000, 0x1000, &first));
	EXPECT_EQ(0x100000, first);
	EXPECT_EQ(-ENOSPC, iova_find_free(self->s, 0x100001, 1, &first));
	/* They bind automatic allocation and devices, not a caller that chooses. */
	EXPECT_EQ(0, iova_insert(self->s, &outside));
	EXPECT_EQ(-EADDRINUSE, iova_reserve(self->s, 0x1ffff, 0x2ffff, &x));
	EXPECT_EQ(0, iova_reserve(self->s, 0x20000, 0x2ffff, &x));
	EXPECT_EQ(0, iova_allow(self->s, NULL, 0));
	ASSERT_EQ(0, iova_find_free(self->s, 0x1000, 0x1000, &first));
	EXPECT_EQ(0x1000, first);
}

TEST_HARNESS_MAIN
