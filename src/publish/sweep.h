/*
 * A sweep writes all keys of the shard again, so that whatever altered them is repaired. It is finished when
 * all segments that existed at its beginning are written (left == 0) and the scan for orphans is finished.
 *
 *   event              running          proof
 *   begins             false -> true    VOID -> NONE
 *   finishes           true -> false    NONE -> WHOLE
 *   new connection     -                any -> VOID, and the next sweep begins at once
 */
#ifndef NPSD_PUBLISH_SWEEP_H
#define NPSD_PUBLISH_SWEEP_H

#include "base/array.h"
#include "publish/context.h"
#include "publish/due.h"

/* Whether Redis is known to hold what the shard published. */
enum npsd_sweep_proof {
	NPSD_SWEEP_NONE,  /* no sweep is finished since the shard was acquired */
	NPSD_SWEEP_WHOLE, /* one is */
	NPSD_SWEEP_VOID,  /* the connection may lead to another server, which holds something else */
};

struct npsd_sweep {
	uint32_t number; /* of the last one begun; 0: none */
	bool running;
	enum npsd_sweep_proof proof;
	uint32_t connection;	       /* number of the store's connection, as last seen */
	uint32_t nkeys, at, left;      /* segments to be written, next one to look at, not yet acknowledged */
	struct npsd_numbers swept;     /* of a segment: number of the last sweep that wrote it */
	int64_t next_mono_ms;	       /* when the next sweep begins */
	char began[NPSD_REV_LEN + 1];  /* rev at its beginning */
	char before[NPSD_REV_LEN + 1]; /* rev at the beginning of the last finished sweep; empty: none */
	char drop[NPSD_REV_LEN + 1];   /* records of rounds before this rev can be deleted; empty: none */
};

/* Thread: owner, for all */
void npsd_sweep_reset(struct npsd_sweep *s);
/* True: the connection is a new one. */
bool npsd_sweep_watch(struct npsd_sweep *s, const struct npsd_pub_context *c);
/* Begins a sweep if it is time; true if it did. */
bool npsd_sweep_begin(struct npsd_sweep *s, const struct npsd_pub_context *c);
/* Segments are left that npsd_sweep_take has not yet looked at. */
static inline bool npsd_sweep_has_more(const struct npsd_sweep *s)
{
	return s->running && s->at < s->nkeys;
}
/* The next segment that must be written, in flight in `due` now; NPSD_LIST_NONE: there is none. */
uint32_t npsd_sweep_take(struct npsd_sweep *s, const struct npsd_pub_context *c, struct npsd_due *due);
/* Segment i is written. True: for the first time since the last sweep began. */
bool npsd_sweep_wrote(struct npsd_sweep *s, uint32_t i);
/* All segments are written, all names are scanned and no orphan is left. */
void npsd_sweep_finish(struct npsd_sweep *s);

#endif
