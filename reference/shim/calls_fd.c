// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The system calls that take a descriptor, fork and exit. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

/* The type byte of all ioctls of VFIO and iommufd. */
#define IOMMU_IOCTL_TYPE ';'

static ssize_t finish(ssize_t rc)
{
	shim_sync_poll();
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

/* ---- close and dup */

EXPORT int close(int fd)
{
	int rc;

	if (!shim_fd_kind(fd))
		return real(close)(fd);
	shim_fd_change_begin(fd);
	if (shim_is_ours(fd)) {
		rc = shim_close(fd) ? real(close)(fd) : 0;
	} else {
		shim_forget(fd);
		rc = real(close)(fd);
	}
	shim_fd_change_end(fd);
	return rc;
}

/* Its descriptor is closed inside the C library. */
EXPORT int fclose(FILE *f)
{
	shim_forget(fileno(f));
	return real(fclose)(f);
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	int rc;

	shim_fds_lock();
	/* What the kernel will close is forgotten first: a number may have another file at once. */
	if (first <= last && !(flags & ~CLOSE_RANGE_UNSHARE))
		for (unsigned int fd = first; fd <= last && fd < SHIM_MAX_FDS; fd++)
			shim_forget((int)fd);
	rc = real(close_range)(first, last, flags);
	shim_fds_unlock();
	return rc;
}

EXPORT void closefrom(int first)
{
	close_range(first < 0 ? 0 : (unsigned int)first, ~0u, 0);
}

/* The kernel made @copy of @fd. */
static int copied(int fd, int copy)
{
	int rc;

	if (copy < 0 || !shim_is_ours(fd))
		return copy;
	rc = shim_dup(fd, copy);
	if (rc) {
		errno = -rc;
		return -1;
	}
	return copy;
}

EXPORT int dup(int fd)
{
	int rc;

	if (!shim_is_ours(fd))
		return real(dup)(fd);
	shim_fds_lock();
	rc = copied(fd, real(dup)(fd));
	shim_fds_unlock();
	return rc;
}

static bool is_below_limit(int fd)
{
	struct rlimit limit;

	return fd >= 0 && !getrlimit(RLIMIT_NOFILE, &limit) && (rlim_t)fd < limit.rlim_cur;
}

EXPORT int dup3(int fd, int copy, int flags)
{
	int rc;

	if (!shim_is_ours(fd) && !shim_fd_kind(copy))
		return real(dup3)(fd, copy, flags);
	shim_fd_change_begin(copy);
	/* The kernel closes what is there, unless it refuses. */
	if (fd != copy && real(fcntl)(fd, F_GETFD) >= 0 && !(flags & ~O_CLOEXEC) &&
	    is_below_limit(copy))
		shim_forget(copy);
	rc = copied(fd, real(dup3)(fd, copy, flags));
	shim_fd_change_end(copy);
	return rc;
}

EXPORT int dup2(int fd, int copy)
{
	if (fd == copy)
		return real(dup2)(fd, copy);
	return dup3(fd, copy, 0);
}

static int do_fcntl(int fd, int cmd, void *arg)
{
	const int flags = (int)(uintptr_t)arg;
	int rc;

	if (!shim_is_ours(fd))
		return real(fcntl)(fd, cmd, arg);
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		shim_fds_lock();
		rc = copied(fd, real(fcntl)(fd, cmd, arg));
		shim_fds_unlock();
		return rc;
	case F_GETFL:
		rc = real(fcntl)(fd, cmd);
		return rc < 0 || shim_fd_is_nonblock(fd) ? rc : rc & ~O_NONBLOCK;
	case F_SETFL:
		rc = real(fcntl)(fd, cmd, flags | O_NONBLOCK);
		if (!rc)
			shim_fd_nonblock(fd, flags & O_NONBLOCK);
		return rc;
	default:
		return real(fcntl)(fd, cmd, arg);
	}
}

#define FCNTL_VARIANT(name)								\
	EXPORT int name(int fd, int cmd, ...);						\
	EXPORT int name(int fd, int cmd, ...)						\
	{										\
		va_list ap;								\
		void *arg;								\
											\
		va_start(ap, cmd);							\
		arg = va_arg(ap, void *);						\
		va_end(ap);								\
		return do_fcntl(fd, cmd, arg);						\
	}

FCNTL_VARIANT(fcntl)
FCNTL_VARIANT(fcntl64)

/* ---- ioctl */

