// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Domains: one page table each, kernel-managed, or user-managed on a kernel-managed stage 2. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static bool vendor_has(enum iommu_ref_vendor vendor, enum fmt fmt)
{
	bool arm = fmt == FMT_ARM_S1 || fmt == FMT_ARM_S2;

	return arm == (vendor == IOMMU_REF_SMMUV3);
}

static uint64_t table_last(const struct unit *unit, const struct pt_format *f)
{
	/* Of canonical addresses the model maps the lower half. */
	uint64_t last = (1ull << (f->input_bits - f->canonical)) - 1;

	return unit->cfg->aperture_last < last ? unit->cfg->aperture_last : last;
}

static struct domain *domain_new(struct iommu_ref *ref, const struct unit *unit,
				 enum domain_kind kind, enum fmt fmt)
{
	struct domain *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->unit = unit;
	d->kind = kind;
	d->fmt = fmt;
	d->refs = 1;
	ref->stats.domains++;
	return d;
}

static void domain_free(struct iommu_ref *ref, struct domain *d)
{
	ref->stats.domains--;
	free(d);
}

/* Of VT-d: every unit has pages of 2M in the first level. */
static unsigned int largest_leaf(const struct iommu_ref *ref, const struct unit *unit, enum fmt fmt)
{
	if (ref->cfg.vendor != IOMMU_REF_VTD)
		return 64;
	return fmt == FMT_X86_FL && unit->cfg->largest_leaf < 21 ? 21 : unit->cfg->largest_leaf;
}

static int create_paging(struct iommu_ref *ref, const struct unit *unit, enum fmt fmt,
			 struct domain **out)
{
	const struct pt_format *f = pt_format(unit->cfg, ref->cfg.granule, fmt);
	struct domain *d;

	if (!f || !vendor_has(ref->cfg.vendor, fmt))
		return -EOPNOTSUPP;
	d = domain_new(ref, unit, DOMAIN_PAGING, fmt);
	if (!d)
		return -ENOMEM;
	if (pgtable_init(&d->table, f, table_last(unit, f)))
		goto no_memory;
	d->table.largest_leaf = largest_leaf(ref, unit, fmt);
	d->coherent = unit->cfg->snoop_control;
	d->dtag = iotlb_dtag_alloc(ref);
	if (!d->dtag)
		goto no_memory;
	*out = d;
	return 0;

no_memory:
	pgtable_destroy(&d->table);
	domain_free(ref, d);
	return -ENOMEM;
}

int domain_create_paging(struct iommu_ref *ref, enum fmt fmt, struct domain **out)
{
	return create_paging(ref, &ref->units[0], fmt, out);
}

int domain_create_for(struct device *dev, enum fmt fmt, struct domain **out)
{
	return create_paging(dev->ref, dev->unit, fmt, out);
}

static bool can_nest(const struct domain *parent, const struct stage1 *s1)
{
	if (parent->kind != DOMAIN_PAGING)
		return false;
	return s1->fmt == FMT_X86_FL ? parent->fmt == FMT_VTD_SS :
	       s1->fmt == FMT_ARM_S1 && parent->fmt == FMT_ARM_S2;
}

static void child_link(struct domain *parent, struct domain *d)
{
	d->parent = parent;
	d->next = parent->children;
	if (d->next)
		d->next->prev = d;
	parent->children = d;
	domain_get(parent);
}

static void child_unlink(struct domain *d)
{
	if (d->prev)
		d->prev->next = d->next;
	else
		d->parent->children = d->next;
	if (d->next)
		d->next->prev = d->prev;
}

int domain_create_driver(struct iommu_ref *ref, const struct driver_domain *drv,
			 struct domain *parent, struct domain **out)
{
	struct domain *d = domain_new(ref, &ref->units[0], parent ? DOMAIN_NESTED : DOMAIN_PAGING,
				      FMT_DRIVER);

	if (!d)
		return -ENOMEM;
	d->dtag = iotlb_dtag_alloc(ref);
	if (!d->dtag) {
		domain_free(ref, d);
		return -ENOMEM;
	}
	d->drv = *drv;
	if (parent)
		child_link(parent, d);
	*out = d;
	return 0;
}

int domain_create_nested(struct iommu_ref *ref, struct domain *parent, const struct stage1 *s1,
			 struct domain **out)
{
	struct domain *d;

	if (!can_nest(parent, s1) && !ref_defect(ref, ANY_NEST_PARENT))
		return -EINVAL;
	d = domain_new(ref, parent->unit, DOMAIN_NESTED, s1->fmt);
	if (!d)
		return -ENOMEM;
	d->s1 = *s1;
	if (s1->fmt == FMT_ARM_S1) {
		smmu_decode_ste(&d->s1);
		d->dtag = parent->dtag;
	} else if (ref_defect(ref, IOTLB_IGNORES_PASID)) {
		d->dtag = parent->dtag;
	} else {
		d->dtag = iotlb_dtag_alloc(ref);
		if (!d->dtag) {
			domain_free(ref, d);
			return -ENOMEM;
		}
	}
	child_link(parent, d);
	*out = d;
	return 0;
}

void domain_get(struct domain *d)
{
	d->refs++;
}

void domain_put(struct iommu_ref *ref, struct domain *d)
{
	struct domain *parent;

	if (!d || --d->refs)
		return;
	parent = d->parent;
	if (parent)
		child_unlink(d);
	/* A child that shares its parent's tag left nothing behind when it was detached. */
	if (!parent || d->dtag != parent->dtag)
		iotlb_dtag_free(ref, d->dtag);
	pgtable_destroy(&d->table);
	if (d->drv.ops)
		d->drv.ops->destroy(d->drv.priv);
	domain_free(ref, d);
	domain_put(ref, parent);
}

