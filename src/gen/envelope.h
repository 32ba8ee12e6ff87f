/* A draft as bytes: the JSON object of an event, and the record around it. */
#ifndef GEN_ENVELOPE_H
#define GEN_ENVELOPE_H

#include "gen/draft.h"

struct gen_buffers {
	struct npsd_buf value, headers;
};

/* Writes value and headers of the record whose id is set; `bad` may be NULL. Thread: owner; Owns: the record
 * points into buf */
void gen_wrap(struct gen_record *rec, struct gen_buffers *buf, const struct gen_catalog *catalog,
    const struct gen_draft *a, const struct gen_bad *bad, bool plain);
/* Appends the object. `stripped`: without type and id, which the envelope holds. Thread: any */
void gen_render(struct npsd_buf *o, const struct gen_catalog *w, const struct gen_id *id,
    const struct gen_draft *a, const struct gen_bad *bad, bool stripped);

#endif
