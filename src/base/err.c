#include "npsd/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool npsd_fail(struct npsd_err *e, enum npsd_code code, int sys, const char *fmt, ...)
{
	if (e->code == NPSD_OK) {
		va_list ap;
		e->code = code;
		e->sys = sys;
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof e->text, fmt, ap);
		va_end(ap);
	}
	return false;
}

_Noreturn void npsd_panic(const char *file, int line, const char *what)
{
	fprintf(stderr, "npsd: %s:%d: assertion failed: %s\n", file, line, what);
	fflush(stderr);
	_Exit(70);
}
