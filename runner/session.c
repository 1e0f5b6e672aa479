// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the tests of a plan one after the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "journal.h"
#include "kmsg.h"
#include "known.h"
#include "process.h"
#include "record.h"
#include "runner.h"
#include "session.h"
#include "verdict.h"

/* ---- progress */

/* PROGRESS_LINE: one line that is overwritten; PROGRESS_LOG: a line a test, for dumb terminals. */
enum progress { PROGRESS_NONE, PROGRESS_LINE, PROGRESS_LOG };

static enum progress progress_kind(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO))
		return PROGRESS_NONE;
	return term && *term && strcmp(term, "dumb") ? PROGRESS_LINE : PROGRESS_LOG;
}

static void progress_start(enum progress kind, const struct session *s, const char *name)
{
	char bad[32] = "";

	if (kind != PROGRESS_LINE)
		return;
	if (s->nr_bad)
		snprintf(bad, sizeof(bad), " %zu bad", s->nr_bad);
	fprintf(stderr, "\r\033[K[%zu/%zu%s] %.60s", s->nr_done + 1, s->plan.nr, bad, name);
}

static void progress_end(enum progress kind, const struct session *s, const char *name,
			 const char *outcome)
{
	if (kind == PROGRESS_LOG)
		fprintf(stderr, "[%zu/%zu] %s: %s\n", s->nr_done, s->plan.nr, name, outcome);
}

/* ---- one test */

/* What the harness said of one test. */
struct said {
	json_t *first;	/* the first line that has a say in the outcome, or NULL */
	json_t *checks;	/* how often each requirement was judged, by ID */
	char arch[16];	/* of the IOMMU; "": unknown */
};

/* How often a requirement that @t cites was judged. */
static json_int_t judged(const json_t *checks, const struct plan_test *t)
{
	json_int_t n = 0;

	for (const char *const *id = t->ids; *id; id++)
		n += json_integer_value(json_object_get(checks, *id));
	return n;
}

static void add_checks(json_t *sum, const json_t *checks)
{
	const char *id;
	json_t *n;

	json_object_foreach((json_t *)checks, id, n)
		json_object_set_new(sum, id, json_integer(
			json_integer_value(json_object_get(sum, id)) + json_integer_value(n)));
}

