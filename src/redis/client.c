#include "npsd/client.h"

#include <stdlib.h>
#include <string.h>

#include "redis/answer.h"
#include "redis/url.h"

struct npsd_client {
	redisContext *ctx;
	int64_t timeout_ms;
	struct npsd_answer answer;
};

static struct timeval time_of(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static bool greet(struct npsd_client *c, const struct npsd_redis_url *url, struct npsd_err *err)
{
	const char *auth[] = {"AUTH", url->user, url->password};
	char db[12];
	const char *select[] = {"SELECT", db};

	if (url->password[0]) {
		if (url->user[0]
			? !npsd_client_command(c, err, 0, 3, auth)
			: !npsd_client_command(c, err, 0, 2, (const char *const[]){"AUTH", url->password}))
			return false;
	}
	snprintf(db, sizeof db, "%d", url->db);
	return url->db == 0 || npsd_client_command(c, err, 0, 2, select);
}

bool npsd_client_open(struct npsd_client **out, const struct npsd_config *cfg, struct npsd_err *err)
{
	struct npsd_redis_url url;
	struct npsd_client *c;
	struct timeval tv = time_of(cfg->redis_timeout_ms);

	*out = NULL;
	if (!npsd_redis_url_parse(&url, cfg->redis_url, err))
		return false;
	c = calloc(1, sizeof *c);
	npsd_assert(c);
	c->timeout_ms = cfg->redis_timeout_ms;
	c->ctx = url.path[0] ? redisConnectUnixWithTimeout(url.path, tv)
			     : redisConnectWithTimeout(url.host, atoi(url.port), tv);
	npsd_assert(c->ctx);
	if (c->ctx->err)
		npsd_fail(err, NPSD_RETRY, 0, "Redis at %s%s%s: %s", url.path[0] ? url.path : url.host,
		    url.path[0] ? "" : ":", url.path[0] ? "" : url.port, c->ctx->errstr);
	else if (greet(c, &url, err)) {
		*out = c;
		return true;
	}
	npsd_client_close(&c);
	return false;
}

void npsd_client_close(struct npsd_client **c)
{
	if (*c) {
		npsd_answer_free(&(*c)->answer);
		redisFree((*c)->ctx);
		free(*c);
	}
	*c = NULL;
}

const struct npsd_reply *npsd_client_command(
    struct npsd_client *c, struct npsd_err *err, int block_ms, int argc, const char *const *argv)
{
	redisReply *raw;

	if (err->code)
		return NULL;
	npsd_answer_free(&c->answer);
	redisSetTimeout(c->ctx, time_of(c->timeout_ms + block_ms));
	raw = redisCommandArgv(c->ctx, argc, (const char **)argv, NULL);
	if (!raw) {
		npsd_fail(err, NPSD_RETRY, 0, "Redis: %s", c->ctx->errstr);
		return NULL;
	}
	if (raw->type == REDIS_REPLY_ERROR) {
		npsd_fail(err, NPSD_REFUSED, 0, "Redis: %s", raw->str);
		freeReplyObject(raw);
		return NULL;
	}
	npsd_answer_take(&c->answer, raw);
	return c->answer.nodes;
}
