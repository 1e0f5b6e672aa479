// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The address translation cache (ATC) that a device with PCIe ATS has of its own: VT-d calls it
 * device TLB. It keeps what translation requests were answered (ats.c), tagged with the PASID of
 * the request or with none, until the IOMMU's driver sends an invalidation: PCIe 10.3. Nothing but
 * these invalidations stands between a device and memory that is no longer its own.
 */
#include <stdlib.h>

#include "internal.h"

#define ATC_SETS 64u		/* a power of two */
#define ATC_WAYS 4u

struct atc_entry {
	uint64_t key;		/* iotlb_key(); 0: empty */
	uint64_t pa;		/* first address behind it */
	uint32_t pasid;		/* of the request; NO_PASID: it had none */
	uint32_t prot;
};

struct atc {
	uint64_t shifts;	/* bit n: an entry of size 2^n may be there */
	unsigned int live;
	uint8_t victim[ATC_SETS];
	struct atc_entry entries[ATC_SETS][ATC_WAYS];
};

static unsigned int set_of(uint64_t iova, unsigned int shift)
{
	uint64_t page = iova >> shift;

	return (page ^ page / ATC_SETS) % ATC_SETS;
}

static struct atc_entry *find(struct atc *atc, uint32_t pasid, uint64_t iova)
{
	for (uint64_t shifts = atc ? atc->shifts : 0; shifts; shifts &= shifts - 1) {
		unsigned int shift = __builtin_ctzll(shifts);
		struct atc_entry *e = atc->entries[set_of(iova, shift)];

		for (unsigned int way = 0; way < ATC_WAYS; way++)
			if (e[way].key == iotlb_key(iova, shift) && e[way].pasid == pasid)
				return &e[way];
	}
	return NULL;
}

bool atc_lookup(struct device *dev, uint32_t pasid, uint64_t iova, unsigned int want, uint64_t *pa)
{
	const struct atc_entry *e = find(dev->atc, pasid, iova);

	if (!e || !prot_allows(dev->ref, e->prot, want))
		return false;
	*pa = e->pa + (iova - (e->key & ~(PAGE_SIZE - 1)));
	return true;
}

static void drop(struct device *dev, struct atc_entry *e)
{
	e->key = 0;
	if (!--dev->atc->live)
		dev->atc->shifts = 0;
}

void atc_fill(struct device *dev, uint32_t pasid, uint64_t iova, const struct iotlb_hit *hit)
{
	struct atc *atc = dev->atc;
	struct atc_entry *set, *e;
	unsigned int nr, way = 0;

	if (!atc)
		return;
	/* Never two for one address: an answer of another size takes the place of the old one. */
	while ((e = find(atc, pasid, iova)))
		drop(dev, e);
	nr = set_of(iova, hit->shift);
	set = atc->entries[nr];
	while (way < ATC_WAYS && set[way].key)
		way++;
	if (way == ATC_WAYS)
		way = atc->victim[nr]++ % ATC_WAYS;
	else
		atc->live++;
	set[way] = (struct atc_entry){ .key = iotlb_key(iova, hit->shift), .pa = hit->pa,
				       .pasid = pasid, .prot = hit->prot };
	atc->shifts |= 1ull << hit->shift;
}

bool atc_make(struct device *dev)
{
	if (!dev->atc && dev->ref->exclusive)
		dev->atc = calloc(1, sizeof(*dev->atc));
	return dev->atc;
}

void atc_free(struct device *dev)
{
	free(dev->atc);
	dev->atc = NULL;
}

/* ---- invalidations: what the device does with one */

struct victims {
	uint32_t pasid;		/* NO_PASID: with any and with none */
	bool global;		/* with any PASID */
	uint64_t first, last;
};

static void remove_if(struct device *dev, struct atc_entry *e, const struct victims *v)
{
	uint64_t first = e->key & ~(PAGE_SIZE - 1);

	if (!e->key || first > v->last || first + ((1ull << e->key % 64) - 1) < v->first)
		return;
	if (v->pasid != NO_PASID && e->pasid != v->pasid && (!v->global || e->pasid == NO_PASID))
		return;
	dev->ref->stats.inv_atc_entries++;
	drop(dev, e);
}

