// SPDX-License-Identifier: GPL-2.0-only
/* v7: the groups of a container, by number and by type. */
#include <fcntl.h>
#include <stdio.h>

#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../../uapi/vfio.h"

FIXTURE(grp) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_V7(grp);

FIXTURE_SETUP(grp)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(grp)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(grp, second_group, "GRP_SECOND_GROUP")
{
	for (unsigned int round = 0; round < 2; round++) {
		CTS_EXPECT_RC("GRP_SECOND_GROUP", __cts_attach(self->rig.space, 1 + round));
		NEST_EXPECT_LANDS("GRP_SECOND_GROUP", &self->rig, 0, 64, 64);
	}
	/* nor is the refused group taken: another container can have it */
	struct cts_space *other;

	CTS_EXPECT_OK("GRP_SECOND_GROUP",
		      __cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 1, &other));
	cts_space_free(other);
}

CTS_TEST_F(grp, replace, "GRP_REPLACE")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct cts_space *s = self->rig.space;

	for (unsigned int device = 1; device < 3; device++) {
		cts_bind_free(leg->bind);
		leg->bind = NULL;
		CTS_PRE(__cts_detach(s, device == 1 ? 0 : 1));
		CTS_ASSERT_RC("GRP_REPLACE", __cts_attach(s, device));
		/* the last group took the mappings along */
		CTS_PRE(__cts_map(s, self->rig.ram.gpa, self->rig.ram.va, self->rig.ram.len,
				  CTS_RW));
		CTS_PRE(__cts_map(s, leg->gpa, leg->win.va, leg->win.len, CTS_RW));
		CTS_ASSERT_OK("GRP_REPLACE", nest_rig_bind(&self->rig, 0));
		CTS_PRE_TRUE(leg->path.device == device);
		NEST_EXPECT_LANDS("GRP_REPLACE", &self->rig, 0, 64, 64);
	}
}

/* ---- containers by hand */

FIXTURE(grp_type) {
	struct cts *c;
	int container;
	int group[2];
	struct window win;
};
CTS_VARIANTS_V7(grp_type);

FIXTURE_SETUP(grp_type)
{
	CTS_SETUP(self->c);
	self->container = cts_open(self->c, NULL, "/dev/vfio/vfio", O_RDWR);
	CTS_PRE(self->container);
	for (unsigned int i = 0; i < 2; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/vfio/%u", self->c->devices[i].group);
		self->group[i] = cts_open(self->c, NULL, path, O_RDWR);
		CTS_PRE(self->group[i]);
		CTS_PRE(cts_ioctl(self->c, NULL, self->group[i], VFIO_GROUP_SET_CONTAINER,
				  &self->container));
	}
	CTS_PRE(window_create(self->c, 4096, &self->win));
}

FIXTURE_TEARDOWN(grp_type)
{
	cts_end(self->c);
}

static long set_iommu(FIXTURE_DATA(grp_type) *self, uintptr_t type)
{
	return cts_ioctl_raw(self->c, NULL, self->container, VFIO_SET_IOMMU, (void *)type);
}

static long get_info(FIXTURE_DATA(grp_type) *self)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	return cts_ioctl(self->c, NULL, self->container, VFIO_IOMMU_GET_INFO, &info);
}

static long map(FIXTURE_DATA(grp_type) *self)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)self->win.va, .iova = RIG_IOVA, .size = self->win.len,
	};

	return cts_ioctl(self->c, NULL, self->container, VFIO_IOMMU_MAP_DMA, &map);
}

/* DMA of device @i through the container's own addresses. */
#define EXPECT_DMA(id, i) do { \
	struct dma_seen d_ = dma(self, i); \
	CTS_EXPECT_EQ(id, ENGINE_DONE, d_.rc); \
	CTS_EXPECT_NULL(id, d_.text); \
} while (0)

struct dma_seen {
	int rc;
	const char *text;
};

static struct dma_seen dma(FIXTURE_DATA(grp_type) *self, unsigned int i)
{
	/* the engines only need the space for its device file, which the reference's do not have */
	struct cts_space s = { .c = self->c, .fd = self->container };
	struct dma_seen d;

