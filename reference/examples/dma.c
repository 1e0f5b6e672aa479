// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* DMA to memory that was mapped through VFIO, then the fault once it is unmapped. */
#include <err.h>
#include <iommu_ref.h>
#include <linux/vfio.h>
#include <stdio.h>

#define IOCTL(fd, cmd, arg) do { \
	if (iommu_ref_ioctl(proc, fd, cmd, (void *)(arg)) < 0) errx(1, #cmd " failed"); \
} while (0)

int main(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map), .iova = 0x10000, .size = 4096,
		.flags = VFIO_DMA_MAP_FLAG_WRITE, .vaddr = (uintptr_t)page };
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap), .iova = 0x10000,
		.size = 4096 };
	struct iommu_ref_dma dma = { .write = true, .iova = 0x10005, .buf = "a device", .len = 9 };
	struct iommu_ref_config cfg;
	struct iommu_ref_fault fault;
	struct iommu_ref_proc *proc;
	struct iommu_ref *ref;
	int container, group;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	if (iommu_ref_create(&cfg, &ref) || iommu_ref_proc_create(ref, &proc))
		errx(1, "no memory for a machine and a process in it");
	container = iommu_ref_open(proc, "/dev/vfio/vfio", 0);
	group = iommu_ref_open(proc, "/dev/vfio/1", 0); /* the group of device 0 */
	IOCTL(group, VFIO_GROUP_SET_CONTAINER, &container);
	IOCTL(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	IOCTL(container, VFIO_IOMMU_MAP_DMA, &map);
	if (!iommu_ref_dma(ref, &dma, NULL))
		printf("memory says: %s\n", page + 5);
	IOCTL(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
	if (iommu_ref_dma(ref, &dma, &fault) < 0)
		printf("unmapped: fault %d at %#lx\n", fault.reason, (long)fault.iova);
	iommu_ref_destroy(ref);
}
