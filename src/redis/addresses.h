/*
 * Which address a connection tries next. A pass tries each address once:
 *
 *   URL of a server    every address of its name
 *   URL of Sentinels   every address of each Sentinel; where one names the server, every address of that, and
 *                      then the Sentinels that remain
 *
 * A name is resolved when its turn comes, so in every pass anew. Thread: owner, for all
 */
#ifndef NPSD_REDIS_ADDRESSES_H
#define NPSD_REDIS_ADDRESSES_H

#include <stdbool.h>
#include <sys/socket.h>

#include "redis/url.h"

#define NPSD_ADDRESSES_MAX 32 /* of one name; more are not tried */

struct npsd_address {
	struct sockaddr_storage to;
	socklen_t n;
	char text[80]; /* `127.0.0.1:6379`; "" for a unix socket */
};

/* address[next - 1] is the one that is tried; next <= n */
struct npsd_addresses {
	const struct npsd_redis_url *url;
	int first, tried; /* hosts of the URL: the first of this pass, and how many had their turn */
	int answered;	  /* the Sentinel that named a server; the next pass begins with it */
	struct npsd_redis_host named; /* by a Sentinel of this pass; name[0] == 0: none yet */
	struct npsd_redis_host host;  /* whose addresses these are */
	bool sentinel;		      /* it is a Sentinel */
	struct npsd_address address[NPSD_ADDRESSES_MAX];
	int n, next;
	struct npsd_address last; /* to be tried last; last.n == 0: none */
};

enum npsd_addresses_step {
	NPSD_ADDRESSES_TRY,	/* npsd_addresses_address() */
	NPSD_ADDRESSES_UNKNOWN, /* a name has no address; the pass goes on */
	NPSD_ADDRESSES_END,	/* each address was tried; npsd_addresses_begin() begins again */
};

/* Begins a pass. elsewhere: the server that was tried is not the one to write to, so that it, or the Sentinel
 * that named it, is tried last. */
void npsd_addresses_begin(struct npsd_addresses *r, bool elsewhere);
/* Waits: for the name of a host; Fails: NPSD_RETRY with NPSD_ADDRESSES_UNKNOWN */
enum npsd_addresses_step npsd_addresses_next(struct npsd_addresses *r, struct npsd_err *err);
const struct npsd_address *npsd_addresses_address(const struct npsd_addresses *r);
/* The text of the address; "" where `where`, which the operator sees beside it, begins with it. */
const char *npsd_addresses_text(const struct npsd_addresses *r, const char *where);
/* Whether the pass goes on after this address. */
bool npsd_addresses_more(const struct npsd_addresses *r);
/* The Sentinel that was tried names the server: its addresses come next, unless they had their turn in this
 * pass. Waits, Fails: as npsd_addresses_next */
bool npsd_addresses_named(
    struct npsd_addresses *r, const struct npsd_redis_host *server, struct npsd_err *err);

#endif
