/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the uAPIs are made of, as constant tables: every ioctl with its argument, versions, flags,
 * reserved fields and documented errors, and the names to print them with. Coverage and the ABI
 * tests are driven by these tables; nothing here can be changed at run time.
 */
#ifndef IOMMU_CTS_UAPI_NAMES_H
#define IOMMU_CTS_UAPI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a descriptor is. VFIO numbers mean different things on different ones (VFIO_BASE + 12, + 13,
 * + 18 and + 19), so a lookup needs both. The values are bits, since an ioctl can be on several.
 */
enum uapi_fd_kind {
	UAPI_FD_IOMMUFD		= 1 << 0,	/* /dev/iommu; also answers VFIO's type1 calls */
	UAPI_FD_VFIO_CONTAINER	= 1 << 1,	/* /dev/vfio/vfio */
	UAPI_FD_VFIO_GROUP	= 1 << 2,	/* /dev/vfio/N */
	UAPI_FD_VFIO_DEVICE	= 1 << 3,	/* from a group, or /dev/vfio/devices/vfioN */
	UAPI_FD_IOASID		= 1 << 4,	/* /dev/ioasid */
	UAPI_FD_KVM		= 1 << 5,	/* a virtual machine: its PASIDs alone */
};

/* One named number. @since is a kernel version ("6.2"), "v7-nesting" or "ioasid-rfc". */
struct uapi_value {
	const char *name;
	uint64_t value;
	const char *since;
};

/* Named numbers of one field: single bits that combine (@bits), or a choice of one. */
struct uapi_set {
	const char *name;
	bool bits;
	const struct uapi_value *values;
	size_t nr_values;
};

enum uapi_role {
	UAPI_ROLE_SIZE,		/* the caller's size of the struct */
	UAPI_ROLE_FLAGS,	/* has a set of bits, or must be zero when @set is NULL */
	UAPI_ROLE_SELECT,	/* has a set of choices */
	UAPI_ROLE_RESERVED,	/* must be zero, refused otherwise */
	UAPI_ROLE_UNCHECKED,	/* must be zero, says the header; Linux 7.2 does not look */
};

struct uapi_field {
	const char *name;
	size_t offset;			/* bytes */
	size_t size;			/* bytes */
	enum uapi_role role;
	const struct uapi_set *set;	/* FLAGS and SELECT */
	const char *since;		/* NULL: as old as its struct */
};

/* A struct of the uAPI, with the fields that have a role. */
struct uapi_struct {
	const char *name;		/* "iommu_ioas_map" */
	const char *since;
	size_t size;			/* bytes; without a flexible array at its end */
	size_t min_size;		/* the least size that is accepted */
	const struct uapi_field *fields;
	size_t nr_fields;
};

struct uapi_ioctl {
	unsigned long cmd;
	unsigned int fds;		/* of enum uapi_fd_kind */
	const char *uapi;		/* "iommufd", "vfio", "vfio-device", "ioasid" */
	const char *name;		/* "IOMMU_IOAS_MAP" */
	const char *since;
	const struct uapi_struct *arg;	/* NULL: no argument, or a plain one */
	const struct uapi_set *value;	/* what a plain number means, or NULL */
	/*
	 * Documented by header, patch text or code, 0 at the end. ENOTTY is not listed: it belongs
	 * to a command that is not there at all.
	 */
	const int *errnos;
};

enum uapi_data_dir {
	UAPI_DATA_IN,			/* data the ioctl reads, by its type or operation */
	UAPI_DATA_OUT,			/* data the ioctl writes */
	UAPI_DATA_CAP,			/* a capability in the info chain, by its id */
	UAPI_DATA_READ,			/* what read() on the new descriptor gives */
	UAPI_DATA_WRITE,		/* what write() on it takes */
};

/* Type-specific data behind an ioctl's argument. */
struct uapi_data {
	unsigned long cmd;
	unsigned int fds;
	enum uapi_data_dir dir;
	uint64_t type;			/* data_type, type, operation or capability id */
	const char *type_name;		/* "IOMMU_HWPT_DATA_VTD_S1", NULL if there is no type */
	const struct uapi_struct *data;
};

/* All of a table; *@n is its length. Never NULL. */
const struct uapi_ioctl *uapi_ioctl_table(size_t *n);
const struct uapi_data *uapi_data_table(size_t *n);
const struct uapi_set *const *uapi_set_table(size_t *n);

/* The ioctl @cmd of a descriptor of @kind, or NULL. */
const struct uapi_ioctl *uapi_ioctl_find(unsigned long cmd, enum uapi_fd_kind kind);

/* Its name to print; "ioctl 0x3bff" needs @buf (32 bytes suffice). Returns a string, never NULL. */
const char *uapi_ioctl_name(unsigned long cmd, enum uapi_fd_kind kind, char *buf, size_t len);

/* Data of @type that goes with @cmd in direction @dir, or NULL. */
const struct uapi_data *uapi_data_find(unsigned long cmd, enum uapi_fd_kind kind,
				       enum uapi_data_dir dir, uint64_t type);

/* The next field of @role behind @prev (NULL: the first), or NULL. @st may be NULL. */
const struct uapi_field *uapi_field_next(const struct uapi_struct *st, enum uapi_role role,
					 const struct uapi_field *prev);

/* The bits of @set, 0 for one of choices or for NULL. */
uint64_t uapi_set_mask(const struct uapi_set *set);

/* The set's value of that number (a single bit of a bit set), or NULL. */
const struct uapi_value *uapi_value_find(const struct uapi_set *set, uint64_t value);

/*
 * Writes @value in words: "A|B|0x40", "0", a choice's name or its number. @set may be NULL. Returns
 * the length as snprintf() does: >= @len means that it was cut.
 */
size_t uapi_flags_str(const struct uapi_set *set, uint64_t value, char *buf, size_t len);

/*
 * "EINVAL" for EINVAL or -EINVAL, "0" for 0, "errno 524" for a number that Linux has no public name
 * for (below 1000), else "errno out of range".
 */
const char *uapi_errno_name(int err);

/* The number of "EINVAL", or -1. */
int uapi_errno_value(const char *name);

#endif /* IOMMU_CTS_UAPI_NAMES_H */
