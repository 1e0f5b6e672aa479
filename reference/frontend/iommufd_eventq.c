// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What fault queues and vEVENT queues have in common: an object with a file of its own. The file
 * keeps the object from being destroyed, and the iommufd open.
 */
#include "iommufd_objects.h"

int eventq_open(struct ucmd *u, struct eventq *q, const struct ref_file_ops *ops)
{
	int fd = file_install(u->caller, ops, q);

	if (fd < 0)
		return fd;
	q->iommufd = u->file;
	file_hold(u->file);
	q->obj.users++;
	return fd;
}

void eventq_release(struct ref_file *f)
{
	struct eventq *q = f->priv;

	q->obj.users--;
	file_put(q->iommufd);
}
