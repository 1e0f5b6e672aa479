// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record as KTAP version 1 (Documentation/dev-tools/ktap.rst): one line a test, failures with
 * their diagnostics.
 */
#include <string.h>

#include "record.h"

/* KTAP gives a meaning to '#' and to line ends: a description or reason must have neither. */
static void print_plain(FILE *f, const char *s)
{
	for (; *s; s++)
		fputc(*s == '\n' || *s == '\r' ? ' ' : *s, f);
}

static void print_diagnostics(FILE *f, const json_t *one)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(one, "log"), i, line) {
		fputs("# ", f);
		print_plain(f, json_string_value(line));
		fputc('\n', f);
	}
}

/* Directives that KTAP knows: SKIP, XFAIL, TIMEOUT, ERROR. The outcome's own name stands behind. */
static const char *directive(const char *outcome)
{
	if (!strcmp(outcome, "xfail"))
		return "XFAIL";
	if (!strcmp(outcome, "timeout"))
		return "TIMEOUT";
	if (!strcmp(outcome, "crash") || !strcmp(outcome, "broken"))
		return "ERROR";
	if (!strcmp(outcome, "pass") || record_outcome_bad(outcome))
		return NULL;
	return "SKIP";
}

static void print_result(FILE *f, size_t nr, const json_t *one)
{
	const char *outcome = record_string(one, "outcome"), *reason = record_string(one, "reason");
	const char *word = directive(outcome);
	bool bad = record_outcome_bad(outcome);

	if (bad)
		print_diagnostics(f, one);
	if (bad && !word && *reason) {
		fprintf(f, "# %s: ", outcome);
		print_plain(f, reason);
		fputc('\n', f);
	}
	fprintf(f, "%sok %zu ", bad ? "not " : "", nr);
	print_plain(f, record_string(one, "test"));
	if (word) {
		fprintf(f, " # %s ", word);
		if (strcmp(outcome, "xfail") && strcmp(outcome, "timeout"))
			fprintf(f, "%s: ", outcome);
		print_plain(f, reason);
	}
	fputc('\n', f);
}

void record_print_ktap(FILE *f, const json_t *root)
{
	const json_t *results = json_object_get(root, "results"), *one;
	const json_t *summary = json_object_get(root, "summary"), *n;
	const char *name;
	size_t i;

	fprintf(f, "KTAP version 1\n1..%zu\n", json_array_size(results));
	json_array_foreach(results, i, one)
		print_result(f, i + 1, one);
	if (json_is_true(json_object_get(json_object_get(root, "environment"), "interrupted")))
		fputs("Bail out! The run was interrupted, tests are missing\n", f);
	fputs("#", f);
	json_object_foreach((json_t *)summary, name, n)
		fprintf(f, " %s:%lld", name, (long long)json_integer_value(n));
	fputc('\n', f);
}
