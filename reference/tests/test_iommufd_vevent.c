// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * vEVENT queues: what is refused, the event records of a guest's SMMUv3, sequence numbers, and what
 * is left to read when events were lost.
 */
#include <kselftest_harness.h>
#include <limits.h>
#include <poll.h>

#include "iommufd_util.h"

#define TYPE IOMMU_VEVENTQ_TYPE_ARM_SMMUV3
#define HDR sizeof(struct iommufd_vevent_header)

struct event {
	struct iommufd_vevent_header hdr;
	uint64_t evt[4];
};

FIXTURE(vevent)
{
	struct machine m;
	uint32_t queue;
	int fd;
};

static int veventq(struct fd_user *u, uint32_t viommu, uint32_t type, uint32_t depth, uint32_t *id)
{
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd), .viommu_id = viommu, .type = type, .veventq_depth = depth,
	};
	int rc = fd_cmd(u, IOMMU_VEVENTQ_ALLOC, &cmd);

	*id = cmd.out_veventq_id;
	return rc ? rc : (int)cmd.out_veventq_fd;
}

FIXTURE_SETUP(vevent)
{
	ASSERT_EQ(0, machine_create(&self->m, IOMMU_REF_SMMUV3, NULL));
	self->fd = veventq(&self->m.u, self->m.viommu, TYPE, 3, &self->queue);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(vevent)
{
	machine_destroy(&self->m);
}

static ssize_t next(struct machine *m, int fd, void *buf, size_t len)
{
	return iommu_ref_read(m->u.proc, fd, buf, len);
}

/* n reads of a page of the guest that is not there */
static void fault(struct machine *m, unsigned int n)
{
	while (n--)
		fd_peek(m->u.ref, 0, GVA(20));
}

/* ---- the object */

TEST_F(vevent, alloc_arguments)
{
	struct machine *m = &self->m;
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd), .viommu_id = m->viommu, .veventq_depth = 1,
	};
	uint32_t id;

	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&m->u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd.type = IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV + 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&m->u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd.type = IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV;
	cmd.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&m->u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd.flags = 0;
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&m->u, IOMMU_VEVENTQ_ALLOC, &cmd));
	/* The depth is looked at before the vIOMMU, the vIOMMU before the type is taken. */
	EXPECT_EQ(-EINVAL, veventq(&m->u, 1000, TYPE, 0, &id));
	EXPECT_EQ(-EINVAL, veventq(&m->u, 1000, TYPE, (1u << 19) + 1, &id));
	EXPECT_EQ(-ENOENT, veventq(&m->u, 1000, TYPE, 1, &id));
	EXPECT_EQ(-ENOENT, veventq(&m->u, m->parent, TYPE, 1, &id));
	EXPECT_EQ(-EEXIST, veventq(&m->u, m->viommu, TYPE, 1u << 19, &id));
	/* Another type has a queue of its own, in which nothing ever happens here. */
	int fd = veventq(&m->u, m->viommu, IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV, 1u << 19, &id);

	ASSERT_LE(0, fd);
	fault(m, 1);
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, fd, POLLIN | POLLOUT));
	EXPECT_EQ(POLLIN, iommu_ref_poll(m->u.proc, self->fd, POLLIN | POLLOUT));
}

