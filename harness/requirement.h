/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requirements: one promise each, with a stable ID. They are data, in
 * conformance/AREA/requirements.c; tests cite them by ID. Registries are linker sections, so that a
 * new file is enough.
 */
#ifndef CTS_REQUIREMENT_H
#define CTS_REQUIREMENT_H

#include "cts.h"

enum cts_strength { CTS_MUST = 1, CTS_SHOULD, CTS_OBSERVED };

#define CTS_MAX_ERRNOS 6

/* The errno set that holds in some profiles; 0 in the set means success. */
struct cts_expect {
	unsigned int profiles;		/* enum cts_profile bits */
	int errnos[CTS_MAX_ERRNOS];	/* positive errno values, or 0; nr says how many */
	unsigned int nr;
};

struct cts_requirement {
	const char *id;		/* "BIND_DOUBLE_KEEPS_FIRST" */
	const char *area;	/* folder name: "nesting" */
	const char *text;	/* one sentence, a promise */
	enum cts_strength strength;
	const char *source;	/* "v7 p10; review: ..." or "iommufd.h IOMMU_IOAS_MAP" */
	unsigned int profiles;
	const char *since;	/* first version, e.g. "6.2", or NULL: all of the profile */
	const char *until;	/* last version, or NULL */
	struct cts_expect expect[4];
};

/* expect initialisers: EXPECT_IN(CTS_IOMMUFD, EINVAL, EOPNOTSUPP) */
#define CTS_NARGS_(a, b, c, d, e, f, n, ...) n
#define EXPECT_IN(profiles_, ...) \
	{ .profiles = (profiles_), .errnos = { __VA_ARGS__ }, \
	  .nr = CTS_NARGS_(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0) }

struct cts_requirement_table {
	const struct cts_requirement *table;
	size_t nr;
};

/* At file scope in requirements.c: CTS_REQUIREMENTS(nesting, table_name); */
#define CTS_REQUIREMENTS(area_, table_) \
	static const struct cts_requirement_table cts_reqs_##area_ = { \
		table_, sizeof(table_) / sizeof((table_)[0]) }; \
	static const struct cts_requirement_table *const cts_reqs_p_##area_ \
		__attribute__((used, retain, section("cts_reqs"))) = &cts_reqs_##area_

const struct cts_requirement *cts_requirement_find(const char *id);	/* or NULL */
/* Calls @fn for each, in area then file order. Stops at a non-zero return and returns it. */
int cts_requirement_each(int (*fn)(void *arg, const struct cts_requirement *r), void *arg);
/* The errno set of @r in @profile; NULL: it says nothing about errnos there. */
const struct cts_expect *cts_requirement_expect(const struct cts_requirement *r,
						unsigned int profile);

/* Which test cites which requirements: made by CTS_TEST_F(), see test.h. */
struct cts_cite {
	const char *suite, *fixture, *test;
	const char *const *ids;		/* NULL-terminated */
};
int cts_cite_each(int (*fn)(void *arg, const struct cts_cite *cite), void *arg);

/* One test of a suite. "" as variant and NULL as @v: its fixture has no variants. */
struct cts_suite_test {
	const char *fixture, *variant, *test;
	const struct cts_variant *v;
};

/* A suite is one test source file. */
struct cts_suite {
	const char *name;	/* "allocation/range" */
	const char *area;
	int (*run)(int argc, char **argv);	/* the kselftest harness of that file */
	/* every fixture.variant.test of the file; "global" and "" where there is none */
	void (*each)(void (*fn)(void *arg, const struct cts_suite_test *test), void *arg);
};
int cts_suite_each(int (*fn)(void *arg, const struct cts_suite *s), void *arg);

/*
 * Is everything that is linked together consistent? Calls @report (may be NULL) with a line for
 * each problem: an ID or a suite defined twice, a citation of an unknown ID, an incomplete
 * requirement. Returns how many.
 */
int cts_registry_check(void (*report)(void *arg, const char *problem), void *arg);
#endif
