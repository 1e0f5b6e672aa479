// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest's SMMUv3: its stream table entry as a nested HWPT, and its command queue entries as
 * invalidations on the vIOMMU. Bits and errors as in Arm IHI 0070 and arm-smmu-v3-iommufd.c.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "iommufd_objects.h"

#define BITS(hi, lo) ((~0ull >> (63 - (hi))) & (~0ull << (lo)))
#define FIELD(word, hi, lo) (((word) & BITS(hi, lo)) >> (lo))

/* ---- stream table entry, IHI 0070 5.2 */

#define STE0_V BITS(0, 0)
#define STE0_CFG_HI 3
#define STE0_CFG_LO 1
/* "Allowed: V, Cfg, S1Fmt, S1ContextPtr, S1CDMax" (struct iommu_hwpt_arm_smmuv3) */
#define STE0_ALLOWED (STE0_V | BITS(3, 1) | BITS(5, 4) | BITS(51, 6) | BITS(63, 59))
/* "EATS, S1DSS, S1CIR, S1COR, S1CSH, S1STALLD" */
#define STE1_ALLOWED (BITS(29, 28) | BITS(7, 0) | BITS(27, 27))
#define STE1_EATS BITS(29, 28)

#define EVT0_SID BITS(63, 32)

enum { CFG_ABORT = 0, CFG_BYPASS = 4, CFG_S1 = 5 };
enum { EATS_ABORT = 0, EATS_TRANS = 1 };

/* "EIO is reserved for invalid STE data." */
static int check_ste(const struct iommu_ref *ref, const uint64_t ste[2], struct stage1 *s1)
{
	unsigned int cfg = FIELD(ste[0], STE0_CFG_HI, STE0_CFG_LO);
	unsigned int eats = FIELD(ste[1], 29, 28);

	/* An entry that is not valid is legal: it becomes an abort. */
	if (!(ste[0] & STE0_V)) {
		s1->abort = true;
		return 0;
	}
	if ((ste[0] & ~STE0_ALLOWED) || (ste[1] & ~STE1_ALLOWED))
		return ref_defect(ref, STE_UNCHECKED) ? 0 : -EIO;
	if (cfg != CFG_ABORT && cfg != CFG_BYPASS && cfg != CFG_S1)
		return ref_defect(ref, STE_UNCHECKED) ? 0 : -EIO;
	if (eats != EATS_ABORT && eats != EATS_TRANS)
		return ref_defect(ref, STE_UNCHECKED) ? 0 : -EIO;
	s1->ste[0] = ste[0];
	s1->ste[1] = ste[1] & ~STE1_EATS;
	s1->ats = cfg == CFG_S1 && eats == EATS_TRANS;
	s1->abort = cfg == (ref_defect(ref, STE_BYPASS_ABORTS) ? CFG_BYPASS : CFG_ABORT);
	s1->bypass = cfg == CFG_BYPASS;
	return 0;
}

/* "StreamID field reports a virtual device ID." Without a vDEVICE there is nothing to report. */
static void report_event(void *arg, struct device *dev, const uint64_t evt[4])
{
	struct viommu *viommu = arg;
	struct iommu_vevent_arm_smmuv3 vevt;
	struct vdevice *v = viommu->vdevs;

	while (v && v->idev->dev != dev)
		v = v->next;
	if (!v)
		return;
	vevt.evt[0] = htole64((evt[0] & ~EVT0_SID) | v->virt_id << 32);
	for (int i = 1; i < 4; i++)
		vevt.evt[i] = htole64(evt[i]);
	viommu_report_event(viommu, IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, &vevt, sizeof(vevt));
}

int arm_alloc_nested(struct viommu *viommu, uint32_t flags, const struct user_data *data,
		     struct hwpt **out)
{
	struct stage1 s1 = { .fmt = FMT_ARM_S1, .addr_width = 48 };
	struct iommu_hwpt_arm_smmuv3 arg;
	const struct user_data any = { data->uptr, IOMMU_HWPT_DATA_ARM_SMMUV3, sizeof(arg), 0 };
	uint64_t ste[2];
	int rc;

