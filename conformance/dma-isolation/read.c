// SPDX-License-Identifier: GPL-2.0-only
/* Isolation of reads: a device that copies shows what it could read by writing it elsewhere. */
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"

FIXTURE(iso_read) {
	struct cts *c;
	struct flat_rig rig;	/* the destination of the copy */
	struct window secret;
	uint64_t iova;		/* where the secret is mapped, by the test */
};
CTS_VARIANTS_SEMANTIC(iso_read);

FIXTURE_SETUP(iso_read)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, RIG_COPY, &self->rig), &self->rig);
	CTS_PRE(window_create(self->c, 4096, &self->secret));
	window_arm(&self->secret);
	for (unsigned int i = 0; i < 4096; i++)
		self->secret.va[i] = i * 7 + 3;
	self->iova = self->rig.iova + (1 << 24);
	window_arm(&self->rig.win);
}

FIXTURE_TEARDOWN(iso_read)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

/* Copies the secret's first bytes to the window; does the secret stand there afterwards? */
static bool leaks(FIXTURE_DATA(iso_read) *self, int *rc)
{
	*rc = engine_copy(self->rig.space, self->rig.path, self->iova, self->rig.iova, 64);
	return !memcmp(self->rig.win.va, self->secret.va, 64);
}

CTS_TEST_F(iso_read, read_only_readable, "ISO_READ_ONLY_READABLE")
{
	int rc;

	CTS_PRE(__cts_map(self->rig.space, self->iova, self->secret.va, 4096, CTS_R));
	CTS_EXPECT_TRUE("ISO_READ_ONLY_READABLE", leaks(self, &rc),
			"the bytes of a read-only mapping did not arrive, device reports %d", rc);
	CTS_EXPECT_EQ("ISO_READ_ONLY_READABLE", ENGINE_DONE, rc);
}

CTS_TEST_F(iso_read, after_unmap, "ISO_DMA_AFTER_UNMAP")
{
	int rc;

	CTS_PRE(__cts_map(self->rig.space, self->iova, self->secret.va, 4096, CTS_R));
	CTS_PRE_TRUE(leaks(self, &rc));
	CTS_PRE(__cts_unmap(self->rig.space, self->iova, 4096, NULL));
	self->secret.va[0] ^= 0xff;	/* the device's buffer holds the old one */
	CTS_EXPECT_TRUE("ISO_DMA_AFTER_UNMAP", !leaks(self, &rc),
			"an unmapped page was read, device reports %d", rc);
}

CTS_SUITE("dma-isolation", "dma-isolation/read");
