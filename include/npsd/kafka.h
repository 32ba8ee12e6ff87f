/* The broker of broker.h over librdkafka. */
#ifndef NPSD_KAFKA_H
#define NPSD_KAFKA_H

#include "npsd/broker.h"
#include "npsd/config.h"

/* Whether librdkafka accepts kafka.properties. Thread: main; Waits: never; Fails: NPSD_INVALID */
bool npsd_kafka_check(const struct npsd_config *cfg, struct npsd_err *err);
/*
 * Joins the group and subscribes. `workers` queues are made; partition p of any topic goes to queue p %
 * workers. Thread: main; Owns: cfg stays the caller's; Fails: NPSD_INVALID (a property), NPSD_RETRY
 */
bool npsd_kafka_open(
    struct npsd_broker *out, const struct npsd_config *cfg, int workers, struct npsd_err *err);
/* Leaves the group. A client that hangs in its close is not freed. Thread: main, after all others ended;
 * Waits: at most 5 s, and 5 s for rejected records */
void npsd_kafka_close(struct npsd_broker *b);

#endif
