// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Runs an input: makes the machine, sets it up, makes the calls, and looks at what is left after
 * all of it was closed. What is known of the machine is what the calls said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mock/mock.h"
#include "fuzz.h"

/* ---- files */

struct fuzz_file *fuzz_file_new(struct fuzz *f, unsigned int proc, int fd, enum fuzz_kind kind)
{
	struct fuzz_file *file;

	for (int i = 0; i < fd && i < FUZZ_FDS && !f->blind; i++)
		if (!f->procs[proc].fds[i])
			f->finding = "a new file does not have the lowest free number";
	if (fd < 0 || fd >= FUZZ_FDS) {
		iommu_ref_close(f->procs[proc].proc, fd);
		return NULL;
	}
	if (f->procs[proc].fds[fd])
		fuzz_file_closed(f, proc, fd);
	file = calloc(1, sizeof(*file));
	if (!file)
		abort();
	file->kind = kind;
	file->refs = 1;
	f->procs[proc].fds[fd] = file;
	return file;
}

void fuzz_file_closed(struct fuzz *f, unsigned int proc, int fd)
{
	struct fuzz_file *file = f->procs[proc].fds[fd];

	f->procs[proc].fds[fd] = NULL;
	if (!file || --file->refs)
		return;
	if (file->kind == FK_GROUP || file->kind == FK_DEVICE)
		fuzz_group_left(f);
	free(file);
}

void fuzz_group_left(struct fuzz *f)
{
	for (unsigned int i = 0; i < FUZZ_PROCS; i++)
		for (int fd = 0; fd < FUZZ_FDS; fd++)
			if (f->procs[i].fds[fd] && f->procs[i].fds[fd]->kind == FK_CONTAINER)
				f->procs[i].fds[fd]->ready = false;
}

int fuzz_fd(const struct fuzz *f, unsigned int proc, enum fuzz_kind kind, unsigned int pick)
{
	unsigned int n = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (int fd = 0; fd < FUZZ_FDS; fd++) {
			const struct fuzz_file *file = f->procs[proc].fds[fd];

			if (!file || (kind != FK_NONE && file->kind != kind))
				continue;
			if (pass && !pick--)
				return fd;
			n += !pass;
		}
		if (!n)
			return -1;
		pick %= n;
	}
	return -1;
}

uint32_t fuzz_id(const struct fuzz *f, const struct fuzz_file *file, enum fuzz_type type,
		 unsigned int pick)
{
	unsigned int n = 0;

	(void)f;
	if (!file)
		return 0;
	for (uint32_t id = 1; id < FUZZ_IDS; id++)
		n += file->ids[id] && (type == FI_FREE || file->ids[id] == type);
	pick = n ? pick % n : 0;
	for (uint32_t id = 1; n && id < FUZZ_IDS; id++)
		if (file->ids[id] && (type == FI_FREE || file->ids[id] == type) && !pick--)
			return id;
	return 0;
}

void fuzz_id_set(struct fuzz_file *file, uint32_t id, enum fuzz_type type)
{
	if (file && id < FUZZ_IDS)
		file->ids[id] = type;
}

/* ---- findings */

const char *fuzz_kind_name(enum fuzz_kind kind)
{
	static const char *const names[FK_NR] = {
		"", "iommufd", "container", "group", "cdev", "device", "ioasid", "kvm", "fault",
		"veventq", "access", "dmabuf",
	};

	return kind < FK_NR ? names[kind] : "?";
}

void fuzz_finding(struct fuzz *f, const struct fuzz_call *c, const char *what)
{
	size_t used;
	char name[32];

	f->finding = what;
	used = (size_t)snprintf(f->report, sizeof(f->report), "%s%s on %s (fd %d) = %ld %s;",
				c->uapi ? c->uapi->name :
					  uapi_ioctl_name(c->cmd, 0, name, sizeof(name)),
				c->cmd == MOCK_IOCTL ? " (mock)" : "",
				c->file ? fuzz_kind_name(c->file->kind) : "nothing", c->fd, c->rc,
				c->rc < 0 ? uapi_errno_name((int)c->rc) : "");
	for (size_t i = 0; i < (c->size + 3) / 4 && used < sizeof(f->report); i++)
		used += (size_t)snprintf(f->report + used, sizeof(f->report) - used, " %x",
					 c->arg.word[i]);
}