/* The harness's lines: the coverage of all goes to the session, the rest to @said. */
static void take_records(struct session *s, const struct process_result *p, struct said *said)
{
	char *save = NULL, *line;
	json_t *one;

	*said = (struct said){ .checks = json_object() };
	for (line = p->record ? strtok_r(p->record, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		one = json_loads(line, 0, NULL);
		coverage_add(s->coverage, json_object_get(one, "coverage"));
		add_checks(said->checks, json_object_get(one, "checks"));
		if (json_object_get(one, "arch"))
			snprintf(said->arch, sizeof(said->arch), "%s", record_string(one, "arch"));
		if (!said->first &&
		    (json_object_get(one, "outcome") || json_object_get(one, "damage")))
			said->first = json_incref(one);
		json_decref(one);
	}
}

/* From what a test left behind to its verdict. */
static void judge(struct session *s, const struct plan_test *t, const struct process_result *p,
		  const char *complaint, struct verdict *v)
{
	struct said said;

	take_records(s, p, &said);
	verdict_judge(p, said.first, complaint, s->timeout, v);
	if (*t->ids && !judged(said.checks, t))
		verdict_unjudged(v);
	known_apply(&(struct known_place){ s->subject, said.arch, s->kernel }, t, said.checks, v);
	json_decref(said.first);
	json_decref(said.checks);
}

static json_t *result_json(const struct plan_test *t, const struct verdict *v, double seconds)
{
	json_t *ids = json_array();
	json_t *r;

	for (const char *const *id = t->ids; *id; id++)
		json_array_append_new(ids, json_string(*id));
	r = json_pack("{s:s, s:o, s:s, s:s, s:f}", "test", t->name, "requirements", ids,
		      "outcome", cts_outcome_name(v->outcome), "reason", v->reason, "seconds",
		      seconds);
	if (record_outcome_bad(cts_outcome_name(v->outcome)) && json_array_size(v->log))
		json_object_set(r, "log", v->log);
	return r;
}

static int journal_failed(const struct session *s, int rc)
{
	return usage_error("cannot write %s/journal.jsonl: %s; the run ends after %zu of %zu tests",
			   s->out, strerror(-rc), s->nr_done, s->plan.nr);
}

/* Keeps @v as the result of @t: in the record, the counts and the journal. */
static int conclude(struct session *s, struct journal *j, const struct plan_test *t,
		    const struct verdict *v, double seconds)
{
	json_t *result = result_json(t, v, seconds);
	int rc;

	json_array_append(s->results, result);
	s->nr_done++;
	s->nr_bad += record_outcome_bad(cts_outcome_name(v->outcome));
	json_object_set_new(result, "event", json_string("end"));
	rc = journal_write(j, json_copy(result));
	json_object_del(result, "event");
	json_decref(result);
	return rc ? journal_failed(s, rc) : STATUS_OK;
}

static int run_one(struct session *s, struct journal *j, struct kmsg *k, const struct plan_test *t)
{
	char *argv[] = { "iommu-cts", "__suite",	(char *)t->suite->name,
			 "-r",	      (char *)t->inner, NULL };
	struct process_result p;
	struct verdict v = { 0 };
	char complaint[512];
	bool complained;
	int rc = journal_write(j, json_pack("{s:s, s:s}", "event", "start", "test", t->name));

	if (rc)
		return journal_failed(s, rc);
	rc = process_run(argv, s->timeout, &p);
	if (rc)
		return usage_error("cannot start a test: %s", strerror(-rc));
	s->interrupted = p.interrupted;
	if (!p.interrupted) {
		complained = k && kmsg_complaint(k, complaint, sizeof(complaint));
		judge(s, t, &p, complained ? complaint : NULL, &v);
		rc = conclude(s, j, t, &v, p.seconds);
		json_decref(v.log);
	}
	process_result_free(&p);
	return rc;
}

/* Runs test @i of the plan, or only says what is known of it without. */
static int do_one(struct session *s, struct journal *j, struct kmsg *k, size_t i)
{
	const struct plan_test *t = &s->plan.tests[i];
	struct verdict v = { 0 };
	const char *why;
	int outcome = k && t->variant ? foresee(&s->foresight, t->variant, s->timeout, &why) : -1;

	if (outcome < 0)
		return run_one(s, j, k, t);
	v.outcome = outcome;
	snprintf(v.reason, sizeof(v.reason), "%s", why);
	return conclude(s, j, t, &v, 0);
}

static json_t *event_run(const struct session *s)
{
	return json_pack("{s:s, s:s, s:s?, s:I, s:f}", "event", "run", "subject", s->subject,
			 "defect", s->defect, "tests", (json_int_t)s->plan.nr, "timeout",
			 s->timeout);
}

int session_run(struct session *s)
{
	bool kernel = strcmp(s->subject, "reference");
	enum progress progress = progress_kind();
	struct utsname uts;
	struct journal j;
	struct kmsg k;
	int rc = journal_open(&j, s->out, kernel);

	s->results = json_array();
	s->coverage = coverage_new();
	if (!uname(&uts))
		snprintf(s->kernel, sizeof(s->kernel), "%.79s", uts.release);
	if (!rc)
		rc = journal_write(&j, event_run(s));
	if (rc)
		return journal_failed(s, rc);
	s->blind = kernel && kmsg_open(&k);
	for (size_t i = 0; i < s->plan.nr && !rc && !s->interrupted; i++) {
		progress_start(progress, s, s->plan.tests[i].name);
		rc = do_one(s, &j, kernel ? &k : NULL, i);
		if (!rc && !s->interrupted)
			progress_end(progress, s, s->plan.tests[i].name,
				     record_string(json_array_get(s->results, i), "outcome"));
	}
	if (progress == PROGRESS_LINE)
		fputs("\r\033[K", stderr);
	if (kernel)
		kmsg_close(&k);
	journal_close(&j);
	return rc;
}

/* ---- the record */

struct requirements {
	const struct session *s;
	json_t *list;
};

static bool selected(const struct session *s, const struct cts_requirement *r)
{
	return (!s->filter.area || !strcmp(s->filter.area, r->area)) &&
	       (!s->filter.requirement || !strcmp(s->filter.requirement, r->id));
}

static int add_requirement(void *arg, const struct cts_requirement *r)
{
	struct requirements *all = arg;
	const struct session *s = all->s;
	const char *outcome = NULL;
	json_int_t tests = 0;

	if (!selected(s, r))
		return 0;
	for (size_t i = 0; i < json_array_size(s->results); i++) {
		if (!plan_cites(&s->plan.tests[i], r->id))
			continue;
		outcome = record_outcome_worse(
			outcome, record_string(json_array_get(s->results, i), "outcome"));
		tests++;
	}
	/* what --test leaves out is not judged at all, nor what an interrupted run did not reach */
	if (!outcome && (s->filter.test || s->interrupted))
		return 0;
	json_array_append_new(all->list,
			      json_pack("{s:s, s:s, s:s, s:I}", "id", r->id, "area", r->area,
					"outcome", outcome ? outcome : "not-implemented", "tests",
					tests));
	return 0;
}

static json_t *environment(const struct session *s)
{
	json_t *env = json_object(), *machine = record_environment();
	json_t *devices = json_array();

	for (unsigned int i = 0; i < s->devices.nr; i++)
		json_array_append_new(devices, json_string(s->devices.bdf[i]));
	json_object_set_new(env, "subject", json_string(s->subject));
	if (s->defect)
		json_object_set_new(env, "defect", json_string(s->defect));
	json_object_set_new(env, "devices", devices);
	if (s->blind)
		json_object_set_new(env, "kernel_log",
				    json_string("not readable: complaints were not seen"));
	if (s->interrupted)
		json_object_set_new(env, "interrupted", json_true());
	json_object_update(env, machine);
	json_decref(machine);
	return env;
}

json_t *session_record(const struct session *s)
{
	struct requirements all = { s, json_array() };

	cts_requirement_each(add_requirement, &all);
	return json_pack("{s:o, s:O, s:o, s:o, s:o}", "summary", record_summary(s->results),
			 "results", s->results, "requirements", all.list, "coverage",
			 coverage_json(s->coverage), "environment", environment(s));
}

void session_free(struct session *s)
{
	plan_free(&s->plan);
	json_decref(s->results);
	coverage_free(s->coverage);
}
