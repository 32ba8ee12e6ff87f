/* Panes as they are stored in chunks and log entries, one step at a time. Thread: fold, for all */
#ifndef NPSD_FOLD_PANE_H
#define NPSD_FOLD_PANE_H

#include "base/unpack.h"
#include "npsd/panes.h"

/* Limits by absolute value: of a counter, so that no sum over a window overflows, and of start / step. */
#define NPSD_PANE_MAX ((int64_t)1 << 48)
#define NPSD_PANE_NUMBER_MAX INT32_MAX

/* v[0 .. popcount(bits) - 1] are the counters whose bit is set, ascending; none is 0. */
struct npsd_pane {
	int64_t start_s;
	uint32_t bits;
	int64_t v[NPSD_NCOUNTER];
};

/* Reads START_S, BITS, V ..., the last n elements of an array. False: malformed, or a counter is larger than
 * `most` by absolute value. */
bool npsd_pane_unpack(struct npsd_pane *out, struct npsd_unpack *u, uint32_t n, int64_t most);
/* The first pane of segment i at a step with from_s <= start < to_s. False: there is none. */
bool npsd_panes_next(
    struct npsd_pane *out, const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s);
/* Adds at one step. False: a counter would exceed NPSD_PANE_MAX, and the pane is unchanged. */
bool npsd_panes_put(
    struct npsd_panes *p, uint32_t i, int step, int64_t start_s, uint32_t bits, const int64_t *v);
/* Panes that start before this are dropped at this step; INT64_MIN: none. */
int64_t npsd_panes_kept_s(const struct npsd_panes *p, int step);
/* Steps 0 .. npsd_panes_nsteps() - 1 ascend. */
int npsd_panes_nsteps(const struct npsd_panes *p);
int64_t npsd_panes_step_s(const struct npsd_panes *p, int step);

static inline int64_t npsd_ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

#endif
