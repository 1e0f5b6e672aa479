// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The mock driver's test commands with arguments that make no sense, and what the kernel's
 * selftests do not do with it: run by test-shim on a mock machine. Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../mock/abi.h"

#define PAGE 4096ul
#define BASE 0x1000000ul	/* MOCK_FIRST */

static unsigned int results, failures;

static void result(bool good, const char *what)
{
	results++;
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", results, what);
}

/* An ioctl: 0 or a value, or -errno. */
static int call(int fd, unsigned long nr, void *arg)
{
	int rc = ioctl(fd, nr, arg);

	return rc < 0 ? -errno : rc;
}

/* One test command: @cmd with its size and operation. */
static int mock(int fd, unsigned int op, uint32_t id, struct mock_cmd *cmd)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return call(fd, MOCK_IOCTL, cmd);
}

struct machine {
	int fd, access, pins;		/* two accesses of the IOAS, one that pins */
	uint32_t ioas, stdev, hwpt, idev;
	char *mem;
};

static uint32_t new_ioas(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	return call(fd, IOMMU_IOAS_ALLOC, &cmd) ? 0 : cmd.out_ioas_id;
}

static int map(struct machine *m, void *va, uint64_t len, uint64_t iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = m->ioas, .user_va = (uintptr_t)va, .length = len,
		.iova = iova, .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
				       IOMMU_IOAS_MAP_WRITEABLE,
	};

	return call(m->fd, IOMMU_IOAS_MAP, &cmd);
}

static int new_access(struct machine *m, uint32_t flags)
{
	struct mock_cmd cmd = { .create_access = { .flags = flags } };
	int rc = mock(m->fd, MOCK_CREATE_ACCESS, m->ioas, &cmd);

	return rc ? rc : (int)cmd.create_access.out_fd;
}

static int access_ioas(int access, int fd, uint32_t ioas)
{
	struct mock_cmd cmd = { .access_replace = { .ioas_id = ioas } };

	return mock(fd, MOCK_ACCESS_REPLACE_IOAS, (uint32_t)access, &cmd);
}

static void create(struct machine *m)
{
	struct mock_cmd cmd = { 0 };

	m->fd = open("/dev/iommu", O_RDWR);
	m->ioas = new_ioas(m->fd);
	m->mem = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mock(m->fd, MOCK_NEW_DEVICE, m->ioas, &cmd))
		printf("# no mock device\n");
	m->stdev = cmd.new_device.out_stdev_id;
	m->hwpt = cmd.new_device.out_hwpt_id;
	m->idev = cmd.new_device.out_idev_id;
	m->access = new_access(m, 0);
	m->pins = new_access(m, MOCK_ACCESS_PINS);
}

/* ---- each operation with a field that is wrong */

struct wrong {
	const char *what;
	unsigned int op;
	int error;
	enum { ID_NONE, ID_IOAS, ID_STDEV, ID_HWPT, ID_IDEV, ID_ACCESS, ID_PINS } id;
	struct mock_cmd cmd;
};

#define BIG (1ull << 62)

