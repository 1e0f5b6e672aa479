// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Invalidations while the IOTLB of 64K entries holds as many as the name says, all of one domain
 * and PASID. What a sample removed is translated again before the next one, which removes other
 * entries, in no order: ones that DMA has just used, as when a driver unmaps its buffer; cold: ones
 * that nothing has touched for long, which with 64K entries are in no near cache of the CPU; atc:
 * ones that the device has in its own cache as well, which is told to forget them.
 */
#include <errno.h>
#include <stdlib.h>

#include "rig.h"
#include "table.h"

#define IOTLB 65536u
#define RANGE 8u
#define REFILL 64u

static int fill_all(struct rig *g)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < g->pages; i++)
		rc = rig_translate(g, i);
	return rc;
}

static int invalidate_open(struct iommu_ref_bench_run *r)
{
	struct rig *g = calloc(1, sizeof(*g));
	int rc;

	r->priv = g;
	if (!g)
		return -ENOMEM;
	rc = rig_open(g, IOTLB, r->bench->n, RIG_ONE_STAGE);
	r->ref = g->ref;
	return rc ? rc : fill_all(g);
}

static uint64_t range_first(const struct rig *g, unsigned int i)
{
	return rig_iova(g, i) & ~(RANGE * PAGE_SIZE - 1);
}

static int invalidate_run(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct rig *g = r->priv;
	uint32_t dtag = domain_dtag(g->domain);
	uint64_t first;

	for (unsigned int i = g->at; n--; i++) {
		switch (r->bench->kind) {
		case INV_PAGE:
		case INV_PAGE_COLD:
			inv_page(g->ref, dtag, RIG_PASID, rig_iova(g, i));
			break;
		case INV_PAGE_ATC:
			first = rig_iova(g, i);
			inv_page(g->ref, dtag, RIG_PASID, first);
			inv_atc_domain(g->domain, first, first + PAGE_SIZE - 1);
			break;
		case INV_RANGE:
			first = range_first(g, i);
			inv_range(g->ref, dtag, RIG_PASID, first, first + RANGE * PAGE_SIZE - 1);
			break;
		case INV_PASID:
			inv_pasid(g->ref, dtag, RIG_PASID);
			break;
		case INV_DOMAIN:
			inv_domain(g->ref, dtag);
			break;
		}
	}
	return 0;
}

/* DMA to the pages of the next @n invalidations. */
static int use(struct iommu_ref_bench_run *r, unsigned int n)
{
	unsigned int i, page, pages = r->bench->kind == INV_RANGE ? RANGE : 1;
	struct iommu_ref_ats_completion c;
	struct rig *g = r->priv;
	uint64_t pa;
	int rc = 0;

	for (i = g->at; i != g->at + n; i++) {
		g->dma.iova = pages > 1 ? range_first(g, i) : rig_iova(g, i);
		for (page = 0; page < pages; page++, g->dma.iova += PAGE_SIZE)
			rc |= r->bench->kind == INV_PAGE_ATC ?
			      iommu_ref_ats_translate(g->ref, &g->dma, &c) :
			      iommu_ref_translate(g->ref, &g->dma, &pa, NULL);
	}
	return rc;
}

/* Refills what the last @n removed, and moves on. */
static int invalidate_prepare(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct rig *g = r->priv;
	int rc;

	if (r->bench->kind == INV_PASID || r->bench->kind == INV_DOMAIN)
		n = g->pages < REFILL ? g->pages : REFILL;
	rc = use(r, n);
	g->at += n;
	return r->bench->kind == INV_PAGE || r->bench->kind == INV_PAGE_ATC ? rc | use(r, n) : rc;
}

static unsigned int cached(struct rig *g)
{
	unsigned int i, n = 0;

	for (i = 0; i < g->pages; i++)
		n += rig_cached(g, i);
	return n;
}

/* Has the device the page of the @i-th invalidation from here? */
static bool atc_cached(struct rig *g, unsigned int i)
{
	g->dma.iova = rig_iova(g, g->at + i);
	return iommu_ref_atc_cached(g->ref, &g->dma);
}

static const char *invalidate_verify(struct iommu_ref_bench_run *r)
{
	static const unsigned int removes[] = {
		[INV_PAGE] = 1, [INV_PAGE_COLD] = 1, [INV_RANGE] = RANGE, [INV_PAGE_ATC] = 1,
	};
	struct rig *g = r->priv;
	unsigned int kind = r->bench->kind, left;

	if (fill_all(g) || cached(g) != g->pages)
		return "the IOTLB does not hold every page";
	if (kind == INV_PAGE_ATC && (use(r, 2) || atc_cached(g, 0) + atc_cached(g, 1) != 2))
		return "the device does not hold the pages";
	invalidate_run(r, 1);
	if (kind == INV_PAGE_ATC && (atc_cached(g, 0) || !atc_cached(g, 1)))
		return "the device does not forget what it is told";
	left = kind == INV_PASID || kind == INV_DOMAIN ? 0 : g->pages - removes[kind];
	if (cached(g) != left)
		return "it does not remove exactly what it names";
	return fill_all(g) ? "a translation failed" : NULL;
}

static void invalidate_close(struct iommu_ref_bench_run *r)
{
	if (r->priv)
		rig_close(r->priv);
	free(r->priv);
}

const struct iommu_ref_bench_ops invalidate_bench = {
	.open = invalidate_open,
	.verify = invalidate_verify,
	.prepare = invalidate_prepare,
	.run = invalidate_run,
	.close = invalidate_close,
};
