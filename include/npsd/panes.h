/*
 * panes: the counters of one shard, by segment, step and pane. fold adds what it reads from the log; publish
 * sums. A window is the sum of its panes, computed when it is published: reading some hundred panes costs
 * less than writing the window's JSON, and no running total can drift.
 *
 * A delta has the start of its pane in the finest step; it is added at every step of the windows, unless that
 * step has dropped the pane. Storage is sparse: a segment with one answer takes a few dozen bytes a step.
 */
#ifndef NPSD_PANES_H
#define NPSD_PANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npsd/config.h"
#include "npsd/segment.h"

struct npsd_panes;

/* The steps of the windows, ascending. Returns their number. Thread: any; Waits: never */
int npsd_panes_steps(int64_t step_s[NPSD_MAX_STEPS], const struct npsd_config *cfg);
/*
 * Start of the window of width W and step g at time t: floor(t, g) + g - W, in seconds. Its end is start + W;
 * the previous window is the W seconds before its start. Thread: any; Waits: never
 */
int64_t npsd_window_from_s(const struct npsd_window *w, int64_t t_ms);

/* Thread: fold, for all below; Waits: never, for all below */

/* Owns: the caller frees; cfg is read only here */
struct npsd_panes *npsd_panes_new(const struct npsd_config *cfg);
void npsd_panes_free(struct npsd_panes **p);

/* Index of a segment, which it keeps for the life of the panes; with `make` it is made if it is new. Fails:
 * UINT32_MAX if there is none */
uint32_t npsd_panes_find(struct npsd_panes *p, struct npsd_seg seg, bool make);
uint32_t npsd_panes_segments(const struct npsd_panes *p); /* indexes are 0 .. this - 1 */
struct npsd_seg npsd_panes_seg(const struct npsd_panes *p, uint32_t i);

/*
 * Adds v[k] to the counter of the k-th set bit of bits; pane_s is in the finest step. Fails: false if a
 * counter would exceed 2^48 by absolute value, and the panes are not to be used any more
 */
bool npsd_panes_add(struct npsd_panes *p, uint32_t i, int64_t pane_s, uint32_t bits, const int64_t *v);
/* out[c] = sum over the panes of `step` with from_s <= start < to_s. True if any is not 0. */
bool npsd_panes_sum(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s,
    int64_t out[NPSD_NCOUNTER]);
/* The same, as it is published: 0 for a sum below 0. An edit may subtract what was added by a record only
 * that the topic lost. */
void npsd_panes_count(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s,
    int64_t out[NPSD_NCOUNTER]);
/* Whether a pane with a counter that is not 0 has from_s <= start < to_s. */
bool npsd_panes_any(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s);
/* Drops, at every step, what no window nor previous window at t or later reads. */
void npsd_panes_drop(struct npsd_panes *p, int64_t t_ms);
size_t npsd_panes_bytes(const struct npsd_panes *p);

/* Thread: any */
static inline int64_t npsd_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

#endif
