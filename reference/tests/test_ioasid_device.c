// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Devices of /dev/ioasid: page faults and their answers, units of unequal capability, lifetimes of
 * all of it.
 */
#include <kselftest_harness.h>
#include <poll.h>

#include "ioasid_util.h"

#define VPASID 5u
#define PAGES 8u

/* ---- faults */

FIXTURE(fault)
{
	struct io_user u;
	struct fd_guest g;
	int gpa, child, fd;
};

FIXTURE_VARIANT(fault)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(fault, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(fault, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

static int bind_table(struct io_user *u, struct fd_guest *g, int child)
{
	if (!g->arm)
		return io_bind_vtd(u, child, g->root);
	guest_cd(g, ASID);
	return io_bind_cds(u, child, g->cd, 4);
}

FIXTURE_SETUP(fault)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	ASSERT_EQ(0, io_create(&self->u, &cfg));
	guest_create(&self->g, variant->vendor == IOMMU_REF_SMMUV3);
	ASSERT_EQ(0, io_device(&self->u, 0));
	self->gpa = io_space(&self->u, 0);
	ASSERT_EQ(0, io_map(&self->u, self->gpa, GPA_BASE, self->g.mem, GUEST_PAGES * PG));
	self->child = io_child(&self->u, 0, self->gpa, NO_PASID);
	ASSERT_EQ(0, bind_table(&self->u, &self->g, self->child));
	self->fd = io_value(&self->u, IOASID_ALLOC_FAULT_FD, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fault)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->g.mem, GUEST_PAGES * PG);
}

/* Device 0 asks for a page to read. */
static int ask(struct io_user *u, uint32_t pasid, uint16_t grpid, uint64_t iova, bool last)
{
	const struct iommu_ref_page_request req = {
		.has_pasid = pasid != NO_PASID, .pasid = pasid == NO_PASID ? 0 : pasid,
		.grpid = grpid, .iova = iova, .last = last, .read = true,
	};

	return iommu_ref_page_request(u->ref, &req);
}

/* The code of the oldest answer, which must be for @grpid; -1: there is none. */
static int answer(struct io_user *u, uint16_t grpid)
{
	struct iommu_ref_page_response resp;

	if (iommu_ref_page_response_pop(u->ref, 0, &resp) != 1)
		return -1;
	return resp.grpid == grpid ? (int)resp.code : -2;
}

static int respond(struct io_user *u, uint32_t ioasid, uint32_t cookie, uint32_t code)
{
	struct ioasid_page_response arg = {
		.argsz = sizeof(arg), .ioasid = ioasid, .cookie = cookie, .code = code,
	};

	return io_cmd(u, IOASID_PAGE_RESPONSE, &arg);
}

/* 5.6 */
TEST_F(fault, report_and_response)
{
	struct io_user *u = &self->u;
	struct ioasid_page_fault f[4];

	EXPECT_EQ(0, iommu_ref_poll(u->proc, self->fd, POLLIN));
	EXPECT_EQ(0, iommu_ref_read(u->proc, self->fd, f, sizeof(f)));
	ASSERT_EQ(0, ask(u, NO_PASID, 1, GVA(1) + 8, false));
	EXPECT_EQ(0, iommu_ref_poll(u->proc, self->fd, POLLIN));
	ASSERT_EQ(0, ask(u, NO_PASID, 1, GVA(2), true));
	ASSERT_EQ(0, ask(u, NO_PASID, 2, GVA(3), true));
	EXPECT_EQ(POLLIN, iommu_ref_poll(u->proc, self->fd, POLLIN | POLLOUT));
	/* Whole groups only */
	EXPECT_EQ(-ESPIPE, iommu_ref_read(u->proc, self->fd, f, sizeof(f[0]) + 1));
	EXPECT_EQ(-EINVAL, iommu_ref_read(u->proc, self->fd, f, sizeof(f[0])));
	EXPECT_EQ(-EFAULT, iommu_ref_read(u->proc, self->fd, NULL, sizeof(f)));
	EXPECT_EQ(2 * sizeof(f[0]), iommu_ref_read(u->proc, self->fd, f, 2 * sizeof(f[0])));
	EXPECT_EQ((uint32_t)self->child, f[0].ioasid);
	EXPECT_EQ(GVA(1), f[0].addr);
	EXPECT_EQ(IOASID_FAULT_PERM_READ, f[0].perm);
	EXPECT_EQ(0, f[0].flags);
	EXPECT_EQ(IOASID_FAULT_LAST, f[1].flags);
	EXPECT_EQ(f[0].cookie, f[1].cookie);
	EXPECT_EQ(sizeof(f[0]), iommu_ref_read(u->proc, self->fd, f + 2, 2 * sizeof(f[0])));
	EXPECT_NE(f[0].cookie, f[2].cookie);
	EXPECT_EQ(0, iommu_ref_poll(u->proc, self->fd, POLLIN));
	/* Answers in any order, once */
	EXPECT_EQ(-ENOENT, respond(u, self->gpa, f[2].cookie, IOASID_RESPONSE_SUCCESS));
	EXPECT_EQ(-ENOENT, respond(u, self->child, 99, IOASID_RESPONSE_SUCCESS));
	EXPECT_EQ(-EOPNOTSUPP, respond(u, self->child, f[2].cookie, 2));
	ASSERT_EQ(0, respond(u, self->child, f[2].cookie, IOASID_RESPONSE_SUCCESS));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(u, 2));
	EXPECT_EQ(-ENOENT, respond(u, self->child, f[2].cookie, IOASID_RESPONSE_SUCCESS));
	ASSERT_EQ(0, respond(u, self->child, f[0].cookie, IOASID_RESPONSE_INVALID));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 1));
	EXPECT_EQ(-1, answer(u, 0));
}

