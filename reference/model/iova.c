// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The IOVA space of one IOAS or container: its areas (iova_tree.c) and the short lists of reserved
 * and allowed ranges. The ranges that may be used are worked out when those lists change, which is
 * rare, not when areas do.
 */
#include <errno.h>
#include <stdlib.h>

#include "iova_tree.h"

struct range {
	uint64_t first, last;
};

struct reserved {
	struct range r;
	const void *owner;
};

struct iova_space {
	struct iova_tree areas;
	struct reserved *reserved;	/* ascending by first, may overlap */
	struct range *allowed;		/* ascending, disjoint; none: everything */
	struct range *usable;		/* not reserved: room for nr_reserved + 1 */
	struct range *automatic;	/* usable and allowed: room for all + 1 */
	size_t nr_reserved, nr_allowed, nr_usable, nr_automatic;
};

/* ---- reserved and allowed ranges */

static bool overlap(const struct range *r, uint64_t first, uint64_t last)
{
	return r->first <= last && r->last >= first;
}

static size_t usable_of(const struct iova_space *s, struct range *out)
{
	uint64_t next = 0;	/* first address behind the reserved ranges so far */
	size_t n = 0;

	for (size_t i = 0; i < s->nr_reserved; i++) {
		const struct range *r = &s->reserved[i].r;

		if (r->first > next)
			out[n++] = (struct range){ next, r->first - 1 };
		if (r->last == UINT64_MAX)
			return n;
		next = r->last + 1 > next ? r->last + 1 : next;
	}
	out[n++] = (struct range){ next, UINT64_MAX };
	return n;
}

/*
 * Works out usable and automatic. Automatic allocation never returns address 0, "even if it is
 * valid", and leaves the last page of the space alone (kernel: iopt_alloc_iova()).
 */
static void rebuild(struct iova_space *s)
{
	static const struct range all = { PAGE_SIZE, UINT64_MAX - PAGE_SIZE };
	const struct range *allowed = s->nr_allowed ? s->allowed : &all;
	size_t nr_allowed = s->nr_allowed ? s->nr_allowed : 1, n = 0;

	s->nr_usable = usable_of(s, s->usable);
	for (size_t u = 0, a = 0; u < s->nr_usable && a < nr_allowed;) {
		struct range r = s->usable[u];

		r.first = r.first > allowed[a].first ? r.first : allowed[a].first;
		r.first = r.first > all.first ? r.first : all.first;
		r.last = r.last < allowed[a].last ? r.last : allowed[a].last;
		r.last = r.last < all.last ? r.last : all.last;
		if (r.first <= r.last)
			s->automatic[n++] = r;
		if (s->usable[u].last < allowed[a].last)
			u++;
		else
			a++;
	}
	s->nr_automatic = n;
}

/* Makes room for the ranges that @reserved and @allowed entries can lead to. */
static int room_for(struct iova_space *s, size_t reserved, size_t allowed)
{
	void *p = realloc(s->usable, (reserved + 1) * sizeof(*s->usable));

	if (!p)
		return -ENOMEM;
	s->usable = p;
	p = realloc(s->automatic, (reserved + allowed + 2) * sizeof(*s->automatic));
	if (!p)
		return -ENOMEM;
	s->automatic = p;
	return 0;
}

int iova_reserve(struct iova_space *s, uint64_t first, uint64_t last, const void *owner)
{
	const struct iova_area *area = iova_lookup(s, first);
	size_t at = s->nr_reserved;
	void *p;

	if (area && area->first <= last)
		return -EADDRINUSE;
	for (size_t i = 0; i < s->nr_allowed; i++)
		if (overlap(&s->allowed[i], first, last))
			return -EADDRINUSE;
	p = realloc(s->reserved, (s->nr_reserved + 1) * sizeof(*s->reserved));
	if (!p)
		return -ENOMEM;
	s->reserved = p;
	if (room_for(s, s->nr_reserved + 1, s->nr_allowed))
		return -ENOMEM;
	for (; at && s->reserved[at - 1].r.first > first; at--)
		s->reserved[at] = s->reserved[at - 1];
	s->reserved[at] = (struct reserved){ { first, last }, owner };
	s->nr_reserved++;
	rebuild(s);
	return 0;
}

