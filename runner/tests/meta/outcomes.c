// SPDX-License-Identifier: GPL-2.0-only
/*
 * One test for each thing that can happen to a test. check-meta runs them and compares the records
 * with what must be found.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "test.h"

FIXTURE(meta)
{
	struct cts *c;
};

FIXTURE_VARIANT(meta)
{
	struct cts_variant v;
};

CTS_VARIANT_ADD(meta, iommufd, CTS_IOMMUFD, CTS_ARCH_ANY);

FIXTURE_SETUP(meta)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(meta)
{
	cts_end(self->c);
}

/* A line of the record as the harness would write it. */
static void say(const char *json)
{
	int fd = atoi(getenv("CTS_RECORD_FD"));

	dprintf(fd, "%s\n", json);
}

CTS_TEST_F(meta, pass, "META_GOOD")
{
	int fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);

	CTS_PRE(fd);
	CTS_EXPECT_EQ("META_GOOD", 0, cts_close(self->c, NULL, fd));
}

CTS_TEST_F(meta, fail, "META_BAD")
{
	CTS_EXPECT_EQ("META_BAD", 4, 5);
}

CTS_TEST_F(meta, fail_twice, "META_BAD", "META_GOOD")
{
	CTS_EXPECT_TRUE("META_BAD", false, "the first message counts");
	CTS_EXPECT_TRUE("META_BAD", false, "the second is in the log");
}

CTS_TEST_F(meta, fail_assert, "META_BAD")
{
	CTS_ASSERT_OK("META_BAD", -EINVAL);
}

CTS_TEST_F(meta, damaged, "META_BAD")
{
	say("{\"damage\":\"byte 3 behind the argument changed from 5a to 00\"}");
}

CTS_TEST_F(meta, not_applicable, "META_NOT_RUN")
{
	CTS_SKIP(NOT_APPLICABLE, "this meta test applies nowhere");
}

CTS_TEST_F(meta, not_supported, "META_NOT_RUN")
{
	CTS_SKIP(NOT_SUPPORTED, "nothing supports this");
}

CTS_TEST_F(meta, env_missing, "META_NOT_RUN")
{
	CTS_SKIP(ENV_MISSING, "no machine has this");
}

CTS_TEST_F(meta, not_implemented, "META_NOT_RUN")
{
	CTS_SKIP(NOT_IMPLEMENTED, "nobody wrote this");
}

CTS_TEST_F(meta, unnamed_skip, "META_ENDS")
{
	SKIP(return, "did not feel like it");
}

CTS_TEST_F(meta, broken, "META_ENDS")
{
	CTS_PRE(-ENOMEM);
}

CTS_TEST_F(meta, crash, "META_ENDS")
{
	raise(SIGSEGV);
}

CTS_TEST_F(meta, abort, "META_ENDS")
{
	abort();
}

CTS_TEST_F(meta, hang, "META_ENDS")
{
	for (;;)
		pause();
}

/* Its child has the output open, in another process group, and would outlive the test. */
CTS_TEST_F(meta, leaves_a_child, "META_GOOD")
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	CTS_EXPECT_TRUE("META_GOOD", pid > 0, "fork returned %d", pid);
}

CTS_TEST_F(meta, floods, "META_GOOD")
{
	for (int i = 0; i < 20000; i++)
		printf("# flood %d: more than the runner wants to keep of any one test\n", i);
	CTS_EXPECT_EQ("META_GOOD", 0, fflush(stdout));
}

CTS_TEST_F(meta, checks_nothing, "META_GOOD")
{
}

CTS_TEST_F(meta, not_utf8, "META_BAD")
{
	CTS_EXPECT_TRUE("META_BAD", false, "bytes \xff\xfe from nowhere");
}

CTS_TEST_F(meta, expected_failure, "META_GOOD")
{
	CTS_EXPECT_TRUE("META_GOOD", false, "known");
}
XFAIL_ADD(meta, iommufd, expected_failure);

CTS_TEST_F(meta, unexpected_pass, "META_BAD")
{
}
XFAIL_ADD(meta, iommufd, unexpected_pass);

CTS_SUITE("meta", "meta/outcomes");
