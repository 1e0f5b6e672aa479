// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests of devices and their answers, by iommufd's fault queues. The devices of the model
 * send what the test wants; no device of the lab can ask for pages.
 */
#include <poll.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

#define ADDR 0x5a5000000000ull

/* An iommufd with a device on a table whose page requests come to a queue. */
struct side {
	struct cts_space *space;
	unsigned int device;
	int queue;
	uint32_t queue_id, hwpt;
};

FIXTURE(flt_page) {
	struct cts *c;
	struct side a, b;
};
CTS_VARIANTS_IOMMUFD(flt_page);

static int attach(struct side *s, uint32_t pt_id)
{
	struct vfio_device_attach_iommufd_pt at = { .argsz = sizeof(at), .pt_id = pt_id };

	return (int)cts_ioctl(s->space->c, NULL, s->space->dev_fd[s->device],
			      VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at);
}

static int side_open(struct cts *c, unsigned int device, struct side *s)
{
	struct iommu_fault_alloc queue = { .size = sizeof(queue) };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt), .flags = IOMMU_HWPT_FAULT_ID_VALID };
	int rc = __cts_space_create(c, NULL, 0, 1u << device, &s->space);

	s->device = device;
	if (!rc)
		rc = (int)cts_ioctl(c, NULL, s->space->fd, IOMMU_FAULT_QUEUE_ALLOC, &queue);
	if (rc)
		return rc;
	s->queue = (int)queue.out_fault_fd;
	s->queue_id = queue.out_fault_id;
	hwpt.dev_id = s->space->dev_id[device];
	hwpt.pt_id = s->space->ioas_id;
	hwpt.fault_id = s->queue_id;
	rc = (int)cts_ioctl(c, NULL, s->space->fd, IOMMU_HWPT_ALLOC, &hwpt);
	s->hwpt = hwpt.out_hwpt_id;
	return rc ? rc : attach(s, s->hwpt);
}

FIXTURE_SETUP(flt_page)
{
	CTS_SETUP(self->c);
	if (cts_page_request(self->c, &(struct cts_page_request){ .device = CTS_MAX_DEVICES }) ==
	    -EOPNOTSUPP)
		CTS_SKIP(ENV_MISSING, "no device that can be told to ask for pages");
	CTS_PRE(side_open(self->c, 0, &self->a));
	CTS_PRE(side_open(self->c, 1, &self->b));
}

FIXTURE_TEARDOWN(flt_page)
{
	cts_end(self->c);
}

/* Device of @s asks for page @page; the last one of group @grpid or not. */
static int ask(struct side *s, unsigned int grpid, unsigned int page, bool last)
{
	const struct cts_page_request req = {
		.device = s->device, .grpid = grpid, .iova = ADDR + page * 4096ull, .last = last,
	};

	return cts_page_request(s->space->c, &req);
}

/* The requests that wait to be read; returns how many, or -errno. */
static long take(struct side *s, struct iommu_hwpt_pgfault *f, size_t n)
{
	ssize_t rc = cts_read(s->space->c, NULL, s->queue, f, n * sizeof(*f));

	return rc < 0 ? rc : rc / (ssize_t)sizeof(*f);
}

/* 0 or -errno. */
static long answer(struct side *s, uint32_t cookie, uint32_t code)
{
	struct iommu_hwpt_page_response r = { .cookie = cookie, .code = code };
	ssize_t rc = cts_write(s->space->c, NULL, s->queue, &r, sizeof(r));

	return rc < 0 ? rc : rc == sizeof(r) ? 0 : -EIO;
}

/* The answer that the device has got: its code, or -1. */
static int answered(struct side *s, unsigned int *grpid)
{
	return cts_page_response_pop(s->space->c, s->device, grpid);
}

static bool waits(struct side *s)
{
	return cts_poll(s->space->c, NULL, s->queue, POLLIN, 0) & POLLIN;
}

