// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the record of a run out of its results.
 */
#include <string.h>

#include "record.h"
#include "report.h"

/* @ok or null */
static json_t *real_or_null(bool ok, double v)
{
	return ok ? json_real(v) : json_null();
}

static void add_quantiles(json_t *o, const struct stats *st)
{
	json_t *missing = json_object();

	for (int i = 0; i < STATS_NR_QUANTILES; i++) {
		const struct stats_quantile_info *q = &stats_quantiles[i];

		json_object_set_new(o, q->name, real_or_null(st->known[i], st->q[i]));
		if (!st->known[i])
			json_object_set_new(
				missing, q->name,
				json_sprintf("%zu samples, %zu are needed", st->n, q->least));
	}
	json_object_set_new(o, "max", json_real(st->max));
	json_object_set_new(o, "p50_ci",
			    st->has_ci ? json_pack("[f,f]", st->ci_lo, st->ci_hi) : json_null());
	if (!st->has_ci)
		json_object_set_new(missing, "p50_ci",
				    json_sprintf("%zu samples are too few", st->n));
	json_object_set_new(o, "missing", missing);
	json_object_set_new(o, "outliers",
			    json_pack("{s:I, s:f, s:s}", "count", (json_int_t)st->outliers, "above",
				      st->fence, "rule", "third quartile + 3 IQR"));
}

static json_t *work_json(const struct iommu_ref_stats *w)
{
	json_t *o = json_object();

#define COUNT(field) json_object_set_new(o, #field, json_integer((json_int_t)w->field))
	COUNT(translations);
	COUNT(iotlb_hits);
	COUNT(iotlb_misses);
	COUNT(iotlb_fills);
	COUNT(iotlb_evictions);
	COUNT(walk_loads);
	COUNT(faults);
	COUNT(inv_page);
	COUNT(inv_range);
	COUNT(inv_pasid);
	COUNT(inv_domain);
	COUNT(inv_all);
	COUNT(inv_entries);
	COUNT(inv_atc);
	COUNT(inv_atc_entries);
#undef COUNT
	return o;
}

static json_t *array_of(const double *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_real(v[i]));
	return a;
}

static void add_measurement(json_t *o, const struct bench_result *r)
{
	json_object_set_new(o, "calls_per_sample", json_integer(r->calls));
	json_object_set_new(o, "short_region", json_boolean(r->short_region));
	json_object_set_new(o, "warmup", json_integer((json_int_t)r->warmup));
	json_object_set_new(o, "first", array_of(r->first, r->nr_first));
	json_object_set_new(o, "n", json_integer((json_int_t)r->stats.n));
	json_object_set_new(o, "min", json_real(r->stats.min));
	add_quantiles(o, &r->stats);
	if (r->has_work)
		json_object_set_new(o, "work", work_json(&r->work));
	json_object_set_new(o, "samples", array_of(r->samples, r->stats.n));
}

static json_t *benchmark_json(const struct report_run *run, const struct bench_result *r)
{
	static const char *const states[] = {
		[BENCH_DONE] = "done", [BENCH_SKIP] = "skipped", [BENCH_FAIL] = "failed"
	};
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "name", r->bc->name,
			      "series", r->bc->series, "subject", run->subject, "timing_domain",
			      run->domain, "unit", run->unit, "per", r->bc->ops->per, "loop",
			      "closed", "state", states[r->state], "params", r->params);

	json_object_set_new(o, "skipped",
			    r->state == BENCH_SKIP ? json_string(r->why) : json_null());
	if (r->state == BENCH_FAIL)
		json_object_set_new(o, "failed", json_string(r->why));
	if (r->state != BENCH_DONE)
		return o;
	json_object_set_new(o, "verified", json_boolean(!r->not_verified[0]));
	if (r->not_verified[0])
		json_object_set_new(o, "not_verified", json_string(r->not_verified));
	add_measurement(o, r);
	return o;
}

static bool same_series(const struct bench_result *a, const struct bench_result *b)
{
	return !strcmp(a->bc->series, b->bc->series);
}

static bool has_median(const struct bench_result *r)
{
	return r->state == BENCH_DONE && r->stats.known[STATS_P50];
}

#define MAX_POINTS 16

