// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Fault queues: page requests of devices to be read, answers to be written. What is read is always
 * whole groups; a group is known by its cookie until it is answered.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>

#include "iommufd_objects.h"

/* ---- groups */

static void deliver_last(struct fault_queue *fault, struct page_group *group)
{
	group->next = NULL;
	*fault->deliver_tail = group;
	fault->deliver_tail = &group->next;
}

static struct page_group *deliver_fetch(struct fault_queue *fault)
{
	struct page_group *group = fault->deliver;

	fault->deliver = group->next;
	if (!fault->deliver)
		fault->deliver_tail = &fault->deliver;
	return group;
}

/* xa_alloc() of the kernel: the lowest free cookie, from 1 on. */
static uint32_t free_cookie(const struct fault_queue *fault)
{
	uint32_t cookie = 1;

	for (const struct page_group *g = fault->response; g && g->cookie == cookie; g = g->next)
		cookie++;
	return cookie;
}

static void response_insert(struct fault_queue *fault, struct page_group *group, uint32_t cookie)
{
	struct page_group **p = &fault->response;

	while (*p && (*p)->cookie < cookie)
		p = &(*p)->next;
	group->cookie = cookie;
	group->next = *p;
	*p = group;
}

/* Answers every group of *@list that came through @a (NULL: all). */
static void respond_all(struct iommu_ref *ref, struct page_group **list, const struct attach *a)
{
	struct page_group *group;

	while ((group = *list)) {
		if (a && group->attach != a) {
			list = &group->next;
			continue;
		}
		*list = group->next;
		page_group_respond(ref, group, IOMMU_REF_PAGE_INVALID);
	}
}

void fault_auto_respond(struct hwpt *hwpt, const struct attach *a)
{
	struct fault_queue *fault = hwpt->fault;
	struct iommu_ref *ref = hwpt->obj.ictx->ref;

	if (!fault)
		return;
	respond_all(ref, &fault->deliver, a);
	fault->deliver_tail = &fault->deliver;
	while (*fault->deliver_tail)
		fault->deliver_tail = &(*fault->deliver_tail)->next;
	respond_all(ref, &fault->response, a);
}

/* The listener of a HWPT's domain. */
static void fault_deliver(void *arg, struct page_group *group)
{
	struct hwpt *hwpt = arg;

	group->attach = attach_of(hwpt->obj.ictx, group->dev, group->route, &group->dev_id);
	assert(group->attach);
	deliver_last(hwpt->fault, group);
}

int fault_listen(struct hwpt *hwpt, uint32_t id)
{
	struct fault_queue *fault = object_get(hwpt->obj.ictx, id, OBJECT_FAULT);

	if (!fault)
		return -ENOENT;
	hwpt->fault = fault;
	fault->q.obj.users++;
	domain_listen(hwpt->domain, fault_deliver, hwpt);
	return 0;
}

/* ---- the file */

static int copy_group(const struct page_group *group, uint32_t cookie,
		      struct iommu_hwpt_pgfault *user)
{
	for (size_t i = 0; i < group->nr; i++) {
		const struct iommu_ref_page_request *req = &group->req[i];
		const struct iommu_hwpt_pgfault data = {
			.flags = (req->has_pasid ? IOMMU_PGFAULT_FLAGS_PASID_VALID : 0) |
				 (req->last ? IOMMU_PGFAULT_FLAGS_LAST_PAGE : 0),
			.dev_id = group->dev_id,
			.pasid = req->has_pasid ? req->pasid : 0,
			.grpid = req->grpid,
			.perm = (req->read ? IOMMU_PGFAULT_PERM_READ : 0) |
				(req->write ? IOMMU_PGFAULT_PERM_WRITE : 0) |
				(req->exec ? IOMMU_PGFAULT_PERM_EXEC : 0) |
				(req->priv ? IOMMU_PGFAULT_PERM_PRIV : 0),
			.addr = req->iova,
			.cookie = cookie,
		};

		if (copy_to_user(&user[i], &data, sizeof(data)))
			return -EFAULT;
	}
	return 0;
}