static const struct wrong wrongs[] = {
	{ "an operation 0", 0, EOPNOTSUPP, ID_NONE, { 0 } },
	{ "an operation that is none", 99, EOPNOTSUPP, ID_NONE, { 0 } },
	{ "reserved: no IOAS", MOCK_ADD_RESERVED, ENOENT, ID_HWPT,
	  { .add_reserved = { 0, PAGE } } },
	{ "reserved: nothing", MOCK_ADD_RESERVED, EINVAL, ID_IOAS, { .add_reserved = { 0, 0 } } },
	{ "reserved: overflow", MOCK_ADD_RESERVED, EOVERFLOW, ID_IOAS,
	  { .add_reserved = { UINT64_MAX, 2 } } },
	{ "device: no page table", MOCK_NEW_DEVICE, ENOENT, ID_NONE, { 0 } },
	{ "device: a device for a page table", MOCK_NEW_DEVICE, EINVAL, ID_IDEV, { 0 } },
	{ "device: unknown flags", MOCK_NEW_DEVICE_FLAGS, EINVAL, ID_IOAS,
	  { .new_device = { .flags = 0x80 } } },
	{ "map: no HWPT", MOCK_CHECK_MAP, ENOENT, ID_IOAS, { .check_map = { BASE, PAGE, 0 } } },
	{ "map: in a page", MOCK_CHECK_MAP, EINVAL, ID_HWPT,
	  { .check_map = { BASE + 1, PAGE, 0 } } },
	{ "map: overflow", MOCK_CHECK_MAP, EINVAL, ID_HWPT,
	  { .check_map = { BASE, PAGE, UINT64_MAX - PAGE + 1 } } },
	{ "map: nothing there", MOCK_CHECK_MAP, EINVAL, ID_HWPT,
	  { .check_map = { BASE + 1024 * PAGE, PAGE, PAGE } } },
	{ "refs: in a page", MOCK_CHECK_REFS, EINVAL, ID_NONE,
	  { .check_refs = { PAGE, 1, 0 } } },
	{ "refs: overflow", MOCK_CHECK_REFS, EINVAL, ID_NONE,
	  { .check_refs = { PAGE * 2, UINT64_MAX - PAGE + 1, 0 } } },
	{ "access: unknown flags", MOCK_CREATE_ACCESS, EOPNOTSUPP, ID_IOAS,
	  { .create_access = { .flags = 0x100 } } },
	{ "access: no IOAS", MOCK_CREATE_ACCESS, ENOENT, ID_HWPT, { 0 } },
	{ "replace: no access", MOCK_ACCESS_REPLACE_IOAS, EBADFD, ID_NONE, { 0 } },
	{ "replace: no IOAS", MOCK_ACCESS_REPLACE_IOAS, ENOENT, ID_ACCESS,
	  { .access_replace = { 9999 } } },
	{ "pin: too long", MOCK_PIN, ENOMEM, ID_PINS, { .pin = { .length = BIG } } },
	{ "pin: unknown flags", MOCK_PIN, EOPNOTSUPP, ID_PINS,
	  { .pin = { .flags = 0x80, .length = PAGE } } },
	{ "pin: no access", MOCK_PIN, EBADFD, ID_NONE, { .pin = { .length = PAGE } } },
	{ "pin: an access that does not", MOCK_PIN, EOPNOTSUPP, ID_ACCESS,
	  { .pin = { .length = PAGE, .iova = BASE } } },
	{ "pin: nothing", MOCK_PIN, EINVAL, ID_PINS, { .pin = { .length = 0 } } },
	{ "pin: overflow", MOCK_PIN, EOVERFLOW, ID_PINS,
	  { .pin = { .iova = UINT64_MAX, .length = PAGE } } },
	{ "pin: nothing mapped", MOCK_PIN, ENOENT, ID_PINS,
	  { .pin = { .iova = BASE + 1024 * PAGE, .length = PAGE } } },
	{ "unpin: no access", MOCK_UNPIN, EBADFD, ID_NONE, { .unpin = { 1 } } },
	{ "unpin: no such pin", MOCK_UNPIN, ENOENT, ID_PINS, { .unpin = { 77 } } },
	{ "rw: too long", MOCK_RW, ENOMEM, ID_ACCESS, { .rw = { .length = BIG } } },
	{ "rw: unknown flags", MOCK_RW, EOPNOTSUPP, ID_ACCESS,
	  { .rw = { .length = 1, .flags = 0x80 } } },
	{ "rw: no access", MOCK_RW, EBADFD, ID_NONE, { .rw = { .length = 1 } } },
	{ "rw: nothing", MOCK_RW, EINVAL, ID_ACCESS, { .rw = { .length = 0, .iova = BASE } } },
	{ "rw: overflow", MOCK_RW, EOVERFLOW, ID_ACCESS,
	  { .rw = { .iova = UINT64_MAX, .length = 2 } } },
	{ "rw: nothing mapped", MOCK_RW, ENOENT, ID_ACCESS,
	  { .rw = { .iova = BASE + 1024 * PAGE, .length = 1 } } },
	{ "limit: too small", MOCK_SET_MEMORY_LIMIT, EINVAL, ID_NONE, { .memory_limit = { 1 } } },
	{ "device: no such one", MOCK_REPLACE, ENOENT, ID_NONE, { 0 } },
	{ "device: replace by none", MOCK_REPLACE, ENOENT, ID_STDEV, { .replace = { 9999 } } },
	{ "device: replace by a device", MOCK_REPLACE, EINVAL, ID_STDEV, { 0 } },
	{ "dirty: no size", MOCK_SET_DIRTY, EINVAL, ID_HWPT,
	  { .dirty = { .length = PAGE, .uptr = 1 } } },
	{ "dirty: too much", MOCK_SET_DIRTY, EOVERFLOW, ID_HWPT,
	  { .dirty = { .length = BIG, .page_size = MOCK_PAGE, .uptr = 1 } } },
	{ "dirty: no HWPT", MOCK_SET_DIRTY, ENOENT, ID_IOAS,
	  { .dirty = { .length = PAGE, .page_size = MOCK_PAGE, .uptr = 1 } } },
	{ "dirty: not tracked", MOCK_SET_DIRTY, EINVAL, ID_HWPT,
	  { .dirty = { .length = PAGE, .page_size = MOCK_PAGE, .uptr = 1 } } },
	{ "IOTLB: no nested HWPT", MOCK_CHECK_IOTLB, ENOENT, ID_HWPT, { 0 } },
	{ "cache: no device", MOCK_CHECK_CACHE, ENOENT, ID_NONE, { 0 } },
	{ "cache: no such entry", MOCK_CHECK_CACHE, EINVAL, ID_IDEV,
	  { .check_cached = { .id = MOCK_CACHE_NR } } },
	{ "cache: another value", MOCK_CHECK_CACHE, EINVAL, ID_IDEV,
	  { .check_cached = { .id = 0, .value = 1 } } },
	{ "page request: no device", MOCK_TRIGGER_IOPF, ENOENT, ID_NONE, { 0 } },
	{ "event: no device", MOCK_TRIGGER_VEVENT, ENOENT, ID_NONE, { 0 } },
	{ "event: no vIOMMU", MOCK_TRIGGER_VEVENT, ENOENT, ID_NONE, { .vevent = { 0 } } },
	{ "PASID: attach of no device", MOCK_PASID_ATTACH, ENOENT, ID_NONE, { 0 } },
	{ "PASID: replace of no device", MOCK_PASID_REPLACE, ENOENT, ID_NONE, { 0 } },
	{ "PASID: detach of no device", MOCK_PASID_DETACH, ENOENT, ID_NONE, { 0 } },
	{ "PASID: check of no device", MOCK_PASID_CHECK, ENOENT, ID_NONE, { 0 } },
	{ "PASID: check of no page table", MOCK_PASID_CHECK, ENOENT, ID_STDEV,
	  { .pasid = { .pasid = 5, .pt_id = 9999 } } },
	{ "dma-buf: nothing", MOCK_DMABUF_GET, EINVAL, ID_NONE, { 0 } },
	{ "dma-buf: too long", MOCK_DMABUF_GET, EINVAL, ID_NONE,
	  { .dmabuf_get = { .length = 1u << 30 } } },
	{ "dma-buf: revoke of no file", MOCK_DMABUF_REVOKE, EBADF, ID_NONE,
	  { .dmabuf_revoke = { .fd = -1 } } },
};

