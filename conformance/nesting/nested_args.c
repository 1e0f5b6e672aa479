// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iommufd says to requests for nesting that cannot be right, before it asks the hardware:
 * these need no IOMMU that nests. Linux 7.2, hw_pagetable.c and viommu.c, is the order of checks.
 */
#include "../../harness/test.h"
#include "nest.h"

FIXTURE(nested_args) {
	struct cts *c;
	struct flat_rig rig;
	struct cts_space *s;
	union nest_data data;
	struct iommu_hwpt_alloc nested;	/* on the space's plain table */
	struct iommu_viommu_alloc viommu;
};
CTS_VARIANTS_IOMMUFD(nested_args);

FIXTURE_SETUP(nested_args)
{
	const struct cts_s1 s1 = { .root = RIG_RAM_GPA, .addr_width = 48 };
	unsigned int dev;

	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, RIG_NO_DMA, &self->rig), &self->rig);
	self->s = self->rig.space;
	dev = self->rig.device;
	nest_request(self->s, dev, &s1, &self->data, &self->nested);
	self->nested.pt_id = self->s->hwpt_id;
	self->viommu = (struct iommu_viommu_alloc){
		.size = sizeof(self->viommu), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = self->s->dev_id[dev], .hwpt_id = self->s->hwpt_id,
	};
}

FIXTURE_TEARDOWN(nested_args)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

/* SMMUv3 has no tables right on a parent, of whatever kind; VT-d says that the parent is none. */
static const char *refused_parent(FIXTURE_DATA(nested_args) *self, uint32_t pt_id)
{
	static const int vtd[] = { EINVAL }, arm[] = { EOPNOTSUPP, EINVAL };
	struct iommu_hwpt_alloc a = self->nested;
	bool is_arm = self->c->arch == CTS_SMMUV3;

	a.pt_id = pt_id;
	return cts_check_set(self->c, "HWPT_NESTED_PARENT_PLAIN", nest_alloc(self->s, &a),
			     is_arm ? arm : vtd, is_arm ? 2 : 1);
}

CTS_TEST_F(nested_args, parent_plain, "HWPT_NESTED_PARENT_PLAIN")
{
	CTS_EXPECT_(refused_parent(self, self->s->hwpt_id));
}

/* The table that the kernel makes itself, for a device attached to an IOAS. */
CTS_TEST_F(nested_args, parent_auto, "HWPT_NESTED_PARENT_PLAIN")
{
	struct vfio_device_attach_iommufd_pt at = {
		.argsz = sizeof(at), .pt_id = self->s->ioas_id,
	};

	CTS_PRE(cts_ioctl(self->c, NULL, self->s->dev_fd[self->rig.device],
			  VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at));
	CTS_PRE_TRUE(at.pt_id != self->s->ioas_id);
	CTS_EXPECT_(refused_parent(self, at.pt_id));
}

CTS_TEST_F(nested_args, flags, "HWPT_NESTED_FLAGS")
{
	static const uint32_t flags[] = {
		IOMMU_HWPT_ALLOC_NEST_PARENT, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 1u << 31,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct iommu_hwpt_alloc a = self->nested;

		a.flags = flags[i];
		CTS_EXPECT_RC("HWPT_NESTED_FLAGS", nest_alloc(self->s, &a));
	}
}

/* A kernel-managed table takes no data, whichever type it claims. */
CTS_TEST_F(nested_args, paging_data, "HWPT_PAGING_NO_DATA")
{
	static const uint32_t type[] = { IOMMU_HWPT_DATA_VTD_S1, IOMMU_HWPT_DATA_ARM_SMMUV3, 99 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(type); i++) {
		struct iommu_hwpt_alloc a = self->nested;

		a.pt_id = self->s->ioas_id;
		a.data_type = type[i / 2];
		a.flags = i & 1 ? IOMMU_HWPT_ALLOC_NEST_PARENT : 0;
		CTS_EXPECT_RC("HWPT_PAGING_NO_DATA", nest_alloc(self->s, &a));
	}
}

CTS_TEST_F(nested_args, parent_fault, "HWPT_NEST_PARENT_NO_FAULT")
{
	struct iommu_hwpt_alloc a = {
		.size = sizeof(a), .dev_id = self->nested.dev_id, .pt_id = self->s->ioas_id,
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_FAULT_ID_VALID, .fault_id = 1,
	};

	CTS_EXPECT_RC("HWPT_NEST_PARENT_NO_FAULT", nest_alloc(self->s, &a));
}

