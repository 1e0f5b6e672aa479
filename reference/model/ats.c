// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PCIe ATS (10.2): a device asks the IOMMU for a translation, keeps the answer in its ATC, and then
 * sends requests with addresses that are translated already. The IOMMU does not walk for these: it
 * only looks whether the device may send such requests at all.
 */
#include <errno.h>

#include "internal.h"

/*
 * VT-d: Linux enables ATS with the device and for all of its page tables (intel/iommu.c:
 * iommu_enable_pci_ats). SMMUv3: STE.EATS, which Linux sets for every table but an abort; of a
 * guest's stage 1 it is the guest's own: "If the EATS is set then the VM must generate ATC flushes"
 * (arm-smmu-v3-iommufd.c: arm_smmu_attach_dev_nested).
 */
bool device_ats_enabled(const struct device *dev)
{
	const struct domain *d = dev->rid.domain;

	if (!dev->cfg->ats || dev->ref->driver)
		return false;
	if (dev->ref->cfg.vendor == IOMMU_REF_VTD)
		return true;
	if (!d)
		return dev->nr_pasids;
	if (d->kind != DOMAIN_NESTED)
		return true;
	return !d->s1.abort &&
	       (d->s1.bypass || d->s1.ats || ref_defect(dev->ref, EATS_IGNORED));
}

/* F_BAD_ATS_TREQ, F_TRANSL_FORBIDDEN; but nothing is recorded while STE.Config says abort. */
static int forbidden(const struct device *dev, struct xlate_fault *why)
{
	const struct domain *d = dev->rid.domain;

	*why = (struct xlate_fault){ .reason = IOMMU_REF_FAULT_ATS_FORBIDDEN,
				     .silent = d && d->kind == DOMAIN_NESTED && d->s1.abort };
	return -EFAULT;
}

/*
 * Bad configuration: of a translation request an SMMU records that only if CR2.REC_CFG_ATS is set
 * (IHI 0070 3.9.1.2), and Linux leaves it clear.
 */
static int bad_config(const struct device *dev, struct xlate_fault *why)
{
	why->silent |= dev->ref->cfg.vendor == IOMMU_REF_SMMUV3;
	return -EFAULT;
}

/* PCIe 10.2.3: no fault, but an answer without rights. */
static bool is_answer(enum iommu_ref_fault_reason reason)
{
	return reason == IOMMU_REF_FAULT_S1_TRANSLATION ||
	       reason == IOMMU_REF_FAULT_S1_PERMISSION ||
	       reason == IOMMU_REF_FAULT_S2_TRANSLATION ||
	       reason == IOMMU_REF_FAULT_S2_PERMISSION ||
	       reason == IOMMU_REF_FAULT_ADDRESS_SIZE;
}

/*
 * The answer to a translation request. 0: @hit, without rights if there are none, then @why has the
 * reason. -EFAULT: UR or CA; -EAGAIN: must be done under ref_lock().
 */
static int request(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
		   struct iotlb_hit *hit, struct xlate_fault *why)
{
	/* "No Write": the device does not ask for the right to, so no page becomes dirty. */
	static const uint8_t wants[] = { PROT_R | PROT_W, PROT_W, PROT_R };
	enum iommu_ref_fault_reason reason;
	struct attach *att;
	int rc = -EFAULT;

	if (!device_ats_enabled(dev))
		return forbidden(dev, why);
	att = device_route(dev, dma->has_pasid, dma->pasid, &reason);
	if (!att) {
		*why = (struct xlate_fault){ .reason = reason };
		return reason == IOMMU_REF_FAULT_NONE ? -EAGAIN : bad_config(dev, why);
	}
	for (unsigned int i = dma->write ? 0 : 2; i < 3 && rc == -EFAULT; i++) {
		rc = translate_range(dev, att, dma->has_pasid ? dma->pasid : 0, iova, wants[i],
				     hit, why);
		if (rc && why->reason != IOMMU_REF_FAULT_S1_PERMISSION &&
		    why->reason != IOMMU_REF_FAULT_S2_PERMISSION)
			break;
	}
	if (rc == -EAGAIN)
		return rc;
	dev->work.ats_requests++;
	if (!rc)
		return 0;
	if (!is_answer(why->reason))
		return bad_config(dev, why);
	*hit = (struct iotlb_hit){ .shift = PAGE_SHIFT };
	return 0;
}

static uint32_t tag_of(const struct iommu_ref_dma *dma)
{
	return dma->has_pasid ? dma->pasid : NO_PASID;
}

/* Asks, and keeps what has rights. */
static int request_and_fill(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
			    struct iotlb_hit *hit, struct xlate_fault *why)
{
	int rc;

	if (!atc_make(dev) && !dev->ref->exclusive)
		return -EAGAIN;
	rc = request(dev, dma, iova, hit, why);
	if (!rc && hit->prot)
		atc_fill(dev, tag_of(dma), iova, hit);
	return rc;
}

int ats_address(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova, uint64_t *pa,
		struct xlate_fault *why)
{
	unsigned int want = dma->write ? PROT_W : PROT_R;
	struct iotlb_hit hit;
	int rc;

	if (dma->at == IOMMU_REF_DMA_TRANSLATED) {
		*pa = iova;
	} else if (atc_lookup(dev, tag_of(dma), iova, want, pa)) {
		dev->work.atc_hits++;
	} else {
		rc = request_and_fill(dev, dma, iova, &hit, why);
		if (rc)
			return rc;
		if (!prot_allows(dev->ref, hit.prot, want)) {
			why->unsent = true;
			return -EFAULT;
		}
		*pa = hit.pa + (iova & ((1ull << hit.shift) - 1));
	}
	return device_ats_enabled(dev) ? 0 : forbidden(dev, why);
}

int iommu_ref_ats_translate(struct iommu_ref *ref, const struct iommu_ref_dma *dma,
			    struct iommu_ref_ats_completion *out)
{
	struct device *dev = device_by_index(ref, dma->device);
	struct iotlb_hit hit = { 0 };
	struct xlate_fault why;
	uint64_t mask;
	int rc;

	if (!dev)
		return -ENODEV;
	dma_lock(dev);
	rc = request_and_fill(dev, dma, dma->iova, &hit, &why);
	dma_unlock(dev);
	if (rc) {
		ref_lock(ref);
		if (rc == -EAGAIN)
			rc = request_and_fill(dev, dma, dma->iova, &hit, &why);
		if (rc)
			dma_faulted(dev, dma, dma->iova, &why, NULL);
		ref_unlock(ref);
	}
	if (rc)
		return rc;
	mask = (1ull << hit.shift) - 1;
	*out = (struct iommu_ref_ats_completion){
		.first = dma->iova & ~mask, .last = dma->iova | mask, .pa = hit.pa,
		.read = hit.prot & PROT_R, .write = hit.prot & PROT_W,
	};
	return 0;
}
