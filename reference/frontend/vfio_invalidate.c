// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Cache invalidation of v7 (p11): the checks of the IOMMU core, then the VT-d driver's table of
 * cache type and granularity, then the commands (reference/V7.md). As posted the user sees 0
 * whatever happens, an invalid type is found after valid ones were flushed, and ranges grow to an
 * aligned power of two. As reviewed a request is checked as a whole before anything is flushed, and
 * ranges are exact.
 */
#include <errno.h>

#include "vfio_priv.h"

#define WHOLE_ORDER (64 - PAGE_SHIFT)

struct inv_range {
	uint64_t first, last;
};

/* to_vtd_granularity(): "we do not support IOTLB granularity for request without PASID" */
static bool vtd_can(unsigned int cache_bit, unsigned int granularity)
{
	if (cache_bit == IOMMU_CACHE_INV_TYPE_IOTLB)
		return granularity != IOMMU_INV_GRANU_DOMAIN;
	return cache_bit == IOMMU_CACHE_INV_TYPE_DEV_IOTLB && granularity == IOMMU_INV_GRANU_ADDR;
}

/* The smallest struct that holds what the granularity needs. */
static uint32_t argsz_needed(unsigned int granularity)
{
	size_t needed = offsetof(struct iommu_cache_invalidate_info, granu);

	if (granularity == IOMMU_INV_GRANU_PASID)
		needed += sizeof(struct iommu_inv_pasid_info);
	else if (granularity == IOMMU_INV_GRANU_ADDR)
		needed += sizeof(struct iommu_inv_addr_info);
	return (uint32_t)needed;
}

/* iommu_check_cache_invl_data(), what comes after argsz */
static int core_check(const struct vfio_container *c,
		      const struct iommu_cache_invalidate_info *info)
{
	const uint8_t *pad = info->padding;
	uint32_t flags = info->granu.addr_info.flags;	/* where pasid_info has them, too */

	if (info->version != IOMMU_CACHE_INVALIDATE_INFO_VERSION_1)
		return -EINVAL;
	if (info->cache >> IOMMU_CACHE_INV_TYPE_NR || info->granularity >= IOMMU_INV_GRANU_NR)
		return -EINVAL;
	if (info->granularity == IOMMU_INV_GRANU_ADDR) {
		if (info->cache & IOMMU_CACHE_INV_TYPE_PASID)
			return -EINVAL;
		if (flags & ~(uint32_t)(IOMMU_INV_ADDR_FLAGS_PASID | IOMMU_INV_ADDR_FLAGS_ARCHID |
					IOMMU_INV_ADDR_FLAGS_LEAF))
			return -EINVAL;
	}
	if (info->granularity == IOMMU_INV_GRANU_PASID &&
	    flags & ~(uint32_t)(IOMMU_INV_PASID_FLAGS_PASID | IOMMU_INV_PASID_FLAGS_ARCHID))
		return -EINVAL;
	if (info->granularity == IOMMU_INV_GRANU_DOMAIN &&
	    info->cache & IOMMU_CACHE_INV_TYPE_DEV_IOTLB)
		return -EINVAL;
	if ((pad[0] | pad[1] | pad[2] | pad[3] | pad[4] | pad[5]) &&
	    !ref_defect(c->ref, RESERVED_IGNORED))
		return -EINVAL;
	return 0;
}

/*
 * The PASID that the request names; without the flag the driver takes 0, which nobody owns (p09).
 */
static uint64_t named_pasid(const struct iommu_cache_invalidate_info *info)
{
	uint32_t flag = info->granularity == IOMMU_INV_GRANU_ADDR ? IOMMU_INV_ADDR_FLAGS_PASID :
								    IOMMU_INV_PASID_FLAGS_PASID;

	/* Both structs start with flags, archid, pasid. */
	return info->granu.pasid_info.flags & flag ? info->granu.pasid_info.pasid : 0;
}

static bool is_bound(const struct vfio_container *c, uint32_t pasid)
{
	unsigned int i = 0;
	struct device *dev;

	while ((dev = vfio_group_next_device(c->groups, &i)))
		if (vfio_nesting_bound(dev, pasid))
			return true;
	return false;
}

/* p09: owned by the domain's set, and bound */
static int check_pasid(const struct vfio_container *c, uint64_t pasid)
{
	int rc;

	if (pasid > UINT32_MAX && !ref_defect(c->ref, PASID_TRUNCATED))
		return -EINVAL;
	rc = pasid_lookup(c->ref, c->set, (uint32_t)pasid);
	if (rc)
		return rc;
	return is_bound(c, (uint32_t)pasid) ? 0 : -EINVAL;
}

/*
 * As posted: to_vtd_size(), then "HW will ignore LSB bits based on address mask". The product may
 * wrap (DF18); nothing means one page.
 */
static struct inv_range rounded_range(const struct iommu_inv_addr_info *info)
{
	uint64_t pages = (info->granule_size * info->nb_granules) >> PAGE_SHIFT;
	unsigned int order = 0;
	uint64_t mask;

	while (order < WHOLE_ORDER && 1ull << order < pages)
		order++;
	if (order == WHOLE_ORDER)
		return (struct inv_range){ 0, UINT64_MAX };
	mask = (PAGE_SIZE << order) - 1;
	return (struct inv_range){ info->addr & ~mask, info->addr | mask };
}

