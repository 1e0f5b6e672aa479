// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Fault queues: page requests that devices send, as they are read, answered, answered for the
 * reader when an attachment ends, and lost when there are too many.
 */
#include <kselftest_harness.h>
#include <poll.h>

#include "fault_util.h"

#define PASID_TABLE (IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)

FIXTURE(fault)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	uint32_t ioas, dev, queue, hwpt;
	int cdev, fd;
};

FIXTURE_VARIANT(fault)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(fault, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(fault, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

FIXTURE_SETUP(fault)
{
	iommu_ref_config_init(&self->cfg, variant->vendor);
	self->cfg.devices[1].pri = self->cfg.devices[1].ats = false;
	self->cfg.page_requests = 8;
	ASSERT_EQ(0, iommu_ref_create(&self->cfg, &self->ref));
	ASSERT_EQ(0, fd_user_create(self->ref, &self->u));
	ASSERT_EQ(0, fd_ioas(&self->u, &self->ioas));
	self->cdev = fd_device(&self->u, 0, &self->dev);
	ASSERT_LE(0, self->cdev);
	self->fd = queue_alloc(&self->u, &self->queue);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fault_hwpt(&self->u, self->dev, self->ioas, PASID_TABLE, self->queue,
				&self->hwpt));
	ASSERT_EQ(0, fd_attach(&self->u, self->cdev, self->hwpt));
}

FIXTURE_TEARDOWN(fault)
{
	iommu_ref_destroy(self->ref);
}

/* ---- objects */

TEST_F(fault, alloc_arguments)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd), .flags = 1 };
	struct iommu_ref_stats before, after;
	uint32_t id;

	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->u, IOMMU_FAULT_QUEUE_ALLOC, &cmd));
	cmd = (struct iommu_fault_alloc){ .size = sizeof(cmd) - 4 };
	EXPECT_EQ(-EINVAL, fd_cmd(&self->u, IOMMU_FAULT_QUEUE_ALLOC, &cmd));
	/* An answer that cannot be written leaves neither object nor descriptor. */
	iommu_ref_stats(self->ref, &before);
	void *ro = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(uint32_t *)ro = sizeof(cmd);
	mprotect(ro, PG, PROT_READ);
	EXPECT_EQ(-EFAULT, fd_cmd(&self->u, IOMMU_FAULT_QUEUE_ALLOC, ro));
	munmap(ro, PG);
	iommu_ref_stats(self->ref, &after);
	EXPECT_EQ(before.objects, after.objects);
	EXPECT_EQ(self->fd + 1, queue_alloc(&self->u, &id));
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->fd + 1));
	EXPECT_EQ(0, fd_destroy(&self->u, id));
}

TEST_F(fault, descriptors_run_out)
{
	uint32_t id;
	int fd;

	while ((fd = queue_alloc(&self->u, &id)) >= 0)
		;
	EXPECT_EQ(-EMFILE, fd);
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->fd));
	EXPECT_EQ(self->fd, queue_alloc(&self->u, &id));
}

TEST_F(fault, hwpt_names_a_queue)
{
	uint32_t id, nest = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_FAULT_ID_VALID;

	EXPECT_EQ(-ENOENT, fault_hwpt(&self->u, self->dev, self->ioas, IOMMU_HWPT_FAULT_ID_VALID,
				      1000, &id));
	EXPECT_EQ(-ENOENT, fault_hwpt(&self->u, self->dev, self->ioas, IOMMU_HWPT_FAULT_ID_VALID,
				      self->ioas, &id));
	EXPECT_EQ(-EOPNOTSUPP, fault_hwpt(&self->u, self->dev, self->ioas, nest, self->queue, &id));
	/* Without the flag the field says nothing. */
	EXPECT_EQ(0, fault_hwpt(&self->u, self->dev, self->ioas, 0, 1000, &id));
}

TEST_F(fault, busy_while_named_or_open)
{
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, self->queue));
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->fd));
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, self->queue));
	EXPECT_EQ(0, fd_detach(&self->u, self->cdev));
	EXPECT_EQ(-EBUSY, fd_destroy(&self->u, self->queue));
	EXPECT_EQ(0, fd_destroy(&self->u, self->hwpt));
	EXPECT_EQ(0, fd_destroy(&self->u, self->queue));
}

