// SPDX-License-Identifier: GPL-2.0-only
/* Isolation of two translation stages, of PASIDs and of processes. */
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../allocation/pasid.h"

FIXTURE(iso_nested) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_SEMANTIC(iso_nested);

FIXTURE_SETUP(iso_nested)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(iso_nested)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(iso_nested, stage2_unmap, "ISO_STAGE2_UNMAP")
{
	struct nest_leg *leg = &self->rig.leg[0];

	NEST_WARM(&self->rig, 0);
	CTS_PRE(__cts_unmap(self->rig.space, leg->gpa, leg->win.len, NULL));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		NEST_EXPECT_BLOCKED("ISO_STAGE2_UNMAP", &self->rig, 0,
				    nest_write(&self->rig, 0, pg * 4096ull, 16));
}

CTS_TEST_F(iso_nested, stage2_hole, "ISO_STAGE2_HOLE")
{
	struct nest_leg *leg = &self->rig.leg[0];

	NEST_WARM(&self->rig, 0);
	/* a GPA that nothing maps, and the window's own host address: neither is in the space */
	CTS_PRE(stage1_map(&leg->stage1, leg->gva + (1 << 24), RIG_IOVA, 4096, CTS_RW, false));
	CTS_PRE(stage1_map(&leg->stage1, leg->gva + (2 << 24),
			   (uintptr_t)leg->win.va & ((1ull << 40) - 1), 4096, CTS_RW, false));
	NEST_EXPECT_BLOCKED("ISO_STAGE2_HOLE", &self->rig, 0,
			    engine_write(self->rig.space, leg->path, leg->gva + (1 << 24), 16));
	NEST_EXPECT_BLOCKED("ISO_STAGE2_HOLE", &self->rig, 0,
			    engine_write(self->rig.space, leg->path, leg->gva + (2 << 24), 16));
}

CTS_TEST_F(iso_nested, after_unbind, "ISO_AFTER_UNBIND")
{
	NEST_WARM(&self->rig, 0);
	CTS_PRE(__cts_unbind(self->rig.leg[0].bind));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		NEST_EXPECT_BLOCKED("ISO_AFTER_UNBIND", &self->rig, 0,
				    nest_write(&self->rig, 0, pg * 4096ull, 16));
}

CTS_TEST_F(iso_nested, unbound_pasid, "ISO_UNBOUND_PASID")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct cts_path path = leg->path;

	NEST_WARM(&self->rig, 0);
	for (uint32_t p = 2000; p < 2004; p++) {
		if (p & 1)
			CTS_PRE(__pasid_alloc(self->rig.space, p, p));
		path.pasid = p;
		NEST_EXPECT_BLOCKED("ISO_UNBOUND_PASID", &self->rig, 0,
				    engine_write(self->rig.space, path, leg->gva, 16));
		/* nor does it fall back to the container's own table */
		NEST_EXPECT_BLOCKED("ISO_UNBOUND_PASID", &self->rig, 0,
				    engine_write(self->rig.space, path, leg->gpa, 16));
	}
}

CTS_TEST_F(iso_nested, foreign_pasid, "ISO_FOREIGN_PASID")
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_space *foreign;
	struct cts_path path = leg->path;

	CTS_PRE_TRUE(b);
	/* process B has device 1, of another group: our PASID on B's device, B's on ours */
	CTS_PRE(__cts_space_create(self->c, b, CTS_SPACE_NEST, 1u << 1, &foreign));
	NEST_WARM(&self->rig, 0);
	path.device = 1;
	NEST_EXPECT_BLOCKED("ISO_FOREIGN_PASID", &self->rig, 0,
			    engine_write(foreign, path, leg->gva, 16));
	path = leg->path;
	long theirs = __pasid_request(foreign, b, VFIO_IOMMU_FLAG_ALLOC_PASID, 1, 0xfffff);

	CTS_PRE(theirs);
	path.pasid = theirs;
	NEST_EXPECT_BLOCKED("ISO_FOREIGN_PASID", &self->rig, 0,
			    engine_write(self->rig.space, path, leg->gva, 16));
	cts_space_free(foreign);
}

FIXTURE(iso_killed) {
	struct cts *c;
};
CTS_VARIANTS_SEMANTIC(iso_killed);

FIXTURE_SETUP(iso_killed)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(iso_killed)
{
	cts_end(self->c);
}

CTS_TEST_F(iso_killed, owner_killed, "ISO_OWNER_KILLED")
{
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_space *s;
	struct window w;
	struct cts_path path;

	CTS_PRE_TRUE(b);
	if (self->c->subject != CTS_REFERENCE)
		CTS_SKIP(NOT_SUPPORTED,
			 "without its owner nobody can drive the device: the kernel resets it");
	CTS_PRE(window_create(self->c, 4096, &w));
	CTS_PRE(__cts_space_create(self->c, b, 0, 1, &s));
	CTS_PRE(__cts_map(s, RIG_IOVA, w.va, 4096, CTS_RW));
	path = cts_space_path(s, 0);
	window_arm(&w);
	CTS_PRE_TRUE(engine_write(s, path, RIG_IOVA, 16) == ENGINE_DONE);
	CTS_PRE_TRUE(window_untouched(&w));
	window_arm(&w);
	cts_kill_actor(self->c, b);
	CTS_EXPECT_EQ("ISO_OWNER_KILLED", ENGINE_BLOCKED, engine_write(s, path, RIG_IOVA, 16));
	CTS_EXPECT_NULL("ISO_OWNER_KILLED", window_untouched(&w));
}

CTS_SUITE("dma-isolation", "dma-isolation/nested");