/* One of our commands for a file that is not ours must not reach a device of the host. */
static int refuse_ioctl(int fd, unsigned long cmd)
{
	char link[32], name[128];
	ssize_t n;

	if (real(fcntl)(fd, F_GETFD) < 0)
		return -1;	/* EBADF */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = real(readlink)(link, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = 0;
	shim_say("ioctl %#lx on descriptor %d (%s), which is %s: refused", cmd, fd, name,
		 shim_is_marked(fd) ? "a file of another machine of the reference" :
				      "no file of the reference");
	errno = ENOTTY;
	return -1;
}

/* true: go on; another thread may be half way through a dup2() onto it. Else *@rc, errno. */
static bool is_ours_now(int fd, unsigned long cmd, int *rc)
{
	bool ours = shim_is_ours(fd);

	if (ours)
		return true;
	shim_fds_lock();
	ours = shim_is_ours(fd);
	if (!ours)
		*rc = refuse_ioctl(fd, cmd);
	shim_fds_unlock();
	return ours;
}

static int set_nonblock(int fd, const void *arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return (int)finish(-EFAULT);
	shim_fd_nonblock(fd, on);
	return 0;
}

EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
	va_list ap;
	void *arg;
	int rc;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!shim_is_ours(fd) && _IOC_TYPE(cmd) != IOMMU_IOCTL_TYPE)
		return real(ioctl)(fd, cmd, arg);
	if (!is_ours_now(fd, cmd, &rc))
		return rc;
	/* These are the kernel's for any file. */
	if (cmd == FIOCLEX || cmd == FIONCLEX || cmd == FIOASYNC)
		return real(ioctl)(fd, cmd, arg);
	if (cmd == FIONBIO)
		return set_nonblock(fd, arg);
	shim_proc();
	fault_scope_begin();
	rc = iommu_ref_ioctl(shim_proc(), fd, cmd, arg);
	fault_scope_end();
	return (int)finish(rc);
}

/* ---- read and write */

static ssize_t fail_nth_read(char *buf, size_t len, off_t offset)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", fault_nth_get());

	if (offset >= n)
		return 0;
	n -= (int)offset;
	if ((size_t)n > len)
		n = (int)len;
	memcpy(buf, text + offset, (size_t)n);
	return n;
}

static ssize_t fail_nth_write(const char *buf, size_t len)
{
	char text[16] = "", *end;
	unsigned long n;

	if (len >= sizeof(text)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(text, buf, len);
	n = strtoul(text, &end, 0);
	if (end == text || (*end && *end != '\n') || n > INT_MAX) {
		errno = EINVAL;
		return -1;
	}
	fault_nth_set((unsigned int)n);
	return (ssize_t)len;
}

static ssize_t do_read(int fd, void *buf, size_t len)
{
	return finish(iommu_ref_read(shim_proc(), fd, buf, len));
}

static ssize_t do_write(int fd, const void *buf, size_t len)
{
	return finish(iommu_ref_write(shim_proc(), fd, buf, len));
}

static ssize_t do_pread(int fd, void *buf, size_t len, off_t offset)
{
	if (offset < 0)
		return finish(-EINVAL);
	return finish(iommu_ref_pread(shim_proc(), fd, buf, len, (uint64_t)offset));
}

static ssize_t do_pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	if (offset < 0)
		return finish(-EINVAL);
	return finish(iommu_ref_pwrite(shim_proc(), fd, buf, len, (uint64_t)offset));
}

/*
 * Was it the eventfd that another thread is just making a file of the reference, or no longer one?
 * Then it has that mark still, or the number has changed since @before. What was read of its count
 * is put back by shim_sync_poll(), or does not matter (set_readable()).
 */
static bool read_between(int fd, unsigned int before)
{
	return shim_shared_if_made() &&
	       (before & 1 || shim_is_marked(fd) || shim_fd_changes(fd) != before);
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	unsigned int before = shim_fd_changes(fd);
	ssize_t rc;

	if (shim_is_ours(fd))
		return do_read(fd, buf, len);
	if (shim_fd_kind(fd) == FD_FAIL_NTH)
		return fail_nth_read(buf, len, 0);
	rc = real(read)(fd, buf, len);
	if (rc == sizeof(uint64_t) || (rc < 0 && errno == EAGAIN)) {
		int saved = errno;

		if (read_between(fd, before))
			return finish(-EBADF);
		errno = saved;
	}
	return rc;
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (len > room)
		abort();
	return read(fd, buf, len);
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	if (shim_is_ours(fd))
		return do_write(fd, buf, len);
	if (shim_fd_kind(fd) == FD_FAIL_NTH)
		return fail_nth_write(buf, len);
	return real(write)(fd, buf, len);
}

