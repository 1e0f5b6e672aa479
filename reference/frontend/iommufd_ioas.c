// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * IOAS: creating one, its usable ranges and options. What is mapped in it: iommufd_map.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "iommufd_objects.h"

static void ioas_destroy(struct object *obj)
{
	struct ioas *ioas = (struct ioas *)obj;

	ioas_unmap_all(ioas, NULL);
	iova_space_destroy(ioas->iova);
}

struct ioas *ioas_create(struct iommufd *ictx)
{
	struct iova_space *iova;
	struct ioas *ioas;

	if (iova_space_create(&iova))
		return NULL;
	ioas = object_alloc(ictx, sizeof(*ioas), OBJECT_IOAS, ioas_destroy);
	if (!ioas) {
		iova_space_destroy(iova);
		return NULL;
	}
	ioas->iova = iova;
	/* Without a page table "there is no alignment restriction" (kernel: iopt_init_table()). */
	ioas->alignment = 1;
	return ioas;
}

/* What IOAS_SHARED gives out: the first IOAS that the file has, or NULL. */
static const struct object *any_ioas(const struct iommufd *ictx)
{
	const struct object *obj = ictx->objects;

	while (obj && obj->type != OBJECT_IOAS)
		obj = obj->next;
	return obj;
}

/* IOMMU_IOAS_ALLOC */
int ioas_alloc(struct ucmd *u)
{
	struct iommu_ioas_alloc *cmd = u->cmd;
	struct ioas *ioas;
	int rc;

	if (cmd->flags && !ref_defect(u->ictx->ref, IOAS_FLAGS_IGNORED))
		return -EOPNOTSUPP;
	if (any_ioas(u->ictx) && ref_defect(u->ictx->ref, IOAS_SHARED)) {
		cmd->out_ioas_id = any_ioas(u->ictx)->id;
		return ucmd_respond(u, sizeof(*cmd));
	}
	ioas = ioas_create(u->ictx);
	if (!ioas)
		return -ENOMEM;
	cmd->out_ioas_id = ioas->obj.id;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc)
		object_remove(&ioas->obj, false);
	return rc;
}

int ioas_for_vfio(struct iommufd *ictx)
{
	if (!ictx->vfio_ioas)
		ictx->vfio_ioas = ioas_create(ictx);
	return ictx->vfio_ioas ? 0 : -ENOMEM;
}

