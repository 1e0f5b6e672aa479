// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Nesting through iommufd with DMA: a guest's own stage 1 over a nest parent on VT-d and on SMMUv3,
 * stale entries until they are invalidated, and what HWPT_INVALIDATE says of each entry.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define TYPE_VTD IOMMU_HWPT_INVALIDATE_DATA_VTD_S1
#define TYPE_ARM IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3

FIXTURE(nested)
{
	struct machine m;
};

FIXTURE_VARIANT(nested)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(nested, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(nested, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

FIXTURE_SETUP(nested)
{
	ASSERT_EQ(0, machine_create(&self->m, variant->vendor, NULL));
}

FIXTURE_TEARDOWN(nested)
{
	machine_destroy(&self->m);
}

/* What only one vendor has */
FIXTURE(vtd)
{
	struct machine m;
};

FIXTURE_SETUP(vtd)
{
	ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_VTD, NULL));
}

FIXTURE_TEARDOWN(vtd)
{
	machine_destroy(&self->m);
}

FIXTURE(smmuv3)
{
	struct machine m;
};

FIXTURE_SETUP(smmuv3)
{
	ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_SMMUV3, NULL));
}

FIXTURE_TEARDOWN(smmuv3)
{
	machine_destroy(&self->m);
}

/* Reads pages [0, 8) so that all of them are in the IOTLB. */
static int fill_iotlb(struct machine *m)
{
	for (unsigned int i = 0; i < 8; i++)
		if (fd_peek(m->u.ref, 0, GVA(i)) < 0)
			return -EFAULT;
	return 0;
}

/* A bit for each of pages [0, 8) that is in the IOTLB. */
static unsigned int cached(struct machine *m)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < 8; i++) {
		struct iommu_ref_dma dma = { .device = 0, .iova = GVA(i), .len = 1 };

		bits |= (unsigned int)iommu_ref_iotlb_cached(m->u.ref, &dma) << i;
	}
	return bits;
}

/* One entry for pages [first, first + n); n 0: all. The vendor's own way to say it. */
static int inv(struct machine *m, unsigned int first, unsigned int n)
{
	struct iommu_hwpt_vtd_s1_invalidate v = { .addr = n ? GVA(first) : 0,
						  .npages = n ? n : UINT64_MAX };
	struct iommu_viommu_arm_smmuv3_invalidate a = { .cmd = { 0x11 | (uint64_t)ASID << 48, 0 } };
	uint32_t num = 1;

	if (!m->g.arm)
		return fd_invalidate(&m->u, m->hwpt, TYPE_VTD, &v, sizeof(v), &num);
	if (n) {	/* TLBI_NH_VA, granule 4K, NUM */
		a.cmd[0] = 0x12 | (uint64_t)(n - 1) << 12 | (uint64_t)ASID << 48;
		a.cmd[1] = GVA(first) | 1 << 10;
	}
	return fd_invalidate(&m->u, m->viommu, TYPE_ARM, &a, sizeof(a), &num);
}

TEST_F(nested, dma_goes_through_both_stages)
{
	struct machine *m = &self->m;
	uint8_t buf[2 * PG];

	EXPECT_EQ(3, fd_peek(m->u.ref, 0, GVA(3)));
	EXPECT_EQ(0, fd_poke(m->u.ref, 0, GVA(3) + 5, 0xa5));
	EXPECT_EQ(0xa5, m->g.mem[3 * PG + 5]);
	/* Over a page boundary */
	memset(buf, 0x5a, sizeof(buf));
	EXPECT_EQ(0, fd_dma(m->u.ref, 0, NO_PASID, true, GVA(4) + 1, buf, PG));
	EXPECT_EQ(4, m->g.mem[4 * PG]);
	EXPECT_EQ(0x5a, m->g.mem[4 * PG + 1]);
	EXPECT_EQ(0x5a, m->g.mem[5 * PG]);
	EXPECT_EQ(0, m->g.mem[5 * PG + 1]);
	/* Not mapped in stage 1 */
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(100)));
	/* Stage 1 leads out of guest memory */
	guest_map(&m->g, 9, GUEST_PAGES, true);
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(9)));
}

