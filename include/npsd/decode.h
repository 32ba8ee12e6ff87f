/*
 * decode turns the bytes of one record into an event, or into a reason with a position. It does no I/O, reads
 * no clock and keeps no state but the arena. The checks run in the order of fates.def.
 */
#ifndef NPSD_DECODE_H
#define NPSD_DECODE_H

#include <stddef.h>

#include "npsd/config.h"
#include "npsd/event.h"
#include "npsd/headers.h"

struct npsd_decoder;

struct npsd_record_view {
	const void *value; /* NULL: tombstone. No byte after value[len - 1] is read */
	size_t len;
	int64_t record_ms; /* the record's timestamp, from -2^47 to 2^47 */
	bool ahead;	   /* stamped more than a day after npsd's clock, or a ruling says that it was */
	int32_t topic;	   /* index in the configuration */
	const struct npsd_headers *headers; /* NULL: none of them */
};

/*
 * Bytes [at, end) of the value were refused. at == end: there was nothing (with a field: it is missing, and
 * `at` is the event's `{`; without: the value ends there), or the text is in a header.
 */
struct npsd_verdict {
	enum npsd_reason reason; /* NPSD_R_ok: the event is set */
	uint32_t at, end;
	const char *field; /* name of the field or header, or NULL; static */
};

/* The number of events that may be decoded between two resets: their strings always fit in the arena. */
#define NPSD_DECODE_GROUP 64

/* cfg must outlive the decoder. Thread: main; Owns: the caller frees it; Fails: NULL if there is no memory */
struct npsd_decoder *npsd_decoder_new(const struct npsd_config *cfg);
/* Thread: main */
void npsd_decoder_free(struct npsd_decoder **d);
/* Frees the strings of all events decoded since the last reset. Thread: worker */
void npsd_decoder_reset(struct npsd_decoder *d);
/*
 * Thread: worker; Owns: the bytes of the value and the headers must stay until the reset; Waits: never
 * Fails: never, a bad record is a verdict
 */
struct npsd_verdict npsd_decode(
    struct npsd_decoder *d, struct npsd_event *out, const struct npsd_record_view *rec);
/* What the field of a verdict accepts, in words; NULL if it has no field. Thread: any; Owns: static */
const char *npsd_verdict_accepted(const struct npsd_verdict *v);

#endif
