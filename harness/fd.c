// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each descriptor of an actor is. VFIO numbers mean different things on different descriptors,
 * so names and coverage need the kind; closing what is left needs the list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "iommufd.h"
#include "vfio.h"

unsigned int fd_kind(const struct cts_actor *a, int fd)
{
	for (size_t i = 0; i < a->nr_fds; i++)
		if (a->fds[i].fd == fd)
			return a->fds[i].kind;
	return 0;
}

unsigned int fd_kind_of_path(const char *path)
{
	if (!path)
		return 0;
	if (!strcmp(path, "/dev/iommu"))
		return UAPI_FD_IOMMUFD;
	if (!strcmp(path, "/dev/vfio/vfio"))
		return UAPI_FD_VFIO_CONTAINER;
	if (!strcmp(path, "/dev/ioasid"))
		return UAPI_FD_IOASID;
	if (!strncmp(path, "/dev/vfio/devices/", 18))
		return UAPI_FD_VFIO_DEVICE;
	if (!strncmp(path, "/dev/vfio/", 10))
		return UAPI_FD_VFIO_GROUP;
	return 0;
}

void fd_add(struct cts_actor *a, int fd, unsigned int kind)
{
	struct cts_fd *fds;

	fd_remove(a, fd);
	fds = realloc(a->fds, (a->nr_fds + 1) * sizeof(*fds));
	if (!fds)
		return; /* then it prints as a number and the process's end closes it */
	a->fds = fds;
	a->fds[a->nr_fds++] = (struct cts_fd){ .fd = fd, .kind = kind };
}

void fd_remove(struct cts_actor *a, int fd)
{
	for (size_t i = 0; i < a->nr_fds; i++) {
		if (a->fds[i].fd != fd)
			continue;
		memmove(&a->fds[i], &a->fds[i + 1], (a->nr_fds - i - 1) * sizeof(*a->fds));
		a->nr_fds--;
		return;
	}
}

/* ioctls that write a new descriptor into their argument */
static const struct {
	unsigned long cmd;
	size_t offset;
} out_fds[] = {
	{ IOMMU_FAULT_QUEUE_ALLOC, offsetof(struct iommu_fault_alloc, out_fault_fd) },
	{ IOMMU_VEVENTQ_ALLOC, offsetof(struct iommu_veventq_alloc, out_veventq_fd) },
};

void fd_add_results(struct cts_actor *a, const struct ioctl_call *call, long rc)
{
	unsigned int kind = fd_kind(a, call->fd);

	if (rc < 0)
		return;
	if (kind == UAPI_FD_VFIO_GROUP && call->cmd == VFIO_GROUP_GET_DEVICE_FD) {
		fd_add(a, (int)rc, UAPI_FD_VFIO_DEVICE);
		return;
	}
	if (kind != UAPI_FD_IOMMUFD || call->raw || !call->arg)
		return;
	for (size_t i = 0; i < sizeof(out_fds) / sizeof(out_fds[0]); i++) {
		int32_t fd;

		if (call->cmd != out_fds[i].cmd || call->size < out_fds[i].offset + sizeof(fd))
			continue;
		memcpy(&fd, (const char *)call->arg + out_fds[i].offset, sizeof(fd));
		fd_add(a, fd, 0);
	}
}
