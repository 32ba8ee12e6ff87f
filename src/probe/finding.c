#include "probe/finding.h"

#include <stdarg.h>
#include <stdio.h>

void npsd_probe_say(struct npsd_probe *p, enum npsd_finding what, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warning", "error"};
	va_list ap;

	p->warnings += what == NPSD_FOUND_WARNING;
	p->errors += what == NPSD_FOUND_ERROR;
	printf("%-9s", words[what]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}
