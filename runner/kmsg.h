/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the kernel complain? Its log and its taint flags, watched around each test on a kernel
 * subject.
 */
#ifndef RUNNER_KMSG_H
#define RUNNER_KMSG_H

#include <stdbool.h>
#include <stddef.h>

struct kmsg {
	int fd;			/* /dev/kmsg at its end, or -1 */
	unsigned long taint;
};

/* 0, or -errno when the log cannot be read (the taint flags are watched all the same). */
int kmsg_open(struct kmsg *k);
void kmsg_close(struct kmsg *k);
/*
 * Reads what is new. True: @line (of @len bytes) is the first complaint. Faults that an IOMMU
 * driver reports are none: tests provoke them.
 */
bool kmsg_complaint(struct kmsg *k, char *line, size_t len);
/* Is one line of the log, without its prefix, a complaint? */
bool kmsg_is_complaint(const char *text);

#endif
