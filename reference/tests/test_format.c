// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page-table formats: entries against bit patterns written out from the architecture manuals, and
 * tables as they are built, split and cleared.
 */
#include <kselftest_harness.h>

#include <sys/resource.h>

#include "model_util.h"

static bool load(void *ctx, uint64_t addr, uint64_t *entry)
{
	(void)ctx;
	*entry = *(const uint64_t *)(uintptr_t)addr;
	return true;
}

#include "model/walk.h"

static enum walk_result walk(struct pgtable *pt, uint64_t input, struct walk_leaf *leaf)
{
	return pt_walk(pt->common, pt->format, m_pa(pt->root), pt->top, input, 0, load, NULL, leaf);
}

/* The entry of @input at @level. */
static uint64_t *entry_at(struct pgtable *pt, uint64_t input, unsigned int level)
{
	uint64_t *table = pt->root;

	for (unsigned int l = pt->top; l > level; l--)
		table = (uint64_t *)(uintptr_t)pt_address(pt->format,
							  table[pgtable_index(pt, input, l)]);
	return &table[pgtable_index(pt, input, level)];
}

FIXTURE(format)
{
	struct pgtable pt;
};

/* Leaves of address 0x40000000 and the constant bits of a table entry, as the manuals have them. */
FIXTURE_VARIANT(format)
{
	enum fmt fmt;
	uint64_t page_ro, page_rw, block_ro, block_rw, table;
	bool write_only;
};

FIXTURE_VARIANT_ADD(format, x86_fl4) {	/* A P US; D RW */
	.fmt = FMT_X86_FL,
	.page_ro = 0x40000025, .page_rw = 0x40000067,
	.block_ro = 0x400000a5, .block_rw = 0x400000e7, .table = 0x27,
};
FIXTURE_VARIANT_ADD(format, vtd_ss4) {	/* R, W, SP */
	.fmt = FMT_VTD_SS,
	.page_ro = 0x40000001, .page_rw = 0x40000003,
	.block_ro = 0x40000081, .block_rw = 0x40000083, .table = 0x3, .write_only = true,
};
FIXTURE_VARIANT_ADD(format, arm_s1_4k) { /* nG AF SH=3 AP AttrIndx=1 type */
	.fmt = FMT_ARM_S1,
	.page_ro = 0x40000fc7, .page_rw = 0x40000f47,
	.block_ro = 0x40000fc5, .block_rw = 0x40000f45, .table = 0x3,
};
FIXTURE_VARIANT_ADD(format, arm_s2_4k) { /* AF SH=3 S2AP MemAttr=0xf type */
	.fmt = FMT_ARM_S2,
	.page_ro = 0x4000077f, .page_rw = 0x400007ff,
	.block_ro = 0x4000077d, .block_rw = 0x400007fd, .table = 0x3, .write_only = true,
};

FIXTURE_SETUP(format)
{
	struct iommu_ref_config cfg;
	struct iommu_ref_unit_config unit;

	iommu_ref_config_init(&cfg, IOMMU_REF_SMMUV3);
	iommu_ref_unit_init(&cfg, &unit);
	ASSERT_EQ(0, pgtable_init(&self->pt, pt_format(&unit, 4096, variant->fmt),
				  (1ull << 47) - 1));
}

