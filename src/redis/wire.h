/* A non-blocking socket to the server; knows bytes, not commands. Thread: owner, for all */
#ifndef NPSD_REDIS_WIRE_H
#define NPSD_REDIS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "npsd/err.h"
#include "redis/url.h"

/* A connecting socket, or -1. The host's addresses take turns by `attempt`, from 0. Waits: for the name of
 * the host; Fails: NPSD_RETRY */
int npsd_wire_connect(int *addresses, const struct npsd_redis_url *url, int attempt, struct npsd_err *err);
/* Once the socket can be written to: whether it is connected. Fails: NPSD_RETRY */
bool npsd_wire_connected(int fd, struct npsd_err *err);
/* Bytes sent or received, 0 where the socket is not ready, -1 where the connection ended. Fails: NPSD_RETRY
 */
ssize_t npsd_wire_send(int fd, const void *p, size_t n, struct npsd_err *err);
ssize_t npsd_wire_receive(int fd, void *p, size_t n, struct npsd_err *err);

#endif
