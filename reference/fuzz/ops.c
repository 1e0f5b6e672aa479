// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Everything that can be called: all ioctls of the uAPI's tables, on each kind of file that has
 * them; the mock driver's commands; and the calls that are no ioctls.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../../uapi/ioasid.h"
#include "fuzz.h"

#define IOVA 0x40000000ull

static unsigned int proc_of(const struct fuzz_rec *rec)
{
	return rec->proc % FUZZ_PROCS;
}

static uint64_t value_of(const struct fuzz_rec *rec, unsigned int n)
{
	uint64_t v;

	memcpy(&v, rec->spoil[n].value, sizeof(v));
	return rec->nr_spoils > n ? v : 0;
}

/* ---- files */

static bool open_file(struct fuzz *f, const struct fuzz_rec *rec, const char *path,
		      enum fuzz_kind kind, uint32_t number)
{
	unsigned int proc = proc_of(rec);
	struct fuzz_file *file;
	int fd;

	fuzz_arena->fail = rec->fail <= 12 ? rec->fail : 0;
	fd = iommu_ref_open(f->procs[proc].proc, path, O_RDWR);
	fuzz_arena->fail = 0;
	if (fd >= 0) {
		file = fuzz_file_new(f, proc, fd, kind);
		if (file)
			file->number = number;
	}
	return fuzz_call_is(f, path, fd, fd >= 0 || fd == -ENOENT || fd == -EBUSY ||
			    fd == -ENODEV || fd == -ENOMEM || fd == -EMFILE);
}

static bool open_iommu(struct fuzz *f, const struct fuzz_rec *rec)
{
	return open_file(f, rec, "/dev/iommu", FK_IOMMUFD, 0);
}

static bool open_container(struct fuzz *f, const struct fuzz_rec *rec)
{
	return open_file(f, rec, "/dev/vfio/vfio", FK_CONTAINER, 0);
}

static bool open_ioasid(struct fuzz *f, const struct fuzz_rec *rec)
{
	return open_file(f, rec, "/dev/ioasid", FK_IOASID, 0);
}

static bool create_vm(struct fuzz *f, const struct fuzz_rec *rec)
{
	unsigned int proc = proc_of(rec);
	uint32_t pasid;
	int fd;

	fuzz_arena->fail = rec->fail <= 12 ? rec->fail : 0;
	fd = iommu_ref_vm_create(f->procs[proc].proc);
	fuzz_arena->fail = 0;
	if (fd >= 0) {
		fuzz_file_new(f, proc, fd, FK_KVM);
		iommu_ref_vm_pasid(f->procs[proc].proc, fd, rec->variant, &pasid);
	}
	return fuzz_call_is(f, "vm_create", fd, fd >= 0 || fd == -EMFILE || fd == -ENOMEM);
}

static bool open_group(struct fuzz *f, const struct fuzz_rec *rec)
{
	uint32_t number = 1 + rec->variant % 4;
	char path[32];

	snprintf(path, sizeof(path), "/dev/vfio/%u", number);
	return open_file(f, rec, path, FK_GROUP, number);
}

static bool open_cdev(struct fuzz *f, const struct fuzz_rec *rec)
{
	char path[40];

	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", rec->variant % 9u);
	return open_file(f, rec, path, FK_CDEV, rec->variant % 9u);
}

static bool open_other(struct fuzz *f, const struct fuzz_rec *rec)
{
	static const char *const paths[] = {
		"", "/", "/dev/iommu/", "/dev/vfio/", "/dev/vfio/-1", "/dev/vfio/01",
		"/dev/vfio/4294967296", "/dev/vfio/18446744073709551617", "/dev/vfio/1x",
		"/dev/vfio/devices/vfio", "/dev/vfio/devices/vfio99", "dev/iommu", NULL,
	};
	const char *path = paths[rec->variant % ARRAY_SIZE(paths)];
	int fd = iommu_ref_open(f->procs[proc_of(rec)].proc, path, O_RDWR);

	return fuzz_call_is(f, path ? path : "open(NULL)", fd,
			    fd == (path ? -ENOENT : -EFAULT));
}

static int any_fd(const struct fuzz *f, const struct fuzz_rec *rec)
{
	if (rec->file >= 0xf0)
		return rec->more % FUZZ_FDS - 2;
	return fuzz_fd(f, proc_of(rec), FK_NONE, rec->file);
}

