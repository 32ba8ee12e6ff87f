/* Redis: the connection, its version and policy, the user's rights, and who owns the keys. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "npsd/client.h"
#include "npsd/event.h"
#include "probe/finding.h"

#define DEAD_MS 30000 /* three missed heartbeats */
#define LIST_MAX 1024 /* bytes of the commands that are named */

struct probe_redis {
	struct npsd_probe *p;
	struct npsd_client *client;
	struct npsd_err err; /* of the last command */
};

/* NULL: it failed, and r->err says why. */
static const struct npsd_reply *run(struct probe_redis *r, int argc, const char *const *argv)
{
	r->err = (struct npsd_err){0};
	return npsd_client_command(r->client, &r->err, 0, argc, argv);
}
#define RUN(r, ...)                                                                                          \
	run(r, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),                           \
	    (const char *const[]){__VA_ARGS__})

/* --- the server --- */

static bool find_server(struct probe_redis *r)
{
	const struct npsd_reply *reply = RUN(r, "PING");
	const char *at;

	if (!reply) {
		npsd_probe_say(r->p, NPSD_FOUND_ERROR, "%s", r->err.text);
		return false;
	}
	reply = RUN(r, "INFO", "server");
	at = reply && reply->type == NPSD_REPLY_STR ? strstr(reply->str, "redis_version:") : NULL;
	if (at)
		npsd_probe_say(r->p, NPSD_FOUND_OK, "Redis: connected, version %.*s",
		    (int)strcspn(at + 14, "\r\n"), at + 14);
	else
		npsd_probe_say(r->p, NPSD_FOUND_WARNING,
		    "Redis: connected; its version cannot be read: npsd needs 6.2 or newer");
	return true;
}

static void find_policy(struct probe_redis *r)
{
	const struct npsd_reply *reply = RUN(r, "INFO", "memory");
	const char *at =
	    reply && reply->type == NPSD_REPLY_STR ? strstr(reply->str, "maxmemory_policy:") : NULL;
	int n;

	if (!at) {
		npsd_probe_say(r->p, NPSD_FOUND_WARNING,
		    "Redis: maxmemory-policy cannot be read: it must be noeviction");
		return;
	}
	at += strlen("maxmemory_policy:");
	n = (int)strcspn(at, "\r\n");
	if (n == 10 && strncmp(at, "noeviction", 10) == 0)
		npsd_probe_say(r->p, NPSD_FOUND_OK, "Redis: maxmemory-policy is noeviction");
	else
		npsd_probe_say(r->p, r->p->cfg->redis_allow_eviction ? NPSD_FOUND_WARNING : NPSD_FOUND_ERROR,
		    "Redis: maxmemory-policy is %.*s: the server may evict counts; set noeviction", n, at);
}

/* --- rights: redis.acl_check_cmd() runs nothing --- */

static const char *const commands[] = {
#define X(command, arguments) #command " " arguments,
#include "tbl/commands.def"
#undef X
};

/* ARGV: commands, each ends with a carriage return, and each word of it with a line feed. The names of those
 * that the user may not run; nil: Redis is older than 7. */
static const char script[] = "if not redis.acl_check_cmd then return false end\n"
			     "local missing, seen = {}, {}\n"
			     "for line in string.gmatch(ARGV[1], '[^\\r]+') do\n"
			     "  local words = {}\n"
			     "  for word in string.gmatch(line, '[^\\n]+') do words[#words + 1] = word end\n"
			     "  local known, allowed = pcall(redis.acl_check_cmd, unpack(words))\n"
			     "  if not (known and allowed) and not seen[words[1]] then\n"
			     "    seen[words[1]] = true\n"
			     "    missing[#missing + 1] = words[1]\n"
			     "  end\n"
			     "end\n"
			     "return missing\n";

static void add_command(struct npsd_buf *out, const char *command, const char *key, const char *prefix)
{
	struct npsd_str rest = npsd_str(command), word;

	while (npsd_str_next(&word, &rest, ' ')) {
		if (word.n == 0)
			continue;
		if (npsd_str_eq(word, NPSD_STR("KEY")))
			npsd_buf_addz(out, key);
		else if (npsd_str_eq(word, NPSD_STR("CHANNEL")))
			npsd_buf_addf(out, "%s:alerts:all", prefix);
		else
			npsd_buf_add(out, word.p, word.n);
		npsd_buf_addz(out, "\n");
	}
	npsd_buf_addz(out, "\r");
}

/* The reply of the script; NULL: r->err says why. */
static const struct npsd_reply *try_rights(struct probe_redis *r)
{
	const struct npsd_reply *reply = RUN(r, "SCRIPT", "LOAD", script);
	struct npsd_buf words;
	const char *prefix = r->p->cfg->prefix;
	char sha[64], private_key[96], public_key[96];

	if (!reply)
		return NULL;
	snprintf(sha, sizeof sha, "%s", reply->type == NPSD_REPLY_STR ? reply->str : "");
	snprintf(private_key, sizeof private_key, "{%s:alerts}:probe", prefix);
	snprintf(public_key, sizeof public_key, "%s:probe", prefix);
	npsd_buf_init(&words, 65536);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		add_command(&words, commands[i], private_key, prefix);
		add_command(&words, commands[i], public_key, prefix);
	}
	npsd_buf_add(&words, "", 1);
	npsd_assert(!words.full);
	reply = RUN(r, "EVALSHA", sha, "0", words.p);
	npsd_buf_free(&words);
	return reply;
}

