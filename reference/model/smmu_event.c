// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Event records of an SMMUv3 (Arm IHI 0070 7.3) about what belongs to the guest: its stream table
 * entry, its context descriptors and its stage 1. Faults of stage 2 are the host's and stay in the
 * model's own record.
 */
#include "internal.h"

#define EVT0_SSV	(1ull << 11)
#define EVT0_SSID(x)	((uint64_t)(x) << 12)
#define EVT0_SID(x)	((uint64_t)(x) << 32)
#define EVT1_RNW	(1ull << 35)
#define EVT1_CLASS_IN	(2ull << 40)	/* the access itself, not a table on the way */

void domain_listen_events(struct domain *d,
			  void (*fn)(void *arg, struct device *dev, const uint64_t evt[4]),
			  void *arg)
{
	d->event = fn;
	d->event_arg = arg;
}

/* The event's number; 0: none that the guest may know. */
static unsigned int event_number(const struct xlate_fault *why)
{
	switch (why->reason) {
	case IOMMU_REF_FAULT_BLOCKED:
		return SMMU_F_STREAM_DISABLED;
	case IOMMU_REF_FAULT_BAD_CONFIG:
		return why->event ? why->event : SMMU_C_BAD_SUBSTREAMID;
	case IOMMU_REF_FAULT_S1_TRANSLATION:
		return why->event ? why->event : SMMU_F_TRANSLATION;
	case IOMMU_REF_FAULT_S1_PERMISSION:
		return SMMU_F_PERMISSION;
	case IOMMU_REF_FAULT_ADDRESS_SIZE:
		/* An input beyond the table is a translation fault; of stage 2, it has an IPA. */
		return why->event ? why->event : why->ipa ? 0 : SMMU_F_TRANSLATION;
	default:
		return 0;
	}
}

void smmu_event(struct device *dev, const struct iommu_ref_fault *fault,
		const struct xlate_fault *why)
{
	const struct domain *d = dev->rid.domain;
	unsigned int number = event_number(why);
	uint64_t evt[4] = { 0 };

	if (!d || !d->event || !number)
		return;
	evt[0] = number | EVT0_SID(fault->rid);
	if (fault->has_pasid && number != SMMU_F_STREAM_DISABLED)
		evt[0] |= EVT0_SSV | EVT0_SSID(fault->pasid);
	if (number >= SMMU_F_TRANSLATION) {
		evt[1] = EVT1_CLASS_IN | (fault->write ? 0 : EVT1_RNW);
		evt[2] = fault->iova;
	}
	d->event(d->event_arg, dev, evt);
}
