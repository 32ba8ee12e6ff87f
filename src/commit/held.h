/* The partitions held: claim and position as the last acknowledged batch left them. Thread: commit, for all
 */
#ifndef COMMIT_HELD_H
#define COMMIT_HELD_H

#include "npsd/batch.h"
#include "npsd/config.h"

#define HELD_POS_TEXT 40

struct held_part {
	struct npsd_tp tp;
	char claim[NPSD_CLAIM_LEN + 1];
	struct npsd_pos pos;
	bool busy; /* a batch of it is in flight */
};

struct held {
	struct held_part part[NPSD_MAX_PARTS];
	size_t n;
};

/* The partition is not busy: the group gives a command only after every batch came back. */
void held_acquire(struct held *h, const struct npsd_part_state *state);
void held_release(struct held *h, struct npsd_tp tp);
/* Marks the partitions of a batch busy. False: one of them is not held, is busy, or has another claim or
 * position; none is marked then. */
bool held_begin(struct held *h, const struct npsd_batch *b);
/* The batch is acknowledged: its partitions move to its end. */
void held_end(struct held *h, const struct npsd_batch *b);
bool held_busy(const struct held *h);
/* The partition `TOPIC/PARTITION`; NULL where it is not held. */
const struct held_part *held_named(const struct held *h, const struct npsd_config *cfg, const char *tp);
const char *held_pos_text(char out[HELD_POS_TEXT], struct npsd_pos pos);

#endif
