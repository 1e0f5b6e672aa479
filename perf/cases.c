// SPDX-License-Identifier: GPL-2.0-only
/*
 * All cases there are, and the uAPIs that they speak.
 */
#include "bench.h"

const struct bench_uapi bench_uapis[BENCH_NR_UAPIS] = {
	[UAPI_IOMMUFD_VTD] = { "iommufd-vtd", { .profile = CTS_IOMMUFD, .arch = CTS_VTD } },
	[UAPI_IOMMUFD_SMMUV3] = { "iommufd-smmuv3",
				  { .profile = CTS_IOMMUFD, .arch = CTS_SMMUV3 } },
	[UAPI_V7_VTD] = { "vfio-v7-vtd", { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD } },
};

size_t bench_cases(struct bench_case *out)
{
	size_t n = invalidate_cases(out);

	n += unmap_cases(out + n);
	n += fault_cases(out + n);
	return n + ops_cases(out + n);
}
