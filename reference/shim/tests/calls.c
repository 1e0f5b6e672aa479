// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The variants of each call that the shim stands in front of, by a program that knows nothing of
 * it: those of the C library for large files, fortified and old binaries too. Prints TAP.
 */
#include "tap.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "iommufd.h"
#include "vfio.h"

#define NODE "/dev/vfio/devices/vfio0"
#define DEVICE "/sys/bus/pci/devices/0000:00:01.0"

/* What the compiler knows to be wrong. */
static void *volatile nowhere;
static volatile int minus = -1;

/* A function that headers do not declare: of old or fortified binaries. */
#define SYMBOL(type, name, args) type (*name) args = (type (*) args)dlsym(RTLD_DEFAULT, #name)

static bool is_iommu(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	bool good = fd >= 0 && !ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);

	close(fd);
	return good;
}

static void test_open(void)
{
	SYMBOL(int, __open_2, (const char *, int));
	SYMBOL(int, __open64_2, (const char *, int));
	SYMBOL(int, __openat_2, (int, const char *, int));
	SYMBOL(int, __openat64_2, (int, const char *, int));
	int dir = open("/dev", O_RDONLY | O_DIRECTORY), fd, one = 1;

	result(is_iommu(open64("/dev/iommu", O_RDWR)) && is_iommu(openat(dir, "iommu", O_RDWR)) &&
	       is_iommu(openat64(dir, "iommu", O_RDWR)), "open64, openat, openat64");
	result(is_iommu(__open_2("/dev/iommu", O_RDWR)) &&
	       is_iommu(__open64_2("/dev/iommu", O_RDWR)) &&
	       is_iommu(__openat_2(dir, "iommu", O_RDWR)) &&
	       is_iommu(__openat64_2(dir, "iommu", O_RDWR)), "the fortified ones");
	result(is_iommu(creat("/dev/iommu", 0600)) && is_iommu(creat64("/dev/iommu", 0600)) &&
	       is_iommu(open("/dev/iommu", O_RDWR | O_CREAT, 0600)), "creat opens what is there");
	fd = open("/dev/iommu", O_PATH);
	result(fd >= 0 && fails(ioctl(fd, IOMMU_DESTROY, NULL), ENOTTY), "O_PATH opens no device");
	close(fd);
	fd = open("/dev/iommu", O_RDWR | O_NONBLOCK);
	result(fcntl(fd, F_GETFL) & O_NONBLOCK && !fcntl(fd, F_SETFL, 0) &&
	       !(fcntl(fd, F_GETFL) & O_NONBLOCK) && !ioctl(fd, FIONBIO, &one) &&
	       fcntl(fd, F_GETFL) & O_NONBLOCK && fails(ioctl(fd, FIONBIO, nowhere), EFAULT),
	       "O_NONBLOCK is what was set");
	close(fd);
	fd = openat(-1, "iommu", O_RDWR);
	result(fails(fd, EBADF), "a bad folder");
	fd = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	result(fd >= 0, "a file of the host that has no name");
	close(fd);
	fd = open(DEVICE "/driver_override", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	result(fd >= 0 && write(fd, "vfio-pci", 8) == 8, "a file in sysfs is written");
	close(fd);
	result(fails(open(DEVICE "/new", O_WRONLY | O_CREAT, 0600), ENOENT), "none is made");
	close(dir);
}

static void test_streams(void)
{
	FILE *f = fopen(NODE, "r+"), *g = fopen64("/dev/iommu", "we"), *h = fopen(NODE, "r");
	struct dirent **list = NULL;
	char text[32] = "";
	DIR *dir;
	int n;

	result(f && g && h && fcntl(fileno(g), F_GETFD) == FD_CLOEXEC, "fopen of nodes");
	result(!fclose(f) && !fclose(g) && !fclose(h), "fclose");
	result(!fopen("/dev/vfio/99", "r") && errno == ENOENT && !fopen("/dev/iommu", "x"),
	       "fopen of none, and in no mode");
	f = fopen64(DEVICE "/vendor", "r");
	result(f && fgets(text, sizeof(text), f) && !strcmp(text, "0x1b36\n"), "fopen64 in sysfs");
	if (f)
		fclose(f);
	dir = opendir("/sys/kernel/iommu_groups");
	result(dir && readdir(dir) && dirfd(dir) >= 0, "opendir");
	if (dir)
		closedir(dir);
	n = scandir("/sys/bus/pci/devices", &list, NULL, alphasort);
	result(n == 6 && !strcmp(list[2]->d_name, "0000:00:01.0"), "scandir");
	while (n-- > 0)
		free(list[n]);
	free(list);
}

static bool is_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) == 511 && minor(st->st_rdev) == 0;
}

