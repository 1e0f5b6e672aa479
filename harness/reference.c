// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference as a subject: a machine in this process, an actor is one of its processes.
 */
#include <errno.h>

#include "internal.h"

/*
 * A second unit for the last two devices, a group. It has a smaller address space, and on VT-d
 * neither nesting nor dirty tracking, snoop control, 1G pages or PASIDs.
 */
static void add_unit(struct iommu_ref_config *cfg)
{
	struct iommu_ref_unit_config *less = &cfg->units[1];

	cfg->nr_units = 2;
	iommu_ref_unit_init(cfg, &cfg->units[0]);
	*less = cfg->units[0];
	less->aperture_last = (1ull << 39) - 1;
	if (cfg->vendor == IOMMU_REF_VTD) {
		less->nesting = false;
		less->snoop_control = false;
		less->largest_leaf = 21;
		less->pasid_bits = 0;
	}
	less->dirty_tracking = false;
	cfg->devices[2].unit = cfg->devices[3].unit = 1;
}

static void own_groups(struct iommu_ref_config *cfg, unsigned int n)
{
	cfg->nr_devices = n;
	for (unsigned int i = 0; i < n; i++) {
		cfg->devices[i] = cfg->devices[0];
		cfg->devices[i].rid = (uint16_t)((i + 1) << 3);
		cfg->devices[i].group = i + 1;
	}
}

/* The last device is behind a second unit, in a group of its own. */
static void two_units(struct iommu_ref_config *cfg, bool told)
{
	struct iommu_ref_device_config *last = &cfg->devices[cfg->nr_devices - 1];

	cfg->nr_units = 2;
	for (unsigned int i = 0; i < 2; i++)
		iommu_ref_unit_init(cfg, &cfg->units[i]);
	if (told) {
		cfg->units[1].five_level = true;
	} else {
		cfg->units[1].dirty_tracking = !cfg->units[0].dirty_tracking;
		cfg->units[1].snoop_control = !cfg->units[0].snoop_control;
		cfg->units[1].iotlb_entries = 64;
	}
	last->unit = 1;
	last->group = 9;
}

static void build_to_order(struct iommu_ref_config *cfg, const struct cts_machine *m)
{
	if (m->pasid_quota)
		cfg->pasid_quota = m->pasid_quota;
	if (m->pasid_capacity)
		cfg->pasid_capacity = cfg->pasid_host_reserve + m->pasid_capacity;
	if (m->nr_devices)
		own_groups(cfg, m->nr_devices);
	if (m->no_nesting)
		cfg->nesting = false;
	if (m->units_differ || m->units_differ_untold)
		two_units(cfg, m->units_differ);
	cfg->no_nesting_features = m->hidden_features;
	cfg->fail_attaches = m->failing_attaches;
	cfg->fail_iova_cap = m->iova_cap_errno;
	for (unsigned int i = 0; i < cfg->nr_devices; i++) {
		if (m->no_pasid >> i & 1)
			cfg->devices[i].pasid = false;
		if (m->not_pci >> i & 1)
			cfg->devices[i].not_pci = true;
	}
}

static int reference_begin(struct cts *c)
{
	struct cts_priv *p = cts_priv(c);
	struct iommu_ref_config cfg;
	int rc;

	iommu_ref_config_init(&cfg, c->arch == CTS_SMMUV3 ? IOMMU_REF_SMMUV3 : IOMMU_REF_VTD);
	cfg.profile = c->v.profile == CTS_V7_POSTED ? IOMMU_REF_V7_POSTED : IOMMU_REF_V7_REVIEWED;
	cfg.defect = p->defect;
	if (c->v.units)
		add_unit(&cfg);
	if (p->machine)
		build_to_order(&cfg, p->machine);
	rc = iommu_ref_create(&cfg, &p->ref);
	if (rc < 0)
		return rc;
	rc = iommu_ref_proc_create(p->ref, &p->actors[0].proc);
	if (rc < 0) {
		iommu_ref_destroy(p->ref);
		p->ref = NULL;
		return rc;
	}
	c->nr_devices = cfg.nr_devices < CTS_MAX_DEVICES ? cfg.nr_devices : CTS_MAX_DEVICES;
	for (unsigned int i = 0; i < c->nr_devices; i++) {
		struct cts_device *d = &c->devices[i];
		uint16_t rid = cfg.devices[i].rid;

		d->index = i;
		copy_text(d->iommu, sizeof(d->iommu), "unit%u", cfg.devices[i].unit);
		d->group = cfg.devices[i].group;
		d->pasid = cfg.devices[i].pasid &&
			   (!cfg.nr_units || cfg.units[cfg.devices[i].unit].pasid_bits);
		d->ats = cfg.devices[i].ats;
		copy_text(d->bdf, sizeof(d->bdf), "0000:%02x:%02x.%x", rid >> 8, rid >> 3 & 0x1f,
			  rid & 7);
		copy_text(d->cdev, sizeof(d->cdev), "/dev/vfio/devices/vfio%u", i);
	}
	return 0;
}

