// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record: what is written is read back as it was, carries what every record must, and one
 * that was tampered with is refused with the reason. Tables and plots come out of the record
 * alone.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "../report.h"
#include "record.h"

#define NR 4

FIXTURE(record)
{
	char dir[32], file[64], why[256];
	struct bench_case cases[BENCH_MAX_CASES];
	struct bench_result results[NR];
	json_t *root;
};

/* A series of three batches, as if measured: 1000, 25 and 1 samples; and a skip. */
FIXTURE_SETUP(record)
{
	static const struct bench_ops ops = { .per = "call" };
	struct report_run run = {
		.subject = "reference", .domain = "model", .unit = "ns", .timer = { 20, 1 }
	};
	size_t n[NR - 1] = { 1000, 25, 20 };

	strcpy(self->dir, "/tmp/perf-record-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->file, sizeof(self->file), "%s/perf.json", self->dir);
	for (size_t i = 0; i < NR; i++) {
		struct bench_result *r = &self->results[i];
		struct bench_case *bc = &self->cases[i];

		*bc = (struct bench_case){ .ops = &ops, .batch = 1u << i };
		strcpy(bc->series, "invalidate/x/page");
		snprintf(bc->name, sizeof(bc->name), "invalidate/x/page/batch-%u", bc->batch);
		*r = (struct bench_result){ .bc = bc,
					    .params = json_pack("{s:i}", "batch", bc->batch),
					    .state = i == NR - 1 ? BENCH_SKIP : BENCH_DONE };
		strcpy(r->why, i == NR - 1 ? "not-supported: x" : "");
		if (r->state == BENCH_SKIP)
			continue;
		r->calls = 3;
		r->nr_first = 2;
		r->first[0] = 17;
		r->has_work = true;
		r->work.inv_page = bc->batch;
		r->samples = malloc(n[i] * sizeof(*r->samples));
		ASSERT_NE(NULL, r->samples);
		/* thirds do not end in decimal */
		for (size_t k = 0; k < n[i]; k++)
			r->samples[k] = 100.0 + 10 * bc->batch + (double)(k * 7 % n[i]) / 3;
		ASSERT_EQ(0, stats_summarize(r->samples, n[i], &r->stats));
	}
	self->root = report_make(&run, record_environment(), self->results, NR);
	ASSERT_NE(NULL, self->root);
}

FIXTURE_TEARDOWN(record)
{
	static const char *const names[] = { "perf.json", "invalidate.dat", "invalidate.gp",
					     "invalidate.svg" };
	char path[64];

	json_decref(self->root);
	for (size_t i = 0; i < NR; i++)
		bench_result_free(&self->results[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, names[i]);
		unlink(path);
	}
	rmdir(self->dir);
}

static json_t *nth(json_t *root, size_t i)
{
	return json_array_get(json_object_get(root, "benchmarks"), i);
}

TEST_F(record, is_read_back)
{
	json_t *back, *one;

	ASSERT_EQ(0, report_write(self->dir, self->root));
	back = report_read(self->file, self->why, sizeof(self->why));
	ASSERT_NE(NULL, back) TH_LOG("%s", self->why);
	ASSERT_EQ(NR, json_array_size(json_object_get(back, "benchmarks")));
	one = nth(back, 0);
	EXPECT_EQ(1000, json_array_size(json_object_get(one, "samples")));
	EXPECT_STREQ("model", record_string(one, "timing_domain"));
	EXPECT_STREQ("closed", record_string(one, "loop"));
	EXPECT_EQ(1, json_integer_value(json_object_get(json_object_get(one, "work"), "inv_page")));
	EXPECT_TRUE(json_is_object(json_object_get(back, "environment")));
	EXPECT_TRUE(json_is_array(json_object_get(one, "p50_ci")));
	EXPECT_EQ(1, json_array_size(json_object_get(back, "fits")));
	EXPECT_EQ(3, json_integer_value(json_object_get(json_object_get(back, "summary"), "done")));
	json_decref(back);
}

TEST_F(record, says_why_a_percentile_is_missing)
{
	json_t *many = nth(self->root, 0), *few = nth(self->root, 1);

	EXPECT_TRUE(json_is_number(json_object_get(many, "p99")));
	EXPECT_TRUE(json_is_null(json_object_get(many, "p99_9")));
	EXPECT_STREQ("1000 samples, 10000 are needed",
		     record_string(json_object_get(many, "missing"), "p99_9"));
	EXPECT_TRUE(json_is_number(json_object_get(few, "p50")));
	EXPECT_TRUE(json_is_null(json_object_get(few, "p90")));
	EXPECT_STREQ("25 samples, 100 are needed",
		     record_string(json_object_get(few, "missing"), "p90"));
	EXPECT_STREQ("not-supported: x", record_string(nth(self->root, 3), "skipped"));
}

/* Changes to the second benchmark that must not pass; NULL value: the member is removed. */
static const struct {
	const char *member, *json, *says;
} tampered[] = {
	{ "p50", "1.0", "percentile" },
	{ "p90", "200.0", "percentile" },
	{ "max", "1.0", "min or max" },
	{ "n", "24", "number of samples" },
	{ "p50_ci", "[1.0, 2.0]", "confidence interval" },
	{ "samples", "[]", "no samples" },
	{ "samples", "[\"x\"]", "no number" },
	{ "timing_domain", "\"hardware\"", "mixed timing domains" },
	{ "state", "\"dreamt\"", "unknown state" },
	{ "state", "\"skipped\"", "without a reason" },
	{ "unit", NULL, "missing" },
	{ "params", NULL, "params" },
	{ "first", "[]", "first calls" },
};

TEST_F(record, tampered_with_is_refused)
{
	for (size_t i = 0; i < sizeof(tampered) / sizeof(tampered[0]); i++) {
		json_t *copy = json_deep_copy(self->root), *back, *one = nth(copy, 1);

		if (tampered[i].json)
			json_object_set_new(one, tampered[i].member,
					    json_loads(tampered[i].json, JSON_DECODE_ANY, NULL));
		else
			json_object_del(one, tampered[i].member);
		ASSERT_EQ(0, report_write(self->dir, copy));
		back = report_read(self->file, self->why, sizeof(self->why));
		EXPECT_EQ(NULL, back)
		TH_LOG("%s = %s passes", tampered[i].member, tampered[i].json);
		EXPECT_NE(NULL, strstr(self->why, tampered[i].says))
		TH_LOG("%s: %s", tampered[i].member, self->why);
		json_decref(back);
		json_decref(copy);
	}
}

TEST_F(record, half_a_file_is_refused)
{
	FILE *f;

	EXPECT_EQ(NULL, report_read(self->file, self->why, sizeof(self->why)));
	f = fopen(self->file, "w");
	ASSERT_NE(NULL, f);
	fputs("{ \"environment\": {", f);
	fclose(f);
	EXPECT_EQ(NULL, report_read(self->file, self->why, sizeof(self->why)));
	EXPECT_NE(NULL, strstr(self->why, self->file));
}

TEST_F(record, shown_as_a_table)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ASSERT_NE(NULL, f);
	report_print(f, self->root);
	fclose(f);
	EXPECT_NE(NULL, strstr(text, "invalidate/x/page, ns a call"));
	EXPECT_NE(NULL, strstr(text, "  batch-4 "));
	EXPECT_NE(NULL, strstr(text, "* batch (worst point"));
	EXPECT_NE(NULL, strstr(text, "    1  not-supported: x"));
	EXPECT_NE(NULL, strstr(text, "3 benchmarks measured, 0 failed, 1 skipped"));
	free(text);
}

