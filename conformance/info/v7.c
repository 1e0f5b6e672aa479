// SPDX-License-Identifier: GPL-2.0-only
/* v7: what VFIO_IOMMU_GET_INFO tells of nesting, on machines where that is not simple. */
#include <fcntl.h>
#include <stdio.h>

#include "../../fixtures/fixtures.h"
#include "../../harness/test.h"
#include "../allocation/pasid.h"
#include "layout.h"

#define ROOM 4096u

struct answer {
	union {
		struct vfio_iommu_type1_info info;
		uint8_t buf[ROOM];
	};
};

/* GET_INFO on @fd; a capability of the answer, or NULL. */
static long get_info(struct cts *c, int fd, struct answer *a)
{
	memset(a->buf, 0, ROOM);
	a->info.argsz = ROOM;
	return cts_ioctl(c, NULL, fd, VFIO_IOMMU_GET_INFO, a);
}

static const void *find_cap(const struct answer *a, uint16_t id)
{
	uint32_t off = a->info.flags & VFIO_IOMMU_INFO_CAPS ? a->info.cap_offset : 0;

	for (unsigned int n = 0; off && off + 64 <= ROOM && n < 32; n++) {
		const struct vfio_info_cap_header *h = (const void *)(a->buf + off);

		if (h->id == id)
			return h;
		off = h->next;
	}
	return NULL;
}

FIXTURE(info_usual) {
	struct cts *c;
	struct cts_space *space;
	struct answer a;
};
CTS_VARIANTS_V7(info_usual);

FIXTURE_SETUP(info_usual)
{
	CTS_SETUP(self->c);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(info_usual)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(info_usual, layout, "INFO_LAYOUT_32_64")
{
	static const struct nesting_layout here = NESTING_LAYOUT;
	const size_t *a = (const size_t *)&here, *b = (const size_t *)&nesting_layout_32;
	const uint8_t *cap;
	uint64_t ecap;

	for (size_t i = 0; i < sizeof(here) / sizeof(*a); i++)
		CTS_EXPECT_TRUE("INFO_LAYOUT_32_64", a[i] == b[i],
				"member %zu lies at %zu for 64 bits and at %zu for 32", i, a[i],
				b[i]);
	/* and that is where the answer has it: this model's IOMMU has PASIDs, ECAP bit 40 */
	CTS_PRE(get_info(self->c, self->space->fd, &self->a));
	cap = find_cap(&self->a, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING);
	CTS_PRE_TRUE(cap);
	memcpy(&ecap, cap + nesting_layout_32.cap_info + nesting_layout_32.ecap_reg, sizeof(ecap));
	CTS_EXPECT_EQ("INFO_LAYOUT_32_64", 1, ecap >> 40 & 1);
}

CTS_TEST_F(info_usual, quota_left, "INFO_QUOTA_LEFT")
{
	static const int step[] = { 1, 1, -1, 1, -1, -1 };	/* allocate, or free the last */
	const struct vfio_iommu_type1_info_cap_pasid_quota *cap;
	uint32_t left = PASID_QUOTA, last = 100;

	for (size_t i = 0; i <= ARRAY_SIZE(step); i++) {
		CTS_PRE(get_info(self->c, self->space->fd, &self->a));
		cap = find_cap(&self->a, VFIO_IOMMU_TYPE1_INFO_CAP_PASID_QUOTA);
		if (self->c->v.profile == CTS_V7_POSTED) {
			CTS_EXPECT_TRUE("INFO_QUOTA_LEFT", !cap, "there is such a capability");
			return;
		}
		CTS_ASSERT_TRUE("INFO_QUOTA_LEFT", cap, "there is no such capability");
		CTS_EXPECT_EQ("INFO_QUOTA_LEFT", PASID_QUOTA, cap->quota);
		CTS_EXPECT_EQ("INFO_QUOTA_LEFT", left, cap->left);
		if (i == ARRAY_SIZE(step))
			break;
		if (step[i] > 0)
			CTS_PRE(__pasid_alloc(self->space, last, last));
		else
			CTS_PRE(__pasid_free(self->space, last - 1, last - 1));
		last += (uint32_t)step[i];
		left -= (uint32_t)step[i];
	}
	CTS_EXPECT_EQ("INFO_QUOTA_LEFT", left, pasid_fill(self->space));
}

/* ---- machines to order */

static const struct cts_machine no_iova_cap = { .iova_cap_errno = ENOMEM };

FIXTURE(info_error) {
	struct cts *c;
	struct cts_space *space;
	struct answer a;
};
CTS_VARIANTS_V7(info_error);

FIXTURE_SETUP(info_error)
{
	CTS_SETUP_ON(self->c, &no_iova_cap);
	CTS_PRE(__cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &self->space));
}

FIXTURE_TEARDOWN(info_error)
{
	cts_space_free(self->space);
	cts_end(self->c);
}

CTS_TEST_F(info_error, not_lost, "INFO_ERROR_NOT_LOST")
{
	CTS_EXPECT_RC("INFO_ERROR_NOT_LOST", get_info(self->c, self->space->fd, &self->a));
	if (self->c->v.profile == CTS_V7_POSTED)
		CTS_EXPECT_TRUE("INFO_ERROR_NOT_LOST",
				!find_cap(&self->a, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE),
				"the capability that cannot be built is there");
}

