/*
 * Asking a Sentinel which server is the master: log in, then one question. Knows commands and replies, no
 * socket. Thread: owner, for all
 */
#ifndef NPSD_REDIS_SENTINEL_H
#define NPSD_REDIS_SENTINEL_H

#include <hiredis/hiredis.h>

#include "npsd/config.h"
#include "redis/queue.h"
#include "redis/url.h"

struct npsd_sentinel {
	char user[128], password[512]; /* at the Sentinels; password "": no log-in */
	struct npsd_redis_host master; /* as the last one named it */
	char why[200];		       /* the last one failed */
};

/* Owns: texts are copied */
void npsd_sentinel_read(struct npsd_sentinel *out, const struct npsd_config *cfg);
/* Appends the commands for a Sentinel to the queue. master: the name of the server */
void npsd_sentinel_begin(const struct npsd_sentinel *s, struct npsd_queue *commands, const char *master);
/* The reply to one of these commands, as npsd_handshake_reply(). */
enum npsd_outcome npsd_sentinel_reply(
    struct npsd_sentinel *s, const struct npsd_queue_item *item, const redisReply *reply);

#endif
