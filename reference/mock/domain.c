// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The mock driver's domains: paging and nested, and what they cache and what gets dirty. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

int mock_copy_data(void *dst, size_t size, size_t min, const struct user_data *data, uint32_t type)
{
	if (data->type != type || data->len < min || data->len > size)
		return -EINVAL;
	memset(dst, 0, size);
	return copy_from_user(dst, data->uptr, data->len);
}

struct mock_domain *mock_domain(const struct hwpt *hwpt)
{
	return domain_driver(hwpt->domain)->priv;
}

/* ---- what the model asks */

static int table_map(void *priv, uint64_t first, uint64_t last, uint64_t pa, unsigned int prot)
{
	(void)prot;
	return mock_table_map(((struct mock_domain *)priv)->table, first, last, pa);
}

static uint64_t table_unmap(void *priv, uint64_t first, uint64_t last)
{
	return mock_table_unmap(((struct mock_domain *)priv)->table, first, last);
}

static int attach_rid(struct mock_domain *md, struct mock_dev *mdev)
{
	struct vdevice *v = NULL;

	if (md->can_dirty && (mdev->flags & MOCK_DEVICE_NO_DIRTY))
		return -EINVAL;
	if (md->viommu) {
		for (v = md->viommu->vdevs; v && v->idev->dev != mdev->dev;)
			v = v->next;
		if (!v)
			return -ENOENT;
	}
	mdev->viommu = md->viommu;
	mdev->vdev_id = v ? v->virt_id : 0;
	return 0;
}

/* "fake an error to validate the error path of the core": the second attach of one PASID fails. */
static int attach_pasid(struct mock_dev *mdev, uint32_t pasid)
{
	if (pasid != MOCK_PASID_FAILS)
		return 0;
	mdev->fail_next = !mdev->fail_next;
	return mdev->fail_next ? 0 : -ENOMEM;
}

static int domain_attach(void *priv, struct device *dev, uint32_t pasid, struct domain *old)
{
	struct mock_domain *md = priv;
	struct mock_dev *mdev = mock_dev(md->ref, dev);

	(void)old;
	return pasid == NO_PASID ? attach_rid(md, mdev) : attach_pasid(mdev, pasid);
}

static void domain_detach(void *priv, struct device *dev, uint32_t pasid)
{
	struct mock_domain *md = priv;
	struct mock_dev *mdev = mock_dev(md->ref, dev);

	if (pasid == NO_PASID)
		mdev->viommu = NULL;
	else if (pasid == MOCK_PASID_FAILS)
		mdev->fail_next = false;
}

static void domain_destroy(void *priv)
{
	struct mock_domain *md = priv;

	if (md->table)
		mock_table_destroy(md->table);
	free(md);
}

static const struct domain_ops paging_ops = {
	.map = table_map, .unmap = table_unmap,
	.attach = domain_attach, .detach = domain_detach, .destroy = domain_destroy,
};

static const struct domain_ops nested_ops = {
	.attach = domain_attach, .detach = domain_detach, .destroy = domain_destroy,
};

/* ---- HWPT_ALLOC */

static int alloc_paging(struct ioas *ioas, uint32_t flags, uint32_t table_type, struct hwpt **out)
{
	struct iommu_ref *ref = ioas->obj.ictx->ref;
	bool huge = table_type == MOCK_TABLE_HUGE;
	struct mock_domain *md;
	struct domain *domain;
	int rc;

	if (table_type > MOCK_TABLE_HUGE)
		return -EOPNOTSUPP;
	md = calloc(1, sizeof(*md));
	if (!md)
		return -ENOMEM;
	md->ref = ref;
	md->can_dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	md->table = mock_table_create(huge);
	rc = md->table ? 0 : -ENOMEM;
	if (!rc) {
		const struct driver_domain drv = {
			.ops = &paging_ops, .priv = md,
			.first = huge ? 0 : MOCK_FIRST, .last = huge ? (1ull << 48) - 1 : MOCK_LAST,
			.page_size = huge ? PAGE_SIZE : MOCK_PAGE,
		};

		rc = domain_create_driver(ref, &drv, NULL, &domain);
	}
	if (rc) {
		domain_destroy(md);
		return rc;
	}
	return hwpt_from_domain(ioas, domain, flags, out);
}

static int alloc_on_ioas(struct idev *idev, struct ioas *ioas, uint32_t flags,
			 const struct user_data *data, struct hwpt **out)
{
	const uint32_t valid = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
			       IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;
	const struct mock_dev *mdev = mock_dev(ioas->obj.ictx->ref, idev->dev);
	struct mock_hwpt user = { 0 };
	int rc;

	if (flags & ~valid)
		return -EOPNOTSUPP;
	if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) && (mdev->flags & MOCK_DEVICE_NO_DIRTY))
		return -EOPNOTSUPP;
	if ((flags & IOMMU_HWPT_FAULT_ID_VALID) && (flags & IOMMU_HWPT_ALLOC_NEST_PARENT))
		return -EOPNOTSUPP;
	if (data->len) {
		if (data->type != MOCK_HWPT_TYPE)
			return -EOPNOTSUPP;
		rc = mock_copy_data(&user, sizeof(user), sizeof(user.iotlb), data, MOCK_HWPT_TYPE);
		if (rc)
			return rc;
	}
	return alloc_paging(ioas, flags, user.table_type, out);
}

int mock_hwpt_auto(struct ioas *ioas, struct hwpt **out)
{
	return alloc_paging(ioas, 0, MOCK_TABLE_DEFAULT, out);
}

