/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One test as a process of its own: started, bounded in time and in output, and gone afterwards
 * with everything that it started.
 */
#ifndef RUNNER_PROCESS_H
#define RUNNER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

struct process_result {
	char *text;		/* standard output and error as they came, NUL-terminated */
	size_t text_len;
	char *record;		/* what it wrote to CTS_RECORD_FD */
	size_t record_len;
	bool text_cut, record_cut;	/* there was more than the runner keeps */
	int status;		/* as of waitpid() */
	bool timed_out;
	bool interrupted;	/* SIGINT or SIGTERM to the runner */
	double seconds;
};

/*
 * Runs this very program with @argv (argv[0] is the command) for @timeout seconds at most. 0, or
 * -errno if it could not be started. @r is to be freed in both cases.
 */
int process_run(char *const argv[], double timeout, struct process_result *r);
void process_result_free(struct process_result *r);

/* Makes SIGINT and SIGTERM end the running test and be seen by process_interrupted(). */
void process_catch_signals(void);
bool process_interrupted(void);

/* CLOCK_MONOTONIC in seconds */
double process_now(void);

#endif
