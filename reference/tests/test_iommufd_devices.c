// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Devices of an iommufd: binding, attach, replace and detach, groups, PASIDs, GET_HW_INFO, owners
 * in two processes, and what is left when files are closed in any order.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define PAGES 4

FIXTURE(device)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas, dev;
	int cdev;
};

FIXTURE_VARIANT(device)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(device, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(device, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

FIXTURE_SETUP(device)
{
	iommu_ref_config_init(&self->cfg, variant->vendor);
	self->cfg.devices[1].pasid = false;
	ASSERT_EQ(0, iommu_ref_create(&self->cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	self->mem = mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (unsigned int i = 0; i < PAGES; i++)
		self->mem[i * PG] = (uint8_t)(i + 1);
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PAGES * PG, 0x10000));
	self->cdev = fd_device(&self->u, 0, &self->dev);
	ASSERT_LE(0, self->cdev);
}

FIXTURE_TEARDOWN(device)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PAGES * PG);
}

/* ---- bind */

TEST_F(device, nothing_before_bind)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t pt = self->ioas;
	int cdev = fd_open_cdev(&self->u, 1);

	ASSERT_LE(0, cdev);
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&self->u, cdev, NO_PASID, &pt));
	EXPECT_EQ(-EINVAL, fd_detach(&self->u, cdev));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->u.proc, cdev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->u.proc, cdev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, iommu_ref_ioctl(self->u.proc, self->cdev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	info.argsz = 4;
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->u.proc, self->cdev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(0, iommu_ref_ioctl(self->u.proc, self->cdev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(self->u.proc, self->cdev, VFIO_GET_API_VERSION, NULL));
}

TEST_F(device, bind_order_of_errors)
{
	struct {
		struct vfio_device_bind_iommufd bind;
		uint32_t tail[2];
	} arg = { .bind = { .argsz = sizeof(arg.bind) } };
	int cdev = fd_open_cdev(&self->u, 1), again = fd_open_cdev(&self->u, 0);

#define BIND(fd) iommu_ref_ioctl(self->u.proc, fd, VFIO_DEVICE_BIND_IOMMUFD, &arg)
	arg.bind.argsz = 8;
	EXPECT_EQ(-EINVAL, BIND(cdev));
	arg.bind.argsz = sizeof(arg);
	arg.tail[1] = 1;
	EXPECT_EQ(-E2BIG, BIND(cdev));
	arg.bind.argsz = sizeof(arg.bind);
	arg.bind.iommufd = -1;
	EXPECT_EQ(-EINVAL, BIND(cdev));
	arg.bind.iommufd = self->u.fd;
	arg.bind.flags = 2;
	EXPECT_EQ(-EINVAL, BIND(cdev));
	arg.bind.flags = VFIO_DEVICE_BIND_FLAG_TOKEN;
	EXPECT_EQ(-EFAULT, BIND(cdev));
	arg.bind.token_uuid_ptr = (uintptr_t)self->mem;
	EXPECT_EQ(-EINVAL, BIND(cdev));
	arg.bind.flags = 0;
	arg.bind.iommufd = 200;
	EXPECT_EQ(-EBADF, BIND(cdev));
	arg.bind.iommufd = cdev;
	EXPECT_EQ(-EBADFD, BIND(cdev));
	arg.bind.iommufd = self->u.fd;
	EXPECT_EQ(-EINVAL, BIND(self->cdev));	/* "one device cannot be bound twice" */
	EXPECT_EQ(-EINVAL, BIND(again));	/* nor through another file */
	EXPECT_EQ(0, BIND(cdev));
#undef BIND
}

TEST_F(device, one_owner_a_group)
{
	struct fd_user b;
	int c2 = fd_device(&self->u, 2, &(uint32_t){ 0 }), c0, c3;
	uint32_t dev, theirs;

	ASSERT_LE(0, c2);
	ASSERT_EQ(0, fd_ioas(&self->u, &theirs));
	ASSERT_EQ(0, fd_user_create(self->ref, &b));
	c0 = fd_open_cdev(&b, 0);
	c3 = fd_open_cdev(&b, 3);
	EXPECT_EQ(-EPERM, fd_bind_to(&b, c3, b.fd, &dev));	/* 3 is in 2's group */
	EXPECT_EQ(-EINVAL, fd_bind_to(&b, c0, b.fd, &dev));	/* open elsewhere */
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, c2));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, self->cdev));
	EXPECT_EQ(0, fd_bind_to(&b, c3, b.fd, &dev));
	EXPECT_EQ(0, fd_bind_to(&b, c0, b.fd, &dev));
	EXPECT_EQ(-ENOENT, fd_attach(&b, c0, 77));
	/* The other's IOAS has no id here. */
	EXPECT_EQ(-ENOENT, fd_attach(&b, c0, theirs));
}

