// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Virtual and physical PASIDs (section 4 of the RFC): what a device puts on the wire for the PASID
 * that its user gave, and the translation that KVM puts into CPUs for ENQCMD.
 *
 *	pdev			vPASID == pPASID, no default PASID
 *	mdev			pPASIDs out of the parent's own space, a default one too
 *	mdev with ENQCMD	out of the global pool: one for an IOASID, whatever the device
 */
#include <errno.h>
#include <stdlib.h>

#include "ioasid_objects.h"

/* ---- on the wire */

static int global_alloc(struct ioasid_file *ctx, uint32_t *pasid)
{
	struct iommu_ref *ref = ctx->ictx.ref;
	int rc;

	if (!ctx->pasids) {
		rc = pasid_set_create(ref, ref->cfg.pasid_quota, &ctx->pasids);
		if (rc)
			return rc;
	}
	return pasid_alloc(ref, ctx->pasids, 1, (1u << machine_pasid_bits(ref)) - 1, pasid);
}

/* Linear in the attachments of one device. */
static int local_alloc(const struct ioasid_attach *new, uint32_t *pasid)
{
	const struct ioasid_attach *a;

	for (*pasid = 1; !(*pasid >> device_pasid_bits(new->dev->device)); (*pasid)++) {
		for (a = new->dev->attaches; a && (a == new || a->pasid != *pasid);)
			a = a->dev_next;
		if (!a)
			return 0;
	}
	return -ENOSPC;
}

/* "an ioasid ... a centralized place to hold this value" (ioasid_get_global_pasid()) */
static int space_pasid(struct ioasid *x)
{
	return x->pasid == NO_PASID ? global_alloc(ioasid_ctx(x), &x->pasid) : 0;
}

int ioasid_choose_pasid(struct ioasid_attach *new)
{
	const struct iommu_ref_device_config *cfg = device_config(new->dev->device);
	int rc;

	if (cfg->pasid_policy == IOMMU_REF_PASID_PDEV) {
		new->pasid = new->user_pasid;
		return 0;
	}
	/* "one for an IOASID, whatever the device"; the deepest of a route is on the wire */
	if (cfg->pasid_policy == IOMMU_REF_PASID_MDEV_ENQCMD && new->user_pasid != NO_PASID) {
		rc = space_pasid(new->space);
		new->pasid = new->space->pasid;
		return rc;
	}
	/* Address spaces on top of each other share their route. */
	for (const struct ioasid_attach *a = new->dev->attaches; a; a = a->dev_next) {
		if (a == new || a->user_pasid != new->user_pasid)
			continue;
		new->pasid = a->pasid;
		return 0;
	}
	if (cfg->pasid_policy == IOMMU_REF_PASID_MDEV)
		return local_alloc(new, &new->pasid);
	rc = global_alloc(ioasid_ctx(new->space), &new->pasid);
	new->own_pasid = !rc;
	return rc;
}

static void global_free(struct ioasid_file *ctx, uint32_t pasid)
{
	pasid_free_range(ctx->ictx.ref, ctx->pasids, pasid, pasid, NULL, NULL);
}

void ioasid_put_pasid(struct ioasid_attach *old)
{
	if (!old->own_pasid)
		return;
	/* Another one of the same route goes on with it. */
	for (struct ioasid_attach *a = old->dev->attaches; a; a = a->dev_next) {
		if (a->pasid != old->pasid)
			continue;
		a->own_pasid = true;
		return;
	}
	global_free(old->dev->ctx, old->pasid);
}

void ioasid_free_pasid(struct ioasid *x)
{
	if (x->pasid != NO_PASID)
		global_free(ioasid_ctx(x), x->pasid);
	x->pasid = NO_PASID;
}

int iommu_ref_wire_pasid(struct iommu_ref *ref, unsigned int device, bool has_pasid,
			 uint32_t user_pasid, uint32_t *pasid)
{
	const struct ioasid_attach *a = NULL;
	int rc = -ENODEV;

	ref_lock(ref);
	if (device_by_index(ref, device)) {
		if (ref->ioasid_devs[device])
			a = ioasid_route(ref->ioasid_devs[device],
					 has_pasid ? user_pasid : NO_PASID);
		rc = a ? a->pasid != NO_PASID : -ENOENT;
		if (rc == 1)
			*pasid = a->pasid;
	}
	ref_unlock(ref);
	return rc;
}

