/* Log entries and snapshots as npsd itself writes them, of random counts. */
#ifndef SHARD_MAKE_H
#define SHARD_MAKE_H

#include "drive.h"
#include "help_shard.h"

/*
 * A batch of up to `most` counts around now_s: header, batch id and deltas, from the worker's tables through
 * its seal and the pack of the commit. The texts are good until the next one. False: none falls into the
 * bed's shard.
 */
bool make_entry(struct bed_entry *out, int64_t now_s, uint64_t most);
/* A snapshot of several such entries, as npsd's own packer leaves it. */
void make_snapshot(struct bed_stored *out, int64_t now_s);

#endif
