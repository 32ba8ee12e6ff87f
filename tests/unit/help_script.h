/* Calls of the scripts on two partitions and two shards, as text. */
#ifndef HELP_SCRIPT_H
#define HELP_SCRIPT_H

#include "help_redis.h"
#include "npsd/redis.h"

#define K(name) "{nps:alerts}:" name

struct help_bed {
	struct help_redis redis;
	struct npsd_store store;
	const char *config, *dict_len, *dict_chain; /* the header: at first "cfg", "0", "" */
};

void help_bed_open(struct help_bed *b);
void help_bed_close(struct help_bed *b);

/* base, claim, skip, of partition tp; args: what follows the header, NULL-terminated. The reply as
 * help_redis.h says. */
const char *help_part(struct help_bed *b, enum npsd_script script, const char *tp, ...)
    __attribute__((sentinel));
/* positions, fence_check, admit */
const char *help_plain(struct help_bed *b, enum npsd_script script, ...) __attribute__((sentinel));

/* One partition, up to two shards (0 and 3); NULL: nothing of it */
struct help_batch {
	const char *claim, *from, *to, *state, *first_ms, *rulings, *marks, *clock_ms, *totals, *meta,
	    *alerts;
	const char *deltas0, *deltas3;
	const char *wall_ms, *keep, *keep_bytes;
};
const char *help_commit(struct help_bed *b, const struct help_batch *batch);

/* The fence's field. */
const char *help_fence(struct help_bed *b, const char *field);

#endif