#define PREAD_VARIANT(name, type)							\
	EXPORT ssize_t name(int fd, void *buf, size_t len, type offset);		\
	EXPORT ssize_t name(int fd, void *buf, size_t len, type offset)			\
	{										\
		if (shim_is_ours(fd))							\
			return do_pread(fd, buf, len, offset);				\
		if (shim_fd_kind(fd) == FD_FAIL_NTH)					\
			return fail_nth_read(buf, len, offset);				\
		return real(pread)(fd, buf, len, offset);				\
	}

#define PREAD_CHK_VARIANT(name, type)							\
	EXPORT ssize_t name(int fd, void *buf, size_t len, type offset, size_t room);	\
	EXPORT ssize_t name(int fd, void *buf, size_t len, type offset, size_t room)	\
	{										\
		if (len > room)								\
			abort();							\
		return pread(fd, buf, len, offset);					\
	}

#define PWRITE_VARIANT(name, type)							\
	EXPORT ssize_t name(int fd, const void *buf, size_t len, type offset);		\
	EXPORT ssize_t name(int fd, const void *buf, size_t len, type offset)		\
	{										\
		if (shim_is_ours(fd))							\
			return do_pwrite(fd, buf, len, offset);				\
		if (shim_fd_kind(fd) == FD_FAIL_NTH)					\
			return fail_nth_write(buf, len);				\
		return real(pwrite)(fd, buf, len, offset);				\
	}

PREAD_VARIANT(pread, off_t)
PREAD_VARIANT(pread64, off64_t)
PREAD_CHK_VARIANT(__pread_chk, off_t)
PREAD_CHK_VARIANT(__pread64_chk, off64_t)
PWRITE_VARIANT(pwrite, off_t)
PWRITE_VARIANT(pwrite64, off64_t)

/*
 * Piece by piece, like the kernel for a file that has only read(2) and write(2); @offset -1: one
 * that has none.
 */
static ssize_t do_vector(int fd, const struct iovec *iov, int n, off_t offset, bool writes)
{
	ssize_t total = 0, rc;

	if (n < 0 || n > IOV_MAX)
		return finish(-EINVAL);
	for (int i = 0; i < n; i++) {
		void *buf = iov[i].iov_base;
		size_t len = iov[i].iov_len;

		if (offset >= 0)
			rc = writes ? do_pwrite(fd, buf, len, offset + total) :
				      do_pread(fd, buf, len, offset + total);
		else
			rc = writes ? do_write(fd, buf, len) : do_read(fd, buf, len);
		if (rc < 0)
			return total ? total : rc;
		total += rc;
		if ((size_t)rc < len)
			break;
	}
	return total;
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return shim_is_ours(fd) ? do_vector(fd, iov, n, -1, false) : real(readv)(fd, iov, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return shim_is_ours(fd) ? do_vector(fd, iov, n, -1, true) : real(writev)(fd, iov, n);
}

#define VECTOR_VARIANT(name, real_name, type, writes)					\
	EXPORT ssize_t name(int fd, const struct iovec *iov, int n, type offset);	\
	EXPORT ssize_t name(int fd, const struct iovec *iov, int n, type offset)	\
	{										\
		if (!shim_is_ours(fd))							\
			return real(real_name)(fd, iov, n, offset);			\
		return offset < 0 ? finish(-EINVAL) :					\
		       do_vector(fd, iov, n, offset, writes);				\
	}

VECTOR_VARIANT(preadv, preadv, off_t, false)
VECTOR_VARIANT(preadv64, preadv, off64_t, false)
VECTOR_VARIANT(pwritev, pwritev, off_t, true)
VECTOR_VARIANT(pwritev64, pwritev, off64_t, true)

/* ---- epoll: poll(2) and waiting need nothing, the eventfd does it */

EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	/* The kernel's answer for a file that cannot be polled. */
	if (shim_fd_kind(fd) == FD_ALWAYS) {
		errno = EPERM;
		return -1;
	}
	return real(epoll_ctl)(epfd, op, fd, event);
}

/* ---- fork and exit */

EXPORT pid_t fork(void)
{
	struct iommu_ref_proc *child;
	int saved, rc = shim_fork_prepare(&child);
	pid_t pid;

	if (rc) {
		errno = -rc;
		return -1;
	}
	pid = real(fork)();
	saved = errno;
	if (pid)
		shim_fork_parent(child, pid);
	else
		shim_fork_child(child);
	errno = saved;
	return pid;
}

/* POSIX allows it to be fork, and the child may call us. */
EXPORT pid_t vfork(void)
{
	return fork();
}

EXPORT _Noreturn void _exit(int status)
{
	shim_exit();
	real(_exit)(status);
	__builtin_unreachable();
}

EXPORT _Noreturn void _Exit(int status)
{
	_exit(status);
}

__attribute__((destructor)) static void library_exit(void)
{
	shim_exit();
}