TEST_F(nested, read_only_page)
{
	struct machine *m = &self->m;
	struct iommu_ref_fault fault = { 0 };
	uint8_t byte = 0xff;
	struct iommu_ref_dma dma = { .write = true, .iova = GVA(10) + 9, .buf = &byte, .len = 1 };

	guest_map(&m->g, 10, 10, false);
	EXPECT_EQ(10, fd_peek(m->u.ref, 0, GVA(10)));
	EXPECT_EQ(-EFAULT, iommu_ref_dma(m->u.ref, &dma, &fault));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_PERMISSION, fault.reason);
	EXPECT_EQ(GVA(10) + 9, fault.iova);
	EXPECT_EQ(0, m->g.mem[10 * PG + 9]);
}

TEST_F(nested, stale_until_invalidated)
{
	struct machine *m = &self->m;
	ASSERT_EQ(0, fill_iotlb(m));
	guest_map(&m->g, 2, 20, true);
	guest_map(&m->g, 3, 21, true);
	EXPECT_EQ(2, fd_peek(m->u.ref, 0, GVA(2)));
	EXPECT_EQ(0, inv(m, 2, 1));
	EXPECT_EQ(0xfb, cached(m));
	EXPECT_EQ(20, fd_peek(m->u.ref, 0, GVA(2)));
	EXPECT_EQ(3, fd_peek(m->u.ref, 0, GVA(3)));
	EXPECT_EQ(0, inv(m, 0, 0));
	EXPECT_EQ(0, cached(m));
	EXPECT_EQ(21, fd_peek(m->u.ref, 0, GVA(3)));
}

TEST_F(nested, range_is_exact)
{
	struct machine *m = &self->m;
	for (unsigned int n = 2; n <= 7; n++) {
		ASSERT_EQ(0, fill_iotlb(m));
		EXPECT_EQ(0, inv(m, 1, n));
		EXPECT_EQ(0xffu & ~(((1u << n) - 1) << 1), cached(m));
	}
}

TEST_F(nested, unmap_of_stage_2_reaches_stage_1)
{
	struct machine *m = &self->m;
	uint64_t len = GUEST_PAGES * PG;

	ASSERT_EQ(0, fill_iotlb(m));
	ASSERT_EQ(0, fd_unmap(&m->u, m->ioas, GPA_BASE, &len));
	EXPECT_EQ(0, cached(m));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(2)));
}

TEST_F(nested, replace_and_detach)
{
	struct machine *m = &self->m;
	uint32_t plain;
	uint64_t len = PG;

	ASSERT_EQ(0, fill_iotlb(m));
	/* The nest parent alone: addresses are guest physical. */
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, m->parent));
	EXPECT_EQ(6, fd_peek(m->u.ref, 0, GPA_BASE + 6 * PG));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(6)));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, m->hwpt));
	EXPECT_EQ(6, fd_peek(m->u.ref, 0, GVA(6)));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GPA_BASE + 6 * PG));
	ASSERT_EQ(0, fd_paging(&m->u, m->dev, m->ioas, 0, &plain));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, plain));
	EXPECT_EQ(6, fd_peek(m->u.ref, 0, GPA_BASE + 6 * PG));
	ASSERT_EQ(0, fd_detach(&m->u, m->cdev));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GPA_BASE + 6 * PG));
	EXPECT_EQ(-ENOENT, fd_unmap(&m->u, m->ioas, 0, &len));
}

