// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Dirty tracking: which page tables can have it, and that the bitmap has what DMA wrote, no more
 * and no less, however the translation was cached before.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define PAGES 64u
#define BASE 0x40000000ull
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define BLOCK (2ull << 20)

FIXTURE(dirty)
{
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas, dev, hwpt;
	int cdev;
};

FIXTURE_VARIANT(dirty)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(dirty, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(dirty, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

static int track(struct fd_user *u, uint32_t hwpt, bool on)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd), .hwpt_id = hwpt, .flags = on,
	};

	return fd_cmd(u, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

static int bitmap(struct fd_user *u, uint32_t hwpt, uint64_t iova, uint64_t len, uint64_t page,
		  void *data, uint32_t flags)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd), .hwpt_id = hwpt, .flags = flags, .iova = iova,
		.length = len, .page_size = page, .data = (uintptr_t)data,
	};

	return fd_cmd(u, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

/* The 64 pages from BASE on; all ones if that fails. */
static uint64_t dirty(struct fd_user *u, uint32_t hwpt, uint32_t flags)
{
	uint64_t bits = 0;

	return bitmap(u, hwpt, BASE, PAGES * PG, PG, &bits, flags) ? UINT64_MAX : bits;
}

static int write_page(struct iommu_ref *ref, unsigned int page)
{
	return fd_poke(ref, 0, BASE + page * PG + 17, (uint8_t)page);
}

static int read_page(struct iommu_ref *ref, unsigned int page)
{
	return fd_peek(ref, 0, BASE + page * PG);
}

FIXTURE_SETUP(dirty)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	self->mem = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	self->cdev = fd_device(&self->u, 0, &self->dev);
	ASSERT_LE(0, self->cdev);
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			       &self->hwpt));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, self->hwpt));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PAGES * PG, BASE));
	ASSERT_EQ(0, track(&self->u, self->hwpt, true));
}

FIXTURE_TEARDOWN(dirty)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, 2 * BLOCK);
}

/* ---- what is refused */

TEST_F(dirty, ability)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = self->dev };
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint32_t ioas, dev, hwpt;

	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &info));
	EXPECT_NE(0, info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING);
	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.dirty_tracking = false;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &ref));
	ASSERT_EQ(0, fd_user_create(ref, &u));
	ASSERT_EQ(0, fd_ioas(&u, &ioas));
	ASSERT_LE(0, fd_device(&u, 0, &dev));
	info = (struct iommu_hw_info){ .size = sizeof(info), .dev_id = dev };
	EXPECT_EQ(0, fd_cmd(&u, IOMMU_GET_HW_INFO, &info));
	EXPECT_EQ(0, info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING);
	EXPECT_EQ(-EOPNOTSUPP, fd_paging(&u, dev, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	iommu_ref_destroy(ref);
}

TEST_F(dirty, flags)
{
	struct iommu_hwpt_set_dirty_tracking cmd = { .size = sizeof(cmd), .hwpt_id = self->hwpt };
	uint32_t both = IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_NEST_PARENT, id;
	uint64_t bits;

	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD ? 0 : -EOPNOTSUPP,
		  fd_paging(&self->u, self->dev, self->ioas, both, &id));
	EXPECT_EQ(0, fd_paging(&self->u, self->dev, self->ioas,
			       IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID, &id));
	cmd.flags = 2;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd));
	cmd.flags = 0;
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd));
	EXPECT_EQ(-ENOENT, track(&self->u, self->ioas, true));
	EXPECT_EQ(-ENOENT, bitmap(&self->u, self->ioas, BASE, PG, PG, &bits, 0));
	EXPECT_EQ(-EOPNOTSUPP, bitmap(&self->u, self->hwpt, BASE, PG, PG, &bits, 2));
	/* A page table that was not made for it; the range is looked at first. */
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &id));
	EXPECT_EQ(-EOPNOTSUPP, track(&self->u, id, true));
	EXPECT_EQ(-EOPNOTSUPP, track(&self->u, id, false));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, id, BASE + 1, PG, PG, &bits, 0));
	EXPECT_EQ(-EOPNOTSUPP, bitmap(&self->u, id, BASE, PG, PG, &bits, 0));
}

TEST_F(dirty, ranges)
{
	uint64_t bits = 0;

	EXPECT_EQ(-EOVERFLOW, bitmap(&self->u, self->hwpt, UINT64_MAX - PG + 1, 2 * PG, PG, &bits,
				     0));
	EXPECT_EQ(-EOVERFLOW, bitmap(&self->u, self->hwpt, BASE, 0, PG, &bits, 0));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, self->hwpt, 0, 0, PG, &bits, 0));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, self->hwpt, BASE + 0x800, PG, 0x800, &bits, 0));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, self->hwpt, BASE, PG + 0x800, 0x800, &bits, 0));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, self->hwpt, BASE, PG, 0, &bits, 0));
	EXPECT_EQ(-EINVAL, bitmap(&self->u, self->hwpt, BASE + PG, PG, 2 * PG, &bits, 0));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, PG, 0x800, &bits, 0));
	/* Nothing is mapped there. */
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE + PAGES * PG, 64 * PG, PG, &bits, 0));
	EXPECT_EQ(0, bits);
}

