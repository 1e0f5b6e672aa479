// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf.json on disk: one line a benchmark, so that a record can be looked at with line tools; and
 * its check when it is read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "report.h"

#define DIGITS JSON_REAL_PRECISION(12) /* a thousandth of a nanosecond in a second */

static void print_list(FILE *f, const json_t *list)
{
	const json_t *one;
	size_t i;

	fputc('[', f);
	json_array_foreach(list, i, one) {
		fputs(i ? ",\n" : "\n", f);
		json_dumpf(one, f, JSON_COMPACT | DIGITS);
	}
	fputs("\n]", f);
}

static void print_record(FILE *f, const json_t *root)
{
	const char *key, *comma = "";
	json_t *v;

	fputs("{\n", f);
	json_object_foreach((json_t *)root, key, v) {
		fprintf(f, "%s\"%s\": ", comma, key);
		if (json_is_array(v))
			print_list(f, v);
		else
			json_dumpf(v, f, JSON_INDENT(1) | DIGITS);
		comma = ",\n";
	}
	fputs("\n}\n", f);
}

int report_write(const char *dir, const json_t *root)
{
	return record_write_text(dir, "perf.json", print_record, root);
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fmax(fabs(a), fabs(b)));
}

static bool is_value(const json_t *o, const char *key, bool known, double v)
{
	const json_t *j = json_object_get(o, key);

	return known ? json_is_number(j) && close_to(json_number_value(j), v) : json_is_null(j);
}

/* NULL, or what does not follow from the samples. */
static const char *check_statistics(const json_t *o, const double *samples, size_t n)
{
	const json_t *ci = json_object_get(o, "p50_ci");
	struct stats st;

	if (stats_summarize(samples, n, &st))
		return "no samples";
	if (json_integer_value(json_object_get(o, "n")) != (json_int_t)n)
		return "n is not the number of samples";
	if (!is_value(o, "min", true, st.min) || !is_value(o, "max", true, st.max))
		return "min or max is not of these samples";
	for (int i = 0; i < STATS_NR_QUANTILES; i++)
		if (!is_value(o, stats_quantiles[i].name, st.known[i], st.q[i]))
			return "a percentile is not of these samples, or of too few";
	if (st.has_ci ? !close_to(json_number_value(json_array_get(ci, 0)), st.ci_lo) ||
				!close_to(json_number_value(json_array_get(ci, 1)), st.ci_hi)
		      : !json_is_null(ci))
		return "the confidence interval is not of these samples";
	return NULL;
}

static const char *check_samples(const json_t *o)
{
	const json_t *list = json_object_get(o, "samples"), *v;
	const char *why = NULL;
	double *samples;
	size_t i;

	if (!json_array_size(list) || !json_is_object(json_object_get(o, "outliers")) ||
	    !json_array_size(json_object_get(o, "first")) ||
	    json_integer_value(json_object_get(o, "calls_per_sample")) < 1)
		return "no samples, first calls, calls in a sample or outliers";
	samples = malloc(json_array_size(list) * sizeof(*samples));
	if (!samples)
		return "no memory";
	json_array_foreach(list, i, v) {
		if (!json_is_number(v))
			why = "a sample is no number";
		samples[i] = json_number_value(v);
	}
	if (!why)
		why = check_statistics(o, samples, json_array_size(list));
	free(samples);
	return why;
}

static bool known_domain(const char *domain)
{
	return !strcmp(domain, "model") || !strcmp(domain, "emulated") ||
	       !strcmp(domain, "hardware");
}

static const char *check_benchmark(const json_t *o, const char *domain)
{
	static const char *const texts[] = { "name", "series", "subject", "unit",
					     "per",  "loop",   "state" };
	const char *state = record_string(o, "state");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!*record_string(o, texts[i]))
			return "a member of every benchmark is missing";
	/* design.md: timing domains are never mixed in one table */
	if (!known_domain(domain) || strcmp(record_string(o, "timing_domain"), domain))
		return "unknown or mixed timing domains";
	if (!json_is_object(json_object_get(o, "params")))
		return "no params";
	if (!strcmp(state, "done"))
		return check_samples(o);
	if (!strcmp(state, "skipped"))
		return *record_string(o, "skipped") ? NULL : "skipped without a reason";
	if (!strcmp(state, "failed"))
		return *record_string(o, "failed") ? NULL : "failed without a reason";
	return "unknown state";
}

static const char *check_record(const json_t *root, const json_t **where)
{
	const json_t *list = json_object_get(root, "benchmarks"), *one;
	const char *domain = record_string(json_object_get(root, "settings"), "timing_domain"),
		   *why;
	size_t i;

	*where = NULL;
	if (!json_is_object(json_object_get(root, "environment")) || !json_is_array(list) ||
	    !json_is_object(json_object_get(root, "summary")))
		return "no environment, summary and benchmarks in it";
	if (!json_is_number(json_object_get(json_object_get(root, "timer"), "overhead")) ||
	    !json_is_number(json_object_get(json_object_get(root, "timer"), "resolution")))
		return "no timer in it";
	json_array_foreach(list, i, one) {
		why = check_benchmark(one, domain);
		*where = one;
		if (why)
			return why;
	}
	return NULL;
}

json_t *report_read(const char *file, char *why, size_t len)
{
	const json_t *where;
	const char *wrong;
	json_error_t error;
	json_t *root = json_load_file(file, 0, &error);

	if (!root) {
		snprintf(why, len, "%s: %s", file, error.text);
		return NULL;
	}
	wrong = check_record(root, &where);
	if (wrong) {
		snprintf(why, len, "%s is no record of perf: %s%s%s", file,
			 where ? record_string(where, "name") : "", where ? ": " : "", wrong);
		json_decref(root);
		return NULL;
	}
	return root;
}
