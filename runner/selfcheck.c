// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold of the suite itself, as TAP: requirements, citations and suites fit together, IDs
 * are well formed, each known-bad variant is named by a requirement that exists, each MUST is
 * caught by such a variant, each known deviation is a complete row about one, and what is drawn
 * from a record is the same as what the run printed.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "defects/defects.h"
#include "iommu_ref.h"
#include "known.h"
#include "plan.h"
#include "record.h"
#include "requirement.h"
#include "runner.h"
#include "systems.h"

struct tap {
	int n, problems, failed;
	struct plan plan;
};

static void report(void *arg, const char *problem)
{
	struct tap *t = arg;

	t->problems++;
	printf("# %s\n", problem);
}

/* One line for all that was reported since the last one. */
static void result(struct tap *t, const char *name)
{
	printf("%sok %d - %s\n", t->problems ? "not " : "", ++t->n, name);
	t->failed += t->problems > 0;
	t->problems = 0;
}

static int check_id(void *arg, const struct cts_requirement *r)
{
	for (const char *p = r->id; *p; p++) {
		if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_') {
			report(arg, r->id);
			break;
		}
	}
	return 0;
}

static int check_has_test(void *arg, const struct cts_requirement *r)
{
	struct tap *t = arg;

	for (size_t i = 0; i < t->plan.nr; i++)
		if (plan_cites(&t->plan.tests[i], r->id))
			return 0;
	report(t, r->id);
	return 0;
}

static int check_area(void *arg, const struct cts_suite *s)
{
	if (strncmp(s->name, s->area, strlen(s->area)) || s->name[strlen(s->area)] != '/')
		report(arg, s->name);
	return 0;
}

static void check_defects(struct tap *t)
{
	const struct iommu_ref_defect_info *info;
	size_t nr_info = iommu_ref_defects(&info), n;
	const struct cts_defect *d = cts_defects(&n);

	for (size_t i = 0; i < n; i++)
		if (!cts_requirement_find(d[i].requirement)) {
			printf("# %s: ", d[i].name);
			report(t, d[i].requirement);
		}
	result(t, "each known-bad variant names a requirement that exists");
	for (size_t i = 0; i < nr_info; i++) {
		size_t k = 0;

		while (k < n && strcmp(d[k].name, info[i].name))
			k++;
		if (k == n)
			report(t, info[i].name);
	}
	result(t, "each known-bad variant of the reference is named by a requirement");
}

/* By the matrix that was built in: what `make check` measured on this reference. */
static int check_caught(void *arg, const struct cts_requirement *r)
{
	size_t n;
	const struct cts_defect *d = cts_defects(&n);

	if (r->strength != CTS_MUST)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (cts_defect_caught(&d[i], r->id))
			return 0;
	report(arg, r->id);
	return 0;
}

static void check_known(struct tap *t)
{
	size_t n;
	const struct known *k = known_all(&n);

	for (size_t i = 0; i < n; i++) {
		const char *problem = known_problem(&k[i]);

		if (!problem)
			continue;
		printf("# %s: ", k[i].requirement);
		report(t, problem);
	}
	result(t, "each known deviation names a requirement, kernels and its evidence");
}

static void check_systems(struct tap *t)
{
	size_t n;
	const struct system_row *s = systems_all(&n);

	for (size_t i = 0; i < n; i++) {
		const char *problem = systems_problem(&s[i]);

		if (!problem)
			continue;
		printf("# %s: ", s[i].name);
		report(t, problem);
	}
	result(t, "each system of the seeds names requirements that exist");
}

int check_main(int argc, char **argv)
{
	struct plan_filter everything = { 0 };
	struct tap t = { 0 };

	if (argc != 1)
		return usage_error("%s takes no arguments", argv[0]);
	plan_build(&t.plan, &everything);
	cts_registry_check(report, &t);
	result(&t, "requirements, citations and suites fit together");
	cts_requirement_each(check_id, &t);
	result(&t, "requirement IDs are capitals, digits and underscores");
	cts_requirement_each(check_has_test, &t);
	result(&t, "each requirement has a test");
	cts_suite_each(check_area, &t);
	result(&t, "suites are named AREA/file");
	check_defects(&t);
	cts_requirement_each(check_caught, &t);
	result(&t, "each MUST is caught by a known-bad variant (docs/matrix.md)");
	check_known(&t);
	check_systems(&t);
	plan_free(&t.plan);
	printf("1..%d\n", t.n);
	return flush_stdout() ? STATUS_USAGE : t.failed ? STATUS_FAILURE : STATUS_OK;
}

int record_main(int argc, char **argv)
{
	char why[512];
	json_t *root;

	if (argc != 2)
		return usage_error("%s: give the folder of a run", argv[0]);
	root = record_read(argv[1], why, sizeof(why));
	if (!root)
		return usage_error("%s", why);
	record_print_summary(stdout, root);
	json_decref(root);
	return flush_stdout();
}
