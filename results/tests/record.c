// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: what the writers print, what the reader refuses, and that a file is whole or not there.
 */
#include <kselftest_harness.h>

#include "record.h"

static const char good[] =
	"{\"summary\":{},\"environment\":{\"subject\":\"reference\"},\"results\":["
	"{\"test\":\"a/b.c\",\"requirements\":[\"R\"],\"outcome\":\"pass\",\"reason\":\"\","
	"\"seconds\":1},"
	"{\"test\":\"a/b.d\",\"requirements\":[\"R\"],\"outcome\":\"fail\",\"reason\":\"x\\ny\","
	"\"seconds\":1,\"log\":[\"one\",\"two\"]},"
	"{\"test\":\"a/b.e\",\"requirements\":[],\"outcome\":\"env-missing\","
	"\"reason\":\"no # here\","
	"\"seconds\":0.5},"
	"{\"test\":\"a/b.f\",\"requirements\":[],\"outcome\":\"timeout\",\"reason\":\"late\","
	"\"seconds\":3}],"
	"\"requirements\":[{\"id\":\"R\",\"area\":\"a\",\"outcome\":\"fail\",\"tests\":2}]}";

static const char ktap[] = "KTAP version 1\n1..4\nok 1 a/b.c\n"
			   "# one\n# two\n# fail: x y\nnot ok 2 a/b.d\n"
			   "ok 3 a/b.e # SKIP env-missing: no # here\n"
			   "not ok 4 a/b.f # TIMEOUT late\n"
			   "# pass:1 fail:1 xfail:0 xpass:0 not-applicable:0 not-supported:0 "
			   "env-missing:1 not-implemented:0 broken:0 timeout:1 crash:0 dmesg:0\n";

FIXTURE(record)
{
	json_t *root;
	char dir[32], why[512];
};

