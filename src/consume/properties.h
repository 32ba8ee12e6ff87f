/* Inside of the broker over librdkafka: what its clients are told. */
#ifndef NPSD_CONSUME_PROPERTIES_H
#define NPSD_CONSUME_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "npsd/config.h"

/* librdkafka's lines in npsd's log. Thread: any */
void npsd_kafka_log(const rd_kafka_t *rk, int level, const char *fac, const char *text);
/* kafka.properties, and what is not theirs to change. Thread: main; Fails: NPSD_INVALID */
bool npsd_kafka_configure(rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err);
/* The same for a producer: idempotent, its queue bounded. Thread: main; Fails: NPSD_INVALID */
bool npsd_kafka_configure_producer(
    rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err);

#endif
