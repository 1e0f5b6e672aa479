// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Mapping and unmapping 4K leaves: one page a call, or many with one call. No IOTLB entries. */
#include <errno.h>
#include <stdlib.h>

#include "rig.h"
#include "table.h"

#define SOMEWHERE 0x700000001000ull	/* not a multiple of 2M: 4K leaves */

struct map_run {
	struct iommu_ref *ref;
	struct domain *domain;
	unsigned int mapped;	/* pages from RIG_BASE on */
};

static uint64_t page_at(unsigned int page)
{
	return RIG_BASE + (uint64_t)page * PAGE_SIZE;
}

/* @n pages, @step with a call. */
static int map_pages(struct map_run *m, unsigned int n, unsigned int step)
{
	int rc = 0;

	for (unsigned int i = 0; i < n; i += step)
		rc |= domain_map(m->ref, m->domain, page_at(i), page_at(i + step) - 1,
				 SOMEWHERE + i * PAGE_SIZE, PROT_R | PROT_W);
	m->mapped = n;
	return rc;
}

static int unmap_pages(struct map_run *m, unsigned int n, unsigned int step)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < n; i += step)
		pages += domain_unmap(m->ref, m->domain, page_at(i), page_at(i + step) - 1);
	m->mapped = 0;
	return pages == n ? 0 : -ENOENT;
}

static int map_open(struct iommu_ref_bench_run *r)
{
	struct map_run *m = calloc(1, sizeof(*m));
	struct iommu_ref_config cfg;
	int rc;

	r->priv = m;
	if (!m)
		return -ENOMEM;
	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	rc = iommu_ref_create(&cfg, &m->ref);
	r->ref = m->ref;
	return rc ? rc : domain_create_paging(m->ref, FMT_VTD_SS, &m->domain);
}

static int map_prepare(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct map_run *m = r->priv;
	int rc = m->mapped ? unmap_pages(m, m->mapped, m->mapped) : 0;

	return rc || r->bench->kind == MAP_MAP ? rc : map_pages(m, n, n);
}

static int map_go(struct iommu_ref_bench_run *r, unsigned int n)
{
	if (r->bench->kind == MAP_MAP)
		return map_pages(r->priv, n, r->bench->n);
	return unmap_pages(r->priv, n, r->bench->n);
}

static const char *map_verify(struct iommu_ref_bench_run *r)
{
	unsigned int n = r->bench->n, page;
	struct map_run *m = r->priv;
	struct iommu_ref_dma dma = { .device = 0 };
	bool there = r->bench->kind == MAP_MAP;
	uint64_t pa;

	if (device_set_domain(m->ref, device_by_index(m->ref, 0), NO_PASID, m->domain))
		return "the domain cannot be attached";
	if (map_prepare(r, n) || map_go(r, n))
		return "a call failed";
	for (page = 0; page < n; page += n > 1 ? n - 1 : 1) {
		dma.iova = page_at(page);
		if (!iommu_ref_translate(m->ref, &dma, &pa, NULL) != there ||
		    (there && pa != SOMEWHERE + page * PAGE_SIZE))
			return there ? "a mapped page is not translated" :
				       "an unmapped page is still translated";
	}
	return device_set_domain(m->ref, device_by_index(m->ref, 0), NO_PASID, NULL) ?
		"the domain cannot be detached" : NULL;
}

static void map_close(struct iommu_ref_bench_run *r)
{
	struct map_run *m = r->priv;

	if (m && m->ref) {
		domain_put(m->ref, m->domain);
		iommu_ref_destroy(m->ref);
	}
	free(m);
}

const struct iommu_ref_bench_ops map_bench = {
	.open = map_open,
	.verify = map_verify,
	.prepare = map_prepare,
	.run = map_go,
	.close = map_close,
};
