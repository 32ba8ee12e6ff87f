/*
 * A decoded event, as values: what one record says, before identity is asked. Strings point into the record's
 * bytes or into the decoder's arena, and live until npsd_decoder_reset().
 */
#ifndef NPSD_EVENT_H
#define NPSD_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "npsd/segment.h"

/* Reasons of fates.def; NPSD_R_ok is none. */
enum npsd_reason {
	NPSD_R_ok,
#define FATE(fate)
#define REASON(fate, name, meaning) NPSD_R_##name,
#include "tbl/fates.def"
#undef FATE
#undef REASON
	NPSD_NREASON
};

enum npsd_fate {
#define FATE(fate) NPSD_F_##fate,
#define REASON(fate, name, meaning)
#include "tbl/fates.def"
#undef FATE
#undef REASON
	NPSD_NFATE
};

extern const char *const npsd_reason_names[NPSD_NREASON];
extern const char *const npsd_fate_names[NPSD_NFATE];
extern const uint8_t npsd_reason_fate[NPSD_NREASON]; /* enum npsd_fate of a reason */

enum npsd_type {
	NPSD_T_SUBMITTED,
	NPSD_T_UPDATED,
	NPSD_T_RETRACTED, /* also: excluded */
	NPSD_T_INVITED,
	NPSD_T_DELIVERED,
	NPSD_T_OPENED,
	NPSD_T_DECLINED,
	NPSD_T_BOUNCED,
	NPSD_T_UNSUBSCRIBED,
};

#define NPSD_SCORE_ABSENT (-2) /* not mentioned */
#define NPSD_SCORE_NULL (-1)   /* answered without a score */
#define NPSD_TIME_NONE INT64_MIN

struct npsd_event {
	enum npsd_type type;
	bool excluded;	       /* NPSD_T_RETRACTED, by `excluded: true` in an event of another type */
	struct npsd_str id;    /* response_id or invitation_id, 1 to 128 bytes, any bytes */
	int64_t revision;      /* 1 to 2^63-1; 0: not mentioned */
	int64_t updated_ms;    /* NPSD_TIME_NONE: not mentioned */
	int64_t event_ms;      /* the event's own time, fall-backs applied */
	bool undated;	       /* event_ms is the record's timestamp, for want of a better one */
	bool has_responded_at; /* for an `updated` that creates */
	int8_t score;	       /* 0..10, NPSD_SCORE_NULL or NPSD_SCORE_ABSENT */
	uint8_t kind;	       /* enum npsd_kind; NPSD_KIND_NONE: not mentioned (`updated`, `retracted`) */
	uint8_t default_kind;  /* what an `updated` that creates has in its place; NPSD_KIND_NONE: nothing */
	/*
	 * By enum npsd_dim; p == NULL: not mentioned, n == 0: mentioned as `__none__`. location is in its
	 * canonical form: levels with one `/` between. [theme] is not used: themes below.
	 */
	struct npsd_str dim[NPSD_NDIM];
	bool has_themes;
	uint8_t nthemes;
	struct npsd_str theme[NPSD_THEMES]; /* no empty one, no two alike, in the event's order */
	struct npsd_str comment;	    /* cut at 4 KiB; p == NULL: not mentioned */
	struct npsd_str respondent;	    /* p == NULL: not mentioned */
};

#endif