CTS_TEST_F(flt_page, group_last, "FLT_GROUP_LAST")
{
	struct iommu_hwpt_pgfault f[8];
	unsigned int grpid = 0;

	for (unsigned int page = 0; page < 4; page++) {
		CTS_EXPECT_TRUE("FLT_GROUP_LAST", !waits(&self->a), "page %u is not last", page);
		CTS_PRE(ask(&self->a, 5, page, page == 3));
	}
	CTS_ASSERT_EQ("FLT_GROUP_LAST", 4, take(&self->a, f, ARRAY_SIZE(f)));
	for (unsigned int page = 0; page < 4; page++) {
		CTS_EXPECT_EQ("FLT_GROUP_LAST", ADDR + page * 4096ull, f[page].addr);
		CTS_EXPECT_EQ("FLT_GROUP_LAST", page == 3,
			      !!(f[page].flags & IOMMU_PGFAULT_FLAGS_LAST_PAGE));
		CTS_EXPECT_EQ("FLT_GROUP_LAST", f[0].cookie, f[page].cookie);
		CTS_EXPECT_EQ("FLT_GROUP_LAST", 5, f[page].grpid);
	}
	CTS_EXPECT_EQ("FLT_GROUP_LAST", -1, answered(&self->a, &grpid));
	CTS_EXPECT_OK("FLT_GROUP_LAST", answer(&self->a, f[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	CTS_EXPECT_EQ("FLT_GROUP_LAST", IOMMUFD_PAGE_RESP_SUCCESS, answered(&self->a, &grpid));
	CTS_EXPECT_EQ("FLT_GROUP_LAST", 5, grpid);
	CTS_EXPECT_EQ("FLT_GROUP_LAST", -1, answered(&self->a, &grpid));
}

CTS_TEST_F(flt_page, no_pending, "FLT_RESP_NO_PENDING")
{
	struct iommu_hwpt_pgfault f;
	unsigned int grpid;

	for (uint32_t cookie = 0; cookie < 3; cookie++)
		CTS_EXPECT_RC("FLT_RESP_NO_PENDING",
			      answer(&self->a, cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	CTS_EXPECT_EQ("FLT_RESP_NO_PENDING", -1, answered(&self->a, &grpid));
	/* nor where it was answered already */
	CTS_PRE(ask(&self->a, 1, 0, true));
	CTS_PRE_TRUE(take(&self->a, &f, 1) == 1);
	CTS_PRE(answer(&self->a, f.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	CTS_EXPECT_RC("FLT_RESP_NO_PENDING",
		      answer(&self->a, f.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
}

CTS_TEST_F(flt_page, wrong_group, "FLT_RESP_WRONG_GRPID")
{
	struct iommu_hwpt_pgfault f[2];
	unsigned int grpid = 0;

	CTS_PRE(ask(&self->a, 7, 0, true));
	CTS_PRE_TRUE(take(&self->a, f, 1) == 1);
	CTS_EXPECT_RC("FLT_RESP_WRONG_GRPID",
		      answer(&self->a, f[0].cookie + 1, IOMMUFD_PAGE_RESP_SUCCESS));
	CTS_EXPECT_RC("FLT_RESP_WRONG_GRPID",
		      answer(&self->a, ~f[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	/* another queue does not know it either */
	CTS_EXPECT_RC("FLT_RESP_WRONG_GRPID",
		      answer(&self->b, f[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	CTS_EXPECT_EQ("FLT_RESP_WRONG_GRPID", -1, answered(&self->a, &grpid));
	CTS_EXPECT_ERRNO("FLT_RESP_WRONG_GRPID",
			 answer(&self->a, f[0].cookie, IOMMUFD_PAGE_RESP_INVALID), 0);
	CTS_EXPECT_EQ("FLT_RESP_WRONG_GRPID", IOMMUFD_PAGE_RESP_INVALID,
		      answered(&self->a, &grpid));
}

CTS_TEST_F(flt_page, codes, "FLT_RESP_CODES")
{
	static const uint32_t bad[] = { 2, 3, 0x80000000, UINT32_MAX };
	struct iommu_hwpt_pgfault f;
	unsigned int grpid;

	for (unsigned int code = 0; code < 2; code++) {
		CTS_PRE(ask(&self->a, code, 0, true));
		CTS_PRE_TRUE(take(&self->a, &f, 1) == 1);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			CTS_EXPECT_RC("FLT_RESP_CODES", answer(&self->a, f.cookie, bad[i]));
		CTS_EXPECT_EQ("FLT_RESP_CODES", -1, answered(&self->a, &grpid));
		CTS_EXPECT_ERRNO("FLT_RESP_CODES", answer(&self->a, f.cookie, code), 0);
		CTS_EXPECT_EQ("FLT_RESP_CODES", code, answered(&self->a, &grpid));
	}
}

CTS_TEST_F(flt_page, detach, "FLT_DETACH_AUTORESP")
{
	struct vfio_device_detach_iommufd_pt dt = { .argsz = sizeof(dt) };
	struct iommu_hwpt_pgfault f;
	unsigned int grpid;

	/* one that was read and one that was not */
	CTS_PRE(ask(&self->a, 1, 0, true));
	CTS_PRE_TRUE(take(&self->a, &f, 1) == 1);
	CTS_PRE(ask(&self->a, 2, 1, true));
	CTS_PRE_TRUE(waits(&self->a));
	CTS_PRE(cts_ioctl(self->c, NULL, self->a.space->dev_fd[0], VFIO_DEVICE_DETACH_IOMMUFD_PT,
			  &dt));
	for (unsigned int i = 0; i < 2; i++)
		CTS_EXPECT_EQ("FLT_DETACH_AUTORESP", IOMMUFD_PAGE_RESP_INVALID,
			      answered(&self->a, &grpid));
	CTS_EXPECT_TRUE("FLT_DETACH_AUTORESP", !waits(&self->a), "a request is still to be read");
	CTS_EXPECT_ERRNO("FLT_DETACH_AUTORESP",
			 answer(&self->a, f.cookie, IOMMUFD_PAGE_RESP_SUCCESS), EINVAL);
	CTS_PRE(attach(&self->a, self->a.hwpt));
	CTS_PRE(ask(&self->a, 3, 0, true));
	CTS_EXPECT_EQ("FLT_DETACH_AUTORESP", 1, take(&self->a, &f, 1));
}

CTS_TEST_F(flt_page, route, "FLT_ROUTE_GUEST_PASID")
{
	struct side *side[2] = { &self->a, &self->b };
	struct iommu_hwpt_pgfault f[2];

	for (unsigned int k = 0; k < 2; k++) {
		CTS_PRE(ask(side[k], 9, k, true));
		CTS_EXPECT_TRUE("FLT_ROUTE_GUEST_PASID", waits(side[k]) && !waits(side[!k]),
				"its queue %d, the other one %d", waits(side[k]), waits(side[!k]));
		CTS_ASSERT_EQ("FLT_ROUTE_GUEST_PASID", 1, take(side[k], &f[k], 1));
		CTS_EXPECT_EQ("FLT_ROUTE_GUEST_PASID", ADDR + k * 4096ull, f[k].addr);
		CTS_EXPECT_EQ("FLT_ROUTE_GUEST_PASID", side[k]->space->dev_id[k], f[k].dev_id);
	}
}

CTS_SUITE("faults", "faults/page_request");
