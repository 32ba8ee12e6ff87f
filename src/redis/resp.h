/* A server's replies as the components read them. Includes hiredis: for src/redis/ only. */
#ifndef NPSD_REDIS_RESP_H
#define NPSD_REDIS_RESP_H

#include <hiredis/hiredis.h>

#include "npsd/store.h"

/* A converted reply; its texts lie in `raw`. */
struct npsd_resp {
	redisReply *raw;
	struct npsd_reply *nodes; /* the first is the whole */
};

/* Thread: owner; Owns: takes raw, which npsd_resp_free frees */
void npsd_resp_take(struct npsd_resp *out, redisReply *raw);
void npsd_resp_free(struct npsd_resp *resp);
/* An error reply: NPSD_CANT_NOW where the server cannot run a command now, else NPSD_BROKEN. Thread: any */
enum npsd_outcome npsd_resp_error(const char *text);
/* Whether another server than that of an error reply may be the one to write to: this is a replica, or loads
 * its data, or (where Sentinels choose the server) has lost its replicas. Thread: any */
bool npsd_resp_elsewhere(const char *text, bool sentinels);
/* Whether a reply to INFO is that of a replica. False where it does not say. Thread: any */
bool npsd_resp_is_replica(const redisReply *info);
/* Whether the first word of an error reply is `word`. Thread: any */
bool npsd_resp_is(const char *text, const char *word);

#endif
