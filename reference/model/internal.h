/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the model's own files share about domains, devices and translation. Front ends use model.h.
 */
#ifndef IOMMU_REF_INTERNAL_H
#define IOMMU_REF_INTERNAL_H

#include "iotlb.h"
#include "lock.h"
#include "pgtable.h"

struct domain {
	enum domain_kind kind;
	enum fmt fmt;
	uint32_t dtag;
	unsigned int refs;
	const struct unit *unit;	/* it was made for */
	struct driver_domain drv;	/* ops NULL: the model's own table */
	/* paging */
	struct pgtable table;
	struct domain *children;	/* nested domains on top of this stage 2 */
	bool coherent, nest_parent;
	struct attach *users;		/* that have it */
	/* dirty tracking */
	bool trackable, tracking;
	/* page requests */
	void (*listen)(void *arg, struct page_group *group);
	void *listen_arg;
	/* events */
	void (*event)(void *arg, struct device *dev, const uint64_t evt[4]);
	void *event_arg;
	/* nested */
	struct stage1 s1;
	struct domain *parent;
	struct domain *prev, *next;	/* in the parent's children */
};

/* Where stage 1 starts and what it can translate: out of the PASID entry or context descriptor. */
struct stage1_walk {
	const struct pt_format *format;
	uint64_t root;		/* IPA of the top table */
	uint64_t beyond;	/* bits that no output address may have */
	uint8_t top, input_bits;
	bool common;		/* pt_common() */
	bool keeps_access, keeps_dirty;	/* hardware notes it in the leaf */
	bool ignores_access;	/* else a leaf without the access flag faults */
};

/* A context descriptor, decoded. */
struct smmu_cd {
	struct stage1_walk walk;
	uint16_t asid;
	bool disabled;		/* EPD0: no walks, every access is a translation fault */
	bool record;		/* R: stage-1 faults are recorded */
};

/* How DMA of one (device, PASID) is translated. */
struct attach {
	struct domain *domain;
	uint32_t tag;		/* IOTLB tag id; 0 while the context descriptor is not cached */
	uint32_t dtag;		/* of the tag */
	bool substream;		/* not attached itself: comes with the STE of the device's RID */
	bool bypass_s1;		/* nested, stage 2 alone */
	struct smmu_cd cd;	/* SMMUv3 nested, valid if tag != 0 */
	/* attached itself: where, and in the domain's users */
	struct device *dev;
	uint32_t pasid;		/* NO_PASID: the RID */
	struct attach *next_user, **prev_user;
};

/* What translations of one device count, under its gate; iommu_ref_stats() sums them up. */
struct dma_work {
	uint64_t translations, hits, misses, fills, evictions, walk_loads;
	uint64_t ats_requests, atc_hits;
};

struct device {
	struct gate gate;	/* its DMA */
	struct dma_work work;
	struct attach *hot;	/* how requests of hot_key go; NULL: look it up */
	uint64_t hot_key;	/* the PASID, or NO_PASID_KEY */
	struct iommu_ref *ref;
	const struct unit *unit;
	struct iotlb *tlb;	/* the unit's */
	const struct iommu_ref_device_config *cfg;
	unsigned int index;
	struct attach rid;
	struct attach **pasids[1024];	/* [pasid / 1024][pasid % 1024], made when needed */
	unsigned int nr_substreams;
	unsigned int nr_pasids;		/* that have a domain */
	struct atc *atc;	/* atc.c; NULL: it never asked for a translation */
	struct page_requests *requests;	/* page_request.c; NULL: it never sent one */
};

/* Around DMA of one device. */
static inline void dma_lock(struct device *dev)
{
	if (REF_SHARED)
		ref_lock(dev->ref);
	else
		gate_lock(&dev->gate);
}

static inline void dma_unlock(struct device *dev)
{
	if (REF_SHARED)
		ref_unlock(dev->ref);
	else
		gate_unlock(&dev->gate);
}

/* NULL: no memory. */
struct device *device_create(struct iommu_ref *ref, unsigned int index);
void device_destroy(struct device *dev);
/*
 * How this request is translated; NULL: not at all, *@reason says why. IOMMU_REF_FAULT_NONE: it
 * must be asked again under ref_lock().
 */
