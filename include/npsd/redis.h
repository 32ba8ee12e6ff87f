/*
 * The production store: scripts on a redis-server (6.2 or newer), over one connection.
 *
 * A call is sent without waiting for the replies to earlier calls; NPSD_REDIS_CALLS and NPSD_REDIS_BYTES
 * limit what is queued. A cut, or a reply that takes longer than redis.timeout, ends the connection: calls in
 * flight are NPSD_LOST. Calls that were not sent wait for the next connection; after redis.timeout they are
 * NPSD_CANT_NOW. Each address of the server is tried until one is a master (docs/connections.md). Where none
 * is, and one refused the login or the database, or is too old, all waiting calls are NPSD_BROKEN.
 */
#ifndef NPSD_REDIS_H
#define NPSD_REDIS_H

#include <stdbool.h>

#include "npsd/config.h"
#include "npsd/err.h"
#include "npsd/store.h"

#define NPSD_REDIS_CALLS 1024
#define NPSD_REDIS_BYTES (64u << 20)  /* a longer call is accepted if the queue is empty */
#define NPSD_REDIS_REPLY (256u << 20) /* a longer reply is NPSD_BROKEN */

/*
 * Connects at the first poll. component: its name in the log.
 * Thread: main; Owns: the caller closes; cfg and component stay the caller's; Waits: never, but poll may wait
 * longer than wait_ms for the name of a host; Fails: NPSD_INVALID if redis.url or a file of redis.tls_*
 * cannot be used
 */
bool npsd_redis_open(
    struct npsd_store *out, const struct npsd_config *cfg, const char *component, struct npsd_err *err);
/* Logs what is legal and probably not meant: one prefix in several databases. Thread: main */
void npsd_redis_warn(const struct npsd_config *cfg);
/* Thread: main, after the threads that use it ended */
void npsd_redis_close(struct npsd_store *store);

#endif
