// SPDX-License-Identifier: GPL-2.0-only
/* v7: what a range of granules covers, and the devices of a group. */
#include "inv.h"

FIXTURE(inv_v7_range) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_V7(inv_v7_range);

FIXTURE_SETUP(inv_v7_range)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_v7_range)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* Bytes @off on from the window's start; bit n of the result: page n was dropped. */
static long flush(FIXTURE_DATA(inv_v7_range) *self, uint64_t off, uint64_t granule, uint64_t nr,
		  uint32_t *gone)
{
	struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 0);
	long rc;

	op.info.granu.addr_info.addr += off;
	op.info.granu.addr_info.granule_size = granule;
	op.info.granu.addr_info.nb_granules = nr;
	rc = __inv_v7(&self->rig, &op);
	*gone = 0;
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		*gone |= !inv_cached(&self->rig, 0, pg) << pg;
	return rc;
}

#define WHOLE_WINDOW 0xffffu

CTS_TEST_F(inv_v7_range, huge_granule, "INV_ADDR_HUGE_GRANULE")
{
	static const uint64_t size[] = { 64 << 10, 2ull << 20, 1ull << 30 };
	uint32_t gone;

	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		CTS_EXPECT_OK("INV_ADDR_HUGE_GRANULE", flush(self, 0, size[i], 1, &gone));
		CTS_EXPECT_EQ("INV_ADDR_HUGE_GRANULE", WHOLE_WINDOW, gone);
	}
}

CTS_TEST_F(inv_v7_range, overflow, "INV_ADDR_MUL_OVERFLOW")
{
	static const uint64_t t[][2] = {
		{ 1ull << 40, 1ull << 30 }, { 1ull << 63, 2 }, { UINT64_MAX, UINT64_MAX },
		{ PAGE, 1ull << 52 },
	};
	uint32_t gone;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		long rc = flush(self, 0, t[i][0], t[i][1], &gone);

		CTS_EXPECT_RC("INV_ADDR_MUL_OVERFLOW", rc);
		CTS_EXPECT_EQ("INV_ADDR_MUL_OVERFLOW", rc ? 0 : WHOLE_WINDOW, gone);
	}
}

CTS_TEST_F(inv_v7_range, to_the_top, "INV_ADDR_BEYOND_TOP")
{
	uint32_t gone;

	/* addr + size wraps: all from addr on is named, never less */
	INV_WARM(&self->rig, 0, 0, RIG_PAGES);
	long rc = flush(self, 4 * PAGE, 1ull << 52, 4095, &gone);

	CTS_EXPECT_RC("INV_ADDR_BEYOND_TOP", rc);
	if (!rc)
		CTS_EXPECT_EQ("INV_ADDR_BEYOND_TOP", WHOLE_WINDOW & ~15u, gone & ~15u);
}

CTS_TEST_F(inv_v7_range, unaligned, "INV_ADDR_UNALIGNED")
{
	static const uint64_t off[] = { 1, 0x123, 0x800, 0xfff };
	uint32_t gone;

	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		long rc = flush(self, 6 * PAGE + off[i], PAGE, 1, &gone);

		CTS_EXPECT_RC("INV_ADDR_UNALIGNED", rc);
		CTS_EXPECT_TRUE("INV_ADDR_UNALIGNED", rc ? !gone : gone >> 6 & 1,
				"6 pages and 0x%llx bytes on: returned %ld, dropped pages 0x%x",
				(unsigned long long)off[i], rc, gone);
		CTS_EXPECT_EQ("INV_ADDR_UNALIGNED", 0, gone & ~(3u << 6));
	}
}

CTS_TEST_F(inv_v7_range, zero_size, "INV_ADDR_ZERO_SIZE")
{
	static const uint64_t t[][2] = { { 0, 0 }, { 0, 5 }, { PAGE, 0 } };
	uint32_t gone;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		CTS_EXPECT_OK("INV_ADDR_ZERO_SIZE", flush(self, 9 * PAGE, t[i][0], t[i][1], &gone));
		CTS_EXPECT_EQ("INV_ADDR_ZERO_SIZE", 1u << 9, gone);
	}
}

/* ---- a group of two devices */

FIXTURE(inv_v7_group) {
	struct cts *c;
	struct cts_space *space;
	struct guest_ram ram;
	struct stage1 stage1;
	struct window win;
	struct cts_bind *bind;
	unsigned int dev[2];
};
CTS_VARIANTS_V7(inv_v7_group);

FIXTURE_SETUP(inv_v7_group)
{
	const struct cts_device *d;
	unsigned int k = 0;

	CTS_SETUP(self->c);
	d = self->c->devices;
	for (self->dev[1] = 1; self->dev[1] < self->c->nr_devices; self->dev[1]++) {
		for (k = 0; k < self->dev[1] && d[k].group != d[self->dev[1]].group; k++)
			;
		if (k < self->dev[1])
			break;
	}
	if (self->dev[1] >= self->c->nr_devices)
		CTS_SKIP(ENV_MISSING, "no two devices share a group");
	self->dev[0] = k;
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST,
				   1u << self->dev[0] | 1u << self->dev[1], &self->space));
	CTS_PRE(guest_ram_create(self->space, RIG_RAM_GPA, 16 * PAGE, &self->ram));
	CTS_PRE(window_create(self->c, 4 * PAGE, &self->win));
	CTS_PRE(__cts_map(self->space, RIG_DATA_GPA(0), self->win.va, 4 * PAGE, CTS_RW));
	CTS_PRE(stage1_create(&self->stage1, &self->ram, 1));
	CTS_PRE(stage1_map(&self->stage1, RIG_GVA(0), RIG_DATA_GPA(0), 4 * PAGE, CTS_RW, false));
	CTS_PRE(__cts_bind(self->space, 0, &self->stage1.s1, &self->bind));
}

FIXTURE_TEARDOWN(inv_v7_group)
{
	cts_bind_free(self->bind);
	cts_space_free(self->space);
	cts_end(self->c);
}

static int group_write(FIXTURE_DATA(inv_v7_group) *self, unsigned int which)
{
	struct cts_path path = self->bind->path;

	path.device = self->dev[which];
	window_arm(&self->win);
	return engine_write(self->space, path, RIG_GVA(0), 16);
}

CTS_TEST_F(inv_v7_group, both_devices, "INV_ALL_DEVICES_OF_GROUP")
{
	const struct cts_inv inv[] = {
		{ .first = RIG_GVA(0), .pages = 1 }, { .scope = CTS_INV_BIND },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(inv); i++) {
		for (unsigned int k = 0; k < 2; k++)
			CTS_PRE_TRUE(group_write(self, k) == ENGINE_DONE);
		CTS_PRE(stage1_map(&self->stage1, RIG_GVA(0), RIG_DATA_GPA(0) + (i + 1) * PAGE,
				   PAGE, CTS_RW, false));
		CTS_PRE(__cts_invalidate(self->bind, &inv[i], 1, NULL));
		for (unsigned int k = 0; k < 2; k++) {
			CTS_EXPECT_EQ("INV_ALL_DEVICES_OF_GROUP", ENGINE_DONE,
				      group_write(self, k));
			CTS_EXPECT_NULL("INV_ALL_DEVICES_OF_GROUP",
					window_written(&self->win, engine_of(self->c, self->dev[k]),
						       (i + 1) * PAGE, 16));
		}
	}
}

CTS_SUITE("invalidation", "invalidation/v7_ranges");
