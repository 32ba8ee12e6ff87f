/* Inside of consume: what group.c (the group's states) and take.c (taking one partition) share. Thread: group
 */
#ifndef NPSD_CONSUME_GROUP_H
#define NPSD_CONSUME_GROUP_H

#include "npsd/pipeline.h"

#define GROUP_TP_TEXT 300   /* `TOPIC/PARTITION`; Kafka's topic names have at most 249 bytes */
#define GROUP_AGAIN_MS 1000 /* what was not to be had is asked for again after so long */
#define GROUP_ENDS_MS 1000  /* spent in one step on asking for ends, so that the group is polled */

/* The way of one partition from assigned to counted; each _WAIT waits for one answer. */
enum take_step {
	TAKE_ENDS, /* ask the broker for its ends */
	TAKE_ENDS_WAIT,
	TAKE_BASE, /* read the stored state; set a base where there is none */
	TAKE_BASE_WAIT,
	TAKE_SKIP, /* a lost range lies before the next record: move over it, told */
	TAKE_SKIP_WAIT,
	TAKE_COMMIT, /* prove to the group that this generation is the present one */
	TAKE_COMMIT_WAIT,
	TAKE_CLAIM, /* set a fresh claim */
	TAKE_CLAIM_WAIT,
	TAKE_READY,
	TAKE_STALE, /* the group does not know this generation: only a rebalance goes on from here */
};

struct take {
	struct npsd_tp tp;
	char name[GROUP_TP_TEXT];
	enum take_step step;
	uint32_t round;	       /* of this try alone; in the tags, so that answers to another are dropped */
	int64_t not_before_ms; /* monotonic: a try that failed waits */
	int64_t low, high, committed;
	struct npsd_part_state state;
	bool emptied;	      /* the group has offsets, Redis has none */
	struct npsd_pos read; /* position as the try before read it: older than low and high */
	struct npsd_pos skip_to;
	const char *skip_reason;
	char fresh[NPSD_CLAIM_LEN + 1];
	char held[NPSD_CLAIM_LEN + 1]; /* claim under which a worker still has the ledger; "" for none */
	struct npsd_ruling *rulings;
	size_t nrulings;
};

enum group_phase {
	PHASE_START,  /* first RESET is on its way to all rooms */
	PHASE_IDLE,   /* nothing assigned */
	PHASE_TAKING, /* partitions are being claimed */
	PHASE_RUNNING,
	PHASE_PAUSING,	 /* workers finish what is in hand, then `after_pause` */
	PHASE_RESETTING, /* recovery: all rooms drop what is in hand */
	PHASE_FLUSHING,	 /* the last words of a drain or stop: fold publishes what is due */
	PHASE_WATCHING,	 /* before a drain ends: what is held is what is stored */
	PHASE_DONE,
	PHASE_FAILED,
};

enum rebuild_step {
	REBUILD_NONE, /* nothing to rebuild, or it is done */
	REBUILD_ENDS, /* asks what Kafka holds */
	REBUILD_CALL,
	REBUILD_WAIT,
};

enum after_pause { THEN_UNASSIGN, THEN_FLUSH };

struct target { /* of a drain */
	struct npsd_tp tp;
	int64_t low, end; /* -1: not known yet */
	bool asked, reached;
};

struct npsd_group {
	struct npsd_pipeline *pl;
	enum group_phase phase;
	enum after_pause after_pause;
	bool drain, stopping, unassign_pending;
	bool assigned; /* what the group gave, if only nothing, is ours still: `take` may outlive it */
	uint32_t session;
	int commands_out; /* orders sent and not come back */
	bool commands_ok;
	int64_t deadline_ms;
	struct npsd_names *names, *names_old;
	bool names_renewed;
	int64_t last_reset_ms;
	int resets; /* in quick succession */

	struct take *take[NPSD_MAX_PARTS]; /* what is assigned, or was and may come back */
	size_t ntakes;
	int calls_out;	/* calls of the store and the broker on their way */
	uint32_t round; /* the last that was given to a call or a try */

