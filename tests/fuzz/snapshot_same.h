/* What must hold of a shard's snapshot, whatever bytes stand in it; the driver and the fuzzer share it. */
#ifndef SNAPSHOT_SAME_H
#define SNAPSHOT_SAME_H

#include "items.h"

/* Kinds of the items, modulo 4: a name and behind it what it has, of a field of the manifest or of a chunk.
 */
enum { SNAPSHOT_FIELD, SNAPSHOT_VALUE, SNAPSHOT_CHUNK, SNAPSHOT_BYTES };

struct snapshot_told {
	long taken, refused, waits, again;
};

/*
 * A shard with this snapshot is taken. It runs only where the naive reader takes all of it, and then has that
 * one's panes, and a snapshot of them reads back to the same; else it says why and never runs. Otherwise
 * prints the input and aborts.
 */
void snapshot_same(struct snapshot_told *told, const void *p, size_t n);
/* A snapshot as npsd writes it. */
void snapshot_make(struct drive_input *out);

#endif
