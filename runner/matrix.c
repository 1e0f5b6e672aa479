// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures which requirements each known-bad variant of the reference turns red, and prints
 * docs/matrix.md.
 *
 * A variant is one marked line. A test that never reaches the line on the good reference does the
 * same on the variant, so each test runs once on a machine that notes which lines are reached, and
 * then only on those variants. Red is what a failed check names, or a test's own requirements when
 * its arguments' surroundings were damaged; a crash or a hang is no verdict and counts as nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "defects/defects.h"
#include "iommu_ref.h"
#include "matrix.h"
#include "plan.h"
#include "runner.h"

#define TIMEOUT "5"	/* seconds a test; the slowest takes a fraction of one */
#define RECORD_MAX (1u << 20)

/* What the workers share. */
struct shared {
	size_t next;		/* suite to be taken */
	size_t runs;
	uint8_t broken;		/* something failed without a variant, or could not be run */
	uint8_t red[];		/* a byte for each variant and requirement */
};

struct measure {
	struct matrix *m;
	struct plan plan;
	struct shared *shared;
	size_t shared_len;
	int record;		/* memfd of this worker */
	char *text;
};

static uint8_t *cell(const struct measure *w, size_t defect, size_t requirement)
{
	return &w->shared->red[defect * w->m->nr_requirements + requirement];
}

/* ---- one test on one variant */

static void child(const struct measure *w, const struct plan_test *t, const char *defect)
{
	char *argv[] = { "iommu-cts", "-r", (char *)t->inner, NULL };
	int null = open("/dev/null", O_RDWR);
	char number[16];

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	snprintf(number, sizeof(number), "%d", w->record);
	setenv("CTS_RECORD_FD", number, 1);
	setenv("CTS_DEFECT", defect, 1);
	optind = 0;
	_exit(t->suite->run(3, argv));
}

/* What it recorded, or NULL after one line. Valid until the next call. */
static const char *run(struct measure *w, const struct plan_test *t, const char *defect)
{
	ssize_t len;
	pid_t pid;

	if (ftruncate(w->record, 0) || lseek(w->record, 0, SEEK_SET))
		return NULL;
	pid = fork();
	if (!pid)
		child(w, t, defect);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
		usage_error("cannot run a test: %s", strerror(errno));
		return NULL;
	}
	__atomic_add_fetch(&w->shared->runs, 1, __ATOMIC_RELAXED);
	len = pread(w->record, w->text, RECORD_MAX - 1, 0);
	w->text[len > 0 ? len : 0] = '\0';
	return w->text;
}

static void mark(struct measure *w, size_t defect, const char *id)
{
	for (size_t i = 0; i < w->m->nr_requirements; i++)
		if (!strcmp(w->m->requirements[i]->id, id))
			*cell(w, defect, i) = 1;
}

/* Calls @fn for each record in @text. */
static void each_record(const char *text, void (*fn)(void *arg, const json_t *one), void *arg)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		json_t *one = json_loadb(text, len, 0, NULL);

		fn(arg, one);
		json_decref(one);
		text += len + (text[len] == '\n');
	}
}

struct take {
	struct measure *w;
	const struct plan_test *t;
	size_t defect;
	bool *reached;
};

static void take_failed(void *arg, const json_t *one)
{
	struct take *k = arg;
	const json_t *id;
	size_t i;

	json_array_foreach(json_object_get(one, "failed"), i, id)
		mark(k->w, k->defect, json_string_value(id));
	for (const char *const *p = k->t->ids; json_object_get(one, "damage") && *p; p++)
		mark(k->w, k->defect, *p);
}

static void take_reached(void *arg, const json_t *one)
{
	struct take *k = arg;
	const struct matrix *m = k->w->m;
	const json_t *name;
	size_t i;

	if (json_object_get(one, "outcome") || json_object_get(one, "damage")) {
		fprintf(stderr, "iommu-cts: %s is not good without any variant\n", k->t->name);
		k->w->shared->broken = 1;
	}
	json_array_foreach(json_object_get(one, "reached"), i, name)
		for (size_t d = 0; d < m->nr_defects; d++)
			if (!strcmp(m->defects[d].name, json_string_value(name)))
				k->reached[d] = true;
}

