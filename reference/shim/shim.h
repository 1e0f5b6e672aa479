/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The preloadable reference: what its files share. An unmodified program opens /dev/iommu,
 * /dev/vfio/... and finds their sysfs entries, and gets a machine of the reference instead of the
 * host's. README.md says what is covered.
 *
 * A file of the reference has a real descriptor of the kernel behind it, an eventfd that is
 * readable when poll(2) on the file would say so: numbers are unique, close-on-exec, dup, poll and
 * epoll are the kernel's. The machine lives in memory that is shared with children after fork
 * (arena.c), so they have the same open files as with a kernel.
 */
#ifndef IOMMU_REF_SHIM_H
#define IOMMU_REF_SHIM_H

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../frontend/frontend.h"

#define EXPORT __attribute__((visibility("default")))
#define SHIM_NAME "iommu-ref-shim"
#define SHIM_MAX_FDS REF_MAX_FDS

/* ---- config.c */

struct shim_config {
	struct iommu_ref_config ref;
	bool sysfs;		/* serve sysfs entries too */
};

/*
 * Reads @value of IOMMU_REF_CONFIG: the name of a file if it starts with / or ., else the text
 * itself; NULL: defaults. One line on stderr and exit 2 if it makes no sense.
 */
void config_load(struct shim_config *cfg, const char *value);

/* ---- arena.c */

/* What the processes of one machine share; the first thing in the arena. */
#define SHIM_MAX_PROCS 256
struct shim_proc {
	pid_t pid;			/* 0: free */
	struct iommu_ref_proc *proc;
};
struct shim_shared {
	struct shim_config cfg;
	struct iommu_ref *ref;
	pthread_mutex_t lock;		/* of this struct; taken before the machine's */
	struct shim_proc procs[SHIM_MAX_PROCS];
	char tree[64];			/* folder with the synthetic files; "": not made yet */
	struct mapping *mappings;	/* of all processes; mmap.c */
	struct iommu_ref_proc *flight;	/* has the files that are in messages, by slot */
	struct shim_flight {
		uint64_t id;		/* 0: free */
		dev_t rdev;
	} flights[SHIM_MAX_FDS];
};

/* Maps the arena. NULL: no memory. */
struct shim_shared *arena_create(void);
const void *arena_address(void);
void arena_lock(pthread_mutex_t *lock);
/* Fault injection: the n-th allocation or user access of this thread's calls fails. */
unsigned int fault_nth_get(void);
void fault_nth_set(unsigned int n);
/* Faults happen inside these only. */
void fault_scope_begin(void);
void fault_scope_end(void);
bool fault_now(void);

/* ---- state.c: the machine, this process, its descriptors */

enum fd_kind {
	FD_NONE = 0,
	FD_NEW,			/* just made: not known yet if it can be polled */
	FD_ALWAYS,		/* a file of the reference, always ready */
	FD_POLLED,		/* ... readable now and then */
	FD_FAIL_NTH,		/* /proc/PID/task/TID/fail-nth */
};

