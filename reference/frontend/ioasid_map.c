// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The DMA mapping protocol: registered memory, MAP and UNMAP. A root maps user memory. A child maps
 * addresses of its parent, and what both levels say is merged into one table for hardware; "any
 * change in either level" reaches it.
 */
#include <errno.h>
#include <stdlib.h>

#include "ioasid_objects.h"

/* ---- registered memory */

struct registered {
	struct registered *next;
	struct pages *pages;
	uint64_t va, len;
};

static int check_memory(struct iommu_ref *ref, const struct ioasid_memory *cmd)
{
	if (cmd->flags)
		return -EOPNOTSUPP;
	if (!cmd->size || (cmd->vaddr | cmd->size) & (ref->cfg.granule - 1))
		return -EINVAL;
	return sum_overflows(cmd->vaddr, cmd->size) ? -EOVERFLOW : 0;
}

int ioasid_register_memory(struct ucmd *u)
{
	struct ioasid_file *ctx = (struct ioasid_file *)u->ictx;
	const struct ioasid_memory *cmd = u->cmd;
	struct registered *r;
	int rc = check_memory(u->ictx->ref, cmd);

	if (rc)
		return rc;
	for (r = ctx->memory; r; r = r->next)
		if (cmd->vaddr < r->va + r->len && r->va < cmd->vaddr + cmd->size)
			return -EEXIST;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	rc = pages_alloc_user(u, cmd->vaddr, cmd->size, true, &r->pages);
	if (!rc) {
		rc = pages_pin(r->pages, cmd->vaddr, cmd->size);
		if (rc)
			pages_put(r->pages);
	}
	if (rc) {
		free(r);
		return rc;
	}
	r->va = cmd->vaddr;
	r->len = cmd->size;
	r->next = ctx->memory;
	ctx->memory = r;
	return 0;
}

static void forget(struct registered **p)
{
	struct registered *r = *p;

	*p = r->next;
	pages_unpin(r->pages, r->va, r->len);
	pages_put(r->pages);
	free(r);
}

int ioasid_unregister_memory(struct ucmd *u)
{
	struct ioasid_file *ctx = (struct ioasid_file *)u->ictx;
	const struct ioasid_memory *cmd = u->cmd;
	struct registered **p = &ctx->memory;
	int rc = check_memory(u->ictx->ref, cmd);

	if (rc)
		return rc;
	while (*p && ((*p)->va != cmd->vaddr || (*p)->len != cmd->size))
		p = &(*p)->next;
	if (!*p)
		return -ENOENT;
	if (pages_shared((*p)->pages))
		return -EBUSY;
	forget(p);
	return 0;
}

void ioasid_forget_memory(struct ioasid_file *ctx)
{
	while (ctx->memory)
		forget(&ctx->memory);
}

/* The memory that a root maps: of one registration, if there are any, else the user's as it is. */
static int find_pages(struct ucmd *u, const struct ioasid_dma_map *cmd, struct pages **out)
{
	struct ioasid_file *ctx = (struct ioasid_file *)u->ictx;
	const struct registered *r = ctx->memory;

	if (!r)
		return pages_alloc_user(u, cmd->vaddr, cmd->size, cmd->flags & IOASID_MAP_WRITE,
					out);
	while (r && (cmd->vaddr < r->va || cmd->vaddr - r->va > r->len ||
		     cmd->size > r->len - (cmd->vaddr - r->va)))
		r = r->next;
	if (!r)
		return -ENOENT;
	pages_get(r->pages);
	*out = r->pages;
	return 0;
}

/* ---- two levels in one */

typedef int (*run_fn)(void *arg, uint64_t first, uint64_t last, uint64_t va, unsigned int prot);

struct through {		/* an area of a child, while its parent's runs are visited */
	const struct iova_area *area;
	run_fn fn;
	void *arg;
};

static int run_of_parent(void *arg, uint64_t first, uint64_t last, uint64_t va, unsigned int prot)
{
	const struct through *t = arg;

	prot &= t->area->prot;
	if (!prot)
		return 0;
	return t->fn(t->arg, first - t->area->va + t->area->first,
		     last - t->area->va + t->area->first, va, prot);
}

/* Calls @fn for each part of [@first, @last] of @x that ends up in memory, with the memory. */
static int for_each_run(const struct ioasid *x, uint64_t first, uint64_t last, run_fn fn, void *arg)
{
	const struct iova_space *space = x->ioas ? x->ioas->iova : x->maps;
	const struct iova_area *area = iova_lookup(space, first);
	int rc = 0;

	for (; area && area->first <= last && !rc;
	     area = area->last == UINT64_MAX ? NULL : iova_lookup(space, area->last + 1)) {
		uint64_t a = area->first > first ? area->first : first;
		uint64_t b = area->last < last ? area->last : last;
		struct through t = { area, fn, arg };

		if (x->ioas)
			rc = fn(arg, a, b, area->va + (a - area->first), area->prot);
		else
			rc = for_each_run(x->parent, area->va + (a - area->first),
					  area->va + (b - area->first), run_of_parent, &t);
	}
	return rc;
}

static int map_run(void *arg, uint64_t first, uint64_t last, uint64_t va, unsigned int prot)
{
	struct ioasid *x = arg;

	return domain_map(ioasid_ref(x), x->shadow, first, last, va, prot);
}

/* [@first, @last] of a child as both levels have it now. */
static int refresh(struct ioasid *x, uint64_t first, uint64_t last)
{
	domain_unmap(ioasid_ref(x), x->shadow, first, last);
	return for_each_run(x, first, last, map_run, x);
}

