/* What the files of the production store share. Includes hiredis: for src/redis/ only. Thread: owner, for all
 */
#ifndef NPSD_REDIS_CONN_H
#define NPSD_REDIS_CONN_H

#include "npsd/redis.h"
#include "redis/answer.h"
#include "redis/queue.h"
#include "redis/url.h"

enum npsd_conn_state {
	NPSD_CONN_DOWN,	      /* until retry_ms */
	NPSD_CONN_CONNECTING, /* until the socket can be written to */
	NPSD_CONN_GREETING,   /* logs in, asks for the version, loads scripts: `greet` is sent */
	NPSD_CONN_UP,	      /* `waiting` is sent */
};

/* calls, bytes: of the calls in all lines but `ended`; fd >= 0 == (state != DOWN) == (reader != NULL) */
struct npsd_conn {
	struct npsd_redis_url url;
	char where[300]; /* for the operator, without the password */
	const char *room;
	int64_t timeout_ms;
	char sha[NPSD_NSCRIPT][41];

	enum npsd_conn_state state;
	int fd, wake_fd;
	redisReader *reader;
	bool fresh;  /* GREETING: of a new connection, not a reload */
	bool reload; /* a script was unknown: load them all once nothing is in_flight */
	bool leave;  /* the server turned read-only: connect anew once nothing is in_flight */
	bool wrong_policy;
	int failures; /* since the last time UP */
	int64_t retry_ms, since_ms /* of the state */, logged_ms;
	uint32_t connection;
	char version[32];
	char why[200]; /* the last failure */

	struct npsd_queue greet, waiting, in_flight, again /* unknown script */, ended;
	uint32_t calls;
	size_t bytes;

	struct npsd_answer answer; /* until the next poll */
	char text[200];
};

/* The SHA1 of each script's text, by which the server calls it. */
void npsd_conn_name_scripts(struct npsd_conn *c);
/* Puts the commands of a greeting in `greet`: all of them, or only the scripts. */
void npsd_conn_greet(struct npsd_conn *c, bool all);
/* The reply to a command of a greeting. False: the connection is dropped, or refused */
bool npsd_conn_greeted(struct npsd_conn *c, const struct npsd_queue_item *item, const redisReply *reply);
/* Ends the connection: what flies is lost, what waits goes on waiting. */
void npsd_conn_drop(struct npsd_conn *c, const char *why);
/* Ends the connection, and all that waits: trying again does not help. */
void npsd_conn_refuse(struct npsd_conn *c, const char *why);
int64_t npsd_conn_now_ms(void);

#endif
