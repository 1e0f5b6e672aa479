/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of invalidation share: making an entry old, and telling which one a device uses.
 *
 * A subject may keep an old translation until it is told to drop it, or may not; so no test demands
 * staleness. INV_WARM() makes the device use a page, and where the subject can tell (the reference)
 * also that the translation is cached from then on: only that gives "after the invalidation the new
 * page is used" a meaning.
 */
#ifndef CONFORMANCE_INVALIDATION_INV_H
#define CONFORMANCE_INVALIDATION_INV_H

#include <string.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

#define PAGE 4096ull

/* Is page @page of leg @leg's GVA window cached, for a write? 1, 0, -EOPNOTSUPP: who knows. */
static inline int inv_cached(struct nest_rig *r, unsigned int leg, unsigned int page)
{
	const struct nest_leg *l = &r->leg[leg];

	return cts_iotlb_cached(r->c, l->path.device, l->path.has_pasid, l->path.pasid,
				l->gva + page * PAGE, true);
}

/* What cannot be seen from outside: -EOPNOTSUPP of a kernel ends the test as not-supported. */
#define INV_NEEDS_INTROSPECTION(rig_) do { \
	if (inv_cached(rig_, 0, 0) < 0) \
		CTS_SKIP(NOT_SUPPORTED, \
			 "only a model can tell what is cached; hardware may drop more"); \
} while (0)

/* The device uses pages [first, first + n) of the leg; then the canaries are fresh again. */
#define INV_WARM(rig_, leg_, first_, n_) do { \
	for (unsigned int pg_ = (first_); pg_ < (first_) + (n_); pg_++) { \
		CTS_PRE_TRUE(nest_write(rig_, leg_, pg_ * PAGE, 16) == ENGINE_DONE); \
		CTS_PRE_TRUE(inv_cached(rig_, leg_, pg_) != 0); \
	} \
	CTS_PRE_TRUE(window_untouched(&(rig_)->leg[leg_].win)); \
	window_arm(&(rig_)->leg[leg_].win); \
} while (0)

/* The device writes to page @page of the leg; the bytes must arrive at page @at of its window. */
#define INV_EXPECT_AT(id, rig_, leg_, page_, at_) do { \
	window_arm(&(rig_)->leg[leg_].win); \
	CTS_EXPECT_EQ(id, ENGINE_DONE, nest_write(rig_, leg_, (page_) * PAGE + 64, 16)); \
	CTS_EXPECT_NULL(id, window_written(&(rig_)->leg[leg_].win, (rig_)->engine, \
					   (at_) * PAGE + 64, 16)); \
} while (0)

/* The device tries page @page: nothing may arrive anywhere. */
#define INV_EXPECT_BLOCKED(id, rig_, leg_, page_) do { \
	window_arm(&(rig_)->leg[leg_].win); \
	int rc_seen_ = nest_write(rig_, leg_, (page_) * PAGE + 64, 16); \
	CTS_EXPECT_TRUE(id, rc_seen_ == ENGINE_BLOCKED || (rc_seen_ == ENGINE_DONE && \
			!((rig_)->engine->abilities & ENGINE_REPORTS)), \
			"the device reports %d where its DMA had to be blocked", rc_seen_); \
	CTS_EXPECT_NULL(id, window_untouched(&(rig_)->leg[leg_].win)); \
} while (0)

/* On subjects that can tell: page @page of the leg is cached (1) or is not (0). */
#define INV_EXPECT_CACHED(id, rig_, leg_, page_, want_) do { \
	int cached_ = inv_cached(rig_, leg_, page_); \
	if (cached_ >= 0) \
		CTS_EXPECT_TRUE(id, cached_ == (want_), \
				"page %u of bind %u is %scached after %s", \
				(unsigned int)(page_), (unsigned int)(leg_), \
				cached_ ? "" : "not ", cts_last_call(self->c)); \
} while (0)

/* A request for @pages pages of the leg's window from @page on. */
static inline struct cts_inv inv_pages(const struct nest_rig *r, unsigned int leg,
				       unsigned int page, unsigned int pages)
{
	return (struct cts_inv){
		.scope = CTS_INV_PAGES, .first = r->leg[leg].gva + page * PAGE, .pages = pages,
		.leaf = true,
	};
}

/* ---- iommufd: the array itself */

/* The object that takes the leg's invalidations, and the type of its entries. */
static inline struct iommu_hwpt_invalidate inv_call(const struct nest_rig *r, unsigned int leg,
						    const void *entries, uint32_t n)
{
	const struct cts_space *s = r->space;
	bool arm = r->c->arch == CTS_SMMUV3;

	return (struct iommu_hwpt_invalidate){
		.size = sizeof(struct iommu_hwpt_invalidate),
		.hwpt_id = arm ? s->viommu_id[r->leg[leg].path.device] : r->leg[leg].bind->hwpt_id,
		.data_uptr = (uintptr_t)entries,
		.data_type = arm ? IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 :
				   IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		.entry_len = arm ? sizeof(struct iommu_viommu_arm_smmuv3_invalidate) :
				   sizeof(struct iommu_hwpt_vtd_s1_invalidate),
		.entry_num = n,
	};
}

static inline long __inv(const struct nest_rig *r, struct iommu_hwpt_invalidate *arg)
{
	return cts_ioctl(r->c, NULL, r->space->fd, IOMMU_HWPT_INVALIDATE, arg);
}

