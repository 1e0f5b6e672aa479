// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA that two-stage translation stops: nothing moves, and on a subject that can tell the record
 * says who asked for what. v7 has no command to ask for more.
 */
#include "../../fixtures/rig_checks.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"

FIXTURE(flt) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(flt);

FIXTURE_SETUP(flt)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(flt)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* What the record must say, if there are records: a write of this device to @addr. */
#define EXPECT_RECORD(id, addr_) do { \
	const struct cts_path path_ = self->rig.leg[0].path; \
	struct cts_fault f_ = { 0 }; \
	int rc_ = cts_fault_pop(self->c, &f_); \
	if (rc_ != -EOPNOTSUPP) { \
		CTS_ASSERT_EQ(id, 1, rc_); \
		CTS_EXPECT_EQ(id, addr_, f_.iova); \
		CTS_EXPECT_EQ(id, path_.device, f_.device); \
		CTS_EXPECT_TRUE(id, f_.write && f_.has_pasid == path_.has_pasid && \
				(!f_.has_pasid || f_.pasid == path_.pasid), \
				"write %d, has_pasid %d, PASID %u", f_.write, f_.has_pasid, \
				f_.pasid); \
		CTS_EXPECT_EQ(id, 0, cts_fault_pop(self->c, &f_)); \
	} \
} while (0)

static void drain(struct cts *c)
{
	struct cts_fault f;

	while (cts_fault_pop(c, &f) > 0)
		;
}

CTS_TEST_F(flt, perm, "FLT_PERM")
{
	struct nest_leg *leg = &self->rig.leg[0];

	CTS_RIG(nest_rig_create(self->c, RIG_READ_ONLY, &self->rig), &self->rig);
	for (unsigned int page = 0; page < RIG_PAGES; page += 5) {
		drain(self->c);
		window_arm(&leg->win);
		NEST_EXPECT_BLOCKED("FLT_PERM", &self->rig, 0,
				    nest_write(&self->rig, 0, page * 4096 + 0x48, 16));
		EXPECT_RECORD("FLT_PERM", leg->gva + page * 4096 + 0x48);
	}
}

CTS_TEST_F(flt, stage2_miss, "FLT_STAGE2_MISS")
{
	struct nest_leg *leg = &self->rig.leg[0];
	uint64_t beyond;

	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	NEST_EXPECT_LANDS("FLT_STAGE2_MISS", &self->rig, 0, 64, 64);
	/* one page behind the window: stage 1 says where, the space has nothing there */
	beyond = leg->gva + leg->win.len;
	CTS_PRE(stage1_map(&leg->stage1, beyond, leg->gpa + leg->win.len, 4096, CTS_RW, false));
	drain(self->c);
	window_arm(&leg->win);
	NEST_EXPECT_BLOCKED("FLT_STAGE2_MISS", &self->rig, 0,
			    nest_write(&self->rig, 0, leg->win.len + 0x80, 16));
	EXPECT_RECORD("FLT_STAGE2_MISS", beyond + 0x80);
}

/* ---- v7 */

FIXTURE(flt_v7) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_V7(flt_v7);

FIXTURE_SETUP(flt_v7)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(flt_v7)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(flt_v7, absent, "FLT_V7_ABSENT")
{
	static uint8_t room[4096];

	/* +18 PASID_REQUEST and +19 NESTING_OP are the last ones that p07 and p10 added */
	for (unsigned int nr = 20; nr < 64; nr++) {
		memset(room, 0, sizeof(room));
		room[1] = 0x10;	/* argsz 4096 */
		CTS_EXPECT_RC("FLT_V7_ABSENT",
			      cts_ioctl_raw(self->c, NULL, self->rig.space->fd,
					    _IO(VFIO_TYPE, VFIO_BASE + nr), room));
	}
}

CTS_TEST_F(flt_v7, unbound_pasid, "FLT_UNBOUND_PASID_DMA")
{
	struct nest_leg *leg = &self->rig.leg[0];
	const struct cts_path bound = leg->path;
	long own = __pasid_alloc(self->rig.space, 1, 0xfffff);

	CTS_PRE(own);
	/* an own one without a table, and one that was never allocated */
	for (unsigned int k = 0; k < 2; k++) {
		leg->path.pasid = k ? 0x7fff0 : (uint32_t)own;
		drain(self->c);
		window_arm(&leg->win);
		NEST_EXPECT_BLOCKED("FLT_UNBOUND_PASID_DMA", &self->rig, 0,
				    nest_write(&self->rig, 0, 0x40, 16));
		EXPECT_RECORD("FLT_UNBOUND_PASID_DMA", leg->gva + 0x40);
	}
	leg->path = bound;
	NEST_EXPECT_LANDS("FLT_UNBOUND_PASID_DMA", &self->rig, 0, 64, 64);
}

CTS_SUITE("faults", "faults/blocked");
