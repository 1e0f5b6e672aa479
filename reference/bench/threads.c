// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The same number of translations by one thread, and shared by two that each use a device and an
 * address space of their own in the same machine, behind one IOMMU unit or one each; and the same
 * for IOAS_MAP and IOAS_UNMAP of a page, by two processes with an iommufd each. Where the second
 * thread has no CPU to itself the benchmark cannot be set up.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"
#include "rig.h"
#include "table.h"

#define IOTLB 4096u
#define HIT_PAGES 512u
#define MISS_PAGES 65536u	/* of each, 16 times what the IOTLB holds */

struct user {
	struct iommu_ref *ref;
	struct domain *domain;
	unsigned int device, pages, at, stride;
	uint64_t seen;		/* sum of all addresses, modulo 2^64 */
	int rc;
	/* THREADS_MAP: a process with an iommufd, an IOAS with the device, a page */
	struct iommu_ref_proc *proc;
	int fd;
	uint32_t ioas;
	void *page;
	char alone[64];		/* on cache lines of its own */
};

struct threads_run {
	struct user users[2];
	pthread_t helper;
	bool helper_runs, stop;
	unsigned int n;		/* for the helper */
	bool ready, go;		/* it is awake; it shall begin, until its end */
	pthread_barrier_t barrier;	/* where it sleeps between samples */
};

/* Maps the page and unmaps it. */
static void work_map(struct user *u, unsigned int n)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map), .ioas_id = u->ioas, .user_va = (uintptr_t)u->page,
		.length = PAGE_SIZE, .iova = RIG_BASE,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
	};
	struct iommu_ioas_unmap unmap = { .size = sizeof(unmap), .ioas_id = u->ioas,
					  .iova = RIG_BASE };

	while (n--) {
		unmap.length = PAGE_SIZE;
		u->rc |= iommu_ref_ioctl(u->proc, u->fd, IOMMU_IOAS_MAP, &map);
		u->rc |= iommu_ref_ioctl(u->proc, u->fd, IOMMU_IOAS_UNMAP, &unmap);
	}
}

static void work(struct user *u, unsigned int n)
{
	struct iommu_ref_dma dma = { .device = u->device, .has_pasid = true, .pasid = RIG_PASID };
	uint64_t pa = 0, seen = 0;
	int rc = 0;

	if (u->proc) {
		work_map(u, n);
		return;
	}
	for (unsigned int i = u->at, end = i + n; i != end; i++) {
		dma.iova = RIG_BASE + (uint64_t)(i * u->stride & (u->pages - 1)) * PAGE_SIZE;
		rc |= iommu_ref_translate(u->ref, &dma, &pa, NULL);
		seen += pa;
	}
	u->at += n;	/* what a unit has kept of the last run is no miss */
	u->seen = seen;
	u->rc |= rc;
}

/* Awake, since waking up would be what is measured; not for long where both have a CPU. */
static void wait_for(const bool *flag, bool value)
{
	unsigned int tries = 0;

	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		if (++tries % 1000 == 0)
			sched_yield();
}

static void *helper(void *arg)
{
	struct threads_run *t = arg;

	for (;;) {
		pthread_barrier_wait(&t->barrier);
		if (t->stop)
			return NULL;
		__atomic_store_n(&t->ready, true, __ATOMIC_RELEASE);
		wait_for(&t->go, true);
		work(&t->users[1], t->n);
		__atomic_store_n(&t->go, false, __ATOMIC_RELEASE);
	}
}

/* A thread on any CPU but this one, where this one stays. -ENODEV: there is no other. */
static int helper_start(struct threads_run *t)
{
	cpu_set_t others;
	int cpu = sched_getcpu(), i, rc;

	CPU_ZERO(&others);
	for (i = 0; i < CPU_SETSIZE; i++)
		if (i != cpu)
			CPU_SET(i, &others);
	pthread_barrier_init(&t->barrier, NULL, 2);
	rc = -pthread_create(&t->helper, NULL, helper, t);
	if (rc)
		return rc;
	t->helper_runs = true;
	return pthread_setaffinity_np(t->helper, sizeof(others), &others) ? -ENODEV : 0;
}

static int user_open(struct user *u, struct iommu_ref *ref, unsigned int device,
		     unsigned int kind)
{
	struct device *dev = device_by_index(ref, device);
	int rc;

	*u = (struct user){ .ref = ref, .device = device,
			    .pages = kind == THREADS_HIT ? HIT_PAGES : MISS_PAGES,
			    .stride = kind == THREADS_SCATTERED ? RIG_STRIDE : 1 };
	rc = domain_create_for(dev, FMT_X86_FL, &u->domain);
	if (!rc)
		rc = domain_map(ref, u->domain, RIG_BASE, RIG_BASE + u->pages * PAGE_SIZE - 1,
				0x700000001000ull + ((uint64_t)device << 32), PROT_R);
	if (!rc)
		rc = device_set_domain(ref, dev, RIG_PASID, u->domain);
	if (!rc)
		work(u, u->pages);
	return rc ? rc : u->rc;
}

