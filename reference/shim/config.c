// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The machine that the shim makes, out of key=value lines. Strict: a line that makes no sense ends
 * the program, since a machine that is not the one that was asked for proves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

#define CONFIG_MAX 8192	/* bytes of text */

#define BIT(n) (1ull << (n))

/* What a key may be. A number: of a range, or one whose bit (of its log2 if power) is set. */
static const struct key {
	const char *name, *may_be;
	uint64_t last;			/* 0 .. last */
	uint64_t any, smmu;		/* instead of it: bits; more of them on vendor=smmuv3 */
	bool power;
	bool again;			/* may be given more than once */
	bool not_mock;			/* the mock driver has its own */
} keys[] = {
	{ .name = "vendor" },
	{ .name = "profile" },
	{ .name = "sysfs" },
	{ .name = "nesting" },
	{ .name = "dirty_tracking" },
	{ .name = "snoop_control" },
	{ .name = "five_level" },
	{ "pasid_bits", "0 to 20", .last = 20, .not_mock = true },
	{ "pasid_capacity", "0 to 1048576", .last = BIT(20) },
	{ "pasid_host_reserve", "0 to pasid_capacity", .last = BIT(20) },
	{ "pasid_quota", "0 to 4294967295", .last = UINT32_MAX },
	{ "iotlb_entries", "a power of two, 64 to 65536", .any = BIT(17) - BIT(6), .power = true },
	{ "granule", "4096, or 16384 or 65536 on vendor=smmuv3", .any = BIT(12),
	  .smmu = BIT(14) | BIT(16), .power = true },
	{ "oas_bits", "48, or 52 on vendor=smmuv3", .any = BIT(48), .smmu = BIT(52) },
	{ "largest_leaf", "12, 21 or 30", .any = BIT(12) | BIT(21) | BIT(30) },
	{ "aperture_last", "a number of 64 bits", .last = UINT64_MAX },
	{ .name = "msi", .not_mock = true },
	{ .name = "unit", .again = true },
	{ .name = "device", .again = true, .not_mock = true },
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

struct parser {
	struct shim_config *cfg;
	const char *where;	/* for the message */
	unsigned int line;
	unsigned int seen[NR_KEYS];	/* where; 0: not given */
	unsigned int device_lines[IOMMU_REF_MAX_DEVICES], unit_lines[IOMMU_REF_MAX_UNITS];
	bool own_devices;
};

static _Noreturn void refuse(const struct parser *p, const char *what, const char *text)
{
	shim_say("%s line %u: %s: '%s' (README.md of the shim lists the keys)", p->where, p->line,
		 what, text);
	_exit(2);
}

/* Its place in the table, or NR_KEYS. */
static size_t find_key(const char *name)
{
	size_t i = 0;

	while (i < NR_KEYS && strcmp(keys[i].name, name))
		i++;
	return i;
}

static _Noreturn void refuse_value(const struct parser *p, const char *name, const char *text)
{
	char what[96];

	snprintf(what, sizeof(what), "%s may be %s", name, keys[find_key(name)].may_be);
	refuse(p, what, text);
}

static uint64_t number(const struct parser *p, const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		refuse(p, "not a number", text);
	return n;
}

static uint32_t number32(const struct parser *p, const char *text)
{
	uint64_t n = number(p, text);

	if (n > UINT32_MAX)
		refuse(p, "too large", text);
	return (uint32_t)n;
}

static bool yes_or_no(const struct parser *p, const char *text)
{
	if (strcmp(text, "yes") && strcmp(text, "no"))
		refuse(p, "not yes or no", text);
	return *text == 'y';
}

/* The value of the key @name, which is one of numbers. */
static uint64_t number_of(const struct parser *p, const char *name, const char *text)
{
	const struct key *key = &keys[find_key(name)];
	uint64_t n = number(p, text), bits = key->any, bit = n;

	if (p->cfg->ref.vendor == IOMMU_REF_SMMUV3)
		bits |= key->smmu;
	if (key->power)
		bit = n && !(n & (n - 1)) ? (uint64_t)__builtin_ctzll(n) : 64;
	if (key->any ? bit > 63 || !(bits & BIT(bit)) : n > key->last)
		refuse_value(p, name, text);
	return n;
}

/* An SMMU has no such thing. */
static bool vtd_only(const struct parser *p, const char *name, const char *text)
{
	char what[64];

	if (yes_or_no(p, text) && p->cfg->ref.vendor == IOMMU_REF_SMMUV3) {
		snprintf(what, sizeof(what), "%s may be no on vendor=smmuv3", name);
		refuse(p, what, text);
	}
	return *text == 'y';
}

/* BUS:DEVICE.FUNCTION in hexadecimal, as lspci has it. */
static uint16_t requester_id(const struct parser *p, const char *text)
{
	unsigned int bus, dev, fn;
	int used = 0;

	if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &used) != 3 || text[used] || dev > 31 ||
	    fn > 7)
		refuse(p, "not a PCI address like 00:01.0", text);
	return (uint16_t)(bus << 8 | dev << 3 | fn);
}

