// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running kernel as a subject: system calls of this process, or of the second actor's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define NO_ERRNO(call) \
	({ \
		__typeof__(call) rc_ = (call); \
		rc_ < 0 ? -errno : rc_; \
	})

static long guarded(void *ctx, void *arg)
{
	const struct ioctl_call *call = ctx;

	return NO_ERRNO((long)ioctl(call->fd, call->cmd, arg));
}

long kernel_ioctl_local(struct guard *g, const struct ioctl_call *call, char *damage)
{
	struct ioctl_call copy = *call;

	if (call->raw)
		return guarded(&copy, call->arg);
	return guard_call(g, call->arg, call->size, guarded, &copy, damage);
}

/*
 * The second process is made before anything is open: a fork later would hold on to files and to
 * device mappings whose end the test wants to see.
 */
static int kernel_begin(struct cts *c)
{
	return actor_spawn(&cts_priv(c)->actors[1]);
}

static int kernel_actor_create(struct cts_actor *a)
{
	return a->sock >= 0 ? 0 : actor_spawn(a);
}

static void kernel_actor_kill(struct cts_actor *a)
{
	actor_end(a, true);
}

static void kernel_end(struct cts *c)
{
	actor_end(&cts_priv(c)->actors[1], false);
}

static int kernel_pass_fd(struct cts_actor *from, int fd, struct cts_actor *to)
{
	if (from == to)
		return NO_ERRNO(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	return to->nr ? actor_give_fd(to, fd) : actor_take_fd(from, fd);
}

static int kernel_open(struct cts_actor *a, const char *path, int flags)
{
	struct actor_req req = { .op = ACTOR_OPEN,
				 .arg = (uint64_t)flags,
				 .in_len = strlen(path) + 1 };

	if (a->nr)
		return (int)actor_call(a, &req, path, NULL, NULL);
	return NO_ERRNO(open(path, flags | O_CLOEXEC));
}

static int kernel_close(struct cts_actor *a, int fd)
{
	struct actor_req req = { .op = ACTOR_CLOSE, .fd = fd };

	if (a->nr)
		return (int)actor_call(a, &req, NULL, NULL, NULL);
	return NO_ERRNO(close(fd));
}

static long kernel_ioctl(struct cts_actor *a, const struct ioctl_call *call, char *damage)
{
	struct actor_req req = {
		.op = call->raw ? ACTOR_IOCTL_RAW : ACTOR_IOCTL,
		.fd = call->fd,
		.cmd = call->cmd,
		.arg = (uint64_t)(uintptr_t)call->arg,
	};

	if (!a->nr)
		return kernel_ioctl_local(&cts_priv(a->c)->guard, call, damage);
	if (!call->raw && call->arg)
		req.in_len = req.out_len = call->size;
	return actor_call(a, &req, call->arg, call->arg, damage);
}

static ssize_t kernel_read(struct cts_actor *a, int fd, void *buf, size_t len)
{
	struct actor_req req = { .op = ACTOR_READ, .fd = fd, .out_len = len };

	if (a->nr)
		return actor_call(a, &req, NULL, buf, NULL);
	return NO_ERRNO(read(fd, buf, len));
}

static ssize_t kernel_write(struct cts_actor *a, int fd, const void *buf, size_t len)
{
	struct actor_req req = { .op = ACTOR_WRITE, .fd = fd, .in_len = len };

	if (a->nr)
		return actor_call(a, &req, buf, NULL, NULL);
	return NO_ERRNO(write(fd, buf, len));
}

static ssize_t kernel_pread(struct cts_actor *a, int fd, void *buf, size_t len, uint64_t off)
{
	struct actor_req req = { .op = ACTOR_PREAD, .fd = fd, .off = off, .out_len = len };

	if (a->nr)
		return actor_call(a, &req, NULL, buf, NULL);
	return NO_ERRNO(pread(fd, buf, len, (off_t)off));
}

static ssize_t kernel_pwrite(struct cts_actor *a, int fd, const void *buf, size_t len, uint64_t off)
{
	struct actor_req req = { .op = ACTOR_PWRITE, .fd = fd, .off = off, .in_len = len };

	if (a->nr)
		return actor_call(a, &req, buf, NULL, NULL);
	return NO_ERRNO(pwrite(fd, buf, len, (off_t)off));
}

static int kernel_poll(struct cts_actor *a, int fd, short events, int timeout_ms)
{
	struct actor_req req = {
		.op = ACTOR_POLL,
		.fd = fd,
		.arg = (uint16_t)events,
		.off = (uint64_t)(int64_t)timeout_ms,
	};
	struct pollfd p = { .fd = fd, .events = events };

	if (a->nr)
		return (int)actor_call(a, &req, NULL, NULL, NULL);
	return poll(&p, 1, timeout_ms) < 0 ? -errno : p.revents;
}

static int kernel_mmap(struct cts_actor *a, int fd, uint64_t off, size_t len, void **out)
{
	void *p;

	if (a->nr)
		return -EINVAL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)off);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

/* The arena is shared, its protection is not: the second process follows. */
static int kernel_memory(struct cts *c, void *addr, size_t len)
{
	struct cts_actor *a = &cts_priv(c)->actors[1];
	struct actor_req req = { .op = ACTOR_PROTECT,
				 .arg = (uint64_t)(uintptr_t)addr,
				 .off = len };

	return a->sock >= 0 ? (int)actor_call(a, &req, NULL, NULL, NULL) : 0;
}

const struct subject_ops kernel_ops = {
	.begin = kernel_begin,
	.end = kernel_end,
	.actor_create = kernel_actor_create,
	.actor_kill = kernel_actor_kill,
	.pass_fd = kernel_pass_fd,
	.open = kernel_open,
	.close = kernel_close,
	.ioctl = kernel_ioctl,
	.read = kernel_read,
	.write = kernel_write,
	.pread = kernel_pread,
	.pwrite = kernel_pwrite,
	.poll = kernel_poll,
	.mmap = kernel_mmap,
	.memory = kernel_memory,
};