static void remove_set(struct device *dev, unsigned int set, const struct victims *v)
{
	for (unsigned int way = 0; way < ATC_WAYS; way++)
		remove_if(dev, &dev->atc->entries[set][way], v);
}

void atc_invalidate(struct device *dev, uint32_t pasid, bool global, uint64_t first, uint64_t last)
{
	const struct victims v = { pasid, global, first, last };
	uint64_t shifts, page;
	unsigned int shift;

	dev->ref->stats.inv_atc++;
	if (!dev->atc)
		return;
	for (shifts = dev->atc->shifts; shifts; shifts &= shifts - 1) {
		shift = __builtin_ctzll(shifts);
		if ((last >> shift) - (first >> shift) >= ATC_SETS) {
			for (unsigned int set = 0; set < ATC_SETS; set++)
				remove_set(dev, set, &v);
			return;
		}
		for (page = first >> shift; page <= last >> shift; page++)
			remove_set(dev, set_of(page << shift, shift), &v);
	}
}

/*
 * An invalidation names an aligned power of two of pages (PCIe 10.3.2), so more than [@first,
 * @last] may go: the smallest one that has it all, like Linux's drivers do it.
 */
static void invalidate_span(struct device *dev, uint32_t pasid, uint64_t first, uint64_t last)
{
	uint64_t differ = (first ^ last) | (PAGE_SIZE - 1);
	uint64_t mask = ~0ull >> __builtin_clzll(differ);

	atc_invalidate(dev, pasid, false, first & ~mask, last | mask);
}

/* ---- what the IOMMU's driver sends */

static void flush_users(const struct domain *d, uint64_t first, uint64_t last)
{
	for (const struct attach *a = d->users; a; a = a->next_user)
		if (device_ats_enabled(a->dev))
			invalidate_span(a->dev, a->pasid, first, last);
}

void domain_flush_atc(struct iommu_ref *ref, const struct domain *d, uint64_t first, uint64_t last)
{
	if (ref_defect(ref, UNMAP_KEEPS_ATC))
		return;
	flush_users(d, first, last);
	/*
	 * What was cached through a stage 1 has addresses of that one: "There is no easy way to
	 * identify the exact set of nested translations affected by a change in S2" (Linux).
	 */
	if (ref_defect(ref, STAGE2_KEEPS_ATC))
		return;
	for (const struct domain *child = d->children; child; child = child->next)
		flush_users(child, 0, UINT64_MAX);
}

void device_flush_atc(struct device *dev, uint32_t pasid)
{
	if (dev->cfg->ats && !ref_defect(dev->ref, ATTACH_KEEPS_ATC))
		atc_invalidate(dev, pasid, false, 0, UINT64_MAX);
}

/* ---- what guests and programs ask for; more known-bad variants */

void inv_atc(struct device *dev, uint32_t pasid, bool global, uint64_t first, uint64_t last)
{
	if (!device_ats_enabled(dev) || ref_defect(dev->ref, ATC_INV_SKIPPED))
		return;
	if (ref_defect(dev->ref, ATC_INV_IGNORES_PASID))
		pasid = NO_PASID;
	if (ref_defect(dev->ref, ATC_INV_TOO_WIDE))
		invalidate_span(dev, pasid, 0, UINT64_MAX);
	if (global)
		atc_invalidate(dev, pasid, true, first, last);
	else
		invalidate_span(dev, pasid, first, last);
}

void inv_atc_domain(const struct domain *d, uint64_t first, uint64_t last)
{
	for (const struct attach *a = d->users; a; a = a->next_user)
		inv_atc(a->dev, a->pasid, false, first, last);
}

/* ---- introspection */

bool iommu_ref_atc_cached(struct iommu_ref *ref, const struct iommu_ref_dma *dma)
{
	struct device *dev = device_by_index(ref, dma->device);
	bool cached;
	uint64_t pa;

	if (!dev)
		return false;
	dma_lock(dev);
	cached = atc_lookup(dev, dma->has_pasid ? dma->pasid : NO_PASID, dma->iova,
			    dma->write ? PROT_W : PROT_R, &pa);
	dma_unlock(dev);
	return cached;
}
