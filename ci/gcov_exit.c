// SPDX-License-Identifier: GPL-2.0-only
/*
 * For `make coverage` only, linked into every program and into the preloadable reference: the
 * tests' children end with _exit(), at which gcov would forget what they ran. Each object has
 * counters of its own, so the call goes on to the next object with this function, and at last to
 * the C library.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);
void __real_shim_exit(void) __attribute__((weak));
void __wrap_shim_exit(void);
void __real_shim_exec(void) __attribute__((weak));
void __wrap_shim_exec(void);

/* The preloadable reference has its own _exit(), which calls shim_exit() first. */
__attribute__((weak, noreturn)) void _exit(int status)
{
	void (*next)(int) = (void (*)(int))dlsym(RTLD_NEXT, "_exit");

	__gcov_dump();
	if (next)
		next(status);
	syscall(SYS_exit_group, status);
	abort();
}

/* gcov takes memory from the shim's arena, which is there from the shim's first call on. */
__attribute__((constructor)) static void first_call(void)
{
	if (__real_shim_exit)
		access("/dev/iommu", F_OK);
}

/* ld --wrap=shim_exit */
void __wrap_shim_exit(void)
{
	if (__real_shim_exit)
		__real_shim_exit();
	__gcov_dump();
}

/* ld --wrap=shim_exec: an exec that succeeds is an end, too. */
void __wrap_shim_exec(void)
{
	if (__real_shim_exec)
		__real_shim_exec();
	__gcov_dump();
	__gcov_reset();
}
