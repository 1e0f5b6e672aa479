// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO's container commands on /dev/iommu: without an IOAS, what they say is there, and maps that
 * TYPE1 may unmap in part.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define PAGES 16

FIXTURE(compat)
{
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas, dev, hwpt;
	int cdev;
};

FIXTURE_VARIANT(compat)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(compat, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(compat, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

static int vfio_ioas(struct fd_user *u, uint16_t op, uint32_t *id)
{
	struct iommu_vfio_ioas cmd = { .size = sizeof(cmd), .op = op, .ioas_id = *id };
	int rc = fd_cmd(u, IOMMU_VFIO_IOAS, &cmd);

	*id = cmd.ioas_id;
	return rc;
}

static int dma_map(struct fd_user *u, void *va, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd), .flags = flags, .vaddr = (uintptr_t)va, .iova = iova,
		.size = size,
	};

	return fd_cmd(u, VFIO_IOMMU_MAP_DMA, &cmd);
}

/* *@size: in and out */
static int dma_unmap(struct fd_user *u, uint64_t iova, uint64_t *size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd), .flags = flags, .iova = iova, .size = *size,
	};
	int rc = fd_cmd(u, VFIO_IOMMU_UNMAP_DMA, &cmd);

	*size = cmd.size;
	return rc;
}

static int number(struct fd_user *u, unsigned long cmd, unsigned long n)
{
	return fd_cmd(u, cmd, (void *)n);
}

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

FIXTURE_SETUP(compat)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	self->mem = mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (unsigned int i = 0; i < PAGES; i++)
		self->mem[i * PG] = (uint8_t)i;
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	ASSERT_EQ(0, vfio_ioas(&self->u, IOMMU_VFIO_IOAS_SET, &self->ioas));
}

FIXTURE_TEARDOWN(compat)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PAGES * PG);
}

static int add_table(struct fd_user *u, uint32_t ioas, uint32_t *dev, uint32_t *hwpt)
{
	int cdev = fd_device(u, 0, dev);
	int rc = cdev < 0 ? cdev : fd_paging(u, *dev, ioas, 0, hwpt);

	return rc ? rc : fd_attach(u, cdev, *hwpt);
}

/* ---- which IOAS */

