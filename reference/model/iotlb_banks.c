// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * How an IOTLB is shared out. Devices with page tables of their own get parts of their own, banks:
 * then they do not evict each other's entries, and threads that drive them do not wait for each
 * other's cache lines. A domain's entries are in the bank of the device that was attached to it
 * first, its home, whichever device looks them up. With one home everything is one bank; banks are
 * halved when there are more homes than banks, and entries move then. It is one again when nothing
 * is attached.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define BANK_MIN_SETS 64u

static unsigned int banks_most(const struct iotlb *tlb)
{
	uint64_t most = (tlb->set_mask + 1) / BANK_MIN_SETS;

	/* One lock for everything: nobody would gain. */
	if (REF_SHARED || !most)
		return 1;
	return most < IOMMU_REF_MAX_DEVICES ? (unsigned int)most : IOMMU_REF_MAX_DEVICES;
}

static void dtag_place(const struct iotlb *tlb, struct iotlb_dtag *dt)
{
	unsigned int bank = tlb->homes[dt->home].bank % tlb->banks;

	dt->set_bits = (uint8_t)(tlb->set_bits - (unsigned int)__builtin_ctz(tlb->banks));
	dt->set_mask = (1u << dt->set_bits) - 1;
	dt->first_set = bank << dt->set_bits;
}

/* Puts an entry where it belongs now; without a free way there it is evicted. */
static void entry_move(struct iotlb *tlb, const struct iotlb_entry *e)
{
	uint32_t tag = iotlb_tag_of(e);
	const struct iotlb_dtag *dt = &tlb->dtags[tlb->tags[tag].dtag];
	uint64_t index = iotlb_set_index(dt, e->key, e->key % 64), free_ways;
	struct iotlb_set *set = &tlb->sets[index];
	unsigned int way;

	free_ways = iotlb_match(set->prints, 0);
	if (!free_ways)
		return;
	way = (unsigned int)__builtin_ctzll(free_ways) / 8;
	tlb->entries[index * IOTLB_WAYS + way] = *e;
	set->prints |= (uint64_t)iotlb_print(e->key) << 8 * way;
}

/* As many banks as @banks, if there is memory to move the entries. */
static void banks_set(struct iotlb *tlb, unsigned int banks)
{
	size_t n = (tlb->set_mask + 1) * IOTLB_WAYS, i;
	struct iotlb_entry *old = malloc(n * sizeof(*old));
	const struct iotlb_entry *e;

	if (!old)
		return;
	memcpy(old, tlb->entries, n * sizeof(*old));
	memset(tlb->entries, 0, n * sizeof(*old));
	memset(tlb->sets, 0, (tlb->set_mask + 1) * sizeof(*tlb->sets));
	tlb->banks = banks;
	for (i = 0; i < tlb->nr_dtags; i++)
		dtag_place(tlb, &tlb->dtags[i]);
	for (e = old; e < old + n; e++)
		if (e->key && iotlb_live(tlb, e->stamp, iotlb_tag_of(e)))
			entry_move(tlb, e);
	free(old);
}

/* The bank that the fewest homes are in. */
static unsigned int bank_choose(const struct iotlb *tlb)
{
	unsigned int used[IOMMU_REF_MAX_DEVICES] = { 0 }, best = 0, i;

	for (i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		used[tlb->homes[i].bank % tlb->banks] += tlb->homes[i].dtags != 0;
	for (i = 1; i < tlb->banks; i++)
		if (used[i] < used[best])
			best = i;
	return best;
}

static void home_join(struct iotlb *tlb, unsigned int home)
{
	unsigned int i, homes = 1;

	if (tlb->homes[home].dtags++)
		return;
	for (i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		homes += i != home && tlb->homes[i].dtags;
	if (homes > tlb->banks && tlb->banks < banks_most(tlb))
		banks_set(tlb, tlb->banks * 2);
	tlb->homes[home].dtags--;
	tlb->homes[home].bank = (uint8_t)bank_choose(tlb);
	tlb->homes[home].dtags++;
}

static void home_leave(struct iotlb *tlb, unsigned int home)
{
	if (--tlb->homes[home].dtags)
		return;
	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		if (tlb->homes[i].dtags)
			return;
	if (tlb->banks > 1)
		banks_set(tlb, 1);
}

void iotlb_dtag_use(struct iotlb *tlb, uint32_t dtag, unsigned int device)
{
	struct iotlb_dtag *dt = &tlb->dtags[dtag];

	if (dt->uses++)
		return;
	home_join(tlb, device);
	dt->home = (uint8_t)device;
	dtag_place(tlb, dt);
}

/* Nothing of it is cached any more when its last user goes: each one took what was its. */
void iotlb_dtag_unuse(struct iotlb *tlb, uint32_t dtag)
{
	struct iotlb_dtag *dt = &tlb->dtags[dtag];

	if (!--dt->uses)
		home_leave(tlb, dt->home);
}

void iotlb_dtag_init(struct iotlb *tlb, uint32_t dtag)
{
	tlb->dtags[dtag] = (struct iotlb_dtag){
		.used = true,
		.stamp = tlb->clock,
		/* Spreads domains that use the same addresses over the sets. */
		.salt = (dtag * 0x9e3779b9u) >> 12,
	};
	dtag_place(tlb, &tlb->dtags[dtag]);
}
