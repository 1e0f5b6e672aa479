// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/ioasid without nesting: address spaces, devices, mapping, registered memory, information,
 * groups, lifetimes, and what each command refuses.
 */
#include <kselftest_harness.h>

#include "ioasid_util.h"

#define PAGES 16u

FIXTURE(ioasid)
{
	struct io_user u;
	uint8_t *mem;
};

FIXTURE_VARIANT(ioasid)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(ioasid, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(ioasid, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

FIXTURE_SETUP(ioasid)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	ASSERT_EQ(0, io_create(&self->u, &cfg));
	self->mem = io_pages(PAGES);
	ASSERT_EQ(0, io_device(&self->u, 0));
}

FIXTURE_TEARDOWN(ioasid)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->mem, PAGES * PG);
}

/* 5.1 */
TEST_F(ioasid, simple_example)
{
	struct io_user *u = &self->u;
	int gpa = io_alloc(u);

	ASSERT_LT(0, gpa);
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 0));
	ASSERT_EQ(0, io_attach(u, 0, gpa, NO_PASID));
	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PAGES * PG));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, 3 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, PAGES * PG));
	EXPECT_EQ(PAGES, io_stats(u).pinned_pages);
	ASSERT_EQ(0, io_unmap(u, gpa, 0, PAGES * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 3 * PG));
	EXPECT_EQ(0, io_stats(u).pinned_pages);
}

/* 5.2 */
TEST_F(ioasid, two_devices_then_a_space_of_its_own)
{
	struct io_user *u = &self->u;
	int gpa = io_space(u, 0), giova;

	ASSERT_LT(0, gpa);
	ASSERT_EQ(0, io_device(u, 1));
	ASSERT_EQ(0, io_memory(u, IOASID_REGISTER_MEMORY, self->mem, PAGES * PG));
	ASSERT_EQ(0, io_attach(u, 1, gpa, NO_PASID));
	ASSERT_EQ(0, io_map(u, gpa, 0, self->mem, PAGES * PG));
	EXPECT_EQ(5, io_peek(u, 1, NO_PASID, 5 * PG));
	giova = io_alloc(u);
	ASSERT_EQ(0, io_detach(u, 1, gpa, NO_PASID));
	EXPECT_EQ(-EFAULT, io_peek(u, 1, NO_PASID, 5 * PG));
	ASSERT_EQ(0, io_attach(u, 1, giova, NO_PASID));
	ASSERT_EQ(0, io_map(u, giova, 0x2000, self->mem + PG, PG));
	EXPECT_EQ(1, io_peek(u, 1, NO_PASID, 0x2000));
	EXPECT_EQ(-EFAULT, io_peek(u, 1, NO_PASID, 5 * PG));
	EXPECT_EQ(5, io_peek(u, 0, NO_PASID, 5 * PG));
	/* "to avoid duplicated locked page accounting" */
	EXPECT_EQ(PAGES, io_stats(u).pinned_pages);
}

TEST_F(ioasid, a_pasid_has_a_space_of_its_own)
{
	struct io_user *u = &self->u;
	int one = io_alloc(u), two = io_alloc(u);

	ASSERT_EQ(0, io_attach(u, 0, one, 5));
	ASSERT_EQ(0, io_attach(u, 0, two, 6));
	ASSERT_EQ(0, io_map(u, one, 0, self->mem, PG));
	ASSERT_EQ(0, io_map(u, two, 0, self->mem + PG, PG));
	EXPECT_EQ(0, io_peek(u, 0, 5, 0));
	EXPECT_EQ(1, io_peek(u, 0, 6, 0));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, 7, 0));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 0));
	ASSERT_EQ(0, io_detach(u, 0, one, 5));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, 5, 0));
	EXPECT_EQ(1, io_peek(u, 0, 6, 0));
}