TEST_F(fault, queue_file_keeps_the_iommufd_open)
{
	struct iommu_ref_stats stats;

	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->cdev));
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->u.fd));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_LT(0, stats.objects);
	EXPECT_EQ(0, take(&self->u, self->fd, NULL, 0));
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, self->fd));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(0, stats.objects);
	EXPECT_EQ(0, stats.domains);
}

TEST_F(fault, device_without_pri)
{
	uint32_t dev, plain, rc = variant->vendor == IOMMU_REF_VTD ? (uint32_t)-ENODEV : 0;
	int cdev = fd_device(&self->u, 1, &dev);

	ASSERT_LE(0, cdev);
	EXPECT_EQ((int)rc, fd_attach(&self->u, cdev, self->hwpt));
	EXPECT_EQ(0, fd_detach(&self->u, cdev));
	/* A replace that is refused leaves the old table. */
	ASSERT_EQ(0, fd_paging(&self->u, dev, self->ioas, 0, &plain));
	EXPECT_EQ(0, fd_attach(&self->u, cdev, plain));
	EXPECT_EQ((int)rc, fd_attach(&self->u, cdev, self->hwpt));
	EXPECT_EQ(-ENODEV, ask(self->ref, 1, NO_PASID, 0, 0, true));
	EXPECT_EQ(-ENODEV, ask(self->ref, 9, NO_PASID, 0, 0, true));
}

TEST_F(fault, hw_info_says_who_has_ats)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = self->dev };
	uint32_t dev;

	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &info));
	EXPECT_EQ(0, info.out_capabilities & IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
	ASSERT_LE(0, fd_device(&self->u, 1, &dev));
	info = (struct iommu_hw_info){ .size = sizeof(info), .dev_id = dev };
	EXPECT_EQ(0, fd_cmd(&self->u, IOMMU_GET_HW_INFO, &info));
	EXPECT_NE(0, info.out_capabilities & IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
}

/* ---- read */

TEST_F(fault, one_request_is_read_and_answered)
{
	const struct iommu_ref_page_request req = {
		.device = 0, .last = true, .write = true, .grpid = 511, .iova = 0x12345678,
	};
	struct iommu_hwpt_pgfault f[2];

	EXPECT_EQ(POLLOUT, iommu_ref_poll(self->u.proc, self->fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, take(&self->u, self->fd, f, 2));
	ASSERT_EQ(0, iommu_ref_page_request(self->ref, &req));
	EXPECT_EQ(POLLIN | POLLOUT, iommu_ref_poll(self->u.proc, self->fd, POLLIN | POLLOUT));
	memset(f, 0xff, sizeof(f));
	ASSERT_EQ(FLT, take(&self->u, self->fd, f, 2));
	EXPECT_EQ(IOMMU_PGFAULT_FLAGS_LAST_PAGE, f[0].flags);
	EXPECT_EQ(self->dev, f[0].dev_id);
	EXPECT_EQ(0, f[0].pasid);
	EXPECT_EQ(511, f[0].grpid);
	EXPECT_EQ(IOMMU_PGFAULT_PERM_WRITE, f[0].perm);
	EXPECT_EQ(0x12345000, f[0].addr);
	EXPECT_EQ(0, f[0].length);
	EXPECT_EQ(0, f[0].__reserved);
	EXPECT_EQ(1, f[0].cookie);
	EXPECT_EQ(UINT32_MAX, f[1].cookie);
	EXPECT_EQ(0, iommu_ref_poll(self->u.proc, self->fd, POLLIN));
	EXPECT_EQ(-1, answer(self->ref, 0, 511));
	EXPECT_EQ(1, waiting(self->ref));
	EXPECT_EQ(RESP, reply(&self->u, self->fd, 1, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(self->ref, 0, 511));
	EXPECT_EQ(-1, answer(self->ref, 0, 511));
	EXPECT_EQ(0, waiting(self->ref));
}

TEST_F(fault, groups_come_whole_and_in_order)
{
	struct iommu_hwpt_pgfault f[8];

	/* Two groups whose messages mix; the one that is complete first comes first. */
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0x1000, false));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0x2000, false));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0x1100000, false));
	EXPECT_EQ(0, take(&self->u, self->fd, f, 8));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0x2200000, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0x1200000, true));
	/* The first group has two messages, the second three. */
	EXPECT_EQ(-EINVAL, take(&self->u, self->fd, f, 0));
	EXPECT_EQ(-EINVAL, take(&self->u, self->fd, f, 1));
	EXPECT_EQ(2 * FLT, take(&self->u, self->fd, f, 4));
	EXPECT_EQ(0x2000, f[0].addr);
	EXPECT_EQ(0, f[0].flags);
	EXPECT_EQ(0x2200000, f[1].addr);
	EXPECT_EQ(IOMMU_PGFAULT_FLAGS_LAST_PAGE, f[1].flags);
	EXPECT_EQ(f[0].cookie, f[1].cookie);
	EXPECT_EQ(3 * FLT, take(&self->u, self->fd, f, 3));
	EXPECT_EQ(0x1000, f[0].addr);
	EXPECT_EQ(0x1100000, f[1].addr);
	EXPECT_EQ(0x1200000, f[2].addr);
	EXPECT_EQ(2, f[2].cookie);
}

