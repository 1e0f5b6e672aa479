// SPDX-License-Identifier: GPL-2.0-only
/*
 * The environment block of every record: the machine, its kernel and the build of this program, so
 * that a figure or a failure can be judged later by someone who was not there.
 */
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#ifndef CTS_NO_HWLOC
#include <hwloc.h>
#endif

#include "record.h"
#include "version.h"

/* First line of a file, without its end; "" if it cannot be read. */
static const char *first_line(const char *path, char *buf, int len)
{
	FILE *f = fopen(path, "r");

	buf[0] = 0;
	if (!f)
		return buf;
	if (!fgets(buf, len, f))
		buf[0] = 0;
	fclose(f);
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

static void set_string(json_t *env, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(env, key, json_string(value));
}

/* The value behind "name : value" of /proc/cpuinfo, for the names that architectures use. */
static void set_cpu(json_t *env)
{
	static const char *const names[] = { "model name", "CPU part", "cpu model", "uarch" };
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		for (size_t i = 0; colon && i < sizeof(names) / sizeof(names[0]); i++) {
			if (strncmp(line, names[i], strlen(names[i])))
				continue;
			colon[strcspn(colon, "\n")] = 0;
			set_string(env, "cpu", colon + 1 + (colon[1] == ' '));
			fclose(f);
			return;
		}
	}
	if (f)
		fclose(f);
}

#ifndef CTS_NO_HWLOC
static void set_topology(json_t *env)
{
	hwloc_topology_t topo;
	char text[96];

	if (hwloc_topology_init(&topo))
		return;
	if (!hwloc_topology_load(topo)) {
		snprintf(text, sizeof(text),
			 "%d package(s), %d NUMA node(s), %d core(s), %d thread(s)",
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_PACKAGE),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_NUMANODE),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_CORE),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_PU));
		set_string(env, "topology", text);
		json_object_set_new(env, "memory_mib", json_integer((json_int_t)(
			hwloc_get_root_obj(topo)->total_memory >> 20)));
	}
	hwloc_topology_destroy(topo);
}
#else
static void set_topology(json_t *env)
{
	char text[96];

	snprintf(text, sizeof(text), "%ld thread(s)", sysconf(_SC_NPROCESSORS_ONLN));
	set_string(env, "topology", text);
	json_object_set_new(env, "memory_mib", json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) *
							    (sysconf(_SC_PAGESIZE) >> 10) >> 10));
}
#endif

/* Options that change what a failure or a figure means. */
static void set_kernel_config(json_t *env)
{
	static const char *const options[] = {
		"KASAN", "KCSAN", "UBSAN", "PROVE_LOCKING", "DEBUG_VM", "DEBUG_ATOMIC_SLEEP",
		"IOMMUFD", "IOMMUFD_TEST", "VFIO_DEVICE_CDEV", "IOMMU_DEBUG_PAGEALLOC",
		"IOMMU_DEFAULT_DMA_STRICT", "INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON", "PREEMPT_RT",
	};
	FILE *f = access("/proc/config.gz", R_OK) ? NULL
						  : popen("zcat /proc/config.gz 2>/dev/null", "r");
	json_t *config;
	char line[256];

	if (!f)
		return;
	config = json_object();
	while (fgets(line, sizeof(line), f)) {
		char *eq = strchr(line, '=');

		if (strncmp(line, "CONFIG_", 7) || !eq)
			continue;
		*eq++ = 0;
		eq[strcspn(eq, "\n")] = 0;
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
			if (!strcmp(line + 7, options[i]))
				set_string(config, options[i], eq);
	}
	pclose(f);
	json_object_set_new(env, "kernel_config", config);
}

static void set_distribution(json_t *env)
{
	FILE *f = fopen("/etc/os-release", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "PRETTY_NAME=", 12))
			continue;
		line[strcspn(line, "\n")] = 0;
		if (line[12] == '"' && strlen(line) > 13)
			line[strlen(line) - 1] = 0;
		set_string(env, "distribution", line + 12 + (line[12] == '"'));
	}
	if (f)
		fclose(f);
}

void record_iommu_options(char *line)
{
	static const char *const prefixes[] = { "intel_iommu=", "amd_iommu=", "iommu=", "iommu.",
						"iommufd", "arm-smmu", "arm_smmu", "vfio" };
	char *out = line, *save = NULL;

	for (char *word = strtok_r(line, " \t\n", &save); word;
	     word = strtok_r(NULL, " \t\n", &save)) {
		bool keep = !strcmp(word, "nokaslr");
		size_t len = strlen(word);

		for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
			keep |= !strncmp(word, prefixes[i], strlen(prefixes[i]));
		if (!keep)
			continue;
		/* what is kept never outruns what was read */
		if (out != line)
			*out++ = ' ';
		memmove(out, word, len);
		out += len;
	}
	*out = 0;
}

json_t *record_environment(void)
{
	json_t *env = json_object();
	time_t now = time(NULL);
	struct utsname u;
	struct tm tm;
	char buf[4096];

	if (gmtime_r(&now, &tm) && strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm))
		set_string(env, "date", buf);
	set_string(env, "version", CTS_VERSION);
	set_string(env, "compiler", __VERSION__);
	if (!uname(&u)) {
		set_string(env, "kernel", u.release);
		set_string(env, "kernel_build", u.version);
		set_string(env, "machine", u.machine);
	}
	set_distribution(env);
	first_line("/proc/cmdline", buf, sizeof(buf));
	record_iommu_options(buf);
	set_string(env, "command_line", buf);
	set_cpu(env);
	set_topology(env);
	set_string(env, "governor", first_line(
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", buf, sizeof(buf)));
	set_string(env, "clocksource",
		   first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			      buf, sizeof(buf)));
	set_string(env, "taint", first_line("/proc/sys/kernel/tainted", buf, sizeof(buf)));
	set_kernel_config(env);
	json_object_set_new(env, "page_size", json_integer(sysconf(_SC_PAGESIZE)));
	return env;
}
