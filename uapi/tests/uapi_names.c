/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Checks the tables of names.h against the headers they describe: nothing missing, nothing twice,
 * sizes and places those of the structs, printing and look-up each other's inverse. Prints TAP.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ioasid.h"
#include "iommufd.h"
#include "names.h"
#include "vfio.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct constant {
	const char *name;
	uint64_t value;
};

#define H_IOCTL(name) { #name, name },
#define H_CONST(name)
static const struct constant header_ioctls[] = {
#include "uapi_header_names.inc"
};
#undef H_IOCTL
#undef H_CONST
#define H_IOCTL(name)
#define H_CONST(name) { #name, (uint64_t)(name) },
static const struct constant header_constants[] = {
#include "uapi_header_names.inc"
};

static int bad;		/* what the running test has found */

static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
	va_list ap;

	bad++;
	printf("# ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
}

static void every_ioctl_has_an_entry(void)
{
	size_t n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);

	for (size_t i = 0; i < COUNT(header_ioctls); i++) {
		size_t found = 0;

		for (size_t j = 0; j < n; j++)
			if (!strcmp(table[j].name, header_ioctls[i].name) &&
			    table[j].cmd == header_ioctls[i].value)
				found++;
		if (found != 1)
			wrong("%s is %zu times in the table", header_ioctls[i].name, found);
	}
	if (n != COUNT(header_ioctls))
		wrong("%zu ioctls in the headers, %zu in the table", COUNT(header_ioctls), n);
}

static bool is_no_field_value(const char *name)
{
	/* Sizes and limits, numbers that make up other numbers, indexes, capability ids. */
	static const char *const parts[] = {
		"IOMMUFD_CMD_", "IOMMUFD_TYPE", "VFIO_TYPE", "VFIO_BASE", "VFIO_API_VERSION",
		"_REGION_INDEX", "_NUM_REGIONS", "_IRQ_INDEX", "_NUM_IRQS",
		"_TYPE1_INFO_", "_FORMAT_LAST", "_GPASID_LAST",
		"_MTS_MASK", "_REQUEST_MASK", "_OP_MASK", "_PASID_BITS", "_OP_NUM", "_TYPE_NR",
		"_GRANU_NR", "IOASID_TYPE", "IOASID_BASE", "KVMIO", "_INFO_CAP_PASID",
	};

	if (!strncmp(name, "VFIO_TYPE1", strlen("VFIO_TYPE1")))
		return false;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static void every_constant_is_in_a_set(void)
{
	size_t n;
	const struct uapi_set *const *sets = uapi_set_table(&n);

	for (size_t i = 0; i < COUNT(header_constants); i++) {
		const struct constant *c = &header_constants[i];
		size_t found = 0;

		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < sets[j]->nr_values; k++)
				if (!strcmp(sets[j]->values[k].name, c->name) &&
				    sets[j]->values[k].value == c->value)
					found++;
		if (found != !is_no_field_value(c->name))
			wrong("%s is in %zu sets", c->name, found);
	}
}

static void names_are_unique(void)
{
	size_t n, sets_n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);
	const struct uapi_set *const *sets = uapi_set_table(&sets_n);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(table[i].name, table[j].name))
				wrong("%s is there twice", table[i].name);
			if (table[i].cmd == table[j].cmd && (table[i].fds & table[j].fds))
				wrong("%s and %s are one number", table[i].name, table[j].name);
		}
	for (size_t i = 0; i < sets_n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(sets[i]->name, sets[j]->name))
				wrong("set %s is there twice", sets[i]->name);
}

static bool is_version(const char *since)
{
	unsigned int major, minor;
	int end = 0;

	return since && (!strcmp(since, "v7-nesting") || !strcmp(since, "ioasid-rfc") ||
			 (sscanf(since, "%u.%u%n", &major, &minor, &end) == 2 && !since[end]));
}

static void check_set(const char *where, const struct uapi_set *set)
{
	uint64_t seen = 0;

	if (!set->nr_values)
		wrong("%s: empty", where);
	for (size_t i = 0; i < set->nr_values; i++) {
		const struct uapi_value *v = &set->values[i];

		if (!is_version(v->since))
			wrong("%s: %s has no version", where, v->name);
		if (!set->bits)
			continue;
		if (!v->value || (v->value & (v->value - 1)))
			wrong("%s: %s is not one bit", where, v->name);
		if (seen & v->value)
			wrong("%s: %s is another's bit", where, v->name);
		seen |= v->value;
	}
	if (uapi_set_mask(set) != seen)
		wrong("%s: mask 0x%llx", where, (unsigned long long)uapi_set_mask(set));
}

