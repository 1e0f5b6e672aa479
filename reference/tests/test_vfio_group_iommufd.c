// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO groups whose container is an iommufd: who may join, when a device is attached and to what,
 * the container's commands on /dev/iommu, and who is kept out meanwhile.
 */
#include <kselftest_harness.h>

#include "../../uapi/ioasid.h"
#include "iommufd_util.h"

FIXTURE(group)
{
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	int group;
};

FIXTURE_VARIANT(group)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(group, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(group, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

static int call(struct fd_user *u, int fd, unsigned long nr, const void *arg)
{
	return iommu_ref_ioctl(u->proc, fd, nr, (void *)(uintptr_t)arg);
}

static int join(struct fd_user *u, int group, int32_t fd)
{
	return call(u, group, VFIO_GROUP_SET_CONTAINER, &fd);
}

static uint32_t group_flags(struct fd_user *u, int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	return call(u, group, VFIO_GROUP_GET_STATUS, &status) ? ~0u : status.flags;
}

static int compat(struct fd_user *u, uint16_t op, uint32_t *id)
{
	struct iommu_vfio_ioas cmd = { .size = sizeof(cmd), .op = op, .ioas_id = *id };
	int rc = fd_cmd(u, IOMMU_VFIO_IOAS, &cmd);

	*id = cmd.ioas_id;
	return rc;
}

static int dma_map(struct fd_user *u, void *va, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va, .iova = iova, .size = PG,
	};

	return fd_cmd(u, VFIO_IOMMU_MAP_DMA, &cmd);
}

FIXTURE_SETUP(group)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	self->mem = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->mem[0] = 0x5a;
	self->group = iommu_ref_open(self->u.proc, "/dev/vfio/1", 0);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(group)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PG);
}

