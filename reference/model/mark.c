// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Accessed and dirty state in a guest's stage 1, as hardware keeps it: A and D of VT-d's first
 * level (VT-d 3.6.3), AF and AP[2] of an SMMU whose context descriptor says HA and HD (Arm IHI 0070
 * 3.13). A guest's entry lies behind stage 2, which must allow the write (VT-d 3.8: "requires write
 * permission" there; IHI 0070 3.13.2), and changes under us: an entry is replaced only as long as
 * it is what was decided on.
 */
#include "internal.h"

/* What hardware makes of @entry, which a walk for @want has used. */
static uint64_t marked(const struct stage1_walk *w, uint64_t entry, bool leaf, unsigned int want)
{
	const struct pt_format *f = w->format;

	if (w->keeps_access && (leaf || f->access_tables))
		entry |= f->access_flag;
	if (leaf && w->keeps_dirty && (want & PROT_W) && (pt_prot(f, entry) & PROT_W))
		entry = (entry | f->dirty_set) & ~f->dirty_clear;
	return entry;
}

static bool load(struct iommu_ref *ref, struct domain *s2, uint64_t gpa, uint64_t *entry,
		 struct xlate_fault *fault)
{
	return guest_read(ref, s2, gpa, entry, sizeof(*entry), fault);
}

static bool replace(struct iommu_ref *ref, struct domain *s2, uint64_t gpa, uint64_t old,
		    uint64_t new, struct xlate_fault *fault)
{
	struct xlate x;

	if (!stage2_walk(ref, s2, gpa, PROT_W, &x, fault))
		return false;
	if (user_cas64(ref, x.pa, old, new))
		return true;
	fault->reason = IOMMU_REF_FAULT_BUS;
	fault->ipa = gpa;
	return false;
}

bool stage1_mark(struct iommu_ref *ref, struct domain *s2, const struct stage1_walk *w,
		 uint64_t iova, unsigned int want, struct xlate_fault *fault)
{
	const struct pt_format *f = w->format;
	uint64_t table = w->root, at, entry, new;
	unsigned int level;
	bool leaf;

	for (level = w->top;; level--) {
		at = table + pt_index(f, iova, level) * sizeof(entry);
		if (!load(ref, s2, at, &entry, fault))
			return false;
		if (!pt_present(f, entry))
			return true;	/* no longer what was walked */
		leaf = pt_is_leaf(f, entry, level);
		new = marked(w, entry, leaf, want);
		if (new != entry && !replace(ref, s2, at, entry, new, fault))
			return false;
		if (leaf || !level)
			return true;
		table = pt_address(f, entry);
		if (table & w->beyond)
			return true;
	}
}