TEST_F(fault, read_arguments)
{
	struct iommu_hwpt_pgfault f[2];

	EXPECT_EQ(-ESPIPE, iommu_ref_read(self->u.proc, self->fd, f, FLT - 1));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0x1000, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0x2000, true));
	EXPECT_EQ(-ESPIPE, iommu_ref_read(self->u.proc, self->fd, f, FLT + 8));
	EXPECT_EQ(-EFAULT, take(&self->u, self->fd, NULL, 2));
	/* The second one does not fit where memory ends; it stays. */
	uint8_t *two = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	mprotect(two + PG, PG, PROT_NONE);
	EXPECT_EQ(FLT, iommu_ref_read(self->u.proc, self->fd, two + PG - FLT, 2 * FLT));
	munmap(two, 2 * PG);
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 2));
	EXPECT_EQ(2, f[0].grpid);
	EXPECT_EQ(2, f[0].cookie);
}

/* ---- write */

TEST_F(fault, answers_that_are_refused)
{
	struct iommu_hwpt_page_response resp[3] = { { 1, 0 }, { 7, 0 }, { 2, 0 } };
	struct iommu_hwpt_pgfault f[2];

	for (uint16_t i = 1; i <= 2; i++)
		EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, i, 0, true));
	/* Nothing was read: no cookie is known. */
	EXPECT_EQ(-EINVAL, reply(&self->u, self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, reply(&self->u, self->fd, 1, 0));
	EXPECT_EQ(2 * FLT, take(&self->u, self->fd, f, 2));
	EXPECT_EQ(-ESPIPE, iommu_ref_write(self->u.proc, self->fd, resp, RESP + 1));
	EXPECT_EQ(-EFAULT, iommu_ref_write(self->u.proc, self->fd, NULL, RESP));
	EXPECT_EQ(0, iommu_ref_write(self->u.proc, self->fd, NULL, 0));
	EXPECT_EQ(-EINVAL, reply(&self->u, self->fd, 1, 2));
	EXPECT_EQ(-1, answer(self->ref, 0, 1));
	/* Up to the first bad one; those before it are done. */
	EXPECT_EQ(RESP, iommu_ref_write(self->u.proc, self->fd, resp, sizeof(resp)));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(self->ref, 0, 1));
	EXPECT_EQ(-EINVAL, reply(&self->u, self->fd, 1, 0));
	EXPECT_EQ(-1, answer(self->ref, 0, 2));
	EXPECT_EQ(RESP, reply(&self->u, self->fd, 2, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 2));
}

TEST_F(fault, cookies_are_reused)
{
	struct iommu_hwpt_pgfault f[4];

	for (uint16_t i = 1; i <= 3; i++)
		EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, i, 0, true));
	EXPECT_EQ(3 * FLT, take(&self->u, self->fd, f, 4));
	EXPECT_EQ(3, f[2].cookie);
	EXPECT_EQ(RESP, reply(&self->u, self->fd, 2, 0));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 4, 0, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 5, 0, true));
	EXPECT_EQ(2 * FLT, take(&self->u, self->fd, f, 4));
	EXPECT_EQ(2, f[0].cookie);
	EXPECT_EQ(4, f[1].cookie);
}

/* ---- which page table */

