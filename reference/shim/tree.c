// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The synthetic files: device nodes to be listed, and the sysfs entries by which programs find
 * devices, their groups and their IOMMU. They are ordinary files in a private folder, made when a
 * program first asks for one of them and removed with the last process of the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"
#include "real.h"
#include "shim.h"

struct tree {
	const struct shim_shared *shared;
	int rc;		/* first error */
};

static void fail(struct tree *t)
{
	if (!t->rc)
		t->rc = -errno;
}

/* @name in the folder, with all folders above it. */
static void place(struct tree *t, const char *name, char *out)
{
	size_t root = strlen(t->shared->tree);

	snprintf(out, PATH_MAX, "%s%s", t->shared->tree, name);
	for (char *p = out + root + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(out, 0755) && errno != EEXIST)
			fail(t);
		*p = '/';
	}
}

__attribute__((format(printf, 3, 4)))
static void add_file(struct tree *t, const char *name, const char *format, ...)
{
	char path[PATH_MAX], text[256];
	va_list ap;
	int fd, n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	place(t, name, path);
	fd = real(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || real(write)(fd, text, (size_t)n) != n)
		fail(t);
	if (fd >= 0)
		real(close)(fd);
}

static void add_dir(struct tree *t, const char *name)
{
	char path[PATH_MAX], inner[PATH_MAX];

	snprintf(inner, sizeof(inner), "%s/", name);
	place(t, inner, path);
}

/* A relative symlink, as in sysfs: from @name (absolute in the tree) to @target (absolute too). */
static void add_link(struct tree *t, const char *name, const char *target)
{
	char path[PATH_MAX], to[PATH_MAX] = "";

	for (const char *p = strchr(name + 1, '/'); p; p = strchr(p + 1, '/'))
		strcat(to, to[0] ? "/.." : "..");
	strcat(to, target);
	place(t, name, path);
	if (symlink(to, path) && errno != EEXIST)
		fail(t);
}

/* ---- the IOMMU */

/* What a device says of it, asked of a machine of the same kind, which is nobody's. */
static int hw_info(const struct iommu_ref_config *cfg, unsigned int index, void *data, uint32_t len)
{
	char path[64];
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_hw_info info = {
		.size = sizeof(info), .data_len = len, .data_uptr = (uintptr_t)data,
	};
	struct iommu_ref_proc *proc;
	struct iommu_ref *ref;
	int fd, dev, rc;

	rc = iommu_ref_create(cfg, &ref);
	if (rc)
		return rc;
	rc = iommu_ref_proc_create(ref, &proc);
	if (!rc) {
		fd = iommu_ref_open(proc, "/dev/iommu", O_RDWR);
		snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", index);
		dev = iommu_ref_open(proc, path, O_RDWR);
		bind.iommufd = fd;
		rc = fd < 0 ? fd : dev < 0 ? dev :
		     iommu_ref_ioctl(proc, dev, VFIO_DEVICE_BIND_IOMMUFD, &bind);
		info.dev_id = bind.out_devid;
		if (!rc)
			rc = iommu_ref_ioctl(proc, fd, IOMMU_GET_HW_INFO, &info);
	}
	iommu_ref_destroy(ref);
	return rc;
}

static void iommu_path(const struct iommu_ref_config *cfg, unsigned int unit, const char *dir,
		       char *path, size_t len)
{
	if (cfg->vendor == IOMMU_REF_VTD)
		snprintf(path, len, "%s/dmar%u", dir, unit);
	else
		snprintf(path, len, "%s/smmu3.0x%016x", dir, 0x9050000 + unit * 0x20000);
}