bool fuzz_call_is(struct fuzz *f, const char *name, long rc, bool right)
{
	if (right && !f->finding)
		return true;
	if (!f->finding)
		f->finding = "an answer that it does not document";
	snprintf(f->report, sizeof(f->report), "%s = %ld %s", name, rc,
		 rc < 0 ? uapi_errno_name((int)rc) : "");
	return false;
}

/* ---- the machine */

/* Arm's granules and output sizes; a second unit, of device 1, that may lack what the first has. */
static void configure_units(struct iommu_ref_config *cfg, const uint8_t *c)
{
	static const uint32_t granules[] = { 4096, 16384, 65536, 4096 };

	if (cfg->vendor == IOMMU_REF_SMMUV3) {
		cfg->granule = granules[c[3] / 4 % 4];
		cfg->oas_bits = c[4] & 8 ? 52 : 48;
	}
	if (!(c[4] & 16))
		return;
	cfg->nr_units = 2;
	for (unsigned int i = 0; i < cfg->nr_units; i++)
		iommu_ref_unit_init(cfg, &cfg->units[i]);
	cfg->devices[1].unit = 1;
	cfg->units[1].nesting = cfg->units[0].nesting && !(c[4] & 32);
	cfg->units[1].dirty_tracking = !(c[4] & 64);
	if (c[4] & 128)
		cfg->units[1].aperture_last = (1ull << 39) - 1;
}

static void configure(struct iommu_ref_config *cfg, const struct fuzz_head *head)
{
	static const uint32_t bits[] = { 20, 20, 20, 1, 0, 7 };
	static const uint64_t limits[] = { UINT64_MAX, UINT64_MAX, 4 * PG, 40 * PG };
	const uint8_t *c = head->config;

	cfg->iotlb_entries = 64;
	cfg->profile = head->machine & 0x10 ? IOMMU_REF_V7_POSTED : IOMMU_REF_V7_REVIEWED;
	cfg->nesting = !(c[0] & 1);
	cfg->five_level = cfg->vendor == IOMMU_REF_VTD && c[0] & 2;
	cfg->dirty_tracking = !(c[0] & 4);
	cfg->no_sys_resource = c[0] & 8;
	cfg->pasid_bits = bits[c[1] % ARRAY_SIZE(bits)];
	cfg->locked_limit = limits[c[2] % ARRAY_SIZE(limits)];
	cfg->page_requests = c[3] % 4 ? 512 : 3;
	if (c[4] & 1) {
		cfg->pasid_capacity = 40;
		cfg->pasid_host_reserve = 8;
		cfg->pasid_quota = 5;
	}
	if (c[4] & 2)
		cfg->aperture_last = (1ull << 32) - 1;
	if (c[4] & 4)
		cfg->msi_first = cfg->msi_last = 0;
	cfg->devices[1].pasid = !(c[5] & 1);
	cfg->devices[0].pri = !(c[5] & 2);
	cfg->devices[0].pasid_policy = c[5] / 16 % 3;
	cfg->devices[0].ats = !(c[5] & 8);
	cfg->devices[1].pri = !(c[5] & 4);
	configure_units(cfg, c);
}

/* It looks whether it can reach memory, with a variable of its own. */
static int make_machine(struct fuzz *f)
{
	struct fuzz_arena *arena = fuzz_arena;
	int rc;

	fuzz_arena = NULL;
	rc = f->mock ? mock_create(&f->cfg, &f->ref) : iommu_ref_create(&f->cfg, &f->ref);
	fuzz_arena = arena;
	return rc;
}

bool fuzz_machine(struct fuzz *f, const struct fuzz_head *head)
{
	unsigned int sort = head->machine % 5;

	memset(f, 0, sizeof(*f));
	f->mock = sort == 4;
	iommu_ref_config_init(&f->cfg, sort & 1 ? IOMMU_REF_SMMUV3 : IOMMU_REF_VTD);
	configure(&f->cfg, head);
	if (make_machine(f))
		return false;
	f->cfg = f->ref->cfg;
	for (unsigned int i = 0; i < FUZZ_PROCS; i++) {
		if (iommu_ref_proc_create(f->ref, &f->procs[i].proc)) {
			iommu_ref_destroy(f->ref);
			return false;
		}
	}
	return true;
}

