// SPDX-License-Identifier: GPL-2.0-only
/*
 * The outcomes of a test and of a requirement: their names, which of them are bad, which is worse.
 */
#include <string.h>

#include "record.h"

const char *const record_outcomes[] = {
	"pass", "fail", "xfail", "xpass", "not-applicable", "not-supported", "env-missing",
	"not-implemented", "broken", "timeout", "crash", "dmesg", NULL
};

/* From bad to good: what decides about a requirement that has several tests. */
static const char *const severity[] = {
	"crash", "dmesg", "timeout", "fail", "xpass", "broken", "xfail", "pass", "env-missing",
	"not-supported", "not-applicable", "not-implemented", NULL
};

bool record_outcome_bad(const char *outcome)
{
	for (size_t i = 0; strcmp(severity[i], "xfail"); i++)
		if (!strcmp(severity[i], outcome))
			return true;
	return false;
}

static size_t rank(const char *outcome)
{
	size_t i = 0;

	while (severity[i] && (!outcome || strcmp(severity[i], outcome)))
		i++;
	return i;
}

const char *record_outcome_worse(const char *a, const char *b)
{
	return rank(a) <= rank(b) ? a : b;
}

const char *record_string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

json_t *record_summary(const json_t *results)
{
	json_t *summary = json_object(), *one;
	size_t i;

	for (i = 0; record_outcomes[i]; i++)
		json_object_set_new(summary, record_outcomes[i], json_integer(0));
	json_array_foreach(results, i, one) {
		json_t *n = json_object_get(summary, record_string(one, "outcome"));

		if (n)
			json_integer_set(n, json_integer_value(n) + 1);
	}
	return summary;
}
