/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The areas of an IOVA space: a B+ tree, ordered by address, augmented with the largest gap below
 * each child so that first fit skips full regions. Knows nothing of reserved or allowed ranges
 * (iova.c).
 */
#ifndef IOMMU_REF_IOVA_TREE_H
#define IOMMU_REF_IOVA_TREE_H

#include "model.h"

struct iova_tree {
	void *root;
	unsigned int height;
};

int iova_tree_init(struct iova_tree *t);	/* -ENOMEM */
void iova_tree_fini(struct iova_tree *t);
/* The area that holds @iova, or the first one behind it; NULL. Valid until the next change. */
const struct iova_area *iova_tree_lookup(const struct iova_tree *t, uint64_t iova);
/* -EEXIST: overlaps an area; -ENOMEM. Nothing changed. */
int iova_tree_insert(struct iova_tree *t, const struct iova_area *area);
/* Removes the area that begins at @first. -ENOENT. */
int iova_tree_remove(struct iova_tree *t, uint64_t first);
/* The lowest hole in [@first, @last] for @len bytes at @align, a power of two. */
bool iova_tree_fit(const struct iova_tree *t, uint64_t first, uint64_t last, uint64_t len,
		   uint64_t align, uint64_t *found);

#endif
