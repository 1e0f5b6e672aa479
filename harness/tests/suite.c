// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test file as conformance/ has them, run as the runner does it: each test by name in a process
 * of its own, its TAP and its record read back. Some of its tests fail on purpose: that is what is
 * looked for.
 */
#include <fcntl.h>
#include <jansson.h>
#include <sys/wait.h>

#include "cts.h"
#include "internal.h"
#include "iommufd.h"
#include "test.h"

static const struct cts_requirement table[] = {
	{
		.id = "SU_IOAS",
		.area = "suite-test",
		.text = "An IOAS can be made.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_IOMMUFD,
		.expect = { EXPECT_IN(CTS_IOMMUFD, 0) },
	},
	{
		.id = "SU_V7",
		.area = "suite-test",
		.text = "A container.",
		.strength = CTS_MUST,
		.source = "none",
		.profiles = CTS_V7,
		.expect = { EXPECT_IN(CTS_V7, 0) },
	},
};
CTS_REQUIREMENTS(suite_test, table);

FIXTURE(su)
{
	struct cts *c;
	int fd;
};
CTS_VARIANTS_SEMANTIC(su);

FIXTURE_SETUP(su)
{
	CTS_SETUP(self->c);
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
}

FIXTURE_TEARDOWN(su)
{
	cts_end(self->c);
}

static long ioas_alloc(struct cts *c, int fd, uint32_t size)
{
	struct iommu_ioas_alloc alloc = { .size = size };

	return cts_ioctl(c, NULL, fd, IOMMU_IOAS_ALLOC, &alloc);
}

CTS_TEST_F(su, passes, "SU_IOAS")
{
	CTS_PRE_TRUE(self->fd >= 0);
	CTS_ASSERT_RC("SU_IOAS", ioas_alloc(self->c, self->fd, sizeof(struct iommu_ioas_alloc)));
	CTS_EXPECT_OK("SU_IOAS", 0);
	CTS_EXPECT_ERRNO("SU_IOAS", ioas_alloc(self->c, self->fd, 0), EINVAL, EOPNOTSUPP);
	CTS_ASSERT_ERRNO("SU_IOAS", -EINVAL, EINVAL);
	CTS_ASSERT_OK("SU_IOAS", 0);
	CTS_EXPECT_EQ("SU_IOAS", 4, 2 + 2);
	CTS_ASSERT_EQ("SU_IOAS", 4, 2 + 2);
	CTS_EXPECT_TRUE("SU_IOAS", self->c, "no subject");
	CTS_ASSERT_TRUE("SU_IOAS", self->c, "no subject %d", 1);
}

CTS_TEST_F(su, fails_and_goes_on, "SU_IOAS")
{
	CTS_EXPECT_RC("SU_IOAS", ioas_alloc(self->c, self->fd, 1));
	TH_LOG("went on");
}

CTS_TEST_F(su, fails_and_ends, "SU_IOAS")
{
	CTS_ASSERT_RC("SU_IOAS", ioas_alloc(self->c, self->fd, 1));
	TH_LOG("went on");
}

CTS_TEST_F(su, fails_then_skips, "SU_IOAS")
{
	CTS_EXPECT_EQ("SU_IOAS", 1, 2);
	CTS_SKIP(NOT_SUPPORTED, "no more of it");
}

CTS_TEST_F(su, cannot_do_its_work, "SU_IOAS", "SU_V7")
{
	CTS_PRE(ioas_alloc(self->c, self->fd, 1));
	TH_LOG("went on");
}

CTS_TEST_F(su, cites_both, "SU_V7", "SU_IOAS")
{
	CTS_EXPECT_EQ("SU_V7", CTS_V7_REVIEWED, self->c->v.profile);
	CTS_EXPECT_EQ("SU_IOAS", CTS_IOMMUFD, self->c->v.profile);
}

CTS_TEST_F(su, skips, "SU_IOAS")
{
	CTS_SKIP(ENV_MISSING, "no %s here", "engine");
}

static long damaging(struct cts_actor *a, const struct ioctl_call *call, char *damage)
{
	(void)a, (void)call;
	copy_text(damage, CTS_DAMAGE_LEN, "forged damage");
	return 0;
}

CTS_TEST_F(su, damage, "SU_IOAS")
{
	static struct subject_ops ops;

	ops = *cts_priv(self->c)->ops;
	ops.ioctl = damaging;
	cts_priv(self->c)->ops = &ops;
	CTS_EXPECT_RC("SU_IOAS", ioas_alloc(self->c, self->fd, sizeof(struct iommu_ioas_alloc)));
}

CTS_SUITE("suite-test", "suite-test/suite");

/* ---- what runs them */

struct seen {
	char text[32768]; /* both outputs */
	char record[32768];
	int status;
};

static size_t slurp(int fd, char *buf, size_t room)
{
	size_t used = 0;
	ssize_t n;

	while (used < room - 1 && (n = read(fd, buf + used, room - 1 - used)) > 0)
		used += (size_t)n;
	buf[used] = '\0';
	close(fd);
	return used;
}

static void run_one(const char *name, struct seen *s)
{
	char *argv[] = { "suite", "-r", (char *)name, NULL };
	int text[2], record[2];
	char number[12];
	pid_t pid;

	if (pipe(text) || pipe(record)) {
		perror("pipe");
		exit(1);
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(text[1], 1);
		dup2(text[1], 2);
		close(text[0]);
		close(record[0]);
		snprintf(number, sizeof(number), "%d", record[1]);
		setenv("CTS_RECORD_FD", number, 1);
		exit(cts_suite_.run(3, argv));
	}
	close(text[1]);
	close(record[1]);
	/* both fit into their pipes */
	slurp(text[0], s->text, sizeof(s->text));
	slurp(record[0], s->record, sizeof(s->record));
	waitpid(pid, &s->status, 0);
}

