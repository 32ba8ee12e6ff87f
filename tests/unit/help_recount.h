/*
 * A plain recount of random events of a partition: the contract's identity once more, as simple as it can be
 * written, over lists. The worker's deltas, fates and alerts are held against it.
 */
#ifndef HELP_RECOUNT_H
#define HELP_RECOUNT_H

#include "help_count.h"
#include "npsd/event.h"

#define MINUTE 60000LL
#define DAY (1440 * MINUTE)
#define LATENESS DAY
#define RECORDS 400
#define IDS 40
#define NEVER INT64_MIN

enum { SUBMITTED, UPDATED, RETRACTED, EXCLUDED, STAGE }; /* STAGE: of the invitation with that id */
enum {
	SAYS_SCORE = 1,
	SAYS_KIND = 2,
	SAYS_LOCATION = 4,
	SAYS_CHANNEL = 8,
	SAYS_THEMES = 16,
	SAYS_COMMENT = 32
};
#define SAYS_ALL 63

struct record {
	int64_t ms, event_ms, updated_ms; /* NEVER: not mentioned */
	int type, stage, says, id, score, kind, location, channel, themes, revision, comment;
};

/* The configuration that the recount knows. */
#define RECOUNT_OPTIONS 5
extern const char *const recount_options[RECOUNT_OPTIONS];

/* A record's bytes, behind the others of the rig's log. */
void recount_push(struct rig *r, const struct record *rec, int64_t offset);
/* Counts rec[0..RECORDS) anew, and demands that all that came out of the worker is the same. */
void recount_compare(uint64_t seed, const struct rig *r, const struct record *rec);

#endif
