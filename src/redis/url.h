/* redis.url, taken apart. */
#ifndef NPSD_REDIS_URL_H
#define NPSD_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "npsd/err.h"

#define NPSD_REDIS_HOSTS 16 /* Sentinels of one URL */

struct npsd_redis_host {
	char name[256], port[8];
};

struct npsd_redis_url {
	char user[128], password[512]; /* of the Redis server; "" for none */
	bool tls;
	char path[104]; /* of a unix socket; "" for TCP */
	/* the server, or the Sentinels; path[0] != 0 == (nhosts == 0) */
	struct npsd_redis_host host[NPSD_REDIS_HOSTS];
	int nhosts;
	char master[128]; /* the name under which the Sentinels know the server; "": no Sentinels */
	int db;
};

/*
 * redis://[[user]:password@]host[:port][/db]
 * redis+sentinel://[[user]:password@]host[:port],host[:port],.../MASTER[/db]
 * unix://[[user]:password@]/path
 *
 * rediss and rediss+sentinel: the same with TLS. %XX in user and password. Thread: any; Fails: NPSD_INVALID
 */
bool npsd_redis_url_parse(struct npsd_redis_url *out, const char *url, struct npsd_err *err);
/* For the operator: where the server is, without user and password. Thread: any */
void npsd_redis_url_describe(char *to, size_t n, const struct npsd_redis_url *url);

#endif
