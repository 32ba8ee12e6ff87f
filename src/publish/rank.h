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
	uint32_t nof[NPSD_RANK_LISTS];		/* entries of each */
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
/* The list of the segment's ranks; -1: it is in none. */
int npsd_rank_list_of(const struct npsd_pub_context *c, uint32_t i);
/* The window key of segment i is acknowledged, with these scores. all: also those that did not change */
void npsd_rank_acknowledged(
    struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, const int32_t *lo, bool all);
/* What the rank holds of segment i is unknown: it is set or removed again. */
void npsd_rank_doubt(
    struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, struct npsd_list_key k);
/* Whether segment i belongs into the rank, as last acknowledged. */
bool npsd_rank_holds(
    const struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, struct npsd_list_key k);
/* The next segment from i on that the ranks of the list may have as a member; NPSD_LIST_NONE: there is none.
 */
uint32_t npsd_rank_next(const struct npsd_ranks *r, int list, uint32_t i);
/* Replaces c->text with the score of segment i in its written form; empty: it is not ranked. */
void npsd_rank_score_text(
    struct npsd_pub_context *c, const struct npsd_ranks *r, uint32_t i, struct npsd_list_key k);
/* Appends the value of the segment's dimension to the call that is built. */
void npsd_rank_add_member(struct npsd_pub_context *c, uint32_t i);
/* Submits a call; true if it did. quiet: no window key is due or was just written */
bool npsd_rank_step(struct npsd_ranks *r, struct npsd_pub_context *c, bool quiet);
void npsd_rank_done(struct npsd_ranks *r, struct npsd_pub_context *c, const struct npsd_done *done);
bool npsd_rank_clean(const struct npsd_ranks *r);

#endif
