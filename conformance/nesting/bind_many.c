// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7: many PASIDs of one device, and the devices and drivers on which nothing can be bound.
 */
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"
#include "nest.h"

#define BIND VFIO_IOMMU_NESTING_OP_BIND_PGTBL
#define UNBIND VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL
#define MANY 32u
#define FIRST 2000u

FIXTURE(bind_many) {
	struct cts *c;
	struct nest_rig rig;
	struct guest_ram ram;
	struct stage1 t[MANY];
};
CTS_VARIANTS_V7(bind_many);

/* Table n shows page n (modulo the window) at the leg's GVA. */
FIXTURE_SETUP(bind_many)
{
	struct nest_leg *leg = &self->rig.leg[0];

	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, RIG_UNBOUND, &self->rig), &self->rig);
	leg->path.has_pasid = true;
	CTS_PRE(guest_ram_create(self->rig.space, RIG_RAM_GPA + 0x10000000, 4 * MANY * PG,
				 &self->ram));
	for (unsigned int i = 0; i < MANY; i++) {
		CTS_PRE(stage1_create(&self->t[i], &self->ram, i + 1));
		CTS_PRE(stage1_map(&self->t[i], leg->gva, leg->gpa + i % RIG_PAGES * PG, PG, CTS_RW,
				   false));
		CTS_PRE_TRUE(__pasid_alloc(self->rig.space, FIRST + i, FIRST + i) == FIRST + i);
	}
}

FIXTURE_TEARDOWN(bind_many)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

/* NULL, or what is wrong: PASID number @i reaches table @i's page, or is stopped. */
static const char *check(FIXTURE_DATA(bind_many) *self, unsigned int i, bool bound)
{
	struct nest_leg *leg = &self->rig.leg[0];
	struct cts_path path = leg->path;

	path.pasid = FIRST + i;
	if (bound)
		return nest_lands(&self->rig, path, leg->gva, &leg->win, i % RIG_PAGES * PG);
	return nest_stops(&self->rig, path, leg->gva, &leg->win);
}

CTS_TEST_F(bind_many, multi_pasid, "BIND_MULTI_PASID")
{
	for (unsigned int i = 0; i < MANY; i++)
		CTS_EXPECT_RC("BIND_MULTI_PASID", __nesting_bind(self->rig.space, BIND, FIRST + i,
								 self->t[i].s1.root));
	for (unsigned int i = 0; i < MANY; i++)
		CTS_EXPECT_NULL("BIND_MULTI_PASID", check(self, i, true));
	for (unsigned int i = 0; i < MANY; i += 2)
		CTS_EXPECT_RC("BIND_MULTI_PASID", __nesting_bind(self->rig.space, UNBIND, FIRST + i,
								 self->t[i].s1.root));
	for (unsigned int i = 0; i < MANY; i++)
		CTS_EXPECT_NULL("BIND_MULTI_PASID", check(self, i, i & 1));
	/* every second one again, with its neighbour's table */
	for (unsigned int i = 0; i < MANY; i += 2)
		CTS_EXPECT_RC("BIND_MULTI_PASID",
			      __nesting_bind(self->rig.space, BIND, FIRST + i,
					     self->t[i].s1.root));
	for (unsigned int i = 0; i < MANY; i++)
		CTS_EXPECT_NULL("BIND_MULTI_PASID", check(self, i, true));
}

/* ---- drivers and devices to order */

static const struct cts_machine own_pasids = {
	.hidden_features = IOMMU_NESTING_FEAT_SYSWIDE_PASID,
};
static const struct cts_machine platform = { .not_pci = 1u << 0 };

FIXTURE(bind_none) {
	struct cts *c;
	struct cts_space *space;
};
FIXTURE_VARIANT(bind_none) {
	struct cts_variant v;
	const struct cts_machine *machine;
};
FIXTURE_VARIANT_ADD(bind_none, own_pasids_reviewed) {
	.v = { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD }, .machine = &own_pasids,
};
FIXTURE_VARIANT_ADD(bind_none, own_pasids_posted) {
	.v = { .profile = CTS_V7_POSTED, .arch = CTS_VTD }, .machine = &own_pasids,
};
FIXTURE_VARIANT_ADD(bind_none, platform_reviewed) {
	.v = { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD }, .machine = &platform,
};
FIXTURE_VARIANT_ADD(bind_none, platform_posted) {
	.v = { .profile = CTS_V7_POSTED, .arch = CTS_VTD }, .machine = &platform,
};

FIXTURE_SETUP(bind_none)
{
	CTS_SETUP_ON(self->c, variant->machine);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(bind_none)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(bind_none, no_vmm, "BIND_NO_VMM")
{
	if (variant->machine != &own_pasids)
		CTS_SKIP(NOT_APPLICABLE, "this driver has the system's PASIDs");
	CTS_EXPECT_RC("BIND_NO_VMM", __nesting_bind(self->space, BIND, 77, 0x1000));
	CTS_EXPECT_RC("BIND_NO_VMM", __nesting_bind(self->space, UNBIND, 77, 0x1000));
	CTS_EXPECT_ERRNO("BIND_NO_VMM", __pasid_alloc(self->space, 1, 100), EOPNOTSUPP);
	CTS_EXPECT_ERRNO("BIND_NO_VMM", __nesting_invalidate(self->space, 77, 0x1000),
			 self->c->v.profile == CTS_V7_POSTED ? 0 : ENOENT);
}

CTS_TEST_F(bind_none, nonpci, "BIND_NONPCI")
{
	long p;

	if (variant->machine != &platform)
		CTS_SKIP(NOT_APPLICABLE, "this device is a PCI function");
	p = __pasid_alloc(self->space, 1, 100);
	CTS_PRE(p);
	CTS_EXPECT_RC("BIND_NONPCI", __nesting_bind(self->space, BIND, p, 0x1000));
}

CTS_SUITE("nesting", "nesting/bind_many");
