/*
 * Exponential back-off with jitter: after the k-th failure in a row the wait is w/2 to 3w/2, evenly
 * distributed, w = min(first_ms * 2^(k-1), most_ms). All waits between two tries go through here. Thread:
 * owner, for all
 */
#ifndef NPSD_BACKOFF_H
#define NPSD_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/clock.h"

struct npsd_backoff {
	int64_t first_ms, most_ms; /* set at birth; first_ms >= 1 */
	int failures;		   /* in a row */
	int64_t retry_mono_ms;	   /* no try before; 0: at once */
};

/* A try failed. now_mono_ms: the clock's, as the caller read it */
void npsd_backoff_fail(struct npsd_backoff *b, const struct npsd_clock *clock, int64_t now_mono_ms);

/* A try succeeded, or the wait has no reason any more. */
static inline void npsd_backoff_reset(struct npsd_backoff *b)
{
	b->failures = 0;
	b->retry_mono_ms = 0;
}

/* Whether the next try must wait still. */
static inline bool npsd_backoff_waits(const struct npsd_backoff *b, int64_t now_mono_ms)
{
	return now_mono_ms < b->retry_mono_ms;
}

#endif