	struct target *target;
	size_t ntargets;
	bool targets_known;
	int64_t targets_not_before_ms;
	enum rebuild_step rebuild;
	bool accept_loss;
	int64_t rebuild_not_before_ms;
	const char *header;		/* configuration's hash in calls */
	int32_t parts[NPSD_MAX_TOPICS]; /* of each topic; 0: to be asked, again after each assignment */
	int64_t parts_not_before_ms;

	uint64_t positions_tag;			     /* 0: none on its way */
	struct npsd_tp positions_tp[NPSD_MAX_PARTS]; /* what the call on its way asks for */
	size_t positions_n;
	int64_t positions_last_ms;

	int32_t compacted_next; /* topics below it were asked about */
	int compacted_tries;
	int64_t told_ms; /* when the last wait was logged */
	int code;
	char error[512];
	NPSD_APART _Atomic int stop; /* any thread sets, group reads (relaxed: nothing is handed over) */
};

/* tags of both store and broker: kind 8 bits | index 24 | round 32 */
enum group_tag { TAG_TAKE = 1, TAG_TARGET, TAG_POSITIONS, TAG_ADVISORY, TAG_REBUILD };
#define GROUP_TAG(kind, index, round) ((uint64_t)(kind) << 56 | (uint64_t)(index) << 32 | (uint32_t)(round))

void group_fail(struct npsd_group *g, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int64_t group_mono_ms(const struct npsd_group *g);
/* A line about what is waited for: of many that say so at once, one every few seconds. */
void group_tell_wait(struct npsd_group *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- orders.c --- */
/* A call with the fence, the dictionary and `keys` (names behind `{PFX:alerts}:`) as keys and the header
 * before args. */
bool group_call(struct npsd_group *g, uint64_t tag, enum npsd_script script, const char *const *keys,
    size_t nkeys, const char *const *args, size_t nargs);
void group_tp_name(const struct npsd_group *g, char out[GROUP_TP_TEXT], struct npsd_tp tp);

/* Sends a copy, which comes back through collect. */
void group_command_send(struct npsd_group *g, struct npsd_ring *ring, const struct npsd_command *what);
void group_command_workers(struct npsd_group *g, const struct npsd_command *o);
/* Takes the orders that came back; false: none. */
bool group_collect_commands(struct npsd_group *g);
/* Ends the waits of all rooms, so that they see their orders. */
void group_wake_all(struct npsd_group *g);

/* --- positions.c --- */
/* Asks for the ends at which a drain is done, until targets_known. */
void group_targets_find(struct npsd_group *g);
/* Partitions of a topic; 0: not known now, ask again. */
int32_t group_parts(struct npsd_group *g, int32_t topic);
void group_on_target(struct npsd_group *g, uint32_t index, const struct npsd_broker_event *e);
/* Asks for the stored positions: of what is held, or in a drain of all targets not reached. */
bool group_positions_ask(struct npsd_group *g);
void group_on_positions(struct npsd_group *g, const struct npsd_done *done);
bool group_drained(const struct npsd_group *g);

/* --- rebuild.c --- */
/* Before anything is taken: what was counted is dropped by one script. False: nothing to do now. */
bool group_rebuild_step(struct npsd_group *g);
void group_on_rebuild(struct npsd_group *g, const struct npsd_done *done);

/* --- taking.c --- */
/* A step of PHASE_TAKING. True if it did something. */
bool group_taking(struct npsd_group *g);

/* --- take.c --- */
struct take *take_new(struct npsd_group *g, struct npsd_tp tp);
void take_free(struct take **t);
/* From the beginning, after wait_ms. */
void take_again(struct npsd_group *g, struct take *t, int64_t wait_ms);
/* Sends what the step needs. True if it did something. */
bool take_advance(struct npsd_group *g, uint32_t index, int64_t now_ms);
void take_on_ends(struct npsd_group *g, struct take *t, const struct npsd_broker_event *e);
void take_on_committed(struct npsd_group *g, struct take *t, const struct npsd_broker_event *e);
void take_on_store(struct npsd_group *g, struct take *t, const struct npsd_done *done);
/* Where delivery must begin so that the ledger knows what is still known. */
int64_t take_load_from(const struct take *t);

#endif