static bool close_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	unsigned int proc = proc_of(rec);
	int fd = any_fd(f, rec), rc = iommu_ref_close(f->procs[proc].proc, fd);
	bool known = fd >= 0 && fd < FUZZ_FDS && f->procs[proc].fds[fd];

	if (!rc)
		fuzz_file_closed(f, proc, fd);
	return fuzz_call_is(f, "close", rc, f->blind || rc == (known ? 0 : -EBADF));
}

static bool pass_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	unsigned int from = proc_of(rec), to = rec->id[0] % FUZZ_PROCS;
	struct fuzz_file *file;
	int fd = any_fd(f, rec);
	int rc = iommu_ref_pass_fd(f->procs[from].proc, fd, f->procs[to].proc);

	if (rc >= 0 && rc < FUZZ_FDS && fd < FUZZ_FDS) {
		file = f->procs[from].fds[fd];
		if (file && !f->procs[to].fds[rc]) {
			file->refs++;
			f->procs[to].fds[rc] = file;
		}
	}
	return fuzz_call_is(f, "pass_fd", rc, rc >= 0 || rc == -EBADF || rc == -EMFILE);
}

/* The second process ends, and another one begins. */
static bool exit_proc(struct fuzz *f, const struct fuzz_rec *rec)
{
	int rc;

	(void)rec;
	if (f->blind)
		return true;
	for (int fd = 0; fd < FUZZ_FDS; fd++)
		fuzz_file_closed(f, 1, fd);
	iommu_ref_proc_exit(f->procs[1].proc);
	rc = iommu_ref_proc_create(f->ref, &f->procs[1].proc);
	return fuzz_call_is(f, "proc_create", rc, !rc);
}

/* ---- data of fault queues and event queues */

/* Where a buffer is: mostly in memory that is good for it. */
static void *buffer(const struct fuzz_rec *rec, size_t *len)
{
	static const size_t lens[] = { 40, 32, 4000, 8, 24, 160, 41, 0 };
	uint8_t *at = arena_page(ARENA_DATA);

	*len = lens[rec->variant % 8];
	switch (rec->where % 16) {
	case 1:
		return arena_page(ARENA_HOLE) - 8;
	case 2:
		return arena_page(ARENA_RO) - 8;
	case 3:
		return NULL;
	case 4:
		return at + 3;
	case 5:
		*len = (size_t)value_of(rec, 0);
		return at;
	}
	return at;
}

static bool read_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	const struct iommu_hwpt_pgfault *fault = (void *)arena_page(ARENA_DATA);
	unsigned int proc = proc_of(rec);
	int fd = rec->id[0] & 1 ? fuzz_fd(f, proc, FK_VEVENTQ, rec->file) :
				  fuzz_fd(f, proc, FK_FAULT, rec->file);
	size_t len;
	void *buf = buffer(rec, &len);
	ssize_t rc;

	if (fd < 0 || rec->file >= 0xe0)
		fd = any_fd(f, rec);
	rc = iommu_ref_read(f->procs[proc].proc, fd, buf, len);
	if (rc > 0) {	/* iommufd's records, and those of /dev/ioasid */
		f->cookies[0] = fault[0].cookie;
		f->cookies[1] = ((const struct ioasid_page_fault *)fault)->cookie;
		f->cookies[2] = fault[1].cookie;
		f->cookies[3]++;
	}
	return fuzz_call_is(f, "read", rc, (rc >= 0 && (size_t)rc <= len) || rc == -EBADF ||
			    rc == -EINVAL || rc == -EFAULT || rc == -ESPIPE || rc == -EIO ||
			    rc == -ENOMEM);
}

/* Of a device: its configuration space and its BAR. */
static bool pread_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_proc *proc = f->procs[proc_of(rec)].proc;
	uint64_t at = rec->nr_spoils & 2 ? value_of(rec, 1) :
					   (uint64_t)(rec->id[1] % 9u) << 40 | rec->id[2] * 17u;
	int fd = fuzz_fd(f, proc_of(rec), rec->id[0] & 1 ? FK_CDEV : FK_DEVICE, rec->file);
	size_t len;
	void *buf = buffer(rec, &len);
	ssize_t rc;

	if (fd < 0 || rec->file >= 0xe0)
		fd = any_fd(f, rec);
	fuzz_arena->fail = rec->fail <= 12 ? rec->fail : 0;
	rc = rec->id[0] & 2 ? iommu_ref_pwrite(proc, fd, buf, len, at) :
			      iommu_ref_pread(proc, fd, buf, len, at);
	fuzz_arena->fail = 0;
	return fuzz_call_is(f, "pread, pwrite", rc, (rc >= 0 && (size_t)rc <= len) ||
			    rc == -EBADF || rc == -EINVAL || rc == -EFAULT || rc == -ESPIPE ||
			    rc == -EIO || rc == -ENOMEM);
}

