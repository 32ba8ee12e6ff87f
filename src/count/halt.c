#include <stdarg.h>
#include <stdio.h>

#include "count/worker.h"

void npsd_worker_halt(struct npsd_worker *k, enum npsd_fault what, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	npsd_fault_raise(&k->pl->fault_worker[k->number], k->session, what, "%s", text);
	k->halted = true;
	k->pl->broker.wake(k->pl->broker.self);
}
