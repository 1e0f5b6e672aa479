// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics against values that are known by table or by hand: ranks of the median's interval,
 * quantiles, the refusal of percentiles from too few samples, outliers, fits.
 */
#include <errno.h>
#include <math.h>

#include <kselftest_harness.h>
#include "../stats.h"

/* TEST() has a parameter for variants that only TEST_F() uses; clang says so. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

/* Tables of the sign test: the 95 % interval of the median lies between these ranks. */
static const struct {
	size_t n, rank;
} ranks[] = {
	{ 0, 0 },   { 1, 0 },	 { 5, 0 },    { 6, 1 },	     { 8, 1 },	      { 9, 2 },
	{ 10, 2 },  { 15, 4 },	 { 20, 6 },   { 25, 8 },     { 30, 10 },      { 50, 18 },
	{ 71, 27 }, { 100, 40 }, { 101, 41 }, { 1000, 469 }, { 10000, 4902 },
};

TEST(rank_of_the_median)
{
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		EXPECT_EQ(ranks[i].rank, stats_median_rank(ranks[i].n, 0.95))
		TH_LOG("n = %zu", ranks[i].n);
	}
	/* more confidence, a wider interval; n = 6 cannot give 99 % */
	EXPECT_EQ(37, stats_median_rank(100, 0.99));
	EXPECT_EQ(0, stats_median_rank(6, 0.99));
}

/* 1 .. n, shuffled by a step that has no factor in common with n */
static void fill(double *v, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (double)(i * step % n + 1);
}

TEST(quantiles_of_a_known_vector)
{
	static double v[10001];
	struct stats st;

	fill(v, 10001, 37);
	ASSERT_EQ(0, stats_summarize(v, 10001, &st));
	EXPECT_EQ(10001, st.n);
	EXPECT_TRUE(near(st.min, 1));
	EXPECT_TRUE(near(st.max, 10001));
	/* type 7: h = (n - 1) p, counted from the first */
	EXPECT_TRUE(near(st.q[STATS_P50], 5001));
	EXPECT_TRUE(near(st.q[STATS_P90], 9001));
	EXPECT_TRUE(near(st.q[STATS_P99], 9901));
	EXPECT_TRUE(near(st.q[STATS_P99_9], 9991));
	ASSERT_TRUE(st.has_ci);
	EXPECT_TRUE(near(st.ci_lo, (double)st.ci_rank));
	EXPECT_TRUE(near(st.ci_hi, (double)(10002 - st.ci_rank)));
	EXPECT_EQ(0, st.outliers);
	/* the caller's order stays */
	EXPECT_TRUE(near(v[1], 38));
}

TEST(quantile_between_two_samples)
{
	static double v[20];
	struct stats st;

	fill(v, 20, 7);
	ASSERT_EQ(0, stats_summarize(v, 20, &st));
	EXPECT_TRUE(near(st.q[STATS_P50], 10.5));
	EXPECT_EQ(6, st.ci_rank);
	EXPECT_TRUE(near(st.ci_lo, 6));
	EXPECT_TRUE(near(st.ci_hi, 15));
}

/* At the least number of samples a percentile is given, one below it is not. */
TEST(percentiles_need_their_samples)
{
	static double v[10000];
	struct stats st;

	fill(v, 10000, 37);
	for (int i = 0; i < STATS_NR_QUANTILES; i++) {
		size_t least = stats_quantiles[i].least;

		EXPECT_EQ(lround(10 / (1 - stats_quantiles[i].p)), (long)least);
		ASSERT_EQ(0, stats_summarize(v, least, &st));
		EXPECT_TRUE(st.known[i]) TH_LOG("%s of %zu", stats_quantiles[i].name, least);
		ASSERT_EQ(0, stats_summarize(v, least - 1, &st));
		EXPECT_FALSE(st.known[i]) TH_LOG("%s of %zu", stats_quantiles[i].name, least - 1);
	}
	ASSERT_EQ(0, stats_summarize(v, 5, &st));
	EXPECT_FALSE(st.has_ci);
	EXPECT_FALSE(st.known[STATS_P50]);
}

TEST(outliers_are_counted_and_kept)
{
	/* quartiles 3.5 and 8.5 of 1 .. 11 with a long end: fence 8.5 + 3 * 5 */
	double v[] = { 100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 23.5 };
	struct stats st;

	ASSERT_EQ(0, stats_summarize(v, 11, &st));
	EXPECT_TRUE(near(st.fence, 23.5)) TH_LOG("fence %f", st.fence);
	EXPECT_EQ(1, st.outliers);
	EXPECT_TRUE(near(st.max, 100));
}

TEST(no_samples_or_no_numbers)
{
	double v[] = { 1, NAN, 3 }, w[] = { 1, INFINITY };
	struct stats st;

	EXPECT_EQ(-EINVAL, stats_summarize(v, 0, &st));
	EXPECT_EQ(-EINVAL, stats_summarize(v, 3, &st));
	EXPECT_EQ(-EINVAL, stats_summarize(w, 2, &st));
	EXPECT_EQ(0, stats_summarize(v, 1, &st));
	EXPECT_EQ(1, st.n);
}

TEST(fit_of_an_exact_line)
{
	double k[] = { 1, 2, 4, 8, 16, 32, 64 }, y[7];
	struct stats_fit fit;

	for (int i = 0; i < 7; i++)
		y[i] = 300 + 25 * k[i];
	ASSERT_EQ(0, stats_fit(k, y, 7, &fit));
	EXPECT_TRUE(near(fit.a, 300)) TH_LOG("a %.12f", fit.a);
	EXPECT_TRUE(near(fit.b, 25)) TH_LOG("b %.12f", fit.b);
	EXPECT_TRUE(fit.worst < 1e-12);
	EXPECT_TRUE(fit.a_se < 1e-6);
}

/*
 * Three points with weights 1/y^2 by hand: k 1 2 3, y 1 2 4, weights 1, 1/4, 1/16. Normal equations
 * (times 16): 21 a + 27 b = 28, 27 a + 41 b = 44, so b = 168/132, a = (28 - 27 b) / 21.
 */
TEST(fit_weighs_relative_errors)
{
	double k[] = { 1, 2, 3 }, y[] = { 1, 2, 4 }, b = 168.0 / 132;
	struct stats_fit fit;

	ASSERT_EQ(0, stats_fit(k, y, 3, &fit));
	EXPECT_TRUE(near(fit.b, b)) TH_LOG("b %.12f", fit.b);
	EXPECT_TRUE(near(fit.a, (28 - 27 * b) / 21)) TH_LOG("a %.12f", fit.a);
	EXPECT_TRUE(fit.a_se > 0 && fit.b_se > 0);
	EXPECT_TRUE(near(fit.worst, fabs(fit.a + 2 * b - 2) / 2)) TH_LOG("worst %.12f", fit.worst);
}

TEST(fit_refuses_what_is_no_line)
{
	double k[] = { 1, 2, 3 }, same[] = { 2, 2, 2 }, y[] = { 1, 2, 3 }, zero[] = { 1, 0, 3 };
	struct stats_fit fit;

	EXPECT_EQ(-EINVAL, stats_fit(k, y, 2, &fit));
	EXPECT_EQ(-EINVAL, stats_fit(same, y, 3, &fit));
	EXPECT_EQ(-EINVAL, stats_fit(k, zero, 3, &fit));
	EXPECT_EQ(0, stats_fit(k, y, 3, &fit));
}

TEST_HARNESS_MAIN
