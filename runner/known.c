// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of known deviations, and what it makes of a verdict. A row's last kernel is the last
 * that was looked at: on a newer one the failure is a failure until somebody looked again.
 */
#include <stdio.h>
#include <string.h>

#include "known.h"

static const struct known rows[] = {
	{ "INV_COUNTED_TOOK_EFFECT", NULL, CTS_SMMUV3, "6.13", "7.2",
	  "entry_num counts commands in front of a bad one that were never issued",
	  "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-iommufd.c:arm_vsmmu_cache_invalidate()" },
	{ "INV_EMPTY_ARRAY", NULL, CTS_SMMUV3, "6.13", "7.2",
	  "an array of no entries is refused with EINVAL",
	  "include/linux/iommu.h:iommu_copy_struct_from_full_user_array()" },
	{ "INV_HUGE_LEAF_INNER_PAGE", "vm", CTS_SMMUV3, NULL, NULL,
	  "QEMU 11.1 caches a large leaf in pieces and drops only the one that is named",
	  "QEMU hw/arm/smmu-common.c:smmu_iotlb_inv_iova()" },
	{ "VIOMMU_ALLOC_RESERVED", NULL, CTS_SMMUV3, "6.13", "7.2",
	  "__reserved is not looked at",
	  "drivers/iommu/iommufd/viommu.c:iommufd_viommu_alloc_ioctl()" },
	{ "HWPT_VTD_S1_FLAGS", NULL, CTS_VTD, "6.7", "7.2",
	  "unknown flags of the stage 1 are taken",
	  "drivers/iommu/intel/nested.c:intel_iommu_domain_alloc_nested()" },
	{ "HWPT_VTD_S1_RESERVED", NULL, CTS_VTD, "6.7", "7.2",
	  "__reserved of the stage 1 is not looked at",
	  "drivers/iommu/intel/nested.c:intel_iommu_domain_alloc_nested()" },
};

const struct known *known_all(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

/* "7.2.0-rc1" -> 7 << 16 | 2; -1: no version */
static long version(const char *text)
{
	unsigned int major, minor;

	if (!text || sscanf(text, "%4u.%4u", &major, &minor) != 2)
		return -1;
	return (long)major << 16 | minor;
}

static bool holds(const struct known *k, const struct known_place *at)
{
	long kernel = version(at->kernel);

	return (!k->subject || !strcmp(k->subject, at->subject)) && at->arch &&
	       !strcmp(cts_arch_name(k->arch), at->arch) &&
	       (!k->first || kernel >= version(k->first)) &&
	       (!k->last || (kernel >= 0 && kernel <= version(k->last)));
}

const struct known *known_find(const struct known_place *at, const char *requirement)
{
	/* our own promises have no exceptions */
	if (!strcmp(at->subject, "reference"))
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].requirement, requirement) && holds(&rows[i], at))
			return &rows[i];
	return NULL;
}

static void excuse(struct verdict *v, const struct known *k)
{
	char seen[sizeof(v->reason)];

	snprintf(seen, sizeof(seen), "%s", v->reason);
	v->outcome = CTS_XFAIL;
	snprintf(v->reason, sizeof(v->reason), "%.200s (%.160s); seen: %.600s", k->reason,
		 k->evidence, seen);
}

static void surprise(struct verdict *v, const struct known *k)
{
	v->outcome = CTS_XPASS;
	snprintf(v->reason, sizeof(v->reason),
		 "%.60s passed, but is known to fail here: %.200s (%.160s); correct its row in "
		 "runner/known.c", k->requirement, k->reason, k->evidence);
}

void known_apply(const struct known_place *at, const struct plan_test *t, const json_t *checks,
		 struct verdict *v)
{
	for (const char *const *id = t->ids; *id; id++) {
		const struct known *k = known_find(at, *id);

		if (!k)
			continue;
		if (v->outcome == CTS_FAIL && !strcmp(v->only, *id))
			excuse(v, k);
		else if (v->outcome == CTS_PASS &&
			 json_integer_value(json_object_get(checks, *id)) > 0)
			surprise(v, k);
	}
}

const char *known_problem(const struct known *k)
{
	if (!cts_requirement_find(k->requirement))
		return "names no requirement";
	if (k->subject && strcmp(k->subject, "vm") && strcmp(k->subject, "hardware"))
		return "names no kernel subject";
	if ((k->first && version(k->first) < 0) || (k->last && version(k->last) < 0) ||
	    (k->first && k->last && version(k->first) > version(k->last)))
		return "has no range of kernel versions";
	if (!k->reason || !*k->reason || !k->evidence || !strstr(k->evidence, "()"))
		return "has no reason, or no function as evidence";
	return NULL;
}
