/*
 * Commands for the server, as bytes, in the order in which they are sent. An item moves between the queues of
 * a connection:
 *
 *   waiting -> in_flight (its first byte was sent) -> handed out, with its reply
 *      |          |----> waiting: the server does not know the script; it is loaded first
 *      |          '----> ended: lost, or an error reply
 *      '---------------> ended: refused, or the server was away for too long
 *
 * Thread: owner, for all
 */
#ifndef NPSD_REDIS_QUEUE_H
#define NPSD_REDIS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "npsd/store.h"

#define NPSD_QUEUE_WORDS 16 /* of a command; calls have no limit */

enum npsd_queue_what {
	NPSD_QUEUE_CALL,    /* a caller's: of a script */
	NPSD_QUEUE_COMMAND, /* a caller's: plain */
	NPSD_QUEUE_LOGIN,   /* the handshake's, as those that follow */
	NPSD_QUEUE_INFO,
	NPSD_QUEUE_LOAD,
	NPSD_QUEUE_PROBE,    /* of rights; the last of the handshake */
	NPSD_QUEUE_ROLE,     /* whether the server is a master */
	NPSD_QUEUE_SENTINEL, /* to a Sentinel: which server is the master */
	NPSD_QUEUE_PING,     /* the connection's own, where it is idle */
};

struct npsd_queue_item {
	struct npsd_queue_item *next;
	enum npsd_queue_what what;
	enum npsd_script script; /* CALL, LOAD */
	uint64_t tag;		 /* CALL, PROBE */
	uint32_t connection;	 /* CALL: it is sent on no other than this; 0: on any */
	int block_ms;		 /* COMMAND: how long the server may block */
	int64_t expires_mono_ms; /* waiting: no connection by then; in_flight: no reply by then */
	int loads;		 /* CALL: times that the server did not know the script */
	enum npsd_outcome outcome;
	char text[200]; /* ended: why */
	size_t sent, n;
	char bytes[];
};

struct npsd_queue {
	struct npsd_queue_item *first, *last;
};

/* Owns: the caller frees the item with free() */
struct npsd_queue_item *npsd_queue_call(const struct npsd_call *call, const char *sha);
struct npsd_queue_item *npsd_queue_command(
    enum npsd_queue_what what, const char *const *words, size_t nwords);
/* Owns: the queue takes the item, pop gives it back */
void npsd_queue_append(struct npsd_queue *queue, struct npsd_queue_item *item);
struct npsd_queue_item *npsd_queue_pop(struct npsd_queue *queue);
void npsd_queue_prepend(struct npsd_queue *queue, struct npsd_queue_item *item);
/* Frees the items. */
void npsd_queue_free(struct npsd_queue *queue);

#endif
