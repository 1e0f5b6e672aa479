// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judging what a test left behind, where the meta suite cannot go: the kernel's complaints, and
 * texts
 * that a test process would have to be ill to print.
 */
#include <kselftest_harness.h>

#include "kmsg.h"
#include "known.h"
#include "verdict.h"

#define HEAD "TAP version 13\n1..1\n# Starting 1 tests from 1 test cases.\n#  RUN     a.b ...\n"

struct row {
	const char *text, *record, *complaint;
	int status;
	enum cts_outcome outcome;
	const char *reason;
};

static const struct row rows[] = {
	{ HEAD "#            OK  a.b\nok 1 a.b\n", NULL, NULL, 0, CTS_PASS, "" },
	{ HEAD "ok 1 a.b\n", NULL, "WARNING: CPU: 0 PID: 1", 0, CTS_DMESG,
		"WARNING: CPU: 0 PID: 1" },
	{ HEAD "ok 1 a.b # SKIP not-supported: no\n", NULL, "BUG: x", 0, CTS_DMESG, "BUG: x" },
	{ HEAD "# t.c:1:b:wrong\nnot ok 1 a.b\n", NULL, "BUG: x", 256, CTS_FAIL, "wrong" },
	{ HEAD "not ok 1 a.b\n", "{\"outcome\":\"fail\",\"reason\":\"why\"}", NULL, 256, CTS_FAIL,
		"why" },
	{ HEAD "not ok 1 a.b\n", NULL, NULL, 256, CTS_FAIL, "failed without a message" },
	{ HEAD "ok 1 a.b\n", "{\"damage\":\"byte 4\"}", NULL, 0, CTS_FAIL, "byte 4" },
	{ HEAD "ok 1 a.b\n", "{\"outcome\":\"pass\"}", NULL, 0, CTS_PASS, "" },
	{ HEAD "ok 1 a.b\n", "{\"outcome\":\"splendid\"}", NULL, 0, CTS_PASS, "" },
	{ HEAD "ok 1 a.b # SKIP env-missing:no space\n", NULL, NULL, 0, CTS_ENV_MISSING,
		"no space" },
	{ HEAD "ok 1 a.b # SKIP not-supportedly\n", NULL, NULL, 0, CTS_BROKEN,
	  "skipped without a named outcome: not-supportedly" },
	{ HEAD "ok 1 a.b # SKIP xfail: it always did\n", NULL, NULL, 0, CTS_BROKEN,
	  "skipped without a named outcome: xfail: it always did" },
	{ HEAD "# b: Test terminated by timeout\nnot ok 1 a.b\n", NULL, NULL, 256, CTS_TIMEOUT,
	  "did not end within 30 s" },
	{ HEAD, NULL, NULL, 9, CTS_CRASH, "the test process died by signal 9, Killed" },
	{ HEAD, NULL, NULL, 0, CTS_BROKEN, "the test process ended without a result" },
	{ "", NULL, NULL, 127 << 8, CTS_BROKEN, "the test process ended without a result" },
	{ NULL, NULL, NULL, 0, CTS_BROKEN, "the test process ended without a result" },
	{ HEAD "x.c:3:4: runtime error: index 9 out of bounds\nnot ok 1 a.b\n", NULL, NULL, 256,
	  CTS_CRASH, "x.c:3:4: runtime error: index 9 out of bounds" },
};

TEST(table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_result p = { .text = (char *)rows[i].text,
			.status = rows[i].status };
		json_t *record = rows[i].record ? json_loads(rows[i].record, 0, NULL) : NULL;
		struct verdict v;

		p.seconds = 30;
		verdict_judge(&p, record, rows[i].complaint, 30, &v);
		EXPECT_EQ(rows[i].outcome, v.outcome) TH_LOG("row %zu", i);
		EXPECT_STREQ(rows[i].reason, v.reason) TH_LOG("row %zu", i);
		json_decref(record);
		json_decref(v.log);
	}
}

/* A part of the record is missing: what is left proves nothing, but a failure stays one. */
TEST(record_cut)
{
	static const struct {
		const char *text;
		enum cts_outcome outcome;
	} cut[] = {
		{ HEAD "ok 1 a.b\n", CTS_BROKEN },
		{ HEAD "ok 1 a.b # SKIP not-supported: no\n", CTS_BROKEN },
		{ HEAD "# t.c:1:b:ID: wrong\nnot ok 1 a.b\n", CTS_FAIL },
	};

	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct process_result p = { .text = (char *)cut[i].text, .record_cut = true };
		struct verdict v;

		verdict_judge(&p, NULL, NULL, 30, &v);
		EXPECT_EQ(cut[i].outcome, v.outcome) TH_LOG("row %zu", i);
		EXPECT_STREQ("", v.only) TH_LOG("row %zu", i);
		json_decref(v.log);
	}
}

#define FAILED(...) HEAD __VA_ARGS__ "not ok 1 a.b\n"
#define KNOWN "# t.c:1:b:INV_EMPTY_ARRAY: want success\n"
#define PASSED HEAD "ok 1 a.b\n"

