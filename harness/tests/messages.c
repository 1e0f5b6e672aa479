// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person reads when a check fails, word by word; requirements by ID; which of them hold
 * where.
 */
#include <fcntl.h>

#include "internal.h"
#include "iommufd.h"
#include "test.h"
#include "vfio.h"

static const struct cts_requirement table[] = {
	{
		.id = "HT_COUNT",
		.area = "harness-test",
		.text = "entry_num tells how many were done.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_ALL,
		.expect = { EXPECT_IN(CTS_IOMMUFD, EINVAL, EOPNOTSUPP), EXPECT_IN(CTS_V7, 0) },
	},
	{
		.id = "HT_V7_ONLY",
		.area = "harness-test",
		.text = "Only once.",
		.strength = CTS_SHOULD,
		.source = "none",
		.profiles = CTS_V7,
	},
	{
		.id = "HT_LATER",
		.area = "harness-test",
		.text = "Not yet.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_IOMMUFD,
		.since = "99.1",
	},
	{
		.id = "HT_OVER",
		.area = "harness-test",
		.text = "No longer.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_IOMMUFD,
		.since = "6.2",
		.until = "6.9",
	},
};
CTS_REQUIREMENTS(harness_test, table);

static const struct cts_requirement earlier[] = {
	{
		.id = "HT_FIRST",
		.area = "a-harness-test",
		.text = "Comes first.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_ALL,
	},
};
CTS_REQUIREMENTS(a_harness_test, earlier);

FIXTURE(messages)
{
	struct cts *c;
};

FIXTURE_SETUP(messages)
{
	unsetenv("CTS_RECORD_FD");
	self->c = cts_begin(&(struct cts_variant){ .profile = CTS_IOMMUFD, .arch = CTS_VTD });
	ASSERT_EQ(NULL, cts_skip_reason(self->c));
}

FIXTURE_TEARDOWN(messages)
{
	cts_end(self->c);
}

TEST_F(messages, the_call_in_words)
{
	struct iommu_hwpt_invalidate inv = { .size = sizeof(inv), .hwpt_id = 3, .entry_num = 2 };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | 0x100,
		.__reserved = 7,
		.iova = 0x4000,
		.length = 4096,
	};
	char text[CTS_REASON_LEN];

	describe_call(text, sizeof(text), UAPI_FD_IOMMUFD, IOMMU_HWPT_INVALIDATE, &inv, sizeof(inv),
		      -EINVAL);
	EXPECT_STREQ("IOMMU_HWPT_INVALIDATE data_type=VTD_S1 hwpt_id=3 entry_num=2 = -EINVAL",
		     text);
	describe_call(text, sizeof(text), UAPI_FD_IOMMUFD, IOMMU_IOAS_MAP, &map, sizeof(map),
		      -EEXIST);
	EXPECT_STREQ("IOMMU_IOAS_MAP flags=FIXED_IOVA|WRITEABLE|0x100 __reserved=7 iova=0x4000 "
		     "length=0x1000 = -EEXIST",
		     text);
	map.size = 12;
	describe_call(text, sizeof(text), UAPI_FD_IOMMUFD, IOMMU_IOAS_MAP, &map, 12, -EINVAL);
	EXPECT_STREQ("IOMMU_IOAS_MAP size=0xc flags=FIXED_IOVA|WRITEABLE|0x100 = -EINVAL", text);
	describe_call(text, sizeof(text), UAPI_FD_VFIO_CONTAINER, VFIO_GET_API_VERSION, NULL, 0, 0);
	EXPECT_STREQ("VFIO_GET_API_VERSION = 0", text);
	describe_call(text, sizeof(text), 0, 0x1234, NULL, 0, -ENOTTY);
	EXPECT_STREQ("ioctl 0x1234 = -ENOTTY", text);
	/* too small a room cuts, and no more */
	memset(text, 'x', sizeof(text));
	describe_call(text, 12, UAPI_FD_IOMMUFD, IOMMU_IOAS_MAP, &map, sizeof(map), -EEXIST);
	EXPECT_STREQ("IOMMU_IOAS_", text);
	EXPECT_EQ('x', text[12]);
}

