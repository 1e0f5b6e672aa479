// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Several IOMMU units: which page table fits which of them, who is told to invalidate, and what a
 * configuration with units may say. Devices 0 and 1 are behind unit 0, devices 2 and 3 behind 1.
 */
#include <kselftest_harness.h>
#include <pthread.h>

#include "model_util.h"

#define BASE 0x10000000ull
#define PA 0x700000001000ull
#define LESS ((1ull << 39) - 1)

/* @edit: what one unit lacks. */
typedef void (*unit_edit)(struct iommu_ref_unit_config *u);

static void nothing(struct iommu_ref_unit_config *u)
{
	(void)u;
}

static void no_nesting(struct iommu_ref_unit_config *u)
{
	u->nesting = false;
}

static void no_dirty(struct iommu_ref_unit_config *u)
{
	u->dirty_tracking = false;
}

static void no_snoop(struct iommu_ref_unit_config *u)
{
	u->snoop_control = false;
}

static void leaf_2m(struct iommu_ref_unit_config *u)
{
	u->largest_leaf = 21;
}

static void leaf_4k(struct iommu_ref_unit_config *u)
{
	u->largest_leaf = 12;
}

static void narrow(struct iommu_ref_unit_config *u)
{
	u->aperture_last = LESS;
}

static void few_pasids(struct iommu_ref_unit_config *u)
{
	u->pasid_bits = 8;
}

static void config(struct iommu_ref_config *cfg, enum iommu_ref_vendor vendor)
{
	iommu_ref_config_init(cfg, vendor);
	cfg->nr_units = 2;
	iommu_ref_unit_init(cfg, &cfg->units[0]);
	cfg->units[1] = cfg->units[0];
	cfg->devices[2].unit = cfg->devices[3].unit = 1;
}

static struct iommu_ref *machine(enum iommu_ref_vendor vendor, unit_edit first, unit_edit second)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;

	config(&cfg, vendor);
	first(&cfg.units[0]);
	second(&cfg.units[1]);
	return iommu_ref_create(&cfg, &ref) ? NULL : ref;
}

/* ---- VT-d: what a unit must have */

enum { FIRST, SECOND, PARENT, DIRTY, NR_KINDS };

static struct domain *make(struct device *dev, unsigned int kind)
{
	struct domain *d;

	if (domain_create_for(dev, kind == FIRST ? FMT_X86_FL : FMT_VTD_SS, &d))
		return NULL;
	if (kind == PARENT)
		domain_set_nest_parent(d);
	if (kind == DIRTY && domain_make_trackable(d))
		return NULL;
	return d;
}

FIXTURE(vtd) { struct iommu_ref *ref; };
FIXTURE_VARIANT(vtd)
{
	unit_edit first, second;
	bool fits[NR_KINDS];	/* a table made for unit 0 unit 1 */
};
#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(vtd, name) { __VA_ARGS__ }
VARIANT(equal, nothing, nothing, { true, true, true, true });
VARIANT(no_nesting, nothing, no_nesting, { true, true, false, true });
VARIANT(no_dirty, nothing, no_dirty, { true, true, true, false });
VARIANT(no_snoop, nothing, no_snoop, { false, false, false, false });
VARIANT(both_no_snoop, no_snoop, no_snoop, { true, true, true, true });
VARIANT(leaf_2m, nothing, leaf_2m, { false, false, false, false });
VARIANT(leaf_4k_after_2m, leaf_2m, leaf_4k, { true, false, false, false });
VARIANT(narrow, nothing, narrow, { false, false, false, false });
VARIANT(more_is_fine, leaf_4k, nothing, { true, true, true, true });
VARIANT(wider_is_fine, narrow, nothing, { true, true, true, true });
VARIANT(iotlb_and_pasids, nothing, few_pasids, { true, true, true, true });

FIXTURE_SETUP(vtd)
{
	self->ref = machine(IOMMU_REF_VTD, variant->first, variant->second);
	ASSERT_NE(NULL, self->ref);
}

