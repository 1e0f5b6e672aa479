// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The B+ tree of iova_tree.h. Leaves hold the areas themselves; inner nodes hold, per child, the
 * bounds and the largest gap, so that a search reads one cache line or two per level. Inserting
 * splits full nodes on the way down, so a lack of memory is found before anything has changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iova_tree.h"

#define FANOUT 32
#define MIN_FILL (FANOUT / 4)	/* an emptier node is merged if both fit in one */
#define MAX_HEIGHT 16

struct leaf {
	unsigned int n;
	struct iova_area a[FANOUT];	/* ascending */
};

struct inner {
	unsigned int n;
	uint64_t first[FANOUT], last[FANOUT];	/* bounds of the areas below child[i] */
	uint64_t gap[FANOUT];			/* largest hole between two areas below child[i] */
	void *child[FANOUT];
};

/* Where a descent went: parent[l] is the inner node at height l, and slot[l] the child taken. */
struct path {
	struct inner *parent[MAX_HEIGHT];
	unsigned int slot[MAX_HEIGHT];
};

/* ---- nodes */

static unsigned int node_count(const void *node)
{
	return *(const unsigned int *)node;	/* first member of both kinds */
}

static void leaf_summary(const struct leaf *l, uint64_t *first, uint64_t *last, uint64_t *gap)
{
	uint64_t max = 0;

	for (unsigned int i = 1; i < l->n; i++) {
		uint64_t hole = l->a[i].first - l->a[i - 1].last - 1;

		max = hole > max ? hole : max;
	}
	*first = l->a[0].first;
	*last = l->a[l->n - 1].last;
	*gap = max;
}

static void inner_summary(const struct inner *in, uint64_t *first, uint64_t *last, uint64_t *gap)
{
	uint64_t max = in->gap[0];

	for (unsigned int i = 1; i < in->n; i++) {
		uint64_t hole = in->first[i] - in->last[i - 1] - 1;

		hole = hole > in->gap[i] ? hole : in->gap[i];
		max = hole > max ? hole : max;
	}
	*first = in->first[0];
	*last = in->last[in->n - 1];
	*gap = max;
}

/* Works out what @in says of its child @i, which is at height @height. */
static void refresh(struct inner *in, unsigned int i, unsigned int height)
{
	if (height)
		inner_summary(in->child[i], &in->first[i], &in->last[i], &in->gap[i]);
	else
		leaf_summary(in->child[i], &in->first[i], &in->last[i], &in->gap[i]);
}

/* Moves children [from, n) of @in by @by slots. */
static void shift_children(struct inner *in, unsigned int from, int by)
{
	size_t n = in->n - from;
	unsigned int to = from + (unsigned int)by;

	memmove(&in->first[to], &in->first[from], n * sizeof(in->first[0]));
	memmove(&in->last[to], &in->last[from], n * sizeof(in->last[0]));
	memmove(&in->gap[to], &in->gap[from], n * sizeof(in->gap[0]));
	memmove(&in->child[to], &in->child[from], n * sizeof(in->child[0]));
	in->n += (unsigned int)by;
}

/* Appends children [from, from + n) of @src to @dst. */
static void append_children(struct inner *dst, const struct inner *src, unsigned int from,
			    unsigned int n)
{
	memcpy(&dst->first[dst->n], &src->first[from], n * sizeof(src->first[0]));
	memcpy(&dst->last[dst->n], &src->last[from], n * sizeof(src->last[0]));
	memcpy(&dst->gap[dst->n], &src->gap[from], n * sizeof(src->gap[0]));
	memcpy(&dst->child[dst->n], &src->child[from], n * sizeof(src->child[0]));
	dst->n += n;
}

/* Splits the full child @i of @in, which is at @height; @in has room. -ENOMEM: nothing changed. */
static int split_child(struct inner *in, unsigned int i, unsigned int height)
{
	const unsigned int half = FANOUT / 2;

	if (height) {
		struct inner *left = in->child[i], *right = malloc(sizeof(*right));

		if (!right)
			return -ENOMEM;
		right->n = 0;
		append_children(right, left, half, FANOUT - half);
		left->n = half;
		shift_children(in, i + 1, 1);
		in->child[i + 1] = right;
	} else {
		struct leaf *left = in->child[i], *right = malloc(sizeof(*right));

		if (!right)
			return -ENOMEM;
		right->n = FANOUT - half;
		memcpy(right->a, &left->a[half], right->n * sizeof(right->a[0]));
		left->n = half;
		shift_children(in, i + 1, 1);
		in->child[i + 1] = right;
	}
	refresh(in, i, height);
	refresh(in, i + 1, height);
	return 0;
}

