// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * exec, posix_spawn and their variants. The machine is in this program's memory: the next program
 * has its own, and what is only this one's ends here. What the next program will miss, or that it
 * will have the host's devices, is told in a line.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

/* ---- what is told */

/* Is it a program that is started without the dynamic linker, and is not that itself? */
static bool is_static(const char *path)
{
	const char *base = strrchr(path, '/');
	int fd = real(open)(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	bool elf, interpreter = false;

	elf = fd >= 0 && real(pread)(fd, &head, sizeof(head), 0) == sizeof(head) &&
	      !memcmp(head.e_ident, ELFMAG, SELFMAG) && head.e_phentsize == sizeof(part);
	for (unsigned int i = 0; elf && i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + i * sizeof(part));

		if (real(pread)(fd, &part, sizeof(part), at) == sizeof(part))
			interpreter |= part.p_type == PT_INTERP;
	}
	if (fd >= 0)
		real(close)(fd);
	return elf && !interpreter && strncmp(base ? base + 1 : path, "ld-", 3);
}

/* Does LD_PRELOAD in @envp name this library? */
static bool is_preloaded(char *const envp[])
{
	static const char name[] = "LD_PRELOAD=";
	Dl_info self;
	const char *base;

	if (!dladdr((void *)(uintptr_t)is_static, &self) || !self.dli_fname)
		return true;
	base = strrchr(self.dli_fname, '/');
	base = base ? base + 1 : self.dli_fname;
	for (; envp && *envp; envp++)
		if (!strncmp(*envp, name, sizeof(name) - 1) && strstr(*envp, base))
			return true;
	return false;
}

static void tell(const char *path, char *const envp[])
{
	int saved = errno, fd = shim_inherited();

	if (path && !is_preloaded(envp))
		shim_say("%s is started without this library in LD_PRELOAD: "
			 "it has the host's devices", path);
	else if (path && is_static(path))
		shim_say("%s is statically linked: it has the host's devices", path);
	else if (path && fd >= 0)
		shim_say("%s inherits descriptor %d, which is no file of the machine that it has",
			 path, fd);
	errno = saved;
}

/* ---- the calls */

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	tell(path, envp);
	shim_exec();
	return real(execve)(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	tell(file, envp);
	shim_exec();
	return real(execvpe)(file, argv, envp);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	tell(name, envp);
	shim_exec();
	return real(fexecve)(fd, argv, envp);
}

/* Its child runs nothing of ours before the program. */
EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	tell(path, envp);
	return real(posix_spawn)(pid, path, actions, attr, argv, envp);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	tell(file, envp);
	return real(posix_spawnp)(pid, file, actions, attr, argv, envp);
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
