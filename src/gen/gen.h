/*
 * The generator's core: one record after another, with what it means. No I/O, no clock; same options, same
 * bytes.
 *
 * Intents are true by how time is laid out, whatever partitions there are. Record timestamps rise (but for
 * GEN_JITTER_MS), so each partition's stream time is the record's own timestamp, within the jitter. Event
 * times lie at most GEN_NEAR_MS before their record, edits and duplicates come within GEN_NEAR_MS of the
 * response's last counted record: all of them are inside a lateness of 7 days by two days. What is late lies
 * GEN_FAR_MS behind or more: outside by two days. All records of a response share their key, hence their
 * partition and its order.
 */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/out.h"
#include "gen/world.h"

#define GEN_DAY_MS ((int64_t)86400000)
#define GEN_JITTER_MS 20000
#define GEN_NEAR_MS (5 * GEN_DAY_MS)
#define GEN_FAR_MS (9 * GEN_DAY_MS)
#define GEN_NO_TIME INT64_MIN
#define GEN_FOREVER UINT64_MAX

enum gen_intent { GEN_CREATES, GEN_EDITS, GEN_DUPLICATE, GEN_LATE, GEN_REJECTED, GEN_IGNORED, GEN_NINTENT };
extern const char *const gen_intent_names[GEN_NINTENT];

/* What an answer says of itself; dimensions are indices into the world's lists, 0: not mentioned. */
struct gen_content {
	uint32_t location;
	uint32_t respondent; /* 0: none */
	uint32_t comment;    /* code of gen_comment; 0: none */
	uint32_t themes;     /* bits of gen_theme_names */
	uint8_t value[GEN_NLIST];
	uint8_t kind;
	int8_t score; /* -1: answered without one */
};

enum gen_time_field { GEN_RESPONDED_AT, GEN_AT, GEN_UNTIMED };

/* One record of an answer: the same values give the same bytes. */
struct gen_answer {
	struct gen_content is;
	int64_t responded_ms; /* in responded_at or at; rounded to what the shape can write */
	int64_t updated_ms;   /* GEN_NO_TIME: not mentioned */
	int64_t revision;     /* 0: not mentioned */
	uint32_t quirks;      /* random bits: which of several ways to write things */
	uint8_t time_field;   /* enum gen_time_field */
	uint8_t shape;	      /* which kind of producer wrote it */
};

struct gen_id {
	char p[160];
	uint32_t n;
};

struct gen_record {
	uint64_t seq; /* from 1 */
	enum gen_intent intent;
	const char *reason;	 /* of rejected and ignored; else NULL */
	const struct gen_id *id; /* also the key */
	struct npsd_str value;	 /* p == NULL: tombstone */
	int64_t record_ms;
	/* of creates, edits, duplicate and late: */
	int64_t event_ms;	       /* the response's event time */
	int64_t at_ms;		       /* what an alert of this record tells */
	const struct gen_content *is;  /* NULL: bad input */
	const struct gen_content *was; /* of edits: what it replaces; else NULL */
};

struct gen_options {
	uint64_t seed;
	uint64_t events; /* or GEN_FOREVER */
	int64_t start_ms;
	int64_t step_us; /* between two records */
	uint32_t locations;
	uint32_t duplicates, edits, late, bad; /* parts per million */
};

struct gen;

/* Thread: main; Owns: the caller frees */
struct gen *gen_new(const struct gen_options *options);
void gen_free(struct gen **g);
const struct gen_world *gen_world(const struct gen *g);
/* False behind the last one. What *out points to is valid until the next call. Thread: owner */
bool gen_next(struct gen *g, struct gen_record *out);

/* --- between the core's files --- */

#define GEN_SHAPES 4

/* Fields an event may have; the order of writing is the shape's. */
enum gen_field {
	GEN_F_TYPE,
	GEN_F_ID,
	GEN_F_REVISION,
	GEN_F_SCORE,
	GEN_F_SCALE,
	GEN_F_METRIC,
	GEN_F_KIND,
	GEN_F_TIME,
	GEN_F_UPDATED,
	GEN_F_LOCATION,
	GEN_F_LISTS,
	GEN_F_ATTRIBUTES,
	GEN_F_THEMES,
	GEN_F_RESPONDENT,
	GEN_F_COMMENT,
	GEN_F_EXCLUDED,
	GEN_F_EXTRA,
	GEN_NFIELD
};

/* What is done to the bytes as a whole. */
enum gen_harm {
	GEN_H_NONE,
	GEN_H_CUT,     /* the last bytes are missing */
	GEN_H_APPEND,  /* `text` follows */
	GEN_H_PREPEND, /* `text` precedes */
	GEN_H_EMPTY,   /* nothing is left */
	GEN_H_NULL,    /* a tombstone */
	GEN_H_LONG,    /* `field` becomes a string of `n` bytes */
	GEN_H_DEEP,    /* `field` becomes arrays, so that the nesting is `n` */
	GEN_H_FUTURE,  /* responded_at is an hour after the record */
};

/* A way to spoil an event so that exactly one reason is the first to be found. */
struct gen_bad {
	enum gen_intent intent;
	const char *reason;
	enum gen_field field, field2;
	const char *text, *text2; /* raw JSON instead of the field's value; NULL: the field is left out */
	enum gen_harm harm;
	const char *tail; /* of APPEND and PREPEND */
	uint32_t n;	  /* of LONG and DEEP */
};

/* The i-th way; they come round and round, very long ones seldom. Thread: any */
const struct gen_bad *gen_bad_way(uint64_t i);
/* The steps of time that a shape can write. */
int64_t gen_shape_round(int shape, int64_t ms);
/* Writes the value of a record; bad may be NULL. */
void gen_render(struct gen_out *o, const struct gen_world *w, const struct gen_id *id,
    const struct gen_answer *a, const struct gen_bad *bad);

#endif