	window_arm(&self->win);
	d.rc = engine_write(&s, (struct cts_path){ .device = i }, RIG_IOVA + 64, 16);
	d.text = window_written(&self->win, engine_of(self->c, i), 64, 16);
	return d;
}

CTS_TEST_F(grp_type, two_groups, "GRP_SET_IOMMU_TWO_GROUPS")
{
	CTS_EXPECT_RC("GRP_SET_IOMMU_TWO_GROUPS", set_iommu(self, VFIO_TYPE1_NESTING_IOMMU));
	/* no type: vfio.c has no driver to ask */
	CTS_EXPECT_ERRNO("GRP_SET_IOMMU_TWO_GROUPS", get_info(self), EINVAL, ENOTTY);
	CTS_EXPECT_OK("GRP_SET_IOMMU_TWO_GROUPS", set_iommu(self, VFIO_TYPE1v2_IOMMU));
	CTS_EXPECT_OK("GRP_SET_IOMMU_TWO_GROUPS", get_info(self));
}

CTS_TEST_F(grp_type, one_left, "GRP_SET_IOMMU_TWO_GROUPS")
{
	CTS_EXPECT_RC("GRP_SET_IOMMU_TWO_GROUPS", set_iommu(self, VFIO_TYPE1_NESTING_IOMMU));
	CTS_PRE(cts_ioctl_raw(self->c, NULL, self->group[1], VFIO_GROUP_UNSET_CONTAINER, NULL));
	CTS_EXPECT_OK("GRP_SET_IOMMU_TWO_GROUPS", set_iommu(self, VFIO_TYPE1_NESTING_IOMMU));
}

CTS_TEST_F(grp_type, non_nesting, "GRP_NON_NESTING_UNLIMITED")
{
	CTS_ASSERT_RC("GRP_NON_NESTING_UNLIMITED", set_iommu(self, VFIO_TYPE1v2_IOMMU));
	CTS_PRE(map(self));
	for (unsigned int i = 0; i < 2; i++)
		EXPECT_DMA("GRP_NON_NESTING_UNLIMITED", i);
}

/* ---- hardware with one stage */

static const struct cts_machine one_stage = { .no_nesting = true };

FIXTURE(grp_one_stage) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(grp_one_stage);

FIXTURE_SETUP(grp_one_stage)
{
	CTS_SETUP_ON(self->c, &one_stage);
}

FIXTURE_TEARDOWN(grp_one_stage)
{
	cts_end(self->c);
}

CTS_TEST_F(grp_one_stage, unsupported_type, "GRP_UNSUPPORTED_TYPE")
{
	int container = cts_open(self->c, NULL, "/dev/vfio/vfio", O_RDWR), group;
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	char path[32];

	CTS_PRE(container);
	snprintf(path, sizeof(path), "/dev/vfio/%u", self->c->devices[0].group);
	group = cts_open(self->c, NULL, path, O_RDWR);
	CTS_PRE(group);
	CTS_PRE(cts_ioctl(self->c, NULL, group, VFIO_GROUP_SET_CONTAINER, &container));
	for (unsigned int k = 0; k < 2; k++)
		CTS_EXPECT_RC("GRP_UNSUPPORTED_TYPE",
			      cts_ioctl_raw(self->c, NULL, container, VFIO_SET_IOMMU,
					    (void *)(uintptr_t)VFIO_TYPE1_NESTING_IOMMU));
	CTS_EXPECT_OK("GRP_UNSUPPORTED_TYPE",
		      cts_ioctl_raw(self->c, NULL, container, VFIO_SET_IOMMU,
				    (void *)(uintptr_t)VFIO_TYPE1v2_IOMMU));
	CTS_EXPECT_OK("GRP_UNSUPPORTED_TYPE",
		      cts_ioctl(self->c, NULL, container, VFIO_IOMMU_GET_INFO, &info));
}

CTS_SUITE("groups", "groups/container");