/* ---- KVM: the translation table of one virtual machine */

struct vm_pasid {
	struct vm_pasid *next;
	struct ref_file *file;		/* of the IOASID, kept open */
	struct ioasid *space;		/* used */
	uint32_t user_pasid;
};

struct vm {
	struct vm_pasid *pasids;
};

static struct vm_pasid **vm_find(struct vm *vm, uint32_t user_pasid)
{
	struct vm_pasid **p = &vm->pasids;

	while (*p && (*p)->user_pasid != user_pasid)
		p = &(*p)->next;
	return p;
}

static void vm_drop(struct vm_pasid **p)
{
	struct vm_pasid *m = *p;

	*p = m->next;
	m->space->obj.users--;
	file_put(m->file);
	free(m);
}

/* KVM_MAP_PASID */
static int vm_map(struct iommu_ref_proc *caller, struct vm *vm, const struct kvm_pasid_map *arg)
{
	struct vm_pasid *m;
	struct ref_file *file;
	struct ioasid *x;
	int rc = ioasid_file_find(caller, arg->ioasid_fd, &file);

	if (rc)
		return rc;
	x = ioasid_get(file->priv, arg->ioasid);
	/* "KVM also calls this function (alloc=false)": no device with ENQCMD, no PASID */
	if (!x || x->pasid == NO_PASID)
		return -ENOENT;
	if (*vm_find(vm, arg->user_pasid))
		return -EEXIST;
	m = malloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	*m = (struct vm_pasid){ vm->pasids, file, x, arg->user_pasid };
	vm->pasids = m;
	x->obj.users++;
	file_hold(file);
	return 0;
}

static long vm_ioctl(struct iommu_ref_proc *caller, struct ref_file *f, unsigned int cmd,
		     void *user)
{
	struct kvm_pasid_map arg;
	struct vm_pasid **p;
	int rc;

	if (cmd != KVM_MAP_PASID && cmd != KVM_UNMAP_PASID)
		return -ENOTTY;
	rc = ioasid_copy_arg(f->ref, &arg, sizeof(arg), sizeof(arg), user, NULL);
	if (rc)
		return rc;
	if (arg.flags || reserved_set(f->ref, arg.__reserved))
		return -EOPNOTSUPP;
	if (arg.user_pasid >> 20)	/* PCIe: a PASID has 20 bits */
		return -EINVAL;
	if (cmd == KVM_MAP_PASID)
		return vm_map(caller, f->priv, &arg);
	p = vm_find(f->priv, arg.user_pasid);
	if (!*p)
		return -ENOENT;
	vm_drop(p);
	return 0;
}

static void vm_release(struct ref_file *f)
{
	struct vm *vm = f->priv;

	while (vm->pasids)
		vm_drop(&vm->pasids);
	free(vm);
}

static const struct ref_file_ops vm_file_ops = {
	.ioctl = vm_ioctl,
	.release = vm_release,
};

int iommu_ref_vm_create(struct iommu_ref_proc *proc)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int fd;

	if (!vm)
		return -ENOMEM;
	ref_lock(proc->ref);
	fd = file_install(proc, &vm_file_ops, vm);
	ref_unlock(proc->ref);
	if (fd < 0)
		free(vm);
	return fd;
}

int iommu_ref_vm_pasid(struct iommu_ref_proc *proc, int vm_fd, uint32_t user_pasid,
		       uint32_t *pasid)
{
	const struct vm_pasid *m;
	struct ref_file *f;
	int rc = -EBADF;

	ref_lock(proc->ref);
	f = file_get(proc, vm_fd, &vm_file_ops);
	if (f) {
		m = *vm_find(f->priv, user_pasid);
		rc = m ? 0 : -ENOENT;
		if (m)
			*pasid = m->space->pasid;
	}
	ref_unlock(proc->ref);
	return rc;
}
