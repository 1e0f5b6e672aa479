// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DMA that an SMMU's guest table does not allow raises an event, and whoever polls the queue is
 * told. test-shim runs it with vendor=smmuv3. Prints TAP.
 */
#include "tap.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>

#include "iommufd.h"
#include "vfio.h"

/* The queue of a guest's SMMU whose context for device 0, at 0x40000000, is all zeros. */
static int event_queue(int fd, int dev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd };
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_hwpt_alloc parent = { .size = sizeof(parent),
					   .flags = IOMMU_HWPT_ALLOC_NEST_PARENT };
	struct iommu_viommu_alloc viommu = { .size = sizeof(viommu),
					     .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3 };
	struct iommu_vdevice_alloc vdev = { .size = sizeof(vdev), .virt_id = 0x10 };
	struct iommu_veventq_alloc queue = { .size = sizeof(queue), .veventq_depth = 8,
					     .type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 };
	/* valid, stage 1 translates */
	struct iommu_hwpt_arm_smmuv3 ste = { .ste = { 1 | 5 << 1 | 0x40000000ull, 0 } };
	struct iommu_hwpt_alloc nested = {
		.size = sizeof(nested), .data_type = IOMMU_HWPT_DATA_ARM_SMMUV3,
		.data_len = sizeof(ste), .data_uptr = (uintptr_t)&ste,
	};
	struct vfio_device_attach_iommufd_pt pt = { .argsz = sizeof(pt) };
	static char zeros[65536] __attribute__((aligned(4096)));
	struct iommu_ioas_map map = {
		.size = sizeof(map), .iova = 0x40000000, .user_va = (uintptr_t)zeros,
		.length = sizeof(zeros), .flags = IOMMU_IOAS_MAP_FIXED_IOVA |
						  IOMMU_IOAS_MAP_READABLE |
						  IOMMU_IOAS_MAP_WRITEABLE,
	};

	if (ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind) || ioctl(fd, IOMMU_IOAS_ALLOC, &ioas))
		return -1;
	parent.dev_id = viommu.dev_id = vdev.dev_id = nested.dev_id = bind.out_devid;
	parent.pt_id = map.ioas_id = ioas.out_ioas_id;
	if (ioctl(fd, IOMMU_IOAS_MAP, &map) || ioctl(fd, IOMMU_HWPT_ALLOC, &parent))
		return -1;
	viommu.hwpt_id = parent.out_hwpt_id;
	if (ioctl(fd, IOMMU_VIOMMU_ALLOC, &viommu))
		return -1;
	vdev.viommu_id = queue.viommu_id = nested.pt_id = viommu.out_viommu_id;
	if (ioctl(fd, IOMMU_VDEVICE_ALLOC, &vdev) || ioctl(fd, IOMMU_VEVENTQ_ALLOC, &queue) ||
	    ioctl(fd, IOMMU_HWPT_ALLOC, &nested))
		return -1;
	pt.pt_id = nested.out_hwpt_id;
	return ioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &pt) ? -1 : (int)queue.out_veventq_fd;
}

int main(void)
{
	int (*dma)(unsigned int device, uint64_t iova, void *buf, size_t len, bool write) =
		(int (*)(unsigned int, uint64_t, void *, size_t, bool))
			dlsym(RTLD_DEFAULT, "iommu_ref_shim_dma");
	int fd = open("/dev/iommu", O_RDWR), dev = open("/dev/vfio/devices/vfio0", O_RDWR);
	struct pollfd p = { .fd = event_queue(fd, dev), .events = POLLIN };
	char buf[256];

	result(p.fd >= 0 && !poll(&p, 1, 0), "an event queue, which is empty");
	result(dma && dma(0, 0x1000, buf, 16, false) == -EFAULT && poll(&p, 1, 0) == 1,
	       "DMA is stopped, and the queue can be read");
	result(read(p.fd, buf, sizeof(buf)) > 0 && !poll(&p, 1, 0), "is read, and is empty");
	close(p.fd);
	close(dev);
	close(fd);
	return done();
}
