// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Devices of an iommufd: binding, and attaching the RID or a PASID to a page table. All devices of
 * a group share the page table of the RID, and of each PASID; what a device asks for must be what
 * the group has.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "iommufd_objects.h"

/* ---- groups */

static struct igroup *igroup_get(struct iommufd *ictx, uint32_t number)
{
	struct igroup *g = ictx->groups;

	while (g && g->number != number)
		g = g->next;
	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g)
			return NULL;
		g->number = number;
		g->next = ictx->groups;
		ictx->groups = g;
	}
	g->refs++;
	return g;
}

static void igroup_put(struct iommufd *ictx, struct igroup *g)
{
	struct igroup **p = &ictx->groups;

	if (--g->refs)
		return;
	assert(!g->attaches);
	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	free(g);
}

static struct attach *find_attach(struct igroup *g, uint32_t pasid)
{
	struct attach *a = g->attaches;

	while (a && a->pasid != pasid)
		a = a->next;
	return a;
}

static bool pasids_in_use(const struct igroup *g)
{
	for (const struct attach *a = g->attaches; a; a = a->next)
		if (a->pasid != NO_PASID)
			return true;
	return false;
}

static uint32_t device_bit(const struct idev *idev)
{
	return 1u << device_index(idev->dev);
}

/* The next device of the group, bound or not, from index *@i on. */
static struct device *next_of_group(struct iommu_ref *ref, const struct igroup *g, unsigned int *i)
{
	for (; *i < IOMMU_REF_MAX_DEVICES; (*i)++) {
		struct device *dev = device_by_index(ref, *i);

		if (dev && device_config(dev)->group == g->number) {
			(*i)++;
			return dev;
		}
	}
	return NULL;
}

/* ---- bind */

static void idev_destroy(struct object *obj)
{
	struct idev *idev = (struct idev *)obj;

	group_release(obj->ictx->ref, idev->group->number, obj->ictx);
	igroup_put(obj->ictx, idev->group);
}

int idev_bind_ictx(struct iommufd *ictx, struct device *dev, struct idev **out)
{
	uint32_t group = device_config(dev)->group;
	struct igroup *g;
	struct idev *idev;
	int rc;

	rc = group_claim(ictx->ref, group, ictx);
	if (rc)
		return rc;
	g = igroup_get(ictx, group);
	idev = g ? object_alloc(ictx, sizeof(*idev), OBJECT_DEVICE, idev_destroy) : NULL;
	if (!idev) {
		if (g)
			igroup_put(ictx, g);
		group_release(ictx->ref, group, ictx);
		return -ENOMEM;
	}
	idev->dev = dev;
	idev->group = g;
	idev->obj.users++;	/* the driver's */
	*out = idev;
	return 0;
}

int idev_bind(struct ref_file *file, struct device *dev, struct idev **out)
{
	int rc = idev_bind_ictx(file->priv, dev, out);

	if (rc)
		return rc;
	(*out)->file = file;
	file_hold(file);
	return 0;
}

void idev_unbind(struct idev *idev)
{
	struct ref_file *file = idev->file;

	while (idev->group->attaches) {
		struct attach *a = idev->group->attaches;

		while (a && !(a->devices & device_bit(idev)))
			a = a->next;
		if (!a)
			break;
		idev_detach(idev, a->pasid);
	}
	if (idev->vdev)
		vdevice_tombstone(idev->vdev);
	idev->obj.users--;
	object_remove(&idev->obj, false);
	if (file)
		file_put(file);
}

/* ---- reserved ranges: what a device's RID cannot use, taken out of the IOAS */

static int reserve_iova(struct iommu_ref *ref, struct hwpt *hwpt, struct device *dev)
{
	return iova_reserve(hwpt_paging(hwpt)->ioas->iova, ref->cfg.msi_first, ref->cfg.msi_last,
			    dev);
}

static void unreserve_iova(struct hwpt *hwpt, struct device *dev)
{
	iova_unreserve(hwpt_paging(hwpt)->ioas->iova, dev);
}

/* Of all devices in the bit mask @devices. */
static void unreserve_iovas(struct iommu_ref *ref, struct hwpt *hwpt, uint32_t devices)
{
	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
		if (devices & 1u << i)
			unreserve_iova(hwpt, device_by_index(ref, i));
}

