/*
 * The pipeline: the handles and rings that connect the components of one process, and the components' steps.
 * In production each component has a thread that calls its step (src/daemon.c); in the simulator a seeded
 * scheduler calls the same steps (tests/sim).
 *
 * A step does a bounded amount of work and returns true if it did any. With nothing to do it may wait up to
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
#include "npsd/fault.h"
#include "npsd/store.h"

#define NPSD_MAX_WORKERS 64

/* Made by main; constant after that but for the atomics. */
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

	struct npsd_fault_cell fault_worker[NPSD_MAX_WORKERS], fault_commit, fault_fold;
	NPSD_APART _Atomic int log_full;    /* fold sets it while a shard's log is longer than log.max_bytes;
					       workers count no further (relaxed) */
	NPSD_APART _Atomic int64_t records; /* workers bump it when they have fetched; a drain watches it, and
					       writes (relaxed) */
	NPSD_APART _Atomic int64_t writes;  /* fold bumps it when a public key was written (relaxed) */
	NPSD_APART _Atomic int
	    fold_lag; /* commit bumps it after each commit; fold then reads the logs (relaxed) */
};

/* Makes the rings for pl->workers workers. Thread: main; Owns: the caller, until npsd_rings_free() */
void npsd_rings_new(struct npsd_pipeline *pl);
/* Frees the commands in them, too. Thread: main, when all components are freed */
void npsd_rings_free(struct npsd_pipeline *pl);

struct npsd_group;
struct npsd_worker;
struct npsd_commit;
struct npsd_fold;

/* All _new: Thread: main; Owns: the caller frees; pl stays the caller's. All _free: Thread: main, after the
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
/* Drops what was counted under these keys, before anything is acquired. Thread: main, before the first step
 */
void npsd_group_rebuild(struct npsd_group *g, bool accept_loss);
bool npsd_group_step(struct npsd_group *g, int wait_ms); /* Thread: group */
void npsd_group_stop_any(struct npsd_group *g);		 /* SIGTERM: finish what is in flight. Thread: any */
enum npsd_group_state npsd_group_state(const struct npsd_group *g); /* Thread: group */
/* Exit code of the process: 0 where it is done or was stopped, but 1 where a drain was stopped. Thread: group
 */
int npsd_group_code(const struct npsd_group *g);
/* Why it failed; "" where it did not. Thread: group */
const char *npsd_group_error(const struct npsd_group *g);

#endif
