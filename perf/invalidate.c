// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOTLB invalidation of a bound stage 1, as a VMM does it for its guest: through
 * IOMMU_HWPT_INVALIDATE with an array of requests, or VFIO_IOMMU_NESTING_OP one request a call.
 * Arguments are encoded beforehand; a sample uses a slot of pages for each call, all of them
 * cached before it begins.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fixtures/verbs/inv.h"
#include "../uapi/iommufd.h"
#include "../uapi/vfio.h"
#include "bench.h"

#define MAX_BATCH   64u
#define MAX_SLOTS   64u
#define RANGE_PAGES 8u
#define POOL_PAGES  1024u /* a sample of 64 ranges needs half of them */
#define WHOLE_PAGES 64u

struct scope {
	const char *name;
	enum cts_inv_scope scope;
	unsigned int pages; /* of one request; whole: 0 */
};

static const struct scope scopes[] = {
	{ "page", CTS_INV_PAGES, 1 },
	{ "range", CTS_INV_PAGES, RANGE_PAGES },
	{ "whole", CTS_INV_BIND, 0 },
};

static const unsigned int batches[] = { 1, 2, 4, 8, 16, 32, 64 };
static const unsigned int cached_sizes[] = { 64, 256, 1024, 4096 };

/* One request of v7: the operation's header and its data in one. */
struct v7_request {
	uint32_t argsz, flags;
	struct iommu_cache_invalidate_info info;
};

/* One call, ready to be made. */
struct slot {
	struct iommu_hwpt_invalidate arg; /* iommufd */
	struct inv_batch entries;
	struct v7_request *v7; /* v7: batch of them, a call each */
};

struct invalidate {
	struct target t;
	const struct scope *scope;
	unsigned int batch;
	unsigned int slot_pages; /* that one call invalidates; whole: all */
	unsigned int nr_slots;
	unsigned int cached; /* reference: entries in the IOTLB before a sample */
	struct slot slots[MAX_SLOTS];
};

static bool is_v7(const struct bench *b)
{
	return b->c->v.profile & CTS_V7;
}

static struct cts_inv request(const struct invalidate *v, unsigned int slot, unsigned int i)
{
	uint64_t page = slot * v->slot_pages + i * v->scope->pages;

	if (v->scope->scope == CTS_INV_BIND)
		return (struct cts_inv){ .scope = CTS_INV_BIND };
	return (struct cts_inv){
		.scope = CTS_INV_PAGES,
		.first = v->t.gva + page * BENCH_PAGE,
		.pages = v->scope->pages,
		.leaf = true,
	};
}

static int encode_iommufd(struct invalidate *v, unsigned int nr)
{
	struct cts_inv inv[MAX_BATCH];
	const struct cts_bind *bind = v->t.bind;
	bool arm = v->t.c->arch == CTS_SMMUV3;
	struct slot *s = &v->slots[nr];
	int rc;

	for (unsigned int i = 0; i < v->batch; i++)
		inv[i] = request(v, nr, i);
	rc = arm ? smmu_inv_encode(bind, inv, v->batch, &s->entries)
		 : vtd_inv_encode(inv, v->batch, &s->entries);
	if (rc) {
		s->entries = (struct inv_batch){ 0 }; /* it has freed what it had */
		return rc;
	}
	s->arg = (struct iommu_hwpt_invalidate){
		.size = sizeof(s->arg),
		.hwpt_id = arm ? v->t.space->viommu_id[v->t.device] : bind->hwpt_id,
		.data_uptr = (uintptr_t)s->entries.data,
		.data_type = s->entries.data_type,
		.entry_len = s->entries.entry_len,
	};
	return 0;
}

static struct v7_request v7_request(const struct cts_bind *bind, const struct cts_inv *inv)
{
	struct v7_request r = {
		.argsz = sizeof(r),
		.flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD,
		.info = {
			.argsz = sizeof(r.info),
			.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
			.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
		},
	};

	if (inv->scope == CTS_INV_BIND) {
		r.info.granularity = IOMMU_INV_GRANU_PASID;
		r.info.granu.pasid_info.flags = IOMMU_INV_PASID_FLAGS_PASID;
		r.info.granu.pasid_info.pasid = bind->pasid;
		return r;
	}
	r.info.granularity = IOMMU_INV_GRANU_ADDR;
	r.info.granu.addr_info = (struct iommu_inv_addr_info){
		.flags = IOMMU_INV_ADDR_FLAGS_PASID | IOMMU_INV_ADDR_FLAGS_LEAF,
		.pasid = bind->pasid,
		.addr = inv->first,
		.granule_size = BENCH_PAGE,
		.nb_granules = inv->pages,
	};
	return r;
}

