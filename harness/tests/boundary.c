// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boundary finds a subject that writes where it must not, and records what was asked and
 * answered. The subject is a forged one.
 */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>

#include "internal.h"
#include "iommufd.h"
#include "test.h"

enum forgery { HONEST, WRITES_BEFORE, WRITES_INPUT, WRITES_BEHIND };

static enum forgery forgery;
static long forged_rc;

static long forged(void *ctx, void *arg)
{
	const struct ioctl_call *call = ctx;
	uint8_t *bytes = arg;
	struct iommu_hwpt_invalidate *inv = arg;

	if (forgery == WRITES_BEFORE)
		bytes[-3] ^= 0x55;
	if (forgery == WRITES_BEHIND)
		*(volatile uint8_t *)(bytes + call->size) = 1;
	if (forgery == WRITES_INPUT)
		((uint8_t *)(uintptr_t)inv->data_uptr)[17] ^= 0x0f;
	return forged_rc;
}

static long forged_ioctl(struct cts_actor *a, const struct ioctl_call *call, char *damage)
{
	struct ioctl_call copy = *call;

	if (call->raw)
		return forged_rc;
	return guard_call(&cts_priv(a->c)->guard, call->arg, call->size, forged, &copy, damage);
}

static int forged_begin(struct cts *c)
{
	(void)c;
	return 0;
}

static void forged_end(struct cts *c)
{
	(void)c;
}

static int forged_open(struct cts_actor *a, const char *path, int flags)
{
	(void)a, (void)path, (void)flags;
	return 5;
}

static int forged_close(struct cts_actor *a, int fd)
{
	(void)a, (void)fd;
	return 0;
}

static const struct subject_ops forged_ops = {
	.begin = forged_begin,
	.end = forged_end,
	.open = forged_open,
	.close = forged_close,
	.ioctl = forged_ioctl,
};

FIXTURE(boundary)
{
	struct cts *c;
	int fd;
	int pipe[2];
};

FIXTURE_SETUP(boundary)
{
	char number[12];

	forgery = HONEST;
	forged_rc = 0;
	ASSERT_EQ(0, pipe(self->pipe));
	snprintf(number, sizeof(number), "%d", self->pipe[1]);
	setenv("CTS_RECORD_FD", number, 1);
	self->c = cts_begin(&(struct cts_variant){ .profile = CTS_IOMMUFD, .arch = CTS_VTD });
	ASSERT_EQ(NULL, cts_skip_reason(self->c));
	cts_priv(self->c)->ops->end(self->c);
	cts_priv(self->c)->ops = &forged_ops;
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	ASSERT_EQ(5, self->fd);
}

FIXTURE_TEARDOWN(boundary)
{
	cts_end(self->c);
}

/* Ends the subject and gives the record it wrote. */
static json_t *take_record(FIXTURE_DATA(boundary) * self)
{
	char text[65536];
	ssize_t n;

	cts_end(self->c);
	self->c = NULL;
	close(self->pipe[1]);
	n = read(self->pipe[0], text, sizeof(text));
	return n > 1 && text[n - 1] == '\n' ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
}

static const char *member(json_t *list, size_t i)
{
	const char *s = json_string_value(json_array_get(list, i));

	return s ? s : "";
}

TEST_F(boundary, honest_is_clean)
{
	struct iommu_ioas_map map = { .size = sizeof(map), .length = 0x1234567 };

	forged_rc = -EEXIST;
	EXPECT_EQ(-EEXIST, cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_MAP, &map));
	EXPECT_EQ(NULL, cts_damage(self->c));
	EXPECT_EQ(0x1234567, map.length);
}

TEST_F(boundary, every_size_ends_at_the_guard_page)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static uint8_t bytes[40000], same[40000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = same[i] = (uint8_t)(i * 7);
	for (size_t size = 1; size < sizeof(bytes); size = size * 3 + 1)
		EXPECT_EQ(0, cts_ioctl_sized(self->c, NULL, self->fd, 0, bytes, size));
	EXPECT_EQ(0, cts_ioctl_sized(self->c, NULL, self->fd, 0, bytes, page));
	EXPECT_EQ(0, cts_ioctl_sized(self->c, NULL, self->fd, 0, NULL, 8));
	EXPECT_EQ(0, memcmp(bytes, same, sizeof(bytes)));
	EXPECT_EQ(NULL, cts_damage(self->c));
}

TEST_F(boundary, write_in_front_is_found)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	json_t *record;

	forgery = WRITES_BEFORE;
	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &alloc));
	ASSERT_NE(NULL, cts_damage(self->c));
	EXPECT_NE(NULL, strstr(cts_damage(self->c),
			       "1 bytes in front of the argument changed, the first 3"))
	TH_LOG("%s", cts_damage(self->c));
	EXPECT_NE(NULL, strstr(cts_damage(self->c), "IOMMU_IOAS_ALLOC"));
	record = take_record(self);
	ASSERT_NE(NULL, record);
	EXPECT_STREQ("fail", json_string_value(json_object_get(record, "outcome")));
	json_decref(record);
}

