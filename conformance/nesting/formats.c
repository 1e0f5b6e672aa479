// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-table formats of a guest's stage 1: the granules that an SMMU tells of, access flags, and
 * what hardware notes in the entries.
 */
#include "../../fixtures/stage1/format.h"
#include "../../harness/test.h"
#include "nest.h"

#define TABLES_GPA (RIG_RAM_GPA + 0x10000000ull)
#define TABLES_LEN (1ull << 20)
#define IDR5_GRAN(page_shift) (1u << ((page_shift) / 2 - 2))	/* 4K: 4, 16K: 5, 64K: 6 */
#define CD_AFFD (1ull << 35)

FIXTURE(arm_formats) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
	struct guest_ram tables;
};
FIXTURE_VARIANT(arm_formats) { struct cts_variant v; unsigned int page_shift; };
#define GRANULE(name, shift) FIXTURE_VARIANT_ADD(arm_formats, name) { \
	.v = { .profile = CTS_IOMMUFD, .arch = CTS_SMMUV3 }, .page_shift = (shift) }
GRANULE(iommufd_smmuv3_4k, 12);
GRANULE(iommufd_smmuv3_16k, 14);
GRANULE(iommufd_smmuv3_64k, 16);

FIXTURE_SETUP(arm_formats)
{
	CTS_SETUP(self->c);
	self->leg = &self->rig.leg[0];
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(arm_formats)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* IDR5, or -errno. */
static long idr5(FIXTURE_DATA(arm_formats) *self)
{
	struct iommu_hw_info_arm_smmuv3 info = { 0 };
	struct iommu_hw_info arg = {
		.size = sizeof(arg), .data_len = sizeof(info), .data_uptr = (uintptr_t)&info,
		.dev_id = self->rig.space->dev_id[self->leg->path.device],
	};
	long rc = cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_GET_HW_INFO, &arg);

	return rc ? rc : info.idr[5];
}

/* The leg's stage 1, empty and in granules of its own. */
static int new_stage1(FIXTURE_DATA(arm_formats) *self, unsigned int page_shift)
{
	int rc = guest_ram_create(self->rig.space, TABLES_GPA, TABLES_LEN, &self->tables);

	return rc ? rc : stage1_create_granule(&self->leg->stage1, &self->tables, 9, page_shift);
}

#define GRANULES() do { \
	long idr5_ = idr5(self); \
	CTS_PRE(idr5_ < 0 ? idr5_ : 0); \
	if (!(idr5_ & IDR5_GRAN(variant->page_shift))) \
		CTS_SKIP(NOT_SUPPORTED, "this SMMU does not have the granule (IDR5)"); \
	CTS_PRE(new_stage1(self, variant->page_shift)); \
} while (0)

/* In the first 4 KiB of each table, whatever its size. */
#define LOW_GVA 0x100000ull

/* The first granule of the window, and the last one. */
CTS_TEST_F(arm_formats, granule, "NEST_S1_GRANULE")
{
	const uint64_t page = 1ull << variant->page_shift;
	struct nest_leg *leg = self->leg;
	struct nest_rig *rig = &self->rig;
	const uint64_t last = leg->win.len - page;

	GRANULES();
	leg->gva = LOW_GVA;
	CTS_PRE(stage1_map(&leg->stage1, leg->gva, leg->gpa + last, page, CTS_RW, false));
	CTS_PRE(stage1_map(&leg->stage1, leg->gva + 2 * page, leg->gpa, page, CTS_RW, false));
	CTS_PRE(nest_rig_bind(rig, 0));
	for (uint64_t off = 0x40; off < page; off += 3 * PG) {
		CTS_EXPECT_NULL("NEST_S1_GRANULE", nest_lands(rig, leg->path, leg->gva + off,
							      &leg->win, last + off));
		CTS_EXPECT_NULL("NEST_S1_GRANULE",
				nest_lands(rig, leg->path, leg->gva + 2 * page + off, &leg->win,
					   off));
		CTS_EXPECT_NULL("NEST_S1_GRANULE",
				nest_stops(rig, leg->path, leg->gva + page + off, &leg->win));
	}
	CTS_EXPECT_NULL("NEST_S1_GRANULE",
			nest_stops(rig, leg->path, leg->gva + 3 * page, &leg->win));
	CTS_EXPECT_NULL("NEST_S1_GRANULE", nest_stops(rig, leg->path, leg->gva - 32, &leg->win));
}

/*
 * Entries far into tables that are larger than the pages of stage 2. A kernel may happen to have
 * these side by side, and then it proves nothing; where it has not, QEMU 11.1 fails: its
 * smmu_ptw_64_s1() (hw/arm/smmu-common.c) looks through stage 2 for the table's first byte alone.
 */
