// SPDX-License-Identifier: GPL-2.0-only
/* The IOAS of iommufd: ids, automatic IOVAs, usable ranges, unmap-all and copy. */
#include <fcntl.h>
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"

#define MAX_RANGES 32
/* lower bits may get a meaning in a later kernel */
#define FIRST_SPARE_FLAG 30

FIXTURE(ioas) {
	struct cts *c;
	int fd;
	uint32_t id;	/* an IOAS with no device */
};
CTS_VARIANTS_IOMMUFD(ioas);

FIXTURE_SETUP(ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	CTS_SETUP(self->c);
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	CTS_PRE(self->fd);
	CTS_PRE(cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &alloc));
	self->id = alloc.out_ioas_id;
}

FIXTURE_TEARDOWN(ioas)
{
	cts_end(self->c);
}

static long map_at(FIXTURE_DATA(ioas) *self, uint32_t id, uint32_t flags, void *va, uint64_t len,
		   uint64_t *iova)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map), .flags = flags, .ioas_id = id,
		.user_va = (uintptr_t)va, .length = len, .iova = *iova,
	};
	long rc = cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_MAP, &map);

	*iova = map.iova;
	return rc;
}

#define MAP_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define MAP_FIXED_RW (MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA)

static long unmap(FIXTURE_DATA(ioas) *self, uint32_t id, uint64_t iova, uint64_t *len)
{
	struct iommu_ioas_unmap un = {
		.size = sizeof(un), .ioas_id = id, .iova = iova, .length = *len,
	};
	long rc = cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_UNMAP, &un);

	*len = un.length;
	return rc;
}

static long get_ranges(FIXTURE_DATA(ioas) *self, int fd, uint32_t id,
		       struct iommu_iova_range *r, uint32_t *n)
{
	struct iommu_ioas_iova_ranges q = {
		.size = sizeof(q), .ioas_id = id, .num_iovas = *n,
		.allowed_iovas = (uintptr_t)r,
	};
	long rc = cts_ioctl(self->c, NULL, fd, IOMMU_IOAS_IOVA_RANGES, &q);

	*n = q.num_iovas;
	return rc;
}

CTS_TEST_F(ioas, alloc_id, "IOAS_ALLOC_ID")
{
	struct iommu_ioas_alloc a = { .size = sizeof(a) }, b = a;

	CTS_EXPECT_OK("IOAS_ALLOC_ID", cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &a));
	CTS_EXPECT_OK("IOAS_ALLOC_ID", cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &b));
	CTS_EXPECT_TRUE("IOAS_ALLOC_ID", a.out_ioas_id && b.out_ioas_id &&
			a.out_ioas_id != b.out_ioas_id && a.out_ioas_id != self->id,
			"ids %u, %u, %u", self->id, a.out_ioas_id, b.out_ioas_id);
}

CTS_TEST_F(ioas, alloc_flags, "IOAS_ALLOC_FLAGS")
{
	for (unsigned int bit = FIRST_SPARE_FLAG; bit < 32; bit++) {
		struct iommu_ioas_alloc a = { .size = sizeof(a), .flags = 1u << bit };

		CTS_EXPECT_RC("IOAS_ALLOC_FLAGS",
			      cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_ALLOC, &a));
	}
}

CTS_TEST_F(ioas, map_flags, "IOAS_MAP_FLAGS")
{
	void *va = cts_memory(self->c, 4096);
	uint64_t iova = 0x210000000;

	CTS_PRE_TRUE(va);
	for (unsigned int bit = FIRST_SPARE_FLAG; bit < 32; bit++)
		CTS_EXPECT_RC("IOAS_MAP_FLAGS", map_at(self, self->id, MAP_FIXED_RW | 1u << bit, va,
						       4096, &iova));
	struct iommu_ioas_map map = {
		.size = sizeof(map), .flags = MAP_FIXED_RW, .ioas_id = self->id, .__reserved = 1,
		.user_va = (uintptr_t)va, .length = 4096, .iova = iova,
	};

	CTS_EXPECT_RC("IOAS_MAP_FLAGS", cts_ioctl(self->c, NULL, self->fd, IOMMU_IOAS_MAP, &map));
}

