// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a program sees of the granule of the kernel's own page tables: alignment, page sizes, the
 * registers in GET_HW_INFO, dirty tracking.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define LEN (64ull << 20)
#define BASE 0x40000000ull

FIXTURE(granule)
{
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *map, *mem;
	uint32_t ioas, dev, hwpt;
	int cdev;
};

FIXTURE_VARIANT(granule)
{
	uint32_t granule, oas_bits, idr5;
	uint64_t page_sizes;
};

FIXTURE_VARIANT_ADD(granule, g4k) { 4096, 48, 0x75, 0x40201000 };
FIXTURE_VARIANT_ADD(granule, g16k) { 16384, 48, 0x75, 0x2004000 };
FIXTURE_VARIANT_ADD(granule, g64k) { 65536, 48, 0x75, 0x20010000 };
FIXTURE_VARIANT_ADD(granule, g64k_52) { 65536, 52, 0x4f6, 1ull << 42 | 0x20010000 };

FIXTURE_SETUP(granule)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_SMMUV3);
	cfg.granule = variant->granule;
	cfg.oas_bits = variant->oas_bits;
	cfg.aperture_last = (1ull << variant->oas_bits) - 1;
	cfg.msi_first = cfg.msi_last = 0;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	self->map = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	self->mem = (uint8_t *)(((uintptr_t)self->map + LEN - 1) & ~(LEN - 1));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	self->cdev = fd_device(&self->u, 0, &self->dev);
	ASSERT_LE(0, self->cdev);
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			       &self->hwpt));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, self->hwpt));
}

FIXTURE_TEARDOWN(granule)
{
	iommu_ref_destroy(self->ref);
	munmap(self->map, 2 * LEN);
}

static int ranges(struct fd_user *u, uint32_t ioas, uint64_t *last, uint64_t *alignment)
{
	struct iommu_iova_range range = { 0 };
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .num_iovas = 1,
		.allowed_iovas = (uintptr_t)&range,
	};
	int rc = fd_cmd(u, IOMMU_IOAS_IOVA_RANGES, &cmd);

	*last = range.last;
	*alignment = cmd.out_iova_alignment;
	return rc;
}

TEST_F(granule, alignment)
{
	const uint64_t page = variant->granule;
	uint64_t last, alignment, len, iova = 0;
	uint32_t empty;

	ASSERT_EQ(0, fd_ioas(&self->u, &empty));
	ASSERT_EQ(0, ranges(&self->u, empty, &last, &alignment));
	EXPECT_EQ(1, alignment);
	ASSERT_EQ(0, ranges(&self->u, self->ioas, &last, &alignment));
	EXPECT_EQ(page, alignment);
	EXPECT_EQ((1ull << variant->oas_bits) - 1, last);
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, page, BASE + page / 2));
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, page / 2, BASE));
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem + page / 2, page, BASE));
	EXPECT_EQ(-EINVAL, fd_map(&self->u, self->ioas, self->mem, page / 2, &iova, FD_RW));
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, 3 * page, &iova, FD_RW));
	EXPECT_EQ(0, iova % page);
	len = page;
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, self->ioas, iova, &len));
	len = 3 * page;
	EXPECT_EQ(0, fd_unmap(&self->u, self->ioas, iova, &len));
	EXPECT_EQ(3 * page, len);
	/* Up to the end of what the format translates. */
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, page, last - page + 1));
	self->mem[page - 1] = 77;
	EXPECT_EQ(77, fd_peek(self->ref, 0, last));
}

/* An area that a larger page does not fit comes first. */
TEST_F(granule, areas_that_do_not_fit)
{
	const uint64_t page = variant->granule;
	uint32_t ioas, hwpt;

	ASSERT_EQ(0, fd_ioas(&self->u, &ioas));
	ASSERT_EQ(0, fd_map_at(&self->u, ioas, self->mem, page / 2, BASE));
	EXPECT_EQ(-EADDRINUSE, fd_paging(&self->u, self->dev, ioas, 0, &hwpt));
}

TEST_F(granule, one_page_at_a_time)
{
	struct iommu_option option = {
		.size = sizeof(option), .option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_SET, .val64 = 0,
	};
	const uint64_t page = variant->granule;
	uint64_t last, alignment;
	uint32_t hwpt;

	ASSERT_EQ(0, fd_ioas(&self->u, &option.object_id));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_OPTION, &option));
	ASSERT_EQ(0, ranges(&self->u, option.object_id, &last, &alignment));
	EXPECT_EQ(page, alignment);
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, option.object_id, 0, &hwpt));
	ASSERT_EQ(0, fd_map_at(&self->u, option.object_id, self->mem, LEN, BASE));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, hwpt));
	self->mem[LEN - 1] = 5;
	EXPECT_EQ(5, fd_peek(self->ref, 0, BASE + LEN - 1));
}

TEST_F(granule, page_sizes)
{
	struct iommu_vfio_ioas set = {
		.size = sizeof(set), .ioas_id = self->ioas, .op = IOMMU_VFIO_IOAS_SET,
	};
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_VFIO_IOAS, &set));
	ASSERT_EQ(0, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_EQ(variant->page_sizes, info.iova_pgsizes);
}

TEST_F(granule, registers)
{
	struct iommu_hw_info_arm_smmuv3 arm = { 0 };
	struct iommu_hw_info cmd = {
		.size = sizeof(cmd), .dev_id = self->dev, .data_len = sizeof(arm),
		.data_uptr = (uintptr_t)&arm,
	};

	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	EXPECT_EQ(variant->idr5, arm.idr[5]);
}

TEST_F(granule, a_write_dirties_one_page)
{
	const uint64_t page = variant->granule;
	uint64_t bits = 0;
	struct iommu_hwpt_set_dirty_tracking on = {
		.size = sizeof(on), .hwpt_id = self->hwpt,
		.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
	};
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get), .hwpt_id = self->hwpt, .iova = BASE, .length = 8 * page,
		.page_size = page, .data = (uintptr_t)&bits,
	};

	/* Pages, since the block does not fit. */
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem + page, 8 * page, BASE));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_HWPT_SET_DIRTY_TRACKING, &on));
	EXPECT_LE(0, fd_peek(self->ref, 0, BASE + 3 * page));
	EXPECT_EQ(0, fd_poke(self->ref, 0, BASE + 6 * page - 1, 1));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_HWPT_GET_DIRTY_BITMAP, &get));
	EXPECT_EQ(1 << 5, bits);
	bits = 0;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_HWPT_GET_DIRTY_BITMAP, &get));
	EXPECT_EQ(0, bits);
}

TEST_F(granule, a_file)
{
	const uint64_t page = variant->granule;
	int fd = memfd_create("granule", 0);
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd), .flags = FD_FIXED_RW, .ioas_id = self->ioas, .fd = fd,
		.length = 2 * page, .iova = BASE, .start = page,
	};
	uint8_t byte = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, (off_t)(4 * page)));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_MAP_FILE, &cmd));
	EXPECT_EQ(0, fd_poke(self->ref, 0, BASE + 2 * page - 1, 91));
	EXPECT_EQ(1, pread(fd, &byte, 1, (off_t)(3 * page - 1)));
	EXPECT_EQ(91, byte);
	close(fd);
}

TEST_HARNESS_MAIN