TEST_F(vevent, answer_that_cannot_be_written)
{
	struct machine *m = &self->m;
	struct iommu_veventq_alloc *cmd = mmap(NULL, PG, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iommu_ref_stats before, after;
	uint32_t id;

	iommu_ref_stats(m->u.ref, &before);
	*cmd = (struct iommu_veventq_alloc){ .size = sizeof(*cmd), .viommu_id = m->viommu,
					     .type = 2, .veventq_depth = 1 };
	mprotect(cmd, PG, PROT_READ);
	EXPECT_EQ(-EFAULT, fd_cmd(&m->u, IOMMU_VEVENTQ_ALLOC, cmd));
	munmap(cmd, PG);
	iommu_ref_stats(m->u.ref, &after);
	EXPECT_EQ(before.objects, after.objects);
	/* Neither is the type taken nor a descriptor. */
	EXPECT_EQ(self->fd + 1, veventq(&m->u, m->viommu, 2, 1, &id));
}

TEST_F(vevent, lifetime)
{
	struct machine *m = &self->m;
	uint32_t id;

	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, self->queue));
	EXPECT_EQ(0, iommu_ref_close(m->u.proc, self->fd));
	/* It works on with nobody to read it. */
	fault(m, 5);
	EXPECT_EQ(0, fd_detach(&m->u, m->cdev));
	EXPECT_EQ(0, fd_destroy(&m->u, m->vdevice));
	EXPECT_EQ(0, fd_destroy(&m->u, m->hwpt));
	EXPECT_EQ(-EBUSY, fd_destroy(&m->u, m->viommu));
	EXPECT_EQ(0, fd_destroy(&m->u, self->queue));
	EXPECT_LE(0, veventq(&m->u, m->viommu, TYPE, 1, &id));
	iommu_ref_proc_exit(m->u.proc);
}

TEST_F(vevent, nothing_to_write_or_control)
{
	struct event e = { .hdr.flags = 0 };

	EXPECT_EQ(-EINVAL, iommu_ref_write(self->m.u.proc, self->fd, &e, sizeof(e)));
	EXPECT_EQ(-ENOTTY, iommu_ref_ioctl(self->m.u.proc, self->fd, IOMMU_DESTROY, &e));
}

/* No vIOMMU here has queues in guest memory; what is wrong besides is said first. */
TEST_F(vevent, hw_queue)
{
	struct iommu_hw_queue_alloc cmd = {
		.size = sizeof(cmd), .flags = 1, .viommu_id = 1000, .nesting_parent_iova = 1,
	};

	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.flags = 0;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.type = IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV;
	EXPECT_EQ(-EINVAL, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.length = UINT64_MAX;
	EXPECT_EQ(-ENOENT, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.nesting_parent_iova = 2;
	EXPECT_EQ(-EOVERFLOW, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.length = PG;
	cmd.viommu_id = self->m.viommu;
	EXPECT_EQ(-EOPNOTSUPP, fd_cmd(&self->m.u, IOMMU_HW_QUEUE_ALLOC, &cmd));
}

/* ---- records */

TEST_F(vevent, translation_fault)
{
	struct machine *m = &self->m;
	struct event e[2];

	EXPECT_EQ(0, next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(-EFAULT, fd_poke(m->u.ref, 0, GVA(20) + 0x123, 1));
	ASSERT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(0, e[0].hdr.flags);
	EXPECT_EQ(0, e[0].hdr.sequence);
	EXPECT_EQ((uint64_t)VSID << 32 | 0x10, e[0].evt[0]);
	EXPECT_EQ(2ull << 40, e[0].evt[1]);	/* CLASS: input address; a write */
	EXPECT_EQ(GVA(20) + 0x123, e[0].evt[2]);
	EXPECT_EQ(0, e[0].evt[3]);
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
	fault(m, 1);
	ASSERT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(1, e[0].hdr.sequence);
	EXPECT_EQ(2ull << 40 | 1ull << 35, e[0].evt[1]);
}

/* The number of the one event that is there; 0: none */
static unsigned int event_number(struct machine *m, int fd)
{
	struct event e;

	return next(m, fd, &e, sizeof(e)) == sizeof(e) ? e.evt[0] & 0xff : 0;
}

TEST_F(vevent, numbers)
{
	struct machine *m = &self->m;
	uint64_t *cd = guest_va(&m->g, m->g.cd), good = *cd;
	uint32_t sub;

	guest_map(&m->g, 20, 1, false);
	EXPECT_EQ(-EFAULT, fd_poke(m->u.ref, 0, GVA(20), 1));
	EXPECT_EQ(0x13, event_number(m, self->fd));
	guest_map(&m->g, 21, 1, true);
	*guest_leaf(&m->g, GVA(21)) &= ~(1ull << 10);	/* AF */
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(21)));
	EXPECT_EQ(0x12, event_number(m, self->fd));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, 1ull << 50));
	EXPECT_EQ(0x10, event_number(m, self->fd));
	/* No PASIDs in this stream. */
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 5, false, GVA(1), &sub, 1));
	EXPECT_EQ(0x08, event_number(m, self->fd));
	/* A descriptor is read again after an attach: one that is not valid */
	EXPECT_EQ(0, fd_attach(&m->u, m->cdev, m->parent));
	EXPECT_EQ(0, fd_attach(&m->u, m->cdev, m->hwpt));
	*cd &= ~(1ull << 31);
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(1)));
	EXPECT_EQ(0x0a, event_number(m, self->fd));
	/* one with an output size of 32 bits, below the guest's memory */
	*cd = good & ~(7ull << 32);
	cd[1] &= 0xffffffff;
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(1)));
	EXPECT_EQ(0, event_number(m, self->fd));	/* its table is not in stage 2 */
}

