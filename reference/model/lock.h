/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The locks of a machine. ref_lock() (model.h) is for everything that changes it. DMA of a device
 * takes that device's gate alone, so that devices do not wait for each other; ref_lock() holds the
 * gates of all. Held for one translation and the move of one page's bytes, by one atomic
 * operation: unlocking is a store.
 */
#ifndef IOMMU_REF_LOCK_H
#define IOMMU_REF_LOCK_H

#include <sched.h>
#include <stdbool.h>
#include <time.h>

/*
 * 1: the machine is in memory that processes share, and one of them can be killed at any moment
 * (the shim). Then there is one lock, control, which is robust, and no other.
 */
#ifdef IOMMU_REF_SHARED
#define REF_SHARED 1
#else
#define REF_SHARED 0
#endif

/* One more try failed: spin a little, then let others run, then sleep (for a real-time caller). */
static inline void lock_backoff(unsigned int *tries)
{
	unsigned int n = ++*tries;

	if (n > 200)
		nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
	else if (n > 100)
		sched_yield();
#if defined(__x86_64__)
	else
		__builtin_ia32_pause();
#endif
}

struct gate {
	bool held;
};

static inline void gate_lock(struct gate *g)
{
	unsigned int tries = 0;

	while (__atomic_exchange_n(&g->held, true, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&g->held, __ATOMIC_RELAXED))
			lock_backoff(&tries);
}

static inline void gate_unlock(struct gate *g)
{
	__atomic_store_n(&g->held, false, __ATOMIC_RELEASE);
}

#endif
