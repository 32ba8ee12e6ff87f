/*
 * How the rooms hang together: the shared handles, the rings, the steps. Threads call the steps in production
 * (src/daemon.c); a seeded scheduler calls the very same ones in the simulator (tests/sim).
 *
 * A step does a bounded amount of work and returns true if it made any; with nothing to do it may wait up to
 * wait_ms for its broker or store (0 in the simulator) and returns false.
 */
#ifndef NPSD_PIPELINE_H
#define NPSD_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/ring.h"
#include "npsd/batch.h"
#include "npsd/broker.h"
#include "npsd/clock.h"
#include "npsd/config.h"
#include "npsd/store.h"

#define NPSD_MAX_WORKERS 64

/* Why the process must recover, or end. Set by any room, acted on by the group. */
enum npsd_fault {
	NPSD_FAULT_NONE,
	NPSD_FAULT_CLAIM,  /* claim or position is not mine: another owner, or Redis went back */
	NPSD_FAULT_DICT,   /* the dictionary went back: the copy must be read anew */
	NPSD_FAULT_EMPTY,  /* nothing stored: Redis was emptied */
	NPSD_FAULT_OFFSET, /* a wanted offset does not exist any more */
	NPSD_FAULT_CONFIG, /* another configuration was applied: stop */
	NPSD_FAULT_BROKEN, /* Redis refuses our scripts: stop */
};

/* Wires of one process. Made by main, constant after that but for the atomics. */
struct npsd_pipeline {
	const struct npsd_config *cfg;
	struct npsd_broker broker;
	struct npsd_clock clock;
	struct npsd_store store_group, store_commit, store_fold; /* a connection each */
	int workers;

	struct npsd_ring *group_to_worker[NPSD_MAX_WORKERS],
	    *worker_to_group[NPSD_MAX_WORKERS]; /* struct npsd_command */
	struct npsd_ring *worker_to_commit[NPSD_MAX_WORKERS],
	    *commit_to_worker[NPSD_MAX_WORKERS];	     /* struct npsd_request */
	struct npsd_ring *group_to_commit, *commit_to_group; /* struct npsd_command */
	struct npsd_ring *group_to_fold, *fold_to_group;     /* struct npsd_command */
	struct npsd_ring *fold_to_commit, *commit_to_fold;   /* struct npsd_request */

	NPSD_APART _Atomic int incident; /* enum npsd_fault; any room sets (first wins), group clears */
	char
	    incident_text[256]; /* written by the setter before incident (release), read by group (acquire) */
	_Atomic int incident_lock; /* 1 while a setter writes */
	NPSD_APART _Atomic int
	    log_full; /* fold: a shard's log is beyond log.max_bytes (relaxed); worker: counts no further */
	NPSD_APART _Atomic int fold_lag; /* commit bumps after each commit (relaxed): fold reads at once */
};

/* Makes the rings for w->workers workers. Thread: main; Owns: the caller, until npsd_rings_free() */
void npsd_rings_new(struct npsd_pipeline *pl);
/* With the orders that lie in them. Thread: main, when all rooms are freed */
void npsd_rings_free(struct npsd_pipeline *pl);

/* First incident wins until the group has taken it. Thread: any */
void npsd_fault_set(struct npsd_pipeline *pl, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct npsd_group;
struct npsd_worker;
struct npsd_commit;
struct npsd_fold;

/* All _new: Thread: main; Owns: the caller frees; w stays the caller's. All _free: Thread: main, after the
 * thread ended */
struct npsd_worker *npsd_worker_new(struct npsd_pipeline *pl, int number);
void npsd_worker_free(struct npsd_worker **worker);
bool npsd_worker_step(struct npsd_worker *worker, int wait_ms); /* Thread: worker */

struct npsd_commit *npsd_commit_new(struct npsd_pipeline *pl);
void npsd_commit_free(struct npsd_commit **c);
bool npsd_commit_step(struct npsd_commit *c, int wait_ms); /* Thread: commit */

struct npsd_fold *npsd_fold_new(struct npsd_pipeline *pl);
void npsd_fold_free(struct npsd_fold **f);
bool npsd_fold_step(struct npsd_fold *f, int wait_ms); /* Thread: fold */

enum npsd_group_state {
	NPSD_GROUP_RUNS,
	NPSD_GROUP_DONE,   /* drained, or stopped as asked */
	NPSD_GROUP_FAILED, /* npsd_group_error says why */
};

struct npsd_group *npsd_group_new(struct npsd_pipeline *pl, bool drain);
void npsd_group_free(struct npsd_group **g);
/* Before the first step: what was counted under these keys is dropped and counted anew. Thread: main */
void npsd_group_rebuild(struct npsd_group *g, bool accept_loss);
bool npsd_group_step(struct npsd_group *g, int wait_ms); /* Thread: group */
void npsd_group_stop_any(struct npsd_group *g);		 /* SIGTERM: finish what is in hand. Thread: any */
enum npsd_group_state npsd_group_state(const struct npsd_group *g); /* Thread: group */
/* Exit code of the process: 0 where it is done, also as asked, but 1 where a drain was stopped before its
 * end. Why, where it failed; else "". Thread: group */
int npsd_group_code(const struct npsd_group *g);
const char *npsd_group_error(const struct npsd_group *g);

#endif
