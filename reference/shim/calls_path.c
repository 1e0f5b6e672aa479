// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The system calls that take a path, and their variants in the C library. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

/* ---- open */

static int open_fail_nth(int flags)
{
	int fd = memfd_create("fail-nth", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);

	if (fd >= 0)
		shim_fd_set(fd, FD_FAIL_NTH, 0);
	return fd;
}

/* A real IOMMU or VFIO device of the host that came through a name we do not know. */
int path_refuse_host(int fd)
{
	char link[32], name[256];
	struct stat st;
	ssize_t n;

	if (fd < 0 || real(fstat)(fd, &st) || !S_ISCHR(st.st_mode))
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = real(readlink)(link, name, sizeof(name) - 1);
	if (n <= 0)
		return fd;
	name[n] = 0;
	if (strcmp(name, "/dev/iommu") && strcmp(name, "/dev/ioasid") &&
	    strncmp(name, "/dev/vfio/", 10))
		return fd;
	shim_say("%s is the host's: refused", name);
	real(close)(fd);
	errno = EACCES;
	return -1;
}

static int open_ours(struct shim_path *p, int flags, mode_t mode)
{
	int fd;

	switch (p->kind) {
	case PATH_NODE:
		if (flags & O_DIRECTORY) {
			errno = ENOTDIR;
			return -1;
		}
		fd = shim_open(p->name, flags);
		if (fd < 0) {
			errno = -fd;
			return -1;
		}
		return fd;
	case PATH_FAIL_NTH:
		return open_fail_nth(flags);
	case PATH_STATUS:
		return status_open(p->name, flags);
	default:
		/* nothing new can be made in there */
		return real(open)(path_on_host(NULL, p), flags & ~(O_CREAT | O_TRUNC),
				  mode);
	}
}

static int do_open(int dirfd, const char *path, int flags, mode_t mode)
{
	struct shim_path p;

	path_classify(dirfd, path, &p);
	if (p.kind != PATH_HOST && !(flags & O_PATH && p.kind == PATH_NODE))
		return open_ours(&p, flags, mode);
	if (p.kind == PATH_NODE)
		return real(open)(path_on_host(path, &p), flags, mode);
	return path_refuse_host(real(openat)(dirfd, path, flags, mode));
}

static bool has_mode(int flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPEN_VARIANT(name)								\
	EXPORT int name(const char *path, int flags, ...);				\
	EXPORT int name(const char *path, int flags, ...)				\
	{										\
		mode_t mode = 0;							\
		va_list ap;								\
											\
		va_start(ap, flags);							\
		if (has_mode(flags))							\
			mode = va_arg(ap, mode_t);					\
		va_end(ap);								\
		return do_open(AT_FDCWD, path, flags, mode);				\
	}

#define OPENAT_VARIANT(name)								\
	EXPORT int name(int dirfd, const char *path, int flags, ...);			\
	EXPORT int name(int dirfd, const char *path, int flags, ...)			\
	{										\
		mode_t mode = 0;							\
		va_list ap;								\
											\
		va_start(ap, flags);							\
		if (has_mode(flags))							\
			mode = va_arg(ap, mode_t);					\
		va_end(ap);								\
		return do_open(dirfd, path, flags, mode);				\
	}

#define OPEN_2_VARIANT(name)								\
	EXPORT int name(const char *path, int flags);					\
	EXPORT int name(const char *path, int flags)					\
	{										\
		return do_open(AT_FDCWD, path, flags, 0);				\
	}

#define OPENAT_2_VARIANT(name)								\
	EXPORT int name(int dirfd, const char *path, int flags);			\
	EXPORT int name(int dirfd, const char *path, int flags)				\
	{										\
		return do_open(dirfd, path, flags, 0);					\
	}

OPEN_VARIANT(open)
OPEN_VARIANT(open64)
OPENAT_VARIANT(openat)
OPENAT_VARIANT(openat64)
OPEN_2_VARIANT(__open_2)
OPEN_2_VARIANT(__open64_2)
OPENAT_2_VARIANT(__openat_2)
OPENAT_2_VARIANT(__openat64_2)

#define CREAT_VARIANT(name)								\
	EXPORT int name(const char *path, mode_t mode);					\
	EXPORT int name(const char *path, mode_t mode)					\
	{										\
		return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);	\
	}

CREAT_VARIANT(creat)
CREAT_VARIANT(creat64)

/* ---- streams and folders */

static FILE *do_fopen(const char *path, const char *mode)
{
	struct shim_path p;
	int flags, fd;
	FILE *f;

	path_classify(AT_FDCWD, path, &p);
	if (p.kind == PATH_HOST)
		return real(fopen)(path, mode);
	if (p.kind == PATH_TREE)
		return real(fopen)(path_on_host(path, &p), mode);
	flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
	if (strchr(mode, 'e'))
		flags |= O_CLOEXEC;
	fd = open_ours(&p, flags, 0);
	if (fd < 0)
		return NULL;
	f = fdopen(fd, mode);
	if (!f)
		close(fd);
	return f;
}

#define FOPEN_VARIANT(name)								\
	EXPORT FILE *name(const char *path, const char *mode);				\
	EXPORT FILE *name(const char *path, const char *mode)				\
	{										\
		return do_fopen(path, mode);						\
	}

FOPEN_VARIANT(fopen)
FOPEN_VARIANT(fopen64)

