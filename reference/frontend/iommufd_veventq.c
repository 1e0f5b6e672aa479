// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * vEVENT queues: what the hardware says about a guest, for the guest's own event queue. A queue has
 * a depth; what comes when it is full is lost, and the reader learns that from the sequence
 * numbers: by a gap, or by a header that says LOST_EVENTS if nothing came after.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "iommufd_driver.h"

/* "An arbitrary upper bound for veventq_depth that fits all existing HWs" (Linux 7.2) */
#define DEPTH_MAX (1u << 19)

static struct veventq *find_veventq(struct viommu *viommu, uint32_t type)
{
	struct veventq *q = viommu->veventqs;

	while (q && q->type != type)
		q = q->next;
	return q;
}

/* ---- events */

/* "The sequence index [...] with a range of [0, INT_MAX]" */
static uint32_t next_sequence(struct veventq *veventq)
{
	uint32_t sequence = veventq->sequence;

	veventq->sequence = (sequence + 1) & INT32_MAX;
	return sequence;
}

int viommu_report_event(struct viommu *viommu, uint32_t type, const void *data, size_t len)
{
	struct veventq *veventq = find_veventq(viommu, type);
	struct vevent *event = NULL;
	bool full;

	if (!veventq)
		return -EOPNOTSUPP;
	full = veventq->nr == veventq->depth;
	if (!full)
		event = malloc(sizeof(*event) + len);
	if (!event) {
		veventq->lost.flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
		veventq->lost.sequence = next_sequence(veventq);
		return full ? 0 : -ENOMEM;
	}
	veventq->lost.flags = 0;	/* the gap in the sequence says it */
	*event = (struct vevent){ .header.sequence = next_sequence(veventq), .len = len };
	memcpy(event->data, data, len);
	*veventq->tail = event;
	veventq->tail = &event->next;
	veventq->nr++;
	return 0;
}

static void drop_first(struct veventq *veventq)
{
	struct vevent *event = veventq->head;

	veventq->head = event->next;
	if (!veventq->head)
		veventq->tail = &veventq->head;
	veventq->nr--;
	free(event);
}

/* ---- the file */

/* -EFAULT; how much of @buf the first event took. */
static ssize_t copy_event(const struct vevent *event, char *buf)
{
	if (copy_to_user(buf, &event->header, sizeof(event->header)) ||
	    copy_to_user(user_at(buf, sizeof(event->header)), event->data, event->len))
		return -EFAULT;
	return (ssize_t)(sizeof(event->header) + event->len);
}

/* As many whole events as fit. -EINVAL: there is no room for a header, or for the first event. */
static ssize_t veventq_read(struct iommu_ref_proc *caller, struct ref_file *f, void *buf,
			    size_t len)
{
	struct veventq *veventq = f->priv;
	size_t done = 0;
	ssize_t n;

	(void)caller;
	if (len < sizeof(veventq->lost))
		return -EINVAL;
	while (veventq->head) {
		if (sizeof(veventq->lost) + veventq->head->len > len - done)
			return done ? (ssize_t)done : -EINVAL;
		n = copy_event(veventq->head, user_at(buf, done));
		if (n < 0)
			return done ? (ssize_t)done : n;
		drop_first(veventq);
		done += (size_t)n;
	}
	if (veventq->lost.flags && sizeof(veventq->lost) <= len - done) {
		if (copy_to_user(user_at(buf, done), &veventq->lost, sizeof(veventq->lost)))
			return done ? (ssize_t)done : -EFAULT;
		veventq->lost.flags = 0;
		done += sizeof(veventq->lost);
	}
	return (ssize_t)done;
}

static int veventq_poll(struct ref_file *f, short events)
{
	const struct veventq *veventq = f->priv;

	return (veventq->head || veventq->lost.flags ? POLLIN | POLLRDNORM : 0) & events;
}

static const struct ref_file_ops veventq_file_ops = {
	.read = veventq_read,
	.poll = veventq_poll,
	.release = eventq_release,
};

/* ---- the object */

static void veventq_destroy(struct object *obj)
{
	struct veventq *veventq = (struct veventq *)obj, **p = &veventq->viommu->veventqs;

	while (veventq->head)
		drop_first(veventq);
	while (*p != veventq)
		p = &(*p)->next;
	*p = veventq->next;
	veventq->viommu->obj.users--;
}

/* "Must be defined in enum iommu_veventq_type", of which the first is reserved */
static bool type_defined(const struct iommufd_driver *driver, uint32_t type)
{
	if (driver)
		return type == driver->veventq_type;
	return type == IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 || type == IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV;
}

/* IOMMU_VEVENTQ_ALLOC: -EINVAL (depth), -EEXIST (one of this type is there), -EMFILE, -ENOMEM. */
int veventq_alloc(struct ucmd *u)
{
	struct iommu_veventq_alloc *cmd = u->cmd;
	struct veventq *veventq;
	struct viommu *viommu;
	int fd, rc;

	if (cmd->flags || reserved_set(u->ictx->ref, cmd->__reserved) ||
	    !type_defined(u->ictx->ref->driver, cmd->type))
		return -EOPNOTSUPP;
	if (!cmd->veventq_depth || cmd->veventq_depth > DEPTH_MAX)
		return -EINVAL;
	viommu = object_get(u->ictx, cmd->viommu_id, OBJECT_VIOMMU);
	if (!viommu)
		return -ENOENT;
	if (find_veventq(viommu, cmd->type))
		return -EEXIST;
	veventq = object_alloc(u->ictx, sizeof(*veventq), OBJECT_VEVENTQ, veventq_destroy);
	if (!veventq)
		return -ENOMEM;
	veventq->type = cmd->type;
	veventq->depth = cmd->veventq_depth;
	veventq->tail = &veventq->head;
	veventq->viommu = viommu;
	viommu->obj.users++;
	veventq->next = viommu->veventqs;
	viommu->veventqs = veventq;
	fd = eventq_open(u, &veventq->q, &veventq_file_ops);
	if (fd < 0) {
		object_remove(&veventq->q.obj, false);
		return fd;
	}
	cmd->out_veventq_id = veventq->q.obj.id;
	cmd->out_veventq_fd = (uint32_t)fd;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc) {
		file_close(u->caller, fd);
		object_remove(&veventq->q.obj, false);
	}
	return rc;
}
