// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The fault record queue: a bounded ring. When it is full, new records are counted and lost. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define FAULT_RING_SIZE 256u	/* a power of two */

struct fault_ring {
	unsigned int head, tail;	/* run freely; tail is the oldest */
	struct iommu_ref_fault records[FAULT_RING_SIZE];
};

int fault_ring_create(struct iommu_ref *ref)
{
	ref->faults = calloc(1, sizeof(*ref->faults));
	return ref->faults ? 0 : -ENOMEM;
}

void fault_ring_destroy(struct iommu_ref *ref)
{
	free(ref->faults);
	ref->faults = NULL;
}

void fault_record(struct iommu_ref *ref, const struct iommu_ref_fault *fault)
{
	struct fault_ring *ring = ref->faults;

	if (ref_defect(ref, FAULT_NOT_RECORDED))
		return;
	if (ring->head - ring->tail == FAULT_RING_SIZE)
		ref->stats.faults_lost++;
	else
		ring->records[ring->head++ % FAULT_RING_SIZE] = *fault;
	if (ref_defect(ref, FAULT_TELLS_GPA) && fault->ipa)
		ring->records[(ring->head - 1) % FAULT_RING_SIZE].iova = fault->ipa;
}

int iommu_ref_fault_pop(struct iommu_ref *ref, struct iommu_ref_fault *fault)
{
	struct fault_ring *ring;
	int found = 0;

	pthread_mutex_lock(&ref->control);
	ring = ref->faults;
	if (ring->head != ring->tail) {
		*fault = ring->records[ring->tail++ % FAULT_RING_SIZE];
		found = 1;
	}
	pthread_mutex_unlock(&ref->control);
	return found;
}
