// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Nesting of /dev/ioasid: tables of the user that hardware walks, on VT-d and, by a PASID table, on
 * SMMUv3; and mappings of two levels that are merged, under every change of either.
 */
#include <kselftest_harness.h>

#include "ioasid_util.h"

#define VPASID 5u

FIXTURE(nesting)
{
	struct io_user u;
	struct fd_guest g;
	int gpa, child;
};

FIXTURE_VARIANT(nesting)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(nesting, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(nesting, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

/* Pages [0, 8) of the guest are mapped in its table. */
static int setup(struct io_user *u, struct fd_guest *g, enum iommu_ref_vendor vendor, int *gpa,
		 int *child)
{
	struct iommu_ref_config cfg;
	int rc;

	iommu_ref_config_init(&cfg, vendor);
	rc = io_create(u, &cfg);
	guest_create(g, vendor == IOMMU_REF_SMMUV3);
	for (unsigned int i = 0; i < 8; i++)
		guest_map(g, i, i, true);
	rc = rc ? rc : io_device(u, 0);
	*gpa = rc ? rc : io_space(u, 0);
	rc = *gpa < 0 ? *gpa : io_map(u, *gpa, GPA_BASE, g->mem, GUEST_PAGES * PG);
	*child = rc ? rc : io_child(u, 0, *gpa, NO_PASID);
	return *child < 0 ? *child : 0;
}

FIXTURE_SETUP(nesting)
{
	ASSERT_EQ(0, setup(&self->u, &self->g, variant->vendor, &self->gpa, &self->child));
}

FIXTURE_TEARDOWN(nesting)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

/* The guest's table by the vendor's protocol: bound itself, or as descriptor 0 of a PASID table. */
static int bind_table(struct io_user *u, struct fd_guest *g, int child)
{
	if (!g->arm)
		return io_bind_vtd(u, child, g->root);
	guest_cd(g, ASID);
	return io_bind_cds(u, child, g->cd, 4);
}

/* Context descriptor @ssid with the guest's table under another ASID. */
static void set_cd(struct fd_guest *g, unsigned int ssid, uint16_t asid)
{
	uint64_t *cd = guest_va(g, g->cd);

	guest_cd(g, ASID);
	if (!ssid)
		return;
	memcpy(&cd[ssid * 8], cd, 64);
	cd[ssid * 8] = (cd[ssid * 8] & ~(0xffffull << 48)) | (uint64_t)asid << 48;
}

/* 5.4, 5.7 */
TEST_F(nesting, hardware_walks_both)
{
	struct io_user *u = &self->u;

	/* "an empty I/O page table is bound": what the parent has is not reachable. */
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GPA_BASE + 3 * PG));
	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GVA(9)));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GPA_BASE + 3 * PG));
	EXPECT_EQ(-EBUSY, bind_table(u, &self->g, self->child));
	ASSERT_EQ(0, io_value(u, self->g.arm ? IOASID_UNBIND_PASID_TABLE : IOASID_UNBIND_PGTABLE,
			      self->child));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GVA(3)));
	EXPECT_EQ(-EINVAL, io_value(u, IOASID_UNBIND_PGTABLE, self->child));
	EXPECT_EQ(-EINVAL, io_value(u, IOASID_UNBIND_PASID_TABLE, self->child));
	/* Detached from the child the device is back in the parent. */
	ASSERT_EQ(0, io_detach(u, 0, self->child, NO_PASID));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GPA_BASE + 3 * PG));
}

TEST_F(nesting, stale_until_invalidated)
{
	struct io_user *u = &self->u;
	int space = self->child;

	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	if (self->g.arm) {	/* tracked, as entry 0 */
		space = io_child(u, 0, self->gpa, 0);
		ASSERT_LT(0, space);
		ASSERT_EQ(0, io_bind_arm(u, space, self->g.root, ASID));
		EXPECT_EQ(-EBUSY, io_bind_arm(u, space, self->g.root, ASID));
	}
	EXPECT_EQ(2, io_peek(u, 0, NO_PASID, GVA(2)));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
	guest_map(&self->g, 2, 12, true);
	guest_map(&self->g, 3, 13, true);
	EXPECT_EQ(2, io_peek(u, 0, NO_PASID, GVA(2)));
	ASSERT_EQ(0, io_invalidate(u, space, GVA(4), PG));
	EXPECT_EQ(2, io_peek(u, 0, NO_PASID, GVA(2)));
	ASSERT_EQ(0, io_invalidate(u, space, GVA(2), PG));
	EXPECT_EQ(12, io_peek(u, 0, NO_PASID, GVA(2)));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
	ASSERT_EQ(0, io_invalidate(u, space, 0, 0));
	EXPECT_EQ(13, io_peek(u, 0, NO_PASID, GVA(3)));
	guest_map(&self->g, 2, 2, true);
	guest_map(&self->g, 3, 3, true);
	ASSERT_EQ(0, io_invalidate(u, space, GVA(2), 2 * PG));
	EXPECT_EQ(2, io_peek(u, 0, NO_PASID, GVA(2)));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
	ASSERT_EQ(0, io_value(u, IOASID_UNBIND_PGTABLE, space));
	EXPECT_EQ(-EINVAL, io_invalidate(u, space, 0, 0));
}

