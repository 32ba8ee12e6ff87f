/*
 * A worker between hand-driven rings: the test plays group, broker and commit. What the worker hands over is
 * taken apart here into plain lists.
 */
#ifndef HELP_COUNT_H
#define HELP_COUNT_H

#include "npsd/config.h"
#include "npsd/names.h"
#include "npsd/pipeline.h"

#define RIG_NOW 1795381445000 /* 2026-11-22T21:04:05Z: what the wall clock shows */

struct rig_delta {
	char seg[160];
	int64_t pane_s, v[NPSD_NCOUNTER];
};

struct rig_alert {
	char *id, *kind, *severity, *response_id, *source, *json,
	    *channels; /* channels: with a space between */
	size_t id_len, json_len;
	int64_t at_ms, stale_after_ms;
};

struct rig_number {
	char name[128];
	int64_t value;
};

struct rig {
	struct npsd_config *cfg;
	struct npsd_names *names;
	struct npsd_pipeline pl;
	struct npsd_worker *worker;
	int64_t wall_ms, mono_ms;
	uint32_t session;
	struct npsd_msg *log; /* what the broker will give out */
	size_t nlog, at, released, waits;
	bool hold;		   /* commit answers nothing */
	bool admits_nothing;	   /* what is asked for stays unknown */
	enum npsd_request_end end; /* how it answers */
	/* what came out, summed over all batches */
	struct rig_delta *delta;
	size_t ndelta;
	struct rig_alert *alert;
	size_t nalert;
	struct rig_number total[128], meta[64];
	size_t ntotal, nmeta;
	char rulings[8192];
	struct npsd_batch_part last[8]; /* by partition: of its last batch (texts are not kept) */
	size_t batches, asks, asked;
	int64_t clock_ms;
	uint32_t shards[256]; /* deltas by shard */
};

/* sets: configuration, `key=value`. */
struct rig *rig_new(const char *const *sets, int n);
void rig_free(struct rig **r);

/* Orders. The answer's ok, or -1 where none came back. */
struct npsd_command *rig_command(enum npsd_command_what what);
void rig_send(struct rig *r, struct npsd_command *o);
int rig_answer(struct rig *r);
/* TAKE of a partition counted up to pos, delivered from load_from, and READ. */
void rig_take(struct rig *r, int part, int64_t pos, int64_t load_from);

/* The broker's log. value NULL: a tombstone */
void rig_record(struct rig *r, int part, int64_t offset, int64_t record_ms, const char *value);
void rig_msg(struct rig *r, enum npsd_msg_what what, int part, int64_t offset);

/* Steps, and plays commit, until nothing moves any more; time goes on where it must. */
void rig_run(struct rig *r);
/* Commit's part alone: true if it did anything. */
bool rig_commit(struct rig *r);

/* Steps until an order is answered so. */
void rig_wait_answer(struct rig *r, int expect);
/* Takes partition 0 where the last batch left it, with the rulings so far. Returns the offset that delivery
 * begins at. */
int64_t rig_take_again(struct rig *r, bool keep);
/* What the ledger of partition 0 knows, with a zero behind it. */
void rig_dump(struct npsd_buf *out, struct rig *r);

/* Sum of a counter over the deltas of a segment; pane_s < 0: over all panes. */
int64_t rig_sum(const struct rig *r, const char *seg, int64_t pane_s, enum npsd_counter c);
int64_t rig_total(const struct rig *r, const char *name);
int64_t rig_meta(const struct rig *r, const char *name);

#endif