static int process_open(struct user *u, struct iommu_ref *ref, unsigned int device)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	const char *path = device ? "/dev/vfio/devices/vfio1" : "/dev/vfio/devices/vfio0";
	int rc, cdev;

	*u = (struct user){ .ref = ref, .page = aligned_alloc(PAGE_SIZE, PAGE_SIZE) };
	rc = u->page ? iommu_ref_proc_create(ref, &u->proc) : -ENOMEM;
	if (rc)
		return rc;
	memset(u->page, 0, PAGE_SIZE);
	u->fd = iommu_ref_open(u->proc, "/dev/iommu", 0);
	cdev = iommu_ref_open(u->proc, path, 0);
	bind.iommufd = u->fd;
	rc = iommu_ref_ioctl(u->proc, u->fd, IOMMU_IOAS_ALLOC, &alloc);
	u->ioas = attach.pt_id = alloc.out_ioas_id;
	if (!rc)
		rc = iommu_ref_ioctl(u->proc, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (!rc)
		rc = iommu_ref_ioctl(u->proc, cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (!rc)
		work(u, 1);
	return rc ? rc : u->rc;
}

static int threads_open(struct iommu_ref_bench_run *r)
{
	struct threads_run *t = calloc(1, sizeof(*t));
	struct iommu_ref_config cfg;
	int rc;

	r->priv = t;
	if (!t)
		return -ENOMEM;
	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.iotlb_entries = IOTLB;
	if (r->bench->kind & THREADS_UNITS) {
		cfg.nr_units = 2;
		iommu_ref_unit_init(&cfg, &cfg.units[0]);
		iommu_ref_unit_init(&cfg, &cfg.units[1]);
		cfg.devices[1].unit = 1;
	}
	rc = iommu_ref_create(&cfg, &r->ref);
	for (unsigned int i = 0; !rc && i < 2; i++)
		rc = r->bench->kind == THREADS_MAP ?
			     process_open(&t->users[i], r->ref, i) :
			     user_open(&t->users[i], r->ref, i,
				       r->bench->kind & ~THREADS_UNITS);
	return rc || r->bench->n == 1 ? rc : helper_start(t);
}

/* Wakes the helper up. */
static int threads_prepare(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct threads_run *t = r->priv;

	t->n = n / 2;
	if (!t->helper_runs)
		return 0;
	pthread_barrier_wait(&t->barrier);
	wait_for(&t->ready, true);
	t->ready = false;
	return 0;
}

static int threads_go(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct threads_run *t = r->priv;

	if (!t->helper_runs) {
		work(&t->users[0], n);
		return t->users[0].rc;
	}
	__atomic_store_n(&t->go, true, __ATOMIC_RELEASE);
	work(&t->users[0], n - n / 2);
	wait_for(&t->go, false);
	return t->users[0].rc | t->users[1].rc;
}

/* Each pair invalidates the page once. */
static const char *map_verify(struct iommu_ref_bench_run *r)
{
	struct iommu_ref_stats before, after;
	unsigned int n = 10 * r->bench->n;

	iommu_ref_stats(r->ref, &before);
	if (threads_prepare(r, n) || threads_go(r, n))
		return "an ioctl failed";
	iommu_ref_stats(r->ref, &after);
	if (after.inv_page - before.inv_page != n || after.pinned_pages)
		return "a page was not unmapped";
	return NULL;
}

/* Every page once by each of them: the sums of the addresses are known. */
static const char *threads_verify(struct iommu_ref_bench_run *r)
{
	struct threads_run *t = r->priv;
	uint64_t pages = t->users[0].pages, sum = pages * (pages - 1) / 2 * PAGE_SIZE;
	struct iommu_ref_stats before, after;

	if (r->bench->kind == THREADS_MAP)
		return map_verify(r);
	iommu_ref_stats(r->ref, &before);
	if (threads_prepare(r, pages * r->bench->n) || threads_go(r, pages * r->bench->n))
		return "a translation failed";
	iommu_ref_stats(r->ref, &after);
	for (unsigned int i = 0; i < r->bench->n; i++)
		if (t->users[i].seen - sum != pages * (0x700000001000ull + ((uint64_t)i << 32)))
			return "a thread got addresses that are not its own";
	if (after.translations - before.translations != pages * r->bench->n ||
	    after.iotlb_hits + after.iotlb_misses != after.translations)
		return "the counters do not add up";
	if (t->users[0].pages == HIT_PAGES && after.iotlb_misses != before.iotlb_misses)
		return "not every one is a hit";
	return NULL;
}

static void threads_close(struct iommu_ref_bench_run *r)
{
	struct threads_run *t = r->priv;

	if (t && t->helper_runs) {
		t->stop = true;
		pthread_barrier_wait(&t->barrier);
		pthread_join(t->helper, NULL);
		pthread_barrier_destroy(&t->barrier);
	}
	for (unsigned int i = 0; t && i < 2; i++)
		domain_put(r->ref, t->users[i].domain);
	iommu_ref_destroy(r->ref);
	for (unsigned int i = 0; t && i < 2; i++)
		free(t->users[i].page);
	free(t);
}

const struct iommu_ref_bench_ops threads_bench = {
	.open = threads_open,
	.verify = threads_verify,
	.prepare = threads_prepare,
	.run = threads_go,
	.close = threads_close,
};