/* "always reported to userspace per IOASID" */
TEST_F(fault, of_a_pasid)
{
	struct io_user *u = &self->u;
	struct ioasid_page_fault f;
	int gva = io_child(u, 0, self->gpa, VPASID);
	bool arm = self->g.arm;

	ASSERT_LT(0, gva);
	if (arm) {	/* not tracked yet: the entry of the table says which it is */
		ASSERT_EQ(0, ask(u, VPASID, 3, GVA(1), true));
		ASSERT_EQ(sizeof(f), iommu_ref_read(u->proc, self->fd, &f, sizeof(f)));
		EXPECT_EQ((uint32_t)self->child, f.ioasid);
		EXPECT_EQ(IOASID_FAULT_LAST | IOASID_FAULT_PASID, f.flags);
		EXPECT_EQ(VPASID, f.pasid);
		ASSERT_EQ(0, respond(u, f.ioasid, f.cookie, IOASID_RESPONSE_SUCCESS));
		EXPECT_EQ(0, answer(u, 3));
	}
	ASSERT_EQ(0, arm ? io_bind_arm(u, gva, self->g.root, 9) :
			   io_bind_vtd(u, gva, self->g.root));
	ASSERT_EQ(0, ask(u, VPASID, 4, GVA(1), true));
	ASSERT_EQ(sizeof(f), iommu_ref_read(u->proc, self->fd, &f, sizeof(f)));
	EXPECT_EQ((uint32_t)gva, f.ioasid);
	EXPECT_EQ(IOASID_FAULT_LAST, f.flags);
	EXPECT_EQ(0, f.pasid);
	/* The table goes: nobody else can answer. */
	ASSERT_EQ(0, io_value(u, IOASID_UNBIND_PGTABLE, gva));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 4));
	EXPECT_EQ(-ENOENT, respond(u, gva, f.cookie, IOASID_RESPONSE_SUCCESS));
}

TEST_F(fault, ends_with_what_it_came_through)
{
	struct io_user *u = &self->u;
	struct ioasid_page_fault f;

	/* Not read, read: the detach answers both. */
	ASSERT_EQ(0, ask(u, NO_PASID, 1, GVA(1), true));
	ASSERT_EQ(sizeof(f), iommu_ref_read(u->proc, self->fd, &f, sizeof(f)));
	ASSERT_EQ(0, ask(u, NO_PASID, 2, GVA(1), true));
	ASSERT_EQ(0, io_detach(u, 0, self->child, NO_PASID));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 2));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 1));
	EXPECT_EQ(0, iommu_ref_poll(u->proc, self->fd, POLLIN));
	EXPECT_EQ(0, io_stats(u).page_requests);
	/* The kernel's tables have no page faults. */
	ASSERT_EQ(0, ask(u, NO_PASID, 3, GVA(1), true));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 3));
}

/* The RID and a PASID have one address space: the end of one route is not the other's. */
TEST_F(fault, detach_of_another_route)
{
	struct io_user *u = &self->u;
	struct ioasid_page_fault f;

	if (self->g.arm)	/* a PASID table belongs to the RID alone */
		return;
	ASSERT_EQ(0, io_attach(u, 0, self->child, VPASID));
	ASSERT_EQ(0, ask(u, NO_PASID, 1, GVA(1), true));
	ASSERT_EQ(0, ask(u, VPASID, 2, GVA(1), true));
	ASSERT_EQ(0, io_detach(u, 0, self->child, VPASID));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 2));
	EXPECT_EQ(-1, answer(u, 0));
	ASSERT_EQ(sizeof(f), iommu_ref_read(u->proc, self->fd, &f, sizeof(f)));
	ASSERT_EQ(0, respond(u, self->child, f.cookie, IOASID_RESPONSE_SUCCESS));
	EXPECT_EQ(IOMMU_REF_PAGE_SUCCESS, answer(u, 1));
}

