// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of outcomes, profiles and architectures, as records and messages spell them.
 */
#include <string.h>

#include "internal.h"

static const char *const outcomes[CTS_NR_OUTCOMES] = {
	[CTS_PASS] = "pass",
	[CTS_FAIL] = "fail",
	[CTS_XFAIL] = "xfail",
	[CTS_XPASS] = "xpass",
	[CTS_NOT_APPLICABLE] = "not-applicable",
	[CTS_NOT_SUPPORTED] = "not-supported",
	[CTS_ENV_MISSING] = "env-missing",
	[CTS_NOT_IMPLEMENTED] = "not-implemented",
	[CTS_BROKEN] = "broken",
	[CTS_TIMEOUT] = "timeout",
	[CTS_CRASH] = "crash",
	[CTS_DMESG] = "dmesg",
};

const char *cts_outcome_name(enum cts_outcome o)
{
	return (unsigned int)o < CTS_NR_OUTCOMES ? outcomes[o] : "unknown";
}

int cts_outcome_parse(const char *name)
{
	for (int i = 0; i < CTS_NR_OUTCOMES; i++)
		if (!strcmp(name, outcomes[i]))
			return i;
	return -1;
}

const char *cts_arch_name(enum cts_arch arch)
{
	switch (arch) {
	case CTS_VTD: return "VT-d";
	case CTS_SMMUV3: return "SMMUv3";
	default: return "any IOMMU";
	}
}

const char *cts_profile_name(unsigned int profile)
{
	switch (profile) {
	case CTS_V7_POSTED: return "v7-posted";
	case CTS_V7_REVIEWED: return "v7-reviewed";
	case CTS_IOASID_RFC: return "ioasid-rfc";
	case CTS_IOMMUFD: return "iommufd";
	default: return "no profile";
	}
}

/* snprintf() that may cut: every text here is for people. */
void copy_text(char *dst, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(dst, len, fmt, ap) < 0)
		dst[0] = '\0';
	va_end(ap);
}
