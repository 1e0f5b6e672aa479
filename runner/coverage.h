/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What part of the uAPI a run reached: every ioctl of uapi/'s tables with its flag values, reserved
 * fields and documented errors, seen and not seen.
 */
#ifndef RUNNER_COVERAGE_H
#define RUNNER_COVERAGE_H

#include <jansson.h>

struct coverage;

struct coverage *coverage_new(void);
void coverage_free(struct coverage *c);
/* Adds the "coverage" member of one test's record; NULL is fine. */
void coverage_add(struct coverage *c, const json_t *ioctls);
/* {"summary":{...},"ioctls":[...],"unknown":[...]}; a new reference. */
json_t *coverage_json(const struct coverage *c);

#endif
