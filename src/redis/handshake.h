/*
 * The first commands of a connection: log in, check the version, select the database; for a store also check
 * that the server does not evict keys and is no cluster, load the scripts, and prove that the user may run
 * them. Knows commands and replies, no socket. Thread: owner, for all
 */
#ifndef NPSD_REDIS_HANDSHAKE_H
#define NPSD_REDIS_HANDSHAKE_H

#include <hiredis/hiredis.h>

#include "redis/queue.h"
#include "redis/rights.h"
#include "redis/url.h"

/* `prefix` and `allow_eviction` are options; the other fields are those of one handshake. */
struct npsd_handshake {
	char prefix[72];
	bool allow_eviction;

	struct npsd_queue commands; /* to be sent, in order */
	char version[32];	    /* "": unknown */
	bool blind;		    /* the server does not tell what INFO holds */
	char policy[24];	    /* maxmemory-policy; "": unknown */
	struct npsd_rights rights;
	char why[200]; /* it failed */
};

/* The SHA1 of the script's text, by which the server calls it. Thread: any */
const char *npsd_handshake_sha(enum npsd_script script);
/* Begins a handshake on a new connection. scripts: of a store */
void npsd_handshake_begin(struct npsd_handshake *h, const struct npsd_redis_url *url, bool scripts);
/* The command that loads one script, for a server that forgot it. Owns: the caller frees */
struct npsd_queue_item *npsd_handshake_load(enum npsd_script script);
/* The reply to one of these commands, in order: NPSD_DONE, NPSD_CANT_NOW, or NPSD_BROKEN where another try
 * would fail too. */
enum npsd_outcome npsd_handshake_reply(struct npsd_handshake *h, const struct npsd_redis_url *url,
    const struct npsd_queue_item *item, const redisReply *reply);

#endif