FIXTURE_SETUP(record)
{
	self->root = json_loads(good, 0, NULL);
	ASSERT_NE(NULL, self->root);
	json_object_set_new(self->root, "summary",
			    record_summary(json_object_get(self->root, "results")));
	strcpy(self->dir, "/tmp/record.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
}

FIXTURE_TEARDOWN(record)
{
	char command[64];

	json_decref(self->root);
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

TEST_F(record, ktap)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	record_print_ktap(f, self->root);
	fclose(f);
	EXPECT_STREQ(ktap, text);
	free(text);
}

static const char known[] =
	"{\"environment\":{\"subject\":\"vm\",\"kernel\":\"7.2.0\",\"machine\":\"aarch64\"},"
	"\"results\":["
	"{\"test\":\"a/b.c\",\"requirements\":[\"R\"],\"outcome\":\"pass\",\"reason\":\"\"},"
	"{\"test\":\"a/b.d\",\"requirements\":[\"R\",\"S\"],\"outcome\":\"xfail\","
	"\"reason\":\"why\"},"
	"{\"test\":\"a/b.e\",\"requirements\":[],\"outcome\":\"env-missing\",\"reason\":\"no\"}],"
	"\"requirements\":[{\"id\":\"R\",\"area\":\"a\",\"outcome\":\"xfail\"},"
	"{\"id\":\"S\",\"area\":\"a\",\"outcome\":\"pass\"}]}";

static const char known_summary[] =
	"Subject: vm, kernel 7.2.0, aarch64\n\n"
	"area                     requirements   pass  xfail   fail  not run  no test\n"
	"a                                   2      1      1      0        0        0\n"
	"all                                 2      1      1      0        0        0\n"
	"\nTests that were not run, and why:\n"
	"      1  env-missing: no\n"
	"\nExpected failures:\n"
	"  xfail: a/b.d [R, S]\n"
	"      why\n"
	"\n3 tests: 1 pass, 1 xfail, 1 env-missing\n";

/* An expected failure is neither a pass nor a test that was not run. */
TEST(summary)
{
	json_t *root = json_loads(known, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ASSERT_NE(NULL, root);
	json_object_set_new(root, "summary", record_summary(json_object_get(root, "results")));
	record_print_summary(f, root);
	fclose(f);
	EXPECT_STREQ(known_summary, text);
	free(text);
	json_decref(root);
}

TEST(command_line)
{
	char line[] = "BOOT_IMAGE=/vmlinuz root=/dev/sda1 intel_iommu=on,sm_on iommu.passthrough=0 "
		      "nfsroot=host:/secret arm-smmu-v3.disable_bypass=1 nokaslr quiet "
		      "vfio-pci.ids=1:2";
	char none[] = "root=/dev/sda1 ip=dhcp";

	record_iommu_options(line);
	EXPECT_STREQ("intel_iommu=on,sm_on iommu.passthrough=0 arm-smmu-v3.disable_bypass=1 "
		     "nokaslr vfio-pci.ids=1:2", line);
	record_iommu_options(none);
	EXPECT_STREQ("", none);
}

TEST_F(record, round_trip)
{
	json_t *again;

	ASSERT_EQ(0, record_write_json(self->dir, "results.json", self->root));
	again = record_read(self->dir, self->why, sizeof(self->why));
	ASSERT_NE(NULL, again) TH_LOG("%s", self->why);
	EXPECT_TRUE(json_equal(again, self->root));
	json_decref(again);
}

TEST_F(record, no_folder_no_file)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/none", self->dir);
	EXPECT_EQ(-ENOENT, record_write_json(path, "results.json", self->root));
	EXPECT_EQ(NULL, record_read(path, self->why, sizeof(self->why)));
}

/* Each edit makes it no record any more. */
TEST_F(record, refused)
{
	static const char *const broken[] = {
		"[]", "{}", "{\"summary\":{},\"results\":{},\"environment\":{}}",
		"{\"summary\":{},\"results\":[{\"outcome\":\"pass\"}],\"environment\":{}}",
		"{\"summary\":{},\"environment\":{},\"results\":"
		"[{\"test\":\"t\",\"outcome\":\"great\"}]}",
		"{\"summary\":{},\"environment\":{},\"results\":"
		"[{\"test\":\"t\",\"outcome\":\"pass\"}]}",
		"{\"summary\":{},\"results\":[],\"environment\":{}}", "{\"summary\":{},\"res",
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char path[64];
		FILE *f;

		snprintf(path, sizeof(path), "%s/results.json", self->dir);
		f = fopen(path, "w");
		ASSERT_NE(NULL, f);
		fputs(broken[i], f);
		fclose(f);
		self->why[0] = 0;
		EXPECT_EQ(NULL, record_read(path, self->why, sizeof(self->why))) TH_LOG("%s",
			broken[i]);
		EXPECT_NE(0, self->why[0]);
	}
}

TEST(worse)
{
	EXPECT_STREQ("fail", record_outcome_worse("pass", "fail"));
	EXPECT_STREQ("pass", record_outcome_worse("pass", "not-applicable"));
	/* a known deviation is no pass, whichever comes first */
	EXPECT_STREQ("xfail", record_outcome_worse("pass", "xfail"));
	EXPECT_STREQ("xfail", record_outcome_worse("xfail", "pass"));
	EXPECT_STREQ("broken", record_outcome_worse("xfail", "broken"));
	EXPECT_FALSE(record_outcome_bad("xfail"));
	EXPECT_TRUE(record_outcome_bad("xpass"));
	EXPECT_STREQ("not-supported", record_outcome_worse("not-supported", "not-applicable"));
	EXPECT_STREQ("pass", record_outcome_worse(NULL, "pass"));
	EXPECT_TRUE(record_outcome_bad("broken"));
	EXPECT_FALSE(record_outcome_bad("env-missing"));
	for (size_t i = 0; record_outcomes[i]; i++)
		EXPECT_STREQ(record_outcomes[i], record_outcome_worse(record_outcomes[i], NULL));
}

TEST_HARNESS_MAIN
