// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command __pages: prints docs/requirements.md and docs/systems.md out of what is built in.
 */
#include <stdio.h>
#include <string.h>

#include "defects/defects.h"
#include "plan.h"
#include "runner.h"
#include "systems.h"

static const char made[] = "<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
			   "<!-- Made by `make matrix`: do not edit. -->\n";

/* A cell of a table: a bar would end it. */
static void print_cell(const char *text)
{
	for (; *text; text++)
		printf(*text == '|' ? "\\|" : "%c", *text);
}

/* ---- requirements */

struct page {
	struct plan plan;
	const char *area;
};

static void print_profiles(const struct cts_requirement *r)
{
	static const char *const names[] = { "v7-posted", "v7-reviewed", "ioasid-rfc", "iommufd" };
	const char *before = "";

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(r->profiles & 1u << i))
			continue;
		printf("%s%s", before, names[i]);
		before = ", ";
	}
	if (r->since)
		printf(" since %s", r->since);
	if (r->until)
		printf(" until %s", r->until);
}

/* "nesting/bind.bind" and "double_keeps_first": the same test on each uAPI is one. */
static bool same_test(const struct plan_test *a, const struct plan_test *b)
{
	return a->suite == b->suite && !strcmp(strrchr(a->name, '.'), strrchr(b->name, '.')) &&
	       strcspn(a->inner, ".") == strcspn(b->inner, ".") &&
	       !strncmp(a->inner, b->inner, strcspn(a->inner, "."));
}

static bool seen_before(const struct plan *p, size_t i, const char *id)
{
	for (size_t k = 0; k < i; k++)
		if (plan_cites(&p->tests[k], id) && same_test(&p->tests[k], &p->tests[i]))
			return true;
	return false;
}

static void print_tests(const struct plan *p, const char *id)
{
	const char *before = "";

	for (size_t i = 0; i < p->nr; i++) {
		const struct plan_test *t = &p->tests[i];

		if (!plan_cites(t, id) || seen_before(p, i, id))
			continue;
		printf("%s%s.%.*s%s", before, t->suite->name, (int)strcspn(t->inner, "."), t->inner,
		       strrchr(t->name, '.'));
		before = ", ";
	}
}

static void print_variants(const char *id)
{
	const char *before = "";
	size_t n;
	const struct cts_defect *d = cts_defects(&n);

	for (size_t i = 0; i < n; i++) {
		if (!cts_defect_caught(&d[i], id))
			continue;
		printf("%s%s", before, d[i].name);
		before = ", ";
	}
}

static int print_requirement(void *arg, const struct cts_requirement *r)
{
	static const char *const strengths[] = { "?", "MUST", "SHOULD", "OBSERVED" };
	struct page *page = arg;

	if (!page->area || strcmp(page->area, r->area))
		printf("\n## %s\n\n"
		       "| requirement | promise | strength | source | profiles | tests | caught |\n"
		       "|---|---|---|---|---|---|---|\n", r->area);
	page->area = r->area;
	printf("| %s | ", r->id);
	print_cell(r->text);
	printf(" | %s | ", strengths[r->strength > CTS_OBSERVED ? 0 : r->strength]);
	print_cell(r->source);
	printf(" | ");
	print_profiles(r);
	printf(" | ");
	print_tests(&page->plan, r->id);
	printf(" | ");
	print_variants(r->id);
	puts(" |");
	return 0;
}

static void print_requirements(void)
{
	struct plan_filter everything = { 0 };
	struct page page = { 0 };

	plan_build(&page.plan, &everything);
	printf("%s# Requirements\n\n"
	       "Each promise with its source, the tests that judge it (the same test on several\n"
	       "uAPIs is named once) and the known-bad variants of the reference that it catches\n"
	       "(`matrix.md`). The same as data: `iommu-cts list --requirements --json`. Sources\n"
	       "named v7 are patches (p01 to p16) of \"vfio: expose virtual Shared Virtual\n"
	       "Addressing to VMs\", v7, of 10 September 2020, and the review of them.\n",
	       made);
	cts_requirement_each(print_requirement, &page);
	plan_free(&page.plan);
}

/* ---- systems */

static void print_systems(void)
{
	size_t n;
	const struct system_row *s = systems_all(&n);

	printf("%s# The systems of the seed proposals\n\n"
	       "What the mails of 2020 and 2021 describe, and the requirements that hold an\n"
	       "implementation to it. A requirement that ends in an asterisk stands for all whose\n"
	       "IDs begin so. Where there is none yet, the note says what is missing.\n\n"
	       "| system | described in | requirements | note |\n|---|---|---|---|\n",
	       made);
	for (size_t i = 0; i < n; i++) {
		printf("| ");
		print_cell(s[i].name);
		printf(" | ");
		print_cell(s[i].source);
		printf(" | %s | ", s[i].requirements);
		print_cell(s[i].note);
		puts(" |");
	}
}

int pages_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "requirements"))
		print_requirements();
	else if (argc == 2 && !strcmp(argv[1], "systems"))
		print_systems();
	else
		return usage_error("__pages is the project's own: __pages requirements|systems");
	return flush_stdout();
}
