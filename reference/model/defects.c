// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The list of known-bad variants in this build: empty in the library that is shipped. */
#include <errno.h>
#include <stdlib.h>
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

	if (!strcmp(name, IOMMU_REF_DEFECT_TRACE)) {
		*out = DEFECT_TRACE;
		return 0;
	}

	for (i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		if (!strcmp(defects[i].name, name)) {
			*out = (enum ref_defect)(i + 1);
			return 0;
		}
	}
	return -EINVAL;
}

int defect_init(struct iommu_ref *ref)
{
	if (ref->defect != DEFECT_TRACE)
		return 0;
	ref->reached = calloc(DEFECT_TRACE, sizeof(*ref->reached));
	return ref->reached ? 0 : -ENOMEM;
}

/* DMA asks without the lock: a note is one byte that is only ever set. */
bool defect_is(const struct iommu_ref *ref, enum ref_defect defect)
{
	if (ref->defect == DEFECT_TRACE)
		__atomic_store_n(&ref->reached[defect], true, __ATOMIC_RELAXED);
	return ref->defect == defect;
}

bool iommu_ref_defect_reached(const struct iommu_ref *ref, size_t i)
{
	return ref->reached && i + 1 < DEFECT_TRACE &&
	       __atomic_load_n(&ref->reached[i + 1], __ATOMIC_RELAXED);
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

int defect_init(struct iommu_ref *ref)
{
	(void)ref;
	return 0;
}

bool iommu_ref_defect_reached(const struct iommu_ref *ref, size_t i)
{
	(void)ref;
	(void)i;
	return false;
}

#endif
