// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A program like any other that uses /dev/iommu and VFIO: plain system calls and the uAPI headers,
 * nothing of the reference. test-shim runs it with the shim preloaded. Prints TAP.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ioasid.h"
#include "iommufd.h"

#define PAGE 4096ul

static unsigned int results, failures;

static void result(bool good, const char *what)
{
	results++;
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", results, what);
}

/* Calls fail with -1 and this errno. */
static bool fails(long rc, int error)
{
	if (rc == -1 && errno == error)
		return true;
	printf("# returned %ld, errno %d (%s), not %d\n", rc, errno, strerror(errno), error);
	return false;
}

static uint32_t new_ioas(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	return ioctl(fd, IOMMU_IOAS_ALLOC, &cmd) ? 0 : cmd.out_ioas_id;
}

static int map(int fd, uint32_t ioas, void *va, uint64_t len, uint64_t iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .user_va = (uintptr_t)va, .length = len,
		.iova = iova, .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
				       IOMMU_IOAS_MAP_WRITEABLE,
	};

	return ioctl(fd, IOMMU_IOAS_MAP, &cmd);
}

static int unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t len)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = len,
	};

	return ioctl(fd, IOMMU_IOAS_UNMAP, &cmd);
}

static int destroy(int fd, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return ioctl(fd, IOMMU_DESTROY, &cmd);
}

static int bind_device(int dev, int iommufd)
{
	struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd), .iommufd = iommufd };

	return ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
}

static int attach(int dev, uint32_t pt)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd), .pt_id = pt };

	return ioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);
}

/* ---- */

static void test_dma_setup(void)
{
	void *mem =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	int dev = open("/dev/vfio/devices/vfio0", O_RDWR);
	/* What a VMM's own tests may look for: the machine's DMA engine. */
	int (*dma)(unsigned int device, uint64_t iova, void *buf, size_t len, bool write) =
		(int (*)(unsigned int, uint64_t, void *, size_t, bool))
			dlsym(RTLD_DEFAULT, "iommu_ref_shim_dma");
	char buf[16] = "written by DMA";
	uint32_t ioas;

	result(fd >= 0 && dev >= 0 && fd != dev, "both device nodes open");
	result(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(dev, F_GETFD) == 0,
	       "close-on-exec is what was asked for");
	ioas = new_ioas(fd);
	result(ioas && !map(fd, ioas, mem, 4 * PAGE, 0x100000), "memory is mapped");
	result(!bind_device(dev, fd) && !attach(dev, ioas), "a device is bound and attached");
	result(fails(destroy(fd, ioas), EBUSY), "the IOAS is busy now");
	result(dma && !dma(0, 0x100000 + PAGE, buf, sizeof(buf), true) &&
	       !memcmp((char *)mem + PAGE, buf, sizeof(buf)), "DMA writes the program's own page");
	strcpy((char *)mem + 2 * PAGE, "read by DMA");
	result(dma && !dma(0, 0x100000 + 2 * PAGE, buf, 12, false) && !strcmp(buf, "read by DMA"),
	       "DMA reads it");
	result(!unmap(fd, ioas, 0x100000, 4 * PAGE) && dma &&
	       dma(0, 0x100000, buf, 1, false) == -EFAULT, "after unmap DMA is stopped");
	close(dev);
	result(!destroy(fd, ioas), "after close of the device the IOAS is free");
	close(fd);
	result(fails(ioctl(fd, IOMMU_DESTROY, NULL), EBADF), "a closed descriptor is EBADF");
	munmap(mem, 4 * PAGE);
}

