// SPDX-License-Identifier: GPL-2.0-only
/*
 * Object ids of iommufd belong to one open file. Every command that takes an id gets the id of an
 * object of another file, of the same process and of another one; and own ids of the wrong kind.
 */
#include <stddef.h>
#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "objects.h"

enum kind { KIND_IOAS, KIND_HWPT, KIND_DEV, KIND_VIOMMU, NR_KINDS };

#define IOVA(n) (RIG_IOVA + (n) * 0x100000ull)
#define NR_SIDES 3
/* Objects that the others make first, so that no id of theirs is also an id of ours. */
#define PAD 24

/* An open iommufd with a device of its own. id 0: this subject has no such object. */
struct side {
	struct cts_actor *actor;
	int fd, dev_fd;
	void *va;
	uint32_t id[NR_KINDS], spare_ioas;
};

FIXTURE(own_ids) {
	struct cts *c;
	/* ours; another file of this process; a file of another process */
	struct side side[NR_SIDES];
};
CTS_VARIANTS_IOMMUFD(own_ids);

static int side_objects(struct cts *c, struct side *s)
{
	int rc = __obj_ioas(c, s->actor, s->fd, &s->id[KIND_IOAS]);

	if (!rc)
		rc = __obj_ioas(c, s->actor, s->fd, &s->spare_ioas);
	if (!rc)
		rc = __obj_map(c, s->actor, s->fd, s->id[KIND_IOAS], IOVA(0), s->va, 4096);
	if (!rc)
		rc = __obj_bind(c, s->actor, s->dev_fd, s->fd, &s->id[KIND_DEV]);
	if (rc)
		return rc;
	rc = __obj_hwpt(c, s->actor, s->fd, IOMMU_HWPT_ALLOC_NEST_PARENT, s->id[KIND_DEV],
			s->id[KIND_IOAS], &s->id[KIND_HWPT]);
	if (rc == -EOPNOTSUPP)
		return __obj_hwpt(c, s->actor, s->fd, 0, s->id[KIND_DEV], s->id[KIND_IOAS],
				  &s->id[KIND_HWPT]);
	if (!rc && c->arch == CTS_SMMUV3)
		rc = __obj_viommu(c, s->actor, s->fd, s->id[KIND_DEV], s->id[KIND_HWPT],
				  &s->id[KIND_VIOMMU]);
	return rc;
}

static int side_create(struct cts *c, unsigned int device, unsigned int pad, struct side *s)
{
	uint32_t unused;
	int rc = 0;

	s->va = cts_memory(c, 4096);
	if (!s->va)
		return -ENOMEM;
	s->fd = cts_open(c, s->actor, "/dev/iommu", O_RDWR);
	if (s->fd < 0)
		return s->fd;
	s->dev_fd = __obj_open_device(c, s->actor, device);
	if (s->dev_fd < 0)
		return s->dev_fd;
	while (!rc && pad--)
		rc = __obj_ioas(c, s->actor, s->fd, &unused);
	return rc ? rc : side_objects(c, s);
}

FIXTURE_SETUP(own_ids)
{
	CTS_SETUP(self->c);
	if (self->c->nr_devices < NR_SIDES)
		CTS_SKIP(ENV_MISSING, "three devices in three groups are needed");
	self->side[2].actor = cts_second_actor(self->c);
	CTS_PRE_TRUE(self->side[2].actor);
	for (unsigned int i = 0; i < NR_SIDES; i++)
		CTS_PRE(side_create(self->c, i, i ? PAD : 0, &self->side[i]));
	for (unsigned int k = 0; k < NR_KINDS; k++)
		CTS_PRE_TRUE(self->side[0].id[k] < PAD);
}

FIXTURE_TEARDOWN(own_ids)
{
	cts_end(self->c);
}

/* ---- the commands: how each is made of own ids, so that it works or fails for another reason */

union command {
	uint32_t size;
	struct iommu_ioas_map map;
	struct iommu_ioas_unmap unmap;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_iova_ranges ranges;
	struct iommu_ioas_allow_iovas allow;
	struct iommu_option option;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_set_dirty_tracking set_dirty;
	struct iommu_hwpt_get_dirty_bitmap get_dirty;
	struct iommu_hwpt_invalidate invalidate;
	struct iommu_viommu_alloc viommu;
	struct iommu_vdevice_alloc vdevice;
};