/* The machine, made at first use. Never NULL. */
struct shim_shared *shim_shared(void);
struct shim_shared *shim_shared_if_made(void);
struct iommu_ref_proc *shim_proc(void);
/* Is it a file of the reference? Cheap. */
bool shim_is_ours(int fd);
enum fd_kind shim_fd_kind(int fd);
void shim_fd_set(int fd, enum fd_kind kind, dev_t rdev);
dev_t shim_fd_rdev(int fd);
void shim_fd_set_rdev(int fd, dev_t rdev);
/* O_NONBLOCK of a file of the reference, which changes nothing. */
void shim_fd_nonblock(int fd, bool nonblock);
bool shim_fd_is_nonblock(int fd);
/* Around what changes the kernel's descriptors and then what is known of them. */
void shim_fds_lock(void);
void shim_fds_unlock(void);
/* The same, where the file at @fd is closed or replaced. */
void shim_fd_change_begin(int fd);
void shim_fd_change_end(int fd);
/* How often that began and ended: odd while it happens. */
unsigned int shim_fd_changes(int fd);
/* The process @pid on this machine, or NULL. */
struct iommu_ref_proc *shim_proc_of(pid_t pid);
/* Opens @path of the reference. Returns the descriptor, or -errno. */
int shim_open(const char *path, int flags);
/* @fd is also known as @copy now, which the kernel made. 0, or -errno: then @copy is closed. */
int shim_dup(int fd, int copy);
/* @fd of @from is also @number of @to, one of which is not this process. 0 or -errno. */
int shim_pass(struct iommu_ref_proc *from, int fd, struct iommu_ref_proc *to, int number);
/* Closes @number of @proc, which is not this process. */
void shim_drop(struct iommu_ref_proc *proc, int number);
/* The kernel's descriptor @fd says of itself that it was made by a shim, of whatever machine. */
bool shim_is_marked(int fd);
/* close(2) of a file of the reference. 0 or -errno. */
int shim_close(int fd);
/* The kernel is about to close @fd, whatever it is. */
void shim_forget(int fd);
/* After a call: eventfds of all files that can be polled say what poll would. */
void shim_sync_poll(void);
/* Before fork(2): 0, or -EAGAIN, -ENOMEM; *@out is NULL if there is no machine yet. And after. */
int shim_fork_prepare(struct iommu_ref_proc **out);
void shim_fork_parent(struct iommu_ref_proc *child, pid_t pid);
void shim_fork_child(struct iommu_ref_proc *child);
/* Before the program is replaced by another, which cannot have this machine. */
void shim_exec(void);
/* The first open file that exec would leave open; -1: none. */
int shim_inherited(void);
/* What the kernel does at exit. */
void shim_exit(void);
/* One line on stderr. */
__attribute__((format(printf, 1, 2))) void shim_say(const char *format, ...);

/* ---- path.c */

enum path_kind {
	PATH_HOST,		/* none of ours */
	PATH_NODE,		/* a device node of the reference */
	PATH_TREE,		/* a synthetic file or folder */
	PATH_FAIL_NTH,
	PATH_STATUS,		/* /proc/PID/status on a mock machine */
};

struct shim_path {
	enum path_kind kind;
	char name[PATH_MAX];	/* as the program sees it, absolute */
	char host[PATH_MAX];	/* path_on_host(): where it really is */
};

/* Does not change errno. */
void path_classify(int dirfd, const char *path, struct shim_path *out);
/* What to give to the real function for @path, which is @p. */
const char *path_on_host(const char *path, struct shim_path *p);
/* @fd, or -1 and EACCES (it is closed then): it is a VFIO or iommufd node of the host. */
int path_refuse_host(int fd);
/* The device number of a node's @name; 0: there is none. */
dev_t path_rdev(const char *name);
/* Makes a stat of the synthetic file look like that of the node. */
void path_fix_mode(dev_t rdev, mode_t *mode);

/* ---- status.c */

/* /proc/PID/status as it would be if the host's kernel had pinned what the machine has. */
int status_open(const char *name, int flags);

/* ---- tree.c */

/* Writes the synthetic files. 0, or -errno. */
int tree_create(struct shim_shared *shared);
void tree_remove(struct shim_shared *shared);

/* ---- mmap.c */
/* mmap(2) and munmap(2) as the program calls them. */
void *shim_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int shim_munmap(void *addr, size_t len);
/* A new process @to has what @from has mapped. 0, or -ENOMEM: then it may have a part of it. */
int shim_mappings_copy(struct shim_shared *s, const struct iommu_ref_proc *from,
		       const struct iommu_ref_proc *to);
/* @proc ends. */
void shim_mappings_drop(struct shim_shared *s, const struct iommu_ref_proc *proc);

#endif