#define EXPECT_TEXT(text, check) \
	do { \
		const char *seen_ = (check); \
		ASSERT_NE(NULL, seen_); \
		EXPECT_STREQ(text, seen_); \
	} while (0)

TEST_F(messages, failed_checks)
{
	int fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = 12345 };
	static const int set[] = { 0, EBUSY };

	EXPECT_TEXT("HT_COUNT: want -EINVAL or -EOPNOTSUPP, saw success | no ioctl yet | "
		    "[entry_num tells how many were done.]",
		    cts_check_rc(self->c, "HT_COUNT", 0));
	EXPECT_EQ(-ENOENT, cts_ioctl(self->c, NULL, fd, IOMMU_DESTROY, &destroy));
	EXPECT_TEXT("HT_COUNT: entry_num: want 1, saw 2 | IOMMU_DESTROY id=12345 = -ENOENT | "
		    "[entry_num tells how many were done.]",
		    cts_check_eq(self->c, "HT_COUNT", "entry_num", 1, 2));
	EXPECT_TEXT("HT_COUNT: iova: want 0x100000000, saw 0 | IOMMU_DESTROY id=12345 = -ENOENT | "
		    "[entry_num tells how many were done.]",
		    cts_check_eq(self->c, "HT_COUNT", "iova", 1ull << 32, 0));
	EXPECT_TEXT("HT_COUNT: want success or -EBUSY, saw -ENOENT | IOMMU_DESTROY id=12345 = "
		    "-ENOENT | "
		    "[entry_num tells how many were done.]",
		    cts_check_set(self->c, "HT_COUNT", -ENOENT, set, 2));
	EXPECT_TEXT("HT_COUNT: byte 4 moved | IOMMU_DESTROY id=12345 = -ENOENT | "
		    "[entry_num tells how many were done.]",
		    cts_check_true(self->c, "HT_COUNT", false, "byte %d moved", 4));
}

TEST_F(messages, kept_promises)
{
	static const int set[] = { 0, EBUSY };

	EXPECT_EQ(NULL, cts_check_rc(self->c, "HT_COUNT", -EINVAL));
	EXPECT_EQ(NULL, cts_check_rc(self->c, "HT_COUNT", -EOPNOTSUPP));
	EXPECT_EQ(NULL, cts_check_set(self->c, "HT_COUNT", 3, set, 2));
	EXPECT_EQ(NULL, cts_check_set(self->c, "HT_COUNT", -EBUSY, set, 2));
	EXPECT_EQ(NULL, cts_check_eq(self->c, "HT_COUNT", "x", 7, 7));
	EXPECT_EQ(NULL, cts_check_true(self->c, "HT_COUNT", true, "no"));
	EXPECT_EQ(NULL, cts_verdict(self->c, NULL, true));
	EXPECT_FALSE(cts_priv(self->c)->rec.has_outcome);
	ASSERT_EQ(1, cts_priv(self->c)->rec.nr_checks);
	EXPECT_EQ(6, cts_priv(self->c)->rec.checks[0].checks);
	/* not promised here: nothing to judge, and nothing counted */
	EXPECT_EQ(NULL, cts_check_eq(self->c, "HT_V7_ONLY", "x", 1, 2));
	EXPECT_EQ(NULL, cts_check_eq(self->c, "HT_LATER", "x", 1, 2));
	EXPECT_EQ(1, cts_priv(self->c)->rec.nr_checks);
}

TEST_F(messages, the_test_is_wrong)
{
	EXPECT_TEXT("broken: HT_NONE is no requirement", cts_check_rc(self->c, "HT_NONE", 0));
	EXPECT_EQ(CTS_BROKEN, cts_priv(self->c)->rec.outcome);
	EXPECT_TEXT("broken: HT_FIRST says no errno for iommufd",
		    cts_check_rc(self->c, "HT_FIRST", 0));
	EXPECT_TEXT("broken: HT_NONE is no requirement",
		    cts_inapplicable(self->c, (const char *[]){ "HT_COUNT", "HT_NONE", NULL }));
}

