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
	EXPECT_STREQ("not-supported", record_outcome_worse("not-supported", "not-applicable"));
	EXPECT_STREQ("pass", record_outcome_worse(NULL, "pass"));
	EXPECT_TRUE(record_outcome_bad("broken"));
	EXPECT_FALSE(record_outcome_bad("env-missing"));
	for (size_t i = 0; record_outcomes[i]; i++)
		EXPECT_STREQ(record_outcomes[i], record_outcome_worse(record_outcomes[i], NULL));
}

TEST_HARNESS_MAIN