/* Gives a full root a parent and splits it. */
static int grow_root(struct iova_tree *t)
{
	struct inner *root = malloc(sizeof(*root));
	int rc;

	if (!root)
		return -ENOMEM;
	root->n = 1;
	root->child[0] = t->root;
	refresh(root, 0, t->height);
	rc = split_child(root, 0, t->height);
	if (rc) {
		free(root);
		return rc;
	}
	t->root = root;
	t->height++;
	return 0;
}

static void free_tree(void *node, unsigned int height)
{
	if (height) {
		struct inner *in = node;

		for (unsigned int i = 0; i < in->n; i++)
			free_tree(in->child[i], height - 1);
	}
	free(node);
}

/* ---- finding */

/* The last child that begins at or before @key, else the first child. */
static unsigned int child_of(const struct inner *in, uint64_t key)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < in->n; i++)
		n += in->first[i] <= key;
	return n ? n - 1 : 0;
}

/* The first child that ends at or behind @key; n if none. */
static unsigned int child_reaching(const struct inner *in, uint64_t key)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < in->n; i++)
		n += in->last[i] < key;
	return n;
}

static unsigned int area_reaching(const struct leaf *l, uint64_t key)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->n; i++)
		n += l->a[i].last < key;
	return n;
}

const struct iova_area *iova_tree_lookup(const struct iova_tree *t, uint64_t iova)
{
	const void *node = t->root;
	const struct leaf *l;
	unsigned int i;

	for (unsigned int h = t->height; h; h--) {
		const struct inner *in = node;

		i = child_reaching(in, iova);
		if (i == in->n)
			return NULL;
		node = in->child[i];
	}
	l = node;
	i = area_reaching(l, iova);
	return i < l->n ? &l->a[i] : NULL;
}

/* ---- changing */

/*
 * Goes down to the leaf for @key, splitting full nodes on the way so that every parent has room for
 * one more child. *@bound: where the areas of the next leaf begin, or U64_MAX.
 */
static int descend_splitting(struct iova_tree *t, uint64_t key, struct path *p, struct leaf **out,
			     const uint64_t **bound)
{
	void *node;
	int rc;

	if (node_count(t->root) == FANOUT) {
		rc = grow_root(t);
		if (rc)
			return rc;
	}
	*bound = NULL;
	node = t->root;
	for (unsigned int h = t->height; h; h--) {
		struct inner *in = node;
		unsigned int i = child_of(in, key);

		if (node_count(in->child[i]) == FANOUT) {
			rc = split_child(in, i, h - 1);
			if (rc)
				return rc;
			i = child_of(in, key);
		}
		p->parent[h] = in;
		p->slot[h] = i;
		if (i + 1 < in->n)
			*bound = &in->first[i + 1];
		node = in->child[i];
	}
	*out = node;
	return 0;
}

int iova_tree_insert(struct iova_tree *t, const struct iova_area *area)
{
	const uint64_t *bound;
	struct path p;
	struct leaf *l;
	unsigned int at;
	int rc;

	rc = descend_splitting(t, area->first, &p, &l, &bound);
	if (rc)
		return rc;
	at = area_reaching(l, area->first);
	if (at < l->n ? l->a[at].first <= area->last : bound && *bound <= area->last)
		return -EEXIST;
	memmove(&l->a[at + 1], &l->a[at], (l->n - at) * sizeof(l->a[0]));
	l->a[at] = *area;
	l->n++;
	for (unsigned int h = 1; h <= t->height; h++)
		refresh(p.parent[h], p.slot[h], h - 1);
	return 0;
}