/* A device TLB goes with the IOTLB: "dev_iotlb if enabled" */
TEST_F(nesting, the_device_tlb_goes_too)
{
	struct io_user *u = &self->u;
	int space = self->child;
	uint8_t byte;
	struct iommu_ref_dma dma = { .iova = GVA(2), .buf = &byte, .len = 1,
				     .at = IOMMU_REF_DMA_ATC };

	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	if (self->g.arm) {
		space = io_child(u, 0, self->gpa, 0);
		ASSERT_EQ(0, io_bind_arm(u, space, self->g.root, ASID));
	}
	for (int all = 0; all < 2; all++) {
		guest_map(&self->g, 2, 2, true);
		ASSERT_EQ(0, io_invalidate(u, space, 0, 0));
		ASSERT_EQ(0, iommu_ref_dma(u->ref, &dma, NULL));
		EXPECT_EQ(2, byte);
		guest_map(&self->g, 2, 12, true);
		ASSERT_EQ(0, iommu_ref_dma(u->ref, &dma, NULL));
		EXPECT_EQ(2, byte);
		ASSERT_EQ(0, all ? io_invalidate(u, space, 0, 0) :
				   io_invalidate(u, space, GVA(2), PG));
		ASSERT_EQ(0, iommu_ref_dma(u->ref, &dma, NULL));
		EXPECT_EQ(12, byte);
	}
}

TEST_F(nesting, what_the_parent_loses_is_gone)
{
	struct io_user *u = &self->u;

	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
	ASSERT_EQ(0, io_unmap(u, self->gpa, GPA_BASE, GUEST_PAGES * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GVA(3)));
	ASSERT_EQ(0, io_map(u, self->gpa, GPA_BASE, self->g.mem, GUEST_PAGES * PG));
	EXPECT_EQ(3, io_peek(u, 0, NO_PASID, GVA(3)));
}

TEST_F(nesting, what_hierarchy_refuses)
{
	struct io_user *u = &self->u;
	int sibling = io_nest(u, self->gpa), id = self->child;

	ASSERT_LT(0, sibling);
	/* Its route is another child's; "must be already attached to the parent" */
	EXPECT_EQ(-EBUSY, io_attach(u, 0, sibling, NO_PASID));
	ASSERT_EQ(0, io_device(u, 1));
	EXPECT_EQ(-EPERM, io_attach(u, 1, sibling, NO_PASID));
	EXPECT_EQ(-EBUSY, io_detach(u, 0, self->gpa, NO_PASID));
	EXPECT_EQ(-EBUSY, io_free(u, self->gpa));
	EXPECT_EQ(0, io_free(u, sibling));
	EXPECT_EQ(-EINVAL, bind_table(u, &self->g, self->gpa));
	/* Nothing below a user's table, no mappings beside it */
	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	EXPECT_EQ(-EOPNOTSUPP, io_nest(u, self->child));
	EXPECT_EQ(-EBUSY, io_map(u, self->child, 0, GPA_BASE, PG));
	io_value(u, self->g.arm ? IOASID_UNBIND_PASID_TABLE : IOASID_UNBIND_PGTABLE, self->child);
	ASSERT_EQ(0, io_map(u, self->child, 0, GPA_BASE, PG));
	EXPECT_EQ(-EBUSY, bind_table(u, &self->g, self->child));
	ASSERT_EQ(0, io_unmap(u, self->child, 0, PG));
	/* Hardware has two stages; the kernel merges as many as there are */
	for (int depth = 2; depth <= 8; depth++) {
		id = io_child(u, 0, id, NO_PASID);
		ASSERT_LT(0, id);
		EXPECT_EQ(-EOPNOTSUPP, bind_table(u, &self->g, id));
	}
	EXPECT_EQ(IOASID_CAP_MAP_DMA, io_caps(u, id));
	EXPECT_EQ(-EOPNOTSUPP, io_nest(u, id));
	EXPECT_EQ(-EBUSY, bind_table(u, &self->g, self->child));
}