/* ---- what was written */

TEST_F(dirty, writes_are_seen_and_reads_are_not)
{
	for (unsigned int i = 0; i < 8; i++)
		EXPECT_EQ(0, read_page(self->ref, i));
	EXPECT_EQ(0, dirty(&self->u, self->hwpt, 0));
	/* Page 3 is cached by a read, page 9 is not. */
	EXPECT_EQ(0, write_page(self->ref, 3));
	EXPECT_EQ(0, write_page(self->ref, 9));
	EXPECT_EQ(3, self->mem[3 * PG + 17]);
	EXPECT_EQ(1u << 3 | 1u << 9, dirty(&self->u, self->hwpt, NO_CLEAR));
	EXPECT_EQ(1u << 3 | 1u << 9, dirty(&self->u, self->hwpt, 0));
	EXPECT_EQ(0, dirty(&self->u, self->hwpt, 0));
	/* Cached as writable before it was cleared */
	EXPECT_EQ(0, write_page(self->ref, 3));
	EXPECT_EQ(0, write_page(self->ref, 3));
	EXPECT_EQ(1u << 3, dirty(&self->u, self->hwpt, 0));
}

TEST_F(dirty, on_and_off)
{
	EXPECT_EQ(0, write_page(self->ref, 1));
	EXPECT_EQ(0, track(&self->u, self->hwpt, false));
	EXPECT_EQ(1u << 1, dirty(&self->u, self->hwpt, NO_CLEAR));
	EXPECT_EQ(0, write_page(self->ref, 2));
	/* SMMUv3: "Always enabled" */
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD ? 1u << 1 : 3u << 1,
		  dirty(&self->u, self->hwpt, NO_CLEAR));
	/* To enable begins with a clean slate, and sees what is cached as writable already. */
	EXPECT_EQ(0, track(&self->u, self->hwpt, true));
	EXPECT_EQ(0, dirty(&self->u, self->hwpt, NO_CLEAR));
	EXPECT_EQ(0, write_page(self->ref, 2));
	EXPECT_EQ(1u << 2, dirty(&self->u, self->hwpt, NO_CLEAR));
	EXPECT_EQ(0, track(&self->u, self->hwpt, true));
	EXPECT_EQ(0, dirty(&self->u, self->hwpt, 0));
}

TEST_F(dirty, bits)
{
	uint64_t bits[2] = { 0, 1ull << 63 };

	EXPECT_EQ(0, write_page(self->ref, 5));
	EXPECT_EQ(0, write_page(self->ref, 40));
	/* Bit 0 is the first page that was asked for. */
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE + 5 * PG, 36 * PG, PG, bits, NO_CLEAR));
	EXPECT_EQ(1 | 1ull << 35, bits[0]);
	EXPECT_EQ(1ull << 63, bits[1]);
	/* Bits are added, never taken away. */
	bits[0] = 1ull << 7;
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, 64 * PG, 8 * PG, bits, NO_CLEAR));
	EXPECT_EQ(1 | 1 << 5 | 1 << 7, bits[0]);
	bits[0] = 0;
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE + 5 * PG, PG, PG / 4, bits, NO_CLEAR));
	EXPECT_EQ(15, bits[0]);
	/* Only what was asked for is cleared. */
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, 16 * PG, PG, bits, 0));
	EXPECT_EQ(1ull << 40, dirty(&self->u, self->hwpt, 0));
}

TEST_F(dirty, read_only_memory_is_never_dirty)
{
	uint64_t iova = BASE + PAGES * PG, bits = 0;

	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem + PAGES * PG, PG, &iova,
			    IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA));
	EXPECT_EQ(-EFAULT, write_page(self->ref, PAGES));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, iova, PG, PG, &bits, 0));
	EXPECT_EQ(0, bits);
	EXPECT_EQ(-EFAULT, write_page(self->ref, PAGES));
}

TEST_F(dirty, holes)
{
	uint64_t len = PG, bits = 0;

	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, BASE + 100 * PG));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE + 100 * PG, PG, PG, &bits, 0));
	bits = 0;
	EXPECT_EQ(0, write_page(self->ref, 60));
	EXPECT_EQ(0, write_page(self->ref, 100));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE + 60 * PG, 64 * PG, PG, &bits, 0));
	EXPECT_EQ(1 | 1ull << 40, bits);
	EXPECT_EQ(0, fd_unmap(&self->u, self->ioas, BASE + 100 * PG, &len));
	bits = 0;
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, 128 * PG, PG, &bits, 0));
	EXPECT_EQ(0, bits);
}

