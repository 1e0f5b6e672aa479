// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE: its own arguments. Linux judges them before it looks at the object, so
 * most of this holds where nothing can nest, too: there the call is right but for its id.
 */
#include "inv.h"

#define ENTRY_NUM_MAX (1u << 19)

FIXTURE(inv_args) {
	struct cts *c;
	struct nest_rig rig;
	struct flat_rig flat;
	bool nests;
	struct cts_space *space;
	uint8_t *array;		/* two pages of zeros */
};
CTS_VARIANTS_IOMMUFD(inv_args);

FIXTURE_SETUP(inv_args)
{
	const char *why;

	CTS_SETUP(self->c);
	self->nests = cts_can_nest(self->c, &why);
	if (self->nests)
		CTS_RIG(nest_rig_create(self->c, RIG_NO_DMA, &self->rig), &self->rig);
	else
		CTS_RIG(flat_rig_create(self->c, RIG_NO_DMA, &self->flat), &self->flat);
	self->space = self->nests ? self->rig.space : self->flat.space;
	self->array = cts_memory(self->c, 2 * PAGE);
	CTS_PRE_TRUE(self->array);
}

FIXTURE_TEARDOWN(inv_args)
{
	nest_rig_free(&self->rig);
	flat_rig_free(&self->flat);
	cts_end(self->c);
}

#define UNKNOWN_ID 0x7ffffff0u

/* One entry, and everything right; without nesting but for the id. */
static struct iommu_hwpt_invalidate good(FIXTURE_DATA(inv_args) *self)
{
	struct iommu_hwpt_invalidate arg = {
		.size = sizeof(arg), .hwpt_id = UNKNOWN_ID, .data_uptr = (uintptr_t)self->array,
		.entry_len = inv_entry_len(self->c), .entry_num = 1,
	};

	if (!self->nests)
		return arg;
	inv_put_page(&self->rig, 0, self->array, 0, 3);
	return inv_call(&self->rig, 0, self->array, 1);
}

static long call(FIXTURE_DATA(inv_args) *self, struct iommu_hwpt_invalidate *arg)
{
	return cts_ioctl(self->c, NULL, self->space->fd, IOMMU_HWPT_INVALIDATE, arg);
}

/* What is refused below is refused for the one thing that the test changed. */
#define PRE_GOOD() do { \
	struct iommu_hwpt_invalidate good_ = good(self); \
	CTS_PRE_TRUE(call(self, &good_) == (self->nests ? 0 : -ENOENT)); \
} while (0)

CTS_TEST_F(inv_args, reserved, "INV_ARG_RESERVED")
{
	PRE_GOOD();
	for (unsigned int bit = 0; bit < 32; bit += 31) {
		struct iommu_hwpt_invalidate arg = good(self);

		arg.__reserved = 1u << bit;
		CTS_EXPECT_RC("INV_ARG_RESERVED", call(self, &arg));
	}
}

CTS_TEST_F(inv_args, null_array, "INV_ARRAY_NULL")
{
	struct iommu_hwpt_invalidate arg = good(self);

	PRE_GOOD();
	arg.data_uptr = 0;
	CTS_EXPECT_RC("INV_ARRAY_NULL", call(self, &arg));
}

CTS_TEST_F(inv_args, entry_len_zero, "INV_ENTRY_LEN_ZERO")
{
	struct iommu_hwpt_invalidate arg = good(self);

	PRE_GOOD();
	arg.entry_len = 0;
	CTS_EXPECT_RC("INV_ENTRY_LEN_ZERO", call(self, &arg));
}

CTS_TEST_F(inv_args, entry_len_huge, "INV_ENTRY_LEN_HUGE")
{
	static const uint32_t len[] = { 4097, 8192, 1u << 20, UINT32_MAX };

	PRE_GOOD();
	for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
		struct iommu_hwpt_invalidate arg = good(self);

		arg.entry_len = len[i];
		CTS_EXPECT_RC("INV_ENTRY_LEN_HUGE", call(self, &arg));
	}
}

CTS_TEST_F(inv_args, entry_num_huge, "INV_ENTRY_NUM_HUGE")
{
	static const uint32_t num[] = { ENTRY_NUM_MAX + 1, 1u << 31, UINT32_MAX };

	PRE_GOOD();
	for (size_t i = 0; i < ARRAY_SIZE(num); i++) {
		struct iommu_hwpt_invalidate arg = good(self);

		arg.entry_num = num[i];
		CTS_EXPECT_RC("INV_ENTRY_NUM_HUGE", call(self, &arg));
	}
}

CTS_TEST_F(inv_args, plain_hwpt, "INV_PLAIN_HWPT")
{
	struct iommu_hwpt_invalidate arg = good(self);

	PRE_GOOD();
	arg.hwpt_id = self->space->hwpt_id;
	CTS_EXPECT_RC("INV_PLAIN_HWPT", call(self, &arg));
	/* nor as a probe */
	arg.entry_num = 0;
	CTS_EXPECT_RC("INV_PLAIN_HWPT", call(self, &arg));
}

CTS_TEST_F(inv_args, other_objects, "INV_OTHER_OBJECT")
{
	unsigned int device = self->nests ? self->rig.leg[0].path.device : self->flat.device;
	const uint32_t ids[] = { self->space->ioas_id, self->space->dev_id[device] };

	PRE_GOOD();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct iommu_hwpt_invalidate arg = good(self);

		arg.hwpt_id = ids[i];
		CTS_EXPECT_RC("INV_OTHER_OBJECT", call(self, &arg));
	}
}

CTS_TEST_F(inv_args, unknown_id, "INV_UNKNOWN_ID")
{
	static const uint32_t ids[] = { 0, UNKNOWN_ID, UINT32_MAX };

	PRE_GOOD();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct iommu_hwpt_invalidate arg = good(self);

		arg.hwpt_id = ids[i];
		CTS_EXPECT_RC("INV_UNKNOWN_ID", call(self, &arg));
		arg.entry_num = 0;
		CTS_EXPECT_RC("INV_UNKNOWN_ID", call(self, &arg));
	}
}

CTS_TEST_F(inv_args, refused_counts_none, "INV_REFUSED_COUNT_ZERO")
{
	const struct {
		const char *what;
		uint32_t reserved, len, id;
		uint64_t uptr;
	} t[] = {
		{ "a reserved field", 1, 24, UNKNOWN_ID, (uintptr_t)self->array },
		{ "no array", 0, 24, UNKNOWN_ID, 0 },
		{ "entries of no length", 0, 0, UNKNOWN_ID, (uintptr_t)self->array },
		{ "an unknown id", 0, 24, UNKNOWN_ID, (uintptr_t)self->array },
		{ "a plain HWPT", 0, 24, self->space->hwpt_id, (uintptr_t)self->array },
		{ "an IOAS", 0, 24, self->space->ioas_id, (uintptr_t)self->array },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct iommu_hwpt_invalidate arg = {
			.size = sizeof(arg), .hwpt_id = t[i].id, .data_uptr = t[i].uptr,
			.entry_len = t[i].len, .entry_num = 77, .__reserved = t[i].reserved,
		};

		CTS_PRE_TRUE(call(self, &arg) < 0);
		CTS_EXPECT_TRUE("INV_REFUSED_COUNT_ZERO", !arg.entry_num,
				"refused for %s, entry_num says that %u of 77 were handled",
				t[i].what, arg.entry_num);
	}
}

CTS_SUITE("invalidation", "invalidation/iommufd");
