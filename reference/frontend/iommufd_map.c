// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is mapped in an IOAS: map, copy and unmap.
 */
#include <errno.h>
#include <stdlib.h>

#include "iommufd_driver.h"

#define HUGE_ALIGNMENT 0x200000ull	/* as for transparent huge pages, no further */

/* A run of memory to be mapped as one area. */
struct piece {
	struct pages *pages;
	uint64_t va, len;
};

/* ---- unmap */

/* Page tables stay as they are. */
static int split_area(struct ioas *ioas, const struct iova_area *area, uint64_t last)
{
	struct iova_area left = *area, right = *area;
	int rc;

	left.last = last;
	right.first = last + 1;
	right.va += right.first - left.first;
	if (ioas->hwpts && ((last + 1) & (kernel_page(ioas) - 1)))
		return -EINVAL;
	rc = pages_count_each(left.pages);
	if (rc)
		return rc;
	iova_remove(ioas->iova, left.first);
	rc = iova_insert(ioas->iova, &left);
	if (!rc) {
		rc = iova_insert(ioas->iova, &right);
		if (rc)
			iova_remove(ioas->iova, left.first);
	}
	if (rc) {
		left.last = right.last;
		/* It was there before, so there is room for it. */
		return iova_insert(ioas->iova, &left) ? -EINVAL : rc;
	}
	pages_get(right.pages);
	return 0;
}

int ioas_cut(struct ioas *ioas, uint64_t last)
{
	const struct iova_area *area = iova_lookup(ioas->iova, last);
	uint64_t mask = ioas->alignment - 1;

	/* The kernel leaves an area alone of which only its first byte would go, too. */
	if (!area || area->first >= last || area->last == last)
		return 0;
	if (((last + 1) & mask) || ((area->va + (last + 1 - area->first)) & mask))
		return -EINVAL;
	if (ioas->hwpts && !ioas->small_pages)
		return -EINVAL;
	return split_area(ioas, area, last);
}

/* What UNMAP_SPLITS does with an area that reaches over an end of [@first, @last]. */
static int split_for_unmap(struct ioas *ioas, const struct iova_area *area, uint64_t first,
			   uint64_t last)
{
	return split_area(ioas, area, area->first < first ? first - 1 : last);
}

/* Users other than HWPTs let go of an area, or are busy with it. */
static int users_unmap(struct ioas *ioas, const struct iova_area *area)
{
	const struct iommufd_driver *driver = ioas->obj.ictx->ref->driver;

	return driver ? driver->ioas_unmap(ioas, area->first, area->last) : 0;
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
	int rc;

	*bytes = 0;
	while ((found = iova_lookup(ioas->iova, start)) && found->first <= last) {
		uint64_t area_last = found->last;

		if (found->first < start || found->last > last) {
			if (!ref_defect(ioas->obj.ictx->ref, UNMAP_SPLITS))
				return -ENOENT;
			rc = split_for_unmap(ioas, found, start, last);
			if (rc)
				return rc;
			continue;
		}
		rc = users_unmap(ioas, found);
		if (rc)
			return rc;
		*bytes += area_len(found);
		ioas_drop_area(ioas, found, true);
		if (area_last >= last)
			break;
		start = area_last + 1;
	}
	return 0;
}

int ioas_unmap_all(struct ioas *ioas, uint64_t *bytes)
{
	uint64_t none;

	return unmap_range(ioas, 0, UINT64_MAX, bytes ? bytes : &none);
}

