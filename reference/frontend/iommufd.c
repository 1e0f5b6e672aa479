// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/iommu: its file, the object ids, and the dispatch of commands with the size rules that
 * extensible structs have. The commands themselves are in iommufd_*.c.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "iommufd_driver.h"

#define TOMBSTONE ((struct object *)UINTPTR_MAX)

/* ---- helpers of the commands */

bool reserved_set(struct iommu_ref *ref, uint64_t field)
{
	(void)ref;
	if (ref_defect(ref, RESERVED_IGNORED))
		return false;
	return field != 0;
}

int ucmd_respond(struct ucmd *u, size_t len)
{
	return copy_to_user(u->user, u->cmd, len < u->user_size ? len : u->user_size);
}

/* ---- objects */

/* xa_alloc() of the kernel: ids start at 1, the lowest free one is taken. */
static int take_id(struct iommufd *ictx, struct object *obj)
{
	struct object **ids;
	uint32_t i, n;

	for (i = ictx->id_hint; i < ictx->nr_ids; i++)
		if (!ictx->ids[i])
			break;
	ictx->id_hint = i;
	if (i == ictx->nr_ids) {
		n = ictx->nr_ids ? ictx->nr_ids * 2 : 16;
		ids = realloc(ictx->ids, n * sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		memset(&ids[i], 0, (n - i) * sizeof(*ids));
		ictx->ids = ids;
		ictx->nr_ids = n;
	}
	ictx->ids[i] = obj;
	obj->id = i + 1;
	return 0;
}

void *object_alloc(struct iommufd *ictx, size_t size, enum object_type type,
		   void (*destroy)(struct object *obj))
{
	struct object *obj = calloc(1, size);

	if (!obj || take_id(ictx, obj)) {
		free(obj);
		return NULL;
	}
	obj->ictx = ictx;
	obj->type = type;
	obj->destroy = destroy;
	obj->users = 1;
	obj->next = ictx->objects;
	obj->prev = &ictx->objects;
	if (obj->next)
		obj->next->prev = &obj->next;
	ictx->objects = obj;
	ictx->ref->stats.objects++;
	return obj;
}

static struct object *id_lookup(const struct iommufd *ictx, uint32_t id)
{
	struct object *obj = id && id <= ictx->nr_ids ? ictx->ids[id - 1] : NULL;

	return obj == TOMBSTONE ? NULL : obj;
}

/* What FOREIGN_ID_ACCEPTED finds: the id in any other open iommufd. */
static struct object *foreign_lookup(struct iommufd *ictx, uint32_t id)
{
	for (struct iommu_ref_proc *p = ictx->ref->procs; p; p = p->next) {
		for (int fd = 0; fd < REF_MAX_FDS; fd++) {
			struct ref_file *f = file_get(p, fd, &iommufd_file_ops);
			struct object *obj = f && f->priv != ictx ? id_lookup(f->priv, id) : NULL;

			if (obj)
				return obj;
		}
	}
	return NULL;
}

/* What KIND_IGNORED finds: any object of the right kind. */
static struct object *of_kind(const struct iommufd *ictx, enum object_type type)
{
	struct object *obj = ictx->objects;

	while (obj && obj->type != type)
		obj = obj->next;
	return obj;
}

void *object_get(struct iommufd *ictx, uint32_t id, enum object_type type)
{
	struct object *obj = id_lookup(ictx, id);

	if (!obj && ref_defect(ictx->ref, FOREIGN_ID_ACCEPTED))
		obj = foreign_lookup(ictx, id);
	if (obj && type != OBJECT_ANY && obj->type != type && ref_defect(ictx->ref, KIND_IGNORED))
		obj = of_kind(ictx, type);
	if (!obj || (type != OBJECT_ANY && obj->type != type))
		return NULL;
	return obj;
}

static void drop_id(struct object *obj, bool tombstone)
{
	struct iommufd *ictx = obj->ictx;

	if (!obj->id)
		return;
	ictx->ids[obj->id - 1] = tombstone ? TOMBSTONE : NULL;
	if (!tombstone && obj->id - 1 < ictx->id_hint)
		ictx->id_hint = obj->id - 1;
	obj->id = 0;
}

void object_remove(struct object *obj, bool tombstone)
{
	assert(obj->users == 1);
	drop_id(obj, tombstone);
	*obj->prev = obj->next;
	if (obj->next)
		obj->next->prev = obj->prev;
	if (obj->ictx->vfio_ioas && obj == &obj->ictx->vfio_ioas->obj)
		obj->ictx->vfio_ioas = NULL;
	obj->ictx->ref->stats.objects--;
	obj->destroy(obj);
	free(obj);
}

/* IOMMU_DESTROY: -ENOENT, -EBUSY. */
static int destroy(struct ucmd *u)
{
	const struct iommu_destroy *cmd = u->cmd;
	struct object *obj = object_get(u->ictx, cmd->id, OBJECT_ANY);

	if (!obj)
		return ref_defect(u->ictx->ref, DESTROY_UNKNOWN_SUCCEEDS) ? 0 : -ENOENT;
	if (obj->users > 1) {
		/* The object itself stays until the file is closed, so that nothing dangles. */
		if (ref_defect(u->ictx->ref, DESTROY_BUSY_ALLOWED)) {
			drop_id(obj, false);
			return 0;
		}
		return -EBUSY;
	}
	object_remove(obj, false);
	return 0;
}

/* ---- IOMMU_OPTION */

static int option_rlimit_mode(struct iommufd *ictx, struct iommu_option *cmd)
{
	if (cmd->object_id)
		return -EOPNOTSUPP;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = ictx->account_mm;
		return 0;
	}
	if (cmd->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (ictx->ref->cfg.no_sys_resource)
		return -EPERM;
	if (ictx->objects)
		return -EBUSY;
	if (cmd->val64 > 1)
		return -EINVAL;
	ictx->account_mm = cmd->val64;
	return 0;
}

static int option(struct ucmd *u)
{
	struct iommu_option *cmd = u->cmd;
	int rc;

	if (reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	switch (cmd->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		rc = option_rlimit_mode(u->ictx, cmd);
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		rc = ioas_option(u);
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (rc)
		return rc;
	return copy_to_user(user_at(u->user, offsetof(struct iommu_option, val64)), &cmd->val64,
			    sizeof(cmd->val64));
}

/* ---- dispatch */

union any_cmd {
	struct iommu_destroy destroy;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_allow_iovas allow_iovas;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_iova_ranges iova_ranges;
	struct iommu_ioas_map map;
	struct iommu_ioas_unmap unmap;
	struct iommu_option option;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_set_dirty_tracking set_dirty_tracking;
	struct iommu_hwpt_get_dirty_bitmap get_dirty_bitmap;
	struct iommu_hwpt_invalidate invalidate;
	struct iommu_fault_alloc fault_alloc;
	struct iommu_ioas_map_file map_file;
	struct iommu_viommu_alloc viommu_alloc;
	struct iommu_vdevice_alloc vdevice_alloc;
	struct iommu_ioas_change_process change_process;
	struct iommu_veventq_alloc veventq_alloc;
	struct iommu_hw_queue_alloc hw_queue_alloc;
};

struct command {
	unsigned int nr;	/* the whole ioctl number */
	uint32_t size;
	uint32_t min_size;	/* of the struct's first version */
	int (*execute)(struct ucmd *u);
};

#define COMMAND(_nr, _execute, _struct, _last)					\
	[_IOC_NR(_nr) - IOMMUFD_CMD_BASE] = {					\
		.nr = _nr,							\
		.size = sizeof(struct _struct),					\
		.min_size = offsetof(struct _struct, _last) +			\
			    sizeof(((struct _struct *)0)->_last),		\
		.execute = _execute,						\
	}

static const struct command commands[] = {
	COMMAND(IOMMU_DESTROY, destroy, iommu_destroy, id),
	COMMAND(IOMMU_IOAS_ALLOC, ioas_alloc, iommu_ioas_alloc, out_ioas_id),
	COMMAND(IOMMU_IOAS_ALLOW_IOVAS, ioas_allow_iovas, iommu_ioas_allow_iovas, allowed_iovas),
	COMMAND(IOMMU_IOAS_COPY, ioas_copy, iommu_ioas_copy, src_iova),
	COMMAND(IOMMU_IOAS_IOVA_RANGES, ioas_iova_ranges, iommu_ioas_iova_ranges,
		out_iova_alignment),
	COMMAND(IOMMU_IOAS_MAP, ioas_map, iommu_ioas_map, iova),
	COMMAND(IOMMU_IOAS_UNMAP, ioas_unmap, iommu_ioas_unmap, length),
	COMMAND(IOMMU_OPTION, option, iommu_option, val64),
	COMMAND(IOMMU_VFIO_IOAS, ioas_vfio_ioas, iommu_vfio_ioas, __reserved),
	COMMAND(IOMMU_HWPT_ALLOC, hwpt_alloc, iommu_hwpt_alloc, __reserved),
	COMMAND(IOMMU_GET_HW_INFO, get_hw_info, iommu_hw_info, __reserved),
	COMMAND(IOMMU_HWPT_SET_DIRTY_TRACKING, hwpt_set_dirty_tracking,
		iommu_hwpt_set_dirty_tracking, __reserved),
	COMMAND(IOMMU_HWPT_GET_DIRTY_BITMAP, hwpt_get_dirty_bitmap, iommu_hwpt_get_dirty_bitmap,
		data),
	COMMAND(IOMMU_HWPT_INVALIDATE, hwpt_invalidate, iommu_hwpt_invalidate, __reserved),
	COMMAND(IOMMU_FAULT_QUEUE_ALLOC, fault_alloc, iommu_fault_alloc, out_fault_fd),
	COMMAND(IOMMU_IOAS_MAP_FILE, ioas_map_file, iommu_ioas_map_file, iova),
	COMMAND(IOMMU_VIOMMU_ALLOC, viommu_alloc, iommu_viommu_alloc, out_viommu_id),
	COMMAND(IOMMU_VDEVICE_ALLOC, vdevice_alloc, iommu_vdevice_alloc, virt_id),
	COMMAND(IOMMU_IOAS_CHANGE_PROCESS, ioas_change_process, iommu_ioas_change_process,
		__reserved),
	COMMAND(IOMMU_VEVENTQ_ALLOC, veventq_alloc, iommu_veventq_alloc, out_veventq_fd),
	COMMAND(IOMMU_HW_QUEUE_ALLOC, hw_queue_alloc, iommu_hw_queue_alloc, length),
};

static long iommufd_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
			  void *user)
{
	struct ucmd u = { .ictx = f->priv, .caller = caller, .file = f, .user = user };
	unsigned int nr = _IOC_NR(cmd);
	const struct command *c;
	union any_cmd buf;
	int rc;

	if (f->ref->driver && cmd == f->ref->driver->ioctl_nr)
		return f->ref->driver->ioctl(&u);
	if (nr < IOMMUFD_CMD_BASE ||
	    nr - IOMMUFD_CMD_BASE >= sizeof(commands) / sizeof(commands[0]))
		return vfio_compat_ioctl(&u, cmd);
	rc = copy_from_user(&u.user_size, user, sizeof(u.user_size));
	if (rc)
		return rc;
	c = &commands[nr - IOMMUFD_CMD_BASE];
	if (c->nr != cmd)
		return -ENOTTY;
	if (u.user_size < c->min_size && !ref_defect(f->ref, SIZE_SHORT_ACCEPTED))
		return -EINVAL;
	if (u.user_size > c->size && ref_defect(f->ref, SIZE_EXACT))
		return -E2BIG;
	rc = copy_struct_from_user(f->ref, &buf, c->size, user, u.user_size);
	if (rc)
		return rc;
	u.cmd = &buf;
	return c->execute(&u);
}

/* ---- the file */

/* Leaves of the graph first: each destroyed object ends its use of others. */
bool objects_remove_all(struct iommufd *ictx)
{
	bool progress = true;

	while (ictx->objects && progress) {
		struct object *obj = ictx->objects, *next;

		for (progress = false; obj; obj = next) {
			next = obj->next;
			if (obj->users > 1)
				continue;
			object_remove(obj, false);
			progress = true;
			break;	/* it may have taken others with it */
		}
	}
	return !ictx->objects;
}

/* All devices are unbound: each holds this file open. */
static void iommufd_release(struct ref_file *f)
{
	struct iommufd *ictx = f->priv;
	bool gone = objects_remove_all(ictx);

	assert(!ictx->groups);
	if (!gone) {
		/* Only objects of another file can still use these, and it must not find them. */
		assert(ref_defect(ictx->ref, FOREIGN_ID_ACCEPTED));
		return;
	}
	free(ictx->ids);
	free(ictx);
}

const struct ref_file_ops iommufd_file_ops = {
	.ioctl = iommufd_ioctl,
	.release = iommufd_release,
};

int iommufd_open(struct iommu_ref_proc *proc)
{
	struct iommufd *ictx = calloc(1, sizeof(*ictx));
	int fd;

	if (!ictx)
		return -ENOMEM;
	ictx->ref = proc->ref;
	fd = file_install(proc, &iommufd_file_ops, ictx);
	if (fd < 0)
		free(ictx);
	return fd;
}
