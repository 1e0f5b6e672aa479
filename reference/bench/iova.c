// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Areas of an IOVA space, in no order: one more, one found, one less, where there are as many as
 * the name says. Areas of 4K begin at even multiples of 64K; what comes and goes, at odd ones.
 */
#include <errno.h>
#include <stdlib.h>

#include "../model/model.h"
#include "table.h"

#define SPACING 65536ull
#define STRIDE 2654435761u	/* odd: a permutation of a power of two */

struct iova_run {
	struct iova_space *space;
	unsigned int areas;	/* a power of two */
	unsigned int at, extra;
	uint64_t seen;
};

static uint64_t even(const struct iova_run *v, unsigned int i)
{
	return (1 + (uint64_t)(i * STRIDE & (v->areas - 1)) * 2) * SPACING;
}

/* 1024 of them are distinct even beside a single area. */
static uint64_t odd(const struct iova_run *v, unsigned int i)
{
	unsigned int slots = v->areas < 1024 ? 1024 : v->areas;

	return (2 + (uint64_t)(i * STRIDE & (slots - 1)) * 2) * SPACING;
}

static int insert(struct iova_run *v, uint64_t first)
{
	return iova_insert(v->space, &(struct iova_area){ first, first + PAGE_SIZE - 1, first,
							  PROT_R, NULL });
}

static int iova_open(struct iommu_ref_bench_run *r)
{
	struct iova_run *v = calloc(1, sizeof(*v));
	int rc;

	r->priv = v;
	if (!v)
		return -ENOMEM;
	v->areas = r->bench->n;
	rc = iova_space_create(&v->space);
	for (unsigned int i = 0; !rc && i < v->areas; i++)
		rc = insert(v, even(v, i));
	return rc;
}

static int iova_prepare(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct iova_run *v = r->priv;
	int rc = 0;

	for (; v->extra; v->extra--)
		rc |= iova_remove(v->space, odd(v, v->at++));
	for (unsigned int i = 0; r->bench->kind == IOVA_ERASE && i < n; i++)
		rc |= insert(v, odd(v, v->at + i));
	return rc;
}

static int iova_go(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct iova_run *v = r->priv;
	int rc = 0;

	switch (r->bench->kind) {
	case IOVA_INSERT:
		for (; n--; v->extra++)
			rc |= insert(v, odd(v, v->at + v->extra));
		break;
	case IOVA_FIND:
		while (n--)
			v->seen += iova_lookup(v->space, even(v, v->at++) + 8)->va;
		break;
	case IOVA_ERASE:
		while (n--)
			rc |= iova_remove(v->space, odd(v, v->at++));
		break;
	}
	return rc;
}

static bool is_there(const struct iova_run *v, uint64_t first)
{
	const struct iova_area *a = iova_lookup(v->space, first);

	return a && a->first == first;
}

static const char *iova_verify(struct iommu_ref_bench_run *r)
{
	struct iova_run *v = r->priv;
	unsigned int at;
	uint64_t seen = v->seen;

	if (iova_prepare(r, 1))
		return "a call failed";
	at = v->at;
	if (iova_go(r, 1))
		return "a call failed";
	if (r->bench->kind == IOVA_FIND)
		return v->seen - seen == even(v, at) ? NULL : "it finds another area";
	if (is_there(v, odd(v, at)) != (r->bench->kind == IOVA_INSERT))
		return r->bench->kind == IOVA_INSERT ? "the area is not there" :
						       "the area is still there";
	return NULL;
}

static void iova_close(struct iommu_ref_bench_run *r)
{
	struct iova_run *v = r->priv;

	if (v)
		iova_space_destroy(v->space);
	free(v);
}

const struct iommu_ref_bench_ops iova_bench = {
	.open = iova_open,
	.verify = iova_verify,
	.prepare = iova_prepare,
	.run = iova_go,
	.close = iova_close,
};
