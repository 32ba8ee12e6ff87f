/*
 * The life of a shard. Thread: fold, for all
 *
 *   state        event                                          next
 *   RELEASED     the group assigns the shard                    WAITING
 *   WAITING      the back-off is over                           ACQUIRING
 *   ACQUIRING    shard_acquire gives a new epoch                LOADING
 *   ACQUIRING    shard_acquire is refused or lost               WAITING
 *   LOADING      all chunks of the manifest are in the panes    CATCHING_UP
 *   CATCHING_UP  the log is applied up to the end of a read     RUNNING
 *   LOADING, CATCHING_UP, RUNNING  what is stored does not fit  RESTARTING
 *   RESTARTING   publish has no key in flight any more          WAITING
 *   any above    the group unassigns the shard, or RESET        RELEASING
 *   RELEASING    publish has no key in flight any more          RELEASED
 *   RELEASING    the group assigns the shard                    RESTARTING
 *
 * A flush of a shard. A restart of the shard sets WANTED again, unless NONE.
 *
 *   flush        event                                          next
 *   NONE         FLUSH arrives, and the shard is assigned       WANTED
 *   WANTED       a read of its log begins                       READING
 *   READING      the read fails                                 WANTED
 *   READING      the read gives the end of the log, flush_seq   APPLYING
 *   APPLYING     RUNNING, and flush_seq is applied              PUBLISHING
 *   PUBLISHING   publish is clean                               DONE
 *   any          all shards are DONE, or the flush is cancelled NONE
 */
#ifndef NPSD_FOLD_SHARD_H
#define NPSD_FOLD_SHARD_H

#include "fold/fold_context.h"
#include "fold/counts.h"
#include "fold/manifest.h"

enum npsd_shard_state {
	NPSD_SHARD_RELEASED,
	NPSD_SHARD_RELEASING,
	NPSD_SHARD_RESTARTING,
	NPSD_SHARD_WAITING,
	NPSD_SHARD_ACQUIRING,
	NPSD_SHARD_LOADING,
	NPSD_SHARD_CATCHING_UP, /* from here on entries are applied */
	NPSD_SHARD_RUNNING,
};

enum npsd_flush_state {
	NPSD_FLUSH_NONE,
	NPSD_FLUSH_WANTED,
	NPSD_FLUSH_READING,
	NPSD_FLUSH_APPLYING,
	NPSD_FLUSH_PUBLISHING, /* nothing is applied meanwhile, else the flush might never end */
	NPSD_FLUSH_DONE,
};

/* counts.view.panes != NULL from LOADING on, pub != NULL from RUNNING on, until RELEASED or WAITING */
struct npsd_shard {
	enum npsd_shard_state state;
	struct npsd_backoff again; /* between two acquisitions */
	int64_t acquired_mono_ms;
	int64_t seen;  /* the next epoch must be greater than this */
	int64_t mine;  /* the next acquisition needs this epoch to be stored still; 0: any */
	uint64_t call; /* in flight for this shard: shard_acquire, chunk_read or fold_read; 0: none */

	struct npsd_counts counts;
	struct npsd_manifest manifest; /* the one stored */
	uint32_t loaded;	       /* chunks.at[0 .. loaded - 1] are in the panes */
	uint32_t chunk_last;	       /* number of the last chunk written in this epoch */
	struct npsd_dict_mark needs;   /* must be a prefix of the dictionary before the shard goes on */
	int64_t dropped_mono_ms;
	int64_t snapshot_mono_ms; /* the next snapshot is due */
	int64_t end_seq;	  /* of the log, at the last read */
	int64_t log_bytes;	  /* of the entries manifest.seq + 1 .. counts.view.seq */
	int64_t entry_bytes;	  /* of the last entry */

	struct npsd_pub *pub;
	enum npsd_flush_state flush;
	int64_t flush_seq;
};

void npsd_shard_init(struct npsd_shard *s, const struct npsd_config *cfg, int shard);
void npsd_shard_free(struct npsd_shard *s);
/* The group assigns the shard to this process, or unassigns it. */
void npsd_shard_assign(struct npsd_fold_context *c, struct npsd_shard *s, bool assigned);
/* Acquires the shard again; `lost`: another epoch is stored, and the group gets time to unassign it. */
void npsd_shard_restart(struct npsd_fold_context *c, struct npsd_shard *s, bool lost);
/* CATCHING_UP becomes RUNNING. */
void npsd_shard_run(struct npsd_fold_context *c, struct npsd_shard *s);
/* True if it did something. */
bool npsd_shard_step(struct npsd_fold_context *c, struct npsd_shard *s);
/* A completion of shard_acquire or chunk_read. */
void npsd_shard_done(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_done *done);
/* Whether the copy of the dictionary begins with s->needs; raises a fault where it never can. */
bool npsd_shard_dict(struct npsd_fold_context *c, struct npsd_shard *s);

static inline bool npsd_shard_assigned(const struct npsd_shard *s)
{
	return s->state != NPSD_SHARD_RELEASED && s->state != NPSD_SHARD_RELEASING;
}

#endif
