// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * One ioctl: the right argument is filled in, spoilt as the record says, put where it says, called,
 * and judged.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* ---- values */

/* A user address of any sort, none of which is outside the arena and valid. */
static uint64_t pointer(const struct fuzz_call *c, uint8_t how, uint64_t value)
{
	uintptr_t base = (uintptr_t)arena_page(0);

	switch (how % 12) {
	case 0:
		return 0;
	case 1:
		return base + ARENA_HOLE * PG + value % PG;
	case 2:	/* over the end of the page before the hole */
		return base + ARENA_HOLE * PG - 1 - value % 64;
	case 3:
		return base + ARENA_RO * PG + value % PG;
	case 4:	/* from what cannot be written into what can, and the other way round */
		return base + (ARENA_RO + (value & 1)) * PG - value / 2 % 64;
	case 5:
		return base + ARENA_DATA * PG + value % (2 * PG);
	case 6:	/* the argument itself */
		return (uintptr_t)c->user + value % 64;
	case 7:
		return 0xffff800000000000ull + value % (1ull << 40);
	case 8:
		return 0x0001000000000000ull << value % 15;
	case 9:
		return UINT64_MAX - value % (2 * PG);
	case 10:
		return base + ARENA_PAGES * PG - value % 64;
	default:
		return base + ARENA_GUEST * PG + value % (ARENA_GUEST_PAGES * PG);
	}
}

static uint64_t number(uint8_t how, uint64_t value, uint64_t now)
{
	switch (how % 10) {
	case 0:
		return value;
	case 1:
		return value % 16;
	case 2:
		return value % 64 * PG;
	case 3:
		return UINT64_MAX - value % 16;
	case 4:
		return (1ull << value % 64) - value / 64 % 3;
	case 5:
		return now + 1;
	case 6:
		return now - 1;
	case 7:
		return now ^ 1ull << value % 64;
	case 8:
		return UINT64_MAX - value % 64 * PG;
	default:
		return UINT32_MAX - value % 16;
	}
}

static uint32_t fd_number(const struct fuzz *f, const struct fuzz_call *c, uint8_t how,
			  uint64_t value)
{
	if (how % 4 == 0)
		return (uint32_t)value;
	if (how % 4 == 1)
		return (uint32_t)(value % FUZZ_FDS);
	return (uint32_t)fuzz_fd(f, c->proc, (enum fuzz_kind)(value % FK_NR),
				 (uint8_t)(value >> 8));
}

/* Of the fuzzer itself: only files that it made for this. */
static uint32_t host_fd(uint8_t how)
{
	switch (how % 4) {
	case 0:
		return UINT32_MAX;
	case 1:
		return 0x7fffffff;
	case 2:
		return (uint32_t)fuzz_arena->memfd_ro;
	default:
		return (uint32_t)fuzz_arena->memfd;
	}
}

static uint32_t object_id(const struct fuzz *f, const struct fuzz_call *c, uint8_t how,
			  uint64_t value)
{
	if (how % 4 == 0)
		return (uint32_t)value;
	if (how % 4 == 1 || !c->file)
		return (uint32_t)(value % 32);
	return fuzz_id(f, c->file, FI_FREE, (uint8_t)value);
}

/* ---- spoiling */

/* What is at byte @at: of the filler's table, or of the uAPI's. */
static enum fuzz_field_kind kind_at(const struct fuzz_field *fields, size_t n, size_t *at)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = fields[i].kind == FF_POINTER || fields[i].kind == FF_MEMORY ? 8 : 4;

		if (*at >= fields[i].offset && *at < fields[i].offset + len) {
			*at = fields[i].offset;
			return fields[i].kind;
		}
	}
	return FF_NUMBER;
}

