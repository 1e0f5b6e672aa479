// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of invalidation over the batch, with the fitted lines: data and a gnuplot script, and
 * the picture where gnuplot is installed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "report.h"

#define NAME "invalidate"

/* A block a series: batch, median and its confidence interval. */
static void print_data(FILE *f, const json_t *root)
{
	const json_t *fit, *b;
	size_t i, k;

	fputs("# batch p50 ci_low ci_high; a block for each series\n", f);
	json_array_foreach(json_object_get(root, "fits"), i, fit) {
		const char *series = record_string(fit, "series");

		fprintf(f, "%s# %s\n", i ? "\n\n" : "", series);
		json_array_foreach(json_object_get(root, "benchmarks"), k, b) {
			const json_t *ci = json_object_get(b, "p50_ci");

			if (strcmp(record_string(b, "series"), series) || !json_is_array(ci))
				continue;
			fprintf(f, "%" JSON_INTEGER_FORMAT " %.12g %.12g %.12g\n",
				json_integer_value(
					json_object_get(json_object_get(b, "params"), "batch")),
				json_number_value(json_object_get(b, "p50")),
				json_number_value(json_array_get(ci, 0)),
				json_number_value(json_array_get(ci, 1)));
		}
	}
}

static void print_script(FILE *f, const json_t *root)
{
	const json_t *settings = json_object_get(root, "settings"), *fit;
	size_t i, n = json_array_size(json_object_get(root, "fits"));

	fputs("# gnuplot " NAME ".gp\n"
	      "set terminal svg size 1000,650 dynamic background 'white'\n"
	      "set output '" NAME ".svg'\n"
	      "set logscale x 2\nset logscale y 10\nset grid\nset key below maxcols 3\n"
	      "set xlabel 'requests in one call (batch)'\n",
	      f);
	fprintf(f,
		"set title \"IOTLB invalidation: median and 95 %% interval, fitted a + b * batch\\n"
		"subject %s, timing domain %s\"\n",
		record_string(settings, "subject"), record_string(settings, "timing_domain"));
	fprintf(f, "set ylabel '%s a call'\nset xrange [0.8:80]\nplot \\\n",
		record_string(json_object_get(root, "timer"), "unit"));
	json_array_foreach(json_object_get(root, "fits"), i, fit) {
		double a = json_number_value(json_object_get(fit, "a"));
		double b = json_number_value(json_object_get(fit, "b"));
		const char *name = record_string(fit, "series");

		name = strchr(name, '/') ? strchr(name, '/') + 1 : name;
		fprintf(f,
			"  '" NAME
			".dat' index %zu using 1:2:3:4 with yerrorbars linecolor %zu pointtype %zu "
			"title '%s: %.4g + %.4g k', \\\n",
			i, i + 1, i + 1, name, a, b);
		fprintf(f, "  (%.12g) + (%.12g) * x with lines linecolor %zu notitle%s\n", a, b,
			i + 1, i + 1 < n ? ", \\" : "");
	}
}

/* 0, or -ENOENT: there is no gnuplot; -EIO: it failed. */
static int draw(const char *dir)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (!chdir(dir))
			execlp("gnuplot", "gnuplot", NAME ".gp", (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EIO;
	return WEXITSTATUS(status) == 127 ? -ENOENT : WEXITSTATUS(status) ? -EIO : 0;
}

int plot_write(const char *dir, const json_t *root, FILE *messages)
{
	int rc;

	if (!json_array_size(json_object_get(root, "fits")))
		return 0;
	rc = record_write_text(dir, NAME ".dat", print_data, root);
	if (!rc)
		rc = record_write_text(dir, NAME ".gp", print_script, root);
	if (rc)
		return rc;
	rc = draw(dir);
	if (!rc)
		fprintf(messages, "plot: %s/" NAME ".svg\n", dir);
	else if (rc == -ENOENT)
		fputs("plot: gnuplot is not installed here; 'gnuplot " NAME ".gp' in the results "
		      "folder makes " NAME ".svg\n", messages);
	else
		fprintf(messages, "plot: gnuplot failed on %s/" NAME ".gp\n", dir);
	return 0;
}
