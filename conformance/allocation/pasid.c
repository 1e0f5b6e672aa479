// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of the nesting series v7: VFIO_IOMMU_PASID_REQUEST, its ranges and its arguments. The
 * quota is in pasid_quota.c.
 */
#include <sys/mman.h>
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/vfio.h"
#include "pasid.h"

FIXTURE(pasid) {
	struct cts *c;
	struct cts_space *space;
};
CTS_VARIANTS_V7(pasid);

FIXTURE_SETUP(pasid)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(pasid)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(pasid, basic_range, "ALLOC_BASIC_RANGE")
{
	long p = __pasid_alloc(self->space, 1, 0xfffff);

	CTS_EXPECT_TRUE("ALLOC_BASIC_RANGE", p >= 1 && p <= 0xfffff, "returned %ld", p);
}

CTS_TEST_F(pasid, singleton_range, "ALLOC_SINGLETON_RANGE")
{
	static const uint32_t n[] = { 1, 77, 0x8000, 0x7fffe };

	for (size_t i = 0; i < ARRAY_SIZE(n); i++)
		CTS_EXPECT_EQ("ALLOC_SINGLETON_RANGE", n[i],
			      __pasid_alloc(self->space, n[i], n[i]));
}

CTS_TEST_F(pasid, inclusive_bounds, "ALLOC_INCLUSIVE_BOUNDS")
{
	long a = __pasid_alloc(self->space, 10, 11), b = __pasid_alloc(self->space, 10, 11);

	CTS_EXPECT_TRUE("ALLOC_INCLUSIVE_BOUNDS", a != b && a + b == 21, "got %ld and %ld", a, b);
	CTS_EXPECT_RC("ALLOC_INCLUSIVE_BOUNDS", __pasid_alloc(self->space, 10, 11));
}

CTS_TEST_F(pasid, unique_in_set, "ALLOC_UNIQUE_IN_SET")
{
	bool seen[65] = { false };

	for (int i = 0; i < 64; i++) {
		long p = __pasid_alloc(self->space, 1, 64);

		CTS_EXPECT_TRUE("ALLOC_UNIQUE_IN_SET", p >= 1 && p <= 64 && !seen[p],
				"allocation %d returned %ld", i, p);
		if (p >= 1 && p <= 64)
			seen[p] = true;
	}
}

/* Refused ranges: the answer, and that nothing was allocated by it. */
static const struct {
	const char *id;
	uint32_t min, max;
} refused[] = {
	{ "ALLOC_MIN_GT_MAX", 5, 4 },
	{ "ALLOC_MIN_GT_MAX", 0x7fffffff, 0 },
	{ "ALLOC_BIT31_EXACT", 0x80000000, 0x80000000 },
	{ "ALLOC_BIT31_EXACT", 1, 0x80000000 },
	{ "ALLOC_BIT31_ABOVE", 0, 0x80000001 },
	{ "ALLOC_BIT31_ABOVE", 0xffffffff, 0xffffffff },
	{ "ALLOC_ABOVE_PASID_BITS", 1 << 20, (1 << 20) + 9 },
	{ "ALLOC_NO_ZERO", 0, 0 },
};

static void check_refused(struct __test_metadata *_metadata, FIXTURE_DATA(pasid) *self,
			  const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!strcmp(refused[i].id, id))
			CTS_EXPECT_RC(id, __pasid_alloc(self->space, refused[i].min,
							refused[i].max));
	CTS_EXPECT_EQ(id, PASID_QUOTA, pasid_fill(self->space));
}

CTS_TEST_F(pasid, min_gt_max, "ALLOC_MIN_GT_MAX")
{
	check_refused(_metadata, self, "ALLOC_MIN_GT_MAX");
}

CTS_TEST_F(pasid, bit31_exact, "ALLOC_BIT31_EXACT")
{
	check_refused(_metadata, self, "ALLOC_BIT31_EXACT");
}

CTS_TEST_F(pasid, bit31_above, "ALLOC_BIT31_ABOVE")
{
	check_refused(_metadata, self, "ALLOC_BIT31_ABOVE");
}

CTS_TEST_F(pasid, above_pasid_bits, "ALLOC_ABOVE_PASID_BITS")
{
	check_refused(_metadata, self, "ALLOC_ABOVE_PASID_BITS");
}

CTS_TEST_F(pasid, no_zero, "ALLOC_NO_ZERO")
{
	check_refused(_metadata, self, "ALLOC_NO_ZERO");
}

CTS_TEST_F(pasid, max_31bit, "ALLOC_MAX_31BIT")
{
	long p = __pasid_alloc(self->space, 0, 0x7fffffff);

	CTS_EXPECT_TRUE("ALLOC_MAX_31BIT", p > 0 && p < 1 << 20, "returned %ld", p);
	/* the hardware has only the first PASID of this range: it must be clipped to that */
	p = __pasid_alloc(self->space, 0xfffff, 0x7fffffff);
	CTS_EXPECT_EQ("ALLOC_MAX_31BIT", 0xfffff, p);
}

