// SPDX-License-Identifier: GPL-2.0-only
/* Asks the harness once a variant; see foresee.h. */
#include <stdio.h>

#include "foresee.h"
#include "verdict.h"

int foresee(struct foresight *f, const struct cts_variant *v, const char **why)
{
	const char *reason, *text = "";
	struct cts *c;
	int outcome;
	size_t i;

	for (i = 0; i < f->nr; i++)
		if (f->known[i].v.profile == v->profile && f->known[i].v.arch == v->arch)
			goto known;
	if (f->nr == FORESEE_MAX)
		return -1;
	c = cts_begin(v);
	reason = cts_skip_reason(c);
	outcome = reason ? verdict_skip(reason, &text) : -1;
	/* what the machine lacks is each test's own to say */
	if (outcome != CTS_NOT_APPLICABLE && outcome != CTS_NOT_SUPPORTED)
		outcome = -1;
	f->known[i].v = *v;
	f->known[i].outcome = outcome;
	snprintf(f->known[i].why, sizeof(f->known[i].why), "%s", text);
	cts_end(c);
	f->nr++;
known:
	*why = f->known[i].why;
	return f->known[i].outcome;
}
