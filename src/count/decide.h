/* Identity: what an event is to the response it names. Depends on the partition's records, rulings and
 * dictionary alone. */
#ifndef NPSD_COUNT_DECIDE_H
#define NPSD_COUNT_DECIDE_H

#include "count/ledger.h"
#include "npsd/event.h"

/* Where and when a record stands: its position, and the partition's times as this record has moved them. */
struct npsd_moment {
	struct npsd_pos pos; /* of the record itself */
	int64_t stream_ms;
	int64_t horizon_ms;	/* NPSD_TIME_NONE: none yet, nothing is late */
	bool location_required; /* the option, as it was in force for this record */
};

/* An event, with the ids that its own texts have: what an `updated` does not mention is NONE in content. */
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
	bool first;		  /* it became known, or was revived, by this event */
	bool had;		  /* it counted before, as: */
	struct npsd_content before;
	const struct npsd_content *now; /* counted: what counts from now on; NULL: nothing, it is withdrawn */
	struct npsd_content merged;	/* may hold `now` */
	enum npsd_transition transition; /* entry->transitions and ->incident include it */
};

/* Thread: worker; Waits: never. Room for one entry must be reserved. */
void npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *said,
    const struct npsd_moment *at);
static inline bool npsd_is_stage(enum npsd_type type)
{
	return type >= NPSD_T_INVITED;
}
bool npsd_is_detractor(const struct npsd_content *c);

#endif
