// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The iommufd front end without nesting: sizes and tails, order of errnos, IOAS and its ranges,
 * map, copy and unmap with DMA through them, groups, and how long objects live.
 */
#include <kselftest_harness.h>

#include <poll.h>
#include <pthread.h>

#include "iommufd_util.h"

#define PAGES 16

FIXTURE(iommufd)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas;
};

FIXTURE_VARIANT(iommufd)
{
	enum iommu_ref_vendor vendor;
	uint64_t last;		/* IOVA of a plain HWPT */
};

/* First level: addresses are canonical, and only the lower half is used. */
FIXTURE_VARIANT_ADD(iommufd, vtd) { .vendor = IOMMU_REF_VTD, .last = (1ull << 47) - 1 };
FIXTURE_VARIANT_ADD(iommufd, smmuv3) { .vendor = IOMMU_REF_SMMUV3, .last = (1ull << 48) - 1 };

FIXTURE_SETUP(iommufd)
{
	iommu_ref_config_init(&self->cfg, variant->vendor);
	ASSERT_EQ(0, iommu_ref_create(&self->cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	self->mem = mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (unsigned int i = 0; i < PAGES; i++)
		self->mem[i * PG] = (uint8_t)(i + 1);
}

FIXTURE_TEARDOWN(iommufd)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PAGES * PG);
}

/* ---- files */

TEST_F(iommufd, paths)
{
	static const struct { const char *path; int rc; } cases[] = {
		{ "/dev/iommufd", -ENOENT }, { "", -ENOENT },
		{ "/dev/vfio/devices/vfio8", -ENOENT },
		{ "/dev/vfio/devices/vfio", -ENOENT }, { "/dev/vfio/devices/vfio00", -ENOENT },
		{ "/dev/vfio/99", -ENOENT }, { "/dev/vfio/-1", -ENOENT },
		{ "/dev/vfio/99999999999999", -ENOENT }, { NULL, -EFAULT },
	};
	int fd;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_EQ(cases[i].rc, iommu_ref_open(self->u.proc, cases[i].path, 0));
	EXPECT_EQ(-EBADF, iommu_ref_ioctl(self->u.proc, 99, IOMMU_DESTROY, NULL));
	EXPECT_EQ(-EBADF, iommu_ref_ioctl(self->u.proc, -1, IOMMU_DESTROY, NULL));
	EXPECT_EQ(-EBADF, iommu_ref_close(self->u.proc, 1000));
	EXPECT_EQ(-EINVAL, iommu_ref_read(self->u.proc, self->u.fd, self->mem, 8));
	EXPECT_EQ(-EINVAL, iommu_ref_write(self->u.proc, self->u.fd, self->mem, 8));
	EXPECT_EQ(POLLNVAL, iommu_ref_poll(self->u.proc, 99, POLLIN));
	/* The lowest descriptor is used again; the table has an end. */
	fd = iommu_ref_open(self->u.proc, "/dev/iommu", 0);
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, fd));
	EXPECT_EQ(fd, iommu_ref_open(self->u.proc, "/dev/iommu", 0));
	do {
		fd = iommu_ref_open(self->u.proc, "/dev/iommu", 0);
	} while (fd >= 0);
	EXPECT_EQ(-EMFILE, fd);
}

TEST_F(iommufd, passed_fd_is_the_same_file)
{
	struct iommu_ref_proc *other;
	struct fd_user o = { .ref = self->ref };
	uint32_t id;

	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &other));
	o.proc = other;
	o.fd = iommu_ref_pass_fd(self->u.proc, self->u.fd, other);
	ASSERT_LE(0, o.fd);
	EXPECT_EQ(-EBADF, iommu_ref_pass_fd(self->u.proc, 77, other));
	ASSERT_EQ(0, fd_ioas(&o, &id));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, self->u.fd));
	EXPECT_EQ(0, fd_destroy(&o, id));
	EXPECT_EQ(0, fd_destroy(&o, self->ioas));
	iommu_ref_proc_exit(other);
}

/* ---- dispatch */