/* The rows used here are in the table of known.c; the reference has no exceptions. */
static const struct {
	const char *text, *record, *complaint, *subject, *arch, *kernel;
	enum cts_outcome outcome;
} known[] = {
	{ FAILED(KNOWN), NULL, NULL, "vm", "SMMUv3", "7.2.0", CTS_XFAIL },
	{ FAILED(KNOWN KNOWN), NULL, NULL, "hardware", "SMMUv3", "6.13.1-foo", CTS_XFAIL },
	{ FAILED(KNOWN), NULL, NULL, "reference", "SMMUv3", "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN), NULL, NULL, "vm", "VT-d", "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN), NULL, NULL, "vm", NULL, "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN), NULL, NULL, "vm", "SMMUv3", "7.3.0-rc1", CTS_FAIL },
	{ FAILED(KNOWN), NULL, NULL, "vm", "SMMUv3", "6.12.9", CTS_FAIL },
	{ FAILED(KNOWN), NULL, NULL, "vm", "SMMUv3", "mine", CTS_FAIL },
	{ FAILED(KNOWN), NULL, "BUG: x", "vm", "SMMUv3", "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN "# t.c:2:b:OTHER: wrong\n"), NULL, NULL, "vm", "SMMUv3", "7.2.0",
	  CTS_FAIL },
	{ FAILED("# t.c:2:b:OTHER: wrong\n" KNOWN), NULL, NULL, "vm", "SMMUv3", "7.2.0",
	  CTS_FAIL },
	{ FAILED("# t.c:2:b:OTHER: wrong\n"), NULL, NULL, "vm", "SMMUv3", "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN), "{\"damage\":\"byte 4\"}", NULL, "vm", "SMMUv3", "7.2.0", CTS_FAIL },
	{ FAILED(KNOWN),
	  "{\"outcome\":\"fail\",\"reason\":\"INV_EMPTY_ARRAY: x\",\"damage\":\"byte 4\"}",
	  NULL, "vm", "SMMUv3", "7.2.0", CTS_FAIL },
	{ HEAD, NULL, NULL, "vm", "SMMUv3", "7.2.0", CTS_BROKEN },
	{ HEAD "ok 1 a.b # SKIP not-supported: no\n", NULL, NULL, "vm", "SMMUv3", "7.2.0",
	  CTS_NOT_SUPPORTED },
	{ PASSED, "{\"checks\":{\"INV_EMPTY_ARRAY\":3}}", NULL, "vm", "SMMUv3", "7.2.0",
	  CTS_XPASS },
	{ PASSED, "{\"checks\":{\"OTHER\":3}}", NULL, "vm", "SMMUv3", "7.2.0", CTS_PASS },
	{ PASSED, "{\"checks\":{\"INV_EMPTY_ARRAY\":3}}", NULL, "vm", "SMMUv3", "7.3.0",
	  CTS_PASS },
	{ PASSED, "{\"checks\":{\"INV_EMPTY_ARRAY\":3}}", NULL, "reference", "SMMUv3", "7.2.0",
	  CTS_PASS },
};

TEST(known_deviations)
{
	const char *const ids[] = { "INV_EMPTY_ARRAY", "OTHER", NULL };
	const struct plan_test t = { .name = "a.b", .ids = ids };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct process_result p = { .text = (char *)known[i].text };
		struct known_place at = { known[i].subject, known[i].arch, known[i].kernel };
		json_t *record = known[i].record ? json_loads(known[i].record, 0, NULL) : NULL;
		struct verdict v;

		verdict_judge(&p, record, known[i].complaint, 30, &v);
		known_apply(&at, &t, json_object_get(record, "checks"), &v);
		EXPECT_EQ(known[i].outcome, v.outcome) TH_LOG("row %zu: %s", i, v.reason);
		if (v.outcome == CTS_XFAIL) {
			EXPECT_NE(NULL, strstr(v.reason, "()); seen: INV_EMPTY_ARRAY: want"));
		}
		if (v.outcome == CTS_XPASS) {
			EXPECT_NE(NULL, strstr(v.reason, "INV_EMPTY_ARRAY passed"));
		}
		json_decref(record);
		json_decref(v.log);
	}
	/* a row for one subject only */
	EXPECT_NE(NULL, known_find(&(struct known_place){ "vm", "SMMUv3", "7.2.0" },
				   "INV_HUGE_LEAF_INNER_PAGE"));
	EXPECT_EQ(NULL, known_find(&(struct known_place){ "hardware", "SMMUv3", "7.2.0" },
				   "INV_HUGE_LEAF_INNER_PAGE"));
}

TEST(complaints)
{
	static const char *const bad[] = {
		"WARNING: CPU: 1 PID: 88 at drivers/iommu/iommufd/io_pagetable.c:12",
		"BUG: KASAN: slab-use-after-free in iommufd_object_remove+0x1/0x2",
		"WARNING: possible circular locking dependency detected",
		"Unable to handle kernel NULL pointer dereference at 0000000000000008",
		"INFO: task iommu-cts:88 blocked for more than 120 seconds.",
	};
	static const char *const fine[] = {
		"DMAR: [DMA Write NO_PASID] Request device [00:03.0] fault addr 0x1000",
		"arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:",
		"vfio-pci 0000:00:03.0: resetting",
		"iommu: Default domain type: Translated",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_TRUE(kmsg_is_complaint(bad[i])) TH_LOG("%s", bad[i]);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		EXPECT_FALSE(kmsg_is_complaint(fine[i])) TH_LOG("%s", fine[i]);
	}
}

TEST_HARNESS_MAIN
