// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VFIO containers (/dev/vfio/vfio): the type of IOMMU, the groups in it, and dispatch to the type1
 * and nesting operations. Order of checks as in the kernel's vfio.c and type1 driver that v7 stands
 * on (5.9), with the changes of v7 p03, p05 and p07.
 */
#include <errno.h>
#include <stdlib.h>

#include "vfio_priv.h"

static bool is_nesting(const struct vfio_container *c)
{
	return c->type == VFIO_TYPE1_NESTING_IOMMU;
}

/* A nesting container's own table is the second stage; user space brings the first. */
static enum fmt container_format(const struct vfio_container *c)
{
	if (c->ref->cfg.vendor == IOMMU_REF_SMMUV3)
		return is_nesting(c) ? FMT_ARM_S2 : FMT_ARM_S1;
	return is_nesting(c) ? FMT_VTD_SS : FMT_X86_FL;
}

/* ---- groups */

static void group_leave_domain(struct vfio_container *c, struct vfio_group *group)
{
	unsigned int i = 0;
	struct device *dev;

	while ((dev = vfio_group_next_device(group, &i))) {
		device_set_domain(c->ref, dev, NO_PASID, NULL);
		iova_unreserve(c->iova, dev);
	}
}

static int device_join_domain(struct vfio_container *c, struct device *dev)
{
	const struct iommu_ref_config *cfg = &c->ref->cfg;

	/* A mapping outside the aperture or in a reserved region: type1 says -EINVAL */
	if (iova_limit(c->iova, domain_last(c->domain), dev) ||
	    iova_reserve(c->iova, cfg->msi_first, cfg->msi_last, dev))
		return -EINVAL;
	return device_set_domain(c->ref, dev, NO_PASID, c->domain);
}

static int group_join_domain(struct vfio_container *c, struct vfio_group *group)
{
	unsigned int i = 0;
	struct device *dev;
	int rc = 0;

	if (c->ref->cfg.fail_attaches) {	/* counts down: it is this machine's own copy */
		c->ref->cfg.fail_attaches--;
		return -ENOMEM;
	}

	while (!rc && (dev = vfio_group_next_device(group, &i)))
		rc = device_join_domain(c, dev);
	if (rc)
		group_leave_domain(c, group);
	return rc;
}

int vfio_container_set_pasids(struct vfio_container *c, struct pasid_set *set)
{
	if ((!is_nesting(c) || !c->domain) && !ref_defect(c->ref, SET_ANY_DOMAIN))
		return -ENODEV;
	if (c->set == set && ref_defect(c->ref, SET_SAME_BUSY))
		return -EBUSY;
	if (c->set != set && c->set != pasid_host_set(c->ref) &&
	    !ref_defect(c->ref, SET_SWITCHED_AGAIN))
		return -EBUSY;
	c->set = set;
	return 0;
}

static void drop_nesting(struct vfio_container *c)
{
	vfio_mm_detach(c);
	c->set = pasid_host_set(c->ref);
	c->has_nesting_info = false;
}

/* p03 and p07: the info and the owner of PASIDs are fetched when a group is attached. */
static int take_nesting(struct iommu_ref_proc *caller, struct vfio_container *c)
{
	bool again = c->nesting_info.argsz;
	int rc;

	vfio_nesting_fill_info(c, &c->nesting_info);
	/*
	 * As posted a container whose GET_INFO cannot work is made all the same; "fail it in
	 * attach_group would be better" (Yi Liu on p03).
	 */
	if (!c->nesting_info.format && c->ref->cfg.profile != IOMMU_REF_V7_POSTED &&
	    !ref_defect(c->ref, INFO_EMPTY_ATTACHES))
		return -ENODEV;
	if (c->nesting_info.features & IOMMU_NESTING_FEAT_SYSWIDE_PASID && !c->mm) {
		rc = vfio_mm_attach(caller, c);
		if (rc)
			return rc;
		rc = vfio_container_set_pasids(c, c->mm->set);
		if (rc) {
			vfio_mm_detach(c);
			return rc;
		}
	}
	c->has_nesting_info = !(again && ref_defect(c->ref, INFO_ONCE));
	return 0;
}

static int attach_group(struct iommu_ref_proc *caller, struct vfio_container *c,
			struct vfio_group *group)
{
	bool first = !c->domain;
	unsigned int i = 0;
	int rc;

	/* "one nesting container should include at most one iommu group" (p03) */
	if (is_nesting(c) && !first && !ref_defect(c->ref, NEST_MANY_GROUPS))
		return -EINVAL;
	if (!first && ref_defect(c->ref, PLAIN_ONE_GROUP))
		return -EINVAL;
	if (is_nesting(c) && !vfio_nesting_supported(c->ref) &&
	    !ref_defect(c->ref, NESTING_UNCHECKED))
		return -ENODEV;
	if (first) {
		rc = domain_create_for(vfio_group_next_device(group, &i), container_format(c),
				       &c->domain);
		if (rc)
			return rc;
		if (is_nesting(c))
			domain_set_nest_parent(c->domain);
	}
	if (is_nesting(c)) {
		rc = take_nesting(caller, c);
		if (rc)
			goto out_domain;
	}
	rc = group_join_domain(c, group);
	if (!rc)
		return 0;
	if (c->mm && ref_defect(c->ref, ATTACH_FAIL_LEAKS))
		c->mm->refs++;
	drop_nesting(c);
out_domain:
	if (first) {
		domain_put(c->ref, c->domain);
		c->domain = NULL;
	}
	return rc;
}

