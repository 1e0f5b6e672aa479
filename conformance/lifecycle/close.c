// SPDX-License-Identifier: GPL-2.0-only
/* Files that close in any order, a process that is killed, and many cycles of everything. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include "../../fixtures/rig_checks.h"
#include "../../harness/introspect.h"
#include "../../harness/test.h"
#include "../ownership/nesting_op.h"
#include "../ownership/objects.h"

FIXTURE(life_close) {
	struct cts *c;
};
CTS_VARIANTS_SEMANTIC(life_close);

FIXTURE_SETUP(life_close)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(life_close)
{
	cts_end(self->c);
}

/* v7: a killed process's number and quota are free again */
static void check_pasids_free(struct __test_metadata *_metadata, FIXTURE_DATA(life_close) *self,
			      unsigned int device, long p)
{
	struct cts_space *s;

	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1u << device, &s));
	CTS_EXPECT_EQ("LIFE_KILL9_BOUND", p, __pasid_alloc(s, p, p));
	CTS_EXPECT_EQ("LIFE_KILL9_BOUND", PASID_QUOTA - 1, pasid_fill(s));
	cts_space_free(s);
}

CTS_TEST_F(life_close, kill9_bound, "LIFE_KILL9_BOUND")
{
	bool v7 = self->c->v.profile & CTS_V7;
	struct cts_actor *b = cts_second_actor(self->c);
	struct cts_space *s;
	struct flat_rig rig;
	unsigned int device;
	void *va = cts_memory(self->c, 4096);
	long p = 0;

	CTS_PRE_TRUE(b && va);
	if (engine_pick(self->c, ENGINE_WRITE, &device))
		CTS_SKIP(ENV_MISSING, "no device that can write");
	CTS_PRE(__cts_space_create(self->c, b, v7 ? CTS_SPACE_NEST : 0, 1u << device, &s));
	CTS_PRE(__cts_map(s, RIG_IOVA, va, 4096, CTS_RW));
	if (v7) {
		CTS_PRE(p = __pasid_alloc(s, 500, 600));
		CTS_PRE(__nesting_bind(s, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p, RIG_IOVA));
	}
	cts_kill_actor(self->c, b);
	if (v7)
		check_pasids_free(_metadata, self, device, p);
	CTS_ASSERT_OK("LIFE_KILL9_BOUND", flat_rig_create(self->c, 0, &rig));
	FLAT_EXPECT_LANDS("LIFE_KILL9_BOUND", &rig, 4096, 64);
	flat_rig_free(&rig);
}

/* ---- many cycles leave nothing behind */

/* Container, map, bind, invalidate, unbind; closed with a PASID bound and memory mapped. */
static int cycle_v7(struct cts *c, void *va)
{
	struct cts_space *s;
	long p;
	int rc = __cts_space_create(c, NULL, CTS_SPACE_NEST, 1, &s);

	if (rc)
		return rc;
	rc = __cts_map(s, RIG_IOVA, va, 4096, CTS_RW);
	for (unsigned int i = 0; !rc && i < 2; i++) {
		p = __pasid_alloc(s, 1, 0xfffff);
		rc = p < 0 ? p : __nesting_bind(s, VFIO_IOMMU_NESTING_OP_BIND_PGTBL, p, RIG_IOVA);
		if (!rc)
			rc = __nesting_invalidate(s, p, RIG_GVA(0));
		if (!rc && !i)
			rc = __nesting_bind(s, VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL, p, RIG_IOVA);
		if (!rc && !i)
			rc = __pasid_free(s, p, p);
	}
	cts_space_free(s);
	return rc;
}

/* IOAS, map, attach, replace, detach, unmap, destroy on an iommufd that stays; and one that goes */
static int cycle_iommufd(struct cts *c, struct cts_space *stays, void *va)
{
	struct cts_space *s;
	uint32_t ioas, pt;
	int rc = __obj_ioas(c, NULL, stays->fd, &ioas);

	if (!rc)
		rc = __obj_map(c, NULL, stays->fd, ioas, RIG_IOVA, va, 4096);
	pt = ioas;
	if (!rc)
		rc = __obj_attach(c, NULL, stays->dev_fd[0], &pt);
	pt = stays->hwpt_id;
	if (!rc)
		rc = __obj_attach(c, NULL, stays->dev_fd[0], &pt);
	if (!rc)
		rc = __cts_detach(stays, 0);
	if (!rc)
		rc = __cts_attach(stays, 0);
	if (!rc)
		rc = __obj_unmap(c, NULL, stays->fd, ioas, RIG_IOVA, 4096);
	if (!rc)
		rc = __obj_destroy(c, NULL, stays->fd, ioas);
	if (rc)
		return rc;
	rc = __cts_space_create(c, NULL, 0, 2, &s);
	if (!rc)
		rc = __cts_map(s, RIG_IOVA, va, 4096, CTS_RW);
	cts_space_free(s);
	return rc;
}

/* What a kernel accounts to this process: pinned and locked memory in KiB, open files. */
struct held {
	unsigned long pinned, locked;
	unsigned int files;
};