/* SMMUv3: a space that is an entry of the user's PASID table has that entry's requests alone. */
TEST_F(fault, detach_of_a_tracked_entry)
{
	struct io_user *u = &self->u;
	int gva = io_child(u, 0, self->gpa, VPASID);

	ASSERT_LT(0, gva);
	if (!self->g.arm)
		return;
	ASSERT_EQ(0, io_attach(u, 0, gva, VPASID + 1));
	ASSERT_EQ(0, io_bind_arm(u, gva, self->g.root, 9));
	ASSERT_EQ(0, ask(u, VPASID, 1, GVA(1), true));
	ASSERT_EQ(0, ask(u, VPASID + 1, 2, GVA(1), true));
	ASSERT_EQ(0, ask(u, NO_PASID, 3, GVA(1), true));
	ASSERT_EQ(0, io_detach(u, 0, gva, VPASID + 1));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 2));
	EXPECT_EQ(-1, answer(u, 0));
	/* The table goes, and with it what came through it. */
	ASSERT_EQ(0, io_detach(u, 0, self->child, NO_PASID));
	EXPECT_EQ(0, io_stats(u).page_requests);
}

TEST_F(fault, nobody_listens)
{
	struct io_user *u = &self->u;
	struct ioasid_page_fault f;

	EXPECT_EQ(-EBUSY, io_value(u, IOASID_ALLOC_FAULT_FD, 0));
	ASSERT_EQ(0, ask(u, NO_PASID, 1, GVA(1), true));
	ASSERT_EQ(0, ask(u, NO_PASID, 2, GVA(1), true));
	ASSERT_EQ(2 * sizeof(f) - sizeof(f), iommu_ref_read(u->proc, self->fd, &f, sizeof(f)));
	ASSERT_EQ(0, iommu_ref_close(u->proc, self->fd));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 2));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 1));
	ASSERT_EQ(0, ask(u, NO_PASID, 3, GVA(1), true));
	EXPECT_EQ(IOMMU_REF_PAGE_INVALID, answer(u, 3));
	self->fd = io_value(u, IOASID_ALLOC_FAULT_FD, 0);
	ASSERT_LE(0, self->fd);
	/* It keeps the file open, as devices do. */
	ASSERT_EQ(0, iommu_ref_close(u->proc, u->fd));
	ASSERT_EQ(0, io_close_device(u, 0));
	EXPECT_LT(0, io_stats(u).objects);
	ASSERT_EQ(0, iommu_ref_close(u->proc, self->fd));
	EXPECT_EQ(0, io_stats(u).objects);
}

/* ---- devices that differ */

FIXTURE(units)
{
	struct io_user u;
	uint8_t *mem;
};

FIXTURE_VARIANT(units)
{
	enum iommu_ref_vendor vendor;
};

FIXTURE_VARIANT_ADD(units, vtd) { .vendor = IOMMU_REF_VTD };
FIXTURE_VARIANT_ADD(units, smmuv3) { .vendor = IOMMU_REF_SMMUV3 };

/* Device 0 is behind a unit that nests; device 1 behind another one, and has no PASIDs. */
FIXTURE_SETUP(units)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, variant->vendor);
	iommu_ref_unit_init(&cfg, &cfg.units[0]);
	iommu_ref_unit_init(&cfg, &cfg.units[1]);
	cfg.nr_units = 2;
	cfg.units[0].five_level = variant->vendor == IOMMU_REF_VTD;
	cfg.units[1].nesting = false;
	cfg.devices[1].unit = 1;
	cfg.devices[1].pasid = cfg.devices[3].pasid = false;
	ASSERT_EQ(0, io_create(&self->u, &cfg));
	self->mem = io_pages(PAGES);
}

FIXTURE_TEARDOWN(units)
{
	iommu_ref_destroy(self->u.ref);
	munmap(self->mem, PAGES * PG);
}

