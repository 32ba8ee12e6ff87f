/*
 * One request while commit has it. Each worker and fold has one of these, since a requester's requests are
 * handled one after the other.
 *
 *   state       event                                            next state
 *   FREE        a request of this session                        READY
 *   READY       submitted to the store                           SENT
 *   SENT        lost, or Redis cannot now                        READY, with the same bytes
 *   SENT        the dictionary has more entries                  READY, to read them
 *   SENT        done                                             FREE, the reply is DONE
 *   READY SENT  refused, broken, or not following what is held   BLOCKED, a fault is raised
 *   any         RESET                                            FREE, the reply is DROPPED
 *
 * Thread: commit, for all
 */
#ifndef COMMIT_INFLIGHT_H
#define COMMIT_INFLIGHT_H

#include "base/backoff.h"
#include "commit/session.h"

enum inflight_state { INFLIGHT_FREE, INFLIGHT_READY, INFLIGHT_SENT, INFLIGHT_BLOCKED };

struct inflight {
	int worker; /* the requester; -1: fold */
	struct npsd_ring *from, *to;
	enum inflight_state state;
	struct npsd_request *req;	/* NULL == FREE */
	struct npsd_script_build build; /* made once, so that it is sent again with the same bytes */
	uint64_t tag;			/* SENT */
	struct npsd_backoff backoff;	/* READY: when to submit */
};

/* worker: -1 for fold */
void inflight_init(struct inflight *x, struct npsd_pipeline *pl, int worker);
void inflight_free(struct inflight *x);
/* FREE: a request came from the ring. */
void inflight_begin(struct inflight *x, struct session *s, struct npsd_request *req);
/* True: the call was submitted now. */
bool inflight_submit(struct inflight *x, struct session *s);
/* SENT: the call completed. */
void inflight_done(struct inflight *x, struct session *s, const struct npsd_done *done);
/* RESET: the request is dropped, if there is one. */
void inflight_drop(struct inflight *x, struct session *s);

#endif