/* "A newly-created IOASID doesn't accept any command before it is attached to a device." */
TEST_F(ioasid, no_command_without_a_device)
{
	struct io_user *u = &self->u;
	int id = io_alloc(u);

	EXPECT_EQ(-ENODEV, io_map(u, id, 0, self->mem, PG));
	EXPECT_EQ(-ENODEV, io_unmap(u, id, 0, PG));
	EXPECT_EQ(-ENODEV, io_caps(u, id));
	EXPECT_EQ(-ENODEV, io_nest(u, id));
	EXPECT_EQ(-ENODEV, io_bind_vtd(u, id, 0));
	EXPECT_EQ(-ENODEV, io_bind_cds(u, id, 0, 0));
	EXPECT_EQ(-ENODEV, io_invalidate(u, id, 0, 0));
	EXPECT_EQ(-ENODEV, io_value(u, IOASID_UNBIND_PGTABLE, id));
	EXPECT_EQ(-ENODEV, io_value(u, IOASID_UNBIND_PASID_TABLE, id));
	EXPECT_EQ(0, io_free(u, id));
	EXPECT_EQ(-ENOENT, io_free(u, id));
	EXPECT_EQ(-ENOENT, io_map(u, id, 0, self->mem, PG));
}

/* The last detach leaves a number without a table. */
TEST_F(ioasid, the_last_detach_empties_it)
{
	struct io_user *u = &self->u;
	int id = io_space(u, 0);

	ASSERT_EQ(0, io_map(u, id, 0, self->mem, PG));
	EXPECT_EQ(-EBUSY, io_free(u, id));
	ASSERT_EQ(0, io_detach(u, 0, id, NO_PASID));
	EXPECT_EQ(-ENOENT, io_detach(u, 0, id, NO_PASID));
	EXPECT_EQ(0, io_stats(u).pinned_pages);
	EXPECT_EQ(0, io_stats(u).domains);
	EXPECT_EQ(-ENODEV, io_map(u, id, 0, self->mem, PG));
	ASSERT_EQ(0, io_attach(u, 0, id, NO_PASID));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 0));
	ASSERT_EQ(0, io_map(u, id, 0, self->mem, PG));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
}

TEST_F(ioasid, what_map_refuses)
{
	struct io_user *u = &self->u;
	const uint64_t mem = (uintptr_t)self->mem;
	uint64_t msi = variant->vendor == IOMMU_REF_VTD ? 0xfee00000 : 0x08000000;
	int id = io_space(u, 0);
	const struct {
		uint64_t iova, vaddr, size;
		uint32_t flags;
		int rc;
	} rows[] = {
		{ 0, mem, PG, 0, -EINVAL },
		{ 0, mem, PG, 4, -EOPNOTSUPP },
		{ 0, mem, 0, IO_RW, -EINVAL },
		{ 1, mem, PG, IO_RW, -EINVAL },
		{ 0, mem + 1, PG, IO_RW, -EINVAL },
		{ 0, mem, PG + 1, IO_RW, -EINVAL },
		{ -PG, mem, 2 * PG, IO_RW, -EOVERFLOW },
		{ 0, -PG, 2 * PG, IO_RW, -EOVERFLOW },
		{ 1ull << 48, mem, PG, IO_RW, -EINVAL },
		{ msi, mem, PG, IO_RW, -EINVAL },
		{ msi - PG, mem, 2 * PG, IO_RW, -EINVAL },
		{ 0x40000, PG, PG, IO_RW, -EFAULT },
		{ 0x10000, mem, PG, IO_RW, -EEXIST },
		{ 0xf000, mem, 2 * PG, IOASID_MAP_READ, -EEXIST },
	};

	ASSERT_EQ(0, io_map(u, id, 0x10000, mem, 2 * PG));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_EQ(rows[i].rc, io_map_prot(u, id, rows[i].iova, rows[i].vaddr,
						  rows[i].size, rows[i].flags)) {
			TH_LOG("row %zu", i);
		}
	}
	EXPECT_EQ(2, io_stats(u).pinned_pages);
}

