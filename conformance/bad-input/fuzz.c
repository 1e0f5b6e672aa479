// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that are right but for one or two words: whatever the words are, the answer is one that the
 * command's documentation has, and what was set up before still works. Each command's right call
 * names objects of the rig where nothing it can do harms them; unmapping and destroying get ids of
 * their own, and words that could lead back to the rig are not touched.
 */
#include <errno.h>
#include <stddef.h>
#include "../../fixtures/rig_checks.h"
#include "../../harness/test.h"
#include "../../uapi/iommufd.h"
#include "../../uapi/names.h"
#include "../../uapi/vfio.h"

#define ROUNDS 48u
#define AWAY (1ull << 36)	/* from the rig's IOVA */
#define ABSENT 0x3fffffffu	/* no object has this id, no file this number */

FIXTURE(fuzz) {
	struct cts *c;
	struct flat_rig rig;
	uint32_t spare;		/* iommufd: an IOAS that is not the rig's */
	uint8_t *out;		/* a page for what a command writes; behind it nothing is mapped */
	uint32_t seed;
};
CTS_VARIANTS_SEMANTIC(fuzz);

FIXTURE_SETUP(fuzz)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	CTS_SETUP(self->c);
	CTS_RIG(flat_rig_create(self->c, 0, &self->rig), &self->rig);
	self->out = cts_memory(self->c, 4096);
	CTS_PRE_TRUE(self->out);
	self->seed = 0x1eaf5eed;
	if (self->c->v.profile != CTS_IOMMUFD)
		return;
	CTS_PRE(cts_ioctl(self->c, NULL, self->rig.space->fd, IOMMU_IOAS_ALLOC, &alloc));
	self->spare = alloc.out_ioas_id;
}

FIXTURE_TEARDOWN(fuzz)
{
	flat_rig_free(&self->rig);
	cts_end(self->c);
}

union arg {
	uint32_t word[64];
	struct iommu_destroy destroy;
	struct iommu_ioas_allow_iovas allow;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_iova_ranges ranges;
	struct iommu_ioas_map map;
	struct iommu_ioas_unmap unmap;
	struct iommu_option option;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_hwpt_alloc hwpt;
	struct iommu_hw_info info;
	struct iommu_hwpt_set_dirty_tracking set_dirty;
	struct iommu_hwpt_get_dirty_bitmap dirty;
	struct iommu_hwpt_invalidate inv;
	struct iommu_ioas_map_file map_file;
	struct iommu_viommu_alloc viommu;
	struct vfio_iommu_type1_dma_map dma_map;
	struct vfio_iommu_type1_dma_unmap dma_unmap;
	struct vfio_iommu_type1_pasid_request pasid;
};

/* Words that stay as they are, as bits; word 0 is the size and always stays. */
#define WORD(type, member) (1ull << offsetof(struct type, member) / 4)
#define WORDS(type, member) (3ull << offsetof(struct type, member) / 4)

