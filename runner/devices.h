/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The devices that the user gave a kernel run: each must exist, be bound to vfio-pci (or a vendor's
 * variant of it) and be free. A device in use is never taken.
 */
#ifndef RUNNER_DEVICES_H
#define RUNNER_DEVICES_H

#include "cts.h"

struct device_list {
	unsigned int nr;
	const char *bdf[CTS_MAX_DEVICES];
};

/* 0, or STATUS_USAGE after one line. */
int devices_add(struct device_list *l, const char *bdf);
int devices_check(const struct device_list *l);
/* "BDF,BDF" for CTS_DEVICES; to be freed. */
char *devices_join(const struct device_list *l);

#endif
