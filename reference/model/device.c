// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Devices and their attachments: a page table for the RID and one for each PASID. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PASID_LEAF 1024u

struct device *device_create(struct iommu_ref *ref, unsigned int index)
{
	/* On cache lines of its own: devices are used by different threads. */
	struct device *dev = aligned_alloc(64, (sizeof(*dev) + 63) & ~(size_t)63);

	if (!dev)
		return NULL;
	memset(dev, 0, sizeof(*dev));
	dev->ref = ref;
	dev->index = index;
	dev->cfg = &ref->cfg.devices[index];
	dev->unit = &ref->units[dev->cfg->unit];
	dev->tlb = dev->unit->tlb;
	return dev;
}

struct device *device_by_index(struct iommu_ref *ref, unsigned int index)
{
	return index < ref->cfg.nr_devices ? ref->devices[index] : NULL;
}

unsigned int device_index(const struct device *dev)
{
	return dev->index;
}

const struct iommu_ref_device_config *device_config(const struct device *dev)
{
	return dev->cfg;
}

const struct iommu_ref_unit_config *device_unit(const struct device *dev)
{
	return dev->unit->cfg;
}

uint32_t device_pasid_bits(const struct device *dev)
{
	return dev->cfg->pasid ? dev->unit->cfg->pasid_bits : 0;
}

uint32_t machine_pasid_bits(const struct iommu_ref *ref)
{
	uint32_t bits = ref->cfg.units[0].pasid_bits;

	for (unsigned int i = 1; i < ref->cfg.nr_units; i++)
		if (ref->cfg.units[i].pasid_bits < bits)
			bits = ref->cfg.units[i].pasid_bits;
	return bits;
}

/* ---- the PASID table */

static struct attach *slot_find(struct device *dev, uint32_t pasid)
{
	struct attach **leaf = dev->pasids[pasid / PASID_LEAF];

	return leaf ? leaf[pasid % PASID_LEAF] : NULL;
}

static struct attach *slot_make(struct device *dev, uint32_t pasid)
{
	struct attach ***leaf = &dev->pasids[pasid / PASID_LEAF], **slot;

	if (!*leaf)
		*leaf = calloc(PASID_LEAF, sizeof(**leaf));
	if (!*leaf)
		return NULL;
	slot = &(*leaf)[pasid % PASID_LEAF];
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	return *slot;
}

static void slot_remove(struct device *dev, uint32_t pasid)
{
	struct attach **slot = &dev->pasids[pasid / PASID_LEAF][pasid % PASID_LEAF];

	dev->hot = NULL;
	free(*slot);
	*slot = NULL;
}

/* VT-d: requests without a PASID use PASID table entry 0 (RID_PASID), so PASID 0 is the RID's. */
static uint32_t pasid_of_rid(const struct device *dev, uint32_t pasid)
{
	return !pasid && dev->ref->cfg.vendor == IOMMU_REF_VTD ? NO_PASID : pasid;
}

static bool pasid_valid(const struct device *dev, uint32_t pasid)
{
	return dev->cfg->pasid && !(pasid >> dev->unit->cfg->pasid_bits);
}

/* ---- substreams: context descriptors that came with a nested domain of the RID */

static void substream_end(struct device *dev, struct attach *att)
{
	iotlb_tag_put(dev->tlb, att->tag);
	*att = (struct attach){ 0 };
	dev->nr_substreams--;
}

static void substream_drop(struct device *dev, uint32_t pasid)
{
	substream_end(dev, slot_find(dev, pasid));
	slot_remove(dev, pasid);
}

static void substreams_drop_all(struct device *dev)
{
	uint32_t pasid;
	struct attach *att;

	for (pasid = 0; dev->nr_substreams; pasid++) {
		att = slot_find(dev, pasid);
		if (att && att->substream)
			substream_drop(dev, pasid);
	}
}

static struct attach *substream_get(struct device *dev, uint32_t ssid)
{
	struct attach *att = dev->ref->exclusive ? slot_make(dev, ssid) : slot_find(dev, ssid);

	if (att && !att->domain) {
		att->domain = dev->rid.domain;
		att->substream = true;
		dev->nr_substreams++;
	}
	return att;
}

static void stream_forget_cd(struct device *dev)
{
	struct attach *rid = &dev->rid;

	if (rid->domain && rid->domain->kind == DOMAIN_NESTED && !rid->bypass_s1) {
		iotlb_tag_put(dev->tlb, rid->tag);
		rid->tag = 0;
	}
}

void device_cfgi(struct device *dev)
{
	if (dev->ref->cfg.vendor != IOMMU_REF_SMMUV3)
		return;
	stream_forget_cd(dev);
	substreams_drop_all(dev);
}

