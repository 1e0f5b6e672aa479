// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The kernel's own side of v7: what other drivers do with PASIDs and with the domain of a
 * container, which no system call says. For tests of what they and user space may do to each other.
 */
#include <errno.h>

#include "vfio_priv.h"

int iommu_ref_host_pasid(struct iommu_ref *ref, uint32_t min, uint32_t max, uint32_t *pasid)
{
	int rc = -ENOSPC;

	ref_lock(ref);
	if (pasid_host_set(ref))
		rc = pasid_alloc(ref, pasid_host_set(ref), min, max, pasid);
	ref_unlock(ref);
	return rc;
}

int iommu_ref_pasid_get(struct iommu_ref_proc *proc, uint32_t pasid)
{
	int rc = -EINVAL;

	ref_lock(proc->ref);
	if (proc->vfio_mm)
		rc = pasid_get(proc->ref, proc->vfio_mm->set, pasid);
	ref_unlock(proc->ref);
	return rc;
}

void iommu_ref_pasid_put(struct iommu_ref *ref, uint32_t pasid)
{
	ref_lock(ref);
	pasid_put(ref, pasid);
	ref_unlock(ref);
}

int iommu_ref_container_set_pasids(struct iommu_ref_proc *proc, int fd,
				   const struct iommu_ref_proc *owner)
{
	struct ref_file *f;
	int rc = -EBADF;

	ref_lock(proc->ref);
	f = file_get(proc, fd, &vfio_container_file_ops);
	if (f && owner && !owner->vfio_mm)
		rc = -EINVAL;
	else if (f)
		rc = vfio_container_set_pasids(f->priv, owner ? owner->vfio_mm->set :
							       pasid_host_set(proc->ref));
	ref_unlock(proc->ref);
	return rc;
}
