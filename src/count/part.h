/* A partition as its worker holds it: position, times, rulings and ledger. Thread: worker, for all */
#ifndef NPSD_COUNT_PART_H
#define NPSD_COUNT_PART_H

#include "count/ledger.h"
#include "npsd/batch.h"

#define NPSD_DAY_MS ((int64_t)24 * 3600 * 1000)

struct npsd_part_range {
	int64_t from, to; /* offsets from..to-1 */
};

struct npsd_part_older {
	int64_t
	    before; /* offsets below it were counted under the configuration in place `at` of cfg->older */
	int at;
};

struct npsd_part_from {
	int64_t at, ms; /* in force from offset `at` on */
};

/* writer and reader: its worker */
struct npsd_part {
	struct npsd_part_state
	    state; /* pos is the present one; times and lateness are those of the last sealed batch */
	int64_t stream_ms, horizon_ms, lateness_ms; /* the present ones */
	int64_t next;	  /* offsets below it are done; loading: next < state.pos.offset */
	bool loading;	  /* records run through the ledger without being counted, up to state.pos */
	bool wants_first; /* the base is above 0 and its first record is still to come */
	struct npsd_ledger *ledger;
	struct npsd_part_range *ahead; /* rulings, ascending */
	struct npsd_part_from *late, *raised;
	size_t naheads, nlates, late_at, nraised, raised_at;
	struct npsd_part_older *older; /* ascending */
	size_t nolder;
	uint64_t *cut; /* hashes of records that were counted before the topic lost them, ascending */
	size_t ncut;
	struct npsd_batch_part *in; /* its part of the batch that fills; NULL: not in it */
	struct npsd_part_range
	    listing; /* records ahead of the clock, not in the batch's rulings yet; from < 0: none */
	struct npsd_part_from raising; /* a horizon that moved up, likewise; at < 0: none */
};

/* From the state and the rulings of an ACQUIRE. Owns: the caller frees */
struct npsd_part *npsd_part_new(const struct npsd_command *o, int64_t lateness_ms);
void npsd_part_free(struct npsd_part **p);
/* The load has reached state.pos: counting begins, with the stored times where they are later. */
void npsd_part_begin(struct npsd_part *p, int64_t lateness_ms);
/* Whether a ruling lists the record as ahead of the clock. */
bool npsd_part_is_ahead(const struct npsd_part *p, int64_t offset);
/* The place in cfg->older of the configuration that the record is read under; -1 or cfg->nolder: the present
 * one. */
int npsd_part_older(const struct npsd_part *p, int64_t offset);
/* Whether a count before the rebuild emitted the alerts of this record. */
bool npsd_part_was_alerted(const struct npsd_part *p, int64_t offset);
/* A record moves stream time (unless it is ahead of the clock) and the horizon, before it is decided. */
void npsd_part_advance(struct npsd_part *p, int64_t offset, int64_t record_ms, bool moves_time);
/* Whether the record was counted already, before the topic lost it. */
bool npsd_part_was_counted(const struct npsd_part *p, uint64_t hash);
/* Joins the batch that fills: sets where it begins there, and writes the ruling of a changed lateness. */
void npsd_part_join(struct npsd_part *p, struct npsd_batch_part *in);
/* The record is ahead of the clock: a ruling must list it. */
void npsd_part_list_ahead(struct npsd_part *p, int64_t offset);
/*
 * Moves the horizon up, to stream time at most. The batch that counts the next record writes the ruling. Not
 * while loading.
 */
void npsd_part_move_horizon(struct npsd_part *p, int64_t horizon_ms);
/* The batch is sealed: writes the state after it. The partition is in no batch then. */
void npsd_part_leave(struct npsd_part *p);

#endif