void device_cfgi_cd(struct device *dev, uint32_t ssid)
{
	struct attach *att;

	if (dev->ref->cfg.vendor != IOMMU_REF_SMMUV3 || ssid / PASID_LEAF >= 1024)
		return;
	if (!ssid)
		stream_forget_cd(dev);
	att = slot_find(dev, ssid);
	if (att && att->substream)
		substream_drop(dev, ssid);
}

/* ---- attaching */

static void user_link(struct device *dev, uint32_t pasid, struct attach *att)
{
	struct domain *d = att->domain;

	att->dev = dev;
	att->pasid = pasid;
	att->next_user = d->users;
	att->prev_user = &d->users;
	if (d->users)
		d->users->prev_user = &att->next_user;
	d->users = att;
	dev->nr_pasids += pasid != NO_PASID;
}

/* No harm in one that has no domain. */
static void user_unlink(struct attach *att)
{
	if (!att->prev_user)
		return;
	*att->prev_user = att->next_user;
	if (att->next_user)
		att->next_user->prev_user = att->prev_user;
	att->dev->nr_pasids -= att->pasid != NO_PASID;
	att->prev_user = NULL;
}

/* The IOTLB tag of DMA through @d, as far as it is known before the first request. */
static int attach_init(struct device *dev, uint32_t pasid, struct domain *d, struct attach *att)
{
	uint32_t atag = pasid == NO_PASID || ref_defect(dev->ref, IOTLB_IGNORES_PASID) ? 0 : pasid;

	*att = (struct attach){ .domain = d };
	if (dev->ref->cfg.vendor == IOMMU_REF_SMMUV3) {
		if (d->kind == DOMAIN_NESTED) {
			att->bypass_s1 = smmu_bypasses_stage1(&d->s1);
			if (!att->bypass_s1 || d->s1.abort)
				return 0;
		}
		atag = d->fmt == FMT_ARM_S2 || att->bypass_s1 ? ATAG_NO_ASID : 0;
	}
	att->dtag = d->dtag;
	att->tag = iotlb_tag_get(dev->tlb, d->dtag, atag);
	return att->tag ? 0 : -ENOMEM;
}

/* Takes @old out of use: no translation of it for this device and PASID is left. */
static void attach_end(struct device *dev, uint32_t pasid, const struct attach *old)
{
	struct iommu_ref *ref = dev->ref;
	struct domain *d = old->domain;

	if (!d)
		return;
	iotlb_tag_put(dev->tlb, old->tag);
	if (ref->cfg.vendor == IOMMU_REF_VTD)
		tlb_flush_pasid(dev->tlb, d->dtag, pasid == NO_PASID ? 0 : pasid);
	else if (d->kind == DOMAIN_NESTED)
		tlb_flush_domain(dev->tlb, d->dtag);
	else
		tlb_flush_pasid(dev->tlb, d->dtag, d->fmt == FMT_ARM_S2 ? ATAG_NO_ASID : 0);
	iotlb_dtag_unuse(dev->tlb, d->dtag);
	domain_put(ref, d);
}

/* What a driver has to say to its domain's coming or going. */
static int driver_attach(struct device *dev, uint32_t pasid, struct domain *d)
{
	struct domain *old = device_domain(dev, pasid);

	if (d && d->drv.ops)
		return d->drv.ops->attach(d->drv.priv, dev, pasid, old);
	if (!d && old && old->drv.ops)
		old->drv.ops->detach(old->drv.priv, dev, pasid);
	return 0;
}

int device_set_domain(struct iommu_ref *ref, struct device *dev, uint32_t pasid, struct domain *d)
{
	struct attach old, new = { 0 }, *att = &dev->rid;
	int rc;

	pasid = pasid_of_rid(dev, pasid);
	if ((pasid != NO_PASID && !pasid_valid(dev, pasid)) || (d && !domain_fits(d, dev)))
		return -EINVAL;
	rc = driver_attach(dev, pasid, d);
	if (rc)
		return rc;
	if (!d && ref_defect(ref, DETACH_KEEPS_TABLE))
		return 0;
	dev->hot = NULL;
	if (pasid != NO_PASID)
		att = d ? slot_make(dev, pasid) : slot_find(dev, pasid);
	if (!att || (!d && att->substream))
		return d ? -ENOMEM : 0;
	if (d && attach_init(dev, pasid, d, &new)) {
		if (pasid != NO_PASID && !att->domain)
			slot_remove(dev, pasid);
		return -ENOMEM;
	}
	if (pasid == NO_PASID)
		substreams_drop_all(dev);
	else if (att->substream)
		substream_end(dev, att);
	if (d) {
		domain_get(d);
		iotlb_dtag_use(dev->tlb, d->dtag, dev->index);
	}
	page_requests_drop(dev, pasid);
	user_unlink(att);
	old = *att;
	*att = new;
	if (d)
		user_link(dev, pasid, att);
	attach_end(dev, pasid, &old);
	if (old.domain)
		device_flush_atc(dev, pasid);
	if (!d && pasid != NO_PASID)
		slot_remove(dev, pasid);
	return 0;
}

