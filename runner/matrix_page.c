// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command __matrix: measures the matrix and prints docs/matrix.md, of which the build takes
 * what `list` knows about variants (fixtures/defects/caught.awk).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iommu_ref.h"
#include "matrix.h"
#include "runner.h"

static const char head[] =
	"<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
	"<!-- Made by `make matrix`: do not edit. -->\n"
	"# Known-bad variants and the requirements that catch them\n"
	"\n"
	"Each variant is the reference with one defect. The whole suite was run on it (a test\n"
	"that does not reach the marked line is left out: it cannot differ). Red is a\n"
	"requirement that a failed check named. The first one is the variant's own, which\n"
	"`make check` insists on; the others depend on the same thing. `iommu-cts list\n"
	"--requirements` says the same the other way round.\n"
	"\n";

static const char columns[] =
	"\n"
	"| variant | what is wrong | its requirement | also red |\n"
	"|---|---|---|---|\n";

/*
 * Their tests race threads or compare times: what they find beside their own variant depends on how
 * busy the machine is, so the page, which is compared with the next measurement, leaves it out.
 */
static const char *const timed[] = {
	"ABUSE_DOUBLE_FETCH", "ABUSE_FREE_SPIN", "ALLOC_CONCURRENT_STRESS", "FREE_BIND_RACE",
	"FREE_WHOLE_SPACE_BOUNDED",
};

static bool is_timed(const char *id)
{
	for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
		if (!strcmp(timed[i], id))
			return true;
	return false;
}

static void print_head(void)
{
	fputs(head, stdout);
	fputs("Tests that race threads or compare times find more on one machine than on another:\n"
	      "these requirements are named only where they are a variant's own:\n", stdout);
	for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
		printf("%s%s", i ? ", " : "", timed[i]);
	puts(".");
	fputs(columns, stdout);
}

static const char *what_of(const char *name)
{
	const struct iommu_ref_defect_info *info;
	size_t n = iommu_ref_defects(&info);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(info[i].name, name))
			return info[i].what;
	return "";
}

/* A row; false: the variant's own requirement stayed green. */
static bool print_row(const struct matrix *m, size_t d)
{
	const struct cts_defect *defect = &m->defects[d];
	const char *space = " ";
	bool own = false;

	printf("| %s | %s | %s |", defect->name, what_of(defect->name), defect->requirement);
	for (size_t i = 0; i < m->nr_requirements; i++) {
		if (!m->red[d * m->nr_requirements + i])
			continue;
		if (!strcmp(m->requirements[i]->id, defect->requirement)) {
			own = true;
			continue;
		}
		if (is_timed(m->requirements[i]->id))
			continue;
		printf("%s%s", space, m->requirements[i]->id);
		space = ", ";
	}
	puts(" |");
	if (!own)
		fprintf(stderr, "iommu-cts: %s does not turn %s red\n", defect->name,
			defect->requirement);
	return own;
}

static bool is_caught(const struct matrix *m, size_t requirement)
{
	for (size_t d = 0; d < m->nr_defects; d++)
		if (m->red[d * m->nr_requirements + requirement])
			return true;
	return false;
}

static void print_uncaught(const struct matrix *m)
{
	static const char *const strengths[] = { NULL, "MUST", "SHOULD", "OBSERVED" };

	puts("\n## Requirements that no variant turns red\n");
	for (unsigned int s = CTS_MUST; s <= CTS_OBSERVED; s++) {
		const char *before = " ";

		printf("%s:", strengths[s]);
		for (size_t i = 0; i < m->nr_requirements; i++) {
			if (m->requirements[i]->strength != s || is_caught(m, i) ||
			    is_timed(m->requirements[i]->id))
				continue;
			printf("%s%s", before, m->requirements[i]->id);
			before = ", ";
		}
		puts(*before == ',' ? ".\n" : " none.\n");
	}
}

static int print_page(const struct matrix *m, int rc)
{
	print_head();
	for (size_t d = 0; d < m->nr_defects; d++)
		if (!print_row(m, d) && !rc)
			rc = STATUS_FAILURE;
	print_uncaught(m);
	fprintf(stderr, "%zu tests, %zu runs\n", m->nr_tests, m->nr_runs);
	return flush_stdout() ? STATUS_USAGE : rc;
}

int matrix_main(int argc, char **argv)
{
	struct plan_filter filter = { 0 };
	struct matrix m;
	int opt, rc;
	long jobs = 1;

	opterr = 0;
	while ((opt = getopt(argc, argv, "+:j:t:")) != -1) {
		if (opt == 'j')
			jobs = strtol(optarg, NULL, 10);
		else if (opt == 't')
			filter.test = optarg;
		else
			return option_error(opt, argv);
	}
	if (optind < argc || jobs < 1 || jobs > 256)
		return usage_error("__matrix is the project's own: __matrix [-j JOBS] [-t GLOB]");
	matrix_init(&m);
	rc = matrix_measure(&m, &filter, (unsigned int)jobs);
	if (rc != STATUS_USAGE)
		rc = print_page(&m, rc);
	matrix_fini(&m);
	return rc;
}
