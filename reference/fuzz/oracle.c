// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What must hold after a call: the errno is one that is documented for this ioctl on this file, and
 * a call that failed changed nothing.
 */
#include <errno.h>
#include <string.h>

#include "../model/model.h"
#include "fuzz.h"

/* Where presets map memory, of the devices whose translations are compared. */
#define PROBE_IOVA 0x40000000ull

void fuzz_state(struct fuzz *f, struct fuzz_state *s)
{
	struct iommu_ref_fault fault;

	iommu_ref_stats(f->ref, &s->stats);
	s->locked = f->ref->user_locked;
	for (unsigned int i = 0; i < ARRAY_SIZE(s->pa); i++) {
		struct iommu_ref_dma dma = { .device = i, .iova = PROBE_IOVA, .len = 1 };

		if (iommu_ref_translate(f->ref, &dma, &s->pa[i], &fault))
			s->pa[i] = 0;
	}
}

bool fuzz_state_same(const struct fuzz_state *a, const struct fuzz_state *b)
{
	return a->stats.pasids == b->stats.pasids && a->stats.domains == b->stats.domains &&
	       a->stats.objects == b->stats.objects && a->locked == b->locked &&
	       a->stats.pinned_pages == b->stats.pinned_pages &&
	       a->stats.page_requests == b->stats.page_requests && a->pa[0] == b->pa[0] &&
	       a->pa[1] == b->pa[1];
}

static bool among(const int *list, long err)
{
	for (; *list; list++)
		if (*list == err)
			return true;
	return false;
}

static enum uapi_fd_kind uapi_kind(enum fuzz_kind kind)
{
	switch (kind) {
	case FK_IOMMUFD:
		return UAPI_FD_IOMMUFD;
	case FK_CONTAINER:
		return UAPI_FD_VFIO_CONTAINER;
	case FK_GROUP:
		return UAPI_FD_VFIO_GROUP;
	case FK_CDEV: case FK_DEVICE:
		return UAPI_FD_VFIO_DEVICE;
	case FK_IOASID:
		return UAPI_FD_IOASID;
	case FK_KVM:
		return UAPI_FD_KVM;
	default:
		return 0;
	}
}

/* What Linux's selftest.c gives; nobody documents it. */
static const int mock_errnos[] = {
	EFAULT, EINVAL, E2BIG, EOPNOTSUPP, ENOENT, EBUSY, EPERM, EOVERFLOW, EEXIST, ENOMEM, EBADF,
	EBADFD, EBADE, EIO, ENODEV, EADDRINUSE, EMFILE, 0
};

/* ioctls that return a number. */
static bool positive(unsigned long cmd, enum fuzz_kind kind)
{
	return cmd == VFIO_CHECK_EXTENSION || cmd == VFIO_GROUP_GET_DEVICE_FD ||
	       (cmd == VFIO_IOMMU_PASID_REQUEST && kind == FK_CONTAINER) || cmd == MOCK_IOCTL ||
	       kind == FK_IOASID;
}

/* The file may be another one by now, or none. */
static bool documented_anywhere(const struct fuzz_call *c)
{
	const struct uapi_ioctl *i;

	if (c->rc == -EBADF || c->rc == -ENOTTY || c->rc == -EINVAL)
		return true;
	if ((c->rc == -ENOMEM && c->rec->fail) || c->cmd == MOCK_IOCTL)
		return true;
	for (int kind = FK_NONE; kind < FK_NR; kind++) {
		i = uapi_ioctl_find(c->cmd, uapi_kind((enum fuzz_kind)kind));
		if (i && among(i->errnos, -c->rc))
			return true;
	}
	return false;
}

bool fuzz_errno_documented(const struct fuzz_call *c, const struct fuzz *f)
{
	enum fuzz_kind kind = c->file ? c->file->kind : FK_NONE;
	const struct uapi_ioctl *i;

	if (c->rc >= 0)
		return c->rc == 0 || f->blind || positive(c->cmd, kind);
	if (f->blind)
		return documented_anywhere(c);
	if (kind == FK_NONE)
		return c->rc == -EBADF;
	if (c->cmd == MOCK_IOCTL && kind == FK_IOMMUFD && f->mock)
		return among(mock_errnos, -c->rc);
	/* "ENOMEM: Out of memory." is for every command; it comes when the record wants it. */
	if (c->rc == -ENOMEM && c->rec->fail)
		return true;
	i = uapi_ioctl_find(c->cmd, uapi_kind(kind));
	/* A container without a type and a device that is not bound know no ioctl at all. */
	if (c->rc == -EINVAL && (kind == FK_CONTAINER || kind == FK_CDEV) && !c->file->ready)
		return true;
	/* One that is bound to an iommufd does not know /dev/ioasid's, and the other way round. */
	if (c->rc == -ENOTTY && kind == FK_CDEV && c->cmd >= VFIO_DEVICE_BIND_IOMMUFD)
		return true;
	/* A legacy device has no iommufd. */
	if (!i || kind == FK_DEVICE)
		return c->rc == -ENOTTY || (i && among(i->errnos, -c->rc));
	return among(i->errnos, -c->rc);
}

/*
 * Calls whose failure is told after a part was done:
 * - unmap: the areas before the one that cannot be unmapped are gone (iopt_unmap_iova_range());
 * - invalidation: the entries before the bad one are done, entry_num says how many (iommufd.h);
 * - an answer that cannot be written, EFAULT, where Linux 7.2 does not take the call back;
 * - VFIO_DEVICE_ATTACH_IOMMUFD_PT whose pt_id cannot be written detaches (vfio/device_cdev.c);
 * - v7 as posted: a bind that fails unbinds, its own bug (V7.md, DF7);
 * - the test interface of the mock driver.
 */
bool fuzz_may_change(const struct fuzz *f, const struct fuzz_call *c)
{
	switch (c->cmd) {
	case IOMMU_IOAS_UNMAP: case VFIO_IOMMU_UNMAP_DMA: case IOMMU_HWPT_INVALIDATE:
		return true;
	case IOMMU_IOAS_MAP: case IOMMU_IOAS_MAP_FILE: case IOMMU_IOAS_COPY:
		return c->rc == -EFAULT;
	case VFIO_IOMMU_NESTING_OP:	/* VFIO_DEVICE_ATTACH_IOMMUFD_PT */
		if (c->kind == FK_CDEV)
			return c->rc == -EFAULT;
		return c->kind == FK_CONTAINER && f->cfg.profile == IOMMU_REF_V7_POSTED;
	case MOCK_IOCTL:
		return true;
	}
	return false;
}
