/*
 * The fold room from inside. A shard that is held goes from taken (a new epoch) through loaded (the
 * snapshot's chunks) and read (the log to its end) to running; whatever does not fit sends it back to the
 * beginning. Thread: fold, for all
 */
#ifndef NPSD_FOLD_FOLD_H
#define NPSD_FOLD_FOLD_H

#include "fold/call.h"
#include "fold/chunks.h"
#include "fold/positions.h"
#include "npsd/publish.h"
#include "npsd/pipeline.h"

#define NPSD_MAX_SHARDS 256

enum npsd_shard_state {
	NPSD_SHARD_WAIT, /* to be taken, not before wait_mono, where it is held */
	NPSD_SHARD_TAKE, /* shard_take is on its way */
	NPSD_SHARD_LOAD, /* chunks are read */
	NPSD_SHARD_READ, /* the log is read to its end for the first time */
	NPSD_SHARD_RUNS,
};

enum npsd_flush_state {
	NPSD_FLUSH_NONE,
	NPSD_FLUSH_READ,  /* waits for a read begun after the order */
	NPSD_FLUSH_APPLY, /* waits until flush_seq is applied */
	NPSD_FLUSH_CLEAN, /* waits for publish; nothing is applied meanwhile, else it might never end */
	NPSD_FLUSH_DONE,
};

/* view.panes is there from LOAD on; segments of bucket b are bucket[b].at[0 .. n - 1] */
struct npsd_shard {
	bool held;    /* the group gives it to this process */
	bool leaving; /* goes back to WAIT as soon as publish has all its answers */
	bool reading; /* part of the read on its way */
	enum npsd_shard_state state;
	int64_t wait_mono;
	int64_t taken_mono; /* when it was taken last */
	int64_t seen;	    /* the next epoch must be above this */
	int64_t mine;	    /* the epoch that must be stored still for the next take; 0: any */
	uint64_t call;	    /* number of the call on its way (take, chunk_read); 0: none */

	struct npsd_shard_view view;
	struct npsd_pub *pub;
	struct npsd_positions positions;
	struct npsd_chunks chunks;
	struct npsd_bucket {
		uint32_t *at;
		uint32_t n, cap;
	} bucket[NPSD_BUCKETS];
	uint32_t loaded;      /* chunks.at[] below this are in the panes */
	uint32_t chunk_last;  /* number of the last chunk named in this epoch */
	char version[48];     /* of the manifest stored; empty: none */
	int64_t manifest_seq; /* its position */
	int64_t dropped_ms;   /* t up to which panes were dropped */
	int64_t dropped_mono;
	int64_t snapshot_mono; /* the next snapshot is due */

	uint32_t dict_len; /* the manifest's: ids in its chunks are below dict_len + 2 */
	uint32_t need_len; /* dictionary's length that must be there to go on; 0: none */
	char need_chain[41];
	int64_t end_seq;     /* of the log, at the last read */
	int64_t log_bytes;   /* of entries behind the manifest that were applied */
	int64_t entry_bytes; /* of the last entry */
	enum npsd_flush_state flush;
	int64_t flush_seq;
};

/* A chunk that is packed: bytes[at .. at + len - 1], not yet written; len 0: the chunk is empty now. */
struct npsd_piece {
	uint32_t chunk; /* place in the shard's chunks */
	uint32_t number;
	size_t at, len;
};

/*
 * The one snapshot at work: of shard, at the frozen position seq. Pieces 0 .. written - 1 are in Redis. The
 * shard is frozen while next < ndirty.
 */
struct npsd_snapshot {
	struct npsd_shard *shard; /* NULL: none at work */
	int64_t seq, t_ms, dropped_ms, log_bytes;
	char hash[41];
	char *positions;
	char version[48];
	uint32_t *dirty;
	uint32_t ndirty, next;
	struct npsd_piece *piece;
	uint32_t npieces, cap, written, sent;
	struct npsd_buf bytes;
	bool manifest; /* the call on its way is it */
	uint64_t call;
	int64_t retry_mono;
};

