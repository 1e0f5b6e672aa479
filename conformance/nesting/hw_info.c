// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_GET_HW_INFO: what user space has to know of the hardware before it builds a stage 1. Holds
 * on every device that is bound to an iommufd, nesting or not.
 */
#include "../../harness/test.h"
#include "nest.h"

#define ROOM 256u
#define FILL 0xa5

FIXTURE(hw_info) {
	struct cts *c;
	struct flat_rig rig;
	uint8_t *buf;	/* ROOM bytes that end at an unmapped page */
	struct iommu_hw_info q;
};
CTS_VARIANTS_IOMMUFD(hw_info);

FIXTURE_SETUP(hw_info)
{
	uint8_t *page;

	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, RIG_NO_DMA, &self->rig), &self->rig);
	page = cts_memory(self->c, PG);
	CTS_PRE_TRUE(page);
	self->buf = page + PG - ROOM;
	memset(self->buf, FILL, ROOM);
	self->q = (struct iommu_hw_info){
		.size = sizeof(self->q), .dev_id = self->rig.space->dev_id[self->rig.device],
		.data_len = ROOM, .data_uptr = (uintptr_t)self->buf,
	};
}

FIXTURE_TEARDOWN(hw_info)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

static long ask(FIXTURE_DATA(hw_info) *self, struct iommu_hw_info *q)
{
	return cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_GET_HW_INFO, q);
}

static uint32_t want_type(const struct cts *c)
{
	return c->arch == CTS_SMMUV3 ? IOMMU_HW_INFO_TYPE_ARM_SMMUV3 : IOMMU_HW_INFO_TYPE_INTEL_VTD;
}

static uint32_t want_len(const struct cts *c)
{
	return c->arch == CTS_SMMUV3 ? sizeof(struct iommu_hw_info_arm_smmuv3) :
				       sizeof(struct iommu_hw_info_vtd);
}

CTS_TEST_F(hw_info, type, "HWINFO_TYPE")
{
	struct iommu_hw_info q = self->q;

	CTS_ASSERT_OK("HWINFO_TYPE", ask(self, &q));
	CTS_EXPECT_EQ("HWINFO_TYPE", want_type(self->c), q.out_data_type);
	CTS_EXPECT_TRUE("HWINFO_TYPE", q.data_len >= want_len(self->c), "%u bytes of data",
			q.data_len);
}

/* Registers that cannot be like this: the data is that of an IOMMU of the architecture. */
CTS_TEST_F(hw_info, registers, "HWINFO_REGISTERS")
{
	const struct iommu_hw_info_arm_smmuv3 *arm = (void *)self->buf;
	const struct iommu_hw_info_vtd *vtd = (void *)self->buf;
	struct iommu_hw_info q = self->q;

	CTS_PRE(ask(self, &q));
	if (self->c->arch == CTS_SMMUV3) {
		CTS_EXPECT_EQ("HWINFO_REGISTERS", 0, arm->flags);
		CTS_EXPECT_TRUE("HWINFO_REGISTERS", arm->idr[0] & 3, "IDR0 %#x: no stage",
				arm->idr[0]);
		CTS_EXPECT_TRUE("HWINFO_REGISTERS", (arm->idr[5] & 7) <= 6 && arm->idr[5] & 0x70,
				"IDR5 %#x: no output size or granule", arm->idr[5]);
	} else {
		CTS_EXPECT_EQ("HWINFO_REGISTERS", 0,
			      vtd->flags & ~IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17);
		CTS_EXPECT_TRUE("HWINFO_REGISTERS", vtd->cap_reg >> 8 & 0x1f,
				"CAP %#llx: no address width", (unsigned long long)vtd->cap_reg);
		CTS_EXPECT_TRUE("HWINFO_REGISTERS", vtd->ecap_reg >> 8 & 0x3ff,
				"ECAP %#llx: no IOTLB registers",
				(unsigned long long)vtd->ecap_reg);
	}
}

CTS_TEST_F(hw_info, long_buffer, "HWINFO_LONG_BUFFER")
{
	struct iommu_hw_info q = self->q;

	CTS_ASSERT_OK("HWINFO_LONG_BUFFER", ask(self, &q));
	CTS_EXPECT_TRUE("HWINFO_LONG_BUFFER", q.data_len < ROOM, "data_len %u", q.data_len);
	for (uint32_t i = q.data_len; i < ROOM; i++)
		CTS_EXPECT_EQ("HWINFO_LONG_BUFFER", 0, self->buf[i]);
}

