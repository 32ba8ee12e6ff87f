/*
 * Whether a thread still makes steps. A gap between two looks counts for at most half of the limit: if the
 * whole process was stopped, its threads get time to go on. Thread: owner, for all
 */
#ifndef NPSD_STALL_H
#define NPSD_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct npsd_stall {
	int64_t looked_mono_ms; /* the last look */
	int64_t still_ms;	/* time without a step until then */
	int64_t steps;		/* seen then */
};

/* steps: made by the thread so far. True: none for more than limit_ms */
static inline bool npsd_stall_look(struct npsd_stall *s, int64_t steps, int64_t now_mono_ms, int64_t limit_ms)
{
	int64_t gap = now_mono_ms - s->looked_mono_ms;

	s->still_ms = steps == s->steps ? s->still_ms + (gap < limit_ms / 2 ? gap : limit_ms / 2) : 0;
	s->steps = steps;
	s->looked_mono_ms = now_mono_ms;
	return s->still_ms > limit_ms;
}

#endif
