/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The model's own operations, one at a time, for whoever has a clock (perf/): what each needs to
 * be set up, a proof that it has its effect, and a loop over it that is cheap enough to time.
 * Only in the library that the suite links; clients of the reference never need it.
 */
#ifndef IOMMU_REF_BENCH_H
#define IOMMU_REF_BENCH_H

#include "../iommu_ref.h"

struct iommu_ref_bench;

/* One that is set up. */
struct iommu_ref_bench_run {
	const struct iommu_ref_bench *bench;
	struct iommu_ref *ref;	/* its machine, whose counters tell the work; NULL: none */
	void *priv;
};

struct iommu_ref_bench_ops {
	/* 0 or -errno; close() is called in any case. */
	int (*open)(struct iommu_ref_bench_run *r);
	/* NULL: the operation has its effect; else what is wrong. */
	const char *(*verify)(struct iommu_ref_bench_run *r);
	/* Untimed, before run() with the same @n: brings back what it uses up; NULL: nothing. */
	int (*prepare)(struct iommu_ref_bench_run *r, unsigned int n);
	/* @n operations. 0 or -errno. */
	int (*run)(struct iommu_ref_bench_run *r, unsigned int n);
	void (*close)(struct iommu_ref_bench_run *r);
};

struct iommu_ref_bench {
	const char *name;	/* "translate/hit" */
	const char *per;	/* what one operation is: "page", "PTE" */
	const char *among;	/* what @n counts: "cached", "areas"; NULL: nothing */
	unsigned int n;
	unsigned int unit, most;	/* run() takes multiples of @unit up to @most */
	double bar;		/* ns that it may take; 0: no bar of its own */
	const struct iommu_ref_bench_ops *ops;
	unsigned int kind;	/* the benchmark's own */
};

/* All of them, in the order of reports; returns how many. */
size_t iommu_ref_benches(const struct iommu_ref_bench **out);

#endif
