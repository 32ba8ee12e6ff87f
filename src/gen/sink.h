/* Where records go: JSON lines on standard output, or a Kafka topic. */
#ifndef GEN_SINK_H
#define GEN_SINK_H

#include "base/atomic.h"
#include "gen/types.h"

#define GEN_MAX_PROPERTIES 64

struct gen_sink {
	void *self;
	/* Whether the sink can hold the record; NULL: always */
	bool (*fits)(const struct gen_record *rec);
	/* Copies the record. Fails: NPSD_RETRY */
	bool (*send)(void *self, struct npsd_err *err, const struct gen_record *rec);
	/* Serves records in flight; Waits: up to ms */
	void (*idle)(void *self, int ms);
	/* Waits: until all records have arrived; Fails: NPSD_RETRY */
	bool (*finish)(void *self, struct npsd_err *err);
	void (*free)(void *self);
};

struct gen_kafka_options {
	const char *brokers, *topic;
	const char *group;     /* or NULL; limits the lag of each partition to GEN_AHEAD_BYTES */
	int mock_partitions;   /* 0: no mock cluster */
	int create_partitions; /* 0: the topic exists */
	const char *property[GEN_MAX_PROPERTIES]; /* "name=value" */
	int nproperties;
};

/* The mock cluster keeps only the latest 5 MiB of each partition. */
#define GEN_AHEAD_BYTES (9 << 19)

/* Set by a signal; ends all waits. */
extern atomic_int gen_stopped;

struct gen_sink gen_sink_stdout(void);
/* Thread: main; Owns: *bootstrap (the brokers) lives as long as the sink; Fails: NPSD_INVALID, NPSD_RETRY */
bool gen_sink_kafka(
    struct gen_sink *out, const char **bootstrap, struct npsd_err *err, const struct gen_kafka_options *opt);

#endif
