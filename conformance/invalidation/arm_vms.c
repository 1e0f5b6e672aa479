// SPDX-License-Identifier: GPL-2.0-only
/* Arm SMMUv3: two VMs, that is two VMIDs, with the same ASID at the same address. */
#include "inv.h"

FIXTURE(inv_arm_vms) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_arm_vms) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_arm_vms, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3);

FIXTURE_SETUP(inv_arm_vms)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_arm_vms)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_arm_vms, other_vm, "INV_ARM_OTHER_VM")
{
	const uint64_t gva = self->rig.leg[0].gva, gpa = RIG_DATA_GPA(0);
	const uint64_t cmd[][2] = {
		{ ARM_TLBI_NSNH_ALL, 0 }, { ARM_TLBI_NH_ALL, 0 },
		{ ARM_TLBI_NH_ASID | inv_asid(&self->rig, 0), 0 }, { ARM_TLBI_NH_VAA, gva },
		{ ARM_TLBI_NH_VA | inv_asid(&self->rig, 0), gva },
	};
	struct guest_ram ram;
	struct stage1 stage1;
	struct cts_space *vm;
	struct cts_bind *bind;
	struct window win;
	unsigned int dev = 0;
	uint32_t done;

	INV_NEEDS_INTROSPECTION(&self->rig);
	while (dev < self->c->nr_devices && (self->rig.space->attached[dev] ||
	       self->c->devices[dev].group == self->c->devices[self->rig.leg[0].path.device].group))
		dev++;
	CTS_PRE_TRUE(dev < self->c->nr_devices);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << dev, &vm));
	CTS_PRE(guest_ram_create(vm, RIG_RAM_GPA, 16 * PAGE, &ram));
	CTS_PRE(window_create(self->c, PAGE, &win));
	CTS_PRE(__cts_map(vm, gpa, win.va, PAGE, CTS_RW));
	CTS_PRE(stage1_create(&stage1, &ram, self->rig.leg[0].stage1.s1.asid));
	CTS_PRE(stage1_map(&stage1, gva, gpa, PAGE, CTS_RW, false));
	CTS_PRE(__cts_bind(vm, 0, &stage1.s1, &bind));
	CTS_PRE_TRUE(engine_write(vm, bind->path, gva, 16) == ENGINE_DONE);
	for (size_t i = 0; i < ARRAY_SIZE(cmd); i++) {
		INV_WARM(&self->rig, 0, 0, 1);
		CTS_PRE(inv_command(&self->rig, cmd[i][0], cmd[i][1], &done));
		INV_EXPECT_CACHED("INV_ARM_OTHER_VM", &self->rig, 0, 0, 0);
		CTS_EXPECT_TRUE("INV_ARM_OTHER_VM",
				cts_iotlb_cached(self->c, dev, false, 0, gva, true) == 1,
				"command 0x%02x took an entry of another VM",
				(unsigned int)(cmd[i][0] & 0xff));
	}
	cts_bind_free(bind);
	cts_space_free(vm);
}

CTS_SUITE("invalidation", "invalidation/arm_vms");
