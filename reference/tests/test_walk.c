// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The walk of every format against a small one that is written here, from the figures of the
 * architecture manuals: which bits of the input index which level, which levels have blocks, where
 * an address is in a descriptor. Tables are random: what stands at an address follows from the
 * address.
 */
#include <kselftest_harness.h>

#include "model_util.h"

#include "model/walk.h"

#define WALKS 20000u

enum kind { S1, S1_HD, S2, X86, SS };
enum where { UP_TO_47, LPA, LPA2, UP_TO_51 };	/* the address in a descriptor */

struct level {
	uint8_t hi, lo;		/* bits of the input that index it */
	bool block;		/* there are leaves, in a table above the last */
};

FIXTURE(walk) { uint64_t state; };

FIXTURE_VARIANT(walk)
{
	enum kind kind;
	enum where where;
	uint8_t page_shift;
	struct level levels[5];	/* top first; the last one that is used holds pages */
};

#define ROW(name, ...) FIXTURE_VARIANT_ADD(walk, name) { __VA_ARGS__ }
#define L3_4K { 38, 30, 1 }, { 29, 21, 1 }, { 20, 12, 1 }
#define L4(kind, where) kind, where, 12, { { 47, 39, 0 }, L3_4K }
#define L5(kind, where) kind, where, 12, { { 56, 48, 0 }, { 47, 39, 0 }, L3_4K }

ROW(x86_4, L4(X86, UP_TO_51));
ROW(x86_5, L5(X86, UP_TO_51));
ROW(vtd_ss_4, L4(SS, UP_TO_51));
ROW(vtd_ss_5, L5(SS, UP_TO_51));
ROW(s1_4k_48, L4(S1, UP_TO_47));
ROW(s1_4k_48_hd, L4(S1_HD, UP_TO_47));
ROW(s2_4k_48, L4(S2, UP_TO_47));
ROW(s1_4k_39, S1, UP_TO_47, 12, { L3_4K });
ROW(s1_4k_25, S1, UP_TO_47, 12, { { 24, 21, 1 }, { 20, 12, 1 } });
ROW(s1_4k_52, S1, LPA2, 12, { { 51, 48, 0 }, { 47, 39, 1 }, L3_4K });
ROW(s1_4k_40_hd_lpa2, S1_HD, LPA2, 12, { { 39, 39, 1 }, L3_4K });
ROW(s1_16k_48, S1, UP_TO_47, 14, { { 47, 47, 0 }, { 46, 36, 0 }, { 35, 25, 1 }, { 24, 14, 1 } });
ROW(s1_16k_47_hd, S1_HD, UP_TO_47, 14, { { 46, 36, 0 }, { 35, 25, 1 }, { 24, 14, 1 } });
ROW(s2_16k_48, S2, UP_TO_47, 14, { { 47, 36, 0 }, { 35, 25, 1 }, { 24, 14, 1 } });
ROW(s1_16k_52, S1, LPA2, 14, { { 51, 47, 0 }, { 46, 36, 1 }, { 35, 25, 1 }, { 24, 14, 1 } });
ROW(s1_64k_48, S1, UP_TO_47, 16, { { 47, 42, 0 }, { 41, 29, 1 }, { 28, 16, 1 } });
ROW(s1_64k_42_hd, S1_HD, UP_TO_47, 16, { { 41, 29, 1 }, { 28, 16, 1 } });
ROW(s1_64k_52, S1, LPA, 16, { { 51, 42, 1 }, { 41, 29, 1 }, { 28, 16, 1 } });
ROW(s2_64k_48, S2, UP_TO_47, 16, { { 47, 42, 0 }, { 41, 29, 1 }, { 28, 16, 1 } });
ROW(s2_64k_52, S2, LPA, 16, { { 51, 42, 1 }, { 41, 29, 1 }, { 28, 16, 1 } });

typedef struct _fixture_variant_walk row;

FIXTURE_SETUP(walk)
{
	self->state = 0x5eed;
}

FIXTURE_TEARDOWN(walk)
{
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 31) * 0x7fb5d329728ea185ull;
	x = (x ^ x >> 27) * 0x81dadef4bc2dd44dull;
	return x ^ x >> 33;
}

