// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second actor is another process: its descriptors are its own, they can be passed, and they
 * are gone when it is killed. On the reference, and on the kernel's side with files that every
 * machine has.
 */
#include <poll.h>
#include <sys/ioctl.h>

#include "fake_root.h"
#include "internal.h"
#include "iommufd.h"
#include "test.h"

static const struct cts_variant iommufd = { .profile = CTS_IOMMUFD, .arch = CTS_VTD };

FIXTURE(reference_actor)
{
	struct cts *c;
	struct cts_actor *second;
};

FIXTURE_SETUP(reference_actor)
{
	self->c = cts_begin(&iommufd);
	ASSERT_EQ(NULL, cts_skip_reason(self->c));
	self->second = cts_second_actor(self->c);
	ASSERT_NE(NULL, self->second);
	EXPECT_EQ(self->second, cts_second_actor(self->c));
}

FIXTURE_TEARDOWN(reference_actor)
{
	cts_end(self->c);
}

static long ioas_alloc(struct cts *c, struct cts_actor *a, int fd)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	long rc = cts_ioctl(c, a, fd, IOMMU_IOAS_ALLOC, &alloc);

	return rc < 0 ? rc : (long)alloc.out_ioas_id;
}

TEST_F(reference_actor, own_descriptors)
{
	int fd = cts_open(self->c, self->second, "/dev/iommu", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_LT(0, ioas_alloc(self->c, self->second, fd));
	EXPECT_EQ(-EBADF, ioas_alloc(self->c, NULL, fd));
	EXPECT_EQ(-EBADF, cts_close(self->c, NULL, fd));
	EXPECT_EQ(0, cts_close(self->c, self->second, fd));
	EXPECT_EQ(-EBADF, ioas_alloc(self->c, self->second, fd));
}

TEST_F(reference_actor, passed_descriptor_outlives_the_sender)
{
	int theirs = cts_open(self->c, self->second, "/dev/iommu", O_RDWR), mine;
	struct iommu_destroy destroy = { .size = sizeof(destroy) };
	long id = ioas_alloc(self->c, self->second, theirs);

	ASSERT_LT(0, id);
	mine = cts_pass_fd(self->c, self->second, theirs, NULL);
	ASSERT_LE(0, mine);
	EXPECT_EQ(-EBADF, cts_pass_fd(self->c, self->second, 200, NULL));
	cts_kill_actor(self->c, self->second);
	EXPECT_EQ(-ESRCH, ioas_alloc(self->c, self->second, theirs));
	destroy.id = (uint32_t)id;
	EXPECT_EQ(0, cts_ioctl(self->c, NULL, mine, IOMMU_DESTROY, &destroy));
	EXPECT_NE(NULL, strstr(cts_last_call(self->c), "IOMMU_DESTROY"));
}

TEST_F(reference_actor, a_new_one_after_the_kill)
{
	cts_kill_actor(self->c, self->second);
	cts_kill_actor(self->c, self->second);
	EXPECT_EQ(-ESRCH, cts_open(self->c, self->second, "/dev/iommu", O_RDWR));
	self->second = cts_second_actor(self->c);
	ASSERT_NE(NULL, self->second);
	EXPECT_LE(0, cts_open(self->c, self->second, "/dev/iommu", O_RDWR));
}

FIXTURE(kernel_actor)
{
	struct cts *c;
	struct cts_actor *second;
	struct fake_root root;
};

FIXTURE_SETUP(kernel_actor)
{
	fake_root_make(&self->root);
	self->c = cts_begin(&iommufd);
	ASSERT_EQ(NULL, cts_skip_reason(self->c));
	self->second = cts_second_actor(self->c);
	ASSERT_NE(NULL, self->second);
}

FIXTURE_TEARDOWN(kernel_actor)
{
	cts_end(self->c);
	fake_root_remove(&self->root);
}

TEST_F(kernel_actor, another_process_with_files_of_its_own)
{
	char stat[256] = "", name[32];
	int fd = cts_open(self->c, self->second, "/proc/self/stat", O_RDONLY);
	int here;

	ASSERT_LE(0, fd);
	EXPECT_LT(0, cts_read(self->c, self->second, fd, stat, sizeof(stat) - 1));
	EXPECT_EQ(self->second->pid, atoi(stat));
	EXPECT_NE(getpid(), atoi(stat));
	EXPECT_EQ(0, cts_close(self->c, self->second, fd));
	EXPECT_EQ(-EBADF, cts_close(self->c, self->second, fd));
	EXPECT_EQ(-ENOENT, cts_open(self->c, self->second, "/no/such/file", O_RDONLY));
	/* what is open here is not open there, with this number or another */
	here = cts_open(self->c, NULL, "/dev/zero", O_RDWR);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", here + 10);
	EXPECT_EQ(-ENOENT, cts_open(self->c, self->second, name, O_RDONLY));
}

TEST_F(kernel_actor, ioctl_bytes_go_there_and_back)
{
	int p[2], theirs, bytes = -1;

	ASSERT_EQ(0, pipe(p));
	theirs = cts_pass_fd(self->c, NULL, p[0], self->second);
	ASSERT_LE(0, theirs);
	ASSERT_EQ(5, write(p[1], "hello", 5));
	EXPECT_EQ(0, cts_ioctl(self->c, self->second, theirs, FIONREAD, &bytes));
	EXPECT_EQ(5, bytes);
	EXPECT_EQ(-EFAULT, cts_ioctl_raw(self->c, self->second, theirs, FIONREAD, NULL));
	EXPECT_EQ(-ENOTTY, cts_ioctl(self->c, self->second, theirs, IOMMU_DESTROY, &bytes));
	EXPECT_EQ(POLLIN, cts_poll(self->c, self->second, theirs, POLLIN, 0));
	EXPECT_EQ(NULL, cts_damage(self->c));
}

TEST_F(kernel_actor, memory_is_shared_before_and_after)
{
	int zero = cts_open(self->c, self->second, "/dev/zero", O_RDWR);
	char *early = cts_memory(self->c, 1), *late;
	int p[2], theirs;
	int *count;

	ASSERT_NE(NULL, early);
	ASSERT_LE(0, zero);
	late = cts_memory(self->c, 3 << 20);
	ASSERT_NE(NULL, late);
	ASSERT_EQ(0, pipe(p));
	theirs = cts_pass_fd(self->c, NULL, p[0], self->second);
	ASSERT_EQ(3, write(p[1], "abc", 3));
	count = (int *)(late + (3 << 20) - sizeof(*count));
	*count = 77;
	/* the address means the same there, and its result is seen here */
	EXPECT_EQ(0, cts_ioctl_raw(self->c, self->second, theirs, FIONREAD, count));
	EXPECT_EQ(3, *count);
	EXPECT_EQ(0, cts_ioctl_raw(self->c, self->second, theirs, FIONREAD, early));
	EXPECT_EQ(3, *(int *)early);
	/* and guard pages are there, too */
	EXPECT_EQ(-EFAULT,
		  cts_ioctl_raw(self->c, self->second, theirs, FIONREAD, early + 4096 - 3));
}

TEST_F(kernel_actor, descriptors_pass_both_ways)
{
	int theirs, mine;
	char byte = 'x';

	theirs = cts_open(self->c, self->second, "/dev/zero", O_RDWR);
	ASSERT_LE(0, theirs);
	mine = cts_pass_fd(self->c, self->second, theirs, NULL);
	ASSERT_LE(0, mine);
	EXPECT_EQ(1, cts_read(self->c, NULL, mine, &byte, 1));
	EXPECT_EQ(0, byte);
	EXPECT_EQ(-EBADF, cts_pass_fd(self->c, self->second, 1000, NULL));
	EXPECT_EQ(-EBADF, cts_pass_fd(self->c, NULL, 1000, self->second));
	/* the socket is in step after an error */
	EXPECT_EQ(1, cts_read(self->c, self->second, theirs, &byte, 1));
}

TEST_F(kernel_actor, kill_closes_its_files)
{
	struct cts_actor *first = self->second;
	int p[2], theirs;
	char byte;

	ASSERT_EQ(0, pipe(p));
	theirs = cts_pass_fd(self->c, NULL, p[1], self->second);
	ASSERT_LE(0, theirs);
	close(p[1]);
	EXPECT_EQ(4, cts_write(self->c, self->second, theirs, "last", 4));
	cts_kill_actor(self->c, self->second);
	EXPECT_EQ(-ESRCH, cts_write(self->c, first, theirs, "x", 1));
	/* no writer is left: data, then the end, at once */
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(1, read(p[0], &byte, 1));
	EXPECT_EQ(0, read(p[0], &byte, 1));
	self->second = cts_second_actor(self->c);
	ASSERT_NE(NULL, self->second);
	EXPECT_LE(0, cts_open(self->c, self->second, "/dev/null", O_RDWR));
}

TEST_F(kernel_actor, a_death_that_nobody_asked_for_is_broken)
{
	kill(self->second->pid, SIGKILL);
	EXPECT_EQ(-ESRCH, cts_open(self->c, self->second, "/dev/null", O_RDWR));
	EXPECT_TRUE(cts_priv(self->c)->rec.has_outcome);
	EXPECT_EQ(CTS_BROKEN, cts_priv(self->c)->rec.outcome);
}

TEST_F(kernel_actor, large_reads)
{
	static char buf[1 << 20];
	int zero = cts_open(self->c, self->second, "/dev/zero", O_RDWR);

	memset(buf, 1, sizeof(buf));
	EXPECT_EQ((ssize_t)sizeof(buf), cts_read(self->c, self->second, zero, buf, sizeof(buf)));
	EXPECT_EQ(0, buf[0] | buf[sizeof(buf) - 1]);
	EXPECT_EQ((ssize_t)sizeof(buf), cts_write(self->c, self->second, zero, buf, sizeof(buf)));
	EXPECT_EQ(-EMSGSIZE, cts_read(self->c, self->second, zero, NULL, 1ull << 40));
}

TEST_HARNESS_MAIN
