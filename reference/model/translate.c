// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From an address of a device to an address of this program: IOTLB, else a walk of one or two
 * stages. With two stages every table of stage 1 is read at a guest-physical address, so through
 * stage 2.
 */
#include <errno.h>

#include "internal.h"
#include "walk.h"

static bool load_direct(void *ctx, uint64_t addr, uint64_t *entry)
{
	struct xlate_fault *fault = ctx;

	fault->loads++;
	*entry = *(const uint64_t *)(uintptr_t)addr;
	return true;
}

static bool fail(struct xlate_fault *fault, enum iommu_ref_fault_reason reason, uint64_t ipa)
{
	fault->reason = reason;
	fault->ipa = ipa;
	return false;
}

static inline __attribute__((always_inline)) bool
stage2_walk_of(bool common, struct iommu_ref *ref, struct domain *s2, uint64_t ipa,
	       unsigned int want, struct xlate *x, struct xlate_fault *fault)
{
	const struct pt_format *f = s2->table.format;
	struct walk_leaf leaf;

	if (!pt_input_valid(f, ipa, f->input_bits))
		return fail(fault, IOMMU_REF_FAULT_ADDRESS_SIZE, ipa);
	if (pt_walk(common, f, (uintptr_t)s2->table.root, s2->table.top, ipa, 0, load_direct, fault,
		    &leaf))
		return fail(fault, IOMMU_REF_FAULT_S2_TRANSLATION, ipa);
	if (!prot_allows(ref, leaf.prot, want))
		return fail(fault, IOMMU_REF_FAULT_S2_PERMISSION, ipa);
	if (s2->tracking && (leaf.prot & PROT_W) &&
	    !domain_note_access(ref, s2, ipa, want, &leaf.prot)) {
		fault->again = true;
		return false;
	}
	*x = (struct xlate){ .pa = leaf.out, .prot = leaf.prot, .shift = leaf.shift,
			     .s1_shift = leaf.shift };
	return true;
}

static __attribute__((noinline)) bool
stage2_walk_other(struct iommu_ref *ref, struct domain *s2, uint64_t ipa, unsigned int want,
		  struct xlate *x, struct xlate_fault *fault)
{
	return stage2_walk_of(false, ref, s2, ipa, want, x, fault);
}

bool stage2_walk(struct iommu_ref *ref, struct domain *s2, uint64_t ipa, unsigned int want,
		 struct xlate *x, struct xlate_fault *fault)
{
	return s2->table.common ? stage2_walk_of(true, ref, s2, ipa, want, x, fault) :
				  stage2_walk_other(ref, s2, ipa, want, x, fault);
}

/* Any paging domain as the only stage: its faults are those of stage 1. */
static bool one_stage(struct iommu_ref *ref, struct domain *d, uint64_t iova, unsigned int want,
		      struct xlate *x, struct xlate_fault *fault)
{
	if (stage2_walk(ref, d, iova, want, x, fault))
		return true;
	fault->ipa = 0;
	if (fault->reason == IOMMU_REF_FAULT_S2_TRANSLATION)
		fault->reason = IOMMU_REF_FAULT_S1_TRANSLATION;
	if (fault->reason == IOMMU_REF_FAULT_S2_PERMISSION)
		fault->reason = IOMMU_REF_FAULT_S1_PERMISSION;
	return false;
}

bool guest_read(struct iommu_ref *ref, struct domain *s2, uint64_t gpa, void *buf, size_t len,
		struct xlate_fault *fault)
{
	struct xlate x;

	if (!stage2_walk(ref, s2, gpa, PROT_R, &x, fault))
		return false;
	if (copy_from_user(buf, (const void *)(uintptr_t)x.pa, len))
		return fail(fault, IOMMU_REF_FAULT_BUS, gpa);
	return true;
}

struct nested_reader {
	struct iommu_ref *ref;
	struct domain *s2;
	struct xlate_fault *fault;
};

static bool load_nested(void *ctx, uint64_t gpa, uint64_t *entry)
{
	const struct nested_reader *r = ctx;
	struct xlate x;

	if (!stage2_walk(r->ref, r->s2, gpa, PROT_R, &x, r->fault))
		return false;
	r->fault->loads++;
	if (!user_load64(r->ref, x.pa, entry))
		return fail(r->fault, IOMMU_REF_FAULT_BUS, gpa);
	return true;
}

