// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The type1 IOMMU of a container: GET_INFO with its capability chain, MAP_DMA and UNMAP_DMA. Order
 * of checks as in the kernel's vfio_iommu_type1.c that v7 stands on (5.9).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfio_priv.h"

#define DMA_ENTRY_LIMIT 65535	/* the module parameter's default */

/* ---- GET_INFO */

/* Capabilities one after the other, as they follow struct vfio_iommu_type1_info. */
struct cap_chain {
	uint8_t *buf;
	size_t size;
	struct vfio_info_cap_header *last;
};

/* Room for @size bytes, zeroed, linked to the one before. NULL: no memory. */
static void *add_cap(struct cap_chain *caps, size_t size, uint16_t id)
{
	size_t last = caps->last ? (size_t)((uint8_t *)caps->last - caps->buf) : 0;
	uint8_t *buf = realloc(caps->buf, caps->size + size);
	struct vfio_info_cap_header *header;

	if (!buf)
		return NULL;
	memset(buf + caps->size, 0, size);
	header = (void *)(buf + caps->size);
	header->id = id;
	header->version = 1;
	if (caps->last)
		((struct vfio_info_cap_header *)(buf + last))->next =
			(uint32_t)(sizeof(struct vfio_iommu_type1_info) + caps->size);
	caps->buf = buf;
	caps->size += size;
	caps->last = header;
	return header;
}

static int add_iova_cap(const struct vfio_container *c, struct cap_chain *caps)
{
	size_t n = iova_ranges(c->iova, NULL, 0);
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	uint64_t (*ranges)[2];

	if (c->ref->cfg.fail_iova_cap)
		return -c->ref->cfg.fail_iova_cap;
	if (!n)
		return 0;
	ranges = calloc(n, sizeof(*ranges));
	cap = ranges ? add_cap(caps, sizeof(*cap) + n * sizeof(cap->iova_ranges[0]),
			       VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) : NULL;
	if (!cap) {
		free(ranges);
		return -ENOMEM;
	}
	iova_ranges(c->iova, ranges, n);
	cap->nr_iovas = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		cap->iova_ranges[i] = (struct vfio_iova_range){ ranges[i][0], ranges[i][1] };
	free(ranges);
	return 0;
}

static int add_nesting_cap(const struct vfio_container *c, struct cap_chain *caps)
{
	struct vfio_iommu_type1_info_cap_nesting *cap;

	if (!c->has_nesting_info && !ref_defect(c->ref, INFO_CAP_ALWAYS))
		return 0;
	/* Only as posted: as reviewed such a container cannot be (p03, DF3). */
	if (!c->nesting_info.format && !ref_defect(c->ref, INFO_CAP_ALWAYS))
		return -ENOENT;
	cap = add_cap(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_CAP_NESTING);
	if (!cap)
		return -ENOMEM;
	cap->info = c->nesting_info;
	if (ref_defect(c->ref, INFO_UNTRUE)) {
		cap->info.features = 0;
		cap->info.pasid_bits++;
		cap->info.addr_width++;
	}
	if (ref_defect(c->ref, INFO_RAW)) {
		cap->header.version = 0;
		cap->info.padding[3] = 0x5a;
		cap->info.vendor.vtd.ecap_reg |= 0xf;
	}
	return 0;
}

/*
 * How many PASIDs the process may still allocate: "is this also a limitation that userspace might
 * be interested in knowing" (Alex on p04), "agreed ... I'll add it" (Yi). As reviewed only.
 */
static int add_quota_cap(const struct vfio_container *c, struct cap_chain *caps)
{
	struct vfio_iommu_type1_info_cap_pasid_quota *cap;

	if (!c->mm || c->ref->cfg.profile == IOMMU_REF_V7_POSTED)
		return 0;
	cap = add_cap(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_CAP_PASID_QUOTA);
	if (!cap)
		return -ENOMEM;
	cap->quota = pasid_set_quota(c->mm->set);
	cap->left = pasid_set_left(c->mm->set);
	if (ref_defect(c->ref, QUOTA_LEFT_STALE))
		cap->left = cap->quota;
	return 0;
}

static int add_caps(const struct vfio_container *c, struct cap_chain *caps)
{
	bool posted = c->ref->cfg.profile == IOMMU_REF_V7_POSTED;
	int rc = add_iova_cap(c, caps);

	/* As posted `ret = vfio_iommu_add_nesting_cap()`: the error before it is lost (DF2). */
	if (!rc || posted || ref_defect(c->ref, CAP_ERROR_LOST))
		rc = add_nesting_cap(c, caps);
	return rc ? rc : add_quota_cap(c, caps);
}

/* The chain goes behind @info if user space has room, else only the size that it needs is told. */
static int put_caps(struct vfio_iommu_type1_info *info, const struct cap_chain *caps, void *user)
{
	uint32_t needed = (uint32_t)(sizeof(*info) + caps->size);

	if (!caps->size)
		return 0;
	info->flags |= VFIO_IOMMU_INFO_CAPS;
	if (info->argsz < needed) {
		info->argsz = needed;
		return 0;
	}
	if (copy_to_user(user_at(user, sizeof(*info)), caps->buf, caps->size))
		return -EFAULT;
	info->cap_offset = sizeof(*info);
	return 0;
}