static int reserve_iovas(struct iommu_ref *ref, struct hwpt *hwpt, uint32_t devices)
{
	for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
		int rc = devices & 1u << i ? reserve_iova(ref, hwpt, device_by_index(ref, i)) : 0;

		if (rc) {
			unreserve_iovas(ref, hwpt, devices & ((1u << i) - 1));
			return rc;
		}
	}
	return 0;
}

/* ---- what iommufd and the drivers refuse */

/* "Any domain attached to the non-PASID part of the device must also be flagged" ALLOC_PASID. */
static int check_pasid_compat(struct igroup *g, struct hwpt *hwpt, uint32_t pasid)
{
	struct attach *rid = find_attach(g, NO_PASID);

	if (hwpt->pasid_compat)
		return pasid != NO_PASID && rid && !rid->hwpt->pasid_compat ? -EINVAL : 0;
	return pasid != NO_PASID || pasids_in_use(g) ? -EINVAL : 0;
}

/* The core's checks of a PASID, iommu_attach_device_pasid(). */
static int check_pasid(struct iommu_ref *ref, struct igroup *g, uint32_t pasid)
{
	struct device *dev;

	if (pasid == 0)
		return -EINVAL;	/* the RID's own */
	for (unsigned int i = 0; (dev = next_of_group(ref, g, &i));)
		if (device_pasid_bits(dev) && pasid >> device_pasid_bits(dev))
			return -EINVAL;
	return 0;
}

/* SMMUv3, stream table entry: a table without CDs of ours cannot serve PASIDs at the same time. */
static int arm_check_rid(struct iommu_ref *ref, struct igroup *g, struct hwpt *hwpt)
{
	struct device *dev;

	if (domain_fmt(hwpt->domain) == FMT_ARM_S1 && !hwpt->parent)
		return 0;
	if (pasids_in_use(g))
		return -EBUSY;
	/*
	 * "Attaching to a translate nested domain must allocate a vDEVICE prior, as CD/ATS
	 * invalidations and vevents require a vSID to work properly."
	 */
	for (unsigned int i = 0; hwpt->viommu && !hwpt->no_vdevice &&
	     (dev = next_of_group(ref, g, &i));) {
		struct vdevice *v = hwpt->viommu->vdevs;

		while (v && v->idev->dev != dev)
			v = v->next;
		if (!v && !ref_defect(ref, VDEVICE_NOT_NEEDED))
			return -ENOENT;
	}
	return 0;
}

static int arm_check_pasid(struct igroup *g, struct hwpt *hwpt)
{
	struct attach *rid = find_attach(g, NO_PASID);

	if (domain_fmt(hwpt->domain) != FMT_ARM_S1)
		return -EINVAL;
	return rid && domain_fmt(rid->hwpt->domain) != FMT_ARM_S1 ? -EINVAL : 0;
}

/*
 * VT-d: page requests must be enabled on every device that gets the table. SMMUv3's driver takes
 * any device: one without PRI may "have device-specific fault handlers".
 */
static int check_pri(struct iommu_ref *ref, struct igroup *g, struct hwpt *hwpt, uint32_t pasid)
{
	struct device *dev;

	if (!hwpt->fault || ref->cfg.vendor != IOMMU_REF_VTD)
		return 0;
	for (unsigned int i = 0; (dev = next_of_group(ref, g, &i));)
		if (!device_config(dev)->pri && (pasid == NO_PASID || device_pasid_bits(dev)))
			return -ENODEV;
	return 0;
}

static int check_attach(struct iommu_ref *ref, struct igroup *g, struct hwpt *hwpt, uint32_t pasid)
{
	bool arm = ref->cfg.vendor == IOMMU_REF_SMMUV3;
	int rc;

	rc = check_pasid_compat(g, hwpt, pasid);
	if (rc)
		return rc;
	if (pasid != NO_PASID) {
		/* SMMUv3: PASIDs of a nested stream are in the guest's own CD table. */
		if (arm && hwpt->parent)
			return -EOPNOTSUPP;
		rc = check_pasid(ref, g, pasid);
		if (!rc && arm)
			rc = arm_check_pasid(g, hwpt);
	} else if (arm) {
		rc = arm_check_rid(ref, g, hwpt);
	}
	rc = rc ? rc : check_pri(ref, g, hwpt, pasid);
	return rc ? rc : hwpt->bad_config ? -EINVAL : 0;
}

