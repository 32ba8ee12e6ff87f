/*
 * Reads records once more, beside the delivery, for comparisons: a librdkafka client of its own, in no group,
 * that is made with the first request. Many partitions are read at once. Thread: group, for all; Waits: never
 */
#ifndef NPSD_CONSUME_RECORD_READER_H
#define NPSD_CONSUME_RECORD_READER_H

#include "npsd/broker.h"
#include "npsd/config.h"

struct npsd_record_reader;

/* Owns: the caller frees; cfg stays the caller's */
struct npsd_record_reader *npsd_record_reader_new(const struct npsd_config *cfg);
void npsd_record_reader_free(struct npsd_record_reader **r);
/* See npsd/broker.h, records(). A request for the same partition before it is dropped. False: not now. */
bool npsd_record_reader_add(
    struct npsd_record_reader *r, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to);
/* Fetches what has come. True and *out: a request is done; its marks are valid until the next call. */
bool npsd_record_reader_poll(struct npsd_record_reader *r, struct npsd_broker_event *out);
/* Whether a request is not done. */
bool npsd_record_reader_busy(const struct npsd_record_reader *r);

#endif
