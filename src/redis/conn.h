/*
 * One connection to the server: it connects, logs in, sends the commands of its queue and matches the
 * replies. npsd's store and npsctl's client are made of it. Thread: owner, for all
 *
 *   state       event                                              next state
 *   DOWN        the back-off is over, or a pass goes on            CONNECTING
 *   CONNECTING  the socket is connected, and TLS agreed            HANDSHAKE
 *   HANDSHAKE   every command of the handshake is answered         UP
 *   HANDSHAKE   a Sentinel names the server                        DOWN, the pass goes on
 *   UP          the server is not the one to write to              LEAVING
 *   LEAVING     nothing is in flight                               DOWN
 *   any         error, time-out, refused by the server             DOWN
 *
 * The addresses of a pass (addresses.h) are tried without a wait. There is a back-off after a pass in which
 * no address was good, and after a connection that was UP.
 */
#ifndef NPSD_REDIS_CONN_H
#define NPSD_REDIS_CONN_H

#include "base/backoff.h"
#include "npsd/redis.h"
#include "redis/handshake.h"
#include "redis/resp.h"
#include "redis/addresses.h"
#include "redis/sentinel.h"
#include "redis/wire.h"

enum npsd_conn_state {
	NPSD_CONN_DOWN,
	NPSD_CONN_CONNECTING,
	NPSD_CONN_HANDSHAKE, /* from here on the socket is connected */
	NPSD_CONN_UP,	     /* `waiting` is sent */
	NPSD_CONN_LEAVING,
};

/* calls, bytes: of the callers' commands in all queues but `ended`; wire.fd >= 0 == (state != DOWN) ==
 * (reader != NULL)
 */
struct npsd_conn {
	struct npsd_redis_url url;
	struct npsd_tls_options tls; /* used where url.tls */
	struct npsd_sentinel sentinel;
	char where[300];       /* for the operator, without the password */
	const char *component; /* in the log; NULL: a plain client, which logs nothing and loads no scripts */
	int64_t timeout_ms;

	enum npsd_conn_state state;
	struct npsd_addresses addresses;
	struct npsd_wire wire;
	int wake_fd;
	redisReader *reader;
	struct npsd_backoff backoff;
	int64_t since_mono_ms; /* of CONNECTING, and then of UP */
	int64_t sent_mono_ms;  /* the last command */
	int64_t logged_mono_ms;
	uint32_t connection; /* rises with each one that came UP */
	struct npsd_handshake handshake;
	char why[400];	/* the failures of the present pass, or else of the last one or of the connection */
	bool failed;	/* a try of the present pass, so that `why` is of it */
	char left[200]; /* LEAVING: the error that says why */
	char refused[200]; /* by a server of the present pass; another try would fail too */

	struct npsd_queue waiting, in_flight, ended;
	uint32_t calls;
	size_t bytes;

	struct npsd_resp resp;		    /* valid until the next poll */
	struct npsd_queue_item *handed_out; /* the text of the last completion */
};

/* Connects at the first poll. Owns: cfg and component stay the caller's; Fails: NPSD_INVALID where redis.url
 * cannot be read; nothing is to be closed then */
bool npsd_conn_open(
    struct npsd_conn *c, const struct npsd_config *cfg, const char *component, struct npsd_err *err);
void npsd_conn_close(struct npsd_conn *c);
/* Owns: takes the item */
void npsd_conn_append(struct npsd_conn *c, struct npsd_queue_item *item);
/* poll of struct npsd_store. A plain client's command is NPSD_CANT_NOW as soon as a pass is over and no
 * address was good; other commands wait for redis.timeout. */
bool npsd_conn_poll(void *self, struct npsd_done *out, int wait_ms);
/* wake of struct npsd_store. Thread: any */
void npsd_conn_wake(void *self);

#endif
