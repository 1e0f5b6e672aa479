/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A performance record: perf.json as a jansson object, made from results, read back, and shown as
 * tables and as a plot. Tables and plot work on nothing but the record.
 */
#ifndef PERF_REPORT_H
#define PERF_REPORT_H

#include <stdio.h>
#include <jansson.h>

#include "bench.h"

/* What all results of a run share. */
struct report_run {
	const char *subject; /* "reference" */
	const char *domain; /* "model", "emulated", "hardware": never two in one record */
	const char *unit; /* "ns", "guest instructions" */
	const char *note; /* what the unit does not mean, or NULL */
	bool quick;
	struct timer timer;
	struct bench_effort effort;
};

/* Takes over @environment. A new reference; NULL: no memory. */
json_t *report_make(const struct report_run *run, json_t *environment,
		    const struct bench_result *results, size_t n);
/* DIR/perf.json: one line a benchmark. 0 or -errno. */
int report_write(const char *dir, const json_t *root);
/*
 * Reads and checks a record: members, types, and that the statistics follow from the samples. NULL:
 * *@why (of @len bytes) says what is wrong. A new reference.
 */
json_t *report_read(const char *file, char *why, size_t len);

/* For people. */
void report_print(FILE *f, const json_t *root);
/*
 * DIR/invalidate.{dat,gp,svg}; the last if gnuplot is installed. Nothing if no series has a fit.
 * 0 or -errno
 */
int plot_write(const char *dir, const json_t *root, FILE *messages);

/* ---- place.c */

/* Pins this thread to one CPU, near @bdf (may be NULL). What was done, as a new reference. */
json_t *place_pin(const char *bdf);
/*
 * Reasons to trust the times less: debug kernel, sanitizers, load, frequency. A new array, empty:
 * none.
 */
json_t *place_doubts(const json_t *environment, bool kernel_subject, const char *defect);

#endif
