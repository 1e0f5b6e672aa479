// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO containers, groups and device files: order of errnos, the one-group rule of nesting
 * containers, GET_INFO's capability chain, type1 map and unmap with DMA through them.
 */
#include <kselftest_harness.h>

#include "../../uapi/iommufd.h"
#include "vfio_util.h"

#define TYPE1v2 VFIO_TYPE1v2_IOMMU
#define NESTING VFIO_TYPE1_NESTING_IOMMU
#define UNASSIGNED _IO(VFIO_TYPE, VFIO_BASE + 99)

FIXTURE(vfio)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct iommu_ref_proc *p;
	int container;
	uint8_t *mem;	/* 16 pages */
};

FIXTURE_SETUP(vfio)
{
	iommu_ref_config_init(&self->cfg, IOMMU_REF_VTD);
	self->ref = vf_machine(&self->cfg);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &self->p));
	self->container = iommu_ref_open(self->p, "/dev/vfio/vfio", 0);
	ASSERT_LE(0, self->container);
	self->mem = mmap(NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(vfio)
{
	iommu_ref_destroy(self->ref);
	munmap(self->mem, 16 * PG);
}

static int dma(struct iommu_ref *ref, unsigned int device, bool write, uint64_t iova, void *buf,
	       size_t len)
{
	struct iommu_ref_dma req = {
		.device = device, .write = write, .iova = iova, .buf = buf, .len = len,
	};

	return iommu_ref_dma(ref, &req, NULL);
}

/* Puts @group into the container and sets the type, if @type is not 0. */
static int join(struct iommu_ref_proc *p, int container, unsigned int number, uintptr_t type,
		int *group)
{
	int rc;

	*group = vf_open_group(p, number);
	if (*group < 0)
		return *group;
	rc = vf_set_container(p, *group, container);
	return rc || !type ? rc : vf_set_iommu(p, container, type);
}

TEST_F(vfio, container_without_iommu)
{
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, self->container, VFIO_GET_API_VERSION, NULL));
	for (uintptr_t ext = 0; ext < 16; ext++) {
		int expected = ext == VFIO_TYPE1_IOMMU || ext == TYPE1v2 || ext == NESTING;

		EXPECT_EQ(expected, iommu_ref_ioctl(self->p, self->container, VFIO_CHECK_EXTENSION,
						    (void *)ext));
	}
	EXPECT_EQ(-EINVAL, vf_set_iommu(self->p, self->container, NESTING));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_GET_INFO, NULL));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, UNASSIGNED, NULL));
}

TEST_F(vfio, container_with_iommu)
{
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, 0, &group));
	EXPECT_EQ(-ENODEV, vf_set_iommu(self->p, self->container, 2));
	EXPECT_EQ(-ENODEV, vf_set_iommu(self->p, self->container, 7));
	EXPECT_EQ(0, vf_set_iommu(self->p, self->container, TYPE1v2));
	EXPECT_EQ(-EINVAL, vf_set_iommu(self->p, self->container, TYPE1v2));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(self->p, self->container, UNASSIGNED, NULL));
	EXPECT_EQ(1, iommu_ref_ioctl(self->p, self->container, VFIO_CHECK_EXTENSION,
				     (void *)VFIO_DMA_CC_IOMMU));
}

TEST_F(vfio, group_errnos)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int other = iommu_ref_open(self->p, "/dev/vfio/vfio", 0), group = vf_open_group(self->p, 1);
	struct iommu_ref_proc *q;

	ASSERT_LE(0, group);
	EXPECT_EQ(-EBUSY, vf_open_group(self->p, 1));
	EXPECT_EQ(-ENOENT, vf_open_group(self->p, 77));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(self->p, group, UNASSIGNED, NULL));
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, group, VFIO_GROUP_GET_STATUS, NULL));
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, group, VFIO_GROUP_GET_STATUS, &status));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, status.flags);
	status.argsz = 7;
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, group, VFIO_GROUP_GET_STATUS, &status));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, group, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_EQ(-EINVAL, vf_set_container(self->p, group, -1));
	EXPECT_EQ(-EBADF, vf_set_container(self->p, group, 200));
	EXPECT_EQ(-EINVAL, vf_set_container(self->p, group, group));
	EXPECT_EQ(0, vf_set_container(self->p, group, self->container));
	EXPECT_EQ(-EINVAL, vf_set_container(self->p, group, other));
	status.argsz = sizeof(status);
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, group, VFIO_GROUP_GET_STATUS, &status));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET, (int)status.flags);
	/* A group whose file is closed leaves its container, and anybody may take it. */
	EXPECT_EQ(0, iommu_ref_close(self->p, group));
	ASSERT_EQ(0, iommu_ref_proc_create(self->ref, &q));
	EXPECT_LE(0, vf_open_group(q, 1));
}