struct attach *attach_of(struct iommufd *ictx, struct device *dev, uint32_t pasid,
			 uint32_t *dev_id)
{
	struct igroup *g = ictx->groups;
	struct attach *a;

	while (g && g->number != device_config(dev)->group)
		g = g->next;
	a = g ? find_attach(g, pasid) : NULL;
	if (!a)
		return NULL;
	*dev_id = 0;
	for (struct object *obj = ictx->objects; obj; obj = obj->next) {
		struct idev *idev = (struct idev *)obj;

		if (obj->type != OBJECT_DEVICE || idev->group != g)
			continue;
		if (idev->dev == dev) {
			*dev_id = obj->id;
			break;
		}
		if (a->devices & device_bit(idev))
			*dev_id = obj->id;
	}
	return a;
}

/* ---- attach, replace, detach */

/* Sets the page table of every device of the group; on failure all have @old. */
static int set_group(struct iommu_ref *ref, struct igroup *g, uint32_t pasid, struct domain *new,
		     struct domain *old)
{
	struct device *dev, *undo;
	int rc;

	for (unsigned int i = 0; (dev = next_of_group(ref, g, &i));) {
		/* Devices without the ability "don't affect group's PASID usage". */
		if (pasid != NO_PASID && !device_pasid_bits(dev))
			continue;
		rc = device_set_domain(ref, dev, pasid, new);
		if (!rc)
			continue;
		for (unsigned int k = 0; (undo = next_of_group(ref, g, &k)) && undo != dev;)
			if (pasid == NO_PASID || device_pasid_bits(undo))
				device_set_domain(ref, undo, pasid, old);
		return rc;
	}
	return 0;
}

/* The first device of a group to come: makes the attachment. */
static int attach_first(struct iommu_ref *ref, struct idev *idev, uint32_t pasid, struct hwpt *hwpt)
{
	struct igroup *g = idev->group;
	struct attach *a;
	int rc;

	rc = check_attach(ref, g, hwpt, pasid);
	if (rc)
		return rc;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	rc = set_group(ref, g, pasid, hwpt->domain, NULL);
	if (rc) {
		free(a);
		return rc;
	}
	*a = (struct attach){ .next = g->attaches, .hwpt = hwpt, .pasid = pasid };
	g->attaches = a;
	return 0;
}

static int attach(struct idev *idev, uint32_t pasid, struct hwpt *hwpt)
{
	struct iommu_ref *ref = idev->obj.ictx->ref;
	struct attach *a = find_attach(idev->group, pasid);
	int rc;

	if (a && (a->devices & device_bit(idev)))
		return -EBUSY;
	if (a && a->hwpt != hwpt)
		return ref_defect(ref, GROUP_TWO_TABLES) ? 0 : -EINVAL;
	if (pasid == NO_PASID) {
		rc = reserve_iova(ref, hwpt, idev->dev);
		if (rc)
			return rc;
	}
	if (!a) {
		rc = attach_first(ref, idev, pasid, hwpt);
		if (rc) {
			if (pasid == NO_PASID)
				unreserve_iova(hwpt, idev->dev);
			return rc;
		}
		a = find_attach(idev->group, pasid);
	}
	a->devices |= device_bit(idev);
	hwpt->obj.users++;
	idev->obj.users++;
	return 0;
}

