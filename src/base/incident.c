#include <stdarg.h>
#include <stdio.h>

#include "npsd/rooms.h"

void npsd_incident_set(struct npsd_wires *w, enum npsd_incident what, const char *fmt, ...)
{
	va_list ap;

	/* Pairs with the release below: one setter writes at a time. The other one's incident is as good as
	 * this one. */
	if (npsd_exchange_acquire(&w->incident_lock, 1) != 0)
		return;
	/* Pairs with the group's release of NONE: it has read the text before. */
	if (npsd_load_acquire(&w->incident) == NPSD_INCIDENT_NONE) {
		va_start(ap, fmt);
		vsnprintf(w->incident_text, sizeof w->incident_text, fmt, ap);
		va_end(ap);
		npsd_store_release(&w->incident, (int)what); /* pairs with the group's acquire */
	}
	npsd_store_release(&w->incident_lock, 0); /* pairs with the exchange */
}
