// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Mock devices: made by a test, bound and attached at once; their PASIDs, faults and events. */
#include <errno.h>
#include <string.h>

#include "mock.h"

/* What a test holds of a device; destroying it unplugs the device. */
struct selftest {
	struct object obj;
	struct mock_dev *mdev;
	struct idev *idev;
};

static void selftest_destroy(struct object *obj)
{
	struct selftest *s = (struct selftest *)obj;

	if (s->idev)
		idev_unbind(s->idev);
	if (s->mdev)
		s->mdev->used = false;
}

/* -EINVAL: unknown flags; -ENOMEM: no device is left. */
static int take_device(struct iommu_ref *ref, uint32_t flags, struct mock_dev **out)
{
	struct mock *mock = ref->driver_data;

	if (flags & ~(MOCK_DEVICE_NO_DIRTY | MOCK_DEVICE_PASID))
		return -EINVAL;
	for (unsigned int i = 0; i < ref->cfg.nr_devices; i++) {
		struct mock_dev *mdev = &mock->devs[i];

		if (mdev->used)
			continue;
		*mdev = (struct mock_dev){
			.dev = device_by_index(ref, i), .used = true, .flags = flags,
		};
		for (unsigned int k = 0; k < MOCK_CACHE_NR; k++)
			mdev->cache[k] = MOCK_CACHE_DEFAULT;
		ref->cfg.devices[i].pasid = flags & MOCK_DEVICE_PASID;
		*out = mdev;
		return 0;
	}
	return -ENOMEM;
}

int mock_new_device(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	uint32_t flags = cmd->op == MOCK_NEW_DEVICE_FLAGS ? cmd->new_device.flags : 0;
	uint32_t pt_id = cmd->id;
	struct selftest *s;
	int rc;

	s = object_alloc(u->ictx, sizeof(*s), OBJECT_SELFTEST, selftest_destroy);
	if (!s)
		return -ENOMEM;
	rc = take_device(u->ictx->ref, flags, &s->mdev);
	if (!rc)
		rc = idev_bind_ictx(u->ictx, s->mdev->dev, &s->idev);
	if (!rc)
		rc = idev_attach(s->idev, NO_PASID, &pt_id);
	if (!rc) {
		cmd->new_device.out_hwpt_id = pt_id;
		cmd->new_device.out_stdev_id = s->obj.id;
		cmd->new_device.out_idev_id = s->idev->obj.id;
		rc = ucmd_respond(u, sizeof(*cmd));
	}
	if (rc)
		object_remove(&s->obj, false);
	return rc;
}

static struct selftest *selftest_get(struct ucmd *u)
{
	return object_get(u->ictx, ((struct mock_cmd *)u->cmd)->id, OBJECT_SELFTEST);
}

static int replace(struct ucmd *u, struct selftest *s, uint32_t pasid, uint32_t *pt_id)
{
	int rc;

	/* idev_attach() does either, by what is there. */
	if (!idev_is_attached(s->idev, pasid))
		return object_get(u->ictx, *pt_id, OBJECT_ANY) ? -EINVAL : -ENOENT;
	rc = idev_attach(s->idev, pasid, pt_id);
	return rc ? rc : ucmd_respond(u, sizeof(struct mock_cmd));
}

int mock_replace(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	struct selftest *s = selftest_get(u);

	return s ? replace(u, s, NO_PASID, &cmd->replace.pt_id) : -ENOENT;
}

/* In the kernel's words PASID 0 is none. */
static uint32_t pasid_of(const struct mock_cmd *cmd)
{
	return cmd->pasid.pasid ? cmd->pasid.pasid : NO_PASID;
}

int mock_pasid_attach(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	struct selftest *s = selftest_get(u);
	int rc;

	if (!s)
		return -ENOENT;
	if (idev_is_attached(s->idev, pasid_of(cmd)))
		return object_get(u->ictx, cmd->pasid.pt_id, OBJECT_ANY) ? -EBUSY : -ENOENT;
	rc = idev_attach(s->idev, pasid_of(cmd), &cmd->pasid.pt_id);
	if (rc)
		return rc;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc)
		idev_detach(s->idev, pasid_of(cmd));
	return rc;
}

int mock_pasid_replace(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	struct selftest *s = selftest_get(u);

	return s ? replace(u, s, pasid_of(cmd), &cmd->pasid.pt_id) : -ENOENT;
}

int mock_pasid_detach(struct ucmd *u)
{
	struct selftest *s = selftest_get(u);

	if (!s)
		return -ENOENT;
	idev_detach(s->idev, pasid_of(u->cmd));
	return 0;
}

/* HWPT 0: nothing is attached. */
int mock_pasid_check(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct selftest *s = selftest_get(u);
	struct domain *now;
	struct object *pt;

	if (!s)
		return -ENOENT;
	now = device_domain(s->mdev->dev, pasid_of(cmd));
	if (!cmd->pasid.pt_id)
		return now ? -EINVAL : 0;
	pt = object_get(u->ictx, cmd->pasid.pt_id, OBJECT_ANY);
	if (!pt)
		return -ENOENT;
	if (pt->type != OBJECT_HWPT_PAGING && pt->type != OBJECT_HWPT_NESTED)
		return -EINVAL;
	return ((struct hwpt *)pt)->domain == now ? 0 : -EINVAL;
}

int mock_hw_info(struct idev *idev, uint32_t *type, void *data, uint32_t *len,
		 uint64_t *capabilities)
{
	const struct mock_dev *mdev = mock_dev(idev->obj.ictx->ref, idev->dev);
	const struct mock_hw_info info = { .reg = MOCK_HW_INFO_REG };

	if (*type != IOMMU_HW_INFO_TYPE_DEFAULT && *type != MOCK_HW_INFO_TYPE)
		return -EOPNOTSUPP;
	*type = MOCK_HW_INFO_TYPE;
	memcpy(data, &info, sizeof(info));
	*len = sizeof(info);
	*capabilities = mdev->flags & MOCK_DEVICE_NO_DIRTY ? 0 : IOMMU_HW_CAP_DIRTY_TRACKING;
	return 0;
}

int mock_trigger_iopf(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct idev *idev = object_get(u->ictx, cmd->iopf.dev_id, OBJECT_DEVICE);
	const struct iommu_ref_page_request req = {
		.has_pasid = cmd->iopf.pasid != 0, .pasid = cmd->iopf.pasid,
		.grpid = (uint16_t)cmd->iopf.grpid, .last = true, .iova = cmd->iopf.addr,
		.read = cmd->iopf.perm & IOMMU_PGFAULT_PERM_READ,
		.write = cmd->iopf.perm & IOMMU_PGFAULT_PERM_WRITE,
		.exec = cmd->iopf.perm & IOMMU_PGFAULT_PERM_EXEC,
		.priv = cmd->iopf.perm & IOMMU_PGFAULT_PERM_PRIV,
	};

	if (!idev)
		return -ENOENT;
	/* What happens to a request is no matter of the one who triggers it. */
	(void)page_request(u->ictx->ref, idev->dev, req);
	return 0;
}

int mock_trigger_vevent(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct idev *idev = object_get(u->ictx, cmd->vevent.dev_id, OBJECT_DEVICE);
	struct mock_vevent event;
	struct mock_dev *mdev;

	if (!idev)
		return -ENOENT;
	mdev = mock_dev(u->ictx->ref, idev->dev);
	if (!mdev->viommu || !mdev->vdev_id)
		return -ENOENT;
	event.virt_id = (uint32_t)mdev->vdev_id;
	return viommu_report_event(mdev->viommu, MOCK_VEVENTQ_TYPE, &event, sizeof(event));
}
