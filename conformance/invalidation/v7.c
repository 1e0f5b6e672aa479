// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_IOMMU_NESTING_OP(CACHE_INVLD): cache types, granularities and the struct's rules (v7 p11 and
 * its base). As posted the caller always sees 0 and the effect alone tells; as reviewed errors are
 * reported and a request that is refused has no effect.
 */
#include "inv.h"

FIXTURE(inv_v7) {
	struct cts *c;
	struct nest_rig rig;
};
CTS_VARIANTS_V7(inv_v7);

FIXTURE_SETUP(inv_v7)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_v7)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

#define POSTED (self->c->v.profile == CTS_V7_POSTED)

/* Pages 1 and 5 are cached; @op; are they still? */
#define EXPECT_STATE(id, op_, page_stays_, other_stays_) do { \
	INV_WARM(&self->rig, 0, 1, 1); \
	INV_WARM(&self->rig, 0, 5, 1); \
	CTS_EXPECT_RC(id, __inv_v7(&self->rig, op_)); \
	INV_EXPECT_CACHED(id, &self->rig, 0, 1, page_stays_); \
	INV_EXPECT_CACHED(id, &self->rig, 0, 5, other_stays_); \
} while (0)
#define EXPECT_NOTHING(id, op_) EXPECT_STATE(id, op_, 1, 1)

/* ---- cache types and granularities */

enum cell {
	NOTHING,	/* 0, and nothing is flushed */
	FLUSH,		/* 0, flushed */
	REFUSED,	/* no such combination: EINVAL, nothing flushed */
	PARTIAL,	/* the IOTLB could, another named cache could not: posted flushes */
};

static const enum cell matrix[8][IOMMU_INV_GRANU_NR] = {
	/* DOMAIN, PASID, ADDR; bits: IOTLB 1, DEV_IOTLB 2, PASID 4 */
	[0] = { NOTHING, NOTHING, NOTHING },
	[1] = { REFUSED, FLUSH, FLUSH },
	[2] = { REFUSED, REFUSED, NOTHING },
	[3] = { REFUSED, PARTIAL, FLUSH },
	[4] = { REFUSED, REFUSED, REFUSED },
	[5] = { REFUSED, PARTIAL, REFUSED },
	[6] = { REFUSED, REFUSED, REFUSED },
	[7] = { REFUSED, PARTIAL, REFUSED },
};

CTS_TEST_F(inv_v7, matrix, "INV_MATRIX")
{
	for (unsigned int mask = 0; mask < 8; mask++)
		for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++) {
			enum cell cell = matrix[mask][g];
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);
			bool ok = POSTED || cell == NOTHING || cell == FLUSH;
			bool flushed = cell == FLUSH || (POSTED && cell == PARTIAL);

			op.info.cache = mask;
			INV_WARM(&self->rig, 0, 1, 1);
			INV_WARM(&self->rig, 0, 5, 1);
			long rc = __inv_v7(&self->rig, &op);

			CTS_EXPECT_TRUE("INV_MATRIX", rc == (ok ? 0 : -EINVAL),
					"cache types %u, granularity %u: want %d, saw %ld", mask, g,
					ok ? 0 : -EINVAL, rc);
			CTS_EXPECT_TRUE("INV_MATRIX", inv_cached(&self->rig, 0, 1) == !flushed,
					"cache types %u, granularity %u: want the named page %s",
					mask, g, flushed ? "flushed" : "kept");
			flushed &= g != IOMMU_INV_GRANU_ADDR;
			CTS_EXPECT_TRUE("INV_MATRIX", inv_cached(&self->rig, 0, 5) == !flushed,
					"cache types %u, granularity %u: want the other page %s",
					mask, g, flushed ? "flushed" : "kept");
		}
}

CTS_TEST_F(inv_v7, partial, "INV_PARTIAL_SIDE_EFFECT")
{
	static const uint8_t mask[] = { 3, 5, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(mask); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

		op.info.cache = mask[i];
		EXPECT_NOTHING("INV_PARTIAL_SIDE_EFFECT", &op);
	}
}