static void bits_are_disjoint(void)
{
	size_t n;
	const struct uapi_set *const *sets = uapi_set_table(&n);

	for (size_t i = 0; i < n; i++)
		check_set(sets[i]->name, sets[i]);
}

static bool in_set_table(const struct uapi_set *set)
{
	size_t n;
	const struct uapi_set *const *sets = uapi_set_table(&n);

	for (size_t i = 0; i < n; i++)
		if (sets[i] == set)
			return true;
	return false;
}

static void check_struct(const struct uapi_struct *st)
{
	if (!is_version(st->since))
		wrong("%s has no version", st->name);
	if (!st->size || !st->min_size || st->min_size > st->size)
		wrong("%s: size %zu, at least %zu", st->name, st->size, st->min_size);
	for (size_t i = 0; i < st->nr_fields; i++) {
		const struct uapi_field *f = &st->fields[i];

		if (f->offset + f->size > st->size || !f->size)
			wrong("%s.%s is outside", st->name, f->name);
		if (f->since && !is_version(f->since))
			wrong("%s.%s: since %s", st->name, f->name, f->since);
		if (f->role == UAPI_ROLE_SIZE && (f->size != 4 || f->set))
			wrong("%s.%s is no size", st->name, f->name);
		if (f->role == UAPI_ROLE_SELECT && (!f->set || f->set->bits))
			wrong("%s.%s has no choices", st->name, f->name);
		if (f->role == UAPI_ROLE_FLAGS && f->set && !f->set->bits)
			wrong("%s.%s has no bits", st->name, f->name);
		if (f->role == UAPI_ROLE_RESERVED && f->set)
			wrong("%s.%s is reserved and has values", st->name, f->name);
		if (f->set && !in_set_table(f->set))
			wrong("%s.%s: its set is not in the table", st->name, f->name);
		if (f->set && f->set->bits && f->size < 8 && uapi_set_mask(f->set) >> (8 * f->size))
			wrong("%s.%s is narrower than its bits", st->name, f->name);
	}
}

static void structs_hold_their_fields(void)
{
	size_t n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);
	const struct uapi_data *data;

	for (size_t i = 0; i < n; i++) {
		if (!is_version(table[i].since) || !table[i].fds || !table[i].errnos)
			wrong("%s: since, fds or errnos are not there", table[i].name);
		if (!table[i].arg)
			continue;
		check_struct(table[i].arg);
		if (!uapi_field_next(table[i].arg, UAPI_ROLE_SIZE, NULL))
			wrong("%s: no size field", table[i].arg->name);
	}
	data = uapi_data_table(&n);
	for (size_t i = 0; i < n; i++)
		check_struct(data[i].data);
}

/* A struct of each name in the table, with the compiler's size. */
#define S(type) { #type, sizeof(struct type) }
static const struct constant sizes[] = {
	S(iommu_destroy), S(iommu_ioas_alloc), S(iommu_ioas_allow_iovas), S(iommu_ioas_copy),
	S(iommu_ioas_iova_ranges), S(iommu_ioas_map), S(iommu_ioas_unmap), S(iommu_option),
	S(iommu_vfio_ioas), S(iommu_hwpt_alloc), S(iommu_hw_info),
	S(iommu_hwpt_set_dirty_tracking), S(iommu_hwpt_get_dirty_bitmap),
	S(iommu_hwpt_invalidate), S(iommu_fault_alloc), S(iommu_ioas_map_file),
	S(iommu_viommu_alloc), S(iommu_vdevice_alloc), S(iommu_ioas_change_process),
	S(iommu_veventq_alloc), S(iommu_hw_queue_alloc), S(vfio_group_status),
	S(vfio_device_info), S(vfio_region_info), S(vfio_irq_info), S(vfio_irq_set),
	S(vfio_device_bind_iommufd),
	S(vfio_device_attach_iommufd_pt), S(vfio_device_detach_iommufd_pt),
	S(vfio_iommu_type1_info), S(vfio_iommu_type1_dma_map), S(vfio_iommu_type1_dma_unmap),
	S(vfio_iommu_type1_pasid_request), S(vfio_iommu_type1_nesting_op),
	S(ioasid_memory), S(ioasid_info), S(ioasid_dma_map), S(ioasid_dma_unmap),
	S(ioasid_bind_pgtable), S(ioasid_bind_pasid_table), S(ioasid_invalidate),
	S(ioasid_page_response), S(vfio_device_attach_ioasid), S(kvm_pasid_map),
};

