/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the harness's own files share: the two kinds of subject as operations, actors, guard pages,
 * the shared arena and the record. Tests of the harness may look in here; nobody else.
 */
#ifndef CTS_INTERNAL_H
#define CTS_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include "cts.h"
#include "iommu_ref.h"
#include "names.h"
#include "requirement.h"

#define CTS_REASON_LEN 512
#define CTS_DAMAGE_LEN 256

/* ---- guard.c */

/* Pages between two unmapped ones. An argument lies at their very end. */
struct guard {
	uint8_t *map;
	uint8_t *start, *end;
};
int guard_init(struct guard *g, size_t room);
void guard_fini(struct guard *g);

typedef long (*guard_fn)(void *ctx, void *arg);
/*
 * Copies @arg to the end of the pages, calls @fn with that copy, copies back. Text goes to
 * @damage[CTS_DAMAGE_LEN] when a byte in front of the argument changed, else it is emptied.
 * Returns what @fn returned, or -ENOMEM.
 */
long guard_call(struct guard *g, void *arg, size_t size, guard_fn fn, void *ctx, char *damage);

/* ---- inputs.c */

/* A copy of the array behind an argument that the subject must only read. */
struct input {
	const char *field;
	uint64_t addr;
	size_t len;
	void *copy;	/* NULL: nothing to compare */
};
/*
 * @arg: the argument struct, @size bytes of it. Never fails: what cannot be read is not compared.
 */
void input_take(struct input *in, unsigned long cmd, unsigned int kind, const void *arg,
		size_t size);
/* Text when the array changed, else @damage is left alone. Releases the copy. */
void input_compare(struct input *in, char *damage);

/* ---- memory.c */

struct arena {
	uint8_t *base;
	size_t len, used;
};
int arena_init(struct arena *m);
void arena_fini(struct arena *m);

/* ---- record.c */

#define REC_IOCTLS 96
#define REC_FIELDS 16
#define REC_ERRNOS 1024

struct ioctl_record {
	const struct uapi_ioctl *known;	/* NULL: not in uapi's tables */
	unsigned long cmd;
	uint64_t calls;
	/*
	 * By index of the argument's fields: bits seen set, or choices seen as bits of their index.
	 */
	uint64_t seen[REC_FIELDS];
	uint8_t errnos[REC_ERRNOS / 8];
};

struct check_record {
	const char *id;
	unsigned int checks;
	bool failed;
};

#define REC_CHECKS 64
struct record {
	bool emitted;
	struct ioctl_record ioctls[REC_IOCTLS];
	size_t nr_ioctls;
	struct check_record checks[REC_CHECKS];
	size_t nr_checks;
	bool has_outcome;
	enum cts_outcome outcome;
	char reason[CTS_REASON_LEN * 4];
	char damage[CTS_REASON_LEN];
};
void rec_ioctl(struct record *r, unsigned int kind, unsigned long cmd, const void *arg, size_t size,
		  long rc);
void rec_check(struct record *r, const char *id);
/* A check of @id, which rec_check() knows, failed. */
void rec_failed(struct record *r, const char *id);
/* The first one stays: what comes later follows from it. */
void rec_outcome(struct record *r, enum cts_outcome o, const char *reason);
/* One JSON line to CTS_RECORD_FD, once. */
void rec_emit(struct cts *c);

/* ---- actors and subjects */

struct cts_fd {
	int fd;
	unsigned int kind;	/* enum uapi_fd_kind, 0: none of them */
};

struct cts_actor {
	struct cts *c;
	unsigned int nr;	/* 0: the test */
	bool alive;
	struct cts_fd *fds;
	size_t nr_fds;
	struct iommu_ref_proc *proc;	/* reference */
	pid_t pid;			/* kernel, actor 1 */
	int sock;
};

struct ioctl_call {
	int fd;
	unsigned long cmd;
	void *arg;
	size_t size;
	bool raw;	/* the pointer goes to the subject as it is */
};

/* All return >= 0 or -errno. Actors have been checked to be alive. */
struct subject_ops {
	int (*begin)(struct cts *c);	/* subject is known and the variant fits */
	void (*end)(struct cts *c);
	int (*actor_create)(struct cts_actor *a);
	void (*actor_kill)(struct cts_actor *a);
	int (*pass_fd)(struct cts_actor *from, int fd, struct cts_actor *to);
	int (*open)(struct cts_actor *a, const char *path, int flags);
	int (*close)(struct cts_actor *a, int fd);
	long (*ioctl)(struct cts_actor *a, const struct ioctl_call *call, char *damage);
	ssize_t (*read)(struct cts_actor *a, int fd, void *buf, size_t len);
	ssize_t (*write)(struct cts_actor *a, int fd, const void *buf, size_t len);
	ssize_t (*pread)(struct cts_actor *a, int fd, void *buf, size_t len, uint64_t off);
	ssize_t (*pwrite)(struct cts_actor *a, int fd, const void *buf, size_t len, uint64_t off);
	int (*poll)(struct cts_actor *a, int fd, short events, int timeout_ms);
	int (*mmap)(struct cts_actor *a, int fd, uint64_t off, size_t len, void **out);
	/* memory that was just made accessible at @addr */
	int (*memory)(struct cts *c, void *addr, size_t len);
};
extern const struct subject_ops reference_ops, kernel_ops;

