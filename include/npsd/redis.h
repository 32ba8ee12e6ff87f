/*
 * The production store: scripts on a redis-server (6.2 or newer), over one connection.
 *
 * Calls are sent as they come, without waiting for the replies before (bounded: NPSD_REDIS_CALLS,
 * NPSD_REDIS_BYTES). A reply that takes longer than redis.timeout, or a cut, ends the connection: what was
 * sent is NPSD_LOST. What was not sent waits for the next connection, up to redis.timeout, and is then
 * NPSD_CANT_NOW. Who may not log in, selects a database that is not there, or reaches a server that is too
 * old gets NPSD_BROKEN.
 */
#ifndef NPSD_REDIS_H
#define NPSD_REDIS_H

#include <stdbool.h>

#include "npsd/config.h"
#include "npsd/err.h"
#include "npsd/store.h"

#define NPSD_REDIS_CALLS 1024
#define NPSD_REDIS_BYTES (64u << 20)  /* a single longer call is taken when it is alone */
#define NPSD_REDIS_REPLY (256u << 20) /* a longer reply is NPSD_BROKEN */

/*
 * Connects at the first poll. `room` stands in the log's lines.
 * Thread: main; Owns: the caller closes; cfg and room stay the caller's; Waits: never, but poll may wait
 * longer than it should for the name of a host; Fails: NPSD_INVALID where redis.url cannot be read
 */
bool npsd_redis_open(
    struct npsd_store *out, const struct npsd_config *cfg, const char *room, struct npsd_err *err);
/* Thread: main, after the threads that use it ended */
void npsd_redis_close(struct npsd_store *store);

#endif
