/*
 * What is stored of a partition, as text (docs/formats.md). A text that npsd would not write makes a function
 * return false; nothing of it is used then. Thread: group
 */
#ifndef NPSD_CONSUME_STORED_H
#define NPSD_CONSUME_STORED_H

#include "npsd/batch.h"
#include "npsd/config.h"
#include "npsd/store.h"

/* `STREAM_MS HORIZON_MS LATENESS_MS`, `-` for none yet */
bool npsd_stored_state(struct npsd_part_state *out, struct npsd_str text);
/* A line of the rulings. The configuration that `config` names must be in cfg. */
bool npsd_stored_ruling(struct npsd_ruling *out, struct npsd_str line, const struct npsd_config *cfg);
/* The reply of base and claim: {"ok", claim, pos, base, state, rulings, told}. What an incarnation continues
 * that was cut has the number of the later one: rulings before the cut, and the base. Owns: the caller frees
 * *rulings, also where it fails */
bool npsd_stored_part(struct npsd_part_state *out, struct npsd_ruling **rulings, size_t *nrulings,
    const struct npsd_reply *r, const struct npsd_config *cfg);

#endif
