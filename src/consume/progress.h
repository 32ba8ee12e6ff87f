/*
 * How far counting is, read from what is stored: in a drain of all targets, whoever counts them; otherwise of
 * what is assigned, for the group's own offsets, which are for lag monitors only. Thread: group, for all
 */
#ifndef NPSD_CONSUME_PROGRESS_H
#define NPSD_CONSUME_PROGRESS_H

#include "consume/assignment.h"
#include "consume/targets.h"

struct progress {
	uint64_t tag;			   /* of the call in flight; 0: none whose reply is wanted */
	struct npsd_tp tp[NPSD_MAX_PARTS]; /* what it asks for */
	size_t n;
	int64_t asked_mono_ms;
};

/* Asks for positions when it is time. drain NULL: no drain. False: nothing to do now. */
bool progress_step(
    struct progress *p, struct context *c, const struct assignment *assigned, const struct targets *drain);
void progress_on_store(
    struct progress *p, struct context *c, struct targets *drain, const struct npsd_done *done);

#endif