/* [@first, @last] of @x has changed: so have those who are nested on it. */
static int propagate(struct ioasid *x, uint64_t first, uint64_t last)
{
	int rc = 0, one;

	for (struct ioasid *c = x->children; c; c = c->sibling) {
		const struct iova_area *area = c->maps ? iova_lookup(c->maps, 0) : NULL;

		for (; area; area = area->last == UINT64_MAX ? NULL :
					    iova_lookup(c->maps, area->last + 1)) {
			uint64_t end = area->va + (area->last - area->first);
			uint64_t a = area->va > first ? area->va : first;
			uint64_t b = end < last ? end : last;

			if (a > b)
				continue;
			a = a - area->va + area->first;
			b = b - area->va + area->first;
			one = refresh(c, a, b);
			if (!one)
				one = propagate(c, a, b);
			rc = rc ? rc : one;
		}
	}
	return rc;
}

/* ---- map */

static int map_root(struct ucmd *u, struct ioasid *x, const struct ioasid_dma_map *cmd)
{
	uint64_t iova = cmd->iova, bytes, last = iova + cmd->size - 1;
	uint32_t flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	struct pages *pages;
	int rc = find_pages(u, cmd, &pages);

	if (rc)
		return rc;
	if (cmd->flags & IOASID_MAP_READ)
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (cmd->flags & IOASID_MAP_WRITE)
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	rc = ioas_map_pages(x->ioas, pages, cmd->vaddr, cmd->size, &iova, flags);
	if (rc)
		return rc;
	rc = propagate(x, iova, last);
	if (rc) {
		ioas_unmap_iova(x->ioas, iova, cmd->size, &bytes);
		propagate(x, iova, last);	/* only takes away */
	}
	return rc;
}

/* Software nesting. */
static int map_child(struct ioasid *x, const struct ioasid_dma_map *cmd)
{
	const struct iova_area area = {
		.first = cmd->iova, .last = cmd->iova + cmd->size - 1, .va = cmd->vaddr,
		.prot = (cmd->flags & IOASID_MAP_READ ? PROT_R : 0) |
			(cmd->flags & IOASID_MAP_WRITE ? PROT_W : 0),
	};
	int rc;

	if (ioasid_bound(x))
		return -EBUSY;
	/* Its route has no table of the kernel's. */
	for (const struct ioasid_attach *a = x->attaches; a; a = a->next)
		if (a->tracked)
			return -EOPNOTSUPP;
	rc = iova_insert(x->maps, &area);
	if (rc)
		return rc;
	rc = refresh(x, area.first, area.last);
	if (!rc)
		rc = propagate(x, area.first, area.last);
	if (rc) {
		iova_remove(x->maps, area.first);
		refresh(x, area.first, area.last);
		propagate(x, area.first, area.last);
	}
	return rc;
}

static int check_range(struct iommu_ref *ref, uint64_t iova, uint64_t size)
{
	if (!size || (iova | size) & (ref->cfg.granule - 1))
		return -EINVAL;
	return sum_overflows(iova, size - 1) ? -EOVERFLOW : 0;
}

/* IOASID_MAP_DMA */
int ioasid_map_dma(struct ucmd *u)
{
	const struct ioasid_dma_map *cmd = u->cmd;
	struct ioasid *x;
	int rc;

	if ((cmd->flags & ~(uint32_t)(IOASID_MAP_READ | IOASID_MAP_WRITE)) ||
	    reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	rc = cmd->flags ? check_range(u->ictx->ref, cmd->iova, cmd->size) : -EINVAL;
	if (!rc)
		rc = check_range(u->ictx->ref, cmd->vaddr, cmd->size);
	if (!rc)
		rc = ioasid_find(u, cmd->ioasid, &x);
	if (rc)
		return rc;
	rc = x->parent ? map_child(x, cmd) : map_root(u, x, cmd);
	if (rc)
		return rc;
	x->nr_maps++;
	x->nr_readonly += !(cmd->flags & IOASID_MAP_WRITE);
	return 0;
}

/* IOASID_UNMAP_DMA: "the unmap size should match those used in the original mapping call" */
int ioasid_unmap_dma(struct ucmd *u)
{
	const struct ioasid_dma_unmap *cmd = u->cmd;
	const struct iova_area *area;
	uint64_t last = cmd->iova + cmd->size - 1, bytes;
	struct ioasid *x;
	bool readonly;
	int rc;

	if (cmd->flags || reserved_set(u->ictx->ref, cmd->__reserved))
		return -EOPNOTSUPP;
	rc = check_range(u->ictx->ref, cmd->iova, cmd->size);
	if (!rc)
		rc = ioasid_find(u, cmd->ioasid, &x);
	if (rc)
		return rc;
	area = iova_lookup(x->ioas ? x->ioas->iova : x->maps, cmd->iova);
	if (!area || area->first != cmd->iova)
		return -ENOENT;
	if (area->last != last)
		return -EINVAL;
	readonly = !(area->prot & PROT_W);
	if (x->ioas) {
		rc = ioas_unmap_iova(x->ioas, cmd->iova, cmd->size, &bytes);
		if (rc)
			return rc;
	} else {
		iova_remove(x->maps, cmd->iova);
		refresh(x, cmd->iova, last);
	}
	propagate(x, cmd->iova, last);		/* only takes away */
	x->nr_maps--;
	x->nr_readonly -= readonly;
	return 0;
}
