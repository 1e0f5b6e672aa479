// SPDX-License-Identifier: GPL-2.0-only
/* Isolation of plain spaces, one stage. The IOTLB is warm when a right is taken away. */
#include "../../fixtures/rig_checks.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

FIXTURE(iso_flat) {
	struct cts *c;
	struct flat_rig rig;
};
CTS_VARIANTS_SEMANTIC(iso_flat);

FIXTURE_SETUP(iso_flat)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(iso_flat)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(iso_flat, after_unmap, "ISO_DMA_AFTER_UNMAP")
{
	FLAT_WARM(&self->rig);
	CTS_PRE(__cts_unmap(self->rig.space, self->rig.iova, self->rig.win.len, NULL));
	for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
		FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_UNMAP", &self->rig,
				    flat_write(&self->rig, pg * 4096ull, 16));
}

CTS_TEST_F(iso_flat, after_unmap_all, "ISO_DMA_AFTER_UNMAP_ALL")
{
	struct iommu_ioas_unmap un = {
		.size = sizeof(un), .ioas_id = self->rig.space->ioas_id, .length = UINT64_MAX,
	};

	FLAT_WARM(&self->rig);
	CTS_PRE(cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_IOAS_UNMAP, &un));
	FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_UNMAP_ALL", &self->rig, flat_write(&self->rig, 0, 16));
	FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_UNMAP_ALL", &self->rig,
			    flat_write(&self->rig, 4096, 16));
}

CTS_TEST_F(iso_flat, stale_entry, "ISO_STALE_ENTRY")
{
	struct window other;

	FLAT_WARM(&self->rig);
	CTS_PRE(window_create(self->c, self->rig.win.len, &other));
	CTS_PRE(__cts_unmap(self->rig.space, self->rig.iova, self->rig.win.len, NULL));
	CTS_ASSERT_OK("ISO_STALE_ENTRY", __cts_map(self->rig.space, self->rig.iova, other.va,
						   other.len, CTS_RW));
	window_arm(&other);
	CTS_EXPECT_EQ("ISO_STALE_ENTRY", ENGINE_DONE, flat_write(&self->rig, 4096, 64));
	CTS_EXPECT_NULL("ISO_STALE_ENTRY", window_untouched(&self->rig.win));
	CTS_EXPECT_NULL("ISO_STALE_ENTRY", window_written(&other, self->rig.engine, 4096, 64));
}

CTS_TEST_F(iso_flat, after_detach, "ISO_DMA_AFTER_DETACH")
{
	FLAT_WARM(&self->rig);
	CTS_PRE(__cts_detach(self->rig.space, self->rig.device));
	FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_DETACH", &self->rig, flat_write(&self->rig, 0, 16));
	FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_DETACH", &self->rig, flat_write(&self->rig, 4096, 16));
	/* v7: the container lost its mappings with its last group, as type1 always did */
	if (self->c->v.profile != CTS_IOMMUFD)
		return;
	CTS_EXPECT_OK("ISO_DMA_AFTER_DETACH", __cts_attach(self->rig.space, self->rig.device));
	CTS_EXPECT_EQ("ISO_DMA_AFTER_DETACH", ENGINE_DONE, flat_write(&self->rig, 0, 16));
	CTS_EXPECT_NULL("ISO_DMA_AFTER_DETACH",
			window_written(&self->rig.win, self->rig.engine, 0, 16));
}

CTS_TEST_F(iso_flat, after_replace, "ISO_DMA_AFTER_REPLACE")
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct vfio_device_attach_iommufd_pt at = { .argsz = sizeof(at) };
	struct cts_space *s = self->rig.space;
	struct window other;

	FLAT_WARM(&self->rig);
	CTS_PRE(window_create(self->c, self->rig.win.len, &other));
	CTS_PRE(cts_ioctl(self->c, NULL, s->fd, IOMMU_IOAS_ALLOC, &ioas));
	struct iommu_ioas_map map = {
		.size = sizeof(map), .ioas_id = ioas.out_ioas_id, .user_va = (uintptr_t)other.va,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.length = 4096, .iova = self->rig.iova,
	};

	CTS_PRE(cts_ioctl(self->c, NULL, s->fd, IOMMU_IOAS_MAP, &map));
	at.pt_id = ioas.out_ioas_id;
	CTS_ASSERT_OK("ISO_DMA_AFTER_REPLACE",
		      cts_ioctl(self->c, NULL, s->dev_fd[self->rig.device],
				VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at));
	window_arm(&other);
	CTS_EXPECT_EQ("ISO_DMA_AFTER_REPLACE", ENGINE_DONE, flat_write(&self->rig, 0, 16));
	CTS_EXPECT_NULL("ISO_DMA_AFTER_REPLACE", window_written(&other, self->rig.engine, 0, 16));
	/* mapped by the old table only */
	FLAT_EXPECT_BLOCKED("ISO_DMA_AFTER_REPLACE", &self->rig, flat_write(&self->rig, 4096, 16));
}

CTS_TEST_F(iso_flat, read_only, "ISO_READ_ONLY_PAGE")
{
	const uint64_t iova = self->rig.iova + (1 << 24);

	/* the same memory a second time, for reading */
	CTS_PRE(__cts_map(self->rig.space, iova, self->rig.win.va, self->rig.win.len, CTS_R));
	FLAT_WARM(&self->rig);
	FLAT_EXPECT_BLOCKED("ISO_READ_ONLY_PAGE", &self->rig,
			    engine_write(self->rig.space, self->rig.path, iova, 16));
	FLAT_EXPECT_BLOCKED("ISO_READ_ONLY_PAGE", &self->rig,
			    engine_write(self->rig.space, self->rig.path, iova + 4096, 4096));
}

