// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Descriptors in messages (SCM_RIGHTS). The kernel carries the eventfd; the machine keeps the file
 * in a slot under the eventfd's own number until someone receives it. A message that nobody
 * receives keeps its files open as long as the machine is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

#define MAX_PASSED 253	/* SCM_MAX_FD: in one message */

/* The number that the kernel gave this eventfd, the same in all processes; 0: it says none. */
static uint64_t eventfd_id(int fd)
{
	char name[40], line[80];
	unsigned long long id = 0;
	FILE *info;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = real(fopen)(name, "re");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "eventfd-id: %llu", &id) == 1)
			id++;		/* it counts from 0 */
	if (info)
		real(fclose)(info);
	return id;
}

/* Calls @fn for each descriptor in @msg. */
static void each_descriptor(const struct msghdr *msg, void (*fn)(int *fd, void *arg), void *arg)
{
	struct msghdr m;

	if (!msg || !msg->msg_control)
		return;
	m = *msg;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    c->cmsg_len < CMSG_LEN(0))
			continue;
		for (size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i = 0; i < n; i++)
			fn((int *)CMSG_DATA(c) + i, arg);
	}
}

/* ---- send */

/* The slots that a message took. */
struct cargo {
	int slots[MAX_PASSED];
	unsigned int n;
};

static int free_slot(const struct shim_shared *s)
{
	for (int i = 0; i < SHIM_MAX_FDS; i++)
		if (!s->flights[i].id)
			return i;
	return -1;
}

static void load(int *fd, void *arg)
{
	struct cargo *cargo = arg;
	struct iommu_ref_proc *proc;
	struct shim_shared *s;
	uint64_t id;
	int slot;

	if (!shim_is_ours(*fd) || cargo->n == MAX_PASSED)
		return;
	proc = shim_proc();
	s = shim_shared();
	id = eventfd_id(*fd);
	arena_lock(&s->lock);
	slot = free_slot(s);
	if (id && slot >= 0 && !shim_pass(proc, *fd, s->flight, slot)) {
		s->flights[slot] = (struct shim_flight){ .id = id, .rdev = shim_fd_rdev(*fd) };
		cargo->slots[cargo->n++] = slot;
	} else {
		shim_say("descriptor %d is sent without the file of the reference: %s", *fd,
			 id ? "too many messages wait" : "this kernel does not number eventfds");
	}
	pthread_mutex_unlock(&s->lock);
}

/* Called with the shared lock held. */
static void clear_slot(struct shim_shared *s, int slot)
{
	s->flights[slot].id = 0;
	shim_drop(s->flight, slot);
}

static void unload(const struct cargo *cargo)
{
	struct shim_shared *s = shim_shared_if_made();

	if (!cargo->n)
		return;
	arena_lock(&s->lock);
	for (unsigned int i = 0; i < cargo->n; i++)
		clear_slot(s, cargo->slots[i]);
	pthread_mutex_unlock(&s->lock);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct cargo cargo = { .n = 0 };
	ssize_t rc;
	int saved;

	each_descriptor(msg, load, &cargo);
	rc = real(sendmsg)(fd, msg, flags);
	saved = errno;
	if (rc < 0)
		unload(&cargo);
	errno = saved;
	return rc;
}

/* One by one, as the kernel does: an error is told if nothing was sent before it. */
EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags)
{
	unsigned int sent = 0;
	ssize_t rc = 0;

	for (; sent < n && sent < INT_MAX; sent++) {
		rc = sendmsg(fd, &msgs[sent].msg_hdr, flags);
		if (rc < 0)
			break;
		msgs[sent].msg_len = (unsigned int)rc;
	}
	return sent || rc >= 0 ? (int)sent : -1;
}

/* ---- receive */

/* Called with the shared lock held. */
static int find_slot(const struct shim_shared *s, uint64_t id)
{
	for (int i = 0; id && i < SHIM_MAX_FDS; i++)
		if (s->flights[i].id == id)
			return i;
	return -1;
}

static void receive(int *fd, void *arg)
{
	const int *flags = arg;
	struct shim_shared *s = shim_shared_if_made();
	int slot = -1;

	shim_forget(*fd);	/* whatever had the number was closed behind our back */
	if (!shim_is_marked(*fd))
		return;
	if (s) {
		struct iommu_ref_proc *proc = shim_proc();
		uint64_t id = eventfd_id(*fd);

		arena_lock(&s->lock);
		slot = find_slot(s, id);
		if (slot >= 0 && *fd < SHIM_MAX_FDS &&
		    !shim_pass(s->flight, slot, proc, *fd))
			shim_fd_set_rdev(*fd, s->flights[slot].rdev);
		if (slot >= 0 && !(*flags & MSG_PEEK))
			clear_slot(s, slot);
		pthread_mutex_unlock(&s->lock);
	}
	if (slot < 0)
		shim_say("descriptor %d was sent by a program on another machine: it is no file "
			 "here",
			 *fd);
	else if (*fd >= SHIM_MAX_FDS)
		shim_say("descriptor %d: files of the reference are below %d", *fd, SHIM_MAX_FDS);
	else
		shim_sync_poll();
}

static void unpack(const struct msghdr *msg, int flags)
{
	int saved = errno;

	each_descriptor(msg, receive, &flags);
	errno = saved;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t rc = real(recvmsg)(fd, msg, flags);

	if (rc >= 0)
		unpack(msg, flags);
	return rc;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags,
		    struct timespec *timeout)
{
	int rc = real(recvmmsg)(fd, msgs, n, flags, timeout);

	for (int i = 0; i < rc; i++)
		unpack(&msgs[i].msg_hdr, flags);
	return rc;
}