FIXTURE_TEARDOWN(vtd)
{
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

TEST_F(vtd, fits)
{
	struct device *own = device_by_index(self->ref, 1), *other = device_by_index(self->ref, 2);

	for (unsigned int kind = 0; kind < NR_KINDS; kind++) {
		struct domain *d = make(device_by_index(self->ref, 0), kind);

		ASSERT_NE(NULL, d);
		EXPECT_EQ(0, device_set_domain(self->ref, own, NO_PASID, d));
		EXPECT_EQ(variant->fits[kind], domain_fits(d, other)) TH_LOG("kind %u", kind);
		EXPECT_EQ(variant->fits[kind] ? 0 : -EINVAL,
			  device_set_domain(self->ref, other, NO_PASID, d));
		EXPECT_EQ(variant->fits[kind] ? d : NULL, device_domain(other, NO_PASID));
		EXPECT_EQ(d, device_domain(own, NO_PASID));
		device_set_domain(self->ref, own, NO_PASID, NULL);
		device_set_domain(self->ref, other, NO_PASID, NULL);
		domain_put(self->ref, d);
	}
}

/* A nested table fits where its parent does, and its width is walked. */
TEST_F(vtd, nested_fits)
{
	struct domain *parent = make(device_by_index(self->ref, 0), PARENT), *d;
	struct stage1 s1 = { .fmt = FMT_X86_FL, .addr_width = 48 };
	struct device *other = device_by_index(self->ref, 2);

	ASSERT_EQ(0, domain_create_nested(self->ref, parent, &s1, &d));
	EXPECT_EQ(variant->fits[PARENT] ? 0 : -EINVAL,
		  device_set_domain(self->ref, other, NO_PASID, d));
	device_set_domain(self->ref, other, NO_PASID, NULL);
	domain_put(self->ref, d);
	s1.addr_width = 57;
	ASSERT_EQ(0, domain_create_nested(self->ref, parent, &s1, &d));
	EXPECT_EQ(-EINVAL, device_set_domain(self->ref, other, NO_PASID, d));
	domain_put(self->ref, d);
	domain_put(self->ref, parent);
}

TEST(a_unit_makes_no_larger_leaf_than_it_has)
{
	struct iommu_ref *ref = machine(IOMMU_REF_VTD, leaf_4k, nothing);
	struct m_req r = { 0, NO_PASID, false, M_2M };

	ASSERT_NE(NULL, ref);
	for (unsigned int kind = FIRST; kind <= SECOND; kind++) {
		struct domain *d = make(device_by_index(ref, 0), kind);
		struct iommu_ref_stats before = m_stats(ref);

		ASSERT_EQ(0, domain_map(ref, d, M_2M, 2 * M_2M - 1, M_1G, RW));
		ASSERT_EQ(0, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, d));
		EXPECT_EQ(M_1G, m_xlate(ref, r, NULL));
		/* levels that are walked: one less to a leaf of 2M, which every first level has */
		EXPECT_EQ(kind == FIRST ? 3 : 4, m_stats(ref).walk_loads - before.walk_loads);
		device_set_domain(ref, device_by_index(ref, 0), NO_PASID, NULL);
		domain_put(ref, d);
	}
	iommu_ref_destroy(ref);
}

TEST(pasids_are_those_of_the_unit)
{
	struct iommu_ref *ref = machine(IOMMU_REF_VTD, nothing, few_pasids);
	struct domain *d;

	ASSERT_NE(NULL, ref);
	EXPECT_EQ(20, device_pasid_bits(device_by_index(ref, 0)));
	EXPECT_EQ(8, device_pasid_bits(device_by_index(ref, 2)));
	EXPECT_EQ(8, machine_pasid_bits(ref));
	d = make(device_by_index(ref, 0), FIRST);
	EXPECT_EQ(0, device_set_domain(ref, device_by_index(ref, 0), 256, d));
	EXPECT_EQ(-EINVAL, device_set_domain(ref, device_by_index(ref, 2), 256, d));
	EXPECT_EQ(0, device_set_domain(ref, device_by_index(ref, 2), 255, d));
	domain_put(ref, d);
	iommu_ref_destroy(ref);
}

/* ---- SMMUv3: a table belongs to its unit */

TEST(smmu_tables_belong_to_one_unit)
{
	struct iommu_ref *ref = machine(IOMMU_REF_SMMUV3, nothing, nothing);
	static const enum fmt formats[] = { FMT_ARM_S1, FMT_ARM_S2 };
	struct stage1 s1 = { .fmt = FMT_ARM_S1, .ste = { 1 | 4 << 1 } };	/* bypass */
	struct domain *d, *nested;

	ASSERT_NE(NULL, ref);
	for (unsigned int i = 0; i < 2; i++) {
		ASSERT_EQ(0, domain_create_for(device_by_index(ref, 2), formats[i], &d));
		EXPECT_EQ(-EINVAL, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, d));
		EXPECT_EQ(0, device_set_domain(ref, device_by_index(ref, 3), NO_PASID, d));
		domain_put(ref, d);
	}
	ASSERT_EQ(0, domain_create_for(device_by_index(ref, 2), FMT_ARM_S2, &d));
	ASSERT_EQ(0, domain_create_nested(ref, d, &s1, &nested));
	EXPECT_EQ(-EINVAL, device_set_domain(ref, device_by_index(ref, 0), NO_PASID, nested));
	EXPECT_EQ(0, device_set_domain(ref, device_by_index(ref, 2), NO_PASID, nested));
	domain_put(ref, nested);
	domain_put(ref, d);
	iommu_ref_destroy(ref);
}

