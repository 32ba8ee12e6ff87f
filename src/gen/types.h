/* What the generator makes: a record, its meaning, and the options that determine both. */
#ifndef GEN_TYPES_H
#define GEN_TYPES_H

#include <stddef.h>

#include "gen/catalog.h"

#define GEN_DAY_MS ((int64_t)86400000)
#define GEN_JITTER_MS 20000
#define GEN_NEAR_MS (5 * GEN_DAY_MS)
#define GEN_FAR_MS (9 * GEN_DAY_MS)
#define GEN_NO_TIME INT64_MIN
#define GEN_FOREVER UINT64_MAX

/* REVIVES: a withdrawn response counts again. REACHES: an invitation reaches a stage that counts. */
enum gen_intent {
	GEN_CREATES,
	GEN_EDITS,
	GEN_WITHDRAWS,
	GEN_REVIVES,
	GEN_REACHES,
	GEN_DUPLICATE,
	GEN_LATE,
	GEN_REJECTED,
	GEN_IGNORED,
	GEN_NINTENT
};
extern const char *const gen_intent_names[GEN_NINTENT];

enum gen_type {
	GEN_SUBMITTED,
	GEN_UPDATED,
	GEN_RETRACTED,
	GEN_INVITED, /* this type and all after it: survey.* */
	GEN_DELIVERED,
	GEN_OPENED,
	GEN_DECLINED,
	GEN_BOUNCED,
	GEN_UNSUBSCRIBED,
	GEN_NTYPE
};
extern const char *const gen_type_names[GEN_NTYPE];

/* The fields that count; dimensions are indices into the lists of the catalog, 0: absent. */
struct gen_content {
	uint32_t location;
	uint32_t respondent; /* 0: none */
	uint32_t comment;    /* code of gen_comment; 0: none */
	uint32_t themes;     /* bits of gen_theme_names */
	uint8_t value[GEN_NLIST];
	uint8_t kind;
	int8_t score; /* -1: none */
};

/* Bits of the fields of gen_content that a record mentions. The bit of a list is GEN_HAS_LIST << list. */
enum gen_has {
	GEN_HAS_SCORE = 1,
	GEN_HAS_KIND = 2,
	GEN_HAS_LOCATION = 4,
	GEN_HAS_THEMES = 8,
	GEN_HAS_RESPONDENT = 16,
	GEN_HAS_COMMENT = 32,
	GEN_HAS_LIST = 64,
};
#define GEN_HAS_ALL ((uint32_t)((GEN_HAS_LIST << GEN_NLIST) - 1))

struct gen_id {
	char p[160];
	uint32_t n;
};

#define GEN_HEADERS 6

struct gen_header {
	const char *name;
	struct npsd_str value;
};

struct gen_record {
	uint64_t seq; /* from 1 */
	enum gen_intent intent;
	enum gen_type type;
	const char *reason;	 /* of rejected, ignored and some late records; else NULL */
	const struct gen_id *id; /* also the key */
	struct npsd_str value;	 /* p == NULL: tombstone */
	struct gen_header header[GEN_HEADERS];
	int nheaders;
	int64_t record_ms;
	/* not set in bad records: */
	int64_t event_ms;	       /* event time of the response, or of the stage */
	int64_t at_ms;		       /* `at_ms` of the alert that this record raises */
	bool excluded;		       /* withdrawn by `excluded` */
	uint32_t has;		       /* bits of gen_has */
	const struct gen_content *is;  /* content after this record; NULL: withdrawn, or a bad record */
	const struct gen_content *was; /* of edits and withdrawals: content before; else NULL */
};

struct gen_options {
	uint64_t seed;
	uint64_t events; /* or GEN_FOREVER */
	int64_t start_ms;
	int64_t step_us; /* between two records */
	uint32_t locations;
	uint32_t duplicates, edits, updates, retractions, funnel, late, bad; /* parts per million of all */
	uint32_t cloudevents, frames; /* of the good records: CloudEvents, or after a Confluent frame */
	bool plain;		      /* neither frames nor headers, so that a line of JSON is complete */
};

#endif
