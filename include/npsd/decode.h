/*
 * decode: bytes of one record in, an event or a reason with its byte position out. No I/O, no clock, no state
 * but the arena; the order of the checks is the order of fates.def.
 */
#ifndef NPSD_DECODE_H
#define NPSD_DECODE_H

#include <stddef.h>

#include "npsd/config.h"
#include "npsd/event.h"
#include "npsd/headers.h"

struct npsd_decoder;

struct npsd_record_view {
	const void *value; /* NULL: tombstone. Nothing is read behind its end */
	size_t len;
	int64_t record_ms; /* the record's timestamp, from -2^47 to 2^47 */
	bool ahead;	   /* it is stamped more than a day ahead of npsd's clock (or a ruling says it was) */
	int32_t topic;	   /* its place in the configuration */
	const struct npsd_headers *headers; /* NULL: none that bear on it */
};

struct npsd_verdict {
	enum npsd_reason reason; /* NPSD_R_ok: the event is set */
	uint32_t at; /* byte position in the value; of a missing field, or a header's, the event's `{` */
	const char *field; /* name of the field or header, or NULL; static */
};

/* What an event in flight may need of the arena: a group of so many events always fits. */
#define NPSD_DECODE_GROUP 64

/* cfg is kept. NULL: no memory. Thread: main; Owns: the caller frees */
struct npsd_decoder *npsd_decoder_new(const struct npsd_config *cfg);
/* Thread: main */
void npsd_decoder_free(struct npsd_decoder **d);
/* Forgets the strings of all events decoded since the last reset; at most NPSD_DECODE_GROUP between two.
 * Thread: worker */
void npsd_decoder_reset(struct npsd_decoder *d);
/*
 * Thread: worker; Waits: never; Owns: the bytes of value and headers must stay until the reset
 * Fails: never; bad input is a verdict
 */
struct npsd_verdict npsd_decode(
    struct npsd_decoder *d, struct npsd_event *out, const struct npsd_record_view *rec);

#endif
