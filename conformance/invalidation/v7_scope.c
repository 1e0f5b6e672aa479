// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an invalidation reaches and what it does not: v7's 24 combinations of caches and granularity
 * on one of two binds, exact ranges, and the hint that only leaves have changed.
 */
#include "inv.h"

FIXTURE(inv_scope) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_V7(inv_scope);

/* Two PASIDs with the same addresses: only the PASID tells their entries apart. */
FIXTURE_SETUP(inv_scope)
{
	struct nest_leg *leg = self->rig.leg;

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_TWO, &self->rig), &self->rig);
	CTS_PRE(stage1_map(&leg[1].stage1, leg[0].gva, leg[1].gpa, leg[1].win.len, CTS_RW, false));
	leg[1].gva = leg[0].gva;
}

FIXTURE_TEARDOWN(inv_scope)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

#define POSTED (self->c->v.profile == CTS_V7_POSTED)

/* Which of page 1 and 5 of bind 0 and page 1 of bind 1 are cached, as bits 0, 1, 2. */
static unsigned int cached(struct nest_rig *r)
{
	return (unsigned int)inv_cached(r, 0, 1) | (unsigned int)inv_cached(r, 0, 5) << 1 |
	       (unsigned int)inv_cached(r, 1, 1) << 2;
}

#define WARM_ALL() do { \
	INV_WARM(&self->rig, 0, 1, 1); \
	INV_WARM(&self->rig, 0, 5, 1); \
	INV_WARM(&self->rig, 1, 1, 1); \
} while (0)
#define ALL 7u

CTS_TEST_F(inv_scope, matrix_24, "INV_MATRIX_24")
{
	/* digest of the base's tables: what is left of ALL, and is the request one that can be */
	static const struct {
		uint8_t stays[IOMMU_INV_GRANU_NR], posted[IOMMU_INV_GRANU_NR];
		bool ok[IOMMU_INV_GRANU_NR];
	} t[8] = {
		{ { 7, 7, 7 }, { 7, 7, 7 }, { true, true, true } },
		{ { 7, 4, 6 }, { 7, 4, 6 }, { false, true, true } },
		{ { 7, 7, 7 }, { 7, 7, 7 }, { false, false, true } },
		{ { 7, 7, 6 }, { 7, 4, 6 }, { false, false, true } },
		{ { 7, 7, 7 }, { 7, 7, 7 }, { false, false, false } },
		{ { 7, 7, 7 }, { 7, 4, 7 }, { false, false, false } },
		{ { 7, 7, 7 }, { 7, 7, 7 }, { false, false, false } },
		{ { 7, 7, 7 }, { 7, 4, 7 }, { false, false, false } },
	};

	for (unsigned int mask = 0; mask < 8; mask++)
		for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);
			unsigned int want = POSTED ? t[mask].posted[g] : t[mask].stays[g], seen;
			int errno_want = POSTED || t[mask].ok[g] ? 0 : -EINVAL;

			op.info.cache = mask;
			WARM_ALL();
			long rc = __inv_v7(&self->rig, &op);

			seen = cached(&self->rig);
			CTS_EXPECT_TRUE("INV_MATRIX_24", rc == errno_want && seen == want,
					"caches %u, granularity %u: want %d and entries %u, saw "
					"%ld and %u", mask, g, errno_want, want, rc, seen);
		}
}

#define EXPECT_NO_FLUSH(id, op_) do { \
	WARM_ALL(); \
	CTS_EXPECT_RC(id, __inv_v7(&self->rig, op_)); \
	CTS_EXPECT_EQ(id, ALL, cached(&self->rig)); \
} while (0)

CTS_TEST_F(inv_scope, cache_zero, "INV_CACHE_ZERO")
{
	for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

		op.info.cache = 0;
		EXPECT_NO_FLUSH("INV_CACHE_ZERO", &op);
		/* a PASID that is nobody's makes no difference: nothing is looked up */
		if (g != IOMMU_INV_GRANU_DOMAIN)
			op.info.granu.pasid_info.pasid = 0xfff00;
		EXPECT_NO_FLUSH("INV_CACHE_ZERO", &op);
	}
}

CTS_TEST_F(inv_scope, cache_bit3, "INV_CACHE_BIT3")
{
	static const uint8_t bad[] = { 0x8, 0x80 };

	for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++)
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

			op.info.cache |= bad[i];
			EXPECT_NO_FLUSH("INV_CACHE_BIT3", &op);
		}
}

CTS_TEST_F(inv_scope, granu_3, "INV_GRANU_3")
{
	struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 1);

	op.info.granularity = IOMMU_INV_GRANU_NR;
	EXPECT_NO_FLUSH("INV_GRANU_3", &op);
}

CTS_TEST_F(inv_scope, granu_255, "INV_GRANU_255")
{
	struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

	op.info.granularity = 255;
	EXPECT_NO_FLUSH("INV_GRANU_255", &op);
}

