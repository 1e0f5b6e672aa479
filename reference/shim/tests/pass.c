// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Descriptors that leave the process, and programs that take its place: SCM_RIGHTS, exec and
 * posix_spawn in all variants, fortified calls that end the program. test-shim runs it; with the
 * name of a socket it is the other machine's program. Prints TAP.
 */
#include "tap.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "iommufd.h"
#include "vfio.h"

/* ---- messages */

struct note {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))];
};

static struct msghdr *note(struct note *n, const int *fds, unsigned int nr)
{
	struct cmsghdr *head;

	memset(n, 0, sizeof(*n));
	n->byte = 'x';
	n->iov = (struct iovec){ &n->byte, 1 };
	n->msg = (struct msghdr){ .msg_iov = &n->iov, .msg_iovlen = 1, .msg_control = n->control,
				  .msg_controllen = sizeof(n->control) };
	if (fds) {
		n->msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		head = CMSG_FIRSTHDR(&n->msg);
		head->cmsg_len = CMSG_LEN(nr * sizeof(int));
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(head), fds, nr * sizeof(int));
	}
	return &n->msg;
}

/* The @i-th descriptor that came. */
static int received(const struct note *n, unsigned int i)
{
	const struct cmsghdr *head = (const struct cmsghdr *)n->control;
	int fd = -1;

	if (head->cmsg_len >= CMSG_LEN((i + 1) * sizeof(int)))
		memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(fd));
	return fd;
}

static uint32_t new_ioas(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	return ioctl(fd, IOMMU_IOAS_ALLOC, &cmd) ? 0 : cmd.out_ioas_id;
}

static bool destroy(int fd, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return !ioctl(fd, IOMMU_DESTROY, &cmd);
}

