// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page requests: what a device asks for over PRI when a page is not there. Messages are collected
 * into groups, complete groups go to the listener of the page table, answers go back to the device.
 *
 * A group is what has one PASID and one index (PCIe 10.4.1). Which page table it is for: that of
 * its PASID; on SMMUv3 also that of the RID, if this is a nested one: its context table is the
 * guest's own.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define RESPONSES 512u		/* a power of two */
#define GRPID_BITS 9

struct page_requests {
	struct page_group *incomplete;
	unsigned int head, tail;	/* run freely; tail is the oldest */
	struct iommu_ref_page_response responses[RESPONSES];
};

void domain_listen(struct domain *d, void (*fn)(void *arg, struct page_group *group), void *arg)
{
	d->listen = fn;
	d->listen_arg = arg;
}

/* ---- answers */

static void respond(struct device *dev, const struct iommu_ref_page_request *req,
		    enum iommu_ref_page_code code)
{
	struct page_requests *r = dev->requests;

	if (r->head - r->tail == RESPONSES)
		r->tail++;
	r->responses[r->head++ % RESPONSES] = (struct iommu_ref_page_response){
		.code = code, .has_pasid = req->has_pasid, .grpid = req->grpid,
		.pasid = req->has_pasid ? req->pasid : 0,
	};
}

/* Each unit has a queue of its own. */
static struct unit *unit_of(const struct device *dev)
{
	return &dev->ref->units[dev->cfg->unit];
}

static void group_free(struct iommu_ref *ref, struct page_group *group)
{
	ref->stats.page_requests -= group->nr;
	unit_of(group->dev)->page_requests -= group->nr;
	free(group);
}

void page_group_respond(struct iommu_ref *ref, struct page_group *group,
			enum iommu_ref_page_code code)
{
	respond(group->dev, &group->req[group->nr - 1], code);
	group_free(ref, group);
}

/* ---- groups */

void page_requests_drop(struct device *dev, uint32_t pasid)
{
	struct page_group **p, *group;

	if (!dev->requests)
		return;
	for (p = &dev->requests->incomplete; (group = *p);) {
		if (group->route != pasid) {
			p = &group->next;
			continue;
		}
		*p = group->next;
		group_free(dev->ref, group);
	}
}

static void drop_all(struct device *dev)
{
	while (dev->requests && dev->requests->incomplete)
		page_requests_drop(dev, dev->requests->incomplete->route);
}

void page_requests_free(struct device *dev)
{
	drop_all(dev);
	free(dev->requests);
	dev->requests = NULL;
}

static bool same_group(const struct iommu_ref_page_request *a,
		       const struct iommu_ref_page_request *b)
{
	return a->grpid == b->grpid && a->has_pasid == b->has_pasid &&
	       (!a->has_pasid || a->pasid == b->pasid);
}

/* Puts @req behind the rest of its group. NULL: no memory, nothing changed. */
static struct page_group *group_add(struct device *dev, uint32_t route,
				    const struct iommu_ref_page_request *req)
{
	struct page_group **p = &dev->requests->incomplete, *group;
	size_t nr;

	while (*p && !same_group((*p)->req, req))
		p = &(*p)->next;
	nr = *p ? (*p)->nr : 0;
	group = realloc(*p, sizeof(*group) + (nr + 1) * sizeof(*req));
	if (!group)
		return NULL;
	if (!nr)
		*group = (struct page_group){ .dev = dev, .route = route };
	group->req[group->nr++] = *req;
	dev->ref->stats.page_requests++;
	unit_of(dev)->page_requests++;
	*p = req->last ? group->next : group;
	group->next = req->last ? NULL : group->next;
	return group;
}

/* ---- requests */

/* The listener's domain, or NULL: nobody listens. *@route: the PASID that has it. */
static struct domain *listener(struct device *dev, const struct iommu_ref_page_request *req,
			       uint32_t *route)
{
	struct domain *d = NULL;

	*route = NO_PASID;
	if (req->has_pasid && req->pasid) {	/* PASID 0 is the RID's */
		d = device_domain(dev, req->pasid);
		if (d)
			*route = req->pasid;
	}
	if (!d) {
		d = device_domain(dev, NO_PASID);
		if (d && req->has_pasid && req->pasid &&
		    (d->kind != DOMAIN_NESTED ||
		     (d->fmt != FMT_ARM_S1 && d->fmt != FMT_DRIVER)))
			d = NULL;
	}
	return d && d->listen ? d : NULL;
}

/* VT-d: "Page request in Privilege Mode", "Execution request not supported" (Linux intel/prq.c) */
static bool acceptable(const struct iommu_ref *ref, const struct iommu_ref_page_request *req)
{
	if (ref->cfg.vendor != IOMMU_REF_VTD)
		return true;
	if ((uint64_t)((int64_t)(req->iova << 16) >> 16) != req->iova)
		return false;
	return !(req->priv && (req->read || req->write)) && !(req->exec && req->read);
}

/* "When the hardware queue overflows, last page faults in a group may have been lost" */
static void overflow(struct iommu_ref *ref, struct device *dev,
		     const struct iommu_ref_page_request *req)
{
	ref->stats.page_requests_lost++;
	for (unsigned int i = 0; i < ref->cfg.nr_devices; i++)
		if (ref->devices[i]->unit == dev->unit)
			drop_all(ref->devices[i]);
	if (req->last)
		respond(dev, req, IOMMU_REF_PAGE_SUCCESS);
}

int page_request(struct iommu_ref *ref, struct device *dev, struct iommu_ref_page_request req)
{
	struct page_group *group;
	struct domain *d;
	uint32_t route;

	req.iova &= ~(PAGE_SIZE - 1);
	if (!dev->requests)
		dev->requests = calloc(1, sizeof(*dev->requests));
	if (!dev->requests)
		return -ENOMEM;
	if (req.last && !req.read && !req.write)	/* a stop marker */
		return 0;
	d = acceptable(ref, &req) ? listener(dev, &req, &route) : NULL;
	if (!d) {
		if (req.last)
			respond(dev, &req, IOMMU_REF_PAGE_INVALID);
		return 0;
	}
	if (dev->unit->page_requests >= ref->cfg.page_requests) {
		overflow(ref, dev, &req);
		return 0;
	}
	group = group_add(dev, route, &req);
	if (!group)
		return -ENOMEM;
	if (req.last)
		d->listen(d->listen_arg, group);
	return 0;
}

int iommu_ref_page_request(struct iommu_ref *ref, const struct iommu_ref_page_request *req)
{
	struct device *dev;
	int rc = -ENODEV;

	ref_lock(ref);
	dev = device_by_index(ref, req->device);
	if (dev && dev->cfg->pri) {
		rc = -EINVAL;
		if (!(req->grpid >> GRPID_BITS) &&
		    (!req->has_pasid ||
		     (dev->cfg->pasid && !((uint64_t)req->pasid >> dev->unit->cfg->pasid_bits))))
			rc = page_request(ref, dev, *req);
	}
	ref_unlock(ref);
	return rc;
}

int iommu_ref_page_response_pop(struct iommu_ref *ref, unsigned int device,
				struct iommu_ref_page_response *resp)
{
	struct page_requests *r;
	struct device *dev;
	int rc = -ENODEV;

	ref_lock(ref);
	dev = device_by_index(ref, device);
	if (dev) {
		r = dev->requests;
		rc = r && r->head != r->tail;
		if (rc)
			*resp = r->responses[r->tail++ % RESPONSES];
	}
	ref_unlock(ref);
	return rc;
}