/* "the unmap size should match those used in the original mapping call" */
TEST_F(ioasid, unmap_takes_what_map_made)
{
	struct io_user *u = &self->u;
	int id = io_space(u, 0);

	ASSERT_EQ(0, io_map(u, id, 0, self->mem, 4 * PG));
	ASSERT_EQ(0, io_map(u, id, 4 * PG, self->mem, PG));
	EXPECT_EQ(-EINVAL, io_unmap(u, id, 0, 2 * PG));
	EXPECT_EQ(-EINVAL, io_unmap(u, id, 0, 5 * PG));
	EXPECT_EQ(-ENOENT, io_unmap(u, id, PG, PG));
	EXPECT_EQ(-ENOENT, io_unmap(u, id, 5 * PG, PG));
	EXPECT_EQ(-EINVAL, io_unmap(u, id, 0, 0));
	EXPECT_EQ(-EINVAL, io_unmap(u, id, 1, PG));
	EXPECT_EQ(-EOVERFLOW, io_unmap(u, id, -PG, 2 * PG));
	EXPECT_EQ(2, io_peek(u, 0, NO_PASID, 2 * PG));
	EXPECT_EQ(0, io_unmap(u, id, 0, 4 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 2 * PG));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 4 * PG));
}

TEST_F(ioasid, rights_are_those_of_the_mapping)
{
	struct io_user *u = &self->u;
	int id = io_space(u, 0);
	uint8_t byte = 9;

	ASSERT_EQ(0, io_map_prot(u, id, 0, (uintptr_t)self->mem, PG, IOASID_MAP_READ));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
	EXPECT_EQ(-EFAULT, fd_dma(u->ref, 0, NO_PASID, true, 0, &byte, 1));
	EXPECT_EQ(0, self->mem[0]);
}

TEST_F(ioasid, registered_memory)
{
	struct io_user *u = &self->u;
	int id = io_space(u, 0), other = io_alloc(u);

	ASSERT_EQ(0, io_memory(u, IOASID_REGISTER_MEMORY, self->mem + 4 * PG, 4 * PG));
	EXPECT_EQ(4, io_stats(u).pinned_pages);
	EXPECT_EQ(-EEXIST, io_memory(u, IOASID_REGISTER_MEMORY, self->mem + 7 * PG, 2 * PG));
	EXPECT_EQ(-EINVAL, io_memory(u, IOASID_REGISTER_MEMORY, self->mem, 0));
	EXPECT_EQ(-EINVAL, io_memory(u, IOASID_REGISTER_MEMORY, self->mem + 1, PG));
	EXPECT_EQ(-EOVERFLOW, io_memory(u, IOASID_REGISTER_MEMORY, (void *)-PG, PG));
	EXPECT_EQ(-EFAULT, io_memory(u, IOASID_REGISTER_MEMORY, (void *)PG, PG));
	/* "the mapped vaddr must be already in the preregistered list" */
	EXPECT_EQ(-ENOENT, io_map(u, id, 0, self->mem, PG));
	EXPECT_EQ(-ENOENT, io_map(u, id, 0, self->mem + 7 * PG, 2 * PG));
	EXPECT_EQ(-ENOENT, io_map(u, id, 0, self->mem + 3 * PG, 2 * PG));
	ASSERT_EQ(0, io_map(u, id, 0, self->mem + 5 * PG, 2 * PG));
	ASSERT_EQ(0, io_attach(u, 0, other, 3) ? 0 : io_map(u, other, 0, self->mem + 6 * PG, PG));
	EXPECT_EQ(6, io_peek(u, 0, NO_PASID, PG));
	EXPECT_EQ(4, io_stats(u).pinned_pages);
	EXPECT_EQ(-EBUSY, io_memory(u, IOASID_UNREGISTER_MEMORY, self->mem + 4 * PG, 4 * PG));
	EXPECT_EQ(-ENOENT, io_memory(u, IOASID_UNREGISTER_MEMORY, self->mem + 4 * PG, PG));
	ASSERT_EQ(0, io_unmap(u, id, 0, 2 * PG));
	io_detach(u, 0, other, 3);
	EXPECT_EQ(4, io_stats(u).pinned_pages);
	ASSERT_EQ(0, io_memory(u, IOASID_UNREGISTER_MEMORY, self->mem + 4 * PG, 4 * PG));
	EXPECT_EQ(0, io_stats(u).pinned_pages);
	EXPECT_EQ(0, io_map(u, id, 0, self->mem, PG));
}

