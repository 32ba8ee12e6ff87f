/*
 * While partitions are counted, the topic is compared with what was counted (topic_history.h) each
 * history.interval, since a reader does not notice a topic that was cut or recreated and has grown again. One
 * partition at a time, of those that are counted; one that cannot be compared now is passed over:
 *
 *   step     call                                    done                 otherwise
 *   NEXT     none, until a partition is due          HISTORY
 *   HISTORY  script: reads the marks                 RECORDS              NEXT
 *   RECORDS  broker: the records since the last one  NEXT; ENDS where     NEXT
 *            that was compared, until all are read   they differ
 *   ENDS     broker: the earliest offset; marks      NEXT; recovery where NEXT
 *            before it say nothing                   they differ still
 *
 * A recovery acquires the partitions again, which finds out what happened. Thread: group, for all
 */
#ifndef NPSD_CONSUME_RECHECK_H
#define NPSD_CONSUME_RECHECK_H

#include "consume/assignment.h"

enum recheck_step { RECHECK_NEXT, RECHECK_HISTORY, RECHECK_RECORDS, RECHECK_ENDS };

struct recheck {
	enum recheck_step step;
	bool in_flight; /* the step's call is out with this tag */
	uint64_t tag;
	size_t at;	       /* partition of the assignment; those before it are compared this time */
	int64_t begun_mono_ms; /* when the first one was */
	struct npsd_tp tp;
	struct history history;
	int64_t last; /* the last record that is compared */
};

void recheck_free(struct recheck *r);
/* What is assigned is acquired anew, which compares it: the first comparison is due after an interval. */
void recheck_begin(struct recheck *r, const struct context *c);
/* Counting goes on: a comparison that was interrupted is made again. */
void recheck_go_on(struct recheck *r);
/* False: nothing to do now. */
bool recheck_step(struct recheck *r, struct context *c, struct assignment *s);
/* Completions with this tag. True: the topic is another one, or was cut. */
void recheck_on_store(
    struct recheck *r, struct context *c, const struct npsd_done *done, const struct assignment *s);
bool recheck_on_event(
    struct recheck *r, struct context *c, const struct npsd_broker_event *e, struct assignment *s);

#endif
