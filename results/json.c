// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records on disk. A file appears under its name only when it is whole: written beside, flushed to
 * the disk, renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

struct temp {
	FILE *f;
	char path[PATH_MAX], final[PATH_MAX];
};

static int temp_open(struct temp *t, const char *dir, const char *name)
{
	if (snprintf(t->final, sizeof(t->final), "%s/%s", dir, name) >= (int)sizeof(t->final) ||
	    snprintf(t->path, sizeof(t->path), "%s/.%s.part", dir, name) >= (int)sizeof(t->path))
		return -ENAMETOOLONG;
	t->f = fopen(t->path, "w");
	return t->f ? 0 : -errno;
}

static int temp_close(struct temp *t)
{
	int rc = 0;

	errno = EIO;
	if (ferror(t->f) || fflush(t->f) || fsync(fileno(t->f)))
		rc = -errno;
	if (fclose(t->f) && !rc)
		rc = -errno;
	if (!rc && rename(t->path, t->final))
		rc = -errno;
	if (rc)
		unlink(t->path);
	return rc;
}

int record_write_text(const char *dir, const char *name, void (*print)(FILE *f, const json_t *root),
		      const json_t *root)
{
	struct temp t;
	int rc = temp_open(&t, dir, name);

	if (rc)
		return rc;
	print(t.f, root);
	return temp_close(&t);
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