/* ---- invalidation goes to every unit that uses the table, and to no other */

FIXTURE(used)
{
	struct iommu_ref *ref;
	struct domain *d;
};
FIXTURE_VARIANT(used) { unsigned int mask; /* of units */ };
FIXTURE_VARIANT_ADD(used, none) { .mask = 0 };
FIXTURE_VARIANT_ADD(used, first) { .mask = 1 };
FIXTURE_VARIANT_ADD(used, second) { .mask = 2 };
FIXTURE_VARIANT_ADD(used, both) { .mask = 3 };

FIXTURE_SETUP(used)
{
	self->ref = machine(IOMMU_REF_VTD, nothing, nothing);
	ASSERT_NE(NULL, self->ref);
	ASSERT_EQ(0, domain_create_paging(self->ref, FMT_VTD_SS, &self->d));
	ASSERT_EQ(0, domain_map(self->ref, self->d, BASE, BASE + 16 * PAGE_SIZE - 1, PA, RW));
	for (unsigned int u = 0; u < 2; u++)
		if (variant->mask >> u & 1)
			ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, 2 * u),
						       7, self->d));
}

FIXTURE_TEARDOWN(used)
{
	domain_put(self->ref, self->d);
	iommu_ref_destroy(self->ref);
	EXPECT_EQ(0, m_leaks(self, sizeof(*self)));
}

static struct m_req page_of(unsigned int unit, unsigned int page)
{
	return (struct m_req){ 2 * unit, 7, false, BASE + page * PAGE_SIZE };
}

/* How many of the first 16 pages the units' IOTLBs hold, after all were asked for if @warm. */
static unsigned int cached(struct iommu_ref *ref, bool warm)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 32; i++) {
		if (warm)
			m_xlate(ref, page_of(i / 16, i % 16), NULL);
		n += m_cached(ref, page_of(i / 16, i % 16));
	}
	return n;
}

TEST_F(used, invalidations)
{
	unsigned int units = (unsigned int)__builtin_popcount(variant->mask);
	uint32_t dtag = domain_dtag(self->d);
	struct iommu_ref_stats before = m_stats(self->ref), after;

	EXPECT_EQ(16 * units, cached(self->ref, true));
	inv_page(self->ref, dtag, ATAG_ANY, BASE);
	EXPECT_EQ(15 * units, cached(self->ref, false));
	inv_range(self->ref, dtag, 7, BASE + PAGE_SIZE, BASE + 3 * PAGE_SIZE - 1);
	EXPECT_EQ(13 * units, cached(self->ref, false));
	inv_pasid(self->ref, dtag, 7);
	EXPECT_EQ(0, cached(self->ref, false));
	EXPECT_EQ(16 * units, cached(self->ref, true));
	inv_domain(self->ref, dtag);
	EXPECT_EQ(0, cached(self->ref, false));
	after = m_stats(self->ref);
	EXPECT_EQ(units, after.inv_page - before.inv_page);
	EXPECT_EQ(units, after.inv_range - before.inv_range);
	EXPECT_EQ(units, after.inv_pasid - before.inv_pasid);
	EXPECT_EQ(units, after.inv_domain - before.inv_domain);
}

TEST_F(used, unmap)
{
	unsigned int units = (unsigned int)__builtin_popcount(variant->mask);

	EXPECT_EQ(16 * units, cached(self->ref, true));
	EXPECT_EQ(2, domain_unmap(self->ref, self->d, BASE, BASE + 2 * PAGE_SIZE - 1));
	EXPECT_EQ(14 * units, cached(self->ref, true));
	for (unsigned int u = 0; u < 2; u++)
		EXPECT_EQ(0, m_xlate(self->ref, page_of(u, 0), NULL));
}

/* Detaching one unit's device leaves the other one's entries. */
TEST_F(used, detach)
{
	cached(self->ref, true);
	ASSERT_EQ(0, device_set_domain(self->ref, device_by_index(self->ref, 0), 7, NULL));
	EXPECT_EQ(variant->mask & 2 ? 16 : 0, cached(self->ref, false));
	EXPECT_EQ(variant->mask & 2 ? 16 : 0, cached(self->ref, true));
}