static void test_wrong(struct machine *m)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		const uint32_t ids[] = {
			[ID_NONE] = 9999, [ID_IOAS] = m->ioas, [ID_STDEV] = m->stdev,
			[ID_HWPT] = m->hwpt, [ID_IDEV] = m->idev,
			[ID_ACCESS] = (uint32_t)m->access, [ID_PINS] = (uint32_t)m->pins,
		};
		struct mock_cmd cmd = w->cmd;
		int rc;

		if (w->op == MOCK_REPLACE && w->id == ID_STDEV && !cmd.replace.pt_id)
			cmd.replace.pt_id = m->idev;
		rc = mock(m->fd, w->op, ids[w->id], &cmd);
		if (rc != -w->error)
			printf("# %s: %d, not %d\n", w->what, rc, -w->error);
		result(rc == -w->error, w->what);
	}
}

/* ---- what is right */

/* With MOCK_SYZ the IOVA is the number of an area and an offset in it. */
static void test_areas(struct machine *m)
{
	struct mock_cmd pin = { .pin = { MOCK_SYZ, 0, (uint64_t)PAGE << 32 | 1, PAGE, 0 } };
	struct mock_cmd none = { .pin = { MOCK_SYZ, 0, 50, PAGE, 0 } };
	struct mock_cmd rw = { .rw = { 0, 4, (uintptr_t)m->mem, MOCK_SYZ } };
	struct mock_cmd unpin = { 0 };

	memcpy(m->mem + 32 * PAGE, "area", 4);
	result(!map(m, m->mem, 4 * PAGE, BASE) &&
	       !map(m, m->mem + 32 * PAGE, 4 * PAGE, BASE + 8 * PAGE), "two areas are mapped");
	result(!mock(m->fd, MOCK_PIN, (uint32_t)m->pins, &pin), "pin: a page of the second one");
	result(mock(m->fd, MOCK_PIN, (uint32_t)m->pins, &none) == -ENOENT, "pin: of the 50th");
	rw.rw.iova = 1;
	result(!mock(m->fd, MOCK_RW, (uint32_t)m->access, &rw) && !memcmp(m->mem, "area", 4),
	       "rw: of the second one");
	unpin.unpin.pin_id = pin.pin.out_pin_id;
	result(!mock(m->fd, MOCK_UNPIN, (uint32_t)m->pins, &unpin) &&
	       mock(m->fd, MOCK_UNPIN, (uint32_t)m->pins, &unpin) == -ENOENT, "unpin, once");
}

