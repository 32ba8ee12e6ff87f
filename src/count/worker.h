/*
 * A worker's state, and the steps of its files, from the group's commands to a sealed batch:
 *
 *   control.c     commands of the group
 *   partitions.c  the partitions held
 *   messages.c    what was fetched together: decoded, resolved to ids, counted
 *   memory.c      the limit of the ledgers
 *   seal.c        from the tables to a batch
 *   worker.c      the step that drives them
 *
 * Thread: worker, for all of this header.
 */
#ifndef NPSD_COUNT_WORKER_H
#define NPSD_COUNT_WORKER_H

#include "count/alert.h"
#include "count/part.h"
#include "count/tables.h"
#include "npsd/decode.h"
#include "npsd/pipeline.h"

#define NPSD_MESSAGES_MAX NPSD_DECODE_GROUP

enum npsd_in_stage {
	NPSD_IN_NONE,
	NPSD_IN_DECODED,  /* values are resolved to ids; an admission may be in flight */
	NPSD_IN_RESOLVED, /* messages before `at` are counted */
};

/* Messages that were fetched together. Held until all are counted, or dropped whole. */
struct npsd_messages {
	enum npsd_in_stage stage;
	size_t n, at;
	uint32_t admissions; /* requested for values of these messages */
	int64_t wall_ms;     /* when they were decoded */
	struct npsd_msg msg[NPSD_MESSAGES_MAX];
	struct npsd_part *part[NPSD_MESSAGES_MAX]; /* NULL: not held, or the offset is before its position */
	bool ahead[NPSD_MESSAGES_MAX];
	bool resolved[NPSD_MESSAGES_MAX]; /* content and key are set */
	uint64_t hash[NPSD_MESSAGES_MAX]; /* of each record that is to be counted */
	struct npsd_verdict verdict[NPSD_MESSAGES_MAX];
	struct npsd_event event[NPSD_MESSAGES_MAX];
	struct npsd_content content[NPSD_MESSAGES_MAX];
	struct npsd_key key[NPSD_MESSAGES_MAX];
};

/* Invariant: consumed == sum of fate. late counts into fate[late] and reason. */
struct npsd_tally {
	int64_t consumed, fate[NPSD_NFATE], reason[NPSD_NREASON];
};

/* A delta to be packed. */
struct npsd_row {
	uint16_t shard;
	const struct npsd_cell *cell;
};

/* batch fills; spare is empty; sent is in flight. One of spare and sent is NULL. */
struct npsd_worker {
	struct npsd_pipeline *pl;
	const struct npsd_config *cfg;
	int number;
	uint32_t session;
	struct npsd_names *names;
	struct npsd_decoder *decoder;
	struct npsd_decoder **older; /* of each configuration in cfg->older; NULL: not needed yet */
	struct npsd_alerter *alerter;

	/* commands */
	struct npsd_command *command; /* carried out now */
	struct npsd_command *next;    /* came after it */
	bool fetching;		      /* FETCH came, and no PAUSE or RESET since */
	bool halted;		      /* a fault of this session is raised: nothing is counted until RESET */

	/* partitions held */
	struct npsd_part *part[NPSD_MAX_PARTS];
	size_t nparts;
	struct npsd_part **by_tp[NPSD_MAX_TOPICS]; /* by number of the partition, by_tps of them */
	int32_t by_tps[NPSD_MAX_TOPICS];

	/* in hand */
	struct npsd_messages in;
	uint32_t fetches; /* that brought messages, so far */
	struct npsd_admission admission;
	bool admitting; /* the admission is in flight */
	struct npsd_tables tables;
	uint32_t most; /* segments that one event touches at most, subtracting and adding */
	struct npsd_tally tally[NPSD_MAX_TOPICS];
	int64_t undated, records_ahead, horizons_moved, other[NPSD_NDIM];
	struct npsd_batch *batch, *spare, *sent;
	bool full;	      /* the next event has no room: seal */
	struct npsd_row *row; /* room to sort a batch's deltas */
	uint32_t rows;
	int64_t mono_ms; /* read once a step */
};

/* --- halt.c --- */
/* The process must recover, or end: raises the fault; nothing is counted until RESET. */
void npsd_worker_halt(struct npsd_worker *k, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- control.c --- */
/* Carries out the group's commands as far as it can. True if anything was done. */
bool npsd_worker_commands(struct npsd_worker *k);

/* --- partitions.c --- */
/* NULL: it is not held. */
struct npsd_part *npsd_worker_part(const struct npsd_worker *k, struct npsd_tp tp);
/* Owns: the worker takes p over */
void npsd_worker_add_part(struct npsd_worker *k, struct npsd_part *p);
void npsd_worker_release_part(struct npsd_worker *k, struct npsd_part *p);

/* --- messages.c --- */
/* Decodes what was fetched into in.msg[0 .. in.n - 1]. */
void npsd_messages_decode(struct npsd_worker *k);
/* Resolves and counts the messages in hand as far as it can. True if anything was done. */
bool npsd_messages_process(struct npsd_worker *k);
/* Gives all messages in hand back to the broker, counted or not. */
void npsd_messages_drop(struct npsd_worker *k);

/* --- memory.c --- */
/* Keeps the ledgers within ledger.memory_max, by moving horizons up. False: it cannot; the worker is halted.
 */
bool npsd_memory_fits(struct npsd_worker *k);

/* --- seal.c --- */
/* Monotonic time at which the batch in hand has its age. It must not be empty. */
int64_t npsd_batch_due_mono_ms(const struct npsd_worker *k);
/* The batch in hand is not empty, none is in flight, and its age or size (or `now`) make it due. */
bool npsd_batch_is_due(const struct npsd_worker *k, bool now);
void npsd_batch_seal(struct npsd_worker *k);
void npsd_batch_init(struct npsd_batch *b);
void npsd_batch_clear(struct npsd_batch *b);
/* Forgets what was counted since the last seal. */
void npsd_worker_forget(struct npsd_worker *k);

#endif
