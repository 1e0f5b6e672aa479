/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Names of error numbers. The text of a number without a name is a constant too, so that no caller
 * has to bring a buffer: a kernel-internal errno that leaks out (524) still prints as what it is.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "names.h"

/* Each of Linux's errnos once, under its first name. */
#define ERRNO_NAMES(E) \
	E(EPERM) E(ENOENT) E(ESRCH) E(EINTR) E(EIO) E(ENXIO) E(E2BIG) E(ENOEXEC) E(EBADF) \
	E(ECHILD) E(EAGAIN) E(ENOMEM) E(EACCES) E(EFAULT) E(ENOTBLK) E(EBUSY) E(EEXIST) \
	E(EXDEV) E(ENODEV) E(ENOTDIR) E(EISDIR) E(EINVAL) E(ENFILE) E(EMFILE) E(ENOTTY) \
	E(ETXTBSY) E(EFBIG) E(ENOSPC) E(ESPIPE) E(EROFS) E(EMLINK) E(EPIPE) E(EDOM) E(ERANGE) \
	E(EDEADLK) E(ENAMETOOLONG) E(ENOLCK) E(ENOSYS) E(ENOTEMPTY) E(ELOOP) E(ENOMSG) E(EIDRM) \
	E(ECHRNG) E(EL2NSYNC) E(EL3HLT) E(EL3RST) E(ELNRNG) E(EUNATCH) E(ENOCSI) E(EL2HLT) \
	E(EBADE) E(EBADR) E(EXFULL) E(ENOANO) E(EBADRQC) E(EBADSLT) E(EBFONT) E(ENOSTR) \
	E(ENODATA) E(ETIME) E(ENOSR) E(ENONET) E(ENOPKG) E(EREMOTE) E(ENOLINK) E(EADV) \
	E(ESRMNT) E(ECOMM) E(EPROTO) E(EMULTIHOP) E(EDOTDOT) E(EBADMSG) E(EOVERFLOW) \
	E(ENOTUNIQ) E(EBADFD) E(EREMCHG) E(ELIBACC) E(ELIBBAD) E(ELIBSCN) E(ELIBMAX) \
	E(ELIBEXEC) E(EILSEQ) E(ERESTART) E(ESTRPIPE) E(EUSERS) E(ENOTSOCK) E(EDESTADDRREQ) \
	E(EMSGSIZE) E(EPROTOTYPE) E(ENOPROTOOPT) E(EPROTONOSUPPORT) E(ESOCKTNOSUPPORT) \
	E(EOPNOTSUPP) E(EPFNOSUPPORT) E(EAFNOSUPPORT) E(EADDRINUSE) E(EADDRNOTAVAIL) \
	E(ENETDOWN) E(ENETUNREACH) E(ENETRESET) E(ECONNABORTED) E(ECONNRESET) E(ENOBUFS) \
	E(EISCONN) E(ENOTCONN) E(ESHUTDOWN) E(ETOOMANYREFS) E(ETIMEDOUT) E(ECONNREFUSED) \
	E(EHOSTDOWN) E(EHOSTUNREACH) E(EALREADY) E(EINPROGRESS) E(ESTALE) E(EUCLEAN) E(ENOTNAM) \
	E(ENAVAIL) E(EISNAM) E(EREMOTEIO) E(EDQUOT) E(ENOMEDIUM) E(EMEDIUMTYPE) E(ECANCELED) \
	E(ENOKEY) E(EKEYEXPIRED) E(EKEYREVOKED) E(EKEYREJECTED) E(EOWNERDEAD) \
	E(ENOTRECOVERABLE) E(ERFKILL) E(EHWPOISON)

#define NAME(e) [e] = #e,
static const char *const names[] = { ERRNO_NAMES(NAME) };

#define NUMBER(n) "errno " #n
#define TEN(d) NUMBER(d##0), NUMBER(d##1), NUMBER(d##2), NUMBER(d##3), NUMBER(d##4), \
	NUMBER(d##5), NUMBER(d##6), NUMBER(d##7), NUMBER(d##8), NUMBER(d##9)
#define HUNDRED(d) TEN(d##0), TEN(d##1), TEN(d##2), TEN(d##3), TEN(d##4), \
	TEN(d##5), TEN(d##6), TEN(d##7), TEN(d##8), TEN(d##9)
static const char numbers[][sizeof("errno 999")] = {
	NUMBER(0), NUMBER(1), NUMBER(2), NUMBER(3), NUMBER(4),
	NUMBER(5), NUMBER(6), NUMBER(7), NUMBER(8), NUMBER(9),
	TEN(1), TEN(2), TEN(3), TEN(4), TEN(5), TEN(6), TEN(7), TEN(8), TEN(9),
	HUNDRED(1), HUNDRED(2), HUNDRED(3), HUNDRED(4), HUNDRED(5), HUNDRED(6), HUNDRED(7),
	HUNDRED(8), HUNDRED(9),
};

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

const char *uapi_errno_name(int err)
{
	if (err < 0 && err != INT_MIN)
		err = -err;
	if (!err)
		return "0";
	if (err > 0 && err < COUNT(names) && names[err])
		return names[err];
	if (err > 0 && err < COUNT(numbers))
		return numbers[err];
	return "errno out of range";
}

int uapi_errno_value(const char *name)
{
	for (int err = 1; err < COUNT(names); err++)
		if (names[err] && !strcmp(names[err], name))
			return err;
	return -1;
}