static int do_pin(struct machine *m, uint64_t iova, void *va, uint32_t *id)
{
	struct mock_cmd cmd = { .pin = { MOCK_PIN_WRITE, 0, iova, PAGE, (uintptr_t)va } };
	int rc = mock(m->fd, MOCK_PIN, (uint32_t)m->pins, &cmd);

	*id = cmd.pin.out_pin_id;
	return rc;
}

static void test_pins(struct machine *m)
{
	struct mock_cmd unpin = { 0 };
	uint32_t a, b = 0, c;
	int other = new_access(m, 0);

	result(do_pin(m, BASE, m->mem + PAGE, &a) == -EBADE, "pin: another page is expected there");
	result(!do_pin(m, BASE, m->mem, &a) && !do_pin(m, BASE + PAGE, m->mem + PAGE, &b) &&
	       !do_pin(m, BASE + 2 * PAGE, m->mem + 2 * PAGE, &c), "three pins");
	unpin.unpin.pin_id = a;
	result(!mock(m->fd, MOCK_UNPIN, (uint32_t)m->pins, &unpin), "the first of them goes");
	unpin.unpin.pin_id = b;
	result(!mock(m->fd, MOCK_UNPIN, (uint32_t)m->pins, &unpin), "and the second");
	result(mock(m->fd, MOCK_UNPIN, (uint32_t)m->access, &unpin) == -ENOENT,
	       "another access does not have it");
	result(!access_ioas(m->access, m->fd, m->ioas) && !access_ioas(m->access, m->fd, m->ioas),
	       "the same IOAS again");
	close(other);
	close(m->pins);		/* with a pin */
	m->pins = new_access(m, MOCK_ACCESS_PINS);
	result(m->pins >= 0, "a new one that pins");
}

