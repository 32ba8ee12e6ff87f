/*
 * Which segment is written next. A segment is in one place at a time:
 *
 *   idle --touch--> fresh --classify--> ready --take--> flight --written--> cool
 *                                         ^               |
 *                                         +-----retry-----+
 *
 *   cool --interval over--> idle, or ready where it was touched in between
 *
 * So a first change is written at once, and none more often than once per interval. Of what is ready, short
 * segments (few dimensions, high levels) go before long ones and older before newer; every fourth is the
 * oldest of all, so that none starves.
 */
#ifndef NPSD_PUBLISH_DUE_H
#define NPSD_PUBLISH_DUE_H

#include <stdbool.h>
#include <stdint.h>

#define NPSD_DUE_CLASSES 16 /* 0: the shortest */
#define NPSD_DUE_NONE UINT32_MAX

enum npsd_due_place { NPSD_DUE_IDLE, NPSD_DUE_FRESH, NPSD_DUE_READY, NPSD_DUE_FLIGHT, NPSD_DUE_COOL };

struct npsd_due_seg {
	uint32_t next; /* in the list of its place */
	uint8_t place; /* enum npsd_due_place */
	uint8_t class; /* NPSD_DUE_CLASSES: not known yet */
	bool changed;  /* while in flight or cooling */
	int64_t at_ms; /* ready: since when; cool: written when */
};

struct npsd_due_list {
	uint32_t head, tail;
};

/* due == number of segments fresh, ready, in flight, or cooling and changed */
struct npsd_due {
	struct npsd_due_seg *seg;
	uint32_t n, cap;
	struct npsd_due_list fresh, cool, ready[NPSD_DUE_CLASSES];
	uint32_t due, nready, turn;
};

/* Thread: owner, for all */
void npsd_due_init(struct npsd_due *d);
void npsd_due_free(struct npsd_due *d);
/* Forgets all; segments 0 .. n-1 are idle. */
void npsd_due_reset(struct npsd_due *d, uint32_t n);
/* Segment i must be written (again). */
void npsd_due_touch(struct npsd_due *d, uint32_t i, int64_t mono_ms);
/* A segment whose class must be told by npsd_due_classify, or NONE. */
uint32_t npsd_due_fresh(const struct npsd_due *d);
void npsd_due_classify(
    struct npsd_due *d, int class, int64_t mono_ms); /* of the one that npsd_due_fresh gave */
/* What was written at least interval_ms ago may be written again. */
void npsd_due_cool(struct npsd_due *d, int64_t mono_ms, int64_t interval_ms);
/* The next to be written, in flight now; NONE where none is ready. */
uint32_t npsd_due_take(struct npsd_due *d);
/* In flight though nobody touched it (a sweep): false where it is not idle. */
bool npsd_due_seize(struct npsd_due *d, uint32_t i);
void npsd_due_written(struct npsd_due *d, uint32_t i, int64_t mono_ms);
/* It was not written: the first of its class now. */
void npsd_due_retry(struct npsd_due *d, uint32_t i, int64_t mono_ms);

#endif
