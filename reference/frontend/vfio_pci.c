// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What VFIO shows of a device as a PCI function: its configuration space and BAR 0, a page of
 * memory of its own that programs may map. It raises no interrupts. Order of checks as in Linux
 * 7.2's vfio_pci_core.c. The state is the device's, not an open file's.
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vfio_pci.h"
#include "../../uapi/vfio.h"

#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

#define CONFIG_SIZE 256u
#define BAR_SIZE PAGE_SIZE
#define INDEX_SHIFT 40		/* region index << 40 is its offset in the file */

/* PCI Local Bus 3.0, 6.1 */
#define CFG_COMMAND 0x04
#define CFG_BAR0 0x10
#define CFG_IRQ_LINE 0x3c
#define COMMAND_MEMORY 0x0002
#define COMMAND_WRITABLE 0x0406u	/* memory, bus master, INTx disable */

struct vfio_pci {
	uint8_t bar[PAGE_SIZE];		/* first: it is mapped */
	uint8_t config[CONFIG_SIZE];
};

static void put16(uint8_t *config, unsigned int at, uint16_t value)
{
	value = htole16(value);
	memcpy(config + at, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *config, unsigned int at)
{
	uint16_t value;

	memcpy(&value, config + at, sizeof(value));
	return le16toh(value);
}

/* As after a reset. "pci-testdev" of Red Hat: a function that no driver will touch. */
static void reset(struct vfio_pci *pci)
{
	memset(pci, 0, sizeof(*pci));
	put16(pci->config, 0x00, 0x1b36);
	put16(pci->config, 0x02, 0x0005);
	put16(pci->config, 0x0a, 0xff00);	/* class: does not fit in any defined one */
	put16(pci->config, 0x2c, 0x1af4);
	put16(pci->config, 0x2e, 0x1100);
}

/* The device's state, made at first use. NULL: no memory. */
static struct vfio_pci *get_pci(struct iommu_ref *ref, unsigned int index)
{
	struct vfio_pci **pci = &ref->vfio_pci[index];
	size_t size = (sizeof(**pci) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

	if (!*pci) {
		*pci = aligned_alloc(PAGE_SIZE, size);
		if (*pci)
			reset(*pci);
	}
	return *pci;
}

/* ---- what there is */

static long get_info(void *user_arg)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs), len;
	struct vfio_device_info info = { 0 };

	if (copy_from_user(&info, user_arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	len = info.argsz < sizeof(info) ? info.argsz : sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(user_arg, &info, len);
}

static uint64_t region_size(unsigned int index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return BAR_SIZE;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return CONFIG_SIZE;
	default:
		return 0;
	}
}

static long get_region_info(void *user_arg)
{
	size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;

	if (copy_from_user(&info, user_arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_VGA_REGION_INDEX)
		return -EINVAL;
	info.size = region_size(info.index);
	info.offset = (uint64_t)info.index << INDEX_SHIFT;
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	if (info.index == VFIO_PCI_BAR0_REGION_INDEX)
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	info.cap_offset = 0;
	return copy_to_user(user_arg, &info, minsz);
}

/* The only one is for the host that wants the device back, which never happens here. */
static uint32_t irq_count(uint32_t index)
{
	return index == VFIO_PCI_REQ_IRQ_INDEX;
}

static long get_irq_info(void *user_arg)
{
	struct vfio_irq_info info;

	if (copy_from_user(&info, user_arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS ||
	    info.index == VFIO_PCI_ERR_IRQ_INDEX)	/* of PCI Express only */
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	info.count = irq_count(info.index);
	return copy_to_user(user_arg, &info, sizeof(info));
}

/* vfio_set_irqs_validate_and_prepare(); what is right is taken, and never triggers. */
static long set_irqs(const void *user_arg)
{
	const uint32_t known = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL |
			       VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK |
			       VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_ACTION_TRIGGER;
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	uint32_t count, size;
	struct vfio_irq_set set;

	if (copy_from_user(&set, user_arg, minsz))
		return -EFAULT;
	if (set.argsz < minsz || set.index >= VFIO_PCI_NUM_IRQS ||
	    set.count >= UINT32_MAX - set.start || (set.flags & ~known))
		return -EINVAL;
	count = irq_count(set.index);
	if (set.start >= count || set.start + set.count > count)
		return -EINVAL;
	switch (set.flags & (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL |
			     VFIO_IRQ_SET_DATA_EVENTFD)) {
	case VFIO_IRQ_SET_DATA_NONE:
		size = 0;
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		size = 1;
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		size = sizeof(int32_t);
		break;
	default:
		return -EINVAL;
	}
	if (set.argsz - minsz < (size_t)set.count * size)
		return -EINVAL;
	switch (set.flags & (VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_UNMASK |
			     VFIO_IRQ_SET_ACTION_TRIGGER)) {
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		return 0;
	default:
		return -ENOTTY;
	}
}

static long do_reset(struct iommu_ref *ref, unsigned int index)
{
	struct vfio_pci *pci = ref->vfio_pci[index];
	uint8_t bar[PAGE_SIZE];

	/* The IOMMU's state stays, and so does memory, which a BAR is here. */
	if (pci) {
		memcpy(bar, pci->bar, sizeof(bar));
		reset(pci);
		memcpy(pci->bar, bar, sizeof(bar));
	}
	return 0;
}

long vfio_pci_ioctl(struct iommu_ref *ref, unsigned int index, unsigned int cmd, void *user_arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(user_arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(user_arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(user_arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(user_arg);
	case VFIO_DEVICE_RESET:
		return do_reset(ref, index);
	default:
		return -ENOTTY;
	}
}

/* ---- what is in it */

/* Configuration space has few bits that can be written. */
static void write_config(uint8_t *config, unsigned int at, uint8_t byte)
{
	switch (at) {
	case CFG_COMMAND:
	case CFG_COMMAND + 1:
		config[at] = byte & (uint8_t)(COMMAND_WRITABLE >> 8 * (at - CFG_COMMAND));
		break;
	case CFG_BAR0 + 1:
		config[at] = byte & 0xf0;	/* of 4 KiB: what is read back says so */
		break;
	case CFG_BAR0 + 2:
	case CFG_BAR0 + 3:
	case CFG_IRQ_LINE:
		config[at] = byte;
		break;
	default:
		break;			/* "writes to it are dropped" */
	}
}

/* The region of @offset, and what is left of it from there. NULL: -errno in *@rc. */
static uint8_t *find_region(struct vfio_pci *pci, uint64_t offset, size_t *len, int *rc)
{
	uint64_t index = offset >> INDEX_SHIFT, at = offset & ((1ull << INDEX_SHIFT) - 1);

	*rc = -EINVAL;
	if (index >= VFIO_PCI_VGA_REGION_INDEX || at >= region_size((unsigned int)index))
		return NULL;
	if (*len > region_size((unsigned int)index) - at)
		*len = region_size((unsigned int)index) - at;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci->config + at;
	/* Memory decoding is off. */
	*rc = -EIO;
	return get16(pci->config, CFG_COMMAND) & COMMAND_MEMORY ? pci->bar + at : NULL;
}

ssize_t vfio_pci_read(struct iommu_ref *ref, unsigned int index, void *buf, size_t len,
		      uint64_t offset)
{
	struct vfio_pci *pci = get_pci(ref, index);
	uint8_t *from;
	int rc;

	if (!pci)
		return -ENOMEM;
	if (!len)
		return 0;
	from = find_region(pci, offset, &len, &rc);
	if (!from)
		return rc;
	return copy_to_user(buf, from, len) ? -EFAULT : (ssize_t)len;
}

ssize_t vfio_pci_write(struct iommu_ref *ref, unsigned int index, const void *buf, size_t len,
		       uint64_t offset)
{
	struct vfio_pci *pci = get_pci(ref, index);
	uint8_t bytes[PAGE_SIZE], *to;
	int rc;

	if (!pci)
		return -ENOMEM;
	if (!len)
		return 0;
	to = find_region(pci, offset, &len, &rc);
	if (!to)
		return rc;
	if (copy_from_user(bytes, buf, len))
		return -EFAULT;
	if (to < pci->config) {
		memcpy(to, bytes, len);
		return (ssize_t)len;
	}
	for (size_t i = 0; i < len; i++)
		write_config(pci->config, (unsigned int)(to - pci->config + i), bytes[i]);
	return (ssize_t)len;
}

int vfio_pci_mmap(struct iommu_ref *ref, unsigned int index, uint64_t offset, size_t len,
		  void **page)
{
	struct vfio_pci *pci = get_pci(ref, index);

	if (!pci)
		return -ENOMEM;
	/* BAR 0 is the one with a size, and one page */
	if (offset || !len || len > BAR_SIZE)
		return -EINVAL;
	*page = pci->bar;
	return 0;
}
