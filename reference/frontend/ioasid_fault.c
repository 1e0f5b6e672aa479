// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * I/O page faults of tables that users manage (5.6 of the RFC): reported per address space, without
 * the device; answered by address space and cookie.
 */
#include <errno.h>
#include <poll.h>

#include "ioasid_objects.h"

/*
 * In a group: attach is the IOASID whose table it came through, dev_id the number of the one it is
 * reported for, which differs for a page table that is tracked below a PASID table.
 */
static const struct ioasid *tracked_space(const struct ioasid *table,
					  const struct page_group *group)
{
	const struct iommu_ref_page_request *req = group->req;
	const struct ioasid_attach *of_device = table->attaches;

	while (of_device->dev->device != group->dev)
		of_device = of_device->next;
	for (const struct ioasid_attach *a = of_device->dev->attaches; a; a = a->dev_next)
		if (a->tracked && a->space->tracked &&
		    a->user_pasid == (req->has_pasid ? req->pasid : 0))
			return a->space;
	return table;
}

void ioasid_page_request(void *arg, struct page_group *group)
{
	const struct ioasid *x = arg, *reported = x;
	struct ioasid_file *ctx = ioasid_ctx(x);

	if (!ctx->fault_fd) {
		page_group_respond(ctx->ictx.ref, group, IOMMU_REF_PAGE_INVALID);
		return;
	}
	if (x->pasid_table)
		reported = tracked_space(x, group);
	group->attach = x;
	group->dev_id = reported->obj.id;
	page_queue_add(&ctx->faults, group);
}

static bool is_of_space(const struct page_group *group, const void *arg)
{
	const struct ioasid *x = arg;

	return group->attach == x || group->dev_id == x->obj.id;
}

static bool is_of_route(const struct page_group *group, const void *arg)
{
	const struct ioasid_attach *a = arg;
	const struct iommu_ref_page_request *req = group->req;

	if (group->dev != a->dev->device || !is_of_space(group, a->space))
		return false;
	/* An entry of the user's PASID table: what came through it came by the RID. */
	if (a->tracked)
		return a->user_pasid == (req->has_pasid ? req->pasid : 0);
	return group->route == a->pasid;
}

void ioasid_end_faults(struct ioasid *x)
{
	page_queue_end(ioasid_ref(x), &ioasid_ctx(x)->faults, is_of_space, x);
}

void ioasid_end_route_faults(const struct ioasid_attach *a)
{
	/* ENQCMD: another number of the user's is the same one on the wire, and stays. */
	for (const struct ioasid_attach *o = a->space->attaches; o; o = o->next)
		if (o != a && o->dev == a->dev && o->pasid == a->pasid && !a->tracked)
			return;
	page_queue_end(ioasid_ref(a->space), &ioasid_ctx(a->space)->faults, is_of_route, a);
}

/* ---- the descriptor */

static int copy_group(const struct page_group *group, uint32_t cookie,
		      struct ioasid_page_fault *user)
{
	const struct ioasid *table = group->attach;
	/* Of an address space the PASID says nothing that its number does not. */
	bool by_pasid = table->pasid_table && group->dev_id == table->obj.id;

	for (size_t i = 0; i < group->nr; i++) {
		const struct iommu_ref_page_request *req = &group->req[i];
		const struct ioasid_page_fault fault = {
			.flags = (req->last ? IOASID_FAULT_LAST : 0) |
				 (by_pasid && req->has_pasid ? IOASID_FAULT_PASID : 0),
			.ioasid = group->dev_id,
			.pasid = by_pasid && req->has_pasid ? req->pasid : 0,
			.perm = (req->read ? IOASID_FAULT_PERM_READ : 0) |
				(req->write ? IOASID_FAULT_PERM_WRITE : 0) |
				(req->exec ? IOASID_FAULT_PERM_EXEC : 0) |
				(req->priv ? IOASID_FAULT_PERM_PRIV : 0),
			.cookie = cookie,
			.addr = req->iova,
		};

		if (copy_to_user(user_at(user, i * sizeof(fault)), &fault, sizeof(fault)))
			return -EFAULT;
	}
	return 0;
}

/* As many whole groups as fit; errors are those of iommufd's fault queue. Nothing there: 0. */
static ssize_t fault_read(struct iommu_ref_proc *caller, struct ref_file *f, void *buf, size_t len)
{
	struct page_queue *q = &((struct ioasid_file *)((struct ref_file *)f->priv)->priv)->faults;
	struct ioasid_page_fault *user = buf;
	size_t done = 0, room = len / sizeof(*user);

	(void)caller;
	if (len % sizeof(*user))
		return -ESPIPE;
	while (q->deliver) {
		uint32_t cookie = page_queue_cookie(q);
		size_t nr = q->deliver->nr;
		void *at = user_at(user, done * sizeof(*user));
		int rc = nr > room - done ? -EINVAL : copy_group(q->deliver, cookie, at);

		if (rc)
			return done ? (ssize_t)(done * sizeof(*user)) : rc;
		done += nr;
		page_queue_taken(q, cookie);
	}
	return (ssize_t)(done * sizeof(*user));
}

static int fault_poll(struct ref_file *f, short events)
{
	const struct ioasid_file *ctx = ((struct ref_file *)f->priv)->priv;

	return ctx->faults.deliver ? (POLLIN | POLLRDNORM) & events : 0;
}

static bool any(const struct page_group *group, const void *arg)
{
	(void)group;
	(void)arg;
	return true;
}

static void fault_release(struct ref_file *f)
{
	struct ref_file *file = f->priv;
	struct ioasid_file *ctx = file->priv;

	ctx->fault_fd = false;
	page_queue_end(ctx->ictx.ref, &ctx->faults, any, NULL);
	file_put(file);
}

static const struct ref_file_ops fault_file_ops = {
	.read = fault_read,
	.poll = fault_poll,
	.release = fault_release,
};

/* IOASID_ALLOC_FAULT_FD */
int ioasid_alloc_fault_fd(struct iommu_ref_proc *caller, struct ref_file *f)
{
	struct ioasid_file *ctx = f->priv;
	int fd;

	if (ctx->fault_fd)
		return -EBUSY;
	fd = file_install(caller, &fault_file_ops, f);
	if (fd < 0)
		return fd;
	file_hold(f);
	ctx->fault_fd = true;
	return fd;
}

/* IOASID_PAGE_RESPONSE */
int ioasid_page_response(struct ucmd *u)
{
	struct page_queue *q = &((struct ioasid_file *)u->ictx)->faults;
	const struct ioasid_page_response *cmd = u->cmd;
	struct page_group *group;

	if (cmd->flags || reserved_set(u->ictx->ref, cmd->__reserved) ||
	    cmd->code > IOASID_RESPONSE_INVALID)
		return -EOPNOTSUPP;
	group = page_queue_find(q, cmd->cookie);
	if (!group || group->dev_id != cmd->ioasid)
		return -ENOENT;
	page_queue_answer(u->ictx->ref, q, group,
			  cmd->code == IOASID_RESPONSE_SUCCESS ? IOMMU_REF_PAGE_SUCCESS :
								 IOMMU_REF_PAGE_INVALID);
	return 0;
}