static void fill_map(union command *u, const struct side *s)
{
	u->map.flags = MAP_FIXED_RW;
	u->map.ioas_id = s->id[KIND_IOAS];
	u->map.user_va = (uintptr_t)s->va;
	u->map.length = 4096;
	u->map.iova = IOVA(1);
}

static void fill_unmap(union command *u, const struct side *s)
{
	u->unmap.ioas_id = s->id[KIND_IOAS];
	u->unmap.iova = IOVA(0);
	u->unmap.length = 4096;
}

static void fill_copy(union command *u, const struct side *s)
{
	u->copy.flags = MAP_FIXED_RW;
	u->copy.dst_ioas_id = u->copy.src_ioas_id = s->id[KIND_IOAS];
	u->copy.length = 4096;
	u->copy.src_iova = IOVA(0);
	u->copy.dst_iova = IOVA(2);
}

static void fill_ranges(union command *u, const struct side *s)
{
	u->ranges.ioas_id = s->id[KIND_IOAS];
}

static void fill_allow(union command *u, const struct side *s)
{
	u->allow.ioas_id = s->id[KIND_IOAS];
}

static void fill_option(union command *u, const struct side *s)
{
	u->option.option_id = IOMMU_OPTION_HUGE_PAGES;
	u->option.op = IOMMU_OPTION_OP_GET;
	u->option.object_id = s->id[KIND_IOAS];
}

static void fill_vfio_ioas(union command *u, const struct side *s)
{
	u->vfio_ioas.op = IOMMU_VFIO_IOAS_SET;
	u->vfio_ioas.ioas_id = s->id[KIND_IOAS];
}

static void fill_hwpt_alloc(union command *u, const struct side *s)
{
	u->hwpt_alloc.dev_id = s->id[KIND_DEV];
	u->hwpt_alloc.pt_id = s->id[KIND_IOAS];
}

static void fill_hw_info(union command *u, const struct side *s)
{
	u->hw_info.dev_id = s->id[KIND_DEV];
}

static void fill_set_dirty(union command *u, const struct side *s)
{
	u->set_dirty.hwpt_id = s->id[KIND_HWPT];
}

static void fill_get_dirty(union command *u, const struct side *s)
{
	u->get_dirty.hwpt_id = s->id[KIND_HWPT];
	u->get_dirty.iova = IOVA(0);
	u->get_dirty.length = u->get_dirty.page_size = 4096;
	u->get_dirty.data = (uintptr_t)s->va;
}

static void fill_invalidate(union command *u, const struct side *s)
{
	u->invalidate.hwpt_id = s->id[KIND_HWPT];
	u->invalidate.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
}

static void fill_viommu(union command *u, const struct side *s)
{
	u->viommu.type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
	u->viommu.dev_id = s->id[KIND_DEV];
	u->viommu.hwpt_id = s->id[KIND_HWPT];
}

static void fill_vdevice(union command *u, const struct side *s)
{
	u->vdevice.viommu_id = s->id[KIND_VIOMMU];
	u->vdevice.dev_id = s->id[KIND_DEV];
	u->vdevice.virt_id = 0x77;
}