int iova_limit(struct iova_space *s, uint64_t last, const void *owner)
{
	return last == UINT64_MAX ? 0 : iova_reserve(s, last + 1, UINT64_MAX, owner);
}

void iova_unreserve(struct iova_space *s, const void *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nr_reserved; i++)
		if (s->reserved[i].owner != owner)
			s->reserved[n++] = s->reserved[i];
	if (n == s->nr_reserved)
		return;
	s->nr_reserved = n;
	rebuild(s);	/* fewer ranges than there is room for */
}

size_t iova_ranges(const struct iova_space *s, uint64_t (*out)[2], size_t n)
{
	for (size_t i = 0; i < s->nr_usable && i < n; i++) {
		out[i][0] = s->usable[i].first;
		out[i][1] = s->usable[i].last;
	}
	return s->nr_usable;
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

int iova_allow(struct iova_space *s, const uint64_t (*ranges)[2], size_t n)
{
	struct range *list = calloc(n ? n : 1, sizeof(*list));
	int rc = -EINVAL;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = (struct range){ ranges[i][0], ranges[i][1] };
	qsort(list, n, sizeof(*list), by_first);
	for (size_t i = 0; i < n; i++) {
		if (list[i].first > list[i].last || (i && list[i].first <= list[i - 1].last))
			goto out_free;
	}
	rc = -EADDRINUSE;
	for (size_t i = 0, r = 0; i < n; i++) {
		for (r = 0; r < s->nr_reserved; r++)
			if (overlap(&s->reserved[r].r, list[i].first, list[i].last))
				goto out_free;
	}
	rc = room_for(s, s->nr_reserved, n);
	if (rc)
		goto out_free;
	free(s->allowed);
	s->allowed = list;
	s->nr_allowed = n;
	rebuild(s);
	return 0;

out_free:
	free(list);
	return rc;
}

/* ---- areas */

static bool range_usable(const struct iova_space *s, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < s->nr_usable; i++)
		if (s->usable[i].first <= first && last <= s->usable[i].last)
			return true;
	return false;
}

const struct iova_area *iova_lookup(const struct iova_space *s, uint64_t iova)
{
	return iova_tree_lookup(&s->areas, iova);
}

int iova_insert(struct iova_space *s, const struct iova_area *area)
{
	if (area->first > area->last || !range_usable(s, area->first, area->last))
		return -EINVAL;
	return iova_tree_insert(&s->areas, area);
}

int iova_remove(struct iova_space *s, uint64_t first)
{
	return iova_tree_remove(&s->areas, first);
}

int iova_find_free(struct iova_space *s, uint64_t len, uint64_t align, uint64_t *first)
{
	if (!len || !align || (align & (align - 1)))
		return -EINVAL;
	for (size_t i = 0; i < s->nr_automatic; i++) {
		const struct range *r = &s->automatic[i];

		if (iova_tree_fit(&s->areas, r->first, r->last, len, align, first))
			return 0;
	}
	return -ENOSPC;
}

/* ---- the space */

int iova_space_create(struct iova_space **out)
{
	struct iova_space *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (room_for(s, 0, 0) || iova_tree_init(&s->areas)) {
		free(s->usable);
		free(s->automatic);
		free(s);
		return -ENOMEM;
	}
	rebuild(s);
	*out = s;
	return 0;
}

void iova_space_destroy(struct iova_space *s)
{
	if (!s)
		return;
	iova_tree_fini(&s->areas);
	free(s->reserved);
	free(s->allowed);
	free(s->usable);
	free(s->automatic);
	free(s);
}
