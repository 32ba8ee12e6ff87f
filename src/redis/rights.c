#include "redis/rights.h"

#include <stdio.h>
#include <string.h>

#include "redis/resp.h"

#define PATTERN 96 /* of keys or channels, with the prefix */

static const char *const commands[] = {
#define X(command, arguments) #command " " arguments,
#include "tbl/commands.def"
#undef X
};
#define NCOMMANDS (sizeof commands / sizeof commands[0])

/* tag: 1 for a public key. */
static void ask(struct npsd_queue *to, const char *key, const char *prefix, const char *sha, uint64_t tag)
{
	char keyname[PATTERN], channel[PATTERN];
	struct npsd_arg k, args[NCOMMANDS + 1];
	struct npsd_call call = {
	    .tag = tag, .script = NPSD_S_probe, .keys = &k, .nkeys = 1, .args = args, .nargs = NCOMMANDS + 1};
	struct npsd_queue_item *item;

	k = (struct npsd_arg){keyname, (size_t)snprintf(keyname, sizeof keyname, key, prefix)};
	args[0] =
	    (struct npsd_arg){channel, (size_t)snprintf(channel, sizeof channel, "%s:alerts:probe", prefix)};
	for (size_t i = 0; i < NCOMMANDS; i++)
		args[1 + i] = (struct npsd_arg){commands[i], strlen(commands[i])};
	item = npsd_queue_call(&call, sha);
	item->what = NPSD_QUEUE_PROBE;
	npsd_queue_append(to, item);
}

void npsd_rights_ask(struct npsd_queue *to, const char *prefix, const char *sha)
{
	ask(to, "{%s:alerts}:probe", prefix, sha, 0);
	ask(to, "%s:probe", prefix, sha, 1);
}

void npsd_rights_lack(struct npsd_rights *r, const char *rule)
{
	size_t at = strlen(r->missing), n = strlen(rule);

	for (const char *have = strstr(r->missing, rule); have; have = strstr(have + 1, rule))
		if (have[n] == ' ' || have[n] == 0)
			return; /* the other key lacks it too */
	if (at + n + 2 > sizeof r->missing)
		r->unnamed++;
	else
		snprintf(r->missing + at, sizeof r->missing - at, "%s%s", at ? " " : "", rule);
}

/* rule: `+command`, or the word of script probe for a pattern */
static void lack(struct npsd_rights *r, const char *rule, bool public, const char *prefix)
{
	char pattern[PATTERN];

	if (strcmp(rule, "keys") == 0)
		snprintf(pattern, sizeof pattern, public ? "~%s:*" : "~{%s:alerts}:*", prefix);
	else if (strcmp(rule, "channels") == 0)
		snprintf(pattern, sizeof pattern, "&%s:alerts:*", prefix);
	else
		snprintf(pattern, sizeof pattern, "%s", rule);
	npsd_rights_lack(r, pattern);
}

bool npsd_rights_take(
    struct npsd_rights *r, const struct npsd_queue_item *item, const char *prefix, const redisReply *reply)
{
	bool public = item->tag == 1;

	if (reply->type == REDIS_REPLY_ERROR) {
		if (!npsd_resp_is(reply->str, "NOPERM"))
			return false;
		lack(r, strstr(reply->str, " key") ? "keys" : "+evalsha", public, prefix);
		return true;
	}
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		if (reply->element[i]->str)
			lack(r, reply->element[i]->str, public, prefix);
	return true;
}

void npsd_rights_text(const struct npsd_rights *r, char *to, size_t n, const char *user)
{
	char more[24] = "";

	if (r->unnamed)
		snprintf(more, sizeof more, " and %d more", r->unnamed);
	snprintf(to, n, "user \"%.40s\" lacks the rights %s%s; see docs/redis.md", user[0] ? user : "default",
	    r->missing, more);
}
