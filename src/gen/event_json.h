/* The JSON object of an event. */
#ifndef GEN_EVENT_JSON_H
#define GEN_EVENT_JSON_H

#include "gen/draft.h"

/* `stripped`: without type and id, which the envelope holds; `bad` may be NULL. Thread: any */
void gen_render(struct gen_out *o, const struct gen_catalog *w, const struct gen_id *id,
    const struct gen_draft *a, const struct gen_bad *bad, bool stripped);

#endif
