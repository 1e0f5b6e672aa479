// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * exec and its variants. The machine is in this program's memory: the next program has its own, and
 * what is only this one's ends here.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	shim_exec();
	return real(execve)(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	shim_exec();
	return real(execvpe)(file, argv, envp);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	shim_exec();
	return real(fexecve)(fd, argv, envp);
}

/* Arguments up to NULL as an array on the stack; execle() has the environment behind them. */
#define COLLECT(first, envp)								\
	va_list ap;									\
	int n = 1;									\
											\
	va_start(ap, first);								\
	while (va_arg(ap, char *))							\
		n++;									\
	va_end(ap);									\
	char *argv[n + 1];								\
											\
	va_start(ap, first);								\
	argv[0] = (char *)first;							\
	for (int i = 1; i <= n; i++)							\
		argv[i] = va_arg(ap, char *);						\
	envp;										\
	va_end(ap)

EXPORT int execl(const char *path, const char *first, ...)
{
	COLLECT(first, (void)0);

	return execv(path, argv);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	COLLECT(first, (void)0);

	return execvp(file, argv);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	COLLECT(first, char *const *envp = va_arg(ap, char *const *));

	return execve(path, argv, envp);
}
