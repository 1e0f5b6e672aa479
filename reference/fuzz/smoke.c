// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fuzzer without libFuzzer, for every build of the project: random inputs from a fixed seed.
 *
 *	smoke [CALLS [SEED]]	TAP; as many ioctls
 *	smoke replay FILE...	what is wrong with these inputs
 *	smoke seeds DIR		writes a corpus to start from
 *	smoke report		the counters in $FUZZ_COUNTS
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (sizeof(struct fuzz_head) + FUZZ_MAX_RECORDS * sizeof(struct fuzz_rec))

static uint64_t state;

static uint32_t rnd(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33);
}

/* Right calls mostly, a little spoilt. */
static void random_record(struct fuzz_rec *rec)
{
	uint8_t *b = (uint8_t *)rec;

	for (size_t i = 0; i < sizeof(*rec); i++)
		b[i] = (uint8_t)rnd();
	if (rnd() % 4)
		rec->proc = 0;
	if (rnd() % 8)
		rec->file %= 8;
	if (rnd() % 4)
		rec->where &= 1;
	if (rnd() % 8)
		rec->size = 0;
	if (rnd() % 8)
		rec->fail = 0;
	if (rnd() % 2)
		rec->nr_spoils = 0;
}

static size_t random_input(uint8_t *data)
{
	struct fuzz_head head = { .machine = (uint8_t)rnd(), .preset = (uint8_t)rnd() };
	unsigned int n = 1 + rnd() % FUZZ_MAX_RECORDS;

	for (size_t i = 0; i < sizeof(head.config) && rnd() % 2; i++)
		head.config[i] = (uint8_t)rnd();
	memcpy(data, &head, sizeof(head));
	for (unsigned int i = 0; i < n; i++)
		random_record((struct fuzz_rec *)(data + sizeof(head)) + i);
	return sizeof(head) + n * sizeof(struct fuzz_rec);
}

static bool tell(const struct fuzz *f, const char *name)
{
	printf("# %s: %s: %s\n", name, f->finding, f->report);
	return false;
}

/* The input that runs now, for one that ends the program: in the file $FUZZ_KEEP. */
static void keep(const void *data, size_t len)
{
	const char *path = getenv("FUZZ_KEEP");
	FILE *out = path ? fopen(path, "wb") : NULL;

	if (!out)
		return;
	fwrite(data, 1, len, out);
	fclose(out);
}

static int smoke(uint64_t calls, uint64_t seed)
{
	static _Alignas(8) uint8_t data[INPUT_MAX];
	const char *many = getenv("FUZZ_FINDINGS");
	unsigned int inputs = 0, found = 0, never, most = many ? (unsigned int)atoi(many) : 10;
	struct fuzz f;

	state = seed;
	while (fuzz_calls() < calls && inputs < calls && found < most) {
		size_t n = fuzz_seed(inputs, data, sizeof(data));
		char name[24];

		if (!n)
			n = random_input(data);
		snprintf(name, sizeof(name), "input %u", inputs++);
		keep(data, n);
		if (!fuzz_run(&f, data, n)) {
			tell(&f, name);
			found++;
		}
	}
	printf("# seed %" PRIu64 ", %u inputs, %" PRIu64 " ioctls\n", seed, inputs, fuzz_calls());
	never = fuzz_print_counts(getenv("FUZZ_ALL"));
	printf("%sok 1 - %" PRIu64 " ioctls: errnos are documented, failures change nothing, "
	       "nothing is left\n", found ? "not " : "", calls);
	printf("# %u ioctls never succeeded\n1..1\n", never);
	return found != 0;
}

static int replay(int n, char **paths)
{
	static _Alignas(8) uint8_t data[INPUT_MAX];
	int bad = 0;

	for (int i = 0; i < n; i++) {
		FILE *in = fopen(paths[i], "rb");
		struct fuzz f;
		size_t len;

		if (!in) {
			fprintf(stderr, "%s: %s\n", paths[i], strerror(errno));
			return 2;
		}
		fuzz_trace = true;
		len = fread(data, 1, sizeof(data), in);
		fclose(in);
		if (fuzz_run(&f, data, len)) {
			printf("# %s: nothing wrong\n", paths[i]);
		} else {
			tell(&f, paths[i]);
			bad = 1;
		}
	}
	return bad;
}

static int seeds(const char *dir)
{
	static _Alignas(8) uint8_t data[INPUT_MAX];
	size_t len;

	for (unsigned int n = 0; (len = fuzz_seed(n, data, sizeof(data))); n++) {
		char path[512];
		FILE *out;

		snprintf(path, sizeof(path), "%s/seed-%02u", dir, n);
		out = fopen(path, "wb");
		if (!out || fwrite(data, 1, len, out) != len || fclose(out)) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return 2;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct fuzz_arena arena;
	size_t n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fuzz_ops(&n);
	fuzz_count_open();
	if (fuzz_arena_create(&arena)) {
		perror("arena");
		return 2;
	}
	fuzz_arena = &arena;
	if (argc > 2 && !strcmp(argv[1], "replay"))
		return replay(argc - 2, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "seeds"))
		return seeds(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "report")) {
		unsigned int never = fuzz_print_counts(true);

		printf("%" PRIu64 " ioctls, %u kinds never succeeded\n", fuzz_calls(), never);
		return 0;
	}
	return smoke(argc > 1 ? strtoull(argv[1], NULL, 0) : 400000,
		     argc > 2 ? strtoull(argv[2], NULL, 0) : 20201120);
}