static void add_iommu(struct tree *t, unsigned int unit)
{
	const struct iommu_ref_config *cfg = &t->shared->cfg.ref;
	struct iommu_hw_info_vtd vtd = { 0 };
	char dir[128], name[256], link[128];
	unsigned int i = 0;

	iommu_path(cfg, unit, "/sys/devices/virtual/iommu", dir, sizeof(dir));
	iommu_path(cfg, unit, "/sys/class/iommu", link, sizeof(link));
	add_dir(t, dir);
	add_link(t, link, dir);
	while (i < cfg->nr_devices && cfg->devices[i].unit != unit)
		i++;
	if (cfg->vendor != IOMMU_REF_VTD || i == cfg->nr_devices ||
	    hw_info(cfg, i, &vtd, sizeof(vtd)))
		return;
	snprintf(name, sizeof(name), "%s/intel-iommu/cap", dir);
	add_file(t, name, "%llx\n", (unsigned long long)vtd.cap_reg);
	snprintf(name, sizeof(name), "%s/intel-iommu/ecap", dir);
	add_file(t, name, "%llx\n", (unsigned long long)vtd.ecap_reg);
	snprintf(name, sizeof(name), "%s/intel-iommu/version", dir);
	add_file(t, name, "6:0\n");
	snprintf(name, sizeof(name), "%s/intel-iommu/address", dir);
	add_file(t, name, "%x\n", 0xfed90000 + unit * 0x1000);
}

/* ---- devices */

/* What lspci reads: configuration space, and the resource that is BAR 0. */
static void add_config(struct tree *t, const char *dir)
{
	static const uint8_t config[256] = {
		[0x00] = 0x36, 0x1b,	      0x05, 0x00, [0x0a] = 0x00,
		0xff,	       [0x2c] = 0xf4, 0x1a, 0x00, 0x11,
	};
	char name[128], path[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s/config", dir);
	place(t, name, path);
	fd = real(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || real(write)(fd, config, sizeof(config)) != sizeof(config))
		fail(t);
	if (fd >= 0)
		real(close)(fd);
	snprintf(name, sizeof(name), "%s/resource", dir);
	add_file(t, name, "0x00000000febf0000 0x00000000febf0fff 0x0000000000040200\n");
}

/* Its entry in /sys/devices, and what points there. */
static void add_device(struct tree *t, unsigned int index)
{
	const struct iommu_ref_config *cfg = &t->shared->cfg.ref;
	const struct iommu_ref_device_config *dev = &cfg->devices[index];
	static const char *const files[][2] = {
		{ "vendor", "0x1b36" }, { "device", "0x0005" }, { "class", "0xff0000" },
		{ "subsystem_vendor", "0x1af4" }, { "subsystem_device", "0x1100" },
		{ "revision", "0x00" }, { "irq", "0" }, { "numa_node", "-1" }, { "enable", "1" },
		{ "driver_override", "vfio-pci" }, { "modalias", "pci:v00001B36d00000005" },
	};
	char bdf[16], dir[64], name[256], target[128];

	snprintf(bdf, sizeof(bdf), "0000:%02x:%02x.%x", dev->rid >> 8, dev->rid >> 3 & 31,
		 dev->rid & 7u);
	snprintf(dir, sizeof(dir), "/sys/devices/pci0000:00/%s", bdf);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, files[i][0]);
		add_file(t, name, "%s\n", files[i][1]);
	}
	add_config(t, dir);
	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%s", bdf);
	add_link(t, name, dir);
	snprintf(name, sizeof(name), "/sys/bus/pci/drivers/vfio-pci/%s", bdf);
	add_link(t, name, dir);
	snprintf(name, sizeof(name), "%s/driver", dir);
	add_link(t, name, "/sys/bus/pci/drivers/vfio-pci");
	snprintf(name, sizeof(name), "%s/subsystem", dir);
	add_link(t, name, "/sys/bus/pci");

	snprintf(target, sizeof(target), "/sys/kernel/iommu_groups/%u", dev->group);
	snprintf(name, sizeof(name), "%s/iommu_group", dir);
	add_link(t, name, target);
	snprintf(name, sizeof(name), "%s/devices/%s", target, bdf);
	add_link(t, name, dir);
	snprintf(name, sizeof(name), "%s/type", target);
	add_file(t, name, "DMA\n");
	snprintf(name, sizeof(name), "%s/reserved_regions", target);
	add_file(t, name, "0x%016llx 0x%016llx msi\n", (unsigned long long)cfg->msi_first,
		 (unsigned long long)cfg->msi_last);

	iommu_path(cfg, dev->unit, "/sys/devices/virtual/iommu", target, sizeof(target));
	snprintf(name, sizeof(name), "%s/iommu", dir);
	add_link(t, name, target);
	snprintf(name, sizeof(name), "%s/devices/%s", target, bdf);
	add_link(t, name, dir);

	snprintf(name, sizeof(name), "/dev/vfio/devices/vfio%u", index);
	snprintf(target, sizeof(target), "%s/vfio-dev/vfio%u/dev", dir, index);
	add_file(t, target, "%u:%u\n", major(path_rdev(name)), minor(path_rdev(name)));
	add_file(t, name, "%s", "");
	*strrchr(target, '/') = 0;
	snprintf(name, sizeof(name), "/sys/class/vfio-dev/vfio%u", index);
	add_link(t, name, target);
}