/* A flag or a choice that the tables know. False: there is none at @at. */
static bool spoil_set(struct fuzz_call *c, size_t at, uint8_t how, uint64_t value)
{
	const struct uapi_struct *st = c->uapi ? c->uapi->arg : NULL;

	for (size_t i = 0; st && i < st->nr_fields; i++) {
		const struct uapi_field *field = &st->fields[i];
		uint64_t v = 0;

		if (field->offset != at || !field->set || !field->set->nr_values || how & 0x80)
			continue;
		memcpy(&v, c->arg.byte + at, field->size);
		if (field->set->bits)
			v ^= field->set->values[value % field->set->nr_values].value;
		else
			v = field->set->values[value % field->set->nr_values].value;
		memcpy(c->arg.byte + at, &v, field->size);
		return true;
	}
	return false;
}

static void spoil_number(struct fuzz_call *c, const struct fuzz_field *fields, size_t n, size_t at,
			 const struct fuzz_spoil *s, uint64_t value)
{
	size_t next = at + 4, len = 4;
	uint64_t now = 0;

	if (spoil_set(c, at, s->how, value))
		return;
	if (!(at % 8) && next < c->size && !(s->how & 0x40) &&
	    kind_at(fields, n, &next) == FF_NUMBER)
		len = 8;
	memcpy(&now, c->arg.byte + at, len);
	now = number(s->how & 0x3f, value, now);
	memcpy(c->arg.byte + at, &now, len);
}

static void spoil_one(struct fuzz *f, struct fuzz_call *c, const struct fuzz_filler *filler,
		      const struct fuzz_spoil *s)
{
	const struct fuzz_field *fields;
	uint64_t value, p;
	uint32_t v;
	size_t at, n;

	memcpy(&value, s->value, sizeof(value));
	if (s->at & 0x80) {
		uint32_t *word = (uint32_t *)arena_page(ARENA_DATA) + (s->at & 0x3f);

		*word = (uint32_t)number(s->how, value, *word);
		return;
	}
	at = s->at % ((c->size + 3) / 4) * 4;
	fields = filler->fields(c, &n);
	switch (kind_at(fields, n, &at)) {
	case FF_KEEP:
		return;
	case FF_POINTER: case FF_MEMORY:
		p = pointer(c, s->how, value);
		memcpy(c->arg.byte + at, &p, sizeof(p));
		return;
	case FF_FD:
		v = fd_number(f, c, s->how, value);
		break;
	case FF_HOST_FD:
		v = host_fd(s->how);
		break;
	case FF_ID:
		v = object_id(f, c, s->how, value);
		break;
	default:
		spoil_number(c, fields, n, at, s, value);
		return;
	}
	memcpy(c->arg.byte + at, &v, sizeof(v));
}

void fuzz_spoil_arg(struct fuzz *f, struct fuzz_call *c, const struct fuzz_filler *filler)
{
	if (c->plain) {
		uint64_t value;

		memcpy(&value, c->rec->spoil[0].value, sizeof(value));
		if (c->rec->nr_spoils & 1)
			c->number = number(c->rec->spoil[0].how, value, c->number);
		return;
	}
	for (unsigned int i = 0; i < c->rec->nr_spoils % 4; i++)
		spoil_one(f, c, filler, &c->rec->spoil[i]);
}

/* ---- the struct in memory */

/* The caller's idea of its size, and how much of it is there. */
static size_t wrong_size(struct fuzz_call *c)
{
	const struct uapi_struct *st = c->uapi ? c->uapi->arg : NULL;
	uint32_t min = st ? (uint32_t)st->min_size : 0, size = c->rec->size, claim;

	if (!size || !st)
		return c->size;
	switch (size % 8) {
	case 0:
		claim = size;
		break;
	case 1:
		claim = min - 1;
		break;
	case 2:
		claim = min;
		break;
	case 3:
		claim = (uint32_t)c->size + size;
		break;
	case 4:
		claim = PG;
		break;
	case 5:
		claim = UINT32_MAX - size;
		break;
	case 6:
		claim = 0;
		break;
	default:	/* what is behind the struct is not zero */
		claim = (uint32_t)c->size + 8;
		c->arg.word[c->size / 4 + size % 2] = 1;
	}
	c->arg.word[0] = claim;
	return claim < sizeof(c->arg) ? claim : sizeof(c->arg);
}