TEST_F(vfio, device_files)
{
	struct vfio_device_info info = { .argsz = 15 };
	uint32_t value = 0;
	int group, dev;

	ASSERT_EQ(0, join(self->p, self->container, 3, 0, &group));
#define GET_DEVICE(name) iommu_ref_ioctl(self->p, group, VFIO_GROUP_GET_DEVICE_FD, (void *)(name))
	EXPECT_EQ(-EFAULT, GET_DEVICE(NULL));
	EXPECT_EQ(-EINVAL, GET_DEVICE("0000:00:03.0"));
	ASSERT_EQ(0, vf_set_iommu(self->p, self->container, TYPE1v2));
	EXPECT_EQ(-ENODEV, GET_DEVICE("0000:00:01.0"));
	EXPECT_EQ(-ENODEV, GET_DEVICE("a name that is longer than any that a device has"));
	dev = GET_DEVICE("0000:00:03.1");
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, dev, VFIO_DEVICE_GET_INFO, NULL));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, dev, VFIO_DEVICE_GET_INFO, &info));
	info.argsz = offsetof(struct vfio_device_info, pad);	/* no more is written */
	info.pad = 0x55;
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, dev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, (int)info.flags);
	EXPECT_EQ(0x55, info.pad);
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(self->p, dev, VFIO_IOMMU_NESTING_OP, NULL));
	/* An open device keeps its group and the mappings, whatever else is closed. */
	EXPECT_EQ(0, vf_map(self->p, self->container, 0x10000, self->mem, PG, VF_RW));
	EXPECT_EQ(-EBUSY, iommu_ref_ioctl(self->p, group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(0, iommu_ref_close(self->p, group));
	EXPECT_EQ(0, iommu_ref_close(self->p, self->container));
	EXPECT_EQ(-EBUSY, vf_open_group(self->p, 3));
	EXPECT_EQ(0, dma(self->ref, 3, false, 0x10000, &value, 4));
	EXPECT_EQ(0, iommu_ref_close(self->p, dev));
	EXPECT_EQ(-EFAULT, dma(self->ref, 3, false, 0x10000, &value, 4));
	EXPECT_LE(0, vf_open_group(self->p, 3));
}

/* GRP_SECOND_GROUP, GRP_SET_IOMMU_TWO_GROUPS, GRP_NON_NESTING_UNLIMITED */
TEST_F(vfio, nesting_takes_one_group)
{
	int first, second, probe;

	ASSERT_EQ(0, join(self->p, self->container, 1, 0, &first));
	ASSERT_EQ(0, join(self->p, self->container, 2, 0, &second));
	EXPECT_EQ(-EINVAL, vf_set_iommu(self->p, self->container, NESTING));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_GET_INFO, &probe));
	EXPECT_EQ(0, iommu_ref_pasids_owned(self->p));
	EXPECT_EQ(0, vf_set_iommu(self->p, self->container, TYPE1v2));
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, second, VFIO_GROUP_UNSET_CONTAINER, NULL));
	EXPECT_EQ(0, iommu_ref_ioctl(self->p, first, VFIO_GROUP_UNSET_CONTAINER, NULL));
	/* Unset, it may become another type; the second group is refused and may go elsewhere. */
	ASSERT_EQ(0, vf_set_container(self->p, first, self->container));
	ASSERT_EQ(0, vf_set_iommu(self->p, self->container, NESTING));
	EXPECT_EQ(-EINVAL, vf_set_container(self->p, second, self->container));
	EXPECT_EQ(1, vf_alloc(self->p, self->container, 1, 9));
	probe = iommu_ref_open(self->p, "/dev/vfio/vfio", 0);
	EXPECT_EQ(0, vf_set_container(self->p, second, probe));
}

