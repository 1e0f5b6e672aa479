// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the fuzzer found in the mock driver, which other tests do not link; what its oracle must not
 * let pass and the machines it makes; user addresses that
 * were taken for pointers (UndefinedBehaviorSanitizer says so). Each as the calls that show it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../mock/mock.h"
#include "../tests/ioasid_util.h"
#include "fuzz.h"

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

/* EINVAL of a file that is bound, or has a type, is no excuse for what documents none. */
static void einval_of_what_is_ready(void)
{
	static const enum fuzz_kind kinds[] = { FK_CDEV, FK_CONTAINER };
	const struct fuzz_rec rec = { 0 };
	struct fuzz f = { .mock = false };
	bool good = true;

	for (unsigned int i = 0; i < 2; i++) {
		struct fuzz_file file = { .kind = kinds[i] };
		struct fuzz_call c = { .rec = &rec, .file = &file, .kind = kinds[i],
				       .cmd = IOMMU_DESTROY, .rc = -EINVAL };

		good = good && fuzz_errno_documented(&c, &f);
		file.ready = true;
		good = good && !fuzz_errno_documented(&c, &f);
	}
	result(good, "EINVAL for any ioctl: only before the bind, or the type");
}

static void every_machine(void)
{
	static struct fuzz f;
	unsigned int made = 0, wide = 0, several = 0, large = 0;

	for (unsigned int c3 = 0; c3 < 16; c3 += 4) {
		for (unsigned int c4 = 0; c4 < 512; c4++) {
			const struct fuzz_head head = { .machine = c4 >> 8,
							.config = { [3] = (uint8_t)c3,
								    [4] = (uint8_t)c4 } };

			if (!fuzz_machine(&f, &head))
				continue;
			made++;
			wide += f.cfg.units[0].oas_bits == 52;
			several += f.cfg.nr_units == 2;
			large += f.cfg.granule > 4096;
			fuzz_end(&f);
		}
	}
	result(made == 4 * 512 && wide == 512 && several == 1024 && large == 512,
	       "every configuration is a machine: of two units, of 52 bits, of all granules");
}

/* An attach of an ENQCMD device that failed late left its address space with a PASID. */
static void attach_that_fails(void)
{
	struct iommu_ref_stats before, after;
	struct iommu_ref_config cfg;
	struct vfio_device_attach_ioasid *arg;
	struct fuzz_arena arena;
	struct io_user u;
	bool good, done = false;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.devices[0].pasid_policy = IOMMU_REF_PASID_MDEV_ENQCMD;
	good = !fuzz_arena_create(&arena) && !io_create(&u, &cfg) && !io_device(&u, 0);
	arg = (void *)(arena.base + ARENA_ARG * PG);
	*arg = (struct vfio_device_attach_ioasid){ .argsz = sizeof(*arg), .user_pasid = 5,
						   .flag = IOASID_ATTACH_USER_PASID,
						   .ioasid = (uint32_t)io_alloc(&u) };
	iommu_ref_stats(u.ref, &before);
	fuzz_arena = &arena;
	for (unsigned int n = 1; good && !done && n < 40; n++) {
		fuzz_arena->fail = n;
		done = !iommu_ref_ioctl(u.proc, u.dev[0], VFIO_ATTACH_IOASID, arg);
		fuzz_arena->fail = 0;
		iommu_ref_stats(u.ref, &after);
		good = done || after.pasids == before.pasids;
	}
	fuzz_arena = NULL;
	result(good && done && after.pasids == before.pasids + 1,
	       "an attach that fails leaves no PASID behind");
	iommu_ref_destroy(u.ref);
}

int main(void)
{
	einval_of_what_is_ready();
	every_machine();
	access_of_another_file();
	bitmap_of_everything();
	no_pointers();
	attach_that_fails();
	printf("1..%u\n", nr);
	return failed != 0;
}
