// SPDX-License-Identifier: GPL-2.0-only
/* Who may drive a device: one owner for a device and its group, and nobody before it is bound. */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "objects.h"

FIXTURE(own_device) {
	struct cts *c;
	struct flat_rig rig;
	struct cts_actor *b;
};
CTS_VARIANTS_SEMANTIC(own_device);

FIXTURE_SETUP(own_device)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
	self->b = cts_second_actor(self->c);
	CTS_PRE_TRUE(self->b);
}

FIXTURE_TEARDOWN(own_device)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(own_device, foreign, "OWN_DEVICE_FOREIGN")
{
	struct cts_actor *const who[] = { self->b, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		struct cts_space *s;

		CTS_EXPECT_RC("OWN_DEVICE_FOREIGN",
			      __cts_space_create(self->c, who[i], 0, 1u << self->rig.device, &s));
		cts_space_free(s);
	}
	FLAT_EXPECT_LANDS("OWN_DEVICE_FOREIGN", &self->rig, 4096, 64);
}

CTS_TEST_F(own_device, passed_maps, "OWN_PASSED_MAPS")
{
	const uint64_t iova = self->rig.iova + (1 << 24);
	struct cts_space theirs = *self->rig.space;	/* the same space in the other process */
	struct window w;

	CTS_PRE(window_create(self->c, 4096, &w));
	theirs.actor = self->b;
	theirs.fd = cts_pass_fd(self->c, self->c->self, self->rig.space->fd, self->b);
	CTS_PRE(theirs.fd);
	CTS_EXPECT_OK("OWN_PASSED_MAPS", __cts_map(&theirs, iova, w.va, 4096, CTS_RW));
	window_arm(&w);
	CTS_EXPECT_EQ("OWN_PASSED_MAPS", ENGINE_DONE,
		      engine_write(self->rig.space, self->rig.path, iova, 64));
	CTS_EXPECT_NULL("OWN_PASSED_MAPS", window_written(&w, self->rig.engine, 0, 64));
	CTS_EXPECT_OK("OWN_PASSED_MAPS", __cts_unmap(&theirs, iova, 4096, NULL));
	CTS_PRE(cts_close(self->c, self->b, theirs.fd));
	/* closing the copy ended nothing */
	FLAT_EXPECT_LANDS("OWN_PASSED_MAPS", &self->rig, 4096, 64);
}

/* ---- iommufd: the device file before, at and after the bind */

FIXTURE(own_cdev) {
	struct cts *c;
	int fd, dev_fd;
};
CTS_VARIANTS_IOMMUFD(own_cdev);

FIXTURE_SETUP(own_cdev)
{
	CTS_SETUP(self->c);
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	CTS_PRE(self->fd);
	CTS_PRE_TRUE(self->c->nr_devices);
	self->dev_fd = __obj_open_device(self->c, NULL, 0);
	CTS_PRE(self->dev_fd);
}

FIXTURE_TEARDOWN(own_cdev)
{
	cts_end(self->c);
}

CTS_TEST_F(own_cdev, bind_twice, "OWN_BIND_TWICE")
{
	int again = __obj_open_device(self->c, NULL, 0);
	int other = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	uint32_t id;

	CTS_PRE(again);
	CTS_PRE(other);
	CTS_PRE(__obj_bind(self->c, NULL, self->dev_fd, self->fd, &id));
	CTS_EXPECT_RC("OWN_BIND_TWICE", __obj_bind(self->c, NULL, self->dev_fd, self->fd, &id));
	CTS_EXPECT_RC("OWN_BIND_TWICE", __obj_bind(self->c, NULL, self->dev_fd, other, &id));
	CTS_EXPECT_RC("OWN_BIND_TWICE", __obj_bind(self->c, NULL, again, self->fd, &id));
	CTS_EXPECT_RC("OWN_BIND_TWICE", __obj_bind(self->c, NULL, again, other, &id));
	/* when the first lets go the second may */
	CTS_PRE(cts_close(self->c, NULL, self->dev_fd));
	CTS_EXPECT_OK("OWN_BIND_TWICE", __obj_bind(self->c, NULL, again, other, &id));
}

CTS_TEST_F(own_cdev, attach_before_bind, "OWN_ATTACH_UNBOUND")
{
	uint32_t ioas, pt, id;

	CTS_PRE(__obj_ioas(self->c, NULL, self->fd, &ioas));
	pt = ioas;
	CTS_EXPECT_RC("OWN_ATTACH_UNBOUND", __obj_attach(self->c, NULL, self->dev_fd, &pt));
	CTS_EXPECT_RC("OWN_ATTACH_UNBOUND", __obj_detach(self->c, NULL, self->dev_fd));
	CTS_PRE(__obj_bind(self->c, NULL, self->dev_fd, self->fd, &id));
	pt = ioas;
	CTS_EXPECT_OK("OWN_ATTACH_UNBOUND", __obj_attach(self->c, NULL, self->dev_fd, &pt));
}