static void argument_sizes_match(void)
{
	size_t n;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);

	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; table[i].arg && j < COUNT(sizes); j++)
			if (!strcmp(sizes[j].name, table[i].arg->name))
				found = sizes[j].value == table[i].arg->size;
		if (table[i].arg && !found)
			wrong("%s: not the size of struct %s", table[i].name, table[i].arg->name);
	}
}

static void colliding_numbers_differ_by_descriptor(void)
{
	static const struct {
		unsigned long cmd;
		enum uapi_fd_kind kind;
		const char *name;
	} want[] = {
		{ VFIO_IOMMU_PASID_REQUEST, UAPI_FD_VFIO_CONTAINER, "VFIO_IOMMU_PASID_REQUEST" },
		{ VFIO_IOMMU_PASID_REQUEST, UAPI_FD_VFIO_DEVICE, "VFIO_DEVICE_BIND_IOMMUFD" },
		{ VFIO_IOMMU_NESTING_OP, UAPI_FD_VFIO_CONTAINER, "VFIO_IOMMU_NESTING_OP" },
		{ VFIO_IOMMU_NESTING_OP, UAPI_FD_VFIO_DEVICE, "VFIO_DEVICE_ATTACH_IOMMUFD_PT" },
		{ VFIO_IOMMU_NESTING_OP, UAPI_FD_IOMMUFD, "ioctl 0x3b77" },
		{ VFIO_IOMMU_MAP_DMA, UAPI_FD_IOMMUFD, "VFIO_IOMMU_MAP_DMA" },
		{ IOMMU_IOAS_MAP, UAPI_FD_IOMMUFD, "IOMMU_IOAS_MAP" },
		{ IOMMU_IOAS_MAP, UAPI_FD_VFIO_CONTAINER, "ioctl 0x3b85" },
		{ VFIO_ATTACH_IOASID, UAPI_FD_VFIO_DEVICE, "VFIO_ATTACH_IOASID" },
		{ IOASID_MAP_DMA, UAPI_FD_IOASID, "IOASID_MAP_DMA" },
		{ IOASID_MAP_DMA, UAPI_FD_IOMMUFD, "ioctl 0x696a" },
	};
	char buf[32];

	for (size_t i = 0; i < COUNT(want); i++) {
		const char *name = uapi_ioctl_name(want[i].cmd, want[i].kind, buf, sizeof(buf));

		if (strcmp(name, want[i].name))
			wrong("0x%lx on %u is %s, not %s", want[i].cmd, want[i].kind, name,
			      want[i].name);
	}
}

static void expect_words(const struct uapi_set *set, uint64_t value, size_t len, const char *words,
			 size_t used)
{
	char buf[128] = "";
	size_t got = uapi_flags_str(set, value, buf, len);

	if (strcmp(buf, words) || got != used)
		wrong("0x%llx is \"%s\" (%zu)", (unsigned long long)value, buf, got);
}

static void flags_in_words(void)
{
	const struct uapi_ioctl *map = uapi_ioctl_find(IOMMU_IOAS_MAP, UAPI_FD_IOMMUFD);
	const struct uapi_ioctl *op = uapi_ioctl_find(VFIO_IOMMU_NESTING_OP,
						      UAPI_FD_VFIO_CONTAINER);
	const struct uapi_set *bits = uapi_field_next(map->arg, UAPI_ROLE_FLAGS, NULL)->set;
	const struct uapi_set *ops = uapi_field_next(op->arg, UAPI_ROLE_SELECT, NULL)->set;
	static const char two[] = "IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE";
	static const char more[] = "IOMMU_IOAS_MAP_WRITEABLE|0x8000000000000000";

	expect_words(bits, 0, 128, "0", 1);
	expect_words(bits, 5, 128, two, strlen(two));
	expect_words(bits, (1ULL << 63) | 2, 128, more, strlen(more));
	expect_words(bits, 5, 10, "IOMMU_IOA", strlen(two));
	expect_words(bits, 5, 0, "", strlen(two));
	expect_words(NULL, 0x30, 128, "0x30", 4);
	expect_words(ops, 1, 128, "VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL",
		     strlen("VFIO_IOMMU_NESTING_OP_UNBIND_PGTBL"));
	expect_words(ops, 7, 128, "7", 1);
}