/*
 * As many whole groups as fit. -ESPIPE: not a multiple of the struct's size; -EINVAL: the first
 * group does not fit; -EFAULT: nothing was read. Nothing there: 0, the file never blocks.
 */
static ssize_t fault_read(struct iommu_ref_proc *caller, struct ref_file *f, void *buf, size_t len)
{
	struct fault_queue *fault = f->priv;
	struct iommu_hwpt_pgfault *user = buf;
	size_t done = 0, room = len / sizeof(*user);

	(void)caller;
	if (len % sizeof(*user))
		return -ESPIPE;
	while (fault->deliver) {
		uint32_t cookie = free_cookie(fault);

		if (fault->deliver->nr > room - done)
			return done ? (ssize_t)(done * sizeof(*user)) : -EINVAL;
		if (copy_group(fault->deliver, cookie, user + done))
			return done ? (ssize_t)(done * sizeof(*user)) : -EFAULT;
		done += fault->deliver->nr;
		response_insert(fault, deliver_fetch(fault), cookie);
	}
	return (ssize_t)(done * sizeof(*user));
}

/* -EINVAL: an unknown code, or no group with this cookie waits. */
static int fault_respond(struct fault_queue *fault, const struct iommu_hwpt_page_response *resp)
{
	struct page_group **p = &fault->response, *group;

	if (resp->code != IOMMUFD_PAGE_RESP_SUCCESS && resp->code != IOMMUFD_PAGE_RESP_INVALID)
		return -EINVAL;
	while (*p && (*p)->cookie != resp->cookie)
		p = &(*p)->next;
	group = *p;
	if (!group)
		return -EINVAL;
	*p = group->next;
	page_group_respond(fault->q.obj.ictx->ref, group,
			   resp->code == IOMMUFD_PAGE_RESP_SUCCESS ? IOMMU_REF_PAGE_SUCCESS :
								     IOMMU_REF_PAGE_INVALID);
	return 0;
}

/* Answers until the first bad one; returns how many bytes were good, an error if none was. */
static ssize_t fault_write(struct iommu_ref_proc *caller, struct ref_file *f, const void *buf,
			   size_t len)
{
	struct fault_queue *fault = f->priv;
	struct iommu_hwpt_page_response resp;
	const char *user = buf;
	size_t done;
	int rc = 0;

	(void)caller;
	if (len % sizeof(resp))
		return -ESPIPE;
	for (done = 0; done < len; done += sizeof(resp)) {
		rc = copy_from_user(&resp, user + done, sizeof(resp));
		if (!rc)
			rc = fault_respond(fault, &resp);
		if (rc)
			break;
	}
	return done ? (ssize_t)done : rc;
}

static int fault_poll(struct ref_file *f, short events)
{
	const struct fault_queue *fault = f->priv;
	int revents = POLLOUT;

	if (fault->deliver)
		revents |= POLLIN | POLLRDNORM;
	return revents & events;
}

static const struct ref_file_ops fault_file_ops = {
	.read = fault_read,
	.write = fault_write,
	.poll = fault_poll,
	.release = eventq_release,
};

/* ---- the object */

static void fault_destroy(struct object *obj)
{
	struct fault_queue *fault = (struct fault_queue *)obj;

	/* No HWPT names it any more, so each attachment has ended and answered. */
	assert(!fault->deliver && !fault->response);
}

/* IOMMU_FAULT_QUEUE_ALLOC: -EMFILE, -ENOMEM. */
int fault_alloc(struct ucmd *u)
{
	struct iommu_fault_alloc *cmd = u->cmd;
	struct fault_queue *fault;
	int fd, rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	fault = object_alloc(u->ictx, sizeof(*fault), OBJECT_FAULT, fault_destroy);
	if (!fault)
		return -ENOMEM;
	fault->deliver_tail = &fault->deliver;
	fd = eventq_open(u, &fault->q, &fault_file_ops);
	if (fd < 0) {
		object_remove(&fault->q.obj, false);
		return fd;
	}
	cmd->out_fault_id = fault->q.obj.id;
	cmd->out_fault_fd = (uint32_t)fd;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc) {
		file_close(u->caller, fd);
		object_remove(&fault->q.obj, false);
	}
	return rc;
}
