// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Devices of a /dev/ioasid: binding, attaching, and which table each route of a device gets. A
 * route is a RID or RID+PASID. A device attached to a child is attached to its parent too, often by
 * the same route: the child, as the deeper one, has it. An attachment takes effect when the whole
 * group of the device has the same address space; until then its DMA stays blocked, or where it
 * was.
 */
#include <errno.h>
#include <stdlib.h>

#include "ioasid_objects.h"

/* ---- bind */

int ioasid_bind_device(struct ref_file *file, struct device *device, struct ioasid_dev **out)
{
	struct ioasid_file *ctx = file->priv;
	uint32_t group = device_config(device)->group;
	struct ioasid_dev *dev;
	int rc = group_claim(ctx->ictx.ref, group, ctx);

	if (rc)
		return rc;
	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		group_release(ctx->ictx.ref, group, ctx);
		return -ENOMEM;
	}
	*dev = (struct ioasid_dev){ .next = ctx->devs, .ctx = ctx, .file = file, .device = device,
				    .group = group };
	ctx->devs = dev;
	ctx->ictx.ref->ioasid_devs[device_index(device)] = dev;
	file_hold(file);
	*out = dev;
	return 0;
}

/* ---- routes */

static bool group_complete(const struct ioasid *x, uint32_t group)
{
	struct iommu_ref *ref = ioasid_ref(x);

	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
		struct device *device = device_by_index(ref, i);
		const struct ioasid_attach *a = x->attaches;

		if (!device || device_config(device)->group != group)
			continue;
		while (a && a->dev->device != device)
			a = a->next;
		if (!a)
			return false;
	}
	return true;
}

/* The table of the deepest address space that has the route. NULL: blocked. */
static struct domain *route_table(const struct ioasid_dev *dev, uint32_t pasid)
{
	const struct ioasid_attach *best = NULL;

	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next) {
		if (a->pasid != pasid || a->tracked || !group_complete(a->space, dev->group))
			continue;
		if (!best || a->space->depth > best->space->depth)
			best = a;
	}
	if (!best)
		return NULL;
	return best->space->user ? best->space->user : ioasid_kernel_table(best->space);
}

const struct ioasid_attach *ioasid_route(const struct ioasid_dev *dev, uint32_t user_pasid)
{
	const struct ioasid_attach *best = NULL;
	bool best_whole = false;

	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next) {
		bool whole = group_complete(a->space, dev->group);

		if (a->user_pasid != user_pasid || whole < best_whole)
			continue;
		if (!best || whole > best_whole || a->space->depth > best->space->depth)
			best = a;
		best_whole = whole;
	}
	return best;
}

/* SMMUv3: a stream has a context table of the kernel's, or a stage 2; never both. */
static int smmu_route_check(const struct ioasid_dev *dev, uint32_t pasid, const struct domain *d)
{
	const struct domain *rid;

	if (pasid != NO_PASID) {
		rid = device_domain(dev->device, NO_PASID);
		if (ioasid_is_stage2(d) || (rid && ioasid_is_stage2(rid)))
			return -EINVAL;
		return 0;
	}
	if (!ioasid_is_stage2(d))
		return 0;
	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next)
		if (a->pasid != NO_PASID && !a->tracked && device_domain(dev->device, a->pasid))
			return -EINVAL;
	return 0;
}

static int route_update(struct ioasid_dev *dev, uint32_t pasid)
{
	struct iommu_ref *ref = dev->ctx->ictx.ref;
	struct domain *d = route_table(dev, pasid);
	int rc = 0;

	if (d == device_domain(dev->device, pasid))
		return 0;
	if (d && ref->cfg.vendor == IOMMU_REF_SMMUV3)
		rc = smmu_route_check(dev, pasid, d);
	if (!rc)
		rc = device_set_domain(ref, dev->device, pasid, d);
	if (rc)		/* never what it had: that may be somebody else's by now */
		device_set_domain(ref, dev->device, pasid, NULL);
	return rc;
}

