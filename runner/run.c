// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run command: its options, the folder for the records, the order of things.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "defects/defects.h"
#include "devices.h"
#include "process.h"
#include "record.h"
#include "runner.h"
#include "session.h"

#define DEFAULT_TIMEOUT 30.0

enum {
	OPT_SUBJECT = 256,
	OPT_DEVICE,
	OPT_DEFECT,
	OPT_AREA,
	OPT_TEST,
	OPT_REQUIREMENT,
	OPT_TIMEOUT,
	OPT_OUT
};

static const struct option options[] = {
	{ "subject", required_argument, NULL, OPT_SUBJECT },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "defect", required_argument, NULL, OPT_DEFECT },
	{ "area", required_argument, NULL, OPT_AREA },
	{ "test", required_argument, NULL, OPT_TEST },
	{ "requirement", required_argument, NULL, OPT_REQUIREMENT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "out", required_argument, NULL, OPT_OUT },
	{ 0 }
};

static int parse_timeout(const char *text, double *timeout)
{
	char *end;

	*timeout = strtod(text, &end);
	if (end == text || *end || !(*timeout > 0) || *timeout > 86400)
		return usage_error("run: '%s' is no number of seconds above 0, up to 86400", text);
	return STATUS_OK;
}

/* A filter that is given twice would silently be the last one. */
static int take_once(const char **filter, const char *option)
{
	if (*filter)
		return usage_error("run: %s is given twice: it takes one value", option);
	*filter = optarg;
	return STATUS_OK;
}

