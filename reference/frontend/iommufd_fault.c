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

static bool came_through(const struct page_group *group, const void *attach)
{
	return group->attach == attach;
}

void fault_auto_respond(struct hwpt *hwpt, const struct attach *a)
{
	if (hwpt->fault)
		page_queue_end(hwpt->obj.ictx->ref, &hwpt->fault->groups, came_through, a);
}

/* The listener of a HWPT's domain. */
static void fault_deliver(void *arg, struct page_group *group)
{
	struct hwpt *hwpt = arg;

	group->attach = attach_of(hwpt->obj.ictx, group->dev, group->route, &group->dev_id);
	assert(group->attach);
	page_queue_add(&hwpt->fault->groups, group);
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

static int copy_group(const struct iommu_ref *ref, const struct page_group *group, uint32_t cookie,
		      struct iommu_hwpt_pgfault *user)
{
	for (size_t i = 0; i < group->nr; i++) {
		const struct iommu_ref_page_request *req = &group->req[i];
		const struct iommu_hwpt_pgfault data = {
			.flags = (req->has_pasid ? IOMMU_PGFAULT_FLAGS_PASID_VALID : 0) |
				 (req->last || ref_defect(ref, PAGE_LAST_EACH) ?
					  IOMMU_PGFAULT_FLAGS_LAST_PAGE : 0),
			.dev_id = ref_defect(ref, PAGE_DEVICE_UNTOLD) ? 0 : group->dev_id,
			.pasid = req->has_pasid ? req->pasid : 0,
			.grpid = req->grpid,
			.perm = (req->read ? IOMMU_PGFAULT_PERM_READ : 0) |
				(req->write ? IOMMU_PGFAULT_PERM_WRITE : 0) |
				(req->exec ? IOMMU_PGFAULT_PERM_EXEC : 0) |
				(req->priv ? IOMMU_PGFAULT_PERM_PRIV : 0),
			.addr = req->iova,
			.cookie = cookie,
		};

		if (copy_to_user(user_at(user, i * sizeof(data)), &data, sizeof(data)))
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
	struct page_group *group;
	size_t done = 0, room = len / sizeof(*user);

	(void)caller;
	if (len % sizeof(*user))
		return -ESPIPE;
	while ((group = fault->groups.deliver)) {
		uint32_t cookie = page_queue_cookie(&fault->groups);

		if (group->nr > room - done)
			return done ? (ssize_t)(done * sizeof(*user)) : -EINVAL;
		if (copy_group(f->ref, group, cookie, user_at(user, done * sizeof(*user))))
			return done ? (ssize_t)(done * sizeof(*user)) : -EFAULT;
		done += group->nr;
		page_queue_taken(&fault->groups, cookie);
	}
	return (ssize_t)(done * sizeof(*user));
}

/* -EINVAL: an unknown code, or no group with this cookie waits. */
static int fault_respond(struct fault_queue *fault, const struct iommu_hwpt_page_response *resp)
{
	struct iommu_ref *ref = fault->q.obj.ictx->ref;
	struct page_group *group;

	if (resp->code != IOMMUFD_PAGE_RESP_SUCCESS && resp->code != IOMMUFD_PAGE_RESP_INVALID &&
	    !ref_defect(ref, PAGE_RESP_ANY_CODE))
		return -EINVAL;
	group = page_queue_find(&fault->groups, resp->cookie);
	if (!group)
		return ref_defect(ref, PAGE_RESP_UNKNOWN_OK) ? 0 : -EINVAL;
	page_queue_answer(ref, &fault->groups, group,
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
	size_t done;
	int rc = 0;

	(void)caller;
	if (len % sizeof(resp))
		return -ESPIPE;
	for (done = 0; done < len; done += sizeof(resp)) {
		rc = copy_from_user(&resp, user_at(buf, done), sizeof(resp));
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

	if (fault->groups.deliver)
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
	assert(page_queue_empty(&fault->groups));
}

/* IOMMU_FAULT_QUEUE_ALLOC: -EMFILE, -ENOMEM. */
int fault_alloc(struct ucmd *u)
{
	struct iommu_fault_alloc *cmd = u->cmd;
	struct fault_queue *fault;
	int fd, rc;

	if (cmd->flags && !ref_defect(u->ictx->ref, QUEUE_FLAGS_IGNORED))
		return -EOPNOTSUPP;
	fault = object_alloc(u->ictx, sizeof(*fault), OBJECT_FAULT, fault_destroy);
	if (!fault)
		return -ENOMEM;
	page_queue_init(&fault->groups);
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
