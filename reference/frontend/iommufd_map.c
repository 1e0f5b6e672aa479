// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is mapped in an IOAS: map, copy and unmap, and the page tables that follow it. An area is
 * mapped in every HWPT of its IOAS or in none; its pages are pinned while there is one.
 */
#include <errno.h>
#include <stdlib.h>

#include "iommufd_objects.h"

#define HUGE_ALIGNMENT 0x200000ull	/* as for transparent huge pages, no further */

/* A run of user memory to be mapped as one area. */
struct piece {
	uint64_t va, len;
	bool writable;
};

static uint64_t area_pages(const struct iova_area *area)
{
	return (area->last - area->first + 1) >> PAGE_SHIFT;
}

static const struct iova_area *first_area(struct ioas *ioas)
{
	return iova_lookup(ioas->iova, 0);
}

static const struct iova_area *next_area(struct ioas *ioas, const struct iova_area *area)
{
	return area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1);
}

/* ---- page tables */

static int fill_hwpt(struct ioas *ioas, struct hwpt *hwpt, const struct iova_area *area)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	unsigned int prot = area->prot & (PROT_R | PROT_W);
	uint64_t at;
	int rc;

	/*
	 * "Read-only mapping is disallowed on the domain which serves as the parent in a nested
	 * configuration, due to HW errata" 772415, which every VT-d of Linux 7.2 reports.
	 */
	if (hwpt->nest_parent && ref->cfg.vendor == IOMMU_REF_VTD && !(prot & PROT_W))
		return -EINVAL;
	if (ref_defect(ref, READONLY_MAPPED_RW))
		prot |= PROT_W;
	if (!ioas->small_pages)
		return domain_map(ref, hwpt->domain, area->first, area->last, area->va, prot);
	for (at = area->first; at - 1 != area->last; at += PAGE_SIZE) {
		rc = domain_map(ref, hwpt->domain, at, at + PAGE_SIZE - 1,
				area->va + (at - area->first), prot);
		if (rc) {
			if (at != area->first)
				domain_unmap(ref, hwpt->domain, area->first, at - 1);
			return rc;
		}
	}
	return 0;
}

/* Pins and maps one area everywhere. On failure nothing is mapped. */
static int fill_area(struct ioas *ioas, const struct iova_area *area)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	uint64_t len = area->last - area->first + 1;
	int rc;

	if (!ioas->hwpts)
		return 0;
	rc = user_pages_present(area->va, len, area->prot & PROT_PAGES_W);
	if (rc)
		return rc;
	for (struct hwpt *h = ioas->hwpts; h; h = h->next) {
		rc = fill_hwpt(ioas, h, area);
		if (!rc)
			continue;
		for (struct hwpt *undo = ioas->hwpts; undo != h; undo = undo->next)
			domain_unmap(ref, undo->domain, area->first, area->last);
		return rc;
	}
	ref->stats.pinned_pages += area_pages(area);
	return 0;
}

/* Unmaps [@first, @last], a part of one area, everywhere. */
static void unfill(struct ioas *ioas, uint64_t first, uint64_t last)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;

	if (!ioas->hwpts)
		return;
	for (struct hwpt *h = ioas->hwpts; h; h = h->next)
		domain_unmap(ref, h->domain, first, last);
	ref->stats.pinned_pages -= (last - first + 1) >> PAGE_SHIFT;
}

void ioas_update_alignment(struct ioas *ioas)
{
	ioas->alignment = ioas->hwpts || ioas->small_pages ? PAGE_SIZE : 1;
}