/* Every page that [addr, addr + granule_size * nb_granules) touches; never a smaller flush. */
static struct inv_range exact_range(const struct iommu_inv_addr_info *info)
{
	uint64_t size, last;

	if (__builtin_mul_overflow(info->granule_size, info->nb_granules, &size))
		return (struct inv_range){ 0, UINT64_MAX };
	if (__builtin_add_overflow(info->addr, size ? size - 1 : 0, &last))
		last = UINT64_MAX;
	return (struct inv_range){ info->addr & ~(PAGE_SIZE - 1), last | (PAGE_SIZE - 1) };
}

static void flush_iotlb(struct vfio_container *c, const struct domain *d, uint32_t pasid,
			const struct inv_range *range)
{
	if (!range->first && range->last == UINT64_MAX)
		inv_pasid(c->ref, domain_dtag(d), pasid);
	else if (range->last - range->first < PAGE_SIZE)
		inv_page(c->ref, domain_dtag(d), pasid, range->first);
	else
		inv_range(c->ref, domain_dtag(d), pasid, range->first, range->last);
}

/*
 * The IOTLB's flush takes the device TLB along: "vIOMMU in the guest may assume IOTLB flush is
 * inclusive, which is more efficient" (base).
 */
static void flush_devices(struct vfio_container *c, const struct iommu_cache_invalidate_info *info,
			  unsigned int cache_bit, uint32_t pasid)
{
	bool whole = info->granularity == IOMMU_INV_GRANU_PASID;
	struct inv_range range = { 0, UINT64_MAX };
	unsigned int i = 0;
	struct device *dev;
	struct domain *d;

	if (!whole)
		range = c->ref->cfg.profile == IOMMU_REF_V7_POSTED ?
			rounded_range(&info->granu.addr_info) : exact_range(&info->granu.addr_info);
	while ((dev = vfio_group_next_device(c->groups, &i))) {
		d = vfio_nesting_bound(dev, pasid);
		if (!d)
			continue;
		if (cache_bit == IOMMU_CACHE_INV_TYPE_IOTLB)
			flush_iotlb(c, d, pasid, &range);
		inv_atc(dev, pasid, false, range.first, range.last);
	}
}

/* intel_iommu_sva_invalidate(): one cache type after the other */
static int vtd_execute(struct vfio_container *c, const struct iommu_cache_invalidate_info *info,
		       uint64_t pasid)
{
	if (ref_defect(c->ref, INV_CACHE_TYPE_IGNORED))
		flush_devices(c, info, IOMMU_CACHE_INV_TYPE_IOTLB, (uint32_t)pasid);
	for (unsigned int bit = 1; bit < 1u << IOMMU_CACHE_INV_TYPE_NR; bit <<= 1) {
		int rc;

		if (!(info->cache & bit))
			continue;
		if (!vtd_can(bit, info->granularity))
			return -EINVAL;
		rc = check_pasid(c, pasid);
		if (rc)
			return rc;
		flush_devices(c, info, bit, (uint32_t)pasid);
	}
	return 0;
}

/* All or nothing: whatever the driver would find half-way is found before. */
static int reviewed_check(struct vfio_container *c, const struct iommu_cache_invalidate_info *info)
{
	if (!info->cache || ref_defect(c->ref, INV_PARTIAL))
		return 0;
	for (unsigned int bit = 1; bit < 1u << IOMMU_CACHE_INV_TYPE_NR; bit <<= 1)
		if (info->cache & bit && !vtd_can(bit, info->granularity))
			return -EINVAL;
	/* "At least one of PASID or ARCHID must be set" (header) */
	if (info->granularity == IOMMU_INV_GRANU_PASID && !info->granu.pasid_info.flags)
		return -EINVAL;
	return check_pasid(c, named_pasid(info));
}

static int invalidate(struct vfio_container *c, const void *user, size_t room)
{
	struct iommu_cache_invalidate_info info = { 0 };
	size_t minsz = offsetof(struct iommu_cache_invalidate_info, granu);
	int rc = vfio_nesting_copy_head(c, &info, minsz, user, room);

	if (rc)
		return rc;
	if (info.argsz < argsz_needed(info.granularity))
		return -EINVAL;
	rc = vfio_nesting_copy_rest(c, &info, sizeof(info), minsz, user, room);
	if (!rc)
		rc = core_check(c, &info);
	if (rc)
		return rc;
	/* (u32)pasid of ioasid_find() as posted (DF11) */
	if (c->ref->cfg.profile == IOMMU_REF_V7_POSTED)
		return vtd_execute(c, &info, (uint32_t)named_pasid(&info));
	rc = reviewed_check(c, &info);
	return rc ? rc : vtd_execute(c, &info, named_pasid(&info));
}

long vfio_nesting_invalidate(struct vfio_container *c, const void *user, size_t room)
{
	int rc = invalidate(c, user, room);

	if (ref_defect(c->ref, INV_ERRORS_HIDDEN))
		return 0;
	/* p11: "vfio_dev_cache_inv_fn() always successful" (DF8) */
	return c->ref->cfg.profile == IOMMU_REF_V7_POSTED ? 0 : rc;
}
