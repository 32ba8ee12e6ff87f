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
	int64_t due_mono_ms; /* what is acquired does not wait for the rest any longer */
	uint8_t shards[32];  /* that fold was given; constant while shards_given is false */
	bool shards_given;
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
/* The acquisition of a partition; NULL: it is not assigned to this process. */
const struct acquisition *assignment_of(const struct assignment *s, struct npsd_tp tp);
/* Takes over where the workers stand, from the PAUSE that came back. */
void assignment_paused(struct assignment *s, struct commands *cmd);
/* Partitions that are acquired and not counted yet. */
size_t assignment_ready(const struct assignment *s);
/* Whether all is counted: none is compared still, which may find that its position is of another topic. */
bool assignment_all_counted(const struct assignment *s);
/* Whether delivery should begin: all is acquired, or what is acquired has waited for the rest. */
bool assignment_due(const struct assignment *s, const struct context *c);
/* Starts delivery of all that is acquired, and gives what is new to workers and commit. Workers stand still.
 * False: Kafka cannot now. */
bool assignment_deliver(
    struct assignment *s, struct context *c, struct commands *cmd, struct npsd_names *names);
/* Gives fold its shards where they have changed. True: it did. */
bool assignment_give_shards(struct assignment *s, struct context *c, struct commands *cmd);

#endif