TEST_F(nesting, what_binds_refuse)
{
	struct io_user *u = &self->u;
	bool arm = self->g.arm;
	const struct {
		struct ioasid_bind_pgtable arg;
		int rc;
	} tables[] = {
		{ { .format = 0 }, -EOPNOTSUPP },
		{ { .format = 3 }, -EOPNOTSUPP },
		{ { .format = arm ? IOASID_PGTABLE_VTD_S1 : IOASID_PGTABLE_ARM_S1 }, -EOPNOTSUPP },
		/* SMMUv3: no PASID table, so nothing that could have it */
		{ { .format = arm ? 2 : 1, .addr_width = 47 }, arm ? -EOPNOTSUPP : -EINVAL },
		{ { .format = arm ? 2 : 1, .addr_width = 57 }, arm ? -EOPNOTSUPP : -EINVAL },
		{ { .format = arm ? 2 : 1, .addr_width = 48, .addr = 0x10 },
		  arm ? -EOPNOTSUPP : -EINVAL },
		{ { .format = arm ? 2 : 1, .addr_width = 48, .vtd_flags = 8 }, -EOPNOTSUPP },
	};
	const struct {
		struct ioasid_bind_pasid_table arg;
		int rc;
	} cds[] = {
		{ { .format = 0, .default_mode = 2 }, -EOPNOTSUPP },
		{ { .format = 1, .default_mode = 3 }, -EOPNOTSUPP },
		{ { .format = 1, .default_mode = 1 }, arm ? -EINVAL : -EOPNOTSUPP },
		{ { .format = 1, .default_mode = 2, .addr = 32 }, arm ? -EINVAL : -EOPNOTSUPP },
		{ { .format = 1, .default_mode = 2, .addr = 1ull << 52 },
		  arm ? -EINVAL : -EOPNOTSUPP },
		{ { .format = 1, .default_mode = 2, .pasid_bits = 21 },
		  arm ? -EINVAL : -EOPNOTSUPP },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct ioasid_bind_pgtable arg = tables[i].arg;

		arg.argsz = sizeof(arg);
		arg.ioasid = self->child;
		EXPECT_EQ(tables[i].rc, io_cmd(u, IOASID_BIND_PGTABLE, &arg)) {
			TH_LOG("page table %zu", i);
		}
	}
	for (size_t i = 0; i < sizeof(cds) / sizeof(cds[0]); i++) {
		struct ioasid_bind_pasid_table arg = cds[i].arg;

		arg.argsz = sizeof(arg);
		arg.ioasid = self->child;
		EXPECT_EQ(cds[i].rc, io_cmd(u, IOASID_BIND_PASID_TABLE, &arg)) {
			TH_LOG("PASID table %zu", i);
		}
	}
	EXPECT_EQ(0, bind_table(u, &self->g, self->child));
}

TEST_F(nesting, what_invalidate_refuses)
{
	struct io_user *u = &self->u;
	struct ioasid_invalidate arg = { .argsz = sizeof(arg), .granularity = 2 };

	EXPECT_EQ(-EINVAL, io_invalidate(u, self->gpa, 0, 0));
	EXPECT_EQ(-EINVAL, io_invalidate(u, self->child, 0, 0));
	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	arg.ioasid = self->child;
	EXPECT_EQ(-EOPNOTSUPP, io_cmd(u, IOASID_INVALIDATE_CACHE, &arg));
	arg.granularity = IOASID_INV_ALL;
	arg.addr = PG;
	EXPECT_EQ(-EINVAL, io_cmd(u, IOASID_INVALIDATE_CACHE, &arg));
	arg.granularity = IOASID_INV_RANGE;
	EXPECT_EQ(-EINVAL, io_cmd(u, IOASID_INVALIDATE_CACHE, &arg));
	EXPECT_EQ(-EOVERFLOW, io_invalidate(u, self->child, -PG, 2 * PG));
	if (self->g.arm) {	/* PASIDs, of which there are 16 */
		EXPECT_EQ(-EINVAL, io_invalidate(u, self->child, 16, 1));
		EXPECT_EQ(-EINVAL, io_invalidate(u, self->child, 15, 2));
		EXPECT_EQ(0, io_invalidate(u, self->child, 15, 1));
		EXPECT_EQ(0, io_invalidate(u, self->child, 0, 16));
	} else {
		EXPECT_EQ(-EINVAL, io_invalidate(u, self->child, 1, PG));
		EXPECT_EQ(-EINVAL, io_invalidate(u, self->child, 0, 1));
		EXPECT_EQ(0, io_invalidate(u, self->child, -PG, PG));
	}
}

