/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel subject cannot be, whatever the test: a variant of another architecture or of a
 * uAPI that was never merged. Known once a variant instead of by two processes for each test: on an
 * emulated machine these are most of the tests, and were most of the time.
 */
#ifndef RUNNER_FORESEE_H
#define RUNNER_FORESEE_H

#include "cts.h"

#define FORESEE_MAX 16

struct foresight {
	struct {
		struct cts_variant v;
		int outcome;		/* enum cts_outcome, or -1: run the test and see */
		char why[256];
	} known[FORESEE_MAX];
	size_t nr;
};

/*
 * The outcome that every test of @v has on the subject of the environment, *@why; or -1. Asking
 * takes @timeout seconds at most; what hangs there is left to the tests, which then time out.
 */
int foresee(struct foresight *f, const struct cts_variant *v, double timeout, const char **why);

#endif
