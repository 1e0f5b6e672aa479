// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the benchmark runs, and what about the machine makes its times less worth.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifndef CTS_NO_HWLOC
#include <hwloc.h>
#endif

#include "record.h"
#include "report.h"

#ifndef CTS_NO_HWLOC
/* NUMA node of an object as its OS index, or -1. */
static int node_of(hwloc_topology_t topo, hwloc_obj_t obj)
{
	hwloc_obj_t node = NULL;

	if (obj && obj->nodeset)
		node = hwloc_get_numanode_obj_by_os_index(
			topo, (unsigned int)hwloc_bitmap_first(obj->nodeset));
	return node ? (int)node->os_index : -1;
}

/* What the device hangs on, that has CPUs. NULL: no device, or it is not known. */
static hwloc_obj_t near_device(hwloc_topology_t topo, const char *bdf)
{
	hwloc_obj_t pci = bdf ? hwloc_get_pcidev_by_busidstring(topo, bdf) : NULL;

	return pci ? hwloc_get_non_io_ancestor_obj(topo, pci) : NULL;
}

/* The last CPU that is allowed: the first ones take interrupts. */
static int choose_cpu(hwloc_topology_t topo, hwloc_obj_t near)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int cpu;

	if (!set)
		return -1;
	hwloc_get_cpubind(topo, set, HWLOC_CPUBIND_THREAD);
	if (near && near->cpuset && hwloc_bitmap_intersects(set, near->cpuset))
		hwloc_bitmap_and(set, set, near->cpuset);
	cpu = hwloc_bitmap_last(set);
	if (cpu >= 0) {
		hwloc_bitmap_only(set, (unsigned int)cpu);
		if (hwloc_set_cpubind(topo, set, HWLOC_CPUBIND_THREAD))
			cpu = -1;
	}
	hwloc_bitmap_free(set);
	return cpu;
}

json_t *place_pin(const char *bdf)
{
	json_t *p = json_pack("{s:s}", "by", "hwloc");
	hwloc_topology_t topo;
	hwloc_obj_t near;
	int cpu;

	if (hwloc_topology_init(&topo))
		return p;
	/* looking for PCI devices takes hwloc long */
	if (bdf)
		hwloc_topology_set_io_types_filter(topo, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	if (!hwloc_topology_load(topo)) {
		near = near_device(topo, bdf);
		cpu = choose_cpu(topo, near);
		json_object_set_new(p, "pinned", json_boolean(cpu >= 0));
		if (cpu >= 0) {
			hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(topo, (unsigned int)cpu);

			json_object_set_new(p, "cpu", json_integer(cpu));
			json_object_set_new(p, "numa_node", json_integer(node_of(topo, pu)));
		}
		if (near)
			json_object_set_new(p, "device_numa_node",
					    json_integer(node_of(topo, near)));
	}
	hwloc_topology_destroy(topo);
	return p;
}
#else
json_t *place_pin(const char *bdf)
{
	json_t *p = json_pack("{s:s}", "by", "sched_setaffinity");
	cpu_set_t set, one;
	int cpu = CPU_SETSIZE - 1;
	bool pinned = false;

	(void)bdf; /* where a device hangs is hwloc's knowledge */
	if (!sched_getaffinity(0, sizeof(set), &set)) {
		while (cpu >= 0 && !CPU_ISSET(cpu, &set))
			cpu--;
		CPU_ZERO(&one);
		if (cpu >= 0)
			CPU_SET(cpu, &one);
		pinned = cpu >= 0 && !sched_setaffinity(0, sizeof(one), &one);
	}
	json_object_set_new(p, "pinned", json_boolean(pinned));
	if (pinned)
		json_object_set_new(p, "cpu", json_integer(cpu));
	return p;
}
#endif

static void doubt(json_t *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void doubt(json_t *list, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(list, json_string(text));
}

static void doubt_build(json_t *list)
{
#ifndef __OPTIMIZE__
	doubt(list, "this program was built without optimisation");
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	doubt(list, "this program was built with a sanitizer");
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	doubt(list, "this program was built with a sanitizer");
#endif
#endif
	(void)list;
}

json_t *place_doubts(const json_t *environment, bool kernel_subject, const char *defect)
{
	static const char *const debug[] = { "KASAN",	      "KCSAN",	  "UBSAN",
					     "PROVE_LOCKING", "DEBUG_VM", "IOMMU_DEBUG_PAGEALLOC" };
	const json_t *config = json_object_get(environment, "kernel_config");
	const char *governor = record_string(environment, "governor");
	json_t *list = json_array();
	double load;

	doubt_build(list);
	if (defect && *defect)
		doubt(list, "the reference has the defect %s", defect);
	for (size_t i = 0; kernel_subject && i < sizeof(debug) / sizeof(debug[0]); i++)
		if (*record_string(config, debug[i]) == 'y')
			doubt(list, "the kernel is built with %s", debug[i]);
	if (*governor && strcmp(governor, "performance"))
		doubt(list, "the CPU frequency governor is %s, not performance", governor);
	if (getloadavg(&load, 1) == 1 && load > (double)sysconf(_SC_NPROCESSORS_ONLN) / 2)
		doubt(list, "the machine was busy at the start: load %.1f", load);
	return list;
}