static int encode_v7(struct invalidate *v, unsigned int nr)
{
	struct slot *s = &v->slots[nr];

	s->v7 = calloc(v->batch, sizeof(*s->v7));
	if (!s->v7)
		return -ENOMEM;
	for (unsigned int i = 0; i < v->batch; i++) {
		struct cts_inv inv = request(v, nr, i);

		s->v7[i] = v7_request(v->t.bind, &inv);
	}
	return 0;
}

static unsigned int pool_pages(const struct bench *b)
{
	const struct scope *scope = b->bc->what;

	if (b->bc->cached)
		return b->bc->cached;
	if (scope->scope == CTS_INV_BIND)
		return WHOLE_PAGES;
	return POOL_PAGES;
}

static int invalidate_open(struct bench *b)
{
	struct invalidate *v = calloc(1, sizeof(*v));
	int rc;

	b->priv = v;
	if (!v)
		return -ENOMEM;
	v->scope = b->bc->what;
	v->batch = b->bc->batch;
	if (b->bc->cached && b->c->subject != CTS_REFERENCE)
		return bench_skip(b, "not-applicable: how full a kernel's IOTLB is cannot be set");
	rc = target_open_nested(b, &v->t, pool_pages(b));
	if (rc)
		return rc;
	v->slot_pages = v->scope->pages ? v->batch * v->scope->pages : v->t.pages;
	v->nr_slots = v->scope->pages ? v->t.pages / v->slot_pages : 1;
	if (v->nr_slots > MAX_SLOTS)
		v->nr_slots = MAX_SLOTS;
	for (unsigned int i = 0; !rc && i < v->nr_slots; i++)
		rc = is_v7(b) ? encode_v7(v, i) : encode_iommufd(v, i);
	if (!rc)
		rc = target_warm(&v->t, v->t.gva, v->t.pages);
	v->cached = target_cached(&v->t, v->t.gva, v->t.pages);
	/*
	 * Whole binds have one slot: the first call of a sample empties it, the others find it
	 * empty.
	 */
	b->max_calls = v->scope->pages ? v->nr_slots : MAX_SLOTS;
	return rc;
}

static int invalidate_prepare(struct bench *b, unsigned int calls)
{
	struct invalidate *v = b->priv;

	return target_warm(&v->t, v->t.gva, v->scope->pages ? calls * v->slot_pages : v->t.pages);
}

static long invalidate_call(struct bench *b, unsigned int i)
{
	struct invalidate *v = b->priv;
	struct slot *s = &v->slots[i % v->nr_slots];
	long rc = 0;

	if (s->v7) {
		for (unsigned int k = 0; !rc && k < v->batch; k++)
			rc = cts_ioctl_timed(b->c, v->t.space->fd, VFIO_IOMMU_NESTING_OP,
					     &s->v7[k]);
		return rc;
	}
	s->arg.entry_num = s->entries.entries; /* out: how many were processed */
	return cts_ioctl_timed(b->c, v->t.space->fd, IOMMU_HWPT_INVALIDATE, &s->arg);
}

/* Exchanges each page of the first slot with its neighbour in the table; what is cached stays. */
static int swap_pages(struct invalidate *v, bool back)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < v->slot_pages; i++) {
		unsigned int to = back ? i : i ^ 1;

		rc = stage1_map(&v->t.s1, v->t.gva + i * BENCH_PAGE, v->t.gpa + to * BENCH_PAGE,
				BENCH_PAGE, CTS_RW, false);
	}
	return rc;
}

/* Checks where pages of the first slot lead: all of them in the model, the ends elsewhere. */
static int check_pages(struct bench *b, unsigned int flip, const char *complaint)
{
	struct invalidate *v = b->priv;
	unsigned int step = target_is_model(&v->t) || v->slot_pages < 2 ? 1 : v->slot_pages - 1;

	for (unsigned int i = 0; i < v->slot_pages; i += step) {
		int rc = target_reaches(&v->t, v->t.gva + i * BENCH_PAGE,
					v->t.va + (i ^ flip) * BENCH_PAGE);

		if (rc < 0)
			return rc;
		if (!rc)
			return bench_fail(b, "%s (page %u of the %u that one call invalidates)",
					  complaint, i, v->slot_pages);
	}
	return 0;
}

