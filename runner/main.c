// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommu-cts: the commands. Each is a function of (argc, argv) in its own file that returns the exit
 * status: 0 all as expected, 1 a failure, 2 usage or environment.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runner.h"
#include "version.h"

static const char help[] =
	"usage: iommu-cts COMMAND [options]\n"
	"\n"
	"  list --requirements|--defects|--tests|--known [--json]\n"
	"        what the suite promises to check, the known-bad variants, the tests, the known\n"
	"        deviations of kernels\n"
	"  run --subject reference|vm|hardware [--device BDF]... [--defect NAME] [--area A]\n"
	"      [--requirement ID] [--test GLOB] [--timeout SECONDS] --out DIR\n"
	"        conformance: DIR/results.json, results.ktap, coverage.json, journal.jsonl\n"
	"  perf [--bench GLOB] --out DIR\n"
	"        benchmarks: DIR/perf.json ('iommu-cts perf --help' lists its options)\n"
	"  lab run --arch aarch64|x86_64 --kernel VERSION --out DIR\n"
	"        the same inside a QEMU guest, on the kernel's real drivers ('iommu-cts lab "
	"help')\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 all as expected, 1 a failure, 2 wrong usage or a machine that lacks "
	"something.\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", list_main },
	{ "run", run_main },
	{ "perf", perf_command },
	{ "lab", lab_main },
	{ "__suite", suite_main },	/* one test, in a process of its own: see process.c */
	{ "__foresee", foresee_main },	/* why a variant cannot run here: see foresee.c */
	{ "__matrix", matrix_main },	/* for make matrix and make check: see matrix.c */
	{ "__pages", pages_main },	/* for the same: see pages.c */
	{ "__check", check_main },	/* for make check: do the registries hold together? */
	{ "__record", record_main },	/* for the runner's tests: the summary of a record */
};

/* "--help" alone, or behind a command that has no help of its own. */
static bool wants_help(int argc, char **argv)
{
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return true;
	return argc == 3 && !strcmp(argv[2], "--help") &&
	       (!strcmp(argv[1], "run") || !strcmp(argv[1], "list"));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage_error("no command given: list, run, perf or lab ('iommu-cts --help')");
	if (wants_help(argc, argv)) {
		fputs(help, stdout);
		return flush_stdout();
	}
	if (!strcmp(argv[1], "--version")) {
		printf("iommu-cts %s\n", CTS_VERSION);
		return flush_stdout();
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return usage_error("unknown %s '%s': list, run, perf or lab ('iommu-cts --help')",
			   argv[1][0] == '-' ? "option" : "command", argv[1]);
}
