/*
 * A decoded event: the values of one record, before the ledger looks its id up. Strings point into the bytes
 * of the record or into the decoder's arena, and are valid until npsd_decoder_reset().
 */
#ifndef NPSD_EVENT_H
#define NPSD_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "npsd/segment.h"

/* The reasons of fates.def. NPSD_R_ok: there is none. */
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

/* The types of types.def: responses, then the stages of an invitation from NPSD_T_INVITED on. */
enum npsd_type {
#define X(id, name, counter) NPSD_T_##id,
#include "tbl/types.def"
#undef X
	NPSD_NTYPE
};

extern const char *const npsd_reason_names[NPSD_NREASON];
extern const char *const npsd_reason_meanings[NPSD_NREASON];
extern const uint8_t npsd_reason_fate[NPSD_NREASON]; /* enum npsd_fate of a reason */
extern const char *const npsd_fate_names[NPSD_NFATE];
extern const char *const npsd_type_names[NPSD_NTYPE];

#define NPSD_SCORE_ABSENT (-2) /* the event does not mention a score */
#define NPSD_SCORE_NULL (-1)   /* a response without a score */
#define NPSD_TIME_NONE INT64_MIN

struct npsd_event {
	enum npsd_type type;   /* NPSD_T_RETRACTED also for another response event with `excluded: true` */
	bool excluded;	       /* the latter */
	struct npsd_str id;    /* response_id or invitation_id: 1 to 128 bytes, any bytes */
	int64_t revision;      /* 1 to 2^63-1; 0: not mentioned */
	int64_t updated_ms;    /* NPSD_TIME_NONE: not mentioned */
	int64_t event_ms;      /* own time of the event, or the time that stands in for it */
	bool undated;	       /* the event has no time: event_ms is the record's timestamp */
	bool has_responded_at; /* without it an `updated` cannot create a response */
	int8_t score;	       /* 0..10, NPSD_SCORE_NULL or NPSD_SCORE_ABSENT */
	uint8_t kind;	       /* enum npsd_kind; NPSD_KIND_NONE: not mentioned (`updated`, `retracted`) */
	uint8_t default_kind;  /* kind of the response that an `updated` without one creates */
	/*
	 * By enum npsd_dim. p == NULL: not mentioned; n == 0: mentioned as `__none__`. location has one `/`
	 * between two levels and none at the ends. [theme] is unused: see themes.
	 */
	struct npsd_str dim[NPSD_NDIM];
	bool has_themes;
	uint8_t nthemes;
	struct npsd_str theme[NPSD_THEMES]; /* none is empty, no two are equal; in the event's order */
	struct npsd_str comment;	    /* cut at 4 KiB; p == NULL: not mentioned */
	struct npsd_str respondent;	    /* p == NULL: not mentioned */
};

#endif