static void test_stat(void)
{
	SYMBOL(int, __xstat, (int, const char *, struct stat *));
	SYMBOL(int, __xstat64, (int, const char *, struct stat *));
	SYMBOL(int, __lxstat, (int, const char *, struct stat *));
	SYMBOL(int, __lxstat64, (int, const char *, struct stat *));
	SYMBOL(int, __fxstat, (int, int, struct stat *));
	SYMBOL(int, __fxstat64, (int, int, struct stat *));
	SYMBOL(int, __fxstatat, (int, int, const char *, struct stat *, int));
	SYMBOL(int, __fxstatat64, (int, int, const char *, struct stat *, int));
	int fd = open(NODE, O_RDWR), null = open("/dev/null", O_RDWR);
	struct statx x;
	struct stat s;

#define SEEN(call) (memset(&s, 0, sizeof(s)), !(call) && is_node(&s))
	result(SEEN(stat64(NODE, (struct stat64 *)&s)) && SEEN(lstat(NODE, &s)) &&
	       SEEN(lstat64(NODE, (struct stat64 *)&s)) && SEEN(fstat64(fd, (struct stat64 *)&s)) &&
	       SEEN(fstatat(AT_FDCWD, NODE, &s, 0)) && SEEN(fstatat(fd, "", &s, AT_EMPTY_PATH)) &&
	       SEEN(fstatat64(AT_FDCWD, NODE, (struct stat64 *)&s, 0)), "stat and its variants");
	result(SEEN(__xstat(1, NODE, &s)) && SEEN(__xstat64(1, NODE, &s)) &&
	       SEEN(__lxstat(1, NODE, &s)) && SEEN(__lxstat64(1, NODE, &s)) &&
	       SEEN(__fxstat(1, fd, &s)) && SEEN(__fxstat64(1, fd, &s)) &&
	       SEEN(__fxstatat(1, AT_FDCWD, NODE, &s, 0)) &&
	       SEEN(__fxstatat64(1, AT_FDCWD, NODE, &s, 0)), "those of old binaries");
	result(!statx(AT_FDCWD, NODE, 0, STATX_BASIC_STATS, &x) && x.stx_rdev_major == 511 &&
	       S_ISCHR(x.stx_mode) && !statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x) &&
	       x.stx_rdev_major == 511, "statx");
	result(!statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &x) && S_ISDIR(x.stx_mode) &&
	       !statx(null, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x) && x.stx_rdev_major == 1 &&
	       fails(statx(AT_FDCWD, "/dev/vfio/99", 0, STATX_BASIC_STATS, &x), ENOENT),
	       "statx of others");
	result(!stat("/dev/vfio/vfio", &s) && (s.st_mode & 0777) == 0666 &&
		       !stat("/dev/iommu", &s) && (s.st_mode & 0777) == 0600 &&
		       !stat("/dev/ioasid", &s) && S_ISCHR(s.st_mode) && !stat("/dev/vfio/1", &s) &&
		       S_ISCHR(s.st_mode),
	       "who may open what");
	result(fails(fstat(-1, &s), EBADF), "a bad descriptor");
	close(fd);
	close(null);
}

