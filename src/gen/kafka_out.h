/* The Kafka topic that records go to, of brokers or of librdkafka's mock cluster. */
#ifndef GEN_KAFKA_OUT_H
#define GEN_KAFKA_OUT_H

#include "base/atomic.h"
#include "gen/types.h"

#define GEN_MAX_PROPERTIES 64

struct gen_kafka_options {
	const char *brokers, *topic;
	const char *group;			  /* or NULL; limits the lag of each partition to 4.5 MiB */
	int mock_partitions;			  /* 0: no mock cluster */
	int create_partitions;			  /* 0: the topic exists */
	const char *property[GEN_MAX_PROPERTIES]; /* "name=value" */
	int nproperties;
};

/* Set by a signal; ends all waits. */
extern atomic_int gen_stopped;

struct gen_kafka;

/* Thread: main, for all; Owns: the caller frees, *bootstrap (the brokers) lives as long; Fails: NPSD_INVALID,
 * NPSD_RETRY */
struct gen_kafka *gen_kafka_open(
    const char **bootstrap, struct npsd_err *err, const struct gen_kafka_options *opt);
/* Copies the record. Fails: NPSD_RETRY, NPSD_LIMIT */
bool gen_kafka_send(struct gen_kafka *k, struct npsd_err *err, const struct gen_record *rec);
/* Serves records in flight; Waits: up to ms */
void gen_kafka_poll(struct gen_kafka *k, int ms);
/* Waits: until all records have arrived; Fails: NPSD_RETRY */
bool gen_kafka_finish(struct gen_kafka *k, struct npsd_err *err);
void gen_kafka_free(struct gen_kafka *k);

#endif
