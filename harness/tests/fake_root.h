/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A made-up /sys and /dev below a temporary folder, as CTS_SYSROOT, so that kernel subjects can be
 * told about machines that are not here.
 */
#ifndef FAKE_ROOT_H
#define FAKE_ROOT_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake_root {
	char dir[64];
};

/* Makes the folders above @path as well. */
static inline void fake_parents(struct fake_root *r, const char *path, char full[PATH_MAX])
{
	snprintf(full, PATH_MAX, "%s/%s", r->dir, path);
	for (char *p = full + strlen(r->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
}

static inline void fake_file(struct fake_root *r, const char *path, const void *text, size_t len)
{
	char full[PATH_MAX];
	FILE *f;

	fake_parents(r, path, full);
	f = fopen(full, "w");
	if (!f || fwrite(text, 1, len, f) != len || fclose(f)) {
		perror(full);
		exit(1);
	}
}

static inline void fake_link(struct fake_root *r, const char *path, const char *target)
{
	char full[PATH_MAX];

	fake_parents(r, path, full);
	if (symlink(target, full)) {
		perror(full);
		exit(1);
	}
}

/*
 * A device bound to @driver, behind IOMMU @iommu, with (or not) a PASID capability at its second
 * place.
 */
static inline void fake_device(struct fake_root *r, const char *bdf, const char *driver,
			       const char *iommu, int pasid)
{
	unsigned char config[4096] = { 0 };
	char path[256], target[128];

	config[0x100] = 0x01;			/* AER, next at 0x148 */
	config[0x102] = 0x01;
	config[0x103] = 0x14;
	config[0x102] |= 0x80;
	config[0x148] = pasid ? 0x1b : 0x0f;	/* PASID or ATS */
	config[0x14a] = 0x01;
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/config", bdf);
	fake_file(r, path, config, sizeof(config));
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vendor", bdf);
	fake_file(r, path, "0x1b36\n", 7);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/device", bdf);
	fake_file(r, path, "0x0005\n", 7);
	if (driver) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver", bdf);
		snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
		fake_link(r, path, target);
	}
	if (driver && !strcmp(driver, "vfio-pci")) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vfio-dev/vfio3/dev", bdf);
		fake_file(r, path, "1:1\n", 4);
	}
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/iommu_group", bdf);
	fake_link(r, path, "../../../kernel/iommu_groups/17");
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/iommu", bdf);
	snprintf(target, sizeof(target), "../../virtual/iommu/%s", iommu);
	fake_link(r, path, target);
	snprintf(path, sizeof(path), "sys/class/iommu/%s/x", iommu);
	fake_file(r, path, "", 0);
}

/* A machine with /dev/iommu and a VT-d unit, no device. Sets CTS_SYSROOT and CTS_SUBJECT=vm. */
static inline void fake_root_make(struct fake_root *r)
{
	snprintf(r->dir, sizeof(r->dir), "/tmp/cts-root-XXXXXX");
	if (!mkdtemp(r->dir)) {
		perror("mkdtemp");
		exit(1);
	}
	fake_file(r, "dev/iommu", "", 0);
	fake_file(r, "sys/class/iommu/dmar0/x", "", 0);
	setenv("CTS_SYSROOT", r->dir, 1);
	setenv("CTS_SUBJECT", "vm", 1);
	unsetenv("CTS_DEVICES");
	unsetenv("CTS_DEFECT");
}

static inline int fake_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void fake_root_remove(struct fake_root *r)
{
	nftw(r->dir, fake_remove, 16, FTW_DEPTH | FTW_PHYS);
}
#endif