/* ---- what one vendor has */

/* 5.5 */
TEST_F(nesting, guest_sva)
{
	struct io_user *u = &self->u;
	bool arm = self->g.arm;
	int gva;

	if (arm)
		ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	gva = io_child(u, 0, self->gpa, VPASID);
	ASSERT_LT(0, gva);
	EXPECT_EQ(-EFAULT, io_peek(u, 0, VPASID, GVA(3)));
	/* The kernel has no table of its own there, if the PASID table is the user's. */
	EXPECT_EQ(arm ? 0 : IOASID_CAP_MAP_DMA, io_caps(u, gva) & IOASID_CAP_MAP_DMA);
	if (arm) {
		set_cd(&self->g, VPASID, ASID + 1);
		EXPECT_EQ(-EINVAL, io_bind_arm(u, gva, self->g.root, 1 << 16));
		EXPECT_EQ(-EINVAL, io_bind_arm(u, gva, self->g.root | 8, 1));
		EXPECT_EQ(-EOPNOTSUPP, io_map(u, gva, 0, GPA_BASE, PG));
		EXPECT_EQ(0, io_invalidate(u, self->child, VPASID, 1));
	}
	ASSERT_EQ(0, arm ? io_bind_arm(u, gva, self->g.root, ASID + 1) :
			   io_bind_vtd(u, gva, self->g.root));
	EXPECT_EQ(3, io_peek(u, 0, VPASID, GVA(3)));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, VPASID + 1, GVA(3)));
	guest_map(&self->g, 3, 13, true);
	EXPECT_EQ(3, io_peek(u, 0, VPASID, GVA(3)));
	ASSERT_EQ(0, io_invalidate(u, gva, GVA(3), PG));
	EXPECT_EQ(13, io_peek(u, 0, VPASID, GVA(3)));
	guest_map(&self->g, 3, 3, true);
	ASSERT_EQ(0, io_invalidate(u, gva, 0, 0));
	EXPECT_EQ(3, io_peek(u, 0, VPASID, GVA(3)));
	ASSERT_EQ(0, io_detach(u, 0, gva, VPASID));
	/* SMMUv3: the PASID table is the guest's */
	EXPECT_EQ(arm ? 3 : -EFAULT, io_peek(u, 0, VPASID, GVA(3)));
}

FIXTURE(smmuv3)
{
	struct io_user u;
	struct fd_guest g;
	int gpa, child;
};

FIXTURE_SETUP(smmuv3)
{
	ASSERT_EQ(0, setup(&self->u, &self->g, IOMMU_REF_SMMUV3, &self->gpa, &self->child));
}

FIXTURE_TEARDOWN(smmuv3)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

/* "If the IOASID represents a vPASID space, then this command applies to the PASID cache." */
TEST_F(smmuv3, the_pasid_cache)
{
	struct io_user *u = &self->u;
	uint64_t *cd = guest_va(&self->g, self->g.cd + VPASID * 64);

	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	set_cd(&self->g, VPASID, ASID + 1);
	EXPECT_EQ(3, io_peek(u, 0, VPASID, GVA(3)));
	cd[0] &= ~(1ull << 31);		/* not valid any more */
	EXPECT_EQ(4, io_peek(u, 0, VPASID, GVA(4)));
	ASSERT_EQ(0, io_invalidate(u, self->child, VPASID + 1, 1));
	EXPECT_EQ(5, io_peek(u, 0, VPASID, GVA(5)));
	ASSERT_EQ(0, io_invalidate(u, self->child, VPASID, 1));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, VPASID, GVA(6)));
	set_cd(&self->g, VPASID, ASID + 1);
	EXPECT_EQ(6, io_peek(u, 0, VPASID, GVA(6)));
	cd[0] &= ~(1ull << 31);
	ASSERT_EQ(0, io_invalidate(u, self->child, 0, 0));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, VPASID, GVA(6)));
}

