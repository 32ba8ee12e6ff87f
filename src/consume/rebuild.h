/*
 * A rebuild drops what was counted under these keys, before anything is acquired: it asks what Kafka holds of
 * each partition, then one script drops the counts and sets base positions. Thread: group, for all
 */
#ifndef NPSD_CONSUME_REBUILD_H
#define NPSD_CONSUME_REBUILD_H

#include "consume/progress.h"

enum rebuild_step {
	REBUILD_NONE, /* none was asked for, or it is done */
	REBUILD_CALL, /* asks for the targets' ends, then makes the call */
	REBUILD_WAIT, /* the call is in flight */
};

struct rebuild {
	enum rebuild_step step;
	bool accept_loss; /* also where Kafka does not hold all that was counted */
	struct npsd_backoff retry;
};

/* False: nothing to do now. */
bool rebuild_step(struct rebuild *r, struct context *c, struct progress *p);
void rebuild_on_store(struct rebuild *r, struct context *c, const struct npsd_done *done);

#endif
