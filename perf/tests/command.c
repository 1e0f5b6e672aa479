// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command: bad input is one clear line and exit status 2, a folder with something in it stays
 * as it is, a run leaves a record, a benchmark without effect is exit status 1.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "../perf.h"
#include "../report.h"

#define ARGS 10

FIXTURE(command)
{
	char dir[32], out[64], file[80], text[8192];
};

FIXTURE_SETUP(command)
{
	strcpy(self->dir, "/tmp/perf-command-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->out, sizeof(self->out), "%s/new/out", self->dir);
	snprintf(self->file, sizeof(self->file), "%s/perf.json", self->out);
}

FIXTURE_TEARDOWN(command)
{
	char *argv[] = { "rm", "-rf", self->dir, NULL };
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* Runs the command in a child; its exit status. What it says on stderr goes to @text. */
static int command(char *text, size_t len, char *const *args)
{
	char *argv[ARGS + 2] = { "perf" };
	int fds[2], status, argc = 1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	for (; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];
	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		exit(perf_main(argc, argv));
	}
	close(fds[1]);
	while ((got = read(fds[0], text + n, len - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(fds[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define RUN(...) command(self->text, sizeof(self->text), (char * [ARGS + 1]){ __VA_ARGS__ })

static int lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static const struct {
	char *args[ARGS];
	const char *says;
} bad[] = {
	{ { "--bench", "nonsense/*", "--out", "/nowhere" }, "no benchmark matches 'nonsense/*'" },
	{ { "--bench" }, "'--bench' wants a value" },
	{ { "--bogus" }, "unknown option '--bogus'" },
	{ { "extra" }, "'extra' is not expected" },
	{ { NULL }, "give --out DIR" },
	{ { "--out", "" }, "no name of a folder" },
	{ { "--out", "/dev/null/x" }, "/dev/null" },
	{ { "--subject", "toaster", "--out", "/nowhere" }, "unknown subject 'toaster'" },
	{ { "--subject", "vm", "--out", "/nowhere" }, "needs devices" },
	{ { "--device", "0000:00:03.0", "--out", "/nowhere" }, "the reference has its own" },
	{ { "--subject", "vm", "--device", "x", "--out", "/nowhere" }, "no PCI address" },
};

TEST_F(command, bad_input_is_one_line)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(2, command(self->text, sizeof(self->text), bad[i].args))
		TH_LOG("%s", bad[i].says);
		EXPECT_EQ(1, lines(self->text)) TH_LOG("%s", self->text);
		EXPECT_NE(NULL, strstr(self->text, bad[i].says))
		TH_LOG("want '%s', it says: %s", bad[i].says, self->text);
	}
	EXPECT_NE(0, access("/nowhere", F_OK));
}

TEST_F(command, instructions_are_never_guessed)
{
	setenv("CTS_ICOUNT", "1", 1);
	EXPECT_EQ(2, RUN("--out", self->out));
	EXPECT_NE(NULL, strstr(self->text, "CTS_ICOUNT=1"));
	setenv("CTS_ICOUNT", "perhaps", 1);
	EXPECT_EQ(2, RUN("--out", self->out));
	EXPECT_EQ(1, lines(self->text));
	unsetenv("CTS_ICOUNT");
}

TEST_F(command, a_folder_in_use_stays_as_it_is)
{
	char path[96];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/precious", self->dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ASSERT_EQ(4, write(fd, "work", 4));
	close(fd);
	EXPECT_EQ(2, RUN("--quick", "--out", self->dir));
	EXPECT_EQ(1, lines(self->text));
	EXPECT_NE(NULL, strstr(self->text, "not empty"));
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(4, st.st_size);
	/* a file in the place of the folder */
	EXPECT_EQ(2, RUN("--quick", "--out", path));
	EXPECT_EQ(1, lines(self->text)) TH_LOG("%s", self->text);
}

TEST_F(command, a_run_leaves_its_record)
{
	char why[256] = "";
	json_t *root;

	ASSERT_EQ(0, RUN("--quick", "--bench", "fault/*/nested-s?", "--out", self->out))
	TH_LOG("%s", self->text);
	root = report_read(self->file, why, sizeof(why));
	ASSERT_NE(NULL, root) TH_LOG("%s", why);
	EXPECT_EQ(6, json_array_size(json_object_get(root, "benchmarks")));
	json_decref(root);
	/* and not twice into one folder */
	EXPECT_EQ(2, RUN("--quick", "--bench", "fault/*/nested-s?", "--out", self->out));
}

TEST_F(command, no_effect_is_a_failure)
{
	setenv("CTS_DEFECT", "INV_SKIPPED", 1);
	EXPECT_EQ(1, RUN("--quick", "--bench", "invalidate/*/page/batch-1", "--out", self->out));
	EXPECT_NE(NULL, strstr(self->text, "FAILED invalidate/iommufd-vtd/page/batch-1"))
	TH_LOG("%s", self->text);
	EXPECT_EQ(0, access(self->file, F_OK));
	unsetenv("CTS_DEFECT");
}

TEST_HARNESS_MAIN
