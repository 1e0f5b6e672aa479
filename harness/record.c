// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one test did, for the runner: which ioctls with which flags, reserved fields and errors,
 * which requirements were checked, damage around arguments, and an outcome where the test's exit
 * status cannot say it. One JSON line to CTS_RECORD_FD.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static struct ioctl_record *rec_find(struct record *r, const struct uapi_ioctl *known,
				     unsigned long cmd)
{
	struct ioctl_record *n;

	for (size_t i = 0; i < r->nr_ioctls; i++)
		if (r->ioctls[i].known == known && r->ioctls[i].cmd == cmd)
			return &r->ioctls[i];
	if (r->nr_ioctls == REC_IOCTLS)
		return NULL;
	n = &r->ioctls[r->nr_ioctls++];
	n->known = known;
	n->cmd = cmd;
	return n;
}

static uint64_t choice_bit(const struct uapi_set *set, uint64_t v)
{
	for (size_t i = 0; i < set->nr_values && i < 64; i++)
		if (set->values[i].value == v)
			return 1ull << i;
	return 0;
}

static void rec_fields(struct ioctl_record *n, const struct uapi_struct *st, const void *arg,
		       size_t size)
{
	for (size_t i = 0; i < st->nr_fields && i < REC_FIELDS; i++) {
		const struct uapi_field *f = &st->fields[i];
		uint64_t v = 0;

		if (f->offset + f->size > size || f->role == UAPI_ROLE_SIZE)
			continue;
		memcpy(&v, (const char *)arg + f->offset,
		       f->size < sizeof(v) ? f->size : sizeof(v));
		n->seen[i] |= f->role == UAPI_ROLE_SELECT && f->set ? choice_bit(f->set, v) : v;
	}
}

void rec_ioctl(struct record *r, unsigned int kind, unsigned long cmd, const void *arg, size_t size,
	       long rc)
{
	const struct uapi_ioctl *known = uapi_ioctl_find(cmd, (enum uapi_fd_kind)kind);
	struct ioctl_record *n = rec_find(r, known, cmd);
	unsigned int err = rc < 0 ? (unsigned int)-rc : 0;

	if (!n)
		return;
	n->calls++;
	if (err < REC_ERRNOS)
		n->errnos[err / 8] |= (uint8_t)(1u << (err % 8));
	if (known && known->arg && arg)
		rec_fields(n, known->arg, arg, size);
}

void rec_check(struct record *r, const char *id)
{
	for (size_t i = 0; i < r->nr_checks; i++)
		if (!strcmp(r->checks[i].id, id)) {
			r->checks[i].checks++;
			return;
		}
	if (r->nr_checks < REC_CHECKS)
		r->checks[r->nr_checks++] = (struct check_record){ .id = id, .checks = 1 };
}

void rec_failed(struct record *r, const char *id)
{
	for (size_t i = 0; i < r->nr_checks; i++)
		if (!strcmp(r->checks[i].id, id))
			r->checks[i].failed = true;
}

void rec_outcome(struct record *r, enum cts_outcome o, const char *reason)
{
	if (r->has_outcome)
		return;
	r->has_outcome = true;
	r->outcome = o;
	copy_text(r->reason, sizeof(r->reason), "%s", reason);
}

static void add_names(json_t *list, const struct uapi_field *f, uint64_t seen)
{
	for (size_t i = 0; i < f->set->nr_values && i < 64; i++) {
		const struct uapi_value *v = &f->set->values[i];
		bool hit = f->set->bits ? v->value && (seen & v->value) == v->value : seen >> i & 1;

		if (hit)
			json_array_append_new(list, json_string(v->name));
	}
	if (f->set->bits && (seen & ~uapi_set_mask(f->set)))
		json_array_append_new(list, json_sprintf("%s: unknown bits", f->name));
}

static json_t *errnos_json(const struct ioctl_record *n)
{
	json_t *list = json_array();

	for (int e = 0; e < REC_ERRNOS; e++)
		if (n->errnos[e / 8] >> (e % 8) & 1)
			json_array_append_new(list, json_string(uapi_errno_name(e)));
	return list;
}