static bool write_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_hwpt_page_response *resp = (void *)arena_page(ARENA_DATA);
	unsigned int proc = proc_of(rec);
	int fd = rec->file >= 0xf0 ? any_fd(f, rec) : fuzz_fd(f, proc, FK_FAULT, rec->file);
	size_t len;
	void *buf = buffer(rec, &len);
	ssize_t rc;

	if (fd < 0)
		return true;
	for (unsigned int i = 0; i < 5; i++)
		resp[i] = (struct iommu_hwpt_page_response){
			.cookie = rec->id[1] & 0x80 ? rec->id[2] : f->cookies[(i + rec->id[1]) % 4],
			.code = rec->id[2] % 3 };
	rc = iommu_ref_write(f->procs[proc].proc, fd, buf, len);
	return fuzz_call_is(f, "write", rc, (rc >= 0 && (size_t)rc <= len) || rc == -EBADF ||
			    rc == -EINVAL || rc == -EFAULT || rc == -ESPIPE || rc == -EIO ||
			    rc == -ENOMEM);
}

static bool poll_file(struct fuzz *f, const struct fuzz_rec *rec)
{
	short events = (short)value_of(rec, 0);
	int rc = iommu_ref_poll(f->procs[proc_of(rec)].proc, any_fd(f, rec), events);

	return fuzz_call_is(f, "poll", rc, rc >= 0 && !(rc & ~(events | POLLNVAL | POLLERR |
							       POLLHUP)));
}

/* ---- devices */

static uint64_t address(const struct fuzz_rec *rec)
{
	if (rec->nr_spoils & 2)
		return value_of(rec, 1);
	return IOVA + rec->variant / 2 * 256u;
}

static struct iommu_ref_dma request(const struct fuzz_rec *rec)
{
	static __thread uint8_t buf[2 * PG];

	return (struct iommu_ref_dma){
		.device = rec->id[0] % 6u, .has_pasid = rec->id[1] & 1, .write = rec->variant & 1,
		.pasid = rec->id[1] & 0x80 ? (uint32_t)value_of(rec, 0) : rec->id[1] / 2 % 5u,
		.iova = address(rec), .buf = buf, .len = 1 + rec->id[2] * 32u,
		.at = rec->more % 4u ? IOMMU_REF_DMA_UNTRANSLATED : rec->more / 4 % 3u,
	};
}

static bool dma(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_dma req = request(rec);
	struct iommu_ref_fault fault;
	int rc = iommu_ref_dma(f->ref, &req, &fault);

	return fuzz_call_is(f, "dma", rc, !rc || rc == -EFAULT || rc == -ENODEV);
}

static bool ats(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_dma req = request(rec);
	struct iommu_ref_ats_completion done;
	uint32_t pasid;
	int rc = iommu_ref_ats_translate(f->ref, &req, &done);

	iommu_ref_atc_cached(f->ref, &req);
	iommu_ref_wire_pasid(f->ref, req.device, req.has_pasid, req.pasid, &pasid);
	return fuzz_call_is(f, "ats_translate", rc, !rc || rc == -EFAULT || rc == -ENODEV);
}

static bool translate(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_dma req = request(rec);
	struct iommu_ref_fault fault;
	uint64_t pa;
	int rc = iommu_ref_translate(f->ref, &req, &pa, &fault);

	iommu_ref_iotlb_cached(f->ref, &req);
	return fuzz_call_is(f, "translate", rc, !rc || rc == -EFAULT || rc == -ENODEV);
}

static bool page_request(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_dma req = request(rec);
	int rc;

	fuzz_arena->fail = rec->fail <= 12 ? rec->fail : 0;
	rc = iommu_ref_page_request(f->ref, &(struct iommu_ref_page_request){
		.device = req.device, .has_pasid = req.has_pasid, .pasid = req.pasid,
		.last = !(rec->variant & 2), .read = !(rec->variant & 4),
		.write = rec->variant & 1, .exec = rec->variant & 8, .priv = rec->variant & 16,
		.grpid = rec->id[2] & 0x80 ? (uint16_t)value_of(rec, 2) : rec->id[2],
		.iova = req.iova });
	fuzz_arena->fail = 0;
	return fuzz_call_is(f, "page_request", rc, !rc || rc == -ENODEV || rc == -EINVAL ||
			    rc == -ENOMEM);
}

