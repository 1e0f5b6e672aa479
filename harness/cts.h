/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test and benchmark stands on: the subject, actors and the syscall boundary.
 *
 * Concepts
 *   subject   an implementation under test: `reference` (in this process), `vm` or `hardware` (the
 *             running kernel). Chosen by the runner through the environment, see cts_environment().
 *   variant   which uAPI and profile a test body speaks now, and which IOMMU architecture it wants.
 *   actor     a process that makes system calls. Actor 0 is the test itself; actor 1 is a second
 *             mm (reference) or a forked child that executes calls for the test (kernel).
 *   boundary  the only way to the subject: cts_open(), cts_ioctl(), cts_mmap() ... It puts every
 *             argument struct against a guard page, poisons what is behind, compares it after
 *             the call, and records coverage.
 *
 * Calls return a value >= 0 or -errno, on every subject alike.
 */
#ifndef CTS_H
#define CTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum cts_subject_kind { CTS_REFERENCE, CTS_MOCK, CTS_VM, CTS_HARDWARE };
enum cts_arch { CTS_ARCH_ANY, CTS_VTD, CTS_SMMUV3 };	/* the IOMMU's architecture */

/* Profiles of design.md, as bits. */
enum cts_profile {
	CTS_V7_POSTED = 1 << 0,
	CTS_V7_REVIEWED = 1 << 1,
	CTS_IOASID_RFC = 1 << 2,
	CTS_IOMMUFD = 1 << 3,
};
#define CTS_V7 (CTS_V7_POSTED | CTS_V7_REVIEWED)
#define CTS_ALL (CTS_V7 | CTS_IOASID_RFC | CTS_IOMMUFD)

struct cts_variant {
	enum cts_profile profile;
	enum cts_arch arch;
	bool units;	/* the reference has two IOMMU units, the second one can do less */
};

/* Outcomes of design.md. Order is the order of summaries. */
enum cts_outcome {
	CTS_PASS, CTS_FAIL, CTS_XFAIL, CTS_XPASS, CTS_NOT_APPLICABLE, CTS_NOT_SUPPORTED,
	CTS_ENV_MISSING, CTS_NOT_IMPLEMENTED, CTS_BROKEN, CTS_TIMEOUT, CTS_CRASH, CTS_DMESG,
	CTS_NR_OUTCOMES
};
const char *cts_outcome_name(enum cts_outcome o);	/* "pass", "not-applicable", ... */
int cts_outcome_parse(const char *name);		/* or -1 */

const char *cts_arch_name(enum cts_arch arch);		/* "VT-d", "SMMUv3", "any IOMMU" */

#define CTS_MAX_DEVICES 8

/* A device the user named (kernel), or one of the model's (reference). */
struct cts_device {
	unsigned int index;
	char bdf[16];		/* "0000:00:05.0" */
	char cdev[64];		/* "/dev/vfio/devices/vfio0" */
	char iommu[32];		/* the IOMMU unit that it is behind, "dmar0" */
	uint32_t group;
	uint16_t vendor_id, device_id;	/* PCI IDs; 0 on the reference */
	bool pasid;
	bool ats;	/* the reference's only: no other engine uses it */
};

/*
 * Can a kernel subject use the device @bdf? Fills @d and returns 0, or -errno with one line in
 * @why[@len] that says what it lacks.
 */
int cts_device_check(const char *bdf, struct cts_device *d, char *why, size_t len);

struct cts_actor;

/*
 * A machine to order, for tests that the default one is no help to. Everything that is 0 is as
 * usual. Only the reference can be built to order; elsewhere such a test is env-missing.
 */
struct cts_machine {
	uint32_t pasid_quota;
	uint32_t pasid_capacity;	/* for all processes together, beside the host's reserve */
	unsigned int nr_devices;	/* each in a group of its own */
	unsigned int no_pasid;		/* bit i: device i cannot tag its DMA */
	unsigned int not_pci;		/* bit i: device i is no PCI function */
	bool no_nesting;		/* one stage of translation only */
	uint32_t hidden_features;	/* v7: IOMMU_NESTING_FEAT_* that the driver lacks */
	bool units_differ;		/* a second IOMMU unit: 5 levels, which v7 tells of */
	bool units_differ_untold;	/* a second IOMMU unit: what v7 masks differs */
	unsigned int failing_attaches;	/* v7: so many attaches fail at their last step, ENOMEM */
	int iova_cap_errno;		/* v7: GET_INFO's IOVA capability fails with it */
};

/* One running test on one subject. */
struct cts {
	enum cts_subject_kind subject;
	struct cts_variant v;
	enum cts_arch arch;		/* what the subject's IOMMU is */
	unsigned int nr_devices;
	struct cts_device devices[CTS_MAX_DEVICES];
	struct cts_actor *self;		/* actor 0 */
	void *priv;			/* harness internals */
};

/*
 * Opens the subject for @variant. Never NULL; when the variant cannot run here cts_skip_reason() is
 * the text "OUTCOME: why", e.g. "not-applicable: this IOMMU is SMMUv3, the variant wants VT-d".
 */
struct cts *cts_begin(const struct cts_variant *variant);
/* The same on a machine to order. @machine must live until cts_end(). */
struct cts *cts_begin_on(const struct cts_variant *variant, const struct cts_machine *machine);
/* Emits the record (coverage, guard damage), ends actors, closes everything. NULL is fine. */
void cts_end(struct cts *c);
const char *cts_skip_reason(const struct cts *c);
/* @fn(@arg) at the beginning of cts_end(), the last one first. -ENOSPC: there are 64 already. */
int cts_defer(struct cts *c, void (*fn)(void *arg), void *arg);

