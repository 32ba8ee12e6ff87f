#include "count/worker.h"

void npsd_worker_halt(struct npsd_worker *k, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	npsd_fault_vraise(&k->pl->fault_worker[k->number], k->session, what, fmt, ap);
	va_end(ap);
	k->halted = true;
	k->pl->broker.wake(k->pl->broker.self);
}
