/*
 * What a shard has counted at one position of its log. The panes are the sum of the deltas of the entries
 * 1 .. view.seq (less what was dropped), view.hash is the chain hash of entry view.seq, progress holds the
 * last position of each partition in those entries. Thread: fold, for all
 */
#ifndef NPSD_FOLD_COUNTS_H
#define NPSD_FOLD_COUNTS_H

#include "fold/chunks.h"
#include "fold/pane.h"
#include "fold/source_positions.h"
#include "npsd/publish.h"

/* Limits of numbers in Redis, by absolute value: positions in logs, times in ms. */
#define NPSD_SEQ_MAX ((int64_t)1 << 53)
#define NPSD_TIME_MAX ((int64_t)1000000000 * 1000000000 - 1)

/* A prefix of the dictionary: its length and its chain hash. */
struct npsd_dict_mark {
	uint32_t len;
	char chain[41];
};

/* A pane of the finest step of the configuration that it was written under. */
struct npsd_delta {
	struct npsd_seg seg;
	struct npsd_pane pane;
};

/* Segments at[0 .. n - 1] of the panes. */
struct npsd_slice {
	uint32_t *at;
	uint32_t n, cap;
};

/* Sum of slice[].n = sliced; segments from there on were made by publish and have no pane. A pane with a
 * counter that is not 0 has its chunk in chunks. */
struct npsd_counts {
	const struct npsd_config *cfg;
	struct npsd_shard_view view; /* panes NULL: empty */
	struct npsd_source_positions progress;
	struct npsd_chunks chunks;
	struct npsd_slice slice[NPSD_SLICES];
	uint32_t sliced;    /* segments 0 .. sliced - 1 of the panes are in a slice */
	int64_t dropped_ms; /* the t of the last drop; INT64_MIN: none */
};

void npsd_counts_init(struct npsd_counts *c, const struct npsd_config *cfg, int shard);
void npsd_counts_free(struct npsd_counts *c);
/* Position 0, no panes. */
void npsd_counts_clear(struct npsd_counts *c);
/* Position 0, with panes and the epoch of an acquisition. */
void npsd_counts_begin(struct npsd_counts *c, int64_t epoch, const struct npsd_names *names);
/*
 * Whether a stored segment may belong to this shard, where the dictionary had dict_len entries: its set was
 * given a number, and kind and ids fit the set if it is configured.
 */
bool npsd_counts_may_hold(const struct npsd_counts *c, struct npsd_seg seg, uint32_t dict_len);
/* Index of a segment, made if it is new; UINT32_MAX: its set was removed from the configuration, and older
 * entries and chunks hold it still. */
uint32_t npsd_counts_segment(struct npsd_counts *c, struct npsd_seg seg);
/* Adds a delta to segment i. False: a counter would exceed NPSD_PANE_MAX; the counts are
 * not to be used any more. */
bool npsd_counts_add(struct npsd_counts *c, uint32_t i, const struct npsd_delta *d);
/* Drops the panes that no window at view.t_ms or later reads. */
void npsd_counts_drop(struct npsd_counts *c);
/* The panes of a chunk start in *from_s <= start < return value. */
int64_t npsd_counts_span(int64_t *from_s, const struct npsd_counts *c, struct npsd_chunk_key key);
/* Whether a and b lie in different panes of the finest step. */
bool npsd_counts_turns(const struct npsd_counts *c, int64_t a_ms, int64_t b_ms);

#endif
