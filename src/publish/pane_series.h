/*
 * Series `PFX:series:{SEG}:STEP`: the panes of a segment in one step, for the sets and steps configured. A
 * series follows its acknowledged window key: a call sets the panes that changed since the last call and
 * removes those that no window of the step reads any more. All of a series is written when the shard is
 * acquired, by each sweep, and after a call whose outcome is unknown.
 */
#ifndef NPSD_PUBLISH_PANE_SERIES_H
#define NPSD_PUBLISH_PANE_SERIES_H

#include "npsd/figures.h"
#include "base/array.h"
#include "publish/context.h"

struct npsd_series_entry {
	uint32_t next;
	uint32_t seg;
	int64_t changed_s[NPSD_MAX_STEPS]; /* oldest pane that changed since the last call */
	int64_t to_s[NPSD_MAX_STEPS];	   /* panes before it were submitted */
	uint8_t due;			   /* bit k: step k is to be written; not zero: it is in the list */
};

/* A step that has series. */
struct npsd_series_step {
	int64_t step_s;
	int64_t width_s; /* of the widest window of the step */
	int64_t since_s; /* panes are whole from there on; 0: all are */
	int at;		 /* place of the step in the panes */
};

struct npsd_series {
	int nsteps;
	struct npsd_series_step step[NPSD_MAX_STEPS];
	struct npsd_numbers of_seg; /* place in entry + 1; 0: unknown; UINT32_MAX: its set has no series */
	struct npsd_series_entry *entry;
	uint32_t n, cap;
	struct npsd_list list;
	uint32_t flight; /* entry of the call in flight */
	int flight_step;
	struct npsd_series_pane {
		int64_t start_s;
		struct npsd_counts counts;
	} * pane; /* those of the call that is built */
	uint32_t npanes, pane_cap;
};

/* Thread: owner, for all */
void npsd_series_init(struct npsd_series *s, const struct npsd_pub_context *c);
void npsd_series_free(struct npsd_series *s);
void npsd_series_reset(struct npsd_series *s);
/* Segment i changed in the pane that starts at pane_s. */
void npsd_series_touch(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, int64_t pane_s);
/* The window key of segment i is acknowledged. all: write all panes, whatever was submitted before */
void npsd_series_acknowledged(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, bool all);
/* Submits a call; true if it did, or if there was nothing to write. */
bool npsd_series_step(struct npsd_series *s, struct npsd_pub_context *c);
void npsd_series_done(struct npsd_series *s, struct npsd_pub_context *c, const struct npsd_done *done);
bool npsd_series_clean(const struct npsd_series *s, const struct npsd_pub_context *c);
/* Number of series that segment i has, one per step. */
int npsd_series_steps(const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i);
/* Replaces c->name with the name of one of them, from 0. */
void npsd_series_name(struct npsd_pub_context *c, const struct npsd_series *s, uint32_t i, int k);
/* Whether segment i has a series of the step of that name. */
bool npsd_series_has(
    const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, struct npsd_str step);
/* Whether the series of segment i stand as they were acknowledged: none is due or in flight. */
bool npsd_series_settled(const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i);

#endif