/*
 * What the cases of one series have in common with their neighbours: batch sizes or cached
 * entries.
 */
struct points {
	double x[MAX_POINTS], y[MAX_POINTS];
	size_t n;
	json_t *list; /* [[x, p50], ...] */
};

static void collect(struct points *p, const struct bench_result *r, size_t n, bool cached)
{
	*p = (struct points){ .list = json_array() };
	for (size_t i = 0; i < n && p->n < MAX_POINTS && same_series(r, &r[i]); i++) {
		if (!has_median(&r[i]))
			continue;
		p->x[p->n] = cached ? (double)json_integer_value(
					      json_object_get(r[i].params, "cached_entries"))
				    : r[i].bc->batch;
		p->y[p->n] = r[i].stats.q[STATS_P50];
		json_array_append_new(p->list, json_pack("[f,f]", p->x[p->n], p->y[p->n]));
		p->n++;
	}
}

static json_t *fit_json(const struct report_run *run, const struct bench_result *r, size_t n)
{
	struct stats_fit fit;
	struct points p;

	collect(&p, r, n, false);
	if (stats_fit(p.x, p.y, p.n, &fit)) {
		json_decref(p.list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:o}", "series",
			 r->bc->series, "timing_domain", run->domain, "unit", run->unit, "model",
			 "a + b * batch", "a", fit.a, "b", fit.b, "a_se", fit.a_se, "b_se",
			 fit.b_se, "worst_relative_error", fit.worst, "points", p.list);
}

/* Costs over how much is cached: the largest median by the smallest. */
static json_t *flat_json(const struct report_run *run, const struct bench_result *r, size_t n)
{
	double lo, hi;
	struct points p;

	collect(&p, r, n, true);
	if (p.n < 2) {
		json_decref(p.list);
		return NULL;
	}
	lo = hi = p.y[0];
	for (size_t i = 1; i < p.n; i++) {
		lo = p.y[i] < lo ? p.y[i] : lo;
		hi = p.y[i] > hi ? p.y[i] : hi;
	}
	return json_pack("{s:s, s:s, s:s, s:f, s:o}", "series", r->bc->series, "timing_domain",
			 run->domain, "unit", run->unit, "ratio", hi / lo, "points", p.list);
}

static void add_series(const struct report_run *run, json_t *root,
		       const struct bench_result *results, size_t n)
{
	json_t *fits = json_array(), *flat = json_array(), *o;

	for (size_t i = 0; i < n; i++) {
		if (i && same_series(&results[i - 1], &results[i]))
			continue;
		if (results[i].bc->cached) {
			o = flat_json(run, &results[i], n - i);
			if (o)
				json_array_append_new(flat, o);
		} else if (results[i].bc->batch) {
			o = fit_json(run, &results[i], n - i);
			if (o)
				json_array_append_new(fits, o);
		}
	}
	json_object_set_new(root, "fits", fits);
	json_object_set_new(root, "flatness", flat);
}

json_t *report_make(const struct report_run *run, json_t *environment,
		    const struct bench_result *results, size_t n)
{
	json_t *list = json_array(), *root;
	int count[3] = { 0 };

	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, benchmark_json(run, &results[i]));
		count[results[i].state]++;
	}
	root = json_pack("{s:o, s:{s:s, s:s, s:f, s:f, s:i}, s:{s:b, s:I, s:f, s:s, s:s, s:s, "
			 "s:s?}, s:{s:i, s:i, s:i}, s:o}",
			 "environment", environment, "timer", "clock", "CLOCK_MONOTONIC_RAW",
			 "unit", run->unit, "overhead", run->timer.overhead, "resolution",
			 run->timer.resolution, "least_regions", TIMER_LEAST_REGIONS, "settings",
			 "quick", run->quick, "samples", (json_int_t)run->effort.samples, "budget",
			 run->effort.budget, "loop", "closed", "subject", run->subject,
			 "timing_domain", run->domain, "note", run->note, "summary", "done",
			 count[BENCH_DONE], "skipped", count[BENCH_SKIP], "failed",
			 count[BENCH_FAIL], "benchmarks", list);
	if (root)
		add_series(run, root, results, n);
	return root;
}
