/* The broker of broker.h over librdkafka. */
#ifndef NPSD_KAFKA_H
#define NPSD_KAFKA_H

#include "npsd/broker.h"
#include "npsd/config.h"

/* Whether librdkafka takes kafka.properties. Thread: main; Waits: never; Fails: NPSD_INVALID */
bool npsd_kafka_check(const struct npsd_config *cfg, struct npsd_err *err);
/*
 * Joins the group and subscribes. `workers` queues are made; partition p of any topic goes to queue p %
 * workers. Thread: main; Owns: cfg stays the caller's; Fails: NPSD_INVALID (a property), NPSD_RETRY
 */
bool npsd_kafka_open(
    struct npsd_broker *out, const struct npsd_config *cfg, int workers, struct npsd_err *err);
/*
 * Leaves the group. Waits: at most 5 s; a client that hangs in closing is left behind (known of
 * librdkafka 2.0.2). Thread: main, after all others ended
 */
void npsd_kafka_close(struct npsd_broker *b);

#endif