static const struct row {
	const char *req;
	unsigned long cmd;
	uint32_t size, off;	/* of the argument; of the id in it */
	enum kind kind;
	bool any;		/* the field takes ids of other kinds as well */
	void (*fill)(union command *u, const struct side *s);
} rows[] = {
#define ROW(req_, cmd_, type_, field_, kind_, any_, fill_) \
	{ req_, cmd_, sizeof(struct type_), offsetof(struct type_, field_), kind_, any_, fill_ }
	ROW("OWN_ID_IOAS_MAP", IOMMU_IOAS_MAP, iommu_ioas_map, ioas_id, KIND_IOAS, false, fill_map),
	ROW("OWN_ID_IOAS_MAP", IOMMU_IOAS_COPY, iommu_ioas_copy, dst_ioas_id, KIND_IOAS, false,
	    fill_copy),
	ROW("OWN_ID_IOAS_MAP", IOMMU_IOAS_UNMAP, iommu_ioas_unmap, ioas_id, KIND_IOAS, false,
	    fill_unmap),
	ROW("OWN_ID_COPY", IOMMU_IOAS_COPY, iommu_ioas_copy, src_ioas_id, KIND_IOAS, false,
	    fill_copy),
	ROW("OWN_ID_IOAS_QUERY", IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, ioas_id, KIND_IOAS,
	    false, fill_ranges),
	ROW("OWN_ID_IOAS_QUERY", IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, ioas_id, KIND_IOAS,
	    false, fill_allow),
	ROW("OWN_ID_IOAS_QUERY", IOMMU_OPTION, iommu_option, object_id, KIND_IOAS, false,
	    fill_option),
	ROW("OWN_ID_IOAS_QUERY", IOMMU_VFIO_IOAS, iommu_vfio_ioas, ioas_id, KIND_IOAS, false,
	    fill_vfio_ioas),
	ROW("OWN_ID_HWPT_ALLOC", IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, pt_id, KIND_IOAS, true,
	    fill_hwpt_alloc),
	ROW("OWN_ID_HWPT_ALLOC", IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, pt_id, KIND_HWPT, true,
	    fill_hwpt_alloc),
	ROW("OWN_ID_DEVICE", IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, dev_id, KIND_DEV, false,
	    fill_hwpt_alloc),
	ROW("OWN_ID_DEVICE", IOMMU_GET_HW_INFO, iommu_hw_info, dev_id, KIND_DEV, false,
	    fill_hw_info),
	ROW("OWN_ID_DEVICE", IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, dev_id, KIND_DEV, false,
	    fill_viommu),
	ROW("OWN_ID_DIRTY", IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, hwpt_id,
	    KIND_HWPT, false, fill_set_dirty),
	ROW("OWN_ID_DIRTY", IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, hwpt_id,
	    KIND_HWPT, false, fill_get_dirty),
	ROW("OWN_ID_INVALIDATE", IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, hwpt_id, KIND_HWPT,
	    true, fill_invalidate),
	ROW("OWN_ID_INVALIDATE", IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, hwpt_id, KIND_VIOMMU,
	    true, fill_invalidate),
	ROW("OWN_ID_VIOMMU", IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, hwpt_id, KIND_HWPT, false,
	    fill_viommu),
	ROW("OWN_ID_VIOMMU", IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, viommu_id, KIND_VIOMMU,
	    false, fill_vdevice),
	ROW("OWN_ID_VIOMMU", IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, dev_id, KIND_DEV, false,
	    fill_vdevice),
	ROW("OWN_ID_VIOMMU", IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, pt_id, KIND_VIOMMU, true,
	    fill_hwpt_alloc),
};

/* The command on our file, with @id where the row has its id. */
static long call(FIXTURE_DATA(own_ids) *self, const struct row *r, uint32_t id)
{
	union command u;

	memset(&u, 0, sizeof(u));
	u.size = r->size;
	r->fill(&u, &self->side[0]);
	memcpy((char *)&u + r->off, &id, sizeof(id));
	return cts_ioctl_sized(self->c, NULL, self->side[0].fd, r->cmd, &u, r->size);
}

/* Rows with a vIOMMU in them need one. */
static bool can_ask(FIXTURE_DATA(own_ids) *self, const struct row *r)
{
	bool viommu = r->kind == KIND_VIOMMU || !strcmp(r->req, "OWN_ID_VIOMMU");

	return !viommu || self->side[0].id[KIND_VIOMMU];
}

static void check_foreign(struct __test_metadata *_metadata, FIXTURE_DATA(own_ids) *self,
			  const char *req)
{
	unsigned int asked = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		long own;

		if (strcmp(r->req, req) || !can_ask(self, r))
			continue;
		/* with our own id it is found, whatever comes of it */
		own = call(self, r, self->side[0].id[r->kind]);
		CTS_PRE_TRUE(own != -ENOENT && own != -ENOTTY);
		for (unsigned int k = 1; k < NR_SIDES; k++)
			CTS_EXPECT_RC(req, call(self, r, self->side[k].id[r->kind]));
		asked++;
	}
	CTS_PRE_TRUE(asked);
}