/* IHI 0070, 4.4: words of a command */
#define ARM_CFGI_STE 0x03ull
#define ARM_CFGI_CD 0x05ull
#define ARM_CFGI_CD_ALL 0x06ull
#define ARM_TLBI_NH_ALL 0x10ull
#define ARM_TLBI_NH_ASID 0x11ull
#define ARM_TLBI_NH_VA 0x12ull
#define ARM_TLBI_NH_VAA 0x13ull
#define ARM_TLBI_NSNH_ALL 0x30ull
#define ARM_ATC_INV 0x40ull
#define ARM_NUM(n) ((uint64_t)(n) << 12)
#define ARM_SCALE(n) ((uint64_t)(n) << 20)
#define ARM_VMID(n) ((uint64_t)(n) << 32)
#define ARM_SID(n) ((uint64_t)(n) << 32)
#define ARM_ASID(n) ((uint64_t)(n) << 48)
#define ARM_LEAF 1ull
#define ARM_TG_4K (1ull << 10)

/*
 * One entry of either architecture, @n of them in an array of 24 bytes each or of 16. A bad one is
 * refused by every subject: an unknown flag, an opcode that is none.
 */
union inv_entry {
	struct iommu_hwpt_vtd_s1_invalidate vtd;
	struct iommu_viommu_arm_smmuv3_invalidate arm;
};

static inline uint32_t inv_entry_len(const struct cts *c)
{
	return c->arch == CTS_SMMUV3 ? sizeof(struct iommu_viommu_arm_smmuv3_invalidate) :
				       sizeof(struct iommu_hwpt_vtd_s1_invalidate);
}

/* Puts entry @i of @array: page @page of @leg. */
static inline void inv_put_page(const struct nest_rig *r, unsigned int leg, void *array,
				unsigned int i, unsigned int page)
{
	const uint64_t va = r->leg[leg].gva + page * PAGE;
	union inv_entry e;

	if (r->c->arch == CTS_SMMUV3)
		e.arm = (struct iommu_viommu_arm_smmuv3_invalidate){ {
			ARM_TLBI_NH_VA | ARM_ASID(r->leg[leg].stage1.s1.asid), va | ARM_LEAF } };
	else
		e.vtd = (struct iommu_hwpt_vtd_s1_invalidate){
			.addr = va, .npages = 1, .flags = IOMMU_VTD_INV_FLAGS_LEAF };
	memcpy((char *)array + i * inv_entry_len(r->c), &e, inv_entry_len(r->c));
}

static inline void inv_put_bad(const struct nest_rig *r, void *array, unsigned int i)
{
	union inv_entry e;

	if (r->c->arch == CTS_SMMUV3)
		e.arm = (struct iommu_viommu_arm_smmuv3_invalidate){ { 0xff, 0 } };
	else
		e.vtd = (struct iommu_hwpt_vtd_s1_invalidate){ .npages = 1, .flags = 1u << 31 };
	memcpy((char *)array + i * inv_entry_len(r->c), &e, inv_entry_len(r->c));
}

/* One command to leg 0's vIOMMU. *@done: entry_num afterwards. */
static inline long inv_command(const struct nest_rig *r, uint64_t w0, uint64_t w1, uint32_t *done)
{
	struct iommu_viommu_arm_smmuv3_invalidate cmd = { { w0, w1 } };
	struct iommu_hwpt_invalidate arg = inv_call(r, 0, &cmd, 1);
	long rc = __inv(r, &arg);

	*done = arg.entry_num;
	return rc;
}

static inline uint64_t inv_asid(const struct nest_rig *r, unsigned int leg)
{
	return ARM_ASID(r->leg[leg].stage1.s1.asid);
}

static inline uint64_t inv_vsid(const struct nest_rig *r, unsigned int leg)
{
	return ARM_SID(CTS_VSID(r->leg[leg].path.device));
}

/* ---- v7: VFIO_IOMMU_NESTING_OP(CACHE_INVLD) */

struct inv_v7 {
	uint32_t argsz, flags;	/* struct vfio_iommu_type1_nesting_op without its data[] */
	struct iommu_cache_invalidate_info info;
	uint8_t behind[16];	/* the series: it need not be zero */
};

/* A request that is right: page @page of the leg (ADDR), or the leg's PASID. */
static inline struct inv_v7 inv_v7_of(const struct nest_rig *r, unsigned int leg,
				      unsigned int granularity, unsigned int page)
{
	struct inv_v7 op = {
		.argsz = sizeof(op),
		.flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
		.info = {
			.argsz = sizeof(op.info),
			.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
			.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
			.granularity = granularity,
		},
		.behind = { 0xa5 },
	};

	if (granularity == IOMMU_INV_GRANU_PASID)
		op.info.granu.pasid_info = (struct iommu_inv_pasid_info){
			.flags = IOMMU_INV_PASID_FLAGS_PASID, .pasid = r->leg[leg].bind->pasid };
	else if (granularity == IOMMU_INV_GRANU_ADDR)
		op.info.granu.addr_info = (struct iommu_inv_addr_info){
			.flags = IOMMU_INV_ADDR_FLAGS_PASID, .pasid = r->leg[leg].bind->pasid,
			.addr = r->leg[leg].gva + page * PAGE, .granule_size = PAGE,
			.nb_granules = 1 };
	return op;
}

static inline long __inv_v7(const struct nest_rig *r, struct inv_v7 *op)
{
	return cts_ioctl(r->c, NULL, r->space->fd, VFIO_IOMMU_NESTING_OP, op);
}

#endif
