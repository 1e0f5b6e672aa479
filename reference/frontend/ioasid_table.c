// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tables of an IOASID: the kernel's, empty at the first attachment; on a child the user's own,
 * bound in its place, for hardware to walk over the parent's; and the invalidation of what is
 * cached of those. VT-d binds page tables. SMMUv3 has its PASID table in guest memory: the table is
 * bound, and page tables in it are "just tracked" for invalidation and faults.
 */
#include <errno.h>

#include "ioasid_objects.h"

/* ---- the kernel's */

bool ioasid_is_stage2(const struct domain *d)
{
	return domain_kind(d) == DOMAIN_NESTED || domain_fmt(d) == FMT_ARM_S2;
}

/*
 * What can be a parent of hardware nesting, if the device's unit has such a thing. On an SMMUv3
 * that is a stage 2, which PASIDs cannot have.
 */
static enum fmt root_format(const struct ioasid_attach *a)
{
	bool nesting = device_unit(a->dev->device)->nesting;

	if (ioasid_ref(a->space)->cfg.vendor == IOMMU_REF_VTD)
		return nesting ? FMT_VTD_SS : FMT_X86_FL;
	return nesting && a->pasid == NO_PASID ? FMT_ARM_S2 : FMT_ARM_S1;
}

static bool nests(enum fmt fmt)
{
	return fmt == FMT_VTD_SS || fmt == FMT_ARM_S2;
}

static int make_root(struct ioasid *x, const struct ioasid_attach *a)
{
	enum fmt fmt = root_format(a);
	struct domain *d;
	int rc;

	x->ioas = ioas_create(x->obj.ictx);
	if (!x->ioas)
		return -ENOMEM;
	rc = domain_create_for(a->dev->device, fmt, &d);
	if (!rc) {
		/* "availability of an user visible uAPI (e.g. hardware nesting)" is for all */
		if (nests(fmt))
			domain_set_nest_parent(d);
		rc = hwpt_from_domain(x->ioas, d, 0, &x->hwpt);
	}
	if (rc) {
		object_remove(&x->ioas->obj, false);
		x->ioas = NULL;
	}
	return rc;
}

static int make_child(struct ioasid *x, const struct ioasid_attach *a)
{
	struct iommu_ref *ref = ioasid_ref(x);
	int rc = iova_space_create(&x->maps);

	if (rc)
		return rc;
	rc = domain_create_for(a->dev->device, domain_fmt(ioasid_kernel_table(x->parent)),
			       &x->shadow);
	if (!rc)
		rc = iova_limit(x->maps, domain_last(x->shadow), x);
	if (rc) {
		domain_put(ref, x->shadow);
		iova_space_destroy(x->maps);
		x->shadow = NULL;
		x->maps = NULL;
	}
	return rc;
}

int ioasid_make_table(const struct ioasid_attach *a)
{
	return a->space->parent ? make_child(a->space, a) : make_root(a->space, a);
}

/* ---- the user's */

/*
 * "Read-only mapping is disallowed on the domain which serves as the parent in a nested
 * configuration, due to HW errata" 772415: the front end of IOASs refuses them while this is set.
 */
static void parent_nests(struct ioasid *parent)
{
	parent->hwpt->nest_parent = false;
	for (const struct ioasid *c = parent->children; c; c = c->sibling)
		if (c->user)
			parent->hwpt->nest_parent = true;
}

static void forget_user(struct ioasid *x)
{
	domain_put(ioasid_ref(x), x->user);
	x->user = NULL;
	x->tracked = x->pasid_table = false;
	if (x->parent)
		parent_nests(x->parent);
}

static int use_user(struct ioasid *x, const struct stage1 *s1)
{
	struct domain *d;
	int rc = domain_create_nested(ioasid_ref(x), ioasid_kernel_table(x->parent), s1, &d);

	if (rc)
		return rc;
	x->user = d;
	domain_listen(d, ioasid_page_request, x);
	parent_nests(x->parent);
	rc = ioasid_update(x);
	if (rc) {
		struct domain *failed = x->user;

		/* All devices have the empty table again before it goes. */
		x->user = NULL;
		ioasid_update(x);
		x->user = failed;
		forget_user(x);
	}
	return rc;
}

static void drop_user(struct ioasid *x)
{
	struct domain *old = x->user;

	ioasid_end_faults(x);
	x->user = NULL;
	if (old)
		ioasid_update(x);
	x->user = old;
	forget_user(x);
}