TEST_F(iommufd, sizes_and_tails)
{
	struct {
		struct iommu_ioas_alloc cmd;
		uint8_t tail[300];
	} big = { .cmd = { .size = sizeof(big) } };
	struct iommu_destroy d = { .size = 4 };

	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_ALLOC, &big));
	big.tail[299] = 1;
	EXPECT_EQ(-E2BIG, fd_cmd(&self->u, IOMMU_IOAS_ALLOC, &big));
	big.cmd.size = sizeof(big) - 1;
	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_ALLOC, &big));
	big.cmd.size = sizeof(big.cmd) - 1;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_IOAS_ALLOC, &big));
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_DESTROY, &d));
	EXPECT_EQ(-ENOTTY, fd_cmd(&self->u, _IO(IOMMUFD_TYPE, 0x7f), &d));
	EXPECT_EQ(-ENOTTY, fd_cmd(&self->u, _IO(IOMMUFD_TYPE, 0x95), &d));
	/* The size is read before the type is compared. */
	EXPECT_EQ(-ENOTTY, fd_cmd(&self->u, _IO('x', 0x80), &d));
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, _IO('x', 0x80), NULL));
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_DESTROY, NULL));
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_DESTROY, (void *)0x10));
}

TEST_F(iommufd, argument_across_the_end_of_memory)
{
	struct iommu_ioas_map *cmd;
	uint8_t *two = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	ASSERT_NE(MAP_FAILED, two);
	ASSERT_EQ(0, mprotect(two + PG, PG, PROT_NONE));
	cmd = (void *)(two + PG - 8);
	cmd->size = sizeof(*cmd);
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_IOAS_MAP, cmd));
	/* Readable, but the answer cannot be written: no object is left behind. */
	cmd = (void *)two;
	*(struct iommu_ioas_alloc *)two = (struct iommu_ioas_alloc){
		.size = sizeof(struct iommu_ioas_alloc),
	};
	ASSERT_EQ(0, mprotect(two, PG, PROT_READ));
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_IOAS_ALLOC, two));
	EXPECT_EQ(-ENOENT, fd_destroy(&self->u, self->ioas + 1));
	munmap(two, 2 * PG);
}

TEST_F(iommufd, unsupported_is_said)
{
	static const struct { unsigned long nr; uint32_t size; int rc; } cases[] = {
		{ IOMMU_VEVENTQ_ALLOC, sizeof(struct iommu_veventq_alloc), -EOPNOTSUPP },
		{ IOMMU_IOAS_MAP_FILE, sizeof(struct iommu_ioas_map_file), -EINVAL },
		{ IOMMU_HW_QUEUE_ALLOC, sizeof(struct iommu_hw_queue_alloc), -EOPNOTSUPP },
		{ IOMMU_HWPT_SET_DIRTY_TRACKING, 16, -ENOENT },
		{ IOMMU_HWPT_GET_DIRTY_BITMAP, sizeof(struct iommu_hwpt_get_dirty_bitmap),
		  -ENOENT },
		{ IOMMU_IOAS_CHANGE_PROCESS, 8, 0 },
		{ IOMMU_VFIO_IOAS, sizeof(struct iommu_vfio_ioas), -ENODEV },
		{ IOMMU_VIOMMU_ALLOC, sizeof(struct iommu_viommu_alloc), -EOPNOTSUPP },
		{ IOMMU_VDEVICE_ALLOC, sizeof(struct iommu_vdevice_alloc), -ENOENT },
	};
	uint32_t arg[16];

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(arg, 0, sizeof(arg));
		arg[0] = cases[i].size;
		EXPECT_EQ(cases[i].rc, fd_cmd(&self->u, cases[i].nr, arg));
		arg[0] = 4;
		EXPECT_EQ(-EINVAL, fd_cmd(&self->u, cases[i].nr, arg));
	}
}

/* ---- IOAS */

TEST_F(iommufd, ids_are_per_file)
{
	struct fd_user o = self->u;
	uint32_t id;

	EXPECT_EQ(1, self->ioas);
	o.fd = iommu_ref_open(o.proc, "/dev/iommu", 0);
	EXPECT_EQ(-ENOENT, fd_destroy(&o, self->ioas));
	ASSERT_EQ(0, fd_ioas(&o, &id));
	EXPECT_EQ(1, id);
	EXPECT_EQ(0, fd_destroy(&o, id));
	EXPECT_EQ(-ENOENT, fd_destroy(&o, id));
	EXPECT_EQ(-ENOENT, fd_destroy(&o, 0));
	EXPECT_EQ(-ENOENT, fd_destroy(&o, UINT32_MAX));
	EXPECT_EQ(0, fd_destroy(&self->u, self->ioas));
}