static void test_bad_input(void)
{
	int fd = open("/dev/iommu", O_RDWR), null = open("/dev/null", O_RDWR);
	char path[] = "/dev/../dev//vfio/./vfio";
	int dir, other;

	result(fails(ioctl(fd, IOMMU_DESTROY, NULL), EFAULT) &&
	       fails(ioctl(fd, IOMMU_DESTROY, (void *)1ul), EFAULT), "a bad pointer is EFAULT");
	result(fails(open("/dev/vfio/99", O_RDWR), ENOENT) &&
	       fails(open("/dev/vfio/devices/vfio99", O_RDWR), ENOENT), "no such device: ENOENT");
	other = open("/dev/ioasid", O_RDWR);
	result(other >= 0 && ioctl(other, IOASID_ALLOC) > 0 && !close(other),
	       "/dev/ioasid gives address spaces");
	result(fails(open("/dev/iommu", O_RDWR | O_DIRECTORY), ENOTDIR), "it is no folder");
	result(fails(ioctl(null, VFIO_GET_API_VERSION), ENOTTY) &&
	       fails(ioctl(null, IOMMU_DESTROY, NULL), ENOTTY),
	       "our ioctls on another file are refused");
	result(fails(read(fd, path, 4), EINVAL) && fails(write(fd, path, 4), EINVAL) &&
	       fails((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), ENXIO),
	       "read, write and mmap of /dev/iommu: EINVAL, EINVAL, ENXIO");
	other = open(path, O_RDWR);
	result(other >= 0 && ioctl(other, VFIO_GET_API_VERSION) == VFIO_API_VERSION,
	       "a path with .. and // is the same node");
	close(other);
	dir = open("/dev/vfio", O_RDONLY | O_DIRECTORY);
	other = openat(dir, "vfio", O_RDWR);
	result(dir >= 0 && other >= 0 && ioctl(other, VFIO_GET_API_VERSION) == VFIO_API_VERSION,
	       "openat of a folder's descriptor");
	close(other);
	close(dir);
	close(null);
	close(fd);
}

static void test_dup(void)
{
	int fd = open("/dev/iommu", O_RDWR), a = dup(fd), b = fcntl(fd, F_DUPFD_CLOEXEC, 100), c;
	uint32_t ioas = new_ioas(fd);

	result(a > fd && b >= 100 && fcntl(b, F_GETFD) == FD_CLOEXEC, "dup and F_DUPFD_CLOEXEC");
	close(fd);
	result(!map(a, ioas, NULL, PAGE, 0) || errno == EFAULT, "the copy lives on");
	c = open("/dev/null", O_RDWR);
	result(dup2(a, c) == c && !destroy(c, ioas), "dup2 over another file: the same IOAS");
	result(dup2(STDERR_FILENO, c) == c && fails(ioctl(c, IOMMU_DESTROY, NULL), ENOTTY),
	       "dup2 over it: it is gone");
	ioas = new_ioas(a);
	result(!close_range((unsigned int)b, (unsigned int)b, 0) && !destroy(a, ioas),
	       "close_range closes one of two");
	result(!close(a) && fails(close(a), EBADF), "the last one");
	close(c);
}

static void test_stat(void)
{
	struct stat by_path, by_fd, null;
	int fd = open("/dev/vfio/devices/vfio1", O_RDWR);
	char text[32] = "", expected[32];
	FILE *f;

	result(!stat("/dev/vfio/devices/vfio1", &by_path) && S_ISCHR(by_path.st_mode) &&
	       !fstat(fd, &by_fd) && S_ISCHR(by_fd.st_mode) && by_fd.st_rdev == by_path.st_rdev,
	       "stat and fstat agree: a character device");
	f = fopen("/sys/bus/pci/devices/0000:00:02.0/vfio-dev/vfio1/dev", "r");
	snprintf(expected, sizeof(expected), "%u:%u\n", major(by_fd.st_rdev), minor(by_fd.st_rdev));
	result(f && fgets(text, sizeof(text), f) && !strcmp(text, expected),
	       "sysfs has the same number");
	if (f)
		fclose(f);
	result(!fstat(STDIN_FILENO, &null) && fails(stat("/dev/vfio/99", &null), ENOENT),
	       "other files are as they were");
	result(readlink("/sys/bus/pci/devices/0000:00:02.0/iommu_group", text, sizeof(text)) > 0 &&
	       !access("/sys/kernel/iommu_groups/2/devices/0000:00:02.0/vendor", R_OK),
	       "the group is found, and from it the device");
	close(fd);
}

