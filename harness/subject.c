// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the subject of a test: finds out whether the variant can run there, and why not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"

/*
 * The kernel that the reference's iommufd follows: what holds since or until a version is judged by
 * it.
 */
#define REFERENCE_FOLLOWS "7.2"

struct whole {
	struct cts c;
	struct cts_priv p;
};

const char *cts_skip_reason(const struct cts *c)
{
	if (!c)
		return "broken: no memory for the test";
	return cts_priv(c)->skip[0] ? cts_priv(c)->skip : NULL;
}

static void skip(struct cts *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void skip(struct cts *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cts_priv(c)->skip, CTS_REASON_LEN, fmt, ap);
	va_end(ap);
}

static int begin_reference(struct cts *c)
{
	struct cts_priv *p = cts_priv(c);

	p->ops = &reference_ops;
	copy_text(p->version, sizeof(p->version), "%s", REFERENCE_FOLLOWS);
	c->arch = c->v.arch == CTS_ARCH_ANY ? CTS_VTD : c->v.arch;
	if (c->v.profile == CTS_IOASID_RFC) {
		skip(c, "not-supported: the suite does not speak /dev/ioasid");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int begin_kernel(struct cts *c, const struct subject_env *env)
{
	struct cts_priv *p = cts_priv(c);
	struct utsname uts;
	char path[512];

	p->ops = &kernel_ops;
	if (!uname(&uts))
		copy_text(p->version, sizeof(p->version), "%s", uts.release);
	if (p->machine && c->v.profile == CTS_IOMMUFD) {
		skip(c, "env-missing: the test wants a machine of its own, which only a model is");
		return -ENODEV;
	}
	if (c->v.profile != CTS_IOMMUFD) {
		skip(c, c->v.profile & CTS_V7 ? "not-supported: VFIO nesting v7 was never merged"
					      : "not-supported: /dev/ioasid was never merged");
		return -EOPNOTSUPP;
	}
	copy_text(path, sizeof(path), "%s/dev/iommu", env->sysroot);
	if (access(path, F_OK)) {
		skip(c, "env-missing: no /dev/iommu: the kernel needs CONFIG_IOMMUFD");
		return -ENODEV;
	}
	for (unsigned int i = 0; i < env->nr_devices; i++) {
		struct cts_device *d = &c->devices[i];

		d->index = i;
		if (sysfs_device(env->sysroot, env->bdf[i], d, p->skip))
			return -ENODEV;
	}
	c->nr_devices = env->nr_devices;
	if (sysfs_arch(env->sysroot, c->nr_devices ? c->devices[0].bdf : NULL, &c->arch, p->skip))
		return -ENODEV;
	if (c->v.arch != CTS_ARCH_ANY && c->v.arch != c->arch) {
		skip(c, "not-applicable: this IOMMU is %s, the variant wants %s",
		     cts_arch_name(c->arch), cts_arch_name(c->v.arch));
		return -ENODEV;
	}
	return 0;
}

static void begin_subject(struct cts *c)
{
	struct cts_priv *p = cts_priv(c);
	struct subject_env env;
	char why[CTS_REASON_LEN];
	int rc;

	if (subject_env_parse(&env, why)) {
		skip(c, "broken: %.400s", why);
		return;
	}
	c->subject = env.subject;
	p->defect = env.defect;
	rc = env.subject == CTS_REFERENCE ? begin_reference(c) : begin_kernel(c, &env);
	if (rc)
		return;
	rc = arena_init(&p->arena);
	if (!rc)
		rc = guard_init(&p->guard, 4 * (size_t)sysconf(_SC_PAGESIZE));
	if (!rc)
		rc = p->ops->begin(c);
	if (rc) {
		skip(c, "broken: the subject cannot be set up: %s", uapi_errno_name(rc));
		return;
	}
	p->began = true;
	p->actors[0].alive = true;
}

struct cts *cts_begin(const struct cts_variant *variant)
{
	return cts_begin_on(variant, NULL);
}

struct cts *cts_begin_on(const struct cts_variant *variant, const struct cts_machine *machine)
{
	static struct whole none; /* for no memory: read only, cts_end() does nothing on it */
	struct whole *w = calloc(1, sizeof(*w));
	struct cts *c;

	if (!w) {
		none.c.priv = &none.p;
		copy_text(none.p.skip, sizeof(none.p.skip), "broken: no memory for the test");
		return &none.c;
	}
	c = &w->c;
	c->priv = &w->p;
	c->self = &w->p.actors[0];
	c->v = variant ? *variant : (struct cts_variant){ .profile = CTS_IOMMUFD };
	w->p.owner = getpid();
	w->p.machine = machine;
	for (unsigned int i = 0; i < 2; i++) {
		w->p.actors[i].c = c;
		w->p.actors[i].nr = i;
		w->p.actors[i].sock = -1;
	}
	begin_subject(c);
	/* A set-up that skips ends without its teardown. */
	if (w->p.skip[0])
		rec_emit(c);
	return c;
}

static void close_all(struct cts_actor *a)
{
	while (a->alive && a->nr_fds)
		cts_close(a->c, a, a->fds[a->nr_fds - 1].fd);
	free(a->fds);
	a->fds = NULL;
	a->nr_fds = 0;
}

void cts_end(struct cts *c)
{
	struct cts_priv *p = c ? cts_priv(c) : NULL;

	if (!p || !p->owner)
		return;
	/* A process that the test forked shares the descriptors' files, not the subject's end. */
	if (p->owner != getpid())
		return;
	while (p->nr_defers) {
		p->nr_defers--;
		p->defers[p->nr_defers].fn(p->defers[p->nr_defers].arg);
	}
	rec_emit(c);
	for (size_t i = 0; i < p->nr_mmaps; i++)
		munmap(p->mmaps[i].addr, p->mmaps[i].len);
	if (p->actors[1].alive)
		cts_kill_actor(c, &p->actors[1]);
	close_all(&p->actors[0]);
	close_all(&p->actors[1]);
	if (p->began)
		p->ops->end(c);
	guard_fini(&p->guard);
	arena_fini(&p->arena);
	free(c); /* the first member of struct whole */
}

int cts_defer(struct cts *c, void (*fn)(void *arg), void *arg)
{
	struct cts_priv *p = cts_priv(c);

	if (p->nr_defers == CTS_MAX_DEFERS)
		return -ENOSPC;
	p->defers[p->nr_defers].fn = fn;
	p->defers[p->nr_defers++].arg = arg;
	return 0;
}

struct cts_actor *cts_second_actor(struct cts *c)
{
	struct cts_priv *p = cts_priv(c);
	struct cts_actor *a = &p->actors[1];

	if (a->alive)
		return a;
	if (!p->began || p->ops->actor_create(a) < 0)
		return NULL;
	a->alive = true;
	return a;
}

void cts_kill_actor(struct cts *c, struct cts_actor *a)
{
	/* Actor 0 is this very process. */
	if (!a || !a->nr || !a->alive)
		return;
	cts_priv(c)->ops->actor_kill(a);
	a->alive = false;
	free(a->fds);
	a->fds = NULL;
	a->nr_fds = 0;
}

int cts_pass_fd(struct cts *c, struct cts_actor *from, int fd, struct cts_actor *to)
{
	int new;

	from = from ? from : c->self;
	to = to ? to : c->self;
	if (!from->alive || !to->alive)
		return -ESRCH;
	new = cts_priv(c)->ops->pass_fd(from, fd, to);
	if (new >= 0)
		fd_add(to, new, fd_kind(from, fd));
	return new;
}

struct iommu_ref *cts_ref(struct cts *c)
{
	return cts_priv(c)->ref;
}

int cts_ref_dma(struct cts *c, const struct iommu_ref_dma *dma, struct iommu_ref_fault *fault)
{
	struct iommu_ref *ref = cts_ref(c);

	return ref ? iommu_ref_dma(ref, dma, fault) : -ENODEV;
}