CTS_TEST_F(pasid, retval_channel, "ALLOC_RETVAL_CHANNEL")
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = VFIO_IOMMU_FLAG_ALLOC_PASID,
		.range = { .min = 100, .max = 200 },
	}, before = req;
	long p = cts_ioctl(self->c, NULL, self->space->fd, VFIO_IOMMU_PASID_REQUEST, &req);

	CTS_EXPECT_TRUE("ALLOC_RETVAL_CHANNEL", p >= 100 && p <= 200, "returned %ld", p);
	CTS_EXPECT_TRUE("ALLOC_RETVAL_CHANNEL", !memcmp(&req, &before, sizeof(req)),
			"the request struct was written");
}

CTS_TEST_F(pasid, without_nesting, "ALLOC_WITHOUT_NESTING")
{
	struct cts_space *flat;

	cts_space_free(self->space);
	self->space = NULL;
	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1, &flat));
	CTS_EXPECT_RC("ALLOC_WITHOUT_NESTING", __pasid_alloc(flat, 1, 1000));
	CTS_EXPECT_RC("ALLOC_WITHOUT_NESTING", __pasid_free(flat, 1, 1000));
	cts_space_free(flat);
}

CTS_TEST_F(pasid, free_owned, "FREE_OWNED")
{
	CTS_PRE(__pasid_alloc(self->space, 77, 77));
	CTS_EXPECT_OK("FREE_OWNED", __pasid_free(self->space, 77, 77));
	CTS_EXPECT_EQ("FREE_OWNED", 77, __pasid_alloc(self->space, 77, 77));
}

CTS_TEST_F(pasid, free_range_partial, "FREE_RANGE_PARTIAL")
{
	static const uint32_t own[] = { 3, 5, 9 };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		CTS_PRE(__pasid_alloc(self->space, own[i], own[i]));
	CTS_EXPECT_OK("FREE_RANGE_PARTIAL", __pasid_free(self->space, 4, 9));
	CTS_EXPECT_ERRNO("FREE_RANGE_PARTIAL", __pasid_alloc(self->space, 3, 3), ENOSPC);
	CTS_EXPECT_EQ("FREE_RANGE_PARTIAL", 5, __pasid_alloc(self->space, 5, 5));
	CTS_EXPECT_EQ("FREE_RANGE_PARTIAL", 9, __pasid_alloc(self->space, 9, 9));
}

CTS_TEST_F(pasid, free_empty_range, "FREE_EMPTY_RANGE")
{
	CTS_PRE(__pasid_alloc(self->space, 50, 50));
	CTS_EXPECT_RC("FREE_EMPTY_RANGE", __pasid_free(self->space, 51, 0x7fffffff));
	CTS_EXPECT_RC("FREE_EMPTY_RANGE", __pasid_free(self->space, 0, 49));
}

CTS_TEST_F(pasid, free_min_gt_max, "FREE_MIN_GT_MAX")
{
	CTS_PRE(__pasid_alloc(self->space, 5, 5));
	CTS_EXPECT_RC("FREE_MIN_GT_MAX", __pasid_free(self->space, 9, 3));
	CTS_EXPECT_ERRNO("FREE_MIN_GT_MAX", __pasid_alloc(self->space, 5, 5), ENOSPC);
}

CTS_TEST_F(pasid, request_argsz, "PASID_REQ_ARGSZ")
{
	static const uint32_t small[] = { 0, 1, 12, 15 }, good[] = { 16, 17, 4096, UINT32_MAX };
	struct vfio_iommu_type1_pasid_request req = {
		.flags = VFIO_IOMMU_FLAG_ALLOC_PASID, .range = { .min = 300, .max = 399 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		req.argsz = small[i];
		CTS_EXPECT_RC("PASID_REQ_ARGSZ", cts_ioctl(self->c, NULL, self->space->fd,
								VFIO_IOMMU_PASID_REQUEST, &req));
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		req.argsz = good[i];
		CTS_EXPECT_EQ("PASID_REQ_ARGSZ", 300 + i,
			      cts_ioctl(self->c, NULL, self->space->fd, VFIO_IOMMU_PASID_REQUEST,
					&req));
	}
}

CTS_TEST_F(pasid, request_flags, "PASID_REQ_FLAGS")
{
	static const uint32_t flags[] = { 0, 3, 4, 5, 0x80000000, UINT32_MAX };
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .range = { .min = 1, .max = 1000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		req.flags = flags[i];
		CTS_EXPECT_RC("PASID_REQ_FLAGS", cts_ioctl(self->c, NULL, self->space->fd,
								VFIO_IOMMU_PASID_REQUEST, &req));
	}
	CTS_EXPECT_EQ("PASID_REQ_FLAGS", PASID_QUOTA, pasid_fill(self->space));
}

CTS_SUITE("allocation", "allocation/pasid");