FIXTURE(info_smmu) {
	struct cts *c;
	struct answer a;
};
FIXTURE_VARIANT(info_smmu) { struct cts_variant v; };
CTS_VARIANT_ADD(info_smmu, vfio_v7_smmuv3, CTS_V7_REVIEWED, CTS_SMMUV3);
CTS_VARIANT_ADD(info_smmu, vfio_v7_posted_smmuv3, CTS_V7_POSTED, CTS_SMMUV3);

FIXTURE_SETUP(info_smmu)
{
	CTS_SETUP(self->c);
}

FIXTURE_TEARDOWN(info_smmu)
{
	cts_end(self->c);
}

CTS_TEST_F(info_smmu, format0, "INFO_FORMAT0")
{
	struct cts_space *s = NULL;
	int rc = __cts_space_create(self->c, NULL, CTS_SPACE_NEST, 1, &s);

	if (self->c->v.profile == CTS_V7_REVIEWED) {
		CTS_EXPECT_RC("INFO_FORMAT0", rc);
		/* the hardware is good for another type, and GET_INFO works there */
		CTS_PRE(__cts_space_create(self->c, NULL, 0, 1, &s));
		CTS_EXPECT_ERRNO("INFO_FORMAT0", get_info(self->c, s->fd, &self->a), 0);
	} else {
		CTS_PRE(rc);
		CTS_EXPECT_RC("INFO_FORMAT0", get_info(self->c, s->fd, &self->a));
	}
	cts_space_free(s);
}

/* ---- two IOMMU units */

static const struct cts_machine told = { .units_differ = true };
static const struct cts_machine untold = { .units_differ_untold = true };

FIXTURE(info_units) {
	struct cts *c;
	struct cts_space *space;
	struct answer a;
};
FIXTURE_VARIANT(info_units) {
	struct cts_variant v;
	const struct cts_machine *machine;
};
FIXTURE_VARIANT_ADD(info_units, told_reviewed) {
	.v = { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD }, .machine = &told,
};
FIXTURE_VARIANT_ADD(info_units, told_posted) {
	.v = { .profile = CTS_V7_POSTED, .arch = CTS_VTD }, .machine = &told,
};
FIXTURE_VARIANT_ADD(info_units, untold_reviewed) {
	.v = { .profile = CTS_V7_REVIEWED, .arch = CTS_VTD }, .machine = &untold,
};
FIXTURE_VARIANT_ADD(info_units, untold_posted) {
	.v = { .profile = CTS_V7_POSTED, .arch = CTS_VTD }, .machine = &untold,
};

FIXTURE_SETUP(info_units)
{
	CTS_SETUP_ON(self->c, variant->machine);
}

FIXTURE_TEARDOWN(info_units)
{
	cts_end(self->c);
}

/* A container of @device that is asked to nest; what SET_IOMMU said. */
static long nest(FIXTURE_DATA(info_units) *self, unsigned int device, int *container)
{
	char path[32];
	int group;

	*container = cts_open(self->c, NULL, "/dev/vfio/vfio", O_RDWR);
	snprintf(path, sizeof(path), "/dev/vfio/%u", self->c->devices[device].group);
	group = cts_open(self->c, NULL, path, O_RDWR);
	if (*container < 0 || group < 0)
		return -ENODATA;
	if (cts_ioctl(self->c, NULL, group, VFIO_GROUP_SET_CONTAINER, container))
		return -ENODATA;
	return cts_ioctl_raw(self->c, NULL, *container, VFIO_SET_IOMMU,
			     (void *)(uintptr_t)VFIO_TYPE1_NESTING_IOMMU);
}

CTS_TEST_F(info_units, inconsistent, "INFO_INCONSISTENT_UNITS")
{
	int container;

	if (variant->machine != &told)
		CTS_SKIP(NOT_APPLICABLE, "these units agree in what is told");
	/* whichever unit the device is behind; the other one may not even have a device in use */
	for (unsigned int i = 0; i < self->c->nr_devices; i += self->c->nr_devices - 1) {
		CTS_EXPECT_RC("INFO_INCONSISTENT_UNITS", nest(self, i, &container));
		CTS_PRE(container);
		CTS_EXPECT_OK("INFO_INCONSISTENT_UNITS",
			      cts_ioctl_raw(self->c, NULL, container, VFIO_SET_IOMMU,
					    (void *)(uintptr_t)VFIO_TYPE1v2_IOMMU));
		CTS_PRE(get_info(self->c, container, &self->a));
		CTS_EXPECT_TRUE("INFO_INCONSISTENT_UNITS",
				!find_cap(&self->a, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING),
				"there is nesting info");
	}
}

CTS_TEST_F(info_units, unmasked, "INFO_INCONSISTENT_UNMASKED")
{
	int container;

	if (variant->machine != &untold)
		CTS_SKIP(NOT_APPLICABLE, "these units differ in what is told");
	for (unsigned int i = 0; i < self->c->nr_devices; i += self->c->nr_devices - 1) {
		CTS_EXPECT_RC("INFO_INCONSISTENT_UNMASKED", nest(self, i, &container));
		CTS_PRE(container);
		CTS_PRE(get_info(self->c, container, &self->a));
		CTS_EXPECT_TRUE("INFO_INCONSISTENT_UNMASKED",
				find_cap(&self->a, VFIO_IOMMU_TYPE1_INFO_CAP_NESTING),
				"there is no nesting info");
	}
}

CTS_SUITE("info", "info/v7");