static int held_now(struct held *h)
{
	DIR *dir = opendir("/proc/self/fd");
	FILE *f = fopen("/proc/self/status", "r");
	unsigned int found = 0;
	char line[128];

	*h = (struct held){ 0 };
	while (f && fgets(line, sizeof(line), f))
		found += sscanf(line, "VmPin: %lu", &h->pinned) == 1 ||
			 sscanf(line, "VmLck: %lu", &h->locked) == 1;
	if (f)
		fclose(f);
	while (dir && readdir(dir))
		h->files++;
	if (dir)
		closedir(dir);
	return found == 2 && h->files ? 0 : -ENOENT;
}

#define CYCLES(count_, stays_, va_) do { \
	for (unsigned int i_ = 0; i_ < (count_); i_++) \
		CTS_ASSERT_OK("LIFE_NO_LEAK", self->c->v.profile & CTS_V7 ? \
			      cycle_v7(self->c, va_) : cycle_iommufd(self->c, stays_, va_)); \
} while (0)

/* A model says what is alive. */
static void no_leak_alive(struct __test_metadata *_metadata, FIXTURE_DATA(life_close) *self,
			  void *va)
{
	struct cts_alive before, after;
	struct cts_space *stays = NULL;

	if (!(self->c->v.profile & CTS_V7))
		CTS_PRE(__cts_space_create(self->c, NULL, 0, 1, &stays));
	CTS_PRE(cts_alive(self->c, &before));
	CYCLES(1000, stays, va);
	CTS_PRE(cts_alive(self->c, &after));
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.objects, after.objects);
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.domains, after.domains);
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.pasids, after.pasids);
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.pinned_pages, after.pinned_pages);
	cts_space_free(stays);
}

static void no_leak_held(struct __test_metadata *_metadata, FIXTURE_DATA(life_close) *self,
			 void *va)
{
	struct cts_space *stays = NULL;
	struct held before, mapped, after;

	CTS_PRE(__cts_space_create(self->c, NULL, 0, 1, &stays));
	CYCLES(1, stays, va);
	CTS_PRE(held_now(&before));
	/* the account moves with a mapping, or says nothing about leaks */
	CTS_PRE(__cts_map(stays, RIG_IOVA, va, 4096, CTS_RW));
	CTS_PRE(held_now(&mapped));
	CTS_PRE(__cts_unmap(stays, RIG_IOVA, 4096, NULL));
	if (mapped.pinned == before.pinned && mapped.locked == before.locked)
		CTS_SKIP(NOT_SUPPORTED, "this kernel does not account what a device pins to us");
	CYCLES(16, stays, va);
	CTS_PRE(held_now(&after));
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.pinned, after.pinned);
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.locked, after.locked);
	CTS_EXPECT_EQ("LIFE_NO_LEAK", before.files, after.files);
	cts_space_free(stays);
}

CTS_TEST_F(life_close, no_leak, "LIFE_NO_LEAK")
{
	void *va = cts_memory(self->c, 4096);

	CTS_PRE_TRUE(va);
	if (self->c->nr_devices < 2)
		CTS_SKIP(ENV_MISSING, "two devices are needed");
	if (self->c->subject == CTS_REFERENCE)
		no_leak_alive(_metadata, self, va);
	else
		no_leak_held(_metadata, self, va);
}

/* ---- iommufd: both orders of closing */

FIXTURE(life_order) {
	struct cts *c;
	struct flat_rig rig;
};
CTS_VARIANTS_IOMMUFD(life_order);

FIXTURE_SETUP(life_order)
{
	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
}

FIXTURE_TEARDOWN(life_order)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

CTS_TEST_F(life_order, iommufd_first, "LIFE_IOMMUFD_CLOSED_FIRST")
{
	struct cts_space *s = self->rig.space;

	CTS_PRE(cts_close(self->c, NULL, s->fd));
	s->fd = -1;
	/* the device's file holds all that it stands on */
	FLAT_EXPECT_LANDS("LIFE_IOMMUFD_CLOSED_FIRST", &self->rig, 4096, 64);
	flat_rig_free(&self->rig);
	CTS_ASSERT_OK("LIFE_IOMMUFD_CLOSED_FIRST", flat_rig_create(self->c, 0, &self->rig));
	FLAT_EXPECT_LANDS("LIFE_IOMMUFD_CLOSED_FIRST", &self->rig, 4096, 64);
}

CTS_TEST_F(life_order, device_first, "LIFE_DEVICE_CLOSED_FIRST")
{
	struct cts_space *s = self->rig.space;
	unsigned int device = self->rig.device;

	engine_release(s);
	CTS_PRE(cts_close(self->c, NULL, s->dev_fd[device]));
	s->dev_fd[device] = -1;
	CTS_EXPECT_RC("LIFE_DEVICE_CLOSED_FIRST",
		      __obj_destroy(self->c, NULL, s->fd, s->dev_id[device]));
	CTS_EXPECT_OK("LIFE_DEVICE_CLOSED_FIRST",
		      __obj_destroy(self->c, NULL, s->fd, s->hwpt_id));
	/* the IOAS and what it maps wait for the next device */
	s->hwpt_id = 0;
	s->attached[device] = false;
	CTS_ASSERT_OK("LIFE_DEVICE_CLOSED_FIRST", __cts_attach(s, device));
	FLAT_EXPECT_LANDS("LIFE_DEVICE_CLOSED_FIRST", &self->rig, 4096, 64);
}

CTS_SUITE("lifecycle", "lifecycle/close");
