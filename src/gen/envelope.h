/* The record around an event: value and headers. */
#ifndef GEN_ENVELOPE_H
#define GEN_ENVELOPE_H

#include "gen/draft.h"

struct gen_buffers {
	struct gen_out value, headers;
};

/* Writes value and headers of the record whose id is set; `bad` may be NULL. Thread: owner; Owns: the record
 * points into buf */
void gen_wrap(struct gen_record *rec, struct gen_buffers *buf, const struct gen_catalog *catalog,
    const struct gen_draft *a, const struct gen_bad *bad, bool plain);

#endif
