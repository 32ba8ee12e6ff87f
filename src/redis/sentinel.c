#include "redis/sentinel.h"

#include <stdio.h>

#include "redis/resp.h"

void npsd_sentinel_read(struct npsd_sentinel *out, const struct npsd_config *cfg)
{
	const char *user = cfg->redis_sentinel_user, *password = cfg->redis_sentinel_password;

	*out = (struct npsd_sentinel){.why = ""};
	snprintf(out->user, sizeof out->user, "%s", user ? user : "");
	snprintf(out->password, sizeof out->password, "%s", password ? password : "");
}

void npsd_sentinel_begin(const struct npsd_sentinel *s, struct npsd_queue *commands, const char *master)
{
	const char *const login[] = {"AUTH", s->user[0] ? s->user : s->password, s->password};
	const char *const question[] = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master};

	if (s->password[0])
		npsd_queue_append(commands, npsd_queue_command(NPSD_QUEUE_LOGIN, login, s->user[0] ? 3 : 2));
	npsd_queue_append(commands, npsd_queue_command(NPSD_QUEUE_SENTINEL, question, 3));
}

/* The reply is {HOST, PORT}. */
static bool read_master(struct npsd_sentinel *s, const redisReply *reply)
{
	const redisReply *host, *port;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	host = reply->element[0];
	port = reply->element[1];
	return host->type == REDIS_REPLY_STRING && port->type == REDIS_REPLY_STRING && host->len > 0 &&
	       (size_t)host->len < sizeof s->master.name && (size_t)port->len < sizeof s->master.port &&
	       snprintf(s->master.name, sizeof s->master.name, "%s", host->str) > 0 &&
	       snprintf(s->master.port, sizeof s->master.port, "%s", port->str) > 0;
}

enum npsd_outcome npsd_sentinel_reply(
    struct npsd_sentinel *s, const struct npsd_queue_item *item, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(s->why, sizeof s->why, "%s", reply->str);
		return npsd_resp_error(reply->str);
	}
	if (item->what != NPSD_QUEUE_SENTINEL || read_master(s, reply))
		return NPSD_DONE;
	snprintf(s->why, sizeof s->why, "%s",
	    reply->type == REDIS_REPLY_NIL ? "it does not know a master of this name"
					   : "the reply names no server");
	return NPSD_CANT_NOW;
}
