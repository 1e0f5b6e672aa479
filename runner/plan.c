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
	const struct cts_cite **cites;
	size_t nr_cites, cite_room;
};

/* A larger array with the content of @old, which is freed. */
static void *grow(void *old, size_t nr, size_t *room, size_t size)
{
	void *more;

	*room = *room * 2 + 64;
	more = xcalloc(*room, size);
	if (nr)
		memcpy(more, old, nr * size);
	free(old);
	return more;
}

/* A citation knows its source file, "conformance/nesting/bind.c"; the suite is "nesting/bind". */
static bool same_file(const char *file, const char *suite)
{
	size_t flen = strlen(file), slen = strlen(suite);

	if (!strcmp(file, suite))
		return true;
	return flen > slen + 2 && !strcmp(file + flen - 2, ".c") &&
	       !strncmp(file + flen - 2 - slen, suite, slen) && file[flen - 3 - slen] == '/';
}

static int keep_cite(void *arg, const struct cts_cite *cite)
{
	struct building *b = arg;

	if (b->nr_cites == b->cite_room)
		b->cites = grow(b->cites, b->nr_cites, &b->cite_room, sizeof(*b->cites));
	b->cites[b->nr_cites++] = cite;
	return 0;
}

static const char *const *cited(const struct building *b, const char *fixture, const char *test)
{
	static const char *const none[] = { NULL };

	for (size_t i = 0; i < b->nr_cites; i++) {
		const struct cts_cite *c = b->cites[i];

		if (!strcmp(c->test, test) && !strcmp(c->fixture, fixture) &&
		    same_file(c->suite, b->suite->name))
			return c->ids;
	}
	return none;
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

static void add_test(void *arg, const struct cts_suite_test *one)
{
	struct building *b = arg;
	struct plan_test t = {
		.suite = b->suite, .ids = cited(b, one->fixture, one->test),
		.variant = one->v,
	};

	t.name = xprintf("%s.%s%s%s.%s", b->suite->name, one->fixture, *one->variant ? "." : "",
			 one->variant, one->test);
	t.inner = t.name + strlen(b->suite->name) + 1;
	if (!wanted(&t, b->filter)) {
		free(t.name);
		return;
	}
	if (b->plan->nr == b->room)
		b->plan->tests = grow(b->plan->tests, b->plan->nr, &b->room, sizeof(t));
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
	cts_cite_each(keep_cite, &b);
	cts_suite_each(add_suite, &b);
	free(b.cites);
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