CTS_TEST_F(inv_v7, cache_unknown, "INV_CACHE_UNKNOWN")
{
	for (unsigned int bit = 3; bit < 8; bit++)
		for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

			op.info.cache = 1u << bit;
			EXPECT_NOTHING("INV_CACHE_UNKNOWN", &op);
			op.info.cache |= IOMMU_CACHE_INV_TYPE_IOTLB;
			EXPECT_NOTHING("INV_CACHE_UNKNOWN", &op);
		}
}

CTS_TEST_F(inv_v7, granularity_unknown, "INV_GRANU_UNKNOWN")
{
	static const uint8_t g[] = { 3, 4, 0x80, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(g); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

		op.info.granularity = g[i];
		EXPECT_NOTHING("INV_GRANU_UNKNOWN", &op);
		op.info.cache = 0;
		EXPECT_NOTHING("INV_GRANU_UNKNOWN", &op);
	}
}

/* ---- the struct */

CTS_TEST_F(inv_v7, argsz, "INV_ARGSZ_SWEEP")
{
	static const uint32_t argsz[] = { 0, 15, 16, 17, 31, 32, 40, 55, 56, 57, 64 };
	static const uint32_t need[] = { 16, 32, 56 };

	for (unsigned int g = 0; g < IOMMU_INV_GRANU_NR; g++)
		for (size_t i = 0; i < ARRAY_SIZE(argsz); i++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);
			bool ok = argsz[i] >= need[g];

			op.info.argsz = argsz[i];
			if (g == IOMMU_INV_GRANU_DOMAIN)	/* for no cache at all */
				op.info.cache = 0;
			INV_WARM(&self->rig, 0, 1, 1);
			long rc = __inv_v7(&self->rig, &op);

			CTS_EXPECT_TRUE("INV_ARGSZ_SWEEP", rc == (ok || POSTED ? 0 : -EINVAL),
					"granularity %u, argsz %u: saw %ld", g, argsz[i], rc);
			CTS_EXPECT_TRUE("INV_ARGSZ_SWEEP",
					inv_cached(&self->rig, 0, 1) == !(ok && op.info.cache),
					"granularity %u, argsz %u: the page is %s", g, argsz[i],
					ok ? "kept" : "flushed");
		}
}

CTS_TEST_F(inv_v7, version, "INV_VERSION")
{
	static const uint32_t version[] = { 0, 2, 0x100, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(version); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

		op.info.version = version[i];
		EXPECT_NOTHING("INV_VERSION", &op);
	}
}

CTS_TEST_F(inv_v7, padding, "INV_PADDING")
{
	for (unsigned int g = 1; g < IOMMU_INV_GRANU_NR; g++)
		for (unsigned int i = 0; i < 6; i++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

			op.info.padding[i] = 1u << i;
			EXPECT_NOTHING("INV_PADDING", &op);
		}
}

CTS_TEST_F(inv_v7, flags, "INV_FLAGS_MASK")
{
	for (unsigned int g = 1; g < IOMMU_INV_GRANU_NR; g++)
		/* LEAF is none of PASID granularity's */
		for (unsigned int bit = g == IOMMU_INV_GRANU_ADDR ? 3 : 2; bit < 32; bit++) {
			struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

			op.info.granu.addr_info.flags |= 1u << bit;
			EXPECT_NOTHING("INV_FLAGS_MASK", &op);
		}
}

/* ---- whose PASID */

CTS_TEST_F(inv_v7, pasid_no_tag, "INV_PASID_NO_TAG")
{
	struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

	op.info.granu.pasid_info.flags = 0;
	EXPECT_NOTHING("INV_PASID_NO_TAG", &op);
}

CTS_TEST_F(inv_v7, addr_no_tag, "INV_ADDR_NO_TAG")
{
	static const uint32_t flags[] = { 0, IOMMU_INV_ADDR_FLAGS_LEAF };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 1);

		op.info.granu.addr_info.flags = flags[i];
		EXPECT_NOTHING("INV_ADDR_NO_TAG", &op);
	}
}

