// SPDX-License-Identifier: GPL-2.0-only
/*
 * What v7 tells about nesting: capability 3 of VFIO_IOMMU_GET_INFO (p03) with struct
 * iommu_nesting_info (p01, p16); and that it is true, by the operations that it promises.
 */
#include <fcntl.h>
#include "../../harness/test.h"
#include "../allocation/pasid.h"
#include "nest.h"

#define ROOM 4096u

FIXTURE(info_v7) {
	struct cts *c;
	struct cts_space *space;
	unsigned int device;
	union {
		struct vfio_iommu_type1_info info;
		uint8_t buf[ROOM];
	};
	struct vfio_iommu_type1_info_cap_nesting *cap;
};
CTS_VARIANTS_V7(info_v7);

/* Capability 3 of an answer, or NULL. */
static void *find_cap(FIXTURE_DATA(info_v7) *self)
{
	uint32_t off = self->info.flags & VFIO_IOMMU_INFO_CAPS ? self->info.cap_offset : 0;

	for (unsigned int n = 0; off && off + sizeof(*self->cap) <= ROOM && n < 32; n++) {
		struct vfio_info_cap_header *h = (void *)(self->buf + off);

		if (h->id == VFIO_IOMMU_TYPE1_INFO_CAP_NESTING)
			return h;
		off = h->next;
	}
	return NULL;
}

static long get_info(FIXTURE_DATA(info_v7) *self, struct cts_space *s, uint32_t argsz)
{
	long rc;

	memset(self->buf, 0xa5, ROOM);
	self->info.argsz = argsz;
	rc = cts_ioctl_sized(self->c, NULL, s->fd, VFIO_IOMMU_GET_INFO, self->buf, argsz);
	self->cap = rc ? NULL : find_cap(self);
	return rc;
}

FIXTURE_SETUP(info_v7)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
	CTS_PRE(get_info(self, self->space, ROOM));
}

FIXTURE_TEARDOWN(info_v7)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(info_v7, cap_present, "INFO_CAP_PRESENT")
{
	CTS_ASSERT_TRUE("INFO_CAP_PRESENT", self->cap, "no capability 3");
	CTS_EXPECT_EQ("INFO_CAP_PRESENT", 1, self->cap->header.version);
	CTS_EXPECT_EQ("INFO_CAP_PRESENT", sizeof(self->cap->info), self->cap->info.argsz);
	CTS_EXPECT_EQ("INFO_CAP_PRESENT", IOMMU_PASID_FORMAT_INTEL_VTD, self->cap->info.format);
}

CTS_TEST_F(info_v7, cap_absent, "INFO_CAP_ABSENT_NON_NESTING")
{
	struct cts_space *flat;

	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << 1, &flat));
	CTS_PRE(get_info(self, flat, ROOM));
	CTS_EXPECT_TRUE("INFO_CAP_ABSENT_NON_NESTING", !self->cap,
			"a TYPE1v2 container says that it nests");
	cts_space_free(flat);
}

CTS_TEST_F(info_v7, cap_gone, "INFO_CAP_GONE_AFTER_DETACH")
{
	struct iommu_nesting_info before;

	CTS_PRE_TRUE(self->cap);
	before = self->cap->info;
	CTS_PRE(__cts_detach(self->space, 0));
	get_info(self, self->space, ROOM);	/* there may be nothing left to ask */
	CTS_EXPECT_TRUE("INFO_CAP_GONE_AFTER_DETACH", !self->cap, "no group, but nesting info");
	CTS_PRE(__cts_attach(self->space, 0));
	CTS_PRE(get_info(self, self->space, ROOM));
	CTS_ASSERT_TRUE("INFO_CAP_GONE_AFTER_DETACH", self->cap, "not there after the next attach");
	CTS_EXPECT_TRUE("INFO_CAP_GONE_AFTER_DETACH",
			!memcmp(&before, &self->cap->info, sizeof(before)), "it is another one");
}

CTS_TEST_F(info_v7, flags_zero, "INFO_FLAGS_ZERO")
{
	const size_t hole = offsetof(struct iommu_nesting_info, vendor.vtd.flags) + 4;
	const uint8_t *bytes;

	CTS_PRE_TRUE(self->cap);
	bytes = (const uint8_t *)&self->cap->info;
	CTS_EXPECT_EQ("INFO_FLAGS_ZERO", 0, self->cap->info.flags);
	CTS_EXPECT_EQ("INFO_FLAGS_ZERO", 0, self->cap->info.vendor.vtd.flags);
	for (size_t i = 0; i < sizeof(self->cap->info.padding); i++)
		CTS_EXPECT_EQ("INFO_FLAGS_ZERO", 0, self->cap->info.padding[i]);
	/* as posted it is whatever the stack held */
	if (self->c->v.profile == CTS_V7_REVIEWED)
		for (size_t i = hole; i < hole + 4; i++)
			CTS_EXPECT_EQ("INFO_FLAGS_ZERO", 0, bytes[i]);
}