/* ---- attach */

TEST_F(device, automatic_hwpt)
{
	uint32_t pt = self->ioas, dev1, pt1 = self->ioas;
	int cdev1 = fd_device(&self->u, 1, &dev1);

	ASSERT_EQ(0, fd_attach_pasid(&self->u, self->cdev, NO_PASID, &pt));
	EXPECT_NE(self->ioas, pt);
	EXPECT_EQ(2, fd_peek(self->ref, 0, 0x11000));
	/* Every device that can shares it. */
	ASSERT_EQ(0, fd_attach_pasid(&self->u, cdev1, NO_PASID, &pt1));
	EXPECT_EQ(pt, pt1);
	EXPECT_EQ(2, fd_peek(self->ref, 1, 0x11000));
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, pt));
	ASSERT_EQ(0, fd_detach(&self->u, self->cdev));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x11000));
	EXPECT_EQ(2, fd_peek(self->ref, 1, 0x11000));
	/* It goes with the last; detaching again is no error. */
	ASSERT_EQ(0, fd_detach(&self->u, cdev1));
	EXPECT_EQ(0, fd_detach(&self->u, cdev1));
	EXPECT_EQ(-ENOENT, fd_destroy(&self->u, pt));
	EXPECT_EQ(0, fd_destroy(&self->u, self->ioas));
}

TEST_F(device, attach_order_of_errors)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = 8, .pt_id = 77 };

#define ATTACH(arg) iommu_ref_ioctl(self->u.proc, self->cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg)
	EXPECT_EQ(-EFAULT, ATTACH(NULL));
	EXPECT_EQ(-EINVAL, ATTACH(&cmd));
	cmd.argsz = 12;
	cmd.flags = 2;
	EXPECT_EQ(-EINVAL, ATTACH(&cmd));
	cmd.flags = VFIO_DEVICE_ATTACH_PASID;
	EXPECT_EQ(-EINVAL, ATTACH(&cmd));
	cmd.flags = 0;
	EXPECT_EQ(-ENOENT, ATTACH(&cmd));
	cmd.pt_id = self->dev;
	EXPECT_EQ(-EINVAL, ATTACH(&cmd));
#undef ATTACH
}

TEST_F(device, replace_is_for_the_whole_group)
{
	uint32_t dev2, dev3, a, b, ioas2;
	int c2 = fd_device(&self->u, 2, &dev2), c3 = fd_device(&self->u, 3, &dev3);

	ASSERT_EQ(0, fd_ioas(&self->u, &ioas2));
	ASSERT_EQ(0, fd_map_at(&self->u, ioas2, self->mem + PG, PG, 0x10000));
	ASSERT_EQ(0, fd_paging(&self->u, dev2, self->ioas, 0, &a));
	ASSERT_EQ(0, fd_paging(&self->u, dev2, ioas2, 0, &b));
	ASSERT_EQ(0, fd_attach(&self->u, c2, a));
	/* RIDs of one group are one: the other must have the same, and has it already. */
	EXPECT_EQ(1, fd_peek(self->ref, 3, 0x10000));
	EXPECT_EQ(-EINVAL, fd_attach(&self->u, c3, b));
	EXPECT_EQ(0, fd_attach(&self->u, c3, a));
	EXPECT_EQ(0, fd_attach(&self->u, c3, b));
	EXPECT_EQ(2, fd_peek(self->ref, 2, 0x10000));
	EXPECT_EQ(2, fd_peek(self->ref, 3, 0x10000));
	EXPECT_EQ(0, fd_destroy(&self->u, a));
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, b));
	/* The group keeps its table until the last device is gone. */
	ASSERT_EQ(0, fd_detach(&self->u, c2));
	EXPECT_EQ(2, fd_peek(self->ref, 2, 0x10000));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, c3));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 2, 0x10000));
	EXPECT_EQ(0, fd_destroy(&self->u, b));
}

