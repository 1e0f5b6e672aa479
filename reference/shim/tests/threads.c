// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Processes and threads of a program under the shim: children that the kernel makes, as many as
 * there can be, waiting in every way, and files that are closed while they are used. Prints TAP.
 */
#include "tap.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "iommufd.h"
#include "vfio.h"

static bool is_iommu(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	bool good = fd >= 0 && !ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);

	close(fd);
	return good;
}

/* The kernel made it, without our fork(). */
static void test_clone(void)
{
	int fd = open("/dev/iommu", O_RDWR), status = -1;
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(ioctl(fd, IOMMU_IOAS_ALLOC, &cmd) || close(fd));
	result(waitpid(pid, &status, 0) == pid && !status && is_iommu(fd),
	       "a child by clone has its parent's files");
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid)
		_Exit(0);
	result(waitpid(pid, &status, 0) == pid && !status, "one that asks for nothing");
}

/* Children that live, until there is no room for one more: fork() itself must say so. */
static void test_many(void)
{
	int ready[2], status, fd = open("/dev/iommu", O_RDWR), error = 0;
	unsigned int made = 0, died = 0;
	char byte;
	pid_t pid;

	if (pipe(ready))
		return;
	while (made < 1000) {
		pid = fork();
		if (!pid) {
			close(ready[1]);
			_exit(read(ready[0], &byte, 1) != 0);
		}
		if (pid < 0) {
			error = errno;
			break;
		}
		made++;
	}
	result(made == 255 && error == EAGAIN, "256 processes on a machine, then fork is EAGAIN");
	result(fails(fork(), EAGAIN), "and again");
	close(ready[1]);
	close(ready[0]);
	while (wait(&status) > 0)
		died += status != 0;
	result(!died, "no child dies of it");
	pid = fork();
	if (!pid)
		_exit(!is_iommu(fd));
	result(waitpid(pid, &status, 0) == pid && !status && is_iommu(fd), "and then it goes on");
}

/* ---- waiting */

static int (*page_request)(unsigned int device, uint64_t iova);

struct waiter {
	int fd, ep, how;
	bool woken;
};

static void *wait_for(void *arg)
{
	struct waiter *w = arg;
	struct timeval time = { .tv_sec = 20 };
	struct timespec spec = { .tv_sec = 20 };
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	struct epoll_event event;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	switch (w->how) {
	case 0:
		w->woken = poll(&p, 1, 20000) == 1 && p.revents == POLLIN;
		break;
	case 1:
		w->woken = ppoll(&p, 1, &spec, NULL) == 1 && p.revents == POLLIN;
		break;
	case 2:
		w->woken = select(w->fd + 1, &set, NULL, NULL, &time) == 1;
		break;
	case 3:
		w->woken = pselect(w->fd + 1, &set, NULL, NULL, &spec, NULL) == 1;
		break;
	default:
		w->woken = epoll_wait(w->ep, &event, 1, 20000) == 1 && event.data.fd == w->fd;
		break;
	}
	return NULL;
}

static int fault_queue(int iommufd, int dev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	struct iommu_fault_alloc queue = { .size = sizeof(queue) };
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt), .flags = IOMMU_HWPT_FAULT_ID_VALID };
	struct vfio_device_attach_iommufd_pt pt = { .argsz = sizeof(pt) };

	if (ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(iommufd, IOMMU_FAULT_QUEUE_ALLOC, &queue) ||
	    ioctl(iommufd, IOMMU_IOAS_ALLOC, &ioas))
		return -1;
	hwpt.dev_id = bind.out_devid;
	hwpt.pt_id = ioas.out_ioas_id;
	hwpt.fault_id = queue.out_fault_id;
	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &hwpt))
		return -1;
	pt.pt_id = hwpt.out_hwpt_id;
	return ioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &pt) ? -1 : (int)queue.out_fault_fd;
}

static void test_wait(void)
{
	static const char *const names[] = { "poll", "ppoll", "select", "pselect", "epoll" };
	int iommufd = open("/dev/iommu", O_RDWR), dev = open("/dev/vfio/devices/vfio2", O_RDWR);
	int queue = fault_queue(iommufd, dev), ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = queue };
	struct iommu_hwpt_pgfault fault[2];
	struct iovec parts[] = { { &fault[0], sizeof(fault[0]) }, { &fault[1], sizeof(fault[1]) } };
	struct rusage before, after;
	pthread_t thread;

	result(queue >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, queue, &event), "a fault queue");
	for (int how = 0; how < 5; how++) {
		struct waiter w = { .fd = queue, .ep = ep, .how = how };
		char what[64];

		getrusage(RUSAGE_SELF, &before);
		pthread_create(&thread, NULL, wait_for, &w);
		usleep(20000);	/* so that it likely sleeps: it must wake either way */
		page_request(2, 0x1000u * (unsigned int)(how + 1));
		pthread_join(thread, NULL);
		getrusage(RUSAGE_SELF, &after);
		snprintf(what, sizeof(what), "%s waits, and is woken by a request", names[how]);
		result(w.woken && readv(queue, parts, 2) == sizeof(fault[0]) &&
		       fault[0].addr == 0x1000u * (unsigned int)(how + 1), what);
	}
	fault[0].flags = 99;	/* as a response: the cookie */
	result(fails(writev(queue, parts, 1), EINVAL), "a response to no request");
	close(ep);
	close(queue);
	close(dev);
	close(iommufd);
}

/* ---- threads */

static int shared_fd = 800;
static bool stop;

/* The same number is opened, replaced and closed again and again. */
static void *change(void *arg)
{
	int fd = open("/dev/iommu", O_RDWR), dev = open("/dev/vfio/vfio", O_RDWR);
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = dev, .events = POLLIN } };
	bool *good = arg;

	for (int i = 0; i < 400; i++) {
		dup2(i & 1 ? fd : dev, shared_fd);
		if (i % 3 == 0)
			close(shared_fd);
	}
	*good = poll(p, 2, 0) == 2;	/* nobody has used up what makes them ready */
	close(fd);
	close(dev);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whatever it is at the moment: a documented errno. */
static void *use(void *arg)
{
	bool *good = arg;
	char page[4096];

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
		struct pollfd p = { .fd = shared_fd, .events = POLLIN };
		struct stat st;
		void *at;

		if (ioctl(shared_fd, IOMMU_IOAS_ALLOC, &cmd) && errno != EBADF && errno != ENOTTY &&
		    errno != EINVAL)
			*good = false;
		if (read(shared_fd, page, sizeof(page)) >= 0 || (errno != EBADF && errno != EINVAL))
			*good = false;
		at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, shared_fd, 0);
		if (at != MAP_FAILED || (errno != EBADF && errno != ENXIO && errno != ENODEV))
			*good = false;
		fstat(shared_fd, &st);
		poll(&p, 1, 0);
		close(dup(shared_fd));
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	bool good[4] = { true, true, true, true };
	int fd;

	for (int i = 1; i < 4; i++)
		pthread_create(&threads[i], NULL, use, &good[i]);
	pthread_create(&threads[0], NULL, change, &good[0]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	result(good[0] && good[1] && good[2] && good[3],
	       "a file is closed and replaced while threads use it");
	close(shared_fd);
	fd = open("/dev/iommu", O_RDWR);
	result(is_iommu(fd), "and then all is well");
}

int main(void)
{
	page_request = (int (*)(unsigned int, uint64_t))dlsym(RTLD_DEFAULT,
							       "iommu_ref_shim_page_request");
	test_clone();
	test_many();
	test_wait();
	test_threads();
	return done();
}