/* iommufd: the right call of @cmd, of spaces; returns the words that stay. */
static uint64_t right_space(FIXTURE_DATA(fuzz) *self, unsigned long cmd, union arg *a)
{
	const uint32_t ioas = self->rig.space->ioas_id;
	const uint64_t away = self->rig.iova + AWAY, out = (uintptr_t)self->out;
	const uint32_t rw = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			    IOMMU_IOAS_MAP_WRITEABLE;

	switch (cmd) {
	case IOMMU_DESTROY:
		a->destroy.id = ABSENT;
		return WORD(iommu_destroy, id);
	case IOMMU_IOAS_ALLOW_IOVAS:
		a->allow.ioas_id = self->spare;
		a->allow.allowed_iovas = out;
		return WORD(iommu_ioas_allow_iovas, ioas_id);
	case IOMMU_IOAS_COPY:
		a->copy = (struct iommu_ioas_copy){ .flags = rw, .dst_ioas_id = ioas,
			.src_ioas_id = ioas, .length = self->rig.win.len, .dst_iova = away,
			.src_iova = self->rig.iova };
		return 0;
	case IOMMU_IOAS_IOVA_RANGES:
		a->ranges = (struct iommu_ioas_iova_ranges){ .ioas_id = ioas, .num_iovas = 8,
			.allowed_iovas = out };
		return WORDS(iommu_ioas_iova_ranges, allowed_iovas);
	case IOMMU_IOAS_MAP:
		a->map = (struct iommu_ioas_map){ .flags = rw, .ioas_id = ioas, .user_va = out,
			.length = 4096, .iova = away };
		return 0;
	case IOMMU_IOAS_UNMAP:
		a->unmap = (struct iommu_ioas_unmap){ .ioas_id = self->spare, .length = 4096 };
		return WORD(iommu_ioas_unmap, ioas_id);
	case IOMMU_OPTION:
		a->option = (struct iommu_option){ .option_id = IOMMU_OPTION_HUGE_PAGES,
			.object_id = self->spare, .val64 = 1 };
		return WORD(iommu_option, object_id);
	case IOMMU_VFIO_IOAS:
		a->vfio_ioas.ioas_id = self->spare;
		a->vfio_ioas.op = IOMMU_VFIO_IOAS_SET;
		return 0;
	case IOMMU_IOAS_MAP_FILE:
		a->map_file = (struct iommu_ioas_map_file){ .flags = rw, .ioas_id = ioas,
			.fd = ABSENT, .length = 4096, .iova = away };
		return WORD(iommu_ioas_map_file, fd);
	}
	return 0;
}

/* iommufd: of page tables and devices. */
static uint64_t right_table(FIXTURE_DATA(fuzz) *self, unsigned long cmd, union arg *a)
{
	const struct cts_space *s = self->rig.space;
	const uint32_t dev = s->dev_id[self->rig.device], hwpt = s->hwpt_id;
	const uint64_t out = (uintptr_t)self->out;

	switch (cmd) {
	case IOMMU_HWPT_ALLOC:
		a->hwpt.dev_id = dev;
		a->hwpt.pt_id = s->ioas_id;
		return 0;
	case IOMMU_GET_HW_INFO:
		a->info = (struct iommu_hw_info){ .dev_id = dev, .data_len = 64, .data_uptr = out };
		return WORD(iommu_hw_info, data_len) | WORDS(iommu_hw_info, data_uptr);
	case IOMMU_HWPT_SET_DIRTY_TRACKING:
		a->set_dirty.hwpt_id = hwpt;
		return 0;
	case IOMMU_HWPT_GET_DIRTY_BITMAP:
		a->dirty = (struct iommu_hwpt_get_dirty_bitmap){ .hwpt_id = hwpt,
			.iova = self->rig.iova, .length = self->rig.win.len, .page_size = 4096,
			.data = out };
		return WORDS(iommu_hwpt_get_dirty_bitmap, data) |
		       WORDS(iommu_hwpt_get_dirty_bitmap, length) |
		       WORDS(iommu_hwpt_get_dirty_bitmap, page_size);
	case IOMMU_HWPT_INVALIDATE:
		a->inv = (struct iommu_hwpt_invalidate){ .hwpt_id = hwpt, .data_uptr = out,
			.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, .entry_len = 24,
			.entry_num = 1 };
		return 0;
	case IOMMU_VIOMMU_ALLOC:
		a->viommu = (struct iommu_viommu_alloc){ .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
			.dev_id = dev, .hwpt_id = hwpt };
		return 0;
	}
	return 0;
}

/* The same of a container. An unmap that starts so high cannot come down to the rig. */
static uint64_t right_vfio(FIXTURE_DATA(fuzz) *self, unsigned long cmd, union arg *a)
{
	switch (cmd) {
	case VFIO_IOMMU_MAP_DMA:
		a->dma_map = (struct vfio_iommu_type1_dma_map){
			.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)self->out, .iova = self->rig.iova + AWAY,
			.size = 4096 };
		return 0;
	case VFIO_IOMMU_UNMAP_DMA:
		a->dma_unmap.iova = self->rig.iova + AWAY;
		a->dma_unmap.size = 4096;
		return WORD(vfio_iommu_type1_dma_unmap, flags) |
		       WORD(vfio_iommu_type1_dma_unmap, iova) << 1 |
		       WORD(vfio_iommu_type1_dma_unmap, size) << 1;
	case VFIO_IOMMU_PASID_REQUEST:
		a->pasid.flags = VFIO_IOMMU_FLAG_ALLOC_PASID;
		a->pasid.range.min = 1;
		a->pasid.range.max = 0xfffff;
		return 0;
	}
	return 0;
}

