// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Looks up the functions that the shim stands in front of. */
#include <dlfcn.h>
#include <pthread.h>

#include "real.h"

static struct real table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_up(void)
{
#define REAL_LOOK_UP(type, name, args) table.p_##name = (type (*) args)dlsym(RTLD_NEXT, #name);
	REAL_FUNCTIONS(REAL_LOOK_UP)
#undef REAL_LOOK_UP
}

const struct real *real_functions(void)
{
	pthread_once(&once, look_up);
	return &table;
}
