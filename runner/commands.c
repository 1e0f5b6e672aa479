// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands that hand over to another part: perf to perf/, lab to the lab's script, and __suite,
 * which is how the runner starts one test of its own program.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf.h"
#include "plan.h"
#include "runner.h"

#define LAB "fixtures/lab/lab"

int perf_command(int argc, char **argv)
{
	return perf_main(argc, argv);
}

/* The lab's script in $IOMMU_CTS_DATA, or in the source tree around this program. */
static char *find_lab(void)
{
	const char *data = getenv("IOMMU_CTS_DATA");
	char dir[PATH_MAX], *slash, *path;
	ssize_t n;

	if (data && *data) {
		path = xprintf("%s/" LAB, data);
		if (!access(path, X_OK))
			return path;
		free(path);
		return NULL;
	}
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = 0;
	while ((slash = strrchr(dir, '/'))) {
		*slash = 0;
		path = xprintf("%s/" LAB, dir);
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

int lab_main(int argc, char **argv)
{
	char *lab = find_lab();

	if (!lab)
		return usage_error("the lab's script " LAB
				   " is neither in $IOMMU_CTS_DATA nor above this program: "
				   "set IOMMU_CTS_DATA to the source tree");
	(void)argc;
	argv[0] = lab;
	execv(lab, argv);
	return usage_error("cannot start %s: %s", lab, strerror(errno));
}

int suite_main(int argc, char **argv)
{
	const struct cts_suite *suite = argc > 1 ? plan_suite(argv[1]) : NULL;

	if (!suite)
		return usage_error("unknown suite '%s'", argc > 1 ? argv[1] : "");
	return suite->run(argc - 1, argv + 1);
}
