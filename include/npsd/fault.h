/*
 * Faults: why a process must recover, or end. Each component has one cell; the component writes it, the group
 * reads it.
 *
 * A fault belongs to a session, the time between two recoveries. The first fault of a session stays in its
 * cell; the group looks only at faults of the present session, so that a fault is neither lost nor handled
 * twice. A fault of an earlier session is void: the RESET that began the present one drops what it was
 * about.
 */
#ifndef NPSD_FAULT_H
#define NPSD_FAULT_H

#include <stdarg.h>
#include <stdint.h>

#include "base/atomic.h"

/* Of several faults of a session the greatest is handled. */
enum npsd_fault {
	NPSD_FAULT_NONE,
	NPSD_FAULT_OWNER,    /* another process owns a partition: recover */
	NPSD_FAULT_ROLLBACK, /* Redis lost writes: recover */
	NPSD_FAULT_OFFSET,   /* Kafka does not hold a wanted offset any more: recover */
	NPSD_FAULT_DICT,     /* the stored dictionary is another one: recover with a new copy */
	NPSD_FAULT_EMPTY,    /* Redis was emptied: recover with a new copy */
	NPSD_FAULT_CONFIG,   /* another configuration was applied: stop */
	NPSD_FAULT_BROKEN,   /* what Redis holds or replies cannot be used: stop */
};

/* text is written before state, and not again in the same session. */
struct npsd_fault_cell {
	NPSD_APART _Atomic uint64_t state; /* session << 8 | fault */
	char text[256];
};

/* No effect where the session has a fault already. Thread: owner (the component of the cell) */
void npsd_fault_raise(struct npsd_fault_cell *cell, uint32_t session, enum npsd_fault what, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
void npsd_fault_vraise(struct npsd_fault_cell *cell, uint32_t session, enum npsd_fault what, const char *fmt,
    va_list ap) __attribute__((format(printf, 4, 0)));
/* The fault of that session in the cell; its text may be read then. Thread: group */
enum npsd_fault npsd_fault_of(const struct npsd_fault_cell *cell, uint32_t session);

#endif