/* A child opens, sends and ends; its parent has what it opened. */
static void test_child_sends(void)
{
	int pair[2], status, fd, dev, null, own = open("/dev/iommu", O_RDWR);
	struct stat st;
	struct note n;
	uint32_t ioas;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	if (!fork()) {
		int fds[] = { open("/dev/iommu", O_RDWR), open("/dev/null", O_RDWR),
			      open("/dev/vfio/devices/vfio1", O_RDWR) };

		new_ioas(fds[0]);
		status = sendmsg(pair[1], note(&n, fds, 3), 0) != 1;
		close(fds[0]);
		_exit(status);
	}
	wait(&status);
	result(!status && recvmsg(pair[0], note(&n, NULL, 0), MSG_CMSG_CLOEXEC) == 1,
	       "a child sends three descriptors and ends");
	fd = received(&n, 0);
	null = received(&n, 1);
	dev = received(&n, 2);
	ioas = new_ioas(fd);
	result(ioas && destroy(fd, ioas) && destroy(fd, 1), "its iommufd is here, with its IOAS");
	result(!fstat(dev, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(511, 1),
	       "a device is a device");
	result(write(null, "x", 1) == 1 && fails(ioctl(null, IOMMU_DESTROY, NULL), ENOTTY),
	       "another file is none");
	result(fcntl(fd, F_GETFD) == FD_CLOEXEC && !close(fd) && !close(dev) && !close(null),
	       "they are closed on exec");
	result(fails(new_ioas(fd) ? 0 : -1, EBADF), "and closed");
	close(own);
	close(pair[0]);
	close(pair[1]);
}

static void test_messages(void)
{
	int pair[2], fd = open("/dev/iommu", O_RDWR), got;
	uint32_t ioas = new_ioas(fd);
	struct mmsghdr many[2] = { { .msg_len = 0 } };
	struct note n, m;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	result(sendmsg(pair[1], note(&n, &fd, 1), 0) == 1 &&
	       recvmsg(pair[0], note(&n, NULL, 0), MSG_PEEK) == 1 && (got = received(&n, 0)) >= 0 &&
	       close(got) == 0, "a message that is looked at");
	result(recvmsg(pair[0], note(&n, NULL, 0), 0) == 1 && (got = received(&n, 0)) >= 0 &&
	       destroy(got, ioas) && !close(got), "is still there");
	note(&n, &fd, 1);
	note(&m, &fd, 1);
	many[0].msg_hdr = n.msg;
	many[1].msg_hdr = m.msg;
	result(sendmmsg(pair[1], many, 2, 0) == 2 && many[1].msg_len == 1, "sendmmsg");
	note(&n, NULL, 0);
	note(&m, NULL, 0);
	many[0].msg_hdr = n.msg;
	many[1].msg_hdr = m.msg;
	result(recvmmsg(pair[0], many, 2, 0, NULL) == 2 && new_ioas(received(&n, 0)) &&
	       new_ioas(received(&m, 0)), "recvmmsg");
	close(received(&n, 0));
	close(received(&m, 0));
	close(pair[0]);
	result(sendmsg(pair[1], note(&n, &fd, 1), MSG_NOSIGNAL) < 0 &&
	       sendmmsg(pair[1], many, 1, MSG_NOSIGNAL) < 0 && recvmsg(-1, &n.msg, 0) < 0 &&
	       recvmmsg(-1, many, 1, 0, NULL) < 0 && new_ioas(fd), "nobody is there");
	note(&n, NULL, 0);
	n.msg.msg_control = NULL;
	n.msg.msg_controllen = 0;
	result(sendmsg(-1, &n.msg, 0) < 0, "without descriptors");
	close(pair[1]);
	close(fd);
}

/* Many that nobody receives: then they are sent without their file. */
static void test_full(void)
{
	int pair[2], fd = open("/dev/iommu", O_RDWR);
	unsigned int sent = 0;
	struct note n;

	for (int i = 0; i < 12; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		while (sent < 1030 && sendmsg(pair[1], note(&n, &fd, 1), MSG_DONTWAIT) == 1)
			sent++;
	}
	result(sent == 1030 && new_ioas(fd), "a thousand messages wait");
	close(fd);
}

/* ---- exec */

static int run(const char *how)
{
	char *const argv[] = { "true", NULL }, *const none[] = { NULL };
	int status, fd;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (!strcmp(how, "execl"))
			execl("/bin/true", "true", "a", "b", NULL);
		else if (!strcmp(how, "execlp"))
			execlp("true", "true", "a", NULL);
		else if (!strcmp(how, "execle"))
			execle("/bin/true", "true", NULL, none);
		else if (!strcmp(how, "execv"))
			execv("/bin/true", argv);
		else if (!strcmp(how, "execvp"))
			execvp("true", argv);
		else if (!strcmp(how, "execvpe"))
			execvpe("true", argv, environ);
		else if (!strcmp(how, "static"))
			execl("/sbin/ldconfig", "ldconfig", "--version", NULL);
		else if (!strcmp(how, "fexecve")) {
			fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
			fexecve(fd, argv, environ);
		} else {
			execve("/nonexistent", argv, environ);
			_exit(errno == ENOENT && execve("/etc/passwd", argv, environ) == -1 ? 0
											    : 1);
		}
		_exit(9);
	}
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : -1;
}

static void test_exec(void)
{
	static const char *const ways[] = {
		"execl", "execlp", "execle", "execv", "execvp", "execvpe", "static", "fexecve",
		"none",
	};
	char *const argv[] = { "true", NULL };
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC), status;
	pid_t pid;

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		result(!run(ways[i]), ways[i]);
	result(!posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) &&
	       waitpid(pid, &status, 0) == pid && !status &&
	       !posix_spawnp(&pid, "true", NULL, NULL, argv, environ) &&
	       waitpid(pid, &status, 0) == pid && !status, "posix_spawn, posix_spawnp");
	pid = vfork();
	if (!pid)
		_exit(!new_ioas(fd));
	result(waitpid(pid, &status, 0) == pid && !status, "a child by vfork has the files");
	result(new_ioas(fd), "the parent has its files");
	fcntl(fd, F_SETFD, 0);
	result(!run("execv"), "a program that inherits one");
	close(fd);
}

