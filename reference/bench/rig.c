// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The machine of rig.h: its device, its tables of one or two stages. */
#include <errno.h>
#include <sys/mman.h>

#include "rig.h"

/* Addresses that nothing is at: translated, never accessed. Not a multiple of 2M: 4K leaves. */
#define SOMEWHERE 0x700000001000ull

static int machine_open(struct rig *g, unsigned int iotlb_entries, bool trusted)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.iotlb_entries = iotlb_entries;
	cfg.trusted_memory = trusted;
	return iommu_ref_create(&cfg, &g->ref);
}

static int flat_open(struct rig *g)
{
	int rc = domain_create_paging(g->ref, FMT_X86_FL, &g->domain);

	if (rc)
		return rc;
	return domain_map(g->ref, g->domain, RIG_BASE, RIG_BASE + g->pages * PAGE_SIZE - 1,
			  SOMEWHERE, PROT_R | PROT_W);
}

/* One table of each upper level is enough for 1 GiB; then the leaves. Guest addresses from 0. */
static void build_stage1(struct rig *g)
{
	const struct pt_format *f = &pt_x86_fl4;
	unsigned int leaves = (g->pages + 512 - 1) / 512, i, level;
	uint64_t *table = (uint64_t *)g->ram, data = (3 + leaves) * PAGE_SIZE;

	for (level = 3; level > 1; level--, table += 512)
		table[pt_index(f, RIG_BASE, level)] =
			((uintptr_t)(table + 512) - (uintptr_t)g->ram) | f->table_bits;
	for (i = 0; i < leaves; i++)
		table[pt_index(f, RIG_BASE, 1) + i] = (3 + i) * PAGE_SIZE | f->table_bits;
	table += 512;
	for (i = 0; i < g->pages; i++)
		table[i] = pt_make_leaf(f, data + i * PAGE_SIZE, 0, PROT_R | PROT_W);
}

static int nested_open(struct rig *g)
{
	struct stage1 s1 = { .fmt = FMT_X86_FL, .addr_width = 48 };
	uint64_t len = (3 + (g->pages + 512 - 1) / 512 + g->pages) * PAGE_SIZE;
	int rc;

	g->map_len = len + PAGE_SIZE;
	g->map = mmap(NULL, g->map_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (g->map == MAP_FAILED)
		return -ENOMEM;
	/* Not aligned to 2M, so that stage 2 has 4K leaves. */
	g->ram = g->map + ((uintptr_t)g->map % (1ull << 21) ? 0 : PAGE_SIZE);
	build_stage1(g);
	rc = domain_create_paging(g->ref, FMT_VTD_SS, &g->parent);
	if (!rc)
		rc = domain_map(g->ref, g->parent, 0, len - 1, (uintptr_t)g->ram, PROT_R | PROT_W);
	return rc ? rc : domain_create_nested(g->ref, g->parent, &s1, &g->domain);
}

int rig_open(struct rig *g, unsigned int iotlb_entries, unsigned int pages, enum rig_kind kind)
{
	int rc;

	*g = (struct rig){ .pages = pages, .map = MAP_FAILED,
			   .dma = { .device = 0, .has_pasid = true, .pasid = RIG_PASID } };
	rc = machine_open(g, iotlb_entries, kind == RIG_NESTED_TRUSTED);
	if (!rc)
		rc = kind == RIG_ONE_STAGE ? flat_open(g) : nested_open(g);
	if (!rc)
		rc = device_set_domain(g->ref, device_by_index(g->ref, 0), RIG_PASID, g->domain);
	return rc;
}

void rig_close(struct rig *g)
{
	if (!g->ref)
		return;
	domain_put(g->ref, g->domain);
	domain_put(g->ref, g->parent);
	iommu_ref_destroy(g->ref);
	if (g->map != MAP_FAILED)
		munmap(g->map, g->map_len);
}