void ioasid_drop_table(struct ioasid *x)
{
	if (ioasid_bound(x))
		drop_user(x);
	if (x->hwpt)
		object_remove(&x->hwpt->obj, false);
	if (x->ioas)
		object_remove(&x->ioas->obj, false);
	domain_put(ioasid_ref(x), x->shadow);
	iova_space_destroy(x->maps);
	x->hwpt = NULL;
	x->ioas = NULL;
	x->shadow = NULL;
	x->maps = NULL;
	x->nr_maps = x->nr_readonly = 0;
}

bool ioasid_can_nest(const struct ioasid *x)
{
	const struct domain *d = ioasid_kernel_table(x);

	return !x->parent && d && nests(domain_fmt(d));
}

/* ---- bind */

unsigned int ioasid_addr_width(const struct device *device)
{
	const struct iommu_ref_unit_config *unit = device_unit(device);

	/* Arm's VA and output sizes go together (VAX, LPA, LPA2); VT-d has FL5LP. */
	return unit->five_level ? 57 : unit->oas_bits == 52 ? 52 : 48;
}

/* What both binds ask for. */
static int find_child(struct ucmd *u, uint32_t flags, uint32_t id, struct ioasid **out)
{
	int rc;

	if (flags)
		return -EOPNOTSUPP;
	rc = ioasid_find(u, id, out);
	if (rc)
		return rc;
	if (!(*out)->parent)
		return -EINVAL;
	if (!ioasid_can_nest((*out)->parent))
		return -EOPNOTSUPP;
	return ioasid_bound(*out) || (*out)->nr_maps || (*out)->children ? -EBUSY : 0;
}

static int bind_vtd(struct ioasid *x, const struct ioasid_bind_pgtable *cmd)
{
	const uint32_t known = IOASID_VTD_S1_SRE | IOASID_VTD_S1_EAFE | IOASID_VTD_S1_WPE;
	const struct stage1 s1 = {
		.fmt = FMT_X86_FL, .root = cmd->addr, .addr_width = cmd->addr_width,
		.sre = cmd->vtd_flags & IOASID_VTD_S1_SRE,
		.eafe = cmd->vtd_flags & IOASID_VTD_S1_EAFE,
		.wpe = cmd->vtd_flags & IOASID_VTD_S1_WPE,
	};

	if (cmd->vtd_flags & ~known)
		return -EOPNOTSUPP;
	if (cmd->addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (cmd->addr_width != 48 && cmd->addr_width != 57)
		return -EINVAL;
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next)
		if (cmd->addr_width > ioasid_addr_width(a->dev->device))
			return -EINVAL;
	/* The errata, from the other side. */
	if (x->parent->nr_readonly)
		return -EINVAL;
	return use_user(x, &s1);
}

/* "the kernel will not update the PASID table. Instead, just track the bound I/O page table" */
static int bind_tracked(struct ioasid *x, const struct ioasid_bind_pgtable *cmd)
{
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next) {
		const struct ioasid *table = a->tracked ? ioasid_pasid_table(a->dev) : NULL;

		if (!table)
			return -EOPNOTSUPP;
		if (a->user_pasid >> table->pasid_bits ||
		    cmd->addr_width > ioasid_addr_width(a->dev->device))
			return -EINVAL;
	}
	/* T0SZ of 39 at most; CD.ASID has 16 bits; CD.TTB0 is a multiple of 16. */
	if (cmd->addr_width < 25 || cmd->asid > UINT16_MAX || (cmd->addr & 15))
		return -EINVAL;
	x->asid = cmd->asid;
	x->tracked = true;
	return 0;
}

int ioasid_bind_pgtable(struct ucmd *u)
{
	const struct ioasid_bind_pgtable *cmd = u->cmd;
	bool arm = u->ictx->ref->cfg.vendor == IOMMU_REF_SMMUV3;
	struct ioasid *x;
	int rc = find_child(u, cmd->flags, cmd->ioasid, &x);

	if (rc)
		return rc;
	if (cmd->format != (arm ? IOASID_PGTABLE_ARM_S1 : IOASID_PGTABLE_VTD_S1))
		return -EOPNOTSUPP;
	return arm ? bind_tracked(x, cmd) : bind_vtd(x, cmd);
}

/* A stream table entry that has the user's context table, Arm IHI 0070 5.2 */
static struct stage1 smmu_ste(const struct ioasid_bind_pasid_table *cmd)
{
	return (struct stage1){
		.fmt = FMT_ARM_S1, .addr_width = 48,
		.ats = true,	/* "dev_iotlb if enabled": it is, where a device has one */
		/* V, Config S1, linear S1Fmt, S1ContextPtr, S1CDMax; S1DSS */
		.ste = { 1 | 5 << 1 | cmd->addr | (uint64_t)cmd->pasid_bits << 59,
			 cmd->default_mode },
	};
}

