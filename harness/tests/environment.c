// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which subject and which devices: bad input is refused in one line, and a machine that cannot run
 * a variant says why with an outcome's name in front.
 */
#include "fake_root.h"
#include "internal.h"
#include "test.h"

FIXTURE(environment)
{
	struct fake_root root;
	struct cts *c;
};

FIXTURE_SETUP(environment)
{
	fake_root_make(&self->root);
}

FIXTURE_TEARDOWN(environment)
{
	cts_end(self->c);
	fake_root_remove(&self->root);
}

static const struct cts_variant iommufd_any = { .profile = CTS_IOMMUFD, .arch = CTS_ARCH_ANY };
static const struct cts_variant iommufd_smmuv3 = { .profile = CTS_IOMMUFD, .arch = CTS_SMMUV3 };
static const struct cts_variant v7 = { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD };

#define EXPECT_SKIP(text, variant_) \
	do { \
		self->c = cts_begin(&(variant_)); \
		ASSERT_NE(NULL, cts_skip_reason(self->c)); \
		EXPECT_STREQ(text, cts_skip_reason(self->c)); \
		cts_end(self->c); \
		self->c = NULL; \
	} while (0)

TEST_F(environment, bad_values)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "CTS_SUBJECT", "toaster",
		  "unknown subject 'toaster': reference, vm or hardware" },
		{ "CTS_SUBJECT", "mock", "unknown subject 'mock': reference, vm or hardware" },
		{ "CTS_DEFECT", "INV_SKIPPED",
		  "CTS_DEFECT=INV_SKIPPED: only the reference has known-bad variants" },
		{ "CTS_DEVICES", "eth0",
		  "CTS_DEVICES: 'eth0' is no PCI address like 0000:00:05.0" },
		{ "CTS_DEVICES", "00:05.0,0000:00:06.g",
		  "CTS_DEVICES: '0000:00:06.g' is no PCI address like 0000:00:05.0" },
		{ "CTS_DEVICES", ",", "CTS_DEVICES: '' is no PCI address like 0000:00:05.0" },
		{ "CTS_DEVICES",
		  "00:01.0,00:01.1,00:01.2,00:01.3,00:01.4,00:01.5,00:01.6,00:01.7,00:02.0",
		  "CTS_DEVICES: more than 8 devices" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct subject_env env;
		char why[CTS_REASON_LEN] = "";

		setenv("CTS_SUBJECT", "vm", 1);
		unsetenv("CTS_DEFECT");
		unsetenv("CTS_DEVICES");
		setenv(bad[i].name, bad[i].value, 1);
		EXPECT_EQ(-EINVAL, subject_env_parse(&env, why));
		EXPECT_STREQ(bad[i].why, why);
		EXPECT_EQ(2, cts_environment());
	}
}

TEST_F(environment, unknown_defect)
{
	struct subject_env env;
	char why[CTS_REASON_LEN] = "";

	setenv("CTS_SUBJECT", "reference", 1);
	EXPECT_EQ(0, subject_env_parse(&env, why));
	EXPECT_EQ(0, cts_environment());
	setenv("CTS_DEFECT", "NO_SUCH_DEFECT", 1);
	EXPECT_EQ(-EINVAL, subject_env_parse(&env, why));
	EXPECT_NE(NULL, strstr(why, "NO_SUCH_DEFECT"));
	EXPECT_SKIP("broken: unknown defect 'NO_SUCH_DEFECT': see 'iommu-cts list --defects'",
		    iommufd_any);
	setenv("CTS_DEFECT", "INV_SKIPPED", 1);
	EXPECT_EQ(0, subject_env_parse(&env, why));
}

