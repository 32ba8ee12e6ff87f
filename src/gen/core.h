/* What the core's files share. */
#ifndef GEN_CORE_H
#define GEN_CORE_H

#include "gen/gen.h"
#include "gen/rand.h"

#define GEN_SLOTS (1u << 16)	 /* responses that may still be edited or sent again */
#define GEN_INVITES (1u << 14)	 /* invitations that may still go on */
#define GEN_WITHDRAWN (1u << 10) /* withdrawn responses that may be revived */
#define GEN_SHAPES 4
#define GEN_INVITING 2 /* the first channels: surveys go out by them */

enum gen_time_field { GEN_RESPONDED_AT, GEN_AT, GEN_INVITED_AT, GEN_UNTIMED };
enum gen_envelope { GEN_BARE, GEN_FRAMED, GEN_STRUCTURED, GEN_BINARY };

/* One record: the same values give the same bytes. */
struct gen_answer {
	struct gen_content is; /* of an edit: what it comes to, of which `says` is written */
	uint32_t says;
	int64_t own_ms;	    /* in the field that time_field names; rounded to what the shape can write */
	int64_t updated_ms; /* GEN_NO_TIME: not mentioned */
	int64_t ce_ms;	    /* time of the CloudEvent; GEN_NO_TIME: it has none */
	int64_t revision;   /* 0: not mentioned */
	uint32_t quirks;    /* random bits: which of several ways to write things */
	bool excluded;
	uint8_t type;	    /* enum gen_type */
	uint8_t envelope;   /* enum gen_envelope */
	uint8_t time_field; /* enum gen_time_field */
	uint8_t shape;	    /* which kind of producer wrote it */
};

/* A response, as whoever applies its records in order knows it. */
struct gen_slot {
	uint64_t id_seed;
	struct gen_answer now, before; /* last applied record; the one before it where has_before */
	bool has_before, withdrawn;
	bool lent;	    /* an invitation bears its name, too */
	int64_t event_ms;   /* fixed by the record that created or revived it */
	int64_t revision;   /* last one mentioned by an applied record; 0: none */
	int64_t updated_ms; /* likewise; GEN_NO_TIME: none */
	int64_t last_ms;    /* timestamp of the last counted record */
};

/* An invitation: stages are bits, 1 << (type - GEN_INVITED); sent <= plan. */
struct gen_invite {
	uint64_t id_seed;
	struct gen_answer now; /* its last record */
	uint8_t plan, sent;
	bool answered;
	int64_t last_ms; /* timestamp of its last counted record */
};

struct gen {
	struct gen_options opt;
	struct gen_world *world;
	uint64_t rand, id_base, seq, nslots, ninvites, nwithdrawn, nbad;
	struct gen_slot *slots;	    /* ring of GEN_SLOTS; nslots ever filled */
	struct gen_invite *invites; /* ring of GEN_INVITES */
	uint32_t *withdrawn;	    /* ring of GEN_WITHDRAWN: numbers of slots */
	struct gen_out out, head;   /* bytes of the value, of the headers */
	struct gen_id id;
	struct gen_answer answer; /* of the record at hand */
	struct gen_content was;
};

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
	GEN_NFIELD,
	/* of a CloudEvent in structured mode */
	GEN_F_CE_TYPE = GEN_NFIELD,
	GEN_F_CE_SUBJECT,
	GEN_F_CE_TIME,
	GEN_F_CE_DATA,
	GEN_F_NONE
};

/* What is done to the bytes as a whole. */
enum gen_harm {
	GEN_H_NONE,
	GEN_H_CUT,     /* the last bytes are missing */
	GEN_H_APPEND,  /* `tail` follows */
	GEN_H_PREPEND, /* `tail` precedes */
	GEN_H_EMPTY,   /* nothing is left */
	GEN_H_NULL,    /* a tombstone */
	GEN_H_LONG,    /* `field` becomes a string of `n` bytes */
	GEN_H_DEEP,    /* `field` becomes arrays, so that the nesting is `n` */
	GEN_H_FUTURE,  /* its own time is an hour after the record */
};

/* A way to spoil an event so that exactly one reason is the first to be found. */
struct gen_bad {
	enum gen_intent intent;
	const char *reason;
	enum gen_type type;
	enum gen_envelope envelope; /* STRUCTURED: body without type and id, header content-type */
	enum gen_field field, field2;
	const char *text, *text2; /* raw JSON instead of the field's value; NULL: the field is left out */
	enum gen_harm harm;
	const char *tail; /* of APPEND and PREPEND */
	uint32_t n;	  /* of LONG and DEEP */
};

/* --- pick.c: what an answer says. Thread: owner, for all that follows --- */

void gen_fill_content(struct gen *g, struct gen_content *c);
/* One or two things change; now and then nothing does. Returns the bits of what may have changed. */
uint32_t gen_change_content(struct gen *g, struct gen_content *c);
/* A record that is complete; its own time is `delay` before the record's. */
void gen_fill_answer(struct gen *g, struct gen_answer *a, int64_t record_ms, int64_t delay);
/* How far an answer's own time lies behind its record: mostly seconds, at worst days. */
int64_t gen_pick_delay(struct gen *g);
/* The time that an event says of itself, as the contract picks it. */
int64_t gen_own_ms(const struct gen_answer *a, int64_t record_ms);
void gen_put_id(struct gen_id *id, uint64_t seed);

/* --- gen.c --- */

uint64_t gen_new_id(struct gen *g);
/* Renders g->answer and completes *out; bad may be NULL. */
void gen_emit(struct gen *g, struct gen_record *out, uint64_t id_seed, const struct gen_bad *bad);

/* --- response.c and invite.c: each makes one record, or returns false where there is nothing to make it of
 * --- */

void gen_make_new(struct gen *g, struct gen_record *out);
bool gen_make_duplicate(struct gen *g, struct gen_record *out);
bool gen_make_edit(struct gen *g, struct gen_record *out);
bool gen_make_update(struct gen *g, struct gen_record *out);
bool gen_make_retraction(struct gen *g, struct gen_record *out);
bool gen_make_late(struct gen *g, struct gen_record *out);
/* A response that a bad record may be said to be of; NULL: of a new one. */
const struct gen_slot *gen_any_slot(struct gen *g, int64_t record_ms);
/* The name of a response for one invitation; false: none was found. */
bool gen_lend_id(struct gen *g, uint64_t *id_seed, int64_t record_ms);

bool gen_make_stage(struct gen *g, struct gen_record *out);
bool gen_make_repeat(struct gen *g, struct gen_record *out);
bool gen_make_late_stage(struct gen *g, struct gen_record *out);
/* An invitation that was delivered and is not answered yet, for a new answer: marks it answered. */
const struct gen_invite *gen_answer_invite(struct gen *g);

/* --- bad.c, render.c, envelope.c --- */

/* The i-th way; they come round and round, very long ones seldom. Thread: any */
const struct gen_bad *gen_bad_way(uint64_t i);
/* The steps of time that a shape can write. */
int64_t gen_shape_round(int shape, int64_t ms);
/* Writes the event's object; `less`: without type and id, which an envelope tells. */
void gen_render(struct gen_out *o, const struct gen_world *w, const struct gen_id *id,
    const struct gen_answer *a, const struct gen_bad *bad, bool less);
/* Writes value and headers of a record: the object in its envelope. */
void gen_wrap(struct gen_record *rec, struct gen *g, const struct gen_bad *bad);

#endif
