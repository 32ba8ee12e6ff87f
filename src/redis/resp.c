#include "redis/resp.h"

#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

/* First words of the errors of a server that cannot run a command now. */
static const struct {
	const char *word;
	enum {
		HERE,
		SENTINELS,
		ELSEWHERE
	} then; /* try again: here, or another server; SENTINELS: if these choose */
} not_now[] = {
    {"BUSY", HERE},
    {"LOADING", ELSEWHERE},
    {"OOM", HERE},
    {"READONLY", ELSEWHERE},
    {"MISCONF", HERE},
    {"NOREPLICAS", SENTINELS},
    {"MASTERDOWN", ELSEWHERE},
    {"TRYAGAIN", HERE},
    {"CLUSTERDOWN", HERE},
};
static const char too_many[] = "ERR max number of clients";
#define NNOT_NOW ((int)(sizeof not_now / sizeof not_now[0]))

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

/*
 * Where the error of the command itself begins. Redis 6.2 puts it after the places in the script that called
 * the command; Redis 7 does not change its begin.
 *
 *   ERR Error running script (call to f_SHA): @user_script:7: @user_script: 7: -OOM command not allowed ...
 *                                             ^ place         ^ place           ^ result
 *   @user_script: 7: -OOM command not allowed ...
 *                     ^ result, where the script returns what redis.pcall() gave
 */
static const char *unwrap(const char *text)
{
	static const char place[] = "@user_script:";
	const char *at = npsd_resp_is(text, "ERR") || *text == '@' ? strstr(text, place) : NULL;

	if (!at)
		return text;
	while (strncmp(at, place, sizeof place - 1) == 0) {
		at += sizeof place - 1;
		at += strspn(at, " 0123456789");
		at += strspn(at, ": ");
	}
	return *at == '-' ? at + 1 : at;
}

/* Index in not_now, or -1. */
static int find_not_now(const char *text)
{
	const char *error = unwrap(text);

	for (int i = 0; i < NNOT_NOW; i++)
		if (npsd_resp_is(error, not_now[i].word))
			return i;
	return -1;
}

enum npsd_outcome npsd_resp_error(const char *text)
{
	if (find_not_now(text) >= 0 || strncmp(text, too_many, sizeof too_many - 1) == 0)
		return NPSD_CANT_NOW;
	return NPSD_BROKEN;
}

bool npsd_resp_elsewhere(const char *text, bool sentinels)
{
	int i = find_not_now(text);

	return i >= 0 && not_now[i].then >= (sentinels ? SENTINELS : ELSEWHERE);
}

bool npsd_resp_is_replica(const redisReply *info)
{
	return info->type == REDIS_REPLY_STRING && strstr(info->str, "\nrole:slave") != NULL;
}