bool fuzz_end(struct fuzz *f)
{
	bool left = false;

	for (unsigned int i = 0; i < FUZZ_PROCS; i++) {
		for (int fd = 0; fd < FUZZ_FDS; fd++)
			fuzz_file_closed(f, i, fd);
		iommu_ref_proc_exit(f->procs[i].proc);
	}
	if (!f->finding) {
		struct iommu_ref_stats s;

		iommu_ref_stats(f->ref, &s);
		left = s.objects || s.domains || s.pasids || s.pinned_pages || s.page_requests ||
		       f->ref->user_locked || f->ref->vfio_groups;
		for (unsigned int i = 0; i < IOMMU_REF_MAX_DEVICES; i++)
			left |= f->ref->cdev_bound[i] || f->ref->owners[i].count;
		if (left) {
			f->finding = "all files are closed, and something is left";
			snprintf(f->report, sizeof(f->report), "objects %lu, domains %lu, pasids "
				 "%lu, pages pinned %lu, charged %lu, page requests %lu, groups %s",
				 s.objects, s.domains, s.pasids, s.pinned_pages,
				 f->ref->user_locked, s.page_requests,
				 f->ref->vfio_groups ? "yes" : "none");
		}
	}
	iommu_ref_destroy(f->ref);
	return !left;
}

/* ---- calls */

bool fuzz_trace;

static bool run_op(struct fuzz *f, const struct fuzz_op *op, const struct fuzz_rec *rec)
{
	bool good;

	if (fuzz_trace)
		printf("# %s %s: proc %u file %u id %u %u %u variant 0x%x spoils %u\n", op->name,
		       fuzz_kind_name(op->kind), rec->proc % FUZZ_PROCS, rec->file, rec->id[0],
		       rec->id[1], rec->id[2], rec->variant, rec->nr_spoils % 4);
	if (!op->run)
		return fuzz_ioctl(f, op, rec) && !f->finding;
	good = op->run(f, rec) && !f->finding;
	fuzz_count(op, good ? 0 : -1);
	return good;
}

bool fuzz_one(struct fuzz *f, const struct fuzz_rec *rec)
{
	return run_op(f, fuzz_op(f, rec->op), rec);
}

struct step {
	const char *name;
	uint8_t kind, variant, file, id[2];
};

