/* A partition as its worker holds it: where it is, its time, its rulings, its ledger. */
#ifndef NPSD_COUNT_PART_H
#define NPSD_COUNT_PART_H

#include "count/ledger.h"
#include "npsd/batch.h"

#define NPSD_DAY_MS ((int64_t)24 * 3600 * 1000)

struct npsd_part_range {
	int64_t from, to; /* offsets from..to-1 */
};

struct npsd_part_older {
	int64_t before; /* offsets below it were read under the configuration in place `at` of cfg->older */
	int at;
};

struct npsd_part_from {
	int64_t at, ms; /* in force from offset `at` on */
};

/* writer and reader: its worker */
struct npsd_part {
	struct npsd_part_state
	    state; /* pos is live; times and lateness are as last sealed: here are the live ones: */
	int64_t stream_ms, horizon_ms, lateness_ms;
	int64_t next;	  /* offsets below it are behind; loading: next < state.pos.offset */
	bool loading;	  /* run without counting, up to state.pos */
	bool wants_first; /* the first record ever counted is still to come, of a base above 0 */
	struct npsd_ledger *ledger;
	struct npsd_part_range *ahead; /* rulings, ascending */
	struct npsd_part_from *late, *raised;
	size_t naheads, nlates, late_at, nraised, raised_at;
	struct npsd_part_older *older; /* ascending */
	size_t nolder;
	struct npsd_batch_part *in; /* in the batch in hand; NULL: not in it */
	struct npsd_part_range
	    listing; /* records ahead that are not in the rulings of the batch yet; from < 0: none */
	struct npsd_part_from raising; /* a horizon moved up, likewise; at < 0: none */
};

/* Takes what it needs of the order's state and rulings. Thread: worker, for all; Owns: the caller frees */
struct npsd_part *npsd_part_new(const struct npsd_command *o, int64_t lateness_ms);
void npsd_part_free(struct npsd_part **p);
/* state.pos is reached: what is stored and what was loaded meet. */
void npsd_part_begin(struct npsd_part *p, int64_t lateness_ms);
/* Whether a record is one of those that a ruling lists. */
bool npsd_part_is_ahead(const struct npsd_part *p, int64_t offset);
/* The configuration that the record is read under: its place in cfg->older; -1 or
 * cfg->nolder: the present one. */
int npsd_part_older(const struct npsd_part *p, int64_t offset);
/* Whether a count before this one told the alerts of this record. */
bool npsd_part_was_alerted(const struct npsd_part *p, int64_t offset);
/* A record moves stream time (unless it is of the future) and the horizon, before it is decision. */
void npsd_part_advance(struct npsd_part *p, int64_t offset, int64_t record_ms, bool moves_time);
/* In the batch from now on: where it begins, and the ruling of a lateness that begins here. */
void npsd_part_join(struct npsd_part *p, struct npsd_batch_part *in);
/* A record ahead of the clock: to be listed. */
void npsd_part_list_ahead(struct npsd_part *p, int64_t offset);
/*
 * Moves the horizon up from here on, not beyond stream time: the ruling is written by the batch that counts
 * the next record. Not while loading.
 */
void npsd_part_move_horizon(struct npsd_part *p, int64_t horizon_ms);
/* The state behind the batch; the partition is in none from now on. */
void npsd_part_leave(struct npsd_part *p);
/* What the ledger knows at the horizon, one line a response, sorted: two ledgers are equal where these are.
 */
void npsd_part_dump(struct npsd_buf *out, const struct npsd_part *p);

#endif
