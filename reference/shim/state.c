// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The machine, made at first use; this process in it; its descriptors. A child after fork is a
 * process of its own on the same machine, with the same open files.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../mock/mock.h"
#include "real.h"
#include "shim.h"

struct fd_state {
	uint8_t kind;		/* enum fd_kind */
	bool nonblock;		/* as the program sees it; the eventfd never blocks */
	unsigned int changes;	/* odd: the number is just given another file, or none */
	dev_t rdev;
};

/* This process's; a child gets a copy. Descriptors are looked at without a lock. */
static struct {
	struct shim_shared *shared;
	struct iommu_ref_proc *proc;
	pid_t pid;
	bool told_full;		/* a line about too many processes: one is enough */
	struct fd_state fds[SHIM_MAX_FDS];
} self;
static pthread_mutex_t self_lock = PTHREAD_MUTEX_INITIALIZER;
/* Held while the kernel's descriptors and self.fds are changed one after the other. */
static pthread_mutex_t fd_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the reference's next question for a number gets, and what is done with one it gives back. */
static __thread int wanted_fd = -1;
static __thread enum {
	PUT_CLOSE = 0,		/* close(2) */
	PUT_FORGET,		/* the kernel closes it */
	PUT_OTHER,		/* get and put: of another process, nothing to do here */
} put_mode;

void shim_fds_lock(void)
{
	arena_lock(&fd_lock);
}

void shim_fds_unlock(void)
{
	pthread_mutex_unlock(&fd_lock);
}

static void count_change(int fd)
{
	if (fd >= 0 && fd < SHIM_MAX_FDS)
		__atomic_add_fetch(&self.fds[fd].changes, 1, __ATOMIC_SEQ_CST);
}

void shim_fd_change_begin(int fd)
{
	shim_fds_lock();
	count_change(fd);
}

void shim_fd_change_end(int fd)
{
	count_change(fd);
	shim_fds_unlock();
}

unsigned int shim_fd_changes(int fd)
{
	return fd >= 0 && fd < SHIM_MAX_FDS ?
	       __atomic_load_n(&self.fds[fd].changes, __ATOMIC_SEQ_CST) : 0;
}

static enum fd_kind get_kind(int fd)
{
	return __atomic_load_n(&self.fds[fd].kind, __ATOMIC_RELAXED);
}

static void set_state(int fd, enum fd_kind kind, dev_t rdev)
{
	__atomic_store_n(&self.fds[fd].rdev, rdev, __ATOMIC_RELAXED);
	__atomic_store_n(&self.fds[fd].kind, kind, __ATOMIC_RELAXED);
}

/* Of an open file the kernel keeps the signal for O_ASYNC, which an eventfd does not send. */
#define SHIM_MARK 64

bool shim_is_marked(int fd)
{
	return real(fcntl)(fd, F_GETSIG) == SHIM_MARK;
}

/* ---- descriptor numbers, for the reference; the machine is locked, so self.fds is too */

static int number_get(void *arg)
{
	int fd = wanted_fd;

	(void)arg;
	if (fault_now())
		return -EMFILE;
	if (fd < 0) {
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
		if (fd >= 0)
			real(fcntl)(fd, F_SETSIG, SHIM_MARK);
	}
	if (fd < 0)
		return -errno;
	if (fd < SHIM_MAX_FDS && put_mode != PUT_OTHER)
		set_state(fd, FD_NEW, 0);
	return fd;
}

static void number_put(void *arg, int fd)
{
	(void)arg;
	if (put_mode == PUT_OTHER)
		return;
	if (fd < SHIM_MAX_FDS)
		set_state(fd, FD_NONE, 0);
	if (put_mode == PUT_CLOSE)
		real(close)(fd);
}

static const struct iommu_ref_fds numbers = { .get = number_get, .put = number_put };

/* ---- processes */

static struct shim_proc *proc_slot(struct shim_shared *s, pid_t pid)
{
	for (unsigned int i = 0; i < SHIM_MAX_PROCS; i++)
		if (s->procs[i].pid == pid)
			return &s->procs[i];
	return NULL;
}

/*
 * Has the process ended, or started another program? Then it does not have the arena mapped. What
 * has ended has no mappings, even if its parent did not wait for it yet.
 */
static bool is_gone(pid_t pid)
{
	char name[40], line[512], start[24];
	bool gone = true;
	size_t len;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	len = (size_t)snprintf(start, sizeof(start), "%lx-", (unsigned long)arena_address());
	maps = real(fopen)(name, "re");
	if (!maps)
		return errno == ENOENT;
	while (gone && fgets(line, sizeof(line), maps))
		gone = strncmp(line, start, len);
	real(fclose)(maps);
	return gone;
}