TEST_F(vfio, groups_share_the_mappings)
{
	uint32_t value = 0xfeed;
	int first, second;

	ASSERT_EQ(0, join(self->p, self->container, 1, TYPE1v2, &first));
	ASSERT_EQ(0, vf_map(self->p, self->container, 0x10000, self->mem, PG, VF_RW));
	EXPECT_EQ(-EFAULT, dma(self->ref, 1, true, 0x10000, &value, 4));
	ASSERT_EQ(0, join(self->p, self->container, 2, 0, &second));
	EXPECT_EQ(0, dma(self->ref, 1, true, 0x10000, &value, 4));
	EXPECT_EQ(0, memcmp(self->mem, &value, 4));
	EXPECT_EQ(0, iommu_ref_close(self->p, first));
	EXPECT_EQ(-EFAULT, dma(self->ref, 0, true, 0x10000, &value, 4));
	EXPECT_EQ(0, dma(self->ref, 1, true, 0x10000, &value, 4));
}

/* ---- map, unmap */

TEST_F(vfio, map_errnos)
{
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map) - 1, .flags = 3 };
	uint8_t *m = self->mem;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, TYPE1v2, &group));
#define MAP(iova, va, size, flags) vf_map(self->p, self->container, iova, va, size, flags)
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_EQ(-EINVAL, MAP(0, m, PG, 0));
	EXPECT_EQ(-EINVAL, MAP(0, m, PG, VF_RW | VFIO_DMA_MAP_FLAG_VADDR));
	EXPECT_EQ(-EINVAL, MAP(0, m, 0, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0, m + 1, PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(1, m, PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0, m, PG + 1, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0 - PG, m, 2 * PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0, (void *)(0 - PG), 2 * PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(1ull << 48, m, PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0xfee00000, m, PG, VF_RW));
	EXPECT_EQ(-EINVAL, MAP(0xfedff000, m, 2 * PG, VF_RW));
	EXPECT_EQ(-EFAULT, MAP(0x10000, (void *)PG, PG, VF_RW));
	EXPECT_EQ(0, MAP(0x10000, m, 4 * PG, VF_RW));
	EXPECT_EQ(-EEXIST, MAP(0x13000, m, PG, VF_RW));
	EXPECT_EQ(-EEXIST, MAP(0xf000, m, 16 * PG, VF_RW));
	EXPECT_EQ(0, MAP(0x14000, m, PG, VF_RW));
	/* The failed one left nothing: its IOVA is free. */
	ASSERT_EQ(0, mprotect(m + 8 * PG, PG, PROT_READ));
	EXPECT_EQ(-EFAULT, MAP(0x20000, m + 7 * PG, 2 * PG, VF_RW));
	EXPECT_EQ(0, MAP(0x20000, m + 7 * PG, 2 * PG, VFIO_DMA_MAP_FLAG_READ));
}

TEST_F(vfio, map_rights)
{
	uint32_t value = 7, back = 0;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, NESTING, &group));
	ASSERT_EQ(0, MAP(0x10000, self->mem, PG, VFIO_DMA_MAP_FLAG_READ));
	ASSERT_EQ(0, MAP(0x20000, self->mem + PG, PG, VFIO_DMA_MAP_FLAG_WRITE));
	EXPECT_EQ(0, dma(self->ref, 0, false, 0x10000, &back, 4));
	EXPECT_EQ(-EFAULT, dma(self->ref, 0, true, 0x10000, &value, 4));
	EXPECT_EQ(0, self->mem[0]);
	EXPECT_EQ(0, dma(self->ref, 0, true, 0x20000, &value, 4));
	EXPECT_EQ(7, self->mem[PG]);
}