CTS_TEST_F(own_cdev, unbound_no_access, "OWN_UNBOUND_NO_ACCESS")
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	uint32_t id;

	CTS_EXPECT_RC("OWN_UNBOUND_NO_ACCESS",
		      cts_ioctl(self->c, NULL, self->dev_fd, VFIO_DEVICE_GET_INFO, &info));
	CTS_EXPECT_RC("OWN_UNBOUND_NO_ACCESS",
		      cts_ioctl(self->c, NULL, self->dev_fd, VFIO_DEVICE_GET_REGION_INFO, &region));
	CTS_EXPECT_RC("OWN_UNBOUND_NO_ACCESS",
		      cts_ioctl_raw(self->c, NULL, self->dev_fd, VFIO_DEVICE_RESET, NULL));
	CTS_PRE(__obj_bind(self->c, NULL, self->dev_fd, self->fd, &id));
	info = (struct vfio_device_info){ .argsz = sizeof(info) };
	CTS_EXPECT_OK("OWN_UNBOUND_NO_ACCESS",
		      cts_ioctl(self->c, NULL, self->dev_fd, VFIO_DEVICE_GET_INFO, &info));
}

/* Two devices of one group, or false. */
static bool group_of_two(struct cts *c, unsigned int *first, unsigned int *second)
{
	for (*first = 0; *first < c->nr_devices; ++*first)
		for (*second = *first + 1; *second < c->nr_devices; ++*second)
			if (c->devices[*first].group == c->devices[*second].group)
				return true;
	return false;
}

#define NEED_GROUP_OF_TWO(first, second) do { \
	if (!group_of_two(self->c, &(first), &(second))) \
		CTS_SKIP(NOT_SUPPORTED, "no two of the devices are in one IOMMU group here"); \
} while (0)

CTS_TEST_F(own_cdev, group_one_owner, "OWN_GROUP_ONE_OWNER")
{
	struct cts_actor *b = cts_second_actor(self->c);
	unsigned int first, second;
	int one, two, two_b, other, fd_b;
	uint32_t id;

	CTS_PRE_TRUE(b);
	NEED_GROUP_OF_TWO(first, second);
	CTS_PRE(other = cts_open(self->c, NULL, "/dev/iommu", O_RDWR));
	CTS_PRE(fd_b = cts_open(self->c, b, "/dev/iommu", O_RDWR));
	CTS_PRE(one = __obj_open_device(self->c, NULL, first));
	CTS_PRE(two = __obj_open_device(self->c, NULL, second));
	CTS_PRE(two_b = __obj_open_device(self->c, b, second));
	CTS_PRE(__obj_bind(self->c, NULL, one, self->fd, &id));
	CTS_EXPECT_RC("OWN_GROUP_ONE_OWNER", __obj_bind(self->c, NULL, two, other, &id));
	CTS_EXPECT_RC("OWN_GROUP_ONE_OWNER", __obj_bind(self->c, b, two_b, fd_b, &id));
	CTS_EXPECT_OK("OWN_GROUP_ONE_OWNER", __obj_bind(self->c, NULL, two, self->fd, &id));
}

CTS_TEST_F(own_cdev, group_one_table, "OWN_GROUP_ONE_TABLE")
{
	uint32_t ioas, dev[2], hwpt[2], pt;
	unsigned int first, second;
	int one, two;

	NEED_GROUP_OF_TWO(first, second);
	CTS_PRE(one = __obj_open_device(self->c, NULL, first));
	CTS_PRE(two = __obj_open_device(self->c, NULL, second));
	CTS_PRE(__obj_bind(self->c, NULL, one, self->fd, &dev[0]));
	CTS_PRE(__obj_bind(self->c, NULL, two, self->fd, &dev[1]));
	CTS_PRE(__obj_ioas(self->c, NULL, self->fd, &ioas));
	for (unsigned int i = 0; i < 2; i++)
		CTS_PRE(__obj_hwpt(self->c, NULL, self->fd, 0, dev[i], ioas, &hwpt[i]));
	pt = hwpt[0];
	CTS_PRE(__obj_attach(self->c, NULL, one, &pt));
	pt = hwpt[1];
	CTS_EXPECT_RC("OWN_GROUP_ONE_TABLE", __obj_attach(self->c, NULL, two, &pt));
	pt = hwpt[0];
	CTS_EXPECT_OK("OWN_GROUP_ONE_TABLE", __obj_attach(self->c, NULL, two, &pt));
}

CTS_SUITE("ownership", "ownership/devices");
