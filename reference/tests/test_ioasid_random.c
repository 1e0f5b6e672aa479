// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/ioasid under random commands of random arguments, with devices that come and go: nothing
 * breaks, only documented errors are seen, and when all files are closed nothing is left.
 */
#include <kselftest_harness.h>
#include <stdlib.h>

#include "ioasid_util.h"

#define PAGES 16u
#define STEPS 60000u

FIXTURE(at_random)
{
	struct io_user u;
	uint8_t *mem;
	uint32_t seed;
	int fault, vm;
};

FIXTURE_VARIANT(at_random)
{
	enum iommu_ref_vendor vendor;
	enum iommu_ref_pasid_policy policy;
};

FIXTURE_VARIANT_ADD(at_random, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(at_random, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };
FIXTURE_VARIANT_ADD(at_random, mdev)
{
	.vendor = IOMMU_REF_VTD, .policy = IOMMU_REF_PASID_MDEV,
};
FIXTURE_VARIANT_ADD(at_random, enqcmd)
{
	.vendor = IOMMU_REF_VTD, .policy = IOMMU_REF_PASID_MDEV_ENQCMD,
};

FIXTURE_SETUP(at_random)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.devices[0].pasid_policy = cfg.devices[1].pasid_policy = variant->policy;
	cfg.pasid_bits = 4;
	ASSERT_EQ(0, io_create(&self->u, &cfg));
	self->mem = io_pages(PAGES);
	self->seed = 1;
	self->fault = -1;
	self->vm = iommu_ref_vm_create(self->u.proc);
}

FIXTURE_TEARDOWN(at_random)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->mem, PAGES * PG);
}

static uint32_t rnd(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 12) % n;
}

/* A place that is rarely wrong: pages of one small space, or of our memory. */
static uint64_t place(uint32_t *seed, const uint8_t *mem, bool ours)
{
	return (ours ? (uintptr_t)mem : 0) + rnd(seed, PAGES) * PG + (rnd(seed, 50) ? 0 : 1);
}

/* One command on the file. */
static int file_command(struct io_user *u, uint32_t *s, uint8_t *mem, int *fault)
{
	uint32_t id = rnd(s, 24), pages = 1 + rnd(s, 3);
	struct ioasid_iova_range r[8];
	struct ioasid_info info;

	switch (rnd(s, 16)) {
	case 0:
		return io_alloc(u);
	case 1:
		return io_free(u, id);
	case 2:
	case 3:
		return io_nest(u, id);
	case 4:
	case 5:
	case 6:
		return io_map_prot(u, id, place(s, mem, false), place(s, mem, rnd(s, 2)),
				   pages * PG, rnd(s, 4));
	case 7:
	case 8:
		return io_unmap(u, id, place(s, mem, false), pages * PG);
	case 9:
		return io_bind_vtd(u, id, place(s, mem, false));
	case 10:
		return rnd(s, 2) ? io_bind_cds(u, id, place(s, mem, false), rnd(s, 6)) :
				   io_bind_arm(u, id, place(s, mem, false), rnd(s, 3));
	case 11:
		return io_value(u, rnd(s, 2) ? IOASID_UNBIND_PGTABLE : IOASID_UNBIND_PASID_TABLE,
				id);
	case 12:
		return io_invalidate(u, id, rnd(s, 2) ? rnd(s, 20) : place(s, mem, false),
				     rnd(s, 2) ? rnd(s, 20) : pages * PG);
	case 13:
		return io_info(u, id, &info, r, rnd(s, 8));
	case 14:
		return io_memory(u, rnd(s, 2) ? IOASID_REGISTER_MEMORY : IOASID_UNREGISTER_MEMORY,
				 mem + rnd(s, PAGES) * PG, pages * PG);
	default:
		if (*fault < 0)
			*fault = io_value(u, IOASID_ALLOC_FAULT_FD, 0);
		else if (!rnd(s, 8))
			iommu_ref_close(u->proc, *fault), *fault = -1;
		return 0;
	}
}

/* One command on a device, or something that it does. */
static int device_command(struct io_user *u, uint32_t *s, int vm)
{
	unsigned int i = rnd(s, 4);
	uint32_t id = rnd(s, 24), pasid = rnd(s, 2) ? NO_PASID : rnd(s, 6);
	struct kvm_pasid_map map = { .argsz = sizeof(map), .user_pasid = rnd(s, 4),
				     .ioasid_fd = u->fd, .ioasid = id };
	const struct iommu_ref_page_request req = {
		.device = i, .has_pasid = pasid != NO_PASID,
		.pasid = pasid == NO_PASID ? 0 : pasid, .last = rnd(s, 3), .read = true,
	};

	if (u->dev[i] < 0)
		return io_device(u, i);
	switch (rnd(s, 16)) {
	case 0:
		return io_close_device(u, i);
	case 1:
		return io_unbind_fd(u, i, u->fd) ? 0 : io_bind_fd(u, i, u->fd);
	case 2:
		return iommu_ref_ioctl(u->proc, vm, rnd(s, 2) ? KVM_MAP_PASID : KVM_UNMAP_PASID,
				       &map);
	case 3:
		return iommu_ref_page_request(u->ref, &req);
	case 4:
	case 5:
		return io_detach(u, i, id, pasid);
	case 6:
	case 7:
		io_peek(u, i, pasid, rnd(s, PAGES) * PG);
		return 0;
	default:
		return io_attach(u, i, id, pasid);
	}
}

static void take_faults(struct io_user *u, int fault)
{
	struct ioasid_page_fault f[8];
	ssize_t n = fault < 0 ? 0 : iommu_ref_read(u->proc, fault, f, sizeof(f));
	struct ioasid_page_response r = { .argsz = sizeof(r) };

	if (n <= 0)
		return;
	r.ioasid = f[0].ioasid;
	r.cookie = f[0].cookie;
	io_cmd(u, IOASID_PAGE_RESPONSE, &r);
}

TEST_F(at_random, nothing_is_left)
{
	static const int documented[] = {
		EFAULT, EINVAL, EOPNOTSUPP, ENOENT, ENODEV, EDEADLK, EOVERFLOW, EEXIST, EBUSY,
		EMSGSIZE, EPERM, EADDRINUSE, ENOSPC,
	};
	struct io_user *u = &self->u;
	unsigned int seen[200] = { 0 }, good = 0;
	struct iommu_ref_stats stats;

	for (unsigned int i = 0; i < STEPS; i++) {
		int rc = rnd(&self->seed, 2) ?
				 file_command(u, &self->seed, self->mem, &self->fault) :
				 device_command(u, &self->seed, self->vm);

		if (!(i % 16))
			take_faults(u, self->fault);
		good += rc >= 0;
		if (rc < 0)
			seen[-rc]++;
	}
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		seen[documented[i]] = 0;
	for (unsigned int i = 0; i < 200; i++)
		EXPECT_EQ(0, seen[i]);
	EXPECT_LT(STEPS / 10, good);
	for (unsigned int i = 0; i < 4; i++)
		if (u->dev[i] >= 0)
			io_close_device(u, i);
	iommu_ref_close(u->proc, self->vm);
	if (self->fault >= 0)
		iommu_ref_close(u->proc, self->fault);
	ASSERT_EQ(0, iommu_ref_close(u->proc, u->fd));
	stats = io_stats(u);
	EXPECT_EQ(0, stats.objects);
	EXPECT_EQ(0, stats.domains);
	EXPECT_EQ(0, stats.pinned_pages);
	EXPECT_EQ(0, stats.pasids);
	EXPECT_EQ(0, stats.page_requests);
}

TEST_HARNESS_MAIN
