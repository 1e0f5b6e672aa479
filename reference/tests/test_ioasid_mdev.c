// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PASIDs of mediated devices of /dev/ioasid: what is on the wire for the user's number, by the
 * device's own space or the global one (ENQCMD), and KVM's translation.
 */
#include <kselftest_harness.h>

#include "ioasid_util.h"

#define VPASID 5u
#define PAGES 8u

FIXTURE(mdev)
{
	struct io_user u;
	uint8_t *mem;
};

FIXTURE_VARIANT(mdev)
{
	enum iommu_ref_pasid_policy policy;
};

FIXTURE_VARIANT_ADD(mdev, own_pasids) { .policy = IOMMU_REF_PASID_MDEV };
FIXTURE_VARIANT_ADD(mdev, enqcmd) { .policy = IOMMU_REF_PASID_MDEV_ENQCMD };

FIXTURE_SETUP(mdev)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.devices[0].pasid_policy = cfg.devices[1].pasid_policy = variant->policy;
	ASSERT_EQ(0, io_create(&self->u, &cfg));
	self->mem = io_pages(PAGES);
	ASSERT_EQ(0, io_device(&self->u, 0));
	ASSERT_EQ(0, io_device(&self->u, 1));
}

FIXTURE_TEARDOWN(mdev)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->mem, PAGES * PG);
}

/* "PASIDs are also used by kernel to mark the default I/O address space for mdev" */
TEST_F(mdev, the_default_space_has_a_pasid)
{
	struct io_user *u = &self->u;
	int gpa = io_space(u, 0), child;
	uint32_t p = 0, q = 0;

	ASSERT_LT(0, gpa);
	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PAGES * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, PG));
	ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, 0, false, 0, &p));
	EXPECT_EQ(1, io_peek(u, 0, p, PG));
	/* A child has the same route */
	child = io_child(u, 0, gpa, NO_PASID);
	ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, 0, false, 0, &q));
	EXPECT_EQ(p, q);
	ASSERT_EQ(0, io_map(u, child, 0x5000, PG, PG));
	EXPECT_EQ(1, io_peek(u, 0, p, 0x5000));
	ASSERT_EQ(0, io_detach(u, 0, child, NO_PASID));
	EXPECT_EQ(1, io_peek(u, 0, p, PG));
	ASSERT_EQ(0, io_detach(u, 0, gpa, NO_PASID));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, p, PG));
	EXPECT_EQ(-ENOENT, iommu_ref_wire_pasid(u->ref, 0, false, 0, &p));
	EXPECT_EQ(-ENODEV, iommu_ref_wire_pasid(u->ref, 9, false, 0, &p));
}

