// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Kernel drivers that use the memory of an IOAS by themselves, as mdevs do: they read and write it,
 * or pin it. A test has such a driver as a file.
 */
#include <errno.h>
#include <stdlib.h>

#include "mock.h"

#define LENGTH_MAX (16u << 20)

/* ---- pins */

/* Calls @fn for each area of [@iova, @iova + @len) with its part. -ENOENT: there is a hole. */
static int for_each_part(struct ioas *ioas, uint64_t iova, uint64_t len,
			 int (*fn)(void *arg, const struct iova_area *area, uint64_t va,
				   uint64_t n),
			 void *arg)
{
	const struct iova_area *area;
	uint64_t n;
	int rc;

	while (len) {
		area = iova_lookup(ioas->iova, iova);
		if (!area || area->first > iova)
			return -ENOENT;
		n = area->last - iova + 1 < len ? area->last - iova + 1 : len;
		rc = fn(arg, area, area->va + (iova - area->first), n);
		if (rc)
			return rc;
		iova += n;
		len -= n;
	}
	return 0;
}

struct pin_job {
	bool write;
	uint64_t iova, done;	/* bytes that were pinned */
};

static int check_part(void *arg, const struct iova_area *area, uint64_t va, uint64_t n)
{
	struct pin_job *job = arg;

	/* "the page offset of the IOVA must be the memory's" */
	if ((job->iova ^ va) & (PAGE_SIZE - 1))
		return -EINVAL;
	if (pages_export(area->pages))
		return -EINVAL;
	if (job->write && !pages_writable(area->pages))
		return -EPERM;
	job->iova += n;
	return 0;
}

static int pin_part(void *arg, const struct iova_area *area, uint64_t va, uint64_t n)
{
	struct pin_job *job = arg;
	int rc = pages_count_each(area->pages);

	if (!rc)
		rc = pages_pin(area->pages, va, n);
	if (!rc)
		job->done += n;
	return rc;
}

static int unpin_part(void *arg, const struct iova_area *area, uint64_t va, uint64_t n)
{
	(void)arg;
	pages_unpin(area->pages, va, n);
	return 0;
}

int access_pin(struct access *a, uint64_t iova, uint64_t length, bool write,
	       struct access_pin **out)
{
	struct pin_job job = { .write = write, .iova = iova };
	struct access_pin *pin;
	int rc;

	if (!a->ioas)
		return -ENOENT;
	if (!length)
		return -EINVAL;
	if (sum_overflows(iova, length - 1))
		return -EOVERFLOW;
	rc = for_each_part(a->ioas, iova, length, check_part, &job);
	if (rc)
		return rc;
	pin = calloc(1, sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	rc = for_each_part(a->ioas, iova, length, pin_part, &job);
	if (rc) {
		for_each_part(a->ioas, iova, job.done, unpin_part, NULL);
		free(pin);
		return rc;
	}
	*pin = (struct access_pin){
		.next = a->pins, .iova = iova, .length = length, .id = a->next_id++,
	};
	a->pins = pin;
	*out = pin;
	return 0;
}

void access_unpin(struct access *a, struct access_pin *pin)
{
	struct access_pin **p = &a->pins;

	while (*p != pin)
		p = &(*p)->next;
	*p = pin->next;
	for_each_part(a->ioas, pin->iova, pin->length, unpin_part, NULL);
	free(pin);
}

/* ---- the IOAS */

uint64_t mock_ioas_alignment(struct ioas *ioas)
{
	for (const struct access *a = ioas->accesses; a; a = a->next)
		if (a->needs_pin)
			return PAGE_SIZE;
	return 1;
}

/* "All existing areas must conform" */
static bool areas_aligned(struct ioas *ioas)
{
	const struct iova_area *area = iova_lookup(ioas->iova, 0);

	while (area) {
		if ((area->first | (area->last + 1) | area->va) & (PAGE_SIZE - 1))
			return false;
		area = area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1);
	}
	return true;
}

int access_attach(struct access *a, struct ioas *ioas)
{
	if (a->needs_pin && ioas->alignment < PAGE_SIZE && !areas_aligned(ioas))
		return -EADDRINUSE;
	a->ioas = ioas;
	a->next = ioas->accesses;
	ioas->accesses = a;
	ioas->obj.users++;
	ioas_update_alignment(ioas);
	return 0;
}