TEST_F(nested, users_keep_each_other)
{
	struct machine *m = &self->m;
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->hwpt));
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->parent));
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->ioas));
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->dev));
	if (m->g.arm) {
		EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->viommu));
	}
	ASSERT_EQ(0, fd_detach(&m->u, m->cdev));
	EXPECT_EQ(0, fd_destroy(&m->u, m->hwpt));
	if (m->g.arm) {
		EXPECT_EQ(0, fd_destroy(&m->u, m->vdevice));
		EXPECT_EQ(0, fd_destroy(&m->u, m->viommu));
	}
	EXPECT_EQ(0, fd_destroy(&m->u, m->parent));
	EXPECT_EQ(0, fd_destroy(&m->u, m->ioas));
	EXPECT_EQ(-ENOENT, fd_destroy(&m->u, m->ioas));
}

TEST_F(nested, nested_on_nested)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_vtd_s1 s1 = guest_vtd(&m->g);
	uint32_t id;

	EXPECT_EQ(-EINVAL, fd_hwpt(&m->u, m->dev, m->hwpt, 0, IOMMU_HWPT_DATA_VTD_S1, &s1,
				   sizeof(s1), &id));
	/* On a plain paging HWPT, too */
	ASSERT_EQ(0, fd_paging(&m->u, m->dev, m->ioas, 0, &id));
	EXPECT_EQ(m->g.arm ? -EOPNOTSUPP : -EINVAL,
		  fd_hwpt(&m->u, m->dev, id, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1),
			  &id));
}

TEST_F(nested, invalidate_refusals)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_vtd_s1_invalidate v[2] = { { 0 } };
	uint32_t num, id = m->g.arm ? m->viommu : m->hwpt;
	uint32_t type = m->g.arm ? TYPE_ARM : TYPE_VTD, len = m->g.arm ? 16 : 24;

	num = 0;
	EXPECT_EQ(0, fd_invalidate(&m->u, id, type, NULL, 0, &num));
	EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, id, 9, NULL, 0, &num));
	num = 1;
	EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, id, 9, v, len, &num));
	EXPECT_EQ(0, num);
	for (unsigned int i = 0; i < 5; i++) {
		const struct { const void *p; uint32_t len, num; int rc; } bad[] = {
			{ NULL, len, 1, -EINVAL }, { v, 0, 1, -EINVAL }, { v, 4097, 1, -EINVAL },
			{ v, len, (1 << 19) + 1, -EINVAL }, { (void *)8, len, 1, -EFAULT },
		};

		num = bad[i].num;
		EXPECT_EQ(bad[i].rc, fd_invalidate(&m->u, id, type, bad[i].p, bad[i].len, &num));
		EXPECT_EQ(0, num);
	}
	num = 1;
	EXPECT_EQ(-ENOENT, fd_invalidate(&m->u, 999, type, v, len, &num));
	num = 1;
	EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, m->parent, type, v, len, &num));
	num = 1;
	EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, m->ioas, type, v, len, &num));
	if (m->g.arm) {
		num = 1;
		EXPECT_EQ(-EOPNOTSUPP, fd_invalidate(&m->u, m->hwpt, type, v, len, &num));
	}
}

/* Three entries, the second bad: the first is done and counted, the third is not. */
TEST_F(nested, partial_processing)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_vtd_s1_invalidate v[3] = {
		{ .addr = GVA(1), .npages = 1 }, { .addr = GVA(2) + 1, .npages = 1 },
		{ .addr = GVA(3), .npages = 1 },
	};
	struct iommu_viommu_arm_smmuv3_invalidate a[3] = {
		{ .cmd = { 0x12 | (uint64_t)ASID << 48, GVA(1) } }, { .cmd = { 0x20, 0 } },
		{ .cmd = { 0x12 | (uint64_t)ASID << 48, GVA(3) } },
	};
	uint32_t num = 3;

	ASSERT_EQ(0, fill_iotlb(m));
	if (m->g.arm) {
		EXPECT_EQ(-EIO, fd_invalidate(&m->u, m->viommu, TYPE_ARM, a, 16, &num));
	} else {
		EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, m->hwpt, TYPE_VTD, v, 24, &num));
	}
	EXPECT_EQ(1, num);
	EXPECT_EQ(0xfd, cached(m));
}