TEST_F(ioasid, information)
{
	struct io_user *u = &self->u;
	bool arm = variant->vendor == IOMMU_REF_SMMUV3;
	struct ioasid_iova_range r[4];
	struct ioasid_info info;
	int id = io_space(u, 0);

	EXPECT_EQ(IOASID_CAP_MAP_DMA | IOASID_CAP_NESTING_HW | IOASID_CAP_NESTING_SW,
		  io_caps(u, id));
	EXPECT_EQ(-EMSGSIZE, io_info(u, id, &info, r, 1));
	EXPECT_EQ(2, info.num_reserved);
	EXPECT_EQ(-EFAULT, io_info(u, id, &info, NULL, 4));
	ASSERT_EQ(0, io_info(u, id, &info, r, 4));
	EXPECT_EQ(arm ? 0x08000000 : 0xfee00000, r[0].start);
	EXPECT_EQ(arm ? 0x080fffff : 0xfeefffff, r[0].last);
	EXPECT_EQ(1ull << 48, r[1].start);
	EXPECT_EQ(UINT64_MAX, r[1].last);
	EXPECT_EQ(0x40201000, info.out_pgsizes);
	EXPECT_EQ(0, info.out_children);
	EXPECT_EQ(20, info.out_pasid_bits);
	EXPECT_EQ(48, info.out_addr_width);
	EXPECT_EQ(arm ? IOASID_PGTABLE_ARM_S1 : IOASID_PGTABLE_VTD_S1, info.out_pgtable_format);
	EXPECT_EQ(arm ? IOASID_PASID_TABLE_ARM_SMMUV3 : IOASID_PASID_TABLE_NONE,
		  info.out_pasid_table_format);
	ASSERT_LT(0, io_nest(u, id));
	ASSERT_EQ(0, io_info(u, id, &info, r, 4));
	EXPECT_EQ(1, info.out_children);
}

TEST_F(ioasid, extensions_are_a_union)
{
	struct io_user *u = &self->u;
	int other = iommu_ref_open(u->proc, "/dev/ioasid", 0);
	bool arm = variant->vendor == IOMMU_REF_SMMUV3;

	for (int ext = 0; ext < 10; ext++) {
		int fd_level = ext == IOASID_EXT_REGISTER_MEMORY || ext == IOASID_EXT_NESTING_SW;
		int can = ext >= IOASID_EXT_NESTING_HW && ext <= IOASID_EXT_PAGE_FAULT &&
			  (ext != IOASID_EXT_BIND_PASID_TABLE || arm);

		EXPECT_EQ(fd_level || can, io_value(u, IOASID_CHECK_EXTENSION, ext));
		/* No device yet */
		EXPECT_EQ(fd_level, iommu_ref_ioctl(u->proc, other, IOASID_CHECK_EXTENSION,
						    (void *)(uintptr_t)ext));
	}
}

/* ---- devices */

