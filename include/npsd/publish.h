/*
 * publish: absolute values into the public keys; safe to repeat. One npsd_pub a shard; fold feeds it and
 * hands it the completions of its calls (same connection, tags told apart by npsd_tag).
 *
 * A round works from a frozen log position and t: first its record goes into the private slot by script,
 * then, once that is acknowledged, the keys. While npsd_pub_busy() fold neither applies the log to this shard
 * nor moves its t. Once a sweep (and first when taken) all keys are written again, and names that nobody
 * counts are removed.
 */
#ifndef NPSD_PUBLISH_H
#define NPSD_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/batch.h"
#include "npsd/config.h"
#include "npsd/names.h"
#include "npsd/panes.h"
#include "npsd/store.h"

/* Tags of the fold connection: whose call it is. */
enum npsd_tag_room { NPSD_TAG_FOLD = 1, NPSD_TAG_PUBLISH = 2 };
#define npsd_tag(room, shard, n)                                                                             \
	((uint64_t)(room) << 56 | (uint64_t)(shard) << 40 | ((uint64_t)(n)&0xffffffffff))
#define npsd_tag_room(tag) ((int)((tag) >> 56))
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

enum npsd_pub_state {
	NPSD_PUB_OK,
	NPSD_PUB_RETAKE, /* a write was refused: the shard must be taken anew, above pub_seen() */
};

struct npsd_pub;

/* Thread: fold, for all */
struct npsd_pub *npsd_pub_new(const struct npsd_config *cfg, int shard);
void npsd_pub_free(struct npsd_pub **p);
/* The shard was (re)taken: all its keys are due. */
void npsd_pub_taken(struct npsd_pub *p, const struct npsd_shard_view *v);
/* Segment i has changed in the pane that starts at pane_s (an entry of the log was applied). */
void npsd_pub_touch(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s, int64_t mono_ms);
/* t moved from before_ms: what holds something in a window whose pane turned is due. */
void npsd_pub_turn(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t before_ms, int64_t mono_ms);
/* Starts or goes on with a round or a sweep if due; submits at most what the store takes. True if it did
 * something. */
bool npsd_pub_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms);
/* A completion whose tag says NPSD_TAG_PUBLISH and this shard. */
void npsd_pub_done(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms);
/*
 * A round is open. Calls that do not look at the shard (index sets, totals, a page of the sweep's scan) may
 * be on their way all the same; who frees a pub drops the answers that still come for it.
 */
bool npsd_pub_busy(const struct npsd_pub *p);
/* The shard is given up: nothing more is submitted; busy until the keys on their way are answered. */
void npsd_pub_leave(struct npsd_pub *p, int64_t mono_ms);
/* Nothing due, nothing on its way, one whole sweep since the shard was taken, totals and meta written since
 * the last touch. */
bool npsd_pub_clean(const struct npsd_pub *p);
/* Until it is clean: all that is due is due now, whatever interval and budget; totals and meta too. */
void npsd_pub_flush(struct npsd_pub *p);
/* The length that the copy of the dictionary must have before the shard can go on; 0: any will do. */
int64_t npsd_pub_needs(const struct npsd_pub *p);
enum npsd_pub_state npsd_pub_state(const struct npsd_pub *p);
int64_t npsd_pub_seen(const struct npsd_pub *p); /* highest epoch seen in a refused write; 0: none */

#endif
