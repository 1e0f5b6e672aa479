// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The system-wide PASID space and its sets. A set belongs to one owner and takes its whole quota
 * out of the capacity when it is made, so a later owner fails at creation and never at somebody
 * else's cost. Numbers live in a sparse tree of 64-way bitmaps, each level summing up which
 * children are full: finding the lowest free number costs one step a level, whatever the range.
 * Rules: the ioasid core below v7.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define FANOUT_BITS 6
#define LEVELS 6		/* 64^6 numbers: all of 32 bits, as v7 as posted can ask for 2^31 */
#define NO_NUMBER UINT64_MAX
#define MAX_SPARE 64u

/* 64 children: nodes, or in a leaf PASIDs. */
struct pasid_node {
	uint64_t used;		/* the child is there */
	uint64_t full;		/* there is no free number below the child */
	void *child[64];
};

struct pasid {
	struct pasid_set *set;	/* NULL: the set is gone, a user still holds the number */
	struct pasid *prev, *next;	/* in the set */
	uint32_t number;
	uint32_t refs;		/* the set's own, while it is not free_pending, and users' */
	bool free_pending;
};

struct pasid_set {
	struct pasid_set *prev, *next;	/* in the space */
	struct pasid *pasids;
	uint32_t refs;
	uint32_t quota;
	uint32_t charged;	/* against the quota: given back with the last reference */
	uint32_t count;		/* owned now */
};

struct pasid_space {
	struct pasid_node root;
	struct pasid_set *sets;
	struct pasid_set *host;	/* the kernel's own, in sets like the others */
	uint32_t available;	/* capacity that no set has taken */
	struct pasid_node *hot[LEVELS];	/* the way to the leaf used last, [0]; NULL: none */
	uint64_t hot_leaf;	/* its numbers >> FANOUT_BITS */
	uint64_t none_from, none_to;	/* no number in [from, to) is free */
	struct pasid *spare;	/* freed ones, for the next allocations; linked by next */
	unsigned int nr_spare;
};

/* ---- the tree */

static unsigned int slot_of(uint64_t number, int level)
{
	return (number >> (FANOUT_BITS * level)) & 63;
}

/* Lowest free number >= @min below @node, both counted from the node's first number. */
static uint64_t lowest_free(const struct pasid_node *node, int level, uint64_t min)
{
	int shift = FANOUT_BITS * level;
	unsigned int from = slot_of(min, level);

	for (;;) {
		uint64_t candidates = ~node->full & (~0ull << from);
		unsigned int i;
		uint64_t below, found;

		if (!candidates)
			return NO_NUMBER;
		i = (unsigned int)__builtin_ctzll(candidates);
		below = i == slot_of(min, level) ? min & ((1ull << shift) - 1) : 0;
		if (!level || !node->child[i])
			return ((uint64_t)i << shift) + below;
		found = lowest_free(node->child[i], level - 1, below);
		if (found != NO_NUMBER)
			return ((uint64_t)i << shift) + found;
		/* Only the first child can miss: it has free numbers, but below @min. */
		if (i == 63)
			return NO_NUMBER;
		from = i + 1;
	}
}

/* Sums up @number's path bottom-up after its leaf changed; nodes that became empty go. */
static void update_path(struct pasid_node *const *path, uint32_t number)
{
	for (int level = 1; level < LEVELS; level++) {
		struct pasid_node *node = path[level], *below = path[level - 1];
		uint64_t bit = 1ull << slot_of(number, level);

		if (!below)
			continue;
		node->full = ~below->full ? node->full & ~bit : node->full | bit;
		if (!below->used) {
			node->used &= ~bit;
			node->child[slot_of(number, level)] = NULL;
			free(below);
		}
	}
}

/* Leaves the leaf that was used last; an empty one goes now. */
static void hot_leave(struct pasid_space *space)
{
	if (space->hot[0] && !space->hot[0]->used)
		update_path(space->hot, (uint32_t)(space->hot_leaf << FANOUT_BITS));
	space->hot[0] = NULL;
}

