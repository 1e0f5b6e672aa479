// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The mock driver: its machine, and the dispatch of the tests' commands. */
#include <errno.h>
#include <stdlib.h>

#include "mock.h"

static int set_memory_limit(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;

	/* "Protect _batch_init(), can not be less than elmsz" */
	if (cmd->memory_limit.limit < sizeof(uint64_t) + sizeof(uint32_t))
		return -EINVAL;
	((struct mock *)u->ictx->ref->driver_data)->memory_limit = cmd->memory_limit.limit;
	return 0;
}

static int (*const ops[])(struct ucmd *u) = {
	[MOCK_ADD_RESERVED] = mock_add_reserved,
	[MOCK_NEW_DEVICE] = mock_new_device,
	[MOCK_NEW_DEVICE_FLAGS] = mock_new_device,
	[MOCK_CHECK_MAP] = mock_check_map,
	[MOCK_CHECK_REFS] = mock_check_refs,
	[MOCK_CREATE_ACCESS] = mock_create_access,
	[MOCK_UNPIN] = mock_unpin,
	[MOCK_PIN] = mock_pin,
	[MOCK_RW] = mock_rw,
	[MOCK_SET_MEMORY_LIMIT] = set_memory_limit,
	[MOCK_REPLACE] = mock_replace,
	[MOCK_ACCESS_REPLACE_IOAS] = mock_access_replace,
	[MOCK_SET_DIRTY] = mock_set_dirty,
	[MOCK_CHECK_IOTLB] = mock_check_iotlb,
	[MOCK_TRIGGER_IOPF] = mock_trigger_iopf,
	[MOCK_CHECK_CACHE] = mock_check_cache,
	[MOCK_TRIGGER_VEVENT] = mock_trigger_vevent,
	[MOCK_PASID_ATTACH] = mock_pasid_attach,
	[MOCK_PASID_REPLACE] = mock_pasid_replace,
	[MOCK_PASID_DETACH] = mock_pasid_detach,
	[MOCK_PASID_CHECK] = mock_pasid_check,
	[MOCK_DMABUF_GET] = mock_dmabuf_get,
	[MOCK_DMABUF_REVOKE] = mock_dmabuf_revoke,
};

static long mock_ioctl(struct ucmd *u)
{
	struct ucmd run = *u;
	struct mock_cmd cmd;
	int rc;

	if (copy_from_user(&u->user_size, u->user, sizeof(u->user_size)))
		return -EFAULT;
	if (u->user_size < offsetof(struct mock_cmd, last) + sizeof(cmd.last))
		return -EINVAL;
	rc = copy_struct_from_user(u->ictx->ref, &cmd, sizeof(cmd), u->user, u->user_size);
	if (rc)
		return rc;
	run.user_size = u->user_size;
	run.cmd = &cmd;
	if (cmd.op >= sizeof(ops) / sizeof(ops[0]) || !ops[cmd.op])
		return -EOPNOTSUPP;
	return ops[cmd.op](&run);
}

static const struct iommufd_driver driver = {
	.ioctl_nr = MOCK_IOCTL,
	.ioctl = mock_ioctl,
	.veventq_type = MOCK_VEVENTQ_TYPE,
	.hwpt_alloc = mock_hwpt_alloc,
	.hwpt_auto = mock_hwpt_auto,
	.invalidate_hwpt = mock_invalidate_hwpt,
	.invalidate_viommu = mock_invalidate_viommu,
	.hw_info = mock_hw_info,
	.viommu_init = mock_viommu_init,
	.viommu_destroy = mock_viommu_destroy,
	.hw_queue_alloc = mock_hw_queue_alloc,
	.set_dirty_tracking = mock_set_dirty_tracking,
	.get_dirty_bitmap = mock_get_dirty_bitmap,
	.pages_alloc = mock_pages_alloc,
	.ioas_unmap = mock_ioas_unmap,
	.ioas_alignment = mock_ioas_alignment,
};

int mock_create(const struct iommu_ref_config *cfg, struct iommu_ref **out)
{
	struct iommu_ref_config c = *cfg;
	struct mock *mock;
	int rc;

	/* The model makes the devices; what is theirs otherwise is the mock driver's. */
	c.vendor = IOMMU_REF_VTD;
	c.msi_first = c.msi_last = 0;
	c.pasid_bits = MOCK_PASID_BITS;
	if (c.locked_limit == UINT64_MAX)
		c.locked_limit--;	/* no limit, but pages are charged */
	c.nr_devices = IOMMU_REF_MAX_DEVICES;
	for (uint32_t i = 0; i < c.nr_devices; i++)
		c.devices[i] = (struct iommu_ref_device_config){
			.rid = (uint16_t)(i << 3), .group = i, .pri = true,
		};
	mock = calloc(1, sizeof(*mock));
	if (!mock)
		return -ENOMEM;
	rc = iommu_ref_create(&c, out);
	if (rc) {
		free(mock);
		return rc;
	}
	mock->memory_limit = 65536;
	(*out)->cfg.vendor = IOMMU_REF_MOCK;
	(*out)->driver = &driver;
	(*out)->driver_data = mock;
	return 0;
}
