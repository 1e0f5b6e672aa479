/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Assertions on the binary interface, checked by the compiler: sizes of structs, offset and size of
 * every field, values of constants. Numbers are written out, so that a header that changes breaks
 * the build instead of the ABI.
 */
#ifndef IOMMU_CTS_UAPI_ABI_H
#define IOMMU_CTS_UAPI_ABI_H

#include <stddef.h>

#define ABI_VALUE(name, value) \
	_Static_assert((unsigned long long)(name) == (value), #name)

#define ABI_SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), "size of struct " #type)

#define ABI_FIELD(type, field, offset, size) \
	_Static_assert(offsetof(struct type, field) == (offset) && \
		       sizeof(((struct type *)0)->field) == (size), #type "." #field)

/* A flexible array: it has an offset and no size. */
#define ABI_TAIL(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field)

/*
 * Structs with a plain __u64 behind an odd __u32 differ on i386, which aligns it to 4. That is what
 * the interface says there (DF1 of the nesting series), not an accident of this header.
 */
#ifdef __i386__
#define ABI_I386(elsewhere, i386) (i386)
#else
#define ABI_I386(elsewhere, i386) (elsewhere)
#endif

#endif /* IOMMU_CTS_UAPI_ABI_H */
