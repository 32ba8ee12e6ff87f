/*
 * What was found, judged: an event, or the first reason in the contract's order. Both ways of reading come
 * here, so they cannot differ about the rules.
 */
#ifndef NPSD_DECODE_JUDGE_H
#define NPSD_DECODE_JUDGE_H

#include "decode/json.h"
#include "decode/number.h"
#include "npsd/decode.h"

/* The contract's limits, in bytes. */
#define NPSD_ID_BYTES 128
#define NPSD_TEXT_BYTES 256
#define NPSD_COMMENT_BYTES 4096
#define NPSD_LOCATION_BYTES ((size_t)NPSD_LEVELS * (NPSD_TEXT_BYTES + 1))
/* What the strings of one event may take in the arena, one more theme than is kept included. */
#define NPSD_EVENT_BYTES                                                                                     \
	(NPSD_ID_BYTES + NPSD_LOCATION_BYTES + (size_t)NPSD_TEXT_BYTES * (NPSD_NDIM + NPSD_THEMES + 2) +     \
	    NPSD_COMMENT_BYTES)

struct npsd_judge {
	const struct npsd_config *cfg;
	char *arena; /* strings that are not in the record as they are */
	size_t used, size;
	char *scratch; /* the text looked at last, if it had escapes; as long as the longest record */
	struct npsd_minute minute;
	/* of the record at hand */
	const char *doc;
	const struct npsd_found *found;	    /* the event */
	const struct npsd_found *envelope;  /* of a structured CloudEvent, or NULL */
	const struct npsd_headers *headers; /* of a record that is none, or NULL */
	const struct npsd_record_view *rec;
	struct npsd_event *ev;
	struct npsd_verdict verdict;
};

/*
 * All of the record is set but the verdict; fills *ev and verdict, whose position is in doc. Thread: worker;
 * Waits: never
 */
void npsd_judge(struct npsd_judge *j);

#endif
