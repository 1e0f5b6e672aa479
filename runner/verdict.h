/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test process left behind, judged: the outcome, one line that says why, and the lines that
 * explain it.
 */
#ifndef RUNNER_VERDICT_H
#define RUNNER_VERDICT_H

#include <jansson.h>

#include "cts.h"
#include "process.h"

struct verdict {
	enum cts_outcome outcome;
	char reason[1024];
	/* fail: the one requirement whose checks failed; "": several, or something else did */
	char only[64];
	json_t *log;	/* array of strings: the test's diagnostics; a new reference */
};

/*
 * @record: the JSON object the harness sent for this test, or NULL. @complaint: the kernel's, or
 * NULL. @timeout: seconds that the test had.
 */
void verdict_judge(const struct process_result *p, const json_t *record, const char *complaint,
		   double timeout, struct verdict *v);

/* A pass without a single check of what the test cites proved nothing: it becomes broken. */
void verdict_unjudged(struct verdict *v);

/* "not-applicable: why" -> its outcome, *@why behind the colon; -1: there is no such outcome. */
int verdict_skip(const char *reason, const char **why);

#endif