TEST_F(vtd, entries)
{
	struct machine *m = &self->m;
	static const struct { struct iommu_hwpt_vtd_s1_invalidate e; int rc; } cases[] = {
		{ { .addr = PG, .npages = UINT64_MAX }, -EINVAL },
		{ { .flags = 2, .npages = 1 }, -EOPNOTSUPP },
		{ { .__reserved = 1, .npages = 1 }, -EOPNOTSUPP },
		{ { .addr = 8, .npages = 1 }, -EINVAL },
		{ { .flags = IOMMU_VTD_INV_FLAGS_LEAF, .npages = 1 }, 0 },
		{ { .addr = PG, .npages = UINT64_MAX - 1 }, 0 },
		{ { .npages = 0 }, 0 },
	};
	uint32_t num;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		num = 1;
		EXPECT_EQ(cases[i].rc, fd_invalidate(&m->u, m->hwpt, TYPE_VTD, &cases[i].e, 24,
						     &num));
		EXPECT_EQ(cases[i].rc ? 0 : 1, num);
	}
	num = 1;	/* entries of another size */
	EXPECT_EQ(-EINVAL, fd_invalidate(&m->u, m->hwpt, TYPE_VTD, &cases[0].e, 16, &num));
}

TEST_F(vtd, alloc_data)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_vtd_s1 s1 = guest_vtd(&m->g), wide[2] = { s1, s1 };
	uint32_t id;

#define TRY(type, data, len) \
	fd_hwpt(&m->u, m->dev, m->parent, 0, type, data, len, &id)
	EXPECT_EQ(-EINVAL, TRY(IOMMU_HWPT_DATA_VTD_S1, &s1, 0));
	EXPECT_EQ(-EINVAL, TRY(IOMMU_HWPT_DATA_NONE, &s1, 24));
	EXPECT_EQ(-EOPNOTSUPP, TRY(IOMMU_HWPT_DATA_NONE, NULL, 0));
	EXPECT_EQ(-EOPNOTSUPP, TRY(IOMMU_HWPT_DATA_ARM_SMMUV3, &s1, 24));
	EXPECT_EQ(-EINVAL, TRY(IOMMU_HWPT_DATA_VTD_S1, &s1, 16));
	EXPECT_EQ(-EINVAL, TRY(IOMMU_HWPT_DATA_VTD_S1, wide, 48));
	EXPECT_EQ(-EFAULT, TRY(IOMMU_HWPT_DATA_VTD_S1, NULL, 24));
	s1.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, TRY(IOMMU_HWPT_DATA_VTD_S1, &s1, 24));
	s1.__reserved = 0;
	s1.flags = 8;
	EXPECT_EQ(-EOPNOTSUPP, TRY(IOMMU_HWPT_DATA_VTD_S1, &s1, 24));
	/* A width that the hardware lacks is found out at attach, and changes nothing. */
	s1 = guest_vtd(&m->g);
	s1.addr_width = 57;
	ASSERT_EQ(0, TRY(IOMMU_HWPT_DATA_VTD_S1, &s1, 24));
	EXPECT_EQ(-EINVAL, fd_attach(&m->u, m->cdev, id));
	EXPECT_EQ(5, fd_peek(m->u.ref, 0, GVA(5)));
#undef TRY
}

