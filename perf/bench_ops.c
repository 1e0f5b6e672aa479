// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference model's own operations, below every uAPI: the benchmarks of reference/bench/ under
 * this clock. They run on a machine of their own, which needs no file and no ioctl.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reference/bench/bench.h"
#include "bench.h"

static const struct iommu_ref_bench *bench_of(const struct bench *b)
{
	return b->bc->what;
}

static int ops_open(struct bench *b)
{
	struct iommu_ref_bench_run *r;
	int rc;

	if (b->c->subject != CTS_REFERENCE)
		return bench_skip(b, "not-implemented: only the reference's model can be "
				     "reached below the uAPI");
	r = calloc(1, sizeof(*r));
	b->priv = r;
	if (!r)
		return -ENOMEM;
	r->bench = bench_of(b);
	b->min_calls = r->bench->unit;
	b->max_calls = r->bench->most;
	rc = r->bench->ops->open(r);
	b->ref = r->ref;
	if (rc == -ENODEV)
		return bench_skip(b, "env-missing: a second CPU for the second thread");
	return rc ? bench_fail(b, "set-up: errno %d", -rc) : 0;
}

static int ops_verify(struct bench *b)
{
	const char *wrong = bench_of(b)->ops->verify(b->priv);

	b->verified = !wrong;
	return wrong ? bench_fail(b, "%s", wrong) : 0;
}

static int ops_prepare(struct bench *b, unsigned int calls)
{
	const struct iommu_ref_bench_ops *ops = bench_of(b)->ops;

	return ops->prepare ? ops->prepare(b->priv, calls) : 0;
}

static long ops_run(struct bench *b, unsigned int calls)
{
	return bench_of(b)->ops->run(b->priv, calls);
}

static void ops_params(const struct bench *b, json_t *params)
{
	const struct iommu_ref_bench *ob = bench_of(b);

	json_object_set_new(params, "scope", json_string(ob->name));
	json_object_set_new(params, "operation", json_string(ob->per));
	if (ob->among)
		json_object_set_new(params, b->bc->cached ? "cached_entries" : ob->among,
				    json_integer(ob->n));
	if (ob->bar > 0)
		json_object_set_new(params, "bar", json_real(ob->bar));
}

static void ops_close(struct bench *b)
{
	bench_of(b)->ops->close(b->priv);
	free(b->priv);
	b->priv = NULL;
	b->ref = NULL;
}

static const struct bench_ops model_ops = {
	.per = "operation",
	.open = ops_open,
	.verify = ops_verify,
	.prepare = ops_prepare,
	.run = ops_run,
	.params = ops_params,
	.close = ops_close,
};

size_t ops_cases(struct bench_case *out)
{
	const struct iommu_ref_bench *list;
	size_t n = iommu_ref_benches(&list);

	for (size_t i = 0; i < n; i++) {
		struct bench_case *bc = &out[i];

		*bc = (struct bench_case){
			.ops = &model_ops,
			.uapi = &bench_uapis[UAPI_IOMMUFD_VTD],
			.what = &list[i],
		};
		if (list[i].among)
			snprintf(bc->name, sizeof(bc->name), "ops/%s/%s-%u", list[i].name,
				 list[i].among, list[i].n);
		else
			snprintf(bc->name, sizeof(bc->name), "ops/%s", list[i].name);
		memcpy(bc->series, bc->name, sizeof(bc->series));
		*strrchr(bc->series, '/') = 0;
		if (list[i].among && !strcmp(list[i].among, "cached"))
			bc->cached = list[i].n;
	}
	return n;
}
