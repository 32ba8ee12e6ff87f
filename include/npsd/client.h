/* A plain client for tools: one command, one answer. The daemon's rooms use store.h. */
#ifndef NPSD_CLIENT_H
#define NPSD_CLIENT_H

#include <stdbool.h>

#include "npsd/config.h"
#include "npsd/err.h"
#include "npsd/store.h"

struct npsd_client;

/*
 * Connects to redis.url. Thread: main, for all; Owns: the caller closes
 * Waits: redis.timeout; Fails: NPSD_RETRY (away), NPSD_INVALID (url, login)
 */
bool npsd_client_open(struct npsd_client **out, const struct npsd_config *cfg, struct npsd_err *err);
void npsd_client_close(struct npsd_client **c);
/*
 * The reply belongs to the client until the next command; NULL on failure. A command may block on the server
 * for block_ms (XREAD BLOCK) beyond redis.timeout. Fails: NPSD_RETRY (cut), NPSD_REFUSED (an error reply)
 */
const struct npsd_reply *npsd_client_command(
    struct npsd_client *c, struct npsd_err *err, int block_ms, int argc, const char *const *argv);

#endif
