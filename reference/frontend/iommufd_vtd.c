// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * User-managed first level of VT-d: the data of HWPT_ALLOC and the entries of HWPT_INVALIDATE, in
 * the order of errors of drivers/iommu/intel/nested.c. Where that driver lets a reserved or unknown
 * field pass, the header's rule holds here ("Must be 0", EOPNOTSUPP for what is not supported).
 */
#include <errno.h>

#include "iommufd_objects.h"

int vtd_alloc_nested(struct hwpt *parent, struct idev *idev, uint32_t flags,
		     const struct user_data *data, struct hwpt **out)
{
	const uint64_t known = IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_EAFE | IOMMU_VTD_S1_WPE;
	struct iommu_ref *ref = parent->obj.ictx->ref;
	struct iommu_hwpt_vtd_s1 vtd;
	const struct user_data any = { data->uptr, IOMMU_HWPT_DATA_VTD_S1, sizeof(vtd), 0 };
	struct stage1 s1 = { .fmt = FMT_X86_FL, .addr_width = 48 };
	int rc;

	if (!device_unit(idev->dev)->nesting)
		return -EOPNOTSUPP;
	if (ref_defect(ref, NEST_DATA_UNCHECKED))
		data = &any;
	if (data->type != IOMMU_HWPT_DATA_VTD_S1)
		return -EOPNOTSUPP;
	rc = copy_user_data(&vtd, data, IOMMU_HWPT_DATA_VTD_S1, sizeof(vtd));
	if (rc)
		return rc;
	if (reserved_set(ref, vtd.__reserved) ||
	    ((vtd.flags & ~known) && !ref_defect(ref, NEST_FLAGS_IGNORED)))
		return -EOPNOTSUPP;
	s1.root = vtd.pgtbl_addr & ~(PAGE_SIZE - 1);
	if (vtd.addr_width == 57 && !ref_defect(ref, NEST_DATA_UNCHECKED))
		s1.addr_width = 57;
	s1.sre = vtd.flags & IOMMU_VTD_S1_SRE;
	s1.eafe = vtd.flags & IOMMU_VTD_S1_EAFE;
	s1.wpe = vtd.flags & IOMMU_VTD_S1_WPE;
	rc = hwpt_create_nested(parent, NULL, &s1, out);
	if (rc)
		return rc;
	(*out)->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	/* The width is compared with a unit's when a device is attached: -EINVAL then. */
	(*out)->bad_config = vtd.addr_width != s1.addr_width &&
			     !ref_defect(ref, NEST_DATA_UNCHECKED);
	return 0;
}

static int invalidate_entry(struct hwpt *hwpt, const struct iommu_hwpt_vtd_s1_invalidate *e)
{
	struct iommu_ref *ref = hwpt->obj.ictx->ref;
	uint32_t dtag = domain_dtag(hwpt->domain);
	uint64_t last = UINT64_MAX;

	if ((e->flags & ~IOMMU_VTD_INV_FLAGS_LEAF) || reserved_set(ref, e->__reserved))
		return -EOPNOTSUPP;
	if ((e->addr & (PAGE_SIZE - 1)) || (e->npages == UINT64_MAX && e->addr))
		return -EINVAL;
	if (e->npages == UINT64_MAX) {
		/* "addr 0 with npages U64_MAX is the whole table" */
		inv_domain(ref, dtag);
	} else if (e->npages == 1) {
		inv_page(ref, dtag, ATAG_ANY, e->addr);
		last = e->addr | (PAGE_SIZE - 1);
	} else if (e->npages) {
		if (e->npages <= (UINT64_MAX - e->addr) >> PAGE_SHIFT)
			last = e->addr + (e->npages << PAGE_SHIFT) - 1;
		inv_range(ref, dtag, ATAG_ANY, e->addr, last);
	}
	/* "The device TLB will be invalidated automatically if ATS is enabled." (header) */
	if (e->npages)
		inv_atc_domain(hwpt->domain, e->addr, last);
	return 0;
}

/* How many entries of @array from @index on were read into @e: all at once, or only one. */
static int read_entries(struct iommu_hwpt_vtd_s1_invalidate *e, const struct user_data *array,
			uint32_t index, uint32_t n)
{
	const struct user_data one = {
		.uptr = user_at(array->uptr, (size_t)index * array->len),
		.type = array->type, .len = array->len,
	};
	int rc;

	if (array->len == sizeof(*e) && !copy_from_user(e, one.uptr, n * sizeof(*e)))
		return (int)n;
	/* Entries before one that cannot be read are still executed. */
	rc = copy_user_data(e, &one, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, sizeof(*e));
	return rc ? rc : 1;
}

/* Entry by entry until the first bad one: -EINVAL, -EOPNOTSUPP, -EFAULT. */
int vtd_invalidate(struct hwpt *hwpt, struct user_data *array)
{
	struct iommu_hwpt_vtd_s1_invalidate e[64];
	uint32_t num = array->num, index = 0;
	int rc = 0;

	array->num = 0;
	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_VTD_S1)
		return -EINVAL;
	while (index < num) {
		int n = read_entries(e, array, index, num - index < 64 ? num - index : 64);

		if (n < 0)
			return rc ? rc : n;
		for (int i = 0; i < n; i++) {
			bool skip = index + i && ref_defect(hwpt->obj.ictx->ref,
							    INV_FIRST_ENTRY_ONLY);
			int bad = skip ? 0 : invalidate_entry(hwpt, &e[i]);

			if (!rc)
				rc = bad;
			if (rc && !ref_defect(hwpt->obj.ictx->ref, ENTRY_AFTER_ERROR_EXECUTED))
				return rc;
			array->num += !rc;
		}
		index += (uint32_t)n;
	}
	return rc;
}
