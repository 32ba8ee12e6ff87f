/*
 * Snapshots: the chunks of one shard that changed are packed at one log position, written under new names,
 * and made current by the manifest. One snapshot at a time. The shard is frozen while it is packed; packed
 * chunks wait in memory until they are written, and packing waits if they are too large.
 *
 *   0 <= written <= sent <= packed <= npieces
 *
 * Pieces are packed up to npieces, written up to packed, and then the manifest is written. Thread: fold, for
 * all
 */
#ifndef NPSD_FOLD_SNAPSHOT_H
#define NPSD_FOLD_SNAPSHOT_H

#include "fold/shard.h"

/* A chunk that changed; once packed, its bytes[at .. at + len - 1], or len 0: it has no pane any more. */
struct npsd_piece {
	uint32_t chunk; /* place in the shard's chunks */
	uint32_t number;
	size_t at, len;
};

struct npsd_snapshot {
	struct npsd_shard *shard; /* NULL: none is made */
	int64_t epoch;		  /* the snapshot is void once the shard has another epoch or restarts */
	struct npsd_manifest manifest;
	int64_t t_ms, dropped_ms, log_bytes; /* at manifest.seq, as hash and positions */
	char hash[41];
	char *positions;
	struct npsd_piece *piece;
	uint32_t npieces, packed, written, sent;
	struct npsd_buf bytes;
	uint64_t call;	       /* in flight; 0: none */
	enum npsd_script what; /* chunk_write or manifest */
};

void npsd_snapshot_init(struct npsd_snapshot *snap);
void npsd_snapshot_free(struct npsd_snapshot *snap);
/* True if it did something. */
bool npsd_snapshot_step(
    struct npsd_snapshot *snap, struct npsd_fold_context *c, struct npsd_shard *shard, int n);
void npsd_snapshot_done(
    struct npsd_snapshot *snap, struct npsd_fold_context *c, const struct npsd_done *done);
/* The shard whose counts must not change now; NULL: none. */
const struct npsd_shard *npsd_snapshot_frozen(const struct npsd_snapshot *snap);

#endif