TEST_F(dirty, bitmap_that_cannot_be_written)
{
	uint8_t *ro = mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(0, write_page(self->ref, 7));
	EXPECT_EQ(-EFAULT, bitmap(&self->u, self->hwpt, BASE, PAGES * PG, PG, NULL, 0));
	EXPECT_EQ(-EFAULT, bitmap(&self->u, self->hwpt, BASE, PAGES * PG, PG, ro, 0));
	EXPECT_EQ(1u << 7, dirty(&self->u, self->hwpt, 0));
	/* Nothing to say: it is not touched. */
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, PAGES * PG, PG, NULL, 0));
	munmap(ro, PG);
}

/* The bitmap ends at the end of a page, and none of it is beyond. */
TEST_F(dirty, bitmap_at_the_end_of_memory)
{
	uint8_t *two = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	mprotect(two + PG, PG, PROT_NONE);
	EXPECT_EQ(0, write_page(self->ref, 0));
	EXPECT_EQ(0, write_page(self->ref, 63));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, BASE, PAGES * PG, PG, two + PG - 8, 0));
	EXPECT_EQ(1, two[PG - 8]);
	EXPECT_EQ(0x80, two[PG - 1]);
	munmap(two, 2 * PG);
}

/* A block is dirty as a whole; page by page only with IOMMU_OPTION_HUGE_PAGES 0. */
TEST_F(dirty, blocks)
{
	uint8_t *at = (uint8_t *)(((uintptr_t)self->mem + BLOCK - 1) & ~(BLOCK - 1));
	struct iommu_option opt = {
		.size = sizeof(opt), .option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_SET,
	};
	uint64_t bits[8] = { 0 }, iova = 0x80000000;
	uint32_t ioas, hwpt;

	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, at, BLOCK, iova));
	ASSERT_EQ(0, track(&self->u, self->hwpt, true));
	EXPECT_EQ(0, fd_poke(self->ref, 0, iova + 5 * PG, 1));
	EXPECT_EQ(0, bitmap(&self->u, self->hwpt, iova, BLOCK, PG, bits, 0));
	for (unsigned int i = 0; i < 8; i++)
		EXPECT_EQ(UINT64_MAX, bits[i]);
	ASSERT_EQ(0, fd_ioas(&self->u, &ioas));
	opt.object_id = ioas;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_OPTION, &opt));
	ASSERT_EQ(0, fd_map_at(&self->u, ioas, at, BLOCK, iova));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, hwpt));
	ASSERT_EQ(0, track(&self->u, hwpt, true));
	EXPECT_EQ(0, fd_poke(self->ref, 0, iova + 5 * PG, 1));
	memset(bits, 0, sizeof(bits));
	EXPECT_EQ(0, bitmap(&self->u, hwpt, iova, BLOCK, PG, bits, 0));
	EXPECT_EQ(1u << 5, bits[0]);
	EXPECT_EQ(0, bits[1] | bits[2] | bits[7]);
}

/* Writes through the guest's stage 1 mark what they reach in the nest parent. */
TEST(nest_parent_sees_guest_physical_pages)
{
	struct machine m;
	struct iommu_hwpt_vtd_s1 s1;
	uint32_t parent, nested;
	uint64_t bits = 0;

	ASSERT_EQ(0, machine_create(&m, IOMMU_REF_VTD, NULL));
	ASSERT_EQ(0, fd_paging(&m.u, m.dev, m.ioas,
			       IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			       &parent));
	s1 = guest_vtd(&m.g);
	ASSERT_EQ(0, fd_hwpt(&m.u, m.dev, parent, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1),
			     &nested));
	ASSERT_EQ(0, fd_attach(&m.u, m.cdev, nested));
	guest_map(&m.g, 9, 12, true);
	EXPECT_EQ(0, fd_poke(m.u.ref, 0, GVA(9), 1));
	ASSERT_EQ(0, track(&m.u, parent, true));
	EXPECT_EQ(-ENOENT, track(&m.u, nested, true));
	EXPECT_EQ(0, fd_peek(m.u.ref, 0, GVA(0)));
	EXPECT_EQ(0, fd_poke(m.u.ref, 0, GVA(9), 1));
	EXPECT_EQ(0, bitmap(&m.u, parent, GPA_BASE, GUEST_PAGES * PG, PG, &bits, 0));
	EXPECT_EQ(1u << 12, bits);
	bits = 0;
	EXPECT_EQ(0, fd_poke(m.u.ref, 0, GVA(9), 1));
	EXPECT_EQ(0, bitmap(&m.u, parent, GPA_BASE, GUEST_PAGES * PG, PG, &bits, 0));
	EXPECT_EQ(1u << 12, bits);
	machine_destroy(&m);
}

TEST_HARNESS_MAIN