static void find_rights(struct probe_redis *r)
{
	const struct npsd_reply *missing = try_rights(r);
	const char *prefix = r->p->cfg->prefix;
	struct npsd_buf list;

	if (!missing) {
		npsd_probe_say(r->p, NPSD_FOUND_ERROR, "%s", r->err.text);
	} else if (missing->type != NPSD_REPLY_ARRAY) {
		npsd_probe_say(r->p, NPSD_FOUND_WARNING,
		    "Redis: rights cannot be tried without writing before Redis 7; a start tries them");
	} else if (missing->n == 0) {
		npsd_probe_say(r->p, NPSD_FOUND_OK, "Redis: the user has the rights that npsd needs");
	} else {
		npsd_buf_init(&list, LIST_MAX);
		for (size_t i = 0; i < missing->n; i++)
			npsd_buf_addf(&list, "%s%s", i ? ", " : "", missing->el[i].str);
		npsd_probe_say(r->p, NPSD_FOUND_ERROR,
		    "Redis: the user may not run %.*s on the keys %s:* and {%s:alerts}:* and the channels "
		    "%s:alerts:*",
		    (int)list.n, list.p, prefix, prefix, prefix);
		npsd_buf_free(&list);
	}
}

/* --- the keys --- */

static char *read_field(struct probe_redis *r, const char *name, const char *field)
{
	const struct npsd_reply *reply = RUN(r, "HGET", name, field);
	char *text = reply && reply->type == NPSD_REPLY_STR ? strdup(reply->str) : NULL;

	return text;
}

static void compare(struct npsd_probe *p, const char *stored)
{
	static const struct npsd_config_now never = {NPSD_TIME_NONE, NPSD_TIME_NONE};
	struct npsd_err err = {0};

	if (!npsd_config_adopt(p->cfg, &err, stored, never)) {
		npsd_probe_say(p, NPSD_FOUND_ERROR, "keys: %s", err.text);
	} else if (strcmp(p->cfg->text, stored) == 0) {
		npsd_probe_say(p, NPSD_FOUND_OK,
		    "keys: those under prefix \"%s\" belong to group \"%s\" and were counted with this "
		    "configuration",
		    p->cfg->prefix, p->cfg->kafka_group);
	} else if (npsd_config_lacks_owner(p->cfg, stored)) {
		npsd_probe_say(p, NPSD_FOUND_OK,
		    "keys: those under prefix \"%s\" have no owner yet: group \"%s\" takes them at its start",
		    p->cfg->prefix, p->cfg->kafka_group);
	} else {
		npsd_config_refuse(&err, p->cfg, stored);
		npsd_probe_say(p, NPSD_FOUND_ERROR, "keys: %s", err.text);
	}
}

static void find_owner(struct probe_redis *r)
{
	const char *prefix = r->p->cfg->prefix;
	char fence[96], config[96], *hash, *text;

	snprintf(fence, sizeof fence, "{%s:alerts}:fence", prefix);
	snprintf(config, sizeof config, "{%s:alerts}:config", prefix);
	hash = read_field(r, fence, "config");
	text = hash ? read_field(r, config, hash) : NULL;
	if (r->err.code)
		npsd_probe_say(r->p, NPSD_FOUND_ERROR, "keys: %s", r->err.text);
	else if (!hash)
		npsd_probe_say(
		    r->p, NPSD_FOUND_OK, "keys: nothing is counted under prefix \"%s\" yet", prefix);
	else if (!text)
		npsd_probe_say(r->p, NPSD_FOUND_ERROR, "keys: %s has no configuration %s", config, hash);
	else
		compare(r->p, text);
	free(hash);
	free(text);
}

static void find_heartbeat(struct probe_redis *r)
{
	const struct npsd_reply *reply;
	char meta[96], *beat;
	int64_t age_ms;

	snprintf(meta, sizeof meta, "%s:meta", r->p->cfg->prefix);
	beat = read_field(r, meta, "heartbeat_ms");
	reply = beat ? RUN(r, "TIME") : NULL;
	if (reply && reply->n == 2) {
		age_ms = strtoll(reply->el[0].str, NULL, 10) * 1000 +
			 strtoll(reply->el[1].str, NULL, 10) / 1000 - strtoll(beat, NULL, 10);
		npsd_probe_say(r->p, NPSD_FOUND_OK, "keys: %s; last heartbeat %" PRId64 " s ago",
		    age_ms > DEAD_MS ? "no npsd publishes them now" : "an npsd publishes them",
		    age_ms > 0 ? age_ms / 1000 : 0);
	}
	free(beat);
}

void npsd_probe_redis(struct npsd_probe *p)
{
	struct probe_redis r = {.p = p};

	if (!npsd_client_open(&r.client, p->cfg, &r.err)) {
		npsd_probe_say(p, NPSD_FOUND_ERROR, "%s", r.err.text);
		return;
	}
	if (find_server(&r)) {
		find_policy(&r);
		find_rights(&r);
		find_owner(&r);
		find_heartbeat(&r);
	}
	npsd_client_close(&r.client);
}