/* @t on the good reference, then on each variant whose line it reached. */
static void measure_test(struct measure *w, const struct plan_test *t)
{
	bool *reached = xcalloc(w->m->nr_defects, sizeof(*reached));
	struct take k = { .w = w, .t = t, .reached = reached };
	const char *text = run(w, t, IOMMU_REF_DEFECT_TRACE);

	if (text)
		each_record(text, take_reached, &k);
	for (k.defect = 0; text && k.defect < w->m->nr_defects; k.defect++) {
		if (!reached[k.defect])
			continue;
		text = run(w, t, w->m->defects[k.defect].name);
		if (text)
			each_record(text, take_failed, &k);
	}
	if (!text)
		w->shared->broken = 1;
	free(reached);
}

/* ---- workers */

/*
 * Suites are what workers share out: kselftest keeps how a test went in memory that all forked
 * processes share, one place for all variants of the test.
 */
static size_t first_of_suite(const struct plan *p, size_t nr)
{
	size_t i = 0;

	for (; i < p->nr; i++)
		if ((!i || p->tests[i].suite != p->tests[i - 1].suite) && !nr--)
			break;
	return i;
}

static void work(struct measure *w)
{
	size_t i;

	w->record = memfd_create("record", 0);
	w->text = xcalloc(1, RECORD_MAX);
	if (w->record < 0) {
		usage_error("memfd_create(): %s", strerror(errno));
		w->shared->broken = 1;
		return;
	}
	while ((i = first_of_suite(&w->plan, __atomic_fetch_add(&w->shared->next, 1,
								__ATOMIC_RELAXED))) <
	       w->plan.nr) {
		const struct cts_suite *suite = w->plan.tests[i].suite;

		for (; i < w->plan.nr && w->plan.tests[i].suite == suite; i++)
			measure_test(w, &w->plan.tests[i]);
	}
	close(w->record);
	free(w->text);
}

static int start_workers(struct measure *w, unsigned int jobs)
{
	int status, rc = STATUS_OK;

	for (unsigned int i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (!pid) {
			work(w);
			_exit(0);
		}
		if (pid < 0)
			rc = usage_error("cannot start a worker: %s", strerror(errno));
	}
	while (wait(&status) > 0)
		if (status)
			rc = usage_error("a worker died: status 0x%x", (unsigned int)status);
	return w->shared->broken && !rc ? STATUS_FAILURE : rc;
}

static int keep_requirement(void *arg, const struct cts_requirement *r)
{
	struct matrix *m = arg;

	m->requirements = realloc(m->requirements,
				  (m->nr_requirements + 1) * sizeof(*m->requirements));
	if (!m->requirements)
		abort();
	m->requirements[m->nr_requirements++] = r;
	return 0;
}

void matrix_init(struct matrix *m)
{
	*m = (struct matrix){ 0 };
	m->defects = cts_defects(&m->nr_defects);
	cts_requirement_each(keep_requirement, m);
	m->red = xcalloc(m->nr_defects * m->nr_requirements + 1, 1);
}

void matrix_fini(struct matrix *m)
{
	free(m->requirements);
	free(m->red);
}

int matrix_measure(struct matrix *m, const struct plan_filter *filter, unsigned int jobs)
{
	struct measure w = { .m = m };
	size_t cells = m->nr_defects * m->nr_requirements;
	int rc;

	setenv("CTS_SUBJECT", "reference", 1);
	setenv("CTS_TIMEOUT", TIMEOUT, 1);
	plan_build(&w.plan, filter);
	w.shared_len = sizeof(*w.shared) + cells;
	w.shared = mmap(NULL, w.shared_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);
	if (w.shared == MAP_FAILED) {
		plan_free(&w.plan);
		return usage_error("no memory for the matrix: %s", strerror(errno));
	}
	rc = start_workers(&w, jobs);
	memcpy(m->red, w.shared->red, cells);
	m->nr_tests = w.plan.nr;
	m->nr_runs = w.shared->runs;
	munmap(w.shared, w.shared_len);
	plan_free(&w.plan);
	return rc;
}
