// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums the tests' records and holds them against uapi/'s tables. A record names an ioctl, and lists
 * the flag values, non-zero reserved fields and errors it was called with.
 */
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "names.h"
#include "runner.h"

/* ioctls: name -> {"uapi", "calls", "flags": {name: true}, "reserved": {...}, "errnos": {...}} */
struct coverage {
	json_t *ioctls;
};

struct totals {
	size_t ioctls, ioctls_reached, flags, flags_reached, errnos, errnos_reached, reserved,
		reserved_reached;
};

struct coverage *coverage_new(void)
{
	struct coverage *c = xcalloc(1, sizeof(*c));

	c->ioctls = json_object();
	return c;
}

void coverage_free(struct coverage *c)
{
	if (c)
		json_decref(c->ioctls);
	free(c);
}

static void merge(json_t *seen, const json_t *one, const char *key)
{
	json_t *set = json_object_get(seen, key);
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(one, key), i, name)
		if (json_is_string(name))
			json_object_set_new(set, json_string_value(name), json_true());
}

static json_t *seen_of(struct coverage *c, const char *name, const json_t *one)
{
	json_t *seen = json_object_get(c->ioctls, name);

	if (!seen) {
		seen = json_pack("{s:O?, s:i, s:{}, s:{}, s:{}}", "uapi",
				 json_object_get(one, "uapi"), "calls", 0, "flags", "reserved",
				 "errnos");
		json_object_set_new(c->ioctls, name, seen);
	}
	return seen;
}

void coverage_add(struct coverage *c, const json_t *ioctls)
{
	const char *name;
	json_t *one;

	json_object_foreach((json_t *)ioctls, name, one) {
		json_t *seen = seen_of(c, name, one), *calls = json_object_get(seen, "calls");

		json_integer_set(calls, json_integer_value(calls) +
				 json_integer_value(json_object_get(one, "calls")));
		merge(seen, one, "flags");
		merge(seen, one, "reserved");
		merge(seen, one, "errnos");
	}
}

/* Puts @name where it belongs and counts it. */
static void place(const json_t *set, const char *name, json_t *reached, json_t *unreached,
		  size_t *all, size_t *hit)
{
	bool seen = json_object_get(set, name);

	json_array_append_new(seen ? reached : unreached, json_string(name));
	(*all)++;
	*hit += seen;
}

static void add_set(json_t *out, const char *key, json_t *reached, json_t *unreached)
{
	json_object_set_new(out, key,
			    json_pack("{s:o, s:o}", "reached", reached, "unreached", unreached));
}

static void add_fields(json_t *out, const struct uapi_ioctl *io, const json_t *seen,
		       struct totals *t)
{
	json_t *flags[2] = { json_array(), json_array() },
	       *reserved[2] = { json_array(), json_array() };

	for (size_t i = 0; io->arg && i < io->arg->nr_fields; i++) {
		const struct uapi_field *f = &io->arg->fields[i];

		if (f->set)
			for (size_t k = 0; k < f->set->nr_values; k++)
				place(json_object_get(seen, "flags"), f->set->values[k].name,
				      flags[0], flags[1], &t->flags, &t->flags_reached);
		else if (f->role == UAPI_ROLE_RESERVED)
			place(json_object_get(seen, "reserved"), f->name, reserved[0], reserved[1],
			      &t->reserved, &t->reserved_reached);
	}
	add_set(out, "flags", flags[0], flags[1]);
	add_set(out, "reserved", reserved[0], reserved[1]);
}

static void add_errnos(json_t *out, const struct uapi_ioctl *io, const json_t *seen,
		       struct totals *t)
{
	json_t *reached = json_array(), *unreached = json_array(), *other = json_array();
	const json_t *set = json_object_get(seen, "errnos"), *yes;
	const char *name;

	for (const int *e = io->errnos; e && *e; e++)
		place(set, uapi_errno_name(*e), reached, unreached, &t->errnos, &t->errnos_reached);
	json_object_foreach((json_t *)set, name, yes) {
		const int *e = io->errnos;

		while (e && *e && strcmp(uapi_errno_name(*e), name))
			e++;
		if (!e || !*e)
			json_array_append_new(other, json_string(name));
	}
	add_set(out, "errnos", reached, unreached);
	/* "0" is success; anything else here is an error that nobody wrote down */
	json_object_set_new(json_object_get(out, "errnos"), "undocumented", other);
}

static json_t *one_ioctl(const struct uapi_ioctl *io, const json_t *seen, struct totals *t)
{
	json_int_t calls = json_integer_value(json_object_get(seen, "calls"));
	json_t *out = json_pack("{s:s, s:s, s:s?, s:I}", "name", io->name, "uapi", io->uapi,
				"since", io->since, "calls", calls);

	t->ioctls++;
	t->ioctls_reached += calls > 0;
	add_fields(out, io, seen, t);
	add_errnos(out, io, seen, t);
	return out;
}

/* Every errno that any ioctl gave, in the order of their numbers. */
static json_t *errno_names(const json_t *ioctls)
{
	json_t *list = json_array(), *one;
	const char *name;

	for (int e = 1; e < 1000; e++) {
		json_object_foreach((json_t *)ioctls, name, one) {
			if (!json_object_get(json_object_get(one, "errnos"), uapi_errno_name(e)))
				continue;
			json_array_append_new(list, json_string(uapi_errno_name(e)));
			break;
		}
	}
	return list;
}

static json_t *summary_json(const struct totals *t, const json_t *ioctls)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "ioctls",
			 (json_int_t)t->ioctls, "ioctls_reached", (json_int_t)t->ioctls_reached,
			 "flags", (json_int_t)t->flags, "flags_reached",
			 (json_int_t)t->flags_reached, "reserved", (json_int_t)t->reserved,
			 "reserved_reached", (json_int_t)t->reserved_reached, "errnos",
			 (json_int_t)t->errnos, "errnos_reached", (json_int_t)t->errnos_reached,
			 "errno_names", errno_names(ioctls));
}

json_t *coverage_json(const struct coverage *c)
{
	json_t *list = json_array(), *unknown = json_array(), *one;
	struct totals t = { 0 };
	const char *name;
	size_t n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, one_ioctl(&table[i], json_object_get(c->ioctls, table[i].name), &t));
	json_object_foreach(c->ioctls, name, one) {
		size_t i = 0;

		while (i < n && strcmp(table[i].name, name))
			i++;
		if (i == n)
			json_array_append_new(unknown, json_string(name));
	}
	return json_pack("{s:o, s:o, s:o}", "summary", summary_json(&t, c->ioctls), "ioctls", list,
			 "unknown", unknown);
}
