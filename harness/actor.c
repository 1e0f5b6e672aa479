// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second actor on a kernel: a forked process that makes system calls for the test. Requests and
 * replies go over a stream socket: a header, then the bytes of the argument. Pointers inside an
 * argument mean memory of the shared arena.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define ACTOR_MAX_LEN (16ull << 20)

struct actor_reply {
	int64_t rc;
	uint64_t len; /* bytes that follow */
	char damage[CTS_DAMAGE_LEN];
};

static int send_all(int sock, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = send(sock, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ESRCH;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int recv_all(int sock, void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n = recv(sock, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ESRCH;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One byte with a descriptor; without one (@fd < 0) the byte tells that there is none. */
static int send_fd(int sock, int fd)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = fd >= 0;
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		m.msg_control = control.space;
		m.msg_controllen = sizeof(control.space);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -ESRCH;
}

static int recv_fd(int sock)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n;
	int fd;

	do {
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		return -ESRCH;
	if (!byte)
		return -EBADF;
	if (!CMSG_FIRSTHDR(&m) || control.h.cmsg_type != SCM_RIGHTS)
		return -EMFILE; /* it came, but there was no room in the table */
	memcpy(&fd, CMSG_DATA(&control.h), sizeof(fd));
	return fd;
}

/* ---- the process's side */

static int64_t serve_protect(const struct actor_req *req)
{
	return mprotect((void *)(uintptr_t)req->arg, req->off, PROT_READ | PROT_WRITE) ? -errno : 0;
}

static int64_t serve_poll(const struct actor_req *req)
{
	struct pollfd p = { .fd = req->fd, .events = (short)req->arg };

	return poll(&p, 1, (int)(int64_t)req->off) < 0 ? -errno : p.revents;
}

static int64_t with_errno(int64_t rc)
{
	return rc < 0 ? -errno : rc;
}

/* @buf: req->in_len bytes in, req->out_len bytes out */
static int64_t serve(int sock, struct guard *g, const struct actor_req *req, void *buf,
		     char *damage)
{
	struct ioctl_call call = {
		.fd = req->fd,
		.cmd = req->cmd,
		.raw = req->op == ACTOR_IOCTL_RAW,
		.arg = req->op == ACTOR_IOCTL ? (req->arg ? buf : NULL)
					      : (void *)(uintptr_t)req->arg,
		.size = req->in_len,
	};

	switch (req->op) {
	case ACTOR_OPEN: return with_errno(open(buf, (int)req->arg | O_CLOEXEC));
	case ACTOR_CLOSE: return with_errno(close(req->fd));
	case ACTOR_IOCTL:
	case ACTOR_IOCTL_RAW: return kernel_ioctl_local(g, &call, damage);
	case ACTOR_READ: return with_errno(read(req->fd, buf, req->out_len));
	case ACTOR_WRITE: return with_errno(write(req->fd, buf, req->in_len));
	case ACTOR_PREAD: return with_errno(pread(req->fd, buf, req->out_len, (off_t)req->off));
	case ACTOR_PWRITE: return with_errno(pwrite(req->fd, buf, req->in_len, (off_t)req->off));
	case ACTOR_POLL: return serve_poll(req);
	case ACTOR_PROTECT: return serve_protect(req);
	case ACTOR_TAKE_FD: return recv_fd(sock);
	case ACTOR_GIVE_FD: return fcntl(req->fd, F_GETFD) < 0 ? -errno : 0;
	default: return -ENOSYS;
	}
}

static size_t reply_len(const struct actor_req *req, int64_t rc)
{
	switch (req->op) {
	case ACTOR_IOCTL: return req->out_len; /* a failing ioctl may write as well */
	case ACTOR_READ:
	case ACTOR_PREAD: return rc > 0 ? (size_t)rc : 0;
	default: return 0;
	}
}

static void serve_forever(int sock)
{
	struct guard g = { 0 };
	struct actor_req req;

	while (!recv_all(sock, &req, sizeof(req))) {
		size_t room = req.in_len > req.out_len ? req.in_len : req.out_len;
		struct actor_reply reply = { 0 };
		void *buf = calloc(1, room + 1);

		if (!buf || recv_all(sock, buf, req.in_len))
			return;
		reply.rc = serve(sock, &g, &req, buf, reply.damage);
		reply.len = reply_len(&req, reply.rc);
		if (send_all(sock, &reply, sizeof(reply)) || send_all(sock, buf, reply.len))
			return;
		if (req.op == ACTOR_GIVE_FD && !reply.rc && send_fd(sock, req.fd))
			return;
		free(buf);
	}
}

static void run_actor(int sock, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	/* It starts with no files but the standard ones and its socket. */
	if (dup2(sock, 3) < 0 || close_range(4, ~0u, 0))
		_exit(1);
	if (!send_all(3, "!", 1))
		serve_forever(3);
	_exit(0);
}

/* ---- the test's side */

int actor_spawn(struct cts_actor *a)
{
	pid_t parent = getpid();
	int pair[2];
	char hello;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	a->pid = fork();
	if (!a->pid) {
		close(pair[0]);
		run_actor(pair[1], parent);
	}
	close(pair[1]);
	a->sock = pair[0];
	if (a->pid < 0) {
		close(pair[0]);
		a->sock = -1;
		return -EAGAIN;
	}
	/* Not before it has let go of what it inherited. */
	if (recv_all(a->sock, &hello, 1)) {
		actor_end(a, true);
		return -ESRCH;
	}
	return 0;
}

void actor_end(struct cts_actor *a, bool kill_it)
{
	if (a->sock < 0)
		return;
	if (kill_it)
		kill(a->pid, SIGKILL);
	close(a->sock);
	a->sock = -1;
	/* A zombie's files are closed: exit does that first. */
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		;
	a->pid = 0;
}

/* -ESRCH: gone. Not the test's doing, so the test cannot be believed. */
static long actor_lost(struct cts_actor *a)
{
	rec_outcome(&cts_priv(a->c)->rec, CTS_BROKEN, "the second actor's process died");
	actor_end(a, true);
	a->alive = false;
	return -ESRCH;
}

long actor_call(struct cts_actor *a, const struct actor_req *req, const void *in, void *out,
		char *damage)
{
	struct actor_reply reply;

	if (req->in_len > ACTOR_MAX_LEN || req->out_len > ACTOR_MAX_LEN)
		return -EMSGSIZE;
	if (a->sock < 0)
		return -ESRCH;
	if (send_all(a->sock, req, sizeof(*req)) || send_all(a->sock, in, req->in_len) ||
	    recv_all(a->sock, &reply, sizeof(reply)) || reply.len > req->out_len ||
	    recv_all(a->sock, out, reply.len))
		return actor_lost(a);
	if (damage)
		memcpy(damage, reply.damage, CTS_DAMAGE_LEN);
	return (long)reply.rc;
}

int actor_give_fd(struct cts_actor *a, int fd)
{
	struct actor_req req = { .op = ACTOR_TAKE_FD };
	struct actor_reply reply;

	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	if (send_all(a->sock, &req, sizeof(req)) || send_fd(a->sock, fd) ||
	    recv_all(a->sock, &reply, sizeof(reply)))
		return (int)actor_lost(a);
	return (int)reply.rc;
}

int actor_take_fd(struct cts_actor *a, int fd)
{
	struct actor_req req = { .op = ACTOR_GIVE_FD, .fd = fd };
	long rc = actor_call(a, &req, NULL, NULL, NULL);

	return rc < 0 ? (int)rc : recv_fd(a->sock);
}