static void test_poll(void)
{
	int fd = open("/dev/iommu", O_RDWR), ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	result(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT),
	       "a file without poll is always ready");
	result(fails(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event), EPERM), "and epoll refuses it");
	close(ep);
	close(fd);
}

/* A fault queue is readable while there is a request in it. */
static void test_fault_queue(void)
{
	int (*page_request)(unsigned int device, uint64_t iova) =
		(int (*)(unsigned int, uint64_t))dlsym(RTLD_DEFAULT, "iommu_ref_shim_page_request");
	int fd = open("/dev/iommu", O_RDWR), dev = open("/dev/vfio/devices/vfio3", O_RDWR);
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd };
	struct iommu_fault_alloc queue = { .size = sizeof(queue) };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt), .flags = IOMMU_HWPT_FAULT_ID_VALID };
	struct iommu_hwpt_page_response response = { .code = IOMMUFD_PAGE_RESP_SUCCESS };
	struct epoll_event event = { .events = EPOLLIN };
	struct iommu_hwpt_pgfault fault;
	struct pollfd p = { .events = POLLIN | POLLOUT };
	int ep = epoll_create1(0);

	result(!ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &queue) &&
	       !ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind), "a fault queue and a device");
	hwpt.pt_id = new_ioas(fd);
	hwpt.dev_id = bind.out_devid;
	hwpt.fault_id = queue.out_fault_id;
	result(!ioctl(fd, IOMMU_HWPT_ALLOC, &hwpt) && !attach(dev, hwpt.out_hwpt_id),
	       "a page table that faults into it");
	p.fd = (int)queue.out_fault_fd;
	result(poll(&p, 1, 0) == 1 && p.revents == POLLOUT &&
	       !epoll_ctl(ep, EPOLL_CTL_ADD, p.fd, &event) && !epoll_wait(ep, &event, 1, 0),
	       "it is empty: poll and epoll say so");
	result(page_request && !page_request(3, 0x5000) && poll(&p, 1, 0) == 1 &&
	       p.revents == (POLLIN | POLLOUT) && epoll_wait(ep, &event, 1, 0) == 1,
	       "a request makes it readable");
	result(read(p.fd, &fault, sizeof(fault)) == sizeof(fault) && fault.addr == 0x5000 &&
	       fault.dev_id == bind.out_devid && poll(&p, 1, 0) == 1 && p.revents == POLLOUT,
	       "which is read, and it is empty again");
	response.cookie = fault.cookie;
	result(write(p.fd, &response, sizeof(response)) == sizeof(response) &&
	       fails(write(p.fd, &response, sizeof(response)), EINVAL), "it is answered once");
	close(ep);
	close(dev);
	close(p.fd);
	close(fd);
}

static void test_fork(void)
{
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/iommu", O_RDWR), status = -1;
	uint32_t ioas = new_ioas(fd), made;
	pid_t child = fork();

	if (!child) {
		/* The child's file is the same open file: it makes an IOAS there and maps. */
		made = new_ioas(fd);
		memcpy(shared, &made, sizeof(made));
		_exit(!made || map(fd, ioas, shared, PAGE, 0x1000));
	}
	result(child > 0 && waitpid(child, &status, 0) == child && !status,
	       "a child uses its parent's file");
	memcpy(&made, shared, sizeof(made));
	result(made && !destroy(fd, made), "the parent sees what it made");
	result(!unmap(fd, ioas, 0x1000, PAGE), "and what it mapped");
	child = fork();
	if (!child) {
		close(fd);
		_exit(0);
	}
	result(waitpid(child, &status, 0) == child && !status && !destroy(fd, ioas),
	       "close in a child leaves the parent's file open");
	close(fd);
	munmap(shared, PAGE);
}

