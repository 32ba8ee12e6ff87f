/*
 * panes: what has been counted, of one shard: counters by segment, step and pane. Filled by fold from the
 * log, read by publish. A window is the sum of its panes, computed when it is published: reading some hundred
 * panes costs less than writing the window's JSON, and there is no running total that could go wrong.
 *
 * A delta is given with the start of its pane in the finest step; it is added at every step that a window
 * uses, where it is not older than what that step keeps. Sparse: a segment with one answer costs a few dozen
 * bytes a step.
 */
#ifndef NPSD_PANES_H
#define NPSD_PANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npsd/config.h"
#include "npsd/segment.h"

struct npsd_panes;

/* The steps used by the windows, ascending; returns how many. Thread: any */
int npsd_panes_steps(int64_t step_s[NPSD_MAX_STEPS], const struct npsd_config *cfg);
/*
 * Start of the window of width W and step g at time t: floor(t, g) + g - W, in seconds. Its end is start + W;
 * the window before it is the W seconds that end where it begins. Thread: any
 */
int64_t npsd_window_from_s(const struct npsd_window *w, int64_t t_ms);

/* Thread: fold, for all below */
struct npsd_panes *npsd_panes_new(const struct npsd_config *cfg);
void npsd_panes_free(struct npsd_panes **p);

/* Index of a segment, made if `make`; UINT32_MAX where there is none. Indexes stay until the shard is given
 * up. */
uint32_t npsd_panes_find(struct npsd_panes *p, struct npsd_seg seg, bool make);
uint32_t npsd_panes_segments(const struct npsd_panes *p); /* indexes are below this */
struct npsd_seg npsd_panes_seg(const struct npsd_panes *p, uint32_t i);

/*
 * Adds v[c] for each counter c whose bit is set in bits, ascending; pane_s is in the finest step. False: a
 * counter would become larger than any that is counted (2^48), and the panes are not to be used any more.
 */
bool npsd_panes_add(struct npsd_panes *p, uint32_t i, int64_t pane_s, uint32_t bits, const int64_t *v);
/* out[c] = sum over the panes of `step` with from_s <= start < to_s; true if any is not zero. */
bool npsd_panes_sum(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s,
    int64_t out[NPSD_NCOUNTER]);
/* Whether a pane that is not all zero starts in from_s <= start < to_s. */
bool npsd_panes_any(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s);
/* Forgets, at every step, what no window nor previous window at t or later reads. */
void npsd_panes_drop(struct npsd_panes *p, int64_t t_ms);
size_t npsd_panes_bytes(const struct npsd_panes *p);

#endif
