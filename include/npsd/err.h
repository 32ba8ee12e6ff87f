/*
 * Errors have three fates, chosen by type: bad data is dropped and counted by reason (fates.def), the outside
 * world is tried again (struct npsd_err), and our own faults stop the process (npsd_assert, on in release).
 */
#ifndef NPSD_ERR_H
#define NPSD_ERR_H

#include <stdbool.h>

enum npsd_code {
	NPSD_OK = 0,
	NPSD_RETRY,   /* the outside world cannot now; the same call may succeed later */
	NPSD_REFUSED, /* the outside world refused; the caller must read its state again */
	NPSD_INVALID, /* what was given is wrong (configuration, file, argument) */
	NPSD_LIMIT,   /* a limit was reached */
};

/* Sticky: a function that may fail does nothing when e->code is set already. */
struct npsd_err {
	enum npsd_code code;
	int sys;	/* errno, or 0 */
	char text[224]; /* one sentence, zero-terminated */
};

/* Sets e unless it is set already. Always returns false, so that callers can `return npsd_fail(...)`. Thread:
 * owner */
bool npsd_fail(struct npsd_err *e, enum npsd_code code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints and ends the process with exit code 70. Thread: any */
_Noreturn void npsd_panic(const char *file, int line, const char *what);

#define npsd_assert(cond) ((cond) ? (void)0 : npsd_panic(__FILE__, __LINE__, #cond))

#endif
