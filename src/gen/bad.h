/* Bad records: what makes them bad, and the reason that npsd gives. */
#ifndef GEN_BAD_H
#define GEN_BAD_H

#include "gen/types.h"

enum gen_envelope { GEN_BARE, GEN_FRAMED, GEN_STRUCTURED, GEN_BINARY };

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

#endif