/* Merges child @i + 1 of @in into child @i if both fit in one node. */
static void merge_children(struct inner *in, unsigned int i, unsigned int height)
{
	unsigned int n = node_count(in->child[i + 1]);

	/* Not up to the brim, or the next insert would split it again. */
	if (node_count(in->child[i]) + n > FANOUT - MIN_FILL)
		return;
	if (height) {
		append_children(in->child[i], in->child[i + 1], 0, n);
	} else {
		struct leaf *left = in->child[i], *right = in->child[i + 1];

		memcpy(&left->a[left->n], right->a, n * sizeof(left->a[0]));
		left->n += n;
	}
	free(in->child[i + 1]);
	shift_children(in, i + 2, -1);
	refresh(in, i, height);
}

/* After a removal below child @i of @in. */
static void rebalance(struct inner *in, unsigned int i, unsigned int height)
{
	unsigned int n = node_count(in->child[i]);

	if (!n) {
		free(in->child[i]);
		shift_children(in, i + 1, -1);
		return;
	}
	refresh(in, i, height);
	if (n >= MIN_FILL)
		return;
	if (i + 1 < in->n)
		merge_children(in, i, height);
	else if (i)
		merge_children(in, i - 1, height);
}

int iova_tree_remove(struct iova_tree *t, uint64_t first)
{
	void *node = t->root;
	struct path p;
	struct leaf *l;
	unsigned int at;

	for (unsigned int h = t->height; h; h--) {
		p.parent[h] = node;
		p.slot[h] = child_of(node, first);
		node = p.parent[h]->child[p.slot[h]];
	}
	l = node;
	at = area_reaching(l, first);
	if (at == l->n || l->a[at].first != first)
		return -ENOENT;
	l->n--;
	memmove(&l->a[at], &l->a[at + 1], (l->n - at) * sizeof(l->a[0]));
	for (unsigned int h = 1; h <= t->height; h++)
		rebalance(p.parent[h], p.slot[h], h - 1);
	while (t->height && node_count(t->root) == 1) {
		struct inner *old = t->root;

		t->root = old->child[0];
		t->height--;
		free(old);
	}
	return 0;
}

/* ---- first fit */

struct fit {
	uint64_t cursor;	/* everything before it has been looked at */
	uint64_t last;		/* end of the range to search */
	uint64_t len, align;
	uint64_t found;
	bool stop;		/* the range is used up */
};

/* Does it fit between the cursor and @last? */
static bool fits(struct fit *f, uint64_t last)
{
	uint64_t start = (f->cursor + f->align - 1) & ~(f->align - 1);

	if (start < f->cursor || start > last || last - start < f->len - 1)
		return false;
	f->found = start;
	return true;
}

/* Tries the hole before an area or subtree [@first, @last]. true: found. */
static bool fits_before(struct fit *f, uint64_t first)
{
	if (first > f->cursor && fits(f, first - 1 < f->last ? first - 1 : f->last))
		return true;
	f->stop = first > f->last;
	return false;
}

static void pass(struct fit *f, uint64_t last)
{
	if (last >= f->last)
		f->stop = true;
	else if (last >= f->cursor)
		f->cursor = last + 1;
}

static bool search(const void *node, unsigned int height, struct fit *f)
{
	if (!height) {
		const struct leaf *l = node;

		for (unsigned int i = area_reaching(l, f->cursor); i < l->n && !f->stop; i++) {
			if (fits_before(f, l->a[i].first))
				return true;
			pass(f, l->a[i].last);
		}
	} else {
		const struct inner *in = node;

		for (unsigned int i = child_reaching(in, f->cursor); i < in->n && !f->stop; i++) {
			if (fits_before(f, in->first[i]))
				return true;
			if (!f->stop && in->gap[i] >= f->len &&
			    search(in->child[i], height - 1, f))
				return true;
			if (!f->stop)
				pass(f, in->last[i]);
		}
	}
	return false;
}

bool iova_tree_fit(const struct iova_tree *t, uint64_t first, uint64_t last, uint64_t len,
		   uint64_t align, uint64_t *found)
{
	struct fit f = { .cursor = first, .last = last, .len = len, .align = align };

	if (!search(t->root, t->height, &f) && (f.stop || !fits(&f, last)))
		return false;
	*found = f.found;
	return true;
}

int iova_tree_init(struct iova_tree *t)
{
	struct leaf *root = malloc(sizeof(*root));

	if (!root)
		return -ENOMEM;
	root->n = 0;
	*t = (struct iova_tree){ .root = root };
	return 0;
}

void iova_tree_fini(struct iova_tree *t)
{
	free_tree(t->root, t->height);
}
