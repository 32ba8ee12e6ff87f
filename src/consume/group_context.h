/*
 * What the files of consume share: the handles of the process, the script call that is being built, what is
 * known of the topics, and the failure that ends the process. The files call each other in one direction:
 *
 *   group -> rebuild, recheck, stuck -> progress -> assignment -> acquisition, commands -> topic_history ->
 * context
 *
 * Thread: group, for all of them
 */
#ifndef NPSD_CONSUME_CONTEXT_H
#define NPSD_CONSUME_CONTEXT_H

#include "base/backoff.h"
#include "npsd/pipeline.h"
#include "script/build.h"
#include "script/result.h"

#define CONTEXT_TP_TEXT 300 /* `TOPIC/PARTITION` and its zero; Kafka's topic names have at most 249 bytes */
#define CONTEXT_BACKOFF ((struct npsd_backoff){.first_ms = 500, .most_ms = 5000})

/* What Kafka last replied about a topic. */
struct context_topic {
	int32_t parts;	/* number of partitions; 0: unknown, also after each assignment */
	bool missing;	/* it does not exist, or not for npsd */
	bool checked;	/* that it is not compacted, as far as Kafka says */
	int tries;	/* to check that */
	uint32_t asked; /* number of the question that is out; 0: none */
	struct npsd_backoff retry;
	int64_t failed_mono_ms; /* since when it cannot be described; 0: it can */
	char why[240];
};

struct context {
	const struct npsd_config *cfg;
	const struct npsd_broker *broker;
	const struct npsd_clock *clock;
	struct npsd_store *store;
	struct npsd_script_build build;
	int calls_out;	  /* calls submitted to the store and not completed */
	uint32_t numbers; /* given out to attempts and calls, for their tags; none is given twice */

	struct context_topic topic[NPSD_MAX_TOPICS];
	bool stored; /* Redis held the configuration when it last replied */

	int64_t retry_logged_mono_ms;
	int code;	 /* exit code of the process */
	char error[512]; /* why the process ends; "": it does not */
};

/* Tags of calls to the store and to the broker: which file gets the completion, and a number of its own. */
enum context_tag {
	TAG_ACQUISITION = 1, /* number: the attempt */
	TAG_TARGET,	     /* number: the target */
	TAG_POSITIONS,	     /* number: the call */
	TAG_ADVISORY,	     /* completion is ignored */
	TAG_REBUILD,
	TAG_TOPIC,   /* number: the question */
	TAG_STABLE,  /* number: the attempt of the acquisition */
	TAG_RECHECK, /* number: the call */
};
#define CONTEXT_TAG(kind, number) ((uint64_t)(kind) << 32 | (uint32_t)(number))

/* Owns: pl stays the caller's; the caller frees c->build */
void context_init(struct context *c, struct npsd_pipeline *pl);
/* The process ends with this exit code; the first failure counts. */
void context_fail(struct context *c, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A try failed: begins its back-off. Logs `TEXT; retrying in N s`, at most one line in 5 s. */
void context_retry(struct context *c, struct npsd_backoff *retry, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void context_tp_name(const struct context *c, char out[CONTEXT_TP_TEXT], struct npsd_tp tp);
/* Submits the call that was built. False: no room; try again in a later step. */
bool context_submit(struct context *c, uint64_t tag);
/* Asks for the marks of the records of a partition that were counted. False: as context_submit() */
bool context_history_call(struct context *c, const char *tp, uint64_t tag);
/* Classifies a completion; one that is BROKEN fails. */
struct npsd_result context_result(struct context *c, const struct npsd_done *done, size_t least);
/* Number of partitions of a topic; 0: not known now. Asks for it when it is time. */
int32_t context_parts(struct context *c, int32_t topic);
/* Forgets the numbers of partitions: topics grow. */
void context_forget_parts(struct context *c);
/* A reply about a topic. Fails if the topic is compacted. */
void context_on_topic(struct context *c, const struct npsd_broker_event *e);

#endif