CTS_TEST_F(hw_info, short_buffer, "HWINFO_SHORT_BUFFER")
{
	uint8_t whole[ROOM];
	struct iommu_hw_info q = self->q;
	uint32_t full;

	CTS_PRE(ask(self, &q));
	full = q.data_len;
	memcpy(whole, self->buf, ROOM);
	for (uint32_t len = 0; len < full; len++) {
		q = self->q;
		q.data_len = len;
		memset(self->buf, FILL, ROOM);
		CTS_EXPECT_OK("HWINFO_SHORT_BUFFER", ask(self, &q));
		CTS_EXPECT_EQ("HWINFO_SHORT_BUFFER", full, q.data_len);
		CTS_EXPECT_EQ("HWINFO_SHORT_BUFFER", want_type(self->c), q.out_data_type);
		CTS_EXPECT_TRUE("HWINFO_SHORT_BUFFER", !memcmp(self->buf, whole, len),
				"%u bytes are not the beginning of the data", len);
		for (uint32_t i = len; i < ROOM; i++)
			CTS_EXPECT_EQ("HWINFO_SHORT_BUFFER", FILL, self->buf[i]);
	}
}

CTS_TEST_F(hw_info, no_buffer, "HWINFO_NO_BUFFER")
{
	struct iommu_hw_info q = self->q;

	q.data_len = 0;
	q.data_uptr = 0;
	CTS_EXPECT_OK("HWINFO_NO_BUFFER", ask(self, &q));
	CTS_EXPECT_EQ("HWINFO_NO_BUFFER", want_type(self->c), q.out_data_type);
	CTS_EXPECT_TRUE("HWINFO_NO_BUFFER", q.data_len >= want_len(self->c), "data_len %u",
			q.data_len);
}

CTS_TEST_F(hw_info, fault_ptr, "HWINFO_FAULT_PTR")
{
	const uint64_t ptr[] = { 0, 8, (uintptr_t)self->buf + ROOM, (uint64_t)-64,
				 (uintptr_t)self->buf + ROOM - 8 };

	for (size_t i = 0; i < ARRAY_SIZE(ptr); i++) {
		struct iommu_hw_info q = self->q;

		q.data_uptr = ptr[i];
		q.data_len = want_len(self->c);
		CTS_EXPECT_RC("HWINFO_FAULT_PTR", ask(self, &q));
	}
	/* the data fits, what is to be zeroed does not */
	struct iommu_hw_info q = self->q;

	q.data_len = ROOM + 1;
	CTS_EXPECT_RC("HWINFO_FAULT_PTR", ask(self, &q));
}

CTS_TEST_F(hw_info, dev_unknown, "HWINFO_DEV_UNKNOWN")
{
	const uint32_t id[] = { 0, 0x7fffff, UINT32_MAX, self->rig.space->ioas_id,
				self->rig.space->hwpt_id };

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		struct iommu_hw_info q = self->q;

		q.dev_id = id[i];
		CTS_EXPECT_RC("HWINFO_DEV_UNKNOWN", ask(self, &q));
	}
}

CTS_TEST_F(hw_info, flags, "HWINFO_FLAGS")
{
	static const uint32_t flags[] = { 1u << 31, 1u << 31 | IOMMU_HW_INFO_FLAG_INPUT_TYPE };

	/* the last bit: the next ones may be given a meaning by a later kernel */
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct iommu_hw_info q = self->q;

		q.flags = flags[i];
		CTS_EXPECT_RC("HWINFO_FLAGS", ask(self, &q));
	}
	for (uint32_t i = 0; i < ROOM; i++)
		CTS_EXPECT_EQ("HWINFO_FLAGS", FILL, self->buf[i]);
}

CTS_TEST_F(hw_info, reserved, "HWINFO_RESERVED")
{
	for (unsigned int i = 0; i < sizeof(self->q.__reserved); i++) {
		struct iommu_hw_info q = self->q;

		q.__reserved[i] = 1;
		CTS_EXPECT_RC("HWINFO_RESERVED", ask(self, &q));
	}
}

CTS_TEST_F(hw_info, input_type, "HWINFO_INPUT_TYPE")
{
	static const uint32_t other[] = { IOMMU_HW_INFO_TYPE_AMD, 0x7fff, UINT32_MAX };
	struct iommu_hw_info q = self->q;

	q.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	q.in_data_type = IOMMU_HW_INFO_TYPE_DEFAULT;
	CTS_EXPECT_OK("HWINFO_INPUT_TYPE", ask(self, &q));
	CTS_EXPECT_EQ("HWINFO_INPUT_TYPE", want_type(self->c), q.out_data_type);
	q.data_len = ROOM;
	CTS_EXPECT_OK("HWINFO_INPUT_TYPE", ask(self, &q));	/* its own type by name */
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		q = self->q;
		q.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		q.in_data_type = other[i];
		CTS_EXPECT_ERRNO("HWINFO_INPUT_TYPE", ask(self, &q), EOPNOTSUPP);
		/* without the flag the field is output only */
		q = self->q;
		q.in_data_type = other[i];
		CTS_EXPECT_OK("HWINFO_INPUT_TYPE", ask(self, &q));
		CTS_EXPECT_EQ("HWINFO_INPUT_TYPE", want_type(self->c), q.out_data_type);
	}
}

CTS_SUITE("nesting", "nesting/hw_info");
