// SPDX-License-Identifier: GPL-2.0-only
/*
 * The general ioctl format of iommufd, for every command that uapi/names.h lists: sizes, tails,
 * reserved fields and flags. Structs are otherwise all zero, so that no command finds an object.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/names.h"

#define TAIL 16
#define MAX_ARG 512

FIXTURE(iommufd_format) {
	struct cts *c;
	int fd;
	uint8_t buf[MAX_ARG];
};
CTS_VARIANTS_IOMMUFD(iommufd_format);

FIXTURE_SETUP(iommufd_format)
{
	CTS_SETUP(self->c);
	self->fd = cts_open(self->c, NULL, "/dev/iommu", O_RDWR);
	CTS_PRE(self->fd);
}

FIXTURE_TEARDOWN(iommufd_format)
{
	cts_end(self->c);
}

/* The call with @size in the size field and @len bytes of buf as the argument. */
static long call(FIXTURE_DATA(iommufd_format) *self, const struct uapi_ioctl *i, uint32_t size,
		 size_t len)
{
	memcpy(self->buf, &size, sizeof(size));
	return cts_ioctl_sized(self->c, NULL, self->fd, i->cmd, self->buf, len);
}

/* The next command that this subject has at all, or NULL: a kernel may be older than the table. */
static const struct uapi_ioctl *next(FIXTURE_DATA(iommufd_format) *self, size_t *pos)
{
	size_t n;
	const struct uapi_ioctl *t = uapi_ioctl_table(&n);

	while (*pos < n) {
		const struct uapi_ioctl *i = &t[(*pos)++];

		memset(self->buf, 0, sizeof(self->buf));
		if (!strcmp(i->uapi, "iommufd") && i->arg && i->arg->size + TAIL <= MAX_ARG &&
		    call(self, i, 0, sizeof(uint64_t)) != -ENOTTY)
			return i;
	}
	return NULL;
}

/* A loop that found nothing would pass without having asked. */
#define ENOUGH(count_) ({ CTS_PRE_TRUE((count_) >= 10); })
#define FOR_EACH_COMMAND(i) \
	for (size_t pos_ = 0, count_ = 0; \
	     (i = next(self, &pos_)) || (ENOUGH(count_), 0); count_++)

CTS_TEST_F(iommufd_format, size_short, "ABUSE_SIZE_SHORT")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i)
		CTS_EXPECT_RC("ABUSE_SIZE_SHORT",
			      call(self, i, i->arg->min_size - 1, i->arg->size));
}

CTS_TEST_F(iommufd_format, tail_nonzero, "ABUSE_TAIL_NONZERO")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i) {
		self->buf[i->arg->size + TAIL - 1] = 1;
		CTS_EXPECT_RC("ABUSE_TAIL_NONZERO",
			      call(self, i, i->arg->size + TAIL, i->arg->size + TAIL));
	}
}

CTS_TEST_F(iommufd_format, tail_zero, "ABUSE_TAIL_ZERO")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i) {
		long exact = call(self, i, i->arg->size, i->arg->size);

		memset(self->buf, 0, sizeof(self->buf));
		CTS_EXPECT_EQ("ABUSE_TAIL_ZERO", exact,
			      call(self, i, i->arg->size + TAIL, i->arg->size + TAIL));
	}
}

CTS_TEST_F(iommufd_format, size_huge, "ABUSE_SIZE_HUGE")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i)
		CTS_EXPECT_RC("ABUSE_SIZE_HUGE", call(self, i, UINT32_MAX, i->arg->size));
}

/*
 * A bit that is not allowed must change the answer, to EOPNOTSUPP: so the call without it has to
 * give another one. These have a type that is refused with the same errno when it is 0.
 */
static const struct { unsigned long cmd; size_t type; } typed[] = {
	{ IOMMU_VEVENTQ_ALLOC, offsetof(struct iommu_veventq_alloc, type) },
	{ IOMMU_HW_QUEUE_ALLOC, offsetof(struct iommu_hw_queue_alloc, type) },
};

