/*
 * One connection to the server: it connects, logs in, sends the commands of its queue and matches the
 * replies. npsd's store and npsctl's client are made of it. Thread: owner, for all
 *
 *   state       event                                              next state
 *   DOWN        the back-off is over                               CONNECTING
 *   CONNECTING  the socket can be written to                       HANDSHAKE
 *   HANDSHAKE   every command of the handshake is answered         UP
 *   UP          the server is read-only                            LEAVING
 *   LEAVING     nothing is in flight                               DOWN
 *   any         error, time-out, refused by the server             DOWN
 */
#ifndef NPSD_REDIS_CONN_H
#define NPSD_REDIS_CONN_H

#include "base/backoff.h"
#include "npsd/redis.h"
#include "redis/handshake.h"
#include "redis/resp.h"

enum npsd_conn_state {
	NPSD_CONN_DOWN,
	NPSD_CONN_CONNECTING,
	NPSD_CONN_HANDSHAKE, /* from here on the socket is connected */
	NPSD_CONN_UP,	     /* `waiting` is sent */
	NPSD_CONN_LEAVING,
};

/* calls, bytes: of the callers' commands in all queues but `ended`; fd >= 0 == (state != DOWN) == (reader !=
 * NULL)
 */
struct npsd_conn {
	struct npsd_redis_url url;
	char where[300];       /* for the operator, without the password */
	const char *component; /* in the log; NULL: a plain client, which logs nothing and loads no scripts */
	int64_t timeout_ms;

	enum npsd_conn_state state;
	int fd, wake_fd;
	redisReader *reader;
	int addresses; /* of the host */
	struct npsd_backoff backoff;
	int64_t since_mono_ms /* of CONNECTING */, logged_mono_ms;
	uint32_t connection; /* rises with each one that came UP */
	struct npsd_handshake handshake;
	bool refused;  /* by the last handshake: the component reports it */
	char why[200]; /* the last failure */

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
/* poll of struct npsd_store. A plain client's command is NPSD_CANT_NOW as soon as no address of the host
 * could be reached; other commands wait for redis.timeout. */
bool npsd_conn_poll(void *self, struct npsd_done *out, int wait_ms);
/* wake of struct npsd_store. Thread: any */
void npsd_conn_wake(void *self);

#endif
