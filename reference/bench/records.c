// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* PASIDs that come and go, and fault records on their way through the queue. */
#include <errno.h>
#include <stdlib.h>

#include "../model/internal.h"
#include "table.h"

#define QUOTA 2000u

struct records_run {
	struct pasid_set *set;
	uint32_t last;		/* PASID of the last pair */
	uint64_t iova, seen;
};

static int records_open(struct iommu_ref_bench_run *r)
{
	struct records_run *x = calloc(1, sizeof(*x));
	struct iommu_ref_config cfg;
	uint32_t pasid;
	int rc;

	r->priv = x;
	if (!x)
		return -ENOMEM;
	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	rc = iommu_ref_create(&cfg, &r->ref);
	if (!rc)
		rc = pasid_set_create(r->ref, QUOTA, &x->set);
	for (unsigned int i = 0; !rc && i < r->bench->n; i++)
		rc = pasid_alloc(r->ref, x->set, 1, UINT32_MAX, &pasid);
	return rc;
}

static void records_close(struct iommu_ref_bench_run *r)
{
	struct records_run *x = r->priv;

	if (x && x->set)
		pasid_set_put(r->ref, x->set);
	iommu_ref_destroy(r->ref);
	free(x);
}

static int pasid_run(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct records_run *x = r->priv;
	int rc = 0;

	while (n--) {
		rc |= pasid_alloc(r->ref, x->set, 1, UINT32_MAX, &x->last);
		pasid_free_range(r->ref, x->set, x->last, x->last, NULL, NULL);
	}
	return rc;
}

static const char *pasid_verify(struct iommu_ref_bench_run *r)
{
	struct records_run *x = r->priv;
	uint32_t pasid;

	if (pasid_run(r, 1) || x->last != r->bench->n + 1)
		return "it does not give the lowest free PASID";
	if (pasid_lookup(r->ref, x->set, x->last) != -ENOENT ||
	    pasid_set_count(x->set) != r->bench->n)
		return "the PASID is not free again";
	if (pasid_alloc(r->ref, x->set, 1, UINT32_MAX, &pasid) ||
	    pasid_lookup(r->ref, x->set, pasid))
		return "an allocated PASID is not the set's";
	pasid_free_range(r->ref, x->set, pasid, pasid, NULL, NULL);
	return NULL;
}

const struct iommu_ref_bench_ops pasid_bench = {
	.open = records_open,
	.verify = pasid_verify,
	.run = pasid_run,
	.close = records_close,
};

static int fault_run(struct iommu_ref_bench_run *r, unsigned int n)
{
	struct records_run *x = r->priv;
	struct iommu_ref_fault fault = { .reason = IOMMU_REF_FAULT_S1_TRANSLATION };
	int got = 0;

	for (unsigned int i = 0; i < n; i++) {
		fault.iova = x->iova++;
		fault_record(r->ref, &fault);
		got += iommu_ref_fault_pop(r->ref, &fault);
		x->seen += fault.iova;
	}
	return got == (int)n ? 0 : -ENODATA;
}

static const char *fault_verify(struct iommu_ref_bench_run *r)
{
	struct records_run *x = r->priv;
	struct iommu_ref_fault fault;

	x->iova = 4711;
	x->seen = 0;
	if (fault_run(r, 2) || x->seen != 4711 + 4712)
		return "what is drained is not what was recorded";
	return iommu_ref_fault_pop(r->ref, &fault) ? "a record is left" : NULL;
}

const struct iommu_ref_bench_ops fault_bench = {
	.open = records_open,
	.verify = fault_verify,
	.run = fault_run,
	.close = records_close,
};
