// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Areas of an IOAS and the page tables that follow it: an area is mapped in every HWPT of its IOAS
 * or in none; its pages are pinned while there is one.
 */
#include <errno.h>

#include "iommufd_driver.h"

static const struct iova_area *first_area(struct ioas *ioas)
{
	return iova_lookup(ioas->iova, 0);
}

static const struct iova_area *next_area(struct ioas *ioas, const struct iova_area *area)
{
	return area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1);
}

static int fill_hwpt(struct ioas *ioas, struct hwpt *hwpt, const struct iova_area *area)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	unsigned int prot = area->prot & (PROT_R | PROT_W);
	uint64_t at, step = domain_page_size(hwpt->domain);
	int rc;

	/*
	 * "Read-only mapping is disallowed on the domain which serves as the parent in a nested
	 * configuration, due to HW errata" 772415, which every VT-d of Linux 7.2 reports.
	 */
	if (hwpt->nest_parent && ref->cfg.vendor == IOMMU_REF_VTD && !(prot & PROT_W))
		return -EINVAL;
	if (pages_revoked(area->pages))
		return 0;
	if (ref_defect(ref, READONLY_MAPPED_RW))
		prot |= PROT_W;
	if (!ioas->small_pages)
		return domain_map(ref, hwpt->domain, area->first, area->last, area->va, prot);
	if (step < PAGE_SIZE)
		step = PAGE_SIZE;
	for (at = area->first; at - 1 != area->last; at += step) {
		rc = domain_map(ref, hwpt->domain, at, at + step - 1,
				area->va + (at - area->first), prot);
		if (rc) {
			if (at != area->first)
				domain_unmap(ref, hwpt->domain, area->first, at - 1);
			return rc;
		}
	}
	return 0;
}

int ioas_fill_area(struct ioas *ioas, const struct iova_area *area)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	int rc;

	if (!ioas->hwpts)
		return 0;
	rc = pages_pin(area->pages, area->va, area_len(area));
	if (rc)
		return rc;
	for (struct hwpt *h = ioas->hwpts; h; h = h->next) {
		rc = fill_hwpt(ioas, h, area);
		if (!rc)
			continue;
		for (struct hwpt *undo = ioas->hwpts; undo != h; undo = undo->next)
			domain_unmap(ref, undo->domain, area->first, area->last);
		pages_unpin(area->pages, area->va, area_len(area));
		return rc;
	}
	return 0;
}

/* Unmaps @area everywhere. */
static void unfill_area(struct ioas *ioas, const struct iova_area *area)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;

	if (!ioas->hwpts)
		return;
	for (struct hwpt *h = ioas->hwpts; h; h = h->next)
		domain_unmap(ref, h->domain, area->first, area->last);
	pages_unpin(area->pages, area->va, area_len(area));
}

void ioas_drop_area(struct ioas *ioas, const struct iova_area *found, bool filled)
{
	struct iova_area area = *found;

	iova_remove(ioas->iova, area.first);
	if (filled)
		unfill_area(ioas, &area);
	pages_put(area.pages);
}

static void revoke_areas(struct ioas *ioas, const struct ref_file *export)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	const struct iova_area *area;

	for (area = iova_lookup(ioas->iova, 0); area;
	     area = area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1)) {
		if (pages_export(area->pages) != export)
			continue;
		for (struct hwpt *h = ioas->hwpts; h; h = h->next)
			domain_unmap(ref, h->domain, area->first, area->last);
		pages_revoke(area->pages);
	}
}

void ioas_revoke(struct iommufd *ictx, const struct ref_file *export)
{
	for (struct object *obj = ictx->objects; obj; obj = obj->next)
		if (obj->type == OBJECT_IOAS)
			revoke_areas((struct ioas *)obj, export);
}

void ioas_update_alignment(struct ioas *ioas)
{
	const struct iommufd_driver *driver = ioas->obj.ictx->ref->driver;
	uint64_t align = driver ? driver->ioas_alignment(ioas) : 1, page = kernel_page(ioas);

	for (const struct hwpt *h = ioas->hwpts; h; h = h->next)
		if (domain_page_size(h->domain) > align)
			align = domain_page_size(h->domain);
	ioas->alignment = ioas->small_pages && align < page ? page : align;
}

/* Of all areas before @end; NULL: of all. */
static void unpin_areas(struct ioas *ioas, const struct iova_area *end)
{
	const struct iova_area *area;

	for (area = first_area(ioas); area != end; area = next_area(ioas, area))
		pages_unpin(area->pages, area->va, area_len(area));
}

/* Fills a new table with every area; the first table has the pages pinned. */
static int fill_from_areas(struct ioas *ioas, struct hwpt *hwpt)
{
	const struct iova_area *area;
	bool pin = !ioas->hwpts;
	int rc;

	for (area = first_area(ioas); area; area = next_area(ioas, area)) {
		rc = pin ? pages_pin(area->pages, area->va, area_len(area)) : 0;
		if (!rc) {
			rc = fill_hwpt(ioas, hwpt, area);
			if (rc && pin)
				pages_unpin(area->pages, area->va, area_len(area));
		}
		if (rc) {
			/* What was mapped goes with the table itself. */
			if (pin)
				unpin_areas(ioas, area);
			return rc;
		}
	}
	return 0;
}

int ioas_add_hwpt(struct ioas *ioas, struct hwpt *hwpt)
{
	uint64_t limit = domain_last(hwpt->domain), first = domain_first(hwpt->domain);
	uint64_t align = domain_page_size(hwpt->domain);
	const struct iova_area *area;
	struct hwpt **tail;
	int rc;

	/* All existing areas must conform to the larger alignment. */
	for (area = first_area(ioas); area && ioas->alignment < align;
	     area = next_area(ioas, area))
		if ((area->first | (area->last + 1) | area->va) & (align - 1))
			return -EADDRINUSE;
	rc = iova_limit(ioas->iova, limit, hwpt);
	if (!rc && first)
		rc = iova_reserve(ioas->iova, 0, first - 1, hwpt);
	if (!rc && !ref_defect(ioas->obj.ictx->ref, TABLE_STARTS_EMPTY))
		rc = fill_from_areas(ioas, hwpt);
	if (rc) {
		iova_unreserve(ioas->iova, hwpt);
		return rc;
	}
	for (tail = &ioas->hwpts; *tail; tail = &(*tail)->next)
		;
	*tail = hwpt;
	ioas_update_alignment(ioas);
	return 0;
}

void ioas_remove_hwpt(struct ioas *ioas, struct hwpt *hwpt)
{
	struct hwpt **p = &ioas->hwpts;

	while (*p != hwpt)
		p = &(*p)->next;
	*p = hwpt->next;
	iova_unreserve(ioas->iova, hwpt);
	if (!ioas->hwpts)
		unpin_areas(ioas, NULL);
	ioas_update_alignment(ioas);
}
