// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fuzzer with threads: each makes calls on the same files of the same machine, and closes some
 * while others are inside of them; processes end while files that they passed on are in use. What a
 * thread knows of the machine is what it saw before the others began, so any object may be another
 * one or gone. The oracle is what remains: errnos that are documented, nothing left at the end, and
 * the sanitizer. The seed is fixed, the order of calls is not.
 *
 *	threads [ROUNDS [SEED]]
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define THREADS 3u
#define CALLS 100u

struct worker {
	struct fuzz f;			/* its own idea of the machine */
	struct fuzz_arena arena;
	pthread_t thread;
	uint64_t state;
	bool good;
};

static uint32_t rnd(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

static void random_record(struct worker *w, struct fuzz_rec *rec)
{
	uint8_t *b = (uint8_t *)rec;

	for (size_t i = 0; i < sizeof(*rec); i++)
		b[i] = (uint8_t)rnd(&w->state);
	rec->proc = rnd(&w->state) % 4 == 0;
	rec->file %= 8;
	rec->size = 0;
	rec->where &= 1;
	if (rnd(&w->state) % 8)
		rec->fail = 0;
	if (rnd(&w->state) % 4)
		rec->nr_spoils = 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct fuzz_rec rec;

	fuzz_arena = &w->arena;
	for (unsigned int i = 0; i < CALLS && w->good; i++) {
		random_record(w, &rec);
		w->good = fuzz_one(&w->f, &rec);
	}
	fuzz_arena = NULL;
	return NULL;
}

/* A copy of what is known, that a thread changes by itself. */
static void copy_known(struct fuzz *to, const struct fuzz *from)
{
	*to = *from;
	to->blind = true;
	for (unsigned int p = 0; p < FUZZ_PROCS; p++) {
		for (int fd = 0; fd < FUZZ_FDS; fd++) {
			struct fuzz_file *file = from->procs[p].fds[fd];

			if (!file)
				continue;
			to->procs[p].fds[fd] = malloc(sizeof(*file));
			if (!to->procs[p].fds[fd])
				abort();
			*to->procs[p].fds[fd] = *file;
			to->procs[p].fds[fd]->refs = 1;
		}
	}
}

static void forget(struct fuzz *f)
{
	for (unsigned int p = 0; p < FUZZ_PROCS; p++)
		for (int fd = 0; fd < FUZZ_FDS; fd++)
			fuzz_file_closed(f, p, fd);
}

/* The process that opened the files ends; the other one has them, and others are inside. */
static void pass_all(struct fuzz *f)
{
	for (int fd = 0; fd < 16; fd++) {
		int to = iommu_ref_pass_fd(f->procs[0].proc, fd, f->procs[1].proc);

		if (to >= 0 && to < FUZZ_FDS && f->procs[0].fds[fd]) {
			f->procs[1].fds[to] = f->procs[0].fds[fd];
			f->procs[1].fds[to]->refs++;
		}
	}
}

/* A third process, with the files of the first, comes and goes meanwhile. */
static void *come_and_go(void *arg)
{
	const struct fuzz *f = arg;

	for (unsigned int i = 0; i < CALLS / 4; i++) {
		struct iommu_ref_proc *proc;

		if (iommu_ref_proc_create(f->ref, &proc))
			continue;
		for (int fd = 0; fd < 12; fd++)
			iommu_ref_pass_fd(f->procs[0].proc, fd, proc);
		iommu_ref_open(proc, "/dev/iommu", 0);
		iommu_ref_proc_exit(proc);
	}
	return NULL;
}

static bool run_threads(struct fuzz *f, struct worker *w, uint64_t *state)
{
	pthread_t exits;
	bool good = true;

	for (unsigned int i = 0; i < THREADS; i++) {
		copy_known(&w[i].f, f);
		w[i].state = rnd(state);
		w[i].good = true;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			abort();
	}
	if (pthread_create(&exits, NULL, come_and_go, f))
		abort();
	pthread_join(exits, NULL);
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		if (!w[i].good)
			printf("# thread %u: %s: %s\n", i, w[i].f.finding, w[i].f.report);
		good &= w[i].good;
		forget(&w[i].f);
	}
	return good;
}

static bool one_round(struct worker *w, uint64_t *state)
{
	struct fuzz_head head = { .machine = (uint8_t)rnd(state), .preset = (uint8_t)rnd(state) };
	struct fuzz f;
	bool good;

	if (rnd(state) % 2)
		head.config[rnd(state) % sizeof(head.config)] = (uint8_t)rnd(state);
	fuzz_arena = &w[0].arena;
	if (!fuzz_machine(&f, &head))
		return true;
	good = fuzz_preset(&f, head.preset);
	pass_all(&f);
	fuzz_arena = NULL;
	good = run_threads(&f, w, state) && good;
	fuzz_arena = &w[0].arena;
	good = fuzz_end(&f) && good;
	fuzz_arena = NULL;
	if (f.finding)
		printf("# machine %u, preset %u: %s: %s\n", head.machine % 5u, head.preset,
		       f.finding, f.report);
	return good;
}

int main(int argc, char **argv)
{
	static struct worker w[THREADS];
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) : 200;
	uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 0) : 20201120;
	unsigned int bad = 0;
	size_t n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fuzz_ops(&n);
	fuzz_count_open();
	for (unsigned int i = 0; i < THREADS; i++) {
		if (fuzz_arena_create(&w[i].arena)) {
			perror("arena");
			return 2;
		}
		w[i].arena.threads = true;
		w[i].arena.others = i ? w[0].arena.base : NULL;
	}
	for (unsigned int i = 0; i < rounds && bad < 5; i++)
		bad += !one_round(w, &state);
	printf("# %lu ioctls of %u threads in %u rounds\n", (unsigned long)fuzz_calls(), THREADS,
	       rounds);
	printf("%sok 1 - threads on the same files: errnos are documented, nothing is left\n1..1\n",
	       bad ? "not " : "");
	return bad != 0;
}