TEST_F(compat, ioas)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	uint32_t id = 0;
	uint64_t size = 0;

	EXPECT_EQ(0, vfio_ioas(&self->u, IOMMU_VFIO_IOAS_GET, &id));
	EXPECT_EQ(self->ioas, id);
	EXPECT_EQ(0, vfio_ioas(&self->u, IOMMU_VFIO_IOAS_CLEAR, &id));
	EXPECT_EQ(-ENODEV, vfio_ioas(&self->u, IOMMU_VFIO_IOAS_GET, &id));
	EXPECT_EQ(-ENODEV, dma_map(&self->u, self->mem, 0, PG, RW));
	EXPECT_EQ(-ENODEV, dma_unmap(&self->u, 0, &size, VFIO_DMA_UNMAP_FLAG_ALL));
	EXPECT_EQ(-ENODEV, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_EQ(-ENODEV, number(&self->u, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-ENODEV, number(&self->u, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(1, number(&self->u, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	/* What is wrong with the arguments comes first. */
	EXPECT_EQ(-EINVAL, dma_map(&self->u, self->mem, 0, PG, 4));
	EXPECT_EQ(-EINVAL, dma_unmap(&self->u, 0, &size, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP));
	EXPECT_EQ(-EINVAL, number(&self->u, VFIO_SET_IOMMU, 2));
	info.argsz = 8;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &info));
	/* A destroyed one is none. */
	EXPECT_EQ(0, vfio_ioas(&self->u, IOMMU_VFIO_IOAS_SET, &self->ioas));
	EXPECT_EQ(0, fd_destroy(&self->u, self->ioas));
	EXPECT_EQ(-ENODEV, dma_map(&self->u, self->mem, 0, PG, RW));
}

/* ---- what there is */

TEST_F(compat, version_and_extensions)
{
	static const struct { unsigned long type; int rc; } types[] = {
		{ VFIO_TYPE1_IOMMU, 1 }, { VFIO_TYPE1v2_IOMMU, 1 }, { VFIO_UNMAP_ALL, 1 },
		{ VFIO_DMA_CC_IOMMU, 1 }, { VFIO_TYPE1_NESTING_IOMMU, 0 }, { 8, 0 }, { 10, 0 },
		{ 0, 0 }, { 1000, 0 },
	};

	EXPECT_EQ(VFIO_API_VERSION, number(&self->u, VFIO_GET_API_VERSION, 0));
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		EXPECT_EQ(types[i].rc, number(&self->u, VFIO_CHECK_EXTENSION, types[i].type));
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(variant->vendor == IOMMU_REF_VTD,
		  number(&self->u, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(-ENOTTY, number(&self->u, _IO(VFIO_TYPE, VFIO_BASE + 17), 0));
	EXPECT_EQ(-ENOTTY, number(&self->u, _IO(VFIO_TYPE, VFIO_BASE + 3), 0));
}

struct info {
	struct vfio_iommu_type1_info info;
	struct vfio_iommu_type1_info_dma_avail avail;
	uint32_t pad;
	struct {	/* struct vfio_iommu_type1_info_cap_iova_range, its array written out */
		struct vfio_info_cap_header header;
		uint32_t nr_iovas, reserved;
	} cap;
	struct vfio_iova_range ranges[8];
};

TEST_F(compat, info)
{
	struct info i = { .info.argsz = sizeof(i) };
	bool vtd = variant->vendor == IOMMU_REF_VTD;
	uint32_t need = offsetof(struct info, ranges) + sizeof(i.ranges[0]);

	EXPECT_EQ(0, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &i));
	EXPECT_EQ(need, i.info.argsz);
	EXPECT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS, i.info.flags);
	EXPECT_EQ(~(PG - 1), i.info.iova_pgsizes);
	EXPECT_EQ(sizeof(i.info), i.info.cap_offset);
	EXPECT_EQ(VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, i.avail.header.id);
	EXPECT_EQ(1, i.avail.header.version);
	EXPECT_EQ(offsetof(struct info, cap), i.avail.header.next);
	EXPECT_EQ(UINT32_MAX, i.avail.avail);
	EXPECT_EQ(VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, i.cap.header.id);
	EXPECT_EQ(0, i.cap.header.next);
	EXPECT_EQ(1, i.cap.nr_iovas);
	EXPECT_EQ(0, i.ranges[0].start);
	EXPECT_EQ(UINT64_MAX, i.ranges[0].end);
	/* A page table and a device limit what can be mapped. */
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	i.info.argsz = sizeof(i);
	EXPECT_EQ(0, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &i));
	EXPECT_EQ(0x40201000, i.info.iova_pgsizes);
	EXPECT_EQ(2, i.cap.nr_iovas);
	EXPECT_EQ(vtd ? 0xfedfffff : 0x7ffffff, i.ranges[0].end);
	EXPECT_EQ(need + sizeof(i.ranges[0]), i.info.argsz);
}

TEST_F(compat, info_without_room)
{
	size_t minsz = offsetof(struct vfio_iommu_type1_info, cap_offset);
	uint32_t need = offsetof(struct info, ranges) + sizeof(struct vfio_iova_range);
	struct info i;

	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, NULL));
	for (uint32_t argsz = (uint32_t)minsz; argsz < need; argsz++) {
		memset(&i, 0xa5, sizeof(i));
		i.info.argsz = argsz;
		ASSERT_EQ(0, fd_cmd(&self->u, VFIO_IOMMU_GET_INFO, &i));
		ASSERT_EQ(need, i.info.argsz);
		if (argsz >= sizeof(i.info))
			ASSERT_EQ(0, i.info.cap_offset);
		/* Nothing beyond what the caller has. */
		for (uint8_t *p = (uint8_t *)&i + argsz; p < (uint8_t *)(&i + 1); p++)
			ASSERT_EQ(0xa5, *p);
		ASSERT_EQ(argsz >= 36 ? UINT32_MAX : 0xa5a5a5a5, i.avail.avail);
		ASSERT_EQ(0xa5a5a5a5, i.cap.nr_iovas);
	}
}

/* ---- map and unmap */

