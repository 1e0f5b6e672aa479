// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one case: set-up, first calls, proof of the effect, exact work of one call, calibration,
 * samples.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../uapi/names.h"
#include "bench.h"

static void set_why(struct bench *b, const char *fmt, va_list ap)
{
	vsnprintf(b->why, sizeof(b->why), fmt, ap);
}

int bench_skip(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_why(b, fmt, ap);
	va_end(ap);
	return BENCH_SKIPPED;
}

int bench_fail(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_why(b, fmt, ap);
	va_end(ap);
	return -EIO;
}

/* One timed region of @calls calls, in clock units; < 0: -errno of a call or of its preparation. */
static double region(struct bench *b, unsigned int calls)
{
	const struct bench_ops *ops = b->bc->ops;
	uint64_t begin, end;
	long rc, bad = 0;

	rc = ops->prepare(b, calls);
	if (rc < 0)
		return (double)rc;
	begin = timer_now();
	if (ops->run)
		bad = ops->run(b, calls);
	for (unsigned int i = 0; !ops->run && i < calls; i++) {
		rc = ops->call(b, i);
		bad = rc < 0 ? rc : bad;
	}
	end = timer_now();
	return bad < 0 ? (double)bad : (double)(end - begin);
}

static int failed_call(struct bench *b, double rc, const char *when)
{
	return bench_fail(b, "a call failed %s: %s", when, uapi_errno_name((int)-rc));
}

static int first_calls(struct bench *b, struct bench_result *r)
{
	for (; r->nr_first < BENCH_FIRST; r->nr_first++) {
		double t = region(b, b->min_calls);

		if (t < 0)
			return failed_call(b, t, "the first time");
		r->first[r->nr_first] = t / b->min_calls;
	}
	return 0;
}

/* What the model does for one call: exact, and the same in every run. */
static int count_work(struct bench *b, struct bench_result *r)
{
	struct iommu_ref_stats before, after;
	struct iommu_ref *ref = b->ref ? b->ref : cts_ref(b->c);
	const struct bench_ops *ops = b->bc->ops;
	long rc;

	if (!ref)
		return 0;
	rc = ops->prepare(b, b->min_calls);
	iommu_ref_stats(ref, &before);
	if (rc >= 0)
		rc = ops->run ? ops->run(b, b->min_calls) : ops->call(b, 0);
	iommu_ref_stats(ref, &after);
	if (rc < 0)
		return failed_call(b, (double)rc, "while its work was counted");
#define DELTA(field) r->work.field = (after.field - before.field) / b->min_calls
	DELTA(translations);
	DELTA(iotlb_hits);
	DELTA(iotlb_misses);
	DELTA(iotlb_fills);
	DELTA(iotlb_evictions);
	DELTA(walk_loads);
	DELTA(faults);
	DELTA(inv_page);
	DELTA(inv_range);
	DELTA(inv_pasid);
	DELTA(inv_domain);
	DELTA(inv_all);
	DELTA(inv_entries);
	DELTA(inv_atc);
	DELTA(inv_atc_entries);
#undef DELTA
	r->has_work = true;
	return 0;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define TRIES 5

/* The median of a few regions, so that one interruption does not decide. */
static double typical(struct bench *b, struct bench_result *r, unsigned int calls)
{
	double t[TRIES];

	for (int i = 0; i < TRIES; i++) {
		t[i] = region(b, calls);
		if (t[i] < 0)
			return t[i];
		r->warmup++;
	}
	qsort(t, TRIES, sizeof(t[0]), compare_double);
	return t[TRIES / 2];
}

/* Doubles the calls in a sample until the clock's cost is small beside them. */
static int calibrate(struct bench *b, struct bench_result *r, const struct timer *timer,
		     const struct bench_effort *effort)
{
	double least = TIMER_LEAST_REGIONS * timer->overhead;
	double wanted = effort->least_region, t;

	/* a quarter more: the median must not sit on the bound */
	if (wanted < 1.25 * least)
		wanted = 1.25 * least;

	r->calls = b->min_calls;
	for (;;) {
		t = typical(b, r, r->calls);
		if (t < 0)
			return failed_call(b, t, "during calibration");
		if (t >= wanted || r->calls == b->max_calls)
			break;
		r->calls = r->calls * 2 < b->max_calls ? r->calls * 2 : b->max_calls;
	}
	r->short_region = t < least;
	return 0;
}

/* No synchronisation: only the phase of the timer's ticks. Idle guest time takes no host time. */
static void align_to_tick(uint64_t period)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	now += period - now % period;
	ts = (struct timespec){ .tv_sec = (time_t)(now / 1000000000u),
				.tv_nsec = (long)(now % 1000000000u) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static int take_samples(struct bench *b, struct bench_result *r, const struct bench_effort *effort)
{
	size_t n = 0, least = stats_quantiles[STATS_P50].least;
	uint64_t begin;

	r->samples = malloc(effort->samples * sizeof(*r->samples));
	if (!r->samples)
		return bench_fail(b, "no memory for %zu samples", effort->samples);
	if (effort->align)
		align_to_tick(effort->align);
	begin = timer_now();
	while (n < effort->samples) {
		double t = region(b, r->calls);

		if (t < 0)
			return failed_call(b, t, "while it was timed");
		r->samples[n++] = t / r->calls;
		if (n >= least && (double)(timer_now() - begin) > effort->budget)
			break;
	}
	return stats_summarize(r->samples, n, &r->stats);
}

static int run(struct bench *b, const struct timer *timer, const struct bench_effort *effort,
	       struct bench_result *r)
{
	const struct bench_ops *ops = b->bc->ops;
	int rc;

	rc = ops->open(b);
	if (rc) {
		if (rc < 0 && !b->why[0])
			bench_fail(b, "set-up: %s (%s)", uapi_errno_name(-rc), cts_last_call(b->c));
		return rc;
	}
	ops->params(b, r->params);
	rc = first_calls(b, r);
	if (!rc)
		rc = ops->verify(b);
	if (!rc)
		rc = count_work(b, r);
	if (!rc)
		rc = calibrate(b, r, timer, effort);
	if (!rc)
		rc = take_samples(b, r, effort);
	return rc;
}

void bench_measure(const struct bench_case *bc, const struct timer *timer,
		   const struct bench_effort *effort, struct bench_result *r)
{
	struct bench b = { .bc = bc, .min_calls = 1, .max_calls = 1 };
	int rc;

	*r = (struct bench_result){ .bc = bc, .params = json_object() };
	b.c = cts_begin(&bc->uapi->variant);
	if (cts_skip_reason(b.c))
		rc = bench_skip(&b, "%s", cts_skip_reason(b.c));
	else
		rc = run(&b, timer, effort, r);
	r->state = rc < 0 ? BENCH_FAIL : rc ? BENCH_SKIP : BENCH_DONE;
	if (rc < 0 && !b.why[0])
		bench_fail(&b, "%s", uapi_errno_name(-rc));
	memcpy(r->why, b.why, sizeof(r->why));
	snprintf(r->not_verified, sizeof(r->not_verified), "%s",
		 b.verified	  ? ""
		 : b.not_verified ? b.not_verified
				  : "not reached");
	if (b.priv)
		bc->ops->close(&b);
	cts_end(b.c);
}

void bench_result_free(struct bench_result *r)
{
	json_decref(r->params);
	free(r->samples);
	r->params = NULL;
	r->samples = NULL;
}
