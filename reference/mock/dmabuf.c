// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The mock driver's dma-bufs: memory that is mapped by a descriptor and can be taken away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define PAGES_MAX 512u

struct dmabuf {
	char *memory;
	uint64_t len;
	bool revoked;
};

static void dmabuf_release(struct ref_file *f)
{
	struct dmabuf *d = f->priv;

	free(d->memory);
	free(d);
}

static const struct ref_file_ops dmabuf_file_ops = {
	.release = dmabuf_release,
};

int mock_dmabuf_get(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	uint64_t len = (cmd->dmabuf_get.length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	struct dmabuf *d;
	int fd = -ENOMEM;

	if (!len || len > PAGES_MAX * PAGE_SIZE)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->len = len;
	d->memory = aligned_alloc(PAGE_SIZE, len);
	if (d->memory) {
		memset(d->memory, 0, len);
		fd = file_install(u->caller, &dmabuf_file_ops, d);
	}
	if (fd < 0) {
		free(d->memory);
		free(d);
	}
	return fd;
}

int mock_dmabuf_revoke(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct ref_file *f = file_at(u->caller, cmd->dmabuf_revoke.fd), *other;

	if (!f)
		return -EBADF;
	if (f->ops != &dmabuf_file_ops)
		return -EINVAL;
	((struct dmabuf *)f->priv)->revoked = cmd->dmabuf_revoke.revoked;
	/* "invalidate mappings", whichever way it goes */
	for (struct iommu_ref_proc *p = u->ictx->ref->procs; p; p = p->next) {
		for (int fd = 0; fd < REF_MAX_FDS; fd++) {
			other = file_get(p, fd, &iommufd_file_ops);
			if (other)
				ioas_revoke(other->priv, f);
		}
	}
	return 0;
}

int mock_pages_alloc(struct ucmd *u, int fd, uint64_t start, uint64_t len, struct pages **out)
{
	struct ref_file *f = file_get(u->caller, fd, &dmabuf_file_ops);
	struct dmabuf *d;

	if (!f)
		return -EBADFD;
	d = f->priv;
	if (!len || start >= d->len || len > d->len - start)
		return -EINVAL;
	if (d->revoked)
		return -ENODEV;
	return pages_alloc_export(u, (uintptr_t)d->memory + start, len, f, out);
}
