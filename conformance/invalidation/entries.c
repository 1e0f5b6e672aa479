// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_HWPT_INVALIDATE: the array of entries, what is counted and what took effect. */
#include "inv.h"

FIXTURE(inv_entries) {
	struct cts *c;
	struct nest_rig rig;
	uint8_t *array;		/* a page; an unmapped one is behind it */
	uint32_t len;
};
CTS_VARIANTS_IOMMUFD(inv_entries);

FIXTURE_SETUP(inv_entries)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
	self->len = inv_entry_len(self->c);
	self->array = cts_memory(self->c, PAGE);
	CTS_PRE_TRUE(self->array);
}

FIXTURE_TEARDOWN(inv_entries)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(inv_entries, empty, "INV_EMPTY_ARRAY")
{
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, NULL, 0);

	/* "entry_len and data_uptr would be ignored" */
	for (unsigned int i = 0; i < 3; i++) {
		arg.entry_len = i ? UINT32_MAX : 0;
		arg.data_uptr = i == 2 ? (uintptr_t)self->array + PAGE : 0;
		CTS_EXPECT_RC("INV_EMPTY_ARRAY", __inv(&self->rig, &arg));
		CTS_EXPECT_EQ("INV_EMPTY_ARRAY", 0, arg.entry_num);
	}
}

CTS_TEST_F(inv_entries, unknown_type, "INV_TYPE_UNKNOWN")
{
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, self->array, 1);
	const uint32_t types[] = { !arg.data_type, 0xffff, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (uint32_t n = 0; n < 2; n++) {
			inv_put_page(&self->rig, 0, self->array, 0, 1);
			arg = inv_call(&self->rig, 0, self->array, n);
			arg.data_type = types[i];
			CTS_EXPECT_RC("INV_TYPE_UNKNOWN", __inv(&self->rig, &arg));
			CTS_EXPECT_EQ("INV_TYPE_UNKNOWN", 0, arg.entry_num);
		}
}

/* Two entries, each longer than this kernel knows: pages @a and @b, then zeros. */
static struct iommu_hwpt_invalidate long_entries(FIXTURE_DATA(inv_entries) *self, uint32_t len,
						 unsigned int a, unsigned int b)
{
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, self->array, 2);

	memset(self->array, 0, PAGE);
	inv_put_page(&self->rig, 0, self->array, 0, a);
	inv_put_page(&self->rig, 0, self->array + len, 0, b);
	arg.entry_len = len;
	return arg;
}

CTS_TEST_F(inv_entries, tail_zero, "INV_ENTRY_TAIL_ZERO")
{
	const uint32_t len[] = { self->len + 8, 64, 2048 };

	for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
		struct iommu_hwpt_invalidate arg = long_entries(self, len[i], 1, 2);

		for (unsigned int pg = 1; pg < 3; pg++) {
			INV_WARM(&self->rig, 0, pg, 1);
			CTS_PRE(nest_repoint(&self->rig, 0, pg, pg + 4 + i));
		}
		long rc = __inv(&self->rig, &arg);

		CTS_ASSERT_RC("INV_ENTRY_TAIL_ZERO", rc);
		CTS_EXPECT_EQ("INV_ENTRY_TAIL_ZERO", rc ? 0 : 2, arg.entry_num);
		if (rc)
			CTS_PRE(nest_invalidate_all(&self->rig, 0));
		for (unsigned int pg = 1; pg < 3; pg++)
			INV_EXPECT_AT("INV_ENTRY_TAIL_ZERO", &self->rig, 0, pg, pg + 4 + i);
	}
}

CTS_TEST_F(inv_entries, tail_nonzero, "INV_ENTRY_TAIL_NONZERO")
{
	const uint32_t at[] = { self->len, self->len + 7, 63 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct iommu_hwpt_invalidate arg = long_entries(self, 64, 1, 2);

		self->array[at[i]] = 1;
		CTS_EXPECT_RC("INV_ENTRY_TAIL_NONZERO", __inv(&self->rig, &arg));
		CTS_EXPECT_EQ("INV_ENTRY_TAIL_NONZERO", 0, arg.entry_num);
	}
}