int ioasid_bind_pasid_table(struct ucmd *u)
{
	const struct ioasid_bind_pasid_table *cmd = u->cmd;
	struct stage1 s1;
	struct ioasid *x;
	int rc = find_child(u, cmd->flags, cmd->ioasid, &x);

	if (rc)
		return rc;
	if (u->ictx->ref->cfg.vendor != IOMMU_REF_SMMUV3 ||
	    cmd->format != IOASID_PASID_TABLE_ARM_SMMUV3 ||
	    cmd->default_mode > IOASID_DEFAULT_SSID0)
		return -EOPNOTSUPP;
	if ((cmd->addr & 63) || cmd->addr >> 52 ||
	    (!cmd->pasid_bits && cmd->default_mode != IOASID_DEFAULT_SSID0))
		return -EINVAL;
	/* "the specified IOASID represents the per-RID PASID space" */
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next)
		if (a->pasid != NO_PASID || cmd->pasid_bits > device_pasid_bits(a->dev->device))
			return -EINVAL;
	s1 = smmu_ste(cmd);
	x->pasid_table = true;
	x->pasid_bits = cmd->pasid_bits;
	rc = use_user(x, &s1);
	if (rc)
		x->pasid_table = false;
	return rc;
}

int ioasid_unbind(struct ioasid_file *ctx, uint32_t id, bool pasid_table)
{
	struct ioasid *x = ioasid_get(ctx, id);
	int rc;

	if (!x)
		return -ENOENT;
	rc = ioasid_ready(x);
	if (rc)
		return rc;
	if (!ioasid_bound(x) || x->pasid_table != pasid_table)
		return -EINVAL;
	drop_user(x);
	return 0;
}

/* ---- invalidation */

static int invalidate_pasids(const struct ioasid *x, bool all, uint64_t first, uint64_t nr)
{
	const uint64_t end = 1ull << x->pasid_bits;

	if (!all && (first >= end || nr > end - first))
		return -EINVAL;
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next) {
		if (all || nr == end)
			device_cfgi(a->dev->device);
		else
			for (uint64_t ssid = first; ssid < first + nr; ssid++)
				device_cfgi_cd(a->dev->device, (uint32_t)ssid);
	}
	return 0;
}

/* "The ioasid driver walks the attached routing information to match the IOMMU semantics" */
static void invalidate_addresses(const struct ioasid *x, bool all, uint64_t first, uint64_t last)
{
	struct iommu_ref *ref = ioasid_ref(x);
	uint32_t dtag = domain_dtag(x->tracked ? ioasid_kernel_table(x->parent) : x->user);
	uint32_t atag = x->tracked ? x->asid : ATAG_ANY;

	if (all && x->tracked)
		inv_pasid(ref, dtag, atag);
	else if (all)
		inv_domain(ref, dtag);
	else
		inv_range(ref, dtag, atag, first, last);
	/* "always applies to the iotlb (and dev_iotlb if enabled)" */
	if (all) {
		first = 0;
		last = UINT64_MAX;
	}
	if (x->user)
		inv_atc_domain(x->user, first, last);
	for (const struct ioasid_attach *a = x->tracked ? x->attaches : NULL; a; a = a->next) {
		inv_atc(a->dev->device, a->user_pasid, false, first, last);
		if (!a->user_pasid)	/* entry 0 serves requests without one, too */
			inv_atc(a->dev->device, NO_PASID, false, first, last);
	}
}

int ioasid_invalidate(struct ucmd *u)
{
	const struct ioasid_invalidate *cmd = u->cmd;
	bool all = cmd->granularity == IOASID_INV_ALL;
	struct ioasid *x;
	int rc;

	if (cmd->flags || cmd->granularity > IOASID_INV_RANGE)
		return -EOPNOTSUPP;
	rc = ioasid_find(u, cmd->ioasid, &x);
	if (rc)
		return rc;
	if (!ioasid_bound(x) || (all && (cmd->addr || cmd->size)) || (!all && !cmd->size))
		return -EINVAL;
	if (!all && sum_overflows(cmd->addr, cmd->size - 1))
		return -EOVERFLOW;
	if (x->pasid_table)
		return invalidate_pasids(x, all, cmd->addr, cmd->size);
	if ((cmd->addr | cmd->size) & (PAGE_SIZE - 1))
		return -EINVAL;
	invalidate_addresses(x, all, cmd->addr, cmd->addr + cmd->size - 1);
	return 0;
}
