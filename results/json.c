// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records on disk. A file appears under its name only when it is whole: written beside, flushed to
 * the disk, renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *dir, const char *name, const char *text, size_t len)
{
	char path[PATH_MAX], final[PATH_MAX];
	int fd, rc;

	if (snprintf(final, sizeof(final), "%s/%s", dir, name) >= (int)sizeof(final) ||
	    snprintf(path, sizeof(path), "%s/.%s.part", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, text, len);
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(path, final))
		rc = -errno;
	if (rc)
		unlink(path);
	return rc;
}

/* Into memory first: a stream on a file forgets which error it met. */
int record_write_text(const char *dir, const char *name, void (*print)(FILE *f, const json_t *root),
		      const json_t *root)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = -ENOMEM;

	if (!f)
		return rc;
	print(f, root);
	if (!ferror(f) && !fclose(f))
		rc = write_file(dir, name, text, len);
	free(text);
	return rc;
}

static void print_json(FILE *f, const json_t *root)
{
	json_dumpf(root, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	fputc('\n', f);
}

int record_write_json(const char *dir, const char *name, const json_t *root)
{
	return record_write_text(dir, name, print_json, root);
}

static bool known_outcome(const char *outcome)
{
	for (size_t i = 0; record_outcomes[i]; i++)
		if (!strcmp(record_outcomes[i], outcome))
			return true;
	return false;
}

/* NULL, or what is wrong with one entry of an array of the record. */
static const char *check_entry(const json_t *one, const char *name)
{
	if (!json_is_string(json_object_get(one, name)))
		return "an entry has no name";
	if (!known_outcome(record_string(one, "outcome")))
		return "an entry has no known outcome";
	return NULL;
}

static const char *check_shape(const json_t *root)
{
	const json_t *results = json_object_get(root, "results");
	const json_t *requirements = json_object_get(root, "requirements");
	const json_t *one;
	const char *why;
	size_t i;

	if (!json_is_object(json_object_get(root, "summary")) || !json_is_array(results) ||
	    !json_is_object(json_object_get(root, "environment")))
		return "no summary, results and environment in it";
	json_array_foreach(results, i, one) {
		why = check_entry(one, "test");
		if (why)
			return why;
		if (!json_is_array(json_object_get(one, "requirements")) ||
		    !json_is_number(json_object_get(one, "seconds")))
			return "a result without requirements or seconds";
	}
	json_array_foreach(requirements, i, one) {
		why = check_entry(one, "id");
		if (why)
			return why;
	}
	json_t *summary = record_summary(results);
	bool same = json_equal(summary, json_object_get(root, "summary"));

	json_decref(summary);
	return same ? NULL : "its summary does not count its results";
}

json_t *record_read(const char *path, char *why, size_t len)
{
	char file[PATH_MAX];
	struct stat st;
	json_error_t error;
	const char *wrong;
	json_t *root;
	bool dir = !stat(path, &st) && S_ISDIR(st.st_mode);

	snprintf(file, sizeof(file), "%s%s", path, dir ? "/results.json" : "");
	root = json_load_file(file, 0, &error);
	if (!root) {
		snprintf(why, len, "%s: %s", file, error.text);
		return NULL;
	}
	wrong = check_shape(root);
	if (wrong) {
		snprintf(why, len, "%s is no record of a run: %s", file, wrong);
		json_decref(root);
		return NULL;
	}
	return root;
}