TEST_F(smmuv3, ste)
{
	struct machine *m = &self->m;
	const struct { uint64_t ste[2]; int rc; } cases[] = {
		{ { 0, 0 }, 0 },			/* not valid: abort */
		{ { ~1ull, ~0ull }, 0 },
		{ { 1 | 0 << 1, 0 }, 0 },		/* abort */
		{ { 1 | 4 << 1, 0 }, 0 },		/* bypass */
		{ { 1 | 6 << 1, 0 }, -EIO },		/* stage 2: not the guest's */
		{ { 1 | 7 << 1, 0 }, -EIO },
		{ { 1 | 5 << 1 | 1ull << 52, 0 }, -EIO },
		{ { 1 | 5 << 1, 1 << 30 }, -EIO },	/* STRW */
		{ { 1 | 5 << 1, 2 << 28 }, -EIO },	/* EATS: split stage */
		{ { 1 | 5 << 1, 1 << 28 }, 0 },
	};
	uint32_t id;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EXPECT_EQ(cases[i].rc, fd_hwpt(&m->u, m->dev, m->viommu, 0,
					       IOMMU_HWPT_DATA_ARM_SMMUV3, cases[i].ste, 16, &id));
	}
	ASSERT_EQ(0, fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3,
			     cases[3].ste, 16, &id));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, id));
	EXPECT_EQ(7, fd_peek(m->u.ref, 0, GPA_BASE + 7 * PG));
	ASSERT_EQ(0, fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3,
			     cases[0].ste, 16, &id));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, id));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GPA_BASE + 7 * PG));
}

TEST_F(smmuv3, commands)
{
	struct machine *m = &self->m;
	const struct { uint64_t cmd[2]; int rc; unsigned int cached; } cases[] = {
		{ { 0x12 | (uint64_t)ASID << 48, GVA(0) }, 0, 0xfe },
		{ { 0x12 | (uint64_t)(ASID + 1) << 48, GVA(0) }, 0, 0xff },	/* another ASID */
		{ { 0x13, GVA(1) }, 0, 0xfd },					/* VAA */
		{ { 0x11 | (uint64_t)ASID << 48, 0 }, 0, 0 },
		{ { 0x11 | (uint64_t)(ASID + 1) << 48, 0 }, 0, 0xff },
		{ { 0x10, 0 }, 0, 0 }, { { 0x30, 0 }, 0, 0 },
		/* NUM 0, SCALE 2: four pages; NUM 1, SCALE 1: four pages */
		{ { 0x12 | 2ull << 20 | (uint64_t)ASID << 48, GVA(4) | 1 << 10 }, 0, 0x0f },
		{ { 0x12 | 1ull << 20 | 1ull << 12 | (uint64_t)ASID << 48, GVA(2) | 1 << 10 }, 0,
		  0xc3 },
		{ { 0x06 | (uint64_t)VSID << 32, 0 }, 0, 0xff },		/* CFGI_CD_ALL */
		{ { 0x05 | (uint64_t)VSID << 32, 0 }, 0, 0xff },
		{ { 0x40 | (uint64_t)VSID << 32, 52 }, 0, 0xff },		/* ATC_INV */
		{ { 0x40 | (uint64_t)(VSID + 1) << 32, 52 }, -EIO, 0xff },
		{ { 0x05 | (uint64_t)(VSID + 1) << 32, 0 }, -EIO, 0xff },
		{ { 0x03 | (uint64_t)VSID << 32, 0 }, -EIO, 0xff },		/* CFGI_STE */
		{ { 0x2a, 0 }, -EIO, 0xff },					/* TLBI_S2_IPA */
		{ { 0, 0 }, -EIO, 0xff },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t num = 1;

		ASSERT_EQ(0, fill_iotlb(m));
		EXPECT_EQ(cases[i].rc, fd_invalidate(&m->u, m->viommu, TYPE_ARM,
						     cases[i].cmd, 16, &num));
		EXPECT_EQ(cases[i].rc ? 0 : 1, num);
		/* After CFGI the IOTLB cannot be asked without a CD; the DMA brings it back. */
		if ((cases[i].cmd[0] & 0xff) != 5 && (cases[i].cmd[0] & 0xff) != 6) {
			EXPECT_EQ(cases[i].cached, cached(m));
		}
	}
}