TEST_F(iommufd, map_order_of_errors)
{
	const struct {
		uint32_t flags, ioas, reserved;
		uint64_t va, len, iova;
		int rc;
	} cases[] = {
		{ 8, 99, 0, 0, 0, UINT64_MAX, -EOPNOTSUPP },
		{ FD_RW, 99, 1, 0, 0, UINT64_MAX, -EOPNOTSUPP },
		{ 0, 99, 0, 0, 0, UINT64_MAX, -EOVERFLOW },
		{ 0, 99, 0, 0, UINT64_MAX, 0, -EOVERFLOW },
		{ IOMMU_IOAS_MAP_FIXED_IOVA, 99, 0, 0, 0, 0, -EINVAL },
		{ FD_RW, 99, 0, 0, 0, 0, -ENOENT },
		{ FD_RW, 1, 0, UINT64_MAX - 5, 8, 0, -EOVERFLOW },
		{ FD_RW, 1, 0, 0, 0, 0, -EINVAL },
		{ FD_RW, 1, 0, 0, UINT64_MAX - 1, 0, -EINVAL },
		{ FD_FIXED_RW, 1, 0, PG, PG, UINT64_MAX - 1, -EOVERFLOW },
		{ FD_RW, 1, 0, PG, 1ull << 63, 0, -EOVERFLOW },
		{ FD_FIXED_RW, 1, 0, PG, PG, PG, 0 },
		{ FD_FIXED_RW, 1, 0, PG, 1, PG, -EEXIST },
		{ FD_FIXED_RW, 1, 0, PG, 2, PG - 1, -EEXIST },
		{ FD_FIXED_RW, 1, 0, PG, 2, 2 * PG - 1, -EEXIST },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_ioas_map cmd = {
			.size = sizeof(cmd), .flags = cases[i].flags, .ioas_id = cases[i].ioas,
			.__reserved = cases[i].reserved, .user_va = cases[i].va,
			.length = cases[i].len, .iova = cases[i].iova,
		};

		EXPECT_EQ(cases[i].rc, fd_cmd(&self->u, IOMMU_IOAS_MAP, &cmd))
			TH_LOG("case %u", i);
	}
}

TEST_F(iommufd, unmap_whole_areas_only)
{
	uint64_t len;

	for (uint64_t i = 1; i < 4; i++)
		ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 2 * PG, i * 4 * PG));
	len = PG;
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, self->ioas, 4 * PG, &len));
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, self->ioas, 5 * PG, &len));
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, self->ioas, 2 * PG, &len));
	len = 0;
	EXPECT_EQ(-EINVAL, fd_unmap(&self->u, self->ioas, 4 * PG, &len));
	len = 2;
	EXPECT_EQ(-EOVERFLOW, fd_unmap(&self->u, self->ioas, UINT64_MAX, &len));
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, self->ioas, UINT64_MAX - 1, &len));
	len = 3;
	EXPECT_EQ(-EOVERFLOW, fd_unmap(&self->u, self->ioas, UINT64_MAX - 1, &len));
	len = UINT64_MAX;
	EXPECT_EQ(-EOVERFLOW, fd_unmap(&self->u, self->ioas, 1, &len));
	/* A superset takes what is inside. */
	len = 9 * PG;
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 2 * PG, &len));
	EXPECT_EQ(4 * PG, len);
	len = UINT64_MAX;
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 0, &len));
	EXPECT_EQ(2 * PG, len);
	len = UINT64_MAX;	/* nothing is left: "all" still succeeds */
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 0, &len));
	EXPECT_EQ(0, len);
	len = UINT64_MAX;
	EXPECT_EQ(-ENOENT, fd_unmap(&self->u, 99, 0, &len));
}

TEST_F(iommufd, automatic_addresses)
{
	uint64_t a = 0, b = 0, c = 0;

	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, PG, &a, FD_RW));
	EXPECT_NE(0, a);
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, 3 * PG, &b, FD_RW));
	EXPECT_EQ(0, b % PG);
	EXPECT_TRUE(b > a || b + 3 * PG <= a);
	/* Without a page table there is no alignment; the offset in the page is kept. */
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem + 0x123, 5, &c, FD_RW));
	EXPECT_EQ(0x123, c % PG);
}

