// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requirements on what the nesting series v7 tells: layout of the nesting info, capabilities that
 * fail, hardware with nothing to tell and IOMMU units that do not agree.
 */
#include <errno.h>
#include "../../harness/requirement.h"

static const struct cts_requirement info[] = {
	{ "INFO_FORMAT0", "info",
	  "Where there is no nesting info to tell the attach fails (as posted: GET_INFO does)",
	  CTS_SHOULD, "v7 p02, p03; review: \"fail it in attach_group would be better\" (Yi Liu)",
	  CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7_REVIEWED, ENODEV, EOPNOTSUPP, EINVAL),
	    EXPECT_IN(CTS_V7_POSTED, ENOENT) } },
	{ "INFO_ERROR_NOT_LOST", "info",
	  "GET_INFO fails when a capability cannot be built (as posted: only for the last one)",
	  CTS_SHOULD, "v7 p03, review of Alex Williamson: `if (!ret)`", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7_REVIEWED, ENOMEM), EXPECT_IN(CTS_V7_POSTED, 0) } },
	{ "INFO_LAYOUT_32_64", "info",
	  "The nesting info has one layout for programs of 32 and of 64 bits",
	  CTS_SHOULD, "v7 p01, review of Alex Williamson: \"fill that gap with padding\"",
	  CTS_V7_REVIEWED, NULL, NULL, { { 0 } } },
	{ "INFO_QUOTA_LEFT", "info",
	  "GET_INFO tells how many PASIDs the process can still allocate (as posted: it does not)",
	  CTS_SHOULD, "v7 p04, review of Alex Williamson, \"agreed ... I'll add it\" (Yi Liu)",
	  CTS_V7, NULL, NULL, { { 0 } } },
	{ "INFO_INCONSISTENT_UNITS", "info",
	  "Where IOMMU units differ in what is told of them, no container can nest",
	  CTS_MUST, "v7 p15 nested_mode_support()", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, ENODEV) } },
	{ "INFO_INCONSISTENT_UNMASKED", "info",
	  "Units may differ in what is not told of them",
	  CTS_MUST, "v7 p15: the masks of CAP and ECAP", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, 0) } },
};
CTS_REQUIREMENTS(info, info);
