// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays behind an argument that a subject must only read: taken before the call and compared
 * after. Pointers are the test's and may be bad on purpose, so they are read through the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"
#include "iommufd.h"

#define INPUT_MAX (1u << 20) /* a longer "length" is a test of bad lengths */

#define PART(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
struct part {
	size_t offset, size;
};

static const struct {
	unsigned long cmd;
	const char *field;
	struct part pointer;
	struct part count; /* of elements */
	struct part element; /* size of one, or size 0: offset is the size */
} arrays[] = {
	{ IOMMU_HWPT_ALLOC,
	  "data",
	  { PART(iommu_hwpt_alloc, data_uptr) },
	  { PART(iommu_hwpt_alloc, data_len) },
	  { 1, 0 } },
	{ IOMMU_HWPT_INVALIDATE,
	  "data",
	  { PART(iommu_hwpt_invalidate, data_uptr) },
	  { PART(iommu_hwpt_invalidate, entry_num) },
	  { PART(iommu_hwpt_invalidate, entry_len) } },
	{ IOMMU_IOAS_ALLOW_IOVAS,
	  "allowed_iovas",
	  { PART(iommu_ioas_allow_iovas, allowed_iovas) },
	  { PART(iommu_ioas_allow_iovas, num_iovas) },
	  { sizeof(struct iommu_iova_range), 0 } },
};

static bool part_get(const struct part *p, const void *arg, size_t size, uint64_t *out)
{
	uint32_t narrow;

	if (!p->size) {
		*out = p->offset;
		return true;
	}
	if (p->offset + p->size > size)
		return false;
	if (p->size == sizeof(narrow)) {
		memcpy(&narrow, (const char *)arg + p->offset, sizeof(narrow));
		*out = narrow;
	} else {
		memcpy(out, (const char *)arg + p->offset, sizeof(*out));
	}
	return true;
}

/* false: not all of it can be read */
static bool read_bytes(uint64_t addr, void *buf, size_t len)
{
	struct iovec to = { .iov_base = buf, .iov_len = len };
	struct iovec from = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)len;
}

void input_take(struct input *in, unsigned long cmd, unsigned int kind, const void *arg,
		size_t size)
{
	memset(in, 0, sizeof(*in));
	if (kind != UAPI_FD_IOMMUFD || !arg)
		return;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		uint64_t count, element;

		if (arrays[i].cmd != cmd)
			continue;
		if (!part_get(&arrays[i].pointer, arg, size, &in->addr) ||
		    !part_get(&arrays[i].count, arg, size, &count) ||
		    !part_get(&arrays[i].element, arg, size, &element))
			return;
		if (!count || !element || count > INPUT_MAX || element > INPUT_MAX / count)
			return;
		in->field = arrays[i].field;
		in->len = count * element;
		in->copy = malloc(in->len);
		if (in->copy && !read_bytes(in->addr, in->copy, in->len)) {
			free(in->copy);
			in->copy = NULL;
		}
		return;
	}
}

void input_compare(struct input *in, char *damage)
{
	const uint8_t *before = in->copy;
	uint8_t *after;

	if (!before)
		return;
	after = malloc(in->len);
	if (after && read_bytes(in->addr, after, in->len))
		for (size_t i = 0; i < in->len; i++) {
			if (after[i] == before[i])
				continue;
			copy_text(
				damage, CTS_DAMAGE_LEN,
				"the input array %s was written, first byte %zu of %zu: want %02x, "
				"saw %02x",
				in->field, i, in->len, before[i], after[i]);
			break;
		}
	free(after);
	free(in->copy);
	in->copy = NULL;
}
