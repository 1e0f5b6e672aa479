// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A machine, a device of it, and DMA to memory that was mapped through VFIO; then the fault once it
 * is unmapped.
 * cc dma.c $(pkg-config --cflags --libs iommu-ref)
 */
#include <iommu_ref.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-rc));
		exit(1);
	}
	return rc;
}

int main(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map), .iova = 0x10000,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)page, .size = sizeof(page) };
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap), .iova = map.iova,
		.size = map.size };
	struct iommu_ref_dma dma = { .device = 0, .write = true, .iova = map.iova + 5,
		.buf = "from a device", .len = sizeof("from a device") };
	struct iommu_ref_config cfg;
	struct iommu_ref_fault fault;
	struct iommu_ref_proc *proc;
	struct iommu_ref *ref;
	int container, group;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	check(iommu_ref_create(&cfg, &ref), "machine");
	check(iommu_ref_proc_create(ref, &proc), "process");
	container = check(iommu_ref_open(proc, "/dev/vfio/vfio", 0), "container");
	group = check(iommu_ref_open(proc, "/dev/vfio/1", 0), "group");	/* device 0's */
	check(iommu_ref_ioctl(proc, group, VFIO_GROUP_SET_CONTAINER, &container), "attach");
	check(iommu_ref_ioctl(proc, container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU), "type");
	check(iommu_ref_ioctl(proc, container, VFIO_IOMMU_MAP_DMA, &map), "map");
	check(iommu_ref_dma(ref, &dma, NULL), "DMA");
	printf("memory says: %s\n", page + 5);
	check(iommu_ref_ioctl(proc, container, VFIO_IOMMU_UNMAP_DMA, &unmap), "unmap");
	if (iommu_ref_dma(ref, &dma, &fault) < 0)
		printf("unmapped: fault %d at %#llx\n", fault.reason,
		       (unsigned long long)fault.iova);
	iommu_ref_destroy(ref);
	return 0;
}