/* device=BDF,GROUP,pasid|nopasid[,UNIT]; the first one replaces the machine's default devices. */
static void add_device(struct parser *p, char *text)
{
	struct iommu_ref_config *ref = &p->cfg->ref;
	char *save = NULL, *bdf, *group, *pasid, *unit;
	struct iommu_ref_device_config *dev;

	if (!p->own_devices)
		ref->nr_devices = 0;
	p->own_devices = true;
	if (ref->nr_devices == IOMMU_REF_MAX_DEVICES)
		refuse(p, "one device too many", text);
	dev = &ref->devices[ref->nr_devices++];
	bdf = strtok_r(text, ",", &save);
	group = strtok_r(NULL, ",", &save);
	pasid = strtok_r(NULL, ",", &save);
	unit = strtok_r(NULL, ",", &save);
	if (!pasid || (unit && strtok_r(NULL, ",", &save)) ||
	    (strcmp(pasid, "pasid") && strcmp(pasid, "nopasid")))
		refuse(p, "not a device like 00:01.0,1,pasid or 00:01.0,1,pasid,0",
		       bdf ? bdf : "");
	if (unit && number32(p, unit) >= IOMMU_REF_MAX_UNITS)
		refuse(p, "no unit has this number", unit);
	*dev = (struct iommu_ref_device_config){
		.rid = requester_id(p, bdf), .group = number32(p, group), .pasid = *pasid == 'p',
		.unit = unit ? (uint8_t)number32(p, unit) : 0,
		.pri = true,	/* and ATS with it, as the default ones have */
	};
}

/* What is a unit's own. */
static bool set_unit_key(const struct parser *p, struct iommu_ref_unit_config *u, const char *key,
			 const char *value)
{
	if (!strcmp(key, "nesting"))
		u->nesting = yes_or_no(p, value);
	else if (!strcmp(key, "five_level"))
		u->five_level = vtd_only(p, key, value);
	else if (!strcmp(key, "dirty_tracking"))
		u->dirty_tracking = yes_or_no(p, value);
	else if (!strcmp(key, "snoop_control"))
		u->snoop_control = vtd_only(p, key, value);
	else if (!strcmp(key, "largest_leaf"))
		u->largest_leaf = (uint8_t)number_of(p, key, value);
	else if (!strcmp(key, "pasid_bits"))
		u->pasid_bits = (uint32_t)number_of(p, key, value);
	else if (!strcmp(key, "iotlb_entries"))
		u->iotlb_entries = (uint32_t)number_of(p, key, value);
	else if (!strcmp(key, "aperture_last"))
		u->aperture_last = number_of(p, key, value);
	else if (!strcmp(key, "oas_bits"))
		u->oas_bits = (uint32_t)number_of(p, key, value);
	else
		return false;
	return true;
}

/* The same keys of the machine: for its single unit, or what its units start from. */
static void set_every_unit_key(const struct parser *p, const char *key, const char *value)
{
	struct iommu_ref_config *ref = &p->cfg->ref;
	struct iommu_ref_unit_config u;

	iommu_ref_unit_init(ref, &u);
	set_unit_key(p, &u, key, value);
	ref->nesting = u.nesting;
	ref->five_level = u.five_level;
	ref->dirty_tracking = u.dirty_tracking;
	ref->snoop_control = u.snoop_control;
	ref->largest_leaf = u.largest_leaf;
	ref->pasid_bits = u.pasid_bits;
	ref->iotlb_entries = u.iotlb_entries;
	ref->aperture_last = u.aperture_last;
	ref->oas_bits = u.oas_bits;
}

/* unit=KEY:VALUE,... or unit=default: a unit like the machine's keys say, but for these. */
static void add_unit(struct parser *p, const char *key, char *text)
{
	struct iommu_ref_config *ref = &p->cfg->ref;
	char *save = NULL, *one, *value;
	struct iommu_ref_unit_config *u;
	uint32_t given = 0;

	if (strcmp(key, "unit"))
		return;
	if (ref->nr_units == IOMMU_REF_MAX_UNITS)
		refuse(p, "one unit too many", text);
	p->unit_lines[ref->nr_units] = p->line;
	u = &ref->units[ref->nr_units++];
	iommu_ref_unit_init(ref, u);
	if (!strcmp(text, "default"))
		return;
	for (one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		value = strchr(one, ':');
		if (value)
			*value++ = 0;
		if (!value || !set_unit_key(p, u, one, value))
			refuse(p, "not a unit like nesting:no,pasid_bits:8 or default", one);
		if (given & 1u << find_key(one))
			refuse(p, "given twice", one);
		given |= 1u << find_key(one);
	}
}

