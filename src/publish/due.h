/*
 * Which segment is written next. A segment is in one place at a time:
 *
 *   event                  IDLE    FRESH  READY   FLIGHT                   COOL
 *   touch                  FRESH   -      -       changed                  changed
 *   classify               .       READY  .       .                        .
 *   take                   .       .      FLIGHT  .                        .
 *   seize (sweep)          FLIGHT  -      -       -                        -
 *   written                .       .      .       COOL                     .
 *   retry                  .       .      .       READY, first of its list .
 *   the interval is over   .       .      .       .                        IDLE; READY if changed
 *
 * `.` cannot happen, `-` changes nothing. FRESH is only for segments without a class; others become READY at
 * once. So a first change is written at once, and a segment at most once per interval. READY segments go in
 * order of class (few dimensions and high levels first), then of age; every fourth is the oldest of all, so
 * that no class starves.
 */
#ifndef NPSD_PUBLISH_DUE_H
#define NPSD_PUBLISH_DUE_H

#include "base/array.h"

#define NPSD_DUE_CLASSES 16 /* 0: the shortest */

enum npsd_due_place { NPSD_DUE_IDLE, NPSD_DUE_FRESH, NPSD_DUE_READY, NPSD_DUE_FLIGHT, NPSD_DUE_COOL };

struct npsd_due_seg {
	uint32_t next;	    /* in the list of its place */
	uint8_t place;	    /* enum npsd_due_place */
	uint8_t class;	    /* NPSD_DUE_CLASSES: unknown */
	bool changed;	    /* while in flight or cooling */
	int64_t at_mono_ms; /* ready: since when; cool: written when */
};

/* due == number of segments fresh, ready, in flight, or cooling and changed */
struct npsd_due {
	struct npsd_due_seg *seg;
	uint32_t n, cap;
	struct npsd_list fresh, cool, ready[NPSD_DUE_CLASSES];
	uint32_t due, nready, turn;
};

/* Thread: owner, for all. Begins zeroed, with a reset */
void npsd_due_free(struct npsd_due *d);
/* Forgets all: every segment is idle. */
void npsd_due_reset(struct npsd_due *d);
/* Segment i must be written (again). */
void npsd_due_touch(struct npsd_due *d, uint32_t i, int64_t now_mono_ms);
/* A segment without a class, for npsd_due_classify; NPSD_LIST_NONE: there is none. */
uint32_t npsd_due_fresh(const struct npsd_due *d);
/* Gives the segment that npsd_due_fresh returned its class. */
void npsd_due_classify(struct npsd_due *d, int class, int64_t now_mono_ms);
/* Segments that were written at least interval_ms ago may be written again. */
void npsd_due_cool(struct npsd_due *d, int64_t now_mono_ms, int64_t interval_ms);
/* The next to be written, in flight now; NPSD_LIST_NONE: none is ready. */
uint32_t npsd_due_take(struct npsd_due *d);
/* Segment i, which was not touched, is in flight now. False: it is not idle. */
bool npsd_due_seize(struct npsd_due *d, uint32_t i);
void npsd_due_written(struct npsd_due *d, uint32_t i, int64_t now_mono_ms);
/* The write failed: segment i is the first of its class now. */
void npsd_due_retry(struct npsd_due *d, uint32_t i, int64_t now_mono_ms);

#endif