static int parse_options(int argc, char **argv, struct session *s)
{
	int opt, rc = STATUS_OK;

	opterr = 0;
	while (!rc && (opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (opt) {
		case OPT_SUBJECT: s->subject = optarg; break;
		case OPT_DEVICE: rc = devices_add(&s->devices, optarg); break;
		case OPT_DEFECT: s->defect = optarg; break;
		case OPT_AREA: rc = take_once(&s->filter.area, "--area"); break;
		case OPT_TEST: rc = take_once(&s->filter.test, "--test"); break;
		case OPT_REQUIREMENT:
			rc = take_once(&s->filter.requirement, "--requirement");
			break;
		case OPT_TIMEOUT: rc = parse_timeout(optarg, &s->timeout); break;
		case OPT_OUT: s->out = optarg; break;
		default: return option_error(opt, argv);
		}
	}
	if (!rc && optind < argc)
		rc = usage_error("run: '%s' is not expected here ('iommu-cts --help')",
				 argv[optind]);
	return rc;
}

static int check_defect(const char *name)
{
	size_t n;
	const struct cts_defect *d = cts_defects(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(d[i].name, name))
			return STATUS_OK;
	return usage_error("unknown defect '%s' ('iommu-cts list --defects')", name);
}

static int check_subject(const struct session *s)
{
	if (!s->subject)
		return usage_error("run: give --subject reference, vm or hardware");
	if (!strcmp(s->subject, "mock"))
		return usage_error(
			"the subject 'mock' is not built yet: reference, vm or hardware");
	if (!strcmp(s->subject, "reference")) {
		if (s->devices.nr)
			return usage_error("--device is for vm and hardware: the reference has its "
					   "own devices");
		return s->defect ? check_defect(s->defect) : STATUS_OK;
	}
	if (strcmp(s->subject, "vm") && strcmp(s->subject, "hardware"))
		return usage_error("unknown subject '%s': reference, vm or hardware", s->subject);
	if (s->defect)
		return usage_error("--defect is for the subject reference: a kernel has no "
				   "variants to select");
	return devices_check(&s->devices);
}

static int check_filter(const struct session *s)
{
	const struct plan_filter *f = &s->filter;

	if (f->area && !plan_area_exists(f->area))
		return usage_error("unknown area '%s' ('iommu-cts list --requirements')", f->area);
	if (f->requirement && !cts_requirement_find(f->requirement))
		return usage_error("unknown requirement '%s' ('iommu-cts list --requirements')",
				   f->requirement);
	if (!s->plan.nr)
		return usage_error("no test matches%s%s%s%s%s%s ('iommu-cts list --tests')",
				   f->test ? " --test " : "", f->test ? f->test : "",
				   f->area ? " --area " : "", f->area ? f->area : "",
				   f->requirement ? " --requirement " : "",
				   f->requirement ? f->requirement : "");
	return STATUS_OK;
}

static int make_folder(const char *dir)
{
	char why[PATH_MAX + 128];

	if (!dir)
		return usage_error("run: give --out DIR, a new folder for the records");
	return record_make_folder(dir, why, sizeof(why)) ? usage_error("--out: %s", why) :
							    STATUS_OK;
}

static void set_environment(const struct session *s)
{
	char *devices = devices_join(&s->devices);

	char *limit = xprintf("%d", (int)s->timeout + 5);

	setenv("CTS_SUBJECT", s->subject, 1);
	/* kselftest has a limit of its own: keep it behind ours */
	setenv("CTS_TIMEOUT", limit, 1);
	free(limit);
	setenv("CTS_DEVICES", devices, 1);
	if (s->defect)
		setenv("CTS_DEFECT", s->defect, 1);
	else
		unsetenv("CTS_DEFECT");
	free(devices);
}

static int cannot_write(const struct session *s, const char *name, int rc)
{
	return usage_error(
		"cannot write %s/%s: %s; what was recorded so far is in %s/journal.jsonl", s->out,
		name, strerror(-rc), s->out);
}

static int write_records(const struct session *s, const json_t *root)
{
	int rc = record_write_json(s->out, "coverage.json", json_object_get(root, "coverage"));

	if (rc)
		return cannot_write(s, "coverage.json", rc);
	rc = record_write_text(s->out, "results.ktap", record_print_ktap, root);
	if (rc)
		return cannot_write(s, "results.ktap", rc);
	rc = record_write_json(s->out, "results.json", root);
	return rc ? cannot_write(s, "results.json", rc) : STATUS_OK;
}

/* 1 for anything bad; 2 when no test got as far as a verdict on the subject; else 0. */
static int exit_status(const json_t *root)
{
	const json_t *summary = json_object_get(root, "summary"), *n;
	const char *name;

	json_object_foreach((json_t *)summary, name, n)
		if (json_integer_value(n) && record_outcome_bad(name))
			return STATUS_FAILURE;
	if (!json_integer_value(json_object_get(summary, "pass")) &&
	    !json_integer_value(json_object_get(summary, "xfail")))
		return usage_error("nothing was judged: no test passed or failed here, see the "
				   "reasons above");
	return STATUS_OK;
}

static int finish(struct session *s)
{
	json_t *root = session_record(s);
	int rc = write_records(s, root), status;

	record_print_summary(stdout, root);
	if (!rc)
		printf("Records: %s/results.json, results.ktap, coverage.json, journal.jsonl\n",
		       s->out);
	status = flush_stdout();
	if (!rc)
		rc = status ? status : exit_status(root);
	if (s->interrupted)
		rc = usage_error("interrupted: %zu of %zu tests were run", s->nr_done, s->plan.nr);
	json_decref(root);
	return rc;
}

int run_main(int argc, char **argv)
{
	struct session s = { .timeout = DEFAULT_TIMEOUT };
	int rc = parse_options(argc, argv, &s);

	if (!rc)
		rc = check_subject(&s);
	if (!rc) {
		plan_build(&s.plan, &s.filter);
		rc = check_filter(&s);
	}
	if (!rc)
		rc = make_folder(s.out);
	if (!rc) {
		set_environment(&s);
		process_catch_signals();
		rc = session_run(&s);
		if (!rc)
			rc = finish(&s);
	}
	session_free(&s);
	return rc;
}
