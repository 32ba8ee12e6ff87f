/*
 * What the group asks Kafka and must not wait for: a thread asks, and the group polls the replies. Requests
 * that wait are asked together, by the broker that leads their partitions, so that one broker that does not
 * reply delays the others by one time-out at most.
 */
#ifndef NPSD_CONSUME_QUERIES_H
#define NPSD_CONSUME_QUERIES_H

#include <librdkafka/rdkafka.h>

#include "npsd/broker.h"
#include "npsd/config.h"

struct npsd_queries;

/* wake is called when a reply is ready. Thread: main; Owns: cfg and rk stay the caller's */
struct npsd_queries *npsd_queries_new(
    rd_kafka_t *rk, const struct npsd_config *cfg, void (*wake)(void *arg), void *arg);
/* Thread: main, after the group ended; Waits: for the request that is out, some seconds at most */
void npsd_queries_free(struct npsd_queries **q);

/* Asks for the ends of a partition: completes as NPSD_B_ENDS. False: no room now. Thread: group */
bool npsd_queries_ends(struct npsd_queries *q, uint64_t tag, struct npsd_tp tp);
/* Asks what a topic is: completes as NPSD_B_TOPIC. False: no room now. Thread: group */
bool npsd_queries_describe(struct npsd_queries *q, uint64_t tag, int32_t topic);
/* Takes a reply. False: none is ready. Thread: group */
bool npsd_queries_poll(struct npsd_queries *q, struct npsd_broker_event *out);

#endif