static void stage1_of(const struct attach *att, struct stage1_walk *w)
{
	const struct domain *d = att->domain;

	if (d->fmt == FMT_ARM_S1) {
		*w = att->cd.walk;
		return;
	}
	/* The low bits of the pointer are not part of it (VT-d 9.6, FSPTPTR). */
	*w = (struct stage1_walk){
		.format = &pt_x86_fl4, .root = d->s1.root & ~(PAGE_SIZE - 1),
		.top = d->s1.addr_width == 57 ? 4 : 3, .input_bits = (uint8_t)d->s1.addr_width,
		.common = d->s1.addr_width == 48, .keeps_access = true, .keeps_dirty = true,
	};
}

static enum walk_result stage1_walk_common(const struct stage1_walk *w, uint64_t iova,
					   struct nested_reader *reader, struct walk_leaf *leaf)
{
	return pt_walk(true, w->format, w->root, w->top, iova, w->beyond, load_nested, reader,
		       leaf);
}

static __attribute__((noinline)) enum walk_result
stage1_walk_other(const struct stage1_walk *w, uint64_t iova, struct nested_reader *reader,
		  struct walk_leaf *leaf)
{
	*leaf = (struct walk_leaf){ 0 };
	return pt_walk(false, w->format, w->root, w->top, iova, w->beyond, load_nested, reader,
		       leaf);
}

/* One walk of stage 1, and what its leaf says against it. */
static bool stage1_try(struct iommu_ref *ref, struct attach *att, const struct stage1_walk *w,
		       uint64_t iova, unsigned int want, struct walk_leaf *leaf,
		       struct xlate_fault *fault)
{
	struct nested_reader reader = { ref, att->domain->parent, fault };
	enum walk_result r;

	if (w->common) {
		r = stage1_walk_common(w, iova, &reader, leaf);
	} else {
		struct walk_leaf other;	/* so that @leaf stays in registers */

		r = stage1_walk_other(w, iova, &reader, &other);
		*leaf = other;
	}
	if (r == WALK_LOAD_FAILED)
		return false;
	/* An order of precedence: Arm ARM D8.15.2, VT-d 7.1.3. */
	if (r == WALK_BEYOND) {
		fault->event = SMMU_F_ADDR_SIZE;
		return fail(fault, IOMMU_REF_FAULT_ADDRESS_SIZE, leaf->out);
	}
	if (r != WALK_OK)
		return fail(fault, IOMMU_REF_FAULT_S1_TRANSLATION, 0);
	if (!leaf->accessed && !w->keeps_access && !w->ignores_access &&
	    !ref_defect(ref, ACCESS_FLAG_IGNORED)) {
		fault->event = SMMU_F_ACCESS;
		return fail(fault, IOMMU_REF_FAULT_S1_TRANSLATION, 0);
	}
	if (!prot_allows(ref, leaf->prot, want))
		return fail(fault, IOMMU_REF_FAULT_S1_PERMISSION, 0);
	return true;
}

/* How often a guest may change an entry under us before its DMA is given up. */
#define MARK_TRIES 64

static bool stage1_leaf(struct iommu_ref *ref, struct attach *att, uint64_t iova,
			unsigned int want, struct walk_leaf *leaf, struct xlate_fault *fault)
{
	struct stage1_walk w;
	unsigned int tries;

	stage1_of(att, &w);
	if (!pt_input_valid(w.format, iova, w.input_bits))
		return fail(fault, IOMMU_REF_FAULT_ADDRESS_SIZE, 0);
	if (att->domain->fmt == FMT_ARM_S1 && att->cd.disabled)
		return fail(fault, IOMMU_REF_FAULT_S1_TRANSLATION, 0);
	for (tries = 0; tries < MARK_TRIES; tries++) {
		if (!stage1_try(ref, att, &w, iova, want, leaf, fault))
			return false;
		/* Until a write has been noted, the IOTLB does not allow one. */
		if (w.keeps_dirty && leaf->clean && !(want & PROT_W))
			leaf->prot &= ~PROT_W;
		if (((leaf->accessed || !w.keeps_access) &&
		     !(w.keeps_dirty && leaf->clean && (want & PROT_W))) ||
		    ref_defect(ref, S1_NOT_MARKED))
			return true;
		if (!stage1_mark(ref, att->domain->parent, &w, iova, want, fault))
			return false;
	}
	return fail(fault, IOMMU_REF_FAULT_S1_TRANSLATION, 0);
}

static bool two_stages(struct iommu_ref *ref, struct attach *att, uint64_t iova, unsigned int want,
		       struct xlate *x, struct xlate_fault *fault)
{
	struct walk_leaf leaf = { 0 };

