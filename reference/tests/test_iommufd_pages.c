// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The memory behind an IOAS: pages that are pinned and charged once however often they are mapped,
 * the limit, whose limit it is, memory of files, and a process that takes it over.
 */
#include <fcntl.h>
#include <kselftest_harness.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd_util.h"

#define PAGES 16

FIXTURE(pages)
{
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas, dev, hwpt;
	int memfd;
};

/* A limit of @pages; devices and an IOAS with a page table in it. */
static int machine(struct iommu_ref **ref, struct fd_user *u, uint64_t pages)
{
	struct iommu_ref_config cfg;
	int rc;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.locked_limit = pages == UINT64_MAX ? pages : pages * PG;
	rc = iommu_ref_create(&cfg, ref);
	return rc ? rc : fd_user_create(*ref, u);
}

static int option(struct fd_user *u, uint16_t op, uint64_t *val)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd), .option_id = IOMMU_OPTION_RLIMIT_MODE, .op = op,
		.val64 = *val,
	};
	int rc = fd_cmd(u, IOMMU_OPTION, &cmd);

	*val = cmd.val64;
	return rc;
}

static int option_set(struct fd_user *u, uint64_t val)
{
	return option(u, IOMMU_OPTION_OP_SET, &val);
}

static uint64_t pinned(struct iommu_ref *ref)
{
	struct iommu_ref_stats stats;

	iommu_ref_stats(ref, &stats);
	return stats.pinned_pages;
}

static int map_file(struct fd_user *u, uint32_t ioas, int fd, uint64_t start, uint64_t len,
		    uint64_t *iova, uint32_t flags)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd), .flags = flags, .ioas_id = ioas, .fd = fd, .start = start,
		.length = len, .iova = *iova,
	};
	int rc = fd_cmd(u, IOMMU_IOAS_MAP_FILE, &cmd);

	*iova = cmd.iova;
	return rc;
}

static int map_file_at(struct fd_user *u, uint32_t ioas, int fd, uint64_t start, uint64_t len,
		       uint64_t iova)
{
	return map_file(u, ioas, fd, start, len, &iova, FD_FIXED_RW);
}

static int copy(struct fd_user *u, uint32_t ioas, uint64_t src, uint64_t dst, uint64_t len)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd), .flags = FD_FIXED_RW, .dst_ioas_id = ioas,
		.src_ioas_id = ioas, .length = len, .dst_iova = dst, .src_iova = src,
	};

	return fd_cmd(u, IOMMU_IOAS_COPY, &cmd);
}

static int unmap(struct fd_user *u, uint32_t ioas, uint64_t iova, uint64_t len)
{
	return fd_unmap(u, ioas, iova, &len);
}

static int change_process(struct fd_user *u, struct iommu_ref_proc *by, int fd)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	(void)u;
	return iommu_ref_ioctl(by, fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

FIXTURE_SETUP(pages)
{
	ASSERT_EQ(0, machine(&self->ref, &self->u, 8));
	self->mem = mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->memfd = memfd_create("pages", MFD_CLOEXEC);
	ASSERT_LE(0, self->memfd);
	ASSERT_EQ(0, ftruncate(self->memfd, PAGES * PG));
}

FIXTURE_TEARDOWN(pages)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PAGES * PG);
	close(self->memfd);
}

/* Device 0 is there, and a page table in the IOAS. */
static int table(struct fd_user *u, uint32_t *ioas, uint32_t *dev, uint32_t *hwpt)
{
	int rc = fd_ioas(u, ioas), cdev = fd_device(u, 0, dev);

	rc = rc ? rc : cdev < 0 ? cdev : fd_paging(u, *dev, *ioas, 0, hwpt);
	return rc ? rc : fd_attach(u, cdev, *hwpt);
}

/* ---- the limit */