static void add_group(struct tree *t, uint32_t group)
{
	char node[64], name[128], dir[64];

	snprintf(node, sizeof(node), "/dev/vfio/%u", group);
	add_file(t, node, "%s", "");
	snprintf(dir, sizeof(dir), "/sys/devices/virtual/vfio/%u", group);
	snprintf(name, sizeof(name), "%s/dev", dir);
	add_file(t, name, "%u:%u\n", major(path_rdev(node)), minor(path_rdev(node)));
	snprintf(name, sizeof(name), "/sys/class/vfio/%u", group);
	add_link(t, name, dir);
}

/* Where the kernel's fault injection is configured; the values are taken and change nothing. */
static void add_debugfs(struct tree *t)
{
	static const char *const files[] = {
		"failslab/ignore-gfp-wait", "failslab/verbose", "fail_page_alloc/ignore-gfp-wait",
		"fail_page_alloc/ignore-gfp-highmem", "fail_page_alloc/verbose",
		"fail_iommufd/verbose", "fail_usercopy/verbose",
	};
	char name[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "/sys/kernel/debug/%s", files[i]);
		add_file(t, name, "Y\n");
	}
}

int tree_create(struct shim_shared *shared)
{
	const struct iommu_ref_config *cfg = &shared->cfg.ref;
	struct tree t = { .shared = shared };
	const char *tmp = getenv("TMPDIR");

	if (!tmp || *tmp != '/' || strlen(tmp) > sizeof(shared->tree) - 24)
		tmp = "/tmp";
	snprintf(shared->tree, sizeof(shared->tree), "%s/" SHIM_NAME ".XXXXXX", tmp);
	if (!mkdtemp(shared->tree)) {
		shim_say("cannot make a folder in %s for /dev and /sys: %s (TMPDIR names another)",
			 tmp, strerror(errno));
		shared->tree[0] = 0;
		return -errno;
	}
	add_file(&t, "/dev/iommu", "%s", "");
	add_file(&t, "/dev/ioasid", "%s", "");
	add_file(&t, "/dev/vfio/vfio", "%s", "");
	add_dir(&t, "/dev/vfio/devices");
	add_dir(&t, "/sys/bus/pci/devices");
	add_dir(&t, "/sys/bus/pci/drivers");
	add_dir(&t, "/sys/class/vfio");
	add_dir(&t, "/sys/class/vfio-dev");
	add_dir(&t, "/sys/kernel/iommu_groups");
	if (cfg->vendor == IOMMU_REF_MOCK) {
		add_debugfs(&t);
	} else {
		for (unsigned int i = 0; !i || i < cfg->nr_units; i++)
			add_iommu(&t, i);
		for (unsigned int i = 0; i < cfg->nr_devices; i++) {
			add_device(&t, i);
			add_group(&t, cfg->devices[i].group);
		}
	}
	if (t.rc)
		shim_say("cannot write %s: %s", shared->tree, strerror(-t.rc));
	return t.rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_remove(struct shim_shared *shared)
{
	if (!shared->tree[0])
		return;
	if (nftw(shared->tree, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		shim_say("cannot remove %s: %s", shared->tree, strerror(errno));
	shared->tree[0] = 0;
}
