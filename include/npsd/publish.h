/*
 * publish: writes absolute values into the public keys, so that every write can be repeated. There is one
 * npsd_pub for each shard. It uses fold's connection: fold passes it the changes of the shard and the
 * completions of its calls, which npsd_tag tells apart.
 *
 * A round publishes one log position and one t: first its record is written into the private slot, then,
 * after that is acknowledged, the keys. While npsd_pub_busy(), fold neither applies the log to the shard nor
 * moves its t. A sweep writes all keys again and removes names that should not be there; the first one begins
 * when the shard is acquired.
 */
#ifndef NPSD_PUBLISH_H
#define NPSD_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/batch.h"
#include "npsd/clock.h"
#include "npsd/config.h"
#include "npsd/names.h"
#include "npsd/panes.h"
#include "npsd/store.h"

/* Tags of the fold connection: whose call it is. */
enum npsd_tag_component { NPSD_TAG_FOLD = 1, NPSD_TAG_PUBLISH = 2 };
#define npsd_tag(component, shard, n)                                                                        \
	((uint64_t)(component) << 56 | (uint64_t)(shard) << 40 | ((uint64_t)(n)&0xffffffffff))
#define npsd_tag_component(tag) ((int)((tag) >> 56))
#define npsd_tag_shard(tag) ((int)((tag) >> 40 & 0xffff))
#define npsd_tag_n(tag) ((tag)&0xffffffffff)

/* What a shard has counted, for publishing; constant while the pub is busy. fold writes, publish reads. */
struct npsd_shard_view {
	int shard;
	int64_t epoch;	       /* in ms; the scripts of this shard write only while it is stored */
	int64_t seq;	       /* log position: entries 1 .. seq are applied */
	char hash[41];	       /* chain hash at seq; "" for 0 */
	int64_t t_ms;	       /* the t of the windows */
	int64_t since_ms;      /* counting began here; 0: with the first record */
	int64_t lost_ms;       /* a loss was recorded then, the last one; 0: none was */
	const char *positions; /* source positions of these entries, as stored (`TOPIC/P 0:123;...`) */
	const struct npsd_names *names;
	struct npsd_panes *panes;
};

/* Whether the completion says that public keys were written; not one of totals and meta, which are written
 * for ever. */
bool npsd_pub_wrote(const struct npsd_done *done);

enum npsd_pub_state {
	NPSD_PUB_OK,
	NPSD_PUB_REACQUIRE, /* a write was refused: the shard must be acquired with an epoch above
			    npsd_pub_seen() */
	NPSD_PUB_DIFFERS,   /* indexes or ranks differ again and again from what is written */
};

struct npsd_pub;

/* Thread: fold, for all; Waits: never, for all; Owns: v stays the caller's, for all */

/* Owns: the caller frees; cfg and clock stay the caller's */
struct npsd_pub *npsd_pub_new(const struct npsd_config *cfg, const struct npsd_clock *clock, int shard);
/* Replies to its calls that come later must be dropped. */
void npsd_pub_free(struct npsd_pub **p);
/* The shard was acquired: all its keys are due. */
void npsd_pub_acquired(struct npsd_pub *p, const struct npsd_shard_view *v);
/* Segment i changed in the pane that starts at pane_s, because an entry of the log was applied. */
void npsd_pub_touch(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s, int64_t mono_ms);
/* t moved from before_ms: segments with a count in a pane that enters or leaves a window are due. */
void npsd_pub_turn(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t before_ms, int64_t mono_ms);
/* Submits what is due, as far as the store has room. True if it did something. */
bool npsd_pub_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms);
/* A completion whose tag has NPSD_TAG_PUBLISH and this shard. */
void npsd_pub_done(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms);
/* A round is open. Calls that do not read the shard's panes (indexes, totals, scans) may be in flight while
 * none is. */
bool npsd_pub_busy(const struct npsd_pub *p);
/* The shard will be released: the round ends after the last reply to its keys. */
void npsd_pub_leave(struct npsd_pub *p, int64_t mono_ms);
/* Nothing is due or in flight, a sweep is finished since the shard was acquired, and totals and meta are
 * written since the last touch. In a flush, also: indexes and ranks were read back and found as written. */
bool npsd_pub_clean(const struct npsd_pub *p);
/* All that is due is written without regard to interval and budget, until it is clean. */
void npsd_pub_flush(struct npsd_pub *p);
/* The length that the copy of the dictionary must have before orphans can be removed; 0: any. */
int64_t npsd_pub_needs(const struct npsd_pub *p);
enum npsd_pub_state npsd_pub_state(const struct npsd_pub *p);
/* The highest epoch in a refused write; 0: none. */
int64_t npsd_pub_seen(const struct npsd_pub *p);

#endif