CTS_TEST_F(info_v7, short_buffer, "INFO_SHORT_BUFFER")
{
	static const uint32_t small[] = { 0, 4, 15 };
	uint32_t full = 0;

	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		/* the struct is there, argsz says that it is not */
		memset(self->buf, 0, ROOM);
		self->info.argsz = small[i];
		CTS_EXPECT_RC("INFO_SHORT_BUFFER", cts_ioctl(self->c, NULL, self->space->fd,
							     VFIO_IOMMU_GET_INFO, &self->info));
	}
	for (uint32_t argsz = sizeof(self->info); argsz <= sizeof(self->info) + 8; argsz += 8) {
		CTS_EXPECT_OK("INFO_SHORT_BUFFER", get_info(self, self->space, argsz));
		CTS_EXPECT_TRUE("INFO_SHORT_BUFFER", !self->cap && !self->info.cap_offset,
				"cap_offset %u with no room for a capability",
				self->info.cap_offset);
		CTS_EXPECT_TRUE("INFO_SHORT_BUFFER", self->info.argsz > argsz,
				"needs %u bytes, was given %u", self->info.argsz, argsz);
		full = self->info.argsz;
	}
	CTS_PRE_TRUE(full <= ROOM);
	CTS_EXPECT_OK("INFO_SHORT_BUFFER", get_info(self, self->space, full));
	CTS_EXPECT_TRUE("INFO_SHORT_BUFFER", self->cap, "%u bytes were said to be enough", full);
}

CTS_TEST_F(info_v7, cap_masked, "INFO_CAP_MASKED")
{
	const uint64_t cap = 1ull << 56 | 1ull << 60;
	const uint64_t ecap = 1ull << 29 | 1ull << 30 | 1ull << 31 | 1ull << 34 | 1ull << 40;

	CTS_PRE_TRUE(self->cap);
	CTS_EXPECT_EQ("INFO_CAP_MASKED", 0, self->cap->info.vendor.vtd.cap_reg & ~cap);
	CTS_EXPECT_EQ("INFO_CAP_MASKED", 0, self->cap->info.vendor.vtd.ecap_reg & ~ecap);
}

/* A bind of @pasid with @data's other fields; bad ones are what the callers look at. */
static long bind(FIXTURE_DATA(info_v7) *self, uint32_t op, uint64_t pasid, uint32_t width,
		 uint64_t gpgd, uint64_t vtd_flags)
{
	struct {
		struct {
			uint32_t argsz, flags;
		} hdr;
		struct iommu_gpasid_bind_data data;
	} arg = {
		.hdr = { sizeof(arg), op },
		.data = { .argsz = sizeof(arg.data), .version = 1,
			  .format = IOMMU_PASID_FORMAT_INTEL_VTD, .addr_width = width,
			  .gpgd = gpgd, .hpasid = pasid, .vendor.vtd.flags = vtd_flags },
	};

	return cts_ioctl(self->c, NULL, self->space->fd, VFIO_IOMMU_NESTING_OP, &arg);
}

#define BIND(p, width, gpgd, flags) \
	bind(self, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p, width, gpgd, flags)
#define UNBIND(p) bind(self, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, p, 48, 0, 0)

CTS_TEST_F(info_v7, pasid_bits, "INFO_PASID_BITS")
{
	uint32_t bits;
	long top;

	CTS_PRE_TRUE(self->cap);
	bits = self->cap->info.pasid_bits;
	CTS_ASSERT_TRUE("INFO_PASID_BITS", bits >= 1 && bits <= 20, "%u bits", bits);
	top = __pasid_alloc(self->space, (1u << bits) - 1, (1u << bits) - 1);
	CTS_EXPECT_EQ("INFO_PASID_BITS", (1u << bits) - 1, top);
	CTS_EXPECT_OK("INFO_PASID_BITS", BIND(top, 48, 0x1000, 0));
	__pasid_alloc(self->space, 1u << bits, 1u << bits);	/* as posted it can be had */
	CTS_EXPECT_ERRNO("INFO_PASID_BITS", BIND(1ull << bits, 48, 0x1000, 0), EINVAL);
}

