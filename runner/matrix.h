/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The matrix of known-bad variants and requirements: measured by running the suite on the variants,
 * printed as docs/matrix.md. What is built in comes from that page (fixtures/defects).
 */
#ifndef RUNNER_MATRIX_H
#define RUNNER_MATRIX_H

#include <stdint.h>

#include "defects/defects.h"
#include "plan.h"

struct matrix {
	const struct cts_defect *defects;
	const struct cts_requirement **requirements;	/* in area, then table order */
	size_t nr_defects, nr_requirements;
	uint8_t *red;		/* [defect * nr_requirements + requirement]: 1 when it turns red */
	size_t nr_tests, nr_runs;
};

/* An empty matrix over all variants and requirements. Ends the program without memory. */
void matrix_init(struct matrix *m);
void matrix_fini(struct matrix *m);
/*
 * Fills it from the tests that @filter takes, @jobs at a time. STATUS_OK, STATUS_FAILURE when a
 * test is red without a variant, STATUS_USAGE after one line when tests could not be run.
 */
int matrix_measure(struct matrix *m, const struct plan_filter *filter, unsigned int jobs);

#endif
