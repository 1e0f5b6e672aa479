// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks named PCI devices before a run touches them: the harness says whether they can be used,
 * here whether somebody does.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "runner.h"

/* "0000:00:05.0": domain, bus, device, function in hexadecimal */
static bool is_bdf(const char *s)
{
	unsigned int domain, bus, dev, fn;
	int end = 0;

	return sscanf(s, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &end) == 4 && !s[end] &&
	       strlen(s) == 12 && dev < 32 && fn < 8;
}

int devices_add(struct device_list *l, const char *bdf)
{
	if (!is_bdf(bdf))
		return usage_error(
			"'%s' is no PCI device: give DOMAIN:BUS:DEVICE.FUNCTION like 0000:00:05.0",
			bdf);
	for (unsigned int i = 0; i < l->nr; i++)
		if (!strcmp(l->bdf[i], bdf))
			return usage_error("device %s is given twice", bdf);
	if (l->nr == CTS_MAX_DEVICES)
		return usage_error("more than %d devices are given", CTS_MAX_DEVICES);
	l->bdf[l->nr++] = bdf;
	return STATUS_OK;
}

/* The process that has @path open, or 0. */
static int opened_by(const char *path)
{
	DIR *proc = opendir("/proc");
	struct dirent *p, *f;
	char dir[64], file[384], target[PATH_MAX];
	int pid = 0;

	while (proc && !pid && (p = readdir(proc))) {
		int candidate = atoi(p->d_name);
		DIR *fds;

		if (candidate <= 0)
			continue;
		snprintf(dir, sizeof(dir), "/proc/%d/fd", candidate);
		fds = opendir(dir);
		while (fds && (f = readdir(fds))) {
			ssize_t n;

			snprintf(file, sizeof(file), "%s/%s", dir, f->d_name);
			n = readlink(file, target, sizeof(target) - 1);
			target[n > 0 ? n : 0] = 0;
			if (!strcmp(target, path))
				pid = candidate;
		}
		if (fds)
			closedir(fds);
	}
	if (proc)
		closedir(proc);
	return pid;
}

static int check_one(const char *bdf)
{
	struct cts_device d = { 0 };
	char why[512];
	int pid;

	if (cts_device_check(bdf, &d, why, sizeof(why)))
		return usage_error("%s", why);
	pid = opened_by(d.cdev);
	if (pid)
		return usage_error("device %s is in use: process %d has %s open", bdf, pid, d.cdev);
	return STATUS_OK;
}

int devices_check(const struct device_list *l)
{
	int rc = STATUS_OK;

	if (!l->nr)
		return usage_error("this subject needs devices: name each with --device BDF");
	if (access("/dev/iommu", R_OK | W_OK))
		return usage_error(
			"/dev/iommu cannot be used: the kernel needs IOMMUFD, and you root");
	for (unsigned int i = 0; i < l->nr && !rc; i++)
		rc = check_one(l->bdf[i]);
	return rc;
}

char *devices_join(const struct device_list *l)
{
	char *all = xprintf("%s", l->nr ? l->bdf[0] : "");

	for (unsigned int i = 1; i < l->nr; i++) {
		char *more = xprintf("%s,%s", all, l->bdf[i]);

		free(all);
		all = more;
	}
	return all;
}