/* Of one group, or of all devices. */
static int update(struct ioasid *x, const struct ioasid_dev *of_group)
{
	int rc, first = 0;

	for (struct ioasid_attach *a = x->attaches; a; a = a->next) {
		if (a->tracked || (of_group && a->dev->group != of_group->group))
			continue;
		rc = route_update(a->dev, a->pasid);
		if (!first)
			first = rc;
	}
	return first;
}

int ioasid_update(struct ioasid *x)
{
	return update(x, NULL);
}

/* ---- attach */

static bool is_ancestor(const struct ioasid *a, const struct ioasid *x)
{
	while (x && x != a)
		x = x->parent;
	return x;
}

static bool attached_to(const struct ioasid_dev *dev, const struct ioasid *x)
{
	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next)
		if (a->space == x)
			return true;
	return false;
}

static struct ioasid_attach *attach_find(const struct ioasid_dev *dev, const struct ioasid *x,
					 uint32_t user_pasid)
{
	struct ioasid_attach *a = dev->attaches;

	while (a && (a->space != x || a->user_pasid != user_pasid))
		a = a->dev_next;
	return a;
}

struct ioasid *ioasid_pasid_table(const struct ioasid_dev *dev)
{
	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next)
		if (a->user_pasid == NO_PASID && a->space->pasid_table)
			return a->space;
	return NULL;
}

/* A route has one address space, and those that this one is nested on. */
static int check_route(const struct ioasid_dev *dev, const struct ioasid *x, uint32_t user_pasid)
{
	if (x->parent && !attached_to(dev, x->parent))
		return -EPERM;
	for (const struct ioasid_attach *a = dev->attaches; a; a = a->dev_next) {
		if (a->user_pasid != user_pasid)
			continue;
		if (a->space == x || (!is_ancestor(a->space, x) && !is_ancestor(x, a->space)))
			return -EBUSY;
	}
	return x->pasid_table && user_pasid != NO_PASID ? -EINVAL : 0;
}

static int check_user_pasid(const struct ioasid_dev *dev, const struct ioasid *x,
			    uint32_t user_pasid)
{
	const struct iommu_ref_config *cfg = &dev->ctx->ictx.ref->cfg;

	if (!device_pasid_bits(dev->device))
		return -EOPNOTSUPP;
	if (user_pasid >> device_pasid_bits(dev->device))
		return -EINVAL;
	/* Number 0 is the RID's own; in a PASID table of the user's it is an entry like others. */
	if (!user_pasid && (cfg->vendor != IOMMU_REF_SMMUV3 || !x->parent))
		return -EINVAL;
	return 0;
}

static void unlink_attach(struct ioasid_attach *a)
{
	struct ioasid_attach **p;

	for (p = &a->space->attaches; *p != a;)
		p = &(*p)->next;
	*p = a->next;
	for (p = &a->dev->attaches; *p != a;)
		p = &(*p)->dev_next;
	*p = a->dev_next;
	a->space->obj.users--;
}

static struct iova_space *reserved_space(const struct ioasid *x)
{
	return x->ioas ? x->ioas->iova : x->maps;
}

/* Takes @a apart again: its route falls back to what else the device has there. */
static void end_attach(struct ioasid_attach *a)
{
	struct ioasid *x = a->space;
	struct ioasid_dev *dev = a->dev;

	unlink_attach(a);
	if (!a->tracked)
		route_update(dev, a->pasid);
	update(x, dev);		/* the rest of its group, which is no longer whole */
	if (a->user_pasid == NO_PASID && reserved_space(x))
		iova_unreserve(reserved_space(x), dev);
	if (!x->attaches)
		ioasid_drop_table(x);
	ioasid_put_pasid(a);
	free(a);
}

/* What the record stands on: a table, PASIDs, addresses that the device can use. */
static int begin_attach(struct ioasid_attach *a)
{
	struct ioasid *x = a->space;
	const struct iommu_ref_config *cfg = &ioasid_ref(x)->cfg;
	int rc = ioasid_choose_pasid(a);

	if (!rc && !ioasid_kernel_table(x))
		rc = ioasid_make_table(a);
	if (rc)
		return rc;
	a->tracked = a->user_pasid != NO_PASID && cfg->vendor == IOMMU_REF_SMMUV3 && x->parent &&
		     ioasid_is_stage2(ioasid_kernel_table(x));
	if (a->user_pasid == NO_PASID && (cfg->msi_first || cfg->msi_last))
		rc = iova_reserve(reserved_space(x), cfg->msi_first, cfg->msi_last, a->dev);
	if (!rc && group_complete(x, a->dev->group))
		rc = update(x, a->dev);
	return rc;
}