static void end_proc(struct iommu_ref_proc *proc)
{
	shim_mappings_drop(self.shared, proc);
	put_mode = PUT_OTHER;
	iommu_ref_proc_exit(proc);
	put_mode = PUT_CLOSE;
}

/* Ends those that were killed. Called with the shared lock held. */
static void reap(struct shim_shared *s)
{
	for (unsigned int i = 0; i < SHIM_MAX_PROCS; i++) {
		pid_t pid = s->procs[i].pid;

		if (!pid || abs(pid) == self.pid || !is_gone(abs(pid)))
			continue;
		end_proc(s->procs[i].proc);
		s->procs[i] = (struct shim_proc){ 0 };
	}
}

static struct iommu_ref_proc *new_proc(struct shim_shared *s)
{
	struct iommu_ref_proc *proc;

	if (iommu_ref_proc_create(s->ref, &proc))
		return NULL;
	iommu_ref_proc_set_fds(proc, &numbers, NULL);
	return proc;
}

/* Of a child that fork(2) has not made yet: minus its parent's. */
static bool register_proc(struct shim_shared *s, pid_t pid, struct iommu_ref_proc *proc)
{
	struct shim_proc *slot;

	arena_lock(&s->lock);
	slot = proc_slot(s, 0);
	if (!slot) {
		reap(s);
		slot = proc_slot(s, 0);
	}
	if (slot)
		*slot = (struct shim_proc){ .pid = pid, .proc = proc };
	else if (!__atomic_exchange_n(&self.told_full, true, __ATOMIC_RELAXED))
		shim_say("more than %d processes on one machine: fork is EAGAIN", SHIM_MAX_PROCS);
	pthread_mutex_unlock(&s->lock);
	return slot;
}

/*
 * The slot of @proc, which is @old's, is @pid's from now on; 0: it is gone. Parent and child both
 * say so of a new child, and the slower one may find it gone, or -@old in another child's slot.
 */
static void rename_proc(struct shim_shared *s, const struct iommu_ref_proc *proc, pid_t old,
			pid_t pid)
{
	arena_lock(&s->lock);
	for (unsigned int i = 0; i < SHIM_MAX_PROCS; i++) {
		struct shim_proc *slot = &s->procs[i];

		if (slot->pid == old && slot->proc == proc)
			*slot = (struct shim_proc){ .pid = pid, .proc = pid ? slot->proc : NULL };
	}
	pthread_mutex_unlock(&s->lock);
}

int shim_pass(struct iommu_ref_proc *from, int fd, struct iommu_ref_proc *to, int number)
{
	int rc;

	put_mode = to == self.proc ? PUT_CLOSE : PUT_OTHER;
	wanted_fd = number;
	rc = iommu_ref_pass_fd(from, fd, to);
	wanted_fd = -1;
	put_mode = PUT_CLOSE;
	return rc < 0 ? rc : 0;
}

void shim_drop(struct iommu_ref_proc *proc, int number)
{
	put_mode = PUT_OTHER;
	iommu_ref_close(proc, number);
	put_mode = PUT_CLOSE;
}

/* All files of @from for @to, under the same numbers. */
static void copy_files(struct iommu_ref_proc *from, struct iommu_ref_proc *to)
{
	for (int fd = 0; fd < SHIM_MAX_FDS; fd++)
		if (shim_is_ours(fd))
			shim_pass(from, fd, to, fd);
}

/* ---- the machine */

static void make_machine(void)
{
	struct shim_shared *s = arena_create();
	struct iommu_ref_proc *proc;
	int rc;

	if (!s) {
		shim_say("no memory for the machine: %s", strerror(errno));
		_exit(2);
	}
	config_load(&s->cfg, getenv("IOMMU_REF_CONFIG"));
	rc = s->cfg.ref.vendor == IOMMU_REF_MOCK ? mock_create(&s->cfg.ref, &s->ref) :
						   iommu_ref_create(&s->cfg.ref, &s->ref);
	if (rc) {
		shim_say("cannot make the machine that IOMMU_REF_CONFIG asks for: %s",
			 rc == -EINVAL ? "its values contradict each other" : strerror(-rc));
		_exit(2);
	}
	proc = new_proc(s);
	s->flight = new_proc(s);
	if (!proc || !s->flight) {
		shim_say("no memory for the machine");
		_exit(2);
	}
	self.pid = getpid();
	self.proc = proc;
	register_proc(s, self.pid, proc);
	__atomic_store_n(&self.shared, s, __ATOMIC_RELEASE);
}

