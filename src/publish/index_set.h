/*
 * Index sets `PFX:index:SET`: the names of all segments of a set that have a window key. A member is added or
 * removed after its key is acknowledged, in batches of one set. Each sweep adds all members again.
 */
#ifndef NPSD_PUBLISH_INDEX_SET_H
#define NPSD_PUBLISH_INDEX_SET_H

#include "base/array.h"
#include "publish/context.h"

#define NPSD_INDEX_MEMBERS 64u /* of one call */

struct npsd_index_seg {
	uint32_t next;
	bool queued;	/* in the list of its set */
	bool holds;	/* its key holds windows: acknowledged */
	bool indexed;	/* it is a member: acknowledged */
	bool may_index; /* it may be a member */
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
/* Submits a batch; true if it did. */
bool npsd_index_set_step(struct npsd_index_set *x, struct npsd_pub_context *c);
void npsd_index_set_done(struct npsd_index_set *x, struct npsd_pub_context *c, const struct npsd_done *done);
/* Nothing to add, nothing to remove, nothing in flight. */
bool npsd_index_set_clean(const struct npsd_index_set *x);

#endif
