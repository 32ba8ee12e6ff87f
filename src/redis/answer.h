/* What a server answers, as the rooms see it. Includes hiredis: for src/redis/ only. */
#ifndef NPSD_REDIS_ANSWER_H
#define NPSD_REDIS_ANSWER_H

#include <hiredis/hiredis.h>

#include "npsd/store.h"

/* A converted reply; its texts lie in `raw`. */
struct npsd_answer {
	redisReply *raw;
	struct npsd_reply *nodes; /* the first is the whole */
};

/* Thread: owner; Owns: takes raw over; npsd_answer_free gives all back */
void npsd_answer_take(struct npsd_answer *out, redisReply *raw);
void npsd_answer_free(struct npsd_answer *answer);
/* An error reply: NPSD_CANT_NOW where the server cannot now, else NPSD_BROKEN. Thread: any */
enum npsd_outcome npsd_answer_error(const char *text);
/* True where the first word of an error reply is `word`. Thread: any */
bool npsd_answer_is(const char *text, const char *word);

#endif