/* "Upon such error the user should create a new IOASID for the incompatible device." */
TEST_F(units, incompatible_devices)
{
	struct io_user *u = &self->u;
	struct ioasid_iova_range r[8];
	struct ioasid_info info;
	struct vfio_device_info dev = { .argsz = sizeof(dev) };
	int id, other;

	ASSERT_EQ(0, io_device(u, 1));
	EXPECT_EQ(0, io_value(u, IOASID_CHECK_EXTENSION, IOASID_EXT_NESTING_HW));
	EXPECT_EQ(0, io_value(u, IOASID_CHECK_EXTENSION, IOASID_EXT_USER_PASID));
	ASSERT_EQ(0, io_device(u, 0));
	EXPECT_EQ(1, io_value(u, IOASID_CHECK_EXTENSION, IOASID_EXT_NESTING_HW));
	EXPECT_EQ(1, io_value(u, IOASID_CHECK_EXTENSION, IOASID_EXT_USER_PASID));
	id = io_space(u, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, io_map(u, id, 0, self->mem, PG));
	EXPECT_EQ(-EINVAL, io_attach(u, 1, id, NO_PASID));
	/* Nothing has changed */
	EXPECT_EQ(0, io_peek(u, 0, NO_PASID, 0));
	EXPECT_EQ(-EFAULT, io_peek(u, 1, NO_PASID, 0));
	EXPECT_EQ(0, io_unmap(u, id, 0, PG));
	other = io_space(u, 1);
	ASSERT_LT(0, other);
	ASSERT_EQ(0, io_map(u, other, 0, self->mem + PG, PG));
	EXPECT_EQ(1, io_peek(u, 1, NO_PASID, 0));
	EXPECT_EQ(IOASID_CAP_MAP_DMA | IOASID_CAP_NESTING_SW, io_caps(u, other));
	EXPECT_EQ(-EOPNOTSUPP, io_attach(u, 1, other, 3));
	ASSERT_EQ(0, io_info(u, other, &info, r, 8));
	EXPECT_EQ(0, info.out_pasid_bits);
	EXPECT_EQ(0, info.out_addr_width);
	EXPECT_EQ(IOASID_PGTABLE_NONE, info.out_pgtable_format);
	ASSERT_EQ(0, iommu_ref_ioctl(u->proc, u->dev[1], VFIO_DEVICE_GET_INFO, &dev));
	EXPECT_EQ(0, dev.flags & VFIO_DEVICE_FLAGS_CAPS);
}

/* A child of one that cannot nest in hardware */
TEST_F(units, software_where_hardware_cannot)
{
	struct io_user *u = &self->u;
	int parent, child;

	ASSERT_EQ(0, io_device(u, 1));
	parent = io_space(u, 1);
	child = io_child(u, 1, parent, NO_PASID);
	ASSERT_LT(0, child);
	EXPECT_EQ(-EOPNOTSUPP, io_bind_vtd(u, child, 0));
	EXPECT_EQ(-EOPNOTSUPP, io_bind_cds(u, child, 0, 0));
	ASSERT_EQ(0, io_map(u, parent, PG, self->mem, 4 * PG));
	ASSERT_EQ(0, io_map(u, child, 0x2000, PG, 2 * PG));
	EXPECT_EQ(1, io_peek(u, 1, NO_PASID, 0x3000));
	ASSERT_EQ(0, io_unmap(u, parent, PG, 4 * PG));
	EXPECT_EQ(-EFAULT, io_peek(u, 1, NO_PASID, 0x3000));
}

/* What all attached devices have: the one with fewer PASIDs may come first or last. */
TEST_F(units, information_of_several)
{
	struct io_user *u = &self->u;
	struct ioasid_iova_range r[8];
	struct ioasid_info info;

	for (unsigned int first = 2; first <= 3; first++) {
		int id = io_alloc(u);

		for (unsigned int i = 2; i <= 3; i++)
			ASSERT_EQ(0, io_device(u, i));
		ASSERT_EQ(0, io_attach(u, first, id, NO_PASID));
		ASSERT_EQ(0, io_attach(u, 5 - first, id, NO_PASID));
		ASSERT_EQ(0, io_info(u, id, &info, r, 8));
		EXPECT_EQ(0, info.out_pasid_bits);
		for (unsigned int i = 2; i <= 3; i++)
			ASSERT_EQ(0, io_close_device(u, i));
	}
}

TEST_F(units, width_of_a_table)
{
	struct io_user *u = &self->u;
	struct ioasid_bind_pgtable arg = { .argsz = sizeof(arg), .addr_width = 57,
					   .format = IOASID_PGTABLE_VTD_S1 };
	struct ioasid_iova_range r[8];
	struct ioasid_info info;
	int gpa, child;

	if (variant->vendor != IOMMU_REF_VTD)
		return;
	ASSERT_EQ(0, io_device(u, 0));
	gpa = io_space(u, 0);
	child = io_child(u, 0, gpa, NO_PASID);
	arg.ioasid = child;
	ASSERT_EQ(0, io_info(u, child, &info, r, 8));
	EXPECT_EQ(57, info.out_addr_width);
	EXPECT_EQ(0, io_cmd(u, IOASID_BIND_PGTABLE, &arg));
}

TEST_HARNESS_MAIN