/* ---- random tables */

/* What stands at @addr: mostly valid, tables more than leaves; high address bits in one of four. */
static uint64_t entry_at(const row *r, uint64_t addr)
{
	uint64_t e = mix(addr + 1), dice = mix(e);

	if (dice % 4)
		e &= 0xfff80007ffffffffull;
	if (dice >> 8 & 7)
		e |= 1;
	if (dice >> 12 & 3)
		e |= r->kind == X86 || r->kind == SS ? 6 : 2;
	if ((dice >> 16 & 3) && (r->kind == X86 || r->kind == SS))
		e &= ~(1ull << 7);
	if (dice >> 20 & 1)	/* what is reserved or an address in a block */
		e &= ~0x3fffe000ull;
	if (dice >> 24 & 7)
		e |= 1 << 5 | 1 << 10;
	return e;
}

static bool load(void *ctx, uint64_t addr, uint64_t *entry)
{
	*entry = entry_at(ctx, addr);
	return true;
}

/* ---- the other walk */

static uint64_t bits(uint64_t x, unsigned int hi, unsigned int lo)
{
	return x << (63 - hi) >> (63 - hi + lo) << lo;
}

static uint64_t address(const row *r, uint64_t e)
{
	switch (r->where) {
	case LPA:
		return bits(e, 47, 16) + (bits(e, 15, 12) << 36);
	case LPA2:
		return bits(e, 49, r->page_shift) + (bits(e, 9, 8) << 42);
	case UP_TO_47:
		return bits(e, 47, r->page_shift);
	default:
		return bits(e, 51, 12);
	}
}

static bool bit(uint64_t e, unsigned int n)
{
	return e >> n & 1;
}

enum entry_type { NONE, TABLE, LEAF };

static enum entry_type entry_type(const row *r, uint64_t e, const struct level *l, bool last)
{
	unsigned int first_reserved = r->kind == X86 ? 13 : 12;

	if (r->kind == X86 || r->kind == SS) {
		if (!bit(e, 0) && (r->kind == X86 || !bit(e, 1)))
			return NONE;
		if (last)
			return LEAF;
		if (!bit(e, 7))
			return TABLE;
		return l->block && !bits(e, l->lo - 1, first_reserved) ? LEAF : NONE;
	}
	if (!bit(e, 0) || (last && !bit(e, 1)))
		return NONE;
	if (last)
		return LEAF;
	return bit(e, 1) ? TABLE : l->block ? LEAF : NONE;
}

static unsigned int rights(const row *r, uint64_t e)
{
	switch (r->kind) {
	case S1:
		return bit(e, 6) ? bit(e, 7) ? PROT_R : RW : 0;
	case S1_HD:
		return bit(e, 6) ? bit(e, 7) && !bit(e, 51) ? PROT_R : RW : 0;
	case S2:
		return (bit(e, 6) ? PROT_R : 0) | (bit(e, 7) ? PROT_W : 0);
	case X86:
		return bit(e, 2) ? bit(e, 1) ? RW : PROT_R : 0;
	default:
		return e & 3;
	}
}

static void leaf_state(const row *r, uint64_t e, bool tables_accessed, struct walk_leaf *leaf)
{
	bool arm = r->kind <= S2;

	leaf->accessed = arm ? bit(e, 10) : r->kind == SS || (tables_accessed && bit(e, 5));
	leaf->clean = r->kind == S1_HD ? bit(e, 7) : r->kind == X86 ? !bit(e, 6) :
		      r->kind == SS && !bit(e, 9);
	leaf->global = r->kind <= S1_HD && !bit(e, 11);
}

static enum walk_result oracle(const row *r, uint64_t root, uint64_t input, uint64_t beyond,
			       struct walk_leaf *leaf)
{
	unsigned int prot = RW;
	bool accessed = true;

