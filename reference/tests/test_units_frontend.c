// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Two IOMMU units below the front ends: iommufd makes a second table where one does not fit both,
 * VFIO refuses what it cannot, and nesting of v7 needs units that are alike. Devices 0 and 1 are
 * behind unit 0, devices 2 and 3, a group, behind unit 1.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"
#include "vfio_util.h"

#define LESS ((1ull << 39) - 1)

static void config(struct iommu_ref_config *cfg, enum iommu_ref_vendor vendor)
{
	iommu_ref_config_init(cfg, vendor);
	cfg->nr_units = 2;
	iommu_ref_unit_init(cfg, &cfg->units[0]);
	cfg->units[1] = cfg->units[0];
	cfg->devices[2].unit = cfg->devices[3].unit = 1;
}

FIXTURE(fd)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint8_t *mem;
	uint32_t ioas, dev[2];
	int cdev[2];
};

static int start(FIXTURE_DATA(fd) *self)
{
	static const unsigned int index[] = { 0, 2 };
	int rc = iommu_ref_create(&self->cfg, &self->ref);

	if (!rc)
		rc = fd_user_create(self->ref, &self->u);
	for (unsigned int i = 0; !rc && i < 2; i++) {
		self->cdev[i] = fd_device(&self->u, index[i], &self->dev[i]);
		rc = self->cdev[i] < 0 ? self->cdev[i] : 0;
	}
	if (!rc)
		rc = fd_ioas(&self->u, &self->ioas);
	return rc ? rc : fd_map_at(&self->u, self->ioas, self->mem, PG, 0x10000);
}

FIXTURE_SETUP(fd)
{
	self->mem = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->mem[0] = 0x5a;
	config(&self->cfg, IOMMU_REF_VTD);
}

FIXTURE_TEARDOWN(fd)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, PG);
}

static uint64_t domains(FIXTURE_DATA(fd) *self)
{
	struct iommu_ref_stats s;

	iommu_ref_stats(self->ref, &s);
	return s.domains;
}

static int attach(FIXTURE_DATA(fd) *self, unsigned int i, uint32_t pt)
{
	return fd_attach(&self->u, self->cdev[i], pt);
}

static long compat(FIXTURE_DATA(fd) *self, unsigned long cmd, unsigned long arg)
{
	return iommu_ref_ioctl(self->u.proc, self->u.fd, cmd, (void *)arg);
}

TEST_F(fd, equal_units_share_a_table)
{
	ASSERT_EQ(0, start(self));
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(0, attach(self, i, self->ioas));
	EXPECT_EQ(1, domains(self));
}

TEST_F(fd, unequal_units_have_a_table_each)
{
	struct iommu_vfio_ioas set = { .size = sizeof(set), .op = IOMMU_VFIO_IOAS_SET };
	uint64_t len = PG;

	self->cfg.units[1].snoop_control = false;
	ASSERT_EQ(0, start(self));
	set.ioas_id = self->ioas;
	ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_VFIO_IOAS, &set));
	ASSERT_EQ(0, attach(self, 0, self->ioas));
	EXPECT_EQ(1, compat(self, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, attach(self, 1, self->ioas));
	EXPECT_EQ(2, domains(self));
	EXPECT_EQ(0, compat(self, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 0, 0x10000));
	EXPECT_EQ(0x5a, fd_peek(self->ref, 2, 0x10000));
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, 0x10000, &len));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 0, 0x10000));
	EXPECT_EQ(-EFAULT, fd_peek(self->ref, 2, 0x10000));
	/* Each goes with its device. */
	ASSERT_EQ(0, fd_detach(&self->u, self->cdev[0]));
	EXPECT_EQ(1, domains(self));
	EXPECT_EQ(0, compat(self, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, fd_detach(&self->u, self->cdev[1]));
	EXPECT_EQ(0, domains(self));
}