struct npsd_fold {
	struct npsd_pipeline *pl;
	struct npsd_store *store;
	struct npsd_names *names; /* NULL before the first RESET */
	uint32_t session;
	bool halted; /* an incident is set: nothing until RESET */
	enum npsd_fault halt;
	char halt_text[200];
	int64_t halt_mono; /* when it was told last */
	struct npsd_command *reset, *flush;
	int64_t mono_ms; /* now, read once a step */
	int64_t t_ms;	 /* wall: the highest t used; it never goes back */
	int64_t finest_ms;
	int nsteps;
	int64_t step_s[NPSD_MAX_STEPS];
	uint64_t calls; /* numbers given to calls */
	struct {
		uint64_t call; /* 0: none on its way */
		int lag;       /* fold_lag when it began */
		int first;     /* shard that the next one begins with */
		int64_t next_mono, retry_mono;
		int n, shard[NPSD_MAX_SHARDS];
		bool flushes; /* begun after the flush arrived */
	} read;
	struct npsd_snapshot snap;
	struct npsd_admission ask;
	bool asking;
	int64_t ask_mono;
	int64_t told_mono; /* of the last line about the store */
	struct npsd_fold_args args;
	struct npsd_buf scratch;
	int nshards;
	struct npsd_shard shard[NPSD_MAX_SHARDS];
};

static inline int npsd_shard_number(const struct npsd_fold *f, const struct npsd_shard *s)
{
	return (int)(s - f->shard);
}

/* --- fold.c --- */
/* Begins a call: keys fence and dictionary. Further keys follow, then npsd_fold_header, then arguments. */
void npsd_fold_begin(struct npsd_fold *f);
void npsd_fold_key(struct npsd_fold *f, const char *name, int shard);
void npsd_fold_header(struct npsd_fold *f);
/* The number of the call; 0 where the store has no room now. */
uint64_t npsd_fold_submit(struct npsd_fold *f, enum npsd_script script, int shard);
/* True: the reply is {"ok", ...}. Else *reason is the refusal's, or NULL: the call must be made again. */
bool npsd_fold_answer(struct npsd_fold *f, struct npsd_str *reason, const struct npsd_done *done);
/* Nothing more until RESET. */
void npsd_fold_halt(struct npsd_fold *f, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What numbers in Redis may be: positions in logs, and times (ms) in size, as the contract has them. */
#define NPSD_SEQ_MAX ((int64_t)1 << 53)
#define NPSD_TIME_MAX ((int64_t)1000000000 * 1000000000 - 1)

/* --- shard.c --- */
bool npsd_shard_step(struct npsd_fold *f, struct npsd_shard *s);
void npsd_shard_done(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_done *done);
/* Back to the beginning; `lost`: another epoch is stored, so the group gets a second to say whose it is. */
void npsd_shard_leave(struct npsd_fold *f, struct npsd_shard *s, bool lost);
/* All that was in the log is applied for the first time. */
void npsd_shard_runs(struct npsd_fold *f, struct npsd_shard *s);
/* Whether the segment's set is configured: one that was removed stands in older entries and chunks only. */
bool npsd_shard_counts(const struct npsd_fold *f, struct npsd_seg seg);
/*
 * Whether a stored segment may stand in this shard, where the dictionary had dict_len entries: its set was
 * given once, and where it is configured kind and ids are such as it has.
 */
bool npsd_shard_may_hold(
    const struct npsd_fold *f, const struct npsd_shard *s, struct npsd_seg seg, uint32_t dict_len);
/* Index of a segment, made if it is new. */
uint32_t npsd_shard_segment(struct npsd_shard *s, struct npsd_seg seg);
/* False: the dictionary's copy must grow first, or does not fit (then fold is halted). */
bool npsd_shard_dict(struct npsd_fold *f, struct npsd_shard *s);
/* The next t by the clocks of a reply. */
int64_t npsd_shard_clock(struct npsd_fold *f, const struct npsd_shard *s, int64_t time_ms, int64_t clock_ms);
void npsd_shard_forget(struct npsd_fold *f, struct npsd_shard *s, bool now);

/* --- read.c --- */
bool npsd_read_step(struct npsd_fold *f);
void npsd_read_done(struct npsd_fold *f, const struct npsd_done *done);

/* --- apply.c --- */
enum npsd_applied {
	NPSD_APPLIED,
	NPSD_APPLY_LATER /* dictionary, or halted */,
	NPSD_APPLY_BROKEN /* take the shard anew */
};
enum npsd_applied npsd_apply_entry(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *entry);

/* --- snapshot.c --- */
bool npsd_snapshot_step(struct npsd_fold *f);
void npsd_snapshot_done(struct npsd_fold *f, const struct npsd_done *done);
void npsd_snapshot_abandon(struct npsd_fold *f);
bool npsd_snapshot_freezes(const struct npsd_fold *f, const struct npsd_shard *s);
/* Puts a stored chunk into the panes. False: it is malformed, or holds what belongs into another one; the
 * panes are not to be used any more. */
bool npsd_snapshot_load(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_chunk_key key, const void *bytes, size_t n);

#endif
