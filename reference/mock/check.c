// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the tests ask of the mock driver about memory: is it mapped, is it pinned, is it cached, is
 * it dirty. Two addresses of this program can be one page: what says so is /proc/self/maps.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

/* ---- pages */

struct page_id {
	bool mapped;
	char file[32];		/* device and inode; "": the address is the page */
	uint64_t offset;
};

static struct page_id page_id(uint64_t va)
{
	struct page_id id = { .offset = va & ~(PAGE_SIZE - 1) };
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end, offset;
	char line[512], dev[16], inode[24], shared;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*c%*c%*c%c %" SCNx64 " %15s %23s",
			   &start, &end, &shared, &offset, dev, inode) != 6 ||
		    va < start || va >= end)
			continue;
		id.mapped = true;
		if (shared == 's') {
			snprintf(id.file, sizeof(id.file), "%s %.14s", dev, inode);
			id.offset = offset + (id.offset - start);
		}
		break;
	}
	if (maps)
		fclose(maps);
	return id;
}

static bool same_id(const struct page_id *a, const struct page_id *b)
{
	return a->mapped && b->mapped && a->offset == b->offset && !strcmp(a->file, b->file);
}

bool mock_same_page(uint64_t a, uint64_t b)
{
	struct page_id ia, ib;

	if (a / PAGE_SIZE == b / PAGE_SIZE)
		return true;
	ia = page_id(a);
	ib = page_id(b);
	return same_id(&ia, &ib);
}

/* ---- reserved ranges */

int mock_add_reserved(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	uint64_t start = cmd->add_reserved.start, len = cmd->add_reserved.length;
	struct ioas *ioas;

	if (!len)
		return -EINVAL;
	if (sum_overflows(start, len - 1))
		return -EOVERFLOW;
	ioas = object_get(u->ictx, cmd->id, OBJECT_IOAS);
	return ioas ? iova_reserve(ioas->iova, start, start + len - 1, NULL) : -ENOENT;
}

/* ---- what is mapped */

int mock_check_map(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct hwpt *hwpt = object_get(u->ictx, cmd->id, OBJECT_HWPT_PAGING);
	uint64_t iova = cmd->check_map.iova, va = cmd->check_map.uptr, end, pa, delta = 0, page;

	if (!hwpt)
		return -ENOENT;
	page = domain_page_size(hwpt->domain);
	if ((iova | cmd->check_map.length | va) % page || sum_overflows(va, cmd->check_map.length))
		return -EINVAL;
	for (end = va + cmd->check_map.length; va < end; va += page, iova += page) {
		if (!mock_table_lookup(mock_domain(hwpt)->table, iova, &pa))
			return -EINVAL;
		/* A file is mapped in one piece: the rest is as far away as the first page. */
		if (pa != va + delta) {
			if (delta || (pa - va) % PAGE_SIZE || !mock_same_page(pa, va))
				return -EINVAL;
			delta = pa - va;
		}
		if (user_pages_present(va, 1, false))
			return -EFAULT;
	}
	return 0;
}

/* ---- what is pinned */

struct seen {
	const struct pages *pages[64];
	unsigned int nr;
};

static bool seen_before(struct seen *seen, const struct pages *p)
{
	for (unsigned int i = 0; i < seen->nr; i++)
		if (seen->pages[i] == p)
			return true;
	if (seen->nr < 64)
		seen->pages[seen->nr++] = p;
	return false;
}

struct refs_job {
	uint64_t va;
	const struct page_id *id;	/* of va */
	unsigned int refs;
	struct seen seen;
};

/* Each memory that was mapped pins a page once, however many areas and users it has. */
static void count_area(void *arg, const struct iova_area *area)
{
	struct refs_job *job = arg;
	uint64_t first = pages_va(area->pages), at = job->va & ~(PAGE_SIZE - 1);
	struct page_id id;

	if (seen_before(&job->seen, area->pages))
		return;
	/* A file's are mapped a second time, at pages_va(). */
	if (pages_place(area->pages, first) != first) {
		id = page_id(first);
		if (strcmp(id.file, job->id->file))
			return;
		at = first + (job->id->offset - id.offset);
	}
	job->refs += pages_pins(area->pages, at) != 0;
}

