// SPDX-License-Identifier: GPL-2.0-only
/*
 * Appends JSON lines, whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"

int journal_open(struct journal *j, const char *dir, bool sync)
{
	char path[PATH_MAX];

	j->sync = sync;
	if (snprintf(path, sizeof(path), "%s/journal.jsonl", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	return j->fd < 0 ? -errno : 0;
}

static int write_line(struct journal *j, const char *line, size_t len)
{
	off_t end = lseek(j->fd, 0, SEEK_END);
	ssize_t n = write(j->fd, line, len);

	if (n == (ssize_t)len)
		return j->sync && fdatasync(j->fd) ? -errno : 0;
	int rc = n < 0 ? -errno : -ENOSPC;

	if (end >= 0 && ftruncate(j->fd, end))
		return -errno;
	return rc;
}

int journal_write(struct journal *j, json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);
	size_t len = text ? strlen(text) : 0;
	int rc = -ENOMEM;

	json_decref(event);
	if (text) {
		text[len] = '\n';	/* in place of the terminator */
		rc = write_line(j, text, len + 1);
	}
	free(text);
	return rc;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}
