/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A VFIO device as a PCI function, for its two kinds of file: a group's and a cdev. Functions take
 * the index of the device in the machine. They are called with ref_lock() held.
 */
#ifndef IOMMU_REF_VFIO_PCI_H
#define IOMMU_REF_VFIO_PCI_H

#include "frontend.h"

/* GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS, RESET; -ENOTTY: none of these. */
long vfio_pci_ioctl(struct iommu_ref *ref, unsigned int index, unsigned int cmd, void *user_arg);
/* At @offset of the device's file. Bytes moved, or -EINVAL, -EIO (memory is off), -EFAULT. */
ssize_t vfio_pci_read(struct iommu_ref *ref, unsigned int index, void *buf, size_t len,
		      uint64_t offset);
ssize_t vfio_pci_write(struct iommu_ref *ref, unsigned int index, const void *buf, size_t len,
		       uint64_t offset);
/* *@page: where the memory is that a mapping of [@offset, @offset + @len) shows. -EINVAL. */
int vfio_pci_mmap(struct iommu_ref *ref, unsigned int index, uint64_t offset, size_t len,
		  void **page);

#endif