/* ---- fortified: more than there is room for */

static bool aborts(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		fn();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

#define SYMBOL(type, name, args) type (*name) args = (type (*) args)dlsym(RTLD_DEFAULT, #name)
#define CHECKED(type, name, args, ...)							\
	static void name##_too_much(void)						\
	{										\
		SYMBOL(type, name, args);						\
		char b[8];								\
											\
		name(__VA_ARGS__);							\
		(void)b;								\
	}

CHECKED(ssize_t, __read_chk, (int, void *, size_t, size_t), 0, b, 9, 8)
CHECKED(ssize_t, __pread_chk, (int, void *, size_t, off_t, size_t), 0, b, 9, 0, 8)
CHECKED(ssize_t, __pread64_chk, (int, void *, size_t, off64_t, size_t), 0, b, 9, 0, 8)
CHECKED(ssize_t, __readlink_chk, (const char *, char *, size_t, size_t), "/", b, 9, 8)
CHECKED(ssize_t, __readlinkat_chk, (int, const char *, char *, size_t, size_t), 0, "/", b, 9, 8)
CHECKED(char *, __realpath_chk, (const char *, char *, size_t), "/", b, 8)

static void test_fortified(void)
{
	result(aborts(__read_chk_too_much) && aborts(__pread_chk_too_much) &&
	       aborts(__pread64_chk_too_much), "read beyond the buffer");
	result(aborts(__readlink_chk_too_much) && aborts(__readlinkat_chk_too_much) &&
	       aborts(__realpath_chk_too_much), "names beyond the buffer");
}

/* ---- another machine */

/* In the folder @name. */
static int listen_on(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), got;
	struct note n;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.90s/s", name);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 1;
	result(recvmsg(fd, note(&n, NULL, 0), 0) == 1, "a message of another program");
	got = received(&n, 0);
	result(fails(ioctl(got, IOMMU_DESTROY, NULL), ENOTTY), "its descriptor is no file here");
	close(got);
	got = open("/dev/iommu", O_RDWR);
	result(recvmsg(fd, note(&n, NULL, 0), 0) == 1 &&
	       fails(ioctl(received(&n, 0), IOMMU_DESTROY, NULL), ENOTTY) && new_ioas(got),
	       "nor when there is a machine");
	return done();
}

/* Called with a descriptor that its parent left open. */
static int inherited(const char *text)
{
	result(fails(ioctl(atoi(text), IOMMU_DESTROY, NULL), ENOTTY), "what is inherited is none");
	return done();
}

static void test_other_machine(const char *self)
{
	char name[] = "/tmp/iommu-ref-test.XXXXXX", number[16];
	char *const argv[] = { (char *)self, name, NULL };
	char *const heir[] = { (char *)self, "fd", number, NULL };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = open("/dev/iommu", O_RDWR), status = -1, s = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct note n;
	pid_t pid;

	if (!mkdtemp(name))
		return;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", name);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (!posix_spawn(&pid, self, NULL, NULL, argv, environ)) {
		/* until it listens */
		while (connect(s, (struct sockaddr *)&addr, sizeof(addr)) &&
		       !waitpid(pid, &status, WNOHANG))
			usleep(1000);
		sendmsg(s, note(&n, &fd, 1), 0);
		sendmsg(s, note(&n, &fd, 1), 0);
		waitpid(pid, &status, 0);
	}
	unlink(addr.sun_path);
	rmdir(name);
	result(!status, "a program of another machine gets no file of this one");
	fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	status = -1;
	if (!posix_spawn(&pid, self, NULL, NULL, heir, environ))
		waitpid(pid, &status, 0);
	result(!status, "nor does one that inherits it");
	close(fd);
	close(s);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return inherited(argv[2]);
	if (argc == 2)
		return listen_on(argv[1]);
	test_child_sends();
	test_messages();
	test_exec();
	test_fortified();
	test_other_machine(argv[0]);
	test_full();
	return done();
}
