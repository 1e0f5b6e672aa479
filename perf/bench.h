/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a benchmark is and how one is measured. A benchmark (struct bench_ops) is one operation
 * with a set-up and a proof that the operation has its effect; a case is a benchmark with its
 * parameters on one uAPI, and gives one record. measure.c runs a case; the files invalidate.c,
 * unmap.c and fault.c are benchmarks.
 *
 * A sample is a timed region of one or more calls (so many that the clock's cost does not
 * matter), divided by them. Closed loop: a call begins when the last has ended.
 */
#ifndef PERF_BENCH_H
#define PERF_BENCH_H

#include <jansson.h>

#include "../fixtures/fixtures.h"
#include "../reference/iommu_ref.h"
#include "stats.h"
#include "timer.h"

#define BENCH_PAGE	4096ull
#define BENCH_WHY	512
#define BENCH_FIRST	5
#define BENCH_MAX_CASES 192

/* What a benchmark speaks: a uAPI on an architecture. */
struct bench_uapi {
	const char *name; /* "iommufd-vtd" */
	struct cts_variant variant;
};
enum { UAPI_IOMMUFD_VTD, UAPI_IOMMUFD_SMMUV3, UAPI_V7_VTD, BENCH_NR_UAPIS };
extern const struct bench_uapi bench_uapis[BENCH_NR_UAPIS];

struct bench;
struct bench_ops {
	const char *per; /* what one operation is: "call", "fault" */
	/* 0, or -errno; bench_skip() when the subject cannot do it. */
	int (*open)(struct bench *b);
	/* That the call does what it is there for. 0 or bench_fail(). Sets b->verified. */
	int (*verify)(struct bench *b);
	/* Untimed, before each sample: brings back what @calls calls use up. 0 or -errno */
	int (*prepare)(struct bench *b, unsigned int calls);
	/* Timed: the @i-th call of a sample. >= 0 or -errno */
	long (*call)(struct bench *b, unsigned int i);
	/* Or all calls of a sample at once, where a call through a pointer would count. */
	long (*run)(struct bench *b, unsigned int calls);
	/* Adds what distinguishes the case to @params. */
	void (*params)(const struct bench *b, json_t *params);
	void (*close)(struct bench *b);
};

struct bench_case {
	char name[96]; /* "invalidate/iommufd-vtd/page/batch-8" */
	char series[96]; /* without the last part */
	const struct bench_ops *ops;
	const struct bench_uapi *uapi;
	const void *what; /* the benchmark's own table row */
	unsigned int batch; /* requests in a call; 0: no batches */
	unsigned int cached; /* pages that the IOTLB should hold; 0: the benchmark's own choice */
};

/* All cases in the order of reports; returns how many. Every benchmark file adds its own. */
size_t bench_cases(struct bench_case *out);
size_t invalidate_cases(struct bench_case *out);
size_t unmap_cases(struct bench_case *out);
size_t fault_cases(struct bench_case *out);
size_t ops_cases(struct bench_case *out);

/* A running case. */
struct bench {
	const struct bench_case *bc;
	struct cts *c;
	void *priv; /* the benchmark's own */
	unsigned int min_calls, max_calls; /* in one sample; a multiple of the least */
	struct iommu_ref *ref; /* whose work is counted, if it is not the subject's */
	bool verified;
	const char *not_verified; /* why not, if not */
	char why[BENCH_WHY]; /* of a skip or a failure */
};

/* For ops: "OUTCOME: why", or what is wrong. They return what ops return then. */
#define BENCH_SKIPPED 1
int bench_skip(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int bench_fail(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- target.c: a device, its space and a stretch of memory that it reaches */

struct target {
	struct cts *c;
	struct cts_space *space;
	unsigned int device;
	bool dma; /* the device has an engine: effects can be seen */
	struct cts_path path; /* to the space, or to the bind if there is one */
	uint8_t *va; /* memory behind the addresses, @pages of it */
	unsigned int pages;
	/* nested: */
	struct guest_ram ram;
	struct stage1 s1;
	struct cts_bind *bind;
	uint64_t gva, gpa;
};

/* A space with one device, and memory that is not mapped yet. @flags: CTS_SPACE_NEST or 0 */
int target_open_flat(struct bench *b, struct target *t, unsigned int flags, unsigned int pages);
/* A bound stage 1 of 4K leaves that shows @pages pages of the space at t->gva, one to one. */
int target_open_nested(struct bench *b, struct target *t, unsigned int pages);
void target_close(struct target *t);
/* Does DMA by the target's path to @iova arrive at @va? 1, 0, or -errno */
int target_reaches(const struct target *t, uint64_t iova, uint8_t *va);
/* Reference: brings [iova, iova + pages) into the IOTLB; elsewhere does nothing. 0 or -errno */
int target_warm(const struct target *t, uint64_t iova, unsigned int pages);
/* Reference: how many of these pages the IOTLB holds now. */
unsigned int target_cached(const struct target *t, uint64_t iova, unsigned int pages);
/*
 * How many contiguous pieces of physical memory the target's memory is made of: what a kernel pins
 * and maps goes by them. 0: not known (not root, or the model, which has none).
 */
unsigned int target_physical_runs(const struct target *t);
static inline bool target_is_model(const struct target *t)
{
	return t->c->subject == CTS_REFERENCE;
}

/* ---- measure.c */

/* How much is measured. Time is the clock's: instructions where they are counted. */
struct bench_effort {
	size_t samples; /* wanted */
	/* for them, with their preparation; stats_quantiles[0].least are taken in any case */
	double budget;
	double least_region; /* a region is at least this long, besides what the clock wants */
	/*
	 * > 0: sampling begins at a multiple of this many ns of CLOCK_MONOTONIC, where a guest that
	 * counts instructions has its timer ticks: then they hit the same samples in each run.
	 */
	uint64_t align;
};

enum bench_state { BENCH_DONE, BENCH_SKIP, BENCH_FAIL };

struct bench_result {
	const struct bench_case *bc;
	enum bench_state state;
	char why[BENCH_WHY];
	char not_verified[BENCH_WHY]; /* "" if verified */
	json_t *params;
	unsigned int calls; /* in one sample */
	double first[BENCH_FIRST]; /* the very first calls, one a sample, apart from the others */
	size_t nr_first, warmup; /* warmup: samples that were dropped */
	double *samples;
	struct stats stats; /* of samples */
	bool short_region; /* not even max_calls make it 20 times the clock's cost */
	bool has_work;
	struct iommu_ref_stats work; /* of one call on the reference */
};

/* Never fails: what goes wrong is in @r. Free with bench_result_free(). */
void bench_measure(const struct bench_case *bc, const struct timer *timer,
		   const struct bench_effort *effort, struct bench_result *r);
void bench_result_free(struct bench_result *r);

#endif
