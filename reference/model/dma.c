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
		.has_pasid = dma->has_pasid,
		.write = dma->write,
		.pasid = dma->has_pasid ? dma->pasid : 0,
		.iova = iova,
		.ipa = why->ipa,
	};
}

static int dma_translate(struct iommu_ref *ref, struct device *dev, const struct iommu_ref_dma *dma,
			 uint64_t iova, uint64_t *pa, struct xlate_fault *why)
{
	enum iommu_ref_fault_reason reason;
	struct attach *att = device_route(dev, dma->has_pasid, dma->pasid, &reason);

	if (!att) {
		*why = (struct xlate_fault){ .reason = reason };
		return -EFAULT;
	}
	return translate(ref, att, dma_ssid(dma), iova, dma_prot(dma), pa, why);
}

/* Moves the bytes of one page. The device's own buffer is memory of the caller like the target. */
static int dma_move(const struct iommu_ref_dma *dma, size_t done, uint64_t pa, size_t len)
{
	void *buf = (char *)dma->buf + done, *mem = (void *)(uintptr_t)pa;

	return dma->write ? copy_to_user(mem, buf, len) : copy_from_user(buf, mem, len);
}

static int dma_run(struct iommu_ref *ref, struct device *dev, const struct iommu_ref_dma *dma,
		   uint64_t *iova, struct xlate_fault *why)
{
	size_t done = 0, len;
	uint64_t pa;

	while (done < dma->len) {
		*iova = dma->iova + done;
		if (*iova < dma->iova) {	/* past 2^64 - 1 */
			*why = (struct xlate_fault){ .reason = IOMMU_REF_FAULT_ADDRESS_SIZE };
			return -EFAULT;
		}
		if (dma_translate(ref, dev, dma, *iova, &pa, why))
			return -EFAULT;
		len = PAGE_SIZE - *iova % PAGE_SIZE;
		if (len > dma->len - done)
			len = dma->len - done;
		if (dma_move(dma, done, pa, len)) {
			*why = (struct xlate_fault){ .reason = IOMMU_REF_FAULT_BUS };
			return -EFAULT;
		}
		done += len;
	}
	return 0;
}

int iommu_ref_dma(struct iommu_ref *ref, const struct iommu_ref_dma *dma,
		  struct iommu_ref_fault *fault)
{
	struct iommu_ref_fault record;
	struct xlate_fault why;
	struct device *dev;
	uint64_t iova;
	int rc;

	pthread_mutex_lock(&ref->lock);
	dev = device_by_index(ref, dma->device);
	rc = dev ? dma_run(ref, dev, dma, &iova, &why) : -ENODEV;
	if (rc == -EFAULT) {
		fault_fill(dev, dma, iova, &why, &record);
		ref->stats.faults++;
		if (!why.silent) {
			fault_record(ref, &record);
			smmu_event(dev, &record, &why);
		}
		if (fault)
			*fault = record;
	}
	pthread_mutex_unlock(&ref->lock);
	return rc;
}

int iommu_ref_translate(struct iommu_ref *ref, const struct iommu_ref_dma *dma, uint64_t *pa,
			struct iommu_ref_fault *fault)
{
	struct xlate_fault why;
	struct device *dev;
	int rc;

	pthread_mutex_lock(&ref->lock);
	dev = device_by_index(ref, dma->device);
	rc = dev ? dma_translate(ref, dev, dma, dma->iova, pa, &why) : -ENODEV;
	if (rc == -EFAULT && fault)
		fault_fill(dev, dma, dma->iova, &why, fault);
	pthread_mutex_unlock(&ref->lock);
	return rc;
}

bool iommu_ref_iotlb_cached(struct iommu_ref *ref, const struct iommu_ref_dma *dma)
{
	enum iommu_ref_fault_reason reason;
	const struct iotlb_entry *e = NULL;
	struct attach *att = NULL;
	struct device *dev;
	bool cached;

	pthread_mutex_lock(&ref->lock);
	dev = device_by_index(ref, dma->device);
	if (dev)
		att = device_route(dev, dma->has_pasid, dma->pasid, &reason);
	if (att && att->tag)
		e = iotlb_lookup(ref->iotlb, att->tag, dma->iova);
	cached = e && prot_allows(ref, e->prot, dma_prot(dma));
	pthread_mutex_unlock(&ref->lock);
	return cached;
}

void iommu_ref_stats(struct iommu_ref *ref, struct iommu_ref_stats *out)
{
	pthread_mutex_lock(&ref->lock);
	*out = ref->stats;
	pthread_mutex_unlock(&ref->lock);
}