TEST_F(ioasid, what_bind_refuses)
{
	struct io_user *u = &self->u;
	int other = iommu_ref_open(u->proc, "/dev/ioasid", 0);
	int iommufd = iommu_ref_open(u->proc, "/dev/iommu", 0);
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	struct vfio_device_attach_ioasid at = { .argsz = sizeof(at), .ioasid = 1 };

	EXPECT_EQ(-EINVAL, io_bind_fd(u, 0, u->fd));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_BIND_IOMMUFD, &bind));
	ASSERT_EQ(0, io_open_device(u, 1));
	EXPECT_EQ(-EBADF, io_bind_fd(u, 1, 99));
	EXPECT_EQ(-EBADF, io_bind_fd(u, 1, -1));
	EXPECT_EQ(-EBADFD, io_bind_fd(u, 1, iommufd));
	/* "attach before bind" */
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[1], VFIO_ATTACH_IOASID, &at));
	EXPECT_EQ(-EINVAL, io_unbind_fd(u, 1, u->fd));
	/* One device, one file; one group, one owner */
	EXPECT_EQ(-EINVAL, io_unbind_fd(u, 0, other));
	EXPECT_EQ(-EBADFD, io_unbind_fd(u, 0, iommufd));
	ASSERT_EQ(0, io_device(u, 2));
	ASSERT_EQ(0, io_open_device(u, 3));
	EXPECT_EQ(-EBUSY, io_bind_fd(u, 3, other));
	EXPECT_EQ(-EPERM, iommu_ref_ioctl(u->proc, u->dev[3], VFIO_DEVICE_BIND_IOMMUFD, &bind));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_ATTACH_IOMMUFD_PT,
					   &at));
	/* And the other way round */
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[1], VFIO_DEVICE_BIND_IOMMUFD, &bind));
	EXPECT_EQ(-EINVAL, io_bind_fd(u, 1, u->fd));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(u->proc, u->dev[1], VFIO_ATTACH_IOASID, &at));
}

TEST_F(ioasid, what_attach_refuses)
{
	struct io_user *u = &self->u;
	struct vfio_device_attach_ioasid at = { .argsz = 8 };
	int id = io_alloc(u), other = io_alloc(u);

	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, NULL));
	at = (struct vfio_device_attach_ioasid){ .argsz = sizeof(at), .flag = 2, .ioasid = id };
	EXPECT_EQ(-EOPNOTSUPP, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	at = (struct vfio_device_attach_ioasid){ .argsz = sizeof(at), .user_pasid = 1,
						 .ioasid = id };
	EXPECT_EQ(-EOPNOTSUPP, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	at = (struct vfio_device_attach_ioasid){ .argsz = 12, .flag = 1, .ioasid = id };
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	at = (struct vfio_device_attach_ioasid){ .argsz = sizeof(at), .flag = 1, .ioasid = id,
						 .user_pasid = UINT32_MAX };
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	EXPECT_EQ(-ENOENT, io_attach(u, 0, 77, NO_PASID));
	EXPECT_EQ(-EINVAL, io_attach(u, 0, id, 0));
	EXPECT_EQ(-EINVAL, io_attach(u, 0, id, 1 << 20));
	at = (struct vfio_device_attach_ioasid){ .argsz = 12, .ioasid = id };
	EXPECT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_ATTACH_IOASID, &at));
	EXPECT_EQ(-EBUSY, io_attach(u, 0, id, NO_PASID));
	EXPECT_EQ(-EBUSY, io_attach(u, 0, other, NO_PASID));
	EXPECT_EQ(-ENOENT, io_detach(u, 0, other, NO_PASID));
	EXPECT_EQ(-ENOENT, io_detach(u, 0, id, 4));
	EXPECT_EQ(-EBUSY, io_unbind_fd(u, 0, u->fd));
	ASSERT_EQ(0, io_detach(u, 0, id, NO_PASID));
	EXPECT_EQ(0, io_unbind_fd(u, 0, u->fd));
	EXPECT_EQ(0, io_bind_fd(u, 0, u->fd));
}

