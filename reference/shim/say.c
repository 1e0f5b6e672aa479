// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* One line to the program's standard error: what the shim cannot do, and what to do instead. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

void shim_say(const char *format, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, format);
	n = snprintf(line, sizeof(line), SHIM_NAME ": ");
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (real(write)(STDERR_FILENO, line, (size_t)n) < 0)
		return;		/* nobody listens */
}
