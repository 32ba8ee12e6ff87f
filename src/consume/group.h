/* The group's state; group.c and its tests alone include this. Thread: group */
#ifndef NPSD_CONSUME_GROUP_H
#define NPSD_CONSUME_GROUP_H

#include "consume/rebuild.h"
#include "consume/recheck.h"
#include "consume/stuck.h"

/* The transitions are a table in group.c. */
enum group_phase {
	PHASE_RESETTING_IDLE,	  /* at start or in a recovery: all components RESET; nothing is assigned */
	PHASE_RESETTING_ASSIGNED, /* the same; what is assigned is acquired after it */
	PHASE_RESETTING_REVOKED,  /* the same; Kafka waits for unassign() */
	PHASE_IDLE,		  /* nothing is assigned */
	PHASE_ACQUIRING,	  /* partitions are acquired, after the rebuild if one is due */
	PHASE_RUNNING,		  /* partitions are counted; the rest of those assigned is being acquired */
	PHASE_ADDING,		  /* workers finish what is in flight; then more partitions are delivered */
	PHASE_REVOKING,		  /* workers finish what is in flight; Kafka waits for unassign() */
	PHASE_FINISHING,	  /* a drain is at its end: workers finish what is in flight */
	PHASE_FLUSHING,		  /* a drain: fold publishes all that is due */
	PHASE_CHECKING_FENCE,	  /* a drain: commit compares all claims and positions with those stored */
	PHASE_STOPPING,		  /* a stop was asked for: workers finish what is in flight */
	PHASE_STOP_FLUSHING,	  /* a stop was asked for: fold publishes what is due */
	PHASE_DONE,
	PHASE_FAILED, /* context.error says why */
};

struct npsd_group {
	struct context context;
	struct commands commands;
	struct assignment assignment;
	struct progress progress;
	struct rebuild rebuild;
	struct recheck recheck; /* RUNNING */
	struct stuck stuck;
	char gave_up[440]; /* a drain: why it ends before all is counted; "": it does not */

	enum group_phase phase;
	int64_t deadline_mono_ms;	      /* of the phases that have an event LATE */
	struct npsd_names *names, *names_old; /* names_old: until the RESET that replaces it came back */
	struct npsd_backoff recovery; /* no acquisition before; only recoveries that follow closely wait */
	int64_t recovered_mono_ms;
	NPSD_APART _Atomic int stop; /* any thread sets, group reads (relaxed: nothing is handed over) */
};

#endif
