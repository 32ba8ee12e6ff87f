/*
 * A worker's own state. Files: orders.c what the group asks, messages.c a group of messages on its way from
 * the broker to the tables, memory.c what the ledgers may take, seal.c from the tables to a batch, worker.c
 * the step that drives them.
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
	NPSD_IN_DECODED,  /* values are being resolved; the dictionary may have been asked */
	NPSD_IN_RESOLVED, /* messages before `at` are counted */
};

/* Messages that were fetched together. Held until all are counted, or dropped whole. */
struct npsd_messages {
	enum npsd_in_stage stage;
	size_t n, at;
	uint32_t admissions; /* of the dictionary, for values of theirs */
	int64_t wall_ms;     /* when they were decoded */
	struct npsd_msg msg[NPSD_MESSAGES_MAX];
	struct npsd_part
	    *part[NPSD_MESSAGES_MAX]; /* NULL: of no partition that is held, or behind its position */
	bool ahead[NPSD_MESSAGES_MAX];
	bool whole[NPSD_MESSAGES_MAX]; /* content and key are set */
	struct npsd_verdict verdict[NPSD_MESSAGES_MAX];
	struct npsd_event event[NPSD_MESSAGES_MAX];
	struct npsd_content content[NPSD_MESSAGES_MAX];
	struct npsd_key key[NPSD_MESSAGES_MAX];
};

/* Invariant: consumed == sum of fate. late counts into fate[late] and reason. */
struct npsd_tally {
	int64_t consumed, fate[NPSD_NFATE], reason[NPSD_NREASON];
};

/* Row of a delta to be packed. */
struct npsd_row {
	uint16_t shard;
	const struct npsd_cell *cell;
};

struct npsd_worker {
	struct npsd_pipeline *pl;
	const struct npsd_config *cfg;
	int number;
	uint32_t session;
	struct npsd_names *names;
	struct npsd_decoder *decoder;
	struct npsd_decoder *
	    *older; /* of each configuration in cfg->older; NULL where it was not needed yet */
	struct npsd_alerter *alerter;

	/* orders */
	struct npsd_command
	    *command;		   /* being carried out: its answer waits for jobs, or for room in the ring */
	struct npsd_command *next; /* came behind it */
	bool answered;		   /* order is done, its answer waits for room */
	bool reading;		   /* READ came, and no PAUSE or RESET since */
	bool halted;		   /* something went wrong: stand still until RESET */

	/* partitions held */
	struct npsd_part *part[NPSD_MAX_PARTS];
	size_t nparts;
	struct npsd_part **by_tp[NPSD_MAX_TOPICS]; /* by number of the partition */
	int32_t by_tps[NPSD_MAX_TOPICS];

	/* in hand */
	struct npsd_messages in;
	uint32_t groups; /* of messages, so far */
	struct npsd_admission admission;
	bool admitting;
	struct npsd_tables tables;
	uint32_t most; /* segments that one event touches at most, subtracting and adding */
	struct npsd_tally tally[NPSD_MAX_TOPICS];
	int64_t undated, records_ahead, horizons_moved, other[NPSD_NDIM];
	struct npsd_batch *batch; /* fills */
	struct npsd_batch *spare; /* NULL: on its way */
	struct npsd_batch *sent;  /* NULL: none on its way */
	bool full;		  /* the next event has no room: seal */
	struct npsd_row *row;	  /* room to sort a batch's deltas */
	uint32_t rows;
	int64_t mono_ms; /* read once a step */
};

/* --- worker.c --- Thread: worker */
/* The process must recover, or end: the worker stands still until RESET. */
void npsd_worker_fault(struct npsd_worker *k, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- control.c --- Thread: worker. True if anything was done */
bool npsd_worker_commands(struct npsd_worker *k);

/* --- messages.c --- Thread: worker */
struct npsd_part *npsd_worker_part(const struct npsd_worker *k, struct npsd_tp tp);
/* Decodes what was fetched into in.msg[0..in.n). */
void npsd_messages_decode(struct npsd_worker *k);
/* Goes on with the messages in hand as far as it can. True if anything was done. */
bool npsd_messages_go_on(struct npsd_worker *k);
/* Gives all messages in hand back, counted or not. */
void npsd_messages_drop(struct npsd_worker *k);

/* --- memory.c --- Thread: worker */
/*
 * Looks, now and then, whether the ledgers fit into their memory, and moves horizons up where they do not.
 * False where that does not help: an incident is set, and the worker stands still.
 */
bool npsd_memory_fits(struct npsd_worker *k);

/* --- seal.c --- Thread: worker */
/* Monotonic time at which the batch in hand has its age. It must not be empty. */
int64_t npsd_batch_due_ms(const struct npsd_worker *k);
/* Something is in hand, no other batch is on its way, and age or size (or `now`) say that it is time. */
bool npsd_batch_is_due(const struct npsd_worker *k, bool now);
void npsd_batch_seal(struct npsd_worker *k);
void npsd_batch_init(struct npsd_batch *b);
void npsd_batch_clear(struct npsd_batch *b);
/* Forgets what was counted since the last seal. */
void npsd_worker_forget(struct npsd_worker *k);

#endif
