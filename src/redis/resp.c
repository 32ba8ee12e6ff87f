#include "redis/resp.h"

#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

static const char *const cant_now[] = {
    "BUSY", "LOADING", "OOM", "READONLY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"};
static const char too_many[] = "ERR max number of clients";
#define NCANT (sizeof cant_now / sizeof cant_now[0])

static size_t count_nodes(const redisReply *r)
{
	size_t n = 1;

	if (r->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < r->elements; i++)
			n += count_nodes(r->element[i]);
	return n;
}

/* Fills *to; the elements of an array lie side by side from *free_at on. Depth is bounded by hiredis. */
static void convert(struct npsd_reply *to, struct npsd_reply **free_at, const redisReply *r)
{
	struct npsd_reply *el;

	*to = (struct npsd_reply){.type = NPSD_REPLY_NIL};
	switch (r->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_ERROR:
		*to = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = r->str, .len = (size_t)r->len};
		break;
	case REDIS_REPLY_INTEGER:
		*to = (struct npsd_reply){.type = NPSD_REPLY_INT, .integer = r->integer};
		break;
	case REDIS_REPLY_ARRAY:
		el = *free_at;
		*free_at += r->elements;
		*to = (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = el, .n = r->elements};
		for (size_t i = 0; i < r->elements; i++)
			convert(&el[i], free_at, r->element[i]);
		break;
	default:
		break;
	}
}

void npsd_resp_take(struct npsd_resp *out, redisReply *raw)
{
	struct npsd_reply *free_at;

	out->raw = raw;
	out->nodes = calloc(count_nodes(raw), sizeof *out->nodes);
	npsd_assert(out->nodes);
	free_at = out->nodes + 1;
	convert(out->nodes, &free_at, raw);
}

void npsd_resp_free(struct npsd_resp *resp)
{
	if (resp->raw)
		freeReplyObject(resp->raw);
	free(resp->nodes);
	*resp = (struct npsd_resp){NULL, NULL};
}

bool npsd_resp_is(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && (text[n] == ' ' || text[n] == 0);
}

static bool cannot_now(const char *text)
{
	for (size_t i = 0; i < NCANT; i++)
		if (npsd_resp_is(text, cant_now[i]))
			return true;
	return false;
}

enum npsd_outcome npsd_resp_error(const char *text)
{
	const char *script = npsd_resp_is(text, "ERR") ? strstr(text, "@user_script") : NULL;

	if (cannot_now(text) || strncmp(text, too_many, sizeof too_many - 1) == 0)
		return NPSD_CANT_NOW;
	/* Redis 6.2 wraps the error of a command in a script: `ERR Error running script (...):
	 * @user_script:1: ... -OOM command` */
	for (const char *at = script; at; at = strstr(at + 1, ": "))
		if (cannot_now(at + strspn(at, ": -")))
			return NPSD_CANT_NOW;
	return NPSD_BROKEN;
}
