/*
 * What the user of a connection may do. Script probe runs every command of src/tbl/commands.def on scratch
 * keys: one among the private keys, one among the public keys. So no command of a script is refused after the
 * script's first write. Knows calls and replies, no socket. Thread: owner, for all
 */
#ifndef NPSD_REDIS_RIGHTS_H
#define NPSD_REDIS_RIGHTS_H

#include <hiredis/hiredis.h>

#include "redis/queue.h"

/* The rules of the ACL that are missing, as `ACL SETUSER` takes them: `+publish ~nps:*`. */
struct npsd_rights {
	char missing[100];
	int unnamed; /* did not fit */
};

/* The calls of the probe, with what = NPSD_QUEUE_PROBE. Owns: the queue takes them */
void npsd_rights_ask(struct npsd_queue *to, const char *prefix, const char *sha);
/* Keeps what the reply to one of them, in order of sending, says is missing. False: it says something else.
 */
bool npsd_rights_take(
    struct npsd_rights *r, const struct npsd_queue_item *item, const char *prefix, const redisReply *reply);
/* Keeps one rule. */
void npsd_rights_lack(struct npsd_rights *r, const char *rule);
/* One sentence; user may be empty. */
void npsd_rights_text(const struct npsd_rights *r, char *to, size_t n, const char *user);

#endif