/* A child that was not made by our fork(): by clone(2). It takes what its parent has now. */
static void adopt(void)
{
	struct iommu_ref_proc *proc = new_proc(self.shared);

	if (!proc || shim_mappings_copy(self.shared, self.proc, proc)) {
		shim_say("no memory for a new process");
		real(_exit)(2);
	}
	copy_files(self.proc, proc);
	self.pid = getpid();
	self.proc = proc;
	register_proc(self.shared, self.pid, proc);
}

struct shim_shared *shim_shared_if_made(void)
{
	return __atomic_load_n(&self.shared, __ATOMIC_ACQUIRE);
}

struct shim_shared *shim_shared(void)
{
	if (shim_shared_if_made() && self.pid == getpid())
		return self.shared;
	arena_lock(&self_lock);
	if (!self.shared)
		make_machine();
	else if (self.pid != getpid())
		adopt();
	pthread_mutex_unlock(&self_lock);
	return self.shared;
}

struct iommu_ref_proc *shim_proc(void)
{
	shim_shared();
	return self.proc;
}

struct iommu_ref_proc *shim_proc_of(pid_t pid)
{
	struct shim_shared *s = shim_shared();
	struct iommu_ref_proc *proc = NULL;

	arena_lock(&s->lock);
	for (unsigned int i = 0; pid > 0 && i < SHIM_MAX_PROCS; i++)
		if (s->procs[i].pid == pid)
			proc = s->procs[i].proc;
	pthread_mutex_unlock(&s->lock);
	return proc;
}

/* ---- descriptors */

enum fd_kind shim_fd_kind(int fd)
{
	return fd >= 0 && fd < SHIM_MAX_FDS ? get_kind(fd) : FD_NONE;
}

bool shim_is_ours(int fd)
{
	enum fd_kind kind = shim_fd_kind(fd);

	return kind == FD_NEW || kind == FD_ALWAYS || kind == FD_POLLED;
}

void shim_fd_set(int fd, enum fd_kind kind, dev_t rdev)
{
	if (fd >= 0 && fd < SHIM_MAX_FDS && get_kind(fd) != kind)
		set_state(fd, kind, rdev);
}

dev_t shim_fd_rdev(int fd)
{
	return fd >= 0 && fd < SHIM_MAX_FDS ?
	       __atomic_load_n(&self.fds[fd].rdev, __ATOMIC_RELAXED) : 0;
}

void shim_fd_set_rdev(int fd, dev_t rdev)
{
	__atomic_store_n(&self.fds[fd].rdev, rdev, __ATOMIC_RELAXED);
}

void shim_fd_nonblock(int fd, bool nonblock)
{
	__atomic_store_n(&self.fds[fd].nonblock, nonblock, __ATOMIC_RELAXED);
}

bool shim_fd_is_nonblock(int fd)
{
	return __atomic_load_n(&self.fds[fd].nonblock, __ATOMIC_RELAXED);
}

#define ALWAYS_COUNT (1ull << 62)	/* never used up by who reads the eventfd itself */

static void set_readable(int fd, uint64_t count)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t rc = 0;

	/* Asked of the kernel: another process may share the eventfd. */
	if (poll(&p, 1, 0) < 0 || !count == !(p.revents & POLLIN))
		return;
	rc = count ? real(write)(fd, &count, sizeof(count)) :
		     real(read)(fd, &count, sizeof(count));
	(void)rc;		/* a race with another process that did the same */
}

static void sync_one(int fd, enum fd_kind kind)
{
	struct ref_file *f = file_at(self.proc, fd);

	if (!f)
		return;
	if (kind == FD_NEW) {
		kind = f->ops->poll ? FD_POLLED : FD_ALWAYS;
		set_state(fd, kind, shim_fd_rdev(fd));
		if (kind == FD_ALWAYS)
			set_readable(fd, ALWAYS_COUNT);
	}
	if (kind == FD_POLLED)
		set_readable(fd, !!(f->ops->poll(f, POLLIN) & POLLIN));
}

void shim_sync_poll(void)
{
	struct iommu_ref *ref = self.shared->ref;

	ref_lock(ref);
	for (int fd = 0; fd < SHIM_MAX_FDS; fd++) {
		enum fd_kind kind = get_kind(fd);

		if (kind == FD_NEW || kind == FD_POLLED)
			sync_one(fd, kind);
	}
	ref_unlock(ref);
}

