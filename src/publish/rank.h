/*
 * Ranks `PFX:rank:KIND:DIM:W`: the segments of a set of one dimension, by the nps_lo that their windows show.
 * A member follows its acknowledged window key, in batches of one rank. A pass submits what is due: at once
 * when the shard is quiet, otherwise once in a few intervals, so that several writes of a busy segment become
 * one. Each sweep sets all members again; orphans.c removes those that do not belong.
 */
#ifndef NPSD_PUBLISH_RANK_H
#define NPSD_PUBLISH_RANK_H

#include "base/array.h"
#include "publish/context.h"
#include "publish/keyname.h"

#define NPSD_RANK_MEMBERS 64u /* of one call */
#define NPSD_RANK_NONE INT32_MIN

/* A segment of a set of one dimension. */
struct npsd_rank_entry {
	uint32_t next;
	uint32_t seg;
	uint16_t list;
	uint16_t due; /* bit w: window w is to be submitted; not zero: the entry is in its list */
};

struct npsd_ranks {
	struct npsd_numbers of_seg; /* place in entry + 1; 0: none */
	struct npsd_rank_entry *entry;
	int32_t *lo; /* score of entry e in window w: lo[e * nwindows + w] */
	uint32_t n, cap, lo_cap;
	struct npsd_list list[NPSD_RANK_LISTS]; /* of (set, kind, level): the ranks of all windows */
	uint32_t listed;
	uint32_t left; /* entries that the pass will take; 0: no pass */
	int64_t next_mono_ms;
	/* the batch: entries of one list, submitted window by window */
	uint32_t batch[NPSD_RANK_MEMBERS], nbatch;
	uint16_t mask[NPSD_RANK_MEMBERS]; /* windows to be submitted */
	int window;			  /* of the call in flight */
};

/* Thread: owner, for all */
void npsd_ranks_reset(struct npsd_ranks *r);
void npsd_ranks_free(struct npsd_ranks *r);
/* nps_lo of a window in ten thousandths, as it is published; NPSD_RANK_NONE: it is not ranked. Thread: any */
int32_t npsd_rank_score(const struct npsd_config *cfg, const int64_t now[NPSD_NCOUNTER]);
/* The window key of segment i is acknowledged, with these scores. all: also those that did not change */
void npsd_rank_acknowledged(
    struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, const int32_t *lo, bool all);
/* Whether segment i belongs into the rank, as last acknowledged. */
bool npsd_rank_holds(
    const struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, struct npsd_list_key k);
/* Submits a call; true if it did. quiet: no window key is due or was just written */
bool npsd_rank_step(struct npsd_ranks *r, struct npsd_pub_context *c, bool quiet);
void npsd_rank_done(struct npsd_ranks *r, struct npsd_pub_context *c, const struct npsd_done *done);
bool npsd_rank_clean(const struct npsd_ranks *r);

#endif
