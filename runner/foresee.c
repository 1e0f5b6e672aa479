// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the harness once a variant, in a process of its own as the tests are: opening a subject may
 * hang. See foresee.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foresee.h"
#include "runner.h"
#include "verdict.h"

/* "OUTCOME: why" of the text that foresee_main() printed; -1 for anything else. */
static int parse(char *text, char *why, size_t len)
{
	const char *line = text ? strtok(text, "\n") : NULL, *behind = "";
	int outcome = line ? verdict_skip(line, &behind) : -1;

	/* what the machine lacks is each test's own to say */
	if (outcome != CTS_NOT_APPLICABLE && outcome != CTS_NOT_SUPPORTED)
		return -1;
	snprintf(why, len, "%s", behind);
	return outcome;
}

static int ask(const struct cts_variant *v, double timeout, char *why, size_t len)
{
	char *profile = xprintf("%d", (int)v->profile), *arch = xprintf("%d", (int)v->arch);
	char *argv[] = { "iommu-cts", "__foresee", profile, arch, NULL };
	struct process_result p;
	int outcome = -1;

	if (!process_run(argv, timeout, &p) && !p.timed_out && !p.status)
		outcome = parse(p.text, why, len);
	process_result_free(&p);
	free(profile);
	free(arch);
	return outcome;
}

int foresee(struct foresight *f, const struct cts_variant *v, double timeout, const char **why)
{
	size_t i;

	for (i = 0; i < f->nr; i++)
		if (f->known[i].v.profile == v->profile && f->known[i].v.arch == v->arch)
			break;
	if (i == FORESEE_MAX)
		return -1;
	if (i == f->nr) {
		f->known[i].v = *v;
		f->known[i].outcome = ask(v, timeout, f->known[i].why, sizeof(f->known[i].why));
		f->nr++;
	}
	*why = f->known[i].why;
	return f->known[i].outcome;
}

int foresee_main(int argc, char **argv)
{
	struct cts_variant v;
	const char *reason;
	struct cts *c;

	if (argc != 3)
		return usage_error("__foresee is the runner's own: __foresee PROFILE ARCH");
	v = (struct cts_variant){ .profile = atoi(argv[1]), .arch = atoi(argv[2]) };
	c = cts_begin(&v);
	reason = cts_skip_reason(c);
	if (reason)
		puts(reason);
	cts_end(c);
	return flush_stdout();
}
