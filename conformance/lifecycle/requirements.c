// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requirements on lifetimes: what ends when a PASID is freed, an object destroyed, a file closed, a
 * process killed; and what does not.
 */
#include <errno.h>
#include "../../harness/requirement.h"

#define BOTH (CTS_V7 | CTS_IOMMUFD)

static const struct cts_requirement lifecycle[] = {
	/* ---- every uAPI */
	{ "LIFE_KILL9_BOUND", "lifecycle",
	  "When a process is killed its devices, PASIDs and quota are free for others at once",
	  CTS_MUST, "v7 p07 \"when process exits\", p10 detach; vfio device release", BOTH, NULL,
	  NULL, { { 0 } } },
	{ "LIFE_NO_LEAK_10K", "lifecycle",
	  "Ten thousand PASIDs allocated, bound, invalidated, unbound and freed leave nothing",
	  CTS_MUST, "v7 p04, p10", CTS_V7, NULL, NULL, { { 0 } } },
	{ "LIFE_FREE_PENDING", "lifecycle",
	  "A PASID freed while a driver uses it is given to nobody, nor to another driver, until "
	  "it does not",
	  CTS_SHOULD, "ioasid core below v7: ioasid_get(), FREE_PENDING", CTS_V7, NULL, NULL,
	  { { 0 } } },
	{ "LIFE_ATTACH_FAIL_NO_LEAK", "lifecycle",
	  "An attach that fails at its last step keeps neither quota nor group nor page table",
	  CTS_MUST, "v7 p03, p07 out_detach", CTS_V7, NULL, NULL, { EXPECT_IN(CTS_V7, ENOMEM) } },
	{ "LIFE_REATTACH_CLEAN", "lifecycle",
	  "A group that was detached and attached again has no old PASIDs and no old bindings",
	  CTS_MUST, "v7 p03, p10", CTS_V7, NULL, NULL, { { 0 } } },
	{ "LIFE_FD_ORDER", "lifecycle",
	  "When the files of page tables and of the device are closed, in any order, no bind is "
	  "left",
	  CTS_MUST, "review of v7, /dev/sva: close order (Jacob Pan), refcount (Jason Wang); "
	  "vfio.h device release", BOTH, NULL, NULL, { { 0 } } },
	{ "LIFE_NO_LEAK", "lifecycle",
	  "Any number of cycles from open to close leaves nothing behind",
	  CTS_MUST, "v7 p04, p10; iommufd.h IOMMU_DESTROY", BOTH, NULL, NULL, { { 0 } } },

	/* ---- v7 */
	{ "LIFE_CLOSE_FREES", "lifecycle",
	  "Closing the last container of a process returns its PASIDs and its quota",
	  CTS_MUST, "v7 p07, p04", CTS_V7, NULL, NULL, { { 0 } } },
	{ "LIFE_TWO_CONTAINERS", "lifecycle",
	  "PASIDs survive the container they were allocated through, as long as there is another",
	  CTS_MUST, "v7 p04: the vfio_mm is counted", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, ENOSPC) } },
	{ "LIFE_DETACH_UNBINDS", "lifecycle",
	  "A group that leaves its container keeps no binding, and finds none when it returns",
	  CTS_MUST, "v7 p10 \"Unbind page tables bound with system wide PASIDs\"", CTS_V7, NULL,
	  NULL, { { 0 } } },
	{ "LIFE_DETACH_OTHER_GROUP_STAYS", "lifecycle",
	  "A group that leaves its container takes no binding from another group",
	  CTS_MUST, "v7 p10: only this group's devices are unbound", CTS_V7, NULL, NULL,
	  { { 0 } } },
	{ "FREE_BOUND_TEARS_DOWN", "lifecycle",
	  "Freeing a bound PASID takes its page table away before anybody gets the number again",
	  CTS_MUST, "v7 p04 \"teardown necessary structures depending on the to-be-freed PASID\"",
	  CTS_V7, NULL, NULL, { EXPECT_IN(CTS_V7, 0) } },

	/* ---- iommufd: DESTROY */
	{ "LIFE_DESTROY_UNKNOWN", "lifecycle",
	  "DESTROY of an id that does not exist says so",
	  CTS_MUST, "iommufd.h errno convention: ENOENT", CTS_IOMMUFD, "6.2", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, ENOENT) } },
	{ "LIFE_DESTROY_TWICE", "lifecycle",
	  "A destroyed object is gone: a second DESTROY does not find it",
	  CTS_MUST, "iommufd.h errno convention: ENOENT", CTS_IOMMUFD, "6.2", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, ENOENT) } },
	{ "LIFE_DESTROY_BUSY", "lifecycle",
	  "A page table with a device on it cannot be destroyed, and can when the device is gone",
	  CTS_OBSERVED, "iommufd/main.c iommufd_object_remove(); selftest busy destroy",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, EBUSY) } },
	{ "LIFE_IOAS_BUSY", "lifecycle",
	  "An IOAS that a page table or a device uses cannot be destroyed",
	  CTS_OBSERVED, "iommufd/main.c iommufd_object_remove()", CTS_IOMMUFD, "6.2", NULL,
	  { EXPECT_IN(CTS_IOMMUFD, EBUSY) } },
	{ "LIFE_DEVICE_BUSY", "lifecycle",
	  "A bound device cannot be destroyed by its id: it ends with its file",
	  CTS_OBSERVED,
	  "iommufd/device.c \"The calling driver is a user until iommufd_device_unbind()\"",
	  CTS_IOMMUFD, "6.2", NULL, { EXPECT_IN(CTS_IOMMUFD, EBUSY) } },
	{ "LIFE_AUTO_HWPT", "lifecycle",
	  "A page table that attaching to an IOAS made goes with its last device",
	  CTS_OBSERVED, "iommufd/device.c, auto_domain; vfio.h: \"automatically created\"",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, ENOENT) } },

	/* ---- iommufd: attach and replace */
	{ "LIFE_ATTACH_FAIL_KEEPS", "lifecycle",
	  "A refused replacement leaves the device on the page table that it had",
	  CTS_OBSERVED, "iommufd/device.c iommufd_device_do_replace(), its unwinding", CTS_IOMMUFD,
	  "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, EADDRINUSE, EINVAL) } },
	{ "LIFE_REPLACE_FREES_OLD", "lifecycle",
	  "After a replacement the old page table can be destroyed and the new one is in use",
	  CTS_OBSERVED, "iommufd/device.c iommufd_device_do_replace(); vfio.h, replacement",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, EBUSY) } },

	/* ---- iommufd: several IOMMU units */
	{ "HWPT_UNIT_MISMATCH", "lifecycle",
	  "A page table that a device's IOMMU unit cannot walk is refused and the old one stays",
	  CTS_OBSERVED,
	  "intel/iommu.c paging_domain_compatible(); arm-smmu-v3.c arm_smmu_attach_dev()",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },
	{ "IOAS_RANGES_OF_ALL_UNITS", "lifecycle",
	  "The ranges of an IOAS narrow to what the units of all attached devices can translate",
	  CTS_MUST,
	  "iommufd.h \"as devices are attached the IOVA will narrow based on the device\"",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },
	{ "HWINFO_PER_UNIT", "lifecycle",
	  "GET_HW_INFO tells of dirty tracking what the device's own unit grants or refuses",
	  CTS_MUST, "iommufd.h IOMMU_HW_CAP_DIRTY_TRACKING, IOMMU_HWPT_ALLOC_DIRTY_TRACKING",
	  CTS_IOMMUFD, "6.7", NULL, { EXPECT_IN(CTS_IOMMUFD, EOPNOTSUPP) } },
	{ "VIOMMU_UNIT_MISMATCH", "lifecycle",
	  "A vIOMMU is a slice of one SMMU: no nest parent and no device of another one",
	  CTS_OBSERVED, "arm-smmu-v3-iommufd.c arm_vsmmu_init(); iommufd/viommu.c vdevice_alloc",
	  CTS_IOMMUFD, "6.13", NULL, { EXPECT_IN(CTS_IOMMUFD, EINVAL) } },

	/* ---- iommufd: closing */
	{ "LIFE_IOMMUFD_CLOSED_FIRST", "lifecycle",
	  "A device works on after its iommufd's descriptor was closed, until its own file is",
	  CTS_OBSERVED, "vfio/device_cdev.c: the device file holds the iommufd", CTS_IOMMUFD, "6.6",
	  NULL, { { 0 } } },
	{ "LIFE_DEVICE_CLOSED_FIRST", "lifecycle",
	  "Closing a device ends its object and its attachment; the rest stays for the next device",
	  CTS_MUST, "vfio.h \"Unbind is automatically conducted when device fd is closed\"",
	  CTS_IOMMUFD, "6.6", NULL, { EXPECT_IN(CTS_IOMMUFD, ENOENT) } },
};
CTS_REQUIREMENTS(lifecycle, lifecycle);
