// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Which paths are the reference's, and where their synthetic files are. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

/* Device numbers: misc as in Linux; VFIO's majors are dynamic there. */
#define MISC_MAJOR 10
#define IOMMU_MINOR 126
#define IOASID_MINOR 125	/* the RFC has none: a dynamic one */
#define VFIO_MINOR 196
#define GROUP_MAJOR 242
#define CDEV_MAJOR 511

/* Collapses //, /./ and /../ of the absolute path @p in place. */
static void normalise(char *p)
{
	char *out = p, *in = p;

	while (*in) {
		size_t len;

		while (*in == '/')
			in++;
		len = strcspn(in, "/");
		if (len == 2 && in[0] == '.' && in[1] == '.') {
			while (out > p && *--out != '/')
				;
		} else if (len && !(len == 1 && in[0] == '.')) {
			*out++ = '/';
			memmove(out, in, len);
			out += len;
		}
		in += len;
	}
	if (out == p)
		*out++ = '/';
	*out = 0;
}

/* @path as an absolute one. false: it is too long, or has no folder. */
static bool make_absolute(int dirfd, const char *path, char *out)
{
	char link[32];
	ssize_t len = 0;
	int n;

	if (*path != '/') {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
		len = real(readlink)(dirfd == AT_FDCWD ? "/proc/self/cwd" : link, out,
				     PATH_MAX - 1);
		if (len < 0 || *out != '/')
			return false;
	}
	n = snprintf(out + len, PATH_MAX - (size_t)len, "/%s", path);
	if (n >= PATH_MAX - len)
		return false;
	normalise(out);
	return true;
}

/* @name is @prefix, or in it. */
static bool inside(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && (name[len] == '/' || !name[len]);
}

static bool all_digits(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isdigit((unsigned char)*s))
			return false;
	return true;
}

dev_t path_rdev(const char *name)
{
	static const char cdev[] = "/dev/vfio/devices/vfio", group[] = "/dev/vfio/";

	if (!strcmp(name, "/dev/iommu"))
		return makedev(MISC_MAJOR, IOMMU_MINOR);
	if (!strcmp(name, "/dev/ioasid"))
		return makedev(MISC_MAJOR, IOASID_MINOR);
	if (!strcmp(name, "/dev/vfio/vfio"))
		return makedev(MISC_MAJOR, VFIO_MINOR);
	if (!strncmp(name, cdev, sizeof(cdev) - 1) && all_digits(name + sizeof(cdev) - 1))
		return makedev(CDEV_MAJOR, (unsigned int)atoi(name + sizeof(cdev) - 1));
	if (!strncmp(name, group, sizeof(group) - 1) && all_digits(name + sizeof(group) - 1))
		return makedev(GROUP_MAJOR, (unsigned int)atoi(name + sizeof(group) - 1));
	return 0;
}

void path_fix_mode(dev_t rdev, mode_t *mode)
{
	bool everyone = rdev == makedev(MISC_MAJOR, VFIO_MINOR);

	if (rdev)
		*mode = S_IFCHR | (everyone ? 0666 : 0600);
}

/* The parts of sysfs that the machine has instead of the host. */
static bool is_sysfs(const char *name)
{
	static const char *const parts[] = {
		"/sys/bus/pci", "/sys/class/iommu", "/sys/class/vfio", "/sys/class/vfio-dev",
		"/sys/kernel/iommu_groups", "/sys/devices/pci0000:00", "/sys/devices/virtual/iommu",
		"/sys/devices/virtual/vfio",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (inside(name, parts[i]))
			return true;
	return false;
}

/* Of a mock machine: the kernel's fault injection, and what a process has pinned. */
static enum path_kind mock_kind(const char *name)
{
	const char *last = strrchr(name, '/');

	if (inside(name, "/sys/kernel/debug"))
		return PATH_TREE;
	if (!inside(name, "/proc"))
		return PATH_HOST;
	if (!strcmp(last, "/fail-nth") && strstr(name, "/task/"))
		return PATH_FAIL_NTH;
	/* /proc/PID/status, not of a thread */
	if (!strcmp(last, "/status") && strchr(name + 6, '/') == last)
		return PATH_STATUS;
	return PATH_HOST;
}

static bool may_be_ours(const char *path)
{
	if (*path != '/' || strstr(path, "..") || strstr(path, "//"))
		return true;
	return !strncmp(path, "/dev", 4) || !strncmp(path, "/sys", 4) ||
	       !strncmp(path, "/proc", 5) ||
	       (shim_shared_if_made() && !strncmp(path, shim_shared_if_made()->tree, 5));
}

/* A path that came out of our tree is the one that it stands for. */
static void strip_tree(char *name)
{
	struct shim_shared *s = shim_shared_if_made();
	size_t len = s ? strlen(s->tree) : 0;

	if (len && inside(name, s->tree))
		memmove(name, name + len, strlen(name + len) + 1);
}

static bool is_mock(void)
{
	const char *config = getenv("IOMMU_REF_CONFIG");

	/* Without making a machine for each path that is asked about. */
	if (shim_shared_if_made())
		return shim_shared_if_made()->cfg.ref.vendor == IOMMU_REF_MOCK;
	return config && (strstr(config, "mock") || *config == '/' || *config == '.') &&
	       shim_shared()->cfg.ref.vendor == IOMMU_REF_MOCK;
}

static void classify(struct shim_path *out)
{
	bool node = path_rdev(out->name);

	if (node || !strcmp(out->name, "/dev/vfio") || !strcmp(out->name, "/dev/vfio/devices"))
		out->kind = node ? PATH_NODE : PATH_TREE;
	else if (inside(out->name, "/dev/vfio"))
		out->kind = PATH_TREE;		/* and is not there */
	else if (is_sysfs(out->name))
		out->kind = shim_shared()->cfg.sysfs ? PATH_TREE : PATH_HOST;
	else if ((inside(out->name, "/proc") || inside(out->name, "/sys/kernel/debug")) &&
		 is_mock())
		out->kind = mock_kind(out->name);
}

void path_classify(int dirfd, const char *path, struct shim_path *out)
{
	int saved = errno;

	out->kind = PATH_HOST;
	if (path && *path && may_be_ours(path) && make_absolute(dirfd, path, out->name)) {
		strip_tree(out->name);
		classify(out);
	}
	errno = saved;
}

/* The synthetic file; the folder is made when one is asked for. */
static const char *in_tree(struct shim_path *p)
{
	struct shim_shared *s = shim_shared();
	int saved = errno;

	arena_lock(&s->lock);
	if (!s->tree[0])
		tree_create(s);
	pthread_mutex_unlock(&s->lock);
	if (snprintf(p->host, sizeof(p->host), "%s%s", s->tree, p->name) >= (int)sizeof(p->host))
		p->host[0] = 0;	/* ENOENT */
	errno = saved;
	return p->host;
}

const char *path_on_host(const char *path, struct shim_path *p)
{
	if (p->kind == PATH_NODE || p->kind == PATH_TREE)
		return in_tree(p);
	/* Out of one of our folders by .., where the host may have none. */
	if (path && strstr(path, "..") && (inside(path, "/dev/vfio") || is_sysfs(path)))
		return p->name;
	return path;
}