CTS_TEST_F(ioas, map_no_rights, "IOAS_MAP_NO_RIGHTS")
{
	void *va = cts_memory(self->c, 4096);
	uint64_t iova = 0x210000000;

	CTS_PRE_TRUE(va);
	CTS_EXPECT_RC("IOAS_MAP_NO_RIGHTS",
		      map_at(self, self->id, IOMMU_IOAS_MAP_FIXED_IOVA, va, 4096, &iova));
	CTS_EXPECT_RC("IOAS_MAP_NO_RIGHTS", map_at(self, self->id, 0, va, 4096, &iova));
}

/* [first, first + len) is inside one of the usable ranges */
static bool inside(const struct iommu_iova_range *r, uint32_t n, uint64_t first, uint64_t len)
{
	for (uint32_t i = 0; i < n; i++)
		if (first >= r[i].start && first + (len - 1) <= r[i].last)
			return true;
	return false;
}

CTS_TEST_F(ioas, map_auto, "IOAS_MAP_AUTO")
{
	static const uint64_t len[] = { 4096, 3 * 4096, 64 * 4096, 4096, 17 * 4096 };
	struct iommu_iova_range r[MAX_RANGES];
	uint64_t iova[ARRAY_SIZE(len)] = { 0 };
	uint32_t n = MAX_RANGES;
	void *va = cts_memory(self->c, 64 * 4096);

	CTS_PRE_TRUE(va);
	CTS_PRE(get_ranges(self, self->fd, self->id, r, &n));
	for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
		CTS_EXPECT_OK("IOAS_MAP_AUTO",
			      map_at(self, self->id, MAP_RW, va, len[i], &iova[i]));
		CTS_EXPECT_TRUE("IOAS_MAP_AUTO", !(iova[i] & 4095) && inside(r, n, iova[i], len[i]),
				"mapping %zu of %#llx bytes went to %#llx", i,
				(unsigned long long)len[i], (unsigned long long)iova[i]);
		for (size_t k = 0; k < i; k++)
			CTS_EXPECT_TRUE("IOAS_MAP_AUTO", iova[i] >= iova[k] + len[k] ||
					iova[k] >= iova[i] + len[i],
					"mappings %zu and %zu overlap", i, k);
	}
}

CTS_TEST_F(ioas, unmap_all, "IOAS_UNMAP_ALL")
{
	void *va = cts_memory(self->c, 4096);
	uint64_t len = UINT64_MAX, iova;

	CTS_PRE_TRUE(va);
	for (iova = 0x100000000; iova < 0x900000000; iova += 0x100000000)
		CTS_PRE(map_at(self, self->id, MAP_FIXED_RW, va, 4096, &iova));
	CTS_EXPECT_OK("IOAS_UNMAP_ALL", unmap(self, self->id, 0, &len));
	CTS_EXPECT_EQ("IOAS_UNMAP_ALL", 8 * 4096, len);
	for (iova = 0x100000000; iova < 0x900000000; iova += 0x100000000) {
		len = 4096;
		CTS_EXPECT_ERRNO("IOAS_UNMAP_ALL", unmap(self, self->id, iova, &len), ENOENT);
	}
}

CTS_TEST_F(ioas, unmap_hole, "IOAS_UNMAP_HOLE")
{
	uint64_t len = 4096, iova = 0x210000000;
	void *va = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(va);
	CTS_EXPECT_RC("IOAS_UNMAP_HOLE", unmap(self, self->id, iova, &len));
	CTS_PRE(map_at(self, self->id, MAP_FIXED_RW, va, 4096, &iova));
	len = 4096;
	CTS_EXPECT_RC("IOAS_UNMAP_HOLE", unmap(self, self->id, iova + 4096, &len));
	len = 4096;
	CTS_EXPECT_RC("IOAS_UNMAP_HOLE", unmap(self, self->id, iova - 4096, &len));
}

CTS_TEST_F(ioas, ranges_count, "IOAS_RANGES_COUNT")
{
	struct iommu_iova_range r[MAX_RANGES];
	uint32_t n = 0, full = MAX_RANGES;
	long rc = get_ranges(self, self->fd, self->id, r, &n);

	CTS_EXPECT_RC("IOAS_RANGES_COUNT", rc);
	CTS_PRE(get_ranges(self, self->fd, self->id, r, &full));
	CTS_EXPECT_TRUE("IOAS_RANGES_COUNT", full >= 1, "an IOAS without usable IOVA");
	CTS_EXPECT_EQ("IOAS_RANGES_COUNT", full, n);
}

