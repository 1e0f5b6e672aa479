// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The list of known-bad variants in this build: empty in the library that is shipped. */
#include <errno.h>
#include <string.h>

#include "internal.h"

#ifdef IOMMU_REF_DEFECTS

static const struct iommu_ref_defect_info defects[] = {
#define DEFECT(name, what) { #name, what },
#include "defects.def"
#undef DEFECT
};

size_t iommu_ref_defects(const struct iommu_ref_defect_info **out)
{
	*out = defects;
	return sizeof(defects) / sizeof(defects[0]);
}

int defect_find(const char *name, enum ref_defect *out)
{
	size_t i;

	for (i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		if (!strcmp(defects[i].name, name)) {
			*out = (enum ref_defect)(i + 1);
			return 0;
		}
	}
	return -EINVAL;
}

#else

size_t iommu_ref_defects(const struct iommu_ref_defect_info **out)
{
	*out = NULL;
	return 0;
}

int defect_find(const char *name, enum ref_defect *out)
{
	(void)name;
	(void)out;
	return -EINVAL;
}

#endif