CTS_TEST_F(inv_entries, unreadable, "INV_ARRAY_FAULT")
{
	uint8_t *end = self->array + PAGE;
	struct iommu_hwpt_invalidate arg;

	/* wholly behind the end, and an entry of which the last byte is */
	for (uint32_t off = 0; off < self->len; off += self->len - 1) {
		arg = inv_call(&self->rig, 0, end - off, 1);
		CTS_EXPECT_RC("INV_ARRAY_FAULT", __inv(&self->rig, &arg));
		CTS_EXPECT_EQ("INV_ARRAY_FAULT", 0, arg.entry_num);
	}
	/* the first is there: it may have been handled, the second cannot */
	inv_put_page(&self->rig, 0, end - self->len, 0, 1);
	arg = inv_call(&self->rig, 0, end - self->len, 2);
	CTS_EXPECT_RC("INV_ARRAY_FAULT", __inv(&self->rig, &arg));
	CTS_EXPECT_TRUE("INV_ARRAY_FAULT", arg.entry_num <= 1, "entry_num %u", arg.entry_num);
}

/* Pages 1 .. n, entry @bad of them refused. */
static long call_with_bad(FIXTURE_DATA(inv_entries) *self, unsigned int n, unsigned int bad,
			  uint32_t *done)
{
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, self->array, n);
	long rc;

	for (unsigned int i = 0; i < n; i++)
		inv_put_page(&self->rig, 0, self->array, i, i + 1);
	inv_put_bad(&self->rig, self->array, bad);
	rc = __inv(&self->rig, &arg);
	*done = arg.entry_num;
	return rc;
}

CTS_TEST_F(inv_entries, processed_count, "INV_PROCESSED_COUNT")
{
	static const struct {
		unsigned int n, bad;
	} t[] = { { 2, 1 }, { 3, 1 }, { 3, 0 }, { 8, 7 }, { 1, 0 } };
	uint32_t done;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CTS_EXPECT_RC("INV_PROCESSED_COUNT", call_with_bad(self, t[i].n, t[i].bad, &done));
		CTS_EXPECT_EQ("INV_PROCESSED_COUNT", t[i].bad, done);
	}
}

CTS_TEST_F(inv_entries, counted_took_effect, "INV_COUNTED_TOOK_EFFECT")
{
	uint32_t done;

	INV_WARM(&self->rig, 0, 1, 2);
	CTS_PRE(nest_repoint(&self->rig, 0, 1, 9));
	CTS_PRE(nest_repoint(&self->rig, 0, 2, 10));
	CTS_PRE_TRUE(call_with_bad(self, 3, 2, &done) < 0);
	for (unsigned int pg = 1; pg <= done && pg < 3; pg++)
		INV_EXPECT_AT("INV_COUNTED_TOOK_EFFECT", &self->rig, 0, pg, pg + 8);
	CTS_EXPECT_EQ("INV_COUNTED_TOOK_EFFECT", 2, done);
}

CTS_TEST_F(inv_entries, nothing_after_error, "INV_AFTER_ERROR_UNTOUCHED")
{
	uint32_t done;

	INV_NEEDS_INTROSPECTION(&self->rig);
	for (unsigned int bad = 0; bad < 3; bad++) {
		INV_WARM(&self->rig, 0, 1, 4);
		CTS_PRE_TRUE(call_with_bad(self, 4, bad, &done) < 0);
		for (unsigned int i = 0; i < 4; i++)
			INV_EXPECT_CACHED("INV_AFTER_ERROR_UNTOUCHED", &self->rig, 0, i + 1,
					  i >= bad);
	}
}

/* ---- VT-d */

FIXTURE(inv_vtd) {
	struct cts *c;
	struct nest_rig rig;
};
FIXTURE_VARIANT(inv_vtd) { struct cts_variant v; };
CTS_VARIANT_ADD(inv_vtd, iommufd_vtd, CTS_IOMMUFD, CTS_VTD);

FIXTURE_SETUP(inv_vtd)
{
	CTS_SETUP(self->c);
	CTS_RIG(nest_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(inv_vtd)
{
	nest_rig_free(&self->rig);
	cts_end(self->c);
}

static long vtd_inv(FIXTURE_DATA(inv_vtd) *self, struct iommu_hwpt_vtd_s1_invalidate e,
		    uint32_t *done)
{
	struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, &e, 1);
	long rc = __inv(&self->rig, &arg);

	*done = arg.entry_num;
	return rc;
}

/* Refused, and nothing was dropped where one can tell. */
#define EXPECT_VTD_REFUSED(id, ...) do { \
	uint32_t done_; \
	INV_WARM(&self->rig, 0, 1, 1); \
	CTS_EXPECT_RC(id, vtd_inv(self, (struct iommu_hwpt_vtd_s1_invalidate){ __VA_ARGS__ }, \
				  &done_)); \
	CTS_EXPECT_EQ(id, 0, done_); \
	INV_EXPECT_CACHED(id, &self->rig, 0, 1, 1); \
} while (0)

