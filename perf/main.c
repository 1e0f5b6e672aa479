// SPDX-License-Identifier: GPL-2.0-only
/*
 * The perf command: options, the choice of cases, the run, the records.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf.h"
#include "record.h"
#include "report.h"

enum { STATUS_OK, STATUS_FAILURE, STATUS_USAGE };

static const char help[] =
	"usage: iommu-cts perf [--bench GLOB] [--subject reference|vm|hardware] [--device BDF]...\n"
	"                      [--quick] --out DIR\n"
	"       iommu-cts perf --list [--bench GLOB]\n"
	"\n"
	"  --bench GLOB   only benchmarks whose name or series matches, e.g. 'ops/*'\n"
	"  --device BDF   a device bound to vfio-pci; the kernel's subjects need one\n"
	"  --quick        fewer samples: seconds on the reference; no p99.9\n"
	"  --list         the names of the benchmarks\n"
	"  --out DIR      a new folder: perf.json, and a plot of invalidation cost over the "
	"batch\n";

struct options {
	const char *bench, *subject, *out;
	const char *device; /* the first one */
	char devices[CTS_MAX_DEVICES * 16];
	bool quick, list, help, icount;
};

static int usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int usage(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("iommu-cts: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return STATUS_USAGE;
}

static int add_device(struct options *o, const char *bdf)
{
	size_t used = strlen(o->devices);

	/* what an address looks like is the harness's knowledge: cts_environment() checks it */
	if (strchr(bdf, ',') || used + strlen(bdf) + 2 > sizeof(o->devices))
		return usage(
			"perf: '%.40s' is no PCI address like 0000:00:05.0, or there are too many",
			bdf);
	if (!o->device)
		o->device = bdf;
	snprintf(o->devices + used, sizeof(o->devices) - used, "%s%s", used ? "," : "", bdf);
	return STATUS_OK;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "bench", required_argument, NULL, 'b' },
		{ "subject", required_argument, NULL, 's' },
		{ "device", required_argument, NULL, 'd' },
		{ "out", required_argument, NULL, 'o' },
		{ "quick", no_argument, NULL, 'q' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *icount = getenv("CTS_ICOUNT");
	int opt, rc = STATUS_OK;

	*o = (struct options){ .subject = "reference" };
	opterr = 0;
	optind = 0; /* the runner has used getopt before */
	while (!rc && (opt = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'b': o->bench = optarg; break;
		case 's': o->subject = optarg; break;
		case 'd': rc = add_device(o, optarg); break;
		case 'o': o->out = optarg; break;
		case 'q': o->quick = true; break;
		case 'l': o->list = true; break;
		case 'h': o->help = true; break;
		case ':':
			return usage("perf: option '%s' wants a value ('iommu-cts perf --help')",
				     argv[optind - 1]);
		default:
			return usage("perf: unknown option '%s' ('iommu-cts perf --help')",
				     argv[optind - 1]);
		}
	}
	if (!rc && optind < argc)
		rc = usage("perf: '%s' is not expected here ('iommu-cts perf --help')",
			   argv[optind]);
	/*
	 * Who starts the guest knows that its time is a count of instructions; nothing else may
	 * tell.
	 */
	o->icount = icount && !strcmp(icount, "1");
	if (!rc && icount && *icount && strcmp(icount, "1") && strcmp(icount, "0"))
		rc = usage("CTS_ICOUNT='%.20s' is neither 0 nor 1", icount);
	return rc;
}

static int check_subject(const struct options *o)
{
	bool reference = !strcmp(o->subject, "reference");

	if (!reference && strcmp(o->subject, "vm") && strcmp(o->subject, "hardware"))
		return usage("unknown subject '%s': reference, vm or hardware", o->subject);
	if (reference && o->device)
		return usage("--device is for vm and hardware: the reference has its own devices");
	if (!reference && !o->device)
		return usage("subject %s needs devices: name each with --device BDF", o->subject);
	if (o->icount && strcmp(o->subject, "vm"))
		return usage("CTS_ICOUNT=1 is for a guest that counts instructions: --subject vm");
	setenv("CTS_SUBJECT", o->subject, 1);
	setenv("CTS_DEVICES", o->devices, 1);
	return cts_environment();
}

static size_t select_cases(struct bench_case *cases, const char *glob)
{
	size_t n = bench_cases(cases), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!glob || !fnmatch(glob, cases[i].name, 0) ||
		    !fnmatch(glob, cases[i].series, 0))
			cases[kept++] = cases[i];
	return kept;
}

static int make_folder(const char *dir)
{
	char why[PATH_MAX + 128];

	if (!dir)
		return usage("perf: give --out DIR, a new folder for the records");
	return record_make_folder(dir, why, sizeof(why)) ? usage("--out: %s", why) : STATUS_OK;
}