int ioas_add_hwpt(struct ioas *ioas, struct hwpt *hwpt)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	uint64_t limit = domain_last(hwpt->domain), pages = 0;
	const struct iova_area *area;
	struct hwpt **tail;
	int rc;

	/* All existing areas must conform to the larger alignment. */
	for (area = first_area(ioas); area && ioas->alignment != PAGE_SIZE;
	     area = next_area(ioas, area))
		if ((area->first | (area->last + 1) | area->va) & (PAGE_SIZE - 1))
			return -EADDRINUSE;
	if (ref->cfg.aperture_last < limit)
		limit = ref->cfg.aperture_last;
	rc = iova_limit(ioas->iova, limit, hwpt);
	if (rc)
		return rc;
	for (area = first_area(ioas); area; area = next_area(ioas, area)) {
		/* Pinned already, if another HWPT is there. */
		if (!ioas->hwpts)
			rc = user_pages_present(area->va, area->last - area->first + 1,
						area->prot & PROT_PAGES_W);
		if (!rc)
			rc = fill_hwpt(ioas, hwpt, area);
		if (rc) {
			/* What was mapped goes with the table itself. */
			iova_unreserve(ioas->iova, hwpt);
			return rc;
		}
		pages += area_pages(area);
	}
	if (!ioas->hwpts)
		ref->stats.pinned_pages += pages;
	for (tail = &ioas->hwpts; *tail; tail = &(*tail)->next)
		;
	*tail = hwpt;
	ioas_update_alignment(ioas);
	return 0;
}

void ioas_remove_hwpt(struct ioas *ioas, struct hwpt *hwpt)
{
	const struct iova_area *area;
	struct hwpt **p = &ioas->hwpts;

	while (*p != hwpt)
		p = &(*p)->next;
	*p = hwpt->next;
	iova_unreserve(ioas->iova, hwpt);
	if (!ioas->hwpts)
		for (area = first_area(ioas); area; area = next_area(ioas, area))
			ioas->obj.ictx->ref->stats.pinned_pages -= area_pages(area);
	ioas_update_alignment(ioas);
}

/* ---- unmap */

/* What UNMAP_SPLITS does with an area that reaches over an end of [@first, @last]. */
static int cut_area(struct ioas *ioas, struct iova_area area, uint64_t first, uint64_t last)
{
	struct iova_area left = area, right = area;

	left.last = first - 1;
	right.first = last + 1;
	right.va += right.first - area.first;
	iova_remove(ioas->iova, area.first);
	unfill(ioas, area.first > first ? area.first : first, area.last < last ? area.last : last);
	if (area.first < first && iova_insert(ioas->iova, &left))
		return -ENOMEM;
	if (area.last > last && iova_insert(ioas->iova, &right))
		return -ENOMEM;
	return 0;
}

/*
 * Areas in [@first, @last], lowest first. -ENOENT: an area reaches beyond; those before it are
 * gone. "The requested range must be a superset of existing ranges. Splitting/truncating IOVA
 * mappings is not allowed."
 */
static int unmap_range(struct ioas *ioas, uint64_t first, uint64_t last, uint64_t *bytes)
{
	const struct iova_area *found;
	uint64_t start = first;

	*bytes = 0;
	while ((found = iova_lookup(ioas->iova, start)) && found->first <= last) {
		struct iova_area area = *found;

		if (area.first < start || area.last > last) {
			if (!ref_defect(ioas->obj.ictx->ref, UNMAP_SPLITS))
				return -ENOENT;
			if (cut_area(ioas, area, start, last))
				return -ENOMEM;
		} else {
			iova_remove(ioas->iova, area.first);
			unfill(ioas, area.first, area.last);
		}
		*bytes += area.last - area.first + 1;
		if (area.last >= last)
			break;
		start = area.last + 1;
	}
	return 0;
}

int ioas_unmap_all(struct ioas *ioas, uint64_t *bytes)
{
	uint64_t none;

	return unmap_range(ioas, 0, UINT64_MAX, bytes ? bytes : &none);
}

/* IOMMU_IOAS_UNMAP: -ENOENT, -EINVAL (length 0), -EOVERFLOW. */
int ioas_unmap(struct ucmd *u)
{
	struct iommu_ioas_unmap *cmd = u->cmd;
	struct ioas *ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	uint64_t bytes;
	int rc;

	if (!ioas)
		return -ENOENT;
	if (cmd->iova == 0 && cmd->length == UINT64_MAX) {
		/* "If the IOVAs are empty then unmap all succeeds" */
		rc = ioas_unmap_all(ioas, &bytes);
	} else {
		if (cmd->iova == UINT64_MAX || cmd->length == UINT64_MAX)
			return -EOVERFLOW;
		if (!cmd->length)
			return -EINVAL;
		if (sum_overflows(cmd->iova, cmd->length - 1))
			return -EOVERFLOW;
		rc = unmap_range(ioas, cmd->iova, cmd->iova + cmd->length - 1, &bytes);
		if (!rc && !bytes)
			rc = -ENOENT;
	}
	if (rc)
		return rc;
	cmd->length = bytes;
	return ucmd_respond(u, sizeof(*cmd));
}