CTS_TEST_F(inv_scope, range_exact, "INV_ADDR_RANGE_EXACT")
{
	static const struct {
		unsigned int pages, rounded;
	} t[] = { { 1, 1 }, { 2, 2 }, { 3, 4 }, { 4, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 8);

		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		for (unsigned int pg = 8; pg < 8 + t[i].pages; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg - 8));
		op.info.granu.addr_info.nb_granules = t[i].pages;
		CTS_EXPECT_OK("INV_ADDR_RANGE_EXACT", __inv_v7(&self->rig, &op));
		for (unsigned int pg = 0; pg < 8; pg++)
			INV_EXPECT_CACHED("INV_ADDR_RANGE_EXACT", &self->rig, 0, pg, 1);
		for (unsigned int pg = 8 + t[i].rounded; pg < RIG_PAGES; pg++)
			INV_EXPECT_CACHED("INV_ADDR_RANGE_EXACT", &self->rig, 0, pg, 1);
		for (unsigned int pg = 8; pg < 8 + t[i].pages; pg++) {
			INV_EXPECT_AT("INV_ADDR_RANGE_EXACT", &self->rig, 0, pg, pg - 8);
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg));
		}
		CTS_PRE(nest_invalidate_all(&self->rig, 0));
	}
}

/* ---- the leaf hint, by every uAPI */

FIXTURE(inv_leaf) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(inv_leaf);

FIXTURE_SETUP(inv_leaf)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_leaf)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_leaf, hint, "INV_LEAF_HINT")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct guest_ram *ram = &self->rig.ram;
	struct cts_inv inv = { .first = leg->gva + 3 * PAGE, .pages = 1, .leaf = true };
	const unsigned int top = leg->gva >> 39 & 511;
	struct stage1 other;
	uint64_t *from, *to;

	/* a leaf that changed is seen with the hint */
	INV_WARM(&self->rig, 0, 3, 1);
	CTS_PRE(nest_repoint(&self->rig, 0, 3, 9));
	CTS_ASSERT_OK("INV_LEAF_HINT", __cts_invalidate(leg->bind, &inv, 1, NULL));
	INV_EXPECT_AT("INV_LEAF_HINT", &self->rig, 0, 3, 9);
	/* a table that changed may be, with the hint, and is without */
	CTS_PRE(stage1_create(&other, ram, 1));
	CTS_PRE(stage1_map(&other, leg->gva + 3 * PAGE, leg->gpa + 14 * PAGE, PAGE, CTS_RW, false));
	from = (uint64_t *)(ram->va + (other.root - ram->gpa));
	to = (uint64_t *)(ram->va + (leg->stage1.root - ram->gpa));
	__atomic_store_n(&to[top], from[top], __ATOMIC_RELEASE);
	CTS_ASSERT_OK("INV_LEAF_HINT", __cts_invalidate(leg->bind, &inv, 1, NULL));
	window_arm(&leg->win);
	CTS_EXPECT_EQ("INV_LEAF_HINT", ENGINE_DONE, nest_write(&self->rig, 0, 3 * PAGE, 16));
	CTS_EXPECT_TRUE("INV_LEAF_HINT",
			!window_written(&leg->win, self->rig.engine, 9 * PAGE, 16) ||
			!window_written(&leg->win, self->rig.engine, 14 * PAGE, 16),
			"the write went neither through the old table nor through the new one");
	inv.leaf = false;
	CTS_ASSERT_OK("INV_LEAF_HINT", __cts_invalidate(leg->bind, &inv, 1, NULL));
	INV_EXPECT_AT("INV_LEAF_HINT", &self->rig, 0, 3, 14);
}

/* ---- iommufd: all of a VT-d table in one entry, and the address that it must have */

FIXTURE(inv_whole) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_whole) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_whole, iommufd_vtd, CTS_IOMMUFD, CTS_VTD);

FIXTURE_SETUP(inv_whole)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_whole)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_whole, u64max, "INV_U64MAX")
{
	struct iommu_hwpt_vtd_s1_invalidate e[2] = {
		{ .addr = PAGE, .npages = UINT64_MAX }, { .addr = 0, .npages = UINT64_MAX },
	};
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, e, 2);

	INV_WARM(&self->rig, 0, 0, RIG_PAGES);
	CTS_EXPECT_ERRNO("INV_U64MAX", __inv(&self->rig, &arg), EINVAL);
	CTS_EXPECT_EQ("INV_U64MAX", 0, arg.entry_num);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		INV_EXPECT_CACHED("INV_U64MAX", &self->rig, 0, pg, 1);
	/* the good one first: it has taken effect on every page when the other is refused */
	e[0].addr = 0;
	e[1].addr = PAGE;
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		CTS_PRE(nest_repoint(&self->rig, 0, pg, RIG_PAGES - 1 - pg));
	arg = inv_call(&self->rig, 0, e, 2);
	CTS_EXPECT_ERRNO("INV_U64MAX", __inv(&self->rig, &arg), EINVAL);
	CTS_EXPECT_EQ("INV_U64MAX", 1, arg.entry_num);
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		INV_EXPECT_AT("INV_U64MAX", &self->rig, 0, pg, RIG_PAGES - 1 - pg);
}

CTS_SUITE("invalidation", "invalidation/v7_scope");