static void reference_end(struct cts *c)
{
	iommu_ref_destroy(cts_priv(c)->ref);
	cts_priv(c)->ref = NULL;
}

static int reference_actor_create(struct cts_actor *a)
{
	return iommu_ref_proc_create(cts_ref(a->c), &a->proc);
}

static void reference_actor_kill(struct cts_actor *a)
{
	iommu_ref_proc_exit(a->proc);
	a->proc = NULL;
}

static int reference_pass_fd(struct cts_actor *from, int fd, struct cts_actor *to)
{
	return iommu_ref_pass_fd(from->proc, fd, to->proc);
}

static int reference_open(struct cts_actor *a, const char *path, int flags)
{
	return iommu_ref_open(a->proc, path, flags);
}

static int reference_close(struct cts_actor *a, int fd)
{
	return iommu_ref_close(a->proc, fd);
}

struct reference_call {
	struct cts_actor *a;
	const struct ioctl_call *call;
};

static long guarded(void *ctx, void *arg)
{
	const struct reference_call *r = ctx;

	return iommu_ref_ioctl(r->a->proc, r->call->fd, r->call->cmd, arg);
}

static long reference_ioctl(struct cts_actor *a, const struct ioctl_call *call, char *damage)
{
	struct reference_call r = { .a = a, .call = call };

	if (call->raw)
		return iommu_ref_ioctl(a->proc, call->fd, call->cmd, call->arg);
	return guard_call(&cts_priv(a->c)->guard, call->arg, call->size, guarded, &r, damage);
}

static ssize_t reference_read(struct cts_actor *a, int fd, void *buf, size_t len)
{
	return iommu_ref_read(a->proc, fd, buf, len);
}

static ssize_t reference_write(struct cts_actor *a, int fd, const void *buf, size_t len)
{
	return iommu_ref_write(a->proc, fd, buf, len);
}

/* Its devices have no regions: they are driven through cts_ref_dma(). */
static ssize_t reference_pread(struct cts_actor *a, int fd, void *buf, size_t len, uint64_t off)
{
	(void)a, (void)fd, (void)buf, (void)len, (void)off;
	return -ENODEV;
}

static ssize_t reference_pwrite(struct cts_actor *a, int fd, const void *buf, size_t len,
				uint64_t off)
{
	(void)a, (void)fd, (void)buf, (void)len, (void)off;
	return -ENODEV;
}

static int reference_poll(struct cts_actor *a, int fd, short events, int timeout_ms)
{
	(void)timeout_ms; /* the model never changes by itself */
	return iommu_ref_poll(a->proc, fd, events);
}

static int reference_mmap(struct cts_actor *a, int fd, uint64_t off, size_t len, void **out)
{
	(void)a, (void)fd, (void)off, (void)len, (void)out;
	return -ENODEV;
}

const struct subject_ops reference_ops = {
	.begin = reference_begin,
	.end = reference_end,
	.actor_create = reference_actor_create,
	.actor_kill = reference_actor_kill,
	.pass_fd = reference_pass_fd,
	.open = reference_open,
	.close = reference_close,
	.ioctl = reference_ioctl,
	.read = reference_read,
	.write = reference_write,
	.pread = reference_pread,
	.pwrite = reference_pwrite,
	.poll = reference_poll,
	.mmap = reference_mmap,
};
