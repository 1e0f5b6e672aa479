// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_IOMMU_PASID_REQUEST of v7 as somebody calls it who means no good, or owns no device; and the
 * log of a subject whose calls all fail.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../allocation/pasid.h"

FIXTURE(pasid_request) {
	struct cts *c;
	struct cts_space *nest, *flat;
};
CTS_VARIANTS_V7(pasid_request);

FIXTURE_SETUP(pasid_request)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << 0, &self->nest));
	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1u << 1, &self->flat));
}

FIXTURE_TEARDOWN(pasid_request)
{
	cts_space_free(self->flat);
	cts_space_free(self->nest);
	cts_end(self->c);
}

static long request(struct cts_space *s, uint32_t argsz, uint32_t flags, uint32_t min, uint32_t max)
{
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = argsz, .flags = flags, .range = { .min = min, .max = max },
	};

	return cts_ioctl(s->c, NULL, s->fd, VFIO_IOMMU_PASID_REQUEST, &req);
}

#define ALLOC VFIO_IOMMU_FLAG_ALLOC_PASID
#define FREE VFIO_IOMMU_FLAG_FREE_PASID

CTS_TEST_F(pasid_request, argsz, "ABUSE_PASIDREQ_ARGSZ")
{
	static const uint32_t small[] = { 0, 15 }, good[] = { 16, 4096, 0xffffffff };

	CTS_PRE_TRUE(__pasid_alloc(self->nest, 40, 40) == 40);
	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		CTS_EXPECT_RC("ABUSE_PASIDREQ_ARGSZ", request(self->nest, small[i], ALLOC, 1, 9));
		CTS_EXPECT_RC("ABUSE_PASIDREQ_ARGSZ", request(self->nest, small[i], FREE, 40, 40));
		/* before it is asked whether there are PASIDs at all */
		CTS_EXPECT_RC("ABUSE_PASIDREQ_ARGSZ", request(self->flat, small[i], ALLOC, 1, 9));
	}
	CTS_EXPECT_ERRNO("ABUSE_PASIDREQ_ARGSZ", __pasid_alloc(self->nest, 40, 40), ENOSPC);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CTS_EXPECT_OK("ABUSE_PASIDREQ_ARGSZ", request(self->nest, good[i], FREE, 40, 40));
		CTS_EXPECT_EQ("ABUSE_PASIDREQ_ARGSZ", 40,
			      request(self->nest, good[i], ALLOC, 40, 40));
		CTS_EXPECT_ERRNO("ABUSE_PASIDREQ_ARGSZ", request(self->flat, good[i], ALLOC, 1, 9),
				 EOPNOTSUPP);
	}
}

CTS_TEST_F(pasid_request, flags, "ABUSE_PASIDREQ_FLAGS")
{
	static const struct {
		uint32_t flags;
		int flat;
	} t[] = {
		{ 4, EINVAL }, { 0x80000000, EINVAL }, { 7, EINVAL },
		{ 0, EOPNOTSUPP }, { ALLOC | FREE, EOPNOTSUPP },
	};

	CTS_PRE_TRUE(__pasid_alloc(self->nest, 40, 40) == 40);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CTS_EXPECT_ERRNO("ABUSE_PASIDREQ_FLAGS",
				 request(self->nest, 16, t[i].flags, 1, 100), EINVAL);
		CTS_EXPECT_ERRNO("ABUSE_PASIDREQ_FLAGS",
				 request(self->flat, 16, t[i].flags, 1, 100), t[i].flat);
	}
	CTS_EXPECT_ERRNO("ABUSE_PASIDREQ_FLAGS", __pasid_alloc(self->nest, 40, 40), ENOSPC);
	CTS_EXPECT_EQ("ABUSE_PASIDREQ_FLAGS", PASID_QUOTA - 1, pasid_fill(self->nest));
}

/* A PASID of 31 bits, or an errno that the command has. */
static bool sensible(long rc)
{
	return rc >= 0 || rc == -EINVAL || rc == -ENOSPC || rc == -ENOMEM;
}

CTS_TEST_F(pasid_request, neg_retval, "ABUSE_NEG_RETVAL")
{
	static const uint32_t edge[] = {
		0, 1, 0xfffff, 0x100000, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffff000,
		0xfffffffe, 0xffffffff,
	};
	bool posted = self->c->v.profile == CTS_V7_POSTED;
	unsigned int df4 = 0;

	for (size_t i = 0; i < ARRAY_SIZE(edge); i++)
		for (size_t k = 0; k < ARRAY_SIZE(edge); k++) {
			long rc = request(self->nest, 16, ALLOC, edge[i], edge[k]);
			/* as posted 2^31 can be had, and reads as INT_MIN: once */
			bool top = posted && edge[k] == 0x80000000 && rc == INT32_MIN;

			df4 += top;
			CTS_EXPECT_TRUE("ABUSE_NEG_RETVAL", top || sensible(rc),
					"[0x%x, 0x%x] returns %ld", edge[i], edge[k], rc);
		}
	CTS_EXPECT_EQ("ABUSE_NEG_RETVAL", posted, df4);
}

CTS_TEST_F(pasid_request, sandbox, "ABUSE_SANDBOX")
{
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_space none = { .c = self->c, .actor = b };
	char path[32];

	CTS_PRE_TRUE(b);
	none.fd = cts_open(self->c, b, "/dev/vfio/vfio", O_RDWR);
	CTS_PRE(none.fd);
	CTS_EXPECT_RC("ABUSE_SANDBOX", __pasid_alloc(&none, 1, 100));
	for (uintptr_t type = VFIO_TYPE1_IOMMU; type <= VFIO_TYPE1_NESTING_IOMMU; type++)
		CTS_EXPECT_RC("ABUSE_SANDBOX",
			      cts_ioctl_raw(self->c, b, none.fd, VFIO_SET_IOMMU, (void *)type));
	CTS_EXPECT_RC("ABUSE_SANDBOX", __pasid_alloc(&none, 1, 100));
	/* nor does it get a device that another process has */
	snprintf(path, sizeof(path), "/dev/vfio/%u", self->c->devices[0].group);
	CTS_EXPECT_RC("ABUSE_SANDBOX", cts_open(self->c, b, path, O_RDWR));
	CTS_EXPECT_EQ("ABUSE_SANDBOX", PASID_QUOTA, pasid_fill(self->nest));
}

/* ---- the log */

#define CALLS 100000
#define LINES 200

FIXTURE(log_flood) {
	struct cts *c;
	int fd;
	int saved;	/* our own standard error */
};
FIXTURE_VARIANT(log_flood) { struct cts_variant v; };
CTS_VARIANT_ADD(log_flood, vfio_v7_vtd, CTS_V7_REVIEWED, CTS_VTD);
CTS_VARIANT_ADD(log_flood, vfio_v7_posted_vtd, CTS_V7_POSTED, CTS_VTD);
CTS_VARIANT_ADD(log_flood, iommufd, CTS_IOMMUFD, CTS_ARCH_ANY);

FIXTURE_SETUP(log_flood)
{
	self->saved = -1;
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(log_flood)
{
	cts_end(self->c);
}

/* A kernel's log from here on, or a library's: what it writes to standard error. */
static int log_begin(FIXTURE_DATA(log_flood) *self)
{
	FILE *f;

	if (self->c->subject != CTS_REFERENCE) {
		int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

		return fd >= 0 && lseek(fd, 0, SEEK_END) < 0 ? -1 : fd;
	}
	f = tmpfile();
	if (!f)
		return -1;
	self->saved = dup(STDERR_FILENO);
	return dup2(fileno(f), STDERR_FILENO) < 0 ? -1 : dup(fileno(f));
}

/* How many lines came since; no more than @most are counted. */
static unsigned int log_end(FIXTURE_DATA(log_flood) *self, int fd, unsigned int most)
{
	unsigned int lines = 0;
	char buf[8192];
	ssize_t n;

	if (self->saved >= 0) {
		dup2(self->saved, STDERR_FILENO);
		close(self->saved);
		lseek(fd, 0, SEEK_SET);
	}
	while (lines < most && (n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
	close(fd);
	return lines;
}

CTS_TEST_F(log_flood, failing_calls, "ABUSE_LOG_FLOOD")
{
	bool v7 = self->c->v.profile & CTS_V7;
	struct vfio_iommu_type1_pasid_request req = { .argsz = sizeof(req), .flags = FREE };
	struct iommu_ioas_map map = { .size = sizeof(map), .ioas_id = 0x7fffffff, .length = 4096 };
	int fd = cts_open(self->c, NULL, v7 ? "/dev/vfio/vfio" : "/dev/iommu", O_RDWR), log;
	unsigned int lines;
	long rc = 0;

	CTS_PRE(fd);
	log = log_begin(self);
	if (log < 0)
		CTS_SKIP(ENV_MISSING, "the log cannot be read: /dev/kmsg, or a temporary file");
	for (unsigned int i = 0; i < CALLS; i++)
		rc |= ~(v7 ? cts_ioctl_timed(self->c, fd, VFIO_IOMMU_PASID_REQUEST, &req) :
			     cts_ioctl_timed(self->c, fd, IOMMU_IOAS_MAP, &map)) >> 63;
	lines = log_end(self, log, CALLS);
	CTS_PRE_TRUE(!rc);	/* each of them failed */
	CTS_EXPECT_TRUE("ABUSE_LOG_FLOOD", lines <= LINES, "%u lines after %u failing calls", lines,
			CALLS);
}

CTS_SUITE("bad-input", "bad-input/pasid_request");
