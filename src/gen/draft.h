/*
 * A draft: all that determines the bytes of one record; and the random choice of its content. A bad record is
 * a draft and what makes it bad.
 */
#ifndef GEN_DRAFT_H
#define GEN_DRAFT_H

#include "gen/rand.h"
#include "gen/types.h"

#define GEN_SHAPES 4

enum gen_envelope { GEN_BARE, GEN_FRAMED, GEN_STRUCTURED, GEN_BINARY };
enum gen_time_field { GEN_RESPONDED_AT, GEN_AT, GEN_INVITED_AT, GEN_UNTIMED };

/* The same values give the same bytes. */
struct gen_draft {
	struct gen_content is; /* after the record is applied; only the fields in `has` are written */
	uint32_t has;	       /* bits of gen_has */
	int64_t own_ms;	       /* in the field that time_field names; a multiple of the shape's resolution */
	int64_t updated_ms;    /* GEN_NO_TIME: absent */
	int64_t ce_ms;	       /* time of the CloudEvent; GEN_NO_TIME: absent */
	int64_t revision;      /* 0: absent */
	uint32_t variant;      /* random bits that choose among equivalent encodings */
	bool excluded;
	uint8_t type;	    /* enum gen_type */
	uint8_t envelope;   /* enum gen_envelope */
	uint8_t time_field; /* enum gen_time_field */
	uint8_t shape;	    /* the format of one of GEN_SHAPES producers */
};

/* True in one of n records; different salts choose independently. Thread: any */
static inline bool gen_variant(const struct gen_draft *a, uint32_t salt, uint32_t n)
{
	return gen_mix((uint64_t)salt << 32 | a->variant) % n == 0;
}

/* Fields of an event; each shape writes them in its own order. */
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
	GEN_NFIELD,
	/* attributes of a CloudEvent in structured mode */
	GEN_F_CE_TYPE = GEN_NFIELD,
	GEN_F_CE_SUBJECT,
	GEN_F_CE_TIME,
	GEN_F_CE_DATA,
	GEN_F_NONE
};

/* Damage to the record as a whole. */
enum gen_damage {
	GEN_DAMAGE_NONE,
	GEN_DAMAGE_CUT,	    /* without the last bytes */
	GEN_DAMAGE_APPEND,  /* `tail` follows */
	GEN_DAMAGE_PREPEND, /* `tail` precedes */
	GEN_DAMAGE_EMPTY,   /* no bytes */
	GEN_DAMAGE_NULL,    /* a tombstone */
	GEN_DAMAGE_LONG,    /* `field` becomes a string of `n` bytes */
	GEN_DAMAGE_DEEP,    /* `field` becomes arrays, so that the nesting is `n` */
	GEN_DAMAGE_FUTURE,  /* its own time is one hour after the record timestamp */
};

/* A bad record: npsd finds `reason` first. */
struct gen_bad {
	enum gen_intent intent;
	const char *reason;
	enum gen_type type;
	enum gen_envelope envelope; /* STRUCTURED: the body has no type and no id */
	enum gen_field field, field2;
	const char *text, *text2; /* raw JSON in place of the value; NULL: the field is absent */
	enum gen_damage damage;
	const char *tail; /* of APPEND and PREPEND */
	uint32_t n;	  /* of LONG and DEEP */
};

/* Row i of the table, which repeats without end; very large records are rare. Thread: any */
const struct gen_bad *gen_bad_row(uint64_t i);

/* Where random content comes from. */
struct gen_source {
	uint64_t rand;
	struct gen_catalog *catalog;
	uint32_t cloudevents, frames; /* as in gen_options */
};

/* Changes one or two fields, rarely none. Returns the bits of the fields that may have changed. Thread: owner
 */
uint32_t gen_change_content(struct gen_source *from, struct gen_content *c);
/* Fills in a complete draft; its own time is `delay` before record_ms. Thread: owner */
void gen_fill_draft(struct gen_source *from, struct gen_draft *a, int64_t record_ms, int64_t delay);
/* Delay of a record after its own time: mostly seconds, at most days. Thread: owner */
int64_t gen_pick_delay(struct gen_source *from);
/* The own time of an event, by the rules of the contract. Thread: any */
int64_t gen_own_ms(const struct gen_draft *a, int64_t record_ms);
/* Rounds down to the resolution of the times in a shape. Thread: any */
int64_t gen_shape_round(int shape, int64_t ms);
/* Different seeds give different ids. Thread: any */
void gen_put_id(struct gen_id *id, uint64_t seed);

#endif
