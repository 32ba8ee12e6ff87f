/*
 * How far counting is, read from what is stored. A drain asks for its targets, whoever counts them; otherwise
 * npsd asks for what is assigned, and commits it as the group's own offsets, which are for lag monitors only.
 * A target is a partition of any topic, with the offsets that Kafka held when it was asked. Thread: group,
 * for all
 */
#ifndef NPSD_CONSUME_PROGRESS_H
#define NPSD_CONSUME_PROGRESS_H

#include "consume/assignment.h"

struct target {
	struct npsd_tp tp;
	int64_t low, end;    /* end -1: unknown */
	bool asked;	     /* ends() is in flight; only while end is unknown */
	bool reached;	     /* end <= low, or the stored position is at or after end */
	struct npsd_pos pos; /* stored, as it was last read */
	char why[240];	     /* why the end is unknown; "": it was not asked for */
};

struct progress {
	bool drain;	       /* constant: the process ends when all targets are reached */
	struct target *target; /* of the topics that are named */
	size_t ntargets, unknown, unreached;
	bool named[NPSD_MAX_TOPICS]; /* the topic's partitions are targets */
	int64_t moved_mono_ms;	     /* when a stored position was last seen to move */
	struct npsd_backoff retry;

	uint64_t tag; /* of the call for positions; 0: none whose reply is wanted */
	struct npsd_tp asked[NPSD_MAX_PARTS];
	size_t nasked;
	int64_t asked_mono_ms;
};

/* Asks for the ends that are unknown. True: the ends of all partitions of all topics that exist are known. */
bool progress_find_targets(struct progress *p, struct context *c);
/* Whether all partitions of all topics are counted up to their ends. */
bool progress_reached(const struct progress *p, const struct context *c);
void progress_on_ends(struct progress *p, struct context *c, const struct npsd_broker_event *e);
/* Asks for positions when it is time. False: nothing to do now. */
bool progress_step(struct progress *p, struct context *c, const struct assignment *assigned);
void progress_on_store(
    struct progress *p, struct context *c, const struct assignment *assigned, const struct npsd_done *done);

#endif
