/*
 * The publish component on a private redis-server, with a shard filled by hand and a clock moved by hand. The
 * store between them writes down which scripts were called, and loses calls on demand.
 */
#ifndef HELP_PUBLISH_H
#define HELP_PUBLISH_H

#include "base/buf.h"
#include "help_redis.h"
#include "npsd/publish.h"

#define HELP_T0 1795334390123 /* 2026-11-22T07:59:50.123Z, an hour's last minute */

struct help_publish {
	struct help_redis redis;
	struct npsd_store server; /* the production store */
	struct npsd_store store;  /* what publish gets */
	struct npsd_config cfg;
	struct npsd_names *names;
	struct npsd_shard_view view;
	struct npsd_pub *pub;
	int64_t mono_ms;
	struct npsd_buf calls; /* `SCRIPT KEY` a line, in the order submitted */
	int lose_script, lose; /* number of calls of this script that are lost before they reach the server */
	bool have_lost;
	uint64_t lost_tag;
};

/* Two windows (1h in minutes, 24h in 5 minutes), sets all, location, and location and channel, one shard,
 * kinds apart. */
void help_publish_open(struct help_publish *h);
void help_publish_close(struct help_publish *h);
/* Makes a new pub, which acquires the shard with this epoch, stored as the present one. */
void help_publish_acquire(struct help_publish *h, int64_t epoch);
/* The transactional segment of a written name without the kind, made if needed; `` is the set all. */
uint32_t help_publish_seg(struct help_publish *h, const char *seg);
/* n answers of a score, counted at t_ms; touched. */
void help_publish_count(struct help_publish *h, const char *seg, int64_t t_ms, int score, int64_t n);
/* Moves t and lets what holds something turn. */
void help_publish_turn(struct help_publish *h, int64_t t_ms);
/* Steps until nothing more happens at this time of the clock. */
void help_publish_settle(struct help_publish *h);
/* Moves the clock by that, and settles. */
void help_publish_wait(struct help_publish *h, int64_t ms);
/* Acquires the shard, and waits until all is written. */
void help_publish_rest(struct help_publish *h, int64_t epoch);
/* Registers a public key as one that the shard may have written. */
void help_publish_register(struct help_publish *h, const char *key);
/* Number of lines that begin so since the last help_publish_forget. */
int help_publish_calls(struct help_publish *h, const char *line);
void help_publish_forget(struct help_publish *h);

#endif