TEST_F(vfio, unmap)
{
	struct vfio_iommu_type1_dma_unmap arg = { .argsz = 23, .iova = 0x10000, .size = PG };
	struct iommu_ref_stats stats;
	uint64_t n = 99;
	uint32_t value;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, TYPE1v2, &group));
#define UNMAP(iova, size) vf_unmap(self->p, self->container, iova, size, &n)
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_UNMAP_DMA, NULL));
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_UNMAP_DMA, &arg));
	arg.argsz = 24;
	arg.flags = 1;
	EXPECT_EQ(-EINVAL, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_UNMAP_DMA, &arg));
	EXPECT_EQ(-EINVAL, UNMAP(0, 0));
	EXPECT_EQ(-EINVAL, UNMAP(1, PG));
	EXPECT_EQ(-EINVAL, UNMAP(0, 5));
	EXPECT_EQ(-EINVAL, UNMAP(0 - PG, 2 * PG));
	ASSERT_EQ(0, MAP(0x10000, self->mem, 4 * PG, VF_RW));
	ASSERT_EQ(0, MAP(0x14000, self->mem, 4 * PG, VF_RW));
	EXPECT_EQ(0, dma(self->ref, 0, false, 0x11000, &value, 4));
	/* Nothing there: success, 0 bytes. A cut: nothing happens. */
	EXPECT_EQ(0, UNMAP(0x100000, PG));
	EXPECT_EQ(0, n);
	EXPECT_EQ(-EINVAL, UNMAP(0x11000, PG));
	EXPECT_EQ(-EINVAL, UNMAP(0x10000, 5 * PG));
	EXPECT_EQ(-EINVAL, UNMAP(0x13000, 5 * PG));
	EXPECT_EQ(0, dma(self->ref, 0, false, 0x11000, &value, 4));
	EXPECT_EQ(0, UNMAP(0x10000, 4 * PG));
	EXPECT_EQ(4 * PG, n);
	EXPECT_EQ(-EFAULT, dma(self->ref, 0, false, 0x11000, &value, 4));
	EXPECT_EQ(0, dma(self->ref, 0, false, 0x14000, &value, 4));
	EXPECT_EQ(0, UNMAP(0, 1ull << 40));
	EXPECT_EQ(4 * PG, n);
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.pinned_pages);
}

/* v1 takes what starts in the range, as a whole. */
TEST_F(vfio, unmap_type1_v1)
{
	uint64_t n;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, VFIO_TYPE1_IOMMU, &group));
	ASSERT_EQ(0, MAP(0x10000, self->mem, 4 * PG, VF_RW));
	EXPECT_EQ(0, UNMAP(0x11000, PG));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, UNMAP(0x10000, PG));
	EXPECT_EQ(4 * PG, n);
}

/* ---- GET_INFO */

struct info_buf {
	struct vfio_iommu_type1_info info;
	uint8_t caps[256];
};

static struct vfio_info_cap_header *find_cap(struct info_buf *buf, uint16_t id)
{
	uint32_t off = buf->info.cap_offset;

	while (off) {
		struct vfio_info_cap_header *cap = (void *)((uint8_t *)buf + off);

		if (cap->id == id)
			return cap;
		off = cap->next;
	}
	return NULL;
}

static int get_info(struct iommu_ref_proc *p, int fd, struct info_buf *buf, uint32_t argsz)
{
	memset(buf, 0x5a, sizeof(*buf));
	buf->info.argsz = argsz;
	return iommu_ref_ioctl(p, fd, VFIO_IOMMU_GET_INFO, buf);
}

TEST_F(vfio, info_argsz)
{
	struct info_buf buf;
	uint32_t needed;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, NESTING, &group));
