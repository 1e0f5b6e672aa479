// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Calls that go around read(2) and write(2), where the kernel's answer for the eventfd behind a
 * file of the reference would be another one than for the file; and syscall(2), which goes around
 * the C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

#define LSEEK_VARIANT(name, type)							\
	EXPORT type name(int fd, type offset, int whence);				\
	EXPORT type name(int fd, type offset, int whence)				\
	{										\
		if (shim_is_ours(fd)) {							\
			errno = ESPIPE;							\
			return -1;							\
		}									\
		return real(lseek)(fd, offset, whence);					\
	}

LSEEK_VARIANT(lseek, off_t)
LSEEK_VARIANT(lseek64, off64_t)

/* No file of iommufd or VFIO can be spliced. */
static bool no_splice(int in, int out)
{
	if (!shim_is_ours(in) && !shim_is_ours(out))
		return false;
	errno = EINVAL;
	return true;
}

#define SENDFILE_VARIANT(name, type)							\
	EXPORT ssize_t name(int out, int in, type *offset, size_t len);			\
	EXPORT ssize_t name(int out, int in, type *offset, size_t len)			\
	{										\
		return no_splice(in, out) ? -1 : real(sendfile)(out, in, offset, len);	\
	}

SENDFILE_VARIANT(sendfile, off_t)
SENDFILE_VARIANT(sendfile64, off64_t)

EXPORT ssize_t splice(int in, off64_t *in_off, int out, off64_t *out_off, size_t len,
		      unsigned int flags)
{
	return no_splice(in, out) ? -1 : real(splice)(in, in_off, out, out_off, len, flags);
}

EXPORT ssize_t copy_file_range(int in, off64_t *in_off, int out, off64_t *out_off, size_t len,
			       unsigned int flags)
{
	return no_splice(in, out) ? -1 :
	       real(copy_file_range)(in, in_off, out, out_off, len, flags);
}

/* ---- syscall(2) */

static long no_io_uring(void)
{
	static bool told;

	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		shim_say("io_uring is not covered: refused with ENOSYS");
	errno = ENOSYS;
	return -1;
}

static long do_openat2(const long *a)
{
	const struct open_how *how = (const struct open_how *)a[2];
	const char *path = (const char *)a[1];
	struct shim_path p;

	path_classify((int)a[0], path, &p);
	if (p.kind != PATH_HOST && how && (size_t)a[3] >= sizeof(*how))
		return openat((int)a[0], path, (int)how->flags, (mode_t)how->mode);
	return path_refuse_host((int)real(syscall)(SYS_openat2, a[0], a[1], a[2], a[3]));
}

/* Those that only some architectures have. */
static bool old_call(long nr, const long *a, long *rc)
{
#ifdef SYS_open
	if (nr == SYS_open) {
		*rc = open((const char *)a[0], (int)a[1], (mode_t)a[2]);
		return true;
	}
#endif
#ifdef SYS_dup2
	if (nr == SYS_dup2) {
		*rc = dup2((int)a[0], (int)a[1]);
		return true;
	}
#endif
	(void)nr;
	(void)a;
	(void)rc;
	return false;
}

static long do_syscall(long nr, const long *a)
{
	long rc;

	switch (nr) {
	case SYS_io_uring_setup:
		return no_io_uring();
	case SYS_openat:
		return openat((int)a[0], (const char *)a[1], (int)a[2], (mode_t)a[3]);
	case SYS_openat2:
		return do_openat2(a);
	case SYS_close:
		return close((int)a[0]);
	case SYS_close_range:
		return close_range((unsigned int)a[0], (unsigned int)a[1], (int)a[2]);
	case SYS_dup:
		return dup((int)a[0]);
	case SYS_dup3:
		return dup3((int)a[0], (int)a[1], (int)a[2]);
	case SYS_fcntl:
		return fcntl((int)a[0], (int)a[1], (void *)a[2]);
	case SYS_ioctl:
		return ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
	case SYS_read:
		return read((int)a[0], (void *)a[1], (size_t)a[2]);
	case SYS_write:
		return write((int)a[0], (const void *)a[1], (size_t)a[2]);
	case SYS_mmap:
		return (long)shim_mmap((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3],
					  (int)a[4], (off_t)a[5]);
	case SYS_munmap:
		return shim_munmap((void *)a[0], (size_t)a[1]);
	case SYS_sendmsg:
		return sendmsg((int)a[0], (const struct msghdr *)a[1], (int)a[2]);
	case SYS_recvmsg:
		return recvmsg((int)a[0], (struct msghdr *)a[1], (int)a[2]);
	default:
		return old_call(nr, a, &rc) ? rc :
		       real(syscall)(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
}

EXPORT long syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return do_syscall(nr, a);
}