/* Calls @fn for every area of @ictx. */
static void each_area(struct iommufd *ictx, void (*fn)(void *arg, const struct iova_area *area),
		      void *arg)
{
	const struct iova_area *area;

	for (struct object *obj = ictx->objects; obj; obj = obj->next) {
		struct ioas *ioas = (struct ioas *)obj;

		if (obj->type != OBJECT_IOAS)
			continue;
		for (area = iova_lookup(ioas->iova, 0); area;
		     area = area->last == UINT64_MAX ? NULL :
						       iova_lookup(ioas->iova, area->last + 1))
			fn(arg, area);
	}
}

/* In all open iommufds of all processes. A file that two of them have is seen twice. */
static void each_area_of_all(struct iommu_ref *ref,
			     void (*fn)(void *arg, const struct iova_area *area), void *arg)
{
	for (struct iommu_ref_proc *p = ref->procs; p; p = p->next) {
		for (int fd = 0; fd < REF_MAX_FDS; fd++) {
			struct ref_file *f = file_get(p, fd, &iommufd_file_ops);

			if (f)
				each_area(f->priv, fn, arg);
		}
	}
}

int mock_check_refs(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	uint64_t va = cmd->check_refs.uptr, len = cmd->check_refs.length, end;

	if ((va | len) % PAGE_SIZE || sum_overflows(va, len))
		return -EINVAL;
	for (end = va + len; va < end; va += PAGE_SIZE) {
		const struct page_id id = page_id(va);
		struct refs_job job = { .va = va, .id = &id };

		if (user_pages_present(va, 1, false))
			return -EFAULT;
		each_area_of_all(u->ictx->ref, count_area, &job);
		if (job.refs != cmd->check_refs.refs)
			return -EIO;
	}
	return 0;
}

struct pinned_job {
	struct seen seen;
	const struct ref_mm *mm;
	uint64_t pages;
};

static void pinned_area(void *arg, const struct iova_area *area)
{
	struct pinned_job *job = arg;

	if (!seen_before(&job->seen, area->pages))
		job->pages += pages_charge(area->pages, job->mm);
}

uint64_t mock_pinned(struct iommu_ref_proc *proc)
{
	struct pinned_job job = { .mm = proc->mm };

	ref_lock(proc->ref);
	each_area_of_all(proc->ref, pinned_area, &job);
	ref_unlock(proc->ref);
	return job.pages;
}

/* ---- what is cached, what is dirty */

int mock_check_iotlb(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct hwpt *hwpt = object_get(u->ictx, cmd->id, OBJECT_HWPT_NESTED);

	if (!hwpt)
		return -ENOENT;
	return cmd->check_cached.id < MOCK_IOTLB_NR &&
	       mock_domain(hwpt)->iotlb[cmd->check_cached.id] == cmd->check_cached.value ? 0 :
	       -EINVAL;
}

int mock_check_cache(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct idev *idev = object_get(u->ictx, cmd->id, OBJECT_DEVICE);

	if (!idev)
		return -ENOENT;
	return cmd->check_cached.id < MOCK_CACHE_NR &&
	       mock_dev(u->ictx->ref, idev->dev)->cache[cmd->check_cached.id] ==
	       cmd->check_cached.value ? 0 : -EINVAL;
}

/* What DMA of a device would do: a bit for each page that is written. */
int mock_set_dirty(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	uint64_t size = cmd->dirty.page_size, len = cmd->dirty.length, max, count = 0;
	struct hwpt *hwpt;
	uint8_t *bits;

	if (!size || !len || cmd->dirty.iova % size || len % size || !cmd->dirty.uptr)
		return -EINVAL;
	max = len / size;
	if (max > (16ull << 20) * 8)
		return -EOVERFLOW;
	hwpt = object_get(u->ictx, cmd->id, OBJECT_HWPT_PAGING);
	if (!hwpt)
		return -ENOENT;
	if (!mock_domain(hwpt)->tracking)
		return -EINVAL;
	bits = malloc((max + 7) / 8);
	if (!bits)
		return -ENOMEM;
	if (copy_from_user(bits, user_ptr(cmd->dirty.uptr), (max + 7) / 8)) {
		free(bits);
		return -EFAULT;
	}
	for (uint64_t i = 0; i < max; i++) {
		if (!(bits[i / 8] >> i % 8 & 1))
			continue;
		mock_table_set_dirty(mock_domain(hwpt)->table, cmd->dirty.iova + i * size);
		count++;
	}
	free(bits);
	cmd->dirty.out_nr_dirty = count;
	return ucmd_respond(u, sizeof(*cmd));
}
