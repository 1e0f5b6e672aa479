// SPDX-License-Identifier: GPL-2.0-only
/* Mapping and unmapping memory at IOVAs: what every uAPI promises, said with the verbs. */
#include <sys/mman.h>
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"

FIXTURE(map) {
	struct cts *c;
	struct flat_rig rig;
};
CTS_VARIANTS_SEMANTIC(map);

FIXTURE_SETUP(map)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(map)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(map, reaches_memory, "MAP_REACHES_MEMORY")
{
	static const struct { uint64_t off; uint32_t len; } at[] = {
		{ 0, 16 }, { 4096 - 16, 16 }, { 4096 - 8, 16 }, { 5 * 4096, 4096 },
		{ RIG_PAGES * 4096 - 16, 16 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		FLAT_EXPECT_LANDS("MAP_REACHES_MEMORY", &self->rig, at[i].off, at[i].len);
}

CTS_TEST_F(map, exists, "MAP_EXISTS")
{
	const uint64_t iova = self->rig.iova, len = self->rig.win.len;
	struct window other;
	const struct { uint64_t iova, len; } over[] = {
		{ iova, len }, { iova + 4096, 4096 }, { iova - 4096, 8192 },
		{ iova + len - 4096, 8192 }, { iova - 4096, len + 8192 },
	};

	CTS_PRE(window_create(self->c, len + 2 * 4096, &other));
	window_arm(&other);
	for (size_t i = 0; i < ARRAY_SIZE(over); i++)
		CTS_EXPECT_RC("MAP_EXISTS", __cts_map(self->rig.space, over[i].iova, other.va,
						      over[i].len, CTS_RW));
	FLAT_EXPECT_LANDS("MAP_EXISTS", &self->rig, 4096, 64);
	CTS_EXPECT_NULL("MAP_EXISTS", window_untouched(&other));
}

CTS_TEST_F(map, unaligned, "MAP_UNALIGNED")
{
	const uint64_t iova = self->rig.iova + (1 << 24);
	void *va = cts_memory(self->c, 8192);

	CTS_PRE_TRUE(va);
	CTS_EXPECT_RC("MAP_UNALIGNED", __cts_map(self->rig.space, iova + 1, va, 4096, CTS_RW));
	CTS_EXPECT_RC("MAP_UNALIGNED", __cts_map(self->rig.space, iova + 2048, va, 4096, CTS_RW));
	CTS_EXPECT_RC("MAP_UNALIGNED", __cts_map(self->rig.space, iova, va, 4095, CTS_RW));
	CTS_EXPECT_RC("MAP_UNALIGNED", __cts_map(self->rig.space, iova, va, 1, CTS_RW));
	CTS_EXPECT_OK("MAP_UNALIGNED", __cts_map(self->rig.space, iova, va, 4096, CTS_RW));
}

CTS_TEST_F(map, wraps, "MAP_WRAPS")
{
	void *va = cts_memory(self->c, 8192);

	CTS_PRE_TRUE(va);
	CTS_EXPECT_RC("MAP_WRAPS", __cts_map(self->rig.space, UINT64_MAX - 4095, va, 8192, CTS_RW));
}

CTS_TEST_F(map, empty, "MAP_EMPTY")
{
	void *va = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(va);
	CTS_EXPECT_RC("MAP_EMPTY", __cts_map(self->rig.space, self->rig.iova + (1 << 24), va, 0,
					     CTS_RW));
}

CTS_TEST_F(map, bad_memory, "MAP_BAD_MEMORY")
{
	const uint64_t iova = self->rig.iova + (1 << 24);
	/* three pages, the middle one gone: the first must not stay mapped */
	uint8_t *va = cts_memory(self->c, 3 * 4096);
	void *gone;

	CTS_PRE_TRUE(va);
	gone = mmap(va + 4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CTS_PRE_TRUE(gone != MAP_FAILED);
	CTS_EXPECT_RC("MAP_BAD_MEMORY", __cts_map(self->rig.space, iova, va, 3 * 4096, CTS_RW));
	CTS_EXPECT_OK("MAP_BAD_MEMORY", __cts_map(self->rig.space, iova, va, 4096, CTS_RW));
}

CTS_TEST_F(map, unmap_no_split, "UNMAP_NO_SPLIT")
{
	const uint64_t iova = self->rig.iova, len = self->rig.win.len;
	const struct { uint64_t iova, len; } cut[] = {
		{ iova, 4096 }, { iova + 4096, 4096 }, { iova + len - 4096, 4096 },
		{ iova + 4096, len }, { iova - 4096, 8192 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cut); i++)
		CTS_EXPECT_RC("UNMAP_NO_SPLIT",
			      __cts_unmap(self->rig.space, cut[i].iova, cut[i].len, NULL));
	FLAT_EXPECT_LANDS("UNMAP_NO_SPLIT", &self->rig, 0, 16);
	FLAT_EXPECT_LANDS("UNMAP_NO_SPLIT", &self->rig, 4096, 16);
	FLAT_EXPECT_LANDS("UNMAP_NO_SPLIT", &self->rig, len - 16, 16);
}

CTS_TEST_F(map, unmap_reports_bytes, "UNMAP_REPORTS_BYTES")
{
	const uint64_t iova = self->rig.iova + (1 << 24);
	void *va = cts_memory(self->c, 4 * 4096);
	uint64_t bytes = 0;

	CTS_PRE_TRUE(va);
	CTS_PRE(__cts_map(self->rig.space, iova, va, 4096, CTS_RW));
	CTS_PRE(__cts_map(self->rig.space, iova + 3 * 4096, va, 2 * 4096, CTS_RW));
	CTS_EXPECT_OK("UNMAP_REPORTS_BYTES",
		      __cts_unmap(self->rig.space, iova, 8 * 4096, &bytes));
	CTS_EXPECT_EQ("UNMAP_REPORTS_BYTES", 3 * 4096, bytes);
}

CTS_SUITE("allocation", "allocation/map");
