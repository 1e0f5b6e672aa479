// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * IOTLB invalidation. Pages and ranges remove entries one by one, exactly those that translate an
 * address of the range; PASIDs, domains and everything only advance a stamp.
 *
 * A stage-1 leaf that is cached in pieces, because stage 2 maps smaller, counts as one: an
 * invalidation of any address in a leaf removes all that was derived from it (Arm ARM D8.16; SDM
 * vol. 3, 4.10.4.1).
 */
#include <string.h>

#include "iotlb.h"

/* Which entries an invalidation is for. */
struct victims {
	uint32_t dtag;
	bool any;		/* every tag of the dtag, else: */
	uint32_t tag, global;
	uint64_t first, last;	/* inclusive */
	unsigned int s1_shift;	/* only pieces of stage-1 leaves of this size; 0: all */
};

/* ---- whole tags */

/* The clock's end: forget everything, start anew. */
static void clock_restart(struct iotlb *tlb)
{
	uint32_t i;

	memset(tlb->entries, 0, (tlb->set_mask + 1) * IOTLB_WAYS * sizeof(*tlb->entries));
	memset(tlb->sets, 0, (tlb->set_mask + 1) * sizeof(*tlb->sets));
	for (i = 0; i < tlb->nr_tags; i++)
		tlb->tags[i].stamp = 0;
	for (i = 0; i < tlb->nr_dtags; i++)
		tlb->dtags[i].stamp = 0;
	tlb->all_stamp = 0;
	tlb->clock = 0;
}

static uint64_t clock_advance(struct iotlb *tlb)
{
	if (tlb->clock == UINT64_MAX)
		clock_restart(tlb);
	return ++tlb->clock;
}

/* Gives an id back that nothing looks up with; its entries have just been made dead. */
static void tag_drop(struct iotlb *tlb, uint32_t id, uint32_t *hash_link)
{
	struct iotlb_tag *t = &tlb->tags[id];
	struct iotlb_dtag *dt = &tlb->dtags[t->dtag];

	*hash_link = t->hash_next;
	if (t->dtag_prev)
		tlb->tags[t->dtag_prev].dtag_next = t->dtag_next;
	else
		dt->tags = t->dtag_next;
	if (t->dtag_next)
		tlb->tags[t->dtag_next].dtag_prev = t->dtag_prev;
	t->hash_next = tlb->free_tag;
	tlb->free_tag = id;
}

/* O(1): a stamp, whatever is cached. */
void tlb_flush_pasid(struct iotlb *tlb, uint32_t dtag, uint32_t atag)
{
	uint32_t *link = &tlb->hash[iotlb_tag_hash(dtag, atag) & tlb->hash_mask];
	struct iotlb_tag *t;

	if (atag == ATAG_ANY) {
		tlb_flush_domain(tlb, dtag);
		return;
	}
	tlb->stats->inv_pasid++;
	for (; *link; link = &t->hash_next) {
		t = &tlb->tags[*link];
		if (t->dtag != dtag || t->atag != atag)
			continue;
		t->stamp = clock_advance(tlb);
		if (!t->refs)
			tag_drop(tlb, *link, link);
		return;
	}
}

static void dtag_forget(struct iotlb *tlb, struct iotlb_dtag *dt)
{
	dt->stamp = clock_advance(tlb);
	dt->shifts = 0;
	dt->splinters = 0;
}

void tlb_flush_domain(struct iotlb *tlb, uint32_t dtag)
{
	tlb->stats->inv_domain++;
	dtag_forget(tlb, &tlb->dtags[dtag]);
}

/* The next unit from *@i on that uses @dtag; NULL: there is none. */
static struct iotlb *next_user(struct iommu_ref *ref, uint32_t dtag, unsigned int *i)
{
	struct iotlb *tlb;