static uint32_t xorshift(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	return *s ^= *s << 5;
}

/* Spoils one word of the @words, or two. */
static void mutate(FIXTURE_DATA(fuzz) *self, union arg *a, unsigned int words, uint64_t stay)
{
	static const uint32_t edge[] = { 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX, 4095, 4097 };
	unsigned int n = 1 + xorshift(&self->seed) % 2;

	while (n--) {
		unsigned int at = 1 + xorshift(&self->seed) % (words - 1);
		uint32_t r = xorshift(&self->seed);

		if (stay >> at & 1)
			continue;
		switch (r % 3) {
		case 0:
			a->word[at] ^= 1u << (r >> 8) % 32;
			break;
		case 1:
			a->word[at] = edge[(r >> 8) % ARRAY_SIZE(edge)];
			break;
		default:
			a->word[at] = xorshift(&self->seed);
		}
	}
}

/* 0, what the general ioctl formats answer, or an errno of the command itself. */
static bool documented(const struct uapi_ioctl *i, long rc)
{
	static const int general[] = {
		0, EFAULT, ENOTTY, E2BIG, EINVAL, EOPNOTSUPP, ENOENT, ENOMEM, EPERM,
	};

	for (size_t k = 0; k < ARRAY_SIZE(general); k++)
		if (rc == -general[k])
			return true;
	for (const int *e = i->errnos; *e; e++)
		if (rc == -*e)
			return true;
	return i->cmd == VFIO_IOMMU_PASID_REQUEST && rc > 0;
}

/* ROUNDS calls of one command. False: the subject does not have it. */
static bool fuzz_one(struct __test_metadata *_metadata, FIXTURE_DATA(fuzz) *self,
		     const struct uapi_ioctl *i)
{
	bool iommufd = self->c->v.profile == CTS_IOMMUFD;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		union arg a = { { 0 } };
		uint64_t stay = iommufd ? right_space(self, i->cmd, &a) |
					  right_table(self, i->cmd, &a) :
					  right_vfio(self, i->cmd, &a);
		long rc;

		a.word[0] = i->arg->size;
		if (round)
			mutate(self, &a, i->arg->size / 4, stay);
		rc = cts_ioctl_sized(self->c, NULL, self->rig.space->fd, i->cmd, &a, i->arg->size);
		if (rc == -ENOTTY && !round)
			return false;
		CTS_EXPECT_TRUE("ABUSE_FUZZ_STRUCTS", documented(i, rc),
				"%s answers %ld (%s), which is no errno of it", i->name, rc,
				uapi_errno_name(rc));
	}
	return true;
}

CTS_TEST_F(fuzz, structs, "ABUSE_FUZZ_STRUCTS")
{
	bool iommufd = self->c->v.profile == CTS_IOMMUFD;
	enum uapi_fd_kind kind = iommufd ? UAPI_FD_IOMMUFD : UAPI_FD_VFIO_CONTAINER;
	const char *uapi = iommufd ? "iommufd" : "vfio";
	unsigned int commands = 0;
	size_t n;
	const struct uapi_ioctl *t = uapi_ioctl_table(&n);

	for (size_t k = 0; k < n; k++)
		if ((t[k].fds & kind) && !strcmp(t[k].uapi, uapi) && t[k].arg &&
		    t[k].arg->size / 4 > 1 && t[k].arg->size <= sizeof(union arg))
			commands += fuzz_one(_metadata, self, &t[k]);
	CTS_PRE_TRUE(commands >= (iommufd ? 9u : 4u));
	FLAT_EXPECT_LANDS("ABUSE_FUZZ_STRUCTS", &self->rig, 4096, 64);
}

CTS_SUITE("bad-input", "bad-input/fuzz");