static void place(struct fuzz_call *c, size_t len)
{
	uint8_t *hole = arena_page(ARENA_HOLE), where = c->rec->where;

	if (len < 8)
		len = 8;
	if (where < 0xc0) {
		/* One byte too many that is read is an error. */
		c->user = hole - (len > c->size ? len : c->size);
		if (where & 1)
			c->user = arena_page(ARENA_ARG);
		memcpy(c->user, &c->arg, len > c->size ? len : c->size);
		return;
	}
	c->user = (uint8_t *)(uintptr_t)pointer(c, where % 12, where);
	if (where % 12 == 3) {	/* can be read only */
		c->user = arena_page(ARENA_RO) + 64;
		memcpy(c->user, &c->arg, len);
	} else if (where % 12 == 5) {
		c->user = arena_page(ARENA_ARG) + where % 64;
		memcpy(c->user, &c->arg, len);
	}
}

/* What the call wrote. */
static void take_back(struct fuzz_call *c)
{
	uintptr_t at = (uintptr_t)c->user - (uintptr_t)arena_page(0);

	if (at < ARENA_HOLE * PG && ARENA_HOLE * PG - at >= c->size)
		memcpy(&c->arg, c->user, c->size);
}

/* ---- the call */

static int choose_file(const struct fuzz *f, const struct fuzz_op *op, const struct fuzz_rec *rec,
		       unsigned int proc)
{
	if (rec->file >= 0xf8)	/* of another kind, or none */
		return rec->file == 0xff ? -1 : rec->more % FUZZ_FDS;
	return fuzz_fd(f, proc, op->kind, rec->file);
}

static bool judge(struct fuzz *f, const struct fuzz_call *c, const struct fuzz_state *before)
{
	struct fuzz_state after;

	if (!fuzz_errno_documented(c, f)) {
		fuzz_finding(f, c, "an errno that is not documented for it");
		return false;
	}
	if (c->rc >= 0 || fuzz_may_change(f, c) || f->blind)
		return true;
	fuzz_state(f, &after);
	if (!fuzz_state_same(before, &after)) {
		fuzz_finding(f, c, "it failed, and something changed");
		return false;
	}
	return true;
}

bool fuzz_ioctl(struct fuzz *f, const struct fuzz_op *op, const struct fuzz_rec *rec)
{
	struct fuzz_call c = { .rec = rec, .proc = rec->proc % FUZZ_PROCS, .cmd = op->cmd,
			       .kind = op->kind, .uapi = op->uapi };
	struct fuzz_state before;
	size_t len;

	c.fd = choose_file(f, op, rec, c.proc);
	c.file = c.fd >= 0 && c.fd < FUZZ_FDS ? f->procs[c.proc].fds[c.fd] : NULL;
	if (c.fd < 0 && rec->file < 0xf0)
		return true;	/* there is none yet: no need to hear EBADF */
	c.size = op->uapi && op->uapi->arg ? op->uapi->arg->size : 8;
	if (op->mock_op)
		c.arg.word[1] = op->mock_op;
	op->filler->fill(f, &c);
	c.user = arena_page(ARENA_ARG);
	fuzz_spoil_arg(f, &c, op->filler);
	if (!c.plain) {
		len = wrong_size(&c);
		place(&c, len);
	}
	if (!f->blind)
		fuzz_state(f, &before);
	fuzz_arena->fail = rec->fail <= 12 ? rec->fail : 0;
	c.rc = iommu_ref_ioctl(f->procs[c.proc].proc, c.fd, c.cmd,
			       c.plain ? (void *)c.number : c.user);
	fuzz_arena->fail = 0;
	fuzz_count(op, c.rc);
	if (fuzz_trace)
		printf("#   fd %d = %ld %s\n", c.fd, c.rc,
		       c.rc < 0 ? uapi_errno_name((int)c.rc) : "");
	if (!c.plain)
		take_back(&c);
	if (c.rc >= 0 && c.file)
		op->filler->done(f, &c);
	return judge(f, &c, &before);
}