/* Memory where a new device cannot reach */
TEST_F(ioasid, a_reserved_range_is_in_the_way)
{
	struct io_user *u = &self->u;
	uint64_t msi = variant->vendor == IOMMU_REF_VTD ? 0xfee00000 : 0x08000000;
	int id = io_alloc(u);

	ASSERT_EQ(0, io_attach(u, 0, id, 9));
	ASSERT_EQ(0, io_map(u, id, msi, self->mem, PG));
	ASSERT_EQ(0, io_device(u, 1));
	EXPECT_EQ(-EADDRINUSE, io_attach(u, 1, id, NO_PASID));
	EXPECT_EQ(-EFAULT, io_peek(u, 1, NO_PASID, msi));
	EXPECT_EQ(0, io_peek(u, 0, 9, msi));
	ASSERT_EQ(0, io_unmap(u, id, msi, PG));
	EXPECT_EQ(0, io_attach(u, 1, id, NO_PASID));
	/* It takes its range along when it goes. */
	EXPECT_EQ(-EINVAL, io_map(u, id, msi, self->mem, PG));
	ASSERT_EQ(0, io_detach(u, 1, id, NO_PASID));
	EXPECT_EQ(0, io_map(u, id, msi, self->mem, PG));
}

/* "devices within an iommu group must be all attached to the same IOASID" */
TEST_F(ioasid, a_part_of_a_group)
{
	struct io_user *u = &self->u;
	int id = io_alloc(u);

	ASSERT_EQ(0, io_device(u, 2));
	ASSERT_EQ(0, io_attach(u, 0, id, NO_PASID));
	ASSERT_EQ(0, io_map(u, id, 0, self->mem, PG));
	ASSERT_EQ(0, io_attach(u, 2, id, NO_PASID));
	EXPECT_EQ(-EDEADLK, io_map(u, id, PG, self->mem, PG));
	EXPECT_EQ(-EDEADLK, io_unmap(u, id, 0, PG));
	EXPECT_EQ(-EDEADLK, io_caps(u, id));
	EXPECT_EQ(-EDEADLK, io_nest(u, id));
	/* Blocked until the rest comes; others are not concerned */
	EXPECT_EQ(-EFAULT, io_peek(u, 2, NO_PASID, 0));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
	ASSERT_EQ(0, io_device(u, 3));
	EXPECT_EQ(-EFAULT, io_peek(u, 2, NO_PASID, 0));
	ASSERT_EQ(0, io_attach(u, 3, id, NO_PASID));
	EXPECT_EQ(0, io_peek(u, 2, NO_PASID, 0));
	EXPECT_EQ(0, io_peek(u, 3, NO_PASID, 0));
	EXPECT_EQ(0, io_map(u, id, PG, self->mem, PG));
	/* One leaves: blocked again */
	ASSERT_EQ(0, io_close_device(u, 3));
	EXPECT_EQ(-EFAULT, io_peek(u, 2, NO_PASID, 0));
	EXPECT_EQ(-EDEADLK, io_unmap(u, id, 0, PG));
	ASSERT_EQ(0, io_detach(u, 2, id, NO_PASID));
	EXPECT_EQ(0, io_unmap(u, id, 0, PG));
}

TEST_F(ioasid, the_device_keeps_the_file_open)
{
	struct io_user *u = &self->u;
	int id = io_space(u, 0);

	ASSERT_EQ(0, io_map(u, id, 0, self->mem, PG));
	ASSERT_EQ(0, iommu_ref_close(u->proc, u->fd));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
	EXPECT_EQ(-EBADF, io_map(u, id, PG, self->mem, PG));
	ASSERT_EQ(0, io_close_device(u, 0));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 0));
	EXPECT_EQ(0, io_stats(u).objects);
	EXPECT_EQ(0, io_stats(u).domains);
	EXPECT_EQ(0, io_stats(u).pinned_pages);
	/* The device is free for another one. */
	u->fd = iommu_ref_open(u->proc, "/dev/ioasid", 0);
	EXPECT_EQ(0, io_device(u, 0));
}

