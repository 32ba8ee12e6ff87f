#include "npsd/redis.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "redis/conn.h"

static bool store_submit(void *self, const struct npsd_call *call)
{
	struct npsd_conn *c = self;

	npsd_assert(call->script < NPSD_NSCRIPT);
	if (c->calls >= NPSD_REDIS_CALLS || (c->calls && c->bytes >= NPSD_REDIS_BYTES))
		return false;
	npsd_conn_append(c, npsd_queue_call(call, npsd_handshake_sha(call->script)));
	return true;
}

static uint32_t store_connection(void *self)
{
	return ((const struct npsd_conn *)self)->connection;
}

bool npsd_redis_open(
    struct npsd_store *out, const struct npsd_config *cfg, const char *component, struct npsd_err *err)
{
	struct npsd_conn *c = malloc(sizeof *c);

	npsd_assert(c);
	if (!npsd_conn_open(c, cfg, component, err)) {
		free(c);
		return false;
	}
	*out = (struct npsd_store){c, store_submit, npsd_conn_poll, npsd_conn_wake, store_connection};
	return true;
}

void npsd_redis_warn(const struct npsd_config *cfg)
{
	struct npsd_err err = {.code = NPSD_OK};
	struct npsd_redis_url url;

	if (npsd_redis_url_parse(&url, cfg->redis_url, &err) && url.db && strcmp(cfg->prefix, "nps") == 0)
		npsd_log(NPSD_LOG_WARN, "main",
		    "redis.url names database %d and prefix is the default: channels do not belong to a "
		    "database, "
		    "so npsd publishes on those of every other database with this prefix",
		    url.db);
}

void npsd_redis_close(struct npsd_store *store)
{
	if (store->self) {
		npsd_conn_close(store->self);
		free(store->self);
	}
	store->self = NULL;
}