/* For the whole group. "If it fails then no change is made to the attachment." */
static int replace(struct idev *idev, uint32_t pasid, struct hwpt *hwpt)
{
	struct iommu_ref *ref = idev->obj.ictx->ref;
	struct igroup *g = idev->group;
	struct attach *a = find_attach(g, pasid);
	struct hwpt *old = a->hwpt;
	bool move = pasid == NO_PASID && hwpt_paging(hwpt)->ioas != hwpt_paging(old)->ioas;
	int rc;

	if (hwpt == old)
		return 0;
	if (move) {
		rc = reserve_iovas(ref, hwpt, a->devices);
		if (rc)
			return rc;
	}
	rc = check_attach(ref, g, hwpt, pasid);
	if (!rc && !ref_defect(ref, REPLACE_KEEPS_OLD) &&
	    !(old->parent && hwpt->parent && ref_defect(ref, NEST_REPLACE_KEEPS_OLD)))
		rc = set_group(ref, g, pasid, hwpt->domain, old->domain);
	if (rc) {
		if (move)
			unreserve_iovas(ref, hwpt, a->devices);
		return rc;
	}
	if (move)
		unreserve_iovas(ref, old, a->devices);
	fault_auto_respond(old, a);
	a->hwpt = hwpt;
	for (uint32_t bits = a->devices; bits; bits &= bits - 1) {
		hwpt->obj.users++;
		hwpt_put(old);
	}
	return 0;
}

static int change_pt(struct idev *idev, uint32_t pasid, struct hwpt *hwpt)
{
	struct iommu_ref *ref = idev->obj.ictx->ref;
	int rc;

	if (!idev_is_attached(idev, pasid))
		return attach(idev, pasid, hwpt);
	rc = replace(idev, pasid, hwpt);
	if (rc && ref_defect(ref, ATTACH_FAIL_DETACHES))
		set_group(ref, idev->group, pasid, NULL, NULL);
	return rc;
}

/* "any domain that is willing to attach to the device is interchangeable with any other" */
static int attach_auto(struct idev *idev, uint32_t pasid, struct ioas *ioas, uint32_t *pt_id)
{
	struct hwpt *hwpt, *next;
	int rc;

	for (hwpt = ioas->hwpts; hwpt; hwpt = next) {
		next = hwpt->next;
		if (!hwpt->auto_domain)
			continue;
		rc = change_pt(idev, pasid, hwpt);
		if (rc == -EINVAL)	/* "the domain is incompatible with the device" */
			continue;
		if (!rc)
			*pt_id = hwpt->obj.id;
		return rc;
	}
	rc = hwpt_create_paging(ioas, idev, 0, false, &hwpt);
	if (rc)
		return rc;
	rc = change_pt(idev, pasid, hwpt);
	if (rc) {
		object_remove(&hwpt->obj, false);
		return rc;
	}
	hwpt->auto_domain = true;
	*pt_id = hwpt->obj.id;
	return 0;
}

struct hwpt *idev_hwpt(struct idev *idev, uint32_t pasid)
{
	struct attach *a = find_attach(idev->group, pasid);

	return a && (a->devices & device_bit(idev)) ? a->hwpt : NULL;
}

bool idev_is_attached(struct idev *idev, uint32_t pasid)
{
	struct attach *a = find_attach(idev->group, pasid);

	return a && (a->devices & device_bit(idev));
}

int idev_attach(struct idev *idev, uint32_t pasid, uint32_t *pt_id)
{
	struct object *pt = object_get(idev->obj.ictx, *pt_id, OBJECT_ANY);

	if (!pt)
		return -ENOENT;
	if (pt->type == OBJECT_HWPT_PAGING || pt->type == OBJECT_HWPT_NESTED)
		return change_pt(idev, pasid, (struct hwpt *)pt);
	if (pt->type == OBJECT_IOAS)
		return attach_auto(idev, pasid, (struct ioas *)pt, pt_id);
	return -EINVAL;
}

void idev_detach(struct idev *idev, uint32_t pasid)
{
	struct iommu_ref *ref = idev->obj.ictx->ref;
	struct attach **p = &idev->group->attaches, *a;
	struct hwpt *hwpt;

	while ((a = *p) && a->pasid != pasid)
		p = &a->next;
	if (!a || !(a->devices & device_bit(idev)))
		return;
	hwpt = a->hwpt;
	a->devices &= ~device_bit(idev);
	if (!a->devices) {
		set_group(ref, idev->group, pasid, NULL, NULL);
		fault_auto_respond(hwpt, a);
		*p = a->next;
		free(a);
	}
	if (pasid == NO_PASID)
		unreserve_iova(hwpt, idev->dev);
	hwpt_put(hwpt);
	idev->obj.users--;
}
