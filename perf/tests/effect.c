// SPDX-License-Identifier: GPL-2.0-only
/*
 * Benchmarks on the reference: each runs and counts the work that it names, and one that times an
 * operation without effect says so instead of giving a figure. Known-bad variants of the
 * reference make such operations.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>
#include "../bench.h"

/* TEST() has a parameter for variants that only TEST_F() uses; clang says so. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static const struct bench_effort effort = { .samples = 20, .budget = 1e6 };

static void measure(const char *defect, const struct bench_case *bc, struct bench_result *r)
{
	struct timer timer;

	setenv("CTS_SUBJECT", "reference", 1);
	if (defect)
		setenv("CTS_DEFECT", defect, 1);
	else
		unsetenv("CTS_DEFECT");
	timer_measure(&timer);
	bench_measure(bc, &timer, &effort, r);
}

static struct bench_case cases[BENCH_MAX_CASES];
static size_t nr_cases;

static const struct bench_case *find(const char *name)
{
	if (!nr_cases)
		nr_cases = bench_cases(cases);
	for (size_t i = 0; i < nr_cases; i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

TEST(names_are_unique_and_series_their_beginning)
{
	find("");
	ASSERT_GT(nr_cases, 0);
	ASSERT_LE(nr_cases, BENCH_MAX_CASES);
	for (size_t i = 0; i < nr_cases; i++) {
		size_t len = strlen(cases[i].series);

		EXPECT_EQ(0, strncmp(cases[i].name, cases[i].series, len));
		EXPECT_EQ('/', cases[i].name[len]);
		EXPECT_EQ(&cases[i], find(cases[i].name))
		TH_LOG("%s is there twice", cases[i].name);
	}
}

/* Everything at a size that is quick, on a good reference: measured and its effect seen. */
TEST(each_benchmark_has_its_effect)
{
	static const char *const globs[] = {
		"*/batch-8", "*/cached-64", "unmap/*", "fault/*", "ops/translate/*",
		"ops/*/pages-512", "ops/*/areas-1024", "ops/pasid/*", "ops/fault/*",
	};
	struct bench_result r;
	size_t n = 0;

	find("");
	for (size_t i = 0; i < nr_cases; i++)
		for (size_t g = 0; g < sizeof(globs) / sizeof(globs[0]); g++) {
			if (fnmatch(globs[g], cases[i].name, 0))
				continue;
			measure(NULL, &cases[i], &r);
			EXPECT_EQ(BENCH_DONE, r.state) TH_LOG("%s: %s", cases[i].name, r.why);
			EXPECT_STREQ("", r.not_verified) TH_LOG("%s", cases[i].name);
			EXPECT_EQ(BENCH_FIRST, r.nr_first);
			EXPECT_GE(r.stats.n, stats_quantiles[STATS_P50].least);
			EXPECT_TRUE(r.has_work);
			bench_result_free(&r);
			n++;
		}
	EXPECT_GE(n, 40);
}

static const struct {
	const char *defect, *name;
} blind[] = {
	{ "INV_SKIPPED", "invalidate/iommufd-vtd/page/batch-1" },
	{ "INV_SKIPPED", "invalidate/iommufd-vtd/page/batch-64" },
	{ "INV_SKIPPED", "invalidate/iommufd-vtd/range/batch-4" },
	{ "INV_SKIPPED", "invalidate/iommufd-smmuv3/page/batch-1" },
	{ "INV_SKIPPED", "invalidate/iommufd-smmuv3/range/batch-4" },
	{ "INV_SKIPPED", "invalidate/vfio-v7-vtd/page/batch-1" },
	{ "INV_SKIPPED", "invalidate-flat/iommufd-vtd/page/cached-64" },
	{ "INV_NEIGHBOUR_ONLY", "invalidate/iommufd-vtd/page/batch-2" },
	{ "INV_RANGE_SHORT", "invalidate/iommufd-vtd/range/batch-2" },
	{ "INV_RANGE_SHORT", "invalidate/iommufd-smmuv3/range/batch-64" },
	{ "INV_PASID_SKIPPED", "invalidate/iommufd-smmuv3/whole/batch-1" },
	{ "INV_PASID_SKIPPED", "invalidate/vfio-v7-vtd/whole/batch-1" },
	{ "UNMAP_KEEPS_IOTLB", "unmap/iommufd-vtd/4k" },
	{ "UNMAP_KEEPS_IOTLB", "unmap/iommufd-smmuv3/2m-parent" },
	{ "UNMAP_KEEPS_IOTLB", "unmap/iommufd-vtd/all" },
	{ "UNMAP_KEEPS_IOTLB", "unmap/vfio-v7-vtd/64k" },
};

