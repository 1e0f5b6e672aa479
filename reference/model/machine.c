// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The machine: its configuration, checked; its creation and its end. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define MAX_PASID_BITS 20u	/* PCIe */
#define DEFAULT_APERTURE_LAST ((1ull << 48) - 1)
#define LEAF_4K 12
#define LEAF_2M 21
#define LEAF_1G 30

void iommu_ref_config_init(struct iommu_ref_config *cfg, enum iommu_ref_vendor vendor)
{
	*cfg = (struct iommu_ref_config){
		.vendor = vendor,
		.profile = IOMMU_REF_V7_REVIEWED,
		.nesting = true,
		.pasid_bits = 20,
		.pasid_capacity = 0x100000,
		.pasid_host_reserve = 0x8000,
		.pasid_quota = 1000,
		.iotlb_entries = 4096,
		.page_requests = 512,
		.locked_limit = UINT64_MAX,
		.dirty_tracking = true,
		.snoop_control = vendor == IOMMU_REF_VTD,
		.largest_leaf = LEAF_1G,
		.aperture_last = DEFAULT_APERTURE_LAST,
		.granule = 4096,
		.oas_bits = 48,
		.nr_devices = 4,
		.devices = {
			{ .rid = 0x0008, .group = 1, .pasid = true, .pri = true, .ats = true },
			{ .rid = 0x0010, .group = 2, .pasid = true, .pri = true, .ats = true },
			{ .rid = 0x0018, .group = 3, .pasid = true, .pri = true, .ats = true },
			{ .rid = 0x0019, .group = 3, .pasid = true, .pri = true, .ats = true },
		},
	};
	if (vendor == IOMMU_REF_VTD) {
		cfg->msi_first = 0xfee00000;
		cfg->msi_last = 0xfeefffff;
	} else {
		cfg->msi_first = 0x08000000;
		cfg->msi_last = 0x080fffff;
	}
}

void iommu_ref_unit_init(const struct iommu_ref_config *cfg, struct iommu_ref_unit_config *unit)
{
	*unit = (struct iommu_ref_unit_config){
		.nesting = cfg->nesting,
		.five_level = cfg->five_level,
		.dirty_tracking = cfg->dirty_tracking,
		.snoop_control = cfg->snoop_control,
		.largest_leaf = cfg->largest_leaf,
		.pasid_bits = cfg->pasid_bits,
		.iotlb_entries = cfg->iotlb_entries,
		.aperture_last = cfg->aperture_last,
		.oas_bits = cfg->oas_bits,
	};
}

static bool page_range(uint64_t first, uint64_t last)
{
	return first <= last && !(first % PAGE_SIZE) && last % PAGE_SIZE == PAGE_SIZE - 1;
}

/* A page of an x86 kernel is 4K; of an Arm kernel, and its SMMU, it is any granule of VMSAv8-64. */
static bool granule_valid(const struct iommu_ref_config *cfg)
{
	return cfg->granule == 4096 || (cfg->vendor == IOMMU_REF_SMMUV3 &&
					(cfg->granule == 16384 || cfg->granule == 65536));
}

/* The output sizes of the model's SMMU are 48 and 52 bits. */
static bool oas_valid(const struct iommu_ref_config *cfg, const struct iommu_ref_unit_config *u)
{
	return u->oas_bits == 48 || (cfg->vendor == IOMMU_REF_SMMUV3 && u->oas_bits == 52);
}

static bool aperture_valid(const struct iommu_ref_config *cfg,
			   const struct iommu_ref_unit_config *u)
{
	/* The widest that a kernel-managed table can be: format.c */
	unsigned int bits = u->five_level ? 57 : cfg->granule == 65536 ? u->oas_bits : 48;

	return page_range(0, u->aperture_last) && !(u->aperture_last >> bits) &&
	       !((u->aperture_last + 1) & (cfg->granule - 1));
}

static bool devices_valid(const struct iommu_ref_config *cfg)
{
	unsigned int i, j;

	if (cfg->nr_devices > IOMMU_REF_MAX_DEVICES)
		return false;
	for (i = 0; i < cfg->nr_devices; i++) {
		if (cfg->devices[i].pasid_policy > IOMMU_REF_PASID_MDEV_ENQCMD ||
		    (cfg->devices[i].pasid_policy && !cfg->devices[i].pasid))
			return false;
		for (j = 0; j < i; j++)
			if (cfg->devices[i].rid == cfg->devices[j].rid)
				return false;
	}
	return true;
}

/* Devices of a group cannot be told apart, so they are behind one unit. */
static bool device_units_valid(const struct iommu_ref_config *cfg)
{
	unsigned int i, j;

	for (i = 0; i < cfg->nr_devices; i++) {
		if (cfg->devices[i].unit >= cfg->nr_units)
			return false;
		for (j = 0; j < i; j++)
			if (cfg->devices[i].group == cfg->devices[j].group &&
			    cfg->devices[i].unit != cfg->devices[j].unit)
				return false;
	}
	return true;
}

