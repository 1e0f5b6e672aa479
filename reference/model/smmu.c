// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * SMMUv3 configuration in guest memory: the stream table entry's part that user space owns, and
 * context descriptors (Arm IHI 0070, 5.2 and 5.4). An SMMU caches configuration: a descriptor is
 * read at the first DMA after the attach and again after CFGI_CD; changes without CFGI_CD are not
 * seen.
 *
 * This SMMU: linear context tables only (IDR0.CD2L = 0), faults abort (IDR0.TERM_MODEL = 1), no
 * stall (IDR0.STALL_MODEL = 1), AArch64 little-endian tables of every granule, TTB0 only, small
 * tables no smaller than 25 bits (IDR3.STT = 0). Hardware keeps access and dirty state if the
 * machine tracks writes (IDR0.HTTU = 2). With an output size of 52 bits it has 52-bit addresses
 * (IDR5.VAX = 1) and those of the smaller granules (IDR5.DS).
 */
#include "internal.h"

#define STE0_V		1ull
#define STE0_CONFIG(w)	((w) >> 1 & 7)
#define CONFIG_ABORT	0
#define CONFIG_BYPASS	4
#define STE0_S1FMT(w)	((w) >> 4 & 3)
#define STE0_S1CTXPTR(w) ((w) & 0x000fffffffffffc0ull)
#define STE0_S1CDMAX(w)	((w) >> 59)

#define CD0_T0SZ(w)	((w) & 0x3f)
#define CD0_TG0(w)	((w) >> 6 & 3)
#define CD0_EPD0(w)	((w) >> 14 & 1)
#define CD0_ENDI	(1ull << 15)
#define CD0_V		(1ull << 31)
#define CD0_IPS(w)	((w) >> 32 & 7)
#define CD0_AFFD	(1ull << 35)
#define CD0_AA64	(1ull << 41)
#define CD0_HD		(1ull << 42)
#define CD0_HA		(1ull << 43)
#define CD0_S		(1ull << 44)
#define CD0_R		(1ull << 45)
#define CD0_A		(1ull << 46)
#define CD0_ASID(w)	((w) >> 48)
#define CD1_TTB0(w)	((w) & 0x000ffffffffffff0ull)

#define CD2_DS		(1ull << 58)

#define CD_SIZE 64u
#define T0SZ_MAX 39u	/* IDR3.STT = 0 */

void smmu_decode_ste(struct stage1 *s1)
{
	unsigned int config = STE0_CONFIG(s1->ste[0]);

	if (!(s1->ste[0] & STE0_V) || config == CONFIG_ABORT)
		s1->abort = true;
	if (config == CONFIG_BYPASS)
		s1->bypass = true;
}

/*
 * A table is aligned to its size, and to 64 bytes at least; lower bits of the pointer are not part
 * of it.
 */
static uint64_t ttb_align(uint64_t ttb, const struct stage1_walk *w)
{
	uint64_t size = sizeof(uint64_t) << (w->input_bits - pt_shift(w->format, w->top));

	return ttb & ~((size > 64 ? size : 64) - 1);
}

/* CdIllegal() of 5.4.2, as far as it is about the fields that EPD0 makes ignored. */
static bool decode_ttb0(const struct device *dev, const uint64_t *cd, struct stage1_walk *w)
{
	static const uint8_t page_shifts[4] = { 12, 16, 14, 0 };
	static const uint8_t ips[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };
	unsigned int t0sz = CD0_T0SZ(cd[0]), page_shift = page_shifts[CD0_TG0(cd[0])];
	unsigned int output_bits = ips[CD0_IPS(cd[0])];
	/* DS is RES0 if IDR5.DS is. What "wide" means depends on the granule: format_arm.c. */
	bool wide = dev->unit->cfg->oas_bits > 48 && (page_shift == 16 || (cd[2] & CD2_DS));
	uint64_t ttb = CD1_TTB0(cd[1]);

	if (ref_defect(dev->ref, GRANULE_TAKEN_AS_4K))
		page_shift = PAGE_SHIFT;
	if (!page_shift || t0sz < (wide ? 12 : 16) || t0sz > T0SZ_MAX)
		return false;
	if (output_bits > dev->unit->cfg->oas_bits)
		output_bits = dev->unit->cfg->oas_bits;
	w->format = pt_arm(w->keeps_dirty ? PT_ARM_S1_HD : PT_ARM_S1, page_shift, wide);
	w->input_bits = (uint8_t)(64 - t0sz);
	w->top = (uint8_t)pt_top(w->format, w->input_bits);
	w->common = pt_common(w->format, w->top);
	w->beyond = ~((1ull << output_bits) - 1);
	w->root = ttb_align(ttb, w);
	/* Within the output size; without DS and 64K granule, within 48 bits too. */
	return !(ttb & w->beyond) && !(w->root >> (wide ? 52 : 48));
}