	if (flags)
		return -EOPNOTSUPP;
	if (ref_defect(viommu->obj.ictx->ref, NEST_DATA_UNCHECKED))
		data = &any;
	rc = copy_user_data(&arg, data, IOMMU_HWPT_DATA_ARM_SMMUV3, sizeof(arg));
	if (rc)
		return rc;
	ste[0] = le64toh(arg.ste[0]);
	ste[1] = le64toh(arg.ste[1]);
	rc = check_ste(viommu->obj.ictx->ref, ste, &s1);
	if (rc)
		return rc;
	rc = hwpt_create_nested(viommu->hwpt, viommu, &s1, out);
	if (rc)
		return rc;
	(*out)->no_vdevice = s1.abort || s1.bypass;
	domain_listen_events((*out)->domain, report_event, viommu);
	return 0;
}

/* ---- commands, IHI 0070 4 */

enum {
	CMD_CFGI_CD = 0x05, CMD_CFGI_CD_ALL = 0x06,
	CMD_TLBI_NH_ALL = 0x10, CMD_TLBI_NH_ASID = 0x11, CMD_TLBI_NH_VA = 0x12,
	CMD_TLBI_NH_VAA = 0x13, CMD_TLBI_NSNH_ALL = 0x30, CMD_ATC_INV = 0x40,
};

/*
 * TLBI by address. With a granule in TG the command covers (NUM + 1) * 2^SCALE granules, without
 * one a page (IHI 0070 4.4.1.1). This SMMU has IDR3.RIL.
 */
static void tlbi_va(struct iommu_ref *ref, uint32_t vmid, uint32_t asid, const uint64_t cmd[2])
{
	uint64_t va = cmd[1] & BITS(63, 12), last;
	unsigned int tg = FIELD(cmd[1], 11, 10), scale = FIELD(cmd[0], 24, 20);
	unsigned int shift;
	uint64_t num = FIELD(cmd[0], 16, 12) + 1;

	if (!tg || (num == 1 && !scale && tg == 1)) {
		inv_page(ref, vmid, asid, va);
		return;
	}
	shift = 10 + 2 * tg + scale;	/* 1: 4 KiB, 2: 16 KiB, 3: 64 KiB */
	last = UINT64_MAX;
	if (num <= (UINT64_MAX - va) >> shift)
		last = va + (num << shift) - 1;
	inv_range(ref, vmid, asid, va, last);
}

/*
 * SubstreamID, if SSV; "Global"; 2^Size pages at the address, whose lower bits do not matter (IHI
 * 0070 4.5.1). The addresses are those of the guest's stage 1, which is what the ATC has.
 */
static void atc_inv(struct device *dev, const uint64_t cmd[2])
{
	bool ssv = cmd[0] & BITS(11, 11), global = cmd[0] & BITS(9, 9);
	unsigned int size = FIELD(cmd[1], 5, 0);
	uint64_t mask = size >= 64 - PAGE_SHIFT ? UINT64_MAX : (PAGE_SIZE << size) - 1;

	inv_atc(dev, ssv ? FIELD(cmd[0], 31, 12) : NO_PASID, ssv && global, cmd[1] & ~mask,
		cmd[1] | mask);
}

/* Is it a command that a guest may give? -EIO: unknown, or for a stream that is not its own. */
static int check_command(struct viommu *viommu, const uint64_t cmd[2])
{
	switch (FIELD(cmd[0], 7, 0)) {
	case CMD_TLBI_NSNH_ALL:
	case CMD_TLBI_NH_ALL:
	case CMD_TLBI_NH_ASID:
	case CMD_TLBI_NH_VA:
	case CMD_TLBI_NH_VAA:
		return 0;
	case CMD_ATC_INV:
	case CMD_CFGI_CD:
	case CMD_CFGI_CD_ALL:
		return viommu_find_vdevice(viommu, FIELD(cmd[0], 63, 32)) ? 0 : -EIO;
	default:
		return -EIO;
	}
}

