/* A private redis-server for one test: unix socket in a directory of its own, nothing kept. */
#ifndef HELP_REDIS_H
#define HELP_REDIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "npsd/store.h"

struct redisContext;

struct help_redis {
	pid_t pid;
	char dir[64], sock[80], url[96]; /* url: as in redis.url */
	struct redisContext *plain;	 /* for help_redis_do */
};

/* A port that is free on every loopback address, outside the range of outgoing connections; another at each
 * call. */
struct help_port {
	char text[12];
};
struct help_port help_redis_port(void);
/* Starts it and waits until it answers; options: more words for its command line, NULL-terminated, or NULL.
 */
void help_redis_start(struct help_redis *r, const char *const *options);
/* Ends the server and removes its directory. */
void help_redis_stop(struct help_redis *r);
/* kill -9, the directory stays; start again with help_redis_again. */
void help_redis_kill(struct help_redis *r);
void help_redis_again(struct help_redis *r, const char *const *options);
/*
 * One command, not through npsd's store, words NULL-terminated; the reply as text: strings as they are,
 * `nil`, integers, lists as `[a b c]`, errors as `!text`. Valid until the fourth call after it.
 */
const char *help_redis_do(struct help_redis *r, ...) __attribute__((sentinel));
/* The next message of a subscription; nothing may be asked on this connection meanwhile but UNSUBSCRIBE. */
const char *help_redis_next(struct help_redis *r);

/* The production store on this server; timeout of redis.timeout in ms. */
void help_store_open(struct npsd_store *out, const struct help_redis *r, int timeout_ms);
/* Calls a script and waits (20 s): its reply as text as above, or `lost`, `cannot now: text`, `broken: text`.
 */
const char *help_store_call(struct npsd_store *store, enum npsd_script script, const char *const *keys,
    size_t nkeys, const char *const *args, size_t nargs);
/* The same of any completion; valid until the fourth call after it. */
const char *help_done_text(const struct npsd_done *done);

#endif
