/*
 * What an event is to the response that it names: a first event, an edit, a retraction, a duplicate, late.
 * The decision depends on the partition's records, its rulings and the dictionary alone, so that a replay
 * repeats it.
 */
#ifndef NPSD_COUNT_DECIDE_H
#define NPSD_COUNT_DECIDE_H

#include "count/ledger.h"
#include "npsd/event.h"

/* The position of a record, and the partition's times after this record has moved them. */
struct npsd_moment {
	struct npsd_pos pos; /* of the record */
	int64_t stream_ms;
	int64_t horizon_ms;	/* NPSD_TIME_NONE: none yet, nothing is late */
	bool location_required; /* the option, as it was in force for this record */
};

/* An event and the ids of its values. A value that an `updated` does not mention is NONE in content. */
struct npsd_resolved {
	struct npsd_key key;
	const struct npsd_event *ev;
	const struct npsd_content *content;
};

enum npsd_transition {
	NPSD_TRANSITION_NONE,
	NPSD_TRANSITION_RAISED,
	NPSD_TRANSITION_CHANGED,
	NPSD_TRANSITION_RETRACTED
};

struct npsd_decision {
	enum npsd_fate fate;
	enum npsd_reason reason;  /* NPSD_R_ok, or the fate's own */
	struct npsd_entry *entry; /* counted: as it is now */
	bool first;		  /* this event made the response known, or revived it */
	bool had;		  /* the response counted before, as `before` */
	struct npsd_content before;
	const struct npsd_content *now;	 /* counted: what counts from now on; NULL: it is withdrawn */
	struct npsd_content merged;	 /* `now` may point here */
	enum npsd_transition transition; /* entry->transitions and ->incident include it */
};

/* Thread: worker; Waits: never. Room for one entry must be reserved. */
void npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *event,
    const struct npsd_moment *at);
static inline bool npsd_is_stage(enum npsd_type type)
{
	return type >= NPSD_T_INVITED;
}

#endif
