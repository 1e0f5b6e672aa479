// SPDX-License-Identifier: GPL-2.0-only
/*
 * The general ioctl format of iommufd, for every command that uapi/names.h lists: sizes, tails,
 * reserved fields and flags. Structs are otherwise all zero, so that no command finds an object.
 */
#include <fcntl.h>
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

CTS_TEST_F(iommufd_format, reserved_nonzero, "ABUSE_RESERVED_NONZERO")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i) {
		const struct uapi_field *f = NULL;

		while ((f = uapi_field_next(i->arg, UAPI_ROLE_RESERVED, f))) {
			memset(self->buf, 0, sizeof(self->buf));
			self->buf[f->offset] = 1;
			CTS_EXPECT_RC("ABUSE_RESERVED_NONZERO",
				      call(self, i, i->arg->size, i->arg->size));
		}
	}
}

CTS_TEST_F(iommufd_format, flags_unknown, "ABUSE_FLAGS_UNKNOWN")
{
	const struct uapi_ioctl *i;

	FOR_EACH_COMMAND(i) {
		const struct uapi_field *f = uapi_field_next(i->arg, UAPI_ROLE_FLAGS, NULL);
		uint32_t top = 1u << 31;

		if (!f)
			continue;
		memset(self->buf, 0, sizeof(self->buf));
		memcpy(self->buf + f->offset, &top, sizeof(top));
		CTS_EXPECT_RC("ABUSE_FLAGS_UNKNOWN", call(self, i, i->arg->size, i->arg->size));
	}
}

CTS_SUITE("bad-input", "bad-input/iommufd");
