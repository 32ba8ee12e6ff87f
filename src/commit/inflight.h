/*
 * One request while commit has it. Each worker and fold has one of these, since a requester's requests are
 * handled one after the other.
 *
 *   state  event                                                  next state
 *   FREE   a request that is not of this session                  FREE, the request ends as DROPPED
 *   FREE   an admission of values that are known by now           FREE, the request ends as DONE
 *   FREE   a batch that does not follow what is held              BLOCKED, a fault is raised
 *   FREE   any other request                                      READY
 *   READY  submitted to the store, after the back-off             SENT
 *   SENT   lost, or Redis cannot run it now                       READY, with the same bytes
 *   SENT   the dictionary has more entries                        READY, to read them
 *   SENT   acknowledged                                           FREE, the request ends as DONE
 *   SENT   refused, broken                                        BLOCKED, a fault is raised
 *   any    RESET                                                  FREE, the request ends as DROPPED
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
/* FREE: a request came from the ring. */
void inflight_begin(struct inflight *x, struct session *s, struct npsd_request *req);
/* True: the call was submitted now. */
bool inflight_submit(struct inflight *x, struct session *s);
/* SENT: the call completed. */
void inflight_done(struct inflight *x, struct session *s, const struct npsd_done *done);
/* RESET: the request is dropped, if there is one. */
void inflight_drop(struct inflight *x, struct session *s);

#endif
