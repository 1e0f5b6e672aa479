/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Groups of page requests on their way through user space: to be read, then to be answered. A group
 * that was read is known by its cookie.
 */
#ifndef IOMMU_REF_PAGE_QUEUE_H
#define IOMMU_REF_PAGE_QUEUE_H

#include "../model/model.h"

struct page_queue {
	struct page_group *deliver, **tail;	/* to be read; the oldest first */
	struct page_group *response;		/* read; by cookie, ascending */
};

void page_queue_init(struct page_queue *q);
static inline bool page_queue_empty(const struct page_queue *q)
{
	return !q->deliver && !q->response;
}

/* @group is to be read behind all others. */
void page_queue_add(struct page_queue *q, struct page_group *group);
/* The cookie that the next group gets. */
uint32_t page_queue_cookie(const struct page_queue *q);
/* The first group was read and waits for an answer under @cookie. */
void page_queue_taken(struct page_queue *q, uint32_t cookie);
/* The group that waits under @cookie, or NULL. */
struct page_group *page_queue_find(const struct page_queue *q, uint32_t cookie);
/* Answers @group, which page_queue_find() gave. */
void page_queue_answer(struct iommu_ref *ref, struct page_queue *q, struct page_group *group,
		       enum iommu_ref_page_code code);
/* Every group that @match says is answered with "invalid", read or not. */
void page_queue_end(struct iommu_ref *ref, struct page_queue *q,
		    bool (*match)(const struct page_group *group, const void *arg),
		    const void *arg);

#endif