/* ---- map */

static uint64_t power_of_two_from(uint64_t n)
{
	uint64_t p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

/* The lowest place for @len bytes that keeps the alignment @va has, "to map a THP". */
static int choose_iova(struct ioas *ioas, uint64_t va, uint64_t len, uint64_t *iova)
{
	uint64_t offset = va & (PAGE_SIZE - 1), align;
	int rc;

	if (len >= UINT64_MAX / 2)
		return -EOVERFLOW;
	align = power_of_two_from(len);
	if (va && (va & -va) < align)
		align = va & -va;
	if (align > HUGE_ALIGNMENT)
		align = HUGE_ALIGNMENT;
	if (align < ioas->alignment)
		return -EINVAL;
	/* The offset in the page is kept too. */
	rc = iova_find_free(ioas->iova, len + offset, offset ? PAGE_SIZE : align, iova);
	*iova += offset;
	return rc;
}

/* Can [@iova, @iova + @len) be mapped? The order of errors is iopt_check_iova()'s. */
static int check_iova(struct ioas *ioas, uint64_t iova, uint64_t len)
{
	struct iova_area whole = { .first = iova, .last = iova + len - 1 };
	uint64_t none;
	int rc;

	if (iova & (ioas->alignment - 1))
		return -EINVAL;
	if (sum_overflows(iova, len - 1))
		return -EOVERFLOW;
	rc = iova_insert(ioas->iova, &whole);
	if (rc == -EEXIST && ref_defect(ioas->obj.ictx->ref, MAP_OVERWRITES))
		return unmap_range(ioas, whole.first, whole.last, &none);
	if (!rc)
		iova_remove(ioas->iova, iova);
	return rc;
}

/* Removes the first @n areas of the run at @iova; the first @filled of them are in page tables. */
static void undo_areas(struct ioas *ioas, uint64_t iova, const struct piece *pieces, size_t n,
		       size_t filled)
{
	for (size_t i = 0; i < n; i++) {
		if (i < filled)
			unfill(ioas, iova, iova + pieces[i].len - 1);
		iova_remove(ioas->iova, iova);
		iova += pieces[i].len;
	}
}

/* Areas for all pieces first, then page tables: errors of the former come first. */
static int insert_pieces(struct ioas *ioas, uint64_t iova, const struct piece *pieces, size_t n,
			 unsigned int prot)
{
	size_t inserted, filled = 0;
	uint64_t at = iova;
	int rc = 0;

	for (inserted = 0; inserted < n; inserted++) {
		const struct piece *p = &pieces[inserted];
		struct iova_area area = { at, at + p->len - 1, p->va, prot };

		if (p->writable)
			area.prot |= PROT_PAGES_W;
		if ((prot & PROT_W) && !p->writable)
			rc = -EPERM;
		else if (p->va & (PAGE_SIZE - 1) & (ioas->alignment - 1))
			rc = -EINVAL;
		else
			rc = iova_insert(ioas->iova, &area);
		if (rc)
			goto err_undo;
		at += p->len;
	}
	for (at = iova; filled < n; filled++) {
		rc = fill_area(ioas, iova_lookup(ioas->iova, at));
		if (rc)
			goto err_undo;
		at += pieces[filled].len;
	}
	return 0;

err_undo:
	undo_areas(ioas, iova, pieces, inserted, filled);
	return rc;
}

/* MAP and COPY. *@iova: in with FIXED_IOVA, out otherwise. */
static int map_pieces(struct ioas *ioas, const struct piece *pieces, size_t n, uint64_t len,
		      uint64_t *iova, uint32_t flags)
{
	unsigned int prot = 0;
	int rc;

	if ((len & (ioas->alignment - 1)) || !len)
		return -EINVAL;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		rc = check_iova(ioas, *iova, len);
	else
		rc = choose_iova(ioas, pieces[0].va, len, iova);
	if (rc)
		return rc;
	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= PROT_R;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= PROT_W;
	return insert_pieces(ioas, *iova, pieces, n, prot);
}

#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)

/* IOMMU_IOAS_MAP: -EINVAL, -EOVERFLOW, -EEXIST, -ENOSPC, -EFAULT. */
int ioas_map(struct ucmd *u)
{
	struct iommu_ioas_map *cmd = u->cmd;
	struct piece piece = { cmd->user_va, cmd->length, cmd->flags & IOMMU_IOAS_MAP_WRITEABLE };
	struct ioas *ioas;
	uint64_t iova = cmd->iova;
	int rc;

	if ((cmd->flags & ~MAP_FLAGS) || reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	if (cmd->iova == UINT64_MAX || cmd->length == UINT64_MAX)
		return -EOVERFLOW;
	if (!(cmd->flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)))
		return -EINVAL;
	ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	if (sum_overflows(cmd->user_va, cmd->length))
		return -EOVERFLOW;
	if (!cmd->length || cmd->length > UINT64_MAX - PAGE_SIZE)
		return -EINVAL;
	rc = map_pieces(ioas, &piece, 1, cmd->length, &iova, cmd->flags);
	if (rc)
		return rc;
	cmd->iova = iova;
	return ucmd_respond(u, sizeof(*cmd));
}

/* The pieces of [@iova, @iova + @len) of @ioas. -ENOENT: there is a hole. */
static int get_pieces(struct ioas *ioas, uint64_t iova, uint64_t len, struct piece **out, size_t *n)
{
	const struct iova_area *area;
	uint64_t last = iova + len - 1;
	struct piece *pieces = NULL, *grown;

	if (!len)
		return -EINVAL;
	if (sum_overflows(iova, len - 1))
		return -EOVERFLOW;
	for (*n = 0;; iova = area->last + 1) {
		uint64_t end;

		area = iova_lookup(ioas->iova, iova);
		if (!area || area->first > iova) {
			free(pieces);
			return -ENOENT;
		}
		grown = realloc(pieces, (*n + 1) * sizeof(*pieces));
		if (!grown) {
			free(pieces);
			return -ENOMEM;
		}
		pieces = grown;
		end = area->last < last ? area->last : last;
		pieces[(*n)++] = (struct piece){ area->va + (iova - area->first), end - iova + 1,
						 area->prot & PROT_PAGES_W };
		if (area->last >= last)
			break;
	}
	*out = pieces;
	return 0;
}

/* IOMMU_IOAS_COPY: as MAP; -ENOENT (source has a hole), -EPERM (source is read-only memory). */
int ioas_copy(struct ucmd *u)
{
	struct iommu_ioas_copy *cmd = u->cmd;
	struct ioas *src, *dst;
	struct piece *pieces;
	uint64_t iova = cmd->dst_iova;
	size_t n;
	int rc;

	if (cmd->flags & ~MAP_FLAGS)
		return -EOPNOTSUPP;
	if (cmd->length == UINT64_MAX || cmd->src_iova == UINT64_MAX ||
	    cmd->dst_iova == UINT64_MAX)
		return -EOVERFLOW;
	if (!(cmd->flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)))
		return -EINVAL;
	src = object_get(u->ictx, cmd->src_ioas_id, OBJECT_IOAS);
	if (!src)
		return -ENOENT;
	rc = get_pieces(src, cmd->src_iova, cmd->length, &pieces, &n);
	if (rc)
		return rc;
	dst = object_get(u->ictx, cmd->dst_ioas_id, OBJECT_IOAS);
	rc = dst ? map_pieces(dst, pieces, n, cmd->length, &iova, cmd->flags) : -ENOENT;
	free(pieces);
	if (rc)
		return rc;
	cmd->dst_iova = iova;
	return ucmd_respond(u, sizeof(*cmd));
}