static void test_paths(void)
{
	SYMBOL(ssize_t, __readlink_chk, (const char *, char *, size_t, size_t));
	SYMBOL(ssize_t, __readlinkat_chk, (int, const char *, char *, size_t, size_t));
	SYMBOL(char *, __realpath_chk, (const char *, char *, size_t));
	char name[PATH_MAX] = "", *allocated;
	const char group[] = "../../../../sys/kernel/iommu_groups/1";
	int dir = open(DEVICE, O_RDONLY | O_DIRECTORY);

	result(!access(NODE, R_OK) && !faccessat(dir, "vendor", R_OK, 0) &&
	       fails(access("/dev/vfio/99", F_OK), ENOENT), "access and faccessat");
	result(readlinkat(dir, "iommu_group", name, sizeof(name)) == sizeof(group) - 1 &&
	       !memcmp(name, group, sizeof(group) - 1) &&
	       __readlink_chk(DEVICE "/iommu_group", name, 8, sizeof(name)) == 8 &&
	       __readlinkat_chk(dir, "iommu_group", name, 8, sizeof(name)) == 8, "readlink");
	result(realpath(DEVICE "/iommu_group", name) && !strcmp(name, "/sys/kernel/iommu_groups/1"),
	       "realpath is the program's");
	result(realpath("/usr/../usr", name) && !strcmp(name, "/usr") &&
	       __realpath_chk(DEVICE "/driver", name, sizeof(name)) &&
	       !strcmp(name, "/sys/bus/pci/drivers/vfio-pci"), "realpath of others, and fortified");
	allocated = canonicalize_file_name("/dev/vfio/devices/../vfio");
	result(allocated && !strcmp(allocated, "/dev/vfio/vfio"), "canonicalize_file_name");
	free(allocated);
	result(!realpath("/dev/vfio/99", name), "realpath of none");
	result(getxattr(NODE, "user.none", name, sizeof(name)) < 0 &&
		       lgetxattr(NODE, "user.none", name, sizeof(name)) < 0 &&
		       listxattr(NODE, name, sizeof(name)) >= 0 &&
		       llistxattr(NODE, name, sizeof(name)) >= 0,
	       "extended attributes: none");
	result(!chmod(NODE, 0666) && !chown(NODE, getuid(), getgid()) &&
	       fails(unlink(NODE), EPERM) && fails(unlinkat(dir, "vendor", 0), EPERM) &&
	       fails(rename("/dev/vfio", "/dev/x"), EPERM) &&
	       fails(rename("/nonexistent/a", "/dev/iommu"), EPERM),
	       "a node may be given away, not be removed");
	result(fails(rename("/nonexistent/a", "/nonexistent/b"), ENOENT) &&
	       fails(unlink("/nonexistent/a"), ENOENT) &&
	       fails(unlinkat(AT_FDCWD, "/nonexistent/a", 0), ENOENT), "others as they were");
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	result(access(name, F_OK) < 0, "a name that is too long");
	result(access("", F_OK) < 0, "and none");
	close(dir);
}

static void test_folder(void)
{
	char name[PATH_MAX], small[4], *allocated;

	result(getcwd(name, sizeof(name)) && !chdir("/sys/bus/pci/devices") &&
		       getcwd(name, sizeof(name)) && !strcmp(name, "/sys/bus/pci/devices"),
	       "chdir, getcwd");
	result(!access("0000:00:01.0/vendor", R_OK) && !access("../../../../dev/vfio/1", F_OK),
	       "names from there");
	allocated = getcwd(NULL, 0);
	result(allocated && !strcmp(allocated, "/sys/bus/pci/devices"), "getcwd that allocates");
	free(allocated);
	result(!getcwd(small, sizeof(small)) && errno == ERANGE && !getcwd(small, 0) &&
	       errno == EINVAL, "without room");
	result(!chdir("/") && getcwd(name, sizeof(name)) && !strcmp(name, "/"), "back");
}

/* ---- read, write and what goes around them */

static int open_bound(int *iommufd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	int dev = open(NODE, O_RDWR);

	bind.iommufd = *iommufd = open("/dev/iommu", O_RDWR);
	return ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind) ? -1 : dev;
}

#define CONFIG (7ull << 40)