TEST_F(ioasid, device_info)
{
	struct io_user *u = &self->u;
	struct {
		struct vfio_device_info info;
		struct vfio_device_info_cap_pasid cap;
	} a = { .info = { .argsz = sizeof(a.info) } };
	bool arm = variant->vendor == IOMMU_REF_SMMUV3;

	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_GET_INFO, &a));
	EXPECT_EQ(sizeof(a), a.info.argsz);
	EXPECT_EQ(0, a.info.cap_offset);
	EXPECT_NE(0, a.info.flags & VFIO_DEVICE_FLAGS_CAPS);
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_GET_INFO, &a));
	EXPECT_EQ(sizeof(a.info), a.info.cap_offset);
	EXPECT_EQ(VFIO_DEVICE_INFO_CAP_PASID, a.cap.header.id);
	EXPECT_EQ(20, a.cap.pasid_bits);
	EXPECT_EQ(arm ? VFIO_DEVICE_PASID_DELEGATED : 0, a.cap.flags);
	a.info.argsz = 8;
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_GET_INFO, &a));
	EXPECT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[0], VFIO_DEVICE_RESET, NULL));
}

/* Sizes, reserved fields and memory of every struct */
TEST_F(ioasid, every_struct_is_checked)
{
	struct io_user *u = &self->u;
	static const struct {
		unsigned long cmd;
		uint32_t size;
		int reserved;		/* offset of a field that is to be 0, or -1 */
	} rows[] = {
		{ IOASID_REGISTER_MEMORY, sizeof(struct ioasid_memory), 4 },
		{ IOASID_UNREGISTER_MEMORY, sizeof(struct ioasid_memory), 4 },
		{ IOASID_GET_INFO, sizeof(struct ioasid_info), 4 },
		{ IOASID_MAP_DMA, sizeof(struct ioasid_dma_map), 12 },
		{ IOASID_UNMAP_DMA, sizeof(struct ioasid_dma_unmap), 12 },
		{ IOASID_BIND_PGTABLE, sizeof(struct ioasid_bind_pgtable), 4 },
		{ IOASID_BIND_PASID_TABLE, sizeof(struct ioasid_bind_pasid_table), 4 },
		{ IOASID_INVALIDATE_CACHE, sizeof(struct ioasid_invalidate), 4 },
		{ IOASID_PAGE_RESPONSE, sizeof(struct ioasid_page_response), 20 },
	};
	int id = io_space(u, 0);

	ASSERT_LT(0, id);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t arg[32] = { rows[i].size - 1, 0, id };

		EXPECT_EQ(-EINVAL, io_cmd(u, rows[i].cmd, arg));
		arg[0] = rows[i].size + 4;
		arg[rows[i].size / 4] = 1;
		EXPECT_EQ(-E2BIG, io_cmd(u, rows[i].cmd, arg));
		arg[0] = rows[i].size;
		arg[rows[i].reserved / 4] = 1;
		EXPECT_EQ(-EOPNOTSUPP, io_cmd(u, rows[i].cmd, arg));
		EXPECT_EQ(-EFAULT, io_cmd(u, rows[i].cmd, NULL));
		EXPECT_EQ(-EFAULT, io_cmd(u, rows[i].cmd, (void *)PG));
	}
	EXPECT_EQ(-ENOTTY, io_cmd(u, _IO(IOASID_TYPE, IOASID_BASE + 16), NULL));
	EXPECT_EQ(-ENOTTY, io_cmd(u, IOMMU_IOAS_ALLOC, NULL));
	EXPECT_EQ(-ENOENT, io_value(u, IOASID_FREE, 1ull << 32 | (uint32_t)id));
	EXPECT_EQ(-ENOENT, io_value(u, IOASID_CREATE_NESTING, 0));
	EXPECT_EQ(-EOPNOTSUPP, io_value(u, IOASID_ALLOC_FAULT_FD, 1));
}

TEST_HARNESS_MAIN
