/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the shim's clients share: numbered results on standard output, and calls that must fail. */
#ifndef IOMMU_REF_SHIM_TAP_H
#define IOMMU_REF_SHIM_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned int results, failures;

static inline void result(bool good, const char *what)
{
	results++;
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", results, what);
}

/* Calls fail with -1 and this errno. */
static inline bool fails(long rc, int error)
{
	if (rc == -1 && errno == error)
		return true;
	printf("# returned %ld, errno %d (%s), not %d\n", rc, errno, strerror(errno), error);
	return false;
}

/* The exit status. */
static inline int done(void)
{
	printf("1..%u\n", results);
	return failures != 0;
}

#endif
