// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the five seed threads describe, one row a system, with the requirements that stand for it:
 * docs/systems.md. Mails: "v7": VFIO nesting series v7, September 2020 (pNN a patch, review: its
 * thread); "RFC v1": /dev/ioasid uAPI proposal, May and June 2021; "idxd RFC": April 2020;
 * "ioasid V4": the redefinition of IOASID sets, April 2021. A word that ends in * stands for all
 * IDs that begin so.
 */
#include <stdlib.h>
#include <string.h>

#include "requirement.h"
#include "systems.h"

static const struct system_row systems[] = {
	{ "nesting info reporting of the IOMMU layer", "v7 p01, p02, p16",
	  "INFO_FLAGS_ZERO INFO_SHORT_BUFFER INFO_LAYOUT_32_64 INFO_ERROR_NOT_LOST "
	  "HWINFO_LONG_BUFFER HWINFO_SHORT_BUFFER", "" },
	{ "nesting features", "v7 p01",
	  "INFO_FEATURE_CONTRACT BIND_NO_FEATURE INV_NO_FEATURE ALLOC_WITHOUT_NESTING", "" },
	{ "SMMU's empty info", "v7 p02", "INFO_FORMAT0", "" },
	{ "nesting capability of VFIO", "v7 p03", "INFO_CAP_*", "" },
	{ "a nesting container has one group", "v7 p03",
	  "GRP_SECOND_GROUP GRP_SET_IOMMU_TWO_GROUPS GRP_NON_NESTING_UNLIMITED GRP_REPLACE", "" },
	{ "the nesting type fails instead of falling back", "v7 p03", "GRP_UNSUPPORTED_TYPE", "" },
	{ "vfio_mm: one set of PASIDs a process", "v7 p04",
	  "ALLOC_QUOTA_PER_MM OWN_SHARED_CONTAINERS OWN_MM_TOKEN_REUSE LIFE_TWO_CONTAINERS "
	  "LIFE_ATTACH_FAIL_NO_LEAK", "" },
	{ "PASID quota", "v7 p04",
	  "ALLOC_QUOTA_* ALLOC_CONCURRENT_STRESS INFO_QUOTA_LEFT ABUSE_FORK_BOMB_QUOTA", "" },
	{ "ioasid_set: ownership, quota, namespace", "v7 p04, p05, p09; ioasid V4",
	  "FREE_FOREIGN_UNTOUCHED FREE_TWICE ALLOC_UNIQUE_* ALLOC_QUOTA_ISOLATION "
	  "ALLOC_KERNEL_PASID_HIDDEN OWN_BIND_HOST_PASID LIFE_FREE_PENDING", "" },
	{ "PASID request: allocate and free", "v7 p07",
	  "ALLOC_* FREE_* PASID_REQ_* ABUSE_PASIDREQ_* ABUSE_NEG_RETVAL ABUSE_FREE_SPIN "
	  "ABUSE_SANDBOX", "" },
	{ "association of a domain with an ioasid_set", "v7 p05",
	  "OWN_SET_* OWN_BIND_FOREIGN OWN_FORK_CHILD OWN_PASSED_FD", "" },
	{ "check of a PASID's owner", "v7 p09",
	  "OWN_BIND_FOREIGN OWN_UNBIND_FOREIGN OWN_INVAL_FOREIGN OWN_PASID_HIGH_BITS", "" },
	{ "bind_gpasid does not take the mm any more", "v7 p06",
	  "LIFE_KILL9_BOUND LIFE_CLOSE_FREES", "an mm that is held would be a leak" },
	{ "unbind is told the domain", "v7 p08", "UNBIND_OK UNBIND_OTHER_PASIDS_STAY", "" },
	{ "nesting operations: bind and unbind", "v7 p10",
	  "BIND_* UNBIND_* ABUSE_NESTOP_* ABUSE_DOUBLE_FETCH GRP_MULTI_DEVICE_GROUP "
	  "FREE_BIND_RACE FREE_BOUND_TEARS_DOWN", "" },
	{ "nesting operations: cache invalidation", "v7 p11",
	  "INV_* ISO_ATC_AFTER_UNBIND ISO_ATC_STAGE2_UNMAP", "" },
	{ "a detached group's bindings are removed", "v7 p10",
	  "LIFE_DETACH_UNBINDS LIFE_DETACH_OTHER_GROUP_STAYS LIFE_REATTACH_CLEAN", "" },
	{ "mdevs with an IOMMU and auxiliary domains", "v7 p12", "", "no requirement yet" },
	{ "PASID capability in config space", "v7 p13", "", "no requirement yet" },
	{ "the documented contract of both stages", "v7 p14",
	  "BIND_NEEDS_ALLOC INV_STALE_WITHOUT_FLUSH NEST_* INV_PASID_WHOLE INV_PAGE_NAMED", "" },
	{ "IOMMU units have to agree", "v7 p15", "INFO_INCONSISTENT_* INFO_CAP_MASKED", "" },
	{ "VT-d's values of the nesting info", "v7 p16",
	  "INFO_CAP_MASKED INFO_PASID_BITS INFO_ADDR_WIDTH INFO_FLAGS_ZERO", "" },
	{ "page faults, their queue and the responses", "v7 review; RFC v1",
	  "FLT_* NEST_FAULT_TELLS_GVA ISO_FAULT_RECORDED",
	  "v7 has no queue: FLT_V7_ABSENT; queue and responses as iommufd's" },
	{ "/dev/sva: PASIDs outside a container are out of reach", "v7 review",
	  "OWN_FD_CONTAINER OWN_ID_* OWN_PASSED_MAPS", "as iommufd's" },
	{ "/dev/ioasid: one place for mapping", "ioasid V4", "", "no requirement yet" },
	{ "/dev/ioasid: allocate, attach, bind, map, invalidate", "RFC v1", "",
	  "no requirement yet" },
	{ "the six types of devices with PASIDs", "RFC v1", "", "no requirement yet" },
	{ "info as a union over devices", "RFC v1",
	  "HWINFO_PER_UNIT IOAS_RANGES_OF_ALL_UNITS",
	  "as iommufd's; /dev/ioasid: no requirement yet" },
	{ "format by device; the wrong one fails", "RFC v1",
	  "HWINFO_TYPE HWINFO_REGISTERS HWPT_NESTED_DATA_TYPE",
	  "as iommufd's; /dev/ioasid: no requirement yet" },
	{ "IOMMUs of different kinds in one machine", "RFC v1",
	  "HWINFO_PER_UNIT HWPT_UNIT_MISMATCH VIOMMU_UNIT_MISMATCH IOAS_RANGES_OF_ALL_UNITS "
	  "ISO_DMA_AFTER_UNMAP_UNITS INFO_INCONSISTENT_*",
	  "units of one vendor with unequal capabilities" },
	{ "software nesting by transforming tables", "RFC v1", "", "no requirement yet" },
	{ "pinned pages are counted once a descriptor", "RFC v1", "IOAS_COPY_SHARES",
	  "accounting: no requirement yet" },
	{ "helper functions for drivers", "RFC v1", "", "no requirement yet" },
	{ "virtual PASIDs for migration without ENQCMD", "RFC v1", "", "no requirement yet" },
	{ "assignable interfaces of idxd", "idxd RFC", "", "no requirement yet" },
	{ "interrupt message store", "idxd RFC", "",
	  "only named in a subject line: there is nothing to require" },
	{ "a PASID for each virtqueue of a vDPA device", "v7 review", "BIND_INDEPENDENT",
	  "the consumer itself: no requirement yet" },
	{ "Arm and AMD hand over whole PASID tables", "v7 review",
	  "HWPT_STE_* VDEVICE_ALLOC_* INV_ARM_CFGI_*", "as iommufd's SMMUv3" },
};

const struct system_row *systems_all(size_t *n)
{
	*n = sizeof(systems) / sizeof(systems[0]);
	return systems;
}

struct search {
	const char *word;
	size_t len;
	bool prefix;
};

static int matches(void *arg, const struct cts_requirement *r)
{
	const struct search *s = arg;

	return !strncmp(r->id, s->word, s->len) && (s->prefix || !r->id[s->len]);
}

const char *systems_problem(const struct system_row *row)
{
	const char *p = row->requirements;

	if (!*p && !*row->note)
		return "no requirement, and no note that says so";
	while (*p) {
		struct search s = { p, strcspn(p, " "), false };

		s.prefix = s.len && p[s.len - 1] == '*';
		s.len -= s.prefix;
		if (!cts_requirement_each(matches, &s))
			return p;
		p += s.len + s.prefix;
		p += strspn(p, " ");
	}
	return NULL;
}
