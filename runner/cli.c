// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the commands speak to the user when something is wrong: one clear line, exit status 2.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

int usage_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("iommu-cts: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return STATUS_USAGE;
}

int option_error(int opt, char **argv)
{
	const char *word = argv[optind - 1];

	if (opt == ':')
		return usage_error("%s: option '%s' wants a value ('iommu-cts --help')", argv[0],
				   word);
	return usage_error("%s: unknown option '%s' ('iommu-cts --help')", argv[0], word);
}

int flush_stdout(void)
{
	errno = EIO;
	if (fflush(stdout) || ferror(stdout))
		return usage_error("cannot write to standard output: %s", strerror(errno));
	return STATUS_OK;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p) {
		usage_error("out of memory");
		exit(STATUS_USAGE);
	}
	return p;
}

char *xprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		usage_error("out of memory");
		exit(STATUS_USAGE);
	}
	return s;
}