static void errno_names_roundtrip(void)
{
	size_t n, named = 0;
	const struct uapi_ioctl *table = uapi_ioctl_table(&n);
	char want[24];

	for (int err = 1; err < 1000; err++) {
		const char *name = uapi_errno_name(err);

		snprintf(want, sizeof(want), "errno %d", err);
		if (name[0] == 'E') {
			named++;
			if (uapi_errno_value(name) != err || uapi_errno_name(-err) != name)
				wrong("%s is %d and %d", name, err, uapi_errno_value(name));
		} else if (strcmp(name, want)) {
			wrong("%d is \"%s\"", err, name);
		}
	}
	if (named != 131)
		wrong("%zu errnos have a name, Linux has 131", named);
	if (strcmp(uapi_errno_name(EINVAL), "EINVAL") || strcmp(uapi_errno_name(0), "0") ||
	    strcmp(uapi_errno_name(524), "errno 524") || uapi_errno_value("EWHAT") != -1 ||
	    strcmp(uapi_errno_name(1000), "errno out of range") ||
	    strcmp(uapi_errno_name(-2147483647 - 1), "errno out of range"))
		wrong("EINVAL, 0, 524, 1000, INT_MIN or a name that is none");
	for (size_t i = 0; i < n; i++)
		for (const int *e = table[i].errnos; *e; e++)
			for (const int *other = table[i].errnos; other < e; other++)
				if (*other == *e)
					wrong("%s lists %s twice", table[i].name,
					      uapi_errno_name(*e));
}

static void data_types_are_found(void)
{
	size_t n;
	const struct uapi_data *d = uapi_data_table(&n), *got;

	for (size_t i = 0; i < n; i++) {
		unsigned int one = d[i].fds & -d[i].fds;

		if (!uapi_ioctl_find(d[i].cmd, one))
			wrong("%s: no such ioctl", d[i].data->name);
		got = uapi_data_find(d[i].cmd, one, d[i].dir, d[i].type);
		if (got != &d[i])
			wrong("%s: its type is another's", d[i].data->name);
	}
	got = uapi_data_find(IOMMU_HWPT_ALLOC, UAPI_FD_IOMMUFD, UAPI_DATA_IN,
			     IOMMU_HWPT_DATA_ARM_SMMUV3);
	if (!got || strcmp(got->data->name, "iommu_hwpt_arm_smmuv3") ||
	    strcmp(got->type_name, "IOMMU_HWPT_DATA_ARM_SMMUV3"))
		wrong("IOMMU_HWPT_DATA_ARM_SMMUV3 is not iommu_hwpt_arm_smmuv3");
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "every ioctl of the headers has one entry", every_ioctl_has_an_entry },
	{ "every constant of the headers is in one set", every_constant_is_in_a_set },
	{ "no name and no number is there twice", names_are_unique },
	{ "flags are single and disjoint bits", bits_are_disjoint },
	{ "structs hold their fields", structs_hold_their_fields },
	{ "sizes are those of the structs", argument_sizes_match },
	{ "colliding numbers differ by descriptor", colliding_numbers_differ_by_descriptor },
	{ "flags and choices in words", flags_in_words },
	{ "errno names and numbers are inverse", errno_names_roundtrip },
	{ "data types are found by ioctl and type", data_types_are_found },
};

int main(void)
{
	int failed = 0;

	printf("TAP version 13\n1..%zu\n", COUNT(tests));
	for (size_t i = 0; i < COUNT(tests); i++) {
		bad = 0;
		tests[i].run();
		failed += bad != 0;
		printf("%s %zu - uapi: %s\n", bad ? "not ok" : "ok", i + 1, tests[i].name);
	}
	return failed != 0;
}
