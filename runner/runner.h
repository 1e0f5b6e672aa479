/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the runner's files share: the commands and how they speak to the user.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stddef.h>

enum { STATUS_OK = 0, STATUS_FAILURE = 1, STATUS_USAGE = 2 };

/* The commands: (argc, argv) with the command's name as argv[0]; they return the exit status. */
int list_main(int argc, char **argv);
int run_main(int argc, char **argv);
int perf_command(int argc, char **argv);
int lab_main(int argc, char **argv);
int suite_main(int argc, char **argv);
int foresee_main(int argc, char **argv);
int matrix_main(int argc, char **argv);
int pages_main(int argc, char **argv);
int check_main(int argc, char **argv);
int record_main(int argc, char **argv);

/* One line on stderr, "iommu-cts: ...". Returns STATUS_USAGE. */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* getopt_long() gave '?' or ':': says which option it was. @opt is its return value. */
int option_error(int opt, char **argv);
/* STATUS_OK, or STATUS_USAGE with a line when standard output took not all of it. */
int flush_stdout(void);

/* malloc() and friends that end the program with one line when there is no memory. */
void *xcalloc(size_t n, size_t size);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