/* The path to hand to the real function. */
static const char *host_path(int dirfd, const char *path, struct shim_path *p)
{
	path_classify(dirfd, path, p);
	return path_on_host(path, p);
}

EXPORT DIR *opendir(const char *path)
{
	struct shim_path p;

	return real(opendir)(host_path(AT_FDCWD, path, &p));
}

EXPORT int scandir(const char *path, struct dirent ***list,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **, const struct dirent **))
{
	struct shim_path p;

	return real(scandir)(host_path(AT_FDCWD, path, &p), list, filter, compare);
}

EXPORT int access(const char *path, int mode)
{
	struct shim_path p;

	return real(access)(host_path(AT_FDCWD, path, &p), mode);
}

EXPORT int faccessat(int dirfd, const char *path, int mode, int flags)
{
	struct shim_path p;

	return real(faccessat)(dirfd, host_path(dirfd, path, &p), mode, flags);
}

EXPORT ssize_t readlink(const char *path, char *buf, size_t len)
{
	struct shim_path p;

	return real(readlink)(host_path(AT_FDCWD, path, &p), buf, len);
}

EXPORT ssize_t readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	struct shim_path p;

	return real(readlinkat)(dirfd, host_path(dirfd, path, &p), buf, len);
}

EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t room);
EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t room)
{
	if (len > room)
		abort();	/* as the C library does */
	return readlink(path, buf, len);
}

EXPORT ssize_t __readlinkat_chk(int dirfd, const char *path, char *buf, size_t len, size_t room);
EXPORT ssize_t __readlinkat_chk(int dirfd, const char *path, char *buf, size_t len, size_t room)
{
	if (len > room)
		abort();
	return readlinkat(dirfd, path, buf, len);
}

/* Without the name of the folder that it is really in. */
EXPORT char *realpath(const char *path, char *out)
{
	struct shim_path p;
	const char *host = host_path(AT_FDCWD, path, &p);
	char *result = real(realpath)(host, out);
	size_t len;

	if (!result || host == path)
		return result;
	len = strlen(shim_shared()->tree);
	if (!strncmp(result, shim_shared()->tree, len))
		memmove(result, result + len, strlen(result + len) + 1);
	return result;
}

EXPORT char *__realpath_chk(const char *path, char *out, size_t room);
EXPORT char *__realpath_chk(const char *path, char *out, size_t room)
{
	if (out && room < PATH_MAX)
		abort();
	return realpath(path, out);
}

EXPORT char *canonicalize_file_name(const char *path)
{
	return realpath(path, NULL);
}

/* ---- the folder that a program is in */

EXPORT int chdir(const char *path)
{
	struct shim_path p;

	return real(chdir)(host_path(AT_FDCWD, path, &p));
}

/* Without the name of the folder that it is really in, which makes it shorter. */
EXPORT char *getcwd(char *buf, size_t size)
{
	struct shim_shared *s = shim_shared_if_made();
	char real_name[PATH_MAX], *name = real_name;
	size_t len;

	if (!s || !s->tree[0] || !real(getcwd)(real_name, sizeof(real_name)))
		return real(getcwd)(buf, size);
	len = strlen(s->tree);
	if (!strncmp(name, s->tree, len) && name[len] == '/')
		name += len;
	len = strlen(name) + 1;
	if (!buf)
		return strdup(name);
	if (len > size) {
		errno = size ? ERANGE : EINVAL;
		return NULL;
	}
	return memcpy(buf, name, len);
}

/* ---- what would change a file: the machine's can be given to another user, not be removed */

EXPORT int chmod(const char *path, mode_t mode)
{
	struct shim_path p;

	return real(chmod)(host_path(AT_FDCWD, path, &p), mode);
}

EXPORT int chown(const char *path, uid_t uid, gid_t gid)
{
	struct shim_path p;

	return real(chown)(host_path(AT_FDCWD, path, &p), uid, gid);
}

static bool must_stay(int dirfd, const char *path)
{
	struct shim_path p;

	path_classify(dirfd, path, &p);
	if (p.kind == PATH_HOST)
		return false;
	errno = EPERM;
	return true;
}

EXPORT int unlink(const char *path)
{
	return must_stay(AT_FDCWD, path) ? -1 : real(unlink)(path);
}

EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	return must_stay(dirfd, path) ? -1 : real(unlinkat)(dirfd, path, flags);
}

EXPORT int rename(const char *from, const char *to)
{
	return must_stay(AT_FDCWD, from) || must_stay(AT_FDCWD, to) ? -1 : real(rename)(from, to);
}

/* ls asks for these. */
#define GETXATTR_VARIANT(name)								\
	EXPORT ssize_t name(const char *path, const char *attr, void *buf, size_t len);	\
	EXPORT ssize_t name(const char *path, const char *attr, void *buf, size_t len)	\
	{										\
		struct shim_path p;							\
											\
		return real(name)(host_path(AT_FDCWD, path, &p), attr, buf, len);	\
	}

#define LISTXATTR_VARIANT(name)								\
	EXPORT ssize_t name(const char *path, char *buf, size_t len);			\
	EXPORT ssize_t name(const char *path, char *buf, size_t len)			\
	{										\
		struct shim_path p;							\
											\
		return real(name)(host_path(AT_FDCWD, path, &p), buf, len);		\
	}

GETXATTR_VARIANT(getxattr)
GETXATTR_VARIANT(lgetxattr)
LISTXATTR_VARIANT(listxattr)
LISTXATTR_VARIANT(llistxattr)