static bool decode_cd(const struct device *dev, const uint64_t *cd, struct smmu_cd *out)
{
	struct stage1_walk *w = &out->walk;

	*out = (struct smmu_cd){ .walk.format = pt_arm(PT_ARM_S1, 12, false),
				 .walk.input_bits = 48 };
	if (!(cd[0] & CD0_V) || !(cd[0] & CD0_AA64) || (cd[0] & CD0_ENDI))
		return false;
	/* TERM_MODEL = 1 wants A, STALL_MODEL = 1 forbids S, HTTU = 0 forbids HA and HD. */
	if (!(cd[0] & CD0_A) || (cd[0] & CD0_S) ||
	    (!dev->unit->cfg->dirty_tracking && (cd[0] & (CD0_HA | CD0_HD))))
		return false;
	/* HD without HA is "reserved, behaves as 0b00"; HA makes AFFD ignored. */
	w->keeps_access = cd[0] & CD0_HA;
	w->keeps_dirty = w->keeps_access && (cd[0] & CD0_HD);
	w->ignores_access = cd[0] & CD0_AFFD;
	out->disabled = CD0_EPD0(cd[0]);
	out->asid = CD0_ASID(cd[0]);
	out->record = cd[0] & CD0_R;
	return out->disabled || decode_ttb0(dev, cd, w);
}

bool smmu_fetch_cd(struct device *dev, struct attach *att, uint32_t ssid,
		   struct xlate_fault *fault)
{
	const struct stage1 *s1 = &att->domain->s1;
	unsigned int cdmax = STE0_S1CDMAX(s1->ste[0]);
	uint64_t cd[CD_SIZE / sizeof(uint64_t)], gpa;

	fault->reason = IOMMU_REF_FAULT_BAD_CONFIG;
	fault->event = SMMU_C_BAD_STE;
	if (cdmax > dev->unit->cfg->pasid_bits || (cdmax && STE0_S1FMT(s1->ste[0])))
		return false;
	fault->event = 0;
	gpa = STE0_S1CTXPTR(s1->ste[0]) + (uint64_t)ssid * CD_SIZE;
	if (!guest_read(dev->ref, att->domain->parent, gpa, cd, sizeof(cd), fault))
		return false;
	fault->reason = IOMMU_REF_FAULT_BAD_CONFIG;
	fault->event = SMMU_C_BAD_CD;
	if (!decode_cd(dev, cd, &att->cd))
		return false;
	fault->event = 0;
	att->dtag = att->domain->dtag;
	att->tag = iotlb_tag_get(dev->tlb, att->dtag, att->cd.asid);
	return att->tag;
}

/* ---- which context descriptor a request uses */

enum smmu_route smmu_route(const struct stage1 *s1, bool has_ssid, uint32_t ssid)
{
	unsigned int cdmax = STE0_S1CDMAX(s1->ste[0]), dss = s1->ste[1] & 3;

	if (s1->abort)
		return SMMU_ROUTE_STREAM;
	if (has_ssid) {
		/* C_BAD_SUBSTREAMID: no stage 1, no substreams, or beyond the table. */
		if (s1->bypass || !cdmax || (uint64_t)ssid >> cdmax)
			return SMMU_ROUTE_BAD_SUBSTREAM;
		/* S1DSS = 0b10 gives descriptor 0 to requests without one: F_STREAM_DISABLED. */
		return dss == 2 && !ssid ? SMMU_ROUTE_DISABLED : SMMU_ROUTE_SUBSTREAM;
	}
	if (s1->bypass || !cdmax || dss == 2)
		return SMMU_ROUTE_STREAM;
	/* S1DSS = 0b01 bypasses stage 1; 0b00 terminates, and so does the reserved 0b11. */
	return dss == 1 ? SMMU_ROUTE_STREAM : SMMU_ROUTE_DISABLED;
}

bool smmu_bypasses_stage1(const struct stage1 *s1)
{
	return s1->bypass || (STE0_S1CDMAX(s1->ste[0]) && (s1->ste[1] & 3) == 1);
}