TEST(an_operation_without_effect_is_noticed)
{
	struct bench_result r;

	for (size_t i = 0; i < sizeof(blind) / sizeof(blind[0]); i++) {
		const struct bench_case *bc = find(blind[i].name);

		ASSERT_NE(NULL, bc) TH_LOG("%s", blind[i].name);
		measure(blind[i].defect, bc, &r);
		EXPECT_EQ(BENCH_FAIL, r.state)
		TH_LOG("%s times nothing under %s", blind[i].name, blind[i].defect);
		EXPECT_NE(NULL, strstr(r.why, "has no effect"))
		TH_LOG("%s under %s: %s", blind[i].name, blind[i].defect, r.why);
		EXPECT_EQ(0, r.stats.n);
		bench_result_free(&r);
	}
}

static const struct {
	const char *name;
	size_t counter;
	uint64_t want, entries;
} work[] = {
#define W(field) offsetof(struct iommu_ref_stats, field)
	{ "invalidate/iommufd-vtd/page/batch-8", W(inv_page), 8, 8 },
	{ "invalidate/iommufd-smmuv3/page/batch-64", W(inv_page), 64, 64 },
	{ "invalidate/vfio-v7-vtd/page/batch-4", W(inv_page), 4, 4 },
	{ "invalidate/iommufd-smmuv3/range/batch-2", W(inv_range), 2, 16 },
	{ "invalidate/iommufd-smmuv3/whole/batch-4", W(inv_pasid), 4, 0 },
	/* what else is cached costs nothing */
	{ "invalidate-flat/iommufd-vtd/page/cached-1024", W(inv_page), 1, 1 },
	{ "fault/iommufd-vtd/nested-s1", W(faults), 1, 0 },
	{ "fault/iommufd-smmuv3/one-stage", W(walk_loads), 4, 0 },
#undef W
};

TEST(work_is_exact)
{
	struct bench_result r;

	for (size_t i = 0; i < sizeof(work) / sizeof(work[0]); i++)
		for (int twice = 0; twice < 2; twice++) {
			uint64_t seen;

			measure(NULL, find(work[i].name), &r);
			ASSERT_EQ(BENCH_DONE, r.state) TH_LOG("%s: %s", work[i].name, r.why);
			memcpy(&seen, (char *)&r.work + work[i].counter, sizeof(seen));
			EXPECT_EQ(work[i].want, seen) TH_LOG("%s", work[i].name);
			EXPECT_EQ(work[i].entries, r.work.inv_entries) TH_LOG("%s", work[i].name);
			bench_result_free(&r);
		}
}

/* The IOTLB has room for what a benchmark wants cached, and has it. */
TEST(the_iotlb_is_as_full_as_the_name_says)
{
	static const struct {
		const char *name;
		json_int_t cached;
	} full[] = {
		{ "invalidate-flat/iommufd-vtd/page/cached-64", 64 },
		{ "invalidate-flat/iommufd-smmuv3/page/cached-4096", 4096 },
		{ "invalidate-flat/vfio-v7-vtd/page/cached-256", 256 },
	};
	struct bench_result r;

	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		measure(NULL, find(full[i].name), &r);
		EXPECT_EQ(full[i].cached,
			  json_integer_value(json_object_get(r.params, "cached_entries")))
		TH_LOG("%s", full[i].name);
		bench_result_free(&r);
	}
}

TEST_HARNESS_MAIN
