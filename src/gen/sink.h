/* Where records go: JSON lines on standard output, or a Kafka topic. */
#ifndef GEN_SINK_H
#define GEN_SINK_H

#include "base/atomic.h"
#include "gen/gen.h"

#define GEN_MAX_PROPERTIES 64

struct gen_sink {
	void *self;
	/* Whether it can be sent this way at all; NULL: everything can */
	bool (*fits)(const struct gen_record *rec);
	/* Copies what it needs. Fails: NPSD_RETRY */
	bool (*send)(void *self, struct npsd_err *err, const struct gen_record *rec);
	/* Serves what is under way for up to ms */
	void (*idle)(void *self, int ms);
	/* Waits until all of it has arrived. Fails: NPSD_RETRY */
	bool (*finish)(void *self, struct npsd_err *err);
	void (*free)(void *self);
};

struct gen_kafka_options {
	const char *brokers, *topic;
	const char *group;     /* NULL: none. Else no partition gets more than GEN_AHEAD_BYTES ahead of it */
	int mock_partitions;   /* 0: no mock cluster */
	int create_partitions; /* 0: the topic is there */
	const char *property[GEN_MAX_PROPERTIES]; /* "name=value" */
	int nproperties;
};

/* The mock cluster keeps 5 MiB a partition and drops what is older. */
#define GEN_AHEAD_BYTES (9 << 19)

/* Set by a signal: whoever waits gives up. */
extern atomic_int gen_stopped;

struct gen_sink gen_sink_stdout(void);
/* Thread: main; Fails: NPSD_INVALID, NPSD_RETRY. *bootstrap: where the topic is, valid as long as the sink */
bool gen_sink_kafka(
    struct gen_sink *out, const char **bootstrap, struct npsd_err *err, const struct gen_kafka_options *opt);

#endif
