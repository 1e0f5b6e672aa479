// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts of failed checks: requirement, what was wanted and seen, the last call, the promise itself.
 *
 *	INV_PROCESSED_COUNT: entry_num: want 1, saw 2 | IOMMU_HWPT_INVALIDATE ... = -EINVAL | [text]
 */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "check.h"

/* NULL: @id is not promised here, so there is nothing to judge. */
static const struct cts_requirement *judged(struct cts *c, const char *id, const char **broken)
{
	const struct cts_requirement *r = cts_requirement_find(id);
	struct cts_priv *p = cts_priv(c);
	char why[CTS_REASON_LEN];

	*broken = NULL;
	if (!r) {
		copy_text(p->message, sizeof(p->message), "broken: %s is no requirement", id);
		rec_outcome(&p->rec, CTS_BROKEN, p->message);
		*broken = p->message;
		return NULL;
	}
	if (requirement_misfit(c, r, why, sizeof(why)))
		return NULL;
	rec_check(&p->rec, r->id);
	return r;
}

static const char *failed(struct cts *c, const struct cts_requirement *r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static const char *failed(struct cts *c, const struct cts_requirement *r, const char *fmt, ...)
{
	struct cts_priv *p = cts_priv(c);
	char what[CTS_REASON_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	rec_failed(&p->rec, r->id);
	copy_text(p->message, sizeof(p->message), "%s: %s | %s | [%s]", r->id, what,
		  cts_last_call(c), r->text);
	return p->message;
}

/* "success (3)", "-EINVAL" */
static void value_text(char *buf, size_t len, long rc)
{
	if (rc >= 0)
		copy_text(buf, len, rc ? "success (%ld)" : "success", rc);
	else
		copy_text(buf, len, "-%s", uapi_errno_name(rc < -4095 ? 4095 : (int)-rc));
}

static void set_text(char *buf, size_t len, const int *set, size_t n)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < len; i++) {
		char one[48];
		int w;

		value_text(one, sizeof(one), -(long)set[i]);
		w = snprintf(buf + used, len - used, "%s%s", i ? " or " : "", one);
		used += w > 0 ? (size_t)w : 0;
	}
}

static bool in_set(long rc, const int *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i] ? rc == -(long)set[i] : rc >= 0)
			return true;
	return false;
}

static const char *check_set(struct cts *c, const struct cts_requirement *r, long rc,
			     const int *set, size_t n)
{
	char want[CTS_REASON_LEN / 2], saw[48];

	if (in_set(rc, set, n))
		return NULL;
	set_text(want, sizeof(want), set, n);
	value_text(saw, sizeof(saw), rc);
	return failed(c, r, "want %s, saw %s", want, saw);
}

const char *cts_check_rc(struct cts *c, const char *id, long rc)
{
	const struct cts_expect *e;
	const struct cts_requirement *r;
	const char *broken;

	r = judged(c, id, &broken);
	if (!r)
		return broken;
	e = cts_requirement_expect(r, c->v.profile);
	if (!e) {
		struct cts_priv *p = cts_priv(c);

		copy_text(p->message, sizeof(p->message), "broken: %s says no errno for %s", id,
			  cts_profile_name(c->v.profile));
		rec_outcome(&p->rec, CTS_BROKEN, p->message);
		return p->message;
	}
	return check_set(c, r, rc, e->errnos, e->nr);
}

const char *cts_check_set(struct cts *c, const char *id, long rc, const int *set, size_t n)
{
	const struct cts_requirement *r;
	const char *broken;

	r = judged(c, id, &broken);
	return r ? check_set(c, r, rc, set, n) : broken;
}

/* Small numbers as they are, large ones as addresses are read. */
static void number_text(char *buf, size_t len, uint64_t v)
{
	copy_text(buf, len, v < 4096 ? "%llu" : "0x%llx", (unsigned long long)v);
}

const char *cts_check_eq(struct cts *c, const char *id, const char *what, uint64_t want,
			 uint64_t seen)
{
	const struct cts_requirement *r;
	char w[24], s[24];
	const char *broken;

	r = judged(c, id, &broken);
	if (!r)
		return broken;
	if (want == seen)
		return NULL;
	number_text(w, sizeof(w), want);
	number_text(s, sizeof(s), seen);
	return failed(c, r, "%s: want %s, saw %s", what, w, s);
}

const char *cts_check_true(struct cts *c, const char *id, bool ok, const char *fmt, ...)
{
	const struct cts_requirement *r;
	char what[CTS_REASON_LEN];
	const char *broken;
	va_list ap;

	r = judged(c, id, &broken);
	if (!r)
		return broken;
	if (ok)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return failed(c, r, "%s", what);
}

const char *cts_verdict(struct cts *c, const char *msg, bool ends)
{
	if (!msg)
		return NULL;
	rec_outcome(&cts_priv(c)->rec, CTS_FAIL, msg);
	if (ends)
		rec_emit(c);
	return msg;
}

void cts_broken(struct cts *c, const char *file, int line, const char *expr, long rc)
{
	char text[CTS_REASON_LEN];

	if (rc < 0)
		copy_text(text, sizeof(text), "%s:%d: %s = -%s | %.200s", file, line, expr,
			  uapi_errno_name(rc < -4095 ? 4095 : (int)-rc), cts_last_call(c));
	else
		copy_text(text, sizeof(text), "%s:%d: %s does not hold | %.200s", file, line, expr,
			  cts_last_call(c));
	rec_outcome(&cts_priv(c)->rec, CTS_BROKEN, text);
	/* In a set-up this is the last chance: its teardown does not run. */
	rec_emit(c);
}
