/*
 * Whether a thread still makes steps. Of one gap between two looks no more than half of the limit counts:
 * where the whole process stood still (it was stopped, or its machine) its threads may go on first.
 * Thread: owner, for all
 */
#ifndef NPSD_STALL_H
#define NPSD_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct npsd_stall {
	int64_t looked_ms, still_ms; /* last look; no step for so long */
	int64_t steps;		     /* seen then */
};

/* A look at now_ms (monotonic), where the thread has made so many steps. True: none for more than limit_ms.
 */
static inline bool npsd_stall_look(struct npsd_stall *s, int64_t steps, int64_t now_ms, int64_t limit_ms)
{
	int64_t gap = now_ms - s->looked_ms;

	s->still_ms = steps == s->steps ? s->still_ms + (gap < limit_ms / 2 ? gap : limit_ms / 2) : 0;
	s->steps = steps;
	s->looked_ms = now_ms;
	return s->still_ms > limit_ms;
}

#endif