CTS_TEST_F(iso_flat, beyond_mapping, "ISO_BEYOND_MAPPING")
{
	FLAT_WARM(&self->rig);
	FLAT_EXPECT_BLOCKED("ISO_BEYOND_MAPPING", &self->rig,
			    flat_write(&self->rig, self->rig.win.len, 16));
	FLAT_EXPECT_BLOCKED("ISO_BEYOND_MAPPING", &self->rig,
			    engine_write(self->rig.space, self->rig.path, self->rig.iova - 16, 16));
}

/* Across either end: what lies inside may arrive or not; the memory beside it is canaries. */
CTS_TEST_F(iso_flat, across_end, "ISO_BEYOND_MAPPING")
{
	const uint64_t len = self->rig.win.len;
	const struct { uint64_t off; uint32_t len; uint64_t first, inside; } at[] = {
		{ len - 8, 16, len - 8, 8 }, { len - 2048, 4096, len - 2048, 2048 },
		{ -8ull, 16, 0, 8 }, { -2048ull, 4096, 0, 2048 },
	};

	FLAT_WARM(&self->rig);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		window_arm(&self->rig.win);
		CTS_EXPECT_REPORTS_BLOCKED("ISO_BEYOND_MAPPING", self->rig.engine,
					   flat_write(&self->rig, at[i].off, at[i].len));
		/* as it is inside, as it was everywhere else */
		CTS_EXPECT_NULL("ISO_BEYOND_MAPPING",
				window_holds(&self->rig.win, self->rig.win.va + at[i].first,
					     at[i].first, at[i].inside));
	}
}

CTS_TEST_F(iso_flat, address_size, "ISO_ADDRESS_SIZE")
{
	FLAT_WARM(&self->rig);
	for (unsigned int bit = 48; bit < 64; bit += 5)
		FLAT_EXPECT_BLOCKED("ISO_ADDRESS_SIZE", &self->rig,
				    engine_write(self->rig.space, self->rig.path,
						 self->rig.iova | 1ull << bit, 16));
}

/* A second device that can write, of another group; or CTS_MAX_DEVICES. */
static unsigned int other_writer(const struct flat_rig *rig)
{
	for (unsigned int i = 0; i < rig->c->nr_devices; i++) {
		const struct engine_ops *e = engine_of(rig->c, i);

		if (i != rig->device && e && (e->abilities & ENGINE_WRITE) &&
		    rig->c->devices[i].group != rig->c->devices[rig->device].group)
			return i;
	}
	return CTS_MAX_DEVICES;
}

CTS_TEST_F(iso_flat, other_space, "ISO_OTHER_SPACE")
{
	unsigned int dev = other_writer(&self->rig);
	struct cts_space *own;
	struct window mine;

	if (dev == CTS_MAX_DEVICES)
		CTS_SKIP(ENV_MISSING, "two devices that can write, in two groups, are needed");
	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << dev, &own));
	CTS_PRE(window_create(self->c, 4096, &mine));
	CTS_PRE(__cts_map(own, self->rig.iova + 4096, mine.va, 4096, CTS_RW));
	FLAT_WARM(&self->rig);
	window_arm(&mine);
	CTS_EXPECT_BLOCKED("ISO_OTHER_SPACE", &self->rig.win, engine_of(self->c, dev),
			   engine_write(own, cts_space_path(own, dev), self->rig.iova, 16));
	/* where both map something each reaches its own */
	CTS_EXPECT_EQ("ISO_OTHER_SPACE", ENGINE_DONE,
		      engine_write(own, cts_space_path(own, dev), self->rig.iova + 4096, 16));
	CTS_EXPECT_NULL("ISO_OTHER_SPACE", window_untouched(&self->rig.win));
	CTS_EXPECT_NULL("ISO_OTHER_SPACE", window_written(&mine, engine_of(self->c, dev), 0, 16));
	cts_space_free(own);
}

CTS_TEST_F(iso_flat, fault_recorded, "ISO_FAULT_RECORDED")
{
	const uint64_t bad = self->rig.iova + self->rig.win.len + 0x123;
	struct cts_fault f;
	int rc;

	while ((rc = cts_fault_pop(self->c, &f)) > 0)
		;
	if (rc < 0)
		CTS_SKIP(NOT_SUPPORTED,
			 "a kernel logs unrecoverable faults but has no uAPI for them");
	window_arm(&self->rig.win);
	FLAT_EXPECT_BLOCKED("ISO_FAULT_RECORDED", &self->rig,
			    engine_write(self->rig.space, self->rig.path, bad, 16));
	CTS_ASSERT_EQ("ISO_FAULT_RECORDED", 1, cts_fault_pop(self->c, &f));
	CTS_EXPECT_EQ("ISO_FAULT_RECORDED", bad, f.iova);
	CTS_EXPECT_EQ("ISO_FAULT_RECORDED", self->rig.device, f.device);
	CTS_EXPECT_TRUE("ISO_FAULT_RECORDED", f.write && !f.has_pasid, "write %d, has_pasid %d",
			f.write, f.has_pasid);
	CTS_EXPECT_EQ("ISO_FAULT_RECORDED", 0, cts_fault_pop(self->c, &f));
}

CTS_SUITE("dma-isolation", "dma-isolation/flat");
