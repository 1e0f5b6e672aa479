/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * For tests of the model below the front ends: a machine, memory to map, DMA in one line.
 * Everything that a test takes here is given back by the end of its process.
 */
#ifndef REFERENCE_TESTS_MODEL_UTIL_H
#define REFERENCE_TESTS_MODEL_UTIL_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "model/internal.h"

#define M_2M (1ull << 21)
#define M_1G (1ull << 30)
#define RW (PROT_R | PROT_W)

static inline struct iommu_ref *m_machine(enum iommu_ref_vendor vendor, uint32_t entries,
					  const char *defect)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;

	iommu_ref_config_init(&cfg, vendor);
	cfg.iotlb_entries = entries;
	cfg.defect = defect;
	return iommu_ref_create(&cfg, &ref) ? NULL : ref;
}

/* @len bytes of memory at a multiple of @align. */
static inline uint8_t *m_memory(uint64_t len, uint64_t align)
{
	uint8_t *p = mmap(NULL, len + align, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : (uint8_t *)(((uintptr_t)p + align - 1) & ~(align - 1));
}

static inline uint64_t m_pa(const void *p)
{
	return (uintptr_t)p;
}

struct m_req {
	unsigned int device;
	uint32_t pasid;		/* NO_PASID: none */
	bool write;
	uint64_t iova;
};

static inline struct iommu_ref_dma m_dma(struct m_req r, void *buf, size_t len)
{
	return (struct iommu_ref_dma){
		.device = r.device, .has_pasid = r.pasid != NO_PASID, .write = r.write,
		.pasid = r.pasid == NO_PASID ? 0 : r.pasid, .iova = r.iova, .buf = buf, .len = len,
	};
}

/* The host address, or 0 with *@fault filled. */
static inline uint64_t m_xlate(struct iommu_ref *ref, struct m_req r, struct iommu_ref_fault *fault)
{
	struct iommu_ref_dma dma = m_dma(r, NULL, 0);
	struct iommu_ref_fault none;
	uint64_t pa;

	return iommu_ref_translate(ref, &dma, &pa, fault ? fault : &none) ? 0 : pa;
}

static inline enum iommu_ref_fault_reason m_reason(struct iommu_ref *ref, struct m_req r)
{
	struct iommu_ref_fault fault = { .reason = IOMMU_REF_FAULT_NONE };

	m_xlate(ref, r, &fault);
	return fault.reason;
}

static inline bool m_cached(struct iommu_ref *ref, struct m_req r)
{
	struct iommu_ref_dma dma = m_dma(r, NULL, 0);

	return iommu_ref_iotlb_cached(ref, &dma);
}

static inline struct iommu_ref_stats m_stats(struct iommu_ref *ref)
{
	struct iommu_ref_stats s;

	iommu_ref_stats(ref, &s);
	return s;
}

/*
 * Memory that nothing points to any more, with AddressSanitizer: a test's process ends by _exit().
 */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static inline int m_leaks(void *fixture, size_t len)
{
	memset(fixture, 0, len);	/* it lives: what it points at would not be lost */
	return __lsan_do_recoverable_leak_check ? __lsan_do_recoverable_leak_check() : 0;
}

#endif