CTS_TEST_F(own_ids, ioas_map, "OWN_ID_IOAS_MAP")
{
	check_foreign(_metadata, self, "OWN_ID_IOAS_MAP");
	/* what the others mapped is still there */
	for (unsigned int k = 1; k < NR_SIDES; k++) {
		struct side *s = &self->side[k];

		CTS_EXPECT_OK("OWN_ID_IOAS_MAP", __obj_unmap(self->c, s->actor, s->fd,
							     s->id[KIND_IOAS], IOVA(0), 4096));
	}
}

CTS_TEST_F(own_ids, copy, "OWN_ID_COPY")
{
	check_foreign(_metadata, self, "OWN_ID_COPY");
}

CTS_TEST_F(own_ids, ioas_query, "OWN_ID_IOAS_QUERY")
{
	check_foreign(_metadata, self, "OWN_ID_IOAS_QUERY");
}

CTS_TEST_F(own_ids, hwpt_alloc, "OWN_ID_HWPT_ALLOC")
{
	check_foreign(_metadata, self, "OWN_ID_HWPT_ALLOC");
}

CTS_TEST_F(own_ids, device, "OWN_ID_DEVICE")
{
	check_foreign(_metadata, self, "OWN_ID_DEVICE");
}

CTS_TEST_F(own_ids, dirty, "OWN_ID_DIRTY")
{
	check_foreign(_metadata, self, "OWN_ID_DIRTY");
}

CTS_TEST_F(own_ids, invalidate, "OWN_ID_INVALIDATE")
{
	check_foreign(_metadata, self, "OWN_ID_INVALIDATE");
}

CTS_TEST_F(own_ids, viommu, "OWN_ID_VIOMMU")
{
	if (!self->side[0].id[KIND_VIOMMU])
		CTS_SKIP(NOT_SUPPORTED, "a vIOMMU needs an SMMUv3 that can nest");
	check_foreign(_metadata, self, "OWN_ID_VIOMMU");
}

CTS_TEST_F(own_ids, destroy, "OWN_ID_DESTROY")
{
	for (unsigned int k = 1; k < NR_SIDES; k++) {
		struct side *s = &self->side[k];

		for (unsigned int kind = 0; kind < NR_KINDS; kind++)
			if (s->id[kind])
				CTS_EXPECT_RC("OWN_ID_DESTROY",
					      __obj_destroy(self->c, NULL, self->side[0].fd,
							    s->id[kind]));
		CTS_EXPECT_RC("OWN_ID_DESTROY", __obj_destroy(self->c, NULL, self->side[0].fd,
							      s->spare_ioas));
		CTS_EXPECT_OK("OWN_ID_DESTROY",
			      __obj_destroy(self->c, s->actor, s->fd, s->spare_ioas));
	}
}

CTS_TEST_F(own_ids, attach, "OWN_FD_CONTAINER")
{
	struct side *own = &self->side[0];
	uint32_t pt = own->id[KIND_HWPT];

	CTS_PRE(__obj_attach(self->c, NULL, own->dev_fd, &pt));
	for (unsigned int k = 1; k < NR_SIDES; k++)
		for (unsigned int kind = KIND_IOAS; kind <= KIND_HWPT; kind++) {
			pt = self->side[k].id[kind];
			CTS_EXPECT_RC("OWN_FD_CONTAINER",
				      __obj_attach(self->c, NULL, own->dev_fd, &pt));
		}
}

CTS_TEST_F(own_ids, wrong_kind, "OWN_ID_WRONG_KIND")
{
	struct side *own = &self->side[0];
	uint32_t pt = own->id[KIND_DEV];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned int kind = 0; kind < NR_KINDS; kind++)
			if (!rows[i].any && kind != rows[i].kind && own->id[kind] &&
			    can_ask(self, &rows[i]))
				CTS_EXPECT_RC("OWN_ID_WRONG_KIND",
					      call(self, &rows[i], own->id[kind]));
	CTS_EXPECT_RC("OWN_ID_WRONG_KIND", __obj_attach(self->c, NULL, own->dev_fd, &pt));
}

CTS_SUITE("ownership", "ownership/ids");
