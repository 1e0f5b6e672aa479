// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Translations: answered by the IOTLB, or walked and filled. Misses go round many more pages than
 * the IOTLB holds, in an order that no prefetch helps.
 */
#include <errno.h>
#include <stdlib.h>

#include "rig.h"
#include "table.h"

#define HIT_PAGES 512u
#define MISS_PAGES 4096u
#define MISS_IOTLB 64u
#define DEFAULT_IOTLB 4096u

static int translate_open(struct iommu_ref_bench_run *r)
{
	static const enum rig_kind rigs[] = {
		[TRANSLATE_HIT] = RIG_ONE_STAGE,
		[TRANSLATE_MISS] = RIG_ONE_STAGE,
		[TRANSLATE_NESTED] = RIG_NESTED_TRUSTED,
		[TRANSLATE_NESTED_CHECKED] = RIG_NESTED,
	};
	bool hit = r->bench->kind == TRANSLATE_HIT;
	struct rig *g = calloc(1, sizeof(*g));
	int rc;

	r->priv = g;
	if (!g)
		return -ENOMEM;
	rc = rig_open(g, hit ? DEFAULT_IOTLB : MISS_IOTLB, hit ? HIT_PAGES : MISS_PAGES,
		      rigs[r->bench->kind]);
	r->ref = g->ref;
	for (unsigned int i = 0; !rc && i < g->pages; i++)
		rc = rig_translate(g, i);
	return rc;
}

static int translate_run(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct rig *g = r->priv;
	int rc = 0;

	while (n--)
		rc |= rig_translate(g, g->at++);
	return rc;
}

static const char *translate_verify(struct iommu_ref_bench_run *r)
{
	uint64_t stages = r->bench->kind >= TRANSLATE_NESTED ? 24 : 4;
	bool hit = r->bench->kind == TRANSLATE_HIT;
	struct iommu_ref_stats before, after;

	iommu_ref_stats(r->ref, &before);
	if (translate_run(r, 100))
		return "a translation failed";
	iommu_ref_stats(r->ref, &after);
	if (after.iotlb_hits - before.iotlb_hits != (hit ? 100 : 0) ||
	    after.iotlb_fills - before.iotlb_fills != (hit ? 0 : 100))
		return hit ? "not every one is a hit" : "not every one is a miss that fills";
	if (after.walk_loads - before.walk_loads != (hit ? 0 : 100 * stages))
		return "a walk does not read one entry a level";
	return NULL;
}

static void translate_close(struct iommu_ref_bench_run *r)
{
	if (r->priv)
		rig_close(r->priv);
	free(r->priv);
}

const struct iommu_ref_bench_ops translate_bench = {
	.open = translate_open,
	.verify = translate_verify,
	.run = translate_run,
	.close = translate_close,
};
