// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* For a program's own tests, found with dlsym(): makes a device of the machine do something. */
#include "shim.h"

/*
 * Device @device of the machine reads (or writes, if @write) @len bytes at @iova into (from) @buf,
 * without a PASID. 0, or -EFAULT: the IOMMU stopped it; -ENODEV.
 */
EXPORT int iommu_ref_shim_dma(unsigned int device, uint64_t iova, void *buf, size_t len,
			      bool write);
EXPORT int iommu_ref_shim_dma(unsigned int device, uint64_t iova, void *buf, size_t len,
			      bool write)
{
	const struct iommu_ref_dma dma = {
		.device = device, .write = write, .iova = iova, .buf = buf, .len = len,
	};
	int rc = iommu_ref_dma(shim_shared()->ref, &dma, NULL);

	shim_sync_poll();	/* it may have raised an event */
	return rc;
}

/*
 * Device @device asks for the page at @iova over PRI, to write it, without a PASID. 0, or -ENODEV,
 * -ENOMEM. The program's fault queue then has a request.
 */
EXPORT int iommu_ref_shim_page_request(unsigned int device, uint64_t iova);
EXPORT int iommu_ref_shim_page_request(unsigned int device, uint64_t iova)
{
	const struct iommu_ref_page_request req = {
		.device = device, .iova = iova, .write = true, .last = true,
	};
	int rc = iommu_ref_page_request(shim_shared()->ref, &req);

	shim_sync_poll();
	return rc;
}
