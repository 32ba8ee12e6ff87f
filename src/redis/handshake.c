#include "redis/handshake.h"

#include <stdio.h>
#include <string.h>

#include "redis/resp.h"
#include "redis/scripts.h"

#define LEAST_MAJOR 6
#define LEAST_MINOR 2

static const struct {
	const char *text, *sha;
} script_of[NPSD_NSCRIPT] = {
#define X(name, nkeys, does) [NPSD_S_##name] = {npsd_lua_##name, npsd_sha_##name},
#include "tbl/scripts.def"
#undef X
};

const char *npsd_handshake_sha(enum npsd_script script)
{
	return script_of[script].sha;
}

#define COMMAND(what, ...)                                                                                   \
	npsd_queue_command((what), (const char *const[]){__VA_ARGS__},                                       \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

struct npsd_queue_item *npsd_handshake_load(enum npsd_script script)
{
	struct npsd_queue_item *item = COMMAND(NPSD_QUEUE_LOAD, "SCRIPT", "LOAD", script_of[script].text);

	item->script = script;
	return item;
}

void npsd_handshake_begin(struct npsd_handshake *h, const struct npsd_redis_url *url, bool scripts)
{
	struct npsd_queue *to = &h->commands;
	char db[12];

	h->version[0] = 0;
	if (url->password[0] && url->user[0])
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "AUTH", url->user, url->password));
	else if (url->password[0])
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "AUTH", url->password));
	npsd_queue_append(to, COMMAND(NPSD_QUEUE_INFO, "INFO", "server"));
	if (scripts)
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_POLICY, "CONFIG", "GET", "maxmemory-policy"));
	snprintf(db, sizeof db, "%d", url->db);
	if (url->db)
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "SELECT", db));
	for (int s = 0; s < NPSD_NSCRIPT && scripts; s++)
		npsd_queue_append(to, npsd_handshake_load((enum npsd_script)s));
}

/* A server that returns no version is accepted: the user may not be allowed to read it. */
static bool version_fits(struct npsd_handshake *h, const char *info)
{
	const char *at = strstr(info, "redis_version:");
	int major, minor;

	if (!at || sscanf(at, "redis_version:%d.%d", &major, &minor) != 2)
		return true;
	snprintf(h->version, sizeof h->version, "%.*s", (int)strcspn(at + 14, "\r\n"), at + 14);
	snprintf(h->why, sizeof h->why, "Redis %d.%d or newer is needed, this is %s", LEAST_MAJOR,
	    LEAST_MINOR, h->version);
	return major > LEAST_MAJOR || (major == LEAST_MAJOR && minor >= LEAST_MINOR);
}

static enum npsd_outcome on_error(
    struct npsd_handshake *h, const struct npsd_queue_item *item, const char *text)
{
	enum npsd_outcome outcome = npsd_resp_error(text);
	bool optional = item->what == NPSD_QUEUE_INFO || item->what == NPSD_QUEUE_POLICY;

	/* the user may not run it, or the command was renamed */
	if (optional && outcome == NPSD_BROKEN && (npsd_resp_is(text, "NOPERM") || npsd_resp_is(text, "ERR")))
		return NPSD_DONE;
	snprintf(h->why, sizeof h->why, "%s", text);
	return outcome;
}

enum npsd_outcome npsd_handshake_reply(
    struct npsd_handshake *h, const struct npsd_queue_item *item, const redisReply *reply)
{
	const char *text = reply->type == REDIS_REPLY_STRING ? reply->str : "";

	if (reply->type == REDIS_REPLY_ERROR)
		return on_error(h, item, reply->str);
	if (item->what == NPSD_QUEUE_INFO)
		return version_fits(h, text) ? NPSD_DONE : NPSD_BROKEN;
	if (item->what == NPSD_QUEUE_POLICY)
		h->evicts = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
			    reply->element[1]->str && strcmp(reply->element[1]->str, "noeviction") != 0;
	if (item->what != NPSD_QUEUE_LOAD || strcmp(text, script_of[item->script].sha) == 0)
		return NPSD_DONE;
	snprintf(h->why, sizeof h->why, "the server names a loaded script otherwise than by its SHA1");
	return NPSD_BROKEN;
}
