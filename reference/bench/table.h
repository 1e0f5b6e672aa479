/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The benchmarks' operations, a file each. */
#ifndef IOMMU_REF_BENCH_TABLE_H
#define IOMMU_REF_BENCH_TABLE_H

#include "bench.h"

enum { TRANSLATE_HIT, TRANSLATE_MISS, TRANSLATE_NESTED, TRANSLATE_NESTED_CHECKED };
extern const struct iommu_ref_bench_ops translate_bench;
enum { INV_PAGE, INV_PAGE_COLD, INV_RANGE, INV_PASID, INV_DOMAIN, INV_PAGE_ATC };
extern const struct iommu_ref_bench_ops invalidate_bench;
enum { MAP_MAP, MAP_UNMAP };
extern const struct iommu_ref_bench_ops map_bench;
enum { IOVA_INSERT, IOVA_FIND, IOVA_ERASE };
extern const struct iommu_ref_bench_ops iova_bench;
extern const struct iommu_ref_bench_ops pasid_bench;
extern const struct iommu_ref_bench_ops fault_bench;
enum { THREADS_HIT, THREADS_MISS, THREADS_SCATTERED, THREADS_MAP,
       THREADS_UNITS = 8 /* and: of two units */ };
extern const struct iommu_ref_bench_ops threads_bench;

#endif