	while (*i < ref->cfg.nr_units) {
		tlb = ref->units[(*i)++].tlb;
		if (dtag < tlb->nr_dtags && tlb->dtags[dtag].uses &&
		    (*i == 1 || !ref_defect(ref, INV_FIRST_UNIT_ONLY)))
			return tlb;
	}
	return NULL;
}

void iotlb_flush_pasid(struct iommu_ref *ref, uint32_t dtag, uint32_t atag)
{
	struct iotlb *tlb;

	for (unsigned int i = 0; (tlb = next_user(ref, dtag, &i));)
		tlb_flush_pasid(tlb, dtag, atag);
}

void iotlb_flush_domain(struct iommu_ref *ref, uint32_t dtag)
{
	struct iotlb *tlb;

	for (unsigned int i = 0; (tlb = next_user(ref, dtag, &i));)
		tlb_flush_domain(tlb, dtag);
}

void iotlb_flush_all(struct iommu_ref *ref)
{
	for (unsigned int i = 0; i < ref->cfg.nr_units; i++) {
		ref->stats.inv_all++;
		ref->units[i].tlb->all_stamp = clock_advance(ref->units[i].tlb);
	}
}

static void dtag_free(struct iotlb *tlb, uint32_t dtag)
{
	struct iotlb_dtag *dt = &tlb->dtags[dtag];
	struct iotlb_tag *t;
	uint32_t *link;

	dtag_forget(tlb, dt);
	while (dt->tags) {
		t = &tlb->tags[dt->tags];
		link = &tlb->hash[iotlb_tag_hash(dtag, t->atag) & tlb->hash_mask];
		while (*link != dt->tags)
			link = &tlb->tags[*link].hash_next;
		tag_drop(tlb, *link, link);
	}
	dt->used = false;
	dt->free_next = tlb->free_dtag;
	tlb->free_dtag = dtag;
}

void iotlb_dtag_free(struct iommu_ref *ref, uint32_t dtag)
{
	for (unsigned int i = 0; i < ref->cfg.nr_units; i++)
		dtag_free(ref->units[i].tlb, dtag);
}

/* ---- pages and ranges */

/* This way translates an address of the range; is it one of those that are meant? */
static void remove_if_victim(struct iotlb *tlb, uint64_t index, unsigned int way,
			     const struct victims *v)
{
	struct iotlb_entry *e = &tlb->entries[index * IOTLB_WAYS + way];
	uint32_t tag = iotlb_tag_of(e);

	if (v->any ? tlb->tags[tag].dtag != v->dtag : tag != v->tag && tag != v->global)
		return;
	if ((v->s1_shift && iotlb_s1_shift_of(e) != v->s1_shift) ||
	    !iotlb_live(tlb, e->stamp, tag))
		return;
	e->key = 0;
	tlb->sets[index].prints &= ~(0xffull << 8 * way);
	tlb->stats->inv_entries++;
}

static void remove_everywhere(struct iotlb *tlb, const struct victims *v)
{
	const struct iotlb_dtag *dt = &tlb->dtags[v->dtag];
	uint64_t i = dt->first_set * IOTLB_WAYS, first;
	uint64_t end = i + (dt->set_mask + 1ull) * IOTLB_WAYS;
	const struct iotlb_entry *e;

	for (; i < end; i++) {
		e = &tlb->entries[i];
		first = e->key & ~(PAGE_SIZE - 1);
		if (e->key && first <= v->last && first + ((1ull << e->key % 64) - 1) >= v->first)
			remove_if_victim(tlb, i / IOTLB_WAYS, i % IOTLB_WAYS, v);
	}
}

static void remove_page(struct iotlb *tlb, const struct victims *v, uint64_t iova,
			unsigned int shift)
{
	uint64_t index = iotlb_set_index(&tlb->dtags[v->dtag], iova, shift), match;
	uint64_t key = iotlb_key(iova, shift);
	unsigned int way;

	match = iotlb_match(tlb->sets[index].prints, iotlb_print(key));
	iotlb_for_each_match(way, match)
		if (tlb->entries[index * IOTLB_WAYS + way].key == key)
			remove_if_victim(tlb, index, way, v);
}

