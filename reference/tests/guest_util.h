/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * For tests of two stages: guest memory behind stage 2, with tables and context descriptors that
 * the test writes.
 */
#ifndef REFERENCE_TESTS_GUEST_UTIL_H
#define REFERENCE_TESTS_GUEST_UTIL_H

#include "model_util.h"

/* Guest memory: @GPA.. behind stage 2, page by page so that a test can take one page away. */
#define GPA 0x40000000ull
#define GUEST_PAGES 64u
#define ROOT 0u			/* guest page numbers: tables of levels 3..0, CD table, then data */
#define CD_PAGE 4u
#define DATA 8u
#define GVA 0x123456789000ull

static inline uint64_t gpa_of(unsigned int page)
{
	return GPA + page * PAGE_SIZE;
}

static inline uint64_t *page_of(uint64_t *mem, unsigned int page)
{
	return mem + page * 512;
}

/* V, T0SZ 16, EPD1, IPS 48, AA64, R, A, ASET, ASID */
static inline uint64_t cd_word0(uint16_t asid)
{
	return 1ull << 31 | 16 | 1ull << 30 | 5ull << 32 | 1ull << 41 | 7ull << 45 |
	       (uint64_t)asid << 48;
}

static inline void write_cd(uint64_t *mem, unsigned int ssid, uint16_t asid, unsigned int root_page)
{
	uint64_t *cd = page_of(mem, CD_PAGE) + ssid * 8;

	cd[0] = cd_word0(asid);
	cd[1] = gpa_of(root_page);
}

#define STE0(cdmax) (1ull | 5 << 1 | gpa_of(CD_PAGE) | (uint64_t)(cdmax) << 59)

static inline int nested_create(struct iommu_ref *ref, struct domain *s2, uint64_t ste0,
				uint64_t ste1, struct domain **out)
{
	struct stage1 s1 = { .fmt = FMT_X86_FL, .root = gpa_of(ROOT), .addr_width = 48 };

	if (ref->cfg.vendor == IOMMU_REF_SMMUV3)
		s1 = (struct stage1){ .fmt = FMT_ARM_S1, .ste = { ste0, ste1 } };
	return domain_create_nested(ref, s2, &s1, out);
}

/* Guest page of the table that holds the entry of GVA at @level, and the entry. */
static inline uint64_t *guest_entry(uint64_t *mem, unsigned int level)
{
	return page_of(mem, ROOT + 3 - level) + pt_index(&pt_x86_fl4, GVA, level);
}

/* A read at the page that GVA is in. */
static const struct m_req rd = { 0, NO_PASID, false, GVA + 0x5c0 };

#endif