int ioas_unmap_iova(struct ioas *ioas, uint64_t iova, uint64_t len, uint64_t *bytes)
{
	*bytes = 0;
	if (!len)
		return -EINVAL;
	if (sum_overflows(iova, len - 1))
		return -EOVERFLOW;
	return unmap_range(ioas, iova, iova + len - 1, bytes);
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
	if (cmd->iova == 0 && cmd->length == UINT64_MAX &&
	    !ref_defect(u->ictx->ref, UNMAP_ALL_IS_RANGE)) {
		/* "If the IOVAs are empty then unmap all succeeds" */
		rc = ioas_unmap_all(ioas, &bytes);
	} else {
		if (cmd->iova == UINT64_MAX || cmd->length == UINT64_MAX)
			return -EOVERFLOW;
		rc = ioas_unmap_iova(ioas, cmd->iova, cmd->length, &bytes);
		if (!rc && !bytes && !ref_defect(u->ictx->ref, UNMAP_HOLE_SUCCEEDS))
			rc = -ENOENT;
	}
	if (rc)
		return rc;
	if (!ref_defect(u->ictx->ref, UNMAP_BYTES_AS_ASKED))
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

/* The lowest room for @len bytes that keeps the alignment @place has, "to map a THP". */
static int choose_iova(struct ioas *ioas, uint64_t place, uint64_t len, uint64_t *iova)
{
	uint64_t page = kernel_page(ioas), offset = place & (page - 1), align;
	int rc;

	if (len >= UINT64_MAX / 2)
		return -EOVERFLOW;
	align = power_of_two_from(len);
	if (place && (place & -place) < align)
		align = place & -place;
	if (align > HUGE_ALIGNMENT)
		align = HUGE_ALIGNMENT;
	if (align < ioas->alignment)
		return -EINVAL;
	/* The offset in the page is kept too. */
	rc = iova_find_free(ioas->iova, len + offset, offset ? page : align, iova);
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
		ioas_drop_area(ioas, iova_lookup(ioas->iova, iova), i < filled);
		iova += pieces[i].len;
	}
}

/* One area, which gets a reference to the pages of its own. */
static int insert_piece(struct ioas *ioas, uint64_t iova, const struct piece *p, unsigned int prot)
{
	struct iova_area area = { iova, iova + p->len - 1, p->va, prot, p->pages };
	int rc;

	if ((prot & PROT_W) && !pages_writable(p->pages))
		return -EPERM;
	if (p->va & (kernel_page(ioas) - 1) & (ioas->alignment - 1))
		return -EINVAL;
	rc = iova_insert(ioas->iova, &area);
	if (!rc)
		pages_get(p->pages);
	return rc;
}

/* Areas for all pieces first, then page tables: errors of the former come first. */
static int insert_pieces(struct ioas *ioas, uint64_t iova, const struct piece *pieces, size_t n,
			 unsigned int prot)
{
	size_t inserted, filled = 0;
	uint64_t at = iova;
	int rc;

	for (inserted = 0; inserted < n; inserted++) {
		rc = insert_piece(ioas, at, &pieces[inserted], prot);
		if (rc)
			goto err_undo;
		at += pieces[inserted].len;
	}
	for (at = iova; filled < n; filled++) {
		rc = ioas_fill_area(ioas, iova_lookup(ioas->iova, at));
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
		rc = choose_iova(ioas, pages_place(pieces[0].pages, pieces[0].va), len, iova);
	if (rc)
		return rc;
	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= PROT_R;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= PROT_W;
	return insert_pieces(ioas, *iova, pieces, n, prot);
}

int ioas_map_pages(struct ioas *ioas, struct pages *pages, uint64_t va, uint64_t len,
		   uint64_t *iova, uint32_t flags)
{
	const struct piece piece = { pages, va, len };
	int rc = map_pieces(ioas, &piece, 1, len, iova, flags);

	pages_put(pages);
	return rc;
}

#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)

/* What MAP and MAP_FILE refuse alike, before the IOAS is looked up. */
static int check_map(uint32_t flags, uint64_t iova, uint64_t length)
{
	if (flags & ~MAP_FLAGS)
		return -EOPNOTSUPP;
	if (iova == UINT64_MAX || length == UINT64_MAX)
		return -EOVERFLOW;
	return flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE) ? 0 : -EINVAL;
}