TEST_F(pages, limit_of_the_user)
{
	struct fd_user other;

	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 5 * PG, 0x10000));
	EXPECT_EQ(-ENOMEM, fd_map_at(&self->u, self->ioas, self->mem + 8 * PG, 4 * PG, 0x80000));
	EXPECT_EQ(5, pinned(self->ref));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x80000));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem + 8 * PG, 3 * PG, 0x80000));
	/* It is the same user in another process. */
	ASSERT_EQ(0, fd_user_create(self->ref, &other));
	uint32_t ioas, dev, hwpt;
	int cdev = fd_device(&other, 1, &dev);

	ASSERT_LE(0, cdev);
	ASSERT_EQ(0, fd_ioas(&other, &ioas));
	ASSERT_EQ(0, fd_paging(&other, dev, ioas, 0, &hwpt));
	EXPECT_EQ(-ENOMEM, fd_map_at(&other, ioas, self->mem, PG, 0x10000));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x80000, 3 * PG));
	EXPECT_EQ(0, fd_map_at(&other, ioas, self->mem, PG, 0x10000));
	EXPECT_EQ(6, pinned(self->ref));
	iommu_ref_proc_exit(self->u.proc);
	EXPECT_EQ(1, pinned(self->ref));
	EXPECT_EQ(0, fd_map_at(&other, ioas, self->mem, 7 * PG, 0x20000));
}

TEST_F(pages, limit_of_each_process)
{
	struct fd_user other;
	uint32_t ioas, dev, hwpt;

	EXPECT_EQ(0, option_set(&self->u, 1));
	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 8 * PG, 0x10000));
	EXPECT_EQ(-ENOMEM, fd_map_at(&self->u, self->ioas, self->mem, PG, 0x80000));
	ASSERT_EQ(0, fd_user_create(self->ref, &other));
	EXPECT_EQ(0, option_set(&other, 1));
	int cdev = fd_device(&other, 1, &dev);

	ASSERT_LE(0, cdev);
	ASSERT_EQ(0, fd_ioas(&other, &ioas));
	ASSERT_EQ(0, fd_paging(&other, dev, ioas, 0, &hwpt));
	EXPECT_EQ(0, fd_map_at(&other, ioas, self->mem, 8 * PG, 0x10000));
	EXPECT_EQ(16, pinned(self->ref));
}

TEST_F(pages, nothing_is_charged_before_there_is_a_table)
{
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 8 * PG, 0x10000));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem + 8 * PG, PG, 0x80000));
	EXPECT_EQ(0, pinned(self->ref));
	ASSERT_LE(0, fd_device(&self->u, 0, &self->dev));
	EXPECT_EQ(-ENOMEM, fd_paging(&self->u, self->dev, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(0, pinned(self->ref));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x80000, PG));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(8, pinned(self->ref));
	EXPECT_EQ(0, fd_destroy(&self->u, self->hwpt));
	EXPECT_EQ(0, pinned(self->ref));
}

TEST_F(pages, copies_count_once)
{
	uint32_t second;

	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 8 * PG, 0x10000));
	EXPECT_EQ(0, copy(&self->u, self->ioas, 0x10000, 0x100000, 8 * PG));
	EXPECT_EQ(0, copy(&self->u, self->ioas, 0x12000, 0x200000, 3 * PG));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &second));
	EXPECT_EQ(8, pinned(self->ref));
	/* The source goes; what was copied of it stays. */
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x10000, 8 * PG));
	EXPECT_EQ(8, pinned(self->ref));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x100000, 8 * PG));
	EXPECT_EQ(3, pinned(self->ref));
	EXPECT_EQ(0, fd_poke(self->ref, 0, 0x200000, 0x77));
	EXPECT_EQ(0x77, self->mem[2 * PG]);
	/* The same memory mapped again is another pinning of it. */
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, 5 * PG, 0x10000));
	EXPECT_EQ(8, pinned(self->ref));
	EXPECT_EQ(-ENOMEM, fd_map_at(&self->u, self->ioas, self->mem, PG, 0x80000));
}

TEST_F(pages, rlimit_mode)
{
	uint64_t val = 7;

	EXPECT_EQ(0, option(&self->u, IOMMU_OPTION_OP_GET, &val));
	EXPECT_EQ(0, val);
	EXPECT_EQ(-EINVAL, option_set(&self->u, 2));
	EXPECT_EQ(0, option_set(&self->u, 1));
	EXPECT_EQ(0, option(&self->u, IOMMU_OPTION_OP_GET, &val));
	EXPECT_EQ(1, val);
	EXPECT_EQ(-EOPNOTSUPP, option(&self->u, 2, &val));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(-EBUSY, option_set(&self->u, 2));
}

TEST(rlimit_mode_needs_a_capability)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint64_t val = 0;
	uint32_t ioas;

	iommu_ref_config_init(&cfg, IOMMU_REF_SMMUV3);
	cfg.no_sys_resource = true;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &ref));
	ASSERT_EQ(0, fd_user_create(ref, &u));
	EXPECT_EQ(0, option(&u, IOMMU_OPTION_OP_GET, &val));
	ASSERT_EQ(0, fd_ioas(&u, &ioas));
	EXPECT_EQ(-EPERM, option_set(&u, 2));
	iommu_ref_destroy(ref);
}

