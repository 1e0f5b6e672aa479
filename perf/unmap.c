// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation that an unmap drives: IOMMU_IOAS_UNMAP or VFIO_IOMMU_UNMAP_DMA of one mapping of
 * 4K to 2M, or of all there are, with a device attached; the space is flat or the parent of
 * nested tables. The time has the look-up, the page table, the invalidation and the unpinning in
 * it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../uapi/iommufd.h"
#include "../uapi/vfio.h"
#include "bench.h"

#define STRIDE (4ull << 20) /* between areas, so that none shares a leaf table with its neighbour */

struct shape {
	const char *name;
	unsigned int pages; /* of an area */
	unsigned int areas;
	bool all; /* one call unmaps all of them */
	bool parent; /* the space can carry nested tables */
};

static const struct shape shapes[] = {
	{ "4k", 1, 32, false, false },	      { "64k", 16, 32, false, false },
	{ "2m", 512, 8, false, false },	      { "all", 1, 64, true, false },
	{ "4k-parent", 1, 32, false, true },  { "64k-parent", 16, 32, false, true },
	{ "2m-parent", 512, 8, false, true }, { "all-parent", 1, 64, true, true },
};

struct unmap {
	struct target t;
	const struct shape *shape;
};

static uint64_t area_iova(unsigned int i)
{
	return RIG_IOVA + i * STRIDE;
}

static int unmap_open(struct bench *b)
{
	struct unmap *u = calloc(1, sizeof(*u));

	b->priv = u;
	if (!u)
		return -ENOMEM;
	u->shape = b->bc->what;
	b->max_calls = u->shape->all ? 1 : u->shape->areas;
	return target_open_flat(b, &u->t, u->shape->parent ? CTS_SPACE_NEST : 0, u->shape->pages);
}

/* All areas show the same memory: each is pinned and mapped on its own. */
static int unmap_prepare(struct bench *b, unsigned int calls)
{
	struct unmap *u = b->priv;
	unsigned int areas = u->shape->all ? u->shape->areas : calls;
	int rc = 0;

	for (unsigned int i = 0; !rc && i < areas; i++) {
		rc = __cts_map(u->t.space, area_iova(i), u->t.va, u->shape->pages * BENCH_PAGE,
			       CTS_RW);
		if (!rc)
			rc = target_warm(&u->t, area_iova(i), u->shape->pages);
	}
	return rc;
}

static long unmap_call(struct bench *b, unsigned int i)
{
	struct unmap *u = b->priv;
	struct cts_space *s = u->t.space;
	uint64_t iova = area_iova(u->shape->all ? 0 : i);
	/* v7 is older than VFIO_DMA_UNMAP_FLAG_ALL: a range around everything does it there */
	uint64_t len = u->shape->all ? u->shape->areas * STRIDE : u->shape->pages * BENCH_PAGE;
	struct iommu_ioas_unmap fd = {
		.size = sizeof(fd), .ioas_id = s->ioas_id, .iova = iova, .length = len
	};
	struct vfio_iommu_type1_dma_unmap v7 = { .argsz = sizeof(v7), .iova = iova, .size = len };

	if (b->c->v.profile & CTS_V7)
		return cts_ioctl_timed(b->c, s->fd, VFIO_IOMMU_UNMAP_DMA, &v7);
	if (u->shape->all) {
		fd.iova = 0;
		fd.length = UINT64_MAX;
	}
	return cts_ioctl_timed(b->c, s->fd, IOMMU_IOAS_UNMAP, &fd);
}

static int unmap_verify(struct bench *b)
{
	struct unmap *u = b->priv;
	unsigned int last = u->shape->all ? u->shape->areas - 1 : 0;
	uint64_t off = (u->shape->pages - 1) * BENCH_PAGE;
	int rc;

	if (!u->t.dma)
		return 0;
	rc = unmap_prepare(b, 1);
	if (rc)
		return rc;
	rc = target_reaches(&u->t, area_iova(last) + off, u->t.va + off);
	if (!rc)
		return bench_fail(b, "DMA does not reach memory that is mapped");
	if (rc > 0)
		rc = unmap_call(b, 0);
	if (rc < 0)
		return rc;
	rc = target_reaches(&u->t, area_iova(last) + off, u->t.va + off);
	if (rc > 0)
		return bench_fail(b, "the unmap has no effect: DMA still reaches the memory");
	b->verified = !rc;
	return rc;
}

static void unmap_params(const struct bench *b, json_t *params)
{
	const struct unmap *u = b->priv;

	json_object_set_new(params, "uapi", json_string(b->bc->uapi->name));
	json_object_set_new(params, "scope", json_string(u->shape->all ? "all" : "area"));
	json_object_set_new(params, "batch", json_integer(1));
	json_object_set_new(params, "area_pages", json_integer(u->shape->pages));
	json_object_set_new(params, "areas_per_call",
			    json_integer(u->shape->all ? u->shape->areas : 1));
	if (target_physical_runs(&u->t))
		json_object_set_new(params, "physical_runs",
				    json_integer(target_physical_runs(&u->t)));
	json_object_set_new(params, "devices", json_integer(1));
	json_object_set_new(params, "domain",
			    json_string(u->shape->parent ? "nest-parent" : "paging"));
}

static void unmap_close(struct bench *b)
{
	struct unmap *u = b->priv;

	target_close(&u->t);
	free(u);
	b->priv = NULL;
}

static const struct bench_ops unmap_ops = {
	.per = "call",
	.open = unmap_open,
	.verify = unmap_verify,
	.prepare = unmap_prepare,
	.call = unmap_call,
	.params = unmap_params,
	.close = unmap_close,
};

size_t unmap_cases(struct bench_case *out)
{
	struct bench_case *bc = out;

	for (size_t u = 0; u < BENCH_NR_UAPIS; u++)
		for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++, bc++) {
			*bc = (struct bench_case){
				.ops = &unmap_ops,
				.uapi = &bench_uapis[u],
				.what = &shapes[s],
			};
			snprintf(bc->series, sizeof(bc->series), "unmap/%s", bench_uapis[u].name);
			snprintf(bc->name, sizeof(bc->name), "unmap/%s/%s", bench_uapis[u].name,
				 shapes[s].name);
		}
	return (size_t)(bc - out);
}
