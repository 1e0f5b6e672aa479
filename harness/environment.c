// SPDX-License-Identifier: GPL-2.0-only
/*
 * The environment that the runner hands to a test process: which subject, which known-bad variant,
 * which devices. Bad values end a process before a test could run on the wrong thing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int parse_subject(const char *name, enum cts_subject_kind *out)
{
	if (!name || !*name || !strcmp(name, "reference"))
		*out = CTS_REFERENCE;
	else if (!strcmp(name, "vm"))
		*out = CTS_VM;
	else if (!strcmp(name, "hardware"))
		*out = CTS_HARDWARE;
	else
		return -EINVAL;
	return 0;
}

static int parse_defect(struct subject_env *env, char *why)
{
	const struct iommu_ref_defect_info *info = NULL;
	size_t n;

	if (!env->defect || !*env->defect) {
		env->defect = NULL;
		return 0;
	}
	if (env->subject != CTS_REFERENCE) {
		copy_text(why, CTS_REASON_LEN,
			  "CTS_DEFECT=%s: only the reference has known-bad variants", env->defect);
		return -EINVAL;
	}
	n = iommu_ref_defects(&info);
	if (n && !strcmp(env->defect, IOMMU_REF_DEFECT_TRACE))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(info[i].name, env->defect))
			return 0;
	copy_text(why, CTS_REASON_LEN,
		  n ? "unknown defect '%s': see 'iommu-cts list --defects'"
		    : "no defect '%s': this build of the reference has no known-bad variants",
		  env->defect);
	return -EINVAL;
}

/* "DDDD:BB:DD.F" or, in domain 0, "BB:DD.F", as lspci prints them */
static int parse_bdf(const char *text, size_t len, char bdf[16])
{
	static const char form[] = "xxxx:xx:xx.x";
	size_t off = len == 7 ? 5 : 0;

	if (len + off != sizeof(form) - 1)
		return -EINVAL;
	copy_text(bdf, 16, "%s%.*s", off ? "0000:" : "", (int)len, text);
	for (size_t i = 0; form[i]; i++) {
		bdf[i] = (char)tolower((unsigned char)bdf[i]);
		if (form[i] == 'x' ? !isxdigit((unsigned char)bdf[i]) : bdf[i] != form[i])
			return -EINVAL;
	}
	return 0;
}

static int parse_devices(struct subject_env *env, const char *list, char *why)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");

		if (env->nr_devices == CTS_MAX_DEVICES) {
			copy_text(why, CTS_REASON_LEN, "CTS_DEVICES: more than %d devices",
				  CTS_MAX_DEVICES);
			return -EINVAL;
		}
		if (parse_bdf(list, len, env->bdf[env->nr_devices])) {
			copy_text(why, CTS_REASON_LEN,
				  "CTS_DEVICES: '%.*s' is no PCI address like 0000:00:05.0",
				  (int)len, list);
			return -EINVAL;
		}
		env->nr_devices++;
		list += len + (list[len] == ',');
	}
	return 0;
}

int subject_env_parse(struct subject_env *env, char *why)
{
	const char *subject = getenv("CTS_SUBJECT");

	memset(env, 0, sizeof(*env));
	if (parse_subject(subject, &env->subject)) {
		copy_text(why, CTS_REASON_LEN, "unknown subject '%s': reference, vm or hardware",
			  subject);
		return -EINVAL;
	}
	env->defect = getenv("CTS_DEFECT");
	env->sysroot = getenv("CTS_SYSROOT");
	if (!env->sysroot)
		env->sysroot = "";
	if (parse_defect(env, why))
		return -EINVAL;
	if (env->subject == CTS_REFERENCE)
		return 0; /* it has its own devices */
	return parse_devices(env, getenv("CTS_DEVICES"), why);
}

int cts_environment(void)
{
	struct subject_env env;
	char why[CTS_REASON_LEN];

	if (!subject_env_parse(&env, why))
		return 0;
	fprintf(stderr, "iommu-cts: %s\n", why);
	return 2;
}
