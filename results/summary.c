// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record for people: requirements by area, what failed and why, why tests did not run, how much
 * of the uAPI was reached.
 */
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define MAX_FAILURES 40		/* shown; all of them are in results.json */
#define MAX_REASONS 12

struct area {
	const char *name;
	unsigned int total, pass, xfail, bad, not_run, no_test;
};

static struct area *area_of(struct area *areas, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(areas[i].name, name))
			return &areas[i];
	areas[*n] = (struct area){ .name = name };
	return &areas[(*n)++];
}

static void count(struct area *a, const char *outcome)
{
	a->total++;
	if (record_outcome_bad(outcome))
		a->bad++;
	else if (!strcmp(outcome, "pass"))
		a->pass++;
	else if (!strcmp(outcome, "xfail"))
		a->xfail++;
	else if (!strcmp(outcome, "not-implemented"))
		a->no_test++;
	else
		a->not_run++;
}

static void print_area(FILE *f, const struct area *a)
{
	fprintf(f, "%-24s %12u %6u %6u %6u %8u %8u\n", a->name, a->total, a->pass, a->xfail,
		a->bad, a->not_run, a->no_test);
}

static void print_areas(FILE *f, const json_t *requirements)
{
	struct area *areas = calloc(json_array_size(requirements) + 1, sizeof(*areas));
	struct area all = { .name = "all" };
	const json_t *one;
	size_t i, n = 0;

	if (!areas)
		return;
	json_array_foreach(requirements, i, one) {
		count(area_of(areas, &n, record_string(one, "area")),
		      record_string(one, "outcome"));
		count(&all, record_string(one, "outcome"));
	}
	fprintf(f, "%-24s %12s %6s %6s %6s %8s %8s\n", "area", "requirements", "pass", "xfail",
		"fail", "not run", "no test");
	for (i = 0; i < n; i++)
		print_area(f, &areas[i]);
	print_area(f, &all);
	free(areas);
}

static void print_requirements_of(FILE *f, const json_t *one)
{
	const json_t *ids = json_object_get(one, "requirements"), *id;
	size_t i;

	json_array_foreach(ids, i, id)
		fprintf(f, "%s%s", i ? ", " : " [", json_string_value(id));
	if (i)
		fputc(']', f);
}

static bool is_xfail(const char *outcome)
{
	return !strcmp(outcome, "xfail");
}

/* Each result that is @wanted, with its requirements and its reason. */
static void print_failures(FILE *f, const json_t *results, const char *heading,
			   bool (*wanted)(const char *outcome))
{
	const json_t *one;
	size_t i, shown = 0, bad = 0;

	json_array_foreach(results, i, one) {
		const char *outcome = record_string(one, "outcome");

		if (!wanted(outcome))
			continue;
		if (!bad++)
			fprintf(f, "\n%s:\n", heading);
		if (shown == MAX_FAILURES)
			continue;
		shown++;
		fprintf(f, "  %s: %s", outcome, record_string(one, "test"));
		print_requirements_of(f, one);
		fprintf(f, "\n      %s\n", record_string(one, "reason"));
	}
	if (bad > shown)
		fprintf(f, "  and %zu more: results.json has them all\n", bad - shown);
}

struct reason {
	const char *outcome, *text;
	unsigned int n;
};

static int more_often(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	return x->n == y->n ? strcmp(x->text, y->text) : x->n < y->n ? 1 : -1;
}

static void add_reason(struct reason *list, size_t *n, const char *outcome, const char *text)
{
	for (size_t i = 0; i < *n; i++) {
		if (!strcmp(list[i].outcome, outcome) && !strcmp(list[i].text, text)) {
			list[i].n++;
			return;
		}
	}
	list[(*n)++] = (struct reason){ outcome, text, 1 };
}

static void print_not_run(FILE *f, const json_t *results)
{
	struct reason *list = calloc(json_array_size(results) + 1, sizeof(*list));
	const json_t *one;
	size_t i, n = 0;

	if (!list)
		return;
	json_array_foreach(results, i, one) {
		const char *outcome = record_string(one, "outcome");

		if (!record_outcome_bad(outcome) && !is_xfail(outcome) && strcmp(outcome, "pass"))
			add_reason(list, &n, outcome, record_string(one, "reason"));
	}
	qsort(list, n, sizeof(*list), more_often);
	if (n)
		fprintf(f, "\nTests that were not run, and why:\n");
	for (i = 0; i < n && i < MAX_REASONS; i++)
		fprintf(f, "  %5u  %s: %s\n", list[i].n, list[i].outcome, list[i].text);
	if (n > MAX_REASONS)
		fprintf(f, "  and %zu more reasons: results.json has them all\n", n - MAX_REASONS);
	free(list);
}

static void print_coverage(FILE *f, const json_t *coverage)
{
	const json_t *sum = json_object_get(coverage, "summary");

	if (!sum)
		return;
	fprintf(f, "\nCoverage: %lld of %lld ioctls reached, %lld of %lld documented ioctl errors, "
		"%lld of %lld flag values\n",
		(long long)json_integer_value(json_object_get(sum, "ioctls_reached")),
		(long long)json_integer_value(json_object_get(sum, "ioctls")),
		(long long)json_integer_value(json_object_get(sum, "errnos_reached")),
		(long long)json_integer_value(json_object_get(sum, "errnos")),
		(long long)json_integer_value(json_object_get(sum, "flags_reached")),
		(long long)json_integer_value(json_object_get(sum, "flags")));
	fprintf(f, "Errnos seen:");
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(sum, "errno_names"), i, name)
		fprintf(f, " %s", json_string_value(name));
	fputc('\n', f);
}

void record_print_summary(FILE *f, const json_t *root)
{
	const json_t *env = json_object_get(root, "environment");
	const json_t *results = json_object_get(root, "results");
	const json_t *summary = json_object_get(root, "summary"), *n;
	const char *name, *sep = "";

	fprintf(f, "Subject: %s, kernel %s, %s\n\n", record_string(env, "subject"),
		record_string(env, "kernel"), record_string(env, "machine"));
	print_areas(f, json_object_get(root, "requirements"));
	print_not_run(f, results);
	print_failures(f, results, "Expected failures", is_xfail);
	print_failures(f, results, "Failures", record_outcome_bad);
	print_coverage(f, json_object_get(root, "coverage"));
	fprintf(f, "\n%zu tests: ", json_array_size(results));
	json_object_foreach((json_t *)summary, name, n) {
		if (!json_integer_value(n))
			continue;
		fprintf(f, "%s%lld %s", sep, (long long)json_integer_value(n), name);
		sep = ", ";
	}
	fputc('\n', f);
}