static bool unit_valid(const struct iommu_ref_config *cfg, const struct iommu_ref_unit_config *u)
{
	if ((u->five_level || u->snoop_control) && cfg->vendor != IOMMU_REF_VTD)
		return false;
	if (u->largest_leaf != LEAF_1G && u->largest_leaf != LEAF_2M && u->largest_leaf != LEAF_4K)
		return false;
	if (u->pasid_bits > MAX_PASID_BITS)
		return false;
	if (u->iotlb_entries < 64 || u->iotlb_entries > 65536 ||
	    u->iotlb_entries & (u->iotlb_entries - 1))
		return false;
	return oas_valid(cfg, u) && aperture_valid(cfg, u);
}

/* Every machine has at least one unit in the table then. */
static void units_normalize(struct iommu_ref_config *cfg)
{
	if (cfg->nr_units)
		return;
	iommu_ref_unit_init(cfg, &cfg->units[0]);
	cfg->nr_units = 1;
}

static bool config_valid(const struct iommu_ref_config *cfg)
{
	if (cfg->vendor != IOMMU_REF_VTD && cfg->vendor != IOMMU_REF_SMMUV3)
		return false;
	if (cfg->profile != IOMMU_REF_V7_REVIEWED && cfg->profile != IOMMU_REF_V7_POSTED)
		return false;
	if (cfg->pasid_capacity > 1u << MAX_PASID_BITS ||
	    cfg->pasid_host_reserve > cfg->pasid_capacity)
		return false;
	if (!granule_valid(cfg))
		return false;
	if (!cfg->page_requests || cfg->page_requests > 65536)
		return false;
	/* 0, 0: no reserved window */
	if ((cfg->msi_first || cfg->msi_last) && !page_range(cfg->msi_first, cfg->msi_last))
		return false;
	if (cfg->nr_units > IOMMU_REF_MAX_UNITS)
		return false;
	for (unsigned int i = 0; i < cfg->nr_units; i++)
		if (!unit_valid(cfg, &cfg->units[i]))
			return false;
	return devices_valid(cfg) && device_units_valid(cfg);
}

/* Seccomp can forbid process_vm_readv(2): then no memory can be reached, better said at once. */
static int memory_reachable(void)
{
	uint64_t probe = 0x5aa5, seen = 0;

	return !copy_from_user(&seen, &probe, sizeof(seen)) && seen == probe ? 0 : -EPERM;
}

static int machine_fill(struct iommu_ref *ref)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < ref->cfg.nr_units; i++) {
		ref->units[i].cfg = &ref->cfg.units[i];
		rc = iotlb_create(ref, &ref->units[i]);
	}
	if (!rc)
		rc = fault_ring_create(ref);
	if (!rc)
		rc = pasid_space_create(ref);
	for (i = 0; !rc && i < ref->cfg.nr_devices; i++) {
		ref->devices[i] = device_create(ref, i);
		if (!ref->devices[i])
			rc = -ENOMEM;
	}
	return rc;
}

void ref_lock(struct iommu_ref *ref)
{
	unsigned int i;

	pthread_mutex_lock(&ref->control);
	for (i = 0; !REF_SHARED && i < ref->cfg.nr_devices; i++)
		gate_lock(&ref->devices[i]->gate);
	ref->exclusive = true;
}

void ref_unlock(struct iommu_ref *ref)
{
	unsigned int i;

	ref->exclusive = false;
	for (i = 0; !REF_SHARED && i < ref->cfg.nr_devices; i++)
		gate_unlock(&ref->devices[i]->gate);
	pthread_mutex_unlock(&ref->control);
}

int iommu_ref_create(const struct iommu_ref_config *cfg, struct iommu_ref **out)
{
	enum ref_defect defect = DEFECT_NONE;
	struct iommu_ref_config own = *cfg;
	struct iommu_ref *ref;
	int rc;

	units_normalize(&own);
	if (!config_valid(&own) || (cfg->defect && defect_find(cfg->defect, &defect)))
		return -EINVAL;
	rc = memory_reachable();
	if (rc)
		return rc;
	ref = calloc(1, sizeof(*ref));
	if (!ref)
		return -ENOMEM;
	pthread_mutex_init(&ref->control, NULL);
	ref->cfg = own;
	ref->cfg.defect = NULL;		/* the caller's string may go */
	ref->defect = defect;
	for (unsigned int i = 0; i < cfg->nr_devices; i++)	/* PCIe: PRI stands on ATS */
		ref->cfg.devices[i].ats |= cfg->devices[i].pri;
	rc = defect_init(ref);
	if (!rc)
		rc = machine_fill(ref);
	if (rc) {
		iommu_ref_destroy(ref);
		return rc;
	}
	*out = ref;
	return 0;
}

void iommu_ref_destroy(struct iommu_ref *ref)
{
	unsigned int i;

	if (!ref)
		return;
	while (ref->procs)
		iommu_ref_proc_exit(ref->procs);
	for (i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		device_destroy(ref->devices[i]);
	for (i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		free(ref->vfio_pci[i]);
	if (ref->pasids)
		pasid_space_destroy(ref);
	fault_ring_destroy(ref);
	for (i = 0; i < IOMMU_REF_MAX_UNITS; i++)
		iotlb_destroy(&ref->units[i]);
	free(ref->driver_data);
	free(ref->reached);
	pthread_mutex_destroy(&ref->control);
	free(ref);
}
