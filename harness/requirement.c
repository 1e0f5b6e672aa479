// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registries: requirements, citations and suites of whatever is linked into this program. They
 * are linker sections of pointers; the weak bounds make an empty one read as empty.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define SECTION(type, name) \
	extern const type *const __start_##name[] __attribute__((weak, visibility("hidden"))); \
	extern const type *const __stop_##name[] __attribute__((weak, visibility("hidden")))

SECTION(struct cts_requirement_table, cts_reqs);
SECTION(struct cts_cite, cts_cites);
SECTION(struct cts_suite, cts_suites);

typedef int (*order_fn)(const void *a, const void *b);

static int order_tables(const void *a, const void *b)
{
	const struct cts_requirement_table *x = *(const struct cts_requirement_table *const *)a;
	const struct cts_requirement_table *y = *(const struct cts_requirement_table *const *)b;
	const char *ax = x->nr ? x->table[0].area : "", *ay = y->nr ? y->table[0].area : "";

	return strcmp(ax, ay);
}

static int order_suites(const void *a, const void *b)
{
	const struct cts_suite *x = *(const struct cts_suite *const *)a;
	const struct cts_suite *y = *(const struct cts_suite *const *)b;
	int areas = strcmp(x->area, y->area);

	return areas ? areas : strcmp(x->name, y->name);
}

/* A sorted copy of a section's pointers; a section's own order is the linker's. */
static const void **sorted(const void *start, const void *stop, order_fn order, size_t *n)
{
	size_t bytes = (size_t)((const char *)stop - (const char *)start);
	const void **list;

	*n = start && stop ? bytes / sizeof(*list) : 0;
	list = malloc((*n + 1) * sizeof(*list));
	if (!list) {
		fputs("iommu-cts: no memory for the list of requirements\n", stderr);
		exit(2);
	}
	if (*n)
		memcpy(list, start, *n * sizeof(*list));
	if (*n > 1)
		qsort(list, *n, sizeof(*list), order);
	return list;
}

int cts_requirement_each(int (*fn)(void *arg, const struct cts_requirement *r), void *arg)
{
	size_t n;
	const void **list = sorted(__start_cts_reqs, __stop_cts_reqs, order_tables, &n);
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const struct cts_requirement_table *t = list[i];

		for (size_t k = 0; k < t->nr && !rc; k++)
			rc = fn(arg, &t->table[k]);
	}
	free(list);
	return rc;
}

const struct cts_requirement *cts_requirement_find(const char *id)
{
	size_t n = 0;

	if (__start_cts_reqs && __stop_cts_reqs)
		n = (size_t)(__stop_cts_reqs - __start_cts_reqs);
	for (size_t i = 0; i < n; i++) {
		const struct cts_requirement_table *t = __start_cts_reqs[i];

		for (size_t k = 0; k < t->nr; k++)
			if (!strcmp(t->table[k].id, id))
				return &t->table[k];
	}
	return NULL;
}

const struct cts_expect *cts_requirement_expect(const struct cts_requirement *r,
						unsigned int profile)
{
	for (size_t i = 0; i < sizeof(r->expect) / sizeof(r->expect[0]); i++)
		if (r->expect[i].nr && (r->expect[i].profiles & profile))
			return &r->expect[i];
	return NULL;
}

static int order_cites(const void *a, const void *b)
{
	const struct cts_cite *x = *(const struct cts_cite *const *)a;
	const struct cts_cite *y = *(const struct cts_cite *const *)b;
	int rc = strcmp(x->suite, y->suite);

	rc = rc ? rc : strcmp(x->fixture, y->fixture);
	return rc ? rc : strcmp(x->test, y->test);
}

int cts_cite_each(int (*fn)(void *arg, const struct cts_cite *cite), void *arg)
{
	size_t n;
	const void **list = sorted(__start_cts_cites, __stop_cts_cites, order_cites, &n);
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = fn(arg, list[i]);
	free(list);
	return rc;
}

int cts_suite_each(int (*fn)(void *arg, const struct cts_suite *s), void *arg)
{
	size_t n;
	const void **list = sorted(__start_cts_suites, __stop_cts_suites, order_suites, &n);
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = fn(arg, list[i]);
	free(list);
	return rc;
}

/* ---- what must hold of the registries themselves */

struct problems {
	void (*report)(void *arg, const char *problem);
	void *arg;
	int n;
};

static void problem(struct problems *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void problem(struct problems *p, const char *fmt, ...)
{
	char text[CTS_REASON_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->n++;
	if (p->report)
		p->report(p->arg, text);
}

static int check_requirement(void *arg, const struct cts_requirement *r)
{
	struct problems *p = arg;

	if (!r->id || !r->area || !r->text || !r->source || !r->strength || !r->profiles)
		problem(p, "requirement %s lacks area, text, strength, source or profiles",
			r->id ? r->id : "(no id)");
	else if (cts_requirement_find(r->id) != r)
		problem(p, "requirement %s is defined twice", r->id);
	return 0;
}

static int check_cite(void *arg, const struct cts_cite *cite)
{
	struct problems *p = arg;

	if (!cite->ids[0])
		problem(p, "%s: %s.%s cites no requirement", cite->suite, cite->fixture,
			cite->test);
	for (const char *const *id = cite->ids; *id; id++)
		if (!cts_requirement_find(*id))
			problem(p, "%s: %s.%s cites %s, which is no requirement", cite->suite,
				cite->fixture, cite->test, *id);
	return 0;
}

struct named {
	const struct cts_suite *self;
	unsigned int same;
};

static int count_same(void *arg, const struct cts_suite *s)
{
	struct named *n = arg;

	n->same += s != n->self && !strcmp(s->name, n->self->name);
	return 0;
}

static int check_suite(void *arg, const struct cts_suite *s)
{
	struct named n = { .self = s };

	cts_suite_each(count_same, &n);
	if (n.same)
		problem(arg, "suite %s is defined twice", s->name);
	return 0;
}

int cts_registry_check(void (*report)(void *arg, const char *problem), void *arg)
{
	struct problems p = { .report = report, .arg = arg };

	cts_requirement_each(check_requirement, &p);
	cts_cite_each(check_cite, &p);
	cts_suite_each(check_suite, &p);
	return p.n;
}
