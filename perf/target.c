// SPDX-License-Identifier: GPL-2.0-only
/*
 * What benchmarks work on: a device with its space, alone or with a bound stage 1, and the means
 * to see whether DMA arrives and what the IOTLB holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define RAM_PAGES 64u /* page tables of 4096 pages and more */
#define PROBE	  16u /* bytes of one DMA */

/* The device that can show effects, else the first one. */
static void pick_device(struct bench *b, struct target *t, bool pasid)
{
	t->dma = !engine_pick(b->c, ENGINE_WRITE | (pasid ? ENGINE_PASID : 0), &t->device);
	if (!t->dma) {
		t->device = 0;
		b->not_verified = engine_missing(ENGINE_WRITE | (pasid ? ENGINE_PASID : 0));
	}
}

static int open_space(struct bench *b, struct target *t, unsigned int flags)
{
	const char *why;
	int rc;

	if (!b->c->nr_devices)
		return bench_skip(b, "env-missing: no device was named");
	rc = __cts_space_create(b->c, NULL, flags, 1u << t->device, &t->space);
	if (rc == -EOPNOTSUPP && flags & CTS_SPACE_NEST && !cts_can_nest(b->c, &why))
		return bench_skip(b, "%s", why);
	if (rc)
		return rc;
	/* edu fetches its pattern through the space, which must happen before a bind. */
	return t->dma ? engine_prepare(t->space, t->device) : 0;
}

static int alloc_memory(struct bench *b, struct target *t, unsigned int pages)
{
	t->va = cts_memory(b->c, pages * BENCH_PAGE);
	t->pages = pages;
	if (!t->va)
		return -ENOMEM;
	memset(t->va, 0, pages * BENCH_PAGE);
	return 0;
}

int target_open_flat(struct bench *b, struct target *t, unsigned int flags, unsigned int pages)
{
	int rc;

	*t = (struct target){ .c = b->c };
	pick_device(b, t, false);
	rc = open_space(b, t, flags);
	if (rc)
		return rc;
	t->path = cts_space_path(t->space, t->device);
	return alloc_memory(b, t, pages);
}

int target_open_nested(struct bench *b, struct target *t, unsigned int pages)
{
	int rc;

	*t = (struct target){ .c = b->c, .gva = RIG_GVA(0), .gpa = RIG_DATA_GPA(0) };
	pick_device(b, t, b->c->v.profile & CTS_V7);
	rc = open_space(b, t, CTS_SPACE_NEST);
	if (!rc)
		rc = alloc_memory(b, t, pages);
	if (!rc)
		rc = __cts_map(t->space, t->gpa, t->va, pages * BENCH_PAGE, CTS_RW);
	if (!rc)
		rc = guest_ram_create(t->space, RIG_RAM_GPA, RAM_PAGES * BENCH_PAGE, &t->ram);
	if (!rc)
		rc = stage1_create(&t->s1, &t->ram, 1);
	if (!rc)
		rc = stage1_map(&t->s1, t->gva, t->gpa, pages * BENCH_PAGE, CTS_RW, false);
	if (!rc)
		rc = __cts_bind(t->space, 0, &t->s1.s1, &t->bind);
	if (!rc)
		t->path = t->bind->path;
	return rc;
}

void target_close(struct target *t)
{
	cts_bind_free(t->bind);
	cts_space_free(t->space);
	*t = (struct target){ 0 };
}

static struct iommu_ref_dma request(const struct target *t, uint64_t iova)
{
	return (struct iommu_ref_dma){
		.device = t->path.device,
		.has_pasid = t->path.has_pasid,
		.pasid = t->path.pasid,
		.write = true,
		.iova = iova,
		.len = PROBE,
	};
}

static int model_reaches(const struct target *t, uint64_t iova, const uint8_t *va)
{
	struct iommu_ref_dma dma = request(t, iova);
	struct iommu_ref_fault fault;
	uint64_t pa = 0;
	int rc = iommu_ref_translate(cts_ref(t->c), &dma, &pa, &fault);

	if (rc == -EFAULT)
		return 0;
	return rc ? rc : pa == (uintptr_t)va;
}

int target_reaches(const struct target *t, uint64_t iova, uint8_t *va)
{
	const struct engine_ops *engine = engine_of(t->c, t->device);
	int rc;

	if (target_is_model(t))
		return model_reaches(t, iova, va);
	if (!t->dma)
		return -ENODEV;
	for (uint32_t i = 0; i < PROBE; i++)
		va[i] = (uint8_t)~engine->pattern(i);
	rc = engine_write(t->space, t->path, iova, PROBE);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < PROBE; i++)
		if (va[i] != engine->pattern(i))
			return 0;
	return 1;
}

int target_warm(const struct target *t, uint64_t iova, unsigned int pages)
{
	struct iommu_ref_dma dma = request(t, iova);
	struct iommu_ref *ref = cts_ref(t->c);
	struct iommu_ref_fault fault;
	uint64_t pa;
	int rc = 0;

	if (!target_is_model(t))
		return 0;
	for (unsigned int i = 0; !rc && i < pages; i++, dma.iova += BENCH_PAGE)
		rc = iommu_ref_translate(ref, &dma, &pa, &fault);
	return rc;
}

unsigned int target_cached(const struct target *t, uint64_t iova, unsigned int pages)
{
	struct iommu_ref_dma dma = request(t, iova);
	struct iommu_ref *ref = cts_ref(t->c);
	unsigned int n = 0;

	for (unsigned int i = 0; target_is_model(t) && i < pages; i++, dma.iova += BENCH_PAGE)
		n += iommu_ref_iotlb_cached(ref, &dma);
	return n;
}

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN	((1ull << 55) - 1)

unsigned int target_physical_runs(const struct target *t)
{
	int fd = target_is_model(t) ? -1 : open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry, last = 0;
	unsigned int runs = 0;

	for (unsigned int i = 0; fd >= 0 && i < t->pages; i++) {
		off_t at = (off_t)(((uintptr_t)t->va / BENCH_PAGE + i) * sizeof(entry));

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry) ||
		    !(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN)) {
			runs = 0;
			break;
		}
		runs += !i || (entry & PAGEMAP_PFN) != last + 1;
		last = entry & PAGEMAP_PFN;
	}
	if (fd >= 0)
		close(fd);
	return runs;
}
