/* Makes log entries and snapshots of random counts by npsd's own code. */
#ifndef MAKE_SHARD_H
#define MAKE_SHARD_H

#include "drive.h"
#include "help_shard.h"

/*
 * A batch of at most `most` counts near now_s: header, batch id and deltas, as worker and commit write them.
 * The texts are valid until the next call. False: no count belongs to the shard of the bed.
 */
bool make_entry(struct bed_entry *out, int64_t now_s, uint64_t most);
/* A snapshot of several such entries. */
void make_snapshot(struct bed_stored *out, int64_t now_s);

#endif
