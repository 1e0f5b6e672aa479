/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The mock driver of the kernel's selftests: devices that do no DMA, on an IOMMU that counts
 * instead of translating, and the commands by which the tests look inside. It stands below the
 * iommufd front end (frontend/iommufd_driver.h), which is what the tests test.
 */
#ifndef IOMMU_REF_MOCK_H
#define IOMMU_REF_MOCK_H

#include "../frontend/iommufd_driver.h"
#include "abi.h"

/* A machine with the mock driver, without devices: the tests make them. -ENOMEM, -EINVAL. */
int mock_create(const struct iommu_ref_config *cfg, struct iommu_ref **out);

/* One of the machine's devices; a test takes a free one as a new device. */
struct mock_dev {
	struct device *dev;
	bool used;
	uint32_t flags;
	uint32_t cache[MOCK_CACHE_NR];
	struct viommu *viommu;	/* of the nested domain that its RID has */
	uint64_t vdev_id;
	bool fail_next;		/* MOCK_PASID_FAILS was attached once */
};

struct mock {
	struct mock_dev devs[IOMMU_REF_MAX_DEVICES];
	uint32_t memory_limit;
};

static inline struct mock_dev *mock_dev(struct iommu_ref *ref, const struct device *dev)
{
	return &((struct mock *)ref->driver_data)->devs[device_index(dev)];
}

/*
 * A driver's struct of up to @size bytes, at least @min, of @type; what the caller leaves out is 0.
 * -EINVAL, -EFAULT.
 */
int mock_copy_data(void *dst, size_t size, size_t min, const struct user_data *data, uint32_t type);

/* ---- table.c: a page table of 2K pages with dirty bits */
struct mock_table;
struct mock_table *mock_table_create(bool huge);	/* NULL: no memory */
void mock_table_destroy(struct mock_table *t);
int mock_table_map(struct mock_table *t, uint64_t first, uint64_t last, uint64_t pa);
uint64_t mock_table_unmap(struct mock_table *t, uint64_t first, uint64_t last);
bool mock_table_lookup(struct mock_table *t, uint64_t iova, uint64_t *pa);
void mock_table_set_dirty(struct mock_table *t, uint64_t iova);
/* The next dirty leaf in [@first, @last]: its range there. @clear: it is clean from now on. */
bool mock_table_next_dirty(struct mock_table *t, uint64_t *first, uint64_t *last, bool clear);

/* ---- domain.c */
struct mock_domain {
	struct iommu_ref *ref;
	struct mock_table *table;	/* NULL: nested */
	bool can_dirty, tracking;
	struct viommu *viommu;		/* nested */
	uint32_t iotlb[MOCK_IOTLB_NR];
};
struct mock_domain *mock_domain(const struct hwpt *hwpt);
int mock_hwpt_alloc(struct idev *idev, struct object *pt, uint32_t flags,
		    const struct user_data *data, struct hwpt **out);
int mock_hwpt_auto(struct ioas *ioas, struct hwpt **out);
int mock_invalidate_hwpt(struct hwpt *hwpt, struct user_data *array);
int mock_invalidate_viommu(struct viommu *viommu, struct user_data *array);
int mock_set_dirty_tracking(struct hwpt *hwpt, bool enable);
int mock_get_dirty_bitmap(struct hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *cmd);

/* ---- device.c, access.c, viommu.c, check.c, dmabuf.c: commands; 0 or -errno */
int mock_new_device(struct ucmd *u);
int mock_replace(struct ucmd *u);
int mock_pasid_attach(struct ucmd *u);
int mock_pasid_replace(struct ucmd *u);
int mock_pasid_detach(struct ucmd *u);
int mock_pasid_check(struct ucmd *u);
int mock_trigger_iopf(struct ucmd *u);
int mock_trigger_vevent(struct ucmd *u);
int mock_hw_info(struct idev *idev, uint32_t *type, void *data, uint32_t *len,
		 uint64_t *capabilities);

int mock_create_access(struct ucmd *u);
int mock_access_replace(struct ucmd *u);
int mock_pin(struct ucmd *u);
int mock_unpin(struct ucmd *u);
int mock_rw(struct ucmd *u);
int mock_ioas_unmap(struct ioas *ioas, uint64_t first, uint64_t last);
uint64_t mock_ioas_alignment(struct ioas *ioas);

int mock_viommu_init(struct viommu *viommu, uint32_t type, const struct user_data *data);
void mock_viommu_destroy(struct viommu *viommu);
int mock_hw_queue_alloc(struct ucmd *u, struct viommu *viommu);
/* The pages of an iommufd file, for the shim's mmap(2). -ENXIO: no such region. */
int mock_mmap(struct ref_file *f, uint64_t offset, uint64_t len, void **addr,
	      struct object **owner);

int mock_dmabuf_get(struct ucmd *u);
int mock_dmabuf_revoke(struct ucmd *u);
int mock_pages_alloc(struct ucmd *u, int fd, uint64_t start, uint64_t len, struct pages **out);

/* Pages that are pinned for @proc, for VmPin of /proc/PID/status. */
uint64_t mock_pinned(struct iommu_ref_proc *proc);
int mock_add_reserved(struct ucmd *u);
int mock_check_map(struct ucmd *u);
int mock_check_refs(struct ucmd *u);
int mock_check_iotlb(struct ucmd *u);
int mock_check_cache(struct ucmd *u);
int mock_set_dirty(struct ucmd *u);

/* check.c: are the pages at these addresses of this program one page of memory? */
bool mock_same_page(uint64_t a, uint64_t b);

/* ---- access.c: a kernel driver that uses the memory of an IOAS without a page table */
struct access_pin {
	struct access_pin *next;
	uint64_t iova, length;
	uint32_t id;
};
struct access {
	struct access *next;		/* of the IOAS */
	struct ioas *ioas;
	struct access_pin *pins;
	uint32_t next_id;
	bool needs_pin;
	bool stays;			/* does not let go of its pins: unmap is refused */
};
int access_attach(struct access *a, struct ioas *ioas);
void access_detach(struct access *a);
/* -ENOENT (not mapped), -EINVAL, -EPERM, -EFAULT, -ENOMEM. */
int access_pin(struct access *a, uint64_t iova, uint64_t length, bool write,
	       struct access_pin **out);
void access_unpin(struct access *a, struct access_pin *pin);

#endif
