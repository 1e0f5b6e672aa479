/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run's record: what it is, how it is written, read and shown. The record is JSON (schema.json
 * beside this file); in memory it is a jansson object, and everything here works on nothing but the
 * record, so that a record of another machine gives the same KTAP and the same summary.
 */
#ifndef RESULTS_RECORD_H
#define RESULTS_RECORD_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

/* The outcomes by name, in the order of summaries; NULL-terminated. */
extern const char *const record_outcomes[];
/* An outcome that makes a run fail: fail, xpass, broken, timeout, crash, dmesg. */
bool record_outcome_bad(const char *outcome);
/*
 * The worse of two outcomes of one requirement: anything bad, then xfail (the promise is not kept,
 * and that is known), then pass, then the reasons for not having run. NULL counts as nothing.
 */
const char *record_outcome_worse(const char *a, const char *b);

/* The summary object of @results: every outcome with its count. A new reference. */
json_t *record_summary(const json_t *results);

/*
 * The machine and the build: kernel, machine, cpu, versions, topology, governor, debug options. A
 * new reference; the caller adds what it knows itself (subject, devices).
 */
json_t *record_environment(void);
/*
 * Keeps of a kernel command line only the options about IOMMUs and devices for user space: the rest
 * names disks, hosts and users, which are nobody's business. Edits @line in place.
 */
void record_iommu_options(char *line);

/*
 * Makes @dir with its parents; one that is there must be empty. 0, or -errno: *@why (of @len bytes)
 * says what is wrong in one line.
 */
int record_make_folder(const char *dir, char *why, size_t len);
/*
 * Writes @root to DIR/NAME through a temporary file that is renamed when all is on the disk: there
 * is never half a file. 0 or -errno.
 */
int record_write_json(const char *dir, const char *name, const json_t *root);
/* The same for any text: @print writes it. */
int record_write_text(const char *dir, const char *name, void (*print)(FILE *f, const json_t *root),
		      const json_t *root);

/*
 * Reads DIR/results.json (or the file itself) and checks its shape. NULL: *@why (of @len bytes)
 * says what is wrong in one line. A new reference.
 */
json_t *record_read(const char *path, char *why, size_t len);

/* KTAP version 1, failures with their diagnostics. */
void record_print_ktap(FILE *f, const json_t *root);
/* For people: requirements by area, failures with their messages, coverage. */
void record_print_summary(FILE *f, const json_t *root);

/* The string member @key of @object, "" if there is none. */
const char *record_string(const json_t *object, const char *key);

#endif
