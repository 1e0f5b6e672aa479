// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list command: requirements, known-bad variants, tests and known deviations, as text or
 * JSON.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "defects/defects.h"
#include "iommu_ref.h"
#include "known.h"
#include "plan.h"
#include "runner.h"

enum what { NOTHING, REQUIREMENTS, DEFECTS, TESTS, KNOWN };

struct listing {
	struct plan plan;
	json_t *out;
};

static const char *strength_name(enum cts_strength s)
{
	static const char *const names[] = { "?", "MUST", "SHOULD", "OBSERVED" };

	return names[s > CTS_OBSERVED ? 0 : s];
}

static json_t *profile_names(unsigned int profiles)
{
	static const char *const names[] = { "v7-posted", "v7-reviewed", "ioasid-rfc", "iommufd" };
	json_t *list = json_array();

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (profiles & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *defects_of(const char *id)
{
	json_t *list = json_array();
	size_t n;
	const struct cts_defect *d = cts_defects(&n);

	for (size_t i = 0; i < n; i++)
		if (cts_defect_caught(&d[i], id))
			json_array_append_new(list, json_string(d[i].name));
	return list;
}

static int add_requirement(void *arg, const struct cts_requirement *r)
{
	struct listing *l = arg;
	json_t *tests = json_array();

	for (size_t i = 0; i < l->plan.nr; i++)
		if (plan_cites(&l->plan.tests[i], r->id))
			json_array_append_new(tests, json_string(l->plan.tests[i].name));
	json_array_append_new(
		l->out, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:s?, s:o, s:o}", "id",
				  r->id, "area", r->area, "strength", strength_name(r->strength),
				  "text", r->text, "source", r->source, "profiles",
				  profile_names(r->profiles), "since", r->since, "until", r->until,
				  "tests", tests, "defects", defects_of(r->id)));
	return 0;
}

static const char *defect_text(const char *name)
{
	const struct iommu_ref_defect_info *info;
	size_t n = iommu_ref_defects(&info);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(info[i].name, name))
			return info[i].what;
	return NULL;
}

struct caught {
	const struct cts_defect *d;
	json_t *ids;
};

static int add_caught(void *arg, const struct cts_requirement *r)
{
	struct caught *k = arg;

	if (cts_defect_caught(k->d, r->id))
		json_array_append_new(k->ids, json_string(r->id));
	return 0;
}

static void add_defects(struct listing *l)
{
	size_t n;
	const struct cts_defect *d = cts_defects(&n);

	for (size_t i = 0; i < n; i++) {
		struct caught k = { &d[i], json_array() };

		cts_requirement_each(add_caught, &k);
		json_array_append_new(l->out,
				      json_pack("{s:s, s:s, s:s?, s:o}", "name", d[i].name,
						"requirement", d[i].requirement, "what",
						defect_text(d[i].name), "caught", k.ids));
	}
}

static void add_tests(struct listing *l)
{
	for (size_t i = 0; i < l->plan.nr; i++) {
		const struct plan_test *t = &l->plan.tests[i];
		json_t *ids = json_array();

		for (const char *const *id = t->ids; *id; id++)
			json_array_append_new(ids, json_string(*id));
		json_array_append_new(l->out, json_pack("{s:s, s:s, s:o}", "test", t->name, "area",
							t->suite->area, "requirements", ids));
	}
}

static void add_known(struct listing *l)
{
	size_t n;
	const struct known *k = known_all(&n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			l->out, json_pack("{s:s, s:s?, s:s, s:s?, s:s?, s:s, s:s}", "requirement",
					  k[i].requirement, "subject", k[i].subject, "arch",
					  cts_arch_name(k[i].arch), "first", k[i].first, "last",
					  k[i].last, "reason", k[i].reason, "evidence",
					  k[i].evidence));
}

/* NULL: a row that is open there */
static const char *or_any(const json_t *one, const char *key)
{
	const char *s = json_string_value(json_object_get(one, key));

	return s ? s : "any";
}

static void print_known(const json_t *one)
{
	const char *id, *arch, *reason, *evidence;

	if (!json_unpack((json_t *)one, "{s:s, s:s, s:s, s:s}", "requirement", &id, "arch", &arch,
			 "reason", &reason, "evidence", &evidence))
		printf("%-36s subject %s, %s, kernel %s to %s\n    %s\n    source: %s\n", id,
		       or_any(one, "subject"), arch, or_any(one, "first"), or_any(one, "last"),
		       reason, evidence);
}

/* "    WHAT: a b c" over as many lines as it takes */
static void print_words(const char *what, const json_t *list)
{
	size_t i, column = 0;
	const json_t *one;

	json_array_foreach(list, i, one) {
		const char *word = json_string_value(one);

		if (!i)
			column = (size_t)printf("    %s:", what);
		else if (column + strlen(word) > 96)
			column = (size_t)printf("\n       ") - 1;
		column += (size_t)printf(" %s", word);
	}
	if (i)
		putchar('\n');
}

static void print_requirement(const json_t *one)
{
	const char *id, *area, *strength, *text, *source;
	const json_t *tests = json_object_get(one, "tests");

	if (json_unpack((json_t *)one, "{s:s, s:s, s:s, s:s, s:s}", "id", &id, "area", &area,
			"strength", &strength, "text", &text, "source", &source))
		return;
	printf("%-36s %-14s %-8s %zu test(s)\n    %s\n    source: %s\n", id, area, strength,
	       json_array_size(tests), text, source);
	print_words("profiles", json_object_get(one, "profiles"));
	print_words("tests", tests);
	print_words("caught", json_object_get(one, "defects"));
}

static void print_text(enum what what, const json_t *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(out, i, one) {
		const char *s[3];

		if (what == REQUIREMENTS)
			print_requirement(one);
		else if (what == DEFECTS &&
			 !json_unpack((json_t *)one, "{s:s, s:s, s:s}", "name", &s[0],
				      "requirement", &s[1], "what", &s[2]))
			printf("%-24s %-36s %s\n", s[0], s[1], s[2]);
		else if (what == KNOWN)
			print_known(one);
		else if (what == TESTS)
			puts(json_string_value(json_object_get(one, "test")));
	}
}

static int show(enum what what, bool json)
{
	struct plan_filter everything = { 0 };
	struct listing l = { .out = json_array() };

	plan_build(&l.plan, &everything);
	if (what == REQUIREMENTS)
		cts_requirement_each(add_requirement, &l);
	else if (what == DEFECTS)
		add_defects(&l);
	else if (what == KNOWN)
		add_known(&l);
	else
		add_tests(&l);
	if (json) {
		json_dumpf(l.out, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else {
		print_text(what, l.out);
	}
	json_decref(l.out);
	plan_free(&l.plan);
	return flush_stdout();
}

int list_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "requirements", no_argument, NULL, REQUIREMENTS },
		{ "defects", no_argument, NULL, DEFECTS },
		{ "tests", no_argument, NULL, TESTS },
		{ "known", no_argument, NULL, KNOWN },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	enum what what = NOTHING;
	bool json = false;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (opt == '?' || opt == ':')
			return option_error(opt, argv);
		if (opt == 'j')
			json = true;
		else if (what != NOTHING)
			return usage_error(
				"list: give one of --requirements, --defects, --tests and --known");
		else
			what = (enum what)opt;
	}
	if (optind < argc)
		return usage_error("list: '%s' is not expected here ('iommu-cts --help')",
				   argv[optind]);
	if (what == NOTHING)
		return usage_error("list: give --requirements, --defects, --tests or --known");
	return show(what, json);
}