TEST_F(iommufd, ranges_follow_the_devices)
{
	struct iommu_iova_range r[4];
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd), .ioas_id = self->ioas, .num_iovas = 4,
		.allowed_iovas = (uintptr_t)r,
	};
	uint32_t dev;
	int cdev;

	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_IOVA_RANGES, &cmd));
	EXPECT_EQ(1, cmd.num_iovas);
	EXPECT_EQ(0, r[0].start);
	EXPECT_EQ(UINT64_MAX, r[0].last);
	EXPECT_EQ(1, cmd.out_iova_alignment);
	cdev = fd_device(&self->u, 0, &dev);
	ASSERT_LE(0, cdev);
	ASSERT_EQ(0, fd_attach(&self->u, cdev, self->ioas));
	cmd.num_iovas = 1;
	EXPECT_EQ(-EMSGSIZE, fd_cmd(&self->u, IOMMU_IOAS_IOVA_RANGES, &cmd));
	EXPECT_EQ(2, cmd.num_iovas);
	EXPECT_EQ(self->cfg.msi_first - 1, r[0].last);
	EXPECT_EQ(PG, cmd.out_iova_alignment);
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_IOVA_RANGES, &cmd));
	EXPECT_EQ(self->cfg.msi_last + 1, r[1].start);
	EXPECT_EQ(variant->last, r[1].last);
	cmd.allowed_iovas = 8;
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_IOAS_IOVA_RANGES, &cmd));
	/* Reserved, and out of the aperture */
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, PG, self->cfg.msi_first));
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, PG, variant->last + 1));
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, PG, 8));
	ASSERT_EQ(0, fd_detach(&self->u, cdev));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, self->cfg.msi_first));
	EXPECT_EQ(-EADDRINUSE, fd_attach(&self->u, cdev, self->ioas));
}

TEST_F(iommufd, allow_iovas)
{
	struct iommu_iova_range r[2] = { { 0x10000, 0x1ffff }, { 0x18000, 0x2ffff } };
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd), .ioas_id = self->ioas, .num_iovas = 2,
		.allowed_iovas = (uintptr_t)r,
	};
	uint64_t iova = 0;
	uint32_t dev;
	int cdev = fd_device(&self->u, 0, &dev);

	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	r[1] = (struct iommu_iova_range){ 0x20000, 0x20000 };
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd.num_iovas = UINT32_MAX;
	cmd.allowed_iovas = 8;
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd.num_iovas = 1;
	cmd.allowed_iovas = (uintptr_t)r;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, PG, &iova, FD_RW));
	EXPECT_EQ(0x10000, iova);
	EXPECT_EQ(-ENOSPC, fd_map(&self->u, self->ioas, self->mem, PAGES * PG, &iova, FD_RW));
	/* What is allowed no device may take. */
	r[0] = (struct iommu_iova_range){ self->cfg.msi_first, self->cfg.msi_last };
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	EXPECT_EQ(-EADDRINUSE, fd_attach(&self->u, cdev, self->ioas));
	cmd.num_iovas = 0;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	ASSERT_EQ(0, fd_attach(&self->u, cdev, self->ioas));
	cmd.num_iovas = 1;
	EXPECT_EQ(-EADDRINUSE, fd_cmd(&self->u, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
}

TEST_F(iommufd, copy_shares_pages)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd), .flags = FD_FIXED_RW, .src_ioas_id = self->ioas,
		.src_iova = 5 * PG, .dst_iova = 64 * PG, .length = 2 * PG,
	};
	uint64_t iova = 8 * PG;
	uint32_t dev;
	int cdev = fd_device(&self->u, 0, &dev);

	ASSERT_EQ(0, fd_ioas(&self->u, &cmd.dst_ioas_id));
	ASSERT_EQ(0, fd_attach(&self->u, cdev, cmd.dst_ioas_id));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 2 * PG, 4 * PG));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem + 7 * PG, 2 * PG, 6 * PG));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
	EXPECT_EQ(2, fd_peek(self->ref, 0, 64 * PG));
	EXPECT_EQ(8, fd_peek(self->ref, 0, 65 * PG));
	EXPECT_EQ(-EEXIST, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
	cmd.dst_iova = 80 * PG;
	cmd.src_iova = 7 * PG;
	EXPECT_EQ(-ENOENT, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
	/* Memory that was given for reading cannot be copied for writing. */
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, PG, &iova,
			    IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA));
	EXPECT_EQ(-EPERM, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 80 * PG));
	cmd.length = 0;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
	cmd.length = 2;
	cmd.src_iova = UINT64_MAX - 1;
	EXPECT_EQ(-ENOENT, fd_cmd(&self->u, IOMMU_IOAS_COPY, &cmd));
}

