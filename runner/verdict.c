// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the TAP text of one kselftest process. kselftest reports a test that died by a signal as a
 * plain failure and says so in a comment: such comments are told apart from failed checks here.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "verdict.h"

#define LOG_LINES 60

struct tap {
	bool ok, not_ok;
	char directive[16];		/* SKIP, XFAIL, XPASS */
	char why[1024];			/* behind the directive */
	char message[1024];		/* the first failed check */
	char died[1024];		/* crash: what killed it */
	bool mixed;			/* a later one is of another requirement */
	bool aborted, timed_out;
};

static const char *after(const char *line, const char *what)
{
	const char *p = strstr(line, what);

	return p ? p + strlen(what) : NULL;
}

static void keep(char *dst, size_t len, const char *text)
{
	if (!*dst)
		snprintf(dst, len, "%s", text);
}

/* kselftest's own comments, which say nothing about the check that failed */
static bool is_noise(const char *text)
{
	static const char *const noise[] = { " RUN ",	  "   OK ",	    " FAIL ",
					     "Starting ", "FAILED: ",	    "PASSED: ",
					     "Totals: ",  "Planned tests ", "    SKIP " };

	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (strstr(text, noise[i]) && strstr(text, noise[i]) - text < 12)
			return true;
	return false;
}

/* "# file.c:12:test:text": its text, or NULL. File names have no colon. */
static const char *check_text(const char *line)
{
	const char *p = line;

	for (int colons = 0; colons < 3; colons++) {
		p = strchr(p, ':');
		if (!p)
			return NULL;
		p++;
		if (!colons && strspn(p, "0123456789") == 0)
			return NULL;
	}
	return p;
}

static void parse_result(struct tap *t, const char *line)
{
	static const char *const words[] = { "SKIP", "XFAIL", "XPASS" };
	const char *hash = strstr(line, " # ");

	if (!strncmp(line, "ok ", 3))
		t->ok = true;
	else
		t->not_ok = true;
	for (size_t i = 0; hash && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(hash + 3, words[i], strlen(words[i])))
			continue;
		snprintf(t->directive, sizeof(t->directive), "%s", words[i]);
		hash += 3 + strlen(words[i]);
		snprintf(t->why, sizeof(t->why), "%s", hash + strspn(hash, " "));
		return;
	}
}

/* "INV_EMPTY_ARRAY: ..." -> the length of the ID; 0: the text is not of a requirement */
static size_t id_length(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return text[len] == ':' && text[len + 1] == ' ' ? len : 0;
}

static void parse_check(struct tap *t, const char *text)
{
	size_t len = id_length(text);

	if (t->message[0] && (!len || len != id_length(t->message) ||
			      strncmp(text, t->message, len)))
		t->mixed = true;
	keep(t->message, sizeof(t->message), text);
}

/* Comments that say that the process died, from kselftest and from the sanitizers. */
static void parse_death(struct tap *t, const char *line)
{
	const char *p = after(line, "Test terminated unexpectedly by signal ");

	if (p) {
		char text[64];

		snprintf(text, sizeof(text), "died by signal %d, %s", atoi(p), strsignal(atoi(p)));
		keep(t->died, sizeof(t->died), text);
	} else if (strstr(line, "Test terminated by assertion")) {
		t->aborted = true;
	} else if (strstr(line, "Test terminated by timeout")) {
		t->timed_out = true;
	} else if (strstr(line, "ERROR: AddressSanitizer") || strstr(line,
		"Sanitizer:DEADLYSIGNAL") ||
		   strstr(line, "WARNING: ThreadSanitizer") || strstr(line, ": runtime error: ") ||
		   strstr(line, "ERROR: LeakSanitizer")) {
		/* before the signal that follows */
		t->died[0] = 0;
		keep(t->died, sizeof(t->died), line + strspn(line, "= "));
	}
}

static void parse_line(struct tap *t, const char *line, json_t *log)
{
	const char *text;

	if (!strncmp(line, "ok ", 3) || !strncmp(line, "not ok ", 7)) {
		parse_result(t, line);
		return;
	}
	parse_death(t, line);
	if (!strncmp(line, "TAP version", 11) || !strncmp(line, "1..", 3) || is_noise(line))
		return;
	if (*line && json_array_size(log) < LOG_LINES)
		json_array_append_new(log, json_string(line + (!strncmp(line, "# ", 2) ? 2 : 0)));
	/* The harness asks for a kept promise; the line behind that has the message itself. */
	text = !strncmp(line, "# ", 2) ? check_text(line) : NULL;
	if (text && !strstr(text, "promise_kept"))
		parse_check(t, text);
}

/* A test may print anything; JSON and KTAP take text only. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x7f || ((unsigned char)*text < ' ' && *text != '\n'))
			*text = *text == '\t' ? ' ' : '?';
}

static void parse(struct tap *t, const struct process_result *p, json_t *log)
{
	char *text = p->text ? strdup(p->text) : NULL, *save = NULL, *line;

	if (!text)
		return;
	make_plain(text);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_line(t, line, log);
	free(text);
}

/* A body cannot excuse a failure: xfail is for known.c to say. */
int verdict_skip(const char *reason, const char **why)
{
	static const enum cts_outcome can[] = { CTS_NOT_APPLICABLE, CTS_NOT_SUPPORTED,
						CTS_ENV_MISSING, CTS_NOT_IMPLEMENTED };

	for (size_t i = 0; i < sizeof(can) / sizeof(can[0]); i++) {
		const char *name = cts_outcome_name(can[i]);
		size_t len = strlen(name);

		if (strncmp(reason, name, len) || reason[len] != ':')
			continue;
		*why = reason + len + 1 + strspn(reason + len + 1, " ");
		return (int)can[i];
	}
	return -1;
}

