// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard pages for arguments: an argument ends where an unmapped page begins, so that a subject
 * which goes beyond it is told -EFAULT (or dies), and the bytes in front of it are a pattern that
 * must not change.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int guard_init(struct guard *g, size_t room)
{
	size_t page = page_size();
	size_t len = (room + page - 1) / page * page;
	uint8_t *map;

	map = mmap(NULL, len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(map + page, len, PROT_READ | PROT_WRITE)) {
		munmap(map, len + 2 * page);
		return -ENOMEM;
	}
	g->map = map;
	g->start = map + page;
	g->end = g->start + len;
	return 0;
}

void guard_fini(struct guard *g)
{
	if (g->map)
		munmap(g->map, (size_t)(g->end - g->start) + 2 * page_size());
	memset(g, 0, sizeof(*g));
}

/* Neither 0 nor 0xff nor the same twice in a row, so that shifted copies show as well. */
static uint8_t poison(const uint8_t *p)
{
	return 0x80 | (((uintptr_t)p * 37) & 0x7f);
}

static void compare_poison(const uint8_t *from, const uint8_t *arg, char *damage)
{
	const uint8_t *first = NULL;
	size_t changed = 0;

	for (const uint8_t *p = from; p < arg; p++) {
		if (*p == poison(p))
			continue;
		if (!first)
			first = p;
		changed++;
	}
	if (first)
		copy_text(damage, CTS_DAMAGE_LEN,
			  "%zu bytes in front of the argument changed, the first %zu bytes before "
			  "it: "
			  "want %02x, saw %02x",
			  changed, (size_t)(arg - first), poison(first), *first);
}

long guard_call(struct guard *g, void *arg, size_t size, guard_fn fn, void *ctx, char *damage)
{
	size_t page = page_size();
	uint8_t *copy, *from;
	long rc;

	damage[0] = '\0';
	if (!arg)
		return fn(ctx, NULL);
	/* One page of pattern in front, whatever the argument's size. */
	if (!g->map || (size_t)(g->end - g->start) < size + page) {
		guard_fini(g);
		if (guard_init(g, size + 2 * page))
			return -ENOMEM;
	}
	copy = g->end - size;
	from = copy - page;
	for (uint8_t *p = from; p < copy; p++)
		*p = poison(p);
	memcpy(copy, arg, size);
	rc = fn(ctx, copy);
	memcpy(arg, copy, size);
	compare_poison(from, copy, damage);
	return rc;
}