/* An unmap that meets the pins of a device that is asked to let go. */
static void test_unmap_pinned(struct machine *m)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd), .ioas_id = m->ioas, .iova = BASE, .length = 4 * PAGE,
	};
	uint32_t a, b;

	result(!do_pin(m, BASE + PAGE, NULL, &a) && !do_pin(m, BASE + 8 * PAGE, NULL, &b),
	       "pins in two areas");
	result(!call(m->fd, IOMMU_IOAS_UNMAP, &cmd), "unmap of one lets go of its pin");
	cmd.iova = BASE + 8 * PAGE;
	result(!call(m->fd, IOMMU_IOAS_UNMAP, &cmd), "and of the other's");
}

static void test_refs(struct machine *m)
{
	struct mock_cmd cmd = { .check_refs = { PAGE, (uintptr_t)m->mem, 1 } };

	result(!map(m, m->mem, 2 * PAGE, BASE) && !mock(m->fd, MOCK_CHECK_REFS, 0, &cmd),
	       "a mapped page is pinned once");
	cmd.check_refs.refs = 2;
	result(mock(m->fd, MOCK_CHECK_REFS, 0, &cmd) == -EIO, "not twice");
	cmd.check_refs.uptr = (uintptr_t)m->mem + 63 * PAGE;
	cmd.check_refs.refs = 0;
	result(!mock(m->fd, MOCK_CHECK_REFS, 0, &cmd), "one that is not mapped: not at all");
	cmd.check_refs.uptr = PAGE;
	result(mock(m->fd, MOCK_CHECK_REFS, 0, &cmd) == -EFAULT, "no memory there");
	cmd = (struct mock_cmd){ .check_map = { BASE, PAGE, (uintptr_t)m->mem } };
	result(!mock(m->fd, MOCK_CHECK_MAP, m->hwpt, &cmd), "and is where it was mapped");
	cmd.check_map.uptr += PAGE;
	result(mock(m->fd, MOCK_CHECK_MAP, m->hwpt, &cmd) == -EINVAL, "not elsewhere");
	cmd.check_map.uptr = PAGE;
	result(mock(m->fd, MOCK_CHECK_MAP, m->hwpt, &cmd) == -EINVAL, "nor where there is nothing");
}

static int hwpt_alloc(struct machine *m, uint32_t flags, struct mock_hwpt *data, uint32_t type,
		      uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = m->idev, .pt_id = m->ioas,
		.data_type = type, .data_len = data ? sizeof(*data) : 0,
		.data_uptr = (uintptr_t)data,
	};
	int rc = call(m->fd, IOMMU_HWPT_ALLOC, &cmd);

	*id = cmd.out_hwpt_id;
	return rc;
}