void access_detach(struct access *a)
{
	struct access **p = &a->ioas->accesses;
	struct ioas *ioas = a->ioas;

	while (a->pins)
		access_unpin(a, a->pins);
	while (*p != a)
		p = &(*p)->next;
	*p = a->next;
	a->ioas = NULL;
	ioas->obj.users--;
	ioas_update_alignment(ioas);
}

static struct access_pin *overlapping(const struct access *a, uint64_t first, uint64_t last)
{
	struct access_pin *pin = a->pins;

	while (pin && (pin->iova > last || pin->iova + pin->length - 1 < first))
		pin = pin->next;
	return pin;
}

int mock_ioas_unmap(struct ioas *ioas, uint64_t first, uint64_t last)
{
	struct access_pin *pin;
	struct access *a;

	for (a = ioas->accesses; a; a = a->next)
		if (a->stays && overlapping(a, first, last))
			return -EBUSY;
	for (a = ioas->accesses; a; a = a->next)
		while ((pin = overlapping(a, first, last)))
			access_unpin(a, pin);
	return 0;
}

/* ---- the file */

struct access_file {
	struct access access;
	struct ref_file *iommufd;	/* kept open */
};

static void access_release(struct ref_file *f)
{
	struct access_file *af = f->priv;

	access_detach(&af->access);
	file_put(af->iommufd);
	free(af);
}

static const struct ref_file_ops access_file_ops = {
	.release = access_release,
};

static struct access *access_get(struct ucmd *u)
{
	struct ref_file *f = file_get(u->caller, (int)((struct mock_cmd *)u->cmd)->id,
				      &access_file_ops);

	return f ? &((struct access_file *)f->priv)->access : NULL;
}

int mock_create_access(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	struct ioas *ioas = object_get(u->ictx, cmd->id, OBJECT_IOAS);
	struct access_file *af;
	int rc, fd;

	if (cmd->create_access.flags & ~MOCK_ACCESS_PINS)
		return -EOPNOTSUPP;
	if (!ioas)
		return -ENOENT;
	af = calloc(1, sizeof(*af));
	if (!af)
		return -ENOMEM;
	af->access.needs_pin = cmd->create_access.flags;
	rc = access_attach(&af->access, ioas);
	if (rc) {
		free(af);
		return rc;
	}
	fd = file_install(u->caller, &access_file_ops, af);
	if (fd < 0) {
		access_detach(&af->access);
		free(af);
		return fd;
	}
	af->iommufd = u->file;
	file_hold(u->file);
	cmd->create_access.out_fd = (uint32_t)fd;
	rc = ucmd_respond(u, sizeof(*cmd));
	if (rc)
		file_close(u->caller, fd);
	return rc;
}

/* "the access is told to unmap everything" before it moves */
int mock_access_replace(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct access *a = access_get(u);
	struct ioas *ioas, *old;
	int rc;

	if (!a)
		return -EBADFD;
	/* Of the access's own iommufd, whichever file was asked. */
	ioas = object_get(a->ioas->obj.ictx, cmd->access_replace.ioas_id, OBJECT_IOAS);
	if (!ioas)
		return -ENOENT;
	old = a->ioas;
	if (ioas == old)
		return 0;
	if (a->needs_pin && ioas->alignment < PAGE_SIZE && !areas_aligned(ioas))
		return -EADDRINUSE;
	access_detach(a);
	rc = access_attach(a, ioas);
	return rc;
}

/* ---- commands */

/* The @nr-th area's offset, which is how syzkaller names an IOVA. */
static uint64_t syz_iova(struct ioas *ioas, uint64_t iova)
{
	uint32_t nth = (uint32_t)iova, offset = (uint32_t)(iova >> 32);
	const struct iova_area *area = iova_lookup(ioas->iova, 0);

	while (area && nth--)
		area = area->last == UINT64_MAX ? NULL : iova_lookup(ioas->iova, area->last + 1);
	return area ? area->first + offset : 0;
}

struct compare {
	uint64_t uptr;
};

/* Are these the pages at uptr? */
static int compare_part(void *arg, const struct iova_area *area, uint64_t va, uint64_t n)
{
	struct compare *c = arg;
	uint64_t page = va & ~(PAGE_SIZE - 1);

	(void)area;
	for (; page < va + n; page += PAGE_SIZE, c->uptr += PAGE_SIZE)
		if (!mock_same_page(page, c->uptr))
			return -EBADE;
	return 0;
}