TEST_F(fault, pasid_goes_to_its_own_table)
{
	struct iommu_hwpt_pgfault f[2];
	uint32_t queue, hwpt;
	int fd = queue_alloc(&self->u, &queue);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fault_hwpt(&self->u, self->dev, self->ioas, PASID_TABLE, queue, &hwpt));
	/* Nobody listens on this PASID, though somebody does on the RID. */
	EXPECT_EQ(0, ask(self->ref, 0, 5, 1, 0, true));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	ASSERT_EQ(0, fd_attach_pasid(&self->u, self->cdev, 5, &hwpt));
	EXPECT_EQ(0, ask(self->ref, 0, 5, 1, 0x5000, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0x1000, true));
	ASSERT_EQ(FLT, take(&self->u, fd, f, 2));
	EXPECT_EQ(5, f[0].pasid);
	EXPECT_EQ(IOMMU_PGFAULT_FLAGS_LAST_PAGE | IOMMU_PGFAULT_FLAGS_PASID_VALID, f[0].flags);
	ASSERT_EQ(FLT, take(&self->u, self->fd, f, 2));
	EXPECT_EQ(0x1000, f[0].addr);
	/* PASID 0 is the RID's. */
	EXPECT_EQ(0, ask(self->ref, 0, 0, 2, 0x3000, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 2));
	/* The end of one attachment answers for this one only. */
	EXPECT_EQ(0, fd_detach_pasid(&self->u, self->cdev, 5));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	EXPECT_EQ(2, waiting(self->ref));
	EXPECT_EQ(RESP, reply(&self->u, self->fd, 1, 0));
}

TEST_F(fault, devices_of_a_group_are_told_apart)
{
	struct iommu_hwpt_pgfault f[3];
	uint32_t dev[2];
	int cdev[2];

	for (unsigned int i = 0; i < 2; i++) {
		cdev[i] = fd_device(&self->u, 2 + i, &dev[i]);
		ASSERT_LE(0, cdev[i]);
	}
	ASSERT_EQ(0, fd_attach(&self->u, cdev[0], self->hwpt));
	EXPECT_EQ(0, ask(self->ref, 3, NO_PASID, 1, 0, true));
	ASSERT_EQ(0, fd_attach(&self->u, cdev[1], self->hwpt));
	EXPECT_EQ(0, ask(self->ref, 2, NO_PASID, 1, 0, true));
	EXPECT_EQ(2 * FLT, take(&self->u, self->fd, f, 3));
	EXPECT_EQ(dev[1], f[0].dev_id);
	EXPECT_EQ(dev[0], f[1].dev_id);
	EXPECT_EQ(RESP, reply(&self->u, self->fd, f[1].cookie, 0));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(self->ref, 2, 1));
	EXPECT_EQ(-1, answer(self->ref, 3, 1));
	/* The first device goes; the group stays attached, and its requests wait on. */
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, cdev[0]));
	EXPECT_EQ(1, waiting(self->ref));
	EXPECT_EQ(0, ask(self->ref, 2, NO_PASID, 3, 0, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 3));
	EXPECT_EQ(dev[1], f[0].dev_id);	/* device 2 has no id any more */
	EXPECT_EQ(0, iommu_ref_close(self->u.proc, cdev[1]));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 3, 1));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 2, 3));
}

/* ---- attachments end */

TEST_F(fault, detach_answers_read_and_unread)
{
	struct iommu_hwpt_pgfault f[4];

	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 4));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 3, 0, false));
	EXPECT_EQ(0, fd_detach(&self->u, self->cdev));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 2));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	EXPECT_EQ(-1, answer(self->ref, 0, 3));	/* was not complete: no answer is owed */
	EXPECT_EQ(0, waiting(self->ref));
	EXPECT_EQ(0, iommu_ref_poll(self->u.proc, self->fd, POLLIN));
	EXPECT_EQ(-EINVAL, reply(&self->u, self->fd, 1, 0));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 3, 0, true));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 3));
	/* And it works again after the next attach. */
	EXPECT_EQ(0, fd_attach(&self->u, self->cdev, self->hwpt));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 4, 0, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 4));
}

TEST_F(fault, replace_answers_for_the_old_table)
{
	struct iommu_hwpt_pgfault f[4];
	uint32_t hwpt;

	ASSERT_EQ(0, fault_hwpt(&self->u, self->dev, self->ioas, PASID_TABLE, self->queue, &hwpt));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0, false));
	/* By itself it is no change. */
	EXPECT_EQ(0, fd_attach(&self->u, self->cdev, self->hwpt));
	EXPECT_EQ(2, waiting(self->ref));
	EXPECT_EQ(0, fd_attach(&self->u, self->cdev, hwpt));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	EXPECT_EQ(0, waiting(self->ref));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 4));
}