CTS_TEST_F(ioas, ranges_narrow, "IOAS_RANGES_NARROW")
{
	struct iommu_iova_range before[MAX_RANGES], after[MAX_RANGES];
	uint32_t nb = MAX_RANGES, na = MAX_RANGES;
	struct cts_space *s;
	void *va = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(va);
	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1, &s));
	CTS_PRE(get_ranges(self, self->fd, self->id, before, &nb));
	CTS_PRE(get_ranges(self, s->fd, s->ioas_id, after, &na));
	for (uint32_t i = 0; i < na; i++)
		CTS_EXPECT_TRUE("IOAS_RANGES_NARROW",
				inside(before, nb, after[i].start, 1) &&
				inside(before, nb, after[i].last, 1),
				"range %u [%#llx, %#llx] grew by attaching", i,
				(unsigned long long)after[i].start,
				(unsigned long long)after[i].last);
	for (uint32_t i = 0; i + 1 < na; i++)
		CTS_EXPECT_RC("IOAS_RANGES_NARROW",
			      __cts_map(s, (after[i].last + 1) & ~4095ull, va, 4096, CTS_RW));
	if (after[na - 1].last != UINT64_MAX)
		CTS_EXPECT_RC("IOAS_RANGES_NARROW",
			      __cts_map(s, (after[na - 1].last + 1) & ~4095ull, va, 4096, CTS_RW));
	cts_space_free(s);
}

static long copy(FIXTURE_DATA(ioas) *self, int fd, uint32_t dst, uint64_t dst_iova, uint32_t src,
		 uint64_t src_iova, uint64_t len)
{
	struct iommu_ioas_copy cp = {
		.size = sizeof(cp), .flags = MAP_FIXED_RW, .dst_ioas_id = dst,
		.src_ioas_id = src, .length = len, .dst_iova = dst_iova, .src_iova = src_iova,
	};

	return cts_ioctl(self->c, NULL, fd, IOMMU_IOAS_COPY, &cp);
}

CTS_TEST_F(ioas, copy_shares, "IOAS_COPY_SHARES")
{
	struct flat_rig rig;
	const uint64_t twin = RIG_IOVA + (1 << 24);

	CTS_RIG(flat_rig_create(self->c, 0, &rig), &rig);
	CTS_EXPECT_OK("IOAS_COPY_SHARES", copy(self, rig.space->fd, rig.space->ioas_id, twin,
					       rig.space->ioas_id, rig.iova, rig.win.len));
	window_arm(&rig.win);
	CTS_EXPECT_EQ("IOAS_COPY_SHARES", ENGINE_DONE,
		      engine_write(rig.space, rig.path, twin + 4096, 32));
	CTS_EXPECT_NULL("IOAS_COPY_SHARES", window_written(&rig.win, rig.engine, 4096, 32));
	/* the copy outlives the original */
	CTS_PRE(__cts_unmap(rig.space, rig.iova, rig.win.len, NULL));
	window_arm(&rig.win);
	CTS_EXPECT_EQ("IOAS_COPY_SHARES", ENGINE_DONE,
		      engine_write(rig.space, rig.path, twin + 8192, 32));
	CTS_EXPECT_NULL("IOAS_COPY_SHARES", window_written(&rig.win, rig.engine, 8192, 32));
	flat_rig_free(&rig);
}

CTS_TEST_F(ioas, copy_hole, "IOAS_COPY_HOLE")
{
	void *va = cts_memory(self->c, 4096);
	uint64_t iova = 0x210000000;

	CTS_PRE_TRUE(va);
	CTS_PRE(map_at(self, self->id, MAP_FIXED_RW, va, 4096, &iova));
	CTS_EXPECT_RC("IOAS_COPY_HOLE", copy(self, self->fd, self->id, iova + (1 << 24), self->id,
					     iova + 4096, 4096));
	CTS_EXPECT_RC("IOAS_COPY_HOLE", copy(self, self->fd, self->id, iova + (1 << 24), self->id,
					     iova, 8192));
}

CTS_SUITE("allocation", "allocation/ioas");
