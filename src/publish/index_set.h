/*
 * Index sets `PFX:index:SET`: the names of all segments of a set that have a window key. A member is added or
 * removed after its key is acknowledged, in batches of one set. Each sweep adds all members again.
 *
 *   event                                stored
 *   the segment is new, a doubt, a sweep UNKNOWN
 *   a call with the member is submitted  UNKNOWN
 *   it is acknowledged                   IN or OUT, as it was submitted
 *
 * A segment is queued where `stored` is not what its acknowledged key wants. One call is in flight at a time,
 * so an addition and a removal of the same member never are.
 */
#ifndef NPSD_PUBLISH_INDEX_SET_H
#define NPSD_PUBLISH_INDEX_SET_H

#include "base/array.h"
#include "publish/context.h"

#define NPSD_INDEX_MEMBERS 64u /* of one call */

enum npsd_index_stored { NPSD_INDEX_UNKNOWN, NPSD_INDEX_OUT, NPSD_INDEX_IN };

struct npsd_index_seg {
	uint32_t next;
	bool queued;	/* in the list of its set */
	bool holds;	/* its key holds windows: acknowledged. It is to be a member */
	uint8_t stored; /* enum npsd_index_stored: whether it is a member */
};

struct npsd_index_set {
	struct npsd_index_seg *seg;
	uint32_t n, cap;
	struct npsd_list list[NPSD_MAX_SETS];
	uint32_t batch[NPSD_INDEX_MEMBERS], nbatch; /* of the call in flight */
	int set;				    /* of the batch */
	bool add;				    /* the batch is added, or removed */
};

/* Thread: owner, for all */
void npsd_index_set_reset(struct npsd_index_set *x);
/* The window key of segment i is acknowledged. all: also if the member is acknowledged already */
void npsd_index_set_acknowledged(
    struct npsd_index_set *x, const struct npsd_pub_context *c, uint32_t i, bool holds, bool all);
/* Whether segment i is a member is unknown: it is added or removed again. */
void npsd_index_set_doubt(struct npsd_index_set *x, const struct npsd_pub_context *c, uint32_t i);
/* The next segment from i on that the set may have as a member; NPSD_LIST_NONE: there is none. */
uint32_t npsd_index_set_next(
    const struct npsd_index_set *x, const struct npsd_pub_context *c, int set, uint32_t i);
/* Appends the name of the segment to the call that is built. */
void npsd_index_set_add_member(struct npsd_pub_context *c, uint32_t i);
/* Submits a batch; true if it did. */
bool npsd_index_set_step(struct npsd_index_set *x, struct npsd_pub_context *c);
void npsd_index_set_done(struct npsd_index_set *x, struct npsd_pub_context *c, const struct npsd_done *done);
/* Nothing to add, nothing to remove, nothing in flight. */
bool npsd_index_set_clean(const struct npsd_index_set *x);

#endif
