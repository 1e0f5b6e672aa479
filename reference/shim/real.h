/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The functions that the shim stands in front of, as the next library has them. real(name)(...)
 * calls the real one.
 */
#ifndef IOMMU_REF_SHIM_REAL_H
#define IOMMU_REF_SHIM_REAL_H

#include <dirent.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct statx;

#define REAL_FUNCTIONS(X)								\
	X(int, open, (const char *, int, ...))						\
	X(int, openat, (int, const char *, int, ...))					\
	X(FILE *, fopen, (const char *, const char *))					\
	X(int, fclose, (FILE *))							\
	X(DIR *, opendir, (const char *))						\
	X(int, scandir, (const char *, struct dirent ***, int (*)(const struct dirent *),	\
			 int (*)(const struct dirent **, const struct dirent **)))	\
	X(int, close, (int))								\
	X(int, close_range, (unsigned int, unsigned int, int))				\
	X(int, dup, (int))								\
	X(int, dup2, (int, int))							\
	X(int, dup3, (int, int, int))							\
	X(int, fcntl, (int, int, ...))							\
	X(int, ioctl, (int, unsigned long, ...))					\
	X(ssize_t, read, (int, void *, size_t))						\
	X(ssize_t, write, (int, const void *, size_t))					\
	X(ssize_t, pread, (int, void *, size_t, off_t))					\
	X(ssize_t, pwrite, (int, const void *, size_t, off_t))				\
	X(ssize_t, readv, (int, const struct iovec *, int))				\
	X(ssize_t, writev, (int, const struct iovec *, int))				\
	X(ssize_t, preadv, (int, const struct iovec *, int, off_t))			\
	X(ssize_t, pwritev, (int, const struct iovec *, int, off_t))			\
	X(void *, mmap, (void *, size_t, int, int, int, off_t))				\
	X(int, munmap, (void *, size_t))						\
	X(int, epoll_ctl, (int, int, int, struct epoll_event *))			\
	X(int, stat, (const char *, struct stat *))					\
	X(int, lstat, (const char *, struct stat *))					\
	X(int, fstat, (int, struct stat *))						\
	X(int, fstatat, (int, const char *, struct stat *, int))			\
	X(int, __xstat, (int, const char *, struct stat *))				\
	X(int, __lxstat, (int, const char *, struct stat *))				\
	X(int, __fxstat, (int, int, struct stat *))					\
	X(int, __fxstatat, (int, int, const char *, struct stat *, int))		\
	X(int, statx, (int, const char *, int, unsigned int, struct statx *))		\
	X(int, access, (const char *, int))						\
	X(int, faccessat, (int, const char *, int, int))				\
	X(ssize_t, readlink, (const char *, char *, size_t))				\
	X(ssize_t, readlinkat, (int, const char *, char *, size_t))			\
	X(char *, realpath, (const char *, char *))					\
	X(ssize_t, getxattr, (const char *, const char *, void *, size_t))		\
	X(ssize_t, lgetxattr, (const char *, const char *, void *, size_t))		\
	X(ssize_t, listxattr, (const char *, char *, size_t))				\
	X(ssize_t, llistxattr, (const char *, char *, size_t))				\
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))				\
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned int, int))			\
	X(ssize_t, recvmsg, (int, struct msghdr *, int))				\
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned int, int, struct timespec *))	\
	X(off_t, lseek, (int, off_t, int))						\
	X(ssize_t, sendfile, (int, int, off_t *, size_t))				\
	X(ssize_t, splice, (int, off64_t *, int, off64_t *, size_t, unsigned int))	\
	X(ssize_t, copy_file_range,							\
	  (int, off64_t *, int, off64_t *, size_t, unsigned int))			\
	X(int, chdir, (const char *))							\
	X(char *, getcwd, (char *, size_t))						\
	X(int, chmod, (const char *, mode_t))						\
	X(int, chown, (const char *, uid_t, gid_t))					\
	X(int, unlink, (const char *))							\
	X(int, unlinkat, (int, const char *, int))					\
	X(int, rename, (const char *, const char *))					\
	X(long, syscall, (long, ...))							\
	X(int, posix_spawn,								\
	  (pid_t *, const char *, const posix_spawn_file_actions_t *,			\
	   const posix_spawnattr_t *, char *const[], char *const[]))			\
	X(int, posix_spawnp,								\
	  (pid_t *, const char *, const posix_spawn_file_actions_t *,			\
	   const posix_spawnattr_t *, char *const[], char *const[]))			\
	X(int, execve, (const char *, char *const[], char *const[]))			\
	X(int, execvpe, (const char *, char *const[], char *const[]))			\
	X(int, fexecve, (int, char *const[], char *const[]))				\
	X(pid_t, fork, (void))								\
	X(void, _exit, (int))

#define REAL_MEMBER(type, name, args) type (*p_##name) args;
struct real {
	REAL_FUNCTIONS(REAL_MEMBER)
};
#undef REAL_MEMBER

/* Looked up at first use. */
const struct real *real_functions(void);
#define real(name) (real_functions()->p_##name)

#endif