TEST_F(smmuv3, requests_without_a_pasid)
{
	struct io_user *u = &self->u;
	static const struct {
		uint32_t mode;
		int gva, gpa;
	} rows[] = {
		{ IOASID_DEFAULT_TERMINATE, -EFAULT, -EFAULT },
		{ IOASID_DEFAULT_BYPASS, -EFAULT, 3 },
		{ IOASID_DEFAULT_SSID0, 3, -EFAULT },
	};

	guest_cd(&self->g, ASID);
	for (size_t i = 0; i < 3; i++) {
		struct ioasid_bind_pasid_table arg = {
			.argsz = sizeof(arg), .ioasid = self->child, .addr = self->g.cd,
			.format = IOASID_PASID_TABLE_ARM_SMMUV3, .pasid_bits = 4,
			.default_mode = rows[i].mode,
		};

		ASSERT_EQ(0, io_cmd(u, IOASID_BIND_PASID_TABLE, &arg));
		EXPECT_EQ(rows[i].gva, io_peek(u, 0, NO_PASID, GVA(3)));
		EXPECT_EQ(rows[i].gpa, io_peek(u, 0, NO_PASID, GPA_BASE + 3 * PG));
		ASSERT_EQ(0, io_value(u, IOASID_UNBIND_PASID_TABLE, self->child));
	}
}

/* A stage 2 has no PASIDs of the kernel's: another format, another IOASID. */
TEST_F(smmuv3, formats_that_exclude_each_other)
{
	struct io_user *u = &self->u;
	int id = io_alloc(u), gva = io_child(u, 0, self->gpa, VPASID);

	EXPECT_EQ(-EINVAL, io_attach(u, 0, id, 7));
	EXPECT_EQ(-EINVAL, io_attach(u, 0, self->gpa, 7));
	/* A PASID table is the RID's */
	EXPECT_EQ(-EINVAL, io_bind_cds(u, gva, self->g.cd, 4));
	ASSERT_EQ(0, bind_table(u, &self->g, self->child));
	EXPECT_EQ(-EINVAL, io_attach(u, 0, self->child, 3));
	/* Beyond the table */
	ASSERT_EQ(0, io_detach(u, 0, gva, VPASID));
	ASSERT_EQ(0, io_attach(u, 0, gva, 16));
	EXPECT_EQ(-EINVAL, io_bind_arm(u, gva, self->g.root, 1));
	/* The other way round: PASIDs first */
	ASSERT_EQ(0, io_device(u, 1));
	ASSERT_EQ(0, io_attach(u, 1, id, 7));
	ASSERT_EQ(0, io_map(u, id, GPA_BASE, self->g.mem, PG));
	EXPECT_EQ(-EINVAL, io_attach(u, 1, self->gpa, NO_PASID));
	EXPECT_EQ(0, io_peek(u, 1, 7, GPA_BASE));
	EXPECT_EQ(0, io_attach(u, 1, id, NO_PASID));
	EXPECT_EQ(0, io_peek(u, 1, NO_PASID, GPA_BASE));
}

FIXTURE(vtd)
{
	struct io_user u;
	struct fd_guest g;
	int gpa, child;
};

FIXTURE_SETUP(vtd)
{
	ASSERT_EQ(0, setup(&self->u, &self->g, IOMMU_REF_VTD, &self->gpa, &self->child));
}

FIXTURE_TEARDOWN(vtd)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

/* Errata 772415, from both sides */
TEST_F(vtd, a_parent_has_no_read_only_mappings)
{
	struct io_user *u = &self->u;
	uint64_t mem = (uintptr_t)self->g.mem;

	ASSERT_EQ(0, io_map_prot(u, self->gpa, 0, mem, PG, IOASID_MAP_READ));
	EXPECT_EQ(-EINVAL, io_bind_vtd(u, self->child, self->g.root));
	ASSERT_EQ(0, io_unmap(u, self->gpa, 0, PG));
	ASSERT_EQ(0, io_bind_vtd(u, self->child, self->g.root));
	EXPECT_EQ(-EINVAL, io_map_prot(u, self->gpa, 0, mem, PG, IOASID_MAP_READ));
	ASSERT_EQ(0, io_value(u, IOASID_UNBIND_PGTABLE, self->child));
	EXPECT_EQ(0, io_map_prot(u, self->gpa, 0, mem, PG, IOASID_MAP_READ));
}

/* ---- software */

/* 5.3 */
TEST_F(nesting, software_example)
{
	struct io_user *u = &self->u;
	uint64_t pinned = io_stats(u).pinned_pages;

	ASSERT_EQ(0, io_map(u, self->child, 0x2000, GPA_BASE + PG, PG));
	EXPECT_EQ(1, io_peek(u, 0, NO_PASID, 0x2000));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, GPA_BASE + PG));
	/* "locked accounting is only conducted for gpa_ioasid" */
	EXPECT_EQ(pinned, io_stats(u).pinned_pages);
	ASSERT_EQ(0, io_unmap(u, self->child, 0x2000, PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 0x2000));
}

