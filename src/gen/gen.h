/*
 * Makes records, each with its meaning. No I/O, no clock: the same options give the same bytes.
 *
 * Each intent holds whatever the number of partitions, by the choice of times. Record timestamps rise (except
 * for GEN_JITTER_MS), so the stream time of each partition is the record's own timestamp, within the jitter.
 * An event time is at most GEN_NEAR_MS before its record, and every further record of a response or an
 * invitation comes within GEN_NEAR_MS of its last counted record: all are two days inside a lateness of 7
 * days. A late record is GEN_FAR_MS late or more: two days outside. All records of a response (an invitation)
 * have the same key, hence the same partition and its order.
 */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include "gen/types.h"

struct gen;

/* Thread: main; Owns: the caller frees */
struct gen *gen_new(const struct gen_options *options);
void gen_free(struct gen **g);
const struct gen_catalog *gen_catalog(const struct gen *g);
/* False after the last record. What *out points to is valid until the next call. Thread: owner */
bool gen_next(struct gen *g, struct gen_record *out);

#endif
