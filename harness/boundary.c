// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only way from a test to its subject. Arguments go against a guard page, coverage is recorded,
 * the last call is kept in words for messages.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

static struct cts_actor *actor_of(struct cts *c, struct cts_actor *a)
{
	a = a ? a : c->self;
	return a->alive ? a : NULL;
}

const char *cts_last_call(const struct cts *c)
{
	struct cts_priv *p = cts_priv(c);
	const struct last_call *l = &p->last;

	if (!l->made)
		return "no ioctl yet";
	/* Put in words only when somebody asks: most calls are never read about. */
	describe_call(p->last_text, sizeof(p->last_text), l->kind, l->cmd, l->size ? l->arg : NULL,
		      l->size, l->rc);
	return p->last_text;
}

const char *cts_damage(const struct cts *c)
{
	const char *text = cts_priv(c)->rec.damage;

	return text[0] ? text : NULL;
}

/* The first damage is kept: it fails the test, see CTS_TEST_F() and the record's outcome. */
static void note_damage(struct cts *c, const char *damage)
{
	struct cts_priv *p = cts_priv(c);

	if (!damage[0] || p->rec.damage[0])
		return;
	copy_text(p->rec.damage, sizeof(p->rec.damage),
		  "%s: the subject wrote where it must not: %s | %.200s",
		  p->ids && p->ids[0] ? p->ids[0] : "no requirement", damage, cts_last_call(c));
	rec_outcome(&p->rec, CTS_FAIL, p->rec.damage);
}

static long do_ioctl(struct cts *c, struct cts_actor *a, const struct ioctl_call *call)
{
	struct cts_priv *p = cts_priv(c);
	unsigned int kind = fd_kind(a, call->fd);
	char damage[CTS_DAMAGE_LEN] = "", read_only[CTS_DAMAGE_LEN] = "";
	struct last_call *l = &p->last;
	struct input in = { 0 };
	long rc;

	/* Flags and sizes as they were asked for: a subject may write back into them. */
	l->size = call->raw || !call->arg ? 0 : call->size;
	if (l->size > sizeof(l->arg))
		l->size = sizeof(l->arg);
	if (l->size)
		memcpy(l->arg, call->arg, l->size);
	if (!call->raw)
		input_take(&in, call->cmd, kind, call->arg, call->size);
	rc = p->ops->ioctl(a, call, damage);
	input_compare(&in, read_only);
	l->made = true;
	l->kind = kind;
	l->cmd = call->cmd;
	l->rc = rc;
	rec_ioctl(&p->rec, kind, call->cmd, l->size ? l->arg : NULL, l->size, rc);
	note_damage(c, damage);
	note_damage(c, read_only);
	fd_add_results(a, call, rc);
	return rc;
}

long cts_ioctl_sized(struct cts *c, struct cts_actor *a, int fd, unsigned long cmd, void *arg,
		     size_t size)
{
	struct ioctl_call call = { .fd = fd, .cmd = cmd, .arg = arg, .size = arg ? size : 0 };

	a = actor_of(c, a);
	return a ? do_ioctl(c, a, &call) : -ESRCH;
}

long cts_ioctl_raw(struct cts *c, struct cts_actor *a, int fd, unsigned long cmd, void *arg)
{
	struct ioctl_call call = { .fd = fd, .cmd = cmd, .arg = arg, .raw = true };

	a = actor_of(c, a);
	return a ? do_ioctl(c, a, &call) : -ESRCH;
}

long cts_ioctl_timed(struct cts *c, int fd, unsigned long cmd, void *arg)
{
	struct ioctl_call call = { .fd = fd, .cmd = cmd, .arg = arg, .raw = true };

	return cts_priv(c)->ops->ioctl(c->self, &call, NULL);
}

int cts_open(struct cts *c, struct cts_actor *a, const char *path, int flags)
{
	int fd;

	a = actor_of(c, a);
	if (!a)
		return -ESRCH;
	fd = cts_priv(c)->ops->open(a, path, flags);
	if (fd >= 0)
		fd_add(a, fd, fd_kind_of_path(path));
	return fd;
}

int cts_close(struct cts *c, struct cts_actor *a, int fd)
{
	a = actor_of(c, a);
	if (!a)
		return -ESRCH;
	fd_remove(a, fd);
	return cts_priv(c)->ops->close(a, fd);
}

ssize_t cts_read(struct cts *c, struct cts_actor *a, int fd, void *buf, size_t len)
{
	a = actor_of(c, a);
	return a ? cts_priv(c)->ops->read(a, fd, buf, len) : -ESRCH;
}

ssize_t cts_write(struct cts *c, struct cts_actor *a, int fd, const void *buf, size_t len)
{
	a = actor_of(c, a);
	return a ? cts_priv(c)->ops->write(a, fd, buf, len) : -ESRCH;
}

ssize_t cts_pread(struct cts *c, struct cts_actor *a, int fd, void *buf, size_t len, uint64_t off)
{
	a = actor_of(c, a);
	return a ? cts_priv(c)->ops->pread(a, fd, buf, len, off) : -ESRCH;
}

ssize_t cts_pwrite(struct cts *c, struct cts_actor *a, int fd, const void *buf, size_t len,
		   uint64_t off)
{
	a = actor_of(c, a);
	return a ? cts_priv(c)->ops->pwrite(a, fd, buf, len, off) : -ESRCH;
}

int cts_poll(struct cts *c, struct cts_actor *a, int fd, short events, int timeout_ms)
{
	a = actor_of(c, a);
	return a ? cts_priv(c)->ops->poll(a, fd, events, timeout_ms) : -ESRCH;
}

int cts_mmap(struct cts *c, int fd, uint64_t off, size_t len, void **out)
{
	struct cts_priv *p = cts_priv(c);
	int rc;

	*out = NULL;
	if (!c->self->alive)
		return -ESRCH;
	if (p->nr_mmaps == CTS_MAX_MMAPS)
		return -ENOSPC;
	rc = p->ops->mmap(c->self, fd, off, len, out);
	if (rc < 0)
		return rc;
	p->mmaps[p->nr_mmaps].addr = *out;
	p->mmaps[p->nr_mmaps++].len = len;
	return 0;
}

int cts_munmap(struct cts *c, void *addr)
{
	struct cts_priv *p = cts_priv(c);

	for (size_t i = 0; i < p->nr_mmaps; i++) {
		if (p->mmaps[i].addr != addr)
			continue;
		munmap(addr, p->mmaps[i].len);
		p->mmaps[i] = p->mmaps[--p->nr_mmaps];
		return 0;
	}
	return -EINVAL;
}
