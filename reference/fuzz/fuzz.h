/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The fuzzer of the reference's front ends. An input is a head, which says what machine to be and
 * what to set up on it, and records of one fixed size, each of which is one call. A record of
 * zeros is a call that is right, on objects that are there; its bytes then choose others, and spoil
 * what they say. So every sequence of bytes is a valid input, and small changes make small
 * differences.
 *
 * After each call: its errno is a documented one, and if it failed nothing changed. After the last
 * one everything is closed: nothing is left in the machine.
 */
#ifndef IOMMU_REF_FUZZ_H
#define IOMMU_REF_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../iommu_ref.h"
#include "../mock/abi.h"
#include "../../uapi/names.h"
#include "../../uapi/vfio.h"

#define PG 4096ull
#define FUZZ_PROCS 2u
#define FUZZ_FDS 64
#define FUZZ_IDS 256u		/* ids above are not remembered */
#define FUZZ_MAX_RECORDS 128u
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the input */

struct fuzz_head {
	uint8_t machine;	/* vendor, profile and mock */
	uint8_t preset;		/* what is set up before the first record */
	uint8_t config[6];
};

struct fuzz_spoil {
	uint8_t at;		/* which 32-bit word; from 128 on: of the data behind pointers */
	uint8_t how;
	uint8_t value[8];
};

struct fuzz_rec {
	uint8_t op;		/* of the machine's list */
	uint8_t proc;
	uint8_t file;		/* which of its files; the last values: one of any kind */
	uint8_t id[3];		/* which objects */
	uint8_t variant;	/* of the right call */
	uint8_t where;		/* the argument is */
	uint8_t size;		/* the argument's, 0: right */
	uint8_t fail;		/* the n-th allocation fails, 0: none */
	uint8_t nr_spoils;
	uint8_t more;
	struct fuzz_spoil spoil[3];
	uint8_t unused[6];
};
_Static_assert(sizeof(struct fuzz_head) == 8 && sizeof(struct fuzz_rec) == 48, "input format");

/* ---- memory of the "user" (memory.c) */

/*
 * Pages: arguments, data behind them, one that cannot be written, one that is not there, and the
 * memory that is mapped for DMA, page tables of guests in it.
 */
#define ARENA_ARG 0u
#define ARENA_DATA 1u		/* two pages, then a hole */
#define ARENA_HOLE 3u
#define ARENA_RO 4u		/* behind one that can be written */
#define ARENA_GUEST 6u
#define ARENA_GUEST_PAGES 26u
#define ARENA_PAGES (ARENA_GUEST + ARENA_GUEST_PAGES)

struct fuzz_arena {
	uint8_t *base;		/* ARENA_PAGES */
	const uint8_t *others;	/* of another thread, whose guest memory may be used, or NULL */
	bool threads;		/* the kernel moves all bytes */
	unsigned int fail;	/* the n-th allocation from now fails; 0: none */
	int memfd, memfd_ro;
};

/* The arena that the calls of this thread can reach; everything else is -EFAULT. NULL: none. */
extern __thread struct fuzz_arena *fuzz_arena;
int fuzz_arena_create(struct fuzz_arena *a);
static inline uint8_t *arena_page(unsigned int page)
{
	return fuzz_arena->base + page * PG;
}

/* ---- what is known about the machine */

enum fuzz_kind {
	FK_NONE,
	FK_IOMMUFD,
	FK_CONTAINER,
	FK_GROUP,
	FK_CDEV,
	FK_DEVICE,		/* from a group */
	FK_IOASID,
	FK_KVM,
	FK_FAULT,
	FK_VEVENTQ,
	FK_ACCESS,		/* mock */
	FK_DMABUF,		/* mock */
	FK_NR,
};

enum fuzz_type {
	FI_FREE, FI_IOAS, FI_HWPT, FI_NESTED, FI_DEVICE, FI_VIOMMU, FI_VDEVICE, FI_FAULT,
	FI_VEVENTQ, FI_HW_QUEUE, FI_SELFTEST,
};

struct fuzz_file {
	enum fuzz_kind kind;
	unsigned int refs;
	uint32_t number;		/* group or device */
	/* A container has a type, a cdev is bound. Where that is not known: false. */
	bool ready;
	uint8_t ids[FUZZ_IDS];		/* enum fuzz_type of each id */
};

struct fuzz_proc {
	struct iommu_ref_proc *proc;
	struct fuzz_file *fds[FUZZ_FDS];
};

struct fuzz {
	struct iommu_ref *ref;
	struct iommu_ref_config cfg;
	bool mock, blind;		/* blind: other threads make and close things as well */
	struct fuzz_proc procs[FUZZ_PROCS];
	uint32_t pasid, pin_id;		/* last ones that were made */
	uint32_t cookies[4];		/* page request groups that were read */
	const char *finding;		/* what is wrong; the call is in @report */
	char report[512];
};

/* ---- one call */

union fuzz_arg {
	uint8_t byte[512];
	uint32_t word[128];
	uint64_t qword[64];
};