/* Texts must be in the output as given; one that begins with '!' must not be there. */
static const struct expectation {
	const char *test;
	const char *outcome; /* of the record; NULL: none */
	const char *text[4];
	int exit; /* kselftest's: 4 a skip */
} expectations[] = {
	{ "su.iommufd_vtd.passes", NULL, { "\nok 1 su.iommufd_vtd.passes", "!SKIP" }, 0 },
	{ "su.iommufd_smmuv3.passes", NULL, { "\nok 1 ", "!SKIP" }, 0 },
	{ "su.vfio_v7_vtd.passes",
	  NULL,
	  { "# SKIP not-applicable: SU_IOAS is no promise of v7-reviewed\n" },
	  4 },
	{ "su.iommufd_vtd.fails_and_goes_on",
	  "fail",
	  { "\nnot ok 1 ",
	    "SU_IOAS: want success, saw -EINVAL | IOMMU_IOAS_ALLOC size=1 = -EINVAL | "
	    "[An IOAS can be made.]",
	    "went on" },
	  1 },
	{ "su.iommufd_vtd.fails_and_ends",
	  "fail",
	  { "\nnot ok 1 ", "SU_IOAS: want success, saw -EINVAL", "!went on" },
	  1 },
	{ "su.iommufd_vtd.fails_then_skips", "fail", { "SU_IOAS: 2: want 1, saw 2" }, 4 },
	{ "su.iommufd_vtd.cannot_do_its_work",
	  "broken",
	  { "\nnot ok 1 ", "broken: IOMMU_IOAS_ALLOC", "!went on" },
	  1 },
	{ "su.vfio_v7_vtd.cites_both", NULL, { "\nok 1 ", "!SKIP" }, 0 },
	{ "su.iommufd_vtd.cites_both", NULL, { "\nok 1 ", "!SKIP" }, 0 },
	{ "su.iommufd_vtd.skips", NULL, { "# SKIP env-missing: no engine here\n" }, 4 },
	{ "su.iommufd_vtd.damage",
	  "fail",
	  { "\nnot ok 1 ", "SU_IOAS: the subject wrote where it must not: forged damage" },
	  1 },
};

static bool judge_text(const struct expectation *e, const struct seen *s)
{
	for (size_t i = 0; i < 4 && e->text[i]; i++) {
		bool unwanted = e->text[i][0] == '!';

		if (!!strstr(s->text, e->text[i] + unwanted) == unwanted) {
			printf("# %s: %s '%s' in:\n%s\n", e->test, unwanted ? "unwanted" : "no",
			       e->text[i] + unwanted, s->text);
			return false;
		}
	}
	return true;
}

static bool judge_record(const struct expectation *e, const struct seen *s)
{
	json_t *o = json_loads(s->record, 0, NULL);
	const char *outcome = json_string_value(json_object_get(o, "outcome"));
	bool good = o && !(outcome && !e->outcome) && !(e->outcome && !outcome) &&
		    (!outcome || !strcmp(outcome, e->outcome)) && json_object_get(o, "coverage");

	if (!good)
		printf("# %s: not the record that was expected: %s\n", e->test, s->record);
	json_decref(o);
	return good;
}

static bool judge_exit(const struct expectation *e, const struct seen *s)
{
	/* kselftest ends with 0 where all is passed or skipped */
	int want = e->exit == 4 ? 0 : e->exit;
	bool good = WIFEXITED(s->status) && WEXITSTATUS(s->status) == want;

	if (!good)
		printf("# %s: status %x\n", e->test, (unsigned int)s->status);
	return good;
}

static void count(void *arg, const struct cts_suite_test *one)
{
	bool vtd = strstr(one->variant, "vtd");

	/* the variant's value comes with its name */
	*(int *)arg += !strcmp(one->fixture, "su") &&
		       one->v->arch == (vtd ? CTS_VTD : CTS_SMMUV3);
}

int main(void)
{
	size_t n = sizeof(expectations) / sizeof(expectations[0]), failed = 0;
	static struct seen s;
	int tests = 0;
	bool good;

	unsetenv("CTS_SUBJECT");
	printf("TAP version 13\n1..%zu\n", n + 2);
	for (size_t i = 0; i < n; i++) {
		run_one(expectations[i].test, &s);
		good = judge_text(&expectations[i], &s);
		good = judge_record(&expectations[i], &s) && good;
		good = judge_exit(&expectations[i], &s) && good;
		failed += !good;
		printf("%sok %zu %s\n", good ? "" : "not ", i + 1, expectations[i].test);
	}
	cts_suite_.each(count, &tests);
	good = tests == 8 * 3 && !cts_registry_check(NULL, NULL);
	failed += !good;
	printf("%sok %zu every test is listed in every variant\n", good ? "" : "not ", n + 1);
	setenv("CTS_SUBJECT", "nothing", 1);
	run_one("su.iommufd_vtd.passes", &s);
	good = WIFEXITED(s.status) && WEXITSTATUS(s.status) == 2 &&
	       !strcmp(s.text, "iommu-cts: unknown subject 'nothing': reference, vm or hardware\n");
	failed += !good;
	printf("%sok %zu an unknown subject ends it with 2 and one line\n", good ? "" : "not ",
	       n + 2);
	return failed ? 1 : 0;
}
