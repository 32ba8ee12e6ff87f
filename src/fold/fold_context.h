/*
 * What all parts of the fold use: the store and the builder of its calls, the clock of this step, and the
 * state of the session. It knows no shard. Thread: fold, for all
 *
 *   state      event                      next
 *   NEW        RESET arrives              RESETTING
 *   RUNNING    a fault is raised          FAULTED
 *   RUNNING    RESET arrives              RESETTING
 *   FAULTED    RESET arrives              RESETTING
 *   RESETTING  every shard is released    RUNNING, with the session and the names of the command
 */
#ifndef NPSD_FOLD_CONTEXT_H
#define NPSD_FOLD_CONTEXT_H

#include "base/backoff.h"
#include "npsd/pipeline.h"
#include "script/build.h"
#include "script/result.h"

enum npsd_fold_state { NPSD_FOLD_NEW, NPSD_FOLD_RUNNING, NPSD_FOLD_FAULTED, NPSD_FOLD_RESETTING };

struct npsd_fold_context {
	struct npsd_pipeline *pl;
	const struct npsd_config *cfg;
	struct npsd_store *store;
	enum npsd_fold_state state;
	uint32_t session;
	struct npsd_names *names; /* NULL in NEW */
	int64_t now_mono_ms;	  /* read once a step, and after each wait */
	int64_t wall_t_ms;	  /* the highest t that the wall clock has given; t never goes back */
	struct npsd_script_build call;
	uint64_t calls;		  /* numbers given to calls: 1 .. calls */
	struct npsd_backoff away; /* of the connection: no call before */
	int64_t logged_mono_ms;	  /* the last line about the store */
};

void npsd_fold_context_init(struct npsd_fold_context *c, struct npsd_pipeline *pl);
/* Raises a fault of this session. RUNNING becomes FAULTED. */
void npsd_fold_fault(struct npsd_fold_context *c, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether calls may be made in this step. */
bool npsd_fold_ready(const struct npsd_fold_context *c);
/* Adds the header with the whole copy of the dictionary to c->call. */
void npsd_fold_header(struct npsd_fold_context *c);
/* Submits c->call. Returns the number of the call; 0 where the store has no room now. */
uint64_t npsd_fold_submit(struct npsd_fold_context *c, int shard);
/*
 * Classifies a completion. RETRY: it is logged and the connection backs off. A refusal that is a fault of
 * every component is raised and returned as BROKEN: the caller need not look at BROKEN.
 */
struct npsd_result npsd_fold_result(struct npsd_fold_context *c, const struct npsd_done *done, size_t least);
/* The next t of a shard at t_ms, by the clocks of a reply; with the wall clock it is not less than t_ms. */
int64_t npsd_fold_t(struct npsd_fold_context *c, int64_t t_ms, int64_t wall_ms, int64_t event_ms);

#endif
