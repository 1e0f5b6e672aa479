// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * v7 p04 and p07: the per-process owner of PASIDs (vfio_mm) and VFIO_IOMMU_PASID_REQUEST. The owner
 * is taken when a group is attached, from the process that attaches: whoever holds the container's
 * file later acts on the attacher's set and quota.
 */
#include <errno.h>
#include <stdlib.h>

#include "vfio_priv.h"

static int mm_create(struct iommu_ref_proc *proc, struct vfio_mm **out)
{
	struct vfio_mm *mm = calloc(1, sizeof(*mm));
	int rc;

	if (!mm)
		return -ENOMEM;
	rc = pasid_set_create(proc->ref, proc->ref->cfg.pasid_quota, &mm->set);
	/* one too many is lent the reserve of the host */
	if (rc == -ENOSPC && ref_defect(proc->ref, CAPACITY_IGNORED))
		rc = pasid_set_create(proc->ref, 1, &mm->set);
	if (rc) {
		free(mm);
		return rc;
	}
	mm->proc = proc;
	*out = mm;
	return 0;
}

/* What MM_TOKEN_REUSED finds: the object of a process that has ended. */
static struct vfio_mm *orphaned_mm(const struct iommu_ref *ref)
{
	for (const struct vfio_group *g = ref->vfio_groups; g; g = g->next)
		if (g->container && g->container->mm && !g->container->mm->proc)
			return g->container->mm;
	return NULL;
}

int vfio_mm_attach(struct iommu_ref_proc *proc, struct vfio_container *c)
{
	struct vfio_mm *mm = proc->vfio_mm;
	int rc;

	if (!mm && ref_defect(proc->ref, MM_TOKEN_REUSED))
		mm = orphaned_mm(proc->ref);

	/* "Multiple VFIO containers within a process share the same vfio_mm object" (p04) */
	if (!mm || ref_defect(proc->ref, QUOTA_PER_CONTAINER)) {
		rc = mm_create(proc, &mm);
		if (rc)
			return rc;
		proc->vfio_mm = mm;
	}
	mm->refs++;
	c->mm = mm;
	c->mm_next = mm->containers;
	mm->containers = c;
	return 0;
}

void vfio_mm_detach(struct vfio_container *c)
{
	struct vfio_mm *mm = c->mm;

	if (!mm)
		return;
	for (struct vfio_container **p = &mm->containers; *p; p = &(*p)->mm_next) {
		if (*p == c) {
			*p = c->mm_next;
			break;
		}
	}
	c->mm = NULL;
	c->mm_next = NULL;
	if (--mm->refs)
		return;
	if (mm->proc && mm->proc->vfio_mm == mm)
		mm->proc->vfio_mm = NULL;
	if (!ref_defect(c->ref, CLOSE_LEAKS_PASIDS))
		pasid_set_put(c->ref, mm->set);
	free(mm);
}

/*
 * A process that ended leaves its set to containers that others hold; a new one gets a fresh set.
 */
void vfio_proc_exit(struct iommu_ref_proc *proc)
{
	for (struct vfio_group *g = proc->ref->vfio_groups; g; g = g->next)
		if (g->container && g->container->mm && g->container->mm->proc == proc)
			g->container->mm->proc = NULL;
	proc->vfio_mm = NULL;
}

uint32_t iommu_ref_pasids_owned(struct iommu_ref_proc *proc)
{
	uint32_t n;

	ref_lock(proc->ref);
	n = proc->vfio_mm ? pasid_set_count(proc->vfio_mm->set) : 0;
	ref_unlock(proc->ref);
	return n;
}

/*
 * "IOASID core will notify PASID users (e.g. IOMMU driver) to teardown necessary structures
 * depending on the to-be-freed PASID" (p04). The kernel does so in a work item; here it is done
 * when FREE returns.
 */
static void teardown_pasid(void *arg, uint32_t pasid)
{
	struct vfio_mm *mm = arg;

	for (struct vfio_container *c = mm->containers; c; c = c->mm_next) {
		for (struct vfio_group *g = c->groups; g; g = g->container_next)
			vfio_nesting_unbind(g, pasid);
		if (ref_defect(c->ref, FREE_ONE_CONTAINER))
			break;
	}
}

/* As posted `>` lets exactly 2^31 through (Alex: "Off by one, >= for the bit test"). */
static bool beyond_31_bits(const struct iommu_ref *ref, uint32_t pasid)
{
	uint32_t limit = 1u << VFIO_IOMMU_PASID_BITS;

	if (ref->cfg.profile == IOMMU_REF_V7_POSTED || ref_defect(ref, PASID_BIT31_ACCEPTED))
		return pasid > limit;
	return pasid >= limit;
}

/* Check order of v7 p07 and p04. */
long vfio_pasid_request(struct vfio_container *c, void *user_arg)
{
	struct vfio_iommu_type1_pasid_request req;
	uint32_t pasid, owned;
	int rc;

	if (copy_from_user(&req, user_arg, sizeof(req)))
		return -EFAULT;
	if ((req.argsz < sizeof(req) || req.flags & ~(uint32_t)VFIO_PASID_REQUEST_MASK) &&
	    !ref_defect(c->ref, PASID_REQUEST_UNCHECKED))
		return -EINVAL;
	if ((req.range.min > req.range.max && !ref_defect(c->ref, RANGE_ORDER_IGNORED)) ||
	    beyond_31_bits(c->ref, req.range.min) ||
	    beyond_31_bits(c->ref, req.range.max))
		return -EINVAL;
	if (!c->mm)
		return ref_defect(c->ref, PASID_WITHOUT_SET) ? 0 : -EOPNOTSUPP;
	switch (req.flags) {
	case VFIO_IOMMU_FLAG_ALLOC_PASID:
		rc = pasid_alloc(c->ref, c->mm->set, req.range.min, req.range.max, &pasid);
		req.range.max = rc ? req.range.max : pasid;
		if (ref_defect(c->ref, PASID_COPIED_BACK) &&
		    copy_to_user(user_arg, &req, sizeof(req)))
			return -EFAULT;
		if (!rc && ref_defect(c->ref, PASID_NOT_RETURNED))
			return 0;
		/*
		 * The return value is the answer: 2^31, as posted, reads as a negative number
		 * (DF4).
		 */
		return rc ? rc : (int)pasid;
	case VFIO_IOMMU_FLAG_FREE_PASID:
		owned = pasid_set_count(c->mm->set);
		if (ref_defect(c->ref, FREE_DOES_NOTHING))
			return 0;
		if (ref_defect(c->ref, FREE_EXCLUSIVE) && req.range.max > req.range.min)
			req.range.max--;
		pasid_free_range(c->ref, c->mm->set, req.range.min, req.range.max, teardown_pasid,
				 c->mm);
		if (owned == pasid_set_count(c->mm->set) && ref_defect(c->ref, FREE_EMPTY_FAILS))
			return -ENOENT;
		return 0;
	default:
		return -EINVAL;
	}
}