/*
 * The leaf of @number, which becomes the one used last: what follows is mostly about the same one,
 * and then costs no descent. NULL: there is none; with @make: no memory.
 */
static struct pasid_node *leaf_of(struct pasid_space *space, uint32_t number, bool make)
{
	struct pasid_node *path[LEVELS] = { [LEVELS - 1] = &space->root };

	if (space->hot[0] && space->hot_leaf == number >> FANOUT_BITS)
		return space->hot[0];
	for (int level = LEVELS - 1; level > 0; level--) {
		struct pasid_node *node = path[level];
		unsigned int i = slot_of(number, level);

		if (!node->child[i] && make) {
			node->child[i] = calloc(1, sizeof(*node));
			if (node->child[i])
				node->used |= 1ull << i;
		}
		if (!node->child[i]) {
			if (make)
				update_path(path, number);
			return NULL;
		}
		path[level - 1] = node->child[i];
	}
	hot_leave(space);
	memcpy(space->hot, path, sizeof(path));
	space->hot_leaf = number >> FANOUT_BITS;
	return path[0];
}

static int tree_insert(struct pasid_space *space, struct pasid *p)
{
	struct pasid_node *leaf = leaf_of(space, p->number, true);
	uint64_t bit = 1ull << slot_of(p->number, 0);

	if (!leaf)
		return -ENOMEM;
	leaf->child[slot_of(p->number, 0)] = p;
	leaf->used |= bit;
	leaf->full |= bit;
	if (!~leaf->full)
		update_path(space->hot, p->number);
	return 0;
}

static void tree_remove(struct pasid_space *space, uint32_t number)
{
	struct pasid_node *leaf = leaf_of(space, number, false);
	uint64_t bit = 1ull << slot_of(number, 0);
	bool was_full = !~leaf->full;

	leaf->child[slot_of(number, 0)] = NULL;
	leaf->used &= ~bit;
	leaf->full &= ~bit;
	if (was_full)
		update_path(space->hot, number);
	if (number >= space->none_from && number < space->none_to)
		space->none_to = number;
}

static struct pasid *tree_find(struct pasid_space *space, uint32_t number)
{
	const struct pasid_node *leaf = leaf_of(space, number, false);

	return leaf ? leaf->child[slot_of(number, 0)] : NULL;
}

/* Lowest free number >= @min; what the last search has learnt is not searched again. */
static uint64_t tree_lowest_free(struct pasid_space *space, uint64_t min)
{
	uint64_t number = NO_NUMBER, candidates;

	if (min < space->none_from || min > space->none_to)
		space->none_from = space->none_to = min;
	min = space->none_to;
	if (space->hot[0] && space->hot_leaf == min >> FANOUT_BITS) {
		candidates = ~space->hot[0]->full & (~0ull << slot_of(min, 0));
		if (candidates)
			number = (min & ~63ull) + (unsigned int)__builtin_ctzll(candidates);
	}
	if (number == NO_NUMBER)
		number = lowest_free(&space->root, LEVELS - 1, min);
	if (number != NO_NUMBER)
		space->none_to = number;
	return number;
}

/* ---- one PASID */

static void unlink_from_set(struct pasid *p)
{
	if (p->prev)
		p->prev->next = p->next;
	else
		p->set->pasids = p->next;
	if (p->next)
		p->next->prev = p->prev;
	p->set = NULL;
}

static void link_to_set(struct pasid_set *set, struct pasid *p)
{
	p->set = set;
	p->next = set->pasids;
	if (p->next)
		p->next->prev = p;
	set->pasids = p;
}

static struct pasid *pasid_new(struct pasid_space *space, uint32_t number)
{
	struct pasid *p = space->spare;

	if (p) {
		space->spare = p->next;
		space->nr_spare--;
	} else {
		p = malloc(sizeof(*p));
		if (!p)
			return NULL;
	}
	*p = (struct pasid){ .number = number, .refs = 1 };
	return p;
}

static void pasid_delete(struct pasid_space *space, struct pasid *p)
{
	if (space->nr_spare == MAX_SPARE) {
		free(p);
		return;
	}
	p->next = space->spare;
	space->spare = p;
	space->nr_spare++;
}