TEST_F(vevent, address_size)
{
	struct machine *m = &self->m;

	guest_map(&m->g, 20, 1, true);
	*guest_leaf(&m->g, GVA(20)) |= 1ull << 44;	/* beyond the 44 bits of IPS 4 */
	*guest_va(&m->g, m->g.cd) = (*guest_va(&m->g, m->g.cd) & ~(7ull << 32)) | 4ull << 32;
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(20)));
	EXPECT_EQ(0x11, event_number(m, self->fd));
}

TEST_F(vevent, stage_2_is_the_hosts)
{
	struct machine *m = &self->m;
	uint64_t all = UINT64_MAX;

	*guest_leaf(&m->g, GVA(20)) = 0x770000000ull | 3 | 1 << 11 | 1 << 10 | 3 << 8 | 1 << 6;
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(20)));
	*guest_leaf(&m->g, GVA(21)) = (1ull << 47) | 3 | 1 << 11 | 1 << 10 | 3 << 8 | 1 << 6;
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(21)));
	EXPECT_EQ(0, fd_unmap(&m->u, m->ioas, 0, &all));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(1)));
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
}

TEST_F(vevent, silent_when_the_descriptor_says_so)
{
	struct machine *m = &self->m;

	*guest_va(&m->g, m->g.cd) &= ~(1ull << 45);	/* R */
	fault(m, 1);
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
}

TEST_F(vevent, no_vdevice_no_event)
{
	struct machine *m = &self->m;
	struct event e;

	EXPECT_EQ(0, fd_destroy(&m->u, m->vdevice));
	fault(m, 1);
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
	ASSERT_EQ(0, fd_vdevice(&m->u, m->viommu, m->dev, 0xffffffff, &m->vdevice));
	fault(m, 1);
	ASSERT_EQ(sizeof(e), next(m, self->fd, &e, sizeof(e)));
	EXPECT_EQ(0xffffffff00000010ull, e.evt[0]);
	/* Not the guest's stage 1 any more */
	EXPECT_EQ(0, fd_attach(&m->u, m->cdev, m->parent));
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, 0));
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
}

