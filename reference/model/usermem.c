// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * User memory, read and written in such a way that a bad address is an error and never a signal:
 * the kernel copies it for us (process_vm_readv(2) on ourselves).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

int copy_from_user(void *dst, const void *user, size_t len)
{
	struct iovec local = { dst, len }, remote = { (void *)user, len };

	/* The pid is asked for each time: a child after fork is another process. */
	if (len && process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)len)
		return -EFAULT;
	return 0;
}

int copy_to_user(void *user, const void *src, size_t len)
{
	struct iovec local = { (void *)src, len }, remote = { user, len };

	if (len && process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)len)
		return -EFAULT;
	return 0;
}

bool user_load64(const struct iommu_ref *ref, uint64_t va, uint64_t *value)
{
	if (ref->cfg.trusted_memory) {
		*value = __atomic_load_n((const uint64_t *)(uintptr_t)va, __ATOMIC_RELAXED);
		return true;
	}
	return !copy_from_user(value, (const void *)(uintptr_t)va, sizeof(*value));
}

/* Do mappings with the rights cover [@first, @last]? For kernels before 5.14. */
static bool mapped_with_rights(uint64_t first, uint64_t last, bool write)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end;
	char line[512], r, w;
	bool ok = false;

	if (!maps)
		return false;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %c%c", &start, &end, &r, &w) != 4 ||
		    end <= first)
			continue;
		if (start > first || (write ? w != 'w' : r != 'r'))
			break;
		first = end;
		ok = end - 1 >= last;
		if (ok)
			break;
	}
	fclose(maps);
	return ok;
}

int user_pages_present(uint64_t va, uint64_t len, bool write)
{
	uint64_t first = va & ~(PAGE_SIZE - 1), last = va + len - 1, page;
	char byte;

	if (!len)
		return 0;
	if (last < va)
		return -EFAULT;
	if (!madvise((void *)(uintptr_t)first, (last | (PAGE_SIZE - 1)) - first + 1,
		     write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ))
		return 0;
	/* EINVAL is either rights that are missing or a kernel that does not know the advice. */
	if (errno != EINVAL || !mapped_with_rights(first, last, write))
		return -EFAULT;
	for (page = first; page <= last && page >= first; page += PAGE_SIZE)
		if (copy_from_user(&byte, (const void *)(uintptr_t)page, 1))
			return -EFAULT;
	return 0;
}

/*
 * The kernel has no call that exchanges a word of memory that may be missing: it is made present
 * and writable first. Only who unmaps it at this very moment gets a signal instead of a bus fault.
 */
bool user_cas64(const struct iommu_ref *ref, uint64_t va, uint64_t old, uint64_t new)
{
	if (!ref->cfg.trusted_memory && user_pages_present(va, sizeof(old), true))
		return false;
	__atomic_compare_exchange_n((uint64_t *)(uintptr_t)va, &old, new, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
	return true;
}
