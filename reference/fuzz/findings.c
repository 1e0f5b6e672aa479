// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the fuzzer found in the mock driver, which other tests do not link, and user addresses that
 * were taken for pointers (UndefinedBehaviorSanitizer says so). Each as the calls that show it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../mock/mock.h"
#include "../tests/iommufd_util.h"

static unsigned int failed, nr;

static void result(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++nr, what);
	failed += !good;
}

static bool mock_user(struct iommu_ref **ref, struct fd_user *u)
{
	struct iommu_ref_config cfg;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	return !mock_create(&cfg, ref) && !fd_user_create(*ref, u);
}

/* An access of one iommufd, told to move by a command on another one, found its IOAS there. */
static void access_of_another_file(void)
{
	struct mock_cmd create = { .size = sizeof(create), .op = MOCK_CREATE_ACCESS };
	struct mock_cmd move = { .size = sizeof(move), .op = MOCK_ACCESS_REPLACE_IOAS };
	struct fd_user u, other;
	struct iommu_ref *ref;
	uint32_t ioas = 0, theirs = 0;
	bool good = mock_user(&ref, &u);

	other = u;
	other.fd = iommu_ref_open(u.proc, "/dev/iommu", 0);
	good = good && !fd_ioas(&u, &ioas) && !fd_ioas(&other, &theirs) &&
	       !fd_ioas(&other, &theirs);
	create.id = ioas;
	good = good && !fd_cmd(&u, MOCK_IOCTL, &create);
	move.id = create.create_access.out_fd;
	move.access_replace.ioas_id = theirs;	/* there is no such id in its own */
	result(good && fd_cmd(&other, MOCK_IOCTL, &move) == -ENOENT && !fd_destroy(&other, theirs),
	       "an access stays in the iommufd that it was made in");
	iommu_ref_destroy(ref);
}

/* A bitmap of nearly all addresses was walked page by page: a time without end. */
static void bitmap_of_everything(void)
{
	struct iommu_hwpt_set_dirty_tracking track = { .size = sizeof(track), .flags = 1 };
	struct mock_cmd dev = { .size = sizeof(dev), .op = MOCK_NEW_DEVICE };
	struct iommu_hwpt_get_dirty_bitmap get = { .size = sizeof(get), .length = 1ull << 63,
						   .page_size = 1ull << 40 };
	struct fd_user u;
	struct iommu_ref *ref;
	uint32_t ioas = 0, hwpt = 0;
	bool good = mock_user(&ref, &u) && !fd_ioas(&u, &ioas);

	dev.id = ioas;
	good = good && !fd_cmd(&u, MOCK_IOCTL, &dev) &&
	       !fd_paging(&u, dev.new_device.out_idev_id, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			  &hwpt);
	track.hwpt_id = get.hwpt_id = hwpt;
	result(good && !fd_cmd(&u, IOMMU_HWPT_SET_DIRTY_TRACKING, &track) &&
	       !fd_cmd(&u, IOMMU_HWPT_GET_DIRTY_BITMAP, &get),
	       "a dirty bitmap of all addresses ends where the table does");
	iommu_ref_destroy(ref);
}

static void no_pointers(void)
{
	struct iommu_ref_config cfg;
	struct iommu_ref *ref;
	struct fd_user u;
	struct iommu_fault_alloc alloc = { .size = sizeof(alloc) };
	bool good;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	good = !iommu_ref_create(&cfg, &ref) && !fd_user_create(ref, &u) &&
	       !fd_cmd(&u, IOMMU_FAULT_QUEUE_ALLOC, &alloc);
	result(good && iommu_ref_write(u.proc, (int)alloc.out_fault_fd, NULL, 8) == -EFAULT &&
	       iommu_ref_ioctl(u.proc, fd_open_cdev(&u, 0), VFIO_DEVICE_BIND_IOMMUFD,
			       (void *)3) == -EFAULT,
	       "NULL and misaligned addresses are numbers until they are copied");
	iommu_ref_destroy(ref);
}

int main(void)
{
	access_of_another_file();
	bitmap_of_everything();
	no_pointers();
	printf("1..%u\n", nr);
	return failed != 0;
}