struct attach *device_route(struct device *dev, bool has_pasid, uint32_t pasid,
			    enum iommu_ref_fault_reason *reason);

/* ---- translation */

static inline bool prot_allows(const struct iommu_ref *ref, unsigned int have, unsigned int want)
{
	if (ref_defect(ref, WRITE_IGNORES_RO) && (have & PROT_R))
		have |= PROT_W;
	if (ref_defect(ref, READ_NEEDS_WRITE) && !(have & PROT_W))
		have = 0;
	return !(want & ~have);
}

struct xlate_fault {
	enum iommu_ref_fault_reason reason;
	uint64_t ipa;
	unsigned int loads;	/* page-table entries that were read, faulting or not */
	bool silent;		/* not to be recorded: the context descriptor says so */
	bool unsent;		/* an answer without rights: the device sends nothing */
	bool again;		/* no fault: must be done under ref_lock() */
	uint8_t event;		/* SMMUv3: the event's number, 0: follows from the reason */
};

/* A whole translation of one address. */
struct xlate {
	uint64_t pa;
	unsigned int prot, shift, s1_shift;
	bool global;
};

#define NO_PASID_KEY (1ull << 32)

/* By the IOTLB alone. A hit without the right is none: the walk knows whom to blame. */
static inline bool translate_hit(struct device *dev, const struct attach *att, uint64_t iova,
				 unsigned int want, uint64_t *pa)
{
	struct iotlb_hit hit;

	if (!att->tag || !iotlb_lookup(dev->tlb, att->dtag, att->tag, iova, &hit) ||
	    !prot_allows(dev->ref, hit.prot, want))
		return false;
	dev->work.translations++;
	dev->work.hits++;
	*pa = hit.pa | (iova & ((1ull << hit.shift) - 1));
	return true;
}

/*
 * Translates @iova through @att for an access that needs @want by a walk, and fills the IOTLB.
 * @pasid is the SubstreamID for an SMMU's context table. Returns 0, or -EFAULT:
 * @fault has the reason; -EAGAIN: it must be done under ref_lock().
 */
int translate_miss(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		   unsigned int want, uint64_t *pa, struct xlate_fault *fault);

/* As translate_miss(), by the IOTLB or a walk: all of the page that @iova lies in. */
int translate_range(struct device *dev, struct attach *att, uint32_t pasid, uint64_t iova,
		    unsigned int want, struct iotlb_hit *hit, struct xlate_fault *fault);

/* One kernel-managed table, without IOTLB; faults are those of stage 2. */
bool stage2_walk(struct iommu_ref *ref, struct domain *s2, uint64_t ipa, unsigned int want,
		 struct xlate *x, struct xlate_fault *fault);
/* Reads guest memory through stage 2; @len bytes within a page. */
bool guest_read(struct iommu_ref *ref, struct domain *s2, uint64_t gpa, void *buf, size_t len,
		struct xlate_fault *fault);

/*
 * mark.c: sets what hardware notes in the entries of stage 1 on the way of @iova for @want, and
 * nothing where they are no longer what was walked: the caller walks again.
 */
bool stage1_mark(struct iommu_ref *ref, struct domain *s2, const struct stage1_walk *w,
		 uint64_t iova, unsigned int want, struct xlate_fault *fault);

/* smmu.c: fills att->cd and att->tag from guest memory. */
bool smmu_fetch_cd(struct device *dev, struct attach *att, uint32_t ssid,
		   struct xlate_fault *fault);
/* What an STE makes of @s1. */
void smmu_decode_ste(struct stage1 *s1);
/* Requests without a SubstreamID skip stage 1. */
bool smmu_bypasses_stage1(const struct stage1 *s1);
enum smmu_route {
	SMMU_ROUTE_STREAM,		/* as the stream itself: descriptor 0, bypass or abort */
	SMMU_ROUTE_SUBSTREAM,		/* the descriptor of the SubstreamID */
	SMMU_ROUTE_DISABLED,		/* F_STREAM_DISABLED */
	SMMU_ROUTE_BAD_SUBSTREAM,	/* C_BAD_SUBSTREAMID */
};
enum smmu_route smmu_route(const struct stage1 *s1, bool has_ssid, uint32_t ssid);

