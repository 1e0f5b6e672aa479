/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The systems that the seed proposals describe, each with the requirements that stand for it.
 */
#ifndef RUNNER_SYSTEMS_H
#define RUNNER_SYSTEMS_H

#include <stddef.h>

struct system_row {
	const char *name;
	const char *source;		/* which mail or patch */
	const char *requirements;	/* IDs with a space between; "" where there is none yet */
	const char *note;		/* what is missing or meant, or "" */
};
const struct system_row *systems_all(size_t *n);
/*
 * NULL, or what is wrong with @row: it has neither a requirement nor a note, or the rest of its
 * requirements from the first ID on that does not exist.
 */
const char *systems_problem(const struct system_row *row);

#endif
