// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/ioasid: its file, the address spaces as objects, and the dispatch of commands. What the RFC
 * leaves open is chosen in uapi/ioasid.h and explained in reference/IOASID.md.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "ioasid_objects.h"

/* ---- address spaces */

struct ioasid *ioasid_get(struct ioasid_file *ctx, uint32_t id)
{
	return object_get(&ctx->ictx, id, OBJECT_IOASID);
}

static uint32_t attached_devices(const struct ioasid *x)
{
	uint32_t bits = 0;

	for (const struct ioasid_attach *a = x->attaches; a; a = a->next)
		bits |= 1u << device_index(a->dev->device);
	return bits;
}

int ioasid_ready(const struct ioasid *x)
{
	struct iommu_ref *ref = ioasid_ref(x);
	uint32_t bits = attached_devices(x);

	if (!bits)
		return -ENODEV;
	/* "devices within an iommu group must be all attached to the same IOASID" */
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next) {
		for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++) {
			struct device *other = device_by_index(ref, i);

			if (other && device_config(other)->group == a->dev->group &&
			    !(bits & 1u << i))
				return -EDEADLK;
		}
	}
	return 0;
}

int ioasid_find(struct ucmd *u, uint32_t id, struct ioasid **out)
{
	*out = ioasid_get((struct ioasid_file *)u->ictx, id);
	return *out ? ioasid_ready(*out) : -ENOENT;
}

static void ioasid_destroy(struct object *obj)
{
	struct ioasid *x = (struct ioasid *)obj, **p;

	assert(!x->attaches && !x->children);
	ioasid_free_pasid(x);
	if (!x->parent)
		return;
	for (p = &x->parent->children; *p != x;)
		p = &(*p)->sibling;
	*p = x->sibling;
	x->parent->obj.users--;
}

static struct ioasid *ioasid_new(struct ioasid_file *ctx)
{
	struct ioasid *x = object_alloc(&ctx->ictx, sizeof(*x), OBJECT_IOASID, ioasid_destroy);

	if (x)
		x->pasid = NO_PASID;
	return x;
}

/* IOASID_ALLOC */
static int ioasid_alloc(struct ioasid_file *ctx)
{
	struct ioasid *x = ioasid_new(ctx);

	return x ? (int)x->obj.id : -ENOMEM;
}

/* IOASID_FREE */
static int ioasid_free(struct ioasid_file *ctx, uint32_t id)
{
	struct ioasid *x = ioasid_get(ctx, id);

	if (!x)
		return -ENOENT;
	if (x->obj.users > 1)
		return -EBUSY;
	object_remove(&x->obj, false);
	return 0;
}

/* IOASID_CREATE_NESTING */
static int ioasid_create_nesting(struct ioasid_file *ctx, uint32_t id)
{
	struct ioasid *parent = ioasid_get(ctx, id), *x;
	int rc;

	if (!parent)
		return -ENOENT;
	rc = ioasid_ready(parent);
	if (rc)
		return rc;
	/* The output of a user's table is translated by its parent already. */
	if (ioasid_bound(parent) || parent->depth == IOASID_MAX_DEPTH)
		return -EOPNOTSUPP;
	x = ioasid_new(ctx);
	if (!x)
		return -ENOMEM;
	x->parent = parent;
	x->depth = parent->depth + 1;
	x->sibling = parent->children;
	parent->children = x;
	parent->obj.users++;
	return (int)x->obj.id;
}

/* ---- commands */

int ioasid_copy_arg(struct iommu_ref *ref, void *dst, size_t size, size_t min, const void *user,
		    uint32_t *user_size)
{
	uint32_t argsz;

	if (copy_from_user(&argsz, user, sizeof(argsz)))
		return -EFAULT;
	if (argsz < min)
		return -EINVAL;
	if (user_size)
		*user_size = argsz;
	return copy_struct_from_user(ref, dst, size, user, argsz);
}

union any_arg {
	struct ioasid_memory memory;
	struct ioasid_info info;
	struct ioasid_dma_map map;
	struct ioasid_dma_unmap unmap;
	struct ioasid_bind_pgtable bind_pgtable;
	struct ioasid_bind_pasid_table bind_pasid_table;
	struct ioasid_invalidate invalidate;
	struct ioasid_page_response response;
};