static int alloc_nested(struct hwpt *parent, struct viommu *viommu, uint32_t flags,
			const struct user_data *data, struct hwpt **out)
{
	struct iommu_ref *ref = parent->obj.ictx->ref;
	struct mock_domain *md;
	struct domain *domain;
	struct mock_hwpt user;
	int rc;

	if (flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID) || !data->len)
		return -EOPNOTSUPP;
	if (!viommu && (parent->auto_domain || !parent->nest_parent))
		return -EINVAL;
	if (data->type != MOCK_HWPT_TYPE)
		return -EOPNOTSUPP;
	rc = mock_copy_data(&user, sizeof(user), sizeof(user.iotlb), data, MOCK_HWPT_TYPE);
	if (rc)
		return rc;
	md = calloc(1, sizeof(*md));
	if (!md)
		return -ENOMEM;
	md->ref = ref;
	md->viommu = viommu;
	for (unsigned int i = 0; i < MOCK_IOTLB_NR; i++)
		md->iotlb[i] = user.iotlb;
	rc = domain_create_driver(ref, &(struct driver_domain){ .ops = &nested_ops, .priv = md },
				  parent->domain, &domain);
	if (rc) {
		domain_destroy(md);
		return rc;
	}
	rc = hwpt_from_nested_domain(parent, viommu, domain, out);
	if (!rc)
		(*out)->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	return rc;
}

int mock_hwpt_alloc(struct idev *idev, struct object *pt, uint32_t flags,
		    const struct user_data *data, struct hwpt **out)
{
	struct viommu *viommu = (struct viommu *)pt;

	switch (pt->type) {
	case OBJECT_IOAS:
		return alloc_on_ioas(idev, (struct ioas *)pt, flags, data, out);
	case OBJECT_HWPT_PAGING:
		return alloc_nested((struct hwpt *)pt, NULL, flags, data, out);
	case OBJECT_VIOMMU:
		return alloc_nested(viommu->hwpt, viommu, flags, data, out);
	default:
		return -EINVAL;
	}
}

/* ---- HWPT_INVALIDATE */

int mock_invalidate_hwpt(struct hwpt *hwpt, struct user_data *array)
{
	struct mock_domain *md = mock_domain(hwpt);
	uint32_t num = array->num;
	struct mock_invalidate inv;
	int rc;

	array->num = 0;
	if (array->type != MOCK_INVALIDATE_TYPE)
		return -EINVAL;
	for (; array->num < num; array->num++) {
		const struct user_data entry = {
			.uptr = user_at(array->uptr, (size_t)array->num * array->len),
			.type = array->type, .len = array->len,
		};

		rc = mock_copy_data(&inv, sizeof(inv), sizeof(inv), &entry, MOCK_INVALIDATE_TYPE);
		if (rc)
			return rc;
		if (inv.flags & ~MOCK_INVALIDATE_ALL)
			return -EOPNOTSUPP;
		if (inv.iotlb_id >= MOCK_IOTLB_NR)
			return -EINVAL;
		if (inv.flags)
			memset(md->iotlb, 0, sizeof(md->iotlb));
		else
			md->iotlb[inv.iotlb_id] = 0;
	}
	return 0;
}

int mock_invalidate_viommu(struct viommu *viommu, struct user_data *array)
{
	struct iommu_ref *ref = viommu->obj.ictx->ref;
	struct mock_viommu_invalidate inv;
	uint32_t num = array->num;
	struct mock_dev *mdev;
	struct vdevice *v;
	int rc;

	array->num = 0;
	if (array->type != MOCK_INVALIDATE_TYPE)
		return -EINVAL;
	for (; array->num < num; array->num++) {
		rc = copy_struct_from_user(ref, &inv, sizeof(inv), user_at(array->uptr,
					   (size_t)array->num * array->len), array->len);
		if (rc)
			return rc;
		if (inv.flags & ~MOCK_INVALIDATE_ALL)
			return -EOPNOTSUPP;
		v = viommu_find_vdevice(viommu, inv.vdev_id);
		if (inv.cache_id >= MOCK_CACHE_NR || !v)
			return -EINVAL;
		mdev = mock_dev(ref, v->idev->dev);
		if (inv.flags)
			memset(mdev->cache, 0, sizeof(mdev->cache));
		else
			mdev->cache[inv.cache_id] = 0;
	}
	return 0;
}

/* ---- dirty tracking */

int mock_set_dirty_tracking(struct hwpt *hwpt, bool enable)
{
	struct mock_domain *md = mock_domain(hwpt);

	if (!md->can_dirty)
		return -EOPNOTSUPP;
	md->tracking = enable;
	return 0;
}

/* Bits [@first, @last] of the bitmap at @user. */
static int set_bits(char *user, uint64_t first, uint64_t last)
{
	unsigned char byte;

	for (uint64_t i = first / 8; i <= last / 8; i++) {
		unsigned int from = i == first / 8 ? first % 8 : 0;
		unsigned int to = i == last / 8 ? last % 8 : 7;

		if (copy_from_user(&byte, user_at(user, i), 1))
			return -EFAULT;
		byte |= (unsigned char)(((2u << to) - 1) & ~((1u << from) - 1));
		if (copy_to_user(user_at(user, i), &byte, 1))
			return -EFAULT;
	}
	return 0;
}

int mock_get_dirty_bitmap(struct hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	bool clear = !(cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
	uint64_t at = cmd->iova, last, end = cmd->iova + cmd->length - 1;
	struct mock_domain *md = mock_domain(hwpt);
	int rc = 0;

	if (!md->can_dirty)
		return -EOPNOTSUPP;
	if (!md->tracking && !clear)
		return -EINVAL;
	for (last = end; !rc && mock_table_next_dirty(md->table, &at, &last, clear); last = end) {
		rc = set_bits(user_ptr(cmd->data), (at - cmd->iova) / cmd->page_size,
			      (last - cmd->iova) / cmd->page_size);
		if (last == end)
			break;
		at = last + 1;
	}
	return rc;
}
