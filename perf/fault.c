// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault latency of the reference: from the device's DMA to an address that is not mapped until
 * its fault record is taken, in one stage, in stage 1 over stage 2, and in stage 2 below a stage
 * 1. Nothing is cached on the way, so each fault walks its tables.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define MAX_FAULTS   64u /* in a sample; at different pages */
#define MAPPED_PAGES 512u

struct fault_kind {
	const char *name;
	bool nested;
	enum iommu_ref_fault_reason reason;
};

static const struct fault_kind kinds[] = {
	{ "one-stage", false, IOMMU_REF_FAULT_S1_TRANSLATION },
	{ "nested-s1", true, IOMMU_REF_FAULT_S1_TRANSLATION },
	{ "nested-s2", true, IOMMU_REF_FAULT_S2_TRANSLATION },
};

struct fault {
	struct target t;
	const struct fault_kind *kind;
	uint64_t iova; /* the first page that faults */
	struct iommu_ref_fault last;
	uint64_t data;
};

/*
 * Faulting pages lie behind mapped ones of the same table, so that the walk goes down to the
 * leaf.
 */
static int open_flat(struct bench *b, struct fault *f)
{
	int rc = target_open_flat(b, &f->t, 0, MAPPED_PAGES - MAX_FAULTS);

	f->iova = RIG_IOVA + f->t.pages * BENCH_PAGE;
	return rc ? rc : __cts_map(f->t.space, RIG_IOVA, f->t.va, f->t.pages * BENCH_PAGE, CTS_RW);
}

static int open_nested(struct bench *b, struct fault *f)
{
	uint64_t nowhere = f->kind->reason == IOMMU_REF_FAULT_S2_TRANSLATION ? RIG_DATA_GPA(1) : 0;
	int rc = target_open_nested(b, &f->t, MAPPED_PAGES - MAX_FAULTS);

	f->iova = f->t.gva + f->t.pages * BENCH_PAGE;
	if (rc || !nowhere)
		return rc;
	return stage1_map(&f->t.s1, f->iova, nowhere, MAX_FAULTS * BENCH_PAGE, CTS_RW, false);
}

static int fault_open(struct bench *b)
{
	struct fault *f = calloc(1, sizeof(*f));

	b->priv = f;
	if (!f)
		return -ENOMEM;
	f->kind = b->bc->what;
	b->max_calls = MAX_FAULTS;
	if (b->c->subject != CTS_REFERENCE)
		return bench_skip(
			b, "not-implemented: fault latency is measured on the reference only");
	return f->kind->nested ? open_nested(b, f) : open_flat(b, f);
}

static int fault_prepare(struct bench *b, unsigned int calls)
{
	(void)b, (void)calls; /* a fault leaves nothing behind */
	return 0;
}

static long fault_call(struct bench *b, unsigned int i)
{
	struct fault *f = b->priv;
	struct iommu_ref *ref = cts_ref(b->c);
	struct iommu_ref_dma dma = {
		.device = f->t.path.device,
		.has_pasid = f->t.path.has_pasid,
		.pasid = f->t.path.pasid,
		.write = true,
		.iova = f->iova + i * BENCH_PAGE,
		.buf = &f->data,
		.len = sizeof(f->data),
	};

	if (iommu_ref_dma(ref, &dma, NULL) != -EFAULT)
		return -EIO;
	return iommu_ref_fault_pop(ref, &f->last) == 1 ? 0 : -ENODATA;
}

static int fault_verify(struct bench *b)
{
	struct fault *f = b->priv;
	enum iommu_ref_fault_reason want = f->kind->reason;
	uint64_t iova = f->iova + BENCH_PAGE;
	int rc = fault_call(b, 1);

	if (rc)
		return rc;
	/*
	 * VT-d walks a kernel-managed table as its second level: there its faults are of stage 2.
	 */
	if (!f->kind->nested && f->last.reason == IOMMU_REF_FAULT_S2_TRANSLATION)
		want = IOMMU_REF_FAULT_S2_TRANSLATION;
	if (f->last.reason != want || f->last.iova != iova || !f->last.write)
		return bench_fail(b,
				  "the record is not of this fault: reason %d at 0x%" PRIx64
				  ", want %d at 0x%" PRIx64,
				  f->last.reason, f->last.iova, want, iova);
	if (iommu_ref_fault_pop(cts_ref(b->c), &f->last))
		return bench_fail(b, "one DMA left more than one fault record");
	b->verified = true;
	return 0;
}

static void fault_params(const struct bench *b, json_t *params)
{
	const struct fault *f = b->priv;

	json_object_set_new(params, "uapi", json_string(b->bc->uapi->name));
	json_object_set_new(params, "scope", json_string(f->kind->name));
	json_object_set_new(params, "batch", json_integer(1));
	json_object_set_new(params, "stages", json_integer(f->kind->nested ? 2 : 1));
	json_object_set_new(params, "pasid", json_boolean(f->t.path.has_pasid));
}

static void fault_close(struct bench *b)
{
	struct fault *f = b->priv;

	target_close(&f->t);
	free(f);
	b->priv = NULL;
}

static const struct bench_ops fault_ops = {
	.per = "fault",
	.open = fault_open,
	.verify = fault_verify,
	.prepare = fault_prepare,
	.call = fault_call,
	.params = fault_params,
	.close = fault_close,
};

size_t fault_cases(struct bench_case *out)
{
	struct bench_case *bc = out;

	for (size_t u = 0; u < BENCH_NR_UAPIS; u++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			/*
			 * A v7 container without nesting differs from iommufd's only in how it is
			 * set up.
			 */
			if (u == UAPI_V7_VTD && !kinds[k].nested)
				continue;
			*bc = (struct bench_case){
				.ops = &fault_ops,
				.uapi = &bench_uapis[u],
				.what = &kinds[k],
			};
			snprintf(bc->series, sizeof(bc->series), "fault/%s", bench_uapis[u].name);
			snprintf(bc->name, sizeof(bc->name), "fault/%s/%s", bench_uapis[u].name,
				 kinds[k].name);
			bc++;
		}
	return (size_t)(bc - out);
}
