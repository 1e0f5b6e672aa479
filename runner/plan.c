// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collects the tests of every suite that is linked in and joins them with their citations.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "runner.h"

struct building {
	struct plan *plan;
	const struct plan_filter *filter;
	const struct cts_suite *suite;
	size_t room;
};

struct citation {
	const struct cts_suite *suite;
	const char *fixture, *test;
	const char *const *ids;
};

/* A citation knows its source file, "conformance/nesting/bind.c"; the suite is "nesting/bind". */
static bool same_file(const char *file, const char *suite)
{
	size_t flen = strlen(file), slen = strlen(suite);

	if (!strcmp(file, suite))
		return true;
	return flen > slen + 2 && !strcmp(file + flen - 2, ".c") &&
	       !strncmp(file + flen - 2 - slen, suite, slen) && file[flen - 3 - slen] == '/';
}

static int match_cite(void *arg, const struct cts_cite *cite)
{
	struct citation *want = arg;

	if (strcmp(cite->fixture, want->fixture) || strcmp(cite->test, want->test) ||
	    !same_file(cite->suite, want->suite->name))
		return 0;
	want->ids = cite->ids;
	return 1;
}

static const char *const *cited(const struct cts_suite *suite, const char *fixture,
				const char *test)
{
	static const char *const none[] = { NULL };
	struct citation c = { suite, fixture, test, none };

	cts_cite_each(match_cite, &c);
	return c.ids;
}

bool plan_cites(const struct plan_test *t, const char *id)
{
	for (const char *const *p = t->ids; *p; p++)
		if (!strcmp(*p, id))
			return true;
	return false;
}

static bool wanted(const struct plan_test *t, const struct plan_filter *filter)
{
	return (!filter->test || !fnmatch(filter->test, t->name, 0)) &&
	       (!filter->requirement || plan_cites(t, filter->requirement));
}

static void add_test(void *arg, const char *fixture, const char *variant, const char *test)
{
	struct building *b = arg;
	struct plan_test t = { .suite = b->suite, .ids = cited(b->suite, fixture, test) };

	t.name = xprintf("%s.%s%s%s.%s", b->suite->name, fixture, *variant ? "." : "", variant,
			 test);
	t.inner = t.name + strlen(b->suite->name) + 1;
	if (!wanted(&t, b->filter)) {
		free(t.name);
		return;
	}
	if (b->plan->nr == b->room) {
		struct plan_test *more = xcalloc(b->room * 2 + 64, sizeof(*more));

		if (b->plan->nr)
			memcpy(more, b->plan->tests, b->plan->nr * sizeof(*more));
		free(b->plan->tests);
		b->plan->tests = more;
		b->room = b->room * 2 + 64;
	}
	b->plan->tests[b->plan->nr++] = t;
}

static int add_suite(void *arg, const struct cts_suite *suite)
{
	struct building *b = arg;

	if (b->filter->area && strcmp(b->filter->area, suite->area))
		return 0;
	b->suite = suite;
	suite->each(add_test, b);
	return 0;
}

void plan_build(struct plan *p, const struct plan_filter *filter)
{
	struct building b = { .plan = p, .filter = filter };

	*p = (struct plan){ 0 };
	cts_suite_each(add_suite, &b);
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->tests[i].name);
	free(p->tests);
	*p = (struct plan){ 0 };
}

static int suite_has_area(void *area, const struct cts_suite *s)
{
	return !strcmp(s->area, area);
}

static int requirement_has_area(void *area, const struct cts_requirement *r)
{
	return !strcmp(r->area, area);
}

bool plan_area_exists(const char *area)
{
	return cts_suite_each(suite_has_area, (void *)area) ||
	       cts_requirement_each(requirement_has_area, (void *)area);
}

struct suite_search {
	const char *name;
	const struct cts_suite *found;
};

static int match_suite(void *arg, const struct cts_suite *s)
{
	struct suite_search *search = arg;

	if (strcmp(s->name, search->name))
		return 0;
	search->found = s;
	return 1;
}

const struct cts_suite *plan_suite(const char *name)
{
	struct suite_search search = { .name = name };

	cts_suite_each(match_suite, &search);
	return search.found;
}
