/*
 * The fence check: claims and positions held are compared with those stored, so that an idle partition
 * notices a roll-back too. Sent by itself after each reconnect and every 10 s, and on the group's command.
 * Thread: commit, for all
 */
#ifndef COMMIT_FENCE_CHECK_H
#define COMMIT_FENCE_CHECK_H

#include "base/backoff.h"
#include "commit/session.h"

struct fence_check {
	struct npsd_script_build build;
	uint64_t tag;	      /* of the call in flight; 0: none */
	bool complete;	      /* the call in flight covers every partition held: none was busy */
	int64_t next_mono_ms; /* when one is due by itself */
	struct npsd_backoff backoff;
	uint32_t connection;	      /* of the store, at the last look */
	struct npsd_command *command; /* the group's; NULL: none */
};

void fence_check_init(struct fence_check *f, const struct npsd_config *cfg);
void fence_check_free(struct fence_check *f);
/* Owns: takes the command, until it is back in the group's ring */
void fence_check_command(struct fence_check *f, struct session *s, struct npsd_command *command);
/* True: a check was submitted now. */
bool fence_check_advance(struct fence_check *f, struct session *s);
/* Its call completed. */
void fence_check_done(struct fence_check *f, struct session *s, const struct npsd_done *done);
/* RESET: forgets the call in flight, and ends the command as failed. */
void fence_check_reset(struct fence_check *f, struct session *s);

#endif
