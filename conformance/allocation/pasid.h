/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO_IOMMU_PASID_REQUEST in one line, for tests of PASID allocation and ownership. */
#ifndef CONFORMANCE_PASID_H
#define CONFORMANCE_PASID_H

#include "../../fixtures/verbs/verbs.h"
#include "../../uapi/vfio.h"

#define PASID_QUOTA 1000	/* v7 p04: pasid_quota's default */

/* @a NULL: actor 0. The PASID for ALLOC, 0 for FREE, or -errno. */
static inline long __pasid_request(struct cts_space *s, struct cts_actor *a, uint32_t flags,
				   uint32_t min, uint32_t max)
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = flags, .range = { .min = min, .max = max },
	};

	return cts_ioctl(s->c, a, s->fd, VFIO_IOMMU_PASID_REQUEST, &req);
}

static inline long __pasid_alloc(struct cts_space *s, uint32_t min, uint32_t max)
{
	return __pasid_request(s, s->actor, VFIO_IOMMU_FLAG_ALLOC_PASID, min, max);
}

static inline long __pasid_free(struct cts_space *s, uint32_t min, uint32_t max)
{
	return __pasid_request(s, s->actor, VFIO_IOMMU_FLAG_FREE_PASID, min, max);
}

/* Allocates until it fails; returns how many it got. Bounded at twice the quota. */
static inline unsigned int pasid_fill(struct cts_space *s)
{
	unsigned int n = 0;

	while (n < 2 * PASID_QUOTA && __pasid_alloc(s, 1, 0xfffff) > 0)
		n++;
	return n;
}

#endif