/* "attached to two mdevs with a single vPASID [...] a same pPASID should be used" */
TEST_F(mdev, virtual_and_physical)
{
	struct io_user *u = &self->u;
	int a = io_alloc(u), b = io_alloc(u), vm = iommu_ref_vm_create(u->proc);
	uint32_t p[2] = { 0 }, other = 0, cpu = 0;
	struct kvm_pasid_map map = { .argsz = sizeof(map), .user_pasid = VPASID,
				     .ioasid_fd = u->fd, .ioasid = a };
	bool enqcmd = variant->policy == IOMMU_REF_PASID_MDEV_ENQCMD;

	/* Before any device has it there is nothing to translate to */
	EXPECT_EQ(-ENOENT, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	ASSERT_EQ(0, io_attach(u, 0, b, VPASID + 1));
	ASSERT_EQ(0, io_attach(u, 0, a, VPASID));
	ASSERT_EQ(0, io_attach(u, 1, a, VPASID));
	ASSERT_EQ(0, io_map(u, a, 0, self->mem + PG, PG));
	for (unsigned int i = 0; i < 2; i++) {
		ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, i, true, VPASID, &p[i]));
		EXPECT_EQ(1, io_peek(u, i, p[i], 0));
		EXPECT_EQ(-EFAULT, io_peek(u, i, NO_PASID, 0));
	}
	EXPECT_NE(VPASID, p[0]);
	ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, 0, true, VPASID + 1, &other));
	EXPECT_NE(p[0], other);
	EXPECT_EQ(-EFAULT, io_peek(u, 0, other, 0));
	if (enqcmd) {
		EXPECT_EQ(p[0], p[1]);
		ASSERT_EQ(0, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
		ASSERT_EQ(0, iommu_ref_vm_pasid(u->proc, vm, VPASID, &cpu));
		EXPECT_EQ(p[0], cpu);
	} else {	/* the CPU has no part in it */
		EXPECT_EQ(-ENOENT, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	}
}

/* The parent's attachment by the route goes, the child's stays: so does their PASID. */
TEST_F(mdev, a_route_outlives_who_made_it)
{
	struct io_user *u = &self->u;
	int gpa = io_space(u, 0), child = io_child(u, 0, gpa, NO_PASID);
	uint32_t p = 0, q = 0;

	ASSERT_LT(0, child);
	ASSERT_EQ(0, io_attach(u, 0, gpa, VPASID));
	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PG));
	ASSERT_EQ(0, io_map(u, child, 0x7000, 0, PG));
	ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, 0, false, 0, &p));
	ASSERT_EQ(0, io_detach(u, 0, gpa, NO_PASID));
	EXPECT_EQ(-EBUSY, io_detach(u, 0, gpa, VPASID));
	ASSERT_EQ(1, iommu_ref_wire_pasid(u->ref, 0, false, 0, &q));
	EXPECT_EQ(p, q);
	EXPECT_EQ(0, io_peek(u, 0, p, 0x7000));
	ASSERT_EQ(0, io_detach(u, 0, child, NO_PASID));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, p, 0x7000));
	ASSERT_EQ(0, io_detach(u, 0, gpa, VPASID));
	EXPECT_EQ(0, io_free(u, child));
	EXPECT_EQ(0, io_free(u, gpa));
	EXPECT_EQ(0, io_stats(u).pasids);
}

/* What user PASID @user of device 0 reads at @iova; its number on the wire. */
static int peek_user(struct io_user *u, uint32_t user, uint64_t iova, uint32_t *wire)
{
	int rc = iommu_ref_wire_pasid(u->ref, 0, true, user, wire);

	return rc == 1 ? io_peek(u, 0, *wire, iova) : rc;
}

/* A child of @gpa that shows page 2 of it at PG. */
static int child_of(struct io_user *u, int gpa)
{
	int child = io_nest(u, gpa), rc = io_attach(u, 0, child, VPASID);

	if (!rc)
		rc = io_map(u, child, PG, 2 * PG, PG);
	return rc ? rc : child;
}

/* The child made the route and is freed: its number is not the parent's, nor a new root's. */
TEST_F(mdev, a_route_keeps_off_a_freed_number)
{
	struct io_user *u = &self->u;
	int gpa = io_space(u, 0), child, other = io_alloc(u);
	uint32_t five = 0, six = 0;

	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PAGES * PG));
	child = child_of(u, gpa);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, io_attach(u, 0, gpa, VPASID));
	EXPECT_EQ(2, peek_user(u, VPASID, PG, &five));
	ASSERT_EQ(0, io_detach(u, 0, child, VPASID));
	ASSERT_EQ(0, io_free(u, child));
	ASSERT_EQ(0, io_attach(u, 0, other, VPASID + 1));
	ASSERT_EQ(0, io_map(u, other, PG, self->mem + 3 * PG, PG));
	EXPECT_EQ(1, peek_user(u, VPASID, PG, &five));
	EXPECT_EQ(3, peek_user(u, VPASID + 1, PG, &six));
	EXPECT_NE(five, six);
	ASSERT_EQ(0, io_detach(u, 0, gpa, VPASID));
	EXPECT_EQ(3, peek_user(u, VPASID + 1, PG, &six));
}