/* A table with huge pages, of which small ones are taken out again. */
static void test_huge_table(struct machine *m)
{
	struct mock_hwpt data = { .table_type = MOCK_TABLE_HUGE };
	char *mem = aligned_alloc(1u << 20, 4u << 20);
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = m->ioas, .iova = 0x10000000, .length = 4u << 20,
	};
	struct mock_cmd cmd = { .replace = { 0 } };
	uint32_t hwpt, other;

	data.table_type = 9;
	result(hwpt_alloc(m, 0, &data, MOCK_HWPT_TYPE, &hwpt) < 0, "no such kind of table");
	data.table_type = MOCK_TABLE_HUGE;
	result(hwpt_alloc(m, 0, &data, 77, &hwpt) < 0, "no such type of data");
	result(!hwpt_alloc(m, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &data, MOCK_HWPT_TYPE, &hwpt),
	       "a table with huge pages");
	result(!hwpt_alloc(m, 0, NULL, 0, &other), "one without");
	cmd.replace.pt_id = hwpt;
	result(!mock(m->fd, MOCK_REPLACE, m->stdev, &cmd), "the device takes the first");
	result(!map(m, mem, 4u << 20, 0x10000000), "4 MiB are mapped in both");
	cmd = (struct mock_cmd){ .check_map = { 0x10000000, 4u << 20, (uintptr_t)mem } };
	result(!mock(m->fd, MOCK_CHECK_MAP, hwpt, &cmd) &&
		       !mock(m->fd, MOCK_CHECK_MAP, other, &cmd),
	       "where they belong");
	cmd = (struct mock_cmd){ .replace = { m->ioas } };
	result(!call(m->fd, IOMMU_IOAS_UNMAP, &unmap), "and unmapped");
	result(!map(m, mem, 4u << 20, 0x10000000 + MOCK_HUGE_PAGE / 2) &&
		       !map(m, mem, PAGE, BASE * 3),
	       "the same, not aligned to a huge page");
	unmap.iova += MOCK_HUGE_PAGE / 2;
	result(!call(m->fd, IOMMU_IOAS_UNMAP, &unmap), "is unmapped too");
	result(!mock(m->fd, MOCK_REPLACE, m->stdev, &cmd), "the device goes back to the IOAS");
	free(mem);
}

static void test_dirty(struct machine *m)
{
	uint64_t bits = 0x7, seen = 0;
	struct iommu_hwpt_set_dirty_tracking track = {
		.size = sizeof(track), .flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
	};
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get), .iova = 0x20000000, .length = 16 * MOCK_PAGE,
		.page_size = MOCK_PAGE, .data = (uintptr_t)&seen,
	};
	struct mock_cmd set = {
		.dirty = { 0, 0x20000000, 16 * MOCK_PAGE, MOCK_PAGE, (uintptr_t)&bits, 0 },
	}, replace = { 0 };
	uint32_t hwpt;

	result(!hwpt_alloc(m, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, NULL, 0, &hwpt),
	       "a table that notes writes");
	replace.replace.pt_id = hwpt;
	result(!mock(m->fd, MOCK_REPLACE, m->stdev, &replace) &&
	       !map(m, m->mem, 8 * PAGE, 0x20000000), "with memory");
	get.hwpt_id = track.hwpt_id = hwpt;
	result(mock(m->fd, MOCK_SET_DIRTY, hwpt, &set) == -EINVAL,
	       "it is off: nothing can be dirty");
	result(!call(m->fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &track) &&
	       !mock(m->fd, MOCK_SET_DIRTY, hwpt, &set) && set.dirty.out_nr_dirty == 3,
	       "on: three pages become dirty");
	set.dirty.uptr = PAGE;
	result(mock(m->fd, MOCK_SET_DIRTY, hwpt, &set) == -EFAULT, "from no memory: EFAULT");
	get.flags = IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR;
	result(!call(m->fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &get) && seen == 7, "they are told");
	seen = 0;
	get.flags = 0;
	result(!call(m->fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &get) && seen == 7,
	       "and again, and cleared");
	seen = 0;
	result(!call(m->fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &get) && !seen, "now there are none");
}

