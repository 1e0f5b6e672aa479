// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requirements on faults: DMA that is blocked and what is recorded of it, and page requests that a
 * device waits with for an answer. The v7 series left them to its third phase; iommufd has them.
 */
#include <errno.h>
#include "../../harness/requirement.h"

#define BOTH (CTS_V7 | CTS_IOMMUFD)

static const struct cts_requirement faults[] = {
	{ "FLT_V7_ABSENT", "faults",
	  "The series has no command for faults: every number beyond its own does not exist",
	  CTS_MUST, "v7 cover letter: page request services are phase 3", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, ENOTTY) } },
	{ "FLT_UNBOUND_PASID_DMA", "faults",
	  "DMA with a PASID that is not bound moves nothing and is recorded with that PASID",
	  CTS_MUST, "<linux/iommu.h> of v7's base, IOMMU_FAULT_REASON_PASID_INVALID", CTS_V7, NULL,
	  NULL, { { 0 } } },
	{ "FLT_PERM", "faults",
	  "A write through a read-only entry of stage 1 moves nothing and is recorded as a write "
	  "to that address",
	  CTS_MUST, "<linux/iommu.h> of v7's base, IOMMU_FAULT_REASON_PERMISSION; VT-d 7.1.3",
	  BOTH, "6.8", NULL, { { 0 } } },
	{ "FLT_STAGE2_MISS", "faults",
	  "DMA to a guest address that the space does not map is blocked and recorded",
	  CTS_MUST, "v7 p14; VT-d 7.1.3; Arm SMMUv3 7.3", BOTH, "6.8", NULL, { { 0 } } },
	{ "FLT_GROUP_LAST", "faults",
	  "Of the pages of a group only the last one says so, and one answer is for all of them",
	  CTS_MUST, "iommufd.h IOMMU_PGFAULT_FLAGS_LAST_PAGE, struct iommu_hwpt_pgfault @cookie",
	  CTS_IOMMUFD, "6.11", NULL, { { 0 } } },
	{ "FLT_RESP_NO_PENDING", "faults",
	  "An answer where nothing was asked is refused",
	  CTS_OBSERVED, "iommufd/eventq.c iommufd_fault_fops_write()", CTS_IOMMUFD, "6.11", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },
	{ "FLT_RESP_WRONG_GRPID", "faults",
	  "An answer to another group than one that waits is refused, and that one goes on waiting",
	  CTS_OBSERVED, "iommufd/eventq.c iommufd_fault_fops_write()", CTS_IOMMUFD, "6.11", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },
	{ "FLT_RESP_CODES", "faults",
	  "An answer is success or invalid; the failure of older kernels' header is refused",
	  CTS_MUST, "iommufd.h enum iommufd_page_response_code", CTS_IOMMUFD, "6.11", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },
	{ "FLT_DETACH_AUTORESP", "faults",
	  "A device that is detached while it waits is answered, and its request is nobody's then",
	  CTS_OBSERVED, "iommufd/eventq.c iommufd_auto_response_faults()", CTS_IOMMUFD, "6.11",
	  NULL, { { 0 } } },
	{ "FLT_ROUTE_GUEST_PASID", "faults",
	  "A page request goes to the owner of the page table that it came for, and to nobody else",
	  CTS_MUST, "iommufd.h IOMMU_FAULT_QUEUE_ALLOC, IOMMU_HWPT_ALLOC @fault_id", CTS_IOMMUFD,
	  "6.11", NULL, { { 0 } } },
};
CTS_REQUIREMENTS(faults, faults);