/* Page by page while that is less work than one pass over all entries. */
static void remove_span(struct iotlb *tlb, const struct victims *v)
{
	const struct iotlb_dtag *dt = &tlb->dtags[v->dtag];
	uint64_t shifts, page;
	unsigned int shift;

	for (shifts = dt->shifts; shifts; shifts &= shifts - 1) {
		shift = __builtin_ctzll(shifts);
		if ((v->last >> shift) - (v->first >> shift) > dt->set_mask) {
			remove_everywhere(tlb, v);
			return;
		}
		for (page = v->first >> shift; page <= v->last >> shift; page++)
			remove_page(tlb, v, page << shift, shift);
	}
}

static void remove_range(struct iotlb *tlb, uint32_t dtag, uint32_t atag, uint64_t first,
			 uint64_t last)
{
	struct victims v = { .dtag = dtag, .any = atag == ATAG_ANY, .first = first, .last = last };
	uint64_t shifts, splinters, in_leaf;

	v.global = tlb->dtags[dtag].global;
	v.tag = v.any ? 0 : iotlb_tag_find(tlb, dtag, atag);
	if (!v.any && !v.tag && !v.global)
		return;
	if (first >> PAGE_SHIFT == last >> PAGE_SHIFT && !tlb->dtags[dtag].splinters) {
		for (shifts = tlb->dtags[dtag].shifts; shifts; shifts &= shifts - 1)
			remove_page(tlb, &v, first, __builtin_ctzll(shifts));
		return;
	}
	remove_span(tlb, &v);
	for (splinters = tlb->dtags[dtag].splinters; splinters; splinters &= splinters - 1) {
		v.s1_shift = __builtin_ctzll(splinters);
		in_leaf = (1ull << v.s1_shift) - 1;
		v.first = first & ~in_leaf;
		v.last = last | in_leaf;
		remove_span(tlb, &v);
	}
}

void iotlb_flush_range(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t first,
		       uint64_t last)
{
	struct iotlb *tlb;

	for (unsigned int i = 0; (tlb = next_user(ref, dtag, &i));) {
		if (first >> PAGE_SHIFT == last >> PAGE_SHIFT)
			ref->stats.inv_page++;
		else
			ref->stats.inv_range++;
		remove_range(tlb, dtag, atag, first, last);
	}
}

/* ---- what guests and drivers ask for; the known-bad variants are here only */

void inv_page(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t iova)
{
	if (ref_defect(ref, INV_SKIPPED))
		return;
	if (ref_defect(ref, INV_NEIGHBOUR_ONLY))
		iova += PAGE_SIZE;
	if (ref_defect(ref, INV_TOO_WIDE))
		iotlb_flush_all(ref);
	iotlb_flush_range(ref, dtag, atag, iova, iova);
}

void inv_range(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t first, uint64_t last)
{
	if (first >> PAGE_SHIFT == last >> PAGE_SHIFT) {
		inv_page(ref, dtag, atag, first);
		return;
	}
	if (ref_defect(ref, INV_SKIPPED))
		return;
	if (ref_defect(ref, INV_RANGE_SHORT))
		last -= PAGE_SIZE;
	iotlb_flush_range(ref, dtag, atag, first, last);
}

void inv_pasid(struct iommu_ref *ref, uint32_t dtag, uint32_t atag)
{
	if (ref_defect(ref, INV_PASID_SKIPPED))
		return;
	if (ref_defect(ref, INV_PASID_TOO_WIDE))
		iotlb_flush_domain(ref, dtag);
	iotlb_flush_pasid(ref, dtag, atag);
}

void inv_domain(struct iommu_ref *ref, uint32_t dtag)
{
	if (ref_defect(ref, INV_PASID_SKIPPED))
		return;
	iotlb_flush_domain(ref, dtag);
}

void inv_all(struct iommu_ref *ref)
{
	iotlb_flush_all(ref);
}
