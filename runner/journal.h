/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal, DIR/journal.jsonl: a line before and after each test. What it says is on the disk
 * before a test starts that may take the machine down.
 */
#ifndef RUNNER_JOURNAL_H
#define RUNNER_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>

struct journal {
	int fd;
	bool sync;	/* to the disk with every line: for subjects that can kill the machine */
};

/* 0 or -errno. */
int journal_open(struct journal *j, const char *dir, bool sync);
/* Writes one line; gives up its reference to @event. 0 or -errno: nothing half is left. */
int journal_write(struct journal *j, json_t *event);
void journal_close(struct journal *j);

#endif
