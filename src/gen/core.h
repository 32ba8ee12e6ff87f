/* The state of a generator, how a draft becomes a record, and the makers of records. */
#ifndef GEN_CORE_H
#define GEN_CORE_H

#include "gen/envelope.h"
#include "gen/history.h"

#define GEN_INVITING 2 /* the first channels of the list: surveys go out by them */

struct gen {
	struct gen_options opt;
	struct gen_source from;
	struct gen_history history;
	struct gen_buffers buf;
	uint64_t id_base, seq, nbad;
	struct gen_id id;
	struct gen_draft draft; /* of the current record */
	struct gen_content was;
};

/* Thread: owner, for all functions */
uint64_t gen_new_id(struct gen *g);
/* Makes the record of g->draft and completes *out; `bad` may be NULL. Always true. */
bool gen_emit(struct gen *g, struct gen_record *out, uint64_t id_seed, const struct gen_bad *bad);
/* Sets the event time to the draft's own time, then as gen_emit. */
bool gen_emit_own(struct gen *g, struct gen_record *out, enum gen_intent intent, uint64_t id_seed);
/* A delay that makes a record late. */
int64_t gen_pick_late_delay(struct gen *g);

/* Each maker makes one record. False: the history holds nothing to make it from. */

/* Of responses: */
bool gen_make_new(struct gen *g, struct gen_record *out);
bool gen_make_duplicate(struct gen *g, struct gen_record *out);
bool gen_make_edit(struct gen *g, struct gen_record *out);
bool gen_make_update(struct gen *g, struct gen_record *out);
bool gen_make_retraction(struct gen *g, struct gen_record *out);
/* A response is sent again after GEN_FAR_MS or more (`again`), or a new one is late. Always true. */
bool gen_make_late(struct gen *g, struct gen_record *out, bool again);
/* A withdrawn response is sent again with a time that is late. */
bool gen_make_late_revival(struct gen *g, struct gen_record *out);

/* Of invitations: */
bool gen_make_stage(struct gen *g, struct gen_record *out);
/* Repeats a stage: the last one unchanged, or the first one with another time. */
bool gen_make_repeat(struct gen *g, struct gen_record *out);
bool gen_make_late_stage(struct gen *g, struct gen_record *out);

#endif
