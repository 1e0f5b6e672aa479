/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only a model can tell: fault records, what the IOTLB holds, what is alive. On a kernel every
 * answer is -EOPNOTSUPP, and a test that needs it is not-supported there.
 */
#ifndef CTS_INTROSPECT_H
#define CTS_INTROSPECT_H

#include "cts.h"

struct cts_fault {
	unsigned int device;	/* index, CTS_MAX_DEVICES if the requester is none of ours */
	bool has_pasid, write;
	uint32_t pasid;
	uint64_t iova;		/* the byte that was asked for */
};

/* Takes the oldest record: 1 with *@f filled, 0 when there is none, -EOPNOTSUPP. */
int cts_fault_pop(struct cts *c, struct cts_fault *f);

/* Would the IOTLB answer this read (or @write) without a walk? 1, 0, -EOPNOTSUPP. */
int cts_iotlb_cached(struct cts *c, unsigned int device, bool has_pasid, uint32_t pasid,
		     uint64_t iova, bool write);

/* The same of the address translation cache in the device itself (ATS). */
int cts_atc_cached(struct cts *c, unsigned int device, bool has_pasid, uint32_t pasid,
		   uint64_t iova, bool write);

/* A page request that a device is to send, without a PASID. */
struct cts_page_request {
	unsigned int device;	/* index */
	unsigned int grpid;
	uint64_t iova;
	bool last;		/* of its group */
};
/* 0; -EOPNOTSUPP: no device here can be told to; -ENODEV: it cannot ask. */
int cts_page_request(struct cts *c, const struct cts_page_request *req);
/* The oldest answer that @device got: its code and group, -1 when there is none, or -EOPNOTSUPP. */
int cts_page_response_pop(struct cts *c, unsigned int device, unsigned int *grpid);

/*
 * What the kernel itself does with PASIDs in the series v7. A PASID of its own in the range; a
 * reference on one of @a's, and its end; another owner's set (@owner NULL: the kernel's own) for
 * the container @fd of @a. 0 or a PASID, or -errno; -EOPNOTSUPP on a kernel.
 */
long cts_kernel_pasid(struct cts *c, uint32_t min, uint32_t max);
int cts_kernel_get_pasid(struct cts *c, struct cts_actor *a, uint32_t pasid);
void cts_kernel_put_pasid(struct cts *c, uint32_t pasid);
int cts_kernel_set_pasids(struct cts *c, struct cts_actor *a, int fd, struct cts_actor *owner);

/* What is alive now: to compare before and after. */
struct cts_alive {
	uint64_t objects, domains, pasids, pinned_pages;
};
int cts_alive(struct cts *c, struct cts_alive *out);	/* 0 or -EOPNOTSUPP */

#endif
