// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call in words, for messages: "IOMMU_IOAS_MAP flags=FIXED_IOVA|WRITEABLE = -EEXIST".
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "iommufd.h"

struct text {
	char *buf;
	size_t len, used;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->used >= t->len)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->used, t->len - t->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->used += (size_t)n;
}

/* Length of what all names of @set begin with, up to and with an underscore. */
static size_t common_prefix(const struct uapi_set *set)
{
	const char *first;
	size_t common, end = 0;

	if (!set || set->nr_values < 2)
		return 0;
	first = set->values[0].name;
	common = strlen(first);
	for (size_t i = 1; i < set->nr_values; i++) {
		size_t n = 0;

		while (n < common && set->values[i].name[n] == first[n])
			n++;
		common = n;
	}
	for (size_t i = 0; i < common; i++)
		if (first[i] == '_')
			end = i + 1;
	return end;
}

const char *describe_short(const struct uapi_set *set, const char *field, const char *name)
{
	const char *type = strstr(field, "_type"), *found;
	char token[32];
	size_t n;

	/* "data_type" names are ..._DATA_VTD_S1 */
	if (type && (n = (size_t)(type - field)) < sizeof(token) - 2) {
		for (size_t i = 0; i < n; i++)
			token[i] = (char)toupper((unsigned char)field[i]);
		token[n] = '_';
		token[n + 1] = '\0';
		found = strstr(name, token);
		if (found && found[n + 1])
			return found + n + 1;
	}
	return name + common_prefix(set);
}

static uint64_t field_value(const struct uapi_field *f, const void *arg)
{
	uint64_t v = 0;

	memcpy(&v, (const char *)arg + f->offset, f->size < sizeof(v) ? f->size : sizeof(v));
	return v;
}

static void put_value(struct text *t, const struct uapi_field *f, uint64_t v)
{
	const struct uapi_value *named;
	const char *sep = "";

	if (!f->set || !f->set->bits) {
		named = f->set ? uapi_value_find(f->set, v) : NULL;
		if (named)
			put(t, "%s", describe_short(f->set, f->name, named->name));
		else
			put(t, v < 10 ? "%llu" : "0x%llx", (unsigned long long)v);
		return;
	}
	for (size_t i = 0; i < f->set->nr_values; i++) {
		named = &f->set->values[i];
		if (!named->value || (v & named->value) != named->value)
			continue;
		put(t, "%s%s", sep, describe_short(f->set, f->name, named->name));
		v &= ~named->value;
		sep = "|";
	}
	if (v || !*sep)
		put(t, v ? "%s0x%llx" : "%s%llu", sep, (unsigned long long)v);
}

/*
 * Flags and choices always; reserved fields when they are not zero; the size when it is not the
 * struct's.
 */
static void put_roles(struct text *t, const struct uapi_struct *st, const void *arg, size_t size)
{
	for (size_t i = 0; i < st->nr_fields; i++) {
		const struct uapi_field *f = &st->fields[i];
		uint64_t v;

		if (f->offset + f->size > size)
			continue;
		v = field_value(f, arg);
		if ((f->role == UAPI_ROLE_RESERVED && !v) ||
		    (f->role == UAPI_ROLE_FLAGS && !f->set && !v) ||
		    (f->role == UAPI_ROLE_SIZE && v == st->size))
			continue;
		put(t, " %s=", f->name);
		put_value(t, f, v);
	}
}

#define SHOW(cmd, type, member, hex) \
	{ \
		cmd, #member, offsetof(struct type, member), sizeof(((struct type *)0)->member), \
			hex \
	}
/* Fields without a role that a reader of a failure wants to see. */
static const struct {
	unsigned long cmd;
	const char *name;
	size_t offset, size;
	bool hex;
} shown[] = {
	SHOW(IOMMU_DESTROY, iommu_destroy, id, false),
	SHOW(IOMMU_IOAS_MAP, iommu_ioas_map, iova, true),
	SHOW(IOMMU_IOAS_MAP, iommu_ioas_map, length, true),
	SHOW(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, iova, true),
	SHOW(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, length, true),
	SHOW(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, dev_id, false),
	SHOW(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, pt_id, false),
	SHOW(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, hwpt_id, false),
	SHOW(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, entry_num, false),
};

static void put_shown(struct text *t, unsigned int kind, unsigned long cmd, const void *arg,
		      size_t size)
{
	if (kind != UAPI_FD_IOMMUFD)
		return;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		uint64_t v = 0;

		if (shown[i].cmd != cmd || shown[i].offset + shown[i].size > size)
			continue;
		memcpy(&v, (const char *)arg + shown[i].offset, shown[i].size);
		put(t, shown[i].hex && v ? " %s=0x%llx" : " %s=%llu", shown[i].name,
		    (unsigned long long)v);
	}
}

void describe_call(char *buf, size_t len, unsigned int kind, unsigned long cmd, const void *arg,
		   size_t size, long rc)
{
	const struct uapi_ioctl *known = uapi_ioctl_find(cmd, (enum uapi_fd_kind)kind);
	struct text t = { .buf = buf, .len = len };
	char number[32];

	buf[0] = '\0';
	put(&t, "%s", uapi_ioctl_name(cmd, (enum uapi_fd_kind)kind, number, sizeof(number)));
	if (known && known->arg && arg && size)
		put_roles(&t, known->arg, arg, size);
	if (arg && size)
		put_shown(&t, kind, cmd, arg, size);
	if (rc < 0)
		put(&t, " = -%s", uapi_errno_name((int)rc));
	else
		put(&t, " = %ld", rc);
}