int shim_open(const char *path, int flags)
{
	struct shim_shared *s = shim_shared();
	int fd;

	arena_lock(&s->lock);
	reap(s);
	pthread_mutex_unlock(&s->lock);
	fault_scope_begin();
	fd = iommu_ref_open(self.proc, path, flags);
	fault_scope_end();
	if (fd < 0)
		return fd;
	shim_fd_set_rdev(fd, path_rdev(path));
	if (!(flags & O_CLOEXEC))
		real(fcntl)(fd, F_SETFD, 0);
	shim_fd_nonblock(fd, flags & O_NONBLOCK);
	shim_sync_poll();
	return fd;
}

int shim_dup(int fd, int copy)
{
	struct iommu_ref_proc *proc = shim_proc();
	int rc;

	if (copy >= SHIM_MAX_FDS) {
		shim_say("descriptor %d: files of the reference are below %d", copy, SHIM_MAX_FDS);
		real(close)(copy);
		return -EMFILE;
	}
	rc = shim_pass(proc, fd, proc, copy);
	if (rc) {
		real(close)(copy);
		return rc;
	}
	shim_fd_nonblock(copy, shim_fd_is_nonblock(fd));
	set_state(copy, get_kind(fd), shim_fd_rdev(fd));
	return 0;
}

int shim_close(int fd)
{
	int rc = iommu_ref_close(shim_proc(), fd);

	shim_sync_poll();
	return rc;
}

void shim_forget(int fd)
{
	if (!shim_is_ours(fd)) {
		shim_fd_set(fd, FD_NONE, 0);
		return;
	}
	shim_proc();
	put_mode = PUT_FORGET;
	iommu_ref_close(self.proc, fd);
	put_mode = PUT_CLOSE;
	shim_sync_poll();
}

/* ---- fork and exit */

int shim_fork_prepare(struct iommu_ref_proc **out)
{
	struct iommu_ref_proc *child;

	*out = NULL;
	if (shim_shared_if_made())
		shim_shared();		/* a child by clone(2) registers first */
	/* Held until fork is over: no other thread makes the machine meanwhile. */
	arena_lock(&self_lock);
	if (!self.shared)
		return 0;
	child = new_proc(self.shared);
	if (!child) {
		pthread_mutex_unlock(&self_lock);
		return -ENOMEM;
	}
	copy_files(self.proc, child);
	if (shim_mappings_copy(self.shared, self.proc, child) ||
	    !register_proc(self.shared, -self.pid, child)) {
		end_proc(child);
		pthread_mutex_unlock(&self_lock);
		return -EAGAIN;
	}
	*out = child;
	return 0;
}

void shim_fork_parent(struct iommu_ref_proc *child, pid_t pid)
{
	if (child && pid > 0) {
		rename_proc(self.shared, child, -self.pid, pid);
	} else if (child) {
		rename_proc(self.shared, child, -self.pid, 0);
		end_proc(child);
	}
	pthread_mutex_unlock(&self_lock);
}

void shim_fork_child(struct iommu_ref_proc *child)
{
	pid_t parent = self.pid;

	self_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	fd_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	if (!child)
		return;		/* there is no machine yet */
	self.pid = getpid();
	self.proc = child;
	rename_proc(self.shared, child, -parent, self.pid);
}

/* Called with the shared lock held. */
static void remove_tree_if_last(struct shim_shared *s)
{
	bool last = true;

	reap(s);
	for (unsigned int i = 0; i < SHIM_MAX_PROCS; i++)
		last = last && (!s->procs[i].pid || s->procs[i].pid == self.pid);
	if (last)
		tree_remove(s);
}

int shim_inherited(void)
{
	for (int fd = 0; fd < SHIM_MAX_FDS; fd++)
		if (shim_is_ours(fd) && !(real(fcntl)(fd, F_GETFD) & FD_CLOEXEC))
			return fd;
	return -1;
}

void shim_exec(void)
{
	struct shim_shared *s = shim_shared_if_made();

	if (!s || self.pid != getpid())
		return;
	arena_lock(&s->lock);
	remove_tree_if_last(s);
	pthread_mutex_unlock(&s->lock);
}

void shim_exit(void)
{
	struct shim_shared *s = shim_shared_if_made();

	/* A child by clone(2) that never used us has nothing to end. */
	if (!s || self.pid != getpid() || !self.proc)
		return;
	/* Out of the table first: nobody may end it a second time. */
	rename_proc(s, self.proc, self.pid, 0);
	shim_mappings_drop(s, self.proc);
	put_mode = PUT_FORGET;
	iommu_ref_proc_exit(self.proc);
	put_mode = PUT_CLOSE;
	arena_lock(&s->lock);
	remove_tree_if_last(s);
	pthread_mutex_unlock(&s->lock);
	self.proc = NULL;
	memset(self.fds, 0, sizeof(self.fds));
}