static int invalidate_verify(struct bench *b)
{
	struct invalidate *v = b->priv;
	struct cts_inv all = { .scope = CTS_INV_BIND };
	int rc;

	if (!v->t.dma)
		return 0;
	rc = target_warm(&v->t, v->t.gva, v->t.pages);
	if (!rc)
		rc = check_pages(b, 0, "DMA does not reach the page that stage 1 names");
	if (!rc)
		rc = swap_pages(v, false);
	/* Only the model promises to keep what it has cached. */
	if (!rc && target_is_model(&v->t))
		rc = check_pages(
			b, 0,
			"the IOTLB was not warm: a changed entry shows before its invalidation");
	if (!rc)
		rc = invalidate_call(b, 0);
	if (!rc)
		rc = check_pages(b, 1,
				 "the invalidation has no effect: DMA still goes to the old page");
	if (!rc)
		rc = swap_pages(v, true);
	if (!rc)
		rc = __cts_invalidate(v->t.bind, &all, 1, NULL);
	if (!rc)
		b->verified = true;
	return rc ? rc : target_warm(&v->t, v->t.gva, v->t.pages);
}

static void invalidate_params(const struct bench *b, json_t *params)
{
	const struct invalidate *v = b->priv;

	json_object_set_new(params, "uapi", json_string(b->bc->uapi->name));
	json_object_set_new(params, "scope", json_string(v->scope->name));
	json_object_set_new(params, "batch", json_integer(v->batch));
	json_object_set_new(params, "pages_per_request",
			    v->scope->pages ? json_integer(v->scope->pages) : json_null());
	json_object_set_new(params, "ioctls_per_call", json_integer(is_v7(b) ? v->batch : 1));
	json_object_set_new(params, "entries_per_call",
			    json_integer(is_v7(b) ? v->batch : v->slots[0].entries.entries));
	json_object_set_new(params, "mapped_pages", json_integer(v->t.pages));
	/* The IOTLB of a kernel subject cannot be looked into. */
	json_object_set_new(params, "cached_entries",
			    target_is_model(&v->t) ? json_integer(v->cached) : json_null());
}

static void invalidate_close(struct bench *b)
{
	struct invalidate *v = b->priv;

	for (unsigned int i = 0; i < MAX_SLOTS; i++) {
		inv_batch_free(&v->slots[i].entries);
		free(v->slots[i].v7);
	}
	target_close(&v->t);
	free(v);
	b->priv = NULL;
}

static const struct bench_ops invalidate_ops = {
	.per = "call",
	.open = invalidate_open,
	.verify = invalidate_verify,
	.prepare = invalidate_prepare,
	.call = invalidate_call,
	.params = invalidate_params,
	.close = invalidate_close,
};

#define NR(a) (sizeof(a) / sizeof((a)[0]))

static struct bench_case *add_case(struct bench_case *bc, const struct bench_uapi *uapi,
				   const struct scope *s)
{
	*bc = (struct bench_case){ .ops = &invalidate_ops, .uapi = uapi, .what = s, .batch = 1 };
	return bc;
}

size_t invalidate_cases(struct bench_case *out)
{
	struct bench_case *bc = out;

	for (size_t u = 0; u < BENCH_NR_UAPIS; u++)
		for (size_t s = 0; s < NR(scopes); s++)
			for (size_t k = 0; k < NR(batches); k++, bc++) {
				add_case(bc, &bench_uapis[u], &scopes[s])->batch = batches[k];
				snprintf(bc->series, sizeof(bc->series), "invalidate/%s/%s",
					 bench_uapis[u].name, scopes[s].name);
				snprintf(bc->name, sizeof(bc->name), "invalidate/%s/%s/batch-%u",
					 bench_uapis[u].name, scopes[s].name, batches[k]);
			}
	for (size_t u = 0; u < BENCH_NR_UAPIS; u++)
		for (size_t k = 0; k < NR(cached_sizes); k++, bc++) {
			add_case(bc, &bench_uapis[u], &scopes[0])->cached = cached_sizes[k];
			snprintf(bc->series, sizeof(bc->series), "invalidate-flat/%s/page",
				 bench_uapis[u].name);
			snprintf(bc->name, sizeof(bc->name), "invalidate-flat/%s/page/cached-%u",
				 bench_uapis[u].name, cached_sizes[k]);
		}
	return (size_t)(bc - out);
}