/* ---- which units it can serve */

void domain_set_nest_parent(struct domain *d)
{
	d->nest_parent = true;
}

bool domain_coherent(const struct domain *d)
{
	return d->coherent;
}

/* What Linux 7.2's VT-d driver asks of a unit that shall walk @d (paging_domain_compatible()). */
static bool vtd_fits(const struct iommu_ref *ref, const struct domain *d, const struct unit *unit)
{
	const struct iommu_ref_unit_config *u = unit->cfg;

	if (d->fmt == FMT_VTD_SS &&
	    ((d->trackable && !u->dirty_tracking) || (d->nest_parent && !u->nesting)))
		return false;
	/*
	 * "a HWPT (CC) created for a device (CC) cannot be reused by another device (non-CC)"; and
	 * an address width above the unit's is none that it can translate. Linux 7.2 looks at
	 * neither for a first level.
	 */
	if ((d->coherent && !u->snoop_control) || d->table.last > u->aperture_last)
		return false;
	return d->table.largest_leaf <= largest_leaf(ref, unit, d->fmt);
}

bool domain_fits(const struct domain *d, const struct device *dev)
{
	if (d->drv.ops || ref_defect(dev->ref, UNIT_IGNORED))
		return true;
	if (dev->ref->cfg.vendor == IOMMU_REF_SMMUV3)
		return d->unit == dev->unit;
	if (d->kind == DOMAIN_PAGING)
		return vtd_fits(dev->ref, d, dev->unit);
	/* The page-table pointer's format must be one that the hardware walks. */
	if (d->s1.addr_width != 48 && (d->s1.addr_width != 57 || !dev->unit->cfg->five_level))
		return false;
	return dev->unit->cfg->nesting && vtd_fits(dev->ref, d->parent, dev->unit);
}

enum domain_kind domain_kind(const struct domain *d)
{
	return d->kind;
}

enum fmt domain_fmt(const struct domain *d)
{
	return d->fmt;
}

uint32_t domain_dtag(const struct domain *d)
{
	return d->dtag;
}

const struct driver_domain *domain_driver(const struct domain *d)
{
	return &d->drv;
}

uint64_t domain_first(const struct domain *d)
{
	return d->drv.first;
}

uint64_t domain_page_size(const struct domain *d)
{
	return d->drv.ops ? d->drv.page_size : pt_size(d->table.format, 0);
}

uint64_t domain_page_sizes(const struct domain *d)
{
	const struct pt_format *f = d->drv.ops ? &pt_vtd_ss4 : d->table.format;
	uint64_t sizes = pt_size(f, 0);

	for (unsigned int level = 1; level <= f->max_block_level; level++)
		if (d->drv.ops || pt_shift(f, level) <= d->table.largest_leaf)
			sizes |= pt_size(f, level);
	return sizes;
}

uint64_t domain_last(const struct domain *d)
{
	if (d->drv.ops)
		return d->drv.last;
	if (d->kind == DOMAIN_PAGING)
		return d->table.last;
	return (1ull << 48) - 1;
}

int domain_map(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last, uint64_t pa,
	       unsigned int prot)
{
	(void)ref;
	if (d->drv.ops)
		return d->drv.ops->map(d->drv.priv, first, last, pa, prot);
	if (d->kind != DOMAIN_PAGING || first > last ||
	    (first | (last + 1) | pa) & (domain_page_size(d) - 1) ||
	    !prot || prot & ~(PROT_R | PROT_W))
		return -EINVAL;
	if (last > d->table.last)
		return -ERANGE;
	if ((pa + (last - first)) >> d->table.format->output_bits || pa + (last - first) < pa)
		return -ERANGE;
	if (last - first >= 2 * domain_page_size(d) && ref_defect(ref, MAP_TAIL_MISSING))
		last -= domain_page_size(d);
	return pgtable_map(&d->table, first, last, pa, prot);
}

/* What is cached for @d in the range, and all that came through it as stage 2. */
void domain_flush(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last)
{
	struct domain *child;
	bool shared = d->children && d->children->dtag == d->dtag;

	if (shared || (!first && last == d->table.last))
		iotlb_flush_domain(ref, d->dtag);
	else
		iotlb_flush_range(ref, d->dtag, ATAG_ANY, first, last);
	for (child = shared ? NULL : d->children; child; child = child->next)
		iotlb_flush_domain(ref, child->dtag);
	/* Last: a device that asked again meanwhile would be told what the IOTLB still has. */
	domain_flush_atc(ref, d, first, last);
}

uint64_t domain_unmap(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last)
{
	uint64_t pages, in_page;

	if (d->drv.ops)
		return d->drv.ops->unmap(d->drv.priv, first, last);
	if (d->kind != DOMAIN_PAGING || first > last || first > d->table.last)
		return 0;
	in_page = domain_page_size(d) - 1;
	first &= ~in_page;
	last = last > d->table.last ? d->table.last : last | in_page;
	if (d->children && ref_defect(ref, PARENT_UNMAP_IGNORED))
		return ((last - first) >> PAGE_SHIFT) + 1;
	pages = pgtable_unmap(&d->table, first, last);
	if (ref_defect(ref, UNMAP_KEEPS_IOTLB))
		return pages;
	if (pages)
		domain_flush(ref, d, first, last);
	return pages;
}