TEST_F(device, failed_replace_changes_nothing)
{
	uint32_t ioas2;
	struct iommu_ioas_iova_ranges ranges = { .size = sizeof(ranges) };

	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, self->ioas));
	ASSERT_EQ(0, fd_ioas(&self->u, &ioas2));
	ASSERT_EQ(0, fd_map_at(&self->u, ioas2, self->mem, PG, self->cfg.msi_first));
	EXPECT_EQ(-EADDRINUSE, fd_attach(&self->u, self->cdev, ioas2));
	EXPECT_EQ(1, fd_peek(self->ref, 0, 0x10000));
	/* The reserved range is still the old IOAS's, not the new one's. */
	ranges.ioas_id = ioas2;
	EXPECT_EQ(-EMSGSIZE, fd_cmd(&self->u, IOMMU_IOAS_IOVA_RANGES, &ranges));
	EXPECT_EQ(1, ranges.num_iovas);
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, PG, self->cfg.msi_first));
}

TEST_F(device, new_hwpt_gets_old_and_new_areas)
{
	uint64_t len = PG;
	uint32_t a, b;

	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &a));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &b));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem + 3 * PG, PG, 0x40000));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, fd_attach(&self->u, self->cdev, i ? b : a));
		EXPECT_EQ(3, fd_peek(self->ref, 0, 0x12000));
		EXPECT_EQ(4, fd_peek(self->ref, 0, 0x40000));
	}
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 0x40000, &len));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, fd_attach(&self->u, self->cdev, i ? b : a));
		EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x40000));
	}
}

TEST_F(device, hwpt_flags)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .dev_id = self->dev, .pt_id = self->ioas,
	};
	const struct { uint32_t flags; int vtd, arm; } cases[] = {
		{ 0x10, -EOPNOTSUPP, -EOPNOTSUPP },
		{ IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 0, 0 },
		{ IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_NEST_PARENT, 0, -EOPNOTSUPP },
		{ IOMMU_HWPT_FAULT_ID_VALID, -ENOENT, -ENOENT },
		{ IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_NEST_PARENT, -EOPNOTSUPP,
		  -EOPNOTSUPP },
		{ IOMMU_HWPT_ALLOC_PASID, 0, 0 },
		{ IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_PASID, 0, -EOPNOTSUPP },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cmd.flags = cases[i].flags;
		EXPECT_EQ(variant->vendor == IOMMU_REF_VTD ? cases[i].vtd : cases[i].arm,
			  fd_cmd(&self->u, IOMMU_HWPT_ALLOC, &cmd));
	}
	cmd.flags = 0;
	cmd.dev_id = self->ioas;
	EXPECT_EQ(-ENOENT, fd_cmd(&self->u, IOMMU_HWPT_ALLOC, &cmd));
	cmd.dev_id = self->dev;
	cmd.pt_id = 99;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_HWPT_ALLOC, &cmd));
	cmd.pt_id = self->dev;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_HWPT_ALLOC, &cmd));
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_HWPT_ALLOC, &cmd));
}

/* VT-d's erratum 772415: a nest parent takes no read-only memory. */
TEST_F(device, nest_parent_and_read_only)
{
	int rc = variant->vendor == IOMMU_REF_VTD ? -EINVAL : 0;
	uint64_t iova = 0x80000;
	uint32_t parent;

	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
			       &parent));
	EXPECT_EQ(rc, fd_map(&self->u, self->ioas, self->mem, PG, &iova,
			     IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA));
	ASSERT_EQ(0, fd_destroy(&self->u, parent));
	EXPECT_EQ(rc ? 0 : -EEXIST, fd_map(&self->u, self->ioas, self->mem, PG, &iova,
					   IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA));
	EXPECT_EQ(rc, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
				&parent));
}

/* ---- PASIDs */

TEST_F(device, pasids)
{
	uint32_t flagged, plain, pt;
	uint8_t byte = 0;

	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, IOMMU_HWPT_ALLOC_PASID, &flagged));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &plain));
	pt = plain;
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&self->u, self->cdev, 9, &pt));
	pt = flagged;
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&self->u, self->cdev, 0, &pt));
	ASSERT_EQ(0, fd_attach_pasid(&self->u, self->cdev, 9, &pt));
	EXPECT_EQ(0, fd_dma(self->ref, 0, 9, false, 0x13000, &byte, 1));
	EXPECT_EQ(4, byte);
	EXPECT_EQ(-EFAULT, fd_dma(self->ref, 0, 8, false, 0x13000, &byte, 1));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x13000));
	EXPECT_EQ(-EINVAL, fd_attach(&self->u, self->cdev, plain));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, flagged));
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, flagged));
	ASSERT_EQ(0, fd_detach_pasid(&self->u, self->cdev, 9));
	EXPECT_EQ(-EFAULT, fd_dma(self->ref, 0, 9, false, 0x13000, &byte, 1));
	EXPECT_EQ(4, fd_peek(self->ref, 0, 0x13000));
	/* They go with the binding. */
	pt = flagged;
	ASSERT_EQ(0, fd_attach_pasid(&self->u, self->cdev, 11, &pt));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, self->cdev));
	EXPECT_EQ(-EFAULT, fd_dma(self->ref, 0, 11, false, 0x13000, &byte, 1));
	EXPECT_EQ(0, fd_destroy(&self->u, flagged));
}