TEST_F(compat, map_arguments)
{
	struct vfio_iommu_type1_dma_map cmd = { .argsz = sizeof(cmd) - 1, .flags = RW };

	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, VFIO_IOMMU_MAP_DMA, &cmd));
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_EQ(-EINVAL, dma_map(&self->u, self->mem, 0, PG, 0));
	EXPECT_EQ(-EINVAL, dma_map(&self->u, self->mem, 0, 0, RW));
	EXPECT_EQ(-EOVERFLOW, dma_map(&self->u, (void *)(UINTPTR_MAX - PG), 0, 2 * PG, RW));
	EXPECT_EQ(-EOVERFLOW, dma_map(&self->u, self->mem, UINT64_MAX - PG + 1, 2 * PG, RW));
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(-EINVAL, dma_map(&self->u, self->mem, 0x10001, PG, RW));
	EXPECT_EQ(0, dma_map(&self->u, self->mem, 0x10000, 4 * PG, VFIO_DMA_MAP_FLAG_READ));
	EXPECT_EQ(-EEXIST, dma_map(&self->u, self->mem, 0x13000, PG, RW));
	EXPECT_EQ(3, fd_peek(self->ref, 0, 0x13000));
	EXPECT_EQ(-EFAULT, fd_poke(self->ref, 0, 0x13000, 9));
	EXPECT_EQ(-EFAULT, dma_map(&self->u, NULL, 0x20000, PG, RW));
}

TEST_F(compat, type1v2_unmaps_what_was_mapped)
{
	uint64_t size = 2 * PG;

	EXPECT_EQ(0, number(&self->u, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, dma_map(&self->u, self->mem, 0x10000, 4 * PG, RW));
	EXPECT_EQ(0, dma_map(&self->u, self->mem + 8 * PG, 0x20000, 4 * PG, RW));
	EXPECT_EQ(-ENOENT, dma_unmap(&self->u, 0x11000, &size, 0));
	EXPECT_EQ(0, size);
	EXPECT_EQ(-EINVAL, dma_unmap(&self->u, 0, &size, 0));
	size = 4;
	EXPECT_EQ(-EINVAL, dma_unmap(&self->u, 0, &size, VFIO_DMA_UNMAP_FLAG_ALL));
	/* More than there is; nothing at all is no error. */
	size = 0x10000;
	EXPECT_EQ(0, dma_unmap(&self->u, 0x10000, &size, 0));
	EXPECT_EQ(4 * PG, size);
	size = 0x10000;
	EXPECT_EQ(0, dma_unmap(&self->u, 0x10000, &size, 0));
	EXPECT_EQ(0, size);
	EXPECT_EQ(0, dma_unmap(&self->u, 0, &size, VFIO_DMA_UNMAP_FLAG_ALL));
	EXPECT_EQ(4 * PG, size);
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x20000));
}

TEST_F(compat, type1_unmaps_in_part)
{
	struct iommu_ref_stats stats;
	uint64_t size = 2 * PG;

	EXPECT_EQ(0, number(&self->u, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, dma_map(&self->u, self->mem, 0x10000, 8 * PG, RW));
	/* A hole, an end, a start, and a unmap over two of the areas that are left */
	EXPECT_EQ(0, dma_unmap(&self->u, 0x12000, &size, 0));
	EXPECT_EQ(2 * PG, size);
	EXPECT_EQ(1, fd_peek(self->ref, 0, 0x11000));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x12000));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x13000));
	EXPECT_EQ(4, fd_peek(self->ref, 0, 0x14000));
	size = PG;
	EXPECT_EQ(0, dma_unmap(&self->u, 0x17000, &size, 0));
	EXPECT_EQ(0, dma_unmap(&self->u, 0x10000, &size, 0));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(4, stats.pinned_pages);
	size = 5 * PG;
	EXPECT_EQ(0, dma_unmap(&self->u, 0x11000, &size, 0));
	EXPECT_EQ(3 * PG, size);
	EXPECT_EQ(6, fd_peek(self->ref, 0, 0x16000));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(1, stats.pinned_pages);
	/* Not in the middle of a page; the answer is left alone. */
	EXPECT_EQ(0, dma_map(&self->u, self->mem, 0x20000, 2 * PG, RW));
	size = 0x800;
	EXPECT_EQ(-EINVAL, dma_unmap(&self->u, 0x20000, &size, 0));
	EXPECT_EQ(0x800, size);
	EXPECT_EQ(0, fd_peek(self->ref, 0, 0x20000));
}

TEST_F(compat, type1_comes_before_the_maps)
{
	EXPECT_EQ(0, dma_map(&self->u, self->mem, 0x10000, 8 * PG, RW));
	ASSERT_EQ(0, add_table(&self->u, self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(-EINVAL, number(&self->u, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, number(&self->u, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

TEST_HARNESS_MAIN
