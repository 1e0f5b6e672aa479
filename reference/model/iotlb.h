/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The IOTLB of a unit: a set-associative cache of whole translations (both stages combined) with
 * effective rights.
 *
 * Tags. (dtag, atag) is a tag; an entry names its tag by a small id. Tags and dtags carry a stamp
 * of a clock that every O(1) invalidation advances; an entry older than the stamp of its tag, its
 * dtag or of the whole IOTLB is dead. So invalidating a PASID, an ASID, a domain or everything
 * costs the same whatever is cached. The clock has 64 bits; should it ever end, everything is
 * emptied and it starts again.
 *
 * Sets are found by page and dtag (those of a dtag are a bank, iotlb_banks.c), not by atag: one
 * look into a set serves an invalidation for any ASID. A byte of each way's page number is kept
 * together, so that one word says which ways to look at.
 *
 * Devices look up and fill at the same time: a fill makes the set's sequence number odd, which
 * keeps other fills away, and even again; a look-up that finds it changed is a miss.
 * Everything else is done under ref_lock(), with no DMA under way.
 */
#ifndef IOMMU_REF_IOTLB_H
#define IOMMU_REF_IOTLB_H

#include "lock.h"
#include "model.h"

#define IOTLB_WAYS 8u

/* Beyond what an ASID or a PASID can be. */
#define ATAG_NO_ASID	0x80000000u	/* SMMUv3, stage 1 bypassed or absent */
#define ATAG_GLOBAL	0x80000001u	/* SMMUv3, a leaf with nG = 0: every ASID of the VMID */

#define IOTLB_VALID	(1ull << 11)	/* in a key: not empty */

struct iotlb_entry {
	uint64_t key;		/* iotlb_key(), 0: empty */
	uint64_t pa;		/* first address behind it */
	uint64_t stamp;		/* clock at the fill */
	uint64_t what;		/* tag, rights << 32, log2 size of the stage-1 leaf << 40 */
};

static inline uint32_t iotlb_tag_of(const struct iotlb_entry *e)
{
	return (uint32_t)e->what;
}

static inline unsigned int iotlb_prot_of(const struct iotlb_entry *e)
{
	return (uint8_t)(e->what >> 32);
}

/* It goes as a whole: see iotlb_inv.c. */
static inline unsigned int iotlb_s1_shift_of(const struct iotlb_entry *e)
{
	return (uint8_t)(e->what >> 40);
}

struct iotlb_set {
	uint64_t prints;	/* a byte a way: iotlb_print(), 0: empty */
	uint32_t seq;		/* odd: a fill is under way */
	uint8_t victim;		/* the way that is evicted next */
};

/* A (dtag, atag) that has or had entries; id 0 is none. */
struct iotlb_tag {
	uint64_t stamp;
	uint32_t dtag, atag;
	uint32_t refs;		/* attachments that look up with it */
	uint32_t hash_next;	/* also links free ids */
	uint32_t dtag_prev, dtag_next;
};

struct iotlb_dtag {
	uint64_t stamp;
	uint64_t shifts;	/* bit n: an entry of size 2^n may be cached */
	uint64_t splinters;	/* bit n: pieces of a stage-1 leaf of size 2^n may be */
	uint32_t salt;
	uint32_t tags;		/* first of its tags */
	uint32_t global;	/* id of (dtag, ATAG_GLOBAL), 0: none */
	uint32_t free_next;
	uint32_t uses;		/* attachments of devices of this unit */
	uint32_t first_set, set_mask;	/* its bank: iotlb_banks.c */
	uint8_t set_bits;
	uint8_t home;		/* index of a device */
	bool used;
};

/* A device that domains have their entries with. */
struct iotlb_home {
	uint32_t dtags;		/* that are in use; 0: it is none */
	uint8_t bank;
};