/* SubstreamIDs: two bits of them, those without one use descriptor 0 or are refused */
TEST_F(vevent, substreams)
{
	struct machine *m = &self->m;
	struct iommu_hwpt_arm_smmuv3 ste = guest_ste(&m->g);
	struct event e;
	uint32_t hwpt;
	uint8_t byte;

	ste.ste[0] |= 2ull << 59;	/* S1CDMax */
	ASSERT_EQ(0, fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3, &ste,
			     sizeof(ste), &hwpt));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, hwpt));
	/* S1DSS 0: without a SubstreamID F_STREAM_DISABLED, which names none */
	EXPECT_EQ(-EFAULT, fd_peek(m->u.ref, 0, GVA(1)));
	ASSERT_EQ(sizeof(e), next(m, self->fd, &e, sizeof(e)));
	EXPECT_EQ((uint64_t)VSID << 32 | 0x06, e.evt[0]);
	EXPECT_EQ(0, e.evt[1]);
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 3, false, GVA(1), &byte, 1));
	ASSERT_EQ(sizeof(e), next(m, self->fd, &e, sizeof(e)));
	EXPECT_EQ((uint64_t)VSID << 32 | 3 << 12 | 1 << 11 | 0x0a, e.evt[0]);
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 0, false, GVA(20), &byte, 1));
	ASSERT_EQ(sizeof(e), next(m, self->fd, &e, sizeof(e)));
	EXPECT_EQ((uint64_t)VSID << 32 | 1 << 11 | 0x10, e.evt[0]);
	ste.ste[0] |= 1ull << 4;	/* a format that this SMMU has not */
	ASSERT_EQ(0, fd_hwpt(&m->u, m->dev, m->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3, &ste,
			     sizeof(ste), &hwpt));
	ASSERT_EQ(0, fd_attach(&m->u, m->cdev, hwpt));
	EXPECT_EQ(-EFAULT, fd_dma(m->u.ref, 0, 1, false, GVA(1), &byte, 1));
	EXPECT_EQ(0x04, event_number(m, self->fd));
}

/* ---- the queue */

TEST_F(vevent, read_sizes)
{
	struct machine *m = &self->m;
	struct event e[3];

	EXPECT_EQ(-EINVAL, next(m, self->fd, e, HDR - 1));
	EXPECT_EQ(0, next(m, self->fd, e, HDR));
	fault(m, 2);
	EXPECT_EQ(-EINVAL, next(m, self->fd, e, HDR));
	EXPECT_EQ(-EINVAL, next(m, self->fd, e, sizeof(e[0]) - 1));
	EXPECT_EQ(-EFAULT, next(m, self->fd, NULL, sizeof(e)));
	EXPECT_EQ(sizeof(e[0]), next(m, self->fd, e, 2 * sizeof(e[0]) - 1));
	EXPECT_EQ(0, e[0].hdr.sequence);
	EXPECT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(1, e[0].hdr.sequence);
	EXPECT_EQ(0, next(m, self->fd, e, sizeof(e)));
}

TEST_F(vevent, lost_at_the_tail)
{
	struct machine *m = &self->m;
	struct event e[4];

	fault(m, 5);	/* the depth is 3 */
	EXPECT_EQ(2 * sizeof(e[0]), next(m, self->fd, e, 2 * sizeof(e[0])));
	EXPECT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e[0]) + HDR - 1));
	EXPECT_EQ(2, e[0].hdr.sequence);
	EXPECT_EQ(POLLIN, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
	EXPECT_EQ(-EFAULT, next(m, self->fd, NULL, HDR));
	EXPECT_EQ(HDR, next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(IOMMU_VEVENTQ_FLAG_LOST_EVENTS, e[0].hdr.flags);
	EXPECT_EQ(4, e[0].hdr.sequence);	/* the last one that was lost */
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
	EXPECT_EQ(0, next(m, self->fd, e, sizeof(e)));
	fault(m, 1);
	EXPECT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(5, e[0].hdr.sequence);
}

TEST_F(vevent, lost_between)
{
	struct machine *m = &self->m;
	struct event e[4];

	fault(m, 5);
	EXPECT_EQ(sizeof(e[0]), next(m, self->fd, e, sizeof(e[0])));
	fault(m, 1);	/* takes the place of the header that said it */
	EXPECT_EQ(3 * sizeof(e[0]), next(m, self->fd, e, sizeof(e)));
	EXPECT_EQ(2, e[1].hdr.sequence);
	EXPECT_EQ(5, e[2].hdr.sequence);
	EXPECT_EQ(0, e[2].hdr.flags);
	EXPECT_EQ(0, iommu_ref_poll(m->u.proc, self->fd, POLLIN));
}

TEST_HARNESS_MAIN