/* The other way round one table is enough: what the lesser unit can do, the better one can. */
TEST_F(fd, a_lesser_table_serves_both)
{
	self->cfg.units[1].snoop_control = false;
	self->cfg.units[1].largest_leaf = 21;
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, attach(self, 1, self->ioas));
	ASSERT_EQ(0, attach(self, 0, self->ioas));
	EXPECT_EQ(1, domains(self));
}

/* What is mapped beyond the narrower unit is in its way. */
TEST_F(fd, a_narrow_unit_finds_its_place_taken)
{
	uint64_t len = PG;

	self->cfg.units[1].aperture_last = LESS;
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, attach(self, 0, self->ioas));
	ASSERT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, LESS + 1));
	EXPECT_EQ(-EADDRINUSE, attach(self, 1, self->ioas));
	EXPECT_EQ(1, domains(self));
	ASSERT_EQ(0, fd_unmap(&self->u, self->ioas, LESS + 1, &len));
	EXPECT_EQ(0, attach(self, 1, self->ioas));
	EXPECT_EQ(-EINVAL, fd_map_at(&self->u, self->ioas, self->mem, PG, LESS + 1));
	/* And free again when it leaves. */
	ASSERT_EQ(0, fd_detach(&self->u, self->cdev[1]));
	EXPECT_EQ(0, fd_map_at(&self->u, self->ioas, self->mem, PG, LESS + 1));
}

TEST_F(fd, flags_are_refused_by_a_unit_that_cannot)
{
	static const uint32_t flags[] = {
		IOMMU_HWPT_ALLOC_NEST_PARENT, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
	};
	struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };
	uint32_t hwpt, nested;

	self->cfg.units[1].nesting = false;
	self->cfg.units[1].dirty_tracking = false;
	ASSERT_EQ(0, start(self));
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_EQ(-EOPNOTSUPP, fd_paging(&self->u, self->dev[1], self->ioas, flags[i],
						 &hwpt));
		ASSERT_EQ(0, fd_paging(&self->u, self->dev[0], self->ioas, flags[i], &hwpt));
		EXPECT_EQ(-EINVAL, attach(self, 1, hwpt));
		EXPECT_EQ(0, attach(self, 0, hwpt));
	}
	ASSERT_EQ(0, fd_paging(&self->u, self->dev[0], self->ioas, flags[0], &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, fd_hwpt(&self->u, self->dev[1], hwpt, 0, IOMMU_HWPT_DATA_VTD_S1,
				       &s1, sizeof(s1), &nested));
	ASSERT_EQ(0, fd_hwpt(&self->u, self->dev[0], hwpt, 0, IOMMU_HWPT_DATA_VTD_S1, &s1,
			     sizeof(s1), &nested));
	EXPECT_EQ(-EINVAL, attach(self, 1, nested));
	EXPECT_EQ(0, attach(self, 0, nested));
}

/* As in Linux, a PASID of a device that has none "doesn't affect": it is blocked all the same. */
TEST_F(fd, pasids_are_those_of_the_unit)
{
	uint32_t hwpt, pt;

	self->cfg.units[1].pasid_bits = 8;
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev[0], self->ioas, IOMMU_HWPT_ALLOC_PASID, &hwpt));
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(0, attach(self, i, hwpt));
	pt = hwpt;
	EXPECT_EQ(0, fd_attach_pasid(&self->u, self->cdev[0], 256, &pt));
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&self->u, self->cdev[1], 256, &pt));
	EXPECT_EQ(0, fd_attach_pasid(&self->u, self->cdev[1], 255, &pt));
}

