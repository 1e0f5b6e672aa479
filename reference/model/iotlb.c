// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The IOTLB's contents: creation, tags, fills. Looking up is in iotlb.h, invalidating in
 * iotlb_inv.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define FIRST_TAGS 64u
#define FIRST_DTAGS 64u

int iotlb_create(struct iommu_ref *ref, struct unit *unit)
{
	size_t entries = unit->cfg->iotlb_entries, sets = entries / IOTLB_WAYS;
	struct iotlb *tlb = calloc(1, sizeof(*tlb));

	unit->tlb = tlb;
	if (!tlb)
		return -ENOMEM;
	tlb->stats = &ref->stats;
	tlb->set_mask = sets - 1;
	tlb->set_bits = __builtin_ctzll(sets);
	tlb->entries = aligned_alloc(64, entries * sizeof(*tlb->entries));
	tlb->sets = aligned_alloc(64, (sets * sizeof(*tlb->sets) + 63) & ~(size_t)63);
	tlb->tags = calloc(FIRST_TAGS, sizeof(*tlb->tags));
	tlb->hash = calloc(FIRST_TAGS, sizeof(*tlb->hash));
	tlb->dtags = calloc(FIRST_DTAGS, sizeof(*tlb->dtags));
	if (!tlb->entries || !tlb->sets || !tlb->tags || !tlb->hash || !tlb->dtags) {
		iotlb_destroy(unit);
		return -ENOMEM;
	}
	memset(tlb->entries, 0, entries * sizeof(*tlb->entries));
	memset(tlb->sets, 0, sets * sizeof(*tlb->sets));
	tlb->banks = 1;
	tlb->nr_tags = 1;	/* 0 is none, of both */
	tlb->hash_mask = FIRST_TAGS - 1;
	tlb->nr_dtags = 1;
	tlb->room_dtags = FIRST_DTAGS;
	return 0;
}

void iotlb_destroy(struct unit *unit)
{
	struct iotlb *tlb = unit->tlb;

	if (!tlb)
		return;
	free(tlb->entries);
	free(tlb->sets);
	free(tlb->tags);
	free(tlb->hash);
	free(tlb->dtags);
	free(tlb);
	unit->tlb = NULL;
}

/* ---- dtags */

static bool is_pow2(uint32_t n)
{
	return !(n & (n - 1));
}

