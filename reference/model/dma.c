// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What devices do: DMA, page by page, and the faults that stop it. */
#include <errno.h>

#include "internal.h"

static unsigned int dma_prot(const struct iommu_ref_dma *dma)
{
	return dma->write ? PROT_W : PROT_R;
}

/* SubstreamID of the context descriptor: requests without one use number 0. */
static uint32_t dma_ssid(const struct iommu_ref_dma *dma)
{
	return dma->has_pasid ? dma->pasid : 0;
}

static void fault_fill(const struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
		       const struct xlate_fault *why, struct iommu_ref_fault *fault)
{
	*fault = (struct iommu_ref_fault){
		.reason = why->reason,
		.rid = dev->cfg->rid,
		.has_pasid = dma->has_pasid && !ref_defect(dev->ref, FAULT_PASID_LOST),
		.write = dma->write,
		.pasid = dma->has_pasid ? dma->pasid : 0,
		.iova = iova,
		.ipa = why->ipa,
	};
}

static uint64_t dma_key(const struct iommu_ref_dma *dma)
{
	return dma->has_pasid ? dma->pasid : NO_PASID_KEY;
}

/* What the IOTLB answers for the attachment that the device used last. */
static inline bool dma_hit(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
			   uint64_t *pa)
{
	return dev->hot && dev->hot_key == dma_key(dma) &&
	       translate_hit(dev, dev->hot, iova, dma_prot(dma), pa);
}

static __attribute__((noinline)) int
dma_translate(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova, uint64_t *pa,
	      struct xlate_fault *why)
{
	enum iommu_ref_fault_reason reason;
	struct attach *att = dev->hot;

	if (!att || dev->hot_key != dma_key(dma)) {
		att = device_route(dev, dma->has_pasid, dma->pasid, &reason);
		if (!att) {
			*why = (struct xlate_fault){ .reason = reason };
			return reason == IOMMU_REF_FAULT_NONE ? -EAGAIN : -EFAULT;
		}
		dev->hot_key = dma_key(dma);
		dev->hot = att;
		if (translate_hit(dev, att, iova, dma_prot(dma), pa))
			return 0;
	}
	return translate_miss(dev, att, dma_ssid(dma), iova, dma_prot(dma), pa, why);
}

/* Moves the bytes of one page. The device's own buffer is memory of the caller like the target. */
static int dma_move(const struct iommu_ref_dma *dma, size_t done, uint64_t pa, size_t len)
{
	void *buf = (char *)dma->buf + done, *mem = (void *)(uintptr_t)pa;

	return dma->write ? copy_to_user(mem, buf, len) : copy_from_user(buf, mem, len);
}

/* Goes on from *@done; -EAGAIN: must be continued under ref_lock(). */
static int dma_run(struct device *dev, const struct iommu_ref_dma *dma, size_t *done,
		   struct xlate_fault *why)
{
	uint64_t pa, iova;
	size_t len;
	int rc;

	for (; *done < dma->len; *done += len) {
		iova = dma->iova + *done;
		if (ref_defect(dev->ref, IOVA_TRUNCATED))
			iova &= (1ull << 48) - 1;
		else if (iova < dma->iova) {	/* past 2^64 - 1 */
			*why = (struct xlate_fault){ .reason = IOMMU_REF_FAULT_ADDRESS_SIZE };
			return -EFAULT;
		}
		if (dma->at)
			rc = ats_address(dev, dma, iova, &pa, why);
		else
			rc = dma_hit(dev, dma, iova, &pa) ? 0 :
			     dma_translate(dev, dma, iova, &pa, why);
		if (rc)
			return rc;
		len = PAGE_SIZE - iova % PAGE_SIZE;
		if (len > dma->len - *done || ref_defect(dev->ref, CROSSING_UNSPLIT))
			len = dma->len - *done;
		if (dma_move(dma, *done, pa, len)) {
			*why = (struct xlate_fault){ .reason = IOMMU_REF_FAULT_BUS };
			return -EFAULT;
		}
	}
	return 0;
}