/* IOMMU_IOAS_MAP: -EINVAL, -EOVERFLOW, -EEXIST, -ENOSPC, -EFAULT, -ENOMEM. */
int ioas_map(struct ucmd *u)
{
	struct iommu_ioas_map *cmd = u->cmd;
	struct pages *pages;
	struct ioas *ioas;
	uint64_t iova = cmd->iova;
	int rc;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	rc = check_map(cmd->flags, cmd->iova, cmd->length);
	if (rc)
		return rc;
	if (cmd->length && sum_overflows(cmd->iova, cmd->length - 1) &&
	    ref_defect(u->ictx->ref, WRAP_SUCCEEDS))
		return 0;
	ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	rc = pages_alloc_user(u, cmd->user_va, cmd->length, cmd->flags & IOMMU_IOAS_MAP_WRITEABLE,
			      &pages);
	if (rc)
		return rc;
	rc = ioas_map_pages(ioas, pages, cmd->user_va, cmd->length, &iova, cmd->flags);
	if (rc)
		return rc;
	if (!ref_defect(u->ictx->ref, MAP_IOVA_NOT_TOLD))
		cmd->iova = iova;
	return ucmd_respond(u, sizeof(*cmd));
}

/* IOMMU_IOAS_MAP_FILE: as MAP; -EBADF; -EINVAL: no memfd, or beyond its end, when it is pinned. */
int ioas_map_file(struct ucmd *u)
{
	const struct iommufd_driver *driver = u->ictx->ref->driver;
	struct iommu_ioas_map_file *cmd = u->cmd;
	struct pages *pages;
	struct ioas *ioas;
	uint64_t iova = cmd->iova, offset = cmd->start & (PAGE_SIZE - 1);
	int rc;

	rc = check_map(cmd->flags, cmd->iova, cmd->length);
	if (rc)
		return rc;
	ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	rc = driver ? driver->pages_alloc(u, cmd->fd, cmd->start, cmd->length, &pages) : -EBADFD;
	if (rc == -EBADFD)
		rc = pages_alloc_file(u, cmd->fd, cmd->start, cmd->length,
				      cmd->flags & IOMMU_IOAS_MAP_WRITEABLE, &pages);
	if (rc)
		return rc;
	rc = ioas_map_pages(ioas, pages, pages_va(pages) + offset, cmd->length, &iova, cmd->flags);
	if (rc)
		return rc;
	cmd->iova = iova;
	return ucmd_respond(u, sizeof(*cmd));
}

static void put_pieces(struct piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pages_put(pieces[i].pages);
	free(pieces);
}

/* References to the pages of [@iova, @iova + @len) of @ioas. -ENOENT: there is a hole. */
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
			put_pieces(pieces, *n);
			return -ENOENT;
		}
		grown = realloc(pieces, (*n + 1) * sizeof(*pieces));
		if (!grown) {
			put_pieces(pieces, *n);
			return -ENOMEM;
		}
		pieces = grown;
		pages_get(area->pages);
		end = area->last < last ? area->last : last;
		pieces[(*n)++] = (struct piece){ area->pages, area->va + (iova - area->first),
						 end - iova + 1 };
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
	if (rc == -ENOENT && ref_defect(u->ictx->ref, COPY_HOLE_SUCCEEDS))
		return 0;
	if (rc)
		return rc;
	dst = object_get(u->ictx, cmd->dst_ioas_id, OBJECT_IOAS);
	if (ref_defect(u->ictx->ref, COPY_READ_ONLY))
		cmd->flags &= ~(uint32_t)IOMMU_IOAS_MAP_WRITEABLE;
	rc = dst ? map_pieces(dst, pieces, n, cmd->length, &iova, cmd->flags) : -ENOENT;
	put_pieces(pieces, n);
	if (rc)
		return rc;
	cmd->dst_iova = iova;
	return ucmd_respond(u, sizeof(*cmd));
}