/* IOMMU_IOAS_IOVA_RANGES: -EMSGSIZE, and num_iovas says how many there are. */
int ioas_iova_ranges(struct ucmd *u)
{
	struct iommu_ioas_iova_ranges *cmd = u->cmd;
	struct iommu_iova_range *user = user_ptr(cmd->allowed_iovas);
	struct ioas *ioas;
	uint64_t (*ranges)[2];
	size_t n;
	int rc = 0;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	n = iova_ranges(ioas->iova, NULL, 0);
	ranges = malloc((n ? n : 1) * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	iova_ranges(ioas->iova, ranges, n);
	for (size_t i = 0; i < n && i < cmd->num_iovas && !rc; i++) {
		struct iommu_iova_range r = { .start = ranges[i][0], .last = ranges[i][1] };

		if (ref_defect(u->ictx->ref, RANGES_SHORT))
			r.last -= PAGE_SIZE;
		rc = copy_to_user(user_at(user, i * sizeof(r)), &r, sizeof(r));
	}
	free(ranges);
	if (rc)
		return rc;
	rc = n > cmd->num_iovas ? -EMSGSIZE : 0;
	if (!ref_defect(u->ictx->ref, RANGES_COUNT_KEPT))
		cmd->num_iovas = (uint32_t)n;
	cmd->out_iova_alignment = ioas->alignment;
	return ucmd_respond(u, sizeof(*cmd)) ? -EFAULT : rc;
}

/*
 * Reads @n ranges. Grows with what is really there, so that a huge @n with little memory behind it
 * is -EFAULT and not -ENOMEM.
 */
static int load_ranges(const struct iommu_iova_range *user, uint32_t n, uint64_t (**out)[2],
		       size_t *loaded)
{
	uint64_t (*list)[2] = NULL, (*grown)[2];
	size_t room = 0;

	*loaded = 0;
	*out = NULL;
	for (size_t i = 0; i < n; i++) {
		struct iommu_iova_range r;

		if (i == room) {
			room = room ? room * 2 : 16;
			grown = realloc(list, room * sizeof(*list));
			if (!grown) {
				free(list);
				return -ENOMEM;
			}
			list = grown;
			*out = list;
		}
		if (copy_from_user(&r, user_at(user, i * sizeof(r)), sizeof(r)))
			return -EFAULT;
		/* "start >= last" is refused, so a range has at least two bytes. */
		if (r.start >= r.last)
			return -EINVAL;
		list[i][0] = r.start;
		list[i][1] = r.last;
		*loaded = i + 1;
	}
	return 0;
}

/* IOMMU_IOAS_ALLOW_IOVAS: -EINVAL (bad or overlapping ranges), -EADDRINUSE (one is reserved). */
int ioas_allow_iovas(struct ucmd *u)
{
	struct iommu_ioas_allow_iovas *cmd = u->cmd;
	struct ioas *ioas;
	uint64_t (*list)[2];
	size_t n;
	int rc;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	rc = load_ranges(user_ptr(cmd->allowed_iovas), cmd->num_iovas, &list, &n);
	if (rc == -ENOMEM)
		return rc;
	if (!rc)
		rc = iova_allow(ioas->iova, (const uint64_t (*)[2])list, n);
	free(list);
	if (rc == -EINVAL && ref_defect(u->ictx->ref, ERRNO_INTERNAL))
		return -524;	/* ENOTSUPP */
	return rc;
}

/* "Won't do it if domains already have pages mapped in them" (iopt_disable_large_pages()) */
int ioas_disable_large_pages(struct ioas *ioas)
{
	const struct iova_area *area;

	if (ioas->small_pages)
		return 0;
	if (ioas->hwpts && iova_lookup(ioas->iova, 0))
		return -EINVAL;
	/* Page by page needs areas of whole pages. */
	for (area = iova_lookup(ioas->iova, 0); area;
	     area = area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1))
		if ((area->first | (area->last + 1) | area->va) & (kernel_page(ioas) - 1))
			return -EADDRINUSE;
	ioas->small_pages = true;
	ioas_update_alignment(ioas);
	return 0;
}

/* IOMMU_OPTION_HUGE_PAGES; val64 is written back by the caller. */
int ioas_option(struct ucmd *u)
{
	struct iommu_option *cmd = u->cmd;
	struct ioas *ioas = object_get(u->ictx, cmd->object_id, OBJECT_IOAS);

	if (!ioas)
		return -ENOENT;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = !ioas->small_pages;
		return 0;
	}
	if (cmd->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (cmd->val64 == 0)
		return ioas_disable_large_pages(ioas);
	if (cmd->val64 != 1)
		return -EINVAL;
	ioas->small_pages = false;
	ioas_update_alignment(ioas);
	return 0;
}

/* IOMMU_IOAS_CHANGE_PROCESS: only memory of files can change hands. -EINVAL, -ENOMEM. */
int ioas_change_process(struct ucmd *u)
{
	struct iommu_ioas_change_process *cmd = u->cmd;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	return pages_change_process(u->ictx, u->caller->mm);
}

/* IOMMU_VFIO_IOAS: -ENODEV if none is set. */
int ioas_vfio_ioas(struct ucmd *u)
{
	struct iommu_vfio_ioas *cmd = u->cmd;
	struct ioas *ioas;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	switch (cmd->op) {
	case IOMMU_VFIO_IOAS_GET:
		if (!u->ictx->vfio_ioas)
			return -ENODEV;
		cmd->ioas_id = u->ictx->vfio_ioas->obj.id;
		return ucmd_respond(u, sizeof(*cmd));
	case IOMMU_VFIO_IOAS_SET:
		ioas = object_get(u->ictx, cmd->ioas_id, OBJECT_IOAS);
		if (!ioas)
			return -ENOENT;
		u->ictx->vfio_ioas = ioas;
		return 0;
	case IOMMU_VFIO_IOAS_CLEAR:
		u->ictx->vfio_ioas = NULL;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}