/* What a program that knows only VFIO does, with another file for /dev/vfio/vfio. */
TEST_F(group, vfio_program)
{
	struct fd_user *u = &self->u;
	uint32_t id = 0;
	int dev, again;

	EXPECT_EQ(-ENODEV, compat(u, IOMMU_VFIO_IOAS_GET, &id));
	EXPECT_EQ(-EINVAL, call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0"));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, group_flags(u, self->group));
	ASSERT_EQ(0, join(u, self->group, u->fd));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  group_flags(u, self->group));
	EXPECT_EQ(-EINVAL, join(u, self->group, u->fd));
	EXPECT_EQ(0, compat(u, IOMMU_VFIO_IOAS_GET, &id));
	EXPECT_EQ(0, fd_cmd(u, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, dma_map(u, self->mem, 0x10000));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x10000));	/* no device file is open */

	EXPECT_EQ(-ENODEV, call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:02.0"));
	dev = call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	ASSERT_LE(0, dev);
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x10000));
	again = call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	ASSERT_LE(0, again);
	EXPECT_EQ(-EBUSY, fd_destroy(u, id));
	EXPECT_EQ(-EBUSY, call(u, self->group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(0, iommu_ref_close(u->proc, dev));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x10000));
	EXPECT_EQ(0, iommu_ref_close(u->proc, again));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x10000));
	EXPECT_EQ(0, call(u, self->group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(-EINVAL, call(u, self->group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(0, fd_destroy(u, id));
}

/* An IOAS that is there already is taken; one that is gone is missed. */
TEST_F(group, which_ioas)
{
	struct fd_user *u = &self->u;
	uint32_t own, id = 0;
	int dev;

	ASSERT_EQ(0, fd_ioas(u, &own));
	EXPECT_EQ(0, compat(u, IOMMU_VFIO_IOAS_SET, &own));
	ASSERT_EQ(0, join(u, self->group, u->fd));
	EXPECT_EQ(0, compat(u, IOMMU_VFIO_IOAS_GET, &id));
	EXPECT_EQ(own, id);
	EXPECT_EQ(0, compat(u, IOMMU_VFIO_IOAS_CLEAR, &id));
	EXPECT_EQ(-ENODEV, call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0"));
	EXPECT_EQ(0, compat(u, IOMMU_VFIO_IOAS_SET, &own));
	EXPECT_EQ(0, fd_map_at(u, own, self->mem, PG, 0x20000));
	dev = call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	ASSERT_LE(0, dev);
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x20000));
}

/* The group is open, even without a container: no cdev of it can be bound, to whatever. */
TEST_F(group, group_is_open)
{
	struct fd_user *u = &self->u;
	int cdev = fd_open_cdev(u, 0), ioasid = iommu_ref_open(u->proc, "/dev/ioasid", 0), other;
	uint32_t dev;

	ASSERT_LE(0, cdev);
	EXPECT_EQ(-EBUSY, fd_bind_to(u, cdev, u->fd, &dev));
	EXPECT_EQ(-EBUSY, call(u, cdev, VFIO_BIND_IOASID_FD, (void *)(intptr_t)ioasid));
	ASSERT_EQ(0, join(u, self->group, u->fd));
	EXPECT_EQ(-EBUSY, fd_bind_to(u, cdev, u->fd, &dev));
	/* "block_group" comes before the number of the iommufd is looked at. */
	EXPECT_EQ(-EBUSY, fd_bind_to(u, cdev, cdev, &dev));
	other = fd_open_cdev(u, 1);	/* of another group */
	EXPECT_EQ(0, fd_bind_to(u, other, u->fd, &dev));
	EXPECT_EQ(0, iommu_ref_close(u->proc, self->group));
	EXPECT_EQ(0, fd_bind_to(u, cdev, u->fd, &dev));
}

/* A cdev is bound: the group of it, and that of the other devices in it, cannot be opened. */
TEST_F(group, cdev_is_bound)
{
	struct fd_user *u = &self->u;
	int cdev = fd_open_cdev(u, 2), ioasid = iommu_ref_open(u->proc, "/dev/ioasid", 0);
	uint32_t dev;
	int group;

	ASSERT_LE(0, cdev);
	group = iommu_ref_open(u->proc, "/dev/vfio/3", 0);
	EXPECT_LE(0, group);	/* only open: nothing is bound yet */
	EXPECT_EQ(0, iommu_ref_close(u->proc, group));
	ASSERT_EQ(0, fd_bind_to(u, cdev, u->fd, &dev));
	EXPECT_EQ(-EBUSY, iommu_ref_open(u->proc, "/dev/vfio/3", 0));
	group = iommu_ref_open(u->proc, "/dev/vfio/2", 0);
	EXPECT_LE(0, group);
	EXPECT_EQ(0, iommu_ref_close(u->proc, cdev));
	cdev = fd_open_cdev(u, 3);
	ASSERT_EQ(0, call(u, cdev, VFIO_BIND_IOASID_FD, (void *)(intptr_t)ioasid));
	EXPECT_EQ(-EBUSY, iommu_ref_open(u->proc, "/dev/vfio/3", 0));
	EXPECT_EQ(0, iommu_ref_close(u->proc, cdev));
	EXPECT_LE(0, iommu_ref_open(u->proc, "/dev/vfio/3", 0));
}

/* One owner at a time, by whichever way. */
TEST_F(group, keeps_others_out)
{
	struct fd_user *u = &self->u;
	int container = iommu_ref_open(u->proc, "/dev/vfio/vfio", 0), dev, cdev, fd;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = u->fd };

	EXPECT_EQ(-EINVAL, join(u, self->group, self->group));
	EXPECT_EQ(-EBADF, join(u, self->group, 999));
	EXPECT_EQ(-EINVAL, join(u, self->group, -1));
	ASSERT_EQ(0, join(u, self->group, u->fd));
	EXPECT_EQ(-EINVAL, join(u, self->group, container));
	dev = call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	ASSERT_LE(0, dev);
	cdev = fd_open_cdev(u, 0);
	ASSERT_LE(0, cdev);
	EXPECT_EQ(-EBUSY, call(u, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind));
	/* The group's file is closed, the device's keeps it. */
	EXPECT_EQ(0, iommu_ref_close(u->proc, self->group));
	EXPECT_EQ(-EBUSY, call(u, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind));
	EXPECT_EQ(0, iommu_ref_close(u->proc, dev));
	fd = iommu_ref_open(u->proc, "/dev/iommu", 0);
	bind.iommufd = fd;
	EXPECT_EQ(0, call(u, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind));
	EXPECT_EQ(-EBUSY, iommu_ref_open(u->proc, "/dev/vfio/1", 0));
	EXPECT_EQ(0, iommu_ref_close(u->proc, cdev));
	EXPECT_LE(0, iommu_ref_open(u->proc, "/dev/vfio/1", 0));
}

/* What was closed is still used: by the device file, the group; by the group, the iommufd. */
TEST_F(group, lifetime)
{
	struct fd_user *u = &self->u;
	uint32_t ioas = 0;
	int dev;

	ASSERT_EQ(0, join(u, self->group, u->fd));
	ASSERT_EQ(0, compat(u, IOMMU_VFIO_IOAS_GET, &ioas));
	ASSERT_EQ(0, fd_map_at(u, ioas, self->mem, PG, 0x30000));
	dev = call(u, self->group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, iommu_ref_close(u->proc, u->fd));
	EXPECT_EQ(0, iommu_ref_close(u->proc, self->group));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x30000));
	EXPECT_EQ(-EBUSY, iommu_ref_open(u->proc, "/dev/vfio/1", 0));
	EXPECT_EQ(0, iommu_ref_close(u->proc, dev));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x30000));
	self->group = iommu_ref_open(u->proc, "/dev/vfio/1", 0);
	EXPECT_LE(0, self->group);
}

TEST_HARNESS_MAIN