	if (att->bypass_s1)
		return stage2_walk(ref, att->domain->parent, iova, want, x, fault);
	if (!stage1_leaf(ref, att, iova, want, &leaf, fault))
		return ref_defect(ref, S1_HOLE_PASSES) &&
		       fault->reason == IOMMU_REF_FAULT_S1_TRANSLATION &&
		       stage2_walk(ref, att->domain->parent, iova, want, x, fault);
	if (leaf.shift > PAGE_SHIFT && ref_defect(ref, HUGE_LEAF_AS_PAGE))
		leaf.out &= ~((1ull << leaf.shift) - 1) | (PAGE_SIZE - 1);
	if (!stage2_walk(ref, att->domain->parent, leaf.out, want, x, fault))
		return false;
	x->prot &= leaf.prot;
	x->s1_shift = leaf.shift;
	x->global = leaf.global;
	if (leaf.shift < x->shift)
		x->shift = leaf.shift;
	return true;
}

/*
 * CD.R = 0 keeps the faults of stage 1 out of the event queue; those of stage 2 are not the
 * guest's.
 */
static bool fault_silent(const struct attach *att, const struct xlate_fault *fault)
{
	if (att->domain->kind != DOMAIN_NESTED || att->domain->fmt != FMT_ARM_S1 || !att->tag ||
	    att->bypass_s1 || att->cd.record)
		return false;
	return fault->reason == IOMMU_REF_FAULT_S1_TRANSLATION ||
	       fault->reason == IOMMU_REF_FAULT_S1_PERMISSION ||
	       (fault->reason == IOMMU_REF_FAULT_ADDRESS_SIZE && !fault->ipa);
}

/* Through the tables; -EAGAIN: by way of something that is made under ref_lock() only. */
static int walk(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		unsigned int want, struct xlate *x, struct xlate_fault *fault)
{
	struct iommu_ref *ref = dev->ref;
	struct domain *d = att->domain;
	bool ok;

	if (d->kind == DOMAIN_NESTED && d->s1.abort && ref_defect(ref, STE_ABORT_PASSES))
		return stage2_walk(ref, d->parent, iova, want, x, fault) ? 0 : -EFAULT;
	if (d->kind == DOMAIN_NESTED && d->s1.abort) {
		/* STE.Config = 0b000: the device gets an abort, no event is recorded. */
		fault->reason = IOMMU_REF_FAULT_BLOCKED;
		fault->silent = true;
		return -EFAULT;
	}
	if (!att->tag && !ref->exclusive)
		return -EAGAIN;
	if (!att->tag && !smmu_fetch_cd(dev, att, pasid, fault))
		return -EFAULT;
	ok = d->kind == DOMAIN_PAGING ? one_stage(ref, d, iova, want, x, fault) :
					two_stages(ref, att, iova, want, x, fault);
	if (fault->again)
		return -EAGAIN;
	if (!ok) {
		fault->silent = fault_silent(att, fault);
		return -EFAULT;
	}
	return x->global && !ref->exclusive && !iotlb_has_global(dev->tlb, att->tag) ?
		-EAGAIN : 0;
}

static int miss(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		unsigned int want, struct xlate *x, struct xlate_fault *fault)
{
	int rc;

	*x = (struct xlate){ 0 };
	*fault = (struct xlate_fault){ 0 };
	rc = walk(dev, att, pasid, iova, want, x, fault);
	if (rc == -EAGAIN)
		return rc;
	dev->work.translations++;
	dev->work.misses++;
	dev->work.walk_loads += fault->loads;
	if (rc)
		return rc;
	iotlb_fill(dev->tlb, &(struct iotlb_fill){
		.iova = iova, .pa = x->pa, .tag = att->tag, .shift = x->shift,
		.s1_shift = x->s1_shift, .prot = x->prot, .global = x->global }, &dev->work);
	return 0;
}

int translate_miss(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		   unsigned int want, uint64_t *pa, struct xlate_fault *fault)
{
	struct xlate x;
	int rc = miss(dev, att, pasid, iova, want, &x, fault);

	if (!rc)
		*pa = x.pa;
	return rc;
}

int translate_range(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		    unsigned int want, struct iotlb_hit *hit, struct xlate_fault *fault)
{
	struct xlate x;
	int rc;

	if (att->tag && iotlb_lookup(dev->tlb, att->dtag, att->tag, iova, hit) &&
	    prot_allows(dev->ref, hit->prot, want)) {
		dev->work.translations++;
		dev->work.hits++;
		return 0;
	}
	rc = miss(dev, att, pasid, iova, want, &x, fault);
	if (!rc)
		*hit = (struct iotlb_hit){ .pa = x.pa >> x.shift << x.shift, .shift = x.shift,
					   .prot = x.prot };
	return rc;
}