/* A place for number @id. */
static int dtag_room(struct iotlb *tlb, uint32_t id)
{
	struct iotlb_dtag *grown;

	if (id < tlb->room_dtags)
		return 0;
	grown = realloc(tlb->dtags, 2ull * tlb->room_dtags * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tlb->dtags = grown;
	tlb->room_dtags *= 2;
	return 0;
}

/* All IOTLBs agree on which numbers are free. */
uint32_t iotlb_dtag_alloc(struct iommu_ref *ref)
{
	uint32_t id = ref->units[0].tlb->free_dtag;
	struct iotlb *tlb;
	unsigned int i;

	id = id ? id : ref->units[0].tlb->nr_dtags;
	for (i = 0; i < ref->cfg.nr_units; i++)
		if (dtag_room(ref->units[i].tlb, id))
			return 0;
	for (i = 0; i < ref->cfg.nr_units; i++) {
		tlb = ref->units[i].tlb;
		if (id == tlb->nr_dtags)
			tlb->nr_dtags++;
		else
			tlb->free_dtag = tlb->dtags[id].free_next;
		iotlb_dtag_init(tlb, id);
	}
	return id;
}

/* ---- tags */

uint32_t iotlb_tag_find(const struct iotlb *tlb, uint32_t dtag, uint32_t atag)
{
	uint32_t id = tlb->hash[iotlb_tag_hash(dtag, atag) & tlb->hash_mask];

	while (id && (tlb->tags[id].dtag != dtag || tlb->tags[id].atag != atag))
		id = tlb->tags[id].hash_next;
	return id;
}

static void tag_hash_insert(struct iotlb *tlb, uint32_t id)
{
	struct iotlb_tag *t = &tlb->tags[id];
	uint32_t *head = &tlb->hash[iotlb_tag_hash(t->dtag, t->atag) & tlb->hash_mask];

	t->hash_next = *head;
	*head = id;
}

/* Doubles both tables; called when every id below nr_tags is in use. */
static int tags_grow(struct iotlb *tlb)
{
	uint32_t n = tlb->nr_tags, id;
	struct iotlb_tag *tags = realloc(tlb->tags, 2ull * n * sizeof(*tags));
	uint32_t *hash;

	if (!tags)
		return -ENOMEM;
	tlb->tags = tags;
	hash = calloc(2ull * n, sizeof(*hash));
	if (!hash)
		return -ENOMEM;
	free(tlb->hash);
	tlb->hash = hash;
	tlb->hash_mask = 2 * n - 1;
	for (id = 1; id < n; id++)
		tag_hash_insert(tlb, id);
	return 0;
}

static uint32_t tag_new(struct iotlb *tlb, uint32_t dtag, uint32_t atag)
{
	struct iotlb_dtag *dt = &tlb->dtags[dtag];
	uint32_t id = tlb->free_tag;
	struct iotlb_tag *t;

	if (id) {
		tlb->free_tag = tlb->tags[id].hash_next;
	} else {
		id = tlb->nr_tags;
		if (id >= FIRST_TAGS && is_pow2(id) && tags_grow(tlb))
			return 0;
		tlb->nr_tags++;
	}
	t = &tlb->tags[id];
	/* Whatever was cached under this id before is older than the clock: see tag_drop(). */
	*t = (struct iotlb_tag){ .stamp = tlb->clock, .dtag = dtag, .atag = atag,
				 .dtag_next = dt->tags };
	if (dt->tags)
		tlb->tags[dt->tags].dtag_prev = id;
	dt->tags = id;
	tag_hash_insert(tlb, id);
	if (atag == ATAG_GLOBAL)
		dt->global = id;
	return id;
}

uint32_t iotlb_tag_get(struct iotlb *tlb, uint32_t dtag, uint32_t atag)
{
	uint32_t id = iotlb_tag_find(tlb, dtag, atag);

	if (!id)
		id = tag_new(tlb, dtag, atag);
	if (id)
		tlb->tags[id].refs++;
	return id;
}

void iotlb_tag_put(struct iotlb *tlb, uint32_t tag)
{
	if (tag)
		tlb->tags[tag].refs--;
}

/* ---- fills */

static struct iotlb_set *set_lock(struct iotlb *tlb, uint64_t index)
{
	struct iotlb_set *set = &tlb->sets[index];
	unsigned int tries = 0;
	uint32_t seq;

	while (!REF_SHARED) {
		seq = __atomic_load_n(&set->seq, __ATOMIC_RELAXED);
		if (!(seq & 1) && __atomic_compare_exchange_n(&set->seq, &seq, seq + 1, true,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return set;
		lock_backoff(&tries);
	}
	return set;
}

static void set_unlock(struct iotlb_set *set)
{
	uint32_t seq = __atomic_load_n(&set->seq, __ATOMIC_RELAXED);

	if (!REF_SHARED)
		__atomic_store_n(&set->seq, seq + 1, __ATOMIC_RELEASE);
}

static unsigned int choose_way(struct iotlb *tlb, struct iotlb_set *set,
			       const struct iotlb_entry *ways, uint64_t key, uint32_t tag,
			       struct dma_work *work)
{
	uint64_t match = iotlb_match(set->prints, iotlb_print(key));
	unsigned int way;

	/* Never two entries for one page: an invalidation or a hit would see the wrong one. */
	iotlb_for_each_match(way, match)
		if (ways[way].key == key && iotlb_tag_of(&ways[way]) == tag)
			return way;
	match = iotlb_match(set->prints, 0);
	if (match)
		return __builtin_ctzll(match) / 8;
	for (way = 0; way < IOTLB_WAYS; way++)
		if (!iotlb_live(tlb, ways[way].stamp, iotlb_tag_of(&ways[way])))
			return way;
	way = set->victim;
	set->victim = (way + 1) % IOTLB_WAYS;
	work->evictions++;
	return way;
}

/* Each store releases, so that who sees it sees the odd sequence number too. */
static void entry_store(struct iotlb_set *set, struct iotlb_entry *e, unsigned int way,
			const struct iotlb_entry *new)
{
	uint64_t prints = set->prints & ~(0xffull << 8 * way);

	__atomic_store_n(&e->key, new->key, __ATOMIC_RELEASE);
	__atomic_store_n(&e->pa, new->pa, __ATOMIC_RELEASE);
	__atomic_store_n(&e->stamp, new->stamp, __ATOMIC_RELEASE);
	__atomic_store_n(&e->what, new->what, __ATOMIC_RELEASE);
	__atomic_store_n(&set->prints, prints | (uint64_t)iotlb_print(new->key) << 8 * way,
			 __ATOMIC_RELEASE);
}

/* A bit that is mostly set already: no store then, which others would wait for. */
static void set_bit_once(uint64_t *word, unsigned int bit)
{
	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) >> bit & 1))
		__atomic_fetch_or(word, 1ull << bit, __ATOMIC_RELAXED);
}

void iotlb_fill(struct iotlb *tlb, const struct iotlb_fill *fill, struct dma_work *work)
{
	uint32_t dtag = tlb->tags[fill->tag].dtag, tag = fill->tag;
	struct iotlb_dtag *dt = &tlb->dtags[dtag];
	uint64_t key = iotlb_key(fill->iova, fill->shift);
	uint64_t index = iotlb_set_index(dt, fill->iova, fill->shift);
	struct iotlb_entry *ways = &tlb->entries[index * IOTLB_WAYS];
	struct iotlb_set *set;
	unsigned int way;

	if (fill->global) {
		tag = dt->global ? dt->global : tag_new(tlb, dtag, ATAG_GLOBAL);
		if (!tag)
			return;	/* not cached: always allowed */
	}
	set = set_lock(tlb, index);
	way = choose_way(tlb, set, ways, key, tag, work);
	entry_store(set, &ways[way], way, &(struct iotlb_entry){
		.key = key,
		.pa = fill->pa >> fill->shift << fill->shift,
		.stamp = tlb->clock,
		.what = tag | (uint64_t)fill->prot << 32 | (uint64_t)fill->s1_shift << 40,
	});
	set_unlock(set);
	set_bit_once(&dt->shifts, fill->shift);
	if (fill->s1_shift > fill->shift)
		set_bit_once(&dt->splinters, fill->s1_shift);
	work->fills++;
}