CTS_TEST_F(info_v7, addr_width, "INFO_ADDR_WIDTH")
{
	uint64_t width;
	long p = __pasid_alloc(self->space, 1, 100);

	CTS_PRE(p);
	CTS_PRE_TRUE(self->cap);
	width = self->cap->info.addr_width;
	CTS_ASSERT_TRUE("INFO_ADDR_WIDTH", width >= 39 && width <= 57, "%u", (unsigned int)width);
	CTS_EXPECT_ERRNO("INFO_ADDR_WIDTH", BIND(p, 48, 1ull << width, 0), EINVAL);
	CTS_EXPECT_OK("INFO_ADDR_WIDTH", BIND(p, 48, (1ull << width) - PG, 0));
}

/* 57 bits where 5 levels are told of, else not; and no other width. */
CTS_TEST_F(info_v7, bind_addr_width, "BIND_ADDR_WIDTH")
{
	static const uint32_t never[] = { 0, 39, 47, 49, 56, 58, 64, UINT32_MAX };
	long p = __pasid_alloc(self->space, 1, 100);
	bool five;

	CTS_PRE(p);
	CTS_PRE_TRUE(self->cap);
	five = self->cap->info.vendor.vtd.cap_reg >> 60 & 1;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		CTS_EXPECT_RC("BIND_ADDR_WIDTH", BIND(p, never[i], 0x1000, 0));
	CTS_EXPECT_ERRNO("BIND_ADDR_WIDTH", BIND(p, 57, 0x1000, 0), five ? 0 : EINVAL);
	UNBIND(p);
	CTS_EXPECT_OK("BIND_ADDR_WIDTH", BIND(p, 48, 0x1000, 0));
}

CTS_TEST_F(info_v7, sre_eafe, "BIND_SRE_EAFE_CAPS")
{
	long p = __pasid_alloc(self->space, 1, 100);
	uint64_t ecap;
	const struct {
		uint64_t flag;
		int cap;	/* bit of ecap, or -1: never */
	} f[] = {
		{ IOMMU_SVA_VTD_GPASID_SRE, 31 }, { IOMMU_SVA_VTD_GPASID_EAFE, 34 },
		{ IOMMU_SVA_VTD_GPASID_PCD, -1 }, { IOMMU_SVA_VTD_GPASID_PWT, -1 },
		{ IOMMU_SVA_VTD_GPASID_EMTE, -1 }, { IOMMU_SVA_VTD_GPASID_CD, -1 },
	};

	CTS_PRE(p);
	CTS_PRE_TRUE(self->cap);
	ecap = self->cap->info.vendor.vtd.ecap_reg;
	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		bool can = f[i].cap >= 0 && ecap >> f[i].cap & 1;

		CTS_EXPECT_ERRNO("BIND_SRE_EAFE_CAPS", BIND(p, 48, 0x1000, f[i].flag),
				 can ? 0 : EINVAL);
		UNBIND(p);
	}
}

CTS_TEST_F(info_v7, feature_contract, "INFO_FEATURE_CONTRACT")
{
	struct {
		struct {
			uint32_t argsz, flags;
		} hdr;
		struct iommu_cache_invalidate_info info;
	} inv = {
		.hdr = { sizeof(inv), VFIO_IOMMU_NESTING_OP_CACHE_INVLD },
		.info = { .argsz = sizeof(inv.info), .version = 1,
			  .granularity = IOMMU_INV_GRANU_DOMAIN },
	};
	long p = __pasid_alloc(self->space, 1, 100), rc;
	uint32_t feat;

	CTS_PRE_TRUE(self->cap);
	feat = self->cap->info.features;
	CTS_EXPECT_EQ("INFO_FEATURE_CONTRACT", 0, feat & ~7u);
	CTS_EXPECT_EQ("INFO_FEATURE_CONTRACT", !!(feat & IOMMU_NESTING_FEAT_SYSWIDE_PASID),
		      p != -EOPNOTSUPP);
	rc = BIND(p > 0 ? p : 1, 48, 0x1000, 0);
	CTS_EXPECT_EQ("INFO_FEATURE_CONTRACT", !!(feat & IOMMU_NESTING_FEAT_BIND_PGTBL),
		      rc != -EOPNOTSUPP);
	rc = cts_ioctl(self->c, NULL, self->space->fd, VFIO_IOMMU_NESTING_OP, &inv);
	CTS_EXPECT_EQ("INFO_FEATURE_CONTRACT", !!(feat & IOMMU_NESTING_FEAT_CACHE_INVLD),
		      rc != -EOPNOTSUPP);
}

CTS_SUITE("nesting", "nesting/info_v7");
