/*
 * Which public keys the present connection's server has in the registry of the shard (registry.h). A key is
 * created only if it is registered.
 */
#ifndef NPSD_PUBLISH_REGISTERED_H
#define NPSD_PUBLISH_REGISTERED_H

#include "publish/keyname.h"

enum npsd_registered_state { NPSD_REGISTERED_NO, NPSD_REGISTERED_ASKED, NPSD_REGISTERED_YES };

/* Each is an enum npsd_registered_state. */
struct npsd_registered {
	uint8_t *seg; /* of segment i: its window key and its series */
	uint32_t n, cap;
	uint8_t index[NPSD_MAX_SETS];
	uint8_t rank[NPSD_RANK_LISTS]; /* of the ranks of a list, in all windows */
};

/* Thread: owner, for all */
static inline bool npsd_registered_seg(const struct npsd_registered *r, uint32_t i)
{
	return i < r->n && r->seg[i] == NPSD_REGISTERED_YES;
}
static inline bool npsd_registered_index(const struct npsd_registered *r, int set)
{
	return r->index[set] == NPSD_REGISTERED_YES;
}
static inline bool npsd_registered_rank(const struct npsd_registered *r, int list)
{
	return r->rank[list] == NPSD_REGISTERED_YES;
}

#endif