struct iotlb {
	struct iotlb_entry *entries;
	struct iotlb_set *sets;
	uint64_t set_mask;
	uint64_t clock, all_stamp;
	struct iotlb_tag *tags;
	uint32_t nr_tags, free_tag;
	uint32_t *hash;		/* heads of tag chains */
	uint32_t hash_mask;
	struct iotlb_dtag *dtags;
	uint32_t nr_dtags, free_dtag, room_dtags;
	unsigned int set_bits, banks;
	struct iotlb_home homes[IOMMU_REF_MAX_DEVICES];
	struct iommu_ref_stats *stats;	/* of the machine */
};

int iotlb_create(struct iommu_ref *ref, struct unit *unit);	/* -ENOMEM */
void iotlb_destroy(struct unit *unit);

/*
 * A number for a domain, the same in every unit's IOTLB; 0: no memory. Freed, none of its entries
 * is left.
 */
uint32_t iotlb_dtag_alloc(struct iommu_ref *ref);
void iotlb_dtag_free(struct iommu_ref *ref, uint32_t dtag);
/* For a number that is new in this IOTLB. */
void iotlb_dtag_init(struct iotlb *tlb, uint32_t dtag);
/*
 * @device of the unit gets attached through @dtag, before anything of it is looked up; or no longer
 * is: invalidations go where it is used. (iotlb_banks.c)
 */
void iotlb_dtag_use(struct iotlb *tlb, uint32_t dtag, unsigned int device);
void iotlb_dtag_unuse(struct iotlb *tlb, uint32_t dtag);

/* The id of (dtag, atag), one reference; 0: no memory. Entries outlive the last reference. */
uint32_t iotlb_tag_get(struct iotlb *tlb, uint32_t dtag, uint32_t atag);
void iotlb_tag_put(struct iotlb *tlb, uint32_t tag);

static inline uint32_t iotlb_tag_hash(uint32_t dtag, uint32_t atag)
{
	return (((uint64_t)dtag << 32 | atag) * 0x9e3779b97f4a7c15ull) >> 32;
}

/* The id without a reference; 0: there is none, so there are no entries either. */
uint32_t iotlb_tag_find(const struct iotlb *tlb, uint32_t dtag, uint32_t atag);

/* Of one unit, whether it uses @dtag or not. */
void tlb_flush_pasid(struct iotlb *tlb, uint32_t dtag, uint32_t atag);
void tlb_flush_domain(struct iotlb *tlb, uint32_t dtag);

/*
 * What the inv_*() calls do, without the known-bad variants: for the model's own use. A command to
 * every unit that uses @dtag.
 */
void iotlb_flush_range(struct iommu_ref *ref, uint32_t dtag, uint32_t atag, uint64_t first,
		       uint64_t last);
void iotlb_flush_pasid(struct iommu_ref *ref, uint32_t dtag, uint32_t atag);
void iotlb_flush_domain(struct iommu_ref *ref, uint32_t dtag);
void iotlb_flush_all(struct iommu_ref *ref);

/*
 * Caches [@iova's page of 2^@shift bytes] -> @pa's page under @tag, or for every ASID of its dtag.
 * @s1_shift >= @shift: size of the stage-1 leaf that this is a part of.
 */
struct iotlb_fill {
	uint64_t iova, pa;
	uint32_t tag;
	unsigned int shift, s1_shift, prot;
	bool global;
};
struct dma_work;
/* Under the gate of the device whose @work it is; what it cannot do there is not cached. */
void iotlb_fill(struct iotlb *tlb, const struct iotlb_fill *fill, struct dma_work *work);

/* First address of the page | IOTLB_VALID | log2 of its size. */
static inline uint64_t iotlb_key(uint64_t iova, unsigned int shift)
{
	return (iova >> shift << shift) | IOTLB_VALID | shift;
}

static inline uint64_t iotlb_set_index(const struct iotlb_dtag *dt, uint64_t iova,
				       unsigned int shift)
{
	uint64_t page = iova >> shift;

	return dt->first_set + ((page ^ page >> dt->set_bits ^ dt->salt) & dt->set_mask);
}

/* A byte that depends on the page's number and is never 0. */
static inline uint8_t iotlb_print(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ull) >> 57 | 0x80;
}

#define IOTLB_BYTES 0x0101010101010101ull