static bool pop(struct fuzz *f, const struct fuzz_rec *rec)
{
	struct iommu_ref_page_response resp;
	struct iommu_ref_fault fault;
	int rc = iommu_ref_fault_pop(f->ref, &fault);

	if (!fuzz_call_is(f, "fault_pop", rc, rc == 0 || rc == 1))
		return false;
	rc = iommu_ref_page_response_pop(f->ref, rec->id[0] % 9u, &resp);
	return fuzz_call_is(f, "page_response_pop", rc, rc == 0 || rc == 1 || rc == -ENODEV);
}

/* ---- the guest's memory */

/* Tables of the machine's own format in the first pages, and the context descriptors of an SMMU. */
static bool guest_table(struct fuzz *f, const struct fuzz_rec *rec)
{
	bool arm = f->cfg.vendor == IOMMU_REF_SMMUV3;
	uint64_t bits = arm ? 0x3 : 0x7, leaf = arm ? 0x3 | 1 << 10 | 1 << 6 | 1 << 11 : 0x67;

	(void)rec;
	if (f->blind)
		return true;
	for (unsigned int page = 0; page < 4; page++) {
		uint64_t *table = (uint64_t *)arena_page(ARENA_GUEST + page);

		for (unsigned int i = 0; i < 512; i++)
			table[i] = page < 3 ? (IOVA + (page + 1) * PG) | bits :
					      (IOVA + (5 + i % 16) * PG) | leaf;
	}
	for (unsigned int i = 0; arm && i < 16; i++) {
		uint64_t *cd = (uint64_t *)arena_page(ARENA_GUEST + 4) + i * 8;

		cd[0] = 1ull << 31 | 16 | 1ull << 30 | 5ull << 32 | 1ull << 41 | 7ull << 45 |
			(uint64_t)(1 + i) << 48;
		cd[1] = IOVA;
	}
	return true;
}

static bool poke(struct fuzz *f, const struct fuzz_rec *rec)
{
	uint64_t *word = (uint64_t *)arena_page(ARENA_GUEST + rec->id[0] % ARENA_GUEST_PAGES);

	if (!f->blind)
		word[(rec->id[1] | rec->id[2] << 8) % 512] = value_of(rec, 0);
	return true;
}

/* ---- the list */

#define OPS_MAX 192u

static const struct fuzz_op basic[] = {
	{ .name = "open iommu", .run = open_iommu },
	{ .name = "open container", .run = open_container },
	{ .name = "open ioasid", .run = open_ioasid }, { .name = "create vm", .run = create_vm },
	{ .name = "pread", .run = pread_file }, { .name = "ats", .run = ats },
	{ .name = "open group", .run = open_group }, { .name = "open cdev", .run = open_cdev },
	{ .name = "open other", .run = open_other }, { .name = "close", .run = close_file },
	{ .name = "pass_fd", .run = pass_file }, { .name = "exit", .run = exit_proc },
	{ .name = "read", .run = read_file }, { .name = "write", .run = write_file },
	{ .name = "poll", .run = poll_file }, { .name = "dma", .run = dma },
	{ .name = "translate", .run = translate }, { .name = "page request", .run = page_request },
	{ .name = "pop", .run = pop }, { .name = "guest table", .run = guest_table },
	{ .name = "poke", .run = poke },
};

#define MOCK(op) { .name = #op, .kind = FK_IOMMUFD, .cmd = MOCK_IOCTL, .mock_op = op, \
		   .filler = &fuzz_mock }
static const struct fuzz_op mock[] = {
	MOCK(MOCK_ADD_RESERVED), MOCK(MOCK_NEW_DEVICE), MOCK(MOCK_CHECK_MAP),
	MOCK(MOCK_CHECK_REFS), MOCK(MOCK_CREATE_ACCESS), MOCK(MOCK_UNPIN), MOCK(MOCK_PIN),
	MOCK(MOCK_RW), MOCK(MOCK_SET_MEMORY_LIMIT), MOCK(MOCK_REPLACE),
	MOCK(MOCK_ACCESS_REPLACE_IOAS), MOCK(MOCK_NEW_DEVICE_FLAGS), MOCK(MOCK_SET_DIRTY),
	MOCK(MOCK_CHECK_IOTLB), MOCK(MOCK_TRIGGER_IOPF), MOCK(MOCK_CHECK_CACHE),
	MOCK(MOCK_TRIGGER_VEVENT), MOCK(MOCK_PASID_ATTACH), MOCK(MOCK_PASID_REPLACE),
	MOCK(MOCK_PASID_DETACH), MOCK(MOCK_PASID_CHECK), MOCK(MOCK_DMABUF_GET),
	MOCK(MOCK_DMABUF_REVOKE),
};

