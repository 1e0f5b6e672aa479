// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requirements on groups and containers of the nesting series v7: how many groups a nesting
 * container takes, what all devices of a group share, what is left when a container cannot nest.
 */
#include <errno.h>
#include "../../harness/requirement.h"

static const struct cts_requirement groups[] = {
	{ "GRP_SECOND_GROUP", "groups",
	  "A nesting container takes no second group, and goes on working with the first",
	  CTS_MUST, "v7 p03 \"should include at most one iommu group\"", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, EINVAL) } },
	{ "GRP_SET_IOMMU_TWO_GROUPS", "groups",
	  "A container with two groups does not become a nesting one, and has no type afterwards",
	  CTS_MUST, "v7 p03; vfio.c: a refused type is not set", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, EINVAL) } },
	{ "GRP_NON_NESTING_UNLIMITED", "groups",
	  "A container that is not of nesting type takes several groups",
	  CTS_MUST, "v7 p03: only nesting containers are limited", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, 0) } },
	{ "GRP_MULTI_DEVICE_GROUP", "groups",
	  "Bind, invalidate and unbind act on every device of the group",
	  CTS_MUST, "v7 p10, p11: iommu_group_for_each_dev()", CTS_V7, NULL, NULL, { { 0 } } },
	{ "GRP_REPLACE", "groups",
	  "When its group has left, a nesting container takes another one",
	  CTS_MUST, "v7 p03: \"at most one\" at a time", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, 0) } },
	{ "GRP_UNSUPPORTED_TYPE", "groups",
	  "Where the hardware cannot nest the type is refused, and another one can be set then",
	  CTS_MUST, "v7 p14 \"VFIO_SET_IOMMU fails ... try other IOMMU types\"", CTS_V7, NULL, NULL,
	  { EXPECT_IN(CTS_V7, ENODEV) } },
};
CTS_REQUIREMENTS(groups, groups);