/* The top bit of each byte of @prints that is @print; those above the lowest may be wrong. */
static inline uint64_t iotlb_match(uint64_t prints, uint8_t print)
{
	uint64_t differ = prints ^ print * IOTLB_BYTES;

	return (differ - IOTLB_BYTES) & ~differ & IOTLB_BYTES << 7;
}

/* Goes through the ways that @match says; each is to be compared as a whole. */
#define iotlb_for_each_match(way, match) \
	for (; (match) && ((way) = __builtin_ctzll(match) / 8, true); (match) &= (match) - 1)

/* Entries of this tag that are older than this are dead. */
static inline uint64_t iotlb_floor(const struct iotlb *tlb, uint32_t tag)
{
	const struct iotlb_tag *t = &tlb->tags[tag];
	const struct iotlb_dtag *dt = &tlb->dtags[t->dtag];
	uint64_t floor = t->stamp > dt->stamp ? t->stamp : dt->stamp;

	return floor > tlb->all_stamp ? floor : tlb->all_stamp;
}

/* No floor is above the clock: what is as new needs no look at its tag. */
static inline bool iotlb_live(const struct iotlb *tlb, uint64_t stamp, uint32_t tag)
{
	return stamp == tlb->clock || stamp >= iotlb_floor(tlb, tag);
}

/* Is there a place for entries of every ASID of this tag's dtag? */
static inline bool iotlb_has_global(const struct iotlb *tlb, uint32_t tag)
{
	return tlb->dtags[tlb->tags[tag].dtag].global;
}

/* An answer of the IOTLB. */
struct iotlb_hit {
	uint64_t pa;		/* first address behind the page */
	unsigned int shift;	/* log2 of its size */
	unsigned int prot;
};

/*
 * A copy of what may be filled meanwhile: acquiring loads, so that a later look at the set's
 * sequence number is not older than any of them.
 */
static inline struct iotlb_entry iotlb_peek(const struct iotlb_entry *e)
{
	return (struct iotlb_entry){
		.key = __atomic_load_n(&e->key, __ATOMIC_ACQUIRE),
		.pa = __atomic_load_n(&e->pa, __ATOMIC_ACQUIRE),
		.stamp = __atomic_load_n(&e->stamp, __ATOMIC_ACQUIRE),
		.what = __atomic_load_n(&e->what, __ATOMIC_ACQUIRE),
	};
}

/*
 * The live entry that translates @iova for @tag, which is of @dtag. One that is not found because
 * its set is just being filled is walked instead, which is always allowed.
 */
static inline bool iotlb_lookup(const struct iotlb *tlb, uint32_t dtag, uint32_t tag,
				uint64_t iova, struct iotlb_hit *hit)
{
	const struct iotlb_dtag *dt = &tlb->dtags[dtag];
	uint64_t shifts = __atomic_load_n(&dt->shifts, __ATOMIC_RELAXED), index, key, match;
	const struct iotlb_set *set;
	struct iotlb_entry e;
	unsigned int way;
	uint32_t seq;

	for (; shifts; shifts &= shifts - 1) {
		hit->shift = __builtin_ctzll(shifts);
		index = iotlb_set_index(dt, iova, hit->shift);
		set = &tlb->sets[index];
		seq = __atomic_load_n(&set->seq, __ATOMIC_ACQUIRE);
		key = iotlb_key(iova, hit->shift);
		match = iotlb_match(__atomic_load_n(&set->prints, __ATOMIC_ACQUIRE),
				    iotlb_print(key));
		iotlb_for_each_match(way, match) {
			e = iotlb_peek(&tlb->entries[index * IOTLB_WAYS + way]);
			if (e.key != key ||
			    (iotlb_tag_of(&e) != tag && iotlb_tag_of(&e) != dt->global) ||
			    !iotlb_live(tlb, e.stamp, iotlb_tag_of(&e)))
				continue;
			hit->pa = e.pa;
			hit->prot = iotlb_prot_of(&e);
			return !(seq & 1) && __atomic_load_n(&set->seq, __ATOMIC_RELAXED) == seq;
		}
	}
	return false;
}

#endif