static struct {
	struct fuzz_op op[OPS_MAX];
	size_t nr;
	uint8_t of[2][OPS_MAX];		/* those of hardware, those of the mock driver */
	size_t nr_of[2];
} list;

static void add(struct fuzz_op op)
{
	bool vfio_only = op.kind == FK_CONTAINER || op.kind == FK_GROUP || op.kind == FK_CDEV ||
			 op.kind == FK_DEVICE || op.kind == FK_IOASID || op.kind == FK_KVM;

	if (list.nr == OPS_MAX)
		return;
	list.op[list.nr] = op;
	if (!op.mock_op)
		list.of[0][list.nr_of[0]++] = (uint8_t)list.nr;
	if (!vfio_only)
		list.of[1][list.nr_of[1]++] = (uint8_t)list.nr;
	list.nr++;
}

static const struct fuzz_filler *filler_of(const struct uapi_ioctl *i)
{
	if (!strcmp(i->uapi, "iommufd"))
		return &fuzz_iommufd;
	return !strcmp(i->uapi, "ioasid") ? &fuzz_ioasid : &fuzz_vfio;
}

/* Of the file of a device that a group does not give. */
static bool cdev_only(const struct uapi_ioctl *i)
{
	return !strcmp(i->uapi, "ioasid") || i->cmd == VFIO_DEVICE_BIND_IOMMUFD ||
	       i->cmd == VFIO_DEVICE_ATTACH_IOMMUFD_PT || i->cmd == VFIO_DEVICE_DETACH_IOMMUFD_PT;
}

static void add_ioctl(const struct uapi_ioctl *i)
{
	static const struct {
		enum uapi_fd_kind fds;
		enum fuzz_kind kind;
	} kinds[] = {
		{ UAPI_FD_IOMMUFD, FK_IOMMUFD }, { UAPI_FD_VFIO_CONTAINER, FK_CONTAINER },
		{ UAPI_FD_VFIO_GROUP, FK_GROUP }, { UAPI_FD_VFIO_DEVICE, FK_CDEV },
		{ UAPI_FD_VFIO_DEVICE, FK_DEVICE }, { UAPI_FD_IOASID, FK_IOASID },
		{ UAPI_FD_KVM, FK_KVM },
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if ((i->fds & kinds[k].fds) && !(kinds[k].kind == FK_DEVICE && cdev_only(i)))
			add((struct fuzz_op){ .name = i->name, .kind = kinds[k].kind,
				.cmd = i->cmd, .uapi = i,
				.filler = filler_of(i) });
}

const struct fuzz_op *fuzz_ops(size_t *n)
{
	const struct uapi_ioctl *table;
	size_t nr;

	if (!list.nr) {
		table = uapi_ioctl_table(&nr);
		for (size_t i = 0; i < ARRAY_SIZE(basic); i++)
			add(basic[i]);
		for (size_t i = 0; i < nr; i++)
			add_ioctl(&table[i]);
		for (size_t i = 0; i < ARRAY_SIZE(mock); i++)
			add(mock[i]);
	}
	*n = list.nr;
	return list.op;
}

const struct fuzz_op *fuzz_op(const struct fuzz *f, uint8_t op)
{
	return &list.op[list.of[f->mock][op % list.nr_of[f->mock]]];
}

const struct fuzz_op *fuzz_op_named(const char *name, enum fuzz_kind kind)
{
	for (size_t i = 0; i < list.nr; i++)
		if (!strcmp(list.op[i].name, name) && list.op[i].kind == kind)
			return &list.op[i];
	return NULL;
}

int fuzz_op_byte(bool mock_machine, const struct fuzz_op *op)
{
	for (size_t i = 0; i < list.nr_of[mock_machine] && i < 256; i++)
		if (&list.op[list.of[mock_machine][i]] == op)
			return (int)i;
	return -1;
}