#define INFO(argsz) get_info(self->p, self->container, &buf, argsz)
	EXPECT_EQ(-EFAULT, iommu_ref_ioctl(self->p, self->container, VFIO_IOMMU_GET_INFO, NULL));
	EXPECT_EQ(-EINVAL, INFO(15));
	EXPECT_EQ(0, INFO(16));
	EXPECT_EQ(0x5a5a5a5a, buf.info.cap_offset);
	needed = buf.info.argsz;
	EXPECT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS, (int)buf.info.flags);
	EXPECT_NE(0, buf.info.iova_pgsizes & PG);
	EXPECT_EQ(0, INFO(20));
	EXPECT_EQ(0, buf.info.cap_offset);
	EXPECT_EQ(needed, buf.info.argsz);
	EXPECT_EQ(0, INFO(needed - 1));
	EXPECT_EQ(0, buf.info.cap_offset);
	EXPECT_EQ(0x5a, buf.caps[0]);
	EXPECT_EQ(0, INFO(needed));
	EXPECT_EQ(needed, buf.info.argsz);
	EXPECT_EQ(sizeof(buf.info), buf.info.cap_offset);
	EXPECT_EQ(0x5a, buf.caps[needed - sizeof(buf.info)]);
}

TEST_F(vfio, info_capabilities)
{
	struct vfio_iommu_type1_info_cap_iova_range *iova;
	struct vfio_iommu_type1_info_cap_nesting *cap;
	struct iommu_nesting_info expected = {
		.argsz = 56, .format = IOMMU_PASID_FORMAT_INTEL_VTD, .features = 7,
		.addr_width = 48, .pasid_bits = 20,
	};
	struct info_buf buf;
	int group;

	ASSERT_EQ(0, join(self->p, self->container, 1, NESTING, &group));
	ASSERT_EQ(0, INFO(sizeof(buf)));
	iova = (void *)find_cap(&buf, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, iova);
	ASSERT_EQ(2, iova->nr_iovas);
	EXPECT_EQ(0, iova->iova_ranges[0].start);
	EXPECT_EQ(0xfedfffff, iova->iova_ranges[0].end);
	EXPECT_EQ(0xfef00000, iova->iova_ranges[1].start);
	EXPECT_EQ((1ull << 48) - 1, iova->iova_ranges[1].end);
	cap = (void *)find_cap(&buf, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING);
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(1, cap->header.version);
	/* INFO_CAP_MASKED: v7 p15's bits only; INFO_FLAGS_ZERO: hole and padding, too. */
	EXPECT_EQ(0, cap->info.vendor.vtd.cap_reg & ~(1ull << 56 | 1ull << 60));
	EXPECT_EQ(0, cap->info.vendor.vtd.ecap_reg & ~(7ull << 29 | 1ull << 34 | 1ull << 40));
	expected.vendor.vtd.cap_reg = cap->info.vendor.vtd.cap_reg;
	expected.vendor.vtd.ecap_reg = cap->info.vendor.vtd.ecap_reg;
	EXPECT_EQ(0, memcmp(&expected, &cap->info, sizeof(expected)));
	/* INFO_CAP_ABSENT_NON_NESTING */
	ASSERT_EQ(0, iommu_ref_ioctl(self->p, group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ASSERT_EQ(0, vf_set_container(self->p, group, self->container));
	ASSERT_EQ(0, vf_set_iommu(self->p, self->container, TYPE1v2));
	ASSERT_EQ(0, INFO(sizeof(buf)));
	EXPECT_EQ(NULL, find_cap(&buf, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING));
}

/* One owner a group, and one description of the hardware, whichever uAPI it comes through. */
TEST_F(vfio, beside_iommufd)
{
	const uint64_t cap_mask = 1ull << 56 | 1ull << 60;
	const uint64_t ecap_mask = 7ull << 29 | 1ull << 34 | 1ull << 40;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_iommu_type1_info_cap_nesting *cap;
	struct iommu_hw_info_vtd vtd = { 0 };
	struct iommu_hw_info hw = {
		.size = sizeof(hw), .data_len = sizeof(vtd), .data_uptr = (uintptr_t)&vtd,
	};
	struct info_buf buf;
	int cdev, group;

	cdev = iommu_ref_open(self->p, "/dev/vfio/devices/vfio0", 0);
	bind.iommufd = iommu_ref_open(self->p, "/dev/iommu", 0);
	ASSERT_EQ(0, iommu_ref_ioctl(self->p, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind));
	hw.dev_id = bind.out_devid;
	ASSERT_EQ(0, iommu_ref_ioctl(self->p, bind.iommufd, IOMMU_GET_HW_INFO, &hw));
	EXPECT_EQ(-EBUSY, iommu_ref_open(self->p, "/dev/vfio/1", 0));
	EXPECT_EQ(0, iommu_ref_close(self->p, cdev));
	ASSERT_EQ(0, join(self->p, self->container, 1, 0, &group));
	ASSERT_EQ(0, vf_set_iommu(self->p, self->container, NESTING));
	ASSERT_EQ(0, INFO(sizeof(buf)));
	cap = (void *)find_cap(&buf, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING);
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(vtd.cap_reg & cap_mask, cap->info.vendor.vtd.cap_reg);
	EXPECT_EQ(vtd.ecap_reg & ecap_mask, cap->info.vendor.vtd.ecap_reg);
	EXPECT_EQ(hw.out_max_pasid_log2, cap->info.pasid_bits);
	cdev = iommu_ref_open(self->p, "/dev/vfio/devices/vfio0", 0);
	EXPECT_EQ(-EBUSY, cdev < 0 ? cdev :
		  iommu_ref_ioctl(self->p, cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind));
}

/* ---- hardware without v7's nesting: GRP_UNSUPPORTED_TYPE, INFO_FORMAT0 */

FIXTURE(hw)
{
	struct iommu_ref *ref;
};

FIXTURE_VARIANT(hw)
{
	enum iommu_ref_vendor vendor;
	enum iommu_ref_profile profile;
	bool nesting;
	int set_iommu;
};

FIXTURE_VARIANT_ADD(hw, vtd_flat) { IOMMU_REF_VTD, IOMMU_REF_V7_REVIEWED, false, -ENODEV };
FIXTURE_VARIANT_ADD(hw, smmu_flat) { IOMMU_REF_SMMUV3, IOMMU_REF_V7_POSTED, false, -ENODEV };
FIXTURE_VARIANT_ADD(hw, smmu_reviewed) { IOMMU_REF_SMMUV3, IOMMU_REF_V7_REVIEWED, true, -ENODEV };
FIXTURE_VARIANT_ADD(hw, smmu_posted) { IOMMU_REF_SMMUV3, IOMMU_REF_V7_POSTED, true, 0 };

FIXTURE_SETUP(hw)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	cfg.profile = variant->profile;
	cfg.nesting = variant->nesting;
	self->ref = vf_machine(&cfg);
	ASSERT_NE(NULL, self->ref);
}

FIXTURE_TEARDOWN(hw)
{
	iommu_ref_destroy(self->ref);
}

TEST_F(hw, nesting_type)
{
	struct info_buf buf;
	struct vf_bind bind = vf_bind_arg(VFIO_IOMMU_NESTING_OP_BIND_PGTBL, 1, 0);
	struct vf_inv inv = vf_inv_arg(1, 1, 1, 0, 1);
	struct vf_user u;

	EXPECT_EQ(variant->set_iommu, vf_user_create(self->ref, 1, NESTING, &u));
	if (!variant->set_iommu) {
		/* DF3: the container is there, but cannot say what it is. */
		EXPECT_EQ(-ENOENT, get_info(u.proc, u.container, &buf, sizeof(buf)));
		EXPECT_EQ(-EOPNOTSUPP, vf_alloc(u.proc, u.container, 1, 9));
		EXPECT_EQ(-EOPNOTSUPP, vf_nesting(u.proc, u.container, &bind));
		EXPECT_EQ(-EOPNOTSUPP, vf_nesting(u.proc, u.container, &inv));
		return;
	}
	EXPECT_EQ(-EINVAL, get_info(u.proc, u.container, &buf, sizeof(buf)));
	EXPECT_EQ(0, vf_set_iommu(u.proc, u.container, TYPE1v2));
	EXPECT_EQ(0, get_info(u.proc, u.container, &buf, sizeof(buf)));
	EXPECT_EQ(-EOPNOTSUPP, vf_nesting(u.proc, u.container, &bind));
	EXPECT_EQ(-EOPNOTSUPP, vf_nesting(u.proc, u.container, &inv));
}

TEST_HARNESS_MAIN
