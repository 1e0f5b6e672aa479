// SPDX-License-Identifier: GPL-2.0-only
/*
 * The folder of a record: new, or empty, so that nothing of an older run is lost or mixed in.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "record.h"

static int say(char *why, size_t len, const char *fmt, const char *path, int err)
{
	snprintf(why, len, fmt, path, strerror(err));
	return -err;
}

/* 0, -ENOTEMPTY, or the errno of opening it. */
static int check_empty(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);

	if (!d)
		return -errno;
	while ((e = readdir(d)) && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")))
		;
	closedir(d);
	return e ? -ENOTEMPTY : 0;
}

int record_make_folder(const char *dir, char *why, size_t len)
{
	char path[PATH_MAX];
	int rc;

	if (!dir || !*dir || snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return say(why, len, "'%.40s' is no name of a folder", dir ? dir : "", EINVAL);
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return say(why, len, "cannot create %s: %s", path, errno);
		*p = '/';
	}
	if (mkdir(path, 0755) && errno != EEXIST)
		return say(why, len, "cannot create %s: %s", path, errno);
	rc = check_empty(path);
	if (rc == -ENOTEMPTY)
		return say(why, len, "%s exists and is not empty: give a new folder, or empty it",
			   path, ENOTEMPTY);
	return rc ? say(why, len, "cannot use %s as results folder: %s", path, -rc) : 0;
}
