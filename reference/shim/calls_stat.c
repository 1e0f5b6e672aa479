// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * stat(2) and its variants, also those of binaries older than glibc 2.33: a node of the reference
 * is a character device with its own number.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

/* On 64-bit systems struct stat64 is struct stat. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "stat64 differs");

static void fix(dev_t rdev, struct stat *st)
{
	if (!rdev)
		return;
	path_fix_mode(rdev, &st->st_mode);
	st->st_rdev = rdev;
	st->st_size = 0;
}

static int do_fstat(int fd, struct stat *st)
{
	int rc = real(fstat) ? real(fstat)(fd, st) : real(__fxstat)(1, fd, st);

	if (!rc && shim_is_ours(fd))
		fix(shim_fd_rdev(fd), st);
	return rc;
}

/* Is it the file of the descriptor itself? */
static bool is_fd_itself(const char *path, int flags)
{
	return path && !*path && flags & AT_EMPTY_PATH;
}

static int do_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	struct shim_path p;
	const char *host;
	int rc;

	if (is_fd_itself(path, flags))
		return do_fstat(dirfd, st);
	path_classify(dirfd, path, &p);
	host = path_on_host(path, &p);
	rc = real(fstatat) ? real(fstatat)(dirfd, host, st, flags) :
	     real(__fxstatat)(1, dirfd, host, st, flags);
	if (!rc && p.kind == PATH_NODE)
		fix(path_rdev(p.name), st);
	return rc;
}

#define STAT_VARIANT(name, type, flags)							\
	EXPORT int name(const char *path, struct type *st);				\
	EXPORT int name(const char *path, struct type *st)				\
	{										\
		return do_fstatat(AT_FDCWD, path, (struct stat *)st, flags);		\
	}

#define FSTAT_VARIANT(name, type)							\
	EXPORT int name(int fd, struct type *st);					\
	EXPORT int name(int fd, struct type *st)					\
	{										\
		return do_fstat(fd, (struct stat *)st);					\
	}

#define FSTATAT_VARIANT(name, type)							\
	EXPORT int name(int dirfd, const char *path, struct type *st, int flags);	\
	EXPORT int name(int dirfd, const char *path, struct type *st, int flags)	\
	{										\
		return do_fstatat(dirfd, path, (struct stat *)st, flags);		\
	}

STAT_VARIANT(stat, stat, 0)
STAT_VARIANT(stat64, stat64, 0)
STAT_VARIANT(lstat, stat, AT_SYMLINK_NOFOLLOW)
STAT_VARIANT(lstat64, stat64, AT_SYMLINK_NOFOLLOW)
FSTAT_VARIANT(fstat, stat)
FSTAT_VARIANT(fstat64, stat64)
FSTATAT_VARIANT(fstatat, stat)
FSTATAT_VARIANT(fstatat64, stat64)

/* @version is of the struct: there is one. */
#define XSTAT_VARIANT(name, type, flags)						\
	EXPORT int name(int version, const char *path, struct type *st);		\
	EXPORT int name(int version, const char *path, struct type *st)			\
	{										\
		(void)version;								\
		return do_fstatat(AT_FDCWD, path, (struct stat *)st, flags);		\
	}

#define FXSTAT_VARIANT(name, type)							\
	EXPORT int name(int version, int fd, struct type *st);				\
	EXPORT int name(int version, int fd, struct type *st)				\
	{										\
		(void)version;								\
		return do_fstat(fd, (struct stat *)st);					\
	}

#define FXSTATAT_VARIANT(name, type)							\
	EXPORT int name(int version, int dirfd, const char *path, struct type *st,	\
			int flags);							\
	EXPORT int name(int version, int dirfd, const char *path, struct type *st,	\
			int flags)							\
	{										\
		(void)version;								\
		return do_fstatat(dirfd, path, (struct stat *)st, flags);		\
	}

XSTAT_VARIANT(__xstat, stat, 0)
XSTAT_VARIANT(__xstat64, stat64, 0)
XSTAT_VARIANT(__lxstat, stat, AT_SYMLINK_NOFOLLOW)
XSTAT_VARIANT(__lxstat64, stat64, AT_SYMLINK_NOFOLLOW)
FXSTAT_VARIANT(__fxstat, stat)
FXSTAT_VARIANT(__fxstat64, stat64)
FXSTATAT_VARIANT(__fxstatat, stat)
FXSTATAT_VARIANT(__fxstatat64, stat64)

EXPORT int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *st)
{
	struct shim_path p = { .kind = PATH_HOST };
	const char *host = path;
	mode_t mode = 0;
	dev_t rdev = 0;
	int rc;

	if (is_fd_itself(path, flags)) {
		rdev = shim_is_ours(dirfd) ? shim_fd_rdev(dirfd) : 0;
	} else {
		path_classify(dirfd, path, &p);
		host = path_on_host(path, &p);
		if (p.kind == PATH_NODE)
			rdev = path_rdev(p.name);
	}
	rc = real(statx)(dirfd, host, flags, mask, st);
	if (!rc && rdev) {
		path_fix_mode(rdev, &mode);
		st->stx_mode = (uint16_t)mode;
		st->stx_rdev_major = major(rdev);
		st->stx_rdev_minor = minor(rdev);
		st->stx_size = 0;
	}
	return rc;
}
