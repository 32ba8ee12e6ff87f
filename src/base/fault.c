#include "npsd/fault.h"

#include <stdio.h>

enum npsd_fault npsd_fault_of(const struct npsd_fault_cell *cell, uint32_t session)
{
	uint64_t state = npsd_load_acquire(&cell->state); /* pairs with npsd_fault_raise */

	return state >> 8 == session ? (enum npsd_fault)(state & 0xff) : NPSD_FAULT_NONE;
}

void npsd_fault_vraise(
    struct npsd_fault_cell *cell, uint32_t session, enum npsd_fault what, const char *fmt, va_list ap)
{
	if (npsd_fault_of(cell, session) != NPSD_FAULT_NONE)
		return;
	vsnprintf(cell->text, sizeof cell->text, fmt, ap);
	npsd_store_release(&cell->state, (uint64_t)session << 8 | what); /* pairs with npsd_fault_of */
}

void npsd_fault_raise(
    struct npsd_fault_cell *cell, uint32_t session, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	npsd_fault_vraise(cell, session, what, fmt, ap);
	va_end(ap);
}