struct command {
	unsigned int nr;
	size_t size;
	int (*execute)(struct ucmd *u);
};

static const struct command commands[] = {
	{ IOASID_REGISTER_MEMORY, sizeof(struct ioasid_memory), ioasid_register_memory },
	{ IOASID_UNREGISTER_MEMORY, sizeof(struct ioasid_memory), ioasid_unregister_memory },
	{ IOASID_GET_INFO, sizeof(struct ioasid_info), ioasid_get_info },
	{ IOASID_MAP_DMA, sizeof(struct ioasid_dma_map), ioasid_map_dma },
	{ IOASID_UNMAP_DMA, sizeof(struct ioasid_dma_unmap), ioasid_unmap_dma },
	{ IOASID_BIND_PGTABLE, sizeof(struct ioasid_bind_pgtable), ioasid_bind_pgtable },
	{ IOASID_BIND_PASID_TABLE, sizeof(struct ioasid_bind_pasid_table),
	  ioasid_bind_pasid_table },
	{ IOASID_INVALIDATE_CACHE, sizeof(struct ioasid_invalidate), ioasid_invalidate },
	{ IOASID_PAGE_RESPONSE, sizeof(struct ioasid_page_response), ioasid_page_response },
};

static long with_struct(struct ucmd *u, unsigned int cmd)
{
	union any_arg arg;
	int rc;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (c->nr != cmd)
			continue;
		rc = ioasid_copy_arg(u->ictx->ref, &arg, c->size, c->size, u->user,
				     &u->user_size);
		if (rc)
			return rc;
		u->cmd = &arg;
		return c->execute(u);
	}
	return -ENOTTY;
}

static long ioasid_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
			 void *user)
{
	struct ioasid_file *ctx = f->priv;
	struct ucmd u = { .ictx = &ctx->ictx, .caller = caller, .file = f, .user = user };
	uintptr_t value = (uintptr_t)user;
	uint32_t id = value == (uint32_t)value ? (uint32_t)value : 0;

	switch (cmd) {
	case IOASID_CHECK_EXTENSION:
		return ioasid_check_extension(ctx, value);
	case IOASID_ALLOC:
		return ioasid_alloc(ctx);
	case IOASID_FREE:
		return ioasid_free(ctx, id);
	case IOASID_CREATE_NESTING:
		return ioasid_create_nesting(ctx, id);
	case IOASID_UNBIND_PGTABLE:
		return ioasid_unbind(ctx, id, false);
	case IOASID_UNBIND_PASID_TABLE:
		return ioasid_unbind(ctx, id, true);
	case IOASID_ALLOC_FAULT_FD:
		return value ? -EOPNOTSUPP : ioasid_alloc_fault_fd(caller, f);
	default:
		return with_struct(&u, cmd);
	}
}

/* ---- the file */

/* Devices, the fault descriptor and virtual machines hold it open: all of them are gone. */
static void ioasid_release(struct ref_file *f)
{
	struct ioasid_file *ctx = f->priv;
	bool gone = objects_remove_all(&ctx->ictx);

	assert(gone && !ctx->devs && page_queue_empty(&ctx->faults));
	(void)gone;
	ioasid_forget_memory(ctx);
	if (ctx->pasids)
		pasid_set_put(ctx->ictx.ref, ctx->pasids);
	free(ctx->ictx.ids);
	free(ctx);
}

const struct ref_file_ops ioasid_file_ops = {
	.ioctl = ioasid_ioctl,
	.release = ioasid_release,
};

int ioasid_file_find(struct iommu_ref_proc *caller, int fd, struct ref_file **out)
{
	if (!file_at(caller, fd))
		return -EBADF;
	*out = file_get(caller, fd, &ioasid_file_ops);
	return *out ? 0 : -EBADFD;
}

int ioasid_open(struct iommu_ref_proc *proc)
{
	struct ioasid_file *ctx;
	int fd;

	if (proc->ref->driver)	/* the mock driver has tables of its own */
		return -ENOENT;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->ictx.ref = proc->ref;
	/* "the locked memory accounting" is type1's: the process pays */
	ctx->ictx.account_mm = true;
	page_queue_init(&ctx->faults);
	fd = file_install(proc, &ioasid_file_ops, ctx);
	if (fd < 0)
		free(ctx);
	return fd;
}
