/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * How the tables behind names.h are written; for names_tables.c and its parts.
 */
#ifndef IOMMU_CTS_UAPI_NAMES_TABLE_H
#define IOMMU_CTS_UAPI_NAMES_TABLE_H

#include "names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define V(name, since) { #name, (uint64_t)(name), since }

/* SET_BITS(name, V(...), ...) for bits, SET_ONE(...) for choices: defines set_name. */
#define SET(set, is_bits, ...) \
	static const struct uapi_value values_##set[] = { __VA_ARGS__ }; \
	static const struct uapi_set set_##set = { \
		#set, is_bits, values_##set, COUNT(values_##set) }
#define SET_BITS(set, ...) SET(set, true, __VA_ARGS__)
#define SET_ONE(set, ...) SET(set, false, __VA_ARGS__)

#define FIELD(type, field, role, set, since) \
	{ #field, offsetof(struct type, field), sizeof(((struct type *)0)->field), role, \
	  set, since }
#define F_SIZE(type, field) FIELD(type, field, UAPI_ROLE_SIZE, NULL, NULL)
#define F_BITS(type, field, set) FIELD(type, field, UAPI_ROLE_FLAGS, &set_##set, NULL)
#define F_NOBITS(type, field) FIELD(type, field, UAPI_ROLE_FLAGS, NULL, NULL)
#define F_ONE(type, field, set) FIELD(type, field, UAPI_ROLE_SELECT, &set_##set, NULL)
#define F_ZERO(type, field) FIELD(type, field, UAPI_ROLE_RESERVED, NULL, NULL)

/* STRUCT(name, since, last field of the minimum, fields...): defines struct_name. */
#define STRUCT(type, since, last, ...) \
	static const struct uapi_field fields_##type[] = { __VA_ARGS__ }; \
	static const struct uapi_struct struct_##type = { \
		#type, since, sizeof(struct type), \
		offsetof(struct type, last) + sizeof(((struct type *)0)->last), \
		fields_##type, COUNT(fields_##type) }
/* The same without any field that has a role. */
#define STRUCT_PLAIN(type, since) \
	static const struct uapi_struct struct_##type = { \
		#type, since, sizeof(struct type), sizeof(struct type), NULL, 0 }

#endif /* IOMMU_CTS_UAPI_NAMES_TABLE_H */
