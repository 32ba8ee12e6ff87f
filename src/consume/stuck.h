/*
 * What keeps records from being counted, by name: partitions that cannot be acquired, topics that cannot be
 * described, and transactions that stay open. It is logged, and stored in the public key PFX:stuck while it
 * lasts; a drain that makes no progress ends with it. Thread: group, for all
 */
#ifndef NPSD_CONSUME_STUCK_H
#define NPSD_CONSUME_STUCK_H

#include "consume/progress.h"

struct stuck {
	int64_t looked_mono_ms, logged_mono_ms, reported_mono_ms;
	bool reported;		 /* something, not long ago: the fields must be taken back */
	int64_t moved_mono_ms;	 /* when a drain was last seen to make progress */
	int64_t records, writes; /* of struct npsd_pipeline, then */
};

/* Looks now and then; logs and reports what is stuck. */
void stuck_step(struct stuck *s, struct context *c, const struct assignment *a);
/* The ends of a partition that stands. */
void stuck_on_ends(const struct context *c, const struct assignment *s, const struct npsd_broker_event *e);
/* For how long a drain has made no progress. publishing: all is counted, and fold publishes */
int64_t stuck_drain_ms(struct stuck *s, const struct context *c, const struct npsd_pipeline *pl,
    const struct progress *p, bool publishing);
/* Names what a drain waits for: `topic "a": does not exist; b/3: the partition has no leader` */
void stuck_names(
    char *out, size_t size, const struct context *c, const struct progress *p, const struct assignment *a);

#endif
