/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The few functions of libcap that the kernel's iommufd selftest calls, by the system calls they
 * stand for: the selftest is compiled where libcap's headers need not be installed.
 */
#ifndef IOMMU_REF_SELFTEST_CAPABILITY_H
#define IOMMU_REF_SELFTEST_CAPABILITY_H

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;
typedef struct cap_state {
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
} *cap_t;

static inline struct __user_cap_header_struct cap_header(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

static inline cap_t cap_get_proc(void)
{
	struct __user_cap_header_struct header = cap_header();
	cap_t caps = calloc(1, sizeof(*caps));

	if (caps && syscall(SYS_capget, &header, caps->data)) {
		free(caps);
		caps = NULL;
	}
	return caps;
}

static inline int cap_set_proc(cap_t caps)
{
	struct __user_cap_header_struct header = cap_header();

	return (int)syscall(SYS_capset, &header, caps->data);
}

static inline int cap_set_flag(cap_t caps, cap_flag_t flag, int n, const cap_value_t *values,
			       cap_flag_value_t value)
{
	for (int i = 0; i < n; i++) {
		struct __user_cap_data_struct *d = &caps->data[values[i] / 32];
		__u32 *word = flag == CAP_EFFECTIVE ? &d->effective :
			      flag == CAP_PERMITTED ? &d->permitted : &d->inheritable;

		if (value == CAP_SET)
			*word |= 1u << values[i] % 32;
		else
			*word &= ~(1u << values[i] % 32);
	}
	return 0;
}

static inline int cap_free(void *caps)
{
	free(caps);
	return 0;
}

#endif
