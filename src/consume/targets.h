/* All partitions of all topics, with the offsets that Kafka held when each was asked for: how far a drain
 * counts, and where a rebuild begins. Thread: group, for all */
#ifndef NPSD_CONSUME_TARGETS_H
#define NPSD_CONSUME_TARGETS_H

#include "consume/context.h"

struct target {
	struct npsd_tp tp;
	int64_t low, end; /* end -1: not known yet */
	bool asked;	  /* ends() is in flight; only where end is -1 */
	bool reached; /* a drain has nothing left to count: end <= low, or the stored position is at or after
			 end */
};

struct targets {
	struct target *target; /* NULL: the numbers of partitions are not known yet */
	size_t n, unknown, unreached;
	struct npsd_backoff retry;
};

void targets_free(struct targets *t);
/* Asks for the ends that are not known. True: all are. */
bool targets_find(struct targets *t, struct context *c);
void targets_on_ends(
    struct targets *t, struct context *c, uint32_t number, const struct npsd_broker_event *e);
/* A position as it is stored. */
void targets_on_position(struct targets *t, struct npsd_tp tp, struct npsd_str text);
/* Whether all are known and reached. */
bool targets_reached(const struct targets *t);

#endif