static json_t *ioctl_json(const struct ioctl_record *n)
{
	json_t *flags = json_array(), *reserved = json_array();
	const struct uapi_struct *st = n->known ? n->known->arg : NULL;
	char number[32];

	for (size_t i = 0; st && i < st->nr_fields && i < REC_FIELDS; i++) {
		const struct uapi_field *f = &st->fields[i];

		if (f->set)
			add_names(flags, f, n->seen[i]);
		else if (n->seen[i])
			json_array_append_new(reserved, json_string(f->name));
	}
	if (n->known)
		copy_text(number, sizeof(number), "%s", n->known->uapi);
	else
		copy_text(number, sizeof(number), "unknown");
	return json_pack("{s:s, s:I, s:o, s:o, s:o}", "uapi", number, "calls", (json_int_t)n->calls,
			 "flags", flags, "reserved", reserved, "errnos", errnos_json(n));
}

/* "failed" and, of a machine that traces, "reached": both only when there is something in it. */
static void add_lists(json_t *o, const struct cts_priv *p)
{
	const struct iommu_ref_defect_info *info;
	json_t *failed = json_array(), *reached = json_array();
	size_t n = p->ref ? iommu_ref_defects(&info) : 0;

	for (size_t i = 0; i < p->rec.nr_checks; i++)
		if (p->rec.checks[i].failed)
			json_array_append_new(failed, json_string(p->rec.checks[i].id));
	for (size_t i = 0; i < n; i++)
		if (iommu_ref_defect_reached(p->ref, i))
			json_array_append_new(reached, json_string(info[i].name));
	if (json_array_size(failed))
		json_object_set(o, "failed", failed);
	if (json_array_size(reached))
		json_object_set(o, "reached", reached);
	json_decref(failed);
	json_decref(reached);
}

static json_t *rec_json(struct cts *c)
{
	const struct record *r = &cts_priv(c)->rec;
	json_t *coverage = json_object(), *checks = json_object(), *o;
	char number[32];

	for (size_t i = 0; i < r->nr_ioctls; i++) {
		const struct ioctl_record *n = &r->ioctls[i];

		copy_text(number, sizeof(number), "0x%lx", n->cmd);
		json_object_set_new(coverage, n->known ? n->known->name : number, ioctl_json(n));
	}
	for (size_t i = 0; i < r->nr_checks; i++)
		json_object_set_new(checks, r->checks[i].id, json_integer(r->checks[i].checks));
	o = json_pack("{s:s, s:s, s:o, s:o}", "profile", cts_profile_name(c->v.profile), "arch",
		      cts_arch_name(c->arch), "coverage", coverage, "checks", checks);
	add_lists(o, cts_priv(c));
	if (r->has_outcome) {
		json_object_set_new(o, "outcome", json_string(cts_outcome_name(r->outcome)));
		json_object_set_new(o, "reason", json_string(r->reason));
	}
	if (r->damage[0])
		json_object_set_new(o, "damage", json_string(r->damage));
	return o;
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fprintf(stderr, "# the record cannot be written to descriptor %d: %s\n", fd,
				strerror(errno));
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

void rec_emit(struct cts *c)
{
	struct cts_priv *p = cts_priv(c);
	const char *number = getenv("CTS_RECORD_FD");
	json_t *o;
	char *text, *end;
	long fd;

	if (p->rec.emitted || p->owner != getpid() || !number)
		return;
	p->rec.emitted = true;
	fd = strtol(number, &end, 10);
	if (end == number || *end || fd < 0 || fd > 1 << 20) {
		fprintf(stderr, "# CTS_RECORD_FD '%s' is no descriptor number\n", number);
		return;
	}
	o = rec_json(c);
	/* Strings from elsewhere that are not UTF-8 make the whole fail: then at least say so. */
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	if (text) {
		size_t len = strlen(text);

		text[len] = '\n'; /* in place of the terminator */
		write_all((int)fd, text, len + 1);
	} else {
		fputs("# the record cannot be made\n", stderr);
	}
	free(text);
	json_decref(o);
}