/* Guest time is deterministic, and slow to produce: fewer samples tell the same. */
static void set_run(const struct options *o, struct report_run *run)
{
	*run = (struct report_run){
		.subject = o->subject, .domain = o->subject, .unit = "ns", .quick = o->quick
	};
	run->effort = (struct bench_effort){
		.samples = o->quick ? 1000 : 10000,
		.budget = o->quick ? 40e6 : 1.5e9,
	};
	if (!strcmp(o->subject, "reference")) {
		run->domain = "model";
	} else if (o->icount) {
		run->domain = "emulated";
		run->unit = "guest instructions";
		run->effort = (struct bench_effort){
			.samples = o->quick ? 100 : 1000,
			.budget = o->quick ? 20e6 : 50e6,
			/* evens out what alternates from call to call, like places in a queue */
			.least_region = 20e3,
			.align = 20000000, /* whole ticks at 100, 250 and 1000 HZ */
		};
	} else if (!strcmp(o->subject, "vm")) {
		run->domain = "emulated";
		run->note = "times of an emulated machine rank code paths; they are not the "
			    "latency of hardware";
	}
	timer_measure(&run->timer);
}

static void measure_all(const struct report_run *run, const struct bench_case *cases, size_t n,
			struct bench_result *results)
{
	bool terminal = isatty(STDERR_FILENO);

	for (size_t i = 0; i < n; i++) {
		bool news = !i || strcmp(cases[i - 1].series, cases[i].series);

		if (terminal)
			fprintf(stderr, "\r\033[K[%zu/%zu] %s", i + 1, n, cases[i].name);
		else if (news)
			fprintf(stderr, "[%zu/%zu] %s\n", i + 1, n, cases[i].series);
		bench_measure(&cases[i], &run->timer, &run->effort, &results[i]);
		if (results[i].state == BENCH_FAIL)
			fprintf(stderr, "%sFAILED %s: %s\n", terminal ? "\r\033[K" : "",
				cases[i].name, results[i].why);
	}
	if (terminal)
		fputs("\r\033[K", stderr);
}

static int finish(const struct options *o, const json_t *root, const struct bench_result *first)
{
	const json_t *summary = json_object_get(root, "summary");
	int rc = root ? report_write(o->out, root) : -ENOMEM;

	if (!rc)
		rc = plot_write(o->out, root, stderr);
	/* minutes of measuring: what the disk does not take is shown all the same */
	if (root)
		report_print(stdout, root);
	if (fflush(stdout) || ferror(stdout))
		return usage("cannot write to standard output");
	if (rc)
		return usage("cannot write the records to %s: %s", o->out, strerror(-rc));
	if (json_integer_value(json_object_get(summary, "failed")))
		return STATUS_FAILURE;
	if (!json_integer_value(json_object_get(summary, "done")))
		return usage("nothing was measured: %s", first->why);
	return STATUS_OK;
}

static int run_cases(const struct options *o, const struct bench_case *cases, size_t n)
{
	bool kernel = strcmp(o->subject, "reference");
	const char *defect = getenv("CTS_DEFECT");
	struct bench_result *results = calloc(n, sizeof(*results));
	json_t *environment, *root;
	struct report_run run;
	int status;

	if (!results)
		return usage("out of memory");
	environment = record_environment();
	json_object_set_new(environment, "subject", json_string(o->subject));
	json_object_set_new(environment, "devices", json_string(o->devices));
	json_object_set_new(environment, "doubts", place_doubts(environment, kernel, defect));
	json_object_set_new(environment, "placement", place_pin(o->device));
	set_run(o, &run);
	measure_all(&run, cases, n, results);
	root = report_make(&run, environment, results, n);
	status = finish(o, root, &results[0]);
	json_decref(root);
	for (size_t i = 0; i < n; i++)
		bench_result_free(&results[i]);
	free(results);
	return status;
}

int perf_main(int argc, char **argv)
{
	struct bench_case cases[BENCH_MAX_CASES];
	struct options o;
	size_t n;
	int rc = parse(argc, argv, &o);

	if (rc)
		return rc;
	if (o.help) {
		fputs(help, stdout);
		return STATUS_OK;
	}
	n = select_cases(cases, o.bench);
	if (!n)
		return usage("no benchmark matches '%s' ('iommu-cts perf --list')", o.bench);
	if (o.list) {
		for (size_t i = 0; i < n; i++)
			puts(cases[i].name);
		return fflush(stdout) ? usage("cannot write to standard output") : STATUS_OK;
	}
	rc = check_subject(&o);
	if (!rc)
		rc = make_folder(o.out);
	return rc ? rc : run_cases(&o, cases, n);
}
