// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Dirty tracking: hardware notes in the leaf that a page was written. VT-d second level sets D
 * while the PASID entries of the domain say SSADE; an SMMUv3 with HTTU makes a writable-clean leaf
 * (DBM and AP[2]) a writable-dirty one (DBM alone).
 *
 * The IOTLB holds a leaf that is not dirty without the right to write, so that the first write is a
 * miss, and the walk finds the leaf to mark.
 */
#include <errno.h>

#include "internal.h"

int domain_make_trackable(struct domain *d)
{
	switch (d->kind == DOMAIN_PAGING ? d->fmt : FMT_X86_FL) {
	case FMT_VTD_SS:
		break;
	case FMT_ARM_S1:	/* "Always enabled" once the context descriptor says HD */
		d->table.format = pt_arm(PT_ARM_S1_HD, d->table.format->page_shift,
					 d->table.format->output_bits > 48);
		d->tracking = true;
		break;
	default:
		return -EOPNOTSUPP;
	}
	d->trackable = true;
	return 0;
}

bool domain_trackable(const struct domain *d)
{
	return d->trackable;
}

void domain_set_tracking(struct iommu_ref *ref, struct domain *d, bool on)
{
	if (d->fmt != FMT_VTD_SS || d->tracking == on)
		return;
	d->tracking = on;
	/* What is cached as writable would go on being written unseen. */
	domain_flush(ref, d, 0, d->table.last);
}

static bool is_dirty(const struct pt_format *f, uint64_t entry)
{
	return (entry & f->dirty_mask) == f->dirty_value;
}

bool domain_note_access(struct iommu_ref *ref, struct domain *d, uint64_t input, unsigned int want,
			unsigned int *prot)
{
	const struct pt_format *f = d->table.format;
	unsigned int level;
	uint64_t *entry = pgtable_entry(&d->table, input, &level);

	if (is_dirty(f, *entry))
		return true;
	if (!(want & PROT_W)) {
		*prot &= ~PROT_W;
		return true;
	}
	if (!ref->exclusive)
		return false;
	*entry = (*entry | f->dirty_set) & ~f->dirty_clear;
	return true;
}

/* ---- reading and clearing */

struct job {
	const struct pgtable *pt;
	void (*fn)(void *arg, uint64_t first, uint64_t last);
	void *arg;
	bool cleared;
};

static void read_table(struct job *job, uint64_t *table, unsigned int level, uint64_t first,
		       uint64_t last)
{
	const struct pt_format *f = job->pt->format;

	for (uint64_t end;; first = end + 1) {
		uint64_t *entry = &table[pgtable_index(job->pt, first, level)];

		end = first | (pt_size(f, level) - 1);
		end = end < last ? end : last;
		if (*entry && !pt_is_leaf(f, *entry, level)) {
			read_table(job, (uint64_t *)(uintptr_t)pt_address(f, *entry), level - 1,
				   first, end);
		} else if (*entry && is_dirty(f, *entry)) {
			if (job->fn) {
				job->fn(job->arg, first, end);
			} else {
				*entry = (*entry & ~f->dirty_set) | f->dirty_clear;
				job->cleared = true;
			}
		}
		if (end == last)
			return;
	}
}

void domain_read_dirty(struct domain *d, uint64_t first, uint64_t last,
		       void (*fn)(void *arg, uint64_t first, uint64_t last), void *arg)
{
	struct job job = { .pt = &d->table, .fn = fn, .arg = arg };

	if (first <= d->table.last)
		read_table(&job, d->table.root, d->table.top, first,
			   last < d->table.last ? last : d->table.last);
}

void domain_clear_dirty(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last)
{
	struct job job = { .pt = &d->table };

	if (first > d->table.last)
		return;
	last = last < d->table.last ? last : d->table.last;
	read_table(&job, d->table.root, d->table.top, first, last);
	if (job.cleared)
		domain_flush(ref, d, first, last);
}
