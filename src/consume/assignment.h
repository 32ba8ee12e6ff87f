/* What the consumer group assigned to this process: its acquisitions, and the hand-over of what is acquired.
 * Thread: group, for all */
#ifndef NPSD_CONSUME_ASSIGNMENT_H
#define NPSD_CONSUME_ASSIGNMENT_H

#include "consume/acquisition.h"
#include "consume/commands.h"

/* After unassign() the parts stay: those that the next assignment gives back keep their ledger. */
struct assignment {
	struct acquisition *part[NPSD_MAX_PARTS];
	size_t n;
};

/* Takes over a new assignment: releases what is not in it, begins to acquire all that is. */
void assignment_replace(
    struct assignment *s, struct context *c, struct commands *cmd, const struct npsd_broker_event *e);
/* After a RESET no worker holds a ledger: begins to acquire all. */
void assignment_reset(struct assignment *s, struct context *c);
void assignment_forget(struct assignment *s);
/* Makes the next calls of the acquisitions. True: any. */
bool assignment_advance(struct assignment *s, struct context *c);
/* The acquisition that made a call with this tag; NULL: none does any more. */
struct acquisition *assignment_find(const struct assignment *s, uint64_t tag);
/* Starts delivery, gives partitions to workers and commit, and shards to fold. False: not all are acquired,
 * or Kafka cannot now. */
bool assignment_deliver(
    struct assignment *s, struct context *c, struct commands *cmd, struct npsd_names *names);

#endif
