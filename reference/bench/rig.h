/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What several benchmarks of the model stand on: a machine with pages that a device translates. */
#ifndef IOMMU_REF_BENCH_RIG_H
#define IOMMU_REF_BENCH_RIG_H

#include "../model/internal.h"
#include "bench.h"

#define RIG_BASE	0x100000000ull
#define RIG_PASID	5u
#define RIG_STRIDE	40503u	/* odd: visits every page of a power of two in no simple order */

struct rig {
	struct iommu_ref *ref;
	struct domain *parent, *domain;
	struct iommu_ref_dma dma;	/* a read by device 0 with RIG_PASID */
	uint8_t *ram;			/* nested: guest memory with the tables of stage 1 */
	uint8_t *map;			/* where it lies */
	size_t map_len;
	unsigned int pages;		/* a power of two; RIG_BASE and what follows */
	unsigned int at;
};

/* Every leaf is of 4K. TRUSTED: tables of the guest are read directly. */
enum rig_kind { RIG_ONE_STAGE, RIG_NESTED, RIG_NESTED_TRUSTED };
/* 0 or -errno */
int rig_open(struct rig *g, unsigned int iotlb_entries, unsigned int pages, enum rig_kind kind);
void rig_close(struct rig *g);

/* The @i-th page in the order of visits. */
static inline uint64_t rig_iova(const struct rig *g, unsigned int i)
{
	return RIG_BASE + (uint64_t)(i * RIG_STRIDE & (g->pages - 1)) * PAGE_SIZE;
}

/* Translates the @i-th page. */
static inline int rig_translate(struct rig *g, unsigned int i)
{
	uint64_t pa;

	g->dma.iova = rig_iova(g, i);
	return iommu_ref_translate(g->ref, &g->dma, &pa, NULL);
}

/* Does the IOTLB hold the @i-th page? */
static inline bool rig_cached(struct rig *g, unsigned int i)
{
	g->dma.iova = rig_iova(g, i);
	return iommu_ref_iotlb_cached(g->ref, &g->dma);
}

#endif
