// SPDX-License-Identifier: GPL-2.0-only
/* The header of VFIO_IOMMU_NESTING_OP (v7 p10, p11) and where the command may be called. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/vfio.h"

FIXTURE(nesting_op) {
	struct cts *c;
	struct cts_space *space;
	struct {	/* struct vfio_iommu_type1_nesting_op, its data[] written out */
		uint32_t argsz, flags;
		struct iommu_cache_invalidate_info info;
	} op;
};
CTS_VARIANTS_V7(nesting_op);

FIXTURE_SETUP(nesting_op)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
	/* right in itself: a request that names no cache does nothing */
	self->op.argsz = sizeof(self->op);
	self->op.flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD;
	self->op.info.argsz = sizeof(self->op.info);
	self->op.info.version = 1;
	self->op.info.granularity = IOMMU_INV_GRANU_DOMAIN;
}

FIXTURE_TEARDOWN(nesting_op)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

static long call(FIXTURE_DATA(nesting_op) *self, int fd)
{
	return cts_ioctl(self->c, NULL, fd, VFIO_IOMMU_NESTING_OP, &self->op);
}

CTS_TEST_F(nesting_op, argsz, "ABUSE_NESTOP_ARGSZ")
{
	static const uint32_t argsz[] = { 0, 1, 7, 8, 8 + 15 };

	CTS_EXPECT_OK("ABUSE_NESTOP_ARGSZ", call(self, self->space->fd));
	for (size_t i = 0; i < ARRAY_SIZE(argsz); i++) {
		self->op.argsz = argsz[i];
		CTS_EXPECT_RC("ABUSE_NESTOP_ARGSZ", call(self, self->space->fd));
	}
}

CTS_TEST_F(nesting_op, flags_high, "ABUSE_NESTOP_FLAGS_HIGH")
{
	for (unsigned int bit = 16; bit < 32; bit++) {
		self->op.flags = VFIO_IOMMU_NESTING_OP_CACHE_INVLD | 1u << bit;
		CTS_EXPECT_RC("ABUSE_NESTOP_FLAGS_HIGH", call(self, self->space->fd));
	}
}

CTS_TEST_F(nesting_op, op_num, "ABUSE_NESTOP_OP_NUM")
{
	static const uint32_t op[] = { VFIO_IOMMU_NESTING_OP_NUM, 4, 0xff, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(op); i++) {
		self->op.flags = op[i];
		CTS_EXPECT_RC("ABUSE_NESTOP_OP_NUM", call(self, self->space->fd));
	}
}

CTS_TEST_F(nesting_op, wrong_fd, "ABUSE_NESTOP_WRONG_FD")
{
	CTS_EXPECT_RC("ABUSE_NESTOP_WRONG_FD", call(self, self->space->group_fd[0]));
	long dev = cts_ioctl_raw(self->c, NULL, self->space->group_fd[0], VFIO_GROUP_GET_DEVICE_FD,
				 self->c->devices[0].bdf);

	CTS_PRE(dev);
	CTS_EXPECT_RC("ABUSE_NESTOP_WRONG_FD", call(self, dev));
}

CTS_SUITE("bad-input", "bad-input/nesting_op");
