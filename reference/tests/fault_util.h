/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For the tests of fault queues: queues and HWPTs with one, and both ends of a page request. */
#ifndef IOMMU_REF_TESTS_FAULT_UTIL_H
#define IOMMU_REF_TESTS_FAULT_UTIL_H

#include "iommufd_util.h"

#define FLT sizeof(struct iommu_hwpt_pgfault)
#define RESP sizeof(struct iommu_hwpt_page_response)

static inline int queue_alloc(struct fd_user *u, uint32_t *id)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int rc = fd_cmd(u, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	*id = cmd.out_fault_id;
	return rc ? rc : (int)cmd.out_fault_fd;
}

static inline int fault_hwpt(struct fd_user *u, uint32_t dev, uint32_t pt, uint32_t flags,
			     uint32_t queue, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = dev, .pt_id = pt, .fault_id = queue,
	};
	int rc = fd_cmd(u, IOMMU_HWPT_ALLOC, &cmd);

	*id = cmd.out_hwpt_id;
	return rc;
}

/* Device @device asks for the page at @iova: to read, without a PASID unless given. */
static inline int ask(struct iommu_ref *ref, unsigned int device, uint32_t pasid,
		      uint16_t grpid, uint64_t iova, bool last)
{
	const struct iommu_ref_page_request req = {
		.device = device, .has_pasid = pasid != NO_PASID,
		.pasid = pasid == NO_PASID ? 0 : pasid, .grpid = grpid, .iova = iova,
		.last = last, .read = true,
	};

	return iommu_ref_page_request(ref, &req);
}

/* The code of the oldest answer to @device, whose group must be @grpid; -1: there is none. */
static inline int answer(struct iommu_ref *ref, unsigned int device, uint16_t grpid)
{
	struct iommu_ref_page_response resp;

	if (iommu_ref_page_response_pop(ref, device, &resp) != 1)
		return -1;
	return resp.grpid == grpid ? (int)resp.code : -2;
}

static inline uint64_t waiting(struct iommu_ref *ref)
{
	struct iommu_ref_stats stats;

	iommu_ref_stats(ref, &stats);
	return stats.page_requests;
}

static inline ssize_t take(struct fd_user *u, int fd, struct iommu_hwpt_pgfault *buf, size_t n)
{
	return iommu_ref_read(u->proc, fd, buf, n * FLT);
}

static inline ssize_t reply(struct fd_user *u, int fd, uint32_t cookie, uint32_t code)
{
	struct iommu_hwpt_page_response resp = { .cookie = cookie, .code = code };

	return iommu_ref_write(u->proc, fd, &resp, sizeof(resp));
}

#endif