static void set_window(const struct parser *p, char *text)
{
	char *dash = strchr(text, '-');

	if (!dash)
		refuse(p, "not a range like 0xfee00000-0xfeefffff", text);
	*dash = 0;
	p->cfg->ref.msi_first = number(p, text);
	p->cfg->ref.msi_last = number(p, dash + 1);
	if (p->cfg->ref.msi_first > p->cfg->ref.msi_last)
		refuse(p, "the range ends before it begins", dash + 1);
	if (!p->cfg->ref.msi_last)
		return;		/* 0-0: there is none */
	if (p->cfg->ref.msi_first % 4096)
		refuse(p, "not the first byte of a page", text);
	if (p->cfg->ref.msi_last % 4096 != 4095)
		refuse(p, "not the last byte of a page", dash + 1);
}

static const struct {
	const char *name;
	int value;
} vendors[] = {
	{ "vtd", IOMMU_REF_VTD }, { "smmuv3", IOMMU_REF_SMMUV3 }, { "mock", IOMMU_REF_MOCK },
}, profiles[] = {
	{ "v7-reviewed", IOMMU_REF_V7_REVIEWED }, { "v7-posted", IOMMU_REF_V7_POSTED },
};

/* Is it one, and may it be here? */
static void check_key(struct parser *p, const char *key)
{
	size_t i = find_key(key);

	if (i == NR_KEYS)
		refuse(p, "unknown key", key);
	if (p->seen[i] && !keys[i].again)
		refuse(p, "given twice", key);
	if (keys[i].not_mock && p->cfg->ref.vendor == IOMMU_REF_MOCK)
		refuse(p, "vendor=mock has its own, which cannot be changed", key);
	p->seen[i] = p->line;
}

/* The last one, against those before it. */
static void check_device(struct parser *p)
{
	const struct iommu_ref_config *ref = &p->cfg->ref;
	unsigned int last = ref->nr_devices - 1;
	char text[16];

	p->device_lines[last] = p->line;
	for (unsigned int i = 0; i < last; i++) {
		if (ref->devices[i].rid == ref->devices[last].rid) {
			snprintf(text, sizeof(text), "%02x:%02x.%x", ref->devices[i].rid >> 8,
				 ref->devices[i].rid >> 3 & 31u, ref->devices[i].rid & 7u);
			refuse(p, "two devices of one address", text);
		}
		if (ref->devices[i].group == ref->devices[last].group &&
		    ref->devices[i].unit != ref->devices[last].unit) {
			snprintf(text, sizeof(text), "%u", ref->devices[i].group);
			refuse(p, "a group whose devices are on two units", text);
		}
	}
}

/* At @line: the tables that translate up to @u's aperture_last are of 4K pages if not granules. */
static void check_aperture(struct parser *p, const struct iommu_ref_unit_config *u,
			   unsigned int line)
{
	uint32_t granule = p->cfg->ref.granule;
	unsigned int bits = u->five_level ? 57 : granule == 65536 ? u->oas_bits : 48;
	char what[96], text[24];

	if (!(u->aperture_last >> bits) && !((u->aperture_last + 1) & (granule - 1)))
		return;
	p->line = line;
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)u->aperture_last);
	snprintf(what, sizeof(what),
		 "aperture_last may be the last byte of a page of %u, below 2^%u", granule, bits);
	refuse(p, what, text);
}

/* What several lines say together. */
static void check_together(struct parser *p)
{
	const struct iommu_ref_config *ref = &p->cfg->ref;
	struct iommu_ref_unit_config u;
	char text[24];

	if (ref->pasid_host_reserve > ref->pasid_capacity) {
		p->line = p->seen[find_key("pasid_host_reserve")];
		if (!p->line)
			p->line = p->seen[find_key("pasid_capacity")];
		snprintf(text, sizeof(text), "%u > %u", ref->pasid_host_reserve,
			 ref->pasid_capacity);
		refuse_value(p, "pasid_host_reserve", text);
	}
	iommu_ref_unit_init(ref, &u);
	if (!ref->nr_units)
		check_aperture(p, &u, p->seen[find_key("aperture_last")]);
	for (unsigned int i = 0; i < ref->nr_units; i++)
		check_aperture(p, &ref->units[i], p->unit_lines[i]);
	for (unsigned int i = 0; p->own_devices && i < ref->nr_devices; i++) {
		if (ref->devices[i].unit < (ref->nr_units ? ref->nr_units : 1))
			continue;
		p->line = p->device_lines[i];
		snprintf(text, sizeof(text), "%u", ref->devices[i].unit);
		refuse(p, "no unit= line made a unit of this number", text);
	}
}