/* A second process. NULL on failure (the test is broken). The same actor on a second call. */
struct cts_actor *cts_second_actor(struct cts *c);
/* Ends it as kill -9 would; its files are closed by the kernel or the reference. */
void cts_kill_actor(struct cts *c, struct cts_actor *a);
/* SCM_RIGHTS. The new descriptor number in @to, or -errno. */
int cts_pass_fd(struct cts *c, struct cts_actor *from, int fd, struct cts_actor *to);

/* The boundary. @a NULL means actor 0. */
int cts_open(struct cts *c, struct cts_actor *a, const char *path, int flags);
int cts_close(struct cts *c, struct cts_actor *a, int fd);
/*
 * @arg: a struct of @size bytes. It is copied to the end of a page in front of an unmapped one,
 * called, and copied back. Writes outside @size, or into an array that the ioctl only reads, are a
 * failure of the test: see cts_damage().
 */
long cts_ioctl_sized(struct cts *c, struct cts_actor *a, int fd, unsigned long cmd, void *arg,
		     size_t size);
#define cts_ioctl(c, a, fd, cmd, arg) cts_ioctl_sized(c, a, fd, cmd, arg, sizeof(*(arg)))
/* The pointer goes to the subject as it is: for NULL, unmapped and split-page arguments. */
long cts_ioctl_raw(struct cts *c, struct cts_actor *a, int fd, unsigned long cmd, void *arg);
/*
 * The test's own call, straight to the subject: nothing is copied, compared or recorded, and @c's
 * last call stays what it was. For the timed regions of benchmarks only.
 */
long cts_ioctl_timed(struct cts *c, int fd, unsigned long cmd, void *arg);
ssize_t cts_read(struct cts *c, struct cts_actor *a, int fd, void *buf, size_t len);
ssize_t cts_write(struct cts *c, struct cts_actor *a, int fd, const void *buf, size_t len);
ssize_t cts_pread(struct cts *c, struct cts_actor *a, int fd, void *buf, size_t len, uint64_t off);
ssize_t cts_pwrite(struct cts *c, struct cts_actor *a, int fd, const void *buf, size_t len,
		   uint64_t off);
int cts_poll(struct cts *c, struct cts_actor *a, int fd, short events, int timeout_ms);
/* Kernel subjects only (device regions); -ENODEV on the reference. */
int cts_mmap(struct cts *c, int fd, uint64_t off, size_t len, void **out);
/*
 * Before cts_end() does it: a mapping keeps its device file open. -EINVAL: @addr is no cts_mmap().
 */
int cts_munmap(struct cts *c, void *addr);

/*
 * Memory that both actors and the device can see at the same address: page aligned, zeroed, with
 * an unmapped page on each side. Freed by cts_end().
 */
void *cts_memory(struct cts *c, size_t len);

/* The last ioctl, for messages: "IOMMU_IOAS_MAP flags=FIXED_IOVA|WRITEABLE = -EEXIST". */
const char *cts_last_call(const struct cts *c);

/*
 * NULL, or what the subject wrote where it must not: in front of an argument, or into an array that
 * it must only read. CTS_TEST_F() fails the test for it.
 */
const char *cts_damage(const struct cts *c);

/* DMA of the reference's devices; -ENODEV on other subjects. For fixtures/engines only. */
struct iommu_ref_dma;
struct iommu_ref_fault;
int cts_ref_dma(struct cts *c, const struct iommu_ref_dma *dma, struct iommu_ref_fault *fault);
/* The machine itself, for introspection in the tests' own checks and in perf; NULL elsewhere. */
struct iommu_ref *cts_ref(struct cts *c);

/*
 * Environment that the runner hands to a test process:
 *   CTS_SUBJECT=reference|vm|hardware  CTS_DEFECT=NAME  CTS_DEVICES=BDF,BDF  CTS_RECORD_FD=N
 *   CTS_TIMEOUT=SECONDS: kselftest's own limit, behind the runner's
 *   CTS_SYSROOT=DIR: in front of /sys and of the check for /dev/iommu, for tests of the harness
 * 0, or 2 after one line on stderr: an unknown subject or defect, a device that is no PCI address.
 * A process that runs tests calls this first (a suite's run() does) and exits with it.
 */
int cts_environment(void);

/*
 * What a test process writes to CTS_RECORD_FD, at cts_end() or when the outcome is decided before:
 * at most one line of JSON for each cts_begin():
 *   {"profile":"iommufd","arch":"VT-d",
 *    "coverage":{"IOMMU_IOAS_MAP":{"uapi":"iommufd","calls":2,"flags":["IOMMU_IOAS_MAP_READABLE"],
 *                "reserved":["__reserved"],"errnos":["0","EINVAL"]}, ...},
 *    "checks":{"REQUIREMENT_ID":3, ...},      how often each was judged
 *    "failed":["REQUIREMENT_ID", ...],        those of them that a check failed, if any
 *    "reached":["VARIANT", ...],              with CTS_DEFECT=TRACE: whose marked lines were run
 *    "outcome":"fail","reason":"...",         only when it is decided: "fail" or "broken"
 *    "damage":"..."}                          only when there was some
 */
#endif
