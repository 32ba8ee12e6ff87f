/*
 * Validates the fields of a parsed record: the result is an event, or the first reason in the order of
 * fates.def. Both token sources are validated here, so both follow the same rules.
 */
#ifndef NPSD_DECODE_VALIDATE_H
#define NPSD_DECODE_VALIDATE_H

#include "decode/number.h"
#include "decode/parse.h"
#include "npsd/decode.h"

/* The limits of the contract, in bytes. */
#define NPSD_ID_BYTES 128
#define NPSD_TEXT_BYTES 256
#define NPSD_COMMENT_BYTES 4096
#define NPSD_LOCATION_BYTES ((size_t)NPSD_LEVELS * (NPSD_TEXT_BYTES + 1))
/* Arena bytes that the strings of one event may need, including one theme more than the event keeps. */
#define NPSD_EVENT_BYTES                                                                                     \
	(NPSD_ID_BYTES + NPSD_LOCATION_BYTES + (size_t)NPSD_TEXT_BYTES * (NPSD_NDIM + NPSD_THEMES + 2) +     \
	    NPSD_COMMENT_BYTES)

struct npsd_validator {
	const struct npsd_config *cfg;
	char *arena; /* strings that differ from the bytes in the record */
	size_t used, size;
	char *scratch; /* the last string that was peeked at, unescaped; as long as the longest record */
	struct npsd_minute minute;
	/* the present record */
	const char *doc;
	const struct npsd_fields *fields;   /* of the event */
	const struct npsd_fields *envelope; /* of a structured CloudEvent, or NULL */
	const struct npsd_headers *headers; /* of any other record, or NULL */
	const struct npsd_record_view *rec;
	struct npsd_event *ev;
	struct npsd_verdict verdict; /* positions are in doc */
};

/* The present record is set; sets *ev and verdict. Thread: worker; Waits: never */
void npsd_validate(struct npsd_validator *v);

#endif