FIXTURE_TEARDOWN(format)
{
	pgtable_destroy(&self->pt);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

TEST_F(format, entries_have_the_manuals_bits)
{
	struct pgtable *pt = &self->pt;

	ASSERT_EQ(0, pgtable_map(pt, 0x1000, 0x1fff, 0x40000000, PROT_R));
	ASSERT_EQ(0, pgtable_map(pt, 0x2000, 0x2fff, 0x40000000, RW));
	ASSERT_EQ(0, pgtable_map(pt, M_2M, 2 * M_2M - 1, 0x40000000, PROT_R));
	ASSERT_EQ(0, pgtable_map(pt, M_1G, 2 * M_1G - 1, 0x40000000, RW));
	EXPECT_EQ(variant->page_ro, *entry_at(pt, 0x1000, 0));
	EXPECT_EQ(variant->page_rw, *entry_at(pt, 0x2000, 0));
	EXPECT_EQ(variant->block_ro, *entry_at(pt, M_2M, 1));
	EXPECT_EQ(variant->block_rw, *entry_at(pt, M_1G, 2));
	EXPECT_EQ(variant->table, *entry_at(pt, 0, 3) & ~pt->format->address);
	EXPECT_EQ(variant->table, *entry_at(pt, 0, 1) & ~pt->format->address);
}

TEST_F(format, rights_round_trip)
{
	const struct pt_format *f = self->pt.format;

	for (unsigned int level = 0; level <= f->max_block_level; level++) {
		for (unsigned int prot = PROT_R; prot <= RW; prot++) {
			uint64_t e = pt_make_leaf(f, 5 * M_1G, level, prot);
			unsigned int want = prot == PROT_W && !variant->write_only ? RW : prot;

			EXPECT_TRUE(pt_present(f, e));
			EXPECT_TRUE(pt_is_leaf(f, e, level));
			EXPECT_EQ(want, pt_prot(f, e));
			EXPECT_EQ(5 * M_1G, pt_leaf_address(f, e, level));
		}
	}
	EXPECT_FALSE(pt_present(f, 0));
}

TEST_F(format, largest_leaves_are_used)
{
	struct pgtable *pt = &self->pt;
	struct walk_leaf leaf;

	/* 4K, 2M up to the gigabyte, 1G, 2M, 4K: input and output aligned alike */
	ASSERT_EQ(0, pgtable_map(pt, M_1G - M_2M - 0x1000, 2 * M_1G + M_2M + 0xfff,
				 9 * M_1G - M_2M - 0x1000, RW));
	ASSERT_EQ(WALK_OK, walk(pt, M_1G - M_2M - 0x1000, &leaf));
	EXPECT_EQ(12, leaf.shift);
	ASSERT_EQ(WALK_OK, walk(pt, M_1G - M_2M, &leaf));
	EXPECT_EQ(21, leaf.shift);
	ASSERT_EQ(WALK_OK, walk(pt, M_1G + 0x12345678, &leaf));
	EXPECT_EQ(30, leaf.shift);
	EXPECT_EQ(9 * M_1G + 0x12345678, leaf.out);
	ASSERT_EQ(WALK_OK, walk(pt, 2 * M_1G + 0x1234, &leaf));
	EXPECT_EQ(21, leaf.shift);
	ASSERT_EQ(WALK_OK, walk(pt, 2 * M_1G + M_2M + 0xabc, &leaf));
	EXPECT_EQ(12, leaf.shift);
	EXPECT_EQ(10 * M_1G + M_2M + 0xabc, leaf.out);
	EXPECT_EQ(WALK_ABSENT, walk(pt, 2 * M_1G + M_2M + 0x1000, &leaf));
	EXPECT_EQ(2 + (M_2M >> 12) * 2 + (M_1G >> 12),
		  pgtable_unmap(pt, 0, (1ull << 47) - 1));
	EXPECT_EQ(0, *pt_live(&pt->pool, pt->root));
}

TEST_F(format, a_partial_unmap_splits_a_leaf)
{
	struct pgtable *pt = &self->pt;
	struct walk_leaf leaf;

	ASSERT_EQ(0, pgtable_map(pt, M_1G, 2 * M_1G - 1, 8 * M_1G, PROT_R));
	EXPECT_EQ(1, pgtable_unmap(pt, M_1G + M_2M + 0x5000, M_1G + M_2M + 0x5fff));
	EXPECT_EQ(WALK_ABSENT, walk(pt, M_1G + M_2M + 0x5000, &leaf));
	ASSERT_EQ(WALK_OK, walk(pt, M_1G + M_2M + 0x4fff, &leaf));
	EXPECT_EQ(12, leaf.shift);
	EXPECT_EQ(8 * M_1G + M_2M + 0x4fff, leaf.out);
	EXPECT_EQ(PROT_R, leaf.prot);
	ASSERT_EQ(WALK_OK, walk(pt, M_1G + M_2M + 0x6000, &leaf));
	EXPECT_EQ(8 * M_1G + M_2M + 0x6000, leaf.out);
	ASSERT_EQ(WALK_OK, walk(pt, 2 * M_1G - 1, &leaf));
	EXPECT_EQ(21, leaf.shift);
	EXPECT_EQ((M_1G >> 12) - 1, pgtable_unmap(pt, M_1G, 2 * M_1G - 1));
}

TEST_F(format, a_refused_map_changes_nothing)
{
	struct pgtable *pt = &self->pt;
	uint64_t end = 3 * M_2M;
	struct walk_leaf leaf;

	ASSERT_EQ(0, pgtable_map(pt, end, end + 0xfff, 0x40000000, PROT_R));
	EXPECT_EQ(-EEXIST, pgtable_map(pt, 0x7000, end + 0x1fff, 0x7000, RW));
	EXPECT_EQ(-EEXIST, pgtable_map(pt, 0, M_1G - 1, 8 * M_1G, RW));
	EXPECT_EQ(WALK_ABSENT, walk(pt, 0x7000, &leaf));
	EXPECT_EQ(WALK_ABSENT, walk(pt, end - 1, &leaf));
	EXPECT_EQ(WALK_ABSENT, walk(pt, end + 0x1000, &leaf));
	EXPECT_EQ(1, *pt_live(&pt->pool, pt->root));
	EXPECT_EQ(1, pgtable_unmap(pt, 0, (1ull << 47) - 1));
	/* The other way round: a small one into a large one. */
	ASSERT_EQ(0, pgtable_map(pt, 0, M_2M - 1, M_2M, RW));
	EXPECT_EQ(-EEXIST, pgtable_map(pt, 0x1000, 0x1fff, 0x1000, RW));
}

TEST_F(format, tables_are_given_back)
{
	struct pgtable *pt = &self->pt;
	size_t before;

	ASSERT_EQ(0, pgtable_map(pt, 0, 0xfff, 0x1000, RW));
	before = pt->pool.nr_free;
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pgtable_map(pt, M_1G, M_1G + 200 * M_2M - 1, 0x1000, RW));
		EXPECT_EQ(200 * M_2M >> 12, pgtable_unmap(pt, M_1G, M_1G + 200 * M_2M - 1));
		EXPECT_LE(pt->pool.nr_free, before + 62);
	}
}