	for (const struct level *l = r->levels;; l++) {
		uint64_t e = entry_at(r, root + (bits(input, l->hi, l->lo) >> l->lo) * 8);

		switch (entry_type(r, e, l, l->lo == r->page_shift)) {
		case NONE:
			return WALK_ABSENT;
		case TABLE:
			root = leaf->out = address(r, e);
			prot &= r->kind == X86 || r->kind == SS ? rights(r, e) : RW;
			accessed &= bit(e, 5);
			break;
		case LEAF:
			leaf->out = bits(address(r, e), 63, l->lo) + bits(input, l->lo - 1, 0);
			leaf->shift = l->lo;
			leaf->prot = prot & rights(r, e);
			leaf_state(r, e, accessed, leaf);
			return leaf->out & beyond ? WALK_BEYOND : WALK_OK;
		}
		if (root & beyond)
			return WALK_BEYOND;
	}
}

/* ---- both */

static const struct pt_format *format_of(const row *r)
{
	switch (r->kind) {
	case X86:
		return r->levels[0].hi == 56 ? &pt_x86_fl5 : &pt_x86_fl4;
	case SS:
		return r->levels[0].hi == 56 ? &pt_vtd_ss5 : &pt_vtd_ss4;
	default:
		return pt_arm(r->kind == S1 ? PT_ARM_S1 : r->kind == S2 ? PT_ARM_S2 : PT_ARM_S1_HD,
			      r->page_shift, r->where != UP_TO_47);
	}
}

static bool same(const struct walk_leaf *a, const struct walk_leaf *b, enum walk_result rc)
{
	if (rc == WALK_BEYOND)
		return a->out == b->out;
	return rc != WALK_OK || (a->out == b->out && a->shift == b->shift && a->prot == b->prot &&
				 a->accessed == b->accessed && a->clean == b->clean &&
				 a->global == b->global);
}

TEST_F(walk, as_the_manuals_say)
{
	static const uint64_t limits[] = { 0, ~0ull << 48, ~0ull << 40 };
	const struct pt_format *f = format_of(variant);
	unsigned int top_bits = variant->levels[0].hi + 1, found[64] = { 0 }, beyond_seen = 0;
	unsigned int top = variant->kind == S2 ? pgtable_top(f) : pt_top(f, top_bits);

	for (unsigned int i = 0; i < WALKS; i++) {
		uint64_t input = bits(mix(self->state += 3), top_bits - 1, 0);
		uint64_t root = bits(mix(self->state + 1), 47, 16), beyond = limits[i % 3];
		struct walk_leaf a = { 0 }, b = { 0 };
		enum walk_result want = oracle(variant, root, input, beyond, &b), got;

		if (f->canonical && bit(input, top_bits - 1))
			input |= ~0ull << top_bits;
		ASSERT_TRUE(pt_input_valid(f, input, top_bits));
		got = pt_walk(pt_common(f, top), f, root, top, input, beyond, load,
			      (void *)variant, &a);
		ASSERT_EQ(want, got) TH_LOG("walk %u", i);
		ASSERT_TRUE(same(&a, &b, want)) TH_LOG("walk %u: %#llx for %#llx", i,
						       (long long)a.out, (long long)b.out);
		if (want == WALK_OK)
			found[b.shift]++;
		beyond_seen += want == WALK_BEYOND;
	}
	EXPECT_NE(0, beyond_seen);
	for (unsigned int i = 0; i < 5 && variant->levels[i].hi; i++) {
		EXPECT_EQ(variant->levels[i].block, found[variant->levels[i].lo] > 10)
			TH_LOG("%u leaves of 2^%u", found[variant->levels[i].lo],
			       variant->levels[i].lo);
	}
}

/* What is written has no bit elsewhere than what is read. */
TEST_F(walk, addresses_round_trip)
{
	const struct pt_format *f = format_of(variant);

	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t pa = bits(mix(self->state += 3), f->output_bits - 1, f->page_shift);
		uint64_t e = pt_make_leaf(f, pa, 0, RW);

		ASSERT_EQ(pa, pt_leaf_address(f, e, 0));
		ASSERT_EQ(pa, address(variant, e));
		ASSERT_EQ(RW, pt_prot(f, e));
	}
}

TEST_HARNESS_MAIN