/* Fields that have a requirement of their own, in part because objects are looked up first. */
static const struct { unsigned long cmd; enum uapi_role role; const char *judged_by; } excused[] = {
	{ IOMMU_IOAS_ALLOC, UAPI_ROLE_FLAGS, "IOAS_ALLOC_FLAGS" },
	{ IOMMU_IOAS_MAP, UAPI_ROLE_FLAGS, "IOAS_MAP_FLAGS" },
	{ IOMMU_IOAS_MAP, UAPI_ROLE_RESERVED, "IOAS_MAP_FLAGS" },
	{ IOMMU_HWPT_ALLOC, UAPI_ROLE_FLAGS, "HWPT_ALLOC_FLAGS: the device is looked up first" },
	{ IOMMU_HWPT_ALLOC, UAPI_ROLE_RESERVED, "HWPT_ALLOC_RESERVED" },
	{ IOMMU_GET_HW_INFO, UAPI_ROLE_FLAGS, "HWINFO_FLAGS" },
	{ IOMMU_GET_HW_INFO, UAPI_ROLE_RESERVED, "HWINFO_RESERVED" },
	{ IOMMU_HWPT_INVALIDATE, UAPI_ROLE_RESERVED, "INV_ARG_RESERVED" },
	{ IOMMU_VIOMMU_ALLOC, UAPI_ROLE_FLAGS, "VIOMMU_ALLOC_FLAGS" },
};

static bool excused_for(const struct uapi_ioctl *i, enum uapi_role role)
{
	for (size_t k = 0; k < ARRAY_SIZE(excused); k++)
		if (excused[k].cmd == i->cmd && excused[k].role == role)
			return true;
	return false;
}

static void base_struct(FIXTURE_DATA(iommufd_format) *self, const struct uapi_ioctl *i)
{
	const uint32_t one = 1;

	memset(self->buf, 0, sizeof(self->buf));
	for (size_t k = 0; k < ARRAY_SIZE(typed); k++)
		if (typed[k].cmd == i->cmd)
			memcpy(self->buf + typed[k].type, &one, sizeof(one));
}

/* Sets @bits in @f of every command that has it; how many could be judged, of how many. */
static void judge(struct __test_metadata *_metadata, FIXTURE_DATA(iommufd_format) *self,
		  const char *id, const struct uapi_ioctl *i, const struct uapi_field *f,
		  uint32_t bits, unsigned int judged[2])
{
	long base, bad;

	if (!f || excused_for(i, f->role))
		return;
	judged[1]++;
	base_struct(self, i);
	base = call(self, i, i->arg->size, i->arg->size);
	if (base == -EOPNOTSUPP)
		return;
	judged[0]++;
	base_struct(self, i);
	memcpy(self->buf + f->offset, &bits, f->size < sizeof(bits) ? f->size : sizeof(bits));
	bad = call(self, i, i->arg->size, i->arg->size);
	CTS_EXPECT_RC(id, bad);
	CTS_EXPECT_TRUE(id, bad != base, "%s answers %ld with and without %#x in %s", i->name, base,
			bits, f->name);
}

/* At most one command may hide its answer; @least_ are in every kernel that has iommufd. */
#define JUDGED(least_, judged_) \
	CTS_PRE_TRUE((judged_)[0] >= (least_) && (judged_)[0] + 1 >= (judged_)[1])

CTS_TEST_F(iommufd_format, reserved_nonzero, "ABUSE_RESERVED_NONZERO")
{
	unsigned int judged[2] = { 0, 0 };
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i) {
		const struct uapi_field *f = NULL;

		while ((f = uapi_field_next(i->arg, UAPI_ROLE_RESERVED, f)))
			judge(_metadata, self, "ABUSE_RESERVED_NONZERO", i, f, 1, judged);
	}
	JUDGED(4, judged);
}

CTS_TEST_F(iommufd_format, flags_unknown, "ABUSE_FLAGS_UNKNOWN")
{
	unsigned int judged[2] = { 0, 0 };
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i)
		judge(_metadata, self, "ABUSE_FLAGS_UNKNOWN", i,
		      uapi_field_next(i->arg, UAPI_ROLE_FLAGS, NULL), 1u << 31, judged);
	JUDGED(1, judged);
}

CTS_SUITE("bad-input", "bad-input/iommufd");