long vfio_type1_get_info(struct vfio_container *c, void *user_arg)
{
	size_t minsz = offsetof(struct vfio_iommu_type1_info, cap_offset);
	struct vfio_iommu_type1_info info = { 0 };
	struct cap_chain caps = { 0 };
	int rc;

	if (copy_from_user(&info, user_arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	/* Callers from before capabilities have no cap_offset. */
	if (info.argsz >= offsetof(struct vfio_iommu_type1_info, pad))
		minsz = offsetof(struct vfio_iommu_type1_info, pad);
	info.flags = VFIO_IOMMU_INFO_PGSIZES;
	/* Any multiple of a page, as a mapping is cut to fit. */
	info.iova_pgsizes = ~(uint64_t)(c->ref->cfg.granule - 1);
	rc = add_caps(c, &caps);
	if (!rc)
		rc = put_caps(&info, &caps, user_arg);
	free(caps.buf);
	if (!rc && ref_defect(c->ref, INFO_RAW))
		info.cap_offset = sizeof(info);
	if (!rc && copy_to_user(user_arg, &info, minsz))
		rc = -EFAULT;
	return rc;
}

/* ---- MAP_DMA, UNMAP_DMA */

/* The lowest area that overlaps [@first, @last]. */
static const struct iova_area *first_overlap(const struct vfio_container *c, uint64_t first,
					     uint64_t last)
{
	const struct iova_area *area = iova_lookup(c->iova, first);

	return area && area->first <= last ? area : NULL;
}

static int map_area(struct vfio_container *c, const struct iova_area *area)
{
	uint64_t len = area->last - area->first + 1;
	int rc;

	if (first_overlap(c, area->first, area->last))
		return -EEXIST;
	if (c->nr_areas >= DMA_ENTRY_LIMIT)
		return -ENOSPC;
	rc = iova_insert(c->iova, area);
	if (rc)
		return rc;
	rc = user_pages_present(area->va, len, area->prot & PROT_W);
	if (!rc)
		rc = domain_map(c->ref, c->domain, area->first, area->last, area->va, area->prot);
	if (rc) {
		iova_remove(c->iova, area->first);
		return rc;
	}
	c->nr_areas++;
	c->ref->stats.pinned_pages += len >> PAGE_SHIFT;
	return 0;
}

long vfio_type1_map(struct vfio_container *c, void *user_arg)
{
	struct vfio_iommu_type1_dma_map map;
	unsigned int prot = 0;

	if (copy_from_user(&map, user_arg, sizeof(map)))
		return -EFAULT;
	if (map.argsz < sizeof(map) ||
	    map.flags & ~(uint32_t)(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return -EINVAL;
	/* Rights are the device's */
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= PROT_R;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= PROT_W;
	if (!prot || !map.size || (map.size | map.iova | map.vaddr) & (c->ref->cfg.granule - 1))
		return -EINVAL;
	/* "Don't allow IOVA or virtual address wrap" */
	if (map.iova + map.size - 1 < map.iova || map.vaddr + map.size - 1 < map.vaddr)
		return ref_defect(c->ref, WRAP_SUCCEEDS) ? 0 : -EINVAL;
	return map_area(c, &(struct iova_area){
		.first = map.iova, .last = map.iova + map.size - 1,
		.va = map.vaddr, .prot = prot });
}

static uint64_t unmap_area(struct vfio_container *c, struct iova_area area)
{
	uint64_t len = area.last - area.first + 1;

	domain_unmap(c->ref, c->domain, area.first, area.last);
	iova_remove(c->iova, area.first);
	c->nr_areas--;
	c->ref->stats.pinned_pages -= len >> PAGE_SHIFT;
	return len;
}

void vfio_type1_unmap_all(struct vfio_container *c)
{
	const struct iova_area *area;

	while ((area = first_overlap(c, 0, UINT64_MAX)))
		unmap_area(c, *area);
}

/* An area that starts before @first, or one that goes on behind @last. */
static bool cuts_an_area(const struct vfio_container *c, uint64_t first, uint64_t last)
{
	const struct iova_area *at_first = first_overlap(c, first, first);
	const struct iova_area *at_last = first_overlap(c, last, last);

	return (at_first && at_first->first != first) || (at_last && at_last->last != last);
}

long vfio_type1_unmap(struct vfio_container *c, void *user_arg)
{
	size_t minsz = offsetof(struct vfio_iommu_type1_dma_unmap, data);
	struct vfio_iommu_type1_dma_unmap unmap;
	bool v1 = c->type == VFIO_TYPE1_IOMMU;
	const struct iova_area *area;
	uint64_t last, unmapped = 0;

	if (copy_from_user(&unmap, user_arg, minsz))
		return -EFAULT;
	if (unmap.argsz < minsz || unmap.flags)	/* no dirty tracking: no bitmap to give */
		return -EINVAL;
	if (!unmap.size || (unmap.iova | unmap.size) & (c->ref->cfg.granule - 1))
		return -EINVAL;
	last = unmap.iova + unmap.size - 1;
	if (last < unmap.iova)
		return -EINVAL;
	/* v2: a mapping goes as a whole or not at all; v1 takes what starts in the range. */
	if (!v1 && cuts_an_area(c, unmap.iova, last) && !ref_defect(c->ref, UNMAP_SPLITS))
		return -EINVAL;
	while ((area = first_overlap(c, unmap.iova, last))) {
		if (v1 && area->first < unmap.iova)
			break;
		unmapped += unmap_area(c, *area);
	}
	if (!ref_defect(c->ref, UNMAP_BYTES_AS_ASKED))
		unmap.size = unmapped;
	return copy_to_user(user_arg, &unmap, minsz) ? -EFAULT : 0;
}
