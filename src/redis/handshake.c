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

	h->version[0] = h->policy[0] = 0;
	h->blind = false;
	h->rights = (struct npsd_rights){.unnamed = 0};
	if (url->password[0] && url->user[0])
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "AUTH", url->user, url->password));
	else if (url->password[0])
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "AUTH", url->password));
	npsd_queue_append(to, COMMAND(NPSD_QUEUE_INFO, "INFO", "server"));
	if (scripts) {
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_INFO, "INFO", "memory"));
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_INFO, "INFO", "cluster"));
	}
	snprintf(db, sizeof db, "%d", url->db);
	if (url->db)
		npsd_queue_append(to, COMMAND(NPSD_QUEUE_LOGIN, "SELECT", db));
	for (int s = 0; s < NPSD_NSCRIPT && scripts; s++)
		npsd_queue_append(to, npsd_handshake_load((enum npsd_script)s));
	if (scripts)
		npsd_rights_ask(to, h->prefix, script_of[NPSD_S_probe].sha);
}

/* A field of INFO; false: the server does not tell it. */
static bool read_field(char *to, size_t n, const char *info, const char *name)
{
	const char *at = strstr(info, name);

	if (!at)
		return false;
	at += strlen(name);
	snprintf(to, n, "%.*s", (int)strcspn(at, "\r\n"), at);
	return true;
}

static enum npsd_outcome too_old(struct npsd_handshake *h)
{
	int major, minor;

	if (sscanf(h->version, "%d.%d", &major, &minor) != 2 || major > LEAST_MAJOR ||
	    (major == LEAST_MAJOR && minor >= LEAST_MINOR))
		return NPSD_DONE;
	snprintf(h->why, sizeof h->why, "Redis %d.%d or newer is needed, this is %s", LEAST_MAJOR,
	    LEAST_MINOR, h->version);
	return NPSD_BROKEN;
}

/* What one section of INFO says. A server that does not tell is accepted. */
static enum npsd_outcome on_info(struct npsd_handshake *h, const char *info)
{
	char cluster[4] = "";

	if (read_field(h->version, sizeof h->version, info, "redis_version:"))
		return too_old(h);
	if (read_field(cluster, sizeof cluster, info, "cluster_enabled:") && strcmp(cluster, "1") == 0) {
		snprintf(h->why, sizeof h->why,
		    "the server runs in cluster mode, which npsd does not support; see docs/redis.md");
		return NPSD_BROKEN;
	}
	if (read_field(h->policy, sizeof h->policy, info, "maxmemory_policy:") &&
	    strcmp(h->policy, "noeviction") != 0 && !h->allow_eviction) {
		snprintf(h->why, sizeof h->why,
		    "maxmemory-policy is %s: the server may evict counts; set noeviction, or "
		    "redis.allow_eviction; see docs/redis.md",
		    h->policy);
		return NPSD_BROKEN;
	}
	return NPSD_DONE;
}

static enum npsd_outcome on_error(
    struct npsd_handshake *h, const struct npsd_queue_item *item, const char *text)
{
	enum npsd_outcome outcome = npsd_resp_error(text);
	bool denied = npsd_resp_is(text, "NOPERM");

	/* the user may not run it, or the command was renamed */
	if (item->what == NPSD_QUEUE_INFO && outcome == NPSD_BROKEN &&
	    (denied || npsd_resp_is(text, "ERR"))) {
		h->blind = true;
		return NPSD_DONE;
	}
	if (item->what == NPSD_QUEUE_LOAD && denied) {
		npsd_rights_lack(&h->rights, "+script|load");
		return NPSD_DONE; /* the probe ends the handshake */
	}
	snprintf(h->why, sizeof h->why, "%s", text);
	return outcome;
}

/* The last reply decides. */
static enum npsd_outcome on_probe(struct npsd_handshake *h, const struct npsd_redis_url *url,
    const struct npsd_queue_item *item, const redisReply *reply)
{
	bool taken = npsd_rights_take(&h->rights, item, h->prefix, reply);

	if (!taken && !npsd_resp_is(reply->str, "NOSCRIPT"))
		return on_error(h, item, reply->str);
	if (item->tag == 0 || !h->rights.missing[0])
		return taken ? NPSD_DONE : on_error(h, item, reply->str);
	npsd_rights_text(&h->rights, h->why, sizeof h->why, url->user);
	return NPSD_BROKEN;
}

enum npsd_outcome npsd_handshake_reply(struct npsd_handshake *h, const struct npsd_redis_url *url,
    const struct npsd_queue_item *item, const redisReply *reply)
{
	const char *text = reply->type == REDIS_REPLY_STRING ? reply->str : "";

	if (item->what == NPSD_QUEUE_PROBE)
		return on_probe(h, url, item, reply);
	if (reply->type == REDIS_REPLY_ERROR)
		return on_error(h, item, reply->str);
	if (item->what == NPSD_QUEUE_INFO)
		return on_info(h, text);
	if (item->what != NPSD_QUEUE_LOAD || strcmp(text, script_of[item->script].sha) == 0)
		return NPSD_DONE;
	snprintf(h->why, sizeof h->why, "the server names a loaded script otherwise than by its SHA1");
	return NPSD_BROKEN;
}