static size_t slurp(const char *dir, const char *name, char *buf, size_t len)
{
	char path[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f) {
		n = fread(buf, 1, len - 1, f);
		fclose(f);
	}
	buf[n] = 0;
	return n;
}

/* The picture itself needs gnuplot; its data and script do not. */
TEST_F(record, drawn_as_a_plot)
{
	FILE *messages = tmpfile();
	char text[4096];
	int lines = 0;

	ASSERT_NE(NULL, messages);
	ASSERT_EQ(0, plot_write(self->dir, self->root, messages));
	fclose(messages);
	ASSERT_GT(slurp(self->dir, "invalidate.dat", text, sizeof(text)), 0);
	for (char *p = text; *p; p++)
		lines += *p == '\n';
	EXPECT_EQ(5, lines) TH_LOG("two lines of comment and one for each batch, not:\n%s", text);
	ASSERT_GT(slurp(self->dir, "invalidate.gp", text, sizeof(text)), 0);
	EXPECT_NE(NULL, strstr(text, "set output 'invalidate.svg'"));
	EXPECT_NE(NULL, strstr(text, "'invalidate.dat' index 0"));
	if (slurp(self->dir, "invalidate.svg", text, sizeof(text))) {
		EXPECT_NE(NULL, strstr(text, "<svg"));
	}
}

TEST_HARNESS_MAIN