TEST_F(smmuv3, cd_is_cached_until_cfgi)
{
	struct machine *m = &self->m;
	struct iommu_viommu_arm_smmuv3_invalidate cmds[2] = {
		{ .cmd = { 0x06 | (uint64_t)VSID << 32, 0 } },
		{ .cmd = { 0x10, 0 } },
	};
	uint32_t num = 2;

	ASSERT_EQ(0, fill_iotlb(m));
	guest_va(&m->g, m->g.cd)[0] &= ~(1ull << 31);	/* V */
	EXPECT_EQ(0, fd_peek(m->u.ref, 0, GVA(0)));
	EXPECT_EQ(0, fd_invalidate(&m->u, m->viommu, TYPE_ARM, cmds, 16, &num));
	EXPECT_EQ(2, num);
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(0)));
}

TEST_F(smmuv3, vdevice)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_arm_smmuv3 ste = guest_ste(&m->g);
	uint32_t dev2, id, pt;
	int cdev2 = fd_device(&m->u, 1, &dev2);

	ASSERT_LE(0, cdev2);
	/* Straight on the parent there is no such operation. */
	EXPECT_EQ(-EOPNOTSUPP, fd_hwpt(&m->u, m->dev, m->parent, 0,
				       IOMMU_HWPT_DATA_ARM_SMMUV3, &ste, sizeof(ste), &id));
	/* "must allocate a vDEVICE prior" to translating */
	pt = m->hwpt;
	EXPECT_EQ(-ENOENT, fd_attach(&m->u, cdev2, pt));
	EXPECT_EQ(-EEXIST, fd_vdevice(&m->u, m->viommu, dev2, VSID, &id));
	EXPECT_EQ(-EEXIST, fd_vdevice(&m->u, m->viommu, m->dev, VSID + 1, &id));
	EXPECT_EQ(-ENOENT, fd_vdevice(&m->u, m->parent, dev2, 1, &id));
	EXPECT_EQ(-ENOENT, fd_vdevice(&m->u, m->viommu, m->ioas, 1, &id));
	ASSERT_EQ(0, fd_vdevice(&m->u, m->viommu, dev2, VSID + 1, &id));
	EXPECT_EQ(0, fd_attach(&m->u, cdev2, m->hwpt));
	EXPECT_EQ(4, fd_peek(m->u.ref, 1, GVA(4)));
	/* The device goes first: its vDEVICE goes too, the id is never used again. */
	ASSERT_EQ(0, iommu_ref_close(m->u.proc, cdev2));
	EXPECT_EQ(-ENOENT, fd_destroy(&m->u, id));
	for (unsigned int i = 0; i < 20; i++) {
		ASSERT_EQ(0, fd_ioas(&m->u, &pt));
		EXPECT_NE(id, pt);
	}
}

TEST_F(vtd, pasid)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_vtd_s1 s1 = guest_vtd(&m->g);
	uint32_t flagged, pt;
	uint8_t byte;

	ASSERT_EQ(0, fd_hwpt(&m->u, m->dev, m->parent, IOMMU_HWPT_ALLOC_PASID,
			     IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1), &flagged));
	pt = flagged;
	/* "Any domain attached to the non-PASID part of the device must also be flagged" */
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&m->u, m->cdev, 5, &pt));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, flagged));
	ASSERT_EQ(0, fd_attach_pasid(&m->u, m->cdev, 5, &pt));
	EXPECT_EQ(-EINVAL, fd_attach(&m->u, m->cdev, m->hwpt));
	EXPECT_EQ(0, fd_dma(m->u.ref, 0, 5, false, GVA(6), &byte, 1));
	EXPECT_EQ(6, byte);
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 6, false, GVA(6), &byte, 1));
	pt = flagged;
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&m->u, m->cdev, 1 << 20, &pt));
	EXPECT_EQ(0, fd_detach_pasid(&m->u, m->cdev, 5));
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 5, false, GVA(6), &byte, 1));
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, flagged));
}

TEST_F(smmuv3, pasids_are_the_guests)
{
	struct machine *m = &self->m;
	uint32_t pt = m->hwpt;

	/* They are in its own context table. */
	EXPECT_EQ(-EINVAL, fd_attach_pasid(&m->u, m->cdev, 5, &pt));
}

TEST_HARNESS_MAIN
