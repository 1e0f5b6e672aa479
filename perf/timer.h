/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock of every benchmark: CLOCK_MONOTONIC_RAW, which nothing slews. In a guest that counts
 * instructions its nanoseconds are instructions.
 */
#ifndef PERF_TIMER_H
#define PERF_TIMER_H

#include <stdint.h>
#include <time.h>

/* A timed region must last this many times longer than reading the clock. */
#define TIMER_LEAST_REGIONS 20

struct timer {
	double overhead; /* between two readings with nothing in between: the median */
	double resolution; /* the smallest step it was seen to take */
};

static inline uint64_t timer_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void timer_measure(struct timer *t);

#endif
