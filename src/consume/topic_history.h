/*
 * Whether a topic is the one that was counted. Redis holds marks (base/marks.h) of the records that were
 * counted: of the last 4096 at least, and sparse ones before them. The same offsets are read from Kafka once
 * more, and compared:
 *
 *   SAME   each is the record that was counted
 *   CUT    the first ones are, from some offset on none is: the topic lost its end (an unclean election, a
 *          mirror that lags), and may have got other records since. The last common record is known exactly
 *   OTHER  the topic was recreated, or is a copy in another order, or was cut before the marks begin
 *
 * A log only grows, so what two logs have in common is their beginning. Marks before the earliest offset that
 * Kafka holds say nothing. Thread: group, for all
 */
#ifndef NPSD_CONSUME_TOPIC_HISTORY_H
#define NPSD_CONSUME_TOPIC_HISTORY_H

#include "npsd/batch.h"
#include "npsd/broker.h"
#include "script/build.h"

enum history_verdict { HISTORY_SAME, HISTORY_CUT, HISTORY_OTHER };

struct history_range { /* offsets from..to-1 */
	int64_t from, to;
};

#define HISTORY_RANGES 3 /* the oldest and the newest sparse mark, the last records */

struct history {
	struct npsd_pos pos;	/* counted up to here */
	struct npsd_mark *last; /* of the records counted last, ascending; all are before pos, and between
				   them there is no record */
	size_t nlast;
	struct npsd_mark sparse[HISTORY_RANGES - 1];
	size_t nsparse;
	uint64_t *cut; /* hashes of records that were counted and cut from the topic later, ascending */
	size_t ncut;
	struct npsd_mark *found; /* what Kafka holds in the ranges that were read, ascending */
	size_t nfound;
	struct history_range range[HISTORY_RANGES]; /* to read */
	size_t nranges, next;
};

void history_free(struct history *h);
/* From the reply of script history. Leaves out what is before low; of the last records also those before
 * `checked`. False: npsd did not write it. */
bool history_read(struct history *h, const struct npsd_reply *r, int64_t low, int64_t checked);
/* The next range to read from Kafka; NULL: all are read. */
const struct history_range *history_next(const struct history *h);
/* Kafka's records of that range. */
void history_found(struct history *h, const struct npsd_broker_event *e);
/* Compares, when all ranges are read. low: marks before it say nothing. holes: neither do missing records, as
 * in a compacted topic. *at: for CUT, the offset after the last common record */
enum history_verdict history_compare(const struct history *h, int64_t *at, int64_t low, bool holes);
/* Adds the history as it is after a cut to a call of script skip. */
void history_add_cut(const struct history *h, struct npsd_script_build *b, int64_t at);

#endif