/* What GET_HW_INFO says about two stages. VT-d: ECAP.NEST; SMMUv3: IDR0.S1P and S2P. */
static bool reports_nesting(FIXTURE_DATA(nested_args) *self, long *rc)
{
	union {
		struct iommu_hw_info_vtd vtd;
		struct iommu_hw_info_arm_smmuv3 arm;
	} info = { .arm = { 0 } };
	struct iommu_hw_info q = {
		.size = sizeof(q), .dev_id = self->nested.dev_id, .data_len = sizeof(info),
		.data_uptr = (uintptr_t)&info,
	};

	*rc = cts_ioctl(self->c, NULL, self->s->fd, IOMMU_GET_HW_INFO, &q);
	return self->c->arch == CTS_SMMUV3 ? (info.arm.idr[0] & 3) == 3 :
					     info.vtd.ecap_reg >> 26 & 1;
}

/* A table that says it can be a parent is one: it is asked, as far as this needs no stage 1. */
CTS_TEST_F(nested_args, nest_parent, "HWPT_NEST_PARENT")
{
	struct iommu_hwpt_alloc a = {
		.size = sizeof(a), .flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = self->nested.dev_id, .pt_id = self->s->ioas_id,
	}, on = self->nested;
	long rc;
	bool can = reports_nesting(self, &rc);

	CTS_PRE(rc);
	if (!can) {
		CTS_EXPECT_ERRNO("HWPT_NEST_PARENT", nest_alloc(self->s, &a), EOPNOTSUPP);
		return;
	}
	CTS_ASSERT_RC("HWPT_NEST_PARENT", nest_alloc(self->s, &a));
	on.pt_id = a.out_hwpt_id;
	self->viommu.hwpt_id = a.out_hwpt_id;
	if (self->c->arch == CTS_SMMUV3)
		rc = cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VIOMMU_ALLOC, &self->viommu);
	else
		rc = nest_alloc(self->s, &on);
	CTS_EXPECT_OK("HWPT_NEST_PARENT", rc);
}

static long viommu(FIXTURE_DATA(nested_args) *self, struct iommu_viommu_alloc v)
{
	return cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VIOMMU_ALLOC, &v);
}

CTS_TEST_F(nested_args, viommu_flags, "VIOMMU_ALLOC_FLAGS")
{
	struct iommu_viommu_alloc v = self->viommu;

	/* the last bit: the others may be given a meaning by a later kernel */
	v.flags = 1u << 31;
	CTS_EXPECT_RC("VIOMMU_ALLOC_FLAGS", viommu(self, v));
}

CTS_TEST_F(nested_args, viommu_type, "VIOMMU_ALLOC_TYPE")
{
	static const uint32_t type[] = { IOMMU_VIOMMU_TYPE_DEFAULT, 99, 0x7fffffff, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		struct iommu_viommu_alloc v = self->viommu;

		v.type = type[i];
		CTS_EXPECT_RC("VIOMMU_ALLOC_TYPE", viommu(self, v));
	}
	if (self->c->arch == CTS_VTD)	/* another vendor's */
		CTS_EXPECT_RC("VIOMMU_ALLOC_TYPE", viommu(self, self->viommu));
}

CTS_TEST_F(nested_args, viommu_dev, "VIOMMU_ALLOC_DEV_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX, self->s->ioas_id, self->s->hwpt_id };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_viommu_alloc v = self->viommu;

		v.dev_id = id[i];
		CTS_EXPECT_RC("VIOMMU_ALLOC_DEV_UNKNOWN", viommu(self, v));
	}
}

CTS_TEST_F(nested_args, vdevice_viommu, "VDEVICE_ALLOC_VIOMMU_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX, self->s->ioas_id, self->s->hwpt_id,
				self->nested.dev_id };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_vdevice_alloc v = {
			.size = sizeof(v), .viommu_id = id[i], .dev_id = self->nested.dev_id,
			.virt_id = 1,
		};

		CTS_EXPECT_RC("VDEVICE_ALLOC_VIOMMU_UNKNOWN",
			      cts_ioctl(self->c, NULL, self->s->fd, IOMMU_VDEVICE_ALLOC, &v));
	}
}

CTS_SUITE("nesting", "nesting/nested_args");
