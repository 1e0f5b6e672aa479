// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one test in a session of its own. kselftest puts each test into its own process group, so a
 * group is not enough to end all of it: everything in the session is killed, and orphans are reaped
 * here.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "runner.h"

#define TEXT_MAX (256u << 10)
#define RECORD_MAX (4u << 20)
#define DRAIN_SECONDS 2.0	/* for what is still in the pipes after the end */
#define TICK_MS 50		/* where there is no pidfd, an end is seen after this long */

static volatile sig_atomic_t caught;

struct stream {
	int fd;
	char *data;
	size_t len, room, max;
	bool cut;
};

double process_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void on_signal(int sig)
{
	caught = sig;
}

void process_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool process_interrupted(void)
{
	return caught;
}

/* Session and state out of /proc/PID/stat; the name in it may hold anything, so from its end. */
static bool in_session(const char *pid, pid_t session)
{
	char path[64], buf[512], *p, state;
	int fd, parent, group, sid;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	p = strrchr(buf, ')');
	return p && sscanf(p + 1, " %c %d %d %d", &state, &parent, &group, &sid) == 4 &&
	       sid == session && state != 'Z' && state != 'X';
}

/* Kills until nothing is left of @session: a dying process may have forked. */
static void kill_session(pid_t session)
{
	bool left = true;

	for (int round = 0; left && round < 100; round++) {
		DIR *proc = opendir("/proc");
		struct dirent *e;

		left = false;
		while (proc && (e = readdir(proc))) {
			if (!isdigit((unsigned char)e->d_name[0]) ||
			    !in_session(e->d_name, session))
				continue;
			kill(atoi(e->d_name), SIGKILL);
			left = true;
		}
		if (proc)
			closedir(proc);
	}
}

/* What comes first and what comes last says most: when there is too much, the middle goes. */
static void stream_cut(struct stream *s)
{
	size_t head = s->max / 2, gone = (s->len - head) / 2;

	memmove(s->data + head, s->data + head + gone, s->len - head - gone);
	s->len -= gone;
	s->cut = true;
}

static void stream_keep(struct stream *s, const char *buf, size_t n)
{
	if (s->len + n > s->max)
		stream_cut(s);
	if (s->len + n + 1 > s->room) {
		size_t room = (s->len + n + 1) * 2;
		char *data = realloc(s->data, room);

		if (!data) {
			s->cut = true;
			return;
		}
		s->data = data;
		s->room = room;
	}
	memcpy(s->data + s->len, buf, n);
	s->len += n;
	s->data[s->len] = 0;
}

/* One read; closes at the end. */
static void stream_read(struct stream *s)
{
	char buf[16384];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n > 0) {
		stream_keep(s, buf, (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(s->fd);
		s->fd = -1;
	}
}

static void child(char *const argv[], int text, int record)
{
	int null = open("/dev/null", O_RDONLY);
	char number[16];

	setsid();
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(text, STDOUT_FILENO);
	dup2(text, STDERR_FILENO);
	/* the only descriptor besides the standard ones that the test inherits */
	fcntl(record, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", record);
	setenv("CTS_RECORD_FD", number, 1);
	execv("/proc/self/exe", argv);
	fprintf(stderr, "cannot start the test: %s\n", strerror(errno));
	_exit(127);
}

/* Has @pid ended? It stays a zombie, so that its number, the session's too, is nobody else's. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == pid;
}

/* Ends all that an ended test left behind; only then gives its number back. */
static void reap(pid_t pid, int *status)
{
	kill_session(pid);
	waitpid(pid, status, 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Reads both streams until the process ended and they are empty, or until the deadline. */
static void follow(pid_t pid, struct stream *s, double timeout, struct process_result *r)
{
	double start = process_now(), end = start + timeout;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool running = true;

	while (running || s[0].fd >= 0 || s[1].fd >= 0) {
		struct pollfd fds[3] = { { s[0].fd, POLLIN, 0 }, { s[1].fd, POLLIN, 0 },
					 { running ? pidfd : -1, POLLIN, 0 } };
		bool late = process_now() >= end;

		if (running && (late || caught)) {
			r->timed_out = late && !caught;
			r->interrupted = caught;
			kill(pid, SIGKILL);
			kill_session(pid);
			end = process_now() + DRAIN_SECONDS;
		} else if (!running && late) {
			break;
		}
		if (poll(fds, 3, TICK_MS) > 0)
			for (int i = 0; i < 2; i++)
				if (fds[i].revents)
					stream_read(&s[i]);
		if (running && has_ended(pid)) {
			running = false;
			r->seconds = process_now() - start;
			reap(pid, &r->status);
			end = process_now() + DRAIN_SECONDS;
		}
	}
	if (pidfd >= 0)
		close(pidfd);
}

int process_run(char *const argv[], double timeout, struct process_result *r)
{
	struct stream s[2] = { { .max = TEXT_MAX }, { .max = RECORD_MAX } };
	int text[2], record[2], rc = 0;
	pid_t pid;

	*r = (struct process_result){ 0 };
	if (pipe2(text, O_CLOEXEC))
		return -errno;
	if (pipe2(record, O_CLOEXEC)) {
		rc = -errno;
		close(text[0]);
		close(text[1]);
		return rc;
	}
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(argv, text[1], record[1]);
	if (pid < 0)
		rc = -errno;
	close(text[1]);
	close(record[1]);
	s[0].fd = text[0];
	s[1].fd = record[0];
	if (pid > 0)
		follow(pid, s, timeout, r);
	for (int i = 0; i < 2; i++)
		if (s[i].fd >= 0)
			close(s[i].fd);
	r->text = s[0].data;
	r->text_len = s[0].len;
	r->text_cut = s[0].cut;
	r->record = s[1].data;
	r->record_len = s[1].len;
	r->record_cut = s[1].cut;
	return rc;
}

void process_result_free(struct process_result *r)
{
	free(r->text);
	free(r->record);
	*r = (struct process_result){ 0 };
}