TEST_F(environment, device_as_sysfs_says)
{
	fake_device(&self->root, "0000:00:05.0", "vfio-pci", "dmar0", 1);
	fake_device(&self->root, "0000:00:06.0", "vfio-pci", "dmar0", 0);
	setenv("CTS_DEVICES", "00:05.0,0000:00:06.0", 1);
	self->c = cts_begin(&iommufd_any);
	ASSERT_EQ(NULL, cts_skip_reason(self->c)) TH_LOG("%s", cts_skip_reason(self->c));
	ASSERT_EQ(2, self->c->nr_devices);
	EXPECT_EQ(CTS_VM, self->c->subject);
	EXPECT_EQ(CTS_VTD, self->c->arch);
	EXPECT_STREQ("0000:00:05.0", self->c->devices[0].bdf);
	EXPECT_STREQ("/dev/vfio/devices/vfio3", self->c->devices[0].cdev);
	EXPECT_EQ(17, self->c->devices[0].group);
	EXPECT_EQ(0x1b36, self->c->devices[0].vendor_id);
	EXPECT_EQ(0x0005, self->c->devices[0].device_id);
	EXPECT_TRUE(self->c->devices[0].pasid);
	EXPECT_FALSE(self->c->devices[1].pasid);
	EXPECT_EQ(1, self->c->devices[1].index);
	EXPECT_EQ(NULL, cts_ref(self->c));
	EXPECT_EQ(-ENODEV, cts_ref_dma(self->c, NULL, NULL));
}

TEST_F(environment, what_the_machine_lacks)
{
	fake_device(&self->root, "0000:00:05.0", "e1000e", "dmar0", 0);
	fake_device(&self->root, "0000:00:06.0", NULL, "dmar0", 0);
	setenv("CTS_DEVICES", "00:05.0", 1);
	EXPECT_SKIP("env-missing: 0000:00:05.0 is in use by driver e1000e: bind it to vfio-pci",
		    iommufd_any);
	setenv("CTS_DEVICES", "00:06.0", 1);
	EXPECT_SKIP("env-missing: 0000:00:06.0 has no driver: bind it to vfio-pci", iommufd_any);
	setenv("CTS_DEVICES", "00:07.0", 1);
	EXPECT_SKIP("env-missing: there is no PCI device 0000:00:07.0", iommufd_any);
}

TEST_F(environment, no_dev_iommu)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/dev/iommu", self->root.dir);
	ASSERT_EQ(0, unlink(path));
	EXPECT_SKIP("env-missing: no /dev/iommu: the kernel needs CONFIG_IOMMUFD", iommufd_any);
	/* a variant that no kernel can run says so whatever the machine has */
	EXPECT_SKIP("not-supported: VFIO nesting v7 was never merged", v7);
}

TEST_F(environment, other_iommu)
{
	EXPECT_SKIP("not-applicable: this IOMMU is VT-d, the variant wants SMMUv3", iommufd_smmuv3);
	fake_device(&self->root, "0000:00:05.0", "vfio-pci", "smmu3.0x0000000009050000", 0);
	setenv("CTS_DEVICES", "00:05.0", 1);
	self->c = cts_begin(&iommufd_smmuv3);
	EXPECT_EQ(NULL, cts_skip_reason(self->c));
	EXPECT_EQ(CTS_SMMUV3, self->c->arch);
	cts_end(self->c);
	fake_device(&self->root, "0000:00:06.0", "vfio-pci", "ivhd0", 0);
	setenv("CTS_DEVICES", "00:06.0", 1);
	EXPECT_SKIP("not-supported: the IOMMU is 'ivhd0', the suite knows VT-d and SMMUv3",
		    iommufd_smmuv3);
}

TEST_F(environment, no_iommu_at_all)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sys/class/iommu", self->root.dir);
	nftw(path, fake_remove, 16, FTW_DEPTH | FTW_PHYS);
	EXPECT_SKIP("env-missing: this machine has no IOMMU (/sys/class/iommu is empty)",
		    iommufd_any);
}

TEST_F(environment, reference)
{
	setenv("CTS_SUBJECT", "reference", 1);
	self->c = cts_begin(&iommufd_smmuv3);
	ASSERT_EQ(NULL, cts_skip_reason(self->c));
	EXPECT_EQ(CTS_REFERENCE, self->c->subject);
	EXPECT_EQ(CTS_SMMUV3, self->c->arch);
	ASSERT_EQ(4, self->c->nr_devices);
	EXPECT_STREQ("0000:00:01.0", self->c->devices[0].bdf);
	EXPECT_STREQ("0000:00:03.1", self->c->devices[3].bdf);
	EXPECT_STREQ("/dev/vfio/devices/vfio2", self->c->devices[2].cdev);
	EXPECT_EQ(self->c->devices[2].group, self->c->devices[3].group);
	EXPECT_NE(NULL, cts_ref(self->c));
}

TEST_HARNESS_MAIN