/* ---- files */

TEST_F(pages, dma_to_a_memfd)
{
	uint8_t byte = 0x5a;

	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	ASSERT_EQ(1, pwrite(self->memfd, &byte, 1, 3 * PG + 5));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 2 * PG, 4 * PG, 0x10000));
	EXPECT_EQ(4, pinned(self->ref));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x11005));
	EXPECT_EQ(0, fd_poke(self->ref, 0, 0x13fff, 0xa5));
	/* The descriptor is not needed any more. */
	int again = dup(self->memfd);

	close(self->memfd);
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x11005));
	EXPECT_EQ(1, pread(again, &byte, 1, 6 * PG - 1));
	EXPECT_EQ(0xa5, byte);
	self->memfd = again;
	EXPECT_EQ(0, copy(&self->u, self->ioas, 0x11000, 0x100000, PG));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x100005));
	EXPECT_EQ(4, pinned(self->ref));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x10000, 4 * PG));
	EXPECT_EQ(1, pinned(self->ref));
}

TEST_F(pages, map_file_arguments)
{
	uint64_t iova = UINT64_MAX;
	int pipes[2], null = open("/dev/null", O_RDWR);

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(-EOPNOTSUPP, map_file(&self->u, 99, -1, 0, 0, &iova, 8 | FD_RW));
	EXPECT_EQ(-EOVERFLOW, map_file(&self->u, 99, -1, 0, 0, &iova, 0));
	iova = 0;
	EXPECT_EQ(-EOVERFLOW, map_file(&self->u, 99, -1, 0, UINT64_MAX, &iova, 0));
	EXPECT_EQ(-EINVAL, map_file(&self->u, 99, -1, 0, 0, &iova, 0));
	EXPECT_EQ(-ENOENT, map_file(&self->u, 99, -1, 0, 0, &iova, FD_RW));
	EXPECT_EQ(-EINVAL, map_file(&self->u, self->ioas, -1, 0, 0, &iova, FD_RW));
	EXPECT_EQ(-EOVERFLOW, map_file(&self->u, self->ioas, -1, UINT64_MAX, 2, &iova, FD_RW));
	EXPECT_EQ(-EBADF, map_file(&self->u, self->ioas, -1, 0, PG, &iova, FD_RW));
	EXPECT_EQ(-EBADF, map_file(&self->u, self->ioas, 1 << 20, 0, PG, &iova, FD_RW));
	EXPECT_EQ(-EINVAL, map_file(&self->u, self->ioas, self->memfd, 0, UINT64_MAX - PG + 1,
				    &iova, FD_RW));
	/* What the file is, and how long, matters only when it is pinned. */
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, null, 0, PG, 0x10000));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, pipes[0], 0, PG, 0x20000));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, (PAGES - 1) * PG, 2 * PG,
				 0x30000));
	ASSERT_LE(0, fd_device(&self->u, 0, &self->dev));
	for (uint64_t at = 0x10000; at <= 0x30000; at += 0x10000) {
		EXPECT_EQ(-EINVAL, fd_paging(&self->u, self->dev, self->ioas, 0, &self->hwpt));
		EXPECT_EQ(0, unmap(&self->u, self->ioas, at, at == 0x30000 ? 2 * PG : PG));
	}
	EXPECT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(-EINVAL, map_file_at(&self->u, self->ioas, self->memfd, PAGES * PG, PG, 0x10000));
	EXPECT_EQ(-EINVAL, map_file_at(&self->u, self->ioas, null, 0, PG, 0x10000));
	EXPECT_EQ(0, pinned(self->ref));
	close(null);
	close(pipes[0]);
	close(pipes[1]);
}

/* Without FIXED_IOVA the offset in the file decides the alignment, not where it is in memory. */
TEST_F(pages, map_file_chooses_an_address)
{
	uint64_t iova = 0;

	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(0, map_file(&self->u, self->ioas, self->memfd, 3 * PG, PG, &iova, FD_RW));
	EXPECT_EQ(0x1000, iova);
	EXPECT_EQ(0, map_file(&self->u, self->ioas, self->memfd, 4 * PG, 4 * PG, &iova, FD_RW));
	EXPECT_EQ(0x4000, iova);
	EXPECT_EQ(0, map_file(&self->u, self->ioas, self->memfd, PG + 0x234, 0x100, &iova, FD_RW));
	EXPECT_EQ(0x234, iova & (PG - 1));
}

