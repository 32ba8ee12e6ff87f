/*
 * What commit has during one session, and how a session ends: with a fault, which the group answers with
 * RESET. Thread: commit, for all
 */
#ifndef COMMIT_SESSION_H
#define COMMIT_SESSION_H

#include "commit/held.h"
#include "npsd/pipeline.h"
#include "script/build.h"
#include "script/result.h"

struct session {
	struct npsd_pipeline *pl;
	uint32_t number;
	struct npsd_names *names; /* NULL before the first RESET */
	struct held held;
	uint64_t last_tag; /* rises over all sessions, so that a late completion matches no call */
	int64_t logged_mono_ms;
};

/* The tag of the call; 0: the store's queue is full. Waits: never */
uint64_t session_submit(struct session *s, struct npsd_script_build *build);
/* Raises the fault, if the session has none, and wakes the group. */
void session_fault(struct session *s, enum npsd_fault what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Raises the fault that a result is: REFUSED or BROKEN. */
void session_fault_of(struct session *s, const struct npsd_result *r);
bool session_faulted(const struct session *s);

#endif
