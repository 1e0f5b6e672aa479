/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deviations that are known: where a kernel or an emulator breaks a promise, has been looked into,
 * and still does. The tests know nothing of this: they demand the promise everywhere. Here a
 * failure that was to be expected becomes xfail, and a pass that was not becomes xpass.
 */
#ifndef RUNNER_KNOWN_H
#define RUNNER_KNOWN_H

#include "plan.h"
#include "verdict.h"

struct known {
	const char *requirement;	/* ID */
	const char *subject;		/* "vm" or "hardware"; NULL: any kernel */
	enum cts_arch arch;		/* of the IOMMU */
	const char *first, *last;	/* kernels looked at, "6.13", both included; NULL: open */
	const char *reason;		/* what is done in place of what is promised */
	const char *evidence;		/* file:function() in the sources of who does it */
};

/* Where a test ran. */
struct known_place {
	const char *subject;	/* as of --subject */
	const char *arch;	/* as of the test's record, cts_arch_name(); NULL: unknown */
	const char *kernel;	/* as of uname -r */
};

const struct known *known_all(size_t *n);
/* The row of @requirement that holds at @at, or NULL. The reference has none. */
const struct known *known_find(const struct known_place *at, const char *requirement);

/*
 * Makes @v xfail when the only checks that failed are of one requirement that is known to deviate
 * at @at, and xpass when @t passed though one is that it checked. @checks: the record's, by ID.
 */
void known_apply(const struct known_place *at, const struct plan_test *t, const json_t *checks,
		 struct verdict *v);

/* NULL, or what is wrong with the row. */
const char *known_problem(const struct known *k);

#endif