TEST_F(nesting, software_follows_the_parent)
{
	struct io_user *u = &self->u;
	uint64_t far = GPA_BASE + 0x40000000;

	/* Over both ends of what the parent has, and before it has anything */
	ASSERT_EQ(0, io_map(u, self->child, 0, GPA_BASE - 2 * PG, 4 * PG));
	ASSERT_EQ(0, io_map(u, self->child, 4 * PG, far, 4 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, PG));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 2 * PG));
	EXPECT_EQ(1, io_peek(u, 0, NO_PASID, 3 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 5 * PG));
	ASSERT_EQ(0, io_map(u, self->gpa, far + PG, self->g.mem + 7 * PG, 2 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 4 * PG));
	EXPECT_EQ(7, io_peek(u, 0, NO_PASID, 5 * PG));
	EXPECT_EQ(8, io_peek(u, 0, NO_PASID, 6 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 7 * PG));
	ASSERT_EQ(0, io_unmap(u, self->gpa, far + PG, 2 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 5 * PG));
	EXPECT_EQ(1, io_peek(u, 0, NO_PASID, 3 * PG));
	EXPECT_EQ(-EEXIST, io_map(u, self->child, 3 * PG, far, 2 * PG));
	EXPECT_EQ(-EINVAL, io_map(u, self->child, 1ull << 48, far, PG));
	EXPECT_EQ(-EINVAL, io_unmap(u, self->child, 0, PG));
	EXPECT_EQ(-ENOENT, io_unmap(u, self->child, PG, PG));
}

TEST_F(nesting, software_has_the_rights_of_both)
{
	struct io_user *u = &self->u;
	uint64_t mem = (uintptr_t)self->g.mem;
	uint8_t byte = 77;

	ASSERT_EQ(0, io_map_prot(u, self->gpa, 0, mem, PG, IOASID_MAP_READ));
	ASSERT_EQ(0, io_map_prot(u, self->child, 0, 0, PG, IO_RW));
	ASSERT_EQ(0, io_map_prot(u, self->child, PG, GPA_BASE, PG, IOASID_MAP_READ));
	ASSERT_EQ(0, io_map_prot(u, self->child, 2 * PG, 0, PG, IOASID_MAP_WRITE));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, PG));
	for (unsigned int page = 0; page < 3; page++)
		EXPECT_EQ(-EFAULT, fd_dma(u->ref, 0, NO_PASID, true, page * PG, &byte, 1));
	EXPECT_EQ(-EFAULT, io_peek(u, 0, NO_PASID, 2 * PG));
	EXPECT_EQ(0, self->g.mem[0]);
}

/* Three levels, one or the other changed at random, against a walk by hand */
TEST_F(nesting, software_at_random)
{
	enum { N = 24 };
	struct io_user *u = &self->u;
	int id[3] = { self->gpa, self->child, io_child(u, 0, self->child, NO_PASID) };
	int to[3][N];
	uint32_t seed = 12345;

	ASSERT_LT(0, id[2]);
	ASSERT_EQ(0, io_unmap(u, self->gpa, GPA_BASE, GUEST_PAGES * PG));
	memset(to, 0xff, sizeof(to));
	for (unsigned int step = 0; step < 3000; step++) {
		unsigned int level, from, page;
		int want;

		seed = seed * 1664525 + 1013904223;
		level = (seed >> 8) % 3;
		from = (seed >> 12) % N;
		page = (seed >> 20) % N;
		if (to[level][from] >= 0) {
			ASSERT_EQ(0, io_unmap(u, id[level], from * PG, PG));
			to[level][from] = -1;
		} else {
			uint64_t va = level ? page * PG : (uintptr_t)self->g.mem + page * PG;

			ASSERT_EQ(0, io_map(u, id[level], from * PG, va, PG));
			to[level][from] = (int)page;
		}
		for (unsigned int i = 0; i < N; i++) {
			want = to[2][i] < 0 ? -1 : to[1][to[2][i]];
			want = want < 0 ? -1 : to[0][want];
			ASSERT_EQ(want < 0 ? -EFAULT : want, io_peek(u, 0, NO_PASID, i * PG)) {
				TH_LOG("step %u page %u", step, i);
			}
		}
	}
}

TEST_HARNESS_MAIN