/* What an SMMUv3 command lacks counts as zeros. */
CTS_TEST_F(inv_vtd, short_entry, "INV_VTD_ENTRY_SHORT")
{
	static const uint32_t len[] = { 1, 8, 16, 20, 23 };
	struct iommu_hwpt_vtd_s1_invalidate entry;

	for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
		struct iommu_hwpt_invalidate arg = inv_call(&self->rig, 0, &entry, 1);

		inv_put_page(&self->rig, 0, &entry, 0, 1);
		arg.entry_len = len[i];
		CTS_EXPECT_RC("INV_VTD_ENTRY_SHORT", __inv(&self->rig, &arg));
		CTS_EXPECT_EQ("INV_VTD_ENTRY_SHORT", 0, arg.entry_num);
	}
}

/* The last bit: the next ones may be given a meaning by a later kernel. */
CTS_TEST_F(inv_vtd, flags, "INV_VTD_FLAGS")
{
	static const uint32_t flags[] = { 1u << 31, 1u << 31 | IOMMU_VTD_INV_FLAGS_LEAF };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_VTD_REFUSED("INV_VTD_FLAGS", .addr = self->rig.leg[0].gva, .npages = 4,
				   .flags = flags[i]);
}

CTS_TEST_F(inv_vtd, reserved, "INV_VTD_RESERVED")
{
	for (unsigned int bit = 0; bit < 32; bit += 31)
		EXPECT_VTD_REFUSED("INV_VTD_RESERVED", .addr = self->rig.leg[0].gva, .npages = 4,
				   .__reserved = 1u << bit);
}

CTS_TEST_F(inv_vtd, unaligned, "INV_VTD_UNALIGNED")
{
	static const uint64_t off[] = { 1, 8, 0x800, 0xfff };

	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		EXPECT_VTD_REFUSED("INV_VTD_UNALIGNED", .npages = 1,
				   .addr = self->rig.leg[0].gva + PAGE + off[i]);
}

CTS_TEST_F(inv_vtd, all_needs_zero, "INV_VTD_U64MAX_ADDR")
{
	EXPECT_VTD_REFUSED("INV_VTD_U64MAX_ADDR", .addr = PAGE, .npages = UINT64_MAX);
	EXPECT_VTD_REFUSED("INV_VTD_U64MAX_ADDR", .addr = self->rig.leg[0].gva,
			   .npages = UINT64_MAX);
}

CTS_TEST_F(inv_vtd, all, "INV_VTD_U64MAX")
{
	static const uint32_t flags[] = { 0, IOMMU_VTD_INV_FLAGS_LEAF };
	uint32_t done;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		INV_WARM(&self->rig, 0, 0, RIG_PAGES);
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			CTS_PRE(nest_repoint(&self->rig, 0, pg, (pg + 1 + i) % RIG_PAGES));
		CTS_ASSERT_RC("INV_VTD_U64MAX",
			      vtd_inv(self, (struct iommu_hwpt_vtd_s1_invalidate){
					      .npages = UINT64_MAX, .flags = flags[i] }, &done));
		CTS_EXPECT_EQ("INV_VTD_U64MAX", 1, done);
		for (unsigned int pg = 0; pg < RIG_PAGES; pg++)
			INV_EXPECT_AT("INV_VTD_U64MAX", &self->rig, 0, pg,
				      (pg + 1 + i) % RIG_PAGES);
	}
}

/* 2^52 pages are 2^64 bytes: a size of 64 bits would say none of them. */
CTS_TEST_F(inv_vtd, npages_wrap, "INV_VTD_NPAGES_WRAP")
{
	static const uint64_t npages[] = { 1ull << 52, (1ull << 52) + 1, 1ull << 63 };
	uint32_t done;

	for (size_t i = 0; i < ARRAY_SIZE(npages); i++) {
		struct iommu_hwpt_vtd_s1_invalidate e = {
			.addr = self->rig.leg[0].gva + PAGE, .npages = npages[i],
		};
		long rc;

		INV_WARM(&self->rig, 0, 5, 1);
		CTS_PRE(nest_repoint(&self->rig, 0, 5, 9));
		rc = vtd_inv(self, e, &done);
		CTS_EXPECT_RC("INV_VTD_NPAGES_WRAP", rc);
		CTS_EXPECT_EQ("INV_VTD_NPAGES_WRAP", !rc, done);
		if (!rc)
			INV_EXPECT_AT("INV_VTD_NPAGES_WRAP", &self->rig, 0, 5, 9);
		CTS_PRE(nest_repoint(&self->rig, 0, 5, 5));
		CTS_PRE(nest_invalidate_all(&self->rig, 0));
	}
}

CTS_SUITE("invalidation", "invalidation/entries");
