// SPDX-License-Identifier: GPL-2.0-only
/*
 * A performance record as tables: a line a case, the fit under its series, skips by their reasons.
 */
#include <string.h>

#include "record.h"
#include "report.h"

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static bool is_done(const json_t *b)
{
	return !strcmp(record_string(b, "state"), "done");
}

/* Three to four digits that count; "-" where there is no value. */
static const char *figure(char *buf, size_t len, const json_t *v)
{
	double x = json_number_value(v);

	if (!json_is_number(v))
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, x < 100 ? "%.1f" : "%.0f", x);
	return buf;
}

/* "inv_page 8, inv_entries 8" */
static void print_work(FILE *f, const json_t *work)
{
	const char *key, *comma = "";
	json_t *v;

	json_object_foreach((json_t *)work, key, v)
		if (json_integer_value(v)) {
			fprintf(f, "%s%s %" JSON_INTEGER_FORMAT, comma, key, json_integer_value(v));
			comma = ", ";
		}
}

static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* What the median may be, and whether it is. */
static void print_bar(FILE *f, const json_t *b)
{
	const json_t *bar = json_object_get(json_object_get(b, "params"), "bar");

	if (bar && json_is_number(json_object_get(b, "p50")))
		fprintf(f, " bar %.0f: %s", json_number_value(bar),
			number(b, "p50") <= json_number_value(bar) ? "met" : "not met");
}

static void print_case(FILE *f, const json_t *b)
{
	static const char *const columns[] = { "min", "p50", "p90", "p99", "p99_9", "max" };
	const json_t *ci = json_object_get(b, "p50_ci");
	char buf[32], lo[32], hi[32], range[72];

	fprintf(f, "  %-12s", last_part(record_string(b, "name")));
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		fprintf(f, " %8s", figure(buf, sizeof(buf), json_object_get(b, columns[i])));
		if (strcmp(columns[i], "p50"))
			continue;
		snprintf(range, sizeof(range), "[%s, %s]",
			 figure(lo, sizeof(lo), json_array_get(ci, 0)),
			 figure(hi, sizeof(hi), json_array_get(ci, 1)));
		fprintf(f, " %-16s", range);
	}
	fprintf(f, " %6.0f x %-3.0f ", number(b, "n"), number(b, "calls_per_sample"));
	print_work(f, json_object_get(b, "work"));
	print_bar(f, b);
	if (json_is_false(json_object_get(b, "verified")))
		fputs(" (effect not seen)", f);
	if (json_is_true(json_object_get(b, "short_region")))
		fputs(" (short for this clock)", f);
	fputc('\n', f);
}

static void print_fit(FILE *f, const json_t *root, const char *series)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(root, "fits"), i, one)
		if (!strcmp(record_string(one, "series"), series))
			fprintf(f, "  p50 = %.1f + %.2f * batch (worst point %.0f %% off)\n",
				number(one, "a"), number(one, "b"),
				100 * number(one, "worst_relative_error"));
	json_array_foreach(json_object_get(root, "flatness"), i, one)
		if (!strcmp(record_string(one, "series"), series))
			fprintf(f, "  largest p50 by smallest: %.2f\n", number(one, "ratio"));
}

static void print_series(FILE *f, const json_t *root)
{
	const char *series = "";
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(root, "benchmarks"), i, b) {
		if (!is_done(b))
			continue;
		if (strcmp(series, record_string(b, "series"))) {
			print_fit(f, root, series);
			series = record_string(b, "series");
			fprintf(f, "\n%s, %s a %s\n", series, record_string(b, "unit"),
				record_string(b, "per"));
			fprintf(f, "  %-12s %8s %8s %-16s %8s %8s %8s %8s %12s work a %s\n", "",
				"min", "p50", "[95 % of p50]", "p90", "p99", "p99.9", "max",
				"n x calls", record_string(b, "per"));
		}
		print_case(f, b);
	}
	print_fit(f, root, series);
}

/* Each reason once, with how many cases it concerns. */
static void print_skips(FILE *f, const json_t *root)
{
	json_t *reasons = json_object(), *v;
	const char *reason;
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(root, "benchmarks"), i, b) {
		reason = record_string(b, "skipped");
		if (*reason)
			json_object_set_new(
				reasons, reason,
				json_integer(json_integer_value(json_object_get(reasons, reason)) +
					     1));
	}
	if (json_object_size(reasons))
		fputs("\nskipped:\n", f);
	json_object_foreach(reasons, reason, v)
		fprintf(f, "  %3" JSON_INTEGER_FORMAT "  %s\n", json_integer_value(v), reason);
	json_decref(reasons);
	json_array_foreach(json_object_get(root, "benchmarks"), i, b)
		if (*record_string(b, "failed"))
			fprintf(f, "\nFAILED %s: %s\n", record_string(b, "name"),
				record_string(b, "failed"));
}

void report_print(FILE *f, const json_t *root)
{
	const json_t *settings = json_object_get(root, "settings");
	const json_t *timer = json_object_get(root, "timer");
	const json_t *doubts = json_object_get(json_object_get(root, "environment"), "doubts"),
		     *one;
	const json_t *summary = json_object_get(root, "summary");
	size_t i;

	fprintf(f,
		"subject %s, timing domain %s, unit %s, closed loop; reading the clock takes %.0f, "
		"its step is %.0f\n",
		record_string(settings, "subject"), record_string(settings, "timing_domain"),
		record_string(timer, "unit"), number(timer, "overhead"),
		number(timer, "resolution"));
	if (*record_string(settings, "note"))
		fprintf(f, "note: %s\n", record_string(settings, "note"));
	json_array_foreach(doubts, i, one)
		fprintf(f, "doubt: %s\n", json_string_value(one));
	print_series(f, root);
	print_skips(f, root);
	fprintf(f, "\nperf: %.0f benchmarks measured, %.0f failed, %.0f skipped\n",
		number(summary, "done"), number(summary, "failed"), number(summary, "skipped"));
}