TEST_F(fault, everything_ends_at_exit)
{
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 1, 0, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 2, 0, false));
	iommu_ref_proc_exit(self->u.proc);
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	EXPECT_EQ(0, waiting(self->ref));
}

/* ---- the hardware's side */

TEST_F(fault, too_many_requests)
{
	struct iommu_hwpt_pgfault f[16];
	struct iommu_ref_stats stats;

	for (uint16_t i = 0; i < 7; i++)
		EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, i, 0, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 7, 0x1000, false));
	/* Full: lost, and so is what waits for its last message. */
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 8, 0, false));
	EXPECT_EQ(-1, answer(self->ref, 0, 8));
	EXPECT_EQ(7, waiting(self->ref));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 7, 0x2000, true));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 9, 0, true));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(self->ref, 0, 9));
	EXPECT_EQ(-1, answer(self->ref, 0, 9));
	iommu_ref_stats(self->ref, &stats);
	EXPECT_EQ(2, stats.page_requests_lost);
	/* To read makes no room, to answer does. */
	EXPECT_EQ(8 * FLT, take(&self->u, self->fd, f, 16));
	EXPECT_EQ(0x2000, f[7].addr);
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 9, 0, true));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(self->ref, 0, 9));
	EXPECT_EQ(RESP, reply(&self->u, self->fd, 1, 0));
	EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, 9, 0, true));
	EXPECT_EQ(FLT, take(&self->u, self->fd, f, 16));
}

TEST_F(fault, messages_that_no_device_sends)
{
	struct iommu_ref_page_request req = { .device = 0, .last = true, .read = true };

	req.grpid = 512;
	EXPECT_EQ(-EINVAL, iommu_ref_page_request(self->ref, &req));
	req.grpid = 0;
	req.has_pasid = true;
	req.pasid = 1 << 20;
	EXPECT_EQ(-EINVAL, iommu_ref_page_request(self->ref, &req));
}

TEST_F(fault, stop_markers_are_not_answered)
{
	struct iommu_ref_page_request req = { .device = 0, .last = true, .exec = true };
	struct iommu_hwpt_pgfault f;

	EXPECT_EQ(0, iommu_ref_page_request(self->ref, &req));
	EXPECT_EQ(-1, answer(self->ref, 0, 0));
	EXPECT_EQ(0, take(&self->u, self->fd, &f, 1));
}

TEST_F(fault, what_vtd_refuses)
{
	struct iommu_ref_page_request reqs[] = {
		{ .last = true, .read = true, .exec = true },
		{ .last = true, .read = true, .priv = true },
		{ .last = true, .read = true, .iova = 1ull << 47 },
		{ .last = false, .read = true, .iova = 1ull << 47 },
	};
	struct iommu_hwpt_pgfault f[4];
	bool vtd = variant->vendor == IOMMU_REF_VTD;

	for (uint16_t i = 0; i < 4; i++) {
		reqs[i].grpid = i;
		EXPECT_EQ(0, iommu_ref_page_request(self->ref, &reqs[i]));
		EXPECT_EQ(vtd && reqs[i].last ? 1 : -1, answer(self->ref, 0, i));
	}
	EXPECT_EQ(vtd ? 0 : (ssize_t)(3 * FLT), take(&self->u, self->fd, f, 4));
	if (!vtd)
		EXPECT_EQ(IOMMU_PGFAULT_PERM_READ | IOMMU_PGFAULT_PERM_EXEC, f[0].perm);
}

TEST_F(fault, latest_answers_are_kept)
{
	EXPECT_EQ(0, fd_detach(&self->u, self->cdev));
	for (unsigned int i = 0; i < 513; i++)
		EXPECT_EQ(0, ask(self->ref, 0, NO_PASID, i % 512, 0, true));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 1));
	for (unsigned int i = 2; i < 512; i++)
		EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, i));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(self->ref, 0, 0));
	EXPECT_EQ(-1, answer(self->ref, 0, 0));
}

TEST_HARNESS_MAIN