static void set(struct verdict *v, enum cts_outcome outcome, const char *reason)
{
	v->outcome = outcome;
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

static void judge_skip(struct verdict *v, const struct tap *t)
{
	const char *why;
	int outcome = verdict_skip(t->why, &why);

	if (outcome >= 0) {
		set(v, (enum cts_outcome)outcome, why);
		return;
	}
	v->outcome = CTS_BROKEN;
	snprintf(v->reason, sizeof(v->reason), "skipped without a named outcome: %.900s", t->why);
}

/* Deaths first: what a test said before it died is no verdict. True when that decided. */
static bool judge_death(struct verdict *v, const struct process_result *p, const struct tap *t,
			double timeout)
{
	if (p->timed_out || t->timed_out) {
		v->outcome = CTS_TIMEOUT;
		snprintf(v->reason, sizeof(v->reason), "did not end within %g s",
			 p->timed_out ? timeout : p->seconds);
	} else if (t->died[0]) {
		set(v, CTS_CRASH, t->died);
	} else if (WIFSIGNALED(p->status)) {
		v->outcome = CTS_CRASH;
		snprintf(v->reason, sizeof(v->reason), "the test process died by signal %d, %s",
			 WTERMSIG(p->status), strsignal(WTERMSIG(p->status)));
	} else if (t->aborted && !t->message[0]) {
		set(v, CTS_CRASH, "died by abort(), and no check failed before");
	} else {
		return false;
	}
	return true;
}

/*
 * The record's word goes before the TAP line, which knows only pass, fail and skip; but it does not
 * know that a failure was expected.
 */
static bool judge_record(struct verdict *v, const struct tap *t, const json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "outcome"));
	const char *reason = json_string_value(json_object_get(record, "reason"));
	const char *damage = json_string_value(json_object_get(record, "damage"));
	int outcome = name ? cts_outcome_parse(name) : -1;

	if (damage && outcome != CTS_FAIL) {
		set(v, CTS_FAIL, damage);
		return true;
	}
	if (outcome < 0 || outcome == CTS_PASS || t->directive[0] == 'X')
		return false;
	set(v, (enum cts_outcome)outcome, reason && *reason ? reason : t->message);
	return true;
}

static void judge_tap(struct verdict *v, const struct tap *t)
{
	if (!strcmp(t->directive, "SKIP"))
		judge_skip(v, t);
	else if (!strcmp(t->directive, "XFAIL"))
		set(v, CTS_XFAIL, t->why);
	else if (!strcmp(t->directive, "XPASS"))
		set(v, CTS_XPASS, "passed, and was expected to fail");
	else if (t->not_ok)
		set(v, CTS_FAIL, t->message[0] ? t->message : "failed without a message");
	else if (t->ok)
		set(v, CTS_PASS, "");
	else
		set(v, CTS_BROKEN, "the test process ended without a result");
}

/* Whether one requirement alone failed; anything more in the record or the log says no. */
static void note_only(struct verdict *v, const struct tap *t, const json_t *record)
{
	size_t len = id_length(v->reason);

	if (v->outcome != CTS_FAIL || t->mixed || json_object_get(record, "damage") ||
	    (t->message[0] && (id_length(t->message) != len ||
			       strncmp(t->message, v->reason, len))))
		return;
	snprintf(v->only, sizeof(v->only), "%.*s", (int)len, v->reason);
}

/* The part that is missing may have said anything: nothing good can be concluded any more. */
static void judge_cut(struct verdict *v)
{
	if (v->outcome != CTS_FAIL && v->outcome != CTS_CRASH && v->outcome != CTS_TIMEOUT)
		set(v, CTS_BROKEN, "its record was cut: there was more than 4 MiB");
}

void verdict_judge(const struct process_result *p, const json_t *record, const char *complaint,
		   double timeout, struct verdict *v)
{
	struct tap t = { 0 };

	*v = (struct verdict){ .log = json_array() };
	parse(&t, p, v->log);
	if (!judge_death(v, p, &t, timeout) && !judge_record(v, &t, record))
		judge_tap(v, &t);
	if (p->record_cut)
		judge_cut(v);
	else if (!complaint && !p->text_cut)
		note_only(v, &t, record);
	if (p->text_cut)
		json_array_append_new(v->log,
				      json_string("(output cut: there was more than 256 KiB)"));
	if (complaint &&
	    (v->outcome == CTS_FAIL || v->outcome == CTS_CRASH || v->outcome == CTS_TIMEOUT))
		json_array_append_new(v->log, json_sprintf("kernel: %s", complaint));
	else if (complaint)
		set(v, CTS_DMESG, complaint);
	make_plain(v->reason);
}

void verdict_unjudged(struct verdict *v)
{
	if (v->outcome == CTS_PASS)
		set(v, CTS_BROKEN, "passed, but checked none of the requirements that it cites");
}