/* A child that is killed while it has a device: the kernel closes its files. */
static void test_killed(void)
{
	int fd, dev = -1, ready[2], status;
	char byte;
	pid_t child;

	if (pipe(ready))
		return;
	child = fork();
	if (!child) {
		fd = open("/dev/iommu", O_RDWR);
		dev = open("/dev/vfio/devices/vfio2", O_RDWR);
		if (bind_device(dev, fd) || write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
	}
	result(read(ready[0], &byte, 1) == 1, "a child binds a device");
	fd = open("/dev/iommu", O_RDWR);
	dev = open("/dev/vfio/devices/vfio2", O_RDWR);
	result(fails(bind_device(dev, fd), EINVAL), "which is in use for its parent");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(dev);
	dev = open("/dev/vfio/devices/vfio2", O_RDWR);
	result(!bind_device(dev, fd), "and is free when the child was killed");
	close(dev);
	close(fd);
	close(ready[0]);
	close(ready[1]);
}

static void *many_calls(void *arg)
{
	static char page[PAGE] __attribute__((aligned(4096)));
	bool *good = arg;

	for (int i = 0; i < 50; i++) {
		int fd = open("/dev/iommu", O_RDWR), copy = dup(fd);
		uint32_t ioas = new_ioas(copy);

		close(fd);
		if (!ioas || map(copy, ioas, page, PAGE, 0) || unmap(copy, ioas, 0, PAGE) ||
		    destroy(copy, ioas) || close(copy))
			*good = false;
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	bool good[4];

	for (int i = 0; i < 4; i++) {
		good[i] = true;
		if (pthread_create(&threads[i], NULL, many_calls, &good[i]))
			good[i] = false;
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	result(good[0] && good[1] && good[2] && good[3], "four threads open, map and close");
}

static void test_container(void)
{
	int container = open("/dev/vfio/vfio", O_RDWR), group = open("/dev/vfio/1", O_RDWR), dev;
	struct vfio_group_status status = { .argsz = sizeof(status) };

	result(container >= 0 && group >= 0 &&
	       ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) == 1,
	       "a container and a group");
	result(!ioctl(group, VFIO_GROUP_GET_STATUS, &status) &&
	       status.flags & VFIO_GROUP_FLAGS_VIABLE, "the group is viable");
	result(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) &&
	       !ioctl(container, VFIO_SET_IOMMU, (unsigned long)VFIO_TYPE1v2_IOMMU),
	       "the group joins; descriptors inside arguments are the program's");
	dev = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	result(dev >= 0 && dev != group && dev != container, "it gives its device");
	close(dev);
	close(group);
	close(container);
}

/* What the kernel has with CONFIG_FAULT_INJECTION; a mock machine has it always. */
static void test_fail_nth(void)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int fd = open("/dev/iommu", O_RDWR), nth;
	unsigned int failed = 0, tries = 0;
	char path[64], text[16] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", (int)getpid());
	nth = open(path, O_RDWR);
	result(nth >= 0 && pread(nth, text, sizeof(text), 0) == 2 && !strcmp(text, "0\n"),
	       "fault injection is there, and off");
	do {
		tries++;
		snprintf(text, sizeof(text), "%u", tries);
		if (pwrite(nth, text, strlen(text), 0) != (ssize_t)strlen(text))
			break;
		if (ioctl(fd, IOMMU_IOAS_ALLOC, &cmd)) {
			failed++;
			if (errno != ENOMEM && errno != EFAULT)
				printf("# errno %d\n", errno);
		}
		memset(text, 0, sizeof(text));
	} while (pread(nth, text, sizeof(text), 0) == 2 && *text == '0' && tries < 1000);
	/* Its struct is read and written, and there is an object to be made. */
	result(failed >= 3 && failed == tries - 1, "each failure of a call is an error of it");
	result(fails(pwrite(nth, "x", 1, 0), EINVAL) && pwrite(nth, "0", 1, 0) == 1 && new_ioas(fd),
	       "and then it is off again");
	close(nth);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "mock")) {
		test_fail_nth();
		printf("1..%u\n", results);
		return failures != 0;
	}
	test_dma_setup();
	test_bad_input();
	test_dup();
	test_stat();
	test_poll();
	test_fault_queue();
	test_fork();
	test_killed();
	test_threads();
	test_container();
	printf("1..%u\n", results);
	return failures != 0;
}
