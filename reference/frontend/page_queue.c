// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the front ends' queues of page requests have in common: iommufd's fault queues, and the
 * fault descriptor of /dev/ioasid.
 */
#include "page_queue.h"

void page_queue_init(struct page_queue *q)
{
	q->deliver = q->response = NULL;
	q->tail = &q->deliver;
}

void page_queue_add(struct page_queue *q, struct page_group *group)
{
	group->next = NULL;
	*q->tail = group;
	q->tail = &group->next;
}

/* xa_alloc() of the kernel: the lowest free cookie, from 1 on. */
uint32_t page_queue_cookie(const struct page_queue *q)
{
	uint32_t cookie = 1;

	for (const struct page_group *g = q->response; g && g->cookie == cookie; g = g->next)
		cookie++;
	return cookie;
}

void page_queue_taken(struct page_queue *q, uint32_t cookie)
{
	struct page_group *group = q->deliver, **p = &q->response;

	q->deliver = group->next;
	if (!q->deliver)
		q->tail = &q->deliver;
	while (*p && (*p)->cookie < cookie)
		p = &(*p)->next;
	group->cookie = cookie;
	group->next = *p;
	*p = group;
}

struct page_group *page_queue_find(const struct page_queue *q, uint32_t cookie)
{
	struct page_group *group = q->response;

	while (group && group->cookie != cookie)
		group = group->next;
	return group;
}

void page_queue_answer(struct iommu_ref *ref, struct page_queue *q, struct page_group *group,
		       enum iommu_ref_page_code code)
{
	struct page_group **p = &q->response;

	while (*p != group)
		p = &(*p)->next;
	*p = group->next;
	page_group_respond(ref, group, code);
}

static void end_list(struct iommu_ref *ref, struct page_group **list,
		     bool (*match)(const struct page_group *group, const void *arg),
		     const void *arg)
{
	struct page_group *group;

	while ((group = *list)) {
		if (!match(group, arg)) {
			list = &group->next;
			continue;
		}
		*list = group->next;
		page_group_respond(ref, group, ref_defect(ref, PAGE_AUTORESP_SUCCESS) ?
						IOMMU_REF_PAGE_SUCCESS : IOMMU_REF_PAGE_INVALID);
	}
}

void page_queue_end(struct iommu_ref *ref, struct page_queue *q,
		    bool (*match)(const struct page_group *group, const void *arg),
		    const void *arg)
{
	end_list(ref, &q->deliver, match, arg);
	q->tail = &q->deliver;
	while (*q->tail)
		q->tail = &(*q->tail)->next;
	end_list(ref, &q->response, match, arg);
}
