/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Look-ups in the tables of names.h, and words for flags, choices and ioctls.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

const struct uapi_ioctl *uapi_ioctl_find(unsigned long cmd, enum uapi_fd_kind kind)
{
	size_t n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);

	for (size_t i = 0; i < n; i++)
		if (table[i].cmd == cmd && (table[i].fds & kind))
			return &table[i];
	return NULL;
}

const char *uapi_ioctl_name(unsigned long cmd, enum uapi_fd_kind kind, char *buf, size_t len)
{
	const struct uapi_ioctl *ioctl = uapi_ioctl_find(cmd, kind);

	if (ioctl)
		return ioctl->name;
	if (!len)
		return "";
	snprintf(buf, len, "ioctl 0x%lx", cmd);
	return buf;
}

const struct uapi_data *uapi_data_find(unsigned long cmd, enum uapi_fd_kind kind,
				       enum uapi_data_dir dir, uint64_t type)
{
	size_t n;
	const struct uapi_data *table = uapi_data_table(&n);

	for (size_t i = 0; i < n; i++)
		if (table[i].cmd == cmd && (table[i].fds & kind) && table[i].dir == dir &&
		    table[i].type == type)
			return &table[i];
	return NULL;
}

const struct uapi_field *uapi_field_next(const struct uapi_struct *st, enum uapi_role role,
					 const struct uapi_field *prev)
{
	if (!st)
		return NULL;
	for (size_t i = prev ? (size_t)(prev - st->fields) + 1 : 0; i < st->nr_fields; i++)
		if (st->fields[i].role == role)
			return &st->fields[i];
	return NULL;
}

uint64_t uapi_set_mask(const struct uapi_set *set)
{
	uint64_t mask = 0;

	for (size_t i = 0; set && set->bits && i < set->nr_values; i++)
		mask |= set->values[i].value;
	return mask;
}

const struct uapi_value *uapi_value_find(const struct uapi_set *set, uint64_t value)
{
	for (size_t i = 0; set && i < set->nr_values; i++)
		if (set->values[i].value == value)
			return &set->values[i];
	return NULL;
}

/* Adds text at *@used, which counts on when the room has ended. */
static void __attribute__((format(printf, 4, 5)))
add(char *buf, size_t len, size_t *used, const char *format, ...)
{
	bool room = *used < len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(room ? buf + *used : NULL, room ? len - *used : 0, format, ap);
	va_end(ap);
	if (n > 0)
		*used += (size_t)n;
}

size_t uapi_flags_str(const struct uapi_set *set, uint64_t value, char *buf, size_t len)
{
	const struct uapi_value *choice;
	size_t used = 0;

	if (set && !set->bits) {
		choice = uapi_value_find(set, value);
		if (choice)
			add(buf, len, &used, "%s", choice->name);
		else
			add(buf, len, &used, "%" PRIu64, value);
		return used;
	}
	for (size_t i = 0; set && i < set->nr_values; i++) {
		if (!(value & set->values[i].value))
			continue;
		add(buf, len, &used, "%s%s", used ? "|" : "", set->values[i].name);
		value &= ~set->values[i].value;
	}
	if (value)
		add(buf, len, &used, "%s0x%" PRIx64, used ? "|" : "", value);
	else if (!used)
		add(buf, len, &used, "0");
	return used;
}