TEST_F(iommufd, options)
{
	struct iommu_option o = { .size = sizeof(o), .option_id = IOMMU_OPTION_HUGE_PAGES,
				  .op = IOMMU_OPTION_OP_GET, .object_id = self->ioas };
	uint32_t dev;
	int cdev = fd_device(&self->u, 0, &dev);

	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_OPTION, &o));
	EXPECT_EQ(1, o.val64);
	o.op = IOMMU_OPTION_OP_SET;
	o.val64 = 2;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_OPTION, &o));
	o.val64 = 0;
	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_OPTION, &o));
	/* Page by page works all the same. */
	ASSERT_EQ(0, fd_attach(&self->u, cdev, self->ioas));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PAGES * PG, 0x200000));
	EXPECT_EQ(PAGES, fd_peek(self->ref, 0, 0x200000 + (PAGES - 1) * PG));
	o.option_id = IOMMU_OPTION_RLIMIT_MODE;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_OPTION, &o));
	o.object_id = 0;
	EXPECT_EQ(-EBUSY, fd_cmd(&self->u, IOMMU_OPTION, &o));
	o.option_id = 9;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_OPTION, &o));
}

/* ---- pins */

TEST_F(iommufd, memory_that_is_not_there)
{
	struct iommu_ref_stats stats;
	uint64_t iova = PG, len = PG;
	uint32_t dev, hwpt;
	int cdev = fd_device(&self->u, 0, &dev);

	/* Nothing is pinned while no page table needs it. */
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, (void *)PG, PG, PG));
	EXPECT_EQ(-EFAULT, fd_attach(&self->u, cdev, self->ioas));
	EXPECT_EQ(-EFAULT, fd_paging(&self->u, dev, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, PG, &len));
	ASSERT_EQ(0, fd_attach(&self->u, cdev, self->ioas));
	EXPECT_EQ(-EFAULT, fd_map_at(&self->u, self->ioas, (void *)PG, PG, PG));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, PG));
	/* Read-only memory can be mapped for reading. */
	ASSERT_EQ(0, mprotect(self->mem, PG, PROT_READ));
	EXPECT_EQ(-EFAULT, fd_map_at(&self->u, self->ioas, self->mem, PG, PG));
	ASSERT_EQ(0, fd_map(&self->u, self->ioas, self->mem, PG, &iova,
			    IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA));
	EXPECT_EQ(1, fd_peek(self->ref, 0, PG));
	EXPECT_EQ(-EFAULT, fd_poke(self->ref, 0, PG, 9));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(1, stats.pinned_pages);
	ASSERT_EQ(0, fd_detach(&self->u, cdev));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.pinned_pages);
}

TEST_F(iommufd, unmapped_means_unreachable)
{
	uint64_t len = PAGES * PG;
	uint32_t dev;
	int cdev = fd_device(&self->u, 0, &dev);

	ASSERT_EQ(0, fd_attach(&self->u, cdev, self->ioas));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PAGES * PG, 0x100000));
	for (uint64_t i = 0; i < PAGES; i++)
		EXPECT_EQ((int)i + 1, fd_peek(self->ref, 0, 0x100000 + i * PG));
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 0x100000, &len));
	for (uint64_t i = 0; i < PAGES; i++) {
		EXPECT_EQ(-EFAULT, fd_poke(self->ref, 0, 0x100000 + i * PG, 0xee));
		EXPECT_EQ(i + 1, self->mem[i * PG]);
	}
}

/* ---- threads */

static void *map_and_unmap(void *arg)
{
	struct fd_user *u = arg;
	static const char page[4096] __attribute__((aligned(4096)));
	uint64_t iova, len;
	uint32_t ioas, dev;
	intptr_t bad = fd_ioas(u, &ioas);
	int cdev = fd_device(u, u->fd == 0, &dev);

	for (int i = 0; i < 200 && !bad; i++) {
		iova = 0;
		len = PG;
		bad |= fd_attach(u, cdev, ioas);
		bad |= fd_map(u, ioas, page, PG, &iova, IOMMU_IOAS_MAP_READABLE);
		bad |= fd_peek(u->ref, u->fd == 0, iova);
		bad |= fd_unmap(u, ioas, iova, &len);
		bad |= fd_detach(u, cdev);
	}
	return (void *)bad;
}

TEST_F(iommufd, two_threads)
{
	struct fd_user b = self->u;
	pthread_t thread;
	void *bad;

	b.fd = iommu_ref_open(b.proc, "/dev/iommu", 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, map_and_unmap, &b));
	EXPECT_EQ(NULL, map_and_unmap(&self->u));
	ASSERT_EQ(0, pthread_join(thread, &bad));
	EXPECT_EQ(NULL, bad);
}

TEST_HARNESS_MAIN
