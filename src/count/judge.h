/* Identity: what an event is to the response it names. Depends on the partition's records, rulings and
 * dictionary alone. */
#ifndef NPSD_COUNT_JUDGE_H
#define NPSD_COUNT_JUDGE_H

#include "count/ledger.h"
#include "npsd/event.h"

/* Where and when a record stands: its position, and the partition's times as this record has moved them. */
struct npsd_moment {
	struct npsd_pos pos; /* of the record itself */
	int64_t stream_ms;
	int64_t horizon_ms; /* NPSD_TIME_NONE: none yet, nothing is late */
};

enum npsd_told { NPSD_TOLD_NOTHING, NPSD_TOLD_RAISED, NPSD_TOLD_CHANGED, NPSD_TOLD_RETRACTED };

struct npsd_judged {
	enum npsd_fate fate;
	enum npsd_reason reason;  /* NPSD_R_ok, or the fate's own */
	struct npsd_entry *entry; /* counted: as it is now */
	bool first;		  /* it became known, or was revived, by this event */
	bool had;		  /* it counted before, as: */
	struct npsd_content before;
	enum npsd_told told; /* what is to be told; entry->told and ->incident say so already */
};

/* Thread: worker; Waits: never. Room for one entry must be reserved. */
void npsd_ledger_judge(struct npsd_judged *out, struct npsd_ledger *l, struct npsd_key key,
    const struct npsd_event *ev, const struct npsd_content *content, const struct npsd_moment *at);
bool npsd_is_detractor(const struct npsd_content *c);

#endif
