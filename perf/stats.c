// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order statistics and fits of samples.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats.h"

/* 10 samples beyond a percentile, else it is one sample's accident. */
const struct stats_quantile_info stats_quantiles[STATS_NR_QUANTILES] = {
	[STATS_P50] = { "p50", 0.5, 20 },
	[STATS_P90] = { "p90", 0.9, 100 },
	[STATS_P99] = { "p99", 0.99, 1000 },
	[STATS_P99_9] = { "p99_9", 0.999, 10000 },
};

size_t stats_median_rank(size_t n, double confidence)
{
	double tail = (1 - confidence) / 2;
	size_t lo = 0, hi = n / 2; /* lo always qualifies: P(X < 0) = 0 */

	while (lo < hi) {
		size_t r = (lo + hi + 1) / 2;

		if (gsl_cdf_binomial_P((unsigned int)r - 1, 0.5, (unsigned int)n) <= tail)
			lo = r;
		else
			hi = r - 1;
	}
	return lo;
}

static void describe(const double *sorted, size_t n, struct stats *out)
{
	double q1 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.25);
	double q3 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.75);

	*out = (struct stats){ .n = n, .min = sorted[0], .max = sorted[n - 1] };
	for (int i = 0; i < STATS_NR_QUANTILES; i++) {
		out->known[i] = n >= stats_quantiles[i].least;
		if (out->known[i])
			out->q[i] = gsl_stats_quantile_from_sorted_data(sorted, 1, n,
									stats_quantiles[i].p);
	}
	out->ci_rank = stats_median_rank(n, STATS_CONFIDENCE);
	out->has_ci = out->ci_rank > 0;
	if (out->has_ci) {
		out->ci_lo = sorted[out->ci_rank - 1];
		out->ci_hi = sorted[n - out->ci_rank];
	}
	out->fence = q3 + 3 * (q3 - q1);
	for (size_t i = n; i > 0 && sorted[i - 1] > out->fence; i--)
		out->outliers++;
}

int stats_summarize(const double *samples, size_t n, struct stats *out)
{
	double *sorted;

	for (size_t i = 0; i < n; i++)
		if (!isfinite(samples[i]))
			return -EINVAL;
	if (!n)
		return -EINVAL;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, samples, n * sizeof(*sorted));
	gsl_sort(sorted, 1, n);
	describe(sorted, n, out);
	free(sorted);
	return 0;
}

int stats_fit(const double *k, const double *y, size_t n, struct stats_fit *out)
{
	double cov_aa, cov_ab, cov_bb, chisq, scale, *w;
	bool spread = false;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (!(y[i] > 0) || !isfinite(y[i]) || !isfinite(k[i]))
			return -EINVAL;
		spread |= k[i] != k[0];
	}
	if (n < 3 || !spread)
		return -EINVAL;
	w = malloc(n * sizeof(*w));
	if (!w)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		w[i] = 1 / (y[i] * y[i]);
	rc = gsl_fit_wlinear(k, 1, w, 1, y, 1, n, &out->a, &out->b, &cov_aa, &cov_ab, &cov_bb,
			     &chisq);
	free(w);
	if (rc)
		return -EINVAL;
	/*
	 * The weights say how errors compare, not how large they are: that comes from the
	 * residuals.
	 */
	scale = chisq / (double)(n - 2);
	out->a_se = sqrt(cov_aa * scale);
	out->b_se = sqrt(cov_bb * scale);
	out->worst = 0;
	for (size_t i = 0; i < n; i++)
		out->worst = fmax(out->worst, fabs(out->a + out->b * k[i] - y[i]) / y[i]);
	return 0;
}
