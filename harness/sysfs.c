// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sysfs says about the devices that the user named and about the IOMMU in front of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define PCI_EXT_CAP_START    0x100
#define PCI_EXT_CAP_ID_PASID 0x1b
#define PCI_CONFIG_LEN	     4096

/* The last part of the link's target, or -errno. */
static int link_name(const char *path, char *name, size_t len)
{
	char target[PATH_MAX], *slash;
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	copy_text(name, len, "%s", slash ? slash + 1 : target);
	return 0;
}

static int read_number(const char *dir, const char *file, unsigned long *out)
{
	char path[PATH_MAX], text[32] = "";
	char *end;
	FILE *f;

	copy_text(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	*out = strtoul(text, &end, 0);
	return end == text ? -EINVAL : 0;
}

/* The first name in @dir that begins with @prefix. */
static int find_entry(const char *dir, const char *prefix, char *name, size_t len)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int rc = -ENOENT;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		/* the same one every time, whatever the directory's order */
		if (rc || strcmp(e->d_name, name) < 0)
			copy_text(name, len, "%s", e->d_name);
		rc = 0;
	}
	closedir(d);
	return rc;
}

/* Walks the extended capabilities; only root may read beyond the first 64 bytes. */
static bool has_pasid(const char *dir)
{
	uint8_t cfg[PCI_CONFIG_LEN];
	unsigned int at = PCI_EXT_CAP_START;
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	copy_text(path, sizeof(path), "%s/config", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = pread(fd, cfg, sizeof(cfg), 0);
	close(fd);
	/* bounded by the number of headers that fit: a list may be a loop */
	for (int i = 0; i < PCI_CONFIG_LEN / 8; i++) {
		uint32_t header;

		if (at < PCI_EXT_CAP_START || (ssize_t)at + 4 > n)
			return false;
		header = (uint32_t)cfg[at] | (uint32_t)cfg[at + 1] << 8 |
			 (uint32_t)cfg[at + 2] << 16 | (uint32_t)cfg[at + 3] << 24;
		if ((header & 0xffff) == PCI_EXT_CAP_ID_PASID)
			return true;
		at = header >> 20 & ~3u;
	}
	return false;
}

static int missing(char *why, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int missing(char *why, int rc, const char *fmt, ...)
{
	char text[CTS_REASON_LEN - 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	copy_text(why, CTS_REASON_LEN, "env-missing: %s", text);
	return rc;
}

static int check_driver(const char *dir, const char *bdf, char *why)
{
	char path[PATH_MAX], driver[64], node[64];

	copy_text(path, sizeof(path), "%s/driver", dir);
	if (link_name(path, driver, sizeof(driver)))
		return missing(why, -ENODEV, "%s has no driver: bind it to vfio-pci", bdf);
	copy_text(path, sizeof(path), "%s/vfio-dev", dir);
	if (!find_entry(path, "vfio", node, sizeof(node)))
		return 0; /* vfio-pci, or a vendor's variant of it */
	if (!strcmp(driver, "vfio-pci"))
		return missing(why, -ENODEV,
			       "%s has no /dev/vfio/devices node: the kernel lacks "
			       "CONFIG_VFIO_DEVICE_CDEV (Linux 6.6)",
			       bdf);
	return missing(why, -EBUSY, "%s is in use by driver %s: bind it to vfio-pci", bdf, driver);
}

int sysfs_device(const char *root, const char *bdf, struct cts_device *d, char *why)
{
	char dir[PATH_MAX], path[PATH_MAX + 16], name[48];
	unsigned long v;
	int rc;

	copy_text(d->bdf, sizeof(d->bdf), "%s", bdf);
	copy_text(dir, sizeof(dir), "%s/sys/bus/pci/devices/%s", root, bdf);
	if (access(dir, F_OK))
		return missing(why, -ENODEV, "there is no PCI device %s", bdf);
	rc = check_driver(dir, bdf, why);
	if (rc)
		return rc;
	copy_text(path, sizeof(path), "%s/vfio-dev", dir);
	if (find_entry(path, "vfio", name, sizeof(name)))
		return missing(why, -ENODEV, "%s lost its vfio node", bdf);
	copy_text(d->cdev, sizeof(d->cdev), "/dev/vfio/devices/%s", name);
	copy_text(path, sizeof(path), "%s/iommu", dir);
	if (!link_name(path, name, sizeof(name)))
		copy_text(d->iommu, sizeof(d->iommu), "%.31s", name);
	copy_text(path, sizeof(path), "%s/iommu_group", dir);
	if (link_name(path, name, sizeof(name)))
		return missing(why, -ENODEV, "%s is in no IOMMU group: no IOMMU translates for it",
			       bdf);
	d->group = (uint32_t)strtoul(name, NULL, 10);
	if (!read_number(dir, "vendor", &v))
		d->vendor_id = (uint16_t)v;
	if (!read_number(dir, "device", &v))
		d->device_id = (uint16_t)v;
	d->pasid = has_pasid(dir);
	return 0;
}

int cts_device_check(const char *bdf, struct cts_device *d, char *why, size_t len)
{
	char text[CTS_REASON_LEN] = "", *colon;
	int rc = sysfs_device("", bdf, d, text);

	/* the outcome's name in front is for tests that skip */
	colon = strstr(text, ": ");
	copy_text(why, len, "%s", colon ? colon + 2 : text);
	return rc;
}

int sysfs_arch(const char *root, const char *bdf, enum cts_arch *arch, char *why)
{
	char path[PATH_MAX], name[64];
	int rc;

	if (bdf) {
		copy_text(path, sizeof(path), "%s/sys/bus/pci/devices/%s/iommu", root, bdf);
		rc = link_name(path, name, sizeof(name));
	} else {
		copy_text(path, sizeof(path), "%s/sys/class/iommu", root);
		rc = find_entry(path, "", name, sizeof(name));
	}
	if (rc)
		return missing(why, -ENODEV, "%s%s",
			       bdf ? "no IOMMU in front of "
				   : "this machine has no IOMMU (/sys/class/iommu is empty)",
			       bdf ? bdf : "");
	if (!strncmp(name, "dmar", 4)) {
		*arch = CTS_VTD;
	} else if (!strncmp(name, "smmu3", 5)) {
		*arch = CTS_SMMUV3;
	} else {
		copy_text(why, CTS_REASON_LEN,
			  "not-supported: the IOMMU is '%s', the suite knows VT-d and SMMUv3",
			  name);
		return -EOPNOTSUPP;
	}
	return 0;
}