int mock_pin(struct ucmd *u)
{
	struct mock_cmd *cmd = u->cmd;
	struct access *a = access_get(u);
	uint64_t iova = cmd->pin.iova;
	struct compare c;
	struct access_pin *pin;
	int rc;

	if (cmd->pin.length > LENGTH_MAX)
		return -ENOMEM;
	if (cmd->pin.flags & ~(MOCK_PIN_WRITE | MOCK_SYZ))
		return -EOPNOTSUPP;
	if (!a)
		return -EBADFD;
	if (!a->needs_pin)
		return -EOPNOTSUPP;
	if (cmd->pin.flags & MOCK_SYZ)
		iova = syz_iova(a->ioas, iova);
	rc = access_pin(a, iova, cmd->pin.length, cmd->pin.flags & MOCK_PIN_WRITE, &pin);
	if (rc)
		return rc;
	c.uptr = cmd->pin.uptr - (iova & (PAGE_SIZE - 1));
	if (cmd->pin.uptr)
		rc = for_each_part(a->ioas, iova, cmd->pin.length, compare_part, &c);
	if (!rc) {
		cmd->pin.out_pin_id = pin->id;
		rc = ucmd_respond(u, sizeof(*cmd));
	}
	if (rc)
		access_unpin(a, pin);
	return rc;
}

int mock_unpin(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct access *a = access_get(u);
	struct access_pin *pin;

	if (!a)
		return -EBADFD;
	for (pin = a->pins; pin && pin->id != cmd->unpin.pin_id;)
		pin = pin->next;
	if (!pin)
		return -ENOENT;
	access_unpin(a, pin);
	return 0;
}

struct rw_job {
	bool write;
	char *buf;
};

static bool all_pinned(const struct pages *p, uint64_t va, uint64_t n)
{
	for (uint64_t at = va & ~(PAGE_SIZE - 1); at < va + n; at += PAGE_SIZE)
		if (!pages_pins(p, at))
			return false;
	return true;
}

static int rw_part(void *arg, const struct iova_area *area, uint64_t va, uint64_t n)
{
	struct rw_job *job = arg;
	bool pin = !all_pinned(area->pages, va, n);
	int rc;

	if (pages_export(area->pages))
		return -EINVAL;
	if (job->write && !pages_writable(area->pages))
		return -EPERM;
	/* The pages are there while they are copied. */
	rc = pin ? pages_pin(area->pages, va, n) : 0;
	if (rc)
		return rc;
	rc = job->write ? copy_to_user(user_ptr(va), job->buf, n) :
			  copy_from_user(job->buf, user_ptr(va), n);
	if (pin)
		pages_unpin(area->pages, va, n);
	job->buf += n;
	return rc;
}

int mock_rw(struct ucmd *u)
{
	const struct mock_cmd *cmd = u->cmd;
	struct access *a = access_get(u);
	uint64_t iova = cmd->rw.iova, len = cmd->rw.length;
	struct rw_job job = { .write = cmd->rw.flags & MOCK_RW_WRITE };
	char *buf;
	int rc = 0;

	if (len > LENGTH_MAX)
		return -ENOMEM;
	if (cmd->rw.flags & ~(MOCK_RW_WRITE | MOCK_RW_SLOW | MOCK_SYZ))
		return -EOPNOTSUPP;
	if (!a)
		return -EBADFD;
	buf = malloc(len ? len : 1);
	if (!buf)
		return -ENOMEM;
	job.buf = buf;
	if (job.write)
		rc = copy_from_user(buf, user_ptr(cmd->rw.uptr), len);
	if (cmd->rw.flags & MOCK_SYZ)
		iova = syz_iova(a->ioas, iova);
	if (!rc && !len)
		rc = -EINVAL;
	if (!rc && sum_overflows(iova, len - 1))
		rc = -EOVERFLOW;
	if (!rc)
		rc = for_each_part(a->ioas, iova, len, rw_part, &job);
	if (!rc && !job.write)
		rc = copy_to_user(user_ptr(cmd->rw.uptr), buf, len);
	free(buf);
	return rc;
}