struct fuzz_call {
	const struct fuzz_rec *rec;
	unsigned int proc;
	int fd;
	struct fuzz_file *file;		/* of fd, NULL: none */
	unsigned long cmd;
	enum fuzz_kind kind;		/* of the files it is for: numbers mean several things */
	const struct uapi_ioctl *uapi;	/* NULL: not in its tables */
	bool plain;			/* no struct: a number */
	union fuzz_arg arg;		/* before, and after */
	size_t size;			/* right */
	uint8_t *user;			/* where it is */
	uintptr_t number;
	long rc;
};

/* What a word of an argument is. */
enum fuzz_field_kind { FF_NUMBER, FF_KEEP, FF_POINTER, FF_MEMORY, FF_FD, FF_HOST_FD, FF_ID };
struct fuzz_field {
	uint16_t offset;
	uint8_t kind;
};

/* A kind of command: fills in the right call, and learns from its success. */
struct fuzz_filler {
	void (*fill)(struct fuzz *f, struct fuzz_call *c);
	void (*done)(struct fuzz *f, struct fuzz_call *c);
	const struct fuzz_field *(*fields)(const struct fuzz_call *c, size_t *n);
};
extern const struct fuzz_filler fuzz_iommufd, fuzz_vfio, fuzz_ioasid, fuzz_mock;

/* ---- engine.c */

extern bool fuzz_trace;		/* prints each call before it is made */

/* Runs an input. False: a finding, f->report says what. */
bool fuzz_run(struct fuzz *f, const uint8_t *data, size_t size);
/* The machine that the head asks for, without files. False: it cannot be made. */
bool fuzz_machine(struct fuzz *f, const struct fuzz_head *head);
/* What @preset sets up, in process 0. */
/* Ends all processes and the machine. False: something is left in it. */
bool fuzz_end(struct fuzz *f);
bool fuzz_one(struct fuzz *f, const struct fuzz_rec *rec);
bool fuzz_preset(struct fuzz *f, unsigned int preset);
/* An input that does preset @n and some calls on it; 0: there is none. */
size_t fuzz_seed(unsigned int n, uint8_t *data, size_t room);
/* Says what is wrong with a call: an ioctl, or a call named @name that returned @rc. */
void fuzz_finding(struct fuzz *f, const struct fuzz_call *c, const char *what);
bool fuzz_call_is(struct fuzz *f, const char *name, long rc, bool right);
const char *fuzz_kind_name(enum fuzz_kind kind);

struct fuzz_file *fuzz_file_new(struct fuzz *f, unsigned int proc, int fd, enum fuzz_kind kind);
void fuzz_file_closed(struct fuzz *f, unsigned int proc, int fd);
/* One may have left its container, which has no type then if it was the last. */
void fuzz_group_left(struct fuzz *f);
/* A descriptor of @kind: the @pick-th, or -1. */
int fuzz_fd(const struct fuzz *f, unsigned int proc, enum fuzz_kind kind, unsigned int pick);
/* The @pick-th id of @type in the iommufd @file; 0: none. */
uint32_t fuzz_id(const struct fuzz *f, const struct fuzz_file *file, enum fuzz_type type,
		 unsigned int pick);
void fuzz_id_set(struct fuzz_file *file, uint32_t id, enum fuzz_type type);

/* ---- ops.c: the list of what can be called */

struct fuzz_op {
	const char *name;
	enum fuzz_kind kind;	/* of its file; FK_NONE: any */
	unsigned long cmd;	/* of an ioctl */
	uint32_t mock_op;
	const struct uapi_ioctl *uapi;
	const struct fuzz_filler *filler;
	bool (*run)(struct fuzz *f, const struct fuzz_rec *rec);	/* NULL: an ioctl */
};
const struct fuzz_op *fuzz_ops(size_t *n);
/* The op for the byte @op on this machine. */
const struct fuzz_op *fuzz_op(const struct fuzz *f, uint8_t op);
/* The op of this name for files of @kind. */
const struct fuzz_op *fuzz_op_named(const char *name, enum fuzz_kind kind);
/* The byte that means it on a machine of this sort, -1: none does. */
int fuzz_op_byte(bool mock, const struct fuzz_op *op);

/* ---- args.c */
void fuzz_spoil_arg(struct fuzz *f, struct fuzz_call *c, const struct fuzz_filler *filler);
bool fuzz_ioctl(struct fuzz *f, const struct fuzz_op *op, const struct fuzz_rec *rec);

/* ---- oracle.c */
struct fuzz_state {
	struct iommu_ref_stats stats;
	uint64_t pa[2];
	uint64_t locked;
};
void fuzz_state(struct fuzz *f, struct fuzz_state *s);
bool fuzz_state_same(const struct fuzz_state *a, const struct fuzz_state *b);
bool fuzz_errno_documented(const struct fuzz_call *c, const struct fuzz *f);
/* A failed call of this command with this errno may have done a part. */
bool fuzz_may_change(const struct fuzz *f, const struct fuzz_call *c);

/* ---- report.c: counters of calls, shared by processes if $FUZZ_COUNTS names a file */
void fuzz_count_open(void);
void fuzz_count(const struct fuzz_op *op, long rc);
uint64_t fuzz_calls(void);
/* A line for each call; returns how many ioctls never succeeded. */
unsigned int fuzz_print_counts(bool all);

#endif