/* ---- two devices of two units at once, while what they share is unmapped and mapped again */

struct worker {
	struct iommu_ref *ref;
	unsigned int unit, wrong;
	bool used;
	pthread_t thread;
};

static void *translate_much(void *arg)
{
	struct worker *w = arg;

	for (unsigned int i = 0; i < 20000; i++) {
		struct m_req r = page_of(w->unit, i * 5 % 16);
		uint64_t pa = m_xlate(w->ref, r, NULL);

		/* pages 8 .. 15 stay */
		w->wrong += pa ? !w->used || pa != PA + r.iova - BASE :
				 w->used && i * 5 % 16 >= 8;
	}
	return NULL;
}

TEST_F(used, at_once)
{
	struct worker w[2];

	for (unsigned int u = 0; u < 2; u++) {
		w[u] = (struct worker){ .ref = self->ref, .unit = u,
					.used = variant->mask >> u & 1 };
		ASSERT_EQ(0, pthread_create(&w[u].thread, NULL, translate_much, &w[u]));
	}
	for (unsigned int i = 0; i < 300; i++) {
		ref_lock(self->ref);
		domain_unmap(self->ref, self->d, BASE, BASE + 8 * PAGE_SIZE - 1);
		ref_unlock(self->ref);
		for (unsigned int u = 0; u < 2; u++)
			EXPECT_EQ(0, m_xlate(self->ref, page_of(u, i % 8), NULL));
		ref_lock(self->ref);
		EXPECT_EQ(0, domain_map(self->ref, self->d, BASE, BASE + 8 * PAGE_SIZE - 1, PA,
					RW));
		ref_unlock(self->ref);
	}
	for (unsigned int u = 0; u < 2; u++) {
		pthread_join(w[u].thread, NULL);
		EXPECT_EQ(0, w[u].wrong);
	}
}

/* ---- configurations */

static void too_many(struct iommu_ref_config *c)
{
	c->nr_units = IOMMU_REF_MAX_UNITS + 1;
}

static void device_of_none(struct iommu_ref_config *c)
{
	c->devices[1].unit = 2;
}

static void group_of_two(struct iommu_ref_config *c)
{
	c->devices[3].unit = 0;
}

static void bad_iotlb(struct iommu_ref_config *c)
{
	c->units[1].iotlb_entries = 100;
}

static void bad_leaf(struct iommu_ref_config *c)
{
	c->units[1].largest_leaf = 22;
}

static void bad_pasids(struct iommu_ref_config *c)
{
	c->units[1].pasid_bits = 21;
}

static void bad_aperture(struct iommu_ref_config *c)
{
	c->units[1].aperture_last = LESS - 1;
}

static void single(struct iommu_ref_config *c)
{
	c->nr_units = 0;
	memset(c->units, 0, sizeof(c->units));
	memset(c->devices, 0, sizeof(c->devices));
	c->nr_devices = 1;
}

static void single_bad(struct iommu_ref_config *c)
{
	single(c);
	c->largest_leaf = 13;
}

static void unused_fields(struct iommu_ref_config *c)
{
	c->iotlb_entries = 1;
	c->pasid_bits = 99;
}

static void arm_snoop(struct iommu_ref_config *c)
{
	config(c, IOMMU_REF_SMMUV3);
	c->units[1].snoop_control = true;
}

static void arm_five(struct iommu_ref_config *c)
{
	config(c, IOMMU_REF_SMMUV3);
	c->units[0].five_level = true;
}

TEST(configurations)
{
	static const struct {
		void (*edit)(struct iommu_ref_config *c);
		int rc;
	} rows[] = {
		{ too_many, -EINVAL }, { device_of_none, -EINVAL }, { group_of_two, -EINVAL },
		{ bad_iotlb, -EINVAL }, { bad_leaf, -EINVAL }, { bad_pasids, -EINVAL },
		{ bad_aperture, -EINVAL }, { single_bad, -EINVAL }, { arm_snoop, -EINVAL },
		{ arm_five, -EINVAL }, { single, 0 }, { unused_fields, 0 },
	};
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config(&cfg, IOMMU_REF_VTD);
		rows[i].edit(&cfg);
		ref = NULL;
		EXPECT_EQ(rows[i].rc, iommu_ref_create(&cfg, &ref)) TH_LOG("row %zu", i);
		iommu_ref_destroy(ref);
	}
}

TEST_HARNESS_MAIN
