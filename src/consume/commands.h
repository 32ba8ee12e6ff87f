/* The group's commands to workers, commit and fold: each is sent as a copy, which comes back when it is done.
 * Thread: group, for all */
#ifndef NPSD_CONSUME_COMMANDS_H
#define NPSD_CONSUME_COMMANDS_H

#include "npsd/pipeline.h"

struct commands {
	struct npsd_pipeline *pl;
	uint32_t session;			   /* of every command that is sent */
	int out;				   /* commands sent and not come back */
	bool fence_ok;				   /* result of the last CHECK_FENCE that came back */
	struct npsd_offset stands[NPSD_MAX_PARTS]; /* where workers stand, of the PAUSEs that came back */
	size_t nstands;
};

/* Each wakes the thread that gets the command. part: of the worker that counts partitions of this number */
void commands_to_worker(struct commands *s, int32_t part, const struct npsd_command *what);
void commands_to_workers(struct commands *s, const struct npsd_command *what);
void commands_to_commit(struct commands *s, const struct npsd_command *what);
void commands_to_fold(struct commands *s, const struct npsd_command *what);
/* Takes the commands that came back. False: none. */
bool commands_collect(struct commands *s);

#endif
