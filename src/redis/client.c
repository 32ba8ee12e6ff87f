#include "npsd/client.h"

#include <stdlib.h>

#include "redis/conn.h"

struct npsd_client {
	struct npsd_conn conn;
};

bool npsd_client_open(struct npsd_client **out, const struct npsd_config *cfg, struct npsd_err *err)
{
	struct npsd_client *c = malloc(sizeof *c);

	npsd_assert(c);
	if (!npsd_conn_open(&c->conn, cfg, NULL, err)) {
		free(c);
		c = NULL;
	}
	*out = c;
	return c != NULL;
}

void npsd_client_close(struct npsd_client **c)
{
	if (*c) {
		npsd_conn_close(&(*c)->conn);
		free(*c);
	}
	*c = NULL;
}

const struct npsd_reply *npsd_client_command(
    struct npsd_client *c, struct npsd_err *err, int block_ms, int argc, const char *const *argv)
{
	struct npsd_queue_item *item;
	struct npsd_done done;

	if (err->code)
		return NULL;
	item = npsd_queue_command(NPSD_QUEUE_COMMAND, argv, (size_t)argc);
	item->block_ms = block_ms;
	npsd_conn_append(&c->conn, item);
	while (!npsd_conn_poll(&c->conn, &done, block_ms + 1000))
		; /* ends after redis.timeout and block_ms */
	if (done.outcome == NPSD_DONE)
		return done.reply;
	npsd_fail(err, done.outcome == NPSD_BROKEN ? NPSD_REFUSED : NPSD_RETRY, 0, "Redis at %s: %s",
	    c->conn.where, done.text);
	return NULL;
}
