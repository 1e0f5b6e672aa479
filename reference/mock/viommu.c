// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Mock vIOMMUs: a page that user space maps, and hardware queues in guest memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define REGION_SIZE (2 * PAGE_SIZE)
#define REGION_SHIFT 20		/* a region's offset is made of its vIOMMU's id */

struct hw_queue {
	struct object obj;
	struct viommu *viommu;
	struct hw_queue *prev;	/* the one before it must stay as long */
	struct access access;	/* keeps the queue's memory mapped */
	uint32_t index;
};

struct mock_viommu {
	struct hw_queue *queues[MOCK_HW_QUEUES];
	uint32_t *page;		/* NULL: none was asked for */
	uint64_t offset;
};

int mock_viommu_init(struct viommu *viommu, uint32_t type, const struct user_data *data)
{
	struct mock_viommu_data user;
	struct mock_viommu *mv;
	int rc;

	if (type != MOCK_VIOMMU_TYPE)
		return -EOPNOTSUPP;
	mv = calloc(1, sizeof(*mv));
	if (!mv)
		return -ENOMEM;
	viommu->driver_data = mv;	/* mock_viommu_destroy() frees it */
	if (!data->len)
		return 0;
	rc = mock_copy_data(&user, sizeof(user), offsetof(struct mock_viommu_data, out_mmap_offset),
			    data, MOCK_VIOMMU_TYPE);
	if (rc)
		return rc;
	mv->page = aligned_alloc(PAGE_SIZE, REGION_SIZE);
	if (!mv->page)
		return -ENOMEM;
	memset(mv->page, 0, REGION_SIZE);
	mv->offset = (uint64_t)viommu->obj.id << REGION_SHIFT;
	*mv->page = user.in;
	user.out = user.in;
	user.out_mmap_length = REGION_SIZE;
	user.out_mmap_offset = mv->offset;
	return copy_to_user((void *)data->uptr, &user,
			    data->len < sizeof(user) ? data->len : sizeof(user));
}

void mock_viommu_destroy(struct viommu *viommu)
{
	struct mock_viommu *mv = viommu->driver_data;

	if (mv)
		free(mv->page);
	free(mv);
}

int mock_mmap(struct ref_file *f, uint64_t offset, uint64_t len, void **addr, struct object **owner)
{
	struct iommufd *ictx = f->priv;
	struct mock_viommu *mv;

	for (struct object *obj = ictx->objects; obj; obj = obj->next) {
		if (obj->type != OBJECT_VIOMMU)
			continue;
		mv = ((struct viommu *)obj)->driver_data;
		if (!mv || !mv->page || mv->offset != offset || len != REGION_SIZE)
			continue;
		*addr = mv->page;
		*owner = obj;
		return 0;
	}
	return -ENXIO;
}

/* ---- hardware queues */

static void hw_queue_destroy(struct object *obj)
{
	struct hw_queue *q = (struct hw_queue *)obj;
	struct mock_viommu *mv = q->viommu->driver_data;

	if (mv->queues[q->index] == q)
		mv->queues[q->index] = NULL;
	if (q->prev)
		q->prev->obj.users--;
	if (q->access.ioas)
		access_detach(&q->access);
	q->viommu->obj.users--;
}

static int hw_queue_init(struct hw_queue *q, uint32_t index)
{
	struct mock_viommu *mv = q->viommu->driver_data;

	if (index >= MOCK_HW_QUEUES)
		return -EINVAL;
	if (mv->queues[index])
		return -EEXIST;
	if (index && !mv->queues[index - 1])
		return -EIO;
	q->index = index;
	if (index) {
		q->prev = mv->queues[index - 1];
		q->prev->obj.users++;
	}
	mv->queues[index] = q;
	return 0;
}

int mock_hw_queue_alloc(struct ucmd *u, struct viommu *viommu)
{
	struct iommu_hw_queue_alloc *cmd = u->cmd;
	struct access_pin *pin;
	struct hw_queue *q;
	int rc;

	if (cmd->type != MOCK_HW_QUEUE_TYPE)
		return -EOPNOTSUPP;
	q = object_alloc(u->ictx, sizeof(*q), OBJECT_HW_QUEUE, hw_queue_destroy);
	if (!q)
		return -ENOMEM;
	q->viommu = viommu;
	viommu->obj.users++;
	q->access.stays = true;
	rc = access_attach(&q->access, viommu->hwpt->ioas);
	if (!rc)
		rc = access_pin(&q->access, cmd->nesting_parent_iova, cmd->length, true, &pin);
	if (!rc)
		rc = hw_queue_init(q, cmd->index);
	if (!rc) {
		cmd->out_hw_queue_id = q->obj.id;
		rc = ucmd_respond(u, sizeof(*cmd));
	}
	if (rc)
		object_remove(&q->obj, false);
	return rc;
}
