// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes in the registries are found: an ID that is defined twice, one that is cited and not
 * there, a requirement without a source. A section that nobody fills reads as empty.
 */
#include "internal.h"
#include "test.h"

static const struct cts_requirement table[] = {
	{
		.id = "RT_TWICE",
		.area = "registry-test",
		.text = "One.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_ALL,
	},
	{
		.id = "RT_NO_SOURCE",
		.area = "registry-test",
		.text = "Two.",
		.strength = CTS_MUST,
		.profiles = CTS_ALL,
	},
};
CTS_REQUIREMENTS(registry_test, table);

static const struct cts_requirement again[] = {
	{
		.id = "RT_TWICE",
		.area = "registry-test-2",
		.text = "One again.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_ALL,
	},
};
CTS_REQUIREMENTS(registry_test_2, again);

FIXTURE(cites)
{
	struct cts *c;
};

FIXTURE_SETUP(cites)
{
	self->c = cts_begin(&(struct cts_variant){ .profile = CTS_IOMMUFD, .arch = CTS_VTD });
}

FIXTURE_TEARDOWN(cites)
{
	cts_end(self->c);
}

CTS_TEST_F(cites, the_known, "RT_TWICE")
{
	CTS_EXPECT_TRUE("RT_TWICE", self->c, "no subject");
}

static const char *const unknown[] = { "RT_NOT_THERE", NULL };
static const struct cts_cite stray = { "registry", "cites", "stray", unknown };
static const struct cts_cite *const stray_p
	__attribute__((used, retain, section("cts_cites"))) = &stray;

struct found {
	unsigned int n;
	char text[8][CTS_REASON_LEN];
};

static void find(void *arg, const char *problem)
{
	struct found *f = arg;

	if (f->n < 8)
		copy_text(f->text[f->n++], CTS_REASON_LEN, "%s", problem);
}

/* Which of two equal IDs is the second is the linker's choice, and so is the order of the lines. */
static bool has(const struct found *f, const char *text)
{
	for (unsigned int i = 0; i < f->n; i++)
		if (!strcmp(f->text[i], text))
			return true;
	return false;
}

static int any(void *arg, const struct cts_suite *s)
{
	(void)arg, (void)s;
	return 1;
}

static int count(void *arg, const struct cts_cite *cite)
{
	*(int *)arg += !strcmp(cite->fixture, "cites");
	return 0;
}

TEST(problems)
{
	static struct found f;
	int cites = 0;

	EXPECT_EQ(3, cts_registry_check(find, &f));
	EXPECT_TRUE(has(&f, "requirement RT_TWICE is defined twice"));
	EXPECT_TRUE(
		has(&f, "requirement RT_NO_SOURCE lacks area, text, strength, source or profiles"));
	EXPECT_TRUE(has(&f, "registry: cites.stray cites RT_NOT_THERE, which is no requirement"));
	EXPECT_EQ(0, cts_suite_each(any, NULL));
	EXPECT_EQ(0, cts_cite_each(count, &cites));
	EXPECT_EQ(2, cites);
}

TEST_HARNESS_MAIN
