// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest's SMMUv3 stage 1 of one granule and width on a kernel's stage 2 of another: what a
 * context descriptor may say, where DMA goes, how much of it is cached, addresses beyond the output
 * size.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#define RAM (8ull << 20)
#define SLOT 0x10000ull		/* a table of any granule */
#define DATA_AT (32 * SLOT)	/* in RAM */
#define CD_AT (31 * SLOT)
#define WIDE_GPA 0xd000040000000ull	/* 52 bits: 51, 50 and 48 are set */

FIXTURE(granule)
{
	struct iommu_ref *ref;
	struct device *dev;
	struct domain *s2, *s1;
	uint8_t *ram;
	uint64_t gpa, gva;	/* of RAM; of its data, through stage 1 */
	uint64_t *leaf;		/* of gva */
};

FIXTURE_VARIANT(granule)
{
	uint8_t page_shift, tg0, t0sz;	/* guest */
	bool ds;
	uint32_t kernel;
	bool wide;			/* 52 bits of output; GPAs have them */
};

FIXTURE_VARIANT_ADD(granule, g4k_on_4k) { 12, 0, 16, false, 4096, false };
FIXTURE_VARIANT_ADD(granule, g16k_on_4k) { 14, 2, 16, false, 4096, false };
FIXTURE_VARIANT_ADD(granule, g16k_47_on_64k) { 14, 2, 17, false, 65536, false };
FIXTURE_VARIANT_ADD(granule, g64k_on_4k) { 16, 1, 16, false, 4096, false };
FIXTURE_VARIANT_ADD(granule, g64k_42_on_16k) { 16, 1, 22, false, 16384, false };
FIXTURE_VARIANT_ADD(granule, g4k_on_16k) { 12, 0, 25, false, 16384, false };
FIXTURE_VARIANT_ADD(granule, g4k_on_64k) { 12, 0, 39, false, 65536, false };
FIXTURE_VARIANT_ADD(granule, g4k_lpa2) { 12, 0, 12, true, 65536, true };
FIXTURE_VARIANT_ADD(granule, g16k_lpa2) { 14, 2, 12, true, 65536, true };
FIXTURE_VARIANT_ADD(granule, g64k_lpa) { 16, 1, 12, false, 65536, true };

typedef struct _fixture_variant_granule row;

/* The address in a descriptor, Arm ARM D8.3.1. */
static uint64_t encode(const row *v, uint64_t gpa)
{
	if (!v->wide)
		return gpa;
	if (v->page_shift == 16)
		return (gpa & ~(15ull << 48)) | (gpa >> 48) << 12;
	return (gpa & ~(3ull << 50)) | (gpa >> 50) << 8;
}

static uint64_t *word(uint8_t *ram, uint64_t at)
{
	return (uint64_t *)(void *)(ram + at);
}

/* Tables 0, 1, .. of RAM lead to the leaf of @gva. Bits are taken from the top down. */
static uint64_t *build(const row *v, uint8_t *ram, uint64_t gpa, uint64_t gva)
{
	unsigned int stride = v->page_shift - 3, shift = v->page_shift, n = 0;
	uint64_t *e;

	while (shift + stride < 64u - v->t0sz)
		shift += stride;
	for (;; shift -= stride, n++) {
		e = word(ram, n * SLOT) + (gva >> shift & (shift + stride < 64u - v->t0sz ?
							   (1u << stride) - 1 : ~0u));
		if (shift == v->page_shift)
			return e;
		*e = encode(v, gpa + (n + 1) * SLOT) | 3;
	}
}

/* Page, AP[1], AF, nG; SH where it is not a part of the address. */
static uint64_t page_entry(const row *v, uint64_t gpa)
{
	return encode(v, gpa) | 3 | 1 << 6 | 1 << 10 | 1 << 11 | (v->ds ? 0 : 3 << 8);
}

static uint64_t cd_word0(const row *v)
{
	/* V, EPD1, AA64, R, A, ASET, ASID 7; IPS 52 or 48 bits */
	return 1ull << 31 | 1ull << 30 | 1ull << 41 | 7ull << 45 | 7ull << 48 | v->t0sz |
	       (uint64_t)v->tg0 << 6 | (v->wide ? 6ull : 5ull) << 32;
}

