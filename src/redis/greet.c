#include "redis/conn.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/scripts.h"

#define LEAST_MAJOR 6
#define LEAST_MINOR 2

static const char *const script_text[NPSD_NSCRIPT] = {
#define X(name, nkeys, does) [NPSD_S_##name] = npsd_lua_##name,
#include "tbl/scripts.def"
#undef X
};

void npsd_conn_name_scripts(struct npsd_conn *c)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	for (int s = 0; s < NPSD_NSCRIPT; s++) {
		const char *text = script_text[s];

		npsd_assert(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL) == 1);
		for (int i = 0; i < 20; i++)
			snprintf(&c->sha[s][i * 2], 3, "%02x", digest[i]);
	}
}

static void add(struct npsd_conn *c, enum npsd_queue_what what, enum npsd_script script, const char *a,
    const char *b, const char *d)
{
	const char *const words[] = {a, b, d};
	struct npsd_queue_item *item = npsd_queue_command(what, words, d ? 3 : b ? 2 : 1);

	item->script = script;
	npsd_queue_append(&c->greet, item);
}

void npsd_conn_greet(struct npsd_conn *c, bool all)
{
	char db[12];

	if (all && c->url.password[0] && c->url.user[0])
		add(c, NPSD_QUEUE_AUTH, 0, "AUTH", c->url.user, c->url.password);
	else if (all && c->url.password[0])
		add(c, NPSD_QUEUE_AUTH, 0, "AUTH", c->url.password, NULL);
	if (all) {
		add(c, NPSD_QUEUE_INFO, 0, "INFO", "server", NULL);
		add(c, NPSD_QUEUE_POLICY, 0, "CONFIG", "GET", "maxmemory-policy");
	}
	if (all && c->url.db) {
		snprintf(db, sizeof db, "%d", c->url.db);
		add(c, NPSD_QUEUE_SELECT, 0, "SELECT", db, NULL);
	}
	for (int s = 0; s < NPSD_NSCRIPT; s++)
		add(c, NPSD_QUEUE_LOAD, (enum npsd_script)s, "SCRIPT", "LOAD", script_text[s]);
}

/* A server that says no version passes: it may not be allowed to. */
static bool check_version(struct npsd_conn *c, const char *info)
{
	const char *at = strstr(info, "redis_version:");
	int major, minor;
	char why[160];

	if (!at || sscanf(at, "redis_version:%d.%d", &major, &minor) != 2)
		return true;
	snprintf(c->version, sizeof c->version, "%.*s", (int)strcspn(at + 14, "\r\n"), at + 14);
	if (major > LEAST_MAJOR || (major == LEAST_MAJOR && minor >= LEAST_MINOR))
		return true;
	snprintf(why, sizeof why, "Redis %d.%d or newer is needed, this is %s", LEAST_MAJOR, LEAST_MINOR,
	    c->version);
	npsd_conn_refuse(c, why);
	return false;
}

static bool failed(struct npsd_conn *c, const struct npsd_queue_item *item, const char *text)
{
	bool forbidden = npsd_answer_is(text, "NOPERM") || npsd_answer_is(text, "ERR");

	if (npsd_answer_error(text) == NPSD_CANT_NOW) {
		npsd_conn_drop(c, text);
		return false;
	}
	if (forbidden && (item->what == NPSD_QUEUE_INFO || item->what == NPSD_QUEUE_POLICY))
		return true; /* or unknown: a command that was renamed */
	npsd_conn_refuse(c, text);
	return false;
}

bool npsd_conn_greeted(struct npsd_conn *c, const struct npsd_queue_item *item, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return failed(c, item, reply->str);
	switch (item->what) {
	case NPSD_QUEUE_INFO:
		return reply->type != REDIS_REPLY_STRING || check_version(c, reply->str);
	case NPSD_QUEUE_POLICY:
		c->wrong_policy = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
				  reply->element[1]->str && strcmp(reply->element[1]->str, "noeviction") != 0;
		return true;
	case NPSD_QUEUE_LOAD:
		if (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, c->sha[item->script]) == 0)
			return true;
		npsd_conn_refuse(c, "the server names a loaded script otherwise than by its SHA1");
		return false;
	default:
		return true;
	}
}
