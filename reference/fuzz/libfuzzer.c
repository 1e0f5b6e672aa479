// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fuzzer under libFuzzer: a finding ends the process, so that its input is kept. The mutator
 * knows records: it adds, copies, moves and removes whole ones, and changes bytes inside of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define HEAD sizeof(struct fuzz_head)
#define REC sizeof(struct fuzz_rec)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
				 uint8_t *out, size_t max, unsigned int seed);

static struct fuzz_arena arena;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t n;

	(void)argc;
	(void)argv;
	fuzz_ops(&n);
	fuzz_count_open();
	if (fuzz_arena_create(&arena)) {
		perror("arena");
		exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;
	bool good;

	fuzz_arena = &arena;	/* libFuzzer itself is not bound to it */
	good = fuzz_run(&f, data, size);
	fuzz_arena = NULL;
	if (!good) {
		fprintf(stderr, "FINDING: %s: %s\n", f.finding, f.report);
		abort();
	}
	return 0;
}

static uint32_t rnd(unsigned int *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A record that is right but for its choices. */
static void new_record(struct fuzz_rec *rec, unsigned int *seed)
{
	memset(rec, 0, sizeof(*rec));
	rec->op = (uint8_t)rnd(seed);
	rec->variant = (uint8_t)rnd(seed);
	rec->file = rnd(seed) % 4u;
	for (unsigned int i = 0; i < 3; i++)
		rec->id[i] = rnd(seed) % 8u;
	if (rnd(seed) % 4 == 0)
		rec->fail = 1 + rnd(seed) % 6u;
	if (rnd(seed) % 3)
		return;
	rec->nr_spoils = 1;
	for (size_t i = 0; i < sizeof(rec->spoil[0]); i++)
		((uint8_t *)&rec->spoil[0])[i] = (uint8_t)rnd(seed);
}

static void change_record(struct fuzz_rec *rec, unsigned int *seed)
{
	uint8_t *b = (uint8_t *)rec;

	switch (rnd(seed) % 4) {
	case 0:
		new_record(rec, seed);
		break;
	case 1:
		LLVMFuzzerMutate(b, sizeof(*rec), sizeof(*rec));
		break;
	case 2:
		b[rnd(seed) % 12u] = (uint8_t)rnd(seed);
		break;
	default:
		rec->nr_spoils = (uint8_t)(1 + rnd(seed) % 3);
		for (size_t i = 0; i < sizeof(rec->spoil); i++)
			((uint8_t *)rec->spoil)[i] = (uint8_t)rnd(seed);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct fuzz_rec rec;
	size_t nr, at;

	if (max < HEAD + REC || size < HEAD + REC || rnd(&seed) % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);
	nr = (size - HEAD) / REC;
	size = HEAD + nr * REC;
	at = HEAD + rnd(&seed) % nr * REC;
	if (rnd(&seed) % 16 == 0)
		data[rnd(&seed) % HEAD] = (uint8_t)rnd(&seed);
	switch (rnd(&seed) % 4) {
	case 0:		/* one more, made or copied */
		if (size + REC > max)
			break;
		memcpy(&rec, data + HEAD + rnd(&seed) % nr * REC, REC);
		if (rnd(&seed) & 1)
			new_record(&rec, &seed);
		memmove(data + at + REC, data + at, size - at);
		memcpy(data + at, &rec, REC);
		return size + REC;
	case 1:
		if (nr == 1)
			break;
		memmove(data + at, data + at + REC, size - at - REC);
		return size - REC;
	}
	memcpy(&rec, data + at, REC);
	change_record(&rec, &seed);
	memcpy(data + at, &rec, REC);
	return size;
}

/* The beginning of one input, then the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
				 uint8_t *out, size_t max, unsigned int seed)
{
	size_t head, from, len;

	if (na < HEAD + REC || nb < HEAD + REC || max < HEAD + 2 * REC)
		return 0;
	head = HEAD + (1 + rnd(&seed) % ((na - HEAD) / REC)) * REC;
	from = HEAD + rnd(&seed) % ((nb - HEAD) / REC) * REC;
	head = head < max ? head : HEAD + REC;
	len = (nb - from) / REC * REC;
	if (len > max - head)
		len = (max - head) / REC * REC;
	memcpy(out, a, head);
	memcpy(out + head, b + from, len);
	return head + len;
}
