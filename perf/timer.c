// SPDX-License-Identifier: GPL-2.0-only
/*
 * What reading the clock costs, and how fine it is.
 */
#include <gsl/gsl_sort.h>

#include "timer.h"

#define READINGS 2001

void timer_measure(struct timer *t)
{
	double gap[READINGS];
	uint64_t before = timer_now(), now;

	/* The gap between consecutive readings is one reading. */
	for (int i = 0; i < READINGS; i++) {
		now = timer_now();
		gap[i] = (double)(now - before);
		before = now;
	}
	gsl_sort(gap, 1, READINGS);
	t->overhead = gap[READINGS / 2];
	t->resolution = 0;
	for (int i = 0; i < READINGS; i++) {
		double step = i ? gap[i] - gap[i - 1] : gap[0];

		if (step > 0 && (!(t->resolution > 0) || step < t->resolution))
			t->resolution = step;
	}
	/* A clock coarser than a reading: what is known is that it takes less than one step. */
	if (!(t->overhead > 0))
		t->overhead = t->resolution;
}