static void test_device(void)
{
	SYMBOL(ssize_t, __pread_chk, (int, void *, size_t, off_t, size_t));
	SYMBOL(ssize_t, __pread64_chk, (int, void *, size_t, off64_t, size_t));
	SYMBOL(ssize_t, __read_chk, (int, void *, size_t, size_t));
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 0 };
	uint8_t b[4096] = { 0 }, on = 2;
	struct iovec two[] = { { b, 2 }, { b + 2, 2 } };
	struct iovec bar[] = { { "ab", 2 }, { "cd", 2 } };
	uint32_t ones = ~0u, size = 0;
	int iommufd, dev = open_bound(&iommufd);
	volatile char *mem;

	result(!ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, &info) && info.size == 4096 &&
	       info.flags == 7, "BAR 0 is a page that can be mapped");
	result(pread(dev, b, 4, CONFIG) == 4 && !memcmp(b, "\x36\x1b\x05\x00", 4), "configuration");
	result(pread64(dev, b, 4096, CONFIG + 252) == 4 &&
		       __pread_chk(dev, b, 2, CONFIG, 4096) == 2 &&
		       __pread64_chk(dev, b, 2, CONFIG, 4096) == 2,
	       "pread64, and the fortified ones");
	result(preadv(dev, two, 2, CONFIG) == 4 && preadv64(dev, two, 2, CONFIG) == 4 &&
	       b[0] == 0x36 && b[2] == 5, "preadv");
	result(fails(pread(dev, b, 4, 0), EIO) && fails(read(dev, b, 4), EIO) &&
	       pwrite(dev, &on, 1, CONFIG + 4) == 1 && pwrite64(dev, &on, 1, CONFIG + 5) == 1,
	       "BAR 0 wants memory decoding");
	result(pwritev(dev, bar, 2, 16) == 4 && pwritev64(dev, bar, 2, 20) == 4 &&
	       pread(dev, b, 8, 16) == 8 && !memcmp(b, "abcdabcd", 8), "pwritev to BAR 0");
	result(writev(dev, bar, 2) == 4 && readv(dev, two, 2) == 4 && __read_chk(dev, b, 4, 4) == 4,
	       "readv and writev at its start");
	result(pwrite(dev, &ones, 4, CONFIG + 0x10) == 4 &&
		       pread(dev, &size, 4, CONFIG + 0x10) == 4 && size == 0xfffff000,
	       "sizing of BAR 0");
	result(fails(pread(dev, b, 1, -1), EINVAL) && fails(pwrite(dev, b, 1, -1), EINVAL) &&
		       fails(preadv(dev, two, 2, -1), EINVAL) &&
		       fails(readv(dev, two, minus), EINVAL) &&
		       fails(pread(dev, b, 1, 4096), EINVAL) &&
		       fails(pread(dev, b, 1, 1ll << 60), EINVAL) &&
		       fails(pread(dev, nowhere, 4, CONFIG), EFAULT) &&
		       fails(pwrite(dev, nowhere, 4, CONFIG), EFAULT),
	       "what is wrong");
	result(pread(dev, b, 0, CONFIG) == 0 && pwrite(dev, b, 0, CONFIG) == 0,
	       "nothing is nothing");
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, dev, 0);
	result(mem != MAP_FAILED && mem[16] == 'a', "BAR 0 is mapped");
	mem[17] = 'x';
	result(pread(dev, b, 2, 16) == 2 && b[1] == 'x', "and is the same memory");
	result(mmap((void *)mem, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, dev, 0) == mem &&
	       mem[17] == 'x', "once more at the same place");
	result(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, dev, 0) == MAP_FAILED && errno == EINVAL &&
	       mmap(NULL, 4096, PROT_EXEC, MAP_SHARED, dev, 0) == MAP_FAILED && errno == EPERM &&
	       mmap(NULL, 4096, PROT_READ, MAP_SHARED, dev, 4096) == MAP_FAILED &&
	       mmap64(NULL, 8192, PROT_READ, MAP_SHARED, dev, 0) == MAP_FAILED, "not otherwise");
	close(dev);
	result(mem[17] == 'x' && !munmap((void *)mem, 4096), "a mapping outlives the descriptor");
	close(iommufd);
}

static void test_around(void)
{
	int fd = open("/dev/iommu", O_RDWR), null = open("/dev/null", O_RDWR), pair[2];
	char b[8];

	result(fails(lseek(fd, 0, SEEK_SET), ESPIPE) && fails(lseek64(fd, 0, SEEK_SET), ESPIPE) &&
	       !lseek(null, 0, SEEK_SET), "lseek");
	result(fails(sendfile(fd, null, NULL, 1), EINVAL) &&
	       fails(sendfile64(null, fd, NULL, 1), EINVAL) && !pipe(pair) &&
	       fails(splice(fd, NULL, pair[1], NULL, 1, 0), EINVAL) &&
	       fails(copy_file_range(fd, NULL, null, NULL, 1, 0), EINVAL), "no splice");
	result(sendfile(null, pair[0], NULL, 0) <= 0 &&
	       splice(pair[0], NULL, null, NULL, 0, 0) <= 0 &&
	       copy_file_range(null, NULL, null, NULL, 0, 0) <= 0, "others as they were");
	result(fails(pread(fd, b, 1, 0), ESPIPE) && fails(pwrite(fd, b, 1, 0), ESPIPE) &&
		       preadv(null, NULL, 0, 0) == 0 && pwritev(null, NULL, 0, 0) == 0 &&
		       readv(null, NULL, 0) == 0 && writev(null, NULL, 0) == 0 &&
		       pread64(null, b, 1, 0) == 0 && pwrite64(null, b, 1, 0) == 1,
	       "no offsets in /dev/iommu");
	result(fails(writev(fd, &(struct iovec){ b, 1 }, 1), EINVAL) &&
	       fails(readv(fd, &(struct iovec){ b, 1 }, 1), EINVAL), "nor reads and writes");
	result(!ioctl(fd, FIOCLEX) && fcntl64(fd, F_GETFD) == FD_CLOEXEC && !ioctl(fd, FIONCLEX),
	       "close-on-exec by ioctl");
	close(pair[0]);
	close(pair[1]);
	close(null);
	close(fd);
}