TEST(arm_reserved_descriptors_do_not_translate)
{
	struct pgtable pt;
	struct walk_leaf leaf;

	ASSERT_EQ(0, pgtable_init(&pt, pt_arm(PT_ARM_S1, 12, false), (1ull << 48) - 1));
	ASSERT_EQ(0, pgtable_map(&pt, 0, 0xfff, 0x1000, RW));
	*entry_at(&pt, 0, 0) &= ~2ull;		/* a block among pages */
	EXPECT_EQ(WALK_ABSENT, walk(&pt, 0, &leaf));
	*entry_at(&pt, 0, 0) |= 2;
	EXPECT_EQ(WALK_OK, walk(&pt, 0, &leaf));
	EXPECT_FALSE(leaf.global);
	*entry_at(&pt, 0, 0) &= ~(1ull << 11);	/* nG */
	EXPECT_EQ(WALK_OK, walk(&pt, 0, &leaf));
	EXPECT_TRUE(leaf.global);
	EXPECT_TRUE(leaf.accessed);
	*entry_at(&pt, 0, 0) &= ~(1ull << 10);	/* AF */
	EXPECT_EQ(WALK_OK, walk(&pt, 0, &leaf));
	EXPECT_FALSE(leaf.accessed);
	*entry_at(&pt, 0, 3) &= ~2ull;		/* a block in the top table */
	EXPECT_EQ(WALK_ABSENT, walk(&pt, 0, &leaf));
	pgtable_destroy(&pt);
}

TEST(x86_reserved_bits_and_upper_rights)
{
	struct pgtable pt;
	struct walk_leaf leaf;

	ASSERT_EQ(0, pgtable_init(&pt, &pt_x86_fl4, (1ull << 47) - 1));
	ASSERT_EQ(0, pgtable_map(&pt, M_2M, 2 * M_2M - 1, 0, RW));
	*entry_at(&pt, M_2M, 1) |= 1 << 12;	/* PAT */
	EXPECT_EQ(WALK_OK, walk(&pt, M_2M, &leaf));
	EXPECT_EQ(0, leaf.out);
	*entry_at(&pt, M_2M, 1) |= 1 << 13;	/* reserved */
	EXPECT_EQ(WALK_ABSENT, walk(&pt, M_2M, &leaf));
	*entry_at(&pt, M_2M, 1) &= ~(1ull << 13);
	*entry_at(&pt, M_2M, 2) &= ~2ull;	/* RW of a table */
	EXPECT_EQ(WALK_OK, walk(&pt, M_2M, &leaf));
	EXPECT_EQ(PROT_R, leaf.prot);
	*entry_at(&pt, M_2M, 3) &= ~4ull;	/* US of the top */
	EXPECT_EQ(WALK_OK, walk(&pt, M_2M, &leaf));
	EXPECT_EQ(0, leaf.prot);
	pt.root[1] = 0xe7;			/* PS in the top table */
	EXPECT_EQ(WALK_ABSENT, walk(&pt, 1ull << 39, &leaf));
	pgtable_destroy(&pt);
}

/* A sanitizer's allocator does not bear a limit on the address space. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
TEST_F(format, without_memory_a_map_changes_nothing)
{
	struct rlimit limit = { 1 << 30, 1 << 30 };
	struct pgtable *pt = &self->pt;
	struct walk_leaf leaf;

	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &limit));
	/* Pages that cannot be blocks; their tables take 2 GiB. */
	EXPECT_EQ(-ENOMEM, pgtable_map(pt, 0, 1024 * M_1G - 1, 0x1000, RW));
	EXPECT_EQ(0, *pt_live(&pt->pool, pt->root));
	EXPECT_EQ(WALK_ABSENT, walk(pt, 0, &leaf));
	EXPECT_EQ(0, pgtable_map(pt, 0, M_2M - 1, 0x1000, RW));
}
#endif

TEST(canonical_addresses)
{
	EXPECT_TRUE(pt_input_valid(&pt_x86_fl4, 0x00007fffffffffff, 48));
	EXPECT_FALSE(pt_input_valid(&pt_x86_fl4, 0x0000800000000000, 48));
	EXPECT_TRUE(pt_input_valid(&pt_x86_fl4, 0xffff800000000000, 48));
	EXPECT_FALSE(pt_input_valid(&pt_x86_fl4, 0x8000000000000000, 48));
	EXPECT_TRUE(pt_input_valid(&pt_vtd_ss4, 0x0000ffffffffffff, 48));
	EXPECT_FALSE(pt_input_valid(&pt_vtd_ss4, 0x0001000000000000, 48));
	EXPECT_FALSE(pt_input_valid(pt_arm(PT_ARM_S1, 12, false), 0xffff800000000000, 48));
}

TEST_HARNESS_MAIN
