// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Mappings of a device's BAR by several processes: who ends or unmaps takes its own away, and a
 * device is free once nobody has it open or mapped. test-shim runs it. Prints TAP.
 */
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "iommufd.h"
#include "vfio.h"

#define PAGE 4096ul

static int bind_device(int dev, int iommufd)
{
	struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd), .iommufd = iommufd };

	return ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
}

/* Binds device 0 and maps its BAR 0. NULL: it cannot. */
static char *take(int *dev, int iommufd)
{
	char *bar;

	*dev = open("/dev/vfio/devices/vfio0", O_RDWR);
	if (bind_device(*dev, iommufd))
		return NULL;
	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *dev, 0);
	return bar == MAP_FAILED ? NULL : bar;
}

/* Nobody has device 0. */
static bool is_free(void)
{
	int fd = open("/dev/iommu", O_RDWR), dev = open("/dev/vfio/devices/vfio0", O_RDWR);
	bool free = !bind_device(dev, fd);

	close(dev);
	close(fd);
	return free;
}

/* So that memory which was given back has another use. */
static void use_memory(int fd)
{
	for (int i = 0; i < 50; i++) {
		struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

		ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);
	}
}

static void test_child_unmaps(void)
{
	int fd = open("/dev/iommu", O_RDWR), dev, status = -1;
	char *bar = take(&dev, fd);
	pid_t pid;

	result(bar, "a BAR is mapped");
	if (!bar)
		return;
	pid = fork();
	if (!pid) {
		bar[1] = 7;
		_exit(munmap(bar, PAGE));
	}
	waitpid(pid, &status, 0);
	use_memory(fd);
	result(!status && bar[1] == 7, "a child writes and unmaps it: its parent has it still");
	result(!close(dev) && !is_free(), "closed, the mapping keeps the device");
	result(!munmap(bar, PAGE) && is_free(), "unmapped, the device is free");
	close(fd);
}

static void test_child_keeps(void)
{
	int fd = open("/dev/iommu", O_RDWR), dev, status, go[2];
	char *bar = take(&dev, fd), byte;
	pid_t pid;

	if (!bar || pipe(go))
		return;
	pid = fork();
	if (!pid) {
		close(dev);
		close(fd);
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0);
	}
	close(go[0]);
	close(dev);
	close(fd);
	munmap(bar, PAGE);
	result(!is_free(), "the mapping of a child keeps the device");
	close(go[1]);
	result(waitpid(pid, &status, 0) == pid && !status && is_free(), "until it ends");
}

/* @how: 0 _exit, 1 killed, 2 replaced by another program */
static void test_ends(int how, const char *what)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	if (pipe(ready))
		return;
	pid = fork();
	if (!pid) {
		int dev, fd = open("/dev/iommu", O_RDWR);

		if (!take(&dev, fd) || write(ready[1], "r", 1) != 1)
			_exit(1);
		if (how == 1)
			pause();
		if (how == 2)
			execl("/bin/sh", "sh", "-c", "exit 0", NULL);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1 && how == 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	result((how == 1 ? WIFSIGNALED(status) : !status) && is_free(), what);
	close(ready[0]);
}

/* mmap(2) with MAP_FIXED takes away what is there, unless it fails. */
static void test_replaced(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	int fd = open("/dev/iommu", O_RDWR), dev;
	char *bar = take(&dev, fd);

	if (!bar)
		return;
	close(dev);
	result(fails((long)mmap(bar, PAGE, PROT_READ, MAP_FIXED | MAP_ANONYMOUS, -1, 0),
		     EINVAL) && !is_free(),
	       "an mmap that fails leaves what is there");
	result(mmap(bar, PAGE, PROT_READ, flags, -1, 0) == bar && is_free(),
	       "memory mapped over it takes it away");
	munmap(bar, PAGE);
	bar = take(&dev, fd);
	result(bar && mmap(bar, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, dev, 0) == bar &&
	       !close(dev) && !is_free() && !munmap(bar, PAGE) && is_free(),
	       "so does the same BAR again");
	close(fd);
}

/* The reference maps and unmaps files of the program itself. */
static void test_file_mapped(void)
{
	int fd = open("/dev/iommu", O_RDWR), dev, file = memfd_create("memory", 0);
	char *bar = take(&dev, fd);
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_ioas_map_file map = {
		.size = sizeof(map), .flags = IOMMU_IOAS_MAP_READABLE, .fd = file, .length = PAGE,
	};
	struct iommu_destroy destroy = { .size = sizeof(destroy) };

	result(bar && !ftruncate(file, PAGE) && !ioctl(fd, IOMMU_IOAS_ALLOC, &ioas),
	       "a memfd and an IOAS");
	map.ioas_id = destroy.id = ioas.out_ioas_id;
	result(!ioctl(fd, IOMMU_IOAS_MAP_FILE, &map) && !ioctl(fd, IOMMU_DESTROY, &destroy),
	       "a memfd is mapped and unmapped while a BAR is");
	munmap(bar, PAGE);
	close(file);
	close(dev);
	close(fd);
}

int main(void)
{
	alarm(60);	/* rather than wait for ever */
	setvbuf(stdout, NULL, _IOLBF, 0);
	is_free();	/* the machine is there from now on */
	test_ends(0, "a process that mapped a BAR ends: the device is free");
	test_ends(1, "... is killed");
	test_ends(2, "... becomes another program");
	test_file_mapped();
	test_replaced();
	test_child_keeps();
	test_child_unmaps();
	return done();
}
