// SPDX-License-Identifier: GPL-2.0-only
/* Introspection on the reference; see introspect.h. */
#include <errno.h>
#include <stdio.h>

#include "../reference/iommu_ref.h"
#include "internal.h"
#include "introspect.h"

/* "0000:BB:DD.F" -> bus << 8 | devfn */
static uint16_t rid_of(const struct cts_device *d)
{
	unsigned int domain, bus, dev, fn;

	if (sscanf(d->bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		return 0;
	return bus << 8 | dev << 3 | fn;
}

int cts_fault_pop(struct cts *c, struct cts_fault *f)
{
	struct iommu_ref *ref = cts_ref(c);
	struct iommu_ref_fault rec;

	if (!ref)
		return -EOPNOTSUPP;
	if (!iommu_ref_fault_pop(ref, &rec))
		return 0;
	*f = (struct cts_fault){
		.device = CTS_MAX_DEVICES, .has_pasid = rec.has_pasid, .write = rec.write,
		.pasid = rec.pasid, .iova = rec.iova,
	};
	for (unsigned int i = 0; i < c->nr_devices; i++)
		if (rid_of(&c->devices[i]) == rec.rid)
			f->device = i;
	return 1;
}

int cts_iotlb_cached(struct cts *c, unsigned int device, bool has_pasid, uint32_t pasid,
		     uint64_t iova, bool write)
{
	const struct iommu_ref_dma dma = {
		.device = device, .has_pasid = has_pasid, .pasid = pasid, .iova = iova,
		.write = write, .len = 1,
	};

	return cts_ref(c) ? iommu_ref_iotlb_cached(cts_ref(c), &dma) : -EOPNOTSUPP;
}

int cts_atc_cached(struct cts *c, unsigned int device, bool has_pasid, uint32_t pasid,
		   uint64_t iova, bool write)
{
	const struct iommu_ref_dma dma = {
		.device = device, .has_pasid = has_pasid, .pasid = pasid, .iova = iova,
		.write = write, .len = 1,
	};

	return cts_ref(c) ? iommu_ref_atc_cached(cts_ref(c), &dma) : -EOPNOTSUPP;
}

int cts_page_request(struct cts *c, const struct cts_page_request *req)
{
	const struct iommu_ref_page_request out = {
		.device = req->device, .last = req->last, .read = true, .grpid = req->grpid,
		.iova = req->iova,
	};

	return cts_ref(c) ? iommu_ref_page_request(cts_ref(c), &out) : -EOPNOTSUPP;
}

int cts_page_response_pop(struct cts *c, unsigned int device, unsigned int *grpid)
{
	struct iommu_ref_page_response resp;
	int rc = -EOPNOTSUPP;

	if (cts_ref(c))
		rc = iommu_ref_page_response_pop(cts_ref(c), device, &resp);
	if (rc <= 0)
		return rc ? rc : -1;
	*grpid = resp.grpid;
	return (int)resp.code;
}

long cts_kernel_pasid(struct cts *c, uint32_t min, uint32_t max)
{
	uint32_t pasid = 0;
	int rc = -EOPNOTSUPP;

	if (cts_ref(c))
		rc = iommu_ref_host_pasid(cts_ref(c), min, max, &pasid);
	return rc ? rc : (long)pasid;
}

int cts_kernel_get_pasid(struct cts *c, struct cts_actor *a, uint32_t pasid)
{
	a = a ? a : c->self;
	return cts_ref(c) ? iommu_ref_pasid_get(a->proc, pasid) : -EOPNOTSUPP;
}

void cts_kernel_put_pasid(struct cts *c, uint32_t pasid)
{
	if (cts_ref(c))
		iommu_ref_pasid_put(cts_ref(c), pasid);
}

int cts_kernel_set_pasids(struct cts *c, struct cts_actor *a, int fd, struct cts_actor *owner)
{
	a = a ? a : c->self;
	if (!cts_ref(c))
		return -EOPNOTSUPP;
	return iommu_ref_container_set_pasids(a->proc, fd, owner ? owner->proc : NULL);
}

int cts_alive(struct cts *c, struct cts_alive *out)
{
	struct iommu_ref_stats s;

	if (!cts_ref(c))
		return -EOPNOTSUPP;
	iommu_ref_stats(cts_ref(c), &s);
	*out = (struct cts_alive){ s.objects, s.domains, s.pasids, s.pinned_pages };
	return 0;
}
