/*
 * Inside of commit: one slot for each worker and one for fold; in a slot a job on its way to the store.
 *
 *   FREE -> SEND -> FLYING -> BACK -> FREE       answered
 *            ^---------'                         lost, cannot now (after a wait), or the answer asks for more
 *                     FLYING -> STUCK -> BACK    refused: the incident is told, the job waits for the RESET
 */
#ifndef NPSD_COMMIT_H
#define NPSD_COMMIT_H

#include "npsd/pipeline.h"

#define COMMIT_TP_TEXT 272 /* `TOPIC/PARTITION`; Kafka's topic names have at most 249 bytes */
#define COMMIT_SLOTS (NPSD_MAX_WORKERS + 1)

/* The keys and arguments of one call; what is not the job's own lies in text, which does not move once it is
 * begun. */
struct pack {
	struct npsd_buf text;
	struct npsd_arg *arg;
	size_t nkeys, n, cap;
};

enum slot_state { SLOT_FREE, SLOT_SEND, SLOT_IN_FLIGHT, SLOT_BLOCKED, SLOT_BACK };

struct slot {
	enum slot_state state;
	struct npsd_request *req;
	struct pack pack; /* made once: what is sent again has equal bytes */
	enum npsd_script script;
	uint64_t tag;
	int tries;	       /* in a row that Redis could not */
	int64_t not_before_ms; /* SEND */
};

/* A partition held: claim and position as the last answered batch left them. */
struct held {
	struct npsd_tp tp;
	char claim[NPSD_CLAIM_LEN + 1];
	struct npsd_pos pos;
	bool busy; /* a batch of it is on its way */
};

struct npsd_commit {
	struct npsd_pipeline *pl;
	struct npsd_names *names;
	uint32_t session;
	int nslots; /* the last is fold's */
	struct slot slot[COMMIT_SLOTS];
	struct held held[NPSD_MAX_PARTS];
	size_t nheld;
	uint64_t last_tag;

	struct pack watch;
	uint64_t watch_tag; /* 0: none on its way */
	bool watch_all;	    /* the one on its way answers the order: nothing was busy when it was sent */
	bool watch_due;
	int64_t watch_ms;	/* the next one by itself */
	int64_t watch_retry_ms; /* none before this: the last was lost, or Redis could not */
	struct npsd_command *check_command;
	uint32_t connection;

	enum npsd_fault stuck; /* told, and the RESET is not here yet */
	char stuck_text[200];
	int64_t stuck_ms;
	int64_t logged_ms;
};

/* --- pack.c --- */
void pack_free(struct pack *p);
void pack_batch(struct npsd_commit *c, struct pack *p, const struct npsd_batch *b);
/* Without values where `more` is read on. */
void pack_ask(struct npsd_commit *c, struct pack *p, const struct npsd_admission *ask, bool more);
/* All held that are not busy. */
void pack_watch(struct npsd_commit *c, struct pack *p);
bool pack_submit(struct npsd_commit *c, const struct pack *p, enum npsd_script script, uint64_t tag);

/* --- answer.c --- */
/* Every value has an id, if only `__other__`. */
bool answer_all_known(const struct npsd_commit *c, const struct npsd_admission *ask);
void commit_on_done(struct npsd_commit *c, const struct npsd_done *done);

/* --- commit.c --- */
int64_t commit_now_ms(const struct npsd_commit *c);
struct held *commit_held(struct npsd_commit *c, struct npsd_tp tp);
/* The group must recover. */
void commit_stuck(struct npsd_commit *c, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- watch.c --- */
bool watch_advance(struct npsd_commit *c);
void watch_on_done(struct npsd_commit *c, const struct npsd_done *done);
/* The group's order is answered. */
void watch_end_order(struct npsd_commit *c, bool ok);

/* --- answer.c, for watch.c --- */
bool answer_is(const struct npsd_reply *r, size_t i, const char *text);
void answer_refused(struct npsd_commit *c, const struct npsd_reply *r);

#endif
