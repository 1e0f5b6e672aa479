/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run over a plan of tests: executes each, keeps the journal, shows progress, makes the record.
 */
#ifndef RUNNER_SESSION_H
#define RUNNER_SESSION_H

#include <jansson.h>

#include "coverage.h"
#include "devices.h"
#include "foresee.h"
#include "plan.h"

struct session {
	const char *subject, *defect, *out;
	struct device_list devices;
	struct plan_filter filter;
	double timeout;		/* seconds a test */
	struct plan plan;

	json_t *results;	/* what was found, in the order of the plan */
	struct coverage *coverage;
	size_t nr_done, nr_bad;
	bool interrupted;
	struct foresight foresight;
	char kernel[80];	/* as of uname -r */
	bool blind;		/* a kernel subject whose log cannot be read */
};

/* STATUS_OK when all tests were run (or the user interrupted), STATUS_USAGE after one line. */
int session_run(struct session *s);
/* The record of results/record.h; a new reference. */
json_t *session_record(const struct session *s);
void session_free(struct session *s);

#endif
