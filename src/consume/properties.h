/* The librdkafka clients of this folder: how they are configured and made. */
#ifndef NPSD_CONSUME_PROPERTIES_H
#define NPSD_CONSUME_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "npsd/config.h"

/* librdkafka's lines in npsd's log. Thread: any */
void npsd_kafka_log(const rd_kafka_t *rk, int level, const char *fac, const char *text);
/* Sets kafka.properties, and what they must not change. Thread: main; Fails: NPSD_INVALID */
bool npsd_kafka_configure(
    rd_kafka_conf_t *conf, rd_kafka_type_t type, const struct npsd_config *cfg, struct npsd_err *err);
/* Configures conf and makes a client of it. Thread: main; Owns: takes conf, the caller destroys the client;
 * Fails: NULL, NPSD_INVALID */
rd_kafka_t *npsd_kafka_client(
    rd_kafka_type_t type, rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err);

#endif