CTS_TEST_F(inv_v7, own_unbound, "INV_OWN_UNBOUND")
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = VFIO_IOMMU_FLAG_ALLOC_PASID,
		.range = { .min = 1, .max = 0xfffff },
	};
	long pasid = cts_ioctl(self->c, NULL, self->rig.space->fd, VFIO_IOMMU_PASID_REQUEST, &req);

	CTS_PRE(pasid);
	for (unsigned int g = 1; g < IOMMU_INV_GRANU_NR; g++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

		op.info.granu.pasid_info.pasid = pasid;
		EXPECT_NOTHING("INV_OWN_UNBOUND", &op);
	}
}

CTS_TEST_F(inv_v7, unallocated, "INV_UNALLOCATED")
{
	for (unsigned int g = 1; g < IOMMU_INV_GRANU_NR; g++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, g, 1);

		op.info.granu.pasid_info.pasid = 0xfff00;
		EXPECT_NOTHING("INV_UNALLOCATED", &op);
	}
}

CTS_TEST_F(inv_v7, surfaced, "INV_ERROR_SURFACED")
{
	struct inv_v7 bad = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_ADDR, 1);
	struct inv_v7 good = bad;

	/* one after the other: an error is that of its own request */
	bad.info.version = 0;
	CTS_EXPECT_RC("INV_ERROR_SURFACED", __inv_v7(&self->rig, &bad));
	CTS_EXPECT_OK("INV_ERROR_SURFACED", __inv_v7(&self->rig, &good));
	bad = good;
	bad.info.granularity = 3;
	CTS_EXPECT_RC("INV_ERROR_SURFACED", __inv_v7(&self->rig, &bad));
}

/* ---- as posted: what the reviewed series has mended */

CTS_TEST_F(inv_v7, posted_always_zero, "INV_POSTED_ALWAYS_ZERO")
{
	struct inv_v7 bad[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);
	bad[0].info.version = 0;
	bad[1].info.granularity = IOMMU_INV_GRANU_NR;
	bad[2].info.cache = 1u << 3;
	bad[3].info.padding[0] = 1;
	bad[4].info.granu.pasid_info.flags |= 1u << 31;
	bad[5].info.granu.pasid_info.flags = 0;
	bad[6].info.granu.pasid_info.pasid = 0xfff00;	/* never allocated */
	bad[7].info.argsz = 15;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NOTHING("INV_POSTED_ALWAYS_ZERO", &bad[i]);
}

CTS_TEST_F(inv_v7, posted_partial, "INV_POSTED_PARTIAL")
{
	static const uint8_t mask[] = { 3, 5, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(mask); i++) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

		op.info.cache = mask[i];
		EXPECT_STATE("INV_POSTED_PARTIAL", &op, 0, 0);
	}
}

CTS_TEST_F(inv_v7, posted_pasid_cut, "INV_POSTED_PASID_CUT")
{
	for (unsigned int bit = 32; bit < 64; bit += 31) {
		struct inv_v7 op = inv_v7_of(&self->rig, 0, IOMMU_INV_GRANU_PASID, 0);

		op.info.granu.pasid_info.pasid |= 1ull << bit;
		EXPECT_STATE("INV_POSTED_PASID_CUT", &op, 0, 0);
	}
}

/* ---- a container without the feature */

FIXTURE(inv_v7_plain) {
	struct cts *c;
	struct flat_rig rig;
};
CTS_VARIANTS_V7(inv_v7_plain);

FIXTURE_SETUP(inv_v7_plain)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, RIG_NO_DMA, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_v7_plain)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_v7_plain, no_feature, "INV_NO_FEATURE")
{
	for (unsigned int cache = 0; cache < 2; cache++) {
		struct inv_v7 op = {
			.argsz = sizeof(op), .flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
			.info = { .argsz = sizeof(op.info), .version = 1, .cache = cache },
		};

		CTS_EXPECT_RC("INV_NO_FEATURE", cts_ioctl(self->c, NULL, self->rig.space->fd,
							  VFIO_IOMMU_NESTING_OP, &op));
	}
}

CTS_SUITE("invalidation", "invalidation/v7");