/* ---- GET_HW_INFO */

TEST_F(device, hw_info)
{
	bool vtd = variant->vendor == IOMMU_REF_VTD;
	uint8_t buf[64];
	struct iommu_hw_info cmd = {
		.size = sizeof(cmd), .dev_id = self->dev, .data_len = sizeof(buf),
		.data_uptr = (uintptr_t)buf,
	};
	uint32_t len = vtd ? sizeof(struct iommu_hw_info_vtd) :
			     sizeof(struct iommu_hw_info_arm_smmuv3), dev1;

	memset(buf, 0xee, sizeof(buf));
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	EXPECT_EQ(vtd ? IOMMU_HW_INFO_TYPE_INTEL_VTD : IOMMU_HW_INFO_TYPE_ARM_SMMUV3,
		  cmd.out_data_type);
	EXPECT_EQ(len, cmd.data_len);
	EXPECT_EQ(20, cmd.out_max_pasid_log2);
	for (unsigned int i = len; i < sizeof(buf); i++)
		EXPECT_EQ(0, buf[i]);
	if (vtd) {
		struct iommu_hw_info_vtd *v = (void *)buf;

		EXPECT_TRUE(v->ecap_reg >> 26 & 1);	/* NEST */
		EXPECT_EQ(19, v->ecap_reg >> 35 & 31);	/* PSS */
		EXPECT_FALSE(v->cap_reg >> 60 & 1);	/* FL5LP */
	} else {
		struct iommu_hw_info_arm_smmuv3 *a = (void *)buf;

		EXPECT_EQ(3, a->idr[0] & 3);		/* S1P, S2P */
		EXPECT_EQ(20, a->idr[1] >> 6 & 31);	/* SSIDSIZE */
	}
	/* A short buffer is filled as far as it goes. */
	memset(buf, 0xee, sizeof(buf));
	cmd.data_len = 4;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	EXPECT_EQ(len, cmd.data_len);
	EXPECT_EQ(0xee, buf[4]);
	cmd.data_len = 4;
	cmd.data_uptr = 8;
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	cmd.data_len = 0;
	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	cmd.data_len = 0;
	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.in_data_type = IOMMU_HW_INFO_TYPE_AMD;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	cmd.flags = 2;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	cmd.flags = 0;
	cmd.__reserved[2] = 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	cmd.__reserved[2] = 0;
	cmd.dev_id = self->ioas;
	EXPECT_EQ(-ENOENT, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	ASSERT_LE(0, fd_device(&self->u, 1, &dev1));
	cmd.dev_id = dev1;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &cmd));
	EXPECT_EQ(0, cmd.out_max_pasid_log2);
}

/* ---- lifetime */

TEST_F(device, the_device_keeps_its_iommufd)
{
	struct iommu_ref_stats stats;

	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, self->ioas));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, self->u.fd));
	EXPECT_EQ(1, fd_peek(self->ref, 0, 0x10000));
	EXPECT_EQ(-EBADF, fd_destroy(&self->u, self->ioas));
	EXPECT_EQ(0, fd_detach(&self->u, self->cdev));
	EXPECT_EQ(0, fd_attach(&self->u, self->cdev, self->ioas));
	ASSERT_EQ(0, iommu_ref_close(self->u.proc, self->cdev));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x10000));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.objects);
	EXPECT_EQ(0, stats.domains);
	EXPECT_EQ(0, stats.pinned_pages);
}

TEST_F(device, exit_leaves_nothing)
{
	struct iommu_ref_stats stats;
	struct fd_user b;
	uint32_t hwpt, dev;

	ASSERT_EQ(0, fd_user_create(self->ref, &b));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, hwpt));
	iommu_ref_proc_exit(self->u.proc);
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x10000));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.objects);
	EXPECT_EQ(0, stats.domains);
	EXPECT_EQ(0, stats.pinned_pages);
	EXPECT_LE(0, fd_device(&b, 0, &dev));
}

TEST_HARNESS_MAIN
