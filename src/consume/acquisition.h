/*
 * The acquisition of one partition: from assigned to counted (docs/fence.md). Kafka's group alone is
 * advisory. The partition is acquired when a script has set a fresh claim, which it does only where the claim
 * and the position that were read before are still stored.
 *
 *   step    call                                         done                   otherwise
 *   ENDS    broker: first and last offset                BASE                   ENDS after a back-off
 *   BASE    script: reads the stored state; sets a       HISTORY; SKIP where    ENDS where the last
 *           base position where there is none            records are lost       offset is too old
 *   HISTORY script: reads the marks of what was counted  RECORDS; COMMIT where
 *                                                        there are none
 *   RECORDS broker: the same records once more, until    COMMIT; SKIP where     ENDS after a back-off; so
 *           all marks are compared                       the topic was cut      twice before SKIP
 *   SKIP    script: moves the position past a gap, or    ENDS
 *           back to where the topic was cut
 *   COMMIT  group commit: is the generation current?     CLAIM; READY where a   STALE where it is not;
 *                                                        worker has the ledger  ENDS after a back-off
 *   CLAIM   script: sets a fresh claim                   READY
 *   READY   none                                         COUNTED, with others
 *   COUNTED none: delivery began, a worker counts it
 *   STALE   none; the next assignment leads to ENDS
 *
 * A script that refuses leads to ENDS at once; one whose outcome is unknown, after a back-off. A topic that
 * is not the one counted, unless on_gap=continue, a lost range with on_gap=halt, another configuration and an
 * unreadable state end the process. Thread: group, for all
 */
#ifndef NPSD_CONSUME_ACQUISITION_H
#define NPSD_CONSUME_ACQUISITION_H

#include "consume/group_context.h"
#include "consume/topic_history.h"

enum acquisition_step {
	ACQ_ENDS,
	ACQ_BASE,
	ACQ_HISTORY,
	ACQ_RECORDS,
	ACQ_SKIP,
	ACQ_COMMIT,
	ACQ_CLAIM,
	ACQ_READY,
	ACQ_COUNTED,
	ACQ_STALE
};

struct acquisition {
	struct npsd_tp tp;
	char name[CONTEXT_TP_TEXT];
	enum acquisition_step step;
	bool in_flight;	  /* the step's call is out with this attempt's tag; at most one */
	uint32_t attempt; /* changes whenever ENDS begins; completions of earlier ones are dropped */
	struct npsd_backoff retry;
	int64_t since_mono_ms;	      /* since when it is not counted */
	int64_t seen;		      /* COUNTED: offset that was stored when it was last asked for */
	int64_t seen_mono_ms;	      /* since when it is that one */
	int64_t asked_mono_ms;	      /* about a transaction that holds it back */
	int64_t open_mono_ms;	      /* since when one does; 0: none does */
	char why[280];		      /* what failed last; "": nothing has */
	int64_t low, high, committed; /* from ENDS */
	struct npsd_part_state state; /* from BASE, CLAIM */
	struct npsd_ruling *rulings;
	size_t nrulings;
	struct npsd_pos read_before; /* position that the attempt before read, so before low and high were */
	struct history history;	     /* HISTORY, RECORDS, SKIP */
	int64_t checked; /* the last record that was found where it was counted; 0: none since a recovery */
	int suspected;	 /* comparisons in a row that found other records */
	struct npsd_pos skip_to; /* SKIP */
	const char *skip_reason; /* SKIP */
	char fresh[NPSD_CLAIM_LEN + 1];
	char held[NPSD_CLAIM_LEN + 1]; /* claim under which a worker holds the ledger; "": none does */
	int64_t next;		       /* offset from which that worker goes on, as of the last PAUSE */
};

/* Owns: the caller frees */
struct acquisition *acquisition_new(struct context *c, struct npsd_tp tp);
void acquisition_free(struct acquisition **a);
/* It is assigned, and not counted: begins with ENDS. */
void acquisition_begin(struct acquisition *a, struct context *c);
/* Begins again with ENDS, at once. */
void acquisition_restart(struct acquisition *a, struct context *c);
/* Begins again with ENDS after a back-off. who, text: what failed, for the log */
void acquisition_retry(struct acquisition *a, struct context *c, const char *who, const char *text);
/* Makes the call that the step needs. False: not now. */
bool acquisition_advance(struct acquisition *a, struct context *c);
/* Completions of this attempt's calls. */
void acquisition_on_ends(struct acquisition *a, struct context *c, const struct npsd_broker_event *e);
void acquisition_on_commit(struct acquisition *a, struct context *c, const struct npsd_broker_event *e);
void acquisition_on_records(struct acquisition *a, struct context *c, const struct npsd_broker_event *e);
void acquisition_on_store(struct acquisition *a, struct context *c, const struct npsd_done *done);
/* Whether a worker holds the ledger as of the stored claim, so that it need not be loaded. */
bool acquisition_keeps(const struct acquisition *a);
/* First offset to deliver: the position, or an earlier one where the ledger must be loaded. */
int64_t acquisition_from(const struct acquisition *a);

#endif