static int read_arg(const struct vfio_device_attach_ioasid *arg, uint32_t *user_pasid)
{
	if (arg->flag & ~(uint32_t)IOASID_ATTACH_USER_PASID)
		return -EOPNOTSUPP;
	*user_pasid = NO_PASID;
	if (!(arg->flag & IOASID_ATTACH_USER_PASID))
		return arg->user_pasid ? -EOPNOTSUPP : 0;
	*user_pasid = arg->user_pasid;
	return arg->user_pasid == NO_PASID ? -EINVAL : 0;
}

int ioasid_attach(struct ioasid_dev *dev, const struct vfio_device_attach_ioasid *arg)
{
	struct ioasid *x;
	struct ioasid_attach *a;
	uint32_t user_pasid;
	bool had_pasid;
	int rc = read_arg(arg, &user_pasid);

	if (rc)
		return rc;
	x = ioasid_get(dev->ctx, arg->ioasid);
	if (!x)
		return -ENOENT;
	if (user_pasid != NO_PASID)
		rc = check_user_pasid(dev, x, user_pasid);
	if (!rc)
		rc = check_route(dev, x, user_pasid);
	if (rc)
		return rc;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = (struct ioasid_attach){ .next = x->attaches, .dev_next = dev->attaches, .space = x,
				     .dev = dev, .user_pasid = user_pasid, .pasid = NO_PASID };
	x->attaches = dev->attaches = a;
	x->obj.users++;
	had_pasid = x->pasid != NO_PASID;
	rc = begin_attach(a);
	if (!rc)
		return 0;
	end_attach(a);
	/* what a success would have left to the space until FREE */
	if (!had_pasid)
		ioasid_free_pasid(x);
	return rc;
}

/* ---- detach, unbind */

static bool attached_below(const struct ioasid_dev *dev, const struct ioasid *x)
{
	for (const struct ioasid *c = x->children; c; c = c->sibling)
		if (attached_to(dev, c))
			return true;
	return false;
}

static bool attached_otherwise(const struct ioasid_attach *a)
{
	for (const struct ioasid_attach *o = a->dev->attaches; o; o = o->dev_next)
		if (o != a && o->space == a->space)
			return true;
	return false;
}

int ioasid_detach(struct ioasid_dev *dev, const struct vfio_device_attach_ioasid *arg)
{
	struct ioasid_attach *a;
	struct ioasid *x;
	uint32_t user_pasid;
	int rc = read_arg(arg, &user_pasid);

	if (rc)
		return rc;
	x = ioasid_get(dev->ctx, arg->ioasid);
	a = x ? attach_find(dev, x, user_pasid) : NULL;
	if (!a)
		return -ENOENT;
	if (attached_below(dev, x) && !attached_otherwise(a))
		return -EBUSY;
	ioasid_end_route_faults(a);
	end_attach(a);
	return 0;
}

void ioasid_unbind_device(struct ioasid_dev *dev)
{
	struct ioasid_file *ctx = dev->ctx;
	struct ioasid_dev **p;

	while (dev->attaches) {
		struct ioasid_attach *deepest = dev->attaches;

		for (struct ioasid_attach *a = deepest; a; a = a->dev_next)
			if (a->space->depth > deepest->space->depth)
				deepest = a;
		ioasid_end_route_faults(deepest);
		end_attach(deepest);
	}
	for (p = &ctx->devs; *p != dev;)
		p = &(*p)->next;
	*p = dev->next;
	ctx->ictx.ref->ioasid_devs[device_index(dev->device)] = NULL;
	group_release(ctx->ictx.ref, dev->group, ctx);
	file_put(dev->file);
	free(dev);
}