static void test_syscall(void)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	struct open_how how = { .flags = O_RDWR };
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/iommu", O_RDWR, 0), a, b, null;
	struct { char bytes[64]; } params = { { 0 } };
	struct msghdr msg = { 0 };
	void *mem;

	result(fd >= 0 && !syscall(SYS_ioctl, fd, IOMMU_IOAS_ALLOC, &cmd),
	       "syscall: openat, ioctl");
	a = (int)syscall(SYS_openat2, AT_FDCWD, "/dev/iommu", &how, sizeof(how));
	null = (int)syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof(how));
	result(is_iommu(a) && null >= 0, "openat2");
	a = (int)syscall(SYS_dup, fd);
	b = (int)syscall(SYS_dup3, fd, 700, 0);
	result(a >= 0 && b == 700 && syscall(SYS_fcntl, b, F_GETFD) == 0, "dup, dup3, fcntl");
#ifdef SYS_dup2
	result(syscall(SYS_dup2, fd, 701) == 701 && is_iommu(701), "dup2");
	result(is_iommu((int)syscall(SYS_open, "/dev/iommu", O_RDWR)), "open");
#endif
	result(syscall(SYS_read, fd, &params, 1) < 0 && syscall(SYS_write, fd, &params, 1) < 0 &&
	       syscall(SYS_write, null, &params, 1) == 1, "read, write");
	result(!syscall(SYS_close_range, a, a, 0) && !syscall(SYS_close, b) &&
	       fails(syscall(SYS_close, b), EBADF), "close and close_range");
	mem = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	result(mem != MAP_FAILED && !syscall(SYS_munmap, mem, 4096), "mmap, munmap");
	result(syscall(SYS_sendmsg, null, &msg, 0) < 0 && syscall(SYS_recvmsg, null, &msg, 0) < 0,
	       "sendmsg, recvmsg of no socket");
	result(fails(syscall(SYS_io_uring_setup, 8, &params), ENOSYS) &&
	       fails(syscall(SYS_io_uring_setup, 8, &params), ENOSYS), "io_uring is refused");
	result(syscall(SYS_getpid) == getpid(), "others as they were");
	close(fd);
	close(null);
}

/* ---- descriptors */

static void test_limits(void)
{
	struct rlimit limit, many = { 4096, 4096 };
	int fd = open("/dev/iommu", O_RDWR), copy;

	getrlimit(RLIMIT_NOFILE, &limit);
	many.rlim_max = limit.rlim_max;
	result(!setrlimit(RLIMIT_NOFILE, &many) && fails(fcntl(fd, F_DUPFD, 2000), EMFILE) &&
	       fails(dup2(fd, 2000), EMFILE), "numbers from 1024 on are refused");
	result(dup2(fd, fd) == fd && fails(dup3(fd, fd, 0), EINVAL) && fails(dup(-1), EBADF) &&
	       fails(dup2(-1, fd), EBADF), "dup of itself, and of nothing");
	copy = open("/dev/iommu", O_RDWR);
	result(fails(dup3(fd, copy, 1), EINVAL) && fails(dup2(-1, copy), EBADF) &&
	       fails(close_range((unsigned int)copy, (unsigned int)copy, 0x80), EINVAL) &&
	       is_iommu(copy), "a call that fails closes nothing");
	copy = dup(STDOUT_FILENO);
	result(copy >= 0 && !close(copy) && fails(close_range(5, 4, 0), EINVAL) &&
	       !close_range(900, 1000, CLOSE_RANGE_CLOEXEC), "others as they were");
	result(is_iommu(fd), "it still works");
	fd = open("/dev/iommu", O_RDWR);
	if (!fork()) {
		closefrom(3);
		_exit(fcntl(fd, F_GETFD) != -1);
	}
	wait(&copy);
	result(!copy && is_iommu(fd), "closefrom in a child");
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
	test_folder();
	test_open();
	test_streams();
	test_stat();
	test_paths();
	test_device();
	test_around();
	test_syscall();
	test_limits();
	return done();
}
