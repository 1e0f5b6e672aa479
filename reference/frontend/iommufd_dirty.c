// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Dirty tracking of a HWPT: on and off, and the bitmap of what devices wrote.
 */
#include <errno.h>
#include <string.h>

#include "iommufd_driver.h"

/* IOMMU_HWPT_SET_DIRTY_TRACKING: -EOPNOTSUPP, the HWPT was not made for it. */
int hwpt_set_dirty_tracking(struct ucmd *u)
{
	struct iommu_hwpt_set_dirty_tracking *cmd = u->cmd;
	struct iommu_ref *ref = u->ictx->ref;
	struct hwpt *hwpt;
	bool on = cmd->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE;

	/* __reserved: the header's "Must be 0", which Linux 7.2 does not look at */
	if ((cmd->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE) || reserved_set(ref, cmd->__reserved))
		return -EOPNOTSUPP;
	hwpt = object_get(u->ictx, cmd->hwpt_id, OBJECT_HWPT_PAGING);
	if (!hwpt)
		return -ENOENT;
	if (ref->driver)
		return ref->driver->set_dirty_tracking(hwpt, on);
	if (!domain_trackable(hwpt->domain))
		return -EOPNOTSUPP;
	/* "Clear dirty bits from PTEs to ensure a clean snapshot" */
	if (on)
		domain_clear_dirty(ref, hwpt->domain, 0, UINT64_MAX);
	domain_set_tracking(ref, hwpt->domain, on);
	return 0;
}

/* A part of the user's bitmap at a time. */
struct bitmap {
	char *user;
	uint64_t iova, len;	/* what bit 0 stands for; bytes of the bitmap */
	unsigned int shift;
	uint64_t at, n;		/* loaded: [at, at + n) */
	unsigned char part[512];
	int rc;
};

static void bitmap_store(struct bitmap *b)
{
	if (b->n && !b->rc)
		b->rc = copy_to_user(user_at(b->user, b->at), b->part, b->n);
	b->n = 0;
}

static void bitmap_load(struct bitmap *b, uint64_t byte)
{
	bitmap_store(b);
	b->at = byte & ~(sizeof(b->part) - 1);
	b->n = b->len - b->at < sizeof(b->part) ? b->len - b->at : sizeof(b->part);
	if (!b->rc)
		b->rc = copy_from_user(b->part, user_at(b->user, b->at), b->n);
}

static void bitmap_set(void *arg, uint64_t first, uint64_t last)
{
	struct bitmap *b = arg;
	uint64_t bit = (first - b->iova) >> b->shift, end = (last - b->iova) >> b->shift;

	for (; bit <= end && !b->rc; bit++) {
		if (!b->n || bit / 8 - b->at >= b->n)
			bitmap_load(b, bit / 8);
		b->part[bit / 8 - b->at] |= (unsigned char)(1u << bit % 8);
	}
}

/*
 * The order of checks is iommufd_check_iova_range()'s; it lets "iova 0, length 0" pass, which says
 * nothing that could be done.
 */
static int check_range(const struct hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	uint64_t mask = hwpt->ioas->alignment - 1, end = cmd->iova + cmd->length;

	if (sum_overflows(cmd->iova, cmd->length - 1))
		return -EOVERFLOW;
	if (((cmd->iova | end) & mask) || !cmd->page_size ||
	    ((cmd->iova | end) & (cmd->page_size - 1)) || !cmd->length)
		return -EINVAL;
	return 0;
}

/*
 * IOMMU_HWPT_GET_DIRTY_BITMAP: bits are added to what is in the bitmap. -EFAULT: it cannot be read
 * or written; nothing was cleared. (Linux 7.2 clears what it could not say, reports success, and
 * stops at the first address that is not mapped.)
 */
int hwpt_get_dirty_bitmap(struct ucmd *u)
{
	struct iommu_hwpt_get_dirty_bitmap *cmd = u->cmd;
	uint64_t last = cmd->iova + cmd->length - 1;
	struct bitmap b = { .user = user_ptr(cmd->data), .iova = cmd->iova };
	struct hwpt *hwpt;
	int rc;

	if ((cmd->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) ||
	    reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	hwpt = object_get(u->ictx, cmd->hwpt_id, OBJECT_HWPT_PAGING);
	if (!hwpt)
		return -ENOENT;
	rc = check_range(hwpt, cmd);
	if (rc)
		return rc;
	if (u->ictx->ref->driver)
		return u->ictx->ref->driver->get_dirty_bitmap(hwpt, cmd);
	if (!domain_trackable(hwpt->domain))
		return -EOPNOTSUPP;
	b.shift = (unsigned int)__builtin_ctzll(cmd->page_size);
	b.len = ((last - cmd->iova) >> b.shift) / 8 + 1;
	domain_read_dirty(hwpt->domain, cmd->iova, last, bitmap_set, &b);
	bitmap_store(&b);
	if (!b.rc && !(cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR))
		domain_clear_dirty(u->ictx->ref, hwpt->domain, cmd->iova, last);
	return b.rc;
}
