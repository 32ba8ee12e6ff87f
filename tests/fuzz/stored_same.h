/* What must hold of the texts that are stored of a partition; the driver and the fuzzer share it. */
#ifndef STORED_SAME_H
#define STORED_SAME_H

#include "items.h"

/* Kinds of the items, modulo 4. */
enum { STORED_RULING, STORED_STATE, STORED_POS, STORED_NOTHING };

struct stored_told {
	long taken, refused;
};

/*
 * Each item is taken exactly where it has the form that docs/formats.md gives it; what is taken, written
 * again by hand, is what was read. Otherwise prints the item and aborts.
 */
void stored_same(struct stored_told *told, const void *p, size_t n);
/* Items as npsd writes them. */
void stored_make(struct drive_input *out);

#endif