struct domain *device_domain(struct device *dev, uint32_t pasid)
{
	const struct attach *att = &dev->rid;

	pasid = pasid_of_rid(dev, pasid);
	if (pasid != NO_PASID)
		att = pasid_valid(dev, pasid) ? slot_find(dev, pasid) : NULL;
	return att && !att->substream ? att->domain : NULL;
}

void device_for_each_pasid(struct device *dev, void (*fn)(void *arg, uint32_t pasid), void *arg)
{
	const struct attach *att;
	unsigned int i, j;

	for (i = 0; i < 1024; i++) {
		for (j = 0; dev->pasids[i] && j < PASID_LEAF; j++) {
			att = dev->pasids[i][j];
			if (att && !att->substream)
				fn(arg, i * PASID_LEAF + j);
		}
	}
}

void device_destroy(struct device *dev)
{
	struct attach *att;
	unsigned int i, j;

	if (!dev)
		return;
	page_requests_free(dev);
	substreams_drop_all(dev);
	for (i = 0; i < 1024; i++) {
		for (j = 0; dev->pasids[i] && j < PASID_LEAF; j++) {
			att = dev->pasids[i][j];
			if (att) {
				user_unlink(att);
				attach_end(dev, i * PASID_LEAF + j, att);
			}
			free(att);
		}
		free(dev->pasids[i]);
	}
	user_unlink(&dev->rid);
	attach_end(dev, NO_PASID, &dev->rid);
	atc_free(dev);
	free(dev);
}

/* ---- requests */

static struct attach *smmu_nested_route(struct device *dev, bool has_ssid, uint32_t ssid,
					enum iommu_ref_fault_reason *reason)
{
	*reason = IOMMU_REF_FAULT_BLOCKED;
	switch (smmu_route(&dev->rid.domain->s1, has_ssid, ssid)) {
	case SMMU_ROUTE_STREAM:
		return &dev->rid;
	case SMMU_ROUTE_SUBSTREAM:
		if (!dev->ref->exclusive)
			*reason = IOMMU_REF_FAULT_NONE;
		return substream_get(dev, ssid);
	case SMMU_ROUTE_BAD_SUBSTREAM:
		*reason = IOMMU_REF_FAULT_BAD_CONFIG;
		break;
	case SMMU_ROUTE_DISABLED:
		break;
	}
	return NULL;
}

/* What PASID_TABLE_SHARED finds: the PASID on whichever device has it. */
static struct attach *slot_anywhere(struct iommu_ref *ref, uint32_t pasid)
{
	struct attach *att = NULL;
	unsigned int i;

	for (i = 0; !att && i < ref->cfg.nr_devices; i++)
		att = slot_find(ref->devices[i], pasid);
	return att;
}

struct attach *device_route(struct device *dev, bool has_pasid, uint32_t pasid,
			    enum iommu_ref_fault_reason *reason)
{
	const struct domain *rid = dev->rid.domain;
	struct attach *att = &dev->rid;

	*reason = IOMMU_REF_FAULT_BLOCKED;
	if (dev->ref->driver || (has_pasid && !pasid_valid(dev, pasid)))
		return NULL;
	if (has_pasid)
		pasid = pasid_of_rid(dev, pasid);
	if (has_pasid && pasid != NO_PASID) {
		att = slot_find(dev, pasid);
		if (!att && ref_defect(dev->ref, PASID_TABLE_SHARED))
			att = slot_anywhere(dev->ref, pasid);
		if (!att && ref_defect(dev->ref, UNBOUND_FALLS_BACK))
			att = &dev->rid;
		if (att && !att->substream)
			return att->domain ? att : NULL;
	}
	if (dev->ref->devices[0]->rid.domain && ref_defect(dev->ref, RID_ALIASED))
		return &dev->ref->devices[0]->rid;
	if (rid && rid->kind == DOMAIN_NESTED && rid->fmt == FMT_ARM_S1)
		return smmu_nested_route(dev, has_pasid, pasid, reason);
	return att && att->domain ? att : NULL;
}