TEST_F(boundary, write_to_an_input_array_is_found)
{
	struct iommu_hwpt_vtd_s1_invalidate entries[2] = { { .npages = 1 }, { .npages = 2 } };
	struct iommu_hwpt_invalidate inv = {
		.size = sizeof(inv),
		.data_uptr = (uintptr_t)entries,
		.entry_len = sizeof(entries[0]),
		.entry_num = 2,
	};

	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_HWPT_INVALIDATE, &inv));
	EXPECT_EQ(NULL, cts_damage(self->c));
	forgery = WRITES_INPUT;
	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_HWPT_INVALIDATE, &inv));
	ASSERT_NE(NULL, cts_damage(self->c));
	EXPECT_NE(NULL,
		  strstr(cts_damage(self->c), "input array data was written, first byte 17 of 48"))
	TH_LOG("%s", cts_damage(self->c));
}

TEST_F(boundary, bad_input_pointers_are_no_crash)
{
	struct iommu_hwpt_invalidate inv = {
		.size = sizeof(inv),
		.data_uptr = 0x1000,
		.entry_len = 24,
		.entry_num = 2,
	};

	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_HWPT_INVALIDATE, &inv));
	inv.data_uptr = UINT64_MAX - 7;
	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_HWPT_INVALIDATE, &inv));
	inv.entry_num = UINT32_MAX;
	inv.entry_len = UINT32_MAX;
	EXPECT_EQ(0, cts_ioctl(self->c, NULL, self->fd, IOMMU_HWPT_INVALIDATE, &inv));
	EXPECT_EQ(NULL, cts_damage(self->c));
}

/* In a process of its own, where a sanitizer's handler does not make an exit of the signal. */
TEST_F(boundary, write_behind_hits_the_guard_page)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int status = 0;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		forgery = WRITES_BEHIND;
		cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &alloc);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

TEST_F(boundary, coverage_counts)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
	};
	json_t *record, *one;

	cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_MAP, &map);
	map.__reserved = 1;
	forged_rc = -EOPNOTSUPP;
	cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_MAP, &map);
	forged_rc = -EFAULT;
	cts_ioctl_raw(self->c, NULL, self->fd, IOMMU_IOAS_MAP, NULL);
	cts_ioctl_raw(self->c, NULL, self->fd, 0x3bff, NULL);
	record = take_record(self);
	ASSERT_NE(NULL, record);
	EXPECT_EQ(NULL, json_object_get(record, "outcome"));
	one = json_object_get(json_object_get(record, "coverage"), "IOMMU_IOAS_MAP");
	EXPECT_EQ(3, json_integer_value(json_object_get(one, "calls")));
	EXPECT_EQ(2, json_array_size(json_object_get(one, "flags")));
	EXPECT_STREQ("IOMMU_IOAS_MAP_FIXED_IOVA", member(json_object_get(one, "flags"), 0));
	EXPECT_STREQ("IOMMU_IOAS_MAP_READABLE", member(json_object_get(one, "flags"), 1));
	EXPECT_STREQ("__reserved", member(json_object_get(one, "reserved"), 0));
	EXPECT_EQ(3, json_array_size(json_object_get(one, "errnos")));
	EXPECT_STREQ("0", member(json_object_get(one, "errnos"), 0));
	EXPECT_STREQ("EFAULT", member(json_object_get(one, "errnos"), 1));
	EXPECT_STREQ("EOPNOTSUPP", member(json_object_get(one, "errnos"), 2));
	EXPECT_NE(NULL, json_object_get(json_object_get(record, "coverage"), "0x3bff"));
	json_decref(record);
}

TEST_F(boundary, broken_is_recorded_at_once)
{
	char text[4096];
	ssize_t n;
	json_t *record;

	cts_broken(self->c, "x.c", 7, "__cts_map(s)", -ENOSPC);
	n = read(self->pipe[0], text, sizeof(text));
	ASSERT_LT(1, n);
	record = json_loadb(text, (size_t)n, 0, NULL);
	EXPECT_STREQ("broken", json_string_value(json_object_get(record, "outcome")));
	EXPECT_STREQ("x.c:7: __cts_map(s) = -ENOSPC | no ioctl yet",
		     json_string_value(json_object_get(record, "reason")));
	json_decref(record);
	/* and only once */
	cts_end(self->c);
	self->c = NULL;
	close(self->pipe[1]);
	EXPECT_EQ(0, read(self->pipe[0], text, sizeof(text)));
}

static void count_up(void *arg)
{
	++*(int *)arg;
}

TEST_F(boundary, memory_is_guarded_zeroed_and_kept_apart)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *a = cts_memory(self->c, 1), *b = cts_memory(self->c, 4 << 20);
	int ends = 0;

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(0, (uintptr_t)a % page);
	EXPECT_EQ(0, (uintptr_t)b % (2 << 20));
	EXPECT_EQ(0, a[0] | a[page - 1]);
	/* the kernel must not be able to write there */
	int zero = open("/dev/zero", O_RDONLY);
	EXPECT_EQ((ssize_t)page, read(zero, a, page));
	EXPECT_EQ(-1, read(zero, a - 1, 1));
	EXPECT_EQ(-1, read(zero, a + page, 1));
	EXPECT_EQ(-1, read(zero, b - 1, 1));
	EXPECT_EQ(-1, read(zero, b + (4 << 20), 1));
	close(zero);
	EXPECT_EQ(NULL, cts_memory(self->c, 0));
	EXPECT_EQ(NULL, cts_memory(self->c, SIZE_MAX));
	EXPECT_EQ(0, cts_defer(self->c, count_up, &ends));
	cts_end(self->c);
	self->c = NULL;
	EXPECT_EQ(1, ends);
}

TEST_HARNESS_MAIN