/* What DETACH_UNBINDS_ALL_GROUPS does more. */
static void unbind_other_groups(struct vfio_container *c)
{
	struct vfio_container *other = c->mm ? c->mm->containers : NULL;

	for (; other; other = other->mm_next)
		for (struct vfio_group *g = other->groups; g; g = g->container_next)
			vfio_nesting_unbind_all(g);
}

/* PASIDs are unbound before the domain below them goes (p10). */
static void detach_group(struct vfio_container *c, struct vfio_group *group)
{
	if (ref_defect(c->ref, DETACH_UNBINDS_ALL_GROUPS))
		unbind_other_groups(c);
	vfio_nesting_unbind_all(group);
	group_leave_domain(c, group);
}

/* "There is no unset_iommu, but by removing all the groups from a container" it gets unset. */
static void unset_type(struct vfio_container *c)
{
	if (c->domain) {
		vfio_type1_unmap_all(c);
		domain_put(c->ref, c->domain);
		c->domain = NULL;
	}
	drop_nesting(c);
	iova_space_destroy(c->iova);
	c->iova = NULL;
	c->type = 0;
}

int vfio_container_add_group(struct iommu_ref_proc *caller, struct vfio_container *c,
			     struct vfio_group *group)
{
	int rc = group_claim(c->ref, group->number, c);

	if (rc)
		return rc;
	if (c->type) {
		rc = attach_group(caller, c, group);
		if (rc) {
			group_release(c->ref, group->number, c);
			return rc;
		}
	}
	group->container = c;
	group->container_next = c->groups;
	c->groups = group;
	return 0;
}

void vfio_container_remove_group(struct vfio_container *c, struct vfio_group *group)
{
	if (c->type)
		detach_group(c, group);
	for (struct vfio_group **p = &c->groups; *p; p = &(*p)->container_next) {
		if (*p == group) {
			*p = group->container_next;
			break;
		}
	}
	group->container = NULL;
	group->container_next = NULL;
	if (c->type && !c->groups)
		unset_type(c);
	group_release(c->ref, group->number, c);
}

/* ---- ioctls */

static long set_iommu(struct iommu_ref_proc *caller, struct vfio_container *c, uintptr_t type)
{
	struct vfio_group *group;
	int rc = 0;

	/* Only a container that has a group gives the privilege to use an IOMMU. */
	if ((!c->groups && !ref_defect(c->ref, EMPTY_CONTAINER_TYPE)) || c->type)
		return -EINVAL;
	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU &&
	    type != VFIO_TYPE1_NESTING_IOMMU)
		return -ENODEV;
	rc = iova_space_create(&c->iova);
	if (rc)
		return rc;
	c->type = (unsigned int)type;
	for (group = c->groups; group; group = group->container_next) {
		rc = attach_group(caller, c, group);
		if (rc)
			break;
	}
	if (!rc)
		return 0;
	for (struct vfio_group *g = c->groups; g != group; g = g->container_next)
		detach_group(c, g);
	if (!ref_defect(c->ref, SET_IOMMU_FAIL_KEEPS_TYPE))
		unset_type(c);
	return rc;
}

/*
 * The type1 driver answers for what it knows, not for what the hardware has (p14: try SET_IOMMU).
 */
static long check_extension(const struct vfio_container *c, uintptr_t extension)
{
	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_TYPE1_NESTING_IOMMU:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		return c->type ? 1 : 0;	/* this model's memory is always coherent */
	default:
		return 0;
	}
}

static long type1_ioctl(struct vfio_container *c, unsigned int cmd, void *user_arg)
{
	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		return vfio_type1_get_info(c, user_arg);
	case VFIO_IOMMU_MAP_DMA:
		return vfio_type1_map(c, user_arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return vfio_type1_unmap(c, user_arg);
	case VFIO_IOMMU_PASID_REQUEST:
		return vfio_pasid_request(c, user_arg);
	case VFIO_IOMMU_NESTING_OP:
		return vfio_nesting_op(c, user_arg);
	default:
		return ref_defect(c->ref, COMMAND_UNKNOWN_OK) ? 0 : -ENOTTY;
	}
}

static long container_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
			    void *user_arg)
{
	struct vfio_container *c = f->priv;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(c, (uintptr_t)user_arg);
	case VFIO_SET_IOMMU:
		return set_iommu(caller, c, (uintptr_t)user_arg);
	default:
		/* "passthrough all unrecognized ioctls" to the driver; without one -EINVAL */
		return c->type ? type1_ioctl(c, cmd, user_arg) : -EINVAL;
	}
}

static void container_release(struct ref_file *f)
{
	vfio_container_put(f->priv);
}

const struct ref_file_ops vfio_container_file_ops = {
	.ioctl = container_ioctl,
	.release = container_release,
};

void vfio_container_get(struct vfio_container *c)
{
	c->refs++;
}

void vfio_container_put(struct vfio_container *c)
{
	if (--c->refs == 0)
		free(c);	/* groups hold it: none is left, so it has no type either */
}

int vfio_container_open(struct iommu_ref_proc *proc)
{
	struct vfio_container *c = calloc(1, sizeof(*c));
	int fd;

	if (!c)
		return -ENOMEM;
	c->ref = proc->ref;
	c->set = pasid_host_set(c->ref);
	c->refs = 1;
	fd = file_install(proc, &vfio_container_file_ops, c);
	if (fd < 0)
		free(c);
	return fd;
}