CTS_TEST_F(arm_formats, table_pages, "NEST_S1_TABLE_PAGES")
{
	const uint64_t page = 1ull << variant->page_shift;
	struct nest_leg *leg = self->leg;

	GRANULES();
	if (page == PG)
		CTS_SKIP(NOT_APPLICABLE, "a table of this granule is one page");
	if (self->c->subject != CTS_REFERENCE)
		CTS_SKIP(ENV_MISSING, "a say in where the pages of a table lie");
	CTS_PRE(stage1_map(&leg->stage1, leg->gva, leg->gpa, page, CTS_RW, false));
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_EXPECT_NULL("NEST_S1_TABLE_PAGES", leg_lands(&self->rig, 0, 0));
}

CTS_TEST_F(arm_formats, access_flag, "NEST_S1_ACCESS_FLAG")
{
	const uint64_t page = 1ull << variant->page_shift;
	struct nest_leg *leg = self->leg;
	struct nest_rig *rig = &self->rig;
	uint64_t *e;

	GRANULES();
	leg->gva = LOW_GVA;
	CTS_PRE(stage1_map(&leg->stage1, leg->gva, leg->gpa, page, CTS_RW, false));
	e = stage1_entry(&leg->stage1, leg->gva);
	CTS_PRE_TRUE(e);
	*e &= ~ARM_AF;
	CTS_PRE(nest_rig_bind(rig, 0));
	CTS_EXPECT_NULL("NEST_S1_ACCESS_FLAG", leg_stops(rig, 0, 0));
	CTS_EXPECT_TRUE("NEST_S1_ACCESS_FLAG", !(*e & ARM_AF),
			"hardware set the access flag: nobody asked for that");
	*e |= ARM_AF;
	CTS_PRE(nest_invalidate_all(rig, 0));
	CTS_EXPECT_NULL("NEST_S1_ACCESS_FLAG", leg_lands(rig, 0, 0));
}

/* The descriptor is right from the start: what it says may be cached before the first DMA. */
CTS_TEST_F(arm_formats, access_flag_disabled, "NEST_S1_ACCESS_FLAG")
{
	const uint64_t page = 1ull << variant->page_shift;
	struct nest_leg *leg = self->leg;
	uint64_t *e, *cd;

	GRANULES();
	leg->gva = LOW_GVA;
	CTS_PRE(stage1_map(&leg->stage1, leg->gva, leg->gpa, page, CTS_RW, false));
	e = stage1_entry(&leg->stage1, leg->gva);
	CTS_PRE_TRUE(e);
	*e &= ~ARM_AF;
	cd = (uint64_t *)(void *)(self->tables.va +
				  ((leg->stage1.s1.ste[0] & 0xfffffffffffc0ull) - TABLES_GPA));
	cd[0] |= CD_AFFD;
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_EXPECT_NULL("NEST_S1_ACCESS_FLAG", leg_lands(&self->rig, 0, 0));
}

/* ---- VT-d */

FIXTURE(vtd_formats) {
	struct cts *c;
	struct nest_rig rig;
	struct nest_leg *leg;
};
FIXTURE_VARIANT(vtd_formats) { struct cts_variant v; };
CTS_VARIANT_ADD(vtd_formats, vfio_v7_vtd, CTS_V7_REVIEWED, CTS_VTD);
CTS_VARIANT_ADD(vtd_formats, iommufd_vtd, CTS_IOMMUFD, CTS_VTD);

FIXTURE_SETUP(vtd_formats)
{
	CTS_SETUP(self->c);
	self->leg = &self->rig.leg[0];
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(vtd_formats)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* Page 0 is written; page 1 is there, and only looked at by nobody. */
CTS_TEST_F(vtd_formats, marks, "NEST_S1_MARKS")
{
	struct nest_leg *leg = self->leg;
	uint64_t *e[2], before[2];

	for (unsigned int i = 0; i < 2; i++) {
		e[i] = stage1_entry(&leg->stage1, leg->gva + i * PG);
		CTS_PRE_TRUE(e[i]);
		*e[i] &= ~(X86_A | X86_D);
		before[i] = *e[i];
	}
	CTS_PRE(nest_rig_bind(&self->rig, 0));
	CTS_EXPECT_NULL("NEST_S1_MARKS", leg_lands(&self->rig, 0, 0));
	CTS_EXPECT_EQ("NEST_S1_MARKS", before[0] | X86_A | X86_D, *e[0]);
	CTS_EXPECT_EQ("NEST_S1_MARKS", before[1], *e[1] & ~X86_A);
}

CTS_SUITE("nesting", "nesting/formats");
