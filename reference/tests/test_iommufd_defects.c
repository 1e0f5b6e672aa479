// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The known-bad variants of the iommufd front end: each does what its description says, and the
 * right variant does not.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

/* Each returns whether the wrong thing happened, or -errno if it could not be tried. */

static int count_wrong(struct machine *m)
{
	struct iommu_hwpt_vtd_s1_invalidate e[2] = { { .npages = 1 }, { .npages = 1 } };
	uint32_t num = 2;
	int rc = fd_invalidate(&m->u, m->hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, e, 24, &num);

	return rc ? rc : num != 2;
}

static int after_error(struct machine *m)
{
	struct iommu_hwpt_vtd_s1_invalidate e[2] = { { .addr = 1 }, { .npages = UINT64_MAX } };
	uint32_t num = 2;

	if (fd_peek(m->u.ref, 0, GVA(1)) != 1)
		return -EIO;
	guest_map(&m->g, 1, 9, true);
	fd_invalidate(&m->u, m->hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, e, 24, &num);
	return fd_peek(m->u.ref, 0, GVA(1)) != 1;
}

static int foreign_id(struct machine *m)
{
	struct fd_user o = m->u;
	uint64_t len = UINT64_MAX;

	o.fd = iommu_ref_open(o.proc, "/dev/iommu", 0);
	return o.fd < 0 ? o.fd : fd_unmap(&o, m->ioas, 0, &len) != -ENOENT;
}

static int destroy_busy(struct machine *m)
{
	return fd_destroy(&m->u, m->hwpt) != -EBUSY;
}

static int reserved(struct machine *m)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd), .ioas_id = m->ioas, .__reserved = 1,
	};

	return fd_cmd(&m->u, IOMMU_IOAS_IOVA_RANGES, &cmd) != -EOPNOTSUPP;
}

static int tail(struct machine *m)
{
	struct { struct iommu_ioas_alloc cmd; uint32_t tail; } arg = { { sizeof(arg), 0, 0 }, 1 };

	return fd_cmd(&m->u, IOMMU_IOAS_ALLOC, &arg) != -E2BIG;
}

static int unmap_splits(struct machine *m)
{
	uint64_t len = PG;

	return fd_unmap(&m->u, m->ioas, GPA_BASE + PG, &len) != -ENOENT;
}

static int overwrites(struct machine *m)
{
	return fd_map_at(&m->u, m->ioas, m->g.mem, GUEST_PAGES * PG, GPA_BASE) != -EEXIST;
}

static int readonly_rw(struct machine *m)
{
	uint64_t iova = 0x100000;
	uint32_t ioas;
	int rc = fd_ioas(&m->u, &ioas);

	rc = rc ? rc : fd_map(&m->u, ioas, m->g.mem, PG, &iova,
			      IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA);
	rc = rc ? rc : fd_attach(&m->u, m->cdev, ioas);
	return rc ? rc : !fd_poke(m->u.ref, 0, iova + 1, 0xaa);
}

static int replace_keeps_old(struct machine *m)
{
	int rc = fd_attach(&m->u, m->cdev, m->parent);

	return rc ? rc : fd_peek(m->u.ref, 0, GPA_BASE + PG) != 1;
}

static int fail_detaches(struct machine *m)
{
	struct iommu_hwpt_vtd_s1 s1 = guest_vtd(&m->g);
	uint32_t id;
	int rc;

	s1.addr_width = 57;
	rc = fd_hwpt(&m->u, m->dev, m->parent, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1), &id);
	if (rc || fd_attach(&m->u, m->cdev, id) != -EINVAL)
		return -EIO;
	return fd_peek(m->u.ref, 0, GVA(1)) != 1;
}

FIXTURE(defect)
{
	struct machine m;
};

FIXTURE_VARIANT(defect)
{
	const char *name;
	int (*wrong)(struct machine *m);
};

#define ADD(_name, _wrong) \
	FIXTURE_VARIANT_ADD(defect, _name) { .name = #_name, .wrong = _wrong }

ADD(INV_COUNT_WRONG, count_wrong);
ADD(ENTRY_AFTER_ERROR_EXECUTED, after_error);
ADD(FOREIGN_ID_ACCEPTED, foreign_id);
ADD(DESTROY_BUSY_ALLOWED, destroy_busy);
ADD(RESERVED_IGNORED, reserved);
ADD(TAIL_IGNORED, tail);
ADD(UNMAP_SPLITS, unmap_splits);
ADD(MAP_OVERWRITES, overwrites);
ADD(READONLY_MAPPED_RW, readonly_rw);
ADD(REPLACE_KEEPS_OLD, replace_keeps_old);
ADD(ATTACH_FAIL_DETACHES, fail_detaches);

FIXTURE_SETUP(defect)
{
	(void)self;
	(void)variant;
}

FIXTURE_TEARDOWN(defect)
{
	machine_destroy(&self->m);
}

TEST_F(defect, not_there_unasked)
{
	ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_VTD, NULL));
	EXPECT_EQ(0, variant->wrong(&self->m));
}

TEST_F(defect, shows)
{
	const struct iommu_ref_defect_info *info;

	/* A library that is shipped has none of them, and says so. */
	if (!iommu_ref_defects(&info)) {
		EXPECT_EQ(-EINVAL, machine_create(&self->m, IOMMU_REF_VTD, variant->name));
		ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_VTD, NULL));
		return;
	}
	ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_VTD, variant->name));
	EXPECT_EQ(1, variant->wrong(&self->m));
}

/* The defect that is none: what a plain machine does, and whose marked lines that was. */
static bool is_reached(struct machine *m, const char *name)
{
	const struct iommu_ref_defect_info *info;
	size_t n = iommu_ref_defects(&info);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(info[i].name, name))
			return iommu_ref_defect_reached(m->u.ref, i);
	return iommu_ref_defect_reached(m->u.ref, n);
}

TEST(trace)
{
	const struct iommu_ref_defect_info *info;
	struct machine m;

	if (!iommu_ref_defects(&info))
		SKIP(return, "no variants in this build");
	ASSERT_EQ(0, machine_create(&m, IOMMU_REF_VTD, IOMMU_REF_DEFECT_TRACE));
	EXPECT_EQ(0, destroy_busy(&m));
	EXPECT_TRUE(is_reached(&m, "DESTROY_BUSY_ALLOWED"));
	EXPECT_FALSE(is_reached(&m, "HW_INFO_EMPTY"));
	EXPECT_FALSE(is_reached(&m, "no such variant"));
	machine_destroy(&m);
	ASSERT_EQ(0, machine_create(&m, IOMMU_REF_VTD, NULL));
	EXPECT_EQ(0, destroy_busy(&m));
	EXPECT_FALSE(is_reached(&m, "DESTROY_BUSY_ALLOWED"));
	machine_destroy(&m);
}

TEST_HARNESS_MAIN
