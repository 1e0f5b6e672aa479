// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which promises hold on this subject: profile and version decide before a test's body runs.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "check.h"

int version_compare(const char *a, const char *b)
{
	for (int part = 0; part < 3; part++) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (end_a == a || end_b == b)
			return 0; /* "6.6.7" is still 6.6 */
		if (x != y)
			return x < y ? -1 : 1;
		if (*end_a != '.' || *end_b != '.')
			return 0;
		a = end_a + 1;
		b = end_b + 1;
	}
	return 0;
}

const char *requirement_misfit(const struct cts *c, const struct cts_requirement *r, char *buf,
			       size_t len)
{
	const char *version = cts_priv(c)->version;

	if (!(r->profiles & c->v.profile)) {
		copy_text(buf, len, "%s is no promise of %s", r->id,
			  cts_profile_name(c->v.profile));
		return buf;
	}
	/* Only a merged uAPI has versions. */
	if (c->v.profile != CTS_IOMMUFD || !version[0])
		return NULL;
	if (r->since && version_compare(version, r->since) < 0) {
		copy_text(buf, len, "%s holds since Linux %s, this is %s", r->id, r->since,
			  version);
		return buf;
	}
	if (r->until && version_compare(version, r->until) > 0) {
		copy_text(buf, len, "%s held until Linux %s, this is %s", r->id, r->until, version);
		return buf;
	}
	return NULL;
}

const char *cts_inapplicable(struct cts *c, const char *const *ids)
{
	struct cts_priv *p = cts_priv(c);
	char why[CTS_REASON_LEN / 2] = "no requirement is cited";

	p->ids = ids;
	for (const char *const *id = ids; *id; id++)
		if (!cts_requirement_find(*id)) {
			copy_text(p->message, sizeof(p->message), "broken: %s is no requirement",
				  *id);
			return p->message;
		}
	for (const char *const *id = ids; *id; id++)
		if (!requirement_misfit(c, cts_requirement_find(*id), why, sizeof(why)))
			return NULL;
	copy_text(p->message, sizeof(p->message), "not-applicable: %s", why);
	return p->message;
}
