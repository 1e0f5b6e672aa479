// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO's container commands on /dev/iommu, for programs that know only those. They work on one
 * IOAS, that IOMMU_VFIO_IOAS names; without it they fail with -ENODEV.
 */
#include <errno.h>
#include <stddef.h>

#include "iommufd_objects.h"
#include "../../uapi/vfio.h"

#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/* ---- map, unmap */

/*
 * "Map process virtual addresses [...] READ &/ WRITE required." (Linux 7.2 takes a map without
 * both, and fails when there is a page table.)
 */
static int map_dma(struct ucmd *u, struct ioas *ioas)
{
	const size_t minsz = offsetofend(struct vfio_iommu_type1_dma_map, size);
	struct vfio_iommu_type1_dma_map map;
	uint32_t flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	struct pages *pages;
	uint64_t iova;
	int rc;

	if (copy_from_user(&map, u->user, minsz))
		return -EFAULT;
	if (map.argsz < minsz || !map.flags ||
	    (map.flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)))
		return -EINVAL;
	if (!ioas)
		return -ENODEV;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	rc = pages_alloc_user(u, map.vaddr, map.size, map.flags & VFIO_DMA_MAP_FLAG_WRITE, &pages);
	iova = map.iova;
	return rc ? rc : ioas_map_pages(ioas, pages, map.vaddr, map.size, &iova, flags);
}

/* TYPE1 may unmap a part of what it mapped, TYPE1v2 may not. */
static int unmap_range(struct ioas *ioas, uint64_t iova, uint64_t size, uint64_t *bytes)
{
	int rc = 0;

	if (ioas->small_pages) {
		rc = ioas_cut(ioas, iova + size - 1);
		if (!rc && iova)
			rc = ioas_cut(ioas, iova - 1);
	}
	return rc ? rc : ioas_unmap_iova(ioas, iova, size, bytes);
}

static int unmap_dma(struct ucmd *u, struct ioas *ioas)
{
	const size_t minsz = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	uint64_t bytes = UINT64_MAX;
	int rc;

	if (copy_from_user(&unmap, u->user, minsz))
		return -EFAULT;
	if (unmap.argsz < minsz || (unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL))
		return -EINVAL;
	if (!ioas)
		return -ENODEV;
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (unmap.iova || unmap.size)
			return -EINVAL;
		rc = ioas_unmap_all(ioas, &bytes);
	} else {
		rc = unmap_range(ioas, unmap.iova, unmap.size, &bytes);
		if (bytes == UINT64_MAX)	/* no cut was possible: nothing is said */
			return rc;
	}
	unmap.size = bytes;
	return copy_to_user(u->user, &unmap, minsz) ? -EFAULT : rc;
}

/* ---- what there is */

/* Every page size that all page tables have, as VFIO tells it: nothing below a page. */
static uint64_t page_sizes(const struct ioas *ioas)
{
	uint64_t sizes = ~(kernel_page(ioas) - 1);

	for (const struct hwpt *h = ioas->hwpts; h; h = h->next)
		sizes &= domain_page_sizes(h->domain);
	return sizes;
}

/* Where the capabilities of the answer go. */
struct answer {
	char *user;
	size_t room, at;
};

/* Writes one of @len bytes, of which @data are given; not if there is no room for all of it. */
static int put_cap(struct answer *a, const void *cap, size_t data, size_t len)
{
	size_t at = a->at;

	a->at += (len + 7) & ~(size_t)7;
	return at + len <= a->room ? copy_to_user(user_at(a->user, at), cap, data) : 0;
}

static int put_avail(struct answer *a)
{
	struct vfio_iommu_type1_info_dma_avail cap = {
		.header = { .id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, .version = 1 },
		.avail = UINT32_MAX,	/* "limit is based on the cgroup's memory limit" */
	};
	size_t next = a->at + ((sizeof(cap) + 7) & ~(size_t)7);

	cap.header.next = next <= a->room ? (uint32_t)next : 0;
	return put_cap(a, &cap, sizeof(cap), sizeof(cap));
}

static int put_ranges(struct answer *a, const struct ioas *ioas)
{
	struct vfio_iommu_type1_info_cap_iova_range cap = {
		.header = { .id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, .version = 1 },
	};
	/* Between what devices reserve, and up to the limit of page tables */
	uint64_t ranges[IOMMU_REF_MAX_DEVICES + 2][2];
	size_t n = iova_ranges(ioas->iova, ranges, IOMMU_REF_MAX_DEVICES + 2);
	size_t at = a->at + sizeof(cap);
	int rc = 0;

	cap.nr_iovas = (uint32_t)n;
	for (size_t i = 0; i < n && !rc; i++, at += sizeof(ranges[i]))
		if (at + sizeof(ranges[i]) <= a->room)
			rc = copy_to_user(user_at(a->user, at), ranges[i], sizeof(ranges[i]));
	return rc ? rc : put_cap(a, &cap, sizeof(cap), sizeof(cap) + n * sizeof(ranges[0]));
}

/* Capabilities that do not fit are left out, and argsz says how much room all of them need. */
static int get_info(struct ucmd *u, struct ioas *ioas)
{
	const size_t minsz = offsetofend(struct vfio_iommu_type1_info, iova_pgsizes);
	struct vfio_iommu_type1_info info = { 0 };
	struct answer a = { .user = u->user, .at = sizeof(info) };
	size_t len;

	if (copy_from_user(&info, u->user, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	if (!ioas)
		return -ENODEV;
	a.room = info.argsz;
	len = info.argsz < sizeof(info) ? info.argsz : sizeof(info);
	if (put_avail(&a) || put_ranges(&a, ioas))
		return -EFAULT;
	info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info.iova_pgsizes = page_sizes(ioas);
	info.cap_offset = info.argsz >= a.at ? sizeof(info) : 0;
	info.argsz = (uint32_t)a.at;
	return copy_to_user(u->user, &info, len);
}

static int check_extension(struct ioas *ioas, unsigned long type)
{
	switch (type) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		if (!ioas)
			return -ENODEV;
		for (const struct hwpt *h = ioas->hwpts; h; h = h->next)
			if (!domain_coherent(h->domain))
				return 0;
		return 1;
	default:
		return 0;
	}
}

/* "VFIO fails the set_iommu if there is no group" */
static int set_iommu(struct ioas *ioas, unsigned long type)
{
	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
		return -EINVAL;
	if (!ioas)
		return -ENODEV;
	return type == VFIO_TYPE1_IOMMU ? ioas_disable_large_pages(ioas) : 0;
}

long vfio_compat_ioctl(struct ucmd *u, unsigned int cmd)
{
	struct ioas *ioas = u->ictx->vfio_ioas;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_SET_IOMMU:
		return set_iommu(ioas, (uintptr_t)u->user);
	case VFIO_CHECK_EXTENSION:
		return check_extension(ioas, (uintptr_t)u->user);
	case VFIO_IOMMU_GET_INFO:
		return get_info(u, ioas);
	case VFIO_IOMMU_MAP_DMA:
		return map_dma(u, ioas);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap_dma(u, ioas);
	default:
		return -ENOTTY;
	}
}
