/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the nesting tests share: DMA that must land or must be stopped, judged by the bytes, and the
 * few iommufd calls that the verbs do not say one by one.
 */
#ifndef CONFORMANCE_NEST_H
#define CONFORMANCE_NEST_H

#include <stdio.h>

#include "../../fixtures/fixtures.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/vfio.h"

#define PG 4096ull

/*
 * NULL, or why it is not so: 32 bytes written at @addr arrive at @off of @w and nowhere else. Arms
 * the window first.
 */
static inline const char *nest_lands(struct nest_rig *r, struct cts_path p, uint64_t addr,
				     struct window *w, uint64_t off)
{
	static char text[80];
	int rc;

	window_arm(w);
	rc = engine_write(r->space, p, addr, 32);
	if (rc == ENGINE_DONE)
		return window_written(w, r->engine, off, 32);
	snprintf(text, sizeof(text), "DMA to %#llx: %s (%d)", (unsigned long long)addr,
		 rc == ENGINE_BLOCKED ? "blocked" : "failed", rc);
	return text;
}

/* NULL, or why it is not so: the device is stopped at @addr and no byte of @w changes. */
static inline const char *nest_stops(struct nest_rig *r, struct cts_path p, uint64_t addr,
				     struct window *w)
{
	static char text[80];
	const char *moved;
	int rc;

	window_arm(w);
	rc = engine_write(r->space, p, addr, 32);
	moved = window_untouched(w);
	if (moved || rc == ENGINE_BLOCKED ||
	    (rc == ENGINE_DONE && !(r->engine->abilities & ENGINE_REPORTS)))
		return moved;
	snprintf(text, sizeof(text), "DMA to %#llx was not stopped (%d)",
		 (unsigned long long)addr, rc);
	return text;
}

/* Page @page of leg @nr's GVA window reaches the same page of its memory, or is stopped. */
static inline const char *leg_lands(struct nest_rig *r, unsigned int nr, unsigned int page)
{
	struct nest_leg *l = &r->leg[nr];

	return nest_lands(r, l->path, l->gva + page * PG + 0x40, &l->win, page * PG + 0x40);
}

static inline const char *leg_stops(struct nest_rig *r, unsigned int nr, unsigned int page)
{
	struct nest_leg *l = &r->leg[nr];

	return nest_stops(r, l->path, l->gva + page * PG + 0x40, &l->win);
}

/* A stage 1 of its own: page 1 of leg 0's window where leg 0's shows page 0, and no more. */
static inline int shifted_stage1(struct nest_rig *r, uint16_t asid, struct stage1 *t)
{
	int rc = stage1_create(t, &r->ram, asid);

	return rc ? rc : stage1_map(t, r->leg[0].gva, r->leg[0].gpa + PG, PG, CTS_RW, false);
}

/* ---- iommufd */

static inline long nest_attach(struct cts_space *s, unsigned int device, uint32_t pt_id)
{
	struct vfio_device_attach_iommufd_pt at = { .argsz = sizeof(at), .pt_id = pt_id };

	return cts_ioctl(s->c, NULL, s->dev_fd[device], VFIO_DEVICE_ATTACH_IOMMUFD_PT, &at);
}

static inline long nest_destroy(struct cts_space *s, uint32_t id)
{
	struct iommu_destroy d = { .size = sizeof(d), .id = id };

	return cts_ioctl(s->c, NULL, s->fd, IOMMU_DESTROY, &d);
}

/* The data of a nested table in either architecture, behind one pointer. */
union nest_data {
	struct iommu_hwpt_vtd_s1 vtd;
	struct iommu_hwpt_arm_smmuv3 arm;
};

/*
 * A request for a nested table that is right in itself: @s1 on the space's nest parent (VT-d) or
 * the device's vIOMMU (SMMUv3). @data must live as long as *@a.
 */
static inline void nest_request(struct cts_space *s, unsigned int device, const struct cts_s1 *s1,
				union nest_data *data, struct iommu_hwpt_alloc *a)
{
	bool arm = s->c->arch == CTS_SMMUV3;

	memset(data, 0, sizeof(*data));
	if (arm)
		memcpy(data->arm.ste, s1->ste, sizeof(data->arm.ste));
	else
		data->vtd = (struct iommu_hwpt_vtd_s1){ .pgtbl_addr = s1->root,
							.addr_width = s1->addr_width };
	*a = (struct iommu_hwpt_alloc){
		.size = sizeof(*a), .dev_id = s->dev_id[device],
		.pt_id = arm ? s->viommu_id[device] : s->hwpt_id,
		.data_type = arm ? IOMMU_HWPT_DATA_ARM_SMMUV3 : IOMMU_HWPT_DATA_VTD_S1,
		.data_len = arm ? sizeof(data->arm) : sizeof(data->vtd),
		.data_uptr = (uintptr_t)data,
	};
}

static inline long nest_alloc(struct cts_space *s, struct iommu_hwpt_alloc *a)
{
	return cts_ioctl(s->c, NULL, s->fd, IOMMU_HWPT_ALLOC, a);
}

#endif