/* ---- ATS (ats.c) */
/* May @dev send translation requests and translated ones? */
bool device_ats_enabled(const struct device *dev);
/*
 * Where a request for @iova by the device's ATC goes; as translate_miss(), but @why is told as
 * unsent if the device got no right.
 */
int ats_address(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova, uint64_t *pa,
		struct xlate_fault *why);
/* A request of @dev did not pass: it is recorded, and copied to @fault if that is not NULL. */
void dma_faulted(struct device *dev, const struct iommu_ref_dma *dma, uint64_t iova,
		 const struct xlate_fault *why, struct iommu_ref_fault *fault);

/* ---- device TLBs (atc.c); @pasid NO_PASID: a request without one */
bool atc_lookup(struct device *dev, uint32_t pasid, uint64_t iova, unsigned int want, uint64_t *pa);
void atc_fill(struct device *dev, uint32_t pasid, uint64_t iova, const struct iotlb_hit *hit);
/* false: there is none, and there is no memory, or it must be made under ref_lock(). */
bool atc_make(struct device *dev);
void atc_free(struct device *dev);
/* What the device does with an invalidation; the rule of PASIDs is inv_atc()'s (model.h). */
void atc_invalidate(struct device *dev, uint32_t pasid, bool global, uint64_t first, uint64_t last);
/* What was translated by @d in the range, and all that came through it as stage 2. */
void domain_flush_atc(struct iommu_ref *ref, const struct domain *d, uint64_t first, uint64_t last);
/* The page table of @pasid was changed; NO_PASID: that of the RID, and then all goes. */
void device_flush_atc(struct device *dev, uint32_t pasid);

/* ---- dirty tracking */
/*
 * An allowed access to a leaf of @d, which is tracking: a write marks it, and *@prot becomes what
 * may be cached. false: to mark it needs ref_lock().
 */
bool domain_note_access(struct iommu_ref *ref, struct domain *d, uint64_t input, unsigned int want,
			unsigned int *prot);
/* IOTLB and device TLBs forget the range of @d, and all that came through it as stage 2. */
void domain_flush(struct iommu_ref *ref, struct domain *d, uint64_t first, uint64_t last);

/* ---- page requests */
/* The page table of @pasid (NO_PASID: of the RID) changes: what is incomplete for it is dropped. */
void page_requests_drop(struct device *dev, uint32_t pasid);
void page_requests_free(struct device *dev);

/* ---- SMMUv3 events, Arm IHI 0070 7.3 */
enum smmu_event {
	SMMU_C_BAD_STE = 0x04,
	SMMU_F_STREAM_DISABLED = 0x06,
	SMMU_C_BAD_SUBSTREAMID = 0x08,
	SMMU_C_BAD_CD = 0x0a,
	SMMU_F_TRANSLATION = 0x10,
	SMMU_F_ADDR_SIZE = 0x11,
	SMMU_F_ACCESS = 0x12,
	SMMU_F_PERMISSION = 0x13,
};
/* Tells the listener of the stream's domain, if the fault is one of its stage 1. */
void smmu_event(struct device *dev, const struct iommu_ref_fault *fault,
		const struct xlate_fault *why);

/* ---- faults */
int fault_ring_create(struct iommu_ref *ref);	/* -ENOMEM */
void fault_ring_destroy(struct iommu_ref *ref);
void fault_record(struct iommu_ref *ref, const struct iommu_ref_fault *fault);

/* ---- user memory */
/* One table entry of user space. The only place that reads user-built tables. */
bool user_load64(const struct iommu_ref *ref, uint64_t va, uint64_t *value);
/*
 * Replaces @old by @new there, atomically, or leaves alone what is no longer @old. false: there is
 * no memory that can be written. The only place that writes user-built tables.
 */
bool user_cas64(const struct iommu_ref *ref, uint64_t va, uint64_t old, uint64_t new);

/* ---- known-bad variants */
/* -EINVAL: no such defect in this build. */
int defect_find(const char *name, enum ref_defect *out);
/* Makes room for what DEFECT_TRACE notes. -ENOMEM. */
int defect_init(struct iommu_ref *ref);

#endif
