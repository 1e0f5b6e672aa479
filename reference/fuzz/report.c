// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * How often each call was made, and how it ended. The counters are in a file that several fuzzing
 * processes share when FUZZ_COUNTS names one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define OPS_MAX 192u

struct counts {
	uint64_t ok[OPS_MAX], failed[OPS_MAX];
};

static struct counts *counts;

void fuzz_count_open(void)
{
	const char *path = getenv("FUZZ_COUNTS");
	void *p = MAP_FAILED;
	int fd;

	if (path) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0 || ftruncate(fd, sizeof(*counts)) ||
		    (p = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
		    MAP_FAILED) {
			fprintf(stderr, "FUZZ_COUNTS: cannot use %s; name a file that can be "
				"written\n", path);
			exit(2);
		}
		close(fd);
	} else {
		p = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			exit(2);
	}
	counts = p;
}

void fuzz_count(const struct fuzz_op *op, long rc)
{
	size_t n, i = (size_t)(op - fuzz_ops(&n));
	uint64_t *to = rc >= 0 ? &counts->ok[i] : &counts->failed[i];

	if (i < OPS_MAX)
		__atomic_fetch_add(to, 1, __ATOMIC_RELAXED);
}

uint64_t fuzz_calls(void)
{
	const struct fuzz_op *ops;
	uint64_t sum = 0;
	size_t n;

	ops = fuzz_ops(&n);
	for (size_t i = 0; i < n && i < OPS_MAX; i++)
		if (ops[i].cmd)
			sum += counts->ok[i] + counts->failed[i];
	return sum;
}

unsigned int fuzz_print_counts(bool all)
{
	const struct fuzz_op *ops;
	unsigned int never = 0;
	size_t n;

	ops = fuzz_ops(&n);
	for (size_t i = 0; i < n && i < OPS_MAX; i++) {
		const char *note = "";

		if (ops[i].cmd && !counts->ok[i]) {
			note = "  never succeeded";
			never++;
		} else if (ops[i].cmd && !counts->failed[i]) {
			note = "  never failed";
		}
		if (all || *note)
			printf("# %-34s %-10s %12" PRIu64 " ok %12" PRIu64 " failed%s\n",
			       ops[i].name, fuzz_kind_name(ops[i].kind), counts->ok[i],
			       counts->failed[i], note);
	}
	return never;
}