TEST_F(messages, applicable)
{
	struct cts_priv *p = cts_priv(self->c);

	EXPECT_EQ(NULL,
		  cts_inapplicable(self->c, (const char *[]){ "HT_V7_ONLY", "HT_COUNT", NULL }));
	EXPECT_TEXT("not-applicable: HT_V7_ONLY is no promise of iommufd",
		    cts_inapplicable(self->c, (const char *[]){ "HT_V7_ONLY", NULL }));
	copy_text(p->version, sizeof(p->version), "6.12.38+deb13-amd64");
	EXPECT_TEXT("not-applicable: HT_LATER holds since Linux 99.1, this is 6.12.38+deb13-amd64",
		    cts_inapplicable(self->c, (const char *[]){ "HT_LATER", NULL }));
	EXPECT_TEXT("not-applicable: HT_OVER held until Linux 6.9, this is 6.12.38+deb13-amd64",
		    cts_inapplicable(self->c, (const char *[]){ "HT_OVER", NULL }));
	copy_text(p->version, sizeof(p->version), "6.9.7");
	EXPECT_EQ(NULL, cts_inapplicable(self->c, (const char *[]){ "HT_OVER", NULL }));
	copy_text(p->version, sizeof(p->version), "6.1.0-49-amd64");
	EXPECT_NE(NULL, cts_inapplicable(self->c, (const char *[]){ "HT_OVER", NULL }));
	self->c->v.profile = CTS_V7_POSTED;
	EXPECT_EQ(NULL, cts_inapplicable(self->c, (const char *[]){ "HT_V7_ONLY", NULL }));
	EXPECT_NE(NULL, cts_inapplicable(self->c, (const char *[]){ "HT_LATER", NULL }));
}

TEST(versions)
{
	static const struct {
		const char *a, *b;
		int want;
	} pairs[] = {
		{ "6.2", "6.2", 0 },	   { "6.2", "6.12", -1 },    { "6.12", "6.2", 1 },
		{ "7.2", "6.12", 1 },	   { "6.6.7", "6.6", 0 },    { "7.2.1-rc3", "7.2", 0 },
		{ "7.2~rc1", "7.2.4", 0 }, { "6.6.1", "6.6.2", -1 }, { "v7-nesting", "6.2", 0 },
	};

	size_t n = sizeof(pairs) / sizeof(pairs[0]), i = 0;

	for (; i < n && version_compare(pairs[i].a, pairs[i].b) == pairs[i].want; i++)
		;
	ASSERT_EQ(n, i) TH_LOG("%s and %s", pairs[i].a, pairs[i].b);
}

static int collect(void *arg, const struct cts_requirement *r)
{
	const char **next = *(const char ***)arg;

	*next = r->id;
	*(const char ***)arg = next + 1;
	return !strcmp(r->id, "HT_LATER");
}

TEST(requirements)
{
	const char *ids[8] = { NULL }, **next = ids;
	const struct cts_requirement *r = cts_requirement_find("HT_COUNT");

	ASSERT_NE(NULL, r);
	EXPECT_EQ(&table[0], r);
	EXPECT_EQ(NULL, cts_requirement_find("HT_COUN"));
	EXPECT_EQ(2, cts_requirement_expect(r, CTS_IOMMUFD)->nr);
	EXPECT_EQ(1, cts_requirement_expect(r, CTS_V7_POSTED)->nr);
	EXPECT_EQ(NULL, cts_requirement_expect(r, CTS_IOASID_RFC));
	/* by area whatever the order in the file; stops where it is told to */
	EXPECT_EQ(1, cts_requirement_each(collect, &next));
	ASSERT_EQ(ids + 4, next);
	EXPECT_STREQ("HT_FIRST", ids[0]);
	EXPECT_STREQ("HT_COUNT", ids[1]);
	EXPECT_STREQ("HT_LATER", ids[3]);
	EXPECT_EQ(0, cts_registry_check(NULL, NULL));
}

TEST(outcome_names)
{
	for (int i = 0; i < CTS_NR_OUTCOMES; i++)
		EXPECT_EQ(i, cts_outcome_parse(cts_outcome_name(i)));
	EXPECT_STREQ("not-applicable", cts_outcome_name(CTS_NOT_APPLICABLE));
	EXPECT_EQ(-1, cts_outcome_parse("green"));
}

TEST_HARNESS_MAIN