TEST_F(pages, read_only_descriptor)
{
	char path[40];
	int ro;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	ro = open(path, O_RDONLY);
	ASSERT_LE(0, ro);
	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, ro, 0, PG, 0x10000));
	EXPECT_EQ(0, fd_poke(self->ref, 0, 0x10000, 1));
	close(ro);
}

/* ---- CHANGE_PROCESS */

TEST_F(pages, change_process_moves_the_charge)
{
	struct iommu_ref_proc *heir;
	int fd;

	EXPECT_EQ(0, option_set(&self->u, 1));
	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, 6 * PG, 0x10000));
	EXPECT_EQ(0, copy(&self->u, self->ioas, 0x10000, 0x100000, 6 * PG));
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &heir));
	fd = iommu_ref_pass_fd(self->u.proc, self->u.fd, heir);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, change_process(&self->u, heir, fd));
	EXPECT_EQ(6, pinned(self->ref));
	/* The old process has all of its limit again. */
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, 8 * PG, 0x200000));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x200000, 8 * PG));
	/* The new one has paid. */
	struct fd_user h = { self->ref, heir, fd };

	EXPECT_EQ(-ENOMEM, map_file_at(&h, self->ioas, self->memfd, 0, 3 * PG, 0x200000));
	EXPECT_EQ(0, map_file_at(&h, self->ioas, self->memfd, 0, 2 * PG, 0x200000));
	/* Again by the same: nothing to do. */
	EXPECT_EQ(0, change_process(&self->u, heir, fd));
	/* Eight pages are too many for the old one, which still has one of its own. */
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, PG, 0x300000));
	EXPECT_EQ(-ENOMEM, change_process(&self->u, self->u.proc, self->u.fd));
	EXPECT_EQ(9, pinned(self->ref));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x300000, PG));
	EXPECT_EQ(0, change_process(&self->u, self->u.proc, self->u.fd));
	EXPECT_EQ(0, map_file_at(&h, self->ioas, self->memfd, 8 * PG, 8 * PG, 0x300000));
}

TEST_F(pages, change_process_wants_files_only)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd), .__reserved = 1 };

	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_IOAS_CHANGE_PROCESS, &cmd));
	EXPECT_EQ(0, change_process(&self->u, self->u.proc, self->u.fd));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, PG, 0x10000));
	EXPECT_EQ(0, change_process(&self->u, self->u.proc, self->u.fd));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, 0x20000));
	EXPECT_EQ(-EINVAL, change_process(&self->u, self->u.proc, self->u.fd));
}

/* For a moment both pay, and it is one user: half of the limit can change hands at most. */
TEST_F(pages, change_process_of_one_user)
{
	struct iommu_ref_proc *heir;
	int fd;

	ASSERT_EQ(0, table(&self->u, &self->ioas, &self->dev, &self->hwpt));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, 5 * PG, 0x10000));
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &heir));
	fd = iommu_ref_pass_fd(self->u.proc, self->u.fd, heir);
	EXPECT_EQ(-ENOMEM, change_process(&self->u, heir, fd));
	EXPECT_EQ(0, unmap(&self->u, self->ioas, 0x10000, 5 * PG));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, 4 * PG, 0x10000));
	EXPECT_EQ(0, change_process(&self->u, heir, fd));
	EXPECT_EQ(4, pinned(self->ref));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, 4 * PG, 0x20000));
}

/* Memory of a process that has ended cannot be pinned; that of a file can. */
TEST_F(pages, after_the_process)
{
	struct iommu_ref_proc *heir;
	int fd;

	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	EXPECT_EQ(0, map_file_at(&self->u, self->ioas, self->memfd, 0, PG, 0x10000));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, 0x20000));
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &heir));
	fd = iommu_ref_pass_fd(self->u.proc, self->u.fd, heir);
	ASSERT_LE(0, fd);
	iommu_ref_proc_exit(self->u.proc);
	struct fd_user h = { self->ref, heir, fd };

	ASSERT_LE(0, fd_device(&h, 0, &self->dev));
	EXPECT_EQ(-EFAULT, fd_paging(&h, self->dev, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(0, unmap(&h, self->ioas, 0x20000, PG));
	EXPECT_EQ(0, fd_paging(&h, self->dev, self->ioas, 0, &self->hwpt));
}

TEST_HARNESS_MAIN