FIXTURE_SETUP(granule)
{
	const uint64_t page = 1ull << variant->page_shift;
	struct iommu_ref_config cfg;
	struct stage1 s1 = { .fmt = FMT_ARM_S1 };
	uint64_t *cd;

	iommu_ref_config_init(&cfg, IOMMU_REF_SMMUV3);
	cfg.granule = variant->kernel;
	cfg.oas_bits = variant->wide ? 52 : 48;
	if (variant->wide)
		cfg.aperture_last = (1ull << 52) - 1;
	ASSERT_EQ(0, iommu_ref_create(&cfg, &self->ref));
	/* No block of stage 2 fits. */
	self->ram = m_memory(RAM, M_1G) + variant->kernel;
	self->gpa = variant->wide ? WIDE_GPA : 0x40000000;
	self->gva = (bool)variant->ds * (0xaull << 48) + 0x1234567u * page;
	self->gva &= (1ull << (64 - variant->t0sz)) - 1;
	self->dev = device_by_index(self->ref, 0);
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_ARM_S2, &self->s2));
	ASSERT_EQ(0, domain_map(self->ref, self->s2, self->gpa, self->gpa + RAM - 1,
				m_pa(self->ram), RW));
	self->leaf = build(variant, self->ram, self->gpa, self->gva);
	*self->leaf = page_entry(variant, self->gpa + DATA_AT);
	cd = word(self->ram, CD_AT);
	cd[0] = cd_word0(variant);
	cd[1] = self->gpa;
	cd[2] = (uint64_t)variant->ds << 58;
	s1.ste[0] = 1 | 5 << 1 | (self->gpa + CD_AT);
	ASSERT_EQ(0, domain_create_nested(self->ref, self->s2, &s1, &self->s1));
	ASSERT_EQ(0, device_set_domain(self->ref, self->dev, NO_PASID, self->s1));
}

FIXTURE_TEARDOWN(granule)
{
	domain_put(self->ref, self->s1);
	domain_put(self->ref, self->s2);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static struct m_req at(uint64_t iova, bool write)
{
	return (struct m_req){ 0, NO_PASID, write, iova };
}

TEST_F(granule, the_smaller_page_is_cached)
{
	uint64_t page = 1ull << variant->page_shift, next = page;
	uint64_t smaller = page < variant->kernel ? page : variant->kernel;

	EXPECT_EQ(m_pa(self->ram) + DATA_AT + 0x123, m_xlate(self->ref, at(self->gva + 0x123, 0),
							     NULL));
	EXPECT_TRUE(m_cached(self->ref, at(self->gva, false)));
	EXPECT_TRUE(m_cached(self->ref, at(self->gva + smaller - 1, true)));
	EXPECT_FALSE(m_cached(self->ref, at(self->gva + smaller, false)));
	EXPECT_FALSE(m_cached(self->ref, at(self->gva - 1, false)));
	EXPECT_EQ(m_pa(self->ram) + DATA_AT + page - 1,
		  m_xlate(self->ref, at(self->gva + page - 1, true), NULL));
	EXPECT_EQ(IOMMU_REF_FAULT_S1_TRANSLATION, m_reason(self->ref, at(self->gva + next, 0)));
	/* One invalidation anywhere in the leaf takes all of its pieces. */
	inv_page(self->ref, domain_dtag(self->s1), 7, self->gva);
	EXPECT_FALSE(m_cached(self->ref, at(self->gva, false)));
	EXPECT_FALSE(m_cached(self->ref, at(self->gva + page - 1, false)));
}

/* Blocks: 2M, 32M, 512M. */
TEST_F(granule, blocks)
{
	uint64_t block = 1ull << (2 * variant->page_shift - 3), first = self->gva & ~(block - 1);
	uint64_t *tables = word(self->ram, 0), *last_table = NULL;

	for (unsigned int n = 0; n < 5 * SLOT / 8; n++)
		if ((tables[n] & 3) == 3 && &tables[n] != self->leaf)
			last_table = &tables[n];
	ASSERT_NE(NULL, last_table);
	*last_table = page_entry(variant, self->gpa) & ~2ull;
	EXPECT_EQ(m_pa(self->ram) + 0x12077, m_xlate(self->ref, at(first + 0x12077, true), NULL));
	if (block > RAM)
		EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION,
			  m_reason(self->ref, at(first + RAM, false)));
}

