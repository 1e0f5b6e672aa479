/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests of this program, by name, with the requirements that they cite; and which of them a run
 * takes.
 */
#ifndef RUNNER_PLAN_H
#define RUNNER_PLAN_H

#include "requirement.h"

struct plan_test {
	const struct cts_suite *suite;
	char *name;		/* "nesting/bind.bind.iommufd_vtd.double_keeps_first" */
	const char *inner;	/* "bind.iommufd_vtd.double_keeps_first", what kselftest -r takes */
	const char *const *ids;	/* NULL-terminated; never NULL */
	const struct cts_variant *variant;	/* NULL: its fixture has none */
};

struct plan {
	struct plan_test *tests;
	size_t nr;
};

/* NULL members take everything. */
struct plan_filter {
	const char *area, *test, *requirement;	/* name, glob on the test's name, ID */
};

/* In suite, then source order. Ends the program when there is no memory. */
void plan_build(struct plan *p, const struct plan_filter *filter);
void plan_free(struct plan *p);

bool plan_area_exists(const char *area);
/* Does the test cite this requirement? */
bool plan_cites(const struct plan_test *t, const char *id);

/* The suite by its name, or NULL. */
const struct cts_suite *plan_suite(const char *name);

#endif
