/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the assertions of test.h are made of: functions that judge and say why. Without the kernel's
 * header, so that a program of another kind can use them too.
 */
#ifndef CTS_CHECK_H
#define CTS_CHECK_H

#include "cts.h"

/* NULL, or "not-applicable: ..." when no requirement of @ids holds for @c's profile and version. */
const char *cts_inapplicable(struct cts *c, const char *const *ids);

/*
 * Judge one promise. NULL: it is kept, or the requirement @id is not promised in this profile and
 * version. Else a text that carries the requirement, both values, the last call with decoded flags,
 * errno by name; it is valid until the next check.
 */
/* Text of a failed check, or NULL when @rc (>= 0 or -errno) is in the requirement's set. */
const char *cts_check_rc(struct cts *c, const char *id, long rc);
/* The same with an explicit set: errnos positive, 0 = success; @n of them. */
const char *cts_check_set(struct cts *c, const char *id, long rc, const int *set, size_t n);
const char *cts_check_eq(struct cts *c, const char *id, const char *what, uint64_t want,
			 uint64_t seen);
const char *cts_check_true(struct cts *c, const char *id, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Notes a failed check (@msg not NULL) in the record: the test has failed, even if it skips later.
 * @ends: the test ends here, so the record is written now. Returns @msg.
 */
const char *cts_verdict(struct cts *c, const char *msg, bool ends);
/* Notes that the test itself could not do its work: its outcome is `broken`. */
void cts_broken(struct cts *c, const char *file, int line, const char *expr, long rc);
#endif
