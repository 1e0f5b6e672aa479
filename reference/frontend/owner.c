// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Who drives the DMA of an IOMMU group. A group is the smallest unit of isolation, so all of its
 * devices have one owner: a v7 container or one iommufd file (kernel:
 * iommu_device_claim_dma_owner()). Claims of the same owner count.
 */
#include <assert.h>
#include <errno.h>

#include "frontend.h"

int group_claim(struct iommu_ref *ref, uint32_t group, const void *owner)
{
	struct group_owner *spare = NULL;

	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
		struct group_owner *o = &ref->owners[i];

		if (!o->count) {
			spare = o;
			continue;
		}
		if (o->group != group)
			continue;
		if (o->owner != owner && !ref_defect(ref, GROUP_OWNER_IGNORED))
			return -EBUSY;
		o->count++;
		return 0;
	}
	assert(spare);	/* there are no more groups than devices */
	*spare = (struct group_owner){ .owner = owner, .group = group, .count = 1 };
	return 0;
}

void group_release(struct iommu_ref *ref, uint32_t group, const void *owner)
{
	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
		struct group_owner *o = &ref->owners[i];

		if (o->count && o->group == group &&
		    (o->owner == owner || ref_defect(ref, GROUP_OWNER_IGNORED))) {
			o->count--;
			return;
		}
	}
	assert(!"released a group that was not claimed");
}