static void test_devices(struct machine *m)
{
	struct mock_cmd a = { .new_device = { .flags = MOCK_DEVICE_NO_DIRTY | MOCK_DEVICE_PASID } };
	struct mock_cmd pasid = { .pasid = { 7, m->ioas } }, replace = { 0 };
	struct machine other = *m;
	unsigned int made = 0;
	uint32_t stdev, hwpt;

	result(!mock(m->fd, MOCK_NEW_DEVICE_FLAGS, m->ioas, &a), "a device with PASIDs");
	stdev = a.new_device.out_stdev_id;
	result(mock(m->fd, MOCK_PASID_REPLACE, stdev, &pasid) == -EINVAL, "nothing to replace yet");
	other.idev = a.new_device.out_idev_id;
	result(!hwpt_alloc(&other, IOMMU_HWPT_ALLOC_PASID, NULL, 0, &hwpt), "a table for PASIDs");
	replace.replace.pt_id = hwpt;
	result(!mock(m->fd, MOCK_REPLACE, stdev, &replace), "which the device has without one");
	pasid.pasid.pt_id = hwpt;
	result(!mock(m->fd, MOCK_PASID_ATTACH, stdev, &pasid), "PASID 7 is attached");
	result(!mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid), "to it");
	pasid.pasid.pt_id = m->ioas;
	result(mock(m->fd, MOCK_PASID_ATTACH, stdev, &pasid) == -EBUSY, "not twice");
	pasid.pasid.pt_id = m->idev;
	result(mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid) < 0, "it is not attached to a device");
	pasid.pasid.pt_id = m->hwpt;
	result(mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid) == -EINVAL ||
	       !mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid), "it is asked what it is attached to");
	pasid.pasid.pt_id = 0;
	result(mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid) == -EINVAL, "it is attached");
	result(!mock(m->fd, MOCK_PASID_DETACH, stdev, &pasid) &&
	       !mock(m->fd, MOCK_PASID_CHECK, stdev, &pasid), "and no longer");
	/* As many as the machine has room for. */
	while (made < 64 && !mock(m->fd, MOCK_NEW_DEVICE, m->ioas, &a))
		made++;
	result(made && made < 64, "devices can run out");
}

static void test_dmabuf(struct machine *m)
{
	struct mock_cmd get = { .dmabuf_get = { .length = 2 * PAGE } };
	int fd = mock(m->fd, MOCK_DMABUF_GET, 0, &get);
	struct iommu_ioas_map_file file = {
		.size = sizeof(file), .ioas_id = m->ioas, .fd = fd, .length = 2 * PAGE,
		.iova = 0x30000000, .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
	};
	struct mock_cmd revoke = { .dmabuf_revoke = { fd, 1 } };
	struct mock_cmd rw = { .rw = { 0x30000000, 4, (uintptr_t)m->mem, 0 } };

	result(fd >= 0 && !call(m->fd, IOMMU_IOAS_MAP_FILE, &file), "a dma-buf is mapped");
	result(mock(m->fd, MOCK_RW, (uint32_t)m->access, &rw) < 0, "a program cannot read it");
	result(!mock(m->fd, MOCK_DMABUF_REVOKE, 0, &revoke), "it is taken away");
	revoke.dmabuf_revoke.fd = m->access;
	result(mock(m->fd, MOCK_DMABUF_REVOKE, 0, &revoke) == -EINVAL, "an access is none");
	close(fd);
}

/* The command itself. */
static void test_command(struct machine *m)
{
	struct mock_cmd cmd = { .size = sizeof(cmd) - 8, .op = MOCK_DMABUF_GET };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	result(call(m->fd, MOCK_IOCTL, &cmd) == -EINVAL, "a command that is too short");
	result(call(m->fd, MOCK_IOCTL, NULL) == -EFAULT, "none at all");
	cmd.size = PAGE;
	memcpy(page, &cmd, sizeof(cmd));
	page[PAGE - 1] = 1;
	result(call(m->fd, MOCK_IOCTL, page) == -E2BIG, "one with more behind it");
	munmap(page, PAGE);
}

int main(void)
{
	struct machine m = { 0 };

	create(&m);
	result(m.fd >= 0 && m.stdev && m.access >= 0 && m.pins >= 0, "a mock device and accesses");
	test_command(&m);
	test_wrong(&m);
	test_areas(&m);
	test_pins(&m);
	test_unmap_pinned(&m);
	test_refs(&m);
	test_huge_table(&m);
	test_dirty(&m);
	test_devices(&m);
	test_dmabuf(&m);
	printf("1..%u\n", results);
	return failures != 0;
}
