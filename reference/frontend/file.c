// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Processes and their files: the system calls of iommu_ref.h, the path names they open, and the
 * reference counts that keep an open file alive while another file (a bound device) stands on it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"

/* Decimal number that ends the string, as a device node is named: no sign, no leading zero. */
static int parse_number(const char *s, uint32_t *out)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9' || (*s == '0' && s[1]))
		return -ENOENT;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -ENOENT;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > UINT32_MAX)
			return -ENOENT;
	}
	*out = (uint32_t)v;
	return 0;
}

/* Calls the front end that @path names. */
static int open_path(struct iommu_ref_proc *proc, const char *path)
{
	static const char cdev_dir[] = "/dev/vfio/devices/vfio", vfio_dir[] = "/dev/vfio/";
	uint32_t n;
	int rc;

	if (!strcmp(path, "/dev/iommu"))
		return iommufd_open(proc);
	if (!strcmp(path, "/dev/ioasid"))
		return ioasid_open(proc);
	if (!strcmp(path, "/dev/vfio/vfio"))
		return vfio_container_open(proc);
	if (!strncmp(path, cdev_dir, sizeof(cdev_dir) - 1)) {
		rc = parse_number(path + sizeof(cdev_dir) - 1, &n);
		if (rc)
			return rc;
		if (!device_by_index(proc->ref, n))
			return -ENOENT;
		return vfio_cdev_open(proc, n);
	}
	if (!strncmp(path, vfio_dir, sizeof(vfio_dir) - 1)) {
		rc = parse_number(path + sizeof(vfio_dir) - 1, &n);
		if (rc)
			return rc;
		for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
			struct device *dev = device_by_index(proc->ref, i);

			if (dev && device_config(dev)->group == n)
				return vfio_group_open(proc, n);
		}
	}
	return -ENOENT;
}

struct ref_file *file_at(struct iommu_ref_proc *proc, int fd)
{
	return fd >= 0 && fd < REF_MAX_FDS ? proc->fds[fd] : NULL;
}

struct ref_file *file_get(struct iommu_ref_proc *proc, int fd, const struct ref_file_ops *ops)
{
	struct ref_file *f = file_at(proc, fd);

	return f && f->ops == ops ? f : NULL;
}

void file_hold(struct ref_file *f)
{
	f->refs++;
}

void file_put(struct ref_file *f)
{
	if (--f->refs)
		return;
	if (f->ops->release)
		f->ops->release(f);
	free(f);
}

/* @len bytes of user memory are all zero: 0; else -E2BIG; -EFAULT. */
static int check_zeroed_user(const void *user, size_t len)
{
	unsigned char buf[256];
	size_t at = 0;

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		if (copy_from_user(buf, user_at(user, at), n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (buf[i])
				return -E2BIG;
		at += n;
		len -= n;
	}
	return 0;
}

int copy_struct_from_user(struct iommu_ref *ref, void *dst, size_t size, const void *user,
			  size_t user_size)
{
	int rc;

	(void)ref;
	if (user_size > size && !ref_defect(ref, TAIL_IGNORED)) {
		rc = check_zeroed_user(user_at(user, size), user_size - size);
		if (rc)
			return rc;
	}
	memset(dst, 0, size);
	return copy_from_user(dst, user, user_size < size ? user_size : size);
}

static void release_number(struct iommu_ref_proc *proc, int fd)
{
	if (proc->fd_numbers)
		proc->fd_numbers->put(proc->fd_arg, fd);
}

/* A number that the program set aside. A file that has it was closed behind our back. */
static int program_fd(struct iommu_ref_proc *proc)
{
	int fd = proc->fd_numbers->get(proc->fd_arg);
	struct ref_file *stale = file_at(proc, fd);

	if (fd >= REF_MAX_FDS) {
		release_number(proc, fd);
		return -EMFILE;
	}
	if (stale) {
		proc->fds[fd] = NULL;
		file_put(stale);
	}
	return fd;
}

/* POSIX: the lowest free descriptor. */
static int free_fd(struct iommu_ref_proc *proc)
{
	if (proc->fd_numbers)
		return program_fd(proc);
	for (int fd = 0; fd < REF_MAX_FDS; fd++)
		if (!proc->fds[fd])
			return fd;
	return -EMFILE;
}

int file_install(struct iommu_ref_proc *proc, const struct ref_file_ops *ops, void *priv)
{
	struct ref_file *f;
	int fd = free_fd(proc);

	if (fd < 0)
		return fd;
	f = calloc(1, sizeof(*f));
	if (!f) {
		release_number(proc, fd);
		return -ENOMEM;
	}
	*f = (struct ref_file){ .ops = ops, .ref = proc->ref, .opener = proc, .priv = priv,
				.refs = 1 };
	proc->fds[fd] = f;
	return fd;
}

/* close(2) with ref_lock() held. */
int file_close(struct iommu_ref_proc *proc, int fd)
{
	struct ref_file *f = file_at(proc, fd);

	if (!f)
		return -EBADF;
	proc->fds[fd] = NULL;
	release_number(proc, fd);
	file_put(f);
	return 0;
}

void ref_mm_get(struct ref_mm *mm)
{
	mm->refs++;
}

void ref_mm_put(struct ref_mm *mm)
{
	if (!--mm->refs)
		free(mm);
}

int iommu_ref_proc_create(struct iommu_ref *ref, struct iommu_ref_proc **out)
{
	struct iommu_ref_proc *proc;

	if (!ref || !out)
		return -EINVAL;
	proc = calloc(1, sizeof(*proc));
	if (!proc)
		return -ENOMEM;
	proc->mm = calloc(1, sizeof(*proc->mm));
	if (!proc->mm) {
		free(proc);
		return -ENOMEM;
	}
	proc->mm->refs = 1;
	proc->ref = ref;
	ref_lock(ref);
	proc->next = ref->procs;
	ref->procs = proc;
	ref_unlock(ref);
	*out = proc;
	return 0;
}

void iommu_ref_proc_set_fds(struct iommu_ref_proc *proc, const struct iommu_ref_fds *fds,
			    void *arg)
{
	proc->fd_numbers = fds;
	proc->fd_arg = arg;
}

void iommu_ref_proc_exit(struct iommu_ref_proc *proc)
{
	struct iommu_ref *ref;

	if (!proc)
		return;
	ref = proc->ref;
	ref_lock(ref);
	for (int fd = 0; fd < REF_MAX_FDS; fd++)
		if (proc->fds[fd])
			file_close(proc, fd);
	vfio_proc_exit(proc);
	proc->mm->gone = true;
	ref_mm_put(proc->mm);
	for (struct iommu_ref_proc **p = &ref->procs; *p; p = &(*p)->next) {
		if (*p == proc) {
			*p = proc->next;
			break;
		}
	}
	ref_unlock(ref);
	free(proc);
}

int iommu_ref_open(struct iommu_ref_proc *proc, const char *path, int flags)
{
	int rc;

	(void)flags;	/* access modes make no difference to these files */
	if (!path)
		return -EFAULT;
	ref_lock(proc->ref);
	rc = open_path(proc, path);
	ref_unlock(proc->ref);
	return rc;
}

int iommu_ref_close(struct iommu_ref_proc *proc, int fd)
{
	int rc;

	ref_lock(proc->ref);
	rc = file_close(proc, fd);
	ref_unlock(proc->ref);
	return rc;
}

int iommu_ref_ioctl(struct iommu_ref_proc *proc, int fd, unsigned long cmd, void *arg)
{
	struct ref_file *f;
	long rc = -EBADF;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f && f->opener != proc && ref_defect(proc->ref, OPENER_ONLY)) {
		rc = -EPERM;
	} else if (f) {
		/* The file stays while it is being used, whatever the call closes. */
		file_hold(f);
		/* ioctl(2) in the kernel takes an unsigned int command: upper bits are dropped. */
		rc = f->ops->ioctl ? f->ops->ioctl(proc, f, (unsigned int)cmd, arg) : -ENOTTY;
		if ((rc == -EFAULT && ref_defect(proc->ref, FAULT_IS_EINVAL)) ||
		    (rc == -ENOTTY && ref_defect(proc->ref, UNKNOWN_IS_EINVAL)))
			rc = -EINVAL;
		file_put(f);
	}
	ref_unlock(proc->ref);
	if (rc < 0 && ref_defect(proc->ref, LOG_EACH_FAILURE))
		fprintf(stderr, "ioctl 0x%lx on %d: %ld\n", cmd, fd, rc);
	return (int)rc;
}

