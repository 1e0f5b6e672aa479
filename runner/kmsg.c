// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads /dev/kmsg record by record ("level,sequence,time,flags;text") and /proc/sys/kernel/tainted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

/* What the kernel prints when it found itself in error: bug.h, lockdep, sanitizers, watchdogs. */
static const char *const complaints[] = {
	"BUG:",
	"WARNING:",
	"Oops",
	"Kernel panic",
	"general protection fault",
	"Unable to handle kernel",
	"unable to handle page fault",
	"kernel BUG at",
	"KASAN:",
	"KCSAN:",
	"UBSAN:",
	"KFENCE:",
	"kmemleak:",
	"possible circular locking",
	"possible recursive locking",
	"inconsistent lock state",
	"bad unlock balance",
	"suspicious RCU usage",
	"refcount_t:",
	"list_add corruption",
	"list_del corruption",
	"blocked for more than",
	"rcu: INFO:",
	"soft lockup",
	"hard LOCKUP",
	"sleeping function called from invalid context",
};

bool kmsg_is_complaint(const char *text)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		if (strstr(text, complaints[i]))
			return true;
	return false;
}

static unsigned long read_taint(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");
	unsigned long taint = 0;

	if (f) {
		if (fscanf(f, "%lu", &taint) != 1)
			taint = 0;
		fclose(f);
	}
	return taint;
}

int kmsg_open(struct kmsg *k)
{
	k->taint = read_taint();
	k->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (k->fd < 0)
		return -errno;
	lseek(k->fd, 0, SEEK_END);
	return 0;
}

void kmsg_close(struct kmsg *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

bool kmsg_complaint(struct kmsg *k, char *line, size_t len)
{
	unsigned long taint = read_taint();
	bool found = false;
	char rec[8192];

	while (k->fd >= 0) {
		ssize_t n = read(k->fd, rec, sizeof(rec) - 1);
		char *text;

		/* EPIPE: the ring was overwritten, the next read goes on at its oldest record */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		rec[n] = 0;
		text = strchr(rec, ';');
		if (!text || found || !kmsg_is_complaint(text + 1))
			continue;
		text[1 + strcspn(text + 1, "\n")] = 0;
		snprintf(line, len, "%s", text + 1);
		found = true;
	}
	if (!found && taint & ~k->taint) {
		snprintf(line, len, "the kernel became tainted: %lu, before the test %lu", taint,
			 k->taint);
		found = true;
	}
	k->taint = taint;
	return found;
}
