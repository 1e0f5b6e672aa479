// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a device's file shows of it as a PCI function, whichever way it was opened: information,
 * regions, interrupts, configuration space and BAR 0.
 */
#include <kselftest_harness.h>

#include "iommufd_util.h"

#define REGION(index) ((uint64_t)(index) << 40)
#define CONFIG REGION(VFIO_PCI_CONFIG_REGION_INDEX)
#define BAR0 REGION(VFIO_PCI_BAR0_REGION_INDEX)

FIXTURE(pci)
{
	struct iommu_ref *ref;
	struct fd_user u;
	int fd;
};

FIXTURE_VARIANT(pci)
{
	bool group;
};

FIXTURE_VARIANT_ADD(pci, cdev) { .group = false };
FIXTURE_VARIANT_ADD(pci, group) { .group = true };

static int call(struct fd_user *u, int fd, unsigned long nr, const void *arg)
{
	return iommu_ref_ioctl(u->proc, fd, nr, (void *)(uintptr_t)arg);
}

static int open_by_group(struct fd_user *u)
{
	int group = iommu_ref_open(u->proc, "/dev/vfio/1", 0);
	int32_t iommufd = u->fd;

	if (group < 0 || call(u, group, VFIO_GROUP_SET_CONTAINER, &iommufd) ||
	    call(u, u->fd, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU))
		return -1;
	return call(u, group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:01.0");
}

FIXTURE_SETUP(pci)
{
	struct iommu_ref_config cfg;
	uint32_t id;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	if (variant->group) {
		ASSERT_EQ(0, fd_ioas(&self->u, &id));
		struct iommu_vfio_ioas set = { .size = sizeof(set), .op = IOMMU_VFIO_IOAS_SET,
					       .ioas_id = id };
		ASSERT_EQ(0, fd_cmd(&self->u, IOMMU_VFIO_IOAS, &set));
		self->fd = open_by_group(&self->u);
	} else {
		self->fd = fd_open_cdev(&self->u, 0);
		ASSERT_EQ(0, fd_bind_to(&self->u, self->fd, self->u.fd, &id));
	}
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(pci)
{
	iommu_ref_destroy(self->ref);
}

TEST_F(pci, info)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, call(&self->u, self->fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		  info.flags & ~VFIO_DEVICE_FLAGS_CAPS);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
	info.argsz = 15;
	EXPECT_EQ(-EINVAL, call(&self->u, self->fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(-EFAULT, call(&self->u, self->fd, VFIO_DEVICE_GET_INFO, NULL));
	EXPECT_EQ(-ENOTTY, call(&self->u, self->fd, VFIO_GROUP_GET_STATUS, NULL));
}

TEST_F(pci, regions)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };

	for (info.index = 0; info.index < VFIO_PCI_VGA_REGION_INDEX; info.index++) {
		bool bar = info.index == VFIO_PCI_BAR0_REGION_INDEX;
		bool config = info.index == VFIO_PCI_CONFIG_REGION_INDEX;

		ASSERT_EQ(0, call(&self->u, self->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
		EXPECT_EQ(bar ? 4096 : config ? 256 : 0, info.size);
		EXPECT_EQ(REGION(info.index), info.offset);
		EXPECT_EQ(bar, !!(info.flags & VFIO_REGION_INFO_FLAG_MMAP));
		EXPECT_EQ(bar || config, !!(info.flags & VFIO_REGION_INFO_FLAG_WRITE));
	}
	EXPECT_EQ(-EINVAL, call(&self->u, self->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	info = (struct vfio_region_info){ .argsz = sizeof(info) - 1 };
	EXPECT_EQ(-EINVAL, call(&self->u, self->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	EXPECT_EQ(-EFAULT, call(&self->u, self->fd, VFIO_DEVICE_GET_REGION_INFO, NULL));
}

TEST_F(pci, irqs)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };

	for (info.index = 0; info.index < VFIO_PCI_NUM_IRQS; info.index++) {
		bool express = info.index == VFIO_PCI_ERR_IRQ_INDEX;

		EXPECT_EQ(express ? -EINVAL : 0,
			  call(&self->u, self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
		EXPECT_EQ(info.index == VFIO_PCI_REQ_IRQ_INDEX, info.count);
	}
	EXPECT_EQ(-EINVAL, call(&self->u, self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
	info = (struct vfio_irq_info){ .argsz = 8 };
	EXPECT_EQ(-EINVAL, call(&self->u, self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(-EFAULT, call(&self->u, self->fd, VFIO_DEVICE_GET_IRQ_INFO, NULL));
}

#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK

static const struct {
	uint32_t argsz, flags, index, start, count;
	int rc;
} irq_sets[] = {
	{ 20, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 0, 0 },
	{ 20, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, 0 },
	{ 21, BOOL | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, 0 },
	{ 24, EVENTFD | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, 0 },
	{ 20, NONE | MASK, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -ENOTTY },
	{ 20, NONE, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -ENOTTY },
	{ 20, TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
	{ 20, NONE | BOOL | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
	{ 23, EVENTFD | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
	{ 20, BOOL | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
	{ 19, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
	{ 20, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 1, 1, -EINVAL },
	{ 20, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 2, -EINVAL },
	{ 20, NONE | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 1, UINT32_MAX, -EINVAL },
	{ 20, NONE | TRIGGER, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, -EINVAL },
	{ 20, NONE | TRIGGER, VFIO_PCI_NUM_IRQS, 0, 1, -EINVAL },
	{ 20, NONE | TRIGGER | 1u << 6, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, -EINVAL },
};

TEST_F(pci, set_irqs)
{
	uint32_t buf[8] = { 0 };

	for (size_t i = 0; i < sizeof(irq_sets) / sizeof(irq_sets[0]); i++) {
		memcpy(buf, &irq_sets[i], 20);
		EXPECT_EQ(irq_sets[i].rc, call(&self->u, self->fd, VFIO_DEVICE_SET_IRQS, buf))
			TH_LOG("row %zu", i);
	}
	EXPECT_EQ(-EFAULT, call(&self->u, self->fd, VFIO_DEVICE_SET_IRQS, NULL));
}

static uint32_t config32(struct fd_user *u, int fd, unsigned int at)
{
	uint32_t value = 0;

	return iommu_ref_pread(u->proc, fd, &value, 4, CONFIG + at) == 4 ? value : ~0u;
}

TEST_F(pci, config_space)
{
	const uint32_t ones = ~0u;
	uint8_t all[300];

	EXPECT_EQ(0x00051b36, config32(&self->u, self->fd, 0));
	EXPECT_EQ(4, iommu_ref_pwrite(self->u.proc, self->fd, &ones, 4, CONFIG));
	EXPECT_EQ(0x00051b36, config32(&self->u, self->fd, 0));
	/* the size of BAR 0, as firmware asks for it */
	EXPECT_EQ(4, iommu_ref_pwrite(self->u.proc, self->fd, &ones, 4, CONFIG + 0x10));
	EXPECT_EQ(0xfffff000, config32(&self->u, self->fd, 0x10));
	EXPECT_EQ(2, iommu_ref_pwrite(self->u.proc, self->fd, &ones, 2, CONFIG + 4));
	EXPECT_EQ(0x0406, config32(&self->u, self->fd, 4) & 0xffff);
	EXPECT_EQ(1, iommu_ref_pwrite(self->u.proc, self->fd, &ones, 1, CONFIG + 0x3c));
	EXPECT_EQ(0xff, config32(&self->u, self->fd, 0x3c) & 0xff);
	EXPECT_EQ(256, iommu_ref_pread(self->u.proc, self->fd, all, sizeof(all), CONFIG));
	EXPECT_EQ(1, iommu_ref_pread(self->u.proc, self->fd, all, sizeof(all), CONFIG + 255));
	EXPECT_EQ(-EINVAL, iommu_ref_pread(self->u.proc, self->fd, all, 1, CONFIG + 256));
	EXPECT_EQ(0, iommu_ref_pread(self->u.proc, self->fd, all, 0, CONFIG + 256));
	EXPECT_EQ(-EFAULT, iommu_ref_pread(self->u.proc, self->fd, NULL, 4, CONFIG));
	EXPECT_EQ(-EFAULT, iommu_ref_pwrite(self->u.proc, self->fd, NULL, 4, CONFIG));
	EXPECT_EQ(0, iommu_ref_pwrite(self->u.proc, self->fd, all, 0, CONFIG));
	EXPECT_EQ(-EINVAL, iommu_ref_pwrite(self->u.proc, self->fd, all, 1,
					    REGION(VFIO_PCI_BAR1_REGION_INDEX)));
	EXPECT_EQ(-EINVAL, iommu_ref_pread(self->u.proc, self->fd, all, 1,
					   REGION(VFIO_PCI_VGA_REGION_INDEX)));
}

/* Memory decoding decides; a reset turns it off and leaves what is in the BAR. */
TEST_F(pci, bar)
{
	const uint16_t decode = 0x0002;
	uint8_t byte = 0x5a;

	EXPECT_EQ(-EIO, iommu_ref_pread(self->u.proc, self->fd, &byte, 1, BAR0));
	EXPECT_EQ(-EIO, iommu_ref_pwrite(self->u.proc, self->fd, &byte, 1, BAR0));
	ASSERT_EQ(2, iommu_ref_pwrite(self->u.proc, self->fd, &decode, 2, CONFIG + 4));
	EXPECT_EQ(1, iommu_ref_pwrite(self->u.proc, self->fd, &byte, 1, BAR0 + 4095));
	ASSERT_EQ(0, call(&self->u, self->fd, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-EIO, iommu_ref_pread(self->u.proc, self->fd, &byte, 1, BAR0 + 4095));
	ASSERT_EQ(2, iommu_ref_pwrite(self->u.proc, self->fd, &decode, 2, CONFIG + 4));
	byte = 0;
	EXPECT_EQ(1, iommu_ref_pread(self->u.proc, self->fd, &byte, 8, BAR0 + 4095));
	EXPECT_EQ(0x5a, byte);
}

TEST_HARNESS_MAIN