/* Two numbers of the user's for one space, one of which has a child: they stay apart. */
TEST_F(mdev, two_user_pasids_of_a_parent)
{
	struct io_user *u = &self->u;
	int gpa = io_space(u, 0), child, vm = iommu_ref_vm_create(u->proc);
	struct kvm_pasid_map map = { .argsz = sizeof(map), .user_pasid = VPASID,
				     .ioasid_fd = u->fd };
	uint32_t five = 0, six = 0, cpu = 0;

	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PAGES * PG));
	ASSERT_EQ(0, io_attach(u, 0, gpa, VPASID));
	child = child_of(u, gpa);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, io_attach(u, 0, gpa, VPASID + 1));
	EXPECT_EQ(2, peek_user(u, VPASID, PG, &five));
	EXPECT_EQ(1, peek_user(u, VPASID + 1, PG, &six));
	EXPECT_NE(five, six);
	map.ioasid = child;
	if (variant->policy == IOMMU_REF_PASID_MDEV_ENQCMD) {
		ASSERT_EQ(0, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
		ASSERT_EQ(0, iommu_ref_vm_pasid(u->proc, vm, VPASID, &cpu));
		EXPECT_EQ(five, cpu);
	}
	ASSERT_EQ(0, io_detach(u, 0, child, VPASID));
	EXPECT_EQ(1, peek_user(u, VPASID, PG, &five));
	ASSERT_EQ(0, io_detach(u, 0, gpa, VPASID));
	EXPECT_EQ(1, peek_user(u, VPASID + 1, PG, &six));
	EXPECT_EQ(-ENOENT, peek_user(u, VPASID, PG, &five));
}

TEST_F(mdev, device_info)
{
	struct io_user *u = &self->u;
	struct {
		struct vfio_device_info info;
		struct vfio_device_info_cap_pasid cap;
	} a = { .info = { .argsz = sizeof(a) } };

	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_GET_INFO, &a));
	EXPECT_EQ(variant->policy == IOMMU_REF_PASID_MDEV_ENQCMD ?
		  VFIO_DEVICE_PASID_CPU | VFIO_DEVICE_PASID_CPU_VIRT : 0, a.cap.flags);
}

TEST_F(mdev, kvm)
{
	struct io_user *u = &self->u;
	int a = io_alloc(u), vm = iommu_ref_vm_create(u->proc);
	bool enqcmd = variant->policy == IOMMU_REF_PASID_MDEV_ENQCMD;
	struct kvm_pasid_map map = { .argsz = sizeof(map), .user_pasid = VPASID,
				     .ioasid_fd = u->fd, .ioasid = a };
	uint32_t pasid;

	ASSERT_LE(0, vm);
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(u->proc, vm, IOASID_ALLOC, NULL));
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, NULL));
	map.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	map.__reserved = 0;
	map.user_pasid = 1 << 20;
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	map.user_pasid = VPASID;
	map.ioasid_fd = 99;
	EXPECT_EQ(-EBADF, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	map.ioasid_fd = vm;
	EXPECT_EQ(-EBADFD, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	map.ioasid_fd = u->fd;
	EXPECT_EQ(-ENOENT, iommu_ref_ioctl(u->proc, vm, KVM_UNMAP_PASID, &map));
	ASSERT_EQ(0, io_attach(u, 0, a, VPASID));
	EXPECT_EQ(-EBADF, iommu_ref_vm_pasid(u->proc, u->fd, VPASID, &pasid));
	EXPECT_EQ(-ENOENT, iommu_ref_vm_pasid(u->proc, vm, VPASID, &pasid));
	if (!enqcmd)
		return;
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	EXPECT_EQ(-EEXIST, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	ASSERT_EQ(0, io_detach(u, 0, a, VPASID));
	EXPECT_EQ(-EBUSY, io_free(u, a));
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, vm, KVM_UNMAP_PASID, &map));
	EXPECT_EQ(-ENOENT, iommu_ref_vm_pasid(u->proc, vm, VPASID, &pasid));
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, vm, KVM_MAP_PASID, &map));
	ASSERT_EQ(0, iommu_ref_close(u->proc, vm));
	EXPECT_EQ(0, io_free(u, a));
	EXPECT_EQ(0, io_stats(u).pasids);
}

TEST_HARNESS_MAIN
