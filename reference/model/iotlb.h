/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The IOTLB: a set-associative cache of whole translations (both stages combined) with effective
 * rights.
 *
 * Tags. (dtag, atag) is a tag; an entry names its tag by a small id. Tags and dtags carry a stamp
 * of a clock that every O(1) invalidation advances; an entry older than the stamp of its tag, its
 * dtag or of the whole IOTLB is dead. So invalidating a PASID, an ASID, a domain or everything
 * costs the same whatever is cached. The clock has 64 bits; should it ever end, everything is
 * emptied and it starts again.
 *
 * Sets are found by page and dtag, not by atag: one look into a set serves an invalidation for any
 * ASID.
 */
#ifndef IOMMU_REF_IOTLB_H
#define IOMMU_REF_IOTLB_H

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
	uint32_t tag;
	uint8_t prot;
	uint8_t s1_shift;	/* log2 size of the stage-1 leaf; it goes as a whole */
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
	bool used;
};

struct iotlb {
	struct iotlb_entry *entries;
	uint8_t *victim;	/* per set: the way that is evicted next */
	uint64_t set_mask;
	uint64_t clock, all_stamp;
	struct iotlb_tag *tags;
	uint32_t nr_tags, free_tag;
	uint32_t *hash;		/* heads of tag chains */
	uint32_t hash_mask;
	struct iotlb_dtag *dtags;
	uint32_t nr_dtags, free_dtag;
	unsigned int set_bits;
};

int iotlb_create(struct iommu_ref *ref);	/* -ENOMEM */
void iotlb_destroy(struct iommu_ref *ref);

/* A number for a domain; 0: no memory. Freed, none of its entries is left. */
uint32_t iotlb_dtag_alloc(struct iommu_ref *ref);
void iotlb_dtag_free(struct iommu_ref *ref, uint32_t dtag);

/* The id of (dtag, atag), one reference; 0: no memory. Entries outlive the last reference. */
uint32_t iotlb_tag_get(struct iommu_ref *ref, uint32_t dtag, uint32_t atag);
void iotlb_tag_put(struct iommu_ref *ref, uint32_t tag);

static inline uint32_t iotlb_tag_hash(uint32_t dtag, uint32_t atag)
{
	return (((uint64_t)dtag << 32 | atag) * 0x9e3779b97f4a7c15ull) >> 32;
}

/* The id without a reference; 0: there is none, so there are no entries either. */
uint32_t iotlb_tag_find(const struct iotlb *tlb, uint32_t dtag, uint32_t atag);

/* What the inv_*() calls do, without the known-bad variants: for the model's own use. */
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
void iotlb_fill(struct iommu_ref *ref, const struct iotlb_fill *fill);

/* First address of the page | IOTLB_VALID | log2 of its size. */
static inline uint64_t iotlb_key(uint64_t iova, unsigned int shift)
{
	return (iova >> shift << shift) | IOTLB_VALID | shift;
}

static inline struct iotlb_entry *iotlb_set(const struct iotlb *tlb, const struct iotlb_dtag *dt,
					    uint64_t iova, unsigned int shift)
{
	uint64_t page = iova >> shift;
	uint64_t set = (page ^ page >> tlb->set_bits ^ dt->salt) & tlb->set_mask;

	return tlb->entries + set * IOTLB_WAYS;
}

/* Entries of this tag that are older than this are dead. */
static inline uint64_t iotlb_floor(const struct iotlb *tlb, uint32_t tag)
{
	const struct iotlb_tag *t = &tlb->tags[tag];
	const struct iotlb_dtag *dt = &tlb->dtags[t->dtag];
	uint64_t floor = t->stamp > dt->stamp ? t->stamp : dt->stamp;

	return floor > tlb->all_stamp ? floor : tlb->all_stamp;
}

static inline bool iotlb_live(const struct iotlb *tlb, const struct iotlb_entry *e)
{
	/* No floor is above the clock: what is as new needs no look at its tag. */
	return e->key && (e->stamp == tlb->clock || e->stamp >= iotlb_floor(tlb, e->tag));
}

/* The live entry that translates @iova for @tag, or NULL. */
static inline const struct iotlb_entry *iotlb_lookup(const struct iotlb *tlb, uint32_t tag,
						     uint64_t iova)
{
	const struct iotlb_dtag *dt = &tlb->dtags[tlb->tags[tag].dtag];
	uint64_t shifts, key;
	const struct iotlb_entry *e;
	unsigned int shift, way;

	for (shifts = dt->shifts; shifts; shifts &= shifts - 1) {
		shift = __builtin_ctzll(shifts);
		key = iotlb_key(iova, shift);
		e = iotlb_set(tlb, dt, iova, shift);
		for (way = 0; way < IOTLB_WAYS; way++, e++)
			if (e->key == key && (e->tag == tag || e->tag == dt->global) &&
			    iotlb_live(tlb, e))
				return e;
	}
	return NULL;
}

#endif