static enum iommu_ref_fault_reason with_cd(struct iommu_ref *ref, struct device *dev, uint64_t iova)
{
	ref_lock(ref);
	device_cfgi_cd(dev, 0);
	inv_all(ref);
	ref_unlock(ref);
	return m_reason(ref, at(iova, false));
}

TEST_F(granule, input_sizes)
{
	uint64_t *cd = word(self->ram, CD_AT);
	unsigned int smallest = variant->wide ? 12 : 16;

	for (unsigned int t0sz = 10; t0sz < 42; t0sz++) {
		bool ok = t0sz >= smallest && t0sz <= 39;

		cd[0] = (cd_word0(variant) & ~63ull) | t0sz;
		ASSERT_EQ(ok, with_cd(self->ref, self->dev, 0) != IOMMU_REF_FAULT_BAD_CONFIG)
			TH_LOG("T0SZ %u", t0sz);
		if (!ok)
			continue;
		ASSERT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE,
			  m_reason(self->ref, at(1ull << (64 - t0sz), false)));
		ASSERT_NE(IOMMU_REF_FAULT_ADDRESS_SIZE,
			  m_reason(self->ref, at((1ull << (64 - t0sz)) - 1, false)));
	}
	/* 52 bits need DS, unless the granule is 64K: then DS means nothing. */
	cd[0] = (cd_word0(variant) & ~63ull) | 15;
	cd[2] ^= 1ull << 58;
	EXPECT_EQ(!variant->wide || variant->page_shift != 16,
		  with_cd(self->ref, self->dev, 0) == IOMMU_REF_FAULT_BAD_CONFIG);
	cd[0] = cd_word0(variant) | 3 << 6;
	EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG, with_cd(self->ref, self->dev, 0));
}

TEST_F(granule, output_sizes)
{
	static const struct {
		uint8_t ips, bits;
	} sizes[] = { { 0, 32 }, { 1, 36 }, { 2, 40 }, { 3, 42 }, { 4, 44 }, { 5, 48 }, { 6, 52 } };
	uint64_t *cd = word(self->ram, CD_AT);
	struct iommu_ref_fault f;

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned int bits = sizes[i].bits, max = variant->wide ? 52 : 48;

		cd[0] = (cd_word0(variant) & ~(7ull << 32)) | (uint64_t)sizes[i].ips << 32;
		if (variant->wide && bits < 52) {	/* where the table itself is */
			EXPECT_EQ(IOMMU_REF_FAULT_BAD_CONFIG,
				  with_cd(self->ref, self->dev, self->gva));
			continue;
		}
		EXPECT_EQ(IOMMU_REF_FAULT_NONE, with_cd(self->ref, self->dev, self->gva));
		if (bits >= max)
			continue;
		*self->leaf = page_entry(variant, 1ull << bits);
		ASSERT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE,
			  with_cd(self->ref, self->dev, self->gva));
		m_xlate(self->ref, at(self->gva + 5, false), &f);
		EXPECT_EQ((1ull << bits) + 5, f.ipa);
		*self->leaf = page_entry(variant, (1ull << bits) - SLOT);
		EXPECT_EQ(IOMMU_REF_FAULT_S2_TRANSLATION, m_reason(self->ref, at(self->gva, 0)));
		*self->leaf = page_entry(variant, self->gpa + DATA_AT);
	}
}

/* A table beyond the output size is not read: nothing of stage 2 is seen. */
TEST_F(granule, a_table_beyond_the_output_size)
{
	uint64_t *cd = word(self->ram, CD_AT);

	if (variant->wide)
		return;		/* RAM itself is up there */
	cd[0] = cd_word0(variant) & ~(7ull << 32);
	for (unsigned int i = 0; i < SLOT / 8; i++)
		word(self->ram, 0)[i] += (uint64_t)(word(self->ram, 0)[i] & 1) << 33;
	EXPECT_EQ(IOMMU_REF_FAULT_ADDRESS_SIZE, with_cd(self->ref, self->dev, self->gva));
}

TEST_HARNESS_MAIN