static void drop_reference(struct iommu_ref *ref, struct pasid *p)
{
	if (--p->refs)
		return;
	if (p->set) {
		if (!ref_defect(ref, QUOTA_NOT_REFUNDED))
			p->set->charged--;
		unlink_from_set(p);
	}
	tree_remove(ref->pasids, p->number);
	ref->stats.pasids--;
	pasid_delete(ref->pasids, p);
}

/* Users go first; a number with a user left stays pending and is not reissued. */
static void free_one(struct iommu_ref *ref, struct pasid *p,
		     void (*teardown)(void *arg, uint32_t pasid), void *arg)
{
	if (p->free_pending)
		return;
	if (teardown && p->refs > 1 && !ref_defect(ref, FREE_KEEPS_BINDING))
		teardown(arg, p->number);
	p->free_pending = true;
	p->set->count--;
	drop_reference(ref, p);
}

static void free_owned(struct iommu_ref *ref, struct pasid_set *set, uint32_t min, uint32_t max,
		       void (*teardown)(void *arg, uint32_t pasid), void *arg)
{
	struct pasid *p, *next;

	/*
	 * Bounded by what the set owns, and by the range if that is narrower (v3 review: no DoS).
	 */
	if (max - min < set->count || (teardown && ref_defect(ref, FREE_WALKS_RANGE))) {
		for (uint64_t n = min; n <= max; n++) {
			p = tree_find(ref->pasids, (uint32_t)n);
			if (p && p->set == set)
				free_one(ref, p, teardown, arg);
		}
		return;
	}
	for (p = set->pasids; p; p = next) {
		next = p->next;
		if (p->number >= min && p->number <= max)
			free_one(ref, p, teardown, arg);
	}
}

/* ---- what the front ends call; the contract is in model.h */

int pasid_space_create(struct iommu_ref *ref)
{
	if (ref->cfg.pasid_host_reserve > ref->cfg.pasid_capacity)
		return -EINVAL;
	ref->pasids = calloc(1, sizeof(*ref->pasids));
	if (!ref->pasids)
		return -ENOMEM;
	ref->pasids->available = ref->cfg.pasid_capacity;
	if (!ref->cfg.pasid_host_reserve)
		return 0;
	return pasid_set_create(ref, ref->cfg.pasid_host_reserve, &ref->pasids->host);
}

struct pasid_set *pasid_host_set(const struct iommu_ref *ref)
{
	return ref->pasids->host;
}

static void destroy_node(struct pasid_node *node, int level)
{
	for (unsigned int i = 0; i < 64; i++) {
		if (!node->child[i])
			continue;
		if (level)
			destroy_node(node->child[i], level - 1);
		free(node->child[i]);
	}
}

void pasid_space_destroy(struct iommu_ref *ref)
{
	if (!ref->pasids)
		return;
	while (ref->pasids->sets) {
		struct pasid_set *set = ref->pasids->sets;

		ref->pasids->sets = set->next;
		free(set);
	}
	while (ref->pasids->spare) {
		struct pasid *p = ref->pasids->spare;

		ref->pasids->spare = p->next;
		free(p);
	}
	destroy_node(&ref->pasids->root, LEVELS - 1);
	free(ref->pasids);
	ref->pasids = NULL;
}

int pasid_set_create(struct iommu_ref *ref, uint32_t quota, struct pasid_set **out)
{
	struct pasid_space *space = ref->pasids;
	struct pasid_set *set;

	/* ioasid_alloc_set() looks at the capacity first. */
	if (quota > space->available)
		return -ENOSPC;
	if (!quota)
		return -EINVAL;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	space->available -= quota;
	set->quota = quota;
	set->refs = 1;
	set->next = space->sets;
	if (set->next)
		set->next->prev = set;
	space->sets = set;
	*out = set;
	return 0;
}

