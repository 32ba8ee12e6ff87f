/* A plain client for tools: one command, then its reply. The daemon's components use store.h. */
#ifndef NPSD_CLIENT_H
#define NPSD_CLIENT_H

#include <stdbool.h>

#include "npsd/config.h"
#include "npsd/err.h"
#include "npsd/store.h"

struct npsd_client;

/*
 * The first command connects to redis.url. Thread: main, for all; Owns: the caller closes, also after a
 * failure Waits: never; Fails: NPSD_INVALID if redis.url or a file of redis.tls_* cannot be used
 */
bool npsd_client_open(struct npsd_client **out, const struct npsd_config *cfg, struct npsd_err *err);
void npsd_client_close(struct npsd_client **c);
/*
 * The reply, or NULL on failure. The server may block for block_ms (XREAD BLOCK) in addition to
 * redis.timeout. Owns: the client keeps the reply until the next command; Waits: redis.timeout and block_ms
 * Fails: NPSD_RETRY (away, cut, or it cannot run a command now), NPSD_REFUSED (login, version, an error
 * reply)
 */
const struct npsd_reply *npsd_client_command(
    struct npsd_client *c, struct npsd_err *err, int block_ms, int argc, const char *const *argv);

#endif
