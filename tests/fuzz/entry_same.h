/* What must hold of a shard's log, whatever bytes stand in it; the driver and the fuzzer share it. */
#ifndef ENTRY_SAME_H
#define ENTRY_SAME_H

#include "items.h"

/* Kinds of the items, modulo 4: header and batch id of the entries that follow, the deltas, which end one. */
enum { ENTRY_HEADER, ENTRY_BATCH, ENTRY_DELTAS, ENTRY_CHAIN /* of the next entry: a wrong one */ };

struct entry_told {
	long taken, refused, waits, again;
};

/*
 * Reads the entries one behind the other, until one is not taken: the naive reader agrees on that; one that
 * is not taken leaves panes, position and hash untouched, and says why; all that was taken gives the naive
 * reader's panes, and a snapshot of them reads back to the same. Otherwise prints the input and aborts.
 */
void entry_same(struct entry_told *told, const void *p, size_t n);
/* Entries as npsd writes them. */
void entry_make(struct drive_input *out);

#endif