#define CTS_MAX_MMAPS 32
#define CTS_MAX_DEFERS 64

/* The last ioctl as it was asked for, and its answer. */
struct last_call {
	bool made;
	unsigned int kind;
	unsigned long cmd;
	long rc;
	size_t size;	/* of what is known of the argument */
	uint8_t arg[256];
};

struct cts_priv {
	const struct subject_ops *ops;
	struct cts_actor actors[2];
	struct guard guard;
	struct arena arena;
	struct record rec;
	struct iommu_ref *ref;
	const struct cts_machine *machine;	/* NULL: the default one */
	const char *defect;
	char version[64];		/* of the kernel that is, or that the reference follows */
	const char *const *ids;		/* what the running test cites */
	bool began;			/* ops->begin() succeeded */
	pid_t owner;
	struct { void *addr; size_t len; } mmaps[CTS_MAX_MMAPS];
	size_t nr_mmaps;
	struct { void (*fn)(void *arg); void *arg; } defers[CTS_MAX_DEFERS];
	size_t nr_defers;
	char skip[CTS_REASON_LEN];
	struct last_call last;
	char last_text[CTS_REASON_LEN];
	char message[CTS_REASON_LEN * 4];
};

static inline struct cts_priv *cts_priv(const struct cts *c)
{
	return c->priv;
}

/* fd.c: what each descriptor of an actor is */
unsigned int fd_kind(const struct cts_actor *a, int fd);
unsigned int fd_kind_of_path(const char *path);
void fd_add(struct cts_actor *a, int fd, unsigned int kind);
void fd_remove(struct cts_actor *a, int fd);
/* Descriptors that an ioctl gave: in @rc or in a field of @arg. */
void fd_add_results(struct cts_actor *a, const struct ioctl_call *call, long rc);

/* describe.c: "IOMMU_IOAS_MAP flags=FIXED_IOVA|WRITEABLE = -EEXIST" */
void describe_call(char *buf, size_t len, unsigned int kind, unsigned long cmd, const void *arg,
		   size_t size, long rc);
/* A value's name without what all names of its set (and the field) begin with. */
const char *describe_short(const struct uapi_set *set, const char *field, const char *name);

/* ---- actor.c: the kernel's second actor */
int actor_spawn(struct cts_actor *a);
void actor_end(struct cts_actor *a, bool kill_it);
enum actor_op {
	ACTOR_OPEN = 1, ACTOR_CLOSE, ACTOR_IOCTL, ACTOR_IOCTL_RAW, ACTOR_READ, ACTOR_WRITE,
	ACTOR_PREAD, ACTOR_PWRITE, ACTOR_POLL, ACTOR_PROTECT, ACTOR_TAKE_FD, ACTOR_GIVE_FD,
};
struct actor_req {
	uint32_t op;
	int32_t fd;
	uint64_t cmd, arg, off;
	uint64_t in_len;	/* bytes that follow */
	uint64_t out_len;	/* bytes wanted back at most */
};
/* -ESRCH: the actor is gone. @damage may be NULL. */
long actor_call(struct cts_actor *a, const struct actor_req *req, const void *in, void *out,
		char *damage);
int actor_give_fd(struct cts_actor *a, int fd);		/* descriptor number in the actor */
int actor_take_fd(struct cts_actor *a, int fd);		/* descriptor number here */
long kernel_ioctl_local(struct guard *g, const struct ioctl_call *call, char *damage);

/* ---- sysfs.c. @root: "" or CTS_SYSROOT. Text "OUTCOME: why" goes to @why[CTS_REASON_LEN]. */
int sysfs_device(const char *root, const char *bdf, struct cts_device *d, char *why);
/* Architecture of the IOMMU of @bdf, or (NULL) of the first one there is. */
int sysfs_arch(const char *root, const char *bdf, enum cts_arch *arch, char *why);

/* ---- environment.c */
struct subject_env {
	enum cts_subject_kind subject;
	const char *defect;	/* or NULL */
	const char *sysroot;	/* "" */
	unsigned int nr_devices;
	char bdf[CTS_MAX_DEVICES][16];
};
/* 0, or -EINVAL with one line in @why[CTS_REASON_LEN]. */
int subject_env_parse(struct subject_env *env, char *why);

const char *cts_profile_name(unsigned int profile);	/* "v7-reviewed", ... */
/* Does @r hold for @c? NULL, or why not, in @buf. */
const char *requirement_misfit(const struct cts *c, const struct cts_requirement *r, char *buf,
			       size_t len);
/* -1, 0, 1 as "6.2" and "7.2.1-foo" compare, by number; missing parts are equal. */
int version_compare(const char *a, const char *b);

void copy_text(char *dst, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif
