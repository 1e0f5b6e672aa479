// SPDX-License-Identifier: GPL-2.0-only
/* Arguments in bad memory and unknown commands, on every uAPI. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/names.h"
#include "../../uapi/vfio.h"

FIXTURE(bad_pointers) {
	struct cts *c;
	struct flat_rig rig;
	unsigned int kind;	/* of rig.space->fd */
};
CTS_VARIANTS_SEMANTIC(bad_pointers);

FIXTURE_SETUP(bad_pointers)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
	self->kind = variant->v.profile == CTS_IOMMUFD ? UAPI_FD_IOMMUFD : UAPI_FD_VFIO_CONTAINER;
}

FIXTURE_TEARDOWN(bad_pointers)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

/* The next command of the fixture's descriptor that takes a struct of at least @least bytes. */
static const struct uapi_ioctl *next(FIXTURE_DATA(bad_pointers) *self, size_t *pos, size_t least)
{
	const char *uapi = self->kind == UAPI_FD_IOMMUFD ? "iommufd" : "vfio";
	size_t n;
	const struct uapi_ioctl *t = uapi_ioctl_table(&n);

	while (*pos < n) {
		const struct uapi_ioctl *i = &t[(*pos)++];

		if ((i->fds & self->kind) && !strcmp(i->uapi, uapi) && i->arg &&
		    i->arg->min_size >= least)
			return i;
	}
	return NULL;
}

/* The subject may lack a command of the table; then it says so, whatever the pointer. */
static void expect_fault(struct __test_metadata *_metadata, FIXTURE_DATA(bad_pointers) *self,
			 const char *id, unsigned long cmd, void *arg, unsigned int *asked)
{
	long rc = cts_ioctl_raw(self->c, NULL, self->rig.space->fd, cmd, arg);

	if (rc == -ENOTTY)
		return;
	(*asked)++;
	CTS_EXPECT_RC(id, rc);
}

CTS_TEST_F(bad_pointers, null, "ABUSE_PTR_NULL")
{
	const struct uapi_ioctl *i;
	unsigned int asked = 0;

	for (size_t pos = 0; (i = next(self, &pos, 0));)
		expect_fault(_metadata, self, "ABUSE_PTR_NULL", i->cmd, NULL, &asked);
	CTS_PRE_TRUE(asked >= 4);
}

CTS_TEST_F(bad_pointers, unmapped, "ABUSE_PTR_UNMAPPED")
{
	const struct uapi_ioctl *i;
	unsigned int asked = 0;
	uint8_t *page = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(page);
	for (size_t pos = 0; (i = next(self, &pos, 0));) {
		/* behind cts_memory(): an unmapped page; top of the address space; odd */
		expect_fault(_metadata, self, "ABUSE_PTR_UNMAPPED", i->cmd, page + 4096, &asked);
		expect_fault(_metadata, self, "ABUSE_PTR_UNMAPPED", i->cmd, (void *)-8ul, &asked);
		expect_fault(_metadata, self, "ABUSE_PTR_UNMAPPED", i->cmd, (void *)1ul, &asked);
	}
	CTS_PRE_TRUE(asked >= 12);
}

CTS_TEST_F(bad_pointers, split_page, "ABUSE_PTR_SPLIT_PAGE")
{
	const struct uapi_ioctl *i;
	unsigned int asked = 0;
	uint8_t *page = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(page);
	for (size_t pos = 0; (i = next(self, &pos, 12));) {
		uint32_t size = i->arg->size;

		/* size and flags are there, the rest is not */
		memcpy(page + 4096 - 8, &size, sizeof(size));
		expect_fault(_metadata, self, "ABUSE_PTR_SPLIT_PAGE", i->cmd, page + 4096 - 8,
			     &asked);
	}
	CTS_PRE_TRUE(asked >= 3);
}

CTS_TEST_F(bad_pointers, unknown_ioctl, "ABUSE_UNKNOWN_IOCTL")
{
	uint64_t arg[16] = { sizeof(arg) };

	/* behind what 7.x assigns, and clear of the mock's and VFIO's numbers; another type */
	for (unsigned int nr = 0xb0; nr < 0x100; nr += 5)
		CTS_EXPECT_RC("ABUSE_UNKNOWN_IOCTL",
			      cts_ioctl(self->c, NULL, self->rig.space->fd, _IO(';', nr), &arg));
	CTS_EXPECT_RC("ABUSE_UNKNOWN_IOCTL",
		      cts_ioctl(self->c, NULL, self->rig.space->fd, _IO('i', 0x80), &arg));
}

CTS_SUITE("bad-input", "bad-input/pointers");