static void set_key(struct parser *p, const char *key, char *value)
{
	struct iommu_ref_config *ref = &p->cfg->ref;
	size_t i;

	check_key(p, key);
	if (!strcmp(key, "vendor") || !strcmp(key, "unit")) {
		return;		/* find_vendor(), add_unit() */
	} else if (!strcmp(key, "profile")) {
		for (i = 0; i < 2 && strcmp(profiles[i].name, value); i++)
			;
		if (i == 2)
			refuse(p, "not v7-reviewed or v7-posted", value);
		ref->profile = profiles[i].value;
	} else if (!strcmp(key, "sysfs")) {
		p->cfg->sysfs = yes_or_no(p, value);
	} else if (!strcmp(key, "pasid_capacity")) {
		ref->pasid_capacity = (uint32_t)number_of(p, key, value);
	} else if (!strcmp(key, "pasid_host_reserve")) {
		ref->pasid_host_reserve = (uint32_t)number_of(p, key, value);
	} else if (!strcmp(key, "pasid_quota")) {
		ref->pasid_quota = (uint32_t)number_of(p, key, value);
	} else if (!strcmp(key, "granule")) {
		ref->granule = (uint32_t)number_of(p, key, value);
	} else if (!strcmp(key, "msi")) {
		set_window(p, value);
	} else if (!strcmp(key, "device")) {
		add_device(p, value);
		check_device(p);
	} else {
		set_every_unit_key(p, key, value);
	}
}

static char *trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = 0;
	return s;
}

/* Calls @fn for each line; ; separates lines as well, for a variable. */
static void each_line(struct parser *p, const char *text,
		      void (*fn)(struct parser *p, const char *key, char *value))
{
	char line[512];

	for (p->line = 1; *text; p->line++) {
		size_t len = strcspn(text, "\n;");
		char *key, *value;

		if (len >= sizeof(line))
			refuse(p, "line too long", "");
		memcpy(line, text, len);
		line[len] = 0;
		text += len + (text[len] != 0);
		key = trim(line);
		if (!*key || *key == '#')
			continue;
		value = strchr(key, '=');
		if (!value)
			refuse(p, "not key=value", key);
		*value++ = 0;
		key = trim(key);
		value = trim(value);
		if (!*value)
			refuse(p, "no value for", key);
		fn(p, key, value);
	}
}

/* First of all, since the other keys change this vendor's defaults. */
static void find_vendor(struct parser *p, const char *key, char *value)
{
	size_t i;

	if (strcmp(key, "vendor"))
		return;
	for (i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
		if (!strcmp(vendors[i].name, value)) {
			iommu_ref_config_init(&p->cfg->ref, vendors[i].value);
			return;
		}
	}
	refuse(p, "not vtd, smmuv3 or mock", value);
}

static void read_file(const char *name, char *text)
{
	/* Without waiting for who writes a FIFO. */
	int fd = real(open)(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	ssize_t n = -1;

	if (fd >= 0 && (real(fstat)(fd, &st) || !S_ISREG(st.st_mode))) {
		shim_say("cannot read IOMMU_REF_CONFIG=%s: it is no regular file", name);
		_exit(2);
	}
	while (fd >= 0 && len < CONFIG_MAX - 1 &&
	       (n = real(read)(fd, text + len, CONFIG_MAX - 1 - len)) > 0)
		len += (size_t)n;
	if (n || len == CONFIG_MAX - 1) {
		shim_say("cannot read IOMMU_REF_CONFIG=%s: %s", name,
			 len == CONFIG_MAX - 1 ? "longer than 8 KiB" : strerror(errno));
		_exit(2);
	}
	real(close)(fd);
	text[len] = 0;
	if (strlen(text) != len) {
		shim_say("cannot read IOMMU_REF_CONFIG=%s: it is not text", name);
		_exit(2);
	}
}

void config_load(struct shim_config *cfg, const char *value)
{
	struct parser p = { .cfg = cfg, .where = "IOMMU_REF_CONFIG" };
	char text[CONFIG_MAX];

	iommu_ref_config_init(&cfg->ref, IOMMU_REF_VTD);
	cfg->sysfs = true;
	if (!value)
		return;
	if (*value == '/' || *value == '.') {
		read_file(value, text);
		p.where = value;
		value = text;
	}
	each_line(&p, value, find_vendor);
	each_line(&p, value, set_key);
	each_line(&p, value, add_unit);
	check_together(&p);
}
