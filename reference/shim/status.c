// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /proc/PID/status under a mock machine: the kernel's selftests read there what was pinned for a
 * process and charged to it, which the host knows nothing of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../mock/mock.h"
#include "real.h"
#include "shim.h"

/* The host's line with @pages added to its number, if it begins with @tag. */
static void add_pages(char *line, size_t size, const char *tag, uint64_t pages)
{
	unsigned long kb;

	if (!strncmp(line, tag, strlen(tag)) && sscanf(line + strlen(tag), "%lu", &kb) == 1)
		snprintf(line, size, "%s\t%8lu kB\n", tag,
			 kb + (unsigned long)(pages * PAGE_SIZE / 1024));
}

/* One write(2) a line, since the file is short. */
static int copy_status(FILE *host, int fd, uint64_t pinned, uint64_t locked)
{
	char line[512];

	while (fgets(line, sizeof(line), host)) {
		size_t len;

		add_pages(line, sizeof(line), "VmPin:", pinned);
		add_pages(line, sizeof(line), "VmLck:", locked);
		len = strlen(line);
		if (real(write)(fd, line, len) != (ssize_t)len)
			return -1;
	}
	return lseek(fd, 0, SEEK_SET) ? -1 : 0;
}

int status_open(const char *name, int flags)
{
	const char *pid = name + strlen("/proc/");
	struct iommu_ref_proc *proc =
		shim_proc_of(strncmp(pid, "self/", 5) ? (pid_t)atoi(pid) : getpid());
	FILE *host = real(fopen)(name, "re");
	int fd;

	if (!host)
		return -1;
	fd = memfd_create("status", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
	if (fd >= 0 && copy_status(host, fd, proc ? mock_pinned(proc) : 0,
				   proc ? proc->mm->locked : 0)) {
		real(close)(fd);
		fd = -1;
	}
	real(fclose)(host);
	return fd;
}