TEST_F(fd, smmu_objects_belong_to_one_unit)
{
	uint32_t parent, viommu, vdev;

	config(&self->cfg, IOMMU_REF_SMMUV3);
	ASSERT_EQ(0, start(self));
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(0, attach(self, i, self->ioas));
	EXPECT_EQ(2, domains(self));
	ASSERT_EQ(0, fd_paging(&self->u, self->dev[0], self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
			       &parent));
	EXPECT_EQ(-EINVAL, fd_viommu(&self->u, self->dev[1], parent, &viommu));
	ASSERT_EQ(0, fd_viommu(&self->u, self->dev[0], parent, &viommu));
	EXPECT_EQ(-EINVAL, fd_vdevice(&self->u, viommu, self->dev[1], 1, &vdev));
	EXPECT_EQ(0, fd_vdevice(&self->u, viommu, self->dev[0], 1, &vdev));
}

/* ---- v7 */

FIXTURE(vfio)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct iommu_ref_proc *p;
	int container;
};

FIXTURE_SETUP(vfio)
{
	config(&self->cfg, IOMMU_REF_VTD);
}

FIXTURE_TEARDOWN(vfio)
{
	iommu_ref_destroy(self->ref);
}

/* A container of @type with group @first, and with group @second if that is not 0. */
static int containers(FIXTURE_DATA(vfio) *self, uintptr_t type, unsigned int first,
		      unsigned int second)
{
	int rc = iommu_ref_create(&self->cfg, &self->ref);

	if (!rc)
		rc = iommu_ref_proc_create(self->ref, &self->p);
	if (rc)
		return rc;
	self->container = iommu_ref_open(self->p, "/dev/vfio/vfio", 0);
	rc = vf_set_container(self->p, vf_open_group(self->p, first), self->container);
	if (!rc)
		rc = vf_set_iommu(self->p, self->container, type);
	if (!rc && second)
		rc = vf_set_container(self->p, vf_open_group(self->p, second), self->container);
	return rc;
}

TEST_F(vfio, groups_of_equal_units_share_a_container)
{
	EXPECT_EQ(0, containers(self, VFIO_TYPE1v2_IOMMU, 1, 3));
}

TEST_F(vfio, a_group_that_the_table_does_not_fit_is_refused)
{
	self->cfg.units[1].largest_leaf = 21;
	EXPECT_EQ(-EINVAL, containers(self, VFIO_TYPE1v2_IOMMU, 1, 3));
}

TEST_F(vfio, the_lesser_unit_first)
{
	self->cfg.units[1].largest_leaf = 21;
	EXPECT_EQ(0, containers(self, VFIO_TYPE1v2_IOMMU, 3, 1));
}

/* p15: one bit that differs between two units, and no container nests. */
TEST_F(vfio, nesting_needs_units_that_are_alike)
{
	static const struct iommu_ref_unit_config less[] = {
		{ .nesting = true, .largest_leaf = 30, .pasid_bits = 20 },	/* the same */
		{ .nesting = true, .largest_leaf = 30, .pasid_bits = 8 },	/* no such bit */
		{ .nesting = false, .largest_leaf = 30, .pasid_bits = 20 },
		{ .nesting = true, .largest_leaf = 30, .pasid_bits = 20, .five_level = true },
		{ .nesting = true, .largest_leaf = 21, .pasid_bits = 20 },
		{ .nesting = true, .largest_leaf = 30, .pasid_bits = 0 },
	};

	for (unsigned int i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		config(&self->cfg, IOMMU_REF_VTD);
		self->cfg.units[1].nesting = less[i].nesting;
		self->cfg.units[1].five_level = less[i].five_level;
		self->cfg.units[1].largest_leaf = less[i].largest_leaf;
		self->cfg.units[1].pasid_bits = less[i].pasid_bits;
		for (unsigned int group = 1; group <= 3; group += 2) {
			EXPECT_EQ(i < 2 ? 0 : -ENODEV,
				  containers(self, VFIO_TYPE1_NESTING_IOMMU, group, 0))
				TH_LOG("row %u, group %u", i, group);
			iommu_ref_destroy(self->ref);
			self->ref = NULL;
		}
	}
}

TEST_HARNESS_MAIN