#define IO FK_IOMMUFD
static const struct step plain[] = {
	{ "open iommu", 0, 0, 0, { 0 } }, { "IOMMU_IOAS_ALLOC", IO, 0, 0, { 0 } },
	{ "IOMMU_IOAS_ALLOC", IO, 0, 0, { 0 } }, { "open cdev", 0, 0, 0, { 0 } },
	{ "open cdev", 0, 1, 0, { 0 } },
	{ "VFIO_DEVICE_BIND_IOMMUFD", FK_CDEV, 0, 0, { 0 } },
	{ "VFIO_DEVICE_BIND_IOMMUFD", FK_CDEV, 0, 1, { 0 } },
	{ "IOMMU_IOAS_MAP", IO, 0, 0, { 0 } },
	{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", FK_CDEV, 0, 0, { 0 } },
	{ "VFIO_DEVICE_SET_IRQS", FK_CDEV, 0, 0, { 0 } }, { 0 },
};
/* On top of plain: a nest parent, and what a guest has. */
static const struct step nested[] = {
	{ "IOMMU_HWPT_ALLOC", IO, 0, 0, { 0 } }, { "IOMMU_FAULT_QUEUE_ALLOC", IO, 0, 0, { 0 } },
	{ "guest table", 0, 0, 0, { 0 } },
	{ "IOMMU_VIOMMU_ALLOC", IO, 0, 0, { 1 } }, { "IOMMU_VDEVICE_ALLOC", IO, 0, 0, { 0 } },
	{ "IOMMU_VEVENTQ_ALLOC", IO, 3, 0, { 0 } },
	{ "IOMMU_HWPT_ALLOC", IO, 0x81, 0, { 1 } }, { "IOMMU_HWPT_ALLOC", IO, 0x81, 0, { 0 } },
	{ "IOMMU_HWPT_ALLOC", IO, 0x85, 0, { 0 } },
	{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", FK_CDEV, 2, 0, { 0 } },
	{ "page request", 0, 0, 0, { 0 } }, { "dma", 0, 0, 0, { 0 } },
	{ 0 },
};
static const struct step compat[] = {
	{ "IOMMU_VFIO_IOAS", IO, 0, 0, { 1 } }, { "VFIO_SET_IOMMU", IO, 0, 0, { 0 } },
	{ "VFIO_IOMMU_MAP_DMA", IO, 9, 0, { 0 } }, { 0 },
};
static const struct step type1[] = {
	{ "open container", 0, 0, 0, { 0 } }, { "open group", 0, 0, 0, { 0 } },
	{ "VFIO_GROUP_SET_CONTAINER", FK_GROUP, 0, 0, { 0 } },
	{ "VFIO_SET_IOMMU", FK_CONTAINER, 0, 0, { 0 } },
	{ "VFIO_IOMMU_MAP_DMA", FK_CONTAINER, 0, 0, { 0 } },
	{ "VFIO_GROUP_GET_DEVICE_FD", FK_GROUP, 0, 0, { 0 } },
	{ "VFIO_DEVICE_SET_IRQS", FK_DEVICE, 0, 0, { 0 } }, { 0 },
};
static const struct step nesting_v7[] = {
	{ "open container", 0, 0, 0, { 0 } }, { "open group", 0, 0, 0, { 0 } },
	{ "VFIO_GROUP_SET_CONTAINER", FK_GROUP, 0, 0, { 0 } },
	{ "VFIO_SET_IOMMU", FK_CONTAINER, 1, 0, { 0 } },
	{ "VFIO_IOMMU_MAP_DMA", FK_CONTAINER, 0, 0, { 0 } },
	{ "VFIO_IOMMU_PASID_REQUEST", FK_CONTAINER, 0, 0, { 0 } },
	{ "guest table", 0, 0, 0, { 0 } },
	{ "VFIO_IOMMU_NESTING_OP", FK_CONTAINER, 0, 0, { 0 } }, { 0 },
};
static const struct step ioasid[] = {
	{ "open ioasid", 0, 0, 0, { 0 } }, { "open cdev", 0, 0, 0, { 0 } },
	{ "VFIO_BIND_IOASID_FD", FK_CDEV, 0, 0, { 0 } }, { "IOASID_ALLOC", FK_IOASID, 0, 0, { 0 } },
	{ "VFIO_ATTACH_IOASID", FK_CDEV, 0, 0, { 0 } },
	{ "IOASID_REGISTER_MEMORY", FK_IOASID, 0, 0, { 0 } },
	{ "IOASID_MAP_DMA", FK_IOASID, 0, 0, { 0 } },
	{ "IOASID_ALLOC_FAULT_FD", FK_IOASID, 0, 0, { 0 } }, { "create vm", 0, 0, 0, { 0 } },
	{ "guest table", 0, 0, 0, { 0 } },
	{ "IOASID_CREATE_NESTING", FK_IOASID, 0, 0, { 0 } },
	{ "IOASID_CREATE_NESTING", FK_IOASID, 0, 0, { 0 } },
	{ "VFIO_ATTACH_IOASID", FK_CDEV, 0x40, 0, { 0 } },
	{ "IOASID_BIND_PASID_TABLE", FK_IOASID, 0, 0, { 0 } },
	{ "IOASID_BIND_PGTABLE", FK_IOASID, 0, 0, { 0 } },
	{ "VFIO_ATTACH_IOASID", FK_CDEV, 0xc0, 0, { 1 } },
	{ "KVM_MAP_PASID", FK_KVM, 0, 0, { 2 } },
	{ "page request", 0, 0, 0, { 0 } }, { "read", 0, 1, 0, { 0 } },
	{ "IOASID_PAGE_RESPONSE", FK_IOASID, 1, 0, { 1 } }, { 0 },
};
static const struct step pasids[] = {
	{ "IOMMU_HWPT_ALLOC", IO, 4, 0, { 0 } },
	{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", FK_CDEV, 1, 0, { 0 } },
	{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", FK_CDEV, 0x82, 0, { 0 } }, { 0 },
};
static const struct step mock_pasids[] = {
	{ "IOMMU_HWPT_ALLOC", IO, 4, 0, { 0 } }, { "MOCK_REPLACE", IO, 1, 0, { 0, 1 } },
	{ "MOCK_PASID_ATTACH", IO, 1, 0, { 0, 1 } }, { "MOCK_PASID_REPLACE", IO, 1, 0, { 0, 1 } },
	{ "IOMMU_HWPT_ALLOC", IO, 2, 0, { 0 } },
	{ "IOMMU_HWPT_SET_DIRTY_TRACKING", IO, 0, 0, { 2 } }, { "MOCK_SET_DIRTY", IO, 0, 0, { 2 } },
	{ 0 },
};
static const struct step mock_plain[] = {
	{ "open iommu", 0, 0, 0, { 0 } }, { "IOMMU_IOAS_ALLOC", IO, 0, 0, { 0 } },
	{ "IOMMU_IOAS_ALLOC", IO, 0, 0, { 0 } }, { "MOCK_NEW_DEVICE_FLAGS", IO, 0, 0, { 0 } },
	{ "MOCK_CREATE_ACCESS", IO, 0, 0, { 0 } }, { "IOMMU_IOAS_MAP", IO, 0, 0, { 0 } },
	{ "MOCK_PIN", IO, 0, 0, { 0 } }, { "MOCK_DMABUF_GET", IO, 3, 0, { 0 } }, { 0 },
};
static const struct step mock_nested[] = {
	{ "IOMMU_HWPT_ALLOC", IO, 0, 0, { 0 } }, { "IOMMU_FAULT_QUEUE_ALLOC", IO, 0, 0, { 0 } },
	{ "IOMMU_VIOMMU_ALLOC", IO, 0, 0, { 1 } }, { "IOMMU_VDEVICE_ALLOC", IO, 0, 0, { 0 } },
	{ "IOMMU_VEVENTQ_ALLOC", IO, 3, 0, { 0 } }, { "IOMMU_HWPT_ALLOC", IO, 0x85, 0, { 0 } },
	{ "MOCK_REPLACE", IO, 2, 0, { 0 } }, { "MOCK_TRIGGER_IOPF", IO, 0, 0, { 0 } },
	{ "MOCK_TRIGGER_VEVENT", IO, 0, 0, { 0 } }, { 0 },
};

static bool run_steps(struct fuzz *f, const struct step *s)
{
	for (; s->name; s++) {
		const struct fuzz_rec rec = {
			.variant = s->variant, .file = s->file, .id = { s->id[0], s->id[1] },
		};
		const struct fuzz_op *op = fuzz_op_named(s->name, s->kind);

		if (!op) {
			f->finding = "a preset names a call that there is not";
			snprintf(f->report, sizeof(f->report), "%s", s->name);
			return false;
		}
		if (!run_op(f, op, &rec))
			return false;
	}
	return true;
}

bool fuzz_preset(struct fuzz *f, unsigned int preset)
{
	if (f->mock)
		return (preset % 4 == 0 || run_steps(f, mock_plain)) &&
		       (preset % 4 != 2 || run_steps(f, mock_nested)) &&
		       (preset % 4 != 3 || run_steps(f, mock_pasids));
	switch (preset % 8) {
	case 1:
		return run_steps(f, plain);
	case 6:
		return run_steps(f, ioasid);
	case 7:
		return run_steps(f, plain) && run_steps(f, pasids);
	case 2:
		return run_steps(f, plain) && run_steps(f, nested);
	case 3:
		return run_steps(f, plain) && run_steps(f, compat);
	case 4:
		return run_steps(f, type1);
	case 5:
		return run_steps(f, nesting_v7);
	}
	return true;
}

bool fuzz_run(struct fuzz *f, const uint8_t *data, size_t size)
{
	struct fuzz_head head = { 0 };
	struct fuzz_rec rec;
	bool good;

	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	data += sizeof(head);
	size = size > sizeof(head) ? size - sizeof(head) : 0;
	if (!fuzz_machine(f, &head))
		return true;
	good = fuzz_preset(f, head.preset);
	for (unsigned int i = 0; good && size && i < FUZZ_MAX_RECORDS; i++) {
		size_t n = size < sizeof(rec) ? size : sizeof(rec);

		memset(&rec, 0, sizeof(rec));
		memcpy(&rec, data, n);
		data += n;
		size -= n;
		good = fuzz_one(f, &rec);
	}
	return fuzz_end(f) && good;
}

/* Seeds: each machine with each preset, followed by one right call of everything. */
size_t fuzz_seed(unsigned int n, uint8_t *data, size_t room)
{
	struct fuzz_head head = { .machine = (uint8_t)(n % 5), .preset = (uint8_t)(n / 5) };
	size_t nr_ops, used = sizeof(head);

	if (n >= 5 * 8)
		return 0;
	fuzz_ops(&nr_ops);
	memcpy(data, &head, sizeof(head));
	for (unsigned int op = 0; op < nr_ops && op < FUZZ_MAX_RECORDS &&
	     used + sizeof(struct fuzz_rec) <= room; op++) {
		struct fuzz_rec rec = { .op = (uint8_t)op };

		memcpy(data + used, &rec, sizeof(rec));
		used += sizeof(rec);
	}
	return used;
}
