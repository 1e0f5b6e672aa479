/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be said about a set of samples: order statistics only, because latencies are not
 * normal; no percentile from too few samples; the cost of a batch as a + b*k. Distributions and
 * fits are GSL's.
 */
#ifndef PERF_STATS_H
#define PERF_STATS_H

#include <stdbool.h>
#include <stddef.h>

enum stats_quantile { STATS_P50, STATS_P90, STATS_P99, STATS_P99_9, STATS_NR_QUANTILES };

struct stats_quantile_info {
	const char *name; /* "p99_9" */
	double p;
	size_t least; /* samples below which it is not given: 10 / (1 - p) */
};
extern const struct stats_quantile_info stats_quantiles[STATS_NR_QUANTILES];

#define STATS_CONFIDENCE 0.95

struct stats {
	size_t n;
	double min, max;
	bool known[STATS_NR_QUANTILES];
	double q[STATS_NR_QUANTILES]; /* valid where known */
	bool has_ci; /* of the median, at least STATS_CONFIDENCE */
	double ci_lo, ci_hi;
	size_t ci_rank; /* they are the ci_rank-th sample from either end, 1 the first */
	double fence; /* third quartile + 3 interquartile ranges */
	size_t outliers; /* beyond it: counted, never removed */
};

/* Of @n >= 1 samples in any order. 0 or -ENOMEM; -EINVAL: none, or one is no number. */
int stats_summarize(const double *samples, size_t n, struct stats *out);

/*
 * Rank r of the confidence interval [x(r), x(n+1-r)] of the median: the largest r with
 * P(Binomial(n, 1/2) < r) <= (1 - confidence) / 2. 0: @n is too small for any.
 */
size_t stats_median_rank(size_t n, double confidence);

/* y = a + b*k, each point weighted by 1/y^2: errors of a time are relative to it. */
struct stats_fit {
	double a, b;
	double a_se, b_se; /* standard errors, from the residuals */
	double worst; /* largest relative distance of a point from the line */
};
/* -EINVAL: fewer than 3 points, a y <= 0, or all k equal. */
int stats_fit(const double *k, const double *y, size_t n, struct stats_fit *out);

#endif
