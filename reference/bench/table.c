// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The operation table: every benchmark of the model with its bar. */
#include "table.h"

#define SMALL 1u, 4096u		/* operations in a sample, of nanoseconds */

#define INVALIDATE(what, kind, n, bar) \
	{ "invalidate/" what, "call", "cached", n, 1, 64, bar, &invalidate_bench, kind }
#define IOVA(what, kind, n, bar) \
	{ "iova/" what, "area", "areas", n, 1, 1024, bar, &iova_bench, kind }
#define MAP(what, kind, n, bar) \
	{ what, "PTE", "pages", n, n, (n) > 65536 ? (n) : 65536, bar, &map_bench, kind }
#define THREADS(what, kind, n) \
	{ "threads/" what, "page", "threads", n, 1u << 13, 1u << 13, 0, &threads_bench, kind }

static const struct iommu_ref_bench benches[] = {
	{ "translate/hit", "page", NULL, 0, SMALL, 12, &translate_bench, TRANSLATE_HIT },
	{ "translate/miss", "page", NULL, 0, SMALL, 40, &translate_bench, TRANSLATE_MISS },
	/* struct iommu_ref_config.trusted_memory, and without it */
	{ "translate/nested-miss-trusted", "page", NULL, 0, SMALL, 120, &translate_bench,
	  TRANSLATE_NESTED },
	{ "translate/nested-miss", "page", NULL, 0, SMALL, 0, &translate_bench,
	  TRANSLATE_NESTED_CHECKED },
	INVALIDATE("page", INV_PAGE, 64, 20),
	INVALIDATE("page", INV_PAGE, 1024, 20),
	INVALIDATE("page", INV_PAGE, 16384, 20),
	INVALIDATE("page", INV_PAGE, 65536, 20),
	/* of a stage 1: the device that has it is told, too */
	INVALIDATE("page-atc", INV_PAGE_ATC, 64, 0),
	INVALIDATE("page-atc", INV_PAGE_ATC, 65536, 0),
	INVALIDATE("page-cold", INV_PAGE_COLD, 64, 0),
	INVALIDATE("page-cold", INV_PAGE_COLD, 65536, 0),
	INVALIDATE("range-8", INV_RANGE, 64, 0),
	INVALIDATE("range-8", INV_RANGE, 65536, 0),
	INVALIDATE("pasid", INV_PASID, 64, 10),
	INVALIDATE("pasid", INV_PASID, 65536, 10),
	INVALIDATE("domain", INV_DOMAIN, 64, 10),
	INVALIDATE("domain", INV_DOMAIN, 65536, 10),
	MAP("map", MAP_MAP, 1, 25),
	MAP("map", MAP_MAP, 512, 1),
	MAP("map", MAP_MAP, 262144, 1),
	MAP("unmap", MAP_UNMAP, 1, 0),
	MAP("unmap", MAP_UNMAP, 512, 1),
	MAP("unmap", MAP_UNMAP, 262144, 1),
	IOVA("insert", IOVA_INSERT, 1, 0),
	IOVA("insert", IOVA_INSERT, 1024, 0),
	IOVA("insert", IOVA_INSERT, 65536, 200),
	IOVA("insert", IOVA_INSERT, 1048576, 0),
	IOVA("find", IOVA_FIND, 1, 0),
	IOVA("find", IOVA_FIND, 1024, 0),
	IOVA("find", IOVA_FIND, 65536, 150),
	IOVA("find", IOVA_FIND, 1048576, 0),
	IOVA("erase", IOVA_ERASE, 1, 0),
	IOVA("erase", IOVA_ERASE, 1024, 0),
	IOVA("erase", IOVA_ERASE, 65536, 200),
	IOVA("erase", IOVA_ERASE, 1048576, 0),
	{ "pasid/alloc-free", "pair", "allocated", 0, SMALL, 25, &pasid_bench, 0 },
	{ "pasid/alloc-free", "pair", "allocated", 1000, SMALL, 25, &pasid_bench, 0 },
	{ "fault/record-drain", "fault", NULL, 0, SMALL, 20, &fault_bench, 0 },
	THREADS("hit", THREADS_HIT, 1),
	THREADS("hit", THREADS_HIT, 2),
	THREADS("miss", THREADS_MISS, 1),
	THREADS("miss", THREADS_MISS, 2),
	THREADS("scattered-miss", THREADS_SCATTERED, 1),
	THREADS("scattered-miss", THREADS_SCATTERED, 2),
	{ "threads/map-unmap-ioctl", "pair", "threads", 1, 256, 256, 0, &threads_bench,
	  THREADS_MAP },
	{ "threads/map-unmap-ioctl", "pair", "threads", 2, 256, 256, 0, &threads_bench,
	  THREADS_MAP },
	THREADS("units-hit", THREADS_HIT | THREADS_UNITS, 1),
	THREADS("units-hit", THREADS_HIT | THREADS_UNITS, 2),
	THREADS("units-miss", THREADS_MISS | THREADS_UNITS, 1),
	THREADS("units-miss", THREADS_MISS | THREADS_UNITS, 2),
	THREADS("units-scattered-miss", THREADS_SCATTERED | THREADS_UNITS, 1),
	THREADS("units-scattered-miss", THREADS_SCATTERED | THREADS_UNITS, 2),
};

size_t iommu_ref_benches(const struct iommu_ref_bench **out)
{
	*out = benches;
	return sizeof(benches) / sizeof(benches[0]);
}
