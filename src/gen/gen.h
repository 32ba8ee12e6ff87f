/*
 * The generator's core: one record after another, with what it means. No I/O, no clock; same options, same
 * bytes.
 *
 * Intents are true by how time is laid out, whatever partitions there are. Record timestamps rise (but for
 * GEN_JITTER_MS), so each partition's stream time is the record's own timestamp, within the jitter. Event
 * times lie at most GEN_NEAR_MS before their record; whatever else is sent of a response or an invitation
 * comes within GEN_NEAR_MS of its last counted record: all of them are inside a lateness of 7 days by two
 * days. What is late lies GEN_FAR_MS behind or more: outside by two days. All records of a response (an
 * invitation) share their key, hence their partition and its order.
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

/* REVIVES: an answer that was withdrawn counts again. REACHES: an invitation comes to a stage that counts. */
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
	GEN_INVITED, /* this and those behind: survey.* */
	GEN_DELIVERED,
	GEN_OPENED,
	GEN_DECLINED,
	GEN_BOUNCED,
	GEN_UNSUBSCRIBED,
	GEN_NTYPE
};
extern const char *const gen_type_names[GEN_NTYPE];

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

/* What a record mentions of its content: bits. A value list's bit is GEN_SAYS_LIST << list. */
enum gen_says {
	GEN_SAYS_SCORE = 1,
	GEN_SAYS_KIND = 2,
	GEN_SAYS_LOCATION = 4,
	GEN_SAYS_THEMES = 8,
	GEN_SAYS_RESPONDENT = 16,
	GEN_SAYS_COMMENT = 32,
	GEN_SAYS_LIST = 64,
};
#define GEN_SAYS_ALL ((uint32_t)((GEN_SAYS_LIST << GEN_NLIST) - 1))

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
	const char *reason;	 /* of rejected, ignored and some late ones; else NULL */
	const struct gen_id *id; /* also the key */
	struct npsd_str value;	 /* p == NULL: tombstone */
	struct gen_header header[GEN_HEADERS];
	int nheaders;
	int64_t record_ms;
	/* of all but bad input: */
	int64_t event_ms; /* the response's event time, or the stage's own */
	int64_t at_ms;	  /* what an alert of this record tells */
	bool excluded;	  /* withdrawn by `excluded` */
	uint32_t says;	  /* bits of gen_says */
	/* content behind this record; NULL: bad input, or it has none */
	const struct gen_content *is;
	const struct gen_content *was; /* of edits and withdraws: what counted until then; else NULL */
};

struct gen_options {
	uint64_t seed;
	uint64_t events; /* or GEN_FOREVER */
	int64_t start_ms;
	int64_t step_us; /* between two records */
	uint32_t locations;
	uint32_t duplicates, edits, updates, retractions, funnel, late, bad; /* parts per million of all */
	uint32_t cloudevents, frames; /* of the good ones: as CloudEvents, behind a Confluent frame */
	bool plain;		      /* no frames and no headers: a line of JSON says it all */
};

struct gen;

/* Thread: main; Owns: the caller frees */
struct gen *gen_new(const struct gen_options *options);
void gen_free(struct gen **g);
const struct gen_world *gen_world(const struct gen *g);
/* False behind the last one. What *out points to is valid until the next call. Thread: owner */
bool gen_next(struct gen *g, struct gen_record *out);

#endif