static void execute_command(struct viommu *viommu, const uint64_t cmd[2])
{
	struct iommu_ref *ref = viommu->obj.ictx->ref;
	uint32_t vmid = domain_dtag(viommu->hwpt->domain);	/* whatever VMID the guest named */
	uint32_t asid = FIELD(cmd[0], 63, 48);
	struct vdevice *vdev;

	switch (FIELD(cmd[0], 7, 0)) {
	case CMD_TLBI_NSNH_ALL:
	case CMD_TLBI_NH_ALL:
		inv_domain(ref, vmid);
		break;
	case CMD_TLBI_NH_ASID:
		inv_pasid(ref, vmid, asid);
		break;
	case CMD_TLBI_NH_VA:
		tlbi_va(ref, vmid, asid, cmd);
		break;
	case CMD_TLBI_NH_VAA:
		tlbi_va(ref, vmid, ATAG_ANY, cmd);
		break;
	case CMD_CFGI_CD:
		if (ref_defect(ref, CONFIG_INV_SKIPPED))
			break;
		vdev = viommu_find_vdevice(viommu, FIELD(cmd[0], 63, 32));
		device_cfgi_cd(vdev->idev->dev, FIELD(cmd[0], 31, 12));
		break;
	case CMD_CFGI_CD_ALL:
		if (ref_defect(ref, CONFIG_INV_SKIPPED))
			break;
		vdev = viommu_find_vdevice(viommu, FIELD(cmd[0], 63, 32));
		device_cfgi(vdev->idev->dev);
		break;
	case CMD_ATC_INV:
		vdev = viommu_find_vdevice(viommu, FIELD(cmd[0], 63, 32));
		atc_inv(vdev->idev->dev, cmd);
		break;
	}
}

/* All commands in native words. -EFAULT; -EINVAL, -E2BIG: not the size of a command; -ENOMEM. */
static int read_commands(struct viommu *viommu, const struct user_data *array, uint32_t num,
			 uint64_t (**out)[2])
{
	uint64_t (*cmds)[2] = calloc(num ? num : 1, sizeof(*cmds));
	const char *user = array->uptr;
	int rc = 0;

	if (!cmds)
		return -ENOMEM;
	if (array->len == sizeof(*cmds)) {
		rc = copy_from_user(cmds, user, num * sizeof(*cmds));
	} else {
		for (uint32_t i = 0; i < num && !rc; i++)
			rc = copy_struct_from_user(viommu->obj.ictx->ref, cmds[i], sizeof(*cmds),
						   user_at(user, (size_t)i * array->len),
						   array->len);
	}
	if (rc) {
		free(cmds);
		return rc;
	}
	for (uint32_t i = 0; i < num; i++) {
		cmds[i][0] = le64toh(cmds[i][0]);
		cmds[i][1] = le64toh(cmds[i][1]);
	}
	*out = cmds;
	return 0;
}

/*
 * The whole array is read before anything is done. The header: entry_num is "the number of requests
 * successfully handled", so what comes before a bad entry is executed, and an empty array is
 * allowed. (Linux 7.2 counts the entries before a bad one but issues only full batches of them, and
 * refuses an empty array with -EINVAL.)
 */
int arm_invalidate(struct viommu *viommu, struct user_data *array)
{
	uint64_t (*cmds)[2];
	uint32_t num = array->num;
	int rc;

	array->num = 0;
	if (array->type != IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3)
		return -EINVAL;
	rc = read_commands(viommu, array, num, &cmds);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < num; i++) {
		int bad = check_command(viommu, cmds[i]);

		if (!rc)
			rc = bad;
		if (rc && !ref_defect(viommu->obj.ictx->ref, ENTRY_AFTER_ERROR_EXECUTED))
			break;
		if (bad)
			continue;
		if (!i || !ref_defect(viommu->obj.ictx->ref, INV_FIRST_ENTRY_ONLY))
			execute_command(viommu, cmds[i]);
		array->num += !rc;
	}
	free(cmds);
	return rc;
}