void dma_faulted(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
		 const struct xlate_fault *why, struct iommu_ref_fault *fault)
{
	struct iommu_ref_fault record;

	fault_fill(dev, dma, iova, why, &record);
	if (fault)
		*fault = record;
	if (why->unsent)
		return;
	dev->ref->stats.faults++;
	if (why->silent)
		return;
	fault_record(dev->ref, &record);
	smmu_event(dev, &record, why);
}

int iommu_ref_dma(struct iommu_ref *ref, const struct iommu_ref_dma *dma,
		  struct iommu_ref_fault *fault)
{
	struct device *dev = device_by_index(ref, dma->device);
	struct xlate_fault why;
	size_t done = 0;
	int rc;

	if (!dev)
		return -ENODEV;
	dma_lock(dev);
	rc = dma_run(dev, dma, &done, &why);
	dma_unlock(dev);
	if (!rc)
		return 0;
	ref_lock(ref);
	if (rc == -EAGAIN)
		rc = dma_run(dev, dma, &done, &why);
	if (rc && why.reason == IOMMU_REF_FAULT_S2_TRANSLATION && ref_defect(ref, S2_HOLE_DROPPED))
		rc = 0;
	if (rc)
		dma_faulted(dev, dma, dma->iova + done, &why, fault);
	ref_unlock(ref);
	return rc;
}

static __attribute__((noinline)) int
translate_slow(struct device *dev, const struct iommu_ref_dma *dma, uint64_t *pa,
	       struct iommu_ref_fault *fault)
{
	struct xlate_fault why;
	int rc = dma_translate(dev, dma, dma->iova, pa, &why);

	dma_unlock(dev);
	if (rc == -EAGAIN) {
		ref_lock(dev->ref);
		rc = dma_translate(dev, dma, dma->iova, pa, &why);
		ref_unlock(dev->ref);
	}
	if (rc && fault)
		fault_fill(dev, dma, dma->iova, &why, fault);
	return rc;
}

int iommu_ref_translate(struct iommu_ref *ref, const struct iommu_ref_dma *dma, uint64_t *pa,
			struct iommu_ref_fault *fault)
{
	struct device *dev;

	if (dma->device >= ref->cfg.nr_devices)
		return -ENODEV;
	dev = ref->devices[dma->device];
	dma_lock(dev);
	if (!dma_hit(dev, dma, dma->iova, pa))
		return translate_slow(dev, dma, pa, fault);
	dma_unlock(dev);
	return 0;
}

bool iommu_ref_iotlb_cached(struct iommu_ref *ref, const struct iommu_ref_dma *dma)
{
	struct device *dev = device_by_index(ref, dma->device);
	enum iommu_ref_fault_reason reason;
	struct attach *att;
	struct iotlb_hit hit;
	bool cached;

	if (!dev)
		return false;
	dma_lock(dev);
	att = device_route(dev, dma->has_pasid, dma->pasid, &reason);
	cached = att && att->tag &&
		 iotlb_lookup(dev->tlb, att->dtag, att->tag, dma->iova, &hit) &&
		 prot_allows(ref, hit.prot, dma_prot(dma));
	dma_unlock(dev);
	return cached;
}

void iommu_ref_stats(struct iommu_ref *ref, struct iommu_ref_stats *out)
{
	unsigned int i;

	ref_lock(ref);
	*out = ref->stats;
	for (i = 0; i < ref->cfg.nr_devices; i++) {
		const struct dma_work *w = &ref->devices[i]->work;

		out->translations += w->translations;
		out->iotlb_hits += w->hits;
		out->iotlb_misses += w->misses;
		out->iotlb_fills += w->fills;
		out->iotlb_evictions += w->evictions;
		out->walk_loads += w->walk_loads;
		out->ats_requests += w->ats_requests;
		out->atc_hits += w->atc_hits;
	}
	ref_unlock(ref);
}
