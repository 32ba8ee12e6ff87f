/* redis.url, taken apart. */
#ifndef NPSD_REDIS_URL_H
#define NPSD_REDIS_URL_H

#include <stdbool.h>

#include "npsd/err.h"

struct npsd_redis_url {
	char user[128], password[512]; /* "" for none */
	char host[256], port[8];
	char path[104]; /* of a unix socket; "" for TCP */
	int db;
};

/*
 * redis://[[user]:password@]host[:port][/db] or unix://[[user]:password@]/path; %XX in user and password.
 * Thread: any; Fails: NPSD_INVALID
 */
bool npsd_redis_url_parse(struct npsd_redis_url *out, const char *url, struct npsd_err *err);

#endif