ssize_t iommu_ref_read(struct iommu_ref_proc *proc, int fd, void *buf, size_t len)
{
	struct ref_file *f;
	ssize_t rc = -EBADF;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f && f->ops->pread)		/* the file's position stays at 0 */
		rc = f->ops->pread(f, buf, len, 0);
	else if (f)
		rc = f->ops->read ? f->ops->read(proc, f, buf, len) : -EINVAL;
	ref_unlock(proc->ref);
	return rc;
}

ssize_t iommu_ref_write(struct iommu_ref_proc *proc, int fd, const void *buf, size_t len)
{
	struct ref_file *f;
	ssize_t rc = -EBADF;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f && f->ops->pwrite)
		rc = f->ops->pwrite(f, buf, len, 0);
	else if (f)
		rc = f->ops->write ? f->ops->write(proc, f, buf, len) : -EINVAL;
	ref_unlock(proc->ref);
	return rc;
}

ssize_t iommu_ref_pread(struct iommu_ref_proc *proc, int fd, void *buf, size_t len,
			uint64_t offset)
{
	struct ref_file *f;
	ssize_t rc = -EBADF;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f)
		rc = f->ops->pread ? f->ops->pread(f, buf, len, offset) : -ESPIPE;
	ref_unlock(proc->ref);
	return rc;
}

ssize_t iommu_ref_pwrite(struct iommu_ref_proc *proc, int fd, const void *buf, size_t len,
			 uint64_t offset)
{
	struct ref_file *f;
	ssize_t rc = -EBADF;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f)
		rc = f->ops->pwrite ? f->ops->pwrite(f, buf, len, offset) : -ESPIPE;
	ref_unlock(proc->ref);
	return rc;
}

int iommu_ref_poll(struct iommu_ref_proc *proc, int fd, short events)
{
	struct ref_file *f;
	int rc = POLLNVAL;

	ref_lock(proc->ref);
	f = file_at(proc, fd);
	if (f && f->ops->poll)
		rc = f->ops->poll(f, events);
	else if (f)	/* a file that cannot be polled is always ready */
		rc = events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	ref_unlock(proc->ref);
	return rc;
}

int iommu_ref_pass_fd(struct iommu_ref_proc *from, int fd, struct iommu_ref_proc *to)
{
	struct ref_file *f;
	int rc;

	if (from->ref != to->ref)
		return -EXDEV;
	ref_lock(from->ref);
	f = file_at(from, fd);
	rc = f ? free_fd(to) : -EBADF;
	if (rc >= 0) {
		file_hold(f);
		to->fds[rc] = f;
	}
	ref_unlock(from->ref);
	return rc;
}
