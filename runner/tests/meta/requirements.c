// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requirements of the meta suite: they promise nothing about an IOMMU, they give the runner
 * something to count.
 */
#include "requirement.h"

#define META(id_, text_) \
	{ .id = (id_), .area = "meta", .text = (text_), .strength = CTS_MUST, \
	  .source = "the runner's own tests", .profiles = CTS_ALL }

static const struct cts_requirement meta[] = {
	META("META_GOOD", "its tests pass"),
	META("META_BAD", "a failed check of one test is the requirement's failure"),
	META("META_NOT_RUN", "tests that are skipped with a named outcome are no pass"),
	META("META_ENDS", "a test that dies, hangs or breaks is that test's outcome"),
	META("META_NO_TEST", "a requirement without a test is listed"),
};

CTS_REQUIREMENTS(meta, meta);
