/* A non-blocking socket to the server, with TLS or without; knows bytes, not commands. Thread: owner, for all
 */
#ifndef NPSD_REDIS_WIRE_H
#define NPSD_REDIS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "npsd/err.h"
#include "redis/addresses.h"
#include "redis/tls.h"

struct npsd_wire {
	int fd;		      /* -1: closed */
	bool reached;	      /* the socket is connected; TLS may not be agreed yet */
	bool mute_tcp;	      /* without TLS, and the server has sent nothing: it may expect TLS */
	struct npsd_tls *tls; /* NULL: without */
};

enum npsd_wire_state { NPSD_WIRE_WAITS, NPSD_WIRE_CONNECTED, NPSD_WIRE_FAILED };

/* Starts to connect. tls: NULL for none; host: the name in the server's certificate. False: it failed.
 * Fails: NPSD_RETRY */
bool npsd_wire_open(struct npsd_wire *w, const struct npsd_address *to, const struct npsd_tls_options *tls,
    const char *host, struct npsd_err *err);
void npsd_wire_close(struct npsd_wire *w);
/* Goes on connecting, once the socket is ready. Fails: NPSD_RETRY */
enum npsd_wire_state npsd_wire_connect(struct npsd_wire *w, struct npsd_err *err);
/* The events of poll(2) that a connection in progress waits for. */
short npsd_wire_events(const struct npsd_wire *w);
/* Bytes sent or received, 0 where the socket is not ready, -1 where the connection ended. Fails: NPSD_RETRY
 */
ssize_t npsd_wire_send(struct npsd_wire *w, const void *p, size_t n, struct npsd_err *err);
ssize_t npsd_wire_receive(struct npsd_wire *w, void *p, size_t n, struct npsd_err *err);

#endif