void pasid_set_put(struct iommu_ref *ref, struct pasid_set *set)
{
	if (--set->refs)
		return;
	free_owned(ref, set, 0, UINT32_MAX, NULL, NULL);
	while (set->pasids)	/* users hold these; they belong to nobody now */
		unlink_from_set(set->pasids);
	if (set->prev)
		set->prev->next = set->next;
	else
		ref->pasids->sets = set->next;
	if (set->next)
		set->next->prev = set->prev;
	ref->pasids->available += set->quota;
	free(set);
}

/*
 * As reviewed: PASID 0 stands for requests without PASID (ioasid.rst), and the allocator refuses
 * what the hardware cannot tag (Alex Williamson on p07). As posted neither is looked at.
 */
static void clip_range(const struct iommu_ref *ref, uint32_t *min, uint32_t *max)
{
	uint32_t bits = machine_pasid_bits(ref);

	if (ref->cfg.profile == IOMMU_REF_V7_POSTED || ref_defect(ref, PASID_BIT31_ACCEPTED))
		return;
	if (!*min)
		*min = 1;
	if (bits < 32 && *max >> bits && !ref_defect(ref, PASID_BITS_IGNORED))
		*max = (1u << bits) - 1;
}

int pasid_alloc(struct iommu_ref *ref, struct pasid_set *set, uint32_t min, uint32_t max,
		uint32_t *pasid)
{
	uint64_t number, end;
	struct pasid *p;
	int rc;

	clip_range(ref, &min, &max);
	end = max + 1ull;
	if (ref_defect(ref, RANGE_EXCLUSIVE))
		end--;
	if (set->charged >= set->quota + (ref_defect(ref, QUOTA_OFF_BY_ONE) ? 1u : 0u))
		return -ENOSPC;
	number = tree_lowest_free(ref->pasids, min);
	if (number == NO_NUMBER || number >= end)
		return -ENOSPC;
	p = pasid_new(ref->pasids, (uint32_t)number);
	if (!p)
		return -ENOMEM;
	rc = tree_insert(ref->pasids, p);
	if (rc) {
		pasid_delete(ref->pasids, p);
		return rc;
	}
	link_to_set(set, p);
	set->charged++;
	set->count++;
	ref->stats.pasids++;
	*pasid = p->number;
	return 0;
}

void pasid_free_range(struct iommu_ref *ref, struct pasid_set *set, uint32_t min, uint32_t max,
		      void (*teardown)(void *arg, uint32_t pasid), void *arg)
{
	if (min > max)
		return;
	free_owned(ref, set, min, max, teardown, arg);
	if (ref_defect(ref, FOREIGN_FREE))
		for (struct pasid_set *s = ref->pasids->sets; s; s = s->next)
			free_owned(ref, s, min, max, teardown, arg);
}

static bool set_may_use(const struct iommu_ref *ref, const struct pasid_set *set,
			const struct pasid *p)
{
	return p->set == set || ref_defect(ref, FOREIGN_PASID_ACCEPTED);
}

int pasid_get(struct iommu_ref *ref, struct pasid_set *set, uint32_t pasid)
{
	struct pasid *p = tree_find(ref->pasids, pasid);

	if (!p)
		return -EINVAL;
	if (p->free_pending && !ref_defect(ref, PENDING_GIVEN))
		return -EBUSY;
	if (!set_may_use(ref, set, p))
		return -EACCES;
	p->refs++;
	return 0;
}

void pasid_put(struct iommu_ref *ref, uint32_t pasid)
{
	struct pasid *p = tree_find(ref->pasids, pasid);

	if (p)
		drop_reference(ref, p);
}

int pasid_lookup(struct iommu_ref *ref, struct pasid_set *set, uint32_t pasid)
{
	const struct pasid *p = tree_find(ref->pasids, pasid);

	if (!p || p->free_pending)
		return -ENOENT;
	return set_may_use(ref, set, p) ? 0 : -EACCES;
}

uint32_t pasid_set_count(const struct pasid_set *set)
{
	return set->count;
}

uint32_t pasid_set_quota(const struct pasid_set *set)
{
	return set->quota;
}

uint32_t pasid_set_left(const struct pasid_set *set)
{
	return set->quota - set->charged;
}
